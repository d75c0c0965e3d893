"""Sets of parameter values that stand for the uncertainty of a model.

An ensemble has rows of parameter values at which a quantity is wanted, and makes intervals from
the quantity there: quantiles of samples, or a linear propagation of the covariance.
"""

import numpy as np
from gammapy.modeling import Covariance
from scipy.stats import norm

from ..models.nuisance import NuisanceModel
from .circular import (
    around,
    circular_intervals,
    whole_where_undetermined,
    wrapped,
)

N_DRAWS = 1000
"""Draws from a covariance, unless a number is given."""

_BATCHES = 1000
"""Times that a full set is drawn before the limits count as out of reach."""

_STEP = 1e-4
"""Step of the derivatives in standard deviations."""

METHODS = ("sampling", "linear")


def make_ensemble(
    model, samples=None, covariance=None, n_samples=None, method="sampling", random_state=0
):
    """Parameter sets of a model from samples or from a covariance.

    Parameters
    ----------
    model : CosmicRayModel
        Model; its current values are the best ones.
    samples : object or tuple, optional
        Samples of parameters: anything with ``names`` and ``samples``, in its ``units`` if it has
        them, or a pair of names and an array of shape ``(m, n)`` in the units of the parameters.
        What has a method ``check`` is asked first whether it may be used.
    covariance : `~gammapy.modeling.Covariance` or `~numpy.ndarray`, optional
        Covariance of the free parameters, see `free_covariance`.
    n_samples : int, optional
        Draws from the covariance, 1000 by default; or how many of the samples to take, in a
        random choice, by default all.
    method : {"sampling", "linear"}, optional
        How a covariance is propagated.
    random_state : int or `~numpy.random.Generator`, optional
        Seed or source of random numbers.

    Returns
    -------
    SampledEnsemble or LinearEnsemble
        The ensemble.

    Raises
    ------
    ValueError
        If options contradict each other or the samples or the covariance cannot be used.
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}: expected one of {', '.join(METHODS)}")
    if n_samples is not None and not n_samples >= 1:
        raise ValueError(f"n_samples: expected a positive number, got {n_samples}")
    if samples is not None:
        if covariance is not None or method != "sampling":
            raise ValueError("samples stand for themselves: leave out covariance and method")
        return _given(model, samples, n_samples, np.random.default_rng(random_state))
    parameters, matrix = free_covariance(model, covariance)
    if method == "linear":
        return LinearEnsemble(parameters, matrix)
    return _drawn(
        parameters, matrix, int(n_samples or N_DRAWS), np.random.default_rng(random_state)
    )


class SampledEnsemble:
    """Samples of parameters; intervals are quantiles.

    Parameters
    ----------
    parameters : list of `~gammapy.modeling.Parameter`
        Parameters that vary.
    rows : `~numpy.ndarray`
        Their values, shape ``(m, n)``.
    """

    def __init__(self, parameters, rows):
        self.parameters = parameters
        self.rows = rows

    def intervals(self, best, values, levels):
        """Median and central intervals.

        Parameters
        ----------
        best : `~numpy.ndarray`
            Quantity at the values of the model, shape ``(...)``.
        values : `~numpy.ndarray`
            Quantity at the rows, shape ``(m, ...)``.
        levels : tuple of float
            Probabilities of the k intervals.

        Returns
        -------
        median, lower, upper : `~numpy.ndarray`
            Median, shape ``(...)``, and ends of the intervals, shape ``(k, ...)``.
        """
        tails = [(1 + sign * level) / 2 for sign in (-1, 1) for level in levels]
        median = np.median(values, axis=0)
        ends = np.quantile(values, tails, axis=0)
        return median, *ends.reshape(2, len(levels), *median.shape)

    def phase_intervals(self, best, values, levels):
        """Median and intervals of directions, complex unit numbers, see `circular_intervals`."""
        return circular_intervals(values, levels)


class LinearEnsemble:
    """Steps to either side in each parameter; intervals are those of a linear propagation.

    Parameters
    ----------
    parameters : list of `~gammapy.modeling.Parameter`
        Parameters that vary, whose values are the best ones.
    covariance : `~numpy.ndarray`
        Their covariance, shape ``(n, n)``.
    """

    def __init__(self, parameters, covariance):
        self.parameters = parameters
        self._error = np.sqrt(np.diag(covariance))
        self._correlation = covariance / np.outer(self._error, self._error)
        best, low, high = _values_and_limits(parameters)
        step = _STEP * self._error
        # one-sided at a limit
        below, above = np.maximum(best - step, low), np.minimum(best + step, high)
        self._distance = (above - below) / self._error
        self.rows = np.concatenate([best + np.diag(above - best), best + np.diag(below - best)])

    def intervals(self, best, values, levels):
        """Best value and symmetric intervals, as `SampledEnsemble.intervals`."""
        up, down = np.split(values, 2)
        error = self._propagated(up - down)
        widths = np.multiply.outer(_sigmas(levels), error)
        return best, best - widths, best + widths

    def phase_intervals(self, best, values, levels):
        """Best value and symmetric intervals of directions, complex unit numbers."""
        up, down = np.split(np.angle(values, deg=True), 2)
        error = self._propagated(wrapped(up - down))
        widths = np.multiply.outer(_sigmas(levels), error)
        ends = whole_where_undetermined(-widths, widths, best == 0)
        return around(np.angle(best, deg=True), *ends)

    def _propagated(self, differences):
        """Standard deviation from differences of the quantity, shape ``(n, ...)``."""
        slopes = np.moveaxis(differences, 0, -1) / self._distance
        variance = np.einsum("...i,ij,...j->...", slopes, self._correlation, slopes)
        return np.sqrt(np.maximum(variance, 0.0))


def _sigmas(levels):
    """Half widths of central intervals of a Gaussian in standard deviations."""
    return norm.ppf((1 + np.asarray(levels)) / 2)


def free_covariance(model, covariance=None):
    """Free parameters with an error, and their covariance.

    Parameters
    ----------
    model : `~gammapy.modeling.models.ModelBase`
        Model.
    covariance : `~gammapy.modeling.Covariance` or `~numpy.ndarray`, optional
        Covariance with the free parameters among its own, or an array for the free parameters in
        the order of the model, shape ``(n, n)``; that of the model by default.

    Returns
    -------
    parameters : list of `~gammapy.modeling.Parameter`
        Free parameters whose variance is not zero; one at its limit has none and stays there.
    covariance : `~numpy.ndarray`
        Their covariance.

    Raises
    ------
    ValueError
        If no parameter has an error, or the covariance does not fit or is not one.
    """
    labels = _labels(model)
    free = [par for par in model.parameters if not par.frozen]
    names = [labels[par] for par in free]
    if covariance is None:
        unknown = [labels[par] for par in free if not np.isfinite(par.error)]
        if unknown:
            raise ValueError(
                f"{', '.join(unknown)}: no finite error, the data say nothing about it; freeze it "
                "and fit again, or pass covariance or samples"
            )
        covariance = model.covariance
    if isinstance(covariance, Covariance):
        missing = [labels[par] for par in free if par not in covariance.parameters]
        if missing:
            raise ValueError(f"the covariance lacks {', '.join(missing)}")
        matrix = np.array(covariance.get_subcovariance(free).data) if free else np.zeros((0, 0))
    else:
        matrix = np.array(covariance, dtype=float)
    if matrix.shape != (len(free), len(free)):
        raise ValueError(
            f"the covariance is of shape {matrix.shape}: expected {(len(free), len(free))}, for "
            f"the free parameters {', '.join(names)}"
        )
    variance = np.diag(matrix)
    if not np.isfinite(matrix).all() or (variance < 0).any():
        raise ValueError("the covariance is not finite, or has negative variances")
    varied = variance > 0
    if not varied.any():
        raise ValueError(
            "no free parameter of the model has an error: fit it first, or pass covariance or "
            "samples"
        )
    kept = [par for par, moves in zip(free, varied, strict=True) if moves]
    return kept, matrix[np.ix_(varied, varied)]


def _drawn(parameters, covariance, n_samples, rng):
    """Draws from a Gaussian that is cut at the limits."""
    best, low, high = _values_and_limits(parameters)
    error = np.sqrt(np.diag(covariance))
    # variances differ by a hundred decades: none of them may enter the factorisation
    correlation = covariance / np.outer(error, error)
    kept, outside = [], np.zeros(len(error), dtype=int)
    for _ in range(_BATCHES):
        try:
            draws = rng.multivariate_normal(
                np.zeros(len(error)),
                correlation,
                n_samples,
                check_valid="raise",
                tol=1e-6,
                method="eigh",
            )
        except ValueError:
            raise ValueError(
                "the covariance is no covariance: it has negative variances in some directions"
            ) from None
        rows = best + error * draws
        beyond = (rows < low) | (rows > high)
        kept.extend(rows[~beyond.any(axis=1)])
        outside += beyond.sum(axis=0)
        if len(kept) >= n_samples:
            return SampledEnsemble(parameters, np.array(kept[:n_samples]))
    worst = parameters[int(np.argmax(outside))]
    raise ValueError(
        f"hardly any draw from the covariance is inside the limits, {worst.name} least of all "
        f"({worst.value:g} +- {error[np.argmax(outside)]:g}, limits {worst.min:g} to "
        f"{worst.max:g}): pass samples of the posterior"
    )


def _given(model, samples, n_samples, rng):
    """Ensemble of given samples."""
    units = getattr(samples, "units", None)
    if hasattr(samples, "samples") and hasattr(samples, "names"):
        if hasattr(samples, "check"):
            samples.check()
        names, rows = samples.names, samples.samples
    else:
        try:
            names, rows = samples
        except (TypeError, ValueError):
            raise TypeError(
                "samples: expected an object with names and samples, or a pair of names and an "
                f"array, got {type(samples).__name__}"
            ) from None
    names, rows = list(names), np.asarray(rows, dtype=float)
    if rows.ndim != 2 or rows.shape[1] != len(names) or not len(rows):
        raise ValueError(
            f"samples: expected shape (m, {len(names)}) for {', '.join(names)}, got {rows.shape}"
        )
    if not np.isfinite(rows).all():
        raise ValueError("samples: expected finite values")
    known = {}
    for par, label in _labels(model).items():
        # the label of a joint likelihood has the model in front where models repeat a name
        known[label] = known[f"{model.name}.{label}"] = par
    nuisances = NuisanceModel.default_parameters.names
    columns = [k for k, name in enumerate(names) if name in known]
    unknown = [x for x in names if x not in known and x.split(".")[-1] not in nuisances]
    if unknown or not columns:
        raise ValueError(
            f"samples: the model has no parameter {', '.join(unknown or names)}; it has "
            f"{', '.join(_labels(model).values())}"
        )
    if n_samples is not None and n_samples < len(rows):
        rows = rows[np.sort(rng.choice(len(rows), int(n_samples), replace=False))]
    parameters = [known[names[k]] for k in columns]
    if units is not None:
        factors = [units[k].to(par.unit) for k, par in zip(columns, parameters, strict=True)]
        return SampledEnsemble(parameters, rows[:, columns] * factors)
    return SampledEnsemble(parameters, rows[:, columns])


def _labels(model):
    """Labels by parameter."""
    return dict(zip(model.parameters, model.parameters_unique_names, strict=True))


def _values_and_limits(parameters):
    """Values, and limits, infinite where open."""
    table = np.array([(par.value, par.min, par.max) for par in parameters], dtype=float)
    value, low, high = table.T
    return value, np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
