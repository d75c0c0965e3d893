"""Rows of the tables of the page: dicts of cells by the title of their column."""

import numpy as np

from ..catalogue.citations import publications_in, publications_of
from ..likelihood.summary import rounded
from .cells import joined, link, number, plus_minus, publication_link, span, unit_text


def totals(summary, n_datasets, date):
    """Totals of the fit."""
    degrees = summary.n_data - summary.n_free
    priors = summary.total - summary.likelihood
    totals = {
        "χ² of the data": number(f"{summary.likelihood:.2f}", summary.likelihood),
        "numbers fitted": number(str(summary.n_data)),
        "free parameters": number(str(summary.n_free)),
        "degrees of freedom": number(str(degrees)),
        "χ² per degree of freedom": (
            number(f"{summary.likelihood / degrees:.2f}") if degrees > 0 else ""
        ),
        "χ² of the priors": number(f"{priors:.2f}", priors),
        "total statistic": number(f"{summary.total:.2f}", summary.total),
        "datasets": number(str(n_datasets)),
        "day of the fit": date,
    }
    return [{"": name, "value": value} for name, value in totals.items() if value]


def free_parameters(summary):
    """Free parameters with their errors."""
    return [_free_row(row) for row in summary.parameters if not row["frozen"]]


def _free_row(row):
    value, error = rounded(row["value"], row["error"])
    ends = (row[name] for name in ("min", "max"))
    return {
        "parameter": row["label"],
        "value": number(value, row["value"]),
        "error": "–" if error == "-" else number(error, row["error"]),
        "unit": unit_text(row["unit"]),
        "limits": span(*(number(f"{end:g}") if np.isfinite(end) else "" for end in ends)),
        "prior": plus_minus(row["prior"]),
        "remark": row["remark"],
    }


def frozen_parameters(summary):
    """Frozen parameters."""
    return [
        {"parameter": row["label"], "value": _value(row), "unit": unit_text(row["unit"])}
        for row in summary.parameters
        if row["frozen"]
    ]


def priors(summary, datasets):
    """Parameters with a prior, and what it adds to the statistic."""
    parameters = dict(zip(datasets.parameters.labels, datasets.parameters, strict=True))
    return [_prior_row(row, parameters[row["label"]]) for row in summary.parameters if row["prior"]]


def _prior_row(row, par):
    share = float(par.prior(par))
    links = filter(None, map(publication_link, publications_in(row["prior_source"])))
    return {
        "parameter": row["label"],
        "prior": joined([plus_minus(row["prior"]), unit_text(row["unit"])]),
        "value": _value(row),
        "status": "frozen" if row["frozen"] else "fitted",
        "χ²": number(f"{share:.2f}", share),
        "source": joined([plus_minus(row["prior_source"]), *links]),
    }


def _value(row):
    return number(f"{row['value']:.6g}", row["value"])


def correlations(summary):
    """Correlation coefficients below the diagonal; no rows unless two parameters have errors."""
    labels = summary.covariance["label"]
    matrix = np.array([summary.covariance[label] for label in labels], dtype=float)
    errors = np.sqrt(np.diag(matrix))
    if np.count_nonzero(errors) < 2:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = matrix / np.outer(errors, errors)
    return [[_coefficient(value) for value in row[:i]] for i, row in enumerate(correlation) if i]


_POSITIVE, _NEGATIVE = np.array([230, 159, 0]), np.array([86, 180, 233])
"""Colours that colour-blind readers tell apart and that black text is readable on."""


def _coefficient(value):
    """Cell of a coefficient, None without an error."""
    if not np.isfinite(value):
        return None
    strength = min(abs(value), 1.0)
    colour = 255 - strength * (255 - (_POSITIVE if value > 0 else _NEGATIVE))
    text = f"{100 * value:.0f}"
    return {
        "percent": number("0" if text == "-0" else text, value),
        "colour": "rgb({}, {}, {})".format(*np.rint(colour).astype(int)),
    }


def data(summary, own):
    """Datasets of this package with what was done to them."""
    return [_dataset_row(row, dataset) for row, dataset in zip(summary.datasets, own, strict=True)]


def _dataset_row(row, dataset):
    chi2, numbers = float(row["chi2"]), int(row["numbers"])
    n_points, mask = len(dataset.table), dataset.mask
    n_used = n_points if mask is None else int(mask.sum())
    ends = (
        end is not None and joined([number(f"{end.value:g}"), str(end.unit)])
        for end in dataset.energy_range
    )
    links = [link(p.label, f"#{p.key}") for p in publications_of_dataset(dataset)]
    return {
        "dataset": row["name"],
        "χ²": number(f"{chi2:.1f}", chi2),
        "numbers": number(str(numbers)),
        "χ² per number": number(f"{chi2 / numbers:.2f}", chi2 / numbers) if numbers else "",
        "points used": f"{n_used} of {n_points}",
        "range": span(*ends, below="below") or "all",
        "floor": row["floor"].removeprefix("-").removeprefix(", ").replace(" deg", "°"),
        "settings": "; ".join(_settings(dataset)),
        "publication": joined(links, ", "),
    }


def publications_of_dataset(dataset):
    """Publications of a dataset itself, not of the database that it comes from."""
    return publications_of({"reference": dataset.reference})


def _settings(dataset):
    """Settings of a dataset that are not the default, and what a fit shifted."""
    info = dataset.info_dict()
    if info.get("simulated"):
        yield "simulated"
    if dataset.mask_fit is not None and dataset.energy_range == (None, None):
        yield "points chosen by hand"
    if not info["systematics"]:
        yield "without systematic errors"
    if info.get("likelihood", "vector") != "vector":
        yield "amplitude and phase compared"
    if info.get("declination_factor", 1) != 1:
        factor = f"{info['declination_factor']:.3g}"
        used = info["apply_declination_factor"]
        yield f"amplitudes × {factor}" if used else "amplitudes as published"
    nuisances = [(dataset.norm, "norm", 1), (dataset.energy_scale, "energy scale", 1)]
    if dataset.hadronic_models:
        yield f"hadronic models {', '.join(dataset.hadronic_models)}"
        nuisances.append((dataset.hadronic, "hadronic", 0))
    for par, name, rest in nuisances:
        if not par.frozen or par.value != rest:
            value, error = rounded(par.value, par.error)
            state = "(frozen)" if par.frozen else "(free)" if error == "-" else f"± {error}"
            yield f"{name} {value} {state}"
