"""Points whose errors are correlated: their covariance, and residuals whitened with it.

What a systematic error shifts, it shifts along a range of rigidities or energies. Two points have
the correlation exp(-(ln(x_i / x_j) / length)^2 / 2), as of AMS-02 in Derome et al. 2019, A&A 627,
A158, whose lengths are in decades (times ln 10), or are shifted together ("full").
"""

import contextlib
from dataclasses import dataclass, replace

import astropy.units as u
import numpy as np
from scipy.linalg import solve_triangular

from ..messages import unknown_name
from ..tables.values import systematic_components
from .residuals import FluxData, both_sides, limit_residual


def correlation_matrix(x, length):
    """Correlation between points at ``x`` over a length in ln(x), or "full", shape ``(n, n)``."""
    if length == "full":
        return np.ones((len(x), len(x)))
    distance = np.log(x)[:, np.newaxis] - np.log(x)
    return np.exp(-((distance / length) ** 2) / 2)


def correlated_shares(table, column, correlation):
    """Correlated shares of the errors of a column, with their lengths, by the stems of theirs.

    A share is the mean of its lower and upper errors. A ValueError says what is not in the table.
    """
    stem = f"{column}_syst"
    known = systematic_components(column, table.colnames)
    if isinstance(correlation, dict):
        for name in correlation:
            if name not in known:
                raise ValueError(f"correlation: {_no_component(name, known, stem)}")
        lengths = {f"{stem}_{name}": length for name, length in correlation.items()}
    else:
        lengths = {stem: correlation}
    shares = {name: (_mean_error(table, name), length) for name, length in lengths.items()}
    if not any(share.any() for share, _ in shares.values()):
        raise ValueError(
            "correlation: expected systematic errors in the table, got none; set it to None"
        )
    return shares


def _no_component(name, known, stem):
    if known:
        return unknown_name(name, known, "component ")
    return f"the table has no column {stem}_{name}_err; add it, or give one length for all"


def _mean_error(table, stem):
    sides = [f"{stem}_err{side}" for side in "np"]
    if not set(sides).issubset(table.colnames):
        return np.zeros(len(table))
    lower, upper = both_sides(*(table[name] for name in sides))
    return (lower + upper) / 2


def correlation_text(correlation):
    """Correlation as a summary has it (str)."""
    if isinstance(correlation, dict):
        return ", ".join(f"{name} {length}" for name, length in correlation.items())
    return "by covariance" if correlation is None else str(correlation)


def covariance_in_unit(covariance, values):
    """Covariance of values with a unit, in the square of it, or a ValueError if it is none."""
    matrix, size, unit = u.Quantity(covariance), len(values), values.unit**2
    if matrix.shape != (size, size):
        shape = f"({size}, {size}), a row for each of the table"
        raise ValueError(f"covariance: expected the shape {shape}, got {matrix.shape}")
    if matrix.unit == u.one:
        return matrix.value
    try:
        return matrix.to_value(unit)
    except u.UnitConversionError:
        raise ValueError(f"covariance: expected a unit like {unit}, got {matrix.unit}") from None


def require_similar(errors, published):
    """Refuse errors of a covariance that are far from those of the table, as in another unit."""
    ratio = np.median(errors / published)
    if not 0.01 < ratio < 100:
        raise ValueError(
            f"covariance: its errors are {ratio:.1e} times those of the table, expected a similar "
            "size; give it in the square of the unit of the values, or as a quantity"
        )


def covariance_of(errors, parts, x):
    """Covariance of points of total errors, shape ``(n, n)``.

    ``parts`` are pairs of a share of the errors, shape ``(n,)``, and its length of correlation;
    the rest of each error is independent.
    """
    covariance = np.diag(errors**2 - sum(part**2 for part, _ in parts))
    for part, length in parts:
        covariance += np.outer(part, part) * correlation_matrix(x, length)
    return covariance


@dataclass(frozen=True, eq=False)
class CorrelatedData(FluxData):
    """Arrays of measured values with a covariance, in which limits have no part.

    Residuals are L^-1 (model - value), where L L^T is the covariance (Cholesky): each is that of a
    point given those before it. Their squares add up to (model - value)^T C^-1 (model - value).
    """

    covariance: np.ndarray  # of all rows, shape (n, n)

    def __post_init__(self):
        measured = ~self.is_ul
        covariance = self.covariance[np.ix_(measured, measured)]
        # intensities may fall by ten decades
        size = np.sqrt(np.diag(covariance))
        root = np.linalg.cholesky(covariance / np.outer(size, size))
        whitening = solve_triangular(root, np.diag(1 / size), lower=True)
        super().__post_init__(root=root * size[:, np.newaxis], whitening=whitening.T)

    def take(self, rows):
        """Some of the rows, with the covariance among themselves."""
        taken = {name: array[rows] for name, array in self.arrays().items()}
        return replace(self, **taken | {"covariance": self.covariance[np.ix_(rows, rows)]})

    def alone(self):
        """The same points with their total errors, as if they were independent (FluxData)."""
        return FluxData(self.value, self.errn, self.errp, self.is_ul)

    def residuals(self, prediction):
        """Whitened residuals of predicted values of shape ``(..., n)``, of that shape."""
        difference = prediction - self.value
        if not self.has_limits:
            return self._whitened(difference)
        k, measured = self.is_ul, ~self.is_ul
        result = np.empty_like(difference)
        result[..., measured] = self._whitened(difference[..., measured])
        result[..., k] = limit_residual(prediction[..., k], self.value[k], self.errp[k])
        return result

    def _whitened(self, difference):
        with np.errstate(invalid="ignore"):
            result = difference @ self.whitening
        if not np.isfinite(result).all():
            # zeros of the matrix times infinity are no numbers
            is_far = np.isinf(difference).any(axis=-1, keepdims=True)
            result = np.where(is_far, np.inf, result)
        return result

    def fake(self, prediction, rng):
        """Measurements with this covariance; limits stay."""
        drawn = np.array(prediction, dtype=float)
        measured = ~self.is_ul
        drawn[measured] -= self.root @ rng.standard_normal(len(drawn))[measured]
        return replace(self, value=np.where(self.is_ul, self.value, drawn))


def correlated_data(value, errn, errp, is_ul, covariance):
    """`CorrelatedData`, or a ValueError if their covariance is not positive definite."""
    with contextlib.suppress(np.linalg.LinAlgError):
        if np.all(np.diag(covariance)[~is_ul] > 0):
            return CorrelatedData(value, errn, errp, is_ul, covariance)
    raise ValueError(
        "the covariance of the points is not positive definite; correct it, shorten the "
        "correlation, or set a small floor, such as 0.001, which is independent"
    )
