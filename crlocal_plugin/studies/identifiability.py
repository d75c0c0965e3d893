"""What spectra, dipole and priors tell about the free parameters, and what they leave open.

All of it is linear, at the present values of the parameters: errors are those of the derivatives
of the residuals, and differ from those of a fit by what the statistic curves beyond that. A
parameter is measured in its natural scale: its value if its limits keep it positive, else a tenth
of its range. The singular value of a direction in parameter space is the number of standard
deviations that a step of one natural scale along it costs.
"""

from dataclasses import dataclass

import numpy as np
from astropy.table import Table
from scipy.linalg import qr

from ..likelihood.collection import CosmicRayDatasets
from ..likelihood.degeneracies import (
    THRESHOLD,
    find_degeneracies,
    involved,
    natural_directions,
    natural_scales,
)
from ..likelihood.descent import stays_positive
from ..likelihood.joint_likelihood import JointLikelihood
from .starts import least_squares_likelihood

# singular value below which a direction is without consequence: a thousand natural scales cost
# less than a standard deviation; the derivatives are differences, and true to about 1e-5
NULL = 1e-3
# part of a parameter in a direction without consequence from which on it is not constrained
_COMPONENT = 1e-3
_STEP = 0.1  # largest change in the description of a direction, in natural scales
_ALONE = ("spectra", "dipole")  # sources that are also asked without the other


@dataclass(frozen=True, eq=False)
class Identifiability:
    """Which parameters the data constrain; print it, or take its tables.

    A parameter is not constrained, its error infinite, if a standard deviation is longer than ten
    natural scales, or if it takes part in a direction of which a thousand cost less than one.

    Attributes
    ----------
    parameters : `~astropy.table.Table`
        A row for each free parameter: ``label``, ``value``, ``unit``, whether its limits keep it
        ``positive``, natural ``scale``; errors over that scale from ``spectra`` alone, ``dipole``
        alone, ``both``, and ``with priors``; which part of the information in the last of these
        is from spectra, dipole and priors (``share_...``); what tells ``most``, a dataset or the
        priors, and its ``share_most``. Shares of a parameter that is not constrained are zero.
    directions : `~astropy.table.Table`
        A row for each direction of each source, the best determined first: ``source``,
        ``singular_value``, ``determined`` (a singular value of at least 0.1), and what it is in
        words, with its ``cost`` in standard deviations.
    shares : `~astropy.table.Table`
        For each free parameter, the part of the variance of its estimate that stems from the
        errors of each dataset, and from the priors. They add up to one.
    remarks : list of str
        Sets of parameters that are degenerate, as the warning before a fit names them.
    """

    parameters: Table
    directions: Table
    shares: Table
    remarks: list

    @property
    def sources(self):
        """Of spectra, dipole, both and all with priors those that add data (list of str)."""
        return list(dict.fromkeys(self.directions["source"]))

    def __str__(self):
        n = len(self.parameters)
        lines = [f"Constraints on {n} free parameters, at these values", ""]
        lines += _parameter_lines(self.parameters, self.sources)
        for source in self.sources:
            rows = self.directions[self.directions["source"] == source]
            others = rows[~rows["determined"]]
            found = f"{len(rows) - len(others)} of {len(rows)} directions determined"
            rest = "others" if len(others) else "worst"
            lines += ["", f"{_title(source).capitalize()}: {found}; the {rest}"]
            for row in others if len(others) else rows[-1:]:
                cost = f"costs {row['cost']:.1g} standard deviations"
                free = row["singular_value"] < NULL
                lines.append(f"  {row['direction']}: {'costs nothing' if free else cost}")
        if self.remarks:
            lines += ["", "Degenerate", *(f"  {remark}" for remark in self.remarks)]
        return "\n".join(lines)


def identifiability(datasets):
    """Find which parameters, and combinations of them, the data do not constrain.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models, at the parameter values of interest: those of the paper, or of a
        fit.

    Returns
    -------
    Identifiability
        Errors, directions and shares of spectra (<ln A> among them), dipole and priors.

    Raises
    ------
    ValueError
        If no parameter is free, there are neither data nor priors, or the statistic is not a sum
        of squares: datasets of other packages, or penalties.

    Notes
    -----
    Only Gaussian priors count. The directions without consequence of one source have no natural
    basis; they are given in echelon form, in which each of them moves one parameter that the
    others leave alone, and their singular values are those of the whole set.
    """
    likelihood = least_squares_likelihood(datasets)
    blocks, priors, scales = _jacobians(datasets, likelihood)
    is_flux = np.array([not dataset.has_dipoles for dataset in datasets])
    both, rows = np.concatenate(blocks), np.repeat(is_flux, [len(block) for block in blocks])
    stacked = {"spectra": both[rows], "dipole": both[~rows], "both": both}
    stacked["with priors"] = everything = np.concatenate([both, priors])
    if not len(everything):
        raise ValueError("no point of the datasets is in the fit, and there are no priors")
    constraints = {source: _Constraint(jacobian) for source, jacobian in stacked.items()}
    shares = constraints["with priors"].shares([*blocks, priors])
    names = [*datasets.names, "priors"]
    parameters = Table(
        {
            "label": likelihood.names,
            "value": likelihood.values,
            "unit": [unit.to_string() for unit in likelihood.units],
            "positive": stays_positive(likelihood) & (likelihood.values == scales),
            "scale": scales,
            **{source: constraint.errors for source, constraint in constraints.items()},
            "share_spectra": shares[:-1][is_flux].sum(axis=0),
            "share_dipole": shares[:-1][~is_flux].sum(axis=0),
            "share_priors": shares[-1],
            "share_most": shares.max(axis=0),
            "most": [names[column.argmax()] if column.any() else "" for column in shares.T],
        }
    )
    rows = []
    for source in _told_apart(stacked):
        rows += _directions(source, constraints[source], parameters)
    shares = Table({"label": likelihood.names, **dict(zip(names, shares, strict=True))})
    return Identifiability(parameters, Table(rows=rows), shares, find_degeneracies(datasets))


def _jacobians(datasets, likelihood):
    """Natural Jacobians of each dataset and of the priors, whose residuals come last; scales."""
    theta, blocks = likelihood.values, []
    jacobian = likelihood.jacobian(theta)
    scales = natural_scales(likelihood, theta, jacobian)
    for dataset in datasets:
        alone = CosmicRayDatasets([dataset])
        own = JointLikelihood(alone, likelihood.parameters).jacobian(theta)
        blocks.append(own[: len(alone.data_residuals())] * scales)
    priors = jacobian[len(datasets.data_residuals()) :] * scales
    # those of frozen parameters, and of another shape, say nothing
    return blocks, priors[np.abs(priors).any(axis=1)], scales


def _told_apart(stacked):
    """Sources that have data, and more of them than the one before."""
    sizes = {source: len(jacobian) for source, jacobian in stacked.items()}
    told = [source for source in _ALONE if sizes[source]]
    told += ["both"] if len(told) > 1 else []
    return told + (["with priors"] if sizes["with priors"] > sizes["both"] else [])


class _Constraint:
    """What a natural Jacobian tells about the parameters."""

    def __init__(self, jacobian):
        self.jacobian = jacobian
        self.singular, self.directions = natural_directions(jacobian)
        self.known = self.singular >= NULL
        # a pseudo-inverse: directions without consequence are left out
        self._inverse = self.directions[self.known] / self.singular[self.known, np.newaxis]
        errors = np.linalg.norm(self._inverse, axis=0)
        open_part = np.linalg.norm(self.directions[~self.known], axis=0)
        is_open = (open_part > _COMPONENT) | (errors > 1 / THRESHOLD)
        self.errors = np.where(is_open, np.inf, errors)

    def shares(self, blocks):
        """Part of the variance of each parameter from the errors of each block of data."""
        # the estimate is C sum(J^T r) with covariance C, and every residual r has unit variance
        covariance = self._inverse.T @ self._inverse
        parts = np.array([((block @ covariance) ** 2).sum(axis=0) for block in blocks])
        variance = np.diag(covariance)
        determined = np.isfinite(self.errors) & (variance > 0)
        return np.where(determined, parts / np.where(variance > 0, variance, 1.0), 0.0)

    def readable(self):
        """Directions, those without consequence in echelon form."""
        null = self.directions[~self.known]
        if len(null) > 1:
            _, _, order = qr(null, mode="economic", pivoting=True)
            null = np.linalg.solve(null[:, order[: len(null)]], null)
        return np.concatenate([self.directions[self.known], null])


def _directions(source, constraint, parameters):
    """Rows of the table of directions."""
    for singular, direction in zip(constraint.singular, constraint.readable(), strict=True):
        step = _STEP * direction / np.abs(direction).max()
        yield {
            "source": source,
            "singular_value": singular,
            "determined": bool(singular >= THRESHOLD),
            "cost": np.linalg.norm(constraint.jacobian @ step),
            "direction": _step_text(step, involved(step, constraint.jacobian), parameters),
        }


def _step_text(step, takes_part, parameters):
    """A step in words, the largest changes first, those that are alike together."""
    order = sorted(np.flatnonzero(takes_part), key=lambda k: -round(abs(step[k]), 4))
    # a direction has no sign of its own
    step = step * np.sign(step[order[0]])
    changes = {}
    for k in order:
        text = f"{'up' if step[k] > 0 else 'down'} {_size_text(parameters[k], abs(step[k]))}"
        changes.setdefault(text, []).append(parameters["label"][k])
    return "; ".join(f"{', '.join(names)} {text}" for text, names in changes.items())


def _size_text(parameter, size):
    """A change, given in natural scales, in per cent or in the unit of the parameter."""
    number = 100 * size if parameter["positive"] else size * parameter["scale"]
    unit = "%" if parameter["positive"] else parameter["unit"]
    return f"{float(f'{number:.2g}'):g} {unit}".strip()


def _title(source):
    return f"{source} alone" if source in _ALONE else source


def _parameter_lines(table, sources):
    """Table of the parameters as lines."""
    values = [f"{value:.4g}" for value in table["value"]]
    columns = {"parameter": table["label"], "value": values, "unit": table["unit"]}
    for source in sources:
        columns[_title(source)] = [
            _size_text(row, row[source]) if np.isfinite(row[source]) else "not constrained"
            for row in table
        ]
    for kind in ("spectra", "dipole", "priors"):
        if any(table[f"share_{kind}"] > 0):
            columns[f"from {kind}"] = [f"{100 * share:.0f} %" for share in table[f"share_{kind}"]]
    columns["most from"] = [
        f"{row['most']} ({100 * row['share_most']:.0f} %)" if row["most"] else "" for row in table
    ]
    text = Table(columns).pformat(max_lines=-1, max_width=-1, align="<")
    return [line.rstrip() for line in text]
