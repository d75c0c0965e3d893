"""Descents from random starts: which minima a joint likelihood has."""

import warnings
from dataclasses import dataclass, field

import numpy as np
from astropy.table import Column, Table

from ..likelihood.descent import minimise, stays_positive
from ..likelihood.joint_likelihood import JointLikelihood, likelihood_of
from ..likelihood.minima.search import find_minima
from ..work.parallel import run_parallel

# difference in the statistic up to which two descents may have ended in the same minimum
TOLERANCE = 0.02


@dataclass(frozen=True, eq=False)
class RandomStarts:
    """Minima found from random starts; print it, or take the table.

    Attributes
    ----------
    minima : `~astropy.table.Table`
        A row for each distinct minimum, the lowest first: ``statistic``, ``above`` the lowest,
        ``starts`` that ended there, and the value of each free parameter under its label.
    n_starts, n_failed : int
        Number of starts, and of those without a finite statistic or from which the descent did
        not converge, which are not in the table.
    spread : float
        Width of the distribution of the starts.
    """

    minima: Table
    n_starts: int
    n_failed: int
    spread: float
    _likelihood: JointLikelihood = field(repr=False)

    def assign(self, number=0):
        """Set the parameters of the models to a row of the table of minima, by default the lowest.

        Errors stay as they were: fit again from there.
        """
        row = self.minima[number]
        self._likelihood.assign([row[name] for name in self._likelihood.names])

    def __str__(self):
        lines = [
            f"{self.n_starts} descents from starts with a spread of {self.spread:g}, "
            f"{self.n_failed} without convergence"
        ]
        if len(self.minima):
            lines += ["", *self.minima.pformat(max_lines=-1, max_width=-1)]
        return "\n".join(line.rstrip() for line in lines)


def random_starts(datasets, n_starts=20, spread=0.3, random_state=0, n_jobs=None, progress=None):
    """Find the minima of a joint likelihood from random starts.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models. Starts lie around the present values of the free parameters, and
        nothing in the models changes, see `RandomStarts.assign`.
    n_starts : int, optional
        Number of starts.
    spread : float, optional
        A positive quantity starts at its value times exp(spread z) with a normal z, another one
        at its value plus z times ``spread`` natural scales, a tenth of its range each. Starts
        beyond a limit are drawn again. A position among hadronic models starts anywhere in its
        range, for both ends may have a minimum; with a spread of 0 nothing moves.
    random_state : int or `~numpy.random.Generator`, optional
        Seed or source of random numbers.
    n_jobs : int, optional
        As for `~crlocal_plugin.scan_profiles`. The result does not depend on it.
    progress : callable or bool, optional
        Called with 1 after each descent; otherwise as for `~crlocal_plugin.scan_profiles`.

    Returns
    -------
    RandomStarts
        Distinct minima with their statistic, priors included. Two descents have ended in the same
        one if their statistics agree within 0.02 and it is not higher half-way between them.

    Raises
    ------
    ValueError
        If no parameter is free, or the statistic is not a sum of squares.
    """
    if not n_starts >= 1 or not spread >= 0:
        raise ValueError(
            f"expected at least one start and a spread of at least 0, got {n_starts} and {spread}"
        )
    likelihood = least_squares_likelihood(datasets)
    starts = _draw_starts(likelihood, n_starts, spread, np.random.default_rng(random_state))
    inputs = [(likelihood, start) for start in starts]
    ends = run_parallel(_descend, inputs, n_jobs, None, progress, "random starts", "starts")
    found = sorted((end for end in ends if end is not None), key=lambda end: end[0])
    minima = _table(likelihood, _distinct(likelihood, found))
    return RandomStarts(minima, n_starts, n_starts - len(found), spread, likelihood)


def lowest_minimum(datasets, n_starts=None, spread=None, random_state=0, progress=None):
    """Move the parameters to the lowest minimum found from several starts, as a fit does.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models; their free parameters are moved.
    n_starts : int, optional
        Starts, the first of them from the present values; 0 for that one alone. By default 24 to
        200, as many as take about a second.
    spread : float, optional
        Deprecated and of no effect: starts are near and far.
    random_state : int or `~numpy.random.Generator`, optional
        Seed or source of random numbers.
    progress : callable, optional
        Called with the number of starts that have ended, again and again.

    Returns
    -------
    float
        Statistic there.

    Raises
    ------
    ValueError
        If no parameter is free, or the statistic is not a sum of squares.
    """
    if spread is not None:
        text = "lowest_minimum: spread has no effect any more, leave it out"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
    likelihood = least_squares_likelihood(datasets)
    lowest = minimise(likelihood, likelihood.values)
    if n_starts != 0:
        minima = find_minima(likelihood, n_starts, random_state, [lowest.theta], progress)
        again = minimise(likelihood, minima.theta[0])
        lowest = min(lowest, again, key=lambda minimum: minimum.stat)
    likelihood.assign(lowest.theta)
    return float(datasets.stat_sum())


def least_squares_likelihood(datasets):
    """Likelihood of datasets that has free parameters and is a sum of squared residuals."""
    likelihood = likelihood_of(datasets)
    if not likelihood.size:
        raise ValueError("no parameter is free: there is nothing to fit")
    if not likelihood.is_least_squares:
        raise ValueError(
            "the statistic is not a sum of squares: leave out penalties and datasets of other "
            "packages"
        )
    return likelihood


def _table(likelihood, groups):
    """Table of the minima."""
    stats = np.array([group[0][0] for group in groups])
    values = np.array([group[0][1] for group in groups]).reshape(-1, likelihood.size)
    table = Table({"statistic": stats, "above": stats - stats.min(initial=np.inf)})
    table["starts"] = [len(group) for group in groups]
    for name, unit, column in zip(likelihood.names, likelihood.units, values.T, strict=True):
        table[name] = Column(column, unit=unit, format=".4g")
    table["statistic"].format = table["above"].format = ".2f"
    return table


def _draw_starts(likelihood, n_starts, spread, rng):
    """Starts around the present values and inside the limits, shape ``(m, n)``."""
    values, (low, high) = likelihood.values, likelihood.bounds.T
    positive = stays_positive(likelihood) & (values > 0)
    scales = likelihood.scales_at(values)
    starts = np.full((n_starts, likelihood.size), np.nan)
    for _ in range(1000):
        steps = spread * rng.standard_normal(starts.shape)
        drawn = np.where(positive, values * np.exp(steps), values + steps * scales)
        starts = np.where(np.isnan(starts), drawn, starts)
        starts[(starts < low) | (starts > high)] = np.nan
        if np.isfinite(starts).all():
            anywhere = likelihood.is_position & np.isfinite(high - low) & (spread > 0)
            ends, shape = (low[anywhere], high[anywhere]), (n_starts, anywhere.sum())
            starts[:, anywhere] = rng.uniform(*ends, shape)
            return starts
    names = np.array(likelihood.names)[np.isnan(starts).any(axis=0)]
    raise ValueError(f"{', '.join(names)}: no start inside the limits, choose a smaller spread")


def _descend(likelihood, start):
    """Statistic and values where a descent ended; None if it did not converge."""
    if not np.isfinite(likelihood(start)):
        return None
    minimum = minimise(likelihood, start)
    return (minimum.stat, minimum.theta) if minimum.success else None


def _distinct(likelihood, ends):
    """Group ends of descents, the lowest first, by the minimum that they are in."""
    groups = []
    for stat, theta in ends:
        for group in groups:
            lower, other = group[0]
            # two minima of one depth have a barrier between them
            if stat - lower <= TOLERANCE and likelihood((theta + other) / 2) < stat + TOLERANCE:
                group.append((stat, theta))
                break
        else:
            groups.append([(stat, theta)])
    return groups
