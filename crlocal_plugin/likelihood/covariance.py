"""Covariance of a fit from second derivatives taken along its principal axes.

gammapy takes over the matrix that MIGRAD leaves behind, and parameters that are correlated to one
part in ten thousand then come out with errors that are off by some ten per cent. Here the second
derivatives are taken in coordinates in which an approximate covariance is the unit matrix.
"""

import numpy as np

from .descent import gauss_newton_covariance

STEP = 0.1
"""Step of the differences, in standard deviations."""

_PASSES, _SETTLED = 5, 0.02
"""Repetitions at most, and relative change of the errors from which on there are no more."""


def likelihood_covariance(likelihood, theta, guess=None):
    """Covariance of the parameters of a likelihood at its minimum.

    Parameters
    ----------
    likelihood : JointLikelihood
    theta : array_like
        Values at the minimum, shape ``(n,)``.
    guess : `~numpy.ndarray`, optional
        Approximate covariance, shape ``(n, n)``, tried before that of the residuals.

    Returns
    -------
    covariance, success : `~numpy.ndarray`, bool
        Covariance, shape ``(n, n)``, zero for a parameter at its limit. Where the statistic does
        not curve upwards in every direction, it is that of the residuals' first derivatives.
    """
    theta, first = np.asarray(theta, dtype=float), None
    # a position among models may be tried beyond its limits
    between = (theta > likelihood.bounds[:, 0]) & (theta < likelihood.bounds[:, 1])
    is_soft = (likelihood.is_position & between)[:, np.newaxis]
    bounds = np.where(is_soft, (-np.inf, np.inf), likelihood.bounds)
    if likelihood.is_least_squares:
        first = gauss_newton_covariance(likelihood.jacobian(theta))
    for approximate in (guess, first):
        if approximate is not None:
            better = _refined(likelihood, theta, approximate, bounds)
            if better is not None:
                return better, True
    return (guess if first is None else first), False


def _refined(likelihood, theta, guess, bounds):
    """Covariance along axes that it has given itself, None if the statistic is no minimum."""
    found = None
    for _ in range(_PASSES):
        better = hesse_covariance(likelihood, theta, guess, bounds)
        if better is None:
            break
        before, after = np.sqrt(np.diag(guess)), np.sqrt(np.diag(better))
        found = guess = better
        # where the statistic is no parabola, the length of the steps matters
        if (np.abs(after - before) <= _SETTLED * after).all():
            break
    return found


def hesse_covariance(statistic, best, guess, bounds=None):
    """Covariance from second derivatives of a statistic, along the principal axes of a guess.

    The statistic is -2 ln L of values (m, n). The covariance (n, n) is zero for a parameter at its
    limit; it is None if the statistic does not curve upwards in every direction.
    """
    best, variance = np.asarray(best, dtype=float), np.diag(guess)
    if not (np.isfinite(guess).all() and (variance >= 0).all()):
        return None
    error = np.sqrt(variance)
    inside = error > 0
    if bounds is not None:
        inside &= away_from_limits(best, error, bounds)
    covariance = np.zeros_like(guess)
    if not inside.any():
        return covariance
    shape = np.ix_(inside, inside)
    # principal axes, as columns of the length of a standard deviation
    variances, axes = np.linalg.eigh(guess[shape] / np.outer(error[inside], error[inside]))
    if not variances.min() > 0:
        return None
    axes *= error[inside, np.newaxis] * np.sqrt(variances)

    def along_axes(steps):
        values = np.repeat(best[np.newaxis], len(steps), axis=0)
        values[:, inside] += steps @ axes.T
        return statistic(values)

    curvature = _curvature(along_axes, len(variances))
    if not (np.isfinite(curvature).all() and np.linalg.eigvalsh(curvature).min() > 0):
        return None
    # the statistic is -2 ln L: its curvature is twice the inverse covariance
    covariance[shape] = axes @ np.linalg.inv(curvature / 2) @ axes.T
    return covariance


def away_from_limits(values, error, bounds):
    """Which values (n,) are more than a few steps of the differences away from their limits."""
    distance = np.abs(np.asarray(bounds) - values[:, np.newaxis]).min(axis=1)
    return distance > 3 * STEP * error


def _curvature(statistic, size):
    """Matrix of second derivatives at zero, by central differences, of a function of steps."""
    unit = np.eye(size) * STEP
    i, j = np.tril_indices(size, -1)
    steps = np.concatenate([unit, unit[i] + unit[j]])
    centre, *pairs = statistic(np.concatenate([np.zeros((1, size)), steps, -steps]))
    along, mixed = np.split(np.reshape(pairs, (2, -1)).sum(axis=0) - 2 * centre, [size])
    curvature = np.diag(along)
    curvature[i, j] = curvature[j, i] = (mixed - along[i] - along[j]) / 2
    return curvature / STEP**2
