"""Memory for what is asked for again and again in a fit, where most parameters stay put."""

import functools

import numpy as np


def all_numbers(values):
    """Whether all values are plain numbers, and so belong to one set of parameters (bool)."""
    # asked dozens of times in every evaluation of a likelihood: arrays have no hash
    try:
        hash(tuple(values))
    except TypeError:
        return False
    return True


def _locked(result):
    """Make the arrays of a result read-only, for they are handed out again."""
    for array in result if isinstance(result, tuple) else (result,):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return result


def scalar_cache(function):
    """Remember recent results of a function while its positional arguments are plain numbers.

    Geometry depends on a handful of parameters of which most stay put from one evaluation to the
    next. Arrays, as in batches of parameter sets, are passed through. Remembered arrays are
    read-only.
    """

    @functools.lru_cache(maxsize=64)
    def remembered(*args):
        return _locked(function(*args))

    @functools.wraps(function)
    def wrapper(*args):
        return remembered(*args) if all_numbers(args) else function(*args)

    return wrapper


def grid_cache(function):
    """Remember the last result of a function of a grid while its other arguments are numbers.

    The result is kept among the attributes of the grid, and goes with it. It is read-only.
    """
    name = f"{function.__module__}.{function.__qualname__}"

    @functools.wraps(function)
    def wrapper(grid, *args):
        if not all_numbers(args):
            return function(grid, *args)
        memory = grid.__dict__
        kept = memory.get(name)
        if kept is None or kept[0] != args:
            kept = memory[name] = args, _locked(function(grid, *args))
        return kept[1]

    return wrapper


@functools.cache
def keep_freed_memory():
    """Let the process keep memory of large arrays for the next ones, once and for all.

    The C library of Linux gives freed memory back at once and fetches it anew, page by page, for
    the next array, which takes as long as the arithmetic on it. It stops doing so for sizes up to
    that of the largest array that was freed (mallopt(3), M_MMAP_THRESHOLD), for which 32 MiB is
    the limit. Elsewhere this does nothing.
    """
    # freed as soon as it is there
    np.empty(31 * 2**20, dtype=np.uint8)
