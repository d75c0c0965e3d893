"""Median and intervals of directions on a circle, and of numbers on a line."""

import numpy as np

HALF = 180.0
"""Width in deg from which on an interval says nothing about a direction."""

_UNIFORM = 4.6
"""Rayleigh's statistic, number of samples times the squared length of their mean: below it,
directions are compatible with a uniform distribution at 1 %, exp(-4.6)."""


def central_intervals(values, levels):
    """Median (...) of samples (m, ...), and lower and upper ends (k, ...) of central intervals."""
    tails = [(1 + sign * level) / 2 for sign in (-1, 1) for level in levels]
    median = np.median(values, axis=0)
    return median, *np.quantile(values, tails, axis=0).reshape(2, len(levels), *median.shape)


def circular_intervals(directions, levels):
    """Median in deg, 0 to 360, and ends of central intervals, of directions exp(i angle), (m, ...).

    A direction is zero where there is none. Half of the samples lie within half a circle to either
    side of the median. The ends are continuous around it, lower <= median <= upper, and so may be
    below 0 or above 360. An interval of half the circle or more, and every interval of directions
    that are compatible with a uniform distribution (Rayleigh's test at 1 %), is the whole circle.
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
    _, below, above = central_intervals(wrapped(angles - centre), levels)
    uniform = len(directions) * np.abs(mean) ** 2 < _UNIFORM
    return intervals_around(centre, below, above, uniform)


def wrapped(angle):
    """Angles between -180 and 180 deg."""
    return (np.asarray(angle) + 180.0) % 360.0 - 180.0


def intervals_around(median, below, above, undetermined):
    """Median in deg, 0 to 360, and ends of intervals around it, from the ends minus the median.

    The whole circle takes the place of intervals that are too wide, and of all intervals where
    there is no direction.
    """
    median = np.asarray(median) % 360.0
    whole = (above - below >= HALF) | undetermined
    return median, median + np.where(whole, -180.0, below), median + np.where(whole, 180.0, above)
