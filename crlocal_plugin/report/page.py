"""The page: what there is to say of a fit, put into the templates of this folder."""

import importlib.metadata
import platform
from dataclasses import replace

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from .._version import __version__
from ..catalogue.citations import citations
from ..datasets.core import CosmicRayDataset
from ..likelihood.summary import NOT_CONVERGED, fit_summary
from ..progress import progress_bar
from . import rows
from .cells import publication_link
from .pictures import pictures

_TITLE = "Joint fit of cosmic-ray spectra and dipole anisotropy"

_PACKAGES = ("gammapy", "numpy", "scipy", "astropy", "iminuit", "matplotlib")


def report_page(datasets, result=None, title=None, date="", progress=None):
    """Page about a fit (HTML), see `~crlocal_plugin.report.write_report`."""
    summary = fit_summary(datasets, result)
    own = [dataset for dataset in datasets if isinstance(dataset, CosmicRayDataset)]
    publications = citations(datasets)
    with progress_bar(None, "drawing", "pictures", progress) as update:
        figures = pictures(datasets, update)
    fault = "" if result is None else _fault_of_errors(summary, result.covariance_result)
    return (
        environment()
        .get_template("page.html")
        .render(
            title=title or _TITLE,
            version=__version__,
            verdict=_verdict(summary, fault),
            warnings=list(_warnings(datasets, own, summary, result, fault)),
            totals=rows.totals(summary, len(datasets), date),
            free=list(rows.free_parameters(summary)),
            labels=list(summary.covariance["label"]),
            correlations=rows.correlations(summary),
            data=list(rows.data(summary, own)),
            figures=figures,
            priors=list(rows.priors(summary, datasets)),
            frozen=list(rows.frozen_parameters(summary)),
            references=_references(publications, own),
            uncited=[dataset.name for dataset in own if not rows.publications_of_dataset(dataset)],
            bibtex="\n\n".join(publication.bibtex() for publication in publications),
            versions=_versions(),
        )
    )


def environment():
    """Where templates come from; what they print is escaped, and a misspelt name is an error."""
    templates = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["filled_columns"] = _filled_columns
    return templates


def _filled_columns(table):
    """Titles of the first column and of those that are not empty in all rows."""
    first, *others = table[0]
    return [first, *(title for title in others if any(row[title] for row in table))]


def _fault_of_errors(summary, covariance):
    """Why the errors of a fit mean nothing (str), empty if they do mean something."""
    if covariance is None:
        return "the fit computed no covariance; the back end least-squares does"
    if not covariance.success:
        return covariance.message
    errors = summary.parameters["error"][~summary.parameters["frozen"]]
    if len(errors) and not np.any(np.isfinite(errors) & (errors > 0)):
        return "the covariance of the models is missing or not a number; fit again to compute it"
    return ""


def _verdict(summary, fault):
    """Whether the fit can be trusted."""
    if summary.success is None:
        kind, text = "open", "State of the model without a fit"
    elif summary.verdict == NOT_CONVERGED:
        kind, text = "bad", "✗ The fit did NOT converge: its numbers mean nothing"
    elif fault or not summary.success:
        kind, text = "bad", "✗ The fit converged WITHOUT ERRORS"
    else:
        kind, text = "good", "✓ The fit converged"
    return {"kind": kind, "text": text, "message": summary.message and f": {summary.message}"}


def _warnings(datasets, own, summary, result, fault):
    """What a reader must know before using a number."""
    if result is not None:
        reported = result.optimize_result.total_stat
        if not abs(reported - summary.total) <= 0.005:
            yield (
                f"The fit reported a total statistic of {reported:.2f}, models and data now give "
                f"{summary.total:.2f}: they have changed since, or another version of the "
                "package is at work."
            )
    if fault:
        yield f"Errors: {fault}"
    remarked = {}
    for row in summary.parameters:
        remarked.setdefault(row["remark"], []).append(row["label"])
    yield from (f"{', '.join(labels)}: {remark}." for remark, labels in remarked.items() if remark)
    simulated = [dataset.name for dataset in own if dataset.table.meta.get("simulated")]
    if simulated:
        yield f"Simulated data: {', '.join(simulated)}."
    others = [dataset.name for dataset in datasets if dataset not in own]
    if others:
        yield f"Datasets of other packages are in the total, but not in chi2: {', '.join(others)}."


def _references(publications, own):
    """Whom to cite, and for which datasets."""
    used = {}
    for dataset in own:
        for publication in rows.publications_of_dataset(dataset):
            used.setdefault(publication.key, []).append(dataset.name)
    return [
        {
            "key": publication.key,
            "text": str(replace(publication, doi="", arxiv="")),
            "link": publication_link(publication),
            "datasets": used.get(publication.key, []),
        }
        for publication in publications
    ]


def _versions():
    versions = {"crlocal_plugin": __version__, "Python": platform.python_version()}
    versions |= {name: importlib.metadata.version(name) for name in _PACKAGES}
    return [{"package": name, "version": version} for name, version in versions.items()]
