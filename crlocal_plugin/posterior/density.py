"""The density of a posterior as a function of many sets of values, for any sampler."""

import numpy as np
from gammapy.datasets import Datasets

from ..likelihood.joint_likelihood import JointLikelihood, likelihood_of
from .coordinates import NOWHERE, NormalCoordinates
from .prior_distributions import PriorDistributions, measurements_only

_LOOSE = 0.2  # residual of a coordinate without a normal prior, which must not run away


class PosteriorDensity:
    """Posterior density of the free parameters, for samplers of other packages.

    The priors are normalised between the limits of the parameters, so that an integral over
    ``log_posterior`` is the evidence. All functions take values in the units of the parameters, of
    shape ``(m, n)``, and return shape ``(m,)`` or ``(m, n)``.

    Parameters
    ----------
    datasets : CosmicRayDatasets or JointLikelihood
        Datasets with models, or a likelihood.

    Attributes
    ----------
    names, units : list
        Labels and units of the parameters.
    size : int
        Their number n.
    improper : list of str
        Parameters with a flat prior without limits.
    logarithmic : `~numpy.ndarray` of bool
        Which priors are uniform in the logarithm, shape ``(n,)``.

    Raises
    ------
    ValueError
        If no parameter is free, or a prior is not a probability distribution.
    """

    def __init__(self, datasets):
        self._likelihood = likelihood_of(datasets)
        if self._likelihood.size == 0:
            raise ValueError("no parameter is free: there is nothing to sample")
        self._priors = PriorDistributions(self._likelihood)
        self.names, self.units = self._likelihood.names, self._likelihood.units
        self.size, self.improper = self._likelihood.size, self._priors.improper
        self.logarithmic = self._priors.logarithmic

    def prior_transform(self, cube):
        """Values at cumulative probabilities of the priors, between 0 and 1.

        Raises
        ------
        ValueError
            If a prior is flat without limits.
        """
        return self._priors.quantiles(cube)

    def prior_draws(self, size, random_state=None):
        """Draw values from the priors, shape ``(size, n)``; from any density where one has no end.

        Parameters
        ----------
        size : int
            How many.
        random_state : int or `~numpy.random.Generator`, optional
            Seed or source of random numbers.
        """
        rng = np.random.default_rng(random_state)
        return NormalCoordinates(self._likelihood).values(rng.standard_normal((size, self.size)))

    def log_prior(self, theta):
        """ln(prior), minus infinity outside the limits."""
        return self._priors.log_density(theta)

    def log_posterior(self, theta):
        """ln(prior times likelihood), minus infinity outside the limits."""
        theta = np.asarray(theta, dtype=float)
        result = self.log_prior(theta)
        allowed = np.isfinite(result)
        if allowed.any():
            result[allowed] += self.log_likelihood(theta[allowed])
        return result

    __call__ = log_posterior

    def log_likelihood(self, theta):
        """ln(likelihood) up to a constant of the data.

        Raises
        ------
        ValueError
            If it is not a number, with the values.
        """
        # far out a statistic may overflow: a likelihood of zero
        with np.errstate(over="ignore"):
            result = self._likelihood.log_likelihood(np.asarray(theta, dtype=float))
        if np.isnan(result).any():
            values = zip(self.names, theta[np.isnan(result)][0], strict=True)
            place = ", ".join(f"{name} = {value:g}" for name, value in values)
            raise ValueError(
                f"the statistic is not a number at {place}: set limits that exclude such values"
            )
        return result


class NormalTarget:
    """Density of a posterior at positions of `NormalCoordinates`, with a count of its draws.

    ``fit`` is the likelihood with Gaussian priors alone. Residuals are those of the data, and the
    coordinates themselves, loosely where their prior is not normal. ``bends`` shift the
    coordinates, and ``margins`` stretch them, see the modules.
    """

    def __init__(self, density, likelihood, fit, straight=()):
        self._coordinates, self.size = NormalCoordinates(likelihood, straight), density.size
        self.has_residuals, self.bends, self.margins = fit.is_least_squares, [], None
        self._pulls = np.where(self._coordinates.normal, 1.0, _LOOSE)
        self._density, self._fit, self.calls = density, fit, 0

    def __call__(self, position):
        """ln(density) at positions (m, n), shape (m,)."""
        bent = self.bent(position)
        theta = self._coordinates.values(bent)
        result = self._log_prior(position, bent, theta) + self._density.log_likelihood(theta)
        return np.maximum(result, NOWHERE)

    def residuals(self, position):
        """Residuals (m, k) at positions (m, n)."""
        return self.with_residuals(position)[1]

    def with_residuals(self, position):
        """ln(density) and residuals at positions (m, n), shapes (m,) and (m, k), or None."""
        if not self.has_residuals:
            return self(position), None
        bent = self.bent(position)
        theta = self._coordinates.values(bent)
        with np.errstate(all="ignore"):
            data = self._fit.data_residuals(theta)
        # where a statistic overflows
        data = np.clip(np.nan_to_num(data, nan=1e100), -1e100, 1e100)
        result = self._log_prior(position, bent, theta) - 0.5 * np.vecdot(data, data)
        rows = np.concatenate([data, bent * self._pulls], axis=1)
        return np.maximum(result, NOWHERE), rows

    def values(self, position):
        """Values of the parameters (m, n) at positions (m, n)."""
        return self._coordinates.values(self.bent(position))

    def positions(self, theta):
        """Positions (m, n) of values (m, n)."""
        return self.straightened(self._coordinates.positions(theta))

    def bent(self, position):
        """Coordinates without bends (m, n) at positions (m, n)."""
        if self.margins is not None:
            position = self.margins.values(position)
        for bend in reversed(self.bends):
            position = position + bend(position)
        return position

    def straightened(self, coordinates):
        """Positions (m, n) for coordinates without bends (m, n)."""
        for bend in self.bends:
            coordinates = coordinates - bend(coordinates)
        return coordinates if self.margins is None else self.margins.positions(coordinates)

    def _log_prior(self, position, bent, theta):
        result = self._coordinates.log_prior(bent, theta)
        return result if self.margins is None else result + self.margins.log_slopes(position)


def likelihoods(datasets):
    """Likelihood, and the same with no other priors than Gaussian ones, which has the best fit."""
    likelihood = fit = datasets
    if isinstance(datasets, Datasets):
        likelihood = JointLikelihood(datasets)
        with measurements_only(likelihood.parameters):
            fit = JointLikelihood(datasets, likelihood.parameters)
        fit.bounds = likelihood.bounds
    return likelihood, fit
