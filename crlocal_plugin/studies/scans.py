"""Scans of the statistic along parameters, with the others re-optimised at every point."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np
from astropy.table import Table

from ..likelihood.joint_likelihood import likelihood_of
from ..likelihood.profiles import ProfileLikelihood
from ..work.checkpoints import Checkpoint
from ..work.parallel import run_parallel


@dataclass(frozen=True, eq=False)
class ProfileScan:
    """Profile of the statistic along one parameter.

    Attributes
    ----------
    name, unit : str, `~astropy.units.Unit`
        Label of the parameter and its unit.
    best, best_stat : float
        Its value at the best fit, and the statistic there.
    values, stat : `~numpy.ndarray`
        Values of the parameter, increasing, the best one among them, and the lowest statistic at
        each, shape ``(n,)``.
    names : list of str
        Labels of all k free parameters.
    theta : `~numpy.ndarray`
        Their values at each point, shape ``(n, k)``.
    """

    name: str
    unit: u.Unit
    best: float
    best_stat: float
    values: np.ndarray
    stat: np.ndarray
    names: list
    theta: np.ndarray

    @property
    def rise(self):
        """Statistic above that of the best fit; negative where a lower minimum was found."""
        return self.stat - self.best_stat

    def interval(self, sigma=1.0):
        """Where the profile crosses the square of a number of standard deviations, ``sigma``.

        Returns
        -------
        low, high : `~astropy.units.Quantity`
            Ends of the interval around the best value, interpolated; nan where the scan ends
            before the level is reached.
        """
        root = np.sign(self.rise) * np.sqrt(np.abs(self.rise)) - sigma
        above, start = self.values >= self.best, self.values <= self.best
        high = _first_crossing(self.values[above], root[above])
        low = _first_crossing(self.values[start][::-1], root[start][::-1])
        return u.Quantity(low, self.unit), u.Quantity(high, self.unit)

    def table(self):
        """Values of all free parameters and the statistic at every point (`~astropy.table.Table`).

        Its columns are the scanned parameter, ``stat``, ``rise``, and the other parameters.
        """
        table = Table({self.name: u.Quantity(self.values, self.unit)})
        table["stat"], table["rise"] = self.stat, self.rise
        for name, column in zip(self.names, self.theta.T, strict=True):
            if name != self.name:
                table[name] = column
        table.meta.update({"scanned": self.name, "best": self.best, "best_stat": self.best_stat})
        return table


def _first_crossing(values, root):
    """Where a function that starts below zero first crosses it, by linear interpolation."""
    beyond = np.flatnonzero(root >= 0)
    if not len(beyond) or beyond[0] == 0:
        return np.nan
    pair = slice(beyond[0] - 1, beyond[0] + 1)
    return np.interp(0.0, root[pair], values[pair])


def scan_profiles(
    datasets,
    parameters=None,
    n_points=30,
    sigma=3.0,
    n_jobs=None,
    parallel_backend=None,
    progress=None,
    checkpoint=None,
):
    """Profile the statistic along parameters, from the current values, usually the best fit.

    Every point starts from its neighbour on the side of the best fit.

    Parameters
    ----------
    datasets : CosmicRayDatasets or JointLikelihood
        Datasets at their best fit.
    parameters : list of str, or dict of str to (low, high), optional
        Labels of free parameters, or labels with the range to scan, floats in the unit of the
        parameter or `~astropy.units.Quantity`; all free parameters by default.
    n_points : int, optional
        Number of points beside the best fit.
    sigma : float, optional
        Half width of the range in standard deviations, where none is given.
    n_jobs : int, optional
        Number of processes; by default as set by gammapy's
        `~gammapy.utils.parallel.multiprocessing_manager`, one if it is not in use.
    parallel_backend : {"multiprocessing", "ray"}, optional
        What runs them; by default as set there.
    progress : callable or bool, optional
        Called with the number of points that were finished. By default a bar is shown on
        terminals and in notebooks; True shows lines elsewhere, False nothing.
    checkpoint : path-like, optional
        File for the points that are done. A call that finds it goes on from there. It stays:
        remove it once the result is written.

    Returns
    -------
    dict of str to ProfileScan
        Profiles by label.

    Raises
    ------
    ValueError
        If a label is not that of a free parameter, a range is empty or outside the limits, or the
        error of a parameter without a range is not known; or if the checkpoint is that of another
        scan.
    """
    likelihood = likelihood_of(datasets)
    if n_points < 2:
        raise ValueError(f"n_points must be at least 2, got {n_points}")
    if parameters is None or isinstance(parameters, str):
        parameters = likelihood.names if parameters is None else [parameters]
    ranges = dict(parameters) if isinstance(parameters, dict) else dict.fromkeys(parameters)
    names, best, inputs = list(likelihood.names), likelihood.values, []
    best_stat = float(likelihood(best))
    ranges = {name: _ends(likelihood, name, limits, sigma) for name, limits in ranges.items()}
    for name, ends in ranges.items():
        values = np.linspace(*ends, n_points)
        start = best[names.index(name)]
        for side in (values[values < start][::-1], values[values > start]):
            inputs.append((likelihood, name, best, side.tolist(), []))
    kept = Checkpoint(
        checkpoint,
        {
            "n_points": n_points,
            "statistic": best_stat,
            **{f"range of {name}": ends for name, ends in ranges.items()},
            **{f"best {name}": value for name, value in zip(names, best, strict=True)},
        },
    )
    sides = run_parallel(
        _scan_point,
        inputs,
        n_jobs,
        parallel_backend,
        progress,
        doing="profiles",
        unit="points",
        size=len,
        total=sum(len(values) for *_, values, _ in inputs),
        follow=_further,
        checkpoint=kept,
    )
    scans = {}
    for name, below, above in zip(ranges, sides[::2], sides[1::2], strict=True):
        k = names.index(name)
        value, unit = float(best[k]), likelihood.units[k]
        points = sorted([*below, *above, (value, best_stat, best)], key=lambda point: point[0])
        values, stat, theta = map(np.array, zip(*points, strict=True))
        scans[name] = ProfileScan(name, unit, value, best_stat, values, stat, names, theta)
    return scans


def _ends(likelihood, name, limits, sigma):
    """Ends of the range to scan, as given or that many standard deviations around the best fit."""
    profile = ProfileLikelihood(likelihood, name)
    column = likelihood.names.index(name)
    best, unit = likelihood.values[column], likelihood.units[column]
    low, high = likelihood.bounds[column]
    if limits is None:
        error = profile.error()
        if not 0 < error < np.inf:
            raise ValueError(
                f"{name} has no error to take a range from: give the range to scan, for example "
                f"{name}=LOW..HIGH"
            )
        return max(low, best - sigma * error), min(high, best + sigma * error)
    try:
        ends = [float(u.Quantity(end, unit).value) for end in limits]
    except u.UnitConversionError as error:
        raise ValueError(f"range of {name}: expected values in {unit} ({error})") from None
    if not low <= ends[0] < ends[1] <= high:
        raise ValueError(
            f"range of {name}: {ends[0]:g} to {ends[1]:g} is empty or outside the limits "
            f"{low:g} to {high:g}"
        )
    return ends


def _scan_point(likelihood, name, best, values, points):
    """Points on one side of the best fit, from the inside outwards, and one more."""
    profile = ProfileLikelihood(likelihood, name, best, known=points)
    k = len(points)
    for value in values[k : k + 1]:
        profile.point(value)
        # a point that fell into another valley may lower those before it
        for inner, outer in zip(values[:k][::-1], values[1 : k + 1][::-1], strict=True):
            if not profile.improve(inner, outer):
                break
    return [(value, *profile.point(value)) for value in values[: k + 1]]


def _further(arguments, points):
    """Arguments for the next point of a side, None if there is none."""
    *same, values, _ = arguments
    return (*same, values, points) if len(points) < len(values) else None
