"""What a reader asks first of a fit, in some twenty lines."""

import textwrap

import numpy as np
from scipy.sparse.csgraph import connected_components

from ..minima.intervals import LEVEL
from .numbers import UNUSED, interval_text, rounded
from .texts import columns, worst

_GOOD, _MARGINAL = 0.05, 0.001
"""Probabilities of a larger chi2 from which on a fit counts as good and as marginal."""

_DETERMINED = 0.75
"""Error over that of the prior up to which data count as what determines a parameter."""

_TOGETHER = 0.95
"""Correlation from which on parameters are named together."""

_NEAR = 9.0
"""Height above the lowest minimum up to which another one is an answer, too."""

_LINES, _LIMITS, _NAMES, _WIDTH = 24, 8, 8, 100
"""Lines at most, those on limits at most, names in a line, and characters of a line."""

_NUISANCE = "-nuisance."


def brief(summary):
    """Is it a good fit, what came out, what limits it (str)."""
    first = [*_quality(summary), "", "What the data determine"]
    limits = [line for text in _limits(summary) for line in _wrapped(f"  {text}")]
    if len(limits) > _LIMITS:
        limits[_LIMITS - 1 :] = ["  ..."]
    last = ["", "What limits it", *limits] if limits else []
    determined, others = _sorted_rows(summary)
    derived = [
        (r["label"], *rounded(r["value"], r["error"]), r["unit"], "") for r in summary.derived
    ]
    # header, derived values and the names of what has no row are lines, too
    n_rows = max(3, _LINES - len(first) - len(last) - len(derived) - 3)
    rows = [(r["label"], *interval_text(r), r["unit"], r["prior"]) for r in determined[:n_rows]]
    table = columns(("", "value", "error", "unit", "prior"), [*rows, *derived])
    if rest := [row["label"] for row in [*determined[n_rows:], *others]]:
        table += _wrapped(f"  and {_names(rest)}")[:2]
    return "\n".join([*first, *table, *last])


def _quality(summary):
    """Whether it is a good fit."""
    p, degrees = summary.p_value, summary.n_data - summary.n_free
    stat = summary.likelihood - summary.scatter
    kind = "good" if p >= _GOOD else "marginal" if p >= _MARGINAL else "poor"
    kind = f"{summary.verdict}, a {kind} fit" if summary.success else summary.verdict or "no fit"
    ratio = f" ({stat / degrees:.2f} each)" if degrees > 0 else ""
    yield f"{kind}: chi2 {stat:.1f} for {degrees} degrees of freedom{ratio}, p-value {p:.2g}"
    if bad := worst(summary.datasets, _GOOD):
        yield f"least well described, chi2 for numbers: {', '.join(bad)}"
    if not summary.success:
        yield from _wrapped(summary.message)


def _sorted_rows(summary):
    """Rows of what data determine, strengths last, the best determined first; nuisances."""
    own, nuisances = [], []
    for row in summary.parameters[~summary.parameters["frozen"]]:
        error, sigma = _error(row), row["prior_sigma"]
        if not error > 0 or row["remark"]:
            continue
        width = error / sigma if np.isfinite(sigma) else error / abs(row["value"] or np.nan)
        is_strength = row["label"].split(".")[-1].startswith("Q_0")
        if _NUISANCE in row["label"]:
            nuisances.append(row)
        elif not _by_prior(row):
            own.append((is_strength, width, len(own), row))
    return [row for *_, row in sorted(own)], nuisances


def _limits(summary):
    """What keeps the answer from being better."""
    free = summary.parameters[~summary.parameters["frozen"]]
    own = [row for row in free if _NUISANCE not in row["label"]]
    if ends := [row for row in own if np.isfinite([row["above"], row["below"]]).any()]:
        texts = (f"{r['label']} {interval_text(r)[0]} {r['unit']}".strip() for r in ends)
        yield f"limits at {LEVEL:.0%}: {', '.join(texts)}"
    remarks = {}
    for row in free:
        if row["remark"] and not row["remark"].startswith("best"):
            words = "at a limit" if row["remark"].startswith("at its limit") else row["remark"]
            remarks.setdefault(words, []).append(row["label"])
    hints = {UNUSED: " (freeze them, or add data)", "not determined": " (fix one, or give a prior)"}
    for remark, labels in remarks.items():
        yield f"{remark}: {_names(labels)}{hints.get(remark, '')}"
    if decided := [row["label"] for row in own if _by_prior(row)]:
        yield f"the prior decides: {_names(decided)}"
    if groups := [_names(labels) for labels in _together(summary.covariance)]:
        yield f"correlated by {_TOGETHER:g} or more: {'; '.join(groups)}"
    yield from _other_minima(summary)


def _error(row):
    return np.fmax(row["errn"], row["errp"])


def _by_prior(row):
    """Whether data say less of a parameter than its prior (bool)."""
    return _error(row) > _DETERMINED * row["prior_sigma"]


def _together(covariance):
    """Labels of parameters that are closely correlated, group by group."""
    labels = np.array(covariance["label"], dtype=str)
    matrix = np.array([covariance[label] for label in labels]).reshape(len(labels), len(labels))
    sigma = np.sqrt(np.diag(matrix))
    with np.errstate(divide="ignore", invalid="ignore"):
        close = np.abs(matrix / np.outer(sigma, sigma)) >= _TOGETHER
    n_groups, group = connected_components(close, directed=False)
    groups = (labels[group == k].tolist() for k in range(n_groups))
    return [members for members in groups if len(members) > 1]


def _other_minima(summary):
    """Other modes, and how far they are."""
    minima = summary.minima
    if minima is None or not len(minima.stat):
        return
    above = minima.stat - minima.stat[0]
    near = np.flatnonzero(above[1:] < _NEAR) + 1
    if not near.size:
        rest = f", the next is {above[1]:.1f} above" if len(above) > 1 else ""
        yield f"no other minimum within {_NEAR:g} of the lowest in {minima.n_starts} starts{rest}"
        return
    sigma = np.sqrt(np.diagonal(minima.covariance[0]))
    for k in near[:2]:
        step = minima.theta[k] - minima.theta[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            far = np.argsort(-np.nan_to_num(np.abs(step) / sigma))[:3]
        values = (f"{minima.names[j]} = {minima.theta[k][j]:.3g} {minima.units[j]}" for j in far)
        yield f"another minimum {above[k]:.1f} above: {', '.join(map(str.strip, values))}"


def _names(labels):
    """Labels in few words: nuisance parameters of one name together."""
    groups, plain = {}, [label for label in labels if _NUISANCE not in label]
    for label in labels:
        if _NUISANCE in label:
            experiment, _, name = label.partition(_NUISANCE)
            groups.setdefault(name, []).append(experiment)
    texts = plain[:_NAMES]
    if plain[_NAMES:]:
        texts.append(f"{len(plain) - _NAMES} more")
    for name, experiments in groups.items():
        rest = f" and {len(experiments) - _NAMES} more" if experiments[_NAMES:] else ""
        texts.append(f"{name} of {', '.join(experiments[:_NAMES])}{rest}")
    return ", ".join(texts)


def _wrapped(text):
    indent = "    " if text.startswith(" ") else ""
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False)
