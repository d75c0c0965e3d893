"""Priors of parameters: their statistic for many values at once, and as distributions."""

import copy

import numpy as np
from gammapy.modeling.models import GaussianPrior, Prior, UniformPrior
from scipy.linalg import block_diag
from scipy.stats import truncnorm

from ..components.correlated_priors import own_prior
from ..components.priors import MeasurementPrior
from .correlated import CorrelatedTerm
from .selection import limits_of

_OFFSET = 100.0
"""How far below its value at the start the level of a prior that is not Gaussian is."""


def is_gaussian(prior):
    """Whether a prior is a Gaussian that this package knows (bool)."""
    return isinstance(prior, MeasurementPrior) or type(prior) is GaussianPrior


def gaussian_in_unit(prior, unit):
    """Mean and standard deviation of a Gaussian prior, its weight included, in a unit (floats)."""
    # gammapy takes the numbers of its own priors to be in the unit of the parameter
    factor = prior.mu.unit.to(unit) if isinstance(prior, MeasurementPrior) else 1.0
    return prior.mu.value * factor, prior.sigma.value * factor / np.sqrt(prior.weight)


class PriorTerms:
    """Priors of all parameters, those of the varied ones as functions of their values.

    Later changes of the priors and parameters are without effect. ``correlated`` are the
    `CorrelatedTerm` of those on several parameters.
    """

    def __init__(self, parameters, varied, correlated=()):
        places = {id(par): column for column, par in enumerate(varied)}
        self._constant, self._others = 0.0, []
        gaussian = []
        for par in parameters:
            prior = own_prior(par)
            if prior is None:
                continue
            if id(par) not in places:
                self._constant += prior(par)
            elif is_gaussian(prior):
                gaussian.append((places[id(par)], *gaussian_in_unit(prior, par.unit)))
                if not isinstance(prior, MeasurementPrior):
                    self._constant += prior.weight * np.log(2 * np.pi * prior.sigma.value**2)
            else:
                # the copy of a Parameter shares its prior
                own, prior = par.copy(), copy.deepcopy(prior)
                own.prior = prior
                self._others.append((places[id(par)], prior, own, prior(par) - _OFFSET))
        columns, self._means, self._sigmas = np.array(gaussian).reshape(-1, 3).T
        terms = [CorrelatedTerm(prior, varied) for prior in correlated]
        self._constant += sum(term.constant for term in terms)
        self.correlated = [term for term in terms if term.size]
        # all pulls are one product: first those of priors on one parameter
        every = [columns, *(term.columns for term in self.correlated)]
        self._columns = np.concatenate(every).astype(int)
        inverses = [term.inverse.T for term in self.correlated]
        self._whitening = block_diag(np.diag(1 / self._sigmas), *inverses)
        self._centre = self._all_means()

    def _all_means(self):
        return np.concatenate([self._means, *(term.mean for term in self.correlated)])

    def pulls(self, theta):
        """Residuals of the Gaussian priors, shape ``(..., k)``."""
        return (theta.take(self._columns, axis=-1) - self._centre) @ self._whitening

    def stat(self, theta):
        """Statistic of all priors, shape ``(...)``."""
        pulls = self.pulls(theta)
        total = np.vecdot(pulls, pulls) + self._constant
        for column, prior, par, _ in self._others:
            total = total + _prior_stat(prior, par, theta[..., column])
        return total

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
        """Gaussian priors with means drawn around the values of the parameters."""
        new = copy.copy(self)
        truth = theta[self._columns[: len(self._means)]]
        new._means = truth + self._sigmas * rng.standard_normal(len(self._sigmas))
        new.correlated = [term.fake(theta, rng) for term in self.correlated]
        new._centre = new._all_means()
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


class TruncatedPrior:
    """Prior of a parameter as a distribution of its values between its limits."""

    def __init__(self, parameter):
        prior = parameter.prior
        low, high = limits_of(parameter)
        if is_gaussian(prior):
            mu, sigma = gaussian_in_unit(prior, parameter.unit)
            self._distribution = truncnorm((low - mu) / sigma, (high - mu) / sigma, mu, sigma)
        elif prior.weight == 1:
            self._distribution = prior._random_variable
        else:
            raise ValueError(
                f"the prior of {parameter.name} has the weight {prior.weight:g}, and is not a "
                "probability distribution: set its weight to 1"
            )
        self._below, above = self._distribution.cdf([low, high])
        self._between = above - self._below
        if not self._between > 0:
            raise ValueError(
                f"the prior of {parameter.name} is zero between the limits {low:g} and {high:g}: "
                "change the prior or the limits"
            )

    def ppf(self, probability):
        """Values at cumulative probabilities, both of any shape."""
        return self._distribution.ppf(self._below + self._between * probability)

    # what gammapy asks for
    _inverse_cdf = ppf

    def logpdf(self, value):
        """Logarithm of the density at values of any shape."""
        return self._distribution.logpdf(value) - np.log(self._between)
