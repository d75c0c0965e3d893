"""The page: sections of a report, in the order in which they are read."""

import importlib.metadata
import platform
from dataclasses import replace

import astropy.units as u
import numpy as np

from .._version import __version__
from ..catalogue.citations import (
    citations,
    publications_in,
    publications_of,
)
from ..datasets.core import CosmicRayDataset
from ..likelihood.summary import fit_summary, rounded
from .markup import (
    Markup,
    element,
    join,
    link,
    number,
    scrolling,
    section,
    table,
)
from .pictures import pictures
from .style import STYLE

_TITLE = "Joint fit of cosmic-ray spectra and dipole anisotropy"

_PACKAGES = ("gammapy", "numpy", "scipy", "astropy", "iminuit", "matplotlib")


def report_page(datasets, result=None, title=None, date="", progress=None):
    """Make the page.

    Parameters
    ----------
    datasets, result, title, date, progress
        As for `~crlocal_plugin.report.write_report`.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    ValueError
        If a dataset has no model.
    """
    summary = fit_summary(datasets, result)
    publications = citations(datasets)
    sections = {
        "result": ("Result", _result(datasets, summary, result, date)),
        "parameters": ("Fitted parameters", _free_parameters(summary)),
        "correlations": ("Correlations", _correlations(summary)),
        "data": ("Data", _datasets(datasets, summary)),
        "pictures": ("Pictures", pictures(datasets, progress)),
        "priors": ("Priors", _priors(datasets, summary)),
        "frozen": ("Frozen parameters", _frozen_parameters(summary)),
        "references": ("References", _references(datasets, publications)),
        "versions": ("Versions", _versions()),
    }
    title = title or _TITLE
    entries = [element("li", link(name, f"#{key}")) for key, (name, _) in sections.items()]
    body = [
        element("header", element("h1", title)),
        element("nav", element("ul", *entries), aria_label="Contents"),
        element("main", join((section(key, *part) for key, part in sections.items()), "\n")),
    ]
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=f"crlocal_plugin {__version__}"),
        element("title", title),
        element("style", Markup(STYLE)),
    ]
    page = element("html", element("head", join(head, "\n")), element("body", *body), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"


def _result(datasets, summary, result, date):
    """Whether the fit can be trusted, and its totals."""
    degrees = summary.n_data - summary.n_free
    verdict, kind = _verdict(summary, result)
    message = f": {summary.message}" if summary.message else ""
    rows = [
        ("χ² of the data", number(f"{summary.likelihood:.2f}", summary.likelihood)),
        ("numbers fitted", number(str(summary.n_data))),
        ("free parameters", number(str(summary.n_free))),
        ("degrees of freedom", number(str(degrees))),
        ("χ² per degree of freedom", number(f"{summary.likelihood / degrees:.2f}"))
        if degrees > 0
        else ("", ""),
        (
            "χ² of the priors",
            number(f"{summary.total - summary.likelihood:.2f}", summary.total - summary.likelihood),
        ),
        ("total statistic", number(f"{summary.total:.2f}", summary.total)),
        ("datasets", number(str(len(datasets)))),
        ("day of the fit", date),
    ]
    warnings = [element("li", text) for text in _warnings(datasets, summary, result)]
    return join(
        [
            element("p", element("strong", verdict), message, class_=f"verdict {kind}"),
            element("ul", *warnings, class_="warnings") if warnings else Markup(),
            table("Totals", ("", "value"), [row for row in rows if row[1]], numeric=[1]),
        ],
        "\n",
    )


def _verdict(summary, result):
    """Verdict in words, and its kind."""
    if summary.success is None:
        return "State of the model without a fit", "open"
    if not summary.success:
        return "✗ The fit did NOT converge: its numbers mean nothing", "bad"
    if _covariance_failed(result):
        return "The fit converged, but its errors could not be computed", "open"
    return "✓ The fit converged", "good"


def _covariance_failed(result):
    covariance = None if result is None else result.covariance_result
    return covariance is not None and not covariance.success


def _warnings(datasets, summary, result):
    """What a reader must know before using a number."""
    if result is not None:
        reported = result.optimize_result.total_stat
        if abs(reported - summary.total) > 0.005:
            yield (
                f"The fit reported a total statistic of {reported:.2f}, models and data now give "
                f"{summary.total:.2f}: they have changed since, or another version of the "
                "package is at work."
            )
    if _covariance_failed(result):
        yield f"Errors: {result.covariance_result.message}"
    remarked = {}
    for row in summary.parameters:
        remarked.setdefault(row["remark"], []).append(row["label"])
    for remark, labels in remarked.items():
        if remark:
            yield f"{', '.join(labels)}: {remark}."
    simulated = [d.name for d in _own(datasets) if d.table.meta.get("simulated")]
    if simulated:
        yield f"Simulated data: {', '.join(simulated)}."
    others = [d.name for d in datasets if not isinstance(d, CosmicRayDataset)]
    if others:
        yield f"Datasets of other packages are in the total, but not in chi2: {', '.join(others)}."


def _own(datasets):
    return [dataset for dataset in datasets if isinstance(dataset, CosmicRayDataset)]


def _free_parameters(summary):
    if not summary.n_free:
        return element("p", "No parameter is free.")
    rows = []
    for row in summary.parameters[~summary.parameters["frozen"]]:
        value, error = rounded(row["value"], row["error"])
        rows.append(
            (
                row["label"],
                number(value, row["value"]),
                "–" if error == "-" else number(error, row["error"]),
                _unit(row["unit"]),
                _limits(row),
                row["prior"].replace("+-", "±"),
                row["remark"],
            )
        )
    header = ("parameter", "value", "error", "unit", "limits", "prior", "remark")
    note = element(
        "p",
        "Errors are one standard deviation, from the covariance at the best fit. Digits that are "
        "not printed are in the source of this page.",
    )
    return join([note, table("Free parameters", header, rows, [1, 2], [6])], "\n")


def _limits(row):
    low, high = (f"{row[name]:g}" if np.isfinite(row[name]) else "" for name in ("min", "max"))
    if low and high:
        return join([number(low), " to ", number(high)])
    return join(["from ", number(low)]) if low else join(["to ", number(high)]) if high else ""


def _unit(text):
    return u.Unit(text).to_string("unicode", fraction=False)


def _correlations(summary):
    """Coefficients in per cent, below the diagonal, on a colour that says how strong they are."""
    labels = list(summary.covariance["label"])
    matrix = np.array([summary.covariance[label] for label in labels], dtype=float)
    errors = np.sqrt(np.diag(matrix))
    if np.count_nonzero(errors) < 2:
        return element("p", "There are no two parameters with errors.")
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = matrix / np.outer(errors, errors)
    header = [
        element("th", element("span", label), scope="col", class_="turned") for label in labels[:-1]
    ]
    body = [
        element(
            "tr",
            element("th", labels[i], scope="row"),
            *(_coefficient(correlation[i, k]) if k < i else element("td") for k in range(i)),
            *(element("td") for _ in labels[i:-1]),
        )
        for i in range(1, len(labels))
    ]
    caption = "Correlation coefficients in per cent"
    grid = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", element("td"), *header)),
        element("tbody", join(body, "\n")),
        class_="matrix",
        style=f"--columns: {len(labels)}",
    )
    note = element(
        "p",
        "Orange is positive, blue negative. A coefficient close to ±100 means that the data know "
        "one combination of the two parameters well, and each alone less well.",
    )
    return join([note, scrolling(caption, grid)], "\n")


_POSITIVE, _NEGATIVE = np.array([230, 159, 0]), np.array([86, 180, 233])
"""Colours that colour-blind readers tell apart and that black text is readable on."""


def _coefficient(value):
    """Cell of a correlation coefficient."""
    if not np.isfinite(value):
        return element("td", "–", title="no error")
    strength = min(abs(value), 1.0)
    colour = 255 - strength * (255 - (_POSITIVE if value > 0 else _NEGATIVE))
    red, green, blue = np.rint(colour).astype(int)
    text = f"{100 * value:.0f}"
    return element(
        "td",
        number("0" if text == "-0" else text, value),
        style=f"background-color: rgb({red}, {green}, {blue})",
    )


def _datasets(datasets, summary):
    rows = []
    for dataset, row in zip(_own(datasets), summary.datasets, strict=True):
        numbers = int(row["numbers"])
        chi2 = float(row["chi2"])
        used = len(dataset.table) if dataset.mask is None else int(dataset.mask.sum())
        rows.append(
            (
                row["name"],
                number(f"{chi2:.1f}", chi2),
                number(str(numbers)),
                number(f"{chi2 / numbers:.2f}", chi2 / numbers) if numbers else "",
                f"{used} of {len(dataset.table)}",
                _range(dataset),
                row["floor"].removeprefix("-").removeprefix(", ").replace(" deg", "°"),
                "; ".join(_remarks(dataset)),
                join((link(p.label, f"#{p.key}") for p in _publications(dataset)), ", "),
            )
        )
    header = (
        *("dataset", "χ²", "numbers", "χ² per number", "points used", "range", "floor"),
        *("settings", "publication"),
    )
    note = element(
        "p",
        "A dipole counts as two numbers, an upper limit as one. A floor is a systematic error in "
        "per cent of the value, in degrees of the phase, or of <ln A> itself, that was added in "
        "quadrature.",
    )
    return join([note, table("χ² by dataset", header, rows, [1, 2, 3], [7, 8])], "\n")


def _range(dataset):
    low, high = (
        None if end is None else join([number(f"{end.value:g}"), f" {end.unit}"])
        for end in dataset.energy_range
    )
    if low and high:
        return join([low, " to ", high])
    return join(["from ", low]) if low else join(["below ", high]) if high else "all"


def _publications(dataset):
    """Publications of a dataset itself, not of the database that it comes from."""
    return publications_of({"reference": dataset.reference})


def _remarks(dataset):
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


def _priors(datasets, summary):
    parameters = dict(zip(datasets.parameters.labels, datasets.parameters, strict=True))
    rows = []
    for row in summary.parameters:
        if not row["prior"]:
            continue
        par = parameters[row["label"]]
        share = float(par.prior(par))
        sources = [link(_address(p), p.url) for p in publications_in(row["prior_source"]) if p.url]
        rows.append(
            (
                row["label"],
                join([row["prior"].replace("+-", "±"), " ", _unit(row["unit"])]),
                number(f"{row['value']:.6g}", row["value"]),
                "frozen" if row["frozen"] else "fitted",
                number(f"{share:.2f}", share),
                join([row["prior_source"].replace("+-", "±"), *sources], " "),
            )
        )
    if not rows:
        return element("p", "No parameter has a prior.")
    note = element(
        "p",
        "A Gaussian prior adds (value − mean)² / σ² to the total statistic. For a frozen "
        "parameter that is a constant, which does not change the fit.",
    )
    header = ("parameter", "prior", "value", "status", "χ²", "source")
    return join([note, table("Priors", header, rows, [2, 4], [5])], "\n")


def _frozen_parameters(summary):
    rows = [
        (row["label"], number(f"{row['value']:.6g}", row["value"]), _unit(row["unit"]))
        for row in summary.parameters[summary.parameters["frozen"]]
    ]
    if not rows:
        return element("p", "No parameter is frozen.")
    return table("Frozen parameters", ("parameter", "value", "unit"), rows, numeric=[1])


def _references(datasets, publications):
    """Whom to cite, and for what."""
    used = {}
    for dataset in _own(datasets):
        for publication in _publications(dataset):
            used.setdefault(publication.key, []).append(dataset.name)
    entries = []
    for publication in publications:
        where = ", ".join(used.get(publication.key, []))
        entries.append(
            element(
                "li",
                str(replace(publication, doi="", arxiv="")),
                *([", ", link(_address(publication), publication.url)] if publication.url else ()),
                f" ({where})" if where else "",
                id=publication.key,
            )
        )
    without = [d.name for d in _own(datasets) if not _publications(d)]
    missing = f"No publication is known of {', '.join(without)}." if without else ""
    bibtex = "\n\n".join(publication.bibtex() for publication in publications)
    return join(
        [
            element("p", "Please cite the model, the software and the data. ", missing),
            element("ol", join(entries, "\n")),
            element("details", element("summary", "BibTeX"), element("pre", bibtex)),
        ],
        "\n",
    )


def _address(publication):
    """What a link to a publication says."""
    return f"doi:{publication.doi}" if publication.doi else f"arXiv:{publication.arxiv}"


def _versions():
    versions = {"crlocal_plugin": __version__, "Python": platform.python_version()}
    versions |= {name: importlib.metadata.version(name) for name in _PACKAGES}
    return table("Software behind this page", ("package", "version"), list(versions.items()))
