"""What planned measurements would add: errors of parameters, and which models they tell apart."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from astropy.table import Table
from scipy.optimize import brentq

from ..catalogue.plans import find_plans
from ..likelihood.covariance import at_limits, undetermined
from ..likelihood.descent import gauss_newton_covariance, minimise
from ..likelihood.joint_likelihood import JointLikelihood
from ..likelihood.minima.intervals import profile_intervals
from ..messages import unknown_name
from ..models.cloud import MOTION, cloud_of
from ..work.parallel import run_parallel
from .planned import centre_priors, measure_parameters, predicted, values_of, with_plan

TARGETS = ("theta", "V_sun", "x")
"""What plans are ranked by."""

GAUSSIAN = 0.1
"""Relative difference of errors up to which they agree."""

_STEP = 1e-4
_TOLERANCE = 1e-5
_RANK = 1e-8
_LEAST, _MOST = 1e-3, 1e4
"""Exposures between which one is looked for that tells models apart."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """Expected errors with planned measurements; print it, or take its tables.

    Attributes
    ----------
    errors : `~astropy.table.Table`
        A row for each plan and parameter: ``plan``, ``parameter``, ``value``, ``unit``, error
        ``today`` and ``expected``, infinite where nothing constrains it, and their ``ratio``,
        expected over today. With profiles or toys, expected errors from these too, ``profile`` and
        ``toys``, nan where there is no interval, and whether they agree with ``expected``:
        ``gaussian``.
    ranking : `~astropy.table.Table`
        A row for each plan, the best first: information gained in nats on each target, the
        logarithm of today's over the expected error, and on all ``together``.
    sources : dict of str to str
        Where the numbers of each plan are from, and the scatter of its dipoles.
    """

    errors: Table
    ranking: Table
    sources: dict

    def __str__(self):
        lines = ["Errors today and expected", ""]
        lines += self.errors.pformat(max_lines=-1, max_width=-1)
        lines += ["", "Information gained in nats", ""]
        lines += self.ranking.pformat(max_lines=-1, max_width=-1)
        if "gaussian" in self.errors.colnames and not all(self.errors["gaussian"]):
            lines += ["", f"gaussian False: errors differ by more than {100 * GAUSSIAN:.0f} %"]
        lines += ["", *(f"{name}: {text}" for name, text in self.sources.items())]
        return "\n".join(lines)


def forecast(
    datasets,
    planned,
    parameters=None,
    targets=TARGETS,
    profiles=False,
    n_toys=0,
    scatter=None,
    random_state=0,
    n_jobs=None,
    progress=None,
):
    """Predict the errors of parameters with planned measurements.

    The present values, usually those of a fit, are the truth. Errors, today's too, are those of
    data predicted from them, by the derivatives of residuals and priors (Fisher matrix).
    The scatter of dipoles counts as an error as large as it is today; a planned dipole has that of
    its experiment. Nothing in the datasets changes.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Today's datasets with models.
    planned : str, path-like, dict, Plan, or list of those
        Plans, see `find_plans`.
    parameters : list of str, optional
        Labels of free parameters whose errors are given; by default all that are inside their
        limits, and the angle ``theta`` between u_LSR and the field.
    targets : sequence of str, optional
        Labels of those by which plans are ranked.
    profiles : bool, optional
        Also half the width of the profile intervals of predicted data.
    n_toys : int, optional
        Fits of simulated data, from whose estimates come errors too.
    scatter : float, optional
        Scatter of planned dipoles, 0 if all present disagreement will be understood.
    random_state : int, optional
        Seed of the toys.
    n_jobs, progress : optional
        As for `~crlocal_plugin.scan_profiles`; ``progress`` is called with 1 after each plan.

    Returns
    -------
    Forecast

    Raises
    ------
    ValueError
        If a plan cannot be used, a parameter is not free, or the statistic is not a sum of squares.
    """
    plans = find_plans(planned)
    base = predicted(datasets)
    today = _Setup(base)
    known = today.labels
    # of those by default, some may be frozen
    chosen, targets = (
        [name for name in names if name in known or names is not TARGETS]
        for names in (known if parameters is None else parameters, targets)
    )
    for name in (*chosen, *targets):
        if name not in known:
            raise ValueError(unknown_name(name, known, "free parameter "))
    setups = [_Setup(with_plan(datasets, plan, 1.0, scatter, base)) for plan in plans]
    inputs = [(setup, profiles, n_toys, random_state) for setup in setups]
    found = run_parallel(_errors, inputs, n_jobs, None, progress, "forecasts", "plans")
    rows, ranking = [], []
    now = today.covariance()
    places = [known.index(name) for name in targets]
    # an error may be infinite
    with np.errstate(divide="ignore", invalid="ignore"):
        for plan, (covariance, others) in zip(plans, found, strict=True):
            errors, before = (np.sqrt(np.diag(matrix)) for matrix in (covariance, now))
            for name in chosen:
                k = known.index(name)
                row = {"plan": plan.name, "parameter": name, "value": today.values[k]}
                row |= {"unit": today.units[k], "today": before[k], "expected": errors[k]}
                row |= {"ratio": errors[k] / before[k], **{key: v[k] for key, v in others.items()}}
                # the angle has no profile
                checks = [key for key in others if key != "profile" or name != "theta"]
                if others:
                    row["gaussian"] = all(
                        abs(others[key][k] / errors[k] - 1) < _tolerance(key, n_toys)
                        for key in checks
                    )
                rows.append(row)
            gains = {
                name: np.log(before[k] / errors[k]) for name, k in zip(targets, places, strict=True)
            }
            blocks = (matrix[np.ix_(places, places)] for matrix in (now, covariance))
            ranking.append({"plan": plan.name, **gains, "together": _gain(*blocks)})
    table, best = Table(rows=rows), Table(rows=ranking)
    for name in set(table.colnames) - {"plan", "parameter", "unit", "gaussian"}:
        table[name].format = ".2f" if name == "ratio" else ".4g" if name == "value" else ".2g"
    for name in best.colnames[1:]:
        best[name].format = ".2f"
    best.sort("together", reverse=True)
    sources = {
        plan.name: "; ".join(filter(None, (plan.source, setup.scatter_text(plan))))
        for plan, setup in zip(plans, setups, strict=True)
    }
    return Forecast(table, best, sources)


def _gain(now, then):
    """Information in nats that a covariance gains on another."""
    if not np.isfinite(now).all():
        return np.inf if np.isfinite(then).all() else np.nan
    error = np.sqrt(np.diag(now))
    now, then = (matrix / np.outer(error, error) for matrix in (now, then))
    # the angle may be a function of other targets
    values, axes = np.linalg.eigh(now)
    axes = axes[:, values > _RANK]
    first, second = (np.linalg.slogdet(axes.T @ matrix @ axes)[1] for matrix in (now, then))
    return (first - second) / 2


def _tolerance(check, n_toys):
    """Relative difference of errors that is allowed, twice the noise of toys included."""
    # quantiles of a Gaussian at one standard deviation, from n of its values
    return GAUSSIAN if check == "profile" else np.hypot(GAUSSIAN, 1.92 / np.sqrt(n_toys))


class _Setup:
    """Likelihood of predicted data, and the angle between cloud and field."""

    def __init__(self, expected):
        free = expected.parameters.free_parameters
        likelihood = JointLikelihood(expected, list(free))
        limited = at_limits(likelihood, likelihood.values)
        free = [par for par, at_limit in zip(free, limited, strict=True) if not at_limit]
        if not free:
            raise ValueError("no parameter is free and inside its limits: nothing to forecast")
        self.likelihood = JointLikelihood(expected, free)
        if not self.likelihood.is_least_squares:
            raise ValueError(
                "the statistic is not a sum of squares: leave out penalties and datasets of other "
                "packages"
            )
        self._scatters = {
            dataset.name: dataset.table.meta.get("scatter", 0.0)
            for dataset in expected
            if dataset.takes_scatter
        }
        models = [m for m in expected.models if getattr(m, "cloud", None) is not None]
        self._model = models[0] if len(models) == 1 else None
        self._free = free
        theta = self.likelihood.values
        names, units = self.likelihood.names, [unit.to_string() for unit in self.likelihood.units]
        self.slope = None
        if self._model is not None and any(par.name in MOTION for par in free):
            self.slope = self._slope(theta)
        has_angle = self.slope is not None
        self.labels = ["theta", *names] if has_angle else list(names)
        self.units = ["deg", *units] if has_angle else units
        self.values = self.with_angle(theta[np.newaxis])[0]

    def with_angle(self, thetas):
        """Values (m, n) with the angle in degrees in front, if there is one."""
        if self.slope is None:
            return thetas
        evaluator = self._model.evaluator
        places = {id(par): k for k, par in enumerate(evaluator.parameters)}
        values = list(evaluator.values())
        for par, column in zip(self._free, thetas.T, strict=True):
            if par.name in MOTION and id(par) in places:
                place = places[id(par)]
                values[place] = column[:, np.newaxis] * evaluator.factors[place]
        angle = cloud_of(self._model, values).theta.value
        return np.column_stack([np.broadcast_to(angle.ravel(), len(thetas)), thetas])

    def _slope(self, theta):
        """Derivatives of the angle, (n,)."""
        self.slope = np.zeros(len(theta))
        steps = np.diag(_STEP * np.maximum(np.abs(theta), 1.0))
        up, down = (self.with_angle(theta + sign * steps)[:, 0] for sign in (1, -1))
        return (up - down) / (2 * np.diag(steps))

    def scatter_text(self, plan):
        """Scatter of the dipoles of a plan (str)."""
        own = {n: x for n, x in self._scatters.items() if n.startswith(f"{plan.name}-")}
        return ", ".join(f"scatter of {name} {value:.2g}" for name, value in own.items())

    def covariance(self):
        """Covariance of the angle and the parameters; infinite variance where nothing tells."""
        theta = self.likelihood.values
        is_open, held = undetermined(self.likelihood, theta)
        jacobian = self.likelihood.jacobian(theta)
        jacobian[:, held] = 0.0
        covariance = np.nan_to_num(gauss_newton_covariance(jacobian))
        if self.slope is not None:
            rows = np.vstack([self.slope, np.eye(len(theta))])
            covariance = rows @ covariance @ rows.T
            is_open = np.concatenate([[self.slope[is_open].any()], is_open])
        covariance[is_open, is_open] = np.inf
        return covariance


def _errors(setup, profiles, n_toys, random_state):
    """Covariance, and errors from profiles and toys by name."""
    covariance, others = setup.covariance(), {}
    likelihood = setup.likelihood
    extra = len(setup.labels) - likelihood.size
    if profiles:
        start = minimise(likelihood, likelihood.values)
        own = np.nan_to_num(covariance[extra:, extra:], posinf=0.0)
        found = profile_intervals(likelihood, start.theta, own).intervals.values()
        width = [(x.high - x.low) / 2 if x.is_two_sided else np.nan for x in found]
        others["profile"] = np.array([np.nan] * extra + width)
    if n_toys:
        rng, truth = np.random.default_rng(random_state), likelihood.values
        with np.errstate(all="ignore"):
            ends = [
                minimise(likelihood.fake(truth, rng), truth, tolerance=_TOLERANCE)
                for _ in range(n_toys)
            ]
        values = setup.with_angle(np.array([end.theta for end in ends if end.success]))
        low, high = np.percentile(values, [15.87, 84.13], axis=0)
        others["toys"] = (high - low) / 2
    return covariance, others


# --------------------------------------------------------------------- models


def tell_apart(entries, planned, reach=9.0, scatter=None, n_jobs=None, progress=None):
    """Predict whether planned measurements would distinguish models.

    Data are predicted from one model at its present values and fitted with another, from its own.
    What both models have in common has priors around the true values.

    Parameters
    ----------
    entries : dict of str to CosmicRayDatasets
        Today's datasets with models at their best fits, by a name for each.
    planned, scatter
        As for `forecast`.
    reach : float, optional
        Difference of the statistics that distinguishes two models.
    n_jobs, progress : optional
        As for `~crlocal_plugin.scan_profiles`; ``progress`` is called with 1 after each pair.

    Returns
    -------
    `~astropy.table.Table`
        A row for each plan, each entry behind the first, and which of the two is the ``truth`` and
        which is ``fitted``: how far the statistic of the best fit is above that of the truth with
        ``today``'s data and with the ``planned`` ones, and the ``factor`` on the exposure of the
        plan with which it is ``reach``, infinite if no exposure is enough, 0 if today's is;
        ``years`` with that, nan if the plan does not say how many it takes.

    Raises
    ------
    ValueError
        If there are fewer than two entries, they have other datasets, or a plan cannot be used.
    """
    plans, entries = find_plans(planned), dict(entries)
    if len(entries) < 2:
        raise ValueError(f"expected two models or more to tell apart, got {len(entries)}")
    (first, reference), *others = entries.items()
    for name, datasets in others:
        if datasets.names != reference.names:
            raise ValueError(f"{first!r} and {name!r} have different datasets: expected the same")
    pairs = [pair for name, _ in others for pair in ((first, name), (name, first))]
    own = [tuple(entries[name] for name in pair) for pair in pairs]
    now = run_parallel(_today, own, n_jobs, None, False, "telling apart today", "pairs")
    cases = [(plan, *case) for plan in plans for case in zip(pairs, own, now, strict=True)]
    inputs = [(*both, plan, today, reach, scatter) for plan, _, both, today in cases]
    found = run_parallel(_told, inputs, n_jobs, None, progress, "telling apart", "pairs")
    rows = []
    for (plan, (truth, fitted), _, today), (then, factor) in zip(cases, found, strict=True):
        row = {"plan": plan.name, "truth": truth, "fitted": fitted, "today": today}
        row |= {"planned": then, "factor": factor}
        rows.append(row | {"years": np.nan if plan.years is None else factor * plan.years})
    table = Table(rows=rows)
    for name in table.colnames[3:]:
        table[name].format = ".1f" if name in ("today", "planned") else ".2g"
    return table


def _today(truth, fitted):
    """Difference of statistics with today's data."""
    return _difference(predicted(truth), fitted.copy())[0]


def _told(truth, fitted, plan, today, reach, scatter):
    """Difference of statistics with a plan, and the exposure for a difference."""
    start, base = None, predicted(truth)

    @cache
    def rise(log_exposure):
        nonlocal start
        exposure = np.exp(log_exposure)
        other = fitted.copy()
        measure_parameters(other, plan, exposure)
        expected = with_plan(truth, plan, exposure, scatter, base)
        found, start = _difference(expected, other, start)
        return found - reach

    then = rise(0.0) + reach
    if today >= reach:
        return then, 0.0
    least, most = np.log([_LEAST, _MOST])
    low, high = (least, 0.0) if then >= reach else (0.0, most)
    if rise(high) < 0:
        return then, np.inf
    factor = 0.0 if rise(low) >= 0 else np.exp(brentq(rise, low, high, xtol=0.02))
    return then, float(factor)


def _difference(expected, other, start=None):
    """How far the statistic of another model is above that of the truth, and its values there.

    The other model may do best near its own values, or near those of the truth, unless it is known
    where to start.
    """
    own = JointLikelihood(expected)
    best = minimise(own, own.values, tolerance=_TOLERANCE)
    truth = values_of(expected)
    expected.models = [m for m in other.models if hasattr(m, "components")]
    centre_priors(expected, truth)
    likelihood = JointLikelihood(expected)
    starts = [start]
    if start is None:
        near = [
            truth[name].to_value(unit) if name in truth else value
            for name, unit, value in zip(
                likelihood.names, likelihood.units, likelihood.values, strict=True
            )
        ]
        starts = likelihood.values, np.clip(near, *likelihood.bounds.T)
    ends = [minimise(likelihood, values, tolerance=_TOLERANCE) for values in starts]
    end = min(ends, key=lambda end: end.stat)
    return end.stat - best.stat, end.theta
