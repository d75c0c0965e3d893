"""The joint likelihood as a function of the values of the free parameters."""

import copy

import astropy.units as u
import numpy as np
from gammapy.modeling.models import GaussianPrior, Prior, UniformPrior

from ..components.parameters import DEFINITIONS
from ..components.priors import MeasurementPrior
from ..physics.memory import keep_freed_memory
from .descent import stays_positive

CHUNK = 100_000
"""Numbers in an array that is evaluated at once: 800 kB, few enough for the processor's cache."""

_OFFSET = 100.0
"""How far below its value at the start the level of a prior that is not Gaussian is."""

STEP = 1e-4
"""Step of the derivatives in natural scales."""


class JointLikelihood:
    """Statistic of datasets as a function of the values of their free parameters.

    A likelihood is a picture of the datasets at the moment at which it is made: which parameters
    are free, values of the frozen ones, priors, masks, data. Make another one after a change.
    Values are in the units of the parameters, in the order of ``names``; all functions take one
    set of them, shape ``(n,)``, or many, shape ``(m, n)``.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.
    parameters : list of `~gammapy.modeling.Parameter`, optional
        Parameters that are varied; by default all that are free.

    Attributes
    ----------
    parameters : list of `~gammapy.modeling.Parameter`
        Parameters that are varied.
    names : list of str
        Their labels, such as ``"V_sun"`` or ``"He.Q_0b"``.
    units : list of `~astropy.units.Unit`
        Their units.
    bounds : `~numpy.ndarray`
        Their limits, infinite where open, shape ``(n, 2)``.
    values : `~numpy.ndarray`
        Their values when the likelihood was made, shape ``(n,)``.
    is_position : `~numpy.ndarray` of bool
        Which are positions among hadronic models, where zero is a place like others, shape
        ``(n,)``.

    Raises
    ------
    ValueError
        If a dataset has no model.

    Examples
    --------
    ``likelihood(likelihood.values)`` is ``datasets.stat_sum()``, and ``likelihood(samples)`` has
    one value for each row.
    """

    def __init__(self, datasets, parameters=None):
        everything = datasets.parameters
        labels = dict(zip(everything, everything.labels, strict=True))
        if parameters is None:
            parameters = [par for par in everything if not par.frozen]
        self.parameters = list(parameters)
        self.names = [labels.get(par, par.name) for par in self.parameters]
        self.units = [par.unit for par in self.parameters]
        limits = np.array([(par.min, par.max) for par in self.parameters], dtype=float)
        limits = limits.reshape(-1, 2)
        self.bounds = np.where(np.isnan(limits), (-np.inf, np.inf), limits)
        self.values = np.array([par.value for par in self.parameters], dtype=float)
        self.is_position = np.array([p.name == "hadronic" for p in self.parameters], dtype=bool)
        fused, others = datasets._fusion()
        self._parts = [_Part(part, self.parameters) for part in fused]
        self._priors = _Priors(datasets._used_parameters(), self.parameters)
        # what only gammapy's objects can evaluate: Parameters are set, one row after another
        foreign = set().union(*(part.fused.evaluator.foreign for part in self._parts))
        is_slow = others or datasets._penalties or foreign.intersection(self.parameters)
        self._slow = datasets if is_slow else None
        self._spans = np.array([_span(par) for par in self.parameters])

    @property
    def size(self):
        """Number of parameters (int)."""
        return len(self.names)

    @property
    def is_least_squares(self):
        """Whether the statistic is the sum of squared `residuals`, up to a constant (bool)."""
        if self._slow is None:
            return True
        return self._slow.is_least_squares and not self._priors.has_others

    def __getstate__(self):
        # Parameters and datasets stay where they are; what is batched needs neither
        if self._slow is not None:
            return self.__dict__
        return {**self.__dict__, "parameters": None}

    # ----------------------------------------------------------------- evaluation

    def __call__(self, theta):
        """Statistic with priors, equal to ``datasets.stat_sum()`` at these values.

        Parameters
        ----------
        theta : array_like
            Values, shape ``(n,)`` or ``(m, n)``.

        Returns
        -------
        float or `~numpy.ndarray`
            Statistic, shape ``()`` or ``(m,)``.

        Raises
        ------
        ValueError
            If the shape does not fit.
        """
        theta = self._checked(theta)
        if self._slow is not None:
            return self._one_by_one(theta, self._slow.stat_sum)
        return self._stat(theta) + self._priors.stat(theta)

    def log_likelihood(self, theta):
        """Logarithm of the likelihood of the data alone, up to a constant.

        Parameters
        ----------
        theta : array_like
            Values, shape ``(n,)`` or ``(m, n)``.

        Returns
        -------
        float or `~numpy.ndarray`
            ln(likelihood), shape ``()`` or ``(m,)``.
        """
        theta = self._checked(theta)
        if self._slow is not None:
            return -0.5 * self._one_by_one(theta, self._slow.stat_sum_likelihood)
        return -0.5 * self._stat(theta)

    def log_prior(self, theta):
        """Logarithm of the prior, up to a constant; minus infinity outside the limits.

        Parameters
        ----------
        theta : array_like
            Values, shape ``(n,)`` or ``(m, n)``.

        Returns
        -------
        float or `~numpy.ndarray`
            ln(prior), shape ``()`` or ``(m,)``. A parameter without a prior has a flat one.
        """
        theta = self._checked(theta)
        low, high = self.bounds.T
        inside = ((theta >= low) & (theta <= high)).all(axis=-1)
        result = np.where(inside, -0.5 * self._priors.stat(theta), -np.inf)
        return float(result) if theta.ndim == 1 else result

    def log_posterior(self, theta):
        """Logarithm of the posterior density, up to a constant; -inf outside the limits.

        Parameters
        ----------
        theta : array_like
            Values, shape ``(n,)`` or ``(m, n)``.

        Returns
        -------
        float or `~numpy.ndarray`
            ln(posterior), shape ``()`` or ``(m,)``.
        """
        theta = self._checked(theta)
        result = np.atleast_1d(self.log_prior(theta))
        rows = np.atleast_2d(theta)
        allowed = np.isfinite(result)
        if allowed.any():
            result[allowed] += self.log_likelihood(rows[allowed])
        return float(result[0]) if theta.ndim == 1 else result

    def residuals(self, theta):
        """Residuals of all points in the fit, and of the priors.

        Parameters
        ----------
        theta : array_like
            Values, shape ``(n,)`` or ``(m, n)``.

        Returns
        -------
        `~numpy.ndarray`
            Residuals, shape ``(k,)`` or ``(m, k)``, see `is_least_squares`.
        """
        theta = self._checked(theta)
        if self._slow is not None:
            return self._one_by_one(theta, self._slow.residuals)
        blocks = [part.residuals(theta) for part in self._parts]
        return np.concatenate([*blocks, self._priors.residuals(theta)], axis=-1)

    def jacobian(self, theta):
        """Derivatives of the residuals, by central differences.

        Parameters
        ----------
        theta : array_like
            Values, shape ``(n,)`` or ``(m, n)``.

        Returns
        -------
        `~numpy.ndarray`
            Derivatives, shape ``(k, n)`` or ``(m, k, n)``; one-sided at a limit.
        """
        theta = self._checked(theta)
        step = STEP * self.scales_at(theta)
        low, high = self.bounds.T
        # not beyond a limit, unless the value itself is there
        below = np.where(theta - step < low, theta, theta - step)
        above = np.where(theta + step > high, theta, theta + step)
        moved = np.repeat(theta[..., np.newaxis, :], 2 * self.size, axis=-2)
        k = np.arange(self.size)
        moved[..., k, k], moved[..., self.size + k, k] = below, above
        residuals = self.residuals(moved.reshape(-1, self.size))
        residuals = residuals.reshape(*moved.shape[:-1], residuals.shape[-1])
        difference = residuals[..., self.size :, :] - residuals[..., : self.size, :]
        return np.swapaxes(difference / (above - below)[..., np.newaxis], -1, -2)

    def scales_at(self, theta):
        """Changes that would matter: the value of a positive quantity, else a tenth of its range.

        Parameters
        ----------
        theta : array_like
            Values, shape ``(..., n)``.

        Returns
        -------
        `~numpy.ndarray`
            Natural scales, of that shape. A quantity at zero has the optimiser's unit of it.
        """
        positive = stays_positive(self) & (theta > 0)
        return np.where(positive, theta, self._spans)

    def _checked(self, theta):
        theta = np.asarray(theta, dtype=float)
        if theta.ndim not in (1, 2) or theta.shape[-1] != self.size:
            raise ValueError(
                f"expected values of {', '.join(self.names)}, in an array of shape ({self.size},) "
                f"or (m, {self.size}), got shape {theta.shape}"
            )
        return theta

    def _stat(self, theta):
        """Statistic of the data."""
        total = sum(part.stat(theta) for part in self._parts)
        return float(total) if theta.ndim == 1 else total + np.zeros(len(theta))

    def _one_by_one(self, theta, function):
        """Results of a function of the current parameter values, which are restored."""
        before = [par.value for par in self.parameters]
        try:
            results = []
            for row in np.atleast_2d(theta):
                self.assign(row)
                results.append(function())
        finally:
            self.assign(before)
        return results[0] if theta.ndim == 1 else np.array(results)

    # ----------------------------------------------------------------- other likelihoods

    def assign(self, theta):
        """Set the parameters of the models to values.

        Parameters
        ----------
        theta : array_like
            Values, shape ``(n,)``.
        """
        for par, value in zip(self.parameters, theta, strict=True):
            par.value = value

    def fake(self, theta, random_state=None):
        """Likelihood of simulated data.

        Data points are drawn around the model with the errors that count in the fit, floors
        included, and keep these errors. A prior stands for a measurement by others, which is
        drawn too: around the value of its parameter with the width of the prior. Upper limits
        and priors that are not Gaussian stay as they are.

        Parameters
        ----------
        theta : array_like
            True values, shape ``(n,)``.
        random_state : int or `~numpy.random.Generator`, optional
            Seed or source of random numbers.

        Returns
        -------
        JointLikelihood
            Likelihood of the same parameters.

        Raises
        ------
        ValueError
            If some of the statistic is not known to this package: datasets of other packages,
            penalties, free parameters of models of other packages.
        """
        theta = self._checked(theta)
        if self._slow is not None:
            raise ValueError(
                "data can be simulated for the datasets and models of this package alone; leave "
                "out penalties and datasets of other packages, and freeze parameters of models of "
                "other packages"
            )
        rng = np.random.default_rng(random_state)
        new = copy.copy(self)
        new._parts = [part.fake(theta, rng) for part in self._parts]
        new._priors = self._priors.fake(theta, rng)
        return new


def _span(par):
    """Natural scale of a parameter that is not positive: a tenth of its range.

    A quantity at zero has the optimiser's unit, which is one before a first fit: then that of the
    paper tells.
    """
    span = (par.max - par.min) / 10
    if np.isfinite(span):
        return span
    known = DEFINITIONS.get(par.name)
    if par.value == 0 and par.scale == 1 and known:
        return u.Unit(known.unit).to(par.unit, known.value) or 1.0
    return abs(par.value) or par.scale


class _Part:
    """A fused likelihood, and where the varied values go in it."""

    def __init__(self, fused, parameters):
        self.fused = fused
        self._values = fused.values()
        places = {id(par): place for place, par in enumerate(fused.parameters)}
        self._columns = [
            (column, places[id(par)], fused.factors[places[id(par)]])
            for column, par in enumerate(parameters)
            if id(par) in places
        ]

    def _values_at(self, theta):
        values = list(self._values)
        if theta.ndim == 1:
            for column, place, factor in self._columns:
                values[place] = float(theta[column]) * factor
        else:
            for column, place, factor in self._columns:
                values[place] = theta[:, column, np.newaxis] * factor
        return values

    def residuals(self, theta):
        """Residuals, shape ``(k,)`` or ``(m, k)``."""
        if theta.ndim == 1:
            return self.fused.residuals(self._values_at(theta))
        result = np.empty((len(theta), self.fused.size))
        for rows in self._chunks(theta):
            result[rows] = self.fused.residuals(self._values_at(theta[rows]))
        return result

    def _chunks(self, theta):
        """Slices of sets of parameters."""
        keep_freed_memory()
        size = max(1, CHUNK // max(self.fused.n_points, 1))
        return [slice(start, start + size) for start in range(0, len(theta), size)]

    def stat(self, theta):
        """Statistic, shape ``()`` or ``(m,)``."""
        if theta.ndim == 1:
            residuals = self.residuals(theta)
            return residuals @ residuals
        result = np.empty(len(theta))
        for rows in self._chunks(theta):
            residuals = self.fused.residuals(self._values_at(theta[rows]))
            result[rows] = np.vecdot(residuals, residuals)
        return result

    def fake(self, theta, rng):
        """Part with simulated data."""
        new = copy.copy(self)
        new.fused = self.fused.fake(self._values_at(theta), rng)
        return new


def is_gaussian(prior):
    """Whether a prior is a Gaussian that this package knows (bool)."""
    return isinstance(prior, MeasurementPrior) or type(prior) is GaussianPrior


def gaussian_factor(par):
    """Factor from the unit of a parameter to that of its Gaussian prior (float)."""
    # gammapy takes the numbers of its priors to be in the unit of the parameter
    own = isinstance(par.prior, MeasurementPrior)
    return par.unit.to(par.prior.mu.unit) if own else 1.0


class _Priors:
    """Priors of all parameters, those of the varied ones as functions of their values."""

    def __init__(self, parameters, varied):
        places = {id(par): column for column, par in enumerate(varied)}
        self._constant, self._others = 0.0, []
        columns, factors, means, sigmas, weights = [], [], [], [], []
        for par in parameters:
            prior = par._prior
            if prior is None:
                continue
            if id(par) not in places:
                self._constant += prior(par)
            elif is_gaussian(prior):
                columns.append(places[id(par)])
                factors.append(gaussian_factor(par))
                means.append(prior.mu.value)
                sigmas.append(prior.sigma.value)
                weights.append(np.sqrt(prior.weight))
                if not isinstance(prior, MeasurementPrior):
                    self._constant += prior.weight * np.log(2 * np.pi * prior.sigma.value**2)
            else:
                self._others.append((places[id(par)], prior, par.copy(), prior(par) - _OFFSET))
        self._columns = np.array(columns, dtype=int)
        self._factors, self._means = np.array(factors), np.array(means)
        self._sigmas, self._weights = np.array(sigmas), np.array(weights)

    def pulls(self, theta):
        """Residuals of the Gaussian priors, shape ``(..., k)``."""
        values = theta[..., self._columns] * self._factors
        return (values - self._means) * (self._weights / self._sigmas)

    def stat(self, theta):
        """Statistic of all priors, shape ``(...)``."""
        pulls = self.pulls(theta)
        total = np.vecdot(pulls, pulls) + self._constant
        for column, prior, par, _ in self._others:
            total = total + _prior_stat(prior, par, theta[..., column])
        return total

    @property
    def has_others(self):
        """Whether there are priors that are neither Gaussian nor flat (bool)."""
        return any(not isinstance(prior, UniformPrior) for _, prior, _, _ in self._others)

    def residuals(self, theta):
        """Residuals whose squares are the statistic up to a constant, shape ``(..., k)``.

        A prior that is not Gaussian enters as the root of its statistic above a level so low that
        the statistic does not come near it: the gradient of the sum of squares is exact.
        """
        blocks = [self.pulls(theta)]
        for column, prior, par, level in self._others:
            if not isinstance(prior, UniformPrior):
                rise = _prior_stat(prior, par, theta[..., column]) - level
                blocks.append(np.sqrt(np.maximum(rise, 0.0))[..., np.newaxis])
        return np.concatenate(blocks, axis=-1)

    def fake(self, theta, rng):
        """Gaussian priors with drawn means."""
        new = copy.copy(self)
        true = theta[self._columns] * self._factors
        new._means = true + self._sigmas * rng.standard_normal(len(true))
        return new


def _prior_stat(prior, par, values):
    """Statistic of a prior of any shape for an array of values."""
    if type(prior).__call__ is Prior.__call__:
        arguments = {p.name: p.value for p in prior.parameters}
        return prior.weight * np.asarray(prior.evaluate(values, **arguments))
    result = np.empty(np.shape(values))
    for place, value in np.ndenumerate(values):
        par.value = value
        result[place] = prior(par)
    return result
