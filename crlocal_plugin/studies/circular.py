"""Median and intervals of directions on a circle."""

import numpy as np

HALF = 180.0
"""Width in deg from which on an interval says nothing about a direction."""

_UNIFORM = 4.6
"""Rayleigh's statistic, number of samples times the squared length of their mean: below it,
directions are compatible with a uniform distribution at 1 %, exp(-4.6)."""


def wrapped(angle):
    """Angles between -180 and 180 deg (`~numpy.ndarray`)."""
    return (np.asarray(angle) + 180.0) % 360.0 - 180.0


def circular_intervals(directions, levels):
    """Median and central intervals of directions.

    Parameters
    ----------
    directions : `~numpy.ndarray` of complex
        Unit numbers exp(i angle), zero where there is no direction, shape ``(m, ...)``.
    levels : iterable of float
        Probabilities of the k intervals.

    Returns
    -------
    median : `~numpy.ndarray`
        Circular median in deg, 0 to 360, shape ``(...)``: half of the samples lie within half a
        circle to either side of it.
    lower, upper : `~numpy.ndarray`
        Ends of the intervals in deg, shape ``(k, ...)``. They are continuous around the median,
        lower <= median <= upper, and so may be below 0 or above 360. An interval of half the
        circle or more, and every interval of directions that are compatible with a uniform
        distribution (Rayleigh's test at 1 %), is the whole circle.
    """
    mean = directions.mean(axis=0)
    angles = np.angle(directions, deg=True)
    centre = np.angle(mean, deg=True)
    # the circle is cut opposite to the centre, which then moves to the median of what is there
    for _ in range(20):
        shift = np.median(wrapped(angles - centre), axis=0)
        centre = centre + shift
        if np.all(np.abs(shift) < 1e-9):
            break
    deviations = wrapped(angles - centre)
    tails = [(1 + sign * level) / 2 for sign in (-1, 1) for level in levels]
    ends = np.quantile(deviations, tails, axis=0).reshape(2, len(levels), *centre.shape)
    uniform = len(directions) * np.abs(mean) ** 2 < _UNIFORM
    return around(centre, *whole_where_undetermined(*ends, uniform))


def whole_where_undetermined(below, above, undetermined=False):
    """Ends of intervals relative to their median, the whole circle for those that are too wide.

    Parameters
    ----------
    below, above : `~numpy.ndarray`
        Ends minus median in deg, shape ``(k, ...)``.
    undetermined : bool or `~numpy.ndarray` of bool, optional
        Where there is no direction at all, shape ``(...)``.

    Returns
    -------
    below, above : `~numpy.ndarray`
        The ends, -180 and 180 deg for the whole circle.
    """
    whole = (above - below >= HALF) | undetermined
    return np.where(whole, -180.0, below), np.where(whole, 180.0, above)


def around(median, below, above):
    """Median between 0 and 360 deg, and ends of intervals around it."""
    median = np.asarray(median) % 360.0
    return median, median + below, median + above
