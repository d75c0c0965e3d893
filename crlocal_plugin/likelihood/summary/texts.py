"""A summary as plain text and as HTML for notebooks."""

from html import escape

from scipy.stats import chi2

from ..minima.intervals import LEVEL
from .numbers import interval_text, rounded

_BAD, _SHOWN = 0.01, 3
"""Probability below which a dataset counts as badly described, and how many are named."""


def text(summary):
    """All tables of a summary, and the lines below them (str)."""
    lines = []
    for title, (header, rows) in _blocks(summary).items():
        lines += [title, "", *columns(header, rows), ""]
    return "\n".join([*lines, *_lines(summary)])


def html(summary):
    """The same as HTML (str)."""
    parts = [f"<p>{'<br>'.join(escape(line) for line in _lines(summary))}</p>"]
    for title, (header, rows) in _blocks(summary).items():
        head = "".join(f"<th>{escape(name)}</th>" for name in header)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
        )
        style = 'style="text-align: left"'
        parts.append(f"<table><caption {style}><b>{escape(title)}</b></caption>")
        parts.append(f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    return "\n".join(parts)


def columns(header, rows):
    """Lines of a table with left-aligned columns, without those that are empty."""
    cells = [[str(cell) for cell in row] for row in rows]
    kept = [k for k in range(len(cells[0]) if cells else 0) if any(row[k] for row in cells)]
    cells = [header, *cells] if header else cells
    widths = {k: max(len(row[k]) for row in cells) for k in kept}
    return ["  " + "  ".join(row[k].ljust(widths[k]) for k in kept).rstrip() for row in cells]


def worst(datasets, probability=_BAD):
    """Names of datasets with a less probable chi2, the least probable first (list of str)."""
    rows = [(chi2.sf(r["chi2"], r["numbers"]), r) for r in datasets if r["numbers"]]
    bad = sorted((pair for pair in rows if pair[0] < probability), key=lambda pair: pair[0])
    return [f"{r['name']} ({r['chi2']:.1f} for {r['numbers']})" for _, r in bad[:_SHOWN]]


def _blocks(summary):
    """Titles of the tables with their headers and rows."""
    parameters = summary.parameters
    frozen, prior = parameters["frozen"], parameters["prior"] != ""
    blocks = {
        "Free parameters": (
            ("", "value", "error", "unit", "prior", ""),
            [
                (r["label"], *interval_text(r), *r["unit", "prior", "remark"])
                for r in parameters[~frozen]
            ],
        ),
        "Derived": (
            ("", "value", "error", "unit", ""),
            [
                (r["label"], *rounded(r["value"], r["error"]), *r["unit", "meaning"])
                for r in summary.derived
            ],
        ),
        "Frozen, with a prior that adds a constant until they are free": (
            ("", "value", "unit", "prior"),
            [
                (r["label"], f"{r['value']:g}", r["unit"], r["prior"])
                for r in parameters[frozen & prior]
            ],
        ),
        "Priors": (
            (),
            dict.fromkeys((r["label"], r["prior_source"]) for r in parameters if r["prior_source"]),
        ),
        "Datasets": (
            ("", "chi2", "numbers", "floor", "range", "publication"),
            [
                (r["name"], f"{r['chi2']:.1f}", *r["numbers", "floor", "range", "reference"])
                for r in summary.datasets
            ],
        ),
    }
    always = ("Free parameters", "Datasets")
    return {title: block for title, block in blocks.items() if block[1] or title in always}


def _lines(summary):
    """What there is to say of the whole fit."""
    degrees, stat = summary.n_data - summary.n_free, summary.likelihood - summary.scatter
    scatter = f"2 ln(sigma / sigma_0) {summary.scatter:.2f}, " if summary.scatter else ""
    bad = worst(summary.datasets)
    yield (
        f"chi2 {stat:.2f} for {summary.n_data} numbers and {summary.n_free} free "
        f"parameters ({degrees} degrees of freedom)"
    )
    yield f"priors {summary.total - summary.likelihood:.2f}, {scatter}total {summary.total:.2f}"
    end = f"; worst: {', '.join(bad)}" if bad else ""
    yield f"goodness of fit: p-value {summary.p_value:.2g}{end}"
    if summary.minima is not None:
        yield str(summary.minima)
    if "profile" in summary.parameters["method"]:
        yield (
            f"two errors, and limits at {LEVEL:.0%}, are from profiles; one error is from the "
            "covariance"
        )
    if summary.verdict:
        yield f"{summary.verdict}: {summary.message}"
