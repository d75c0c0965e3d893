"""Readable summary of a joint fit."""

from dataclasses import dataclass, replace

import numpy as np
from astropy.table import Table
from gammapy.modeling import Fit, OptimizeResult
from scipy.stats import chi2

from ..datasets.core import CosmicRayDataset
from ..models.cloud import MOTION, cloud_of
from ..models.nuisance import is_at_rest
from .backends import LEAST_SQUARES
from .correlated import CorrelatedTerm
from .joint_likelihood import JointLikelihood
from .minima.intervals import LEVEL, LOWER, profile_intervals
from .minima.search import Minima
from .priors import is_gaussian

_BAD, _SHOWN = 0.01, 3
"""Probability below which a dataset counts as badly described, and how many are named."""

ASYMMETRY = 0.1
"""Fraction of the error by which an end of the profile's interval may differ from the value with
the error of the covariance: beyond it, both errors are those of the profile."""

NOT_CONVERGED = "NOT CONVERGED"
"""Verdict on a fit that has not ended in a minimum."""

_UNUSED = "no dataset depends on it"
"""Remark on a parameter whose value is what it was."""


@dataclass(frozen=True)
class FitSummary:
    """Summary of a joint fit; print it, or take its tables.

    Attributes
    ----------
    parameters, datasets, covariance : `~astropy.table.Table`
        Parameters with value, error, unit, frozen status, prior and remark; errors downwards and
        upwards ``errn`` and ``errp``, limits at 95 % ``above`` and ``below``, nan where there is
        none, and the ``method`` they are from, covariance or profile; chi2 per dataset, number of
        fitted numbers and settings; covariance of the free parameters.
    derived : `~astropy.table.Table`
        What follows from the parameters, with errors by linear propagation: angle and speed of the
        Local Interstellar Cloud.
    total, likelihood : float
        Statistic with priors and without.
    scatter : float
        What scatters of dipoles add to it beside chi2, 2 ln(sigma / sigma_0) of all numbers.
    p_value : float
        Probability of a larger chi2, priors of free parameters included, if model and errors are
        right.
    n_data, n_free : int
        Numbers of fitted numbers and of free parameters.
    success, message : bool or None, str
        Whether the fit ended in a minimum and has errors there, ``result.success`` of gammapy, None
        without a fit, and what there is to say of that.
    verdict : str
        The same in a word or two, empty without a fit.
    minima : Minima or None
        Minima that several starts have led to.
    """

    parameters: Table
    datasets: Table
    covariance: Table
    derived: Table
    total: float
    likelihood: float
    p_value: float
    n_data: int
    n_free: int
    success: bool | None
    message: str
    scatter: float = 0.0
    verdict: str = ""
    minima: Minima | None = None

    def __str__(self):
        frozen, prior = self.parameters["frozen"], self.parameters["prior"] != ""
        blocks = {
            "Free parameters": (
                ("", "value", "error", "unit", "prior", ""),
                [
                    (r["label"], *interval_text(r), *r["unit", "prior", "remark"])
                    for r in self.parameters[~frozen]
                ],
            ),
            "Derived": (
                ("", "value", "error", "unit", ""),
                [
                    (r["label"], *rounded(r["value"], r["error"]), *r["unit", "meaning"])
                    for r in self.derived
                ],
            ),
            "Frozen, with a prior that adds a constant until they are free": (
                ("", "value", "unit", "prior"),
                [
                    (r["label"], f"{r['value']:g}", r["unit"], r["prior"])
                    for r in self.parameters[frozen & prior]
                ],
            ),
            "Priors": (
                (),
                dict.fromkeys(
                    (r["label"], r["prior_source"]) for r in self.parameters if r["prior_source"]
                ),
            ),
            "Datasets": (
                ("", "chi2", "numbers", "floor", "range", "publication"),
                [
                    (r["name"], f"{r['chi2']:.1f}", *r["numbers", "floor", "range", "reference"])
                    for r in self.datasets
                ],
            ),
        }
        lines = []
        for title, (header, rows) in blocks.items():
            if rows or title in ("Free parameters", "Datasets"):
                lines += [title, "", *_columns(header, rows), ""]
        degrees, stat = self.n_data - self.n_free, self.likelihood - self.scatter
        scatter = f"2 ln(sigma / sigma_0) {self.scatter:.2f}, " if self.scatter else ""
        lines += [
            f"chi2 {stat:.2f} for {self.n_data} numbers and {self.n_free} free "
            f"parameters ({degrees} degrees of freedom)",
            f"priors {self.total - self.likelihood:.2f}, {scatter}total {self.total:.2f}",
            f"goodness of fit: p-value {self.p_value:.2g}{self._worst()}",
        ]
        if self.minima is not None:
            lines.append(str(self.minima))
        methods = set(self.parameters["method"])
        if "profile" in methods:
            lines.append(
                f"two errors, and limits at {LEVEL:.0%}, are from profiles; one error is from the "
                "covariance"
            )
        if self.verdict:
            lines.append(f"{self.verdict}: {self.message}")
        return "\n".join(lines)

    def _worst(self):
        """Datasets that are described worst, if any is described badly."""
        rows = [(chi2.sf(r["chi2"], r["numbers"]), r) for r in self.datasets if r["numbers"]]
        bad = sorted((pair for pair in rows if pair[0] < _BAD), key=lambda pair: pair[0])[:_SHOWN]
        texts = [f"{r['name']} ({r['chi2']:.1f} for {r['numbers']})" for _, r in bad]
        return f"; worst: {', '.join(texts)}" if texts else ""


def fit_summary(datasets, result=None, profiles=True):
    """Summarise a joint fit, or the state of datasets before one.

    Parameters
    ----------
    datasets : CosmicRayDatasets
    result : `~gammapy.modeling.FitResult`, optional
        Result of the fit. If a profile meets a lower minimum, the fit ends there, unless values
        have changed since: parameters, covariance and result become those of this minimum.
    profiles : bool, optional
        Whether to ask the profiles of a fit for asymmetric errors and limits.

    Returns
    -------
    FitSummary
    """
    parameters = datasets.parameters
    labelled = list(zip(parameters.labels, parameters, strict=True))
    free = [(label, par) for label, par in labelled if not par.frozen]
    answers, notes = {}, []
    has_errors = any(par.error > 0 for _, par in free) and result and result.covariance_result
    if profiles and has_errors and result.optimize_result.success:
        answers, notes = _answers(datasets, [par for _, par in free], result)
    own = [dataset for dataset in datasets if isinstance(dataset, CosmicRayDataset)]
    rows = [_dataset_row(dataset) for dataset in own]
    scatter = sum(dataset.stat_sum_scatter() for dataset in own)
    likelihood, n_data = datasets.stat_sum_likelihood(), sum(row["numbers"] for row in rows)
    # a Gaussian prior of a free parameter is one more measurement
    measured = [par for _, par in free if par.prior is not None and is_gaussian(par.prior)]
    pulls = sum(par.prior(par) for par in measured)
    varied, correlated = [par for _, par in free], datasets.correlated_priors
    values = np.array([par.value for par in varied])
    terms = [CorrelatedTerm(prior, varied) for prior in correlated]
    pulls += sum(float(np.sum(term.pulls(values) ** 2)) for term in terms)
    notes += dict.fromkeys(x for model in datasets.models for x in getattr(model, "remarks", ()))
    degrees = n_data + len(measured) + sum(term.size for term in terms) - len(free)
    return FitSummary(
        parameters=_parameter_table(labelled, correlated, answers),
        datasets=Table(rows=rows),
        covariance=_covariance_table(datasets, free),
        derived=_derived_table(datasets, free),
        total=float(datasets.stat_sum()),
        likelihood=float(likelihood),
        p_value=float(chi2.sf(likelihood - scatter + pulls, degrees)),
        n_data=int(n_data),
        n_free=len(free),
        success=None if result is None else bool(result.success),
        message="; ".join([*_messages(result), *notes]),
        scatter=float(scatter),
        verdict=verdict(result),
        minima=getattr(getattr(result, "models", None), "minima", None),
    )


def verdict(result):
    """What a fit came to, in a word or two: the same in summary, report and command line.

    Parameters
    ----------
    result : `~gammapy.modeling.FitResult` or None

    Returns
    -------
    str
        "converged" if ``result.success``; else "converged WITHOUT ERRORS" or `NOT_CONVERGED`.
        Empty without a fit.
    """
    if result is None:
        return ""
    if not result.optimize_result.success:
        return NOT_CONVERGED
    return "converged" if result.success else "converged WITHOUT ERRORS"


def _messages(result):
    """What the steps of a fit have said."""
    if result is not None:
        yield result.optimize_result.message.rstrip(".")
        if result.covariance_result is not None:
            yield result.covariance_result.message


def _answers(datasets, free, result):
    """Intervals from profiles by parameter, and what there is to say of them."""
    likelihood = JointLikelihood(datasets, free)
    if not likelihood.is_least_squares:
        return {}, []
    covariance = datasets.models.covariance.get_subcovariance(free).data
    # an unknown variance is one for gammapy
    known = np.array([par.error > 0 for par in free])
    covariance = np.where(np.outer(known, known), covariance, 0.0)
    others, minima = (), getattr(result.models, "minima", None)
    if minima is not None and minima.names == likelihood.names:
        others = minima.theta[1:]
    found = profile_intervals(likelihood, likelihood.values, covariance, others)
    notes, before = [], likelihood(likelihood.values)
    if found.stat < before - LOWER:
        if abs(result.total_stat - before) > LOWER:
            return {}, [f"a profile met a lower statistic, {found.stat:.2f}: fit again"]
        _go_on(datasets, likelihood, result, found)
        notes.append(f"a profile met a lower minimum, {found.stat:.2f} after {before:.2f}")
    if not result.success:
        notes.append("profiles give the errors")
    named = zip(free, likelihood.names, strict=True)
    return {par: found.intervals.get(name) for par, name in named}, notes


def _go_on(datasets, likelihood, result, found):
    """Let a fit end in the lower minimum that profiles have found."""
    before, minima = result.optimize_result, result.models.minima
    likelihood.assign(found.theta)
    covariance = Fit(backend=LEAST_SQUARES).covariance(datasets)
    if minima is not None and minima.names == likelihood.names:
        matrix = datasets.models.covariance.get_subcovariance(likelihood.parameters).data
        minima = replace(
            minima,
            theta=np.vstack([found.theta, minima.theta]),
            stat=np.append(found.stat, minima.stat),
            covariance=np.concatenate([[matrix], minima.covariance]),
            starts=np.append(0, minima.starts),
        )
    datasets.models.minima = minima
    options = ("nfev", "trace", "minuit", "backend", "method", "success", "message")
    result._covariance_result = covariance
    result._optimize_result = OptimizeResult(
        models=datasets.models.copy(),
        total_stat=datasets.stat_sum(),
        **{name: getattr(before, name) for name in options},
    )


def _parameter_table(labelled, correlated, answers):
    together = {
        par: (prior.text(k), f"together with {prior.names[0]}" if k else prior.source)
        for prior in correlated
        for k, par in enumerate(prior.parameters)
    }
    names = ("label", "value", "error", "unit", "frozen", "min", "max")
    rows = []
    for label, par in labelled:
        prior = None if is_at_rest(par) else par.prior
        own = _prior_text(prior), getattr(prior, "source", "")
        *errors, remark = _answer(par, answers)
        words = *together.get(par, own), remark
        value, error, low, high = map(float, (par.value, par.error, par.min, par.max))
        unit = par.unit.to_string()
        rows.append((label, value, error, unit, par.frozen, low, high, *words, *errors))
    more = ("prior", "prior_source", "remark", "errn", "errp", "above", "below", "method")
    return Table(rows=rows, names=(*names, *more))


def _answer(par, answers):
    """Errors downwards and upwards, limits at 95 % above and below, method, and remark."""
    remark, error, nothing = _remark(par), float(par.error), (np.nan,) * 4
    has_error = not par.frozen and 0 < error < np.inf
    plain = (error, error, np.nan, np.nan, "covariance") if has_error else (*nothing, "")
    if par not in answers:
        return *plain, remark
    interval = answers[par]
    if interval is None:
        return *nothing, "", _UNUSED
    if interval.is_two_sided:
        down, up = par.value - interval.low, interval.high - par.value
        is_alike = max(abs(down - error), abs(up - error)) <= ASYMMETRY * error
        if has_error and is_alike:
            return *plain, ""
        return down, up, np.nan, np.nan, "profile", ""
    if not interval.is_found:
        return *plain, "an end of its profile was not found"
    # a value at a limit is no estimate, another one may help
    at_limit = remark if remark.startswith("at its limit") else ""
    best = at_limit or f"best {_significant(par.value)}"
    if np.isfinite([interval.above, interval.below]).any():
        return np.nan, np.nan, interval.above, interval.below, "profile", best
    if np.isfinite([interval.low, interval.high]).any():
        return *nothing, "", f"{best}, no limit at {LEVEL:.0%}"
    return *nothing, "", "not determined: its profile is flat"


def _prior_text(prior):
    if hasattr(prior, "mu") and hasattr(prior, "sigma"):
        return f"{prior.mu.value:g} +- {prior.sigma.value:g}"
    return "" if prior is None else type(prior).__name__


def _remark(par):
    if par.frozen:
        return ""
    for name in ("min", "max"):
        limit = getattr(par, name)
        # of a strength at zero, the error tells how small is small; a file does not keep scales
        size = abs(limit) or par.error or par.scale
        if np.isfinite(limit) and abs(par.value - limit) <= 1e-6 * size:
            return f"at its limit {limit:g}"
    if not par.error > 0:
        return "no error"
    # a position among hadronic models may be close to the first of them, a scatter close to none
    is_open = par.error > 3 * abs(par.value) > 0 and par.name not in ("hadronic", "scatter")
    return "not determined" if is_open else ""


def interval_text(row):
    """Value and error of a row of the parameters, rounded to the error, or a limit (two str)."""
    for sign, name in ((">", "above"), ("<", "below")):
        if np.isfinite(row[name]):
            return f"{sign} {_significant(row[name])}", f"at {LEVEL:.0%}"
    if row["method"] == "profile":
        value, down = rounded(row["value"], row["errn"], row["errp"])
        _, up = rounded(row["value"], row["errp"], row["errn"])
        return value, f"-{down} +{up}"
    if row["remark"] not in ("", _UNUSED) and not row["error"] > 0:
        return _significant(row["value"]), "-"
    return rounded(row["value"], row["error"])


def _significant(value):
    """Two digits of a limit."""
    mantissa, exponent = f"{value:.1e}".split("e")
    plain = -3 <= int(exponent) < 5
    return f"{float(f'{value:.1e}'):g}" if plain else f"{mantissa}e{int(exponent)}"


def _dataset_row(dataset):
    info = dataset.info_dict()
    ends = ["" if end is None else f"{end.value:g} {end.unit}" for end in dataset.energy_range]
    return {
        "name": info["name"],
        "chi2": info["stat_sum"] - dataset.stat_sum_scatter(),
        "numbers": info["n_fit"],
        "floor": dataset.floor_text,
        "range": f"{ends[0]} .. {ends[1]}".strip() if any(ends) else "all",
        "reference": info["reference"],
    }


def _covariance_table(datasets, free):
    labels, parameters = zip(*free, strict=True) if free else ((), ())
    covariance = datasets.models.covariance.get_subcovariance(parameters)
    return Table({"label": labels} | dict(zip(labels, covariance.data.T, strict=True)))


def _derived_table(datasets, free):
    """Angle and speed of the clouds of all models, with errors by linear propagation."""
    meanings = {
        "theta": "angle between u_LSR and the field",
        "speed": "of the cloud in the local standard of rest",
    }
    models = [model for model in datasets.models if getattr(model, "cloud", None) is not None]
    rows = []
    for model in models:
        evaluator, best = model.evaluator, model.evaluator.values()
        places = {id(par): k for k, par in enumerate(evaluator.parameters)}
        own = [par for _, par in free if id(par) in places and par.name in MOTION]
        covariance = datasets.models.covariance.get_subcovariance(own).data
        steps, ends = [1e-4 * max(abs(par.value), 1.0) for par in own], []
        for par, step in zip(own, steps, strict=True):
            place = places[id(par)]
            for change in (step, -step):
                values = list(best)
                values[place] += change * evaluator.factors[place]
                ends.append(cloud_of(model, values))
        cloud = model.cloud
        for name, meaning in meanings.items():
            up, down = np.array([getattr(end, name).value for end in ends]).reshape(-1, 2).T
            slopes, value = (up - down) / (2 * np.array(steps)), getattr(cloud, name)
            label = name if len(models) == 1 else f"{model.name}.{name}"
            error = float(np.sqrt(slopes @ covariance @ slopes))
            rows.append((label, float(value.value), error, str(value.unit), meaning))
    names = ("label", "value", "error", "unit", "meaning")
    return Table(rows=rows, names=names, dtype=("U64", float, float, "U16", "U64"))


def rounded(value, error, other=None):
    """Write a value and its error, to two digits of the smaller one of two errors (two str).

    Without a positive error the value has six digits, and "-" stands for the error.
    """
    if not (np.isfinite(error) and error > 0):
        return f"{value:.6g}", "-"
    finest = min(error, other) if other is not None and other > 0 else error
    size = max(abs(value), finest)
    if size >= 1e5 or size < 1e-3:
        exponent = int(np.floor(np.log10(size)))
        digits = max(0, 1 - int(np.floor(np.log10(finest / 10.0**exponent))))
        scale = 10.0**exponent
        texts = [f"{x / scale:.{digits}f}" for x in (value, error)]
        # zero has no power of ten
        return tuple(f"{text}e{exponent}" if float(text) else "0" for text in texts)
    digits = max(0, 1 - int(np.floor(np.log10(finest))))
    return f"{value:.{digits}f}", f"{error:.{digits}f}"


def _columns(header, rows):
    """Lines of a table with left-aligned columns, without those that are empty."""
    cells = [[str(cell) for cell in row] for row in rows]
    kept = [k for k in range(len(cells[0]) if cells else 0) if any(row[k] for row in cells)]
    cells = [header, *cells] if header else cells
    widths = {k: max(len(row[k]) for row in cells) for k in kept}
    return ["  " + "  ".join(row[k].ljust(widths[k]) for k in kept).rstrip() for row in cells]
