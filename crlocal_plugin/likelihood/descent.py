"""Minimum of a joint likelihood by a least-squares descent.

The residuals tell a least-squares solver the curvature in all directions, which makes it immune
to what misleads a minimiser that sees one number only: scales that differ by decades, and
parameters that trade against each other.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

_SMALLEST, _LARGEST = 1e-12, 1e6
"""Ends of a logarithmic coordinate, relative to the starting value."""

_SCATTER, _SMALL_SCATTER = 0.1, 0.01
"""Scatter from which a descent starts, for want of a slope at zero, and one that may be none."""

COLLAPSED = 1e-3
"""Fraction of the starting value below which a parameter counts as driven to zero."""


_IDLE, _WORTH = 1e-3, 0.1
"""Standard deviations that a strength near zero adds at most, and that a gain is worth at least."""


class Minimum(NamedTuple):
    """Where a descent ended: values ``(n,)``, and the statistic there, priors included.

    The derivatives of the residuals, ``(k, n)``, are zero for parameters held fixed; those that
    derivatives take are not among the calls.
    """

    theta: np.ndarray
    stat: float
    jacobian: np.ndarray
    success: bool
    message: str
    n_calls: int


def stays_positive(likelihood):
    """Which parameters are quantities that limits keep positive, such as strengths and lengths."""
    return (likelihood.bounds[:, 0] >= 0) & ~likelihood.is_position & ~likelihood.is_scatter


def minimise(likelihood, start=None, free=None, tolerance=1e-9, max_calls=200, callback=None):
    """Descend from values, by default those of the likelihood, to a minimum (`Minimum`).

    ``free`` says which parameters vary, all by default; they start inside their limits.
    ``tolerance`` is the relative change of statistic and parameters at which the descent ends,
    ``max_calls`` the most evaluations; ``callback`` is called with values and statistic at every
    step. Nothing moves if the descent does not lower the statistic.
    """
    if not likelihood.is_least_squares:
        raise ValueError(
            "the statistic is not a sum of squares, because of penalties or datasets of other "
            "packages: use the back end 'minuit'"
        )
    start = np.array(likelihood.values if start is None else start, dtype=float)
    free = np.ones(len(start), dtype=bool) if free is None else np.asarray(free, dtype=bool)
    start = np.where(free, np.clip(start, *likelihood.bounds.T), start)
    before = likelihood(start)
    if not np.isfinite(before):
        values = zip(likelihood.names, start, strict=True)
        raise ValueError(
            "the statistic is not finite at the start, "
            + ", ".join(f"{name} = {value:g}" for name, value in values)
        )
    if not free.any():
        return Minimum(start, before, likelihood.jacobian(start) * 0.0, True, "nothing varies", 0)
    options = tolerance, max_calls, callback
    best = Minimum(start, before, None, True, "nothing moves", 0)
    absent = free & likelihood.is_scatter & (start == 0)
    if absent.any():
        start = np.where(absent, np.clip(_SCATTER, *likelihood.bounds.T), start)
    jacobian = likelihood.jacobian(start)
    level = free & (np.linalg.norm(jacobian, axis=0) == 0)
    if level.any():
        start = _off_level(likelihood, start, np.flatnonzero(level))
        jacobian = likelihood.jacobian(start)
    # a direction in which nothing changes leads the solver astray
    moving = free & jacobian.any(axis=0) & ~_idle(likelihood, start, jacobian)
    if moving.any():
        found = _descend(likelihood, start, likelihood(start), moving, *options)
        best = found if found.stat <= before else best._replace(n_calls=found.n_calls)
    # a logarithm cannot come back from a strength or a length that an early step drove to nothing
    collapsed = moving & (best.theta < COLLAPSED * start) & stays_positive(likelihood)
    if collapsed.any():
        again = np.where(collapsed, start, best.theta)
        best = _better(best, _descend(likelihood, again, likelihood(again), moving, *options))
    best = _settled(likelihood, _without_scatter(likelihood, best), moving, options)
    jacobian = likelihood.jacobian(best.theta)
    again = _revived(likelihood, best.theta, jacobian, free)
    if again is not None:
        moving = free & jacobian.any(axis=0)
        best = _better(best, _descend(likelihood, again, likelihood(again), moving, *options))
        best = _settled(likelihood, _without_scatter(likelihood, best), moving, options)
        jacobian = likelihood.jacobian(best.theta)
    jacobian[:, ~free] = 0.0
    return best._replace(jacobian=jacobian)


def _off_level(likelihood, theta, columns):
    """Values with parameters moved to where a slope is, such as a declination away from zero."""
    values, differ = likelihood.elsewhere(theta, columns)
    for sets, there, k in zip(values, differ, columns, strict=True):
        if there.any():
            stats = np.where(there, likelihood(sets), np.inf)
            theta = np.where(np.arange(len(theta)) == k, sets[np.argmin(stats), k], theta)
    return theta


def _better(first, second):
    """The lower one of two minima, with the calls of both."""
    better = second if second.stat < first.stat - 1e-6 * abs(first.stat) else first
    return better._replace(n_calls=first.n_calls + second.n_calls)


def _without_scatter(likelihood, minimum):
    """Minimum with scatters at zero to which a solver gets slowly, for want of a slope."""
    for k in np.flatnonzero(likelihood.is_scatter & (minimum.theta < _SMALL_SCATTER)):
        theta = np.where(np.arange(likelihood.size) == k, 0.0, minimum.theta)
        stat = likelihood(theta)
        if stat <= minimum.stat:
            minimum = minimum._replace(theta=theta, stat=stat)
    return minimum


def _settled(likelihood, minimum, free, options):
    """Minimum, after a descent without scatters at zero if these have kept one from its end."""
    at_zero = likelihood.is_scatter & (minimum.theta == 0)
    if minimum.success or not (free & at_zero).any():
        return minimum
    found = _descend(likelihood, minimum.theta, minimum.stat, free & ~at_zero, *options)
    return found._replace(n_calls=minimum.n_calls + found.n_calls)


def _idle(likelihood, theta, jacobian):
    """Which strengths and lengths are so small that nothing depends on them."""
    size = theta * np.linalg.norm(jacobian, axis=0)
    return stays_positive(likelihood) & (likelihood.bounds[:, 0] == 0) & (size < _IDLE)


def _revived(likelihood, theta, jacobian, free):
    """Values with idle strengths at what the residuals ask for, None if they ask for nothing."""
    curvature = np.sum(jacobian**2, axis=0)
    slope = likelihood.residuals(theta) @ jacobian
    rising = free & _idle(likelihood, theta, jacobian) & (-slope > _WORTH * np.sqrt(curvature))
    if not rising.any():
        return None
    return np.where(rising, -slope / np.where(rising, curvature, 1.0), theta)


def _descend(likelihood, start, before, free, tolerance, max_calls, callback):
    """One descent."""
    coordinates = _Coordinates(start, likelihood.bounds, stays_positive(likelihood), free)

    def residuals(position):
        return likelihood.residuals(coordinates.values(position))

    def derivatives(position):
        theta = coordinates.values(position)
        if callback is not None:
            callback(theta, likelihood(theta))
        # where a parameter has run away, a derivative may overflow
        slopes = likelihood.jacobian(theta)[:, free] * coordinates.slope(theta)
        return np.nan_to_num(slopes, nan=0.0, posinf=0.0, neginf=0.0)

    options = {"bounds": (coordinates.lower, coordinates.upper), "x_scale": "jac"}
    options |= dict.fromkeys(("ftol", "xtol", "gtol"), tolerance) | {"max_nfev": max_calls}
    # steps far out may overflow on the way; they are not accepted
    with np.errstate(all="ignore"):
        found = least_squares(residuals, coordinates.start, derivatives, **options)
    theta = coordinates.values(found.x)
    stat = likelihood(theta)
    if not stat <= before:
        theta, stat = start, before
    message = found.message if found.success else f"no convergence: {found.message}"
    return Minimum(theta, stat, None, bool(found.success), message, int(found.nfev))


class _Coordinates:
    """Positive parameters as logarithms, others as they are."""

    def __init__(self, start, bounds, stays_positive, free):
        self._theta, self._free = start, free
        value, (low, high) = start[free], bounds[free].T
        self._log = stays_positive[free] & (value > 0)
        safe = np.where(self._log, value, 1.0)
        smallest = np.log(np.maximum(low, _SMALLEST * safe))
        largest = np.log(np.minimum(np.where(self._log, high, np.inf), _LARGEST * safe))
        self.lower = np.where(self._log, smallest, low)
        self.upper = np.where(self._log, largest, high)
        margin = 1e-9 * np.minimum(self.upper - self.lower, 1.0)
        here = np.where(self._log, np.log(safe), value)
        self.start = np.clip(here, self.lower + margin, self.upper - margin)

    def values(self, position):
        """Values of all parameters, the fixed ones as at the start."""
        theta = self._theta.copy()
        theta[self._free] = np.where(
            self._log, np.exp(np.where(self._log, position, 0.0)), position
        )
        return theta

    def slope(self, theta):
        """Derivatives of the free values with respect to their coordinates."""
        return np.where(self._log, theta[self._free], 1.0)


def gauss_newton_covariance(jacobian, rcond=1e-12):
    """Covariance of parameters from the derivatives of the residuals."""
    length = np.linalg.norm(jacobian, axis=0)
    safe = np.where(length > 0, length, 1.0)
    scaled = jacobian / safe
    covariance = np.linalg.pinv(scaled.T @ scaled, rcond=rcond) / np.outer(safe, safe)
    covariance[length == 0] = covariance[:, length == 0] = np.nan
    return covariance
