"""Intervals and limits of all parameters at once, from batches of profiles."""

from typing import NamedTuple

import numpy as np
from scipy.interpolate import barycentric_interpolate
from scipy.stats import norm

from ..covariance import determined_covariance, likelihood_covariance
from ..descent import minimise, stays_positive
from .batch import Descents

LEVEL = 0.95
"""Probability of a one-sided limit."""

_ONE_SIDED = norm.ppf(LEVEL) ** 2
"""Rise of the statistic at a one-sided limit, 2.71."""

_NEAR, _NARROW = 0.1, 0.01
"""How near a value must be to an end for a parabola to give it, and for a straight line, as
fractions of the way from the best value."""

_ROUNDS, _STEPS = 20, 12
"""Values of a parameter that are tried for an end, and steps of the others at each."""

_FARTHEST, _DECADES = 100.0, {-1: 15, 1: 6}
"""How far an end is looked for, in standard deviations or natural scales, or for what has run away
in decades by sign."""

_LOST = 2.0
"""How many times its level the root of a rise may be, unless a step has been too long."""

_NEXT = 1.05, 3.0
"""How much farther the next value is at least and at most, while there is none beyond the end."""

LOWER, _DESCENTS = 0.05, 3
"""By how much a profile must come out below the minimum to count as a lower one, and how often
such a minimum is taken up."""


class Interval(NamedTuple):
    """What the data say of a parameter, in its unit.

    Attributes
    ----------
    low, high : float
        Where the profile has risen by one, infinite if it does not before a limit of the
        parameter, nan if the end was not found, for numerical reasons.
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

    @property
    def is_found(self):
        """Whether the search for the ends has come to an end itself (bool)."""
        return not (np.isnan(self.low) or np.isnan(self.high))


class Profiles(NamedTuple):
    """Intervals by label around a minimum, with its statistic and values ``(n,)``.

    It is a lower minimum than that which was given if a profile has met such a one.
    """

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
        An `Interval` for each parameter that residuals depend on. Where the profile rises by one
        on one side alone, there is a one-sided limit, from a rise by 2.71 on that side, unless it
        does not rise so far. If a profile meets a lower minimum, all intervals are around that.
    """
    others = list(others)
    for k in range(_DESCENTS + 1):
        first = _Minimum(likelihood, theta, covariance)
        try:
            found = _intervals(first, others, LOWER if k < _DESCENTS else np.inf)
        except _LowerMinimumError as error:
            others = [*others, theta]
            theta = np.where(likelihood.depends_on(theta), error.theta, theta)
            covariance, _ = likelihood_covariance(likelihood, theta)
        else:
            return Profiles(found, first.stat, first.theta)


class _LowerMinimumError(Exception):
    """A profile has met a lower minimum."""

    def __init__(self, theta):
        super().__init__()
        self.theta = theta


def _intervals(first, others, lower):
    """Intervals around a minimum, unless there is one that is lower by more than so much."""
    likelihood, minima = first.likelihood, [first]
    for theta in others:
        height = likelihood(theta) - first.stat
        if height < -lower:
            raise _LowerMinimumError(theta)
        if height < _ONE_SIDED and not np.allclose(theta, first.theta, rtol=1e-3):
            minima.append(_Minimum(likelihood, theta, determined_covariance(likelihood, theta)))
    used = likelihood.depends_on(first.theta)
    # what has run away may matter again some decades from there
    searched = np.flatnonzero(used | first.is_log)
    ends = _farthest(minima, [(k, sign) for k in searched for sign in (-1, 1)], 1.0, lower)
    single = [(k, s) for k, s in ends if np.isfinite(ends[k, s]) and np.isinf(ends[k, -s])]
    limits = _farthest(minima, single, _ONE_SIDED, lower)
    limits = {row: end for row, end in limits.items() if np.isfinite(end)}
    return {
        likelihood.names[k]: Interval(
            ends[k, -1], ends[k, 1], limits.get((k, -1), np.nan), limits.get((k, 1), np.nan)
        )
        for k in searched
        if used[k] or np.isfinite([ends[k, -1], ends[k, 1]]).any()
    }


def _farthest(minima, rows, level, lower):
    """Ends by column and sign, the farthest from any of the minima that are low enough."""
    first, *others = minima
    floor = first.stat - lower
    ends = dict(zip(rows, first.ends(rows, level, floor), strict=True))
    for other in others:
        rise = level - (other.stat - first.stat)
        chosen = [row for row in rows if rise > 0 and other.may_pass(*row, ends[row], rise)]
        for row, end in zip(chosen, other.ends(chosen, rise, floor), strict=True):
            if row[1] * (end - ends[row]) > 0:
                ends[row] = end
    return ends


class _Minimum:
    """A minimum, and the search for where the profiles around it have risen by some level."""

    def __init__(self, likelihood, theta, covariance):
        self.likelihood = likelihood
        self.theta, self.covariance = (np.asarray(x, dtype=float) for x in (theta, covariance))
        self.stat = float(likelihood(self.theta))
        error = np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        self.scales = likelihood.scales_at(self.theta)
        length = np.linalg.norm(likelihood.jacobian(self.theta), axis=0)
        alone = 1 / np.where(length > 0, length, 1 / self.scales)
        self.known = error > 0
        self.error = np.where(self.known, error, np.minimum(alone, self.scales))
        # what has run away comes back in decades
        self.is_log = ~self.known & stays_positive(likelihood) & (self.theta > 0)

    def may_pass(self, column, sign, end, rise):
        """Whether the profile may rise so far beyond the end that is known from another one."""
        here = self.theta[column] + sign * np.sqrt(rise) * self.error[column]
        beyond = sign * (here - end) > _NEAR * self.error[column]
        return bool(np.isfinite(end) and (beyond or not self.known[column]))

    def ends(self, rows, rise, floor):
        """Ends in the unit of the parameter for pairs of column and sign (list).

        The profile has risen by so much there; it must not fall below the floor.
        """
        with np.errstate(all="ignore"):
            searches = [_End(self, *row, np.sqrt(rise)) for row in rows]
            for _ in range(_ROUNDS):
                active = [search for search in searches if search.end is None]
                if not active:
                    break
                theta, stats = self._profile(active)
                if stats.min() < floor:
                    lowest = minimise(self.likelihood, theta[np.argmin(stats)])
                    raise _LowerMinimumError(lowest.theta)
                for search, *point in zip(active, theta, stats - self.stat, strict=True):
                    search.add(*point)
        return [np.nan if search.end is None else search.end for search in searches]

    def _profile(self, searches):
        """Best values of the others where the searches are to look, and statistic there."""
        likelihood, rows = self.likelihood, np.arange(len(searches))
        starts = np.array([search.starts() for search in searches])
        stats = likelihood(starts.reshape(-1, likelihood.size)).reshape(starts.shape[:2])
        lowest = np.argmin(np.where(np.isfinite(stats), stats, np.inf), axis=1)
        columns = np.array([[search.column] for search in searches])
        descents = Descents(likelihood, tolerance=2e-3, patience=1)
        descents.add(starts[rows, lowest], held=np.arange(likelihood.size) == columns)
        theta, _ = descents.finish(_STEPS)
        stats = likelihood(theta)
        return theta, np.where(np.isfinite(stats), stats, np.inf)


class _End:
    """Search for one end of an interval: points of a profile, from a minimum outwards.

    Distances are in standard deviations, or in half a natural logarithm.
    """

    def __init__(self, minimum, column, sign, root):
        self.column, self._root = column, root
        self._best, self._bounds = minimum.theta, minimum.likelihood.bounds
        self._is_log, known = minimum.is_log[column], minimum.known[column]
        value, error = self._best[column], minimum.error[column]
        self._scale = sign * (0.5 if self._is_log else error)
        limit = self._bounds[column, (sign + 1) // 2]
        room = np.log(limit / value) if self._is_log else limit - value
        far = _FARTHEST * (1.0 if known else max(1.0, minimum.scales[column] / error))
        far = 2 * _DECADES[sign] * np.log(10) if self._is_log else far
        self._reach = min(abs(room / self._scale), far)
        # distance, root of the rise, values
        self._points = [(0.0, 0.0, self._best)]
        if known:
            # where the covariance leads at first
            step = 1e-3 * self._scale * minimum.covariance[column] / error**2
            self._points.append((1e-3, 1e-3, self._best + step))
        self._trial, self._lost = min(root, self._reach), np.inf
        self.end = None if self._reach > 0 else sign * np.inf

    def starts(self):
        """Values to start from: those of the last point within, and in line with another one."""
        inner, other = self._points[self._within], self._points[self._within - 1]
        if self._within + 1 < len(self._points):
            other = self._points[self._within + 1]
        step = 0.0 * self._best
        if other is not inner:
            step = (other[2] - inner[2]) / (other[0] - inner[0]) * (self._trial - inner[0])
        low, high = self._bounds.T
        # a strength does not jump to its limit
        floor = np.where(low >= 0, np.maximum(low, 0.3 * inner[2]), low)
        starts = np.clip([inner[2], inner[2] + step], floor, high)
        starts[:, self.column] = self._value(self._trial)
        return starts

    def add(self, theta, rise):
        """Add a point, and see whether it is the end, or where to look next."""
        trial, height = self._trial, np.sqrt(max(rise, 0.0))
        inner = self._points[self._within][0]
        if height > _LOST * self._root:
            # the others may not have found their way so far
            self._lost, self._trial = trial, (inner + trial) / 2
            self.end = self._value(trial) if trial - inner <= _NARROW * trial else None
            return
        self._points = sorted([*self._points, (trial, height, theta)], key=lambda point: point[0])
        if trial >= self._reach and height < self._root:
            self.end = np.copysign(np.inf, self._scale)
            return
        distances = [point[0] for point in self._points] + [np.inf]
        inner, outer = distances[self._within : self._within + 2]
        guess = self._guess()
        is_inside = inner <= guess <= min(outer, self._reach)
        near = _NEAR if len(self._points) > 2 else _NARROW
        is_near = abs(height - self._root) <= near * self._root
        if is_inside and is_near and abs(guess - trial) <= near * trial:
            self.end = self._value(guess)
        elif outer - inner <= _NARROW * inner:
            self.end = self._value(outer)
        elif np.isfinite(outer):
            width = outer - inner
            guess = guess if is_inside else inner + width / 2
            self._trial = np.clip(guess, inner + 0.1 * width, outer - 0.1 * width)
        else:
            least, most = (factor * trial for factor in _NEXT)
            most = min(most, self._reach, self._lost if self._lost > trial else np.inf)
            self._trial = np.clip(guess, least, most) if is_inside else most

    def _guess(self):
        """Where a parabola, or a line between two points that are near, has the level."""
        # of a flat profile, the first point
        points = {height: distance for distance, height, _ in reversed(self._points)}
        nearest = sorted(points, key=lambda height: abs(height - self._root))[:3]
        bracket = [height for _, height, _ in self._points[self._within :][:2]]
        if len(bracket) > 1 and bracket[0] > self._root / 2:
            nearest = bracket
        return barycentric_interpolate(nearest, [points[x] for x in nearest], self._root)

    @property
    def _within(self):
        """Place of the last point before the profile reaches the level."""
        beyond = [point[1] >= self._root for point in self._points]
        return (beyond.index(True) if True in beyond else len(beyond)) - 1

    def _value(self, distance):
        """Value of the parameter at a distance, inside its limits (float)."""
        best, step = self._best[self.column], self._scale * distance
        moved = best * np.exp(step) if self._is_log else best + step
        return float(np.clip(moved, *self._bounds[self.column]))
