"""Free parameters as samplers want them: labelled, with priors as distributions within limits.

gammapy's `~gammapy.modeling.Sampler` takes quantiles of the priors for values of the parameters,
whatever the unit of the prior and the limits of the parameter. Parameters of `CosmicRayDatasets`
come with priors that know both.
"""

import numpy as np
from scipy.stats import truncnorm

from ..components.priors import MeasurementPrior
from ..models.linking import LabelledParameters
from .joint_likelihood import is_gaussian


class SampledParameters(LabelledParameters):
    """Parameters whose names are their labels, and whose priors end at the limits."""

    def __init__(self, parameters=None, labels=None):
        super().__init__(parameters, labels)
        self._sampled = [_SampledParameter(par) for par in self._parameters]

    @property
    def names(self):
        """Labels (list of str)."""
        return list(getattr(self, "labels", [par.name for par in self._parameters]))

    def __iter__(self):
        return iter(self._sampled)


class _SampledParameter:
    """A parameter with a prior of its own unit that ends at its limits."""

    def __init__(self, parameter):
        self.__dict__["_parameter"] = parameter
        self.__dict__["prior"] = None if parameter.prior is None else TruncatedPrior(parameter)

    def __getattr__(self, name):
        return getattr(self._parameter, name)

    def __setattr__(self, name, value):
        setattr(self._parameter, name, value)


class TruncatedPrior:
    """Prior of a parameter as a distribution of its values between its limits.

    Parameters
    ----------
    parameter : `~gammapy.modeling.Parameter`
        Parameter with a prior.

    Raises
    ------
    ValueError
        If the weight of the prior makes it no distribution, or it has no probability between the
        limits.
    """

    def __init__(self, parameter):
        prior = parameter.prior
        low = parameter.min if np.isfinite(parameter.min) else -np.inf
        high = parameter.max if np.isfinite(parameter.max) else np.inf
        if is_gaussian(prior):
            mu, sigma = gaussian_in_unit(prior, parameter.unit)
            self._distribution = truncnorm((low - mu) / sigma, (high - mu) / sigma, mu, sigma)
        elif prior.weight == 1:
            self._distribution = prior._random_variable
        else:
            raise ValueError(
                f"the prior of {parameter.name} has the weight {prior.weight:g}, which makes it no "
                "probability distribution: leave the weight at 1"
            )
        self._below, above = self._distribution.cdf([low, high])
        self._between = above - self._below
        if not self._between > 0:
            raise ValueError(
                f"the prior of {parameter.name} has no probability between the limits {low:g} and "
                f"{high:g}: change one of them"
            )

    def ppf(self, probability):
        """Values at cumulative probabilities, both of any shape."""
        return self._distribution.ppf(self._below + self._between * probability)

    # what gammapy asks for
    _inverse_cdf = ppf

    def logpdf(self, value):
        """Logarithm of the density at values of any shape."""
        return self._distribution.logpdf(value) - np.log(self._between)


def gaussian_in_unit(prior, unit):
    """Mean and standard deviation of a Gaussian prior, its weight included.

    Parameters
    ----------
    prior : MeasurementPrior or `~gammapy.modeling.models.GaussianPrior`
        Prior.
    unit : `~astropy.units.Unit`
        Unit of the parameter.

    Returns
    -------
    mu, sigma : float
        Numbers in that unit.
    """
    # gammapy takes the numbers of its own priors to be in that unit already
    factor = prior.mu.unit.to(unit) if isinstance(prior, MeasurementPrior) else 1.0
    return prior.mu.value * factor, prior.sigma.value * factor / np.sqrt(prior.weight)
