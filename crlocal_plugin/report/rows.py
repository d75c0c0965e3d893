"""Rows of the tables of the page: dicts of cells by the title of their column."""

import numpy as np

from ..catalogue.citations import publications_in, publications_of
from ..likelihood.summary import interval_text, rounded
from .cells import joined, link, number, plus_minus, publication_link, span, unit_text


def totals(summary, n_datasets, date):
    """Totals of the fit."""
    degrees = summary.n_data - summary.n_free
    priors, chi2 = summary.total - summary.likelihood, summary.likelihood - summary.scatter
    scatter = number(f"{summary.scatter:.2f}", summary.scatter) if summary.scatter else ""
    per_degree = number(f"{chi2 / degrees:.2f}") if degrees > 0 else ""
    cells = {
        "χ² of the data": number(f"{chi2:.2f}", chi2),
        "numbers fitted": number(str(summary.n_data)),
        "free parameters": number(str(summary.n_free)),
        "degrees of freedom": number(str(degrees)),
        "χ² per degree of freedom": per_degree,
        "χ² of the priors": number(f"{priors:.2f}", priors),
        "2 ln(σ/σ₀) of the scatters": scatter,
        "total statistic": number(f"{summary.total:.2f}", summary.total),
        "datasets": number(str(n_datasets)),
        "day of the fit": date,
    }
    return [{"": name, "value": value} for name, value in cells.items() if value]


def free_parameters(summary):
    """Free parameters with their errors."""
    for row in summary.parameters[~summary.parameters["frozen"]]:
        value, error = (text.split() for text in interval_text(row))
        limits = [row[name] for name in ("above", "below") if np.isfinite(row[name])]
        exact = limits[0] if limits else row["value"]
        errors = (-row["errn"], row["errp"]) if row["method"] == "profile" else (row["error"],)
        ends = (row[name] for name in ("min", "max"))
        yield {
            "parameter": row["label"],
            "value": joined(number(word, exact) for word in value),
            "error": "–" if error == ["-"] else joined(map(number, error, errors)),
            "unit": unit_text(row["unit"]),
            "limits": span(*(number(f"{end:g}") if np.isfinite(end) else "" for end in ends)),
            "prior": plus_minus(row["prior"]),
            "remark": row["remark"],
        }


def frozen_parameters(summary):
    """Frozen parameters."""
    for row in summary.parameters[summary.parameters["frozen"]]:
        yield {"parameter": row["label"], "value": _value(row), "unit": unit_text(row["unit"])}


def priors(summary, datasets):
    """Parameters with a prior, and what it adds to the statistic.

    One on several parameters is counted at the first of them.
    """
    together = {par: 0.0 for prior in datasets.correlated_priors for par in prior.parameters}
    together |= {prior.parameters[0]: prior.stat_sum() for prior in datasets.correlated_priors}
    for row, par in zip(summary.parameters, datasets.parameters, strict=True):
        if row["prior"]:
            share = together[par] if par in together else float(par.prior(par))
            source = row["prior_source"]
            links = filter(None, map(publication_link, publications_in(source)))
            yield {
                "parameter": row["label"],
                "prior": joined([plus_minus(row["prior"]), unit_text(row["unit"])]),
                "value": _value(row),
                "status": "frozen" if row["frozen"] else "fitted",
                "χ²": number(f"{share:.2f}", share),
                "source": joined([plus_minus(source), *links]),
            }


def _value(row):
    return number(f"{row['value']:.6g}", row["value"])


def correlations(summary):
    """Correlation coefficients below the diagonal; no rows unless two parameters have errors."""
    labels = summary.covariance["label"]
    matrix = np.array([summary.covariance[label] for label in labels], dtype=float)
    # gammapy takes 1 for the variance of a parameter whose error is not a number
    given = summary.parameters["error"][~summary.parameters["frozen"]]
    errors = np.where(np.isfinite(given) & (given > 0), np.sqrt(np.diag(matrix)), np.nan)
    if np.isfinite(errors).sum() < 2:
        return []
    correlation = matrix / np.outer(errors, errors)
    return [[_coefficient(value) for value in row[:i]] for i, row in enumerate(correlation) if i]


_POSITIVE, _NEGATIVE = np.array([230, 159, 0]), np.array([86, 180, 233])
"""Colours that colour-blind readers tell apart and that black text is readable on."""


def _coefficient(value):
    """Cell of a coefficient, None without an error."""
    if not np.isfinite(value):
        return None
    colour = 255 - min(abs(value), 1.0) * (255 - (_POSITIVE if value > 0 else _NEGATIVE))
    text = f"{100 * value:.0f}"
    return {
        "percent": number("0" if text == "-0" else text, value),
        "colour": "rgb({}, {}, {})".format(*np.rint(colour).astype(int)),
    }


def data(summary, own):
    """Datasets of this package with what was done to them."""
    for row, dataset in zip(summary.datasets, own, strict=True):
        chi2, numbers = float(row["chi2"]), int(row["numbers"])
        n_points, mask = len(dataset.table), dataset.mask
        ends = (
            end is not None and joined([number(f"{end.value:g}"), str(end.unit)])
            for end in dataset.energy_range
        )
        links = [link(p.label, f"#{p.key}") for p in publications_of_dataset(dataset)]
        yield {
            "dataset": row["name"],
            "χ²": number(f"{chi2:.1f}", chi2),
            "numbers": number(str(numbers)),
            "χ² per number": number(f"{chi2 / numbers:.2f}", chi2 / numbers) if numbers else "",
            "points used": f"{n_points if mask is None else int(mask.sum())} of {n_points}",
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
    if "correlation" in info:
        yield f"correlated errors: {info['correlation']}"
    if info.get("likelihood") == "amplitude_phase":
        yield "amplitude and phase compared"
    if info.get("likelihood") == "student":
        yield f"Student's t, {info['degrees_of_freedom']:g} degrees of freedom"
    if info.get("declination_factor", 1) != 1:
        factor = f"{info['declination_factor']:.3g}"
        used = info["apply_declination_factor"]
        yield f"amplitudes × {factor}" if used else "amplitudes as published"
    nuisances = [(dataset.norm, "norm", 1), (dataset.energy_scale, "energy scale", 1)]
    nuisances.append((dataset.phi_offset, "offset of the potential", 0))
    if dataset.has_dipoles:
        nuisances.append((dataset.dipole_norm, "dipole norm", 1))
    if dataset.takes_scatter:
        nuisances.append((dataset.scatter, "scatter", 0))
    if dataset.hadronic_models:
        yield f"hadronic models {', '.join(dataset.hadronic_models)}"
        nuisances.append((dataset.hadronic, "hadronic", 0))
    for par, name, rest in nuisances:
        if not par.frozen or par.value != rest:
            value, error = rounded(par.value, par.error)
            state = "(frozen)" if par.frozen else "(free)" if error == "-" else f"± {error}"
            yield f"{name} {value} {state}"
