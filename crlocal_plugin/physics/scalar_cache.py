"""Memory for functions of a few numbers that are asked for again and again in a fit."""

import functools

import numpy as np

__all__ = ["scalar_cache"]


def scalar_cache(function):
    """Remember recent results of a function while its arguments are plain floats.

    Geometry depends on a handful of parameters of which most stay put from one evaluation to the
    next. Arrays, as in batches of parameter sets, are passed through. Remembered arrays are
    read-only.

    Parameters
    ----------
    function : callable
        Function of numbers only, with positional arguments.

    Returns
    -------
    callable
        Function with the same results.
    """

    @functools.lru_cache(maxsize=64)
    def remembered(*args):
        result = function(*args)
        for array in result if isinstance(result, tuple) else (result,):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        return result

    @functools.wraps(function)
    def wrapper(*args):
        if all(type(arg) is float for arg in args):
            return remembered(*args)
        return function(*args)

    return wrapper
