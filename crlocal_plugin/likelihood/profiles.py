"""Profile likelihood of one parameter: intervals and scans with the others re-optimised."""

import numpy as np
from scipy.optimize import brentq

from .descent import gauss_newton_covariance, minimise

_LOWER = 0.01
"""By how much a profile must undercut the best fit to count as another minimum."""

_PRECISION = 1e-7
"""Relative precision of re-optimised statistics."""

_TOLERANCE = 1e-3
"""Precision of the ends of intervals in standard deviations."""

_BEYOND = 1.5
"""How far beyond an interval other valleys are looked for, in widths of the search for its end."""


class ProfileLikelihood:
    """Profile likelihood of one parameter: its interval and its error.

    Parameters
    ----------
    likelihood : JointLikelihood
    name : str
        Label of the parameter.
    best : array_like, optional
        Values at the best fit, shape ``(n,)``; by default those with which the likelihood was
        made.
    reoptimize : bool, optional
        Whether the other parameters follow to their best values.
    known : iterable of tuple, optional
        Points that are known already: value, and what `point` has returned for it.

    Attributes
    ----------
    n_calls, lowest : int, tuple
        Evaluations of the residuals so far; lowest statistic met, and values there.

    Raises
    ------
    ValueError
        If the likelihood has no such parameter.
    """

    def __init__(self, likelihood, name, best=None, reoptimize=True, known=()):
        if name not in likelihood.names:
            raise ValueError(
                f"{name!r} is not among the free parameters {', '.join(likelihood.names)}"
            )
        self._likelihood = likelihood
        self._column = likelihood.names.index(name)
        self._reoptimize = reoptimize
        self._free = np.arange(likelihood.size) != self._column
        self.best = np.array(likelihood.values if best is None else best, dtype=float)
        self.best_stat = likelihood(self.best)
        self.n_calls = 0
        self.lowest = self.best_stat, self.best
        self._known = {self.best[self._column]: (self.best_stat, self.best)}
        for value, stat, theta in known:
            self._known[value] = stat, np.array(theta)
            self.lowest = min(self.lowest, self._known[value], key=lambda point: point[0])

    @property
    def found_lower(self):
        """Whether a minimum lower than the best fit was met (bool)."""
        return self.lowest[0] < self.best_stat - _LOWER

    def __call__(self, value):
        """Statistic at a value in the unit of the parameter (float).

        It is the lowest that the others can reach from the nearest value that is known already.
        """
        return self.point(value)[0]

    def point(self, value):
        """Statistic at a value, and the values of all parameters there."""
        value = float(value)
        if value not in self._known:
            self._keep(value, self._start(value))
        return self._known[value]

    def improve(self, value, other):
        """Look whether the valley of another known value is the lower one at a value too (bool)."""
        before, there = self._known[value][0], self._known[other][1]
        if not self._reoptimize:
            return False
        theta = self._follow(there, value)
        # on the same valley there is nothing below what is known
        if not self._likelihood(theta) < before:
            return False
        return self._keep(value, theta) < before - _LOWER

    def _keep(self, value, theta):
        """Re-optimise at a value, and keep the result if it is the lowest there."""
        stat = self._likelihood(theta)
        if self._reoptimize:
            minimum = minimise(self._likelihood, theta, self._free, tolerance=_PRECISION)
            theta, stat = minimum.theta, minimum.stat
            self.n_calls += minimum.n_calls
        if value not in self._known or stat < self._known[value][0]:
            self._known[value] = stat, theta
        if stat < self.lowest[0]:
            self.lowest = stat, theta
        return stat

    def _start(self, value):
        """Where to start at a value: from the nearest known point, or in line with it."""
        near = sorted(self._known, key=lambda known: abs(known - value))[:2]
        first = self._known[near[0]][1]
        candidates = np.array([first, first])
        candidates[:, self._column] = value
        if self._reoptimize:
            slopes = [(first - self._known[x][1]) / (near[0] - x) for x in near[1:]]
            slope = slopes[0] if slopes else None
            candidates[1] = self._follow(first, value, slope)
        stats = self._likelihood(candidates)
        return candidates[np.argmin(np.where(np.isfinite(stats), stats, np.inf))]

    def _follow(self, theta, value, slope=None):
        """Values of all parameters at a value of this one, a straight line away from others."""
        if slope is None:
            column = gauss_newton_covariance(self._likelihood.jacobian(theta))[:, self._column]
            slope = column / column[self._column]
            slope = np.where(np.isfinite(slope), slope, 0.0)
        moved = theta + slope * (value - theta[self._column])
        low, high = self._likelihood.bounds.T
        # a strength does not jump to its limit
        moved = np.clip(moved, np.where(low >= 0, np.maximum(low, 0.3 * theta), low), high)
        moved[self._column] = value
        return moved

    def error(self):
        """Standard deviation of the parameter from the residuals' derivatives (float)."""
        jacobian, k = self._likelihood.jacobian(self.best), self._column
        if not self._reoptimize:
            return 1 / max(np.linalg.norm(jacobian[:, k]), np.finfo(float).tiny)
        return float(np.sqrt(gauss_newton_covariance(jacobian)[k, k]))

    def interval(self, sigma=1.0):
        """Where the statistic has risen by the square of a number of standard deviations.

        Parameters
        ----------
        sigma : float, optional

        Returns
        -------
        low, high : float
            Ends of the interval, nan where the statistic does not rise that far before a limit of
            the parameter or within a hundred standard deviations.
        """
        return self._crossing(-1, sigma), self._crossing(1, sigma)

    def _crossing(self, sign, sigma):
        """One end of an interval."""
        start, error = self.best[self._column], self.error()
        if not (np.isfinite(error) and error > 0):
            return np.nan
        limits = self._likelihood.bounds[self._column]

        def above(value):
            rise = self(value) - self.best_stat
            return np.sign(rise) * np.sqrt(abs(rise)) - sigma

        inner, step = start, sigma * error
        for _ in range(12):
            outer = float(np.clip(start + sign * step, *limits))
            if above(outer) >= 0:
                break
            if outer in limits or step > 100 * error:
                return np.nan
            inner, step = outer, 1.5 * step
        else:
            return np.nan
        options = {"xtol": _TOLERANCE * error, "rtol": 1e-12}
        end = brentq(above, inner, outer, **options)
        # the valley of a point beyond may be the lower one at the end too
        beyond = np.clip(start + _BEYOND * (outer - start), *limits)
        for other in (outer, beyond):
            self(other)
            while self.improve(end, other) and above(end) < 0 < above(outer):
                end = brentq(above, end, outer, **options)
        return end
