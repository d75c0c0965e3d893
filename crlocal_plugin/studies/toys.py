"""Toy experiments: the fit repeated on simulated data, for bias, pulls and coverage."""

from typing import NamedTuple

import numpy as np
from astropy.table import Table

from ..likelihood.covariance import away_from_limits, likelihood_covariance
from ..likelihood.descent import COLLAPSED, minimise
from ..likelihood.joint_likelihood import JointLikelihood, likelihood_of
from ..random_numbers import random_generator
from ..work.checkpoints import Checkpoint
from ..work.parallel import run_parallel
from .toy_study import ToyStudy

CHUNK = 5  # toys that a process does in one go, a second or so of work
# tolerance of constrained fits and of the search: statistics are good to some thousandths
TOLERANCE = 1e-5
SCATTER = 5.0  # width of the scattered starts of the search, in standard deviations
REACH = 25.0  # rise of the statistic up to which another minimum may become the lowest one in a toy
DISTINCT = 0.1  # difference of the statistics of two minima in the search
REVIVED = 0.03  # fraction of the true value from which a strength starts that is zero in a minimum
# by how much a constrained fit must undercut the best one to count as another minimum
_LOWER = 0.01
# how often constrained fits may find a lower minimum before a toy counts as not converged
_RESTARTS = 10


def run_toys(
    datasets,
    n_toys=500,
    random_state=0,
    parameters=None,
    profile=True,
    n_starts=40,
    n_jobs=None,
    parallel_backend=None,
    progress=None,
    checkpoint=None,
):
    """Simulate data many times from the current models, and fit each.

    Data and means of Gaussian priors are drawn by `JointLikelihood.fake`. A likelihood may have
    several minima, and which one is the lowest is a matter of chance in each toy. Those of
    noise-free data are searched for once, from scattered starts, and each toy is fitted from all.
    Then one parameter at a time is held at its true value; where that fit is below the best fit,
    the toy is fitted again from there.

    Parameters
    ----------
    datasets : CosmicRayDatasets or JointLikelihood
        Datasets with models, or a likelihood. The current values of the free parameters,
        usually the best fit, are the truth.
    n_toys, n_starts : int, optional
        Number of toys, and of scattered starts of the search for other minima.
    random_state : int, `~numpy.random.Generator` or other, optional
        Seed or source of random numbers, see `random_generator`. Every toy has a seed of its own
        that is spawned from it.
    parameters : list of str, optional
        Labels of free parameters whose profile likelihood is computed; all by default.
    profile : bool, optional
        Make the fits with one parameter held, which take most of the time.
    n_jobs, parallel_backend : optional
        As for `~crlocal_plugin.scan_profiles`. The result does not depend on them.
    progress : callable or bool, optional
        Called with the number of toys that were finished, after each piece of work; otherwise as
        for `~crlocal_plugin.scan_profiles`.
    checkpoint : path-like, optional
        File for the toys that are done, as for `~crlocal_plugin.scan_profiles`.

    Returns
    -------
    ToyStudy
        What every toy gave, and its summary.

    Raises
    ------
    ValueError
        If no parameter is free, a label is not that of a free parameter, a dataset has no model,
        data cannot be simulated, or the checkpoint is that of other toys.
    """
    likelihood = likelihood_of(datasets)
    if n_toys < 1:
        raise ValueError(f"n_toys must be at least 1, got {n_toys}")
    if not likelihood.size:
        raise ValueError("no parameter is free: there is nothing to fit")
    names = likelihood.names
    unknown = set(parameters or []) - set(names)
    if profile and unknown:
        raise ValueError(
            f"{', '.join(sorted(unknown))} is not among the free parameters {', '.join(names)}"
        )
    asked = names if parameters is None else parameters
    columns = [k for k, name in enumerate(names) if profile and name in asked]
    truth = np.array(likelihood.values, dtype=float)
    seeds = random_generator(random_state).bit_generator.seed_seq
    kept = Checkpoint(
        checkpoint,
        {
            "n_toys": n_toys,
            "n_starts": n_starts,
            "random_state": seeds.entropy,
            "spawned": [*seeds.spawn_key, seeds.n_children_spawned],
            "parameters": [names[k] for k in columns],
            "statistic": float(likelihood(truth)),
            **{f"true {name}": value for name, value in zip(names, truth, strict=True)},
        },
    )
    rng = np.random.default_rng(seeds.spawn(1)[0])
    # residuals that a simulation changes: all but those of upper limits
    toy = likelihood.fake(truth, np.random.default_rng(0))
    drawn = toy.residuals(truth) != likelihood.residuals(truth)
    searches = _searches(likelihood, truth, n_starts, rng)
    where = n_jobs, parallel_backend
    shown = False if callable(progress) else progress
    search = {"doing": "other minima", "unit": "starts", "checkpoint": kept}
    others = _distinct(run_parallel(_search, searches, *where, shown, **search))
    task = _Task(likelihood, truth, [np.array(theta) for _, theta in others], columns, drawn)
    seeds = seeds.spawn(n_toys)
    inputs = [(task, seeds[start : start + CHUNK]) for start in range(0, n_toys, CHUNK)]
    work = {"doing": "toys", "unit": "toys", "size": len, "total": n_toys, "checkpoint": kept}
    chunks = run_parallel(_run_chunk, inputs, *where, progress, **work)
    table = Table(rows=[row for chunk in chunks for row in chunk])
    table.add_column(np.arange(n_toys), name="toy", index=0)
    for name, unit in zip(names, likelihood.units, strict=True):
        table[name].unit = table[f"{name}_error"].unit = unit
    table.meta = {
        "truth": dict(zip(names, truth.tolist(), strict=True)),
        "degrees_of_freedom": int(drawn.sum()) - likelihood.size,
        "other_minima": [float(rise) for rise, _ in others],
    }
    return ToyStudy(table)


class _Task(NamedTuple):
    """What all toys have in common; ``drawn`` are the residuals that a simulation changes."""

    likelihood: JointLikelihood
    truth: np.ndarray
    other_minima: list
    columns: list
    drawn: np.ndarray

    def row(self, theta, error, at_limit, rise, **others):
        """Row of the table of toys, as a dictionary."""
        for k, name in enumerate(self.likelihood.names):
            others |= {name: theta[k], f"{name}_error": error[k], f"{name}_at_limit": at_limit[k]}
            if k in self.columns:
                others[f"{name}_rise"] = rise[k]
        return others


class NoScatter(np.random.Generator):
    """Source of random numbers that all are the mean."""

    def __init__(self):
        super().__init__(np.random.PCG64(0))

    def standard_normal(self, size=None, **kwargs):
        """Zeros."""
        return np.zeros(size)

    def standard_t(self, df, size=None):
        """Zeros."""
        return np.zeros(size)


def _searches(likelihood, truth, n_starts, rng):
    """Likelihood of noise-free data, the truth, and a start, several times."""
    exact = likelihood.fake(truth, NoScatter())
    covariance, _ = likelihood_covariance(exact, truth)
    shifts = SCATTER * np.sqrt(np.diag(covariance)) * rng.standard_normal((n_starts, len(truth)))
    # exact data would have no scatter of dipoles
    shifts[:, exact.is_scatter] = 0.0
    return [(exact, truth, _moved(exact.bounds, truth, shift)) for shift in shifts]


def _search(exact, truth, start):
    """By how much the minimum that is reached from a start is above the truth, and its place."""
    with np.errstate(all="ignore"):
        if not np.isfinite(exact(start)):
            return np.inf, start
        point = minimise(exact, start, ~exact.is_scatter, tolerance=TOLERANCE)
        return float(point.stat - exact(truth)), _revived(exact.bounds, truth, point.theta)


def _distinct(points):
    """Minima besides the truth that may become the lowest one, the lowest first."""
    found = []
    for rise, theta in sorted(points, key=lambda point: point[0]):
        last = found[-1][0] if found else 0.0
        if last + DISTINCT < rise < REACH:
            found.append((rise, theta))
    return found


def _moved(bounds, theta, shift):
    """Values after a shift, inside the limits; positive ones move by a factor of up to 20."""
    positive = (bounds[:, 0] >= 0) & (theta > 0)
    factor = np.exp(np.clip(shift / np.where(positive, theta, 1.0), -3.0, 3.0))
    return np.clip(np.where(positive, theta * factor, theta + shift), *bounds.T)


def _revived(bounds, truth, theta):
    """Values to start from: from zero, the logarithm of a strength would find no way back."""
    lost = (bounds[:, 0] >= 0) & (theta < REVIVED * truth)
    return np.where(lost, REVIVED * truth, theta)


def _run_chunk(task, seeds):
    """Run toys, one after the other."""
    return [_run(task, seed) for seed in seeds]


def _run(task, seed):
    """Run a toy; a mishap in it is part of the result."""
    # fits look at places where the model overflows, and turn away from them
    with np.errstate(all="ignore"):
        try:
            return _fit(task, task.likelihood.fake(task.truth, np.random.default_rng(seed)))
        except (ValueError, ArithmeticError) as error:
            nothing, message = np.full(len(task.truth), np.nan), f"{type(error).__name__}: {error}"
            failed = {"stat": np.nan, "chi2": np.nan, "hesse": False, "converged": False}
            nowhere = np.isfinite(nothing)
            return task.row(nothing, nothing, nowhere, nothing, **failed, message=message)


def _fit(task, toy):
    """Fit a toy, free and with each parameter at its true value."""
    starts = [task.truth, *task.other_minima]
    best = min((minimise(toy, start) for start in starts), key=lambda point: point.stat)
    profile = _ProfileAtTruth(toy, task)
    for _ in range(_RESTARTS):
        theta = _at_limits(toy, best, task.truth)
        covariance, hesse = likelihood_covariance(toy, theta)
        lower = profile.find_lower(theta, best.stat, covariance)
        if lower is None:
            break
        best = minimise(toy, lower)
    error = np.sqrt(np.diag(covariance))
    at_limit = ~((error > 0) & away_from_limits(theta, error, toy.bounds))
    residuals = toy.residuals(theta)[task.drawn]
    return task.row(
        theta,
        np.where(at_limit, 0.0, error),
        at_limit,
        profile.stat - best.stat,
        stat=best.stat,
        chi2=float(residuals @ residuals),
        hesse=hesse,
        converged=best.success and lower is None,
        message=best.message if lower is None else f"{_RESTARTS} minima, each below the last",
    )


def _at_limits(toy, minimum, truth):
    """Minimum with what the descent drove to zero at its limit, where it has no error."""
    low = toy.bounds[:, 0]
    small = (low >= 0) & (minimum.theta < COLLAPSED * truth)
    theta = np.where(small, low, minimum.theta)
    return theta if toy(theta) <= minimum.stat + _LOWER else minimum.theta


class _ProfileAtTruth:
    """Lowest statistics of a toy with one parameter at a time at its true value."""

    def __init__(self, toy, task):
        self._toy, self._truth, self._columns = toy, task.truth, task.columns
        self._from_truth = set()
        self.stat = np.full(len(task.truth), np.nan)
        self.stat[task.columns] = np.inf

    def find_lower(self, best, best_stat, covariance):
        """Descend for each parameter; values that are better than the best fit, if there are."""
        for k in self._columns:
            point = self._descend(k, self._conditional(best, covariance, k))
            if self.stat[k] > best_stat + 1 and k not in self._from_truth:
                # whether the truth is inside an interval shall not hang on one descent
                self._from_truth.add(k)
                point = min(point, self._descend(k, self._truth), key=lambda each: each.stat)
            if point.stat < best_stat - _LOWER:
                return point.theta
        return None

    def _conditional(self, theta, covariance, k):
        """Minimum with one parameter at its true value, if the statistic is a parabola."""
        if not covariance[k, k] > 0:
            return theta
        shift = covariance[:, k] * ((self._truth[k] - theta[k]) / covariance[k, k])
        # nothing is known of a cut-off that went to infinity
        return _moved(self._toy.bounds, theta, np.where(np.isfinite(shift), shift, 0.0))

    def _descend(self, k, start):
        free = np.arange(len(start)) != k
        start = np.where(free, _revived(self._toy.bounds, self._truth, start), self._truth)
        point = minimise(self._toy, start, free, tolerance=TOLERANCE)
        self.stat[k] = min(self.stat[k], point.stat)
        return point
