"""Memory for what is asked for again and again in a fit, where most parameters stay put."""

import functools

import numpy as np

__all__ = ["grid_cache", "scalar_cache"]

_GRID_ENTRIES = 32
"""How many arrays a grid remembers before it forgets them all."""


def _all_floats(args):
    # a loop, since this is asked several times in every evaluation of a likelihood
    for arg in args:  # noqa: SIM110
        if type(arg) is not float:
            return False
    return True


def _locked(result):
    """Make the arrays of a result read-only, for they are handed out again."""
    for array in result if isinstance(result, tuple) else (result,):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return result


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
        return _locked(function(*args))

    @functools.wraps(function)
    def wrapper(*args):
        return remembered(*args) if _all_floats(args) else function(*args)

    return wrapper


def grid_cache(function):
    """Remember results of a function of a grid while its other arguments are plain floats.

    The results are kept with the grid, and go with it. They are read-only.

    Parameters
    ----------
    function : callable
        Function of a `~crlocal_plugin.physics.kinematics.ParticleGrid` and numbers, with
        positional arguments.

    Returns
    -------
    callable
        Function with the same results.
    """
    name = f"{function.__module__}.{function.__qualname__}"

    @functools.wraps(function)
    def wrapper(grid, *args):
        if not _all_floats(args):
            return function(grid, *args)
        memory, key = grid.memory, (name, *args)
        result = memory.get(key)
        if result is None:
            if len(memory) >= _GRID_ENTRIES:
                memory.clear()
            result = memory[key] = _locked(function(grid, *args))
        return result

    return wrapper
