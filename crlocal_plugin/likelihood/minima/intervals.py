"""Intervals and limits of all parameters at once, from batches of profiles."""

from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from ..descent import gauss_newton_covariance, stays_positive
from .batch import Descents

LEVEL = 0.95
"""Probability of a one-sided limit."""

_ONE_SIDED = norm.ppf(LEVEL) ** 2
"""Rise of the statistic at a one-sided limit, 2.71."""

_PRECISION = 0.01
"""Precision of an end in standard deviations."""

_ROUNDS, _STEPS = 25, 12
"""Values of a parameter that are tried for an end, and steps of the others at each."""

_FARTHEST = 100.0
"""How far an end is looked for, in standard deviations."""


class Interval(NamedTuple):
    """What the data say of a parameter, in its unit.

    Attributes
    ----------
    low, high : float
        Where the profile has risen by one, infinite if it does not before a limit of the parameter.
    above, below : float
        One-sided limits at 95 %, nan where there is none: ``above`` is a lower limit, of a
        parameter without an upper end, and ``below`` an upper limit.
    """

    low: float
    high: float
    above: float = np.nan
    below: float = np.nan

    @property
    def is_two_sided(self):
        """Whether there are two ends (bool)."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))


class Profiles(NamedTuple):
    """Intervals by label, and the lowest statistic that the profiles have met with values there."""

    intervals: dict
    stat: float
    theta: np.ndarray


def profile_intervals(likelihood, theta, covariance, others=()):
    """Intervals of all parameters from their profiles: the others follow to their best values.

    Parameters
    ----------
    likelihood : JointLikelihood
        Likelihood that is a sum of squared residuals.
    theta, covariance : array_like
        Values at the minimum, shape ``(n,)``, and covariance there, ``(n, n)``, zero for
        parameters without an error.
    others : iterable of array_like
        Values at other minima. Where these are low enough, the intervals reach over them.

    Returns
    -------
    Profiles
        An `Interval` for each parameter. Where the profile rises by one on one side alone, there
        is a one-sided limit, from a rise by 2.71 on that side, unless it does not rise so far.
    """
    searches = [_Ends(likelihood, theta, covariance)]
    stat = searches[0].stat
    for place in others:
        if likelihood(place) - stat < _ONE_SIDED and not np.allclose(place, theta, rtol=1e-3):
            matrix = np.nan_to_num(gauss_newton_covariance(likelihood.jacobian(place)))
            searches.append(_Ends(likelihood, place, matrix, stat))
    both = [(k, sign) for k in range(likelihood.size) for sign in (-1, 1)]
    ends = _farthest(searches, both, 1.0)
    single = [(k, s) for k, s in both if np.isfinite(ends[k, s]) and not np.isfinite(ends[k, -s])]
    limits = _farthest(searches, single, _ONE_SIDED)
    intervals = {}
    for k, name in enumerate(likelihood.names):
        above, below = (limits.get((k, sign), np.nan) for sign in (-1, 1))
        above, below = (x if np.isfinite(x) else np.nan for x in (above, below))
        intervals[name] = Interval(ends[k, -1], ends[k, 1], above, below)
    return Profiles(intervals, *min((search.lowest for search in searches), key=lambda x: x[0]))


def _farthest(searches, rows, level):
    """Ends by column and sign, the farthest from any of the minima that are low enough."""
    found = [search.ends(rows, level) for search in searches if search.height < level]
    ends = {}
    for row, *candidates in zip(rows, *found, strict=True):
        ends[row] = float(max(candidates) if row[1] > 0 else min(candidates))
    return ends


class _Ends:
    """Search for values of single parameters at which the profile has risen by some level."""

    def __init__(self, likelihood, theta, covariance, lowest=np.inf):
        theta, covariance = (np.asarray(x, dtype=float) for x in (theta, covariance))
        self._likelihood, self._best, self._covariance = likelihood, theta, covariance
        self.stat = float(likelihood(theta))
        self._from = min(self.stat, lowest)
        self.height = self.stat - self._from
        self.lowest = self.stat, theta
        self._low, self._high = likelihood.bounds.T
        error = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        length = np.linalg.norm(likelihood.jacobian(theta), axis=0)
        alone = 1 / np.where(length > 0, length, 1 / likelihood.scales_at(theta))
        self._known = error > 0
        self._error = np.where(self._known, error, np.minimum(alone, likelihood.scales_at(theta)))
        # what has run away comes back in decades
        self._is_log = ~self._known & stays_positive(likelihood) & (theta > 0)

    def ends(self, rows, level):
        """Ends in the unit of the parameter for pairs of column and sign, infinite without one.

        The rise is that above the lowest of all minima.
        """
        if not rows:
            return np.empty(0)
        with np.errstate(all="ignore"):
            return self._searched(rows, level)

    def _searched(self, rows, level):
        column, sign = np.array(rows).T
        best, log = self._best[column], self._is_log[column]
        limit = np.where(sign < 0, self._low[column], self._high[column])
        scale = np.where(log, 0.5, self._error[column])
        reach = np.where(log, np.abs(np.log(limit / best)), np.abs(limit - best)) / scale
        reach = np.minimum(reach, np.where(log, 2 * _FARTHEST, _FARTHEST))

        def value(distance, chosen):
            step = sign[chosen] * distance * scale[chosen]
            moved = np.where(log[chosen], best[chosen] * np.exp(step), best[chosen] + step)
            return np.clip(moved, self._low[column[chosen]], self._high[column[chosen]])

        m = len(rows)
        inner, rise_inner = np.zeros(m), np.full(m, np.sqrt(self.height))
        outer, rise_outer = np.full(m, np.inf), np.full(m, np.nan)
        near = np.tile(self._best, (m, 1))
        found = np.full(m, np.nan)
        root = np.sqrt(level)
        trial = np.minimum(root, reach)
        open_ = reach > 0
        found[~open_] = np.inf
        for _ in range(_ROUNDS):
            (active,) = np.nonzero(open_)
            if not active.size:
                break
            there = value(trial[active], active)
            points, stats = self._profile(near[active], column[active], there, inner[active])
            heights = np.sqrt(np.maximum(stats - self._from, 0.0))
            for k, point, height, x in zip(active, points, heights, there, strict=True):
                if abs(height - root) < _PRECISION or outer[k] - inner[k] < 1e-4 * outer[k]:
                    found[k], open_[k] = x, False
                elif height < root:
                    inner[k], rise_inner[k], near[k] = trial[k], height, point
                    if trial[k] >= reach[k]:
                        found[k], open_[k] = np.inf, False
                else:
                    outer[k], rise_outer[k] = trial[k], height
            trial = self._next(inner, rise_inner, outer, rise_outer, root, reach)
        return np.where(np.isfinite(found), found, sign * np.inf)

    @staticmethod
    def _next(inner, low, outer, high, root, reach):
        """Next distance to try: a straight line in the root of the rise."""
        farther = inner * np.clip(1.05 * root / low, 1.3, 3.0)
        width = outer - inner
        between = inner + width * (root - low) / (high - low)
        between = np.clip(between, inner + 0.05 * width, outer - 0.05 * width)
        return np.where(np.isfinite(outer), between, np.minimum(farther, reach))

    def _profile(self, near, column, value, distance):
        """Best values with one parameter held, from a straight line through a known point."""
        likelihood, rows = self._likelihood, np.arange(len(near))
        plain = near.copy()
        plain[rows, column] = value
        shift = (value - near[rows, column])[:, np.newaxis]
        variance = np.diag(self._covariance)[column][:, np.newaxis]
        gone = (near[rows, column] - self._best[column])[:, np.newaxis]
        slope = np.where(gone != 0, (near - self._best) / gone, 0.0)
        first = np.where(variance > 0, self._covariance[column] / variance, 0.0)
        slope = np.where(distance[:, np.newaxis] > 0, slope, first)
        follows = np.where(self._is_log[column][:, np.newaxis], near, near + slope * shift)
        floor = np.where(self._low >= 0, np.maximum(self._low, 0.3 * near), self._low)
        follows = np.clip(follows, floor, self._high)
        follows[rows, column] = value
        lower = likelihood(follows) < likelihood(plain)
        starts = np.where(lower[:, np.newaxis], follows, plain)
        held = np.arange(likelihood.size) == column[:, np.newaxis]
        descents = Descents(likelihood, tolerance=2e-3, patience=1)
        descents.add(starts, held=held)
        theta, _ = descents.finish(_STEPS)
        stats = likelihood(theta)
        stats = np.where(np.isfinite(stats), stats, np.inf)
        k = np.argmin(stats)
        if stats[k] < self.lowest[0]:
            self.lowest = float(stats[k]), theta[k]
        return theta, stats
