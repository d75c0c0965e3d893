"""Covariance of a fit from second derivatives taken along its principal axes.

gammapy takes over the matrix that MIGRAD leaves behind, and parameters that are correlated to one
part in ten thousand then come out with errors that are off by some ten per cent. Here the second
derivatives are taken in coordinates in which an approximate covariance is the unit matrix.
"""

import numpy as np

from .degeneracies import THRESHOLD, natural_directions, natural_jacobian
from .descent import gauss_newton_covariance

STEP = 0.1
"""Step of the differences, in standard deviations."""

_PASSES, _SETTLED = 5, 0.02
"""Repetitions at most, and relative change of the errors from which on there are no more."""


def undetermined(likelihood, theta):
    """Which parameters have no error at a minimum, since the residuals hardly depend on them there.

    A direction in which ten natural scales cost less than a standard deviation has none.

    Parameters
    ----------
    likelihood : JointLikelihood
    theta : array_like
        Values at the minimum, shape ``(n,)``.

    Returns
    -------
    named, held : `~numpy.ndarray` of bool
        Those that take part in such a direction, and one of each that are held for the errors of
        the others, shape ``(n,)``. Parameters at a limit are not among them.
    """
    theta = np.asarray(theta, dtype=float)
    jacobian = natural_jacobian(likelihood, theta)
    named, held = np.zeros((2, likelihood.size), dtype=bool)
    free = ~at_limits(likelihood, theta)
    while free.any():
        singular, directions = natural_directions(jacobian[:, free])
        if not singular[-1] < THRESHOLD:
            break
        weight = np.zeros(likelihood.size)
        weight[free] = np.abs(directions[-1])
        named |= weight > 0.25 * weight.max()
        held[np.argmax(weight)] = True
        free &= ~held
    return named, held


def at_limits(likelihood, theta):
    """Which parameters are at one of their limits, for all that an optimiser knows (mask)."""
    theta, limits = np.asarray(theta, dtype=float), likelihood.bounds
    size = likelihood.scales_at(theta)
    if likelihood.parameters is not None:
        # a strength next to zero has lost its scale
        size = np.maximum(size, [par.scale for par in likelihood.parameters])
    # a position among models may be as close to an end as it likes
    near = np.where(likelihood.is_position, 0.0, 1e-6 * size)
    return (np.abs(limits - theta[:, np.newaxis]) <= near[:, np.newaxis]).any(axis=1)


def likelihood_covariance(likelihood, theta, guess=None):
    """Covariance of the parameters of a likelihood at its minimum.

    Parameters
    ----------
    likelihood : JointLikelihood
    theta : array_like
        Values at the minimum, shape ``(n,)``.
    guess : `~numpy.ndarray`, optional
        Approximate covariance, shape ``(n, n)``, tried after that of the residuals.

    Returns
    -------
    covariance, success : `~numpy.ndarray`, bool
        Covariance, shape ``(n, n)``, zero for a parameter at its limit and for those that are
        `undetermined`; that of the others is as if these were frozen. Where the statistic does
        not curve upwards in every direction, it is that of the residuals' first derivatives.
    """
    theta, first = np.asarray(theta, dtype=float), None
    # a position among models may be tried beyond its limits
    between = (theta > likelihood.bounds[:, 0]) & (theta < likelihood.bounds[:, 1])
    is_soft = (likelihood.is_position & between)[:, np.newaxis]
    bounds = np.where(is_soft, (-np.inf, np.inf), likelihood.bounds)
    named = np.zeros(likelihood.size, dtype=bool)
    if likelihood.is_least_squares:
        first, named, held = _first_derivatives(likelihood, theta)
        guess = None if held.any() else guess
    found, success = (guess if first is None else first), False
    for approximate in (first, guess):
        if approximate is not None:
            better = _refined(likelihood, theta, approximate, bounds)
            if better is not None:
                found, success = better, True
                break
    if found is not None and named.any():
        found[named] = found[:, named] = 0.0
    return found, success


def determined_covariance(likelihood, theta):
    """Covariance from first derivatives, zero at limits and for what is `undetermined`, (n, n)."""
    covariance, named, _ = _first_derivatives(likelihood, theta)
    return np.where(named | named[:, np.newaxis], 0.0, covariance)


def _first_derivatives(likelihood, theta):
    """Covariance from first derivatives, with what is `undetermined`."""
    named, held = undetermined(likelihood, theta)
    jacobian = likelihood.jacobian(theta)
    jacobian[:, held | at_limits(likelihood, theta)] = 0.0
    return np.nan_to_num(gauss_newton_covariance(jacobian), nan=0.0), named, held


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

    # the residuals' own curvature may make a minimum narrower than their slopes say
    for _ in range(_PASSES):
        along = _curvature_along(along_axes, len(variances)) / 2
        factor = np.where(along > 0, np.sqrt(np.clip(along, 1e-2, 1e4)), 1.0)
        axes = axes / factor
        if (np.abs(np.log(factor)) < np.log(2)).all():
            break
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


def _curvature_along(statistic, size):
    """Second derivatives at zero along each axis, of a function of steps."""
    unit = np.eye(size) * STEP
    centre, *pairs = statistic(np.concatenate([np.zeros((1, size)), unit, -unit]))
    return (np.reshape(pairs, (2, -1)).sum(axis=0) - 2 * centre) / STEP**2


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
