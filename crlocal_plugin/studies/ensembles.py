"""Sets of parameter values that stand for the uncertainty of a model.

An ensemble has rows of parameter values at which a quantity is wanted, and makes intervals from
the quantity there: quantiles of samples, or a linear propagation of the covariance.
"""

import numpy as np
from gammapy.modeling import Covariance
from scipy.stats import norm

from ..messages import unknown_name
from ..models.nuisance import NuisanceModel

LEVELS = (0.6827, 0.9545)  # probabilities of one and two standard deviations of a Gaussian
N_DRAWS = 1000  # draws from a covariance, unless a number is given
METHODS = ("sampling", "linear")
_BATCHES = 1000  # times that a full set is drawn before the limits count as out of reach
_STEP = 1e-4  # step of the derivatives in standard deviations
_CHUNK = 100_000  # numbers that are evaluated at once, however many samples there are
HALF = 180.0  # width in deg from which on an interval says nothing about a direction
# Rayleigh's statistic, number of samples times the squared length of their mean: below it,
# directions are compatible with a uniform distribution at 1 %, exp(-4.6)
_UNIFORM = 4.6


def make_ensemble(
    model,
    levels=LEVELS,
    samples=None,
    covariance=None,
    n_samples=None,
    method="sampling",
    random_state=0,
):
    """Ensemble of a model, whose current values are the best ones; options as for `propagate`."""
    levels = tuple(float(level) for level in np.ravel(levels))
    if not levels or not all(0 < level < 1 for level in levels):
        raise ValueError(f"levels: expected probabilities between 0 and 1, got {levels}")
    if method not in METHODS:
        raise ValueError(unknown_name(method, METHODS, "method "))
    if n_samples is not None and not n_samples >= 1:
        raise ValueError(f"n_samples: expected a positive number, got {n_samples}")
    rng = np.random.default_rng(random_state)
    if samples is not None:
        if covariance is not None or method != "sampling":
            raise ValueError("samples need neither: leave out covariance and method")
        return SampledEnsemble(model, levels, *_given(model, samples, n_samples, rng))
    parameters, matrix = _free_covariance(model, covariance)
    if method == "linear":
        ensemble = LinearEnsemble(model, levels, parameters, matrix)
    else:
        rows = _drawn(parameters, matrix, int(n_samples or N_DRAWS), rng)
        ensemble = SampledEnsemble(model, levels, parameters, rows)
        ensemble.is_drawn = True
    if covariance is None:
        ensemble.undetermined = [par for par in model.parameters if _is_undetermined(par)]
    return ensemble


def _is_undetermined(par):
    """Whether a fit has left a free parameter without an error, away from its limits."""
    ends = np.nan_to_num([par.min, par.max], nan=np.inf)
    at_limit = np.abs(par.value - ends).min() <= 1e-6 * max(abs(par.value), par.scale)
    return not par.frozen and par.error == 0 and not at_limit


_ELSEWHERE, _RESTS = (1 / 3, 3.0), 1e-3
"""Factors of a parameter without an error at which a quantity is asked whether it depends on it,
and relative change from which on it does."""

_OUTSIDE = 0.5
"""How far a best value may be outside its band, in widths of the band."""


class SampledEnsemble:
    """Samples of parameters, one row each, shape (m, n); intervals are quantiles."""

    def __init__(self, model, levels, parameters, rows):
        self.model, self.levels = model, levels
        self.parameters, self.rows = parameters, rows
        # without samples of a posterior, what a covariance does not know
        self.undetermined, self.is_drawn = [], False

    def _check_undetermined(self, evaluate):
        """Refuse a quantity that depends on parameters without an error.

        ``evaluate`` takes an ensemble and gives the quantity at its rows.
        """
        for par in self.undetermined:
            rows = np.array([1.0, *_ELSEWHERE])[:, np.newaxis] * (par.value or par.scale)
            here, *there = evaluate(SampledEnsemble(self.model, self.levels, [par], rows))
            if any((np.abs(x - here) > _RESTS * np.abs(here)).any() for x in there):
                raise ValueError(
                    f"the band depends on {_labels(self.model)[par]}, which the data do not "
                    "determine and which has no error: freeze it and fit again, or pass "
                    "samples of the posterior"
                )

    def evaluate(self, function):
        """Function of values, as from ``model.evaluator.values()``, at these and at the rows."""
        self._check_undetermined(lambda others: others.evaluate(function)[1])
        evaluator = self.model.evaluator
        values = evaluator.values()
        best = function(values)
        if evaluator.foreign.intersection(self.parameters):
            # models of other packages read their Parameters themselves
            return best, self.one_by_one(lambda: function(evaluator.values()), best.shape)
        places = {par: place for place, par in enumerate(evaluator.parameters)}
        blocks, size = [], max(1, _CHUNK // max(best.size, 1))
        for start in range(0, len(self.rows), size):
            rows = self.rows[start : start + size]
            for par, column in zip(self.parameters, rows.T, strict=True):
                values[places[par]] = column[:, np.newaxis] * evaluator.factors[places[par]]
            # a quantity on which no varied parameter has an influence comes once
            blocks.append(np.broadcast_to(function(values), (len(rows), *best.shape), subok=True))
        return best, np.concatenate(blocks)

    def one_by_one(self, function, shape):
        """Numbers of a shape at the rows, with the Parameters of the model set."""
        self._check_undetermined(lambda others: others.one_by_one(function, shape))
        results = []
        with self.model.parameters.restore_status():
            for row in self.rows:
                for par, value in zip(self.parameters, row, strict=True):
                    par.value = value
                results.append(function())
        values = np.stack(results)
        if values.shape[1:] != shape or not np.isfinite(values).all():
            raise ValueError(
                "the quantity is not finite, or changes its shape, within the uncertainties of the "
                "parameters"
            )
        return values

    def intervals(self, best, values):
        """Median and ends of the intervals of a quantity, see `central_intervals`.

        ValueError if draws from a covariance are not where the best value is.
        """
        median, lower, upper = central_intervals(values, self.levels)
        if self.is_drawn:
            outside = np.maximum(lower - best, best - upper) > _OUTSIDE * (upper - lower)
            if outside.any():
                place = np.unravel_index(np.argmax(outside), outside.shape)
                low, high, line = lower[place], upper[place], best[place[1:]]
                raise ValueError(
                    f"the band from the covariance does not contain its own best fit ({line:.3g}, "
                    f"band {low:.3g} to {high:.3g}): the errors are too large for a covariance; "
                    "pass samples of the posterior"
                )
        return median, lower, upper

    def phase_intervals(self, best, directions):
        """The same of complex unit numbers, see `circular_intervals`."""
        return circular_intervals(directions, self.levels)


class LinearEnsemble(SampledEnsemble):
    """Steps to either side in each parameter; intervals are those of a linear propagation."""

    def __init__(self, model, levels, parameters, covariance):
        self._error = np.sqrt(np.diag(covariance))
        self._correlation = covariance / np.outer(self._error, self._error)
        best, low, high = _values_and_limits(parameters)
        step = _STEP * self._error
        # one-sided at a limit
        below, above = np.maximum(best - step, low), np.minimum(best + step, high)
        self._distance = (above - below) / self._error
        rows = np.concatenate([best + np.diag(above - best), best + np.diag(below - best)])
        super().__init__(model, levels, parameters, rows)

    def intervals(self, best, values):
        """Best value and symmetric intervals."""
        up, down = np.split(values, 2)
        widths = self._widths(up - down)
        return best, best - widths, best + widths

    def phase_intervals(self, best, directions):
        """The same of complex unit numbers, see `circular_intervals`."""
        up, down = np.split(np.angle(directions, deg=True), 2)
        widths = self._widths(wrapped(up - down))
        return intervals_around(np.angle(best, deg=True), -widths, widths, best == 0)

    def _widths(self, differences):
        """Half widths of the intervals (k, ...) from differences of the quantity (n, ...)."""
        slopes = np.moveaxis(differences, 0, -1) / self._distance
        variance = np.einsum("...i,ij,...j->...", slopes, self._correlation, slopes)
        sigmas = norm.ppf((1 + np.asarray(self.levels)) / 2)
        return np.multiply.outer(sigmas, np.sqrt(np.maximum(variance, 0.0)))


def _free_covariance(model, covariance):
    """Free parameters with an error, and their covariance; one at its limit has none and stays."""
    labels = _labels(model)
    free = [par for par in model.parameters if not par.frozen]
    if covariance is None:
        unknown = ", ".join(labels[par] for par in free if not np.isfinite(par.error))
        if unknown:
            raise ValueError(
                f"{unknown}: no finite error, the data do not determine it: freeze it and fit "
                "again, or pass covariance or samples"
            )
        covariance = model.covariance
    if isinstance(covariance, Covariance):
        missing = ", ".join(labels[par] for par in free if par not in covariance.parameters)
        if missing:
            raise ValueError(f"the covariance lacks {missing}")
        covariance = covariance.get_subcovariance(free).data if free else np.zeros((0, 0))
    matrix, expected = np.array(covariance, dtype=float), (len(free), len(free))
    if matrix.shape != expected:
        raise ValueError(
            f"the covariance is of shape {matrix.shape}: expected {expected}, for the free "
            f"parameters {', '.join(labels[par] for par in free)}"
        )
    variance = np.diag(matrix)
    if not np.isfinite(matrix).all() or (variance < 0).any():
        raise ValueError("the covariance is not finite, or has negative variances")
    varied = np.flatnonzero(variance)
    if not varied.size:
        raise ValueError(
            "no free parameter of the model has an error: fit it first, or pass covariance or "
            "samples"
        )
    return [free[k] for k in varied], matrix[np.ix_(varied, varied)]


def _drawn(parameters, covariance, n_samples, rng):
    """Draws from a Gaussian that is cut at the limits, one row each."""
    best, low, high = _values_and_limits(parameters)
    error = np.sqrt(np.diag(covariance))
    # variances differ by a hundred decades: none of them may enter the factorisation
    correlation = covariance / np.outer(error, error)
    if np.linalg.eigvalsh(correlation).min() < -1e-6:
        raise ValueError(
            "the covariance is not positive definite: it has negative variances in some directions"
        )
    options = {"mean": np.zeros(len(error)), "cov": correlation, "size": n_samples}
    kept, outside = [], np.zeros(len(error), dtype=int)
    for _ in range(_BATCHES):
        draws = rng.multivariate_normal(**options, check_valid="ignore", method="eigh")
        rows = best + error * draws
        beyond = (rows < low) | (rows > high)
        kept.extend(rows[~beyond.any(axis=1)])
        outside += beyond.sum(axis=0)
        if len(kept) >= n_samples:
            return np.array(kept[:n_samples])
    k = int(np.argmax(outside))
    worst = parameters[k]
    raise ValueError(
        f"hardly any draw from the covariance is inside the limits, {worst.name} least of all "
        f"({worst.value:g} +- {error[k]:g}, limits {worst.min:g} to {worst.max:g}): pass samples "
        "of the posterior"
    )


def _given(model, samples, n_samples, rng):
    """Parameters, and rows of their values, of given samples."""
    if hasattr(samples, "check"):
        samples.check()
    try:
        is_pair = not (hasattr(samples, "samples") and hasattr(samples, "names"))
        names, rows = samples if is_pair else (samples.names, samples.samples)
    except (TypeError, ValueError):
        raise TypeError(
            "samples: expected an object with names and samples, or a pair of names and an array, "
            f"got {type(samples).__name__}"
        ) from None
    names, rows = list(names), np.asarray(rows, dtype=float)
    if rows.ndim != 2 or rows.shape[1] != len(names) or not len(rows):
        raise ValueError(
            f"samples: expected shape (m, {len(names)}) for {', '.join(names)}, got {rows.shape}"
        )
    if not np.isfinite(rows).all():
        raise ValueError("samples: expected finite values")
    labels = _labels(model)
    # the label of a joint likelihood has the model in front where models repeat a name
    known = {f"{model.name}.{label}": par for par, label in labels.items()}
    known |= {label: par for par, label in labels.items()}
    nuisances = NuisanceModel.default_parameters.names
    columns = [k for k, name in enumerate(names) if name in known]
    unknown = [x for x in names if x not in known and x.split(".")[-1] not in nuisances]
    if unknown or not columns:
        raise ValueError(
            f"samples: the model has no parameter {', '.join(unknown or names)}; it has "
            f"{', '.join(labels.values())}"
        )
    if n_samples is not None and n_samples < len(rows):
        rows = rows[np.sort(rng.choice(len(rows), int(n_samples), replace=False))]
    parameters = [known[names[k]] for k in columns]
    if getattr(samples, "units", None) is None:
        return parameters, rows[:, columns]
    factors = [samples.units[k].to(known[names[k]].unit) for k in columns]
    return parameters, rows[:, columns] * factors


def _labels(model):
    """Labels by parameter."""
    return dict(zip(model.parameters, model.parameters_unique_names, strict=True))


def _values_and_limits(parameters):
    """Values, and limits, infinite where open."""
    table = np.array([(par.value, par.min, par.max) for par in parameters], dtype=float)
    # an open end is nan
    return np.where(np.isnan(table), (np.nan, -np.inf, np.inf), table).T


def central_intervals(values, levels):
    """Median (...) of samples (m, ...), and lower and upper ends (k, ...) of central intervals."""
    tails = [(1 + sign * level) / 2 for sign in (-1, 1) for level in levels]
    median = np.median(values, axis=0)
    return median, *np.quantile(values, tails, axis=0).reshape(2, len(levels), *median.shape)


def circular_intervals(directions, levels):
    """Median in deg, 0 to 360, and ends of central intervals, of directions exp(i angle), (m, ...).

    A direction is zero where there is none. Half of the samples lie within half a circle to either
    side of the median. The ends are continuous around it, lower <= median <= upper. An interval of
    half the circle or more, and every interval of directions that are compatible with a uniform
    distribution (Rayleigh's test at 1 %), is the whole circle.
    """
    mean = directions.mean(axis=0)
    angles = np.angle(directions, deg=True)
    centre = np.angle(mean, deg=True)
    # the circle is cut opposite to the centre, which then moves to the median of what is there
    for _ in range(20):
        shift = np.median(wrapped(angles - centre), axis=0)
        centre = centre + shift
        if np.all(np.abs(shift) < 1e-9):
            break
    _, below, above = central_intervals(wrapped(angles - centre), levels)
    uniform = len(directions) * np.abs(mean) ** 2 < _UNIFORM
    return intervals_around(centre, below, above, uniform)


def wrapped(angle):
    """Angles between -180 and 180 deg."""
    return (np.asarray(angle) + 180.0) % 360.0 - 180.0


def intervals_around(median, below, above, undetermined):
    """Median in deg, 0 to 360, and ends of intervals around it, from the ends minus the median."""
    median = np.asarray(median) % 360.0
    # intervals that are too wide, and all of them where there is no direction
    whole = (above - below >= HALF) | undetermined
    return median, median + np.where(whole, -180.0, below), median + np.where(whole, 180.0, above)
