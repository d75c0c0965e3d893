"""Tables of a summary: parameters, datasets, covariance, and what follows from parameters."""

import numpy as np
from astropy.table import Table

from ...models.cloud import MOTION, cloud_of
from ...models.nuisance import is_at_rest
from ..minima.intervals import LEVEL
from ..priors import gaussian_in_unit, is_gaussian
from .numbers import UNUSED, significant

ASYMMETRY = 0.1
"""Fraction of the error by which an end of the profile's interval may differ from the value with
the error of the covariance: beyond it, both errors are those of the profile."""


def parameter_table(labelled, correlated, answers):
    """Parameters of a summary, with the intervals that profiles have answered by parameter."""
    together = {
        par: (
            prior.text(k),
            f"together with {prior.names[0]}" if k else prior.source,
            float(np.sqrt(prior.moments()[1][k, k])),
        )
        for prior in correlated
        for k, par in enumerate(prior.parameters)
    }
    names = ("label", "value", "error", "unit", "frozen", "min", "max", "prior", "prior_source")
    names += ("remark", "errn", "errp", "above", "below", "method", "prior_sigma")
    rows = []
    for label, par in labelled:
        prior = None if is_at_rest(par) else par.prior
        own = _prior_text(prior), getattr(prior, "source", ""), _prior_sigma(prior, par.unit)
        *errors, remark = _answer(par, answers)
        *words, sigma = together.get(par, own)
        value, error, low, high = map(float, (par.value, par.error, par.min, par.max))
        unit = par.unit.to_string()
        rows.append(
            (label, value, error, unit, par.frozen, low, high, *words, remark, *errors, sigma)
        )
    return Table(rows=rows, names=names)


def _answer(par, answers):
    """Errors downwards and upwards, limits at 95 % above and below, method, and remark."""
    remark, error, nothing = _remark(par), float(par.error), (np.nan,) * 4
    has_error = not par.frozen and 0 < error < np.inf
    plain = (error, error, np.nan, np.nan, "covariance") if has_error else (*nothing, "")
    if par not in answers:
        return *plain, remark
    interval = answers[par]
    if interval is None:
        return *nothing, "", UNUSED
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
    best = at_limit or f"best {significant(par.value)}"
    if np.isfinite([interval.above, interval.below]).any():
        return np.nan, np.nan, interval.above, interval.below, "profile", best
    if np.isfinite([interval.low, interval.high]).any():
        return *nothing, "", f"{best}, no limit at {LEVEL:.0%}"
    return *nothing, "", "not determined: its profile is flat"


def _prior_text(prior):
    if hasattr(prior, "mu") and hasattr(prior, "sigma"):
        return f"{prior.mu.value:g} +- {prior.sigma.value:g}"
    return "" if prior is None else type(prior).__name__


def _prior_sigma(prior, unit):
    """Standard deviation of a Gaussian prior, nan if it is none."""
    return float(gaussian_in_unit(prior, unit)[1]) if is_gaussian(prior) else np.nan


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


def dataset_row(dataset):
    """Row of a dataset in a summary (dict)."""
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


def covariance_table(datasets, free):
    """Covariance of the free parameters, a column for each label."""
    labels, parameters = zip(*free, strict=True) if free else ((), ())
    covariance = datasets.models.covariance.get_subcovariance(parameters)
    return Table({"label": labels} | dict(zip(labels, covariance.data.T, strict=True)))


def derived_table(datasets, free):
    """Angle and speed of the clouds of all models, with errors by linear propagation."""
    meanings = {
        "theta": "angle between u_LSR and the field",
        "speed": "of the cloud in the local standard of rest",
    }
    models = [model for model in datasets.models if getattr(model, "cloud", None) is not None]
    rows = []
    for model in models:
        evaluator, cloud = model.evaluator, model.cloud
        places = {par: k for k, par in enumerate(evaluator.parameters)}
        own = [par for _, par in free if par in places and par.name in MOTION]
        covariance = datasets.models.covariance.get_subcovariance(own).data
        steps = np.array([1e-4 * max(abs(par.value), 1.0) for par in own])
        # a row for each of them, with a step of it alone
        each = np.equal.outer([places[par] for par in own], range(len(places)))
        change = each * np.multiply.outer(steps, evaluator.factors)
        sides = (evaluator.values() + change, evaluator.values() - change)
        ends = [cloud_of(model, side.T[..., np.newaxis]) for side in sides]
        for name, meaning in meanings.items():
            up, down = (getattr(end, name).value.ravel() for end in ends)
            slopes, value = (up - down) / (2 * steps), getattr(cloud, name)
            label = name if len(models) == 1 else f"{model.name}.{name}"
            error = float(np.sqrt(slopes @ covariance @ slopes))
            rows.append((label, float(value.value), error, str(value.unit), meaning))
    names = ("label", "value", "error", "unit", "meaning")
    return Table(rows=rows, names=names, dtype=("U64", float, float, "U16", "U64"))
