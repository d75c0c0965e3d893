"""Search for the lowest minimum: descents from many starts, and again from near the best.

A likelihood of spectra and dipoles has several minima, and which of them a descent ends in depends
on where it starts. Starts are drawn around what is published, and the strengths of the sources
follow first. Later starts leave the lowest minima with some parameters elsewhere or some sources at
zero, which stay there until the others have followed (basin hopping, Wales & Doye 1997,
arXiv:cond-mat/9803344). All descend in batches, and those that fall too slowly to become the lowest
end early.
"""

from dataclasses import dataclass, replace

import astropy.units as u
import numpy as np
from astropy.table import Column, Table

from ...components.parameters import DEFINITIONS
from ..descent import gauss_newton_covariance, stays_positive
from ..priors import gaussian_in_unit, is_gaussian
from .batch import Descents

N_STARTS, _FEWEST, _WORK = 200, 24, 66_000
"""Starts of a fit unless a number is given: at most, at least, and product of the root of their
number with those of parameters and residuals. Few data leave more minima open."""

_POOL, _LAST = 100, 0.1
"""Descents at once, at most, for large batches are fast, and share of the starts for which the next
batch does not wait."""

_CHECKED, _PACE, _OLDEST = 12, 5.0, 84
"""Steps between two looks at a descent, largest ratio of its height above the lowest to its fall
since the last look, and age in steps at which all end."""

_RANDOM, _ROUNDS, _ROUND, _BEST = 0.4, 4, 15, 2
"""Share of the starts that are drawn at random, rounds in which the others leave the lowest minima,
at most, starts of a round, at least, and how many minima they leave."""

_NUMBERS, _FOLLOWING = (0.5, 0.35, 0.15), 6
"""Shares of those that leave a minimum by one, two and three parameters, and steps for which what
was drawn stays, so that the others follow."""

_BOLD, _ABSENT = 0.5, (0.2, 0.4, 0.4)
"""Share of those that change what carries the intensity too: half of them the diffusion
coefficient, and these shares none, one and two of the sources, or the dipole of the background."""

_CLOSE, _FAR = 1.5, 3.0
"""Widths of the distributions of starts in natural logarithms."""

_NARROW, _MEASURED = 0.05, 2.0
"""Width for a positive parameter with two limits, as a part of its range, and for one with a prior,
in standard deviations."""

_ROUGHLY, _FOLLOWED = 3e-3, 30
"""Gain in a step from which on descents go on, and steps that those that are kept make after it."""

_SAME, _SAME_LISTED, _BARRIER = 0.03, 0.5, 1.0
"""Difference of the statistic of two ends under way, and of two that are listed, and rise half-way
between them, below which they count as one minimum."""

_LISTED, _DEPTH = 8, 50.0
"""How many minima are kept, and how far above the lowest they are at most."""


@dataclass(frozen=True, eq=False)
class Minima:
    """Distinct minima of a joint likelihood, the lowest first; print it, or take the table.

    Attributes
    ----------
    names, units : list
        Labels and units of the n free parameters.
    theta, stat, covariance : `~numpy.ndarray`
        Values, shape ``(k, n)``, statistic with priors, ``(k,)``, and covariance from the
        derivatives of the residuals, ``(k, n, n)``, nan for what nothing depends on there.
    starts : `~numpy.ndarray` of int
        How many starts ended in each, ``(k,)``; starts that fell behind ended nowhere.
    n_starts : int
        Number of starts.
    """

    names: list
    units: list
    theta: np.ndarray
    stat: np.ndarray
    covariance: np.ndarray
    starts: np.ndarray
    n_starts: int

    def polished(self, theta, stat, covariance):
        """Minima with the lowest replaced by where another descent has led from there."""
        rows = (theta, stat, covariance)
        columns = [
            np.concatenate([[first], rest[1:]])
            for first, rest in zip(rows, (self.theta, self.stat, self.covariance), strict=True)
        ]
        return replace(self, theta=columns[0], stat=columns[1], covariance=columns[2])

    def table(self):
        """Minima as a table: statistic, above the lowest, starts, values by label."""
        table = Table({"statistic": self.stat, "above": self.stat - self.stat.min(initial=np.inf)})
        table["starts"] = self.starts
        for name, unit, column in zip(self.names, self.units, self.theta.T, strict=True):
            table[name] = Column(column, unit=unit)
        table.meta["n_starts"] = self.n_starts
        return table

    @classmethod
    def from_table(cls, table):
        """Minima from their table, without covariances (nan)."""
        names = table.colnames[3:]
        theta = np.array([table[name] for name in names], dtype=float).T.reshape(-1, len(names))
        return cls(
            names=names,
            units=[table[name].unit or u.one for name in names],
            theta=theta,
            stat=np.array(table["statistic"]),
            covariance=np.full((*theta.shape, len(names)), np.nan),
            starts=np.array(table["starts"]),
            n_starts=table.meta["n_starts"],
        )

    def __str__(self):
        found = ", ".join(
            f"{stat:.2f} ({count})" for stat, count in zip(self.stat, self.starts, strict=True)
        )
        plural = "" if self.n_starts == 1 else "s"
        return f"{self.n_starts} start{plural}, lowest minima and starts that ended there: {found}"


def default_starts(likelihood):
    """Number of starts of a fit unless one is given: as many as take about a second (int)."""
    size = likelihood.size * len(likelihood.residuals(likelihood.values))
    return int(np.clip((_WORK / max(size, 1)) ** 2, _FEWEST, N_STARTS))


def find_minima(likelihood, n_starts=None, random_state=0, known=(), progress=None):
    """Descend from many starts to the minima of a joint likelihood.

    Parameters
    ----------
    likelihood : JointLikelihood
        Likelihood that is a sum of squared residuals. Its values are the first start.
    n_starts : int, optional
        Number of starts; by default 24 to 200, as many as take about a second.
    random_state : int or `~numpy.random.Generator`, optional
        Seed or source of random numbers.
    known : array_like, optional
        Further starts, shape ``(k, n)``, which come first.
    progress : callable, optional
        Called with the number of starts that have ended, again and again.

    Returns
    -------
    Minima
    """
    n_starts = default_starts(likelihood) if n_starts is None else n_starts
    given = np.reshape([likelihood.values, *known], (-1, likelihood.size))
    n_starts = max(n_starts, len(given))
    search = _Search(likelihood, len(given), int(_LAST * n_starts), progress)
    starts = _Starts(likelihood, np.random.default_rng(random_state))
    n_random = max(len(given), min(n_starts, int(np.ceil(_RANDOM * n_starts))))
    search.descend(given)
    search.descend(*starts.random(n_random - len(given)))
    n_rounds = int(np.clip((n_starts - n_random) // _ROUND, 1, _ROUNDS))
    for left in range(n_rounds, 0, -1):
        lowest = [theta for _, theta, _ in search.best[:_BEST]]
        n_leaving = (n_starts - search.n_begun) // left if lowest else 0
        if n_leaving:
            search.descend(*starts.leaving(lowest, n_leaving))
    search.end()
    return _listed(likelihood, search.best, n_starts)


class _Search:
    """Descents under way, and the lowest ends so far."""

    def __init__(self, likelihood, n_given, n_last, progress):
        self.n_begun, self.best = 0, []
        self._likelihood, self._progress = likelihood, progress
        self._n_given, self._n_last = n_given, n_last
        self._descents = Descents(likelihood, tolerance=_ROUGHLY)
        self._before = {}

    def descend(self, theta, held=False):
        """Descend from values ``(m, n)`` till few are left; those ``held`` stay for some steps."""
        held = np.broadcast_to(held, theta.shape)
        for first in range(0, len(theta), _POOL):
            rows = slice(first, first + _POOL)
            numbers = self.n_begun + np.arange(len(theta[rows]))
            self._descents.add(theta[rows], numbers, held[rows])
            self.n_begun += len(numbers)
            while len(self._descents) > self._n_last:
                self._step()

    def end(self):
        """End those that are left where they are."""
        self._end(np.ones(len(self._descents), dtype=bool))

    def _step(self):
        descents = self._descents
        ended = descents.step()
        descents.held[descents.age >= _FOLLOWING] = False
        behind = self._behind(descents, ended)
        self._end(ended | behind | (descents.age >= _OLDEST))

    def _end(self, gone):
        for k in np.flatnonzero(gone):
            self._note(self._descents.stat[k], self._descents.theta[k])
        if self._progress is not None and gone.any():
            self._progress(int(gone.sum()))
        self._descents.keep(~gone)

    def _behind(self, descents, ended):
        """Which descents are not worth going on with: too slow for their height, or there."""
        behind = np.zeros(len(descents), dtype=bool)
        lowest = min([descents.stat.min(), *(stat for stat, *_ in self.best)])
        for k in np.flatnonzero(~ended & (descents.age % _CHECKED == 0)):
            number, stat = int(descents.number[k]), descents.stat[k]
            fall = self._before.get(number, np.inf) - stat
            self._before[number] = stat
            # what was given goes on to the end
            if number >= self._n_given:
                late = stat - lowest > max(_PACE * fall, 1.0)
                behind[k] = late or self._place(stat, descents.theta[k]) is not None
        return behind

    def _place(self, stat, theta):
        """Which of the lowest ends is the same minimum, None if none is."""
        for k, (other, place, _) in enumerate(self.best):
            if _is_same(self._likelihood, (stat, theta), (other, place)):
                return k
        return None

    def _note(self, stat, theta):
        """Keep an end if it is among the lowest, and count who else came there."""
        if not np.isfinite(stat):
            return
        k = self._place(stat, theta)
        if k is None:
            self.best.append((stat, theta, 1))
        else:
            other, place, count = self.best[k]
            lower = (stat, theta) if stat < other else (other, place)
            self.best[k] = (*lower, count + 1)
        self.best = sorted(self.best, key=lambda end: end[0])[:_LISTED]


class _Starts:
    """Distributions of starts, all inside the limits."""

    def __init__(self, likelihood, rng):
        self._rng = rng
        self._low, self._high = likelihood.bounds.T
        self._published, sigma, is_strength = _published(likelihood)
        self._is_measured = np.isfinite(sigma)
        width = np.where(self._is_measured, np.inf, self._high - self._low)
        positive, closed = stays_positive(likelihood), np.isfinite(width)
        # where both signs are allowed, or all is a matter of convention, anything may be
        self._anywhere = closed & ~positive
        self._is_log = positive & ~closed & ~self._is_measured
        self._scales = likelihood.scales_at(likelihood.values)
        step = np.where(closed, _NARROW * (self._high - self._low), self._scales)
        self._step = np.where(self._is_measured, _MEASURED * sigma, step)
        # a scatter comes from zero, and strengths follow the others at once
        self._stays = is_strength | likelihood.is_scatter
        self._is_key = ~(self._is_measured | self._stays)
        # what stands for a source, in all nuclei at once
        names = np.array([name.split(".")[-1] for name in likelihood.names])
        sources = np.unique(names[self._is_log & (self._low == 0)])
        self._absent = names == sources[:, np.newaxis]
        self._leads = names == "D_0"

    def random(self, m):
        """Starts around what is published, ``(m, n)``, and what stays there at first, ``(n,)``.

        Every fourth one is far from there. Strengths are as they are published, and follow.
        """
        width = np.where(np.arange(m) % 4 == 3, _FAR, _CLOSE)[:, np.newaxis]
        theta = self._moved(self._published, width)
        return np.where(self._stays, self._published, theta), ~self._stays

    def _moved(self, centre, width):
        """Values with steps in logarithms or in natural scales, or anywhere in their range."""
        shape = (len(width), len(self._low))
        normal, uniform = self._rng.standard_normal(shape), self._rng.random(shape)
        size = np.where(centre > 0, centre, self._scales)
        factor = np.exp(np.where(self._is_log, width * normal, 0.0))
        theta = np.where(self._is_log, size * factor, centre + self._step * normal)
        low, high = (np.where(self._anywhere, end, 0.0) for end in (self._low, self._high))
        theta = np.where(self._anywhere, low + uniform * (high - low), theta)
        return np.clip(theta, self._low, self._high)

    def leaving(self, minima, m):
        """Values of minima with some parameters elsewhere or zero, and which, two ``(m, n)``."""
        theta = np.array(minima)[self._rng.integers(len(minima), size=m)]
        order = self._rng.random(theta.shape)
        order += 2 * self._rng.random(theta.shape) * ~self._is_key
        number = self._rng.choice([1, 2, 3], (m, 1), p=_NUMBERS)
        chosen = order.argsort(axis=1).argsort(axis=1) < number
        # half of them far from where they were, the others around what is published
        is_far = self._rng.random((m, 1)) < 0.5
        is_bold = self._rng.random((m, 1)) < _BOLD
        leads = self._leads & is_bold & (self._rng.random((m, 1)) < 0.5)
        centre = np.where(is_far | leads, theta, self._published)
        elsewhere = self._moved(centre, np.where(is_far | leads, _FAR, _CLOSE))
        theta = np.where(chosen | leads, elsewhere, theta)
        order = self._rng.random((m, len(self._absent))).argsort(axis=1).argsort(axis=1)
        number = self._rng.choice(len(_ABSENT), (m, 1), p=_ABSENT) * is_bold
        absent = (order < number) @ self._absent
        return np.where(absent, 0.0, theta), chosen | leads | absent


def _published(likelihood):
    """Means of priors, or defaults that are the same for all nuclei, and widths of priors.

    The second is nan where nothing has been measured. A third of ``(n,)``: which are strengths.
    """
    values, sigma = likelihood.values.copy(), np.full(likelihood.size, np.nan)
    is_strength = np.zeros(likelihood.size, dtype=bool)
    for k, par in enumerate(likelihood.parameters or ()):
        known = DEFINITIONS.get(par.name)
        is_strength[k] = par.name.startswith("Q_0")
        if par.prior is not None and is_gaussian(par.prior):
            values[k], sigma[k] = gaussian_in_unit(par.prior, par.unit)
        elif known is not None and not is_strength[k]:
            values[k] = u.Unit(known.unit).to(par.unit, known.value)
    for term in likelihood.correlated_priors:
        pulls = term.pulls(values)
        slopes = [term.pulls(values + row) - pulls for row in np.eye(likelihood.size)]
        length = np.linalg.norm(slopes, axis=1)
        sigma = np.where(length > 0, 1 / np.where(length > 0, length, 1.0), sigma)
    return np.clip(values, *likelihood.bounds.T), sigma, is_strength


def _is_same(likelihood, one, other, within=_SAME):
    """Whether two ends, of statistic and values, are in one minimum."""
    (first, theta), (second, place) = one, other
    if not abs(first - second) < within:
        return False
    if np.allclose(theta, place, rtol=1e-2):
        return True
    rise = np.sum(likelihood.residuals((theta + place) / 2) ** 2) - max(first, second)
    return bool(rise < _BARRIER)


def _listed(likelihood, best, n_starts):
    """Distinct minima, followed to their ends."""
    descents = Descents(likelihood, tolerance=1e-4)
    descents.add(np.array([theta for _, theta, _ in best]).reshape(-1, likelihood.size))
    theta, stat = descents.finish(_FOLLOWED)
    counts, groups = np.array([count for *_, count in best], dtype=int), []
    for k in np.argsort(stat, kind="stable"):
        if stat[k] > stat.min() + _DEPTH:
            break
        for group in groups:
            ends = [(stat[j], theta[j]) for j in (k, group[0])]
            if _is_same(likelihood, *ends, _SAME_LISTED):
                group.append(k)
                break
        else:
            groups.append([k])
    firsts = [group[0] for group in groups]
    jacobians = [likelihood.jacobian(row) for row in theta[firsts]]
    return Minima(
        names=likelihood.names,
        units=likelihood.units,
        theta=theta[firsts],
        stat=likelihood(theta[firsts]),
        covariance=np.array([gauss_newton_covariance(jacobian) for jacobian in jacobians]),
        starts=np.array([counts[group].sum() for group in groups]),
        n_starts=n_starts,
    )
