"""Priors as probability distributions that end at the limits of the parameters."""

import contextlib

import astropy.units as u
import numpy as np
from gammapy.modeling.models import LogUniformPrior, UniformPrior
from scipy.stats import loguniform, truncnorm, uniform

from ..likelihood.priors import TruncatedPrior, gaussian_in_unit, is_gaussian
from ..likelihood.selection import find_parameters


class PriorDistributions:
    """Prior of the parameters of a likelihood: independent distributions within their limits.

    A parameter without a prior has a uniform one between its limits. Where one of them is open,
    that prior is not proper: its density is one, and it has no quantiles.

    Parameters
    ----------
    likelihood : JointLikelihood
        Likelihood, with its parameters.

    Attributes
    ----------
    improper : list of str
        Labels of the parameters whose prior is not proper.
    logarithmic : `~numpy.ndarray`
        Whether the prior of a parameter is uniform in its logarithm, shape ``(n,)``.

    Raises
    ------
    ValueError
        If a prior has a weight that makes it no distribution, or no probability between the
        limits.
    """

    def __init__(self, likelihood):
        low, high = self._bounds = likelihood.bounds.T
        self.improper, self.logarithmic = [], np.zeros(likelihood.size, dtype=bool)
        gaussian, flat, self._groups = {}, [], []
        for k, (name, par) in enumerate(zip(likelihood.names, likelihood.parameters, strict=True)):
            if par.prior is None and not np.isfinite([low[k], high[k]]).all():
                self.improper.append(name)
            elif par.prior is None:
                flat.append(k)
            elif not low[k] < high[k]:
                raise ValueError(f"{name} has no range: its limits are {low[k]:g} and {high[k]:g}")
            else:
                truncated = TruncatedPrior(par)
                # those of a kind in one call
                if type(par.prior) is UniformPrior:
                    flat.append(k)
                elif type(par.prior) is LogUniformPrior:
                    self.logarithmic[k] = True
                elif is_gaussian(par.prior):
                    gaussian[k] = gaussian_in_unit(par.prior, par.unit)
                else:
                    self._groups.append(([k], truncated))
        if gaussian:
            columns, (mu, sigma) = list(gaussian), np.array(list(gaussian.values())).T
            ends = (low[columns] - mu) / sigma, (high[columns] - mu) / sigma
            self._groups.append((columns, truncnorm(*ends, mu, sigma)))
        if flat:
            self._groups.append((flat, uniform(low[flat], high[flat] - low[flat])))
        scales = np.flatnonzero(self.logarithmic)
        if scales.size:
            self._groups.append((scales, loguniform(low[scales], high[scales])))

    def log_density(self, theta):
        """Logarithm of the density.

        Parameters
        ----------
        theta : array_like
            Values, shape ``(m, n)``.

        Returns
        -------
        `~numpy.ndarray`
            ln(density), shape ``(m,)``, normalised unless a prior is not proper; minus infinity
            outside the limits.
        """
        theta = np.asarray(theta, dtype=float)
        low, high = self._bounds
        inside = ((theta >= low) & (theta <= high) & np.isfinite(theta)).all(axis=1)
        result = np.where(inside, 0.0, -np.inf)
        for columns, distribution in self._groups:
            result[inside] += distribution.logpdf(theta[inside][:, columns]).sum(axis=1)
        return result

    def quantiles(self, cube):
        """Values at cumulative probabilities, for example those of a nested sampler.

        Parameters
        ----------
        cube : array_like
            Probabilities, shape ``(m, n)``.

        Returns
        -------
        `~numpy.ndarray`
            Values, of that shape.

        Raises
        ------
        ValueError
            If the prior of a parameter is not proper.
        """
        if self.improper:
            raise ValueError(
                f"{', '.join(self.improper)}: the prior is flat without end, and the evidence "
                "needs proper ones: set a prior or both limits, or call set_proper_priors(datasets)"
            )
        cube = np.asarray(cube, dtype=float)
        theta = np.empty_like(cube)
        for columns, distribution in self._groups:
            theta[:, columns] = distribution.ppf(cube[:, columns])
        # a quantile may miss its limit by a rounding
        return np.clip(theta, *self._bounds)


@contextlib.contextmanager
def measurements_only(parameters):
    """Leave out priors that are no measurements, that is not Gaussian, for a while.

    The best fit with Gaussian priors does not depend on what a parameter is a function of. The
    maximum of a density does: uniform in the logarithms of six strengths that rise and fall
    together, it is far from the best fit.

    Parameters
    ----------
    parameters : iterable of `~gammapy.modeling.Parameter`
        Parameters. Their limits are their own then, not those of a prior.
    """
    kept = {par: par.prior for par in parameters if par.prior and not is_gaussian(par.prior)}
    for par in kept:
        par.prior = None
    try:
        yield
    finally:
        for par, prior in kept.items():
            par.prior = prior


def prior_text(par):
    """Prior of a parameter in words.

    Parameters
    ----------
    par : `~gammapy.modeling.Parameter`
        Parameter.

    Returns
    -------
    str
        Shape, numbers and unit.
    """
    prior = par.prior
    if prior is None or type(prior) in (UniformPrior, LogUniformPrior):
        shape = "log-uniform" if type(prior) is LogUniformPrior else "uniform"
        return f"{shape}, {par.min:g} to {par.max:g} {par.unit}".replace("nan", "open").rstrip()
    if is_gaussian(prior):
        mu, sigma = gaussian_in_unit(prior, par.unit)
        return f"Gaussian, {mu:g} +- {sigma:g} {par.unit}".rstrip()
    return type(prior).__name__


def set_proper_priors(datasets, factor=10.0, ranges=None):
    """Give a proper prior to every free parameter that has none.

    A parameter between two limits gets a uniform prior. A scale, that is a parameter that cannot
    be negative and has no upper limit, gets a prior uniform in its logarithm, from its lower
    limit, or where that is zero from its present value divided by a factor, to its present value
    times the factor. So call this before a fit, and a prior does not follow from the data. In
    comparisons by evidence a wide prior counts against a parameter: state the ranges.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.
    factor : float, optional
        How far the range of a scale extends from its present value.
    ranges : dict of str to tuple, optional
        Other ranges by name of the parameter: two numbers in its unit, or quantities. The prior
        is uniform in the logarithm if the lower end is positive and the parameter a scale.

    Returns
    -------
    dict of str to `~gammapy.modeling.models.Prior`
        Priors that were set, by label.

    Raises
    ------
    ValueError
        If a parameter is neither a scale nor has two limits, or a range is empty. No prior is set
        then.
    """
    if not factor > 1:
        raise ValueError(f"factor {factor!r}: expected a number above one")
    given = {
        par: _range(label, par, ends)
        for name, ends in (ranges or {}).items()
        for label, par in find_parameters(datasets, name).items()
    }
    parameters = datasets.parameters
    chosen = {}
    for label, par in zip(parameters.labels, parameters, strict=True):
        if par in given:
            low, high = given[par]
        elif par.frozen or par.prior is not None:
            continue
        else:
            low, high = _usual_range(label, par, factor)
        is_scale = par._min >= 0 and np.isnan(par._max)
        cls = LogUniformPrior if low > 0 and is_scale else UniformPrior
        chosen[label] = par, cls(min=low, max=high)
    for par, prior in chosen.values():
        par.prior = prior
    return {label: prior for label, (_, prior) in chosen.items()}


def _usual_range(label, par, factor):
    """Range of a parameter between its limits, or of a scale around its value."""
    if np.isfinite([par.min, par.max]).all():
        return par.min, par.max
    if not (par.min >= 0 and np.isnan(par.max)):
        raise ValueError(
            f"{label} has the limits {par.min:g} and {par.max:g}: give it both, or a prior"
        )
    low, high = par.min if par.min > 0 else par.value / factor, par.value * factor
    if not 0 < low < high:
        raise ValueError(
            f"{label} is {par.value:g}, which gives no range for its prior: pass "
            f"ranges={{{label!r}: (low, high)}}"
        )
    return low, high


def _range(label, par, ends):
    """Range that a user gives, as numbers in the unit of the parameter."""
    low, high = (
        u.Quantity(end).to_value(par.unit) if isinstance(end, str | u.Quantity) else float(end)
        for end in ends
    )
    lowest = par._min if np.isfinite(par._min) else -np.inf
    highest = par._max if np.isfinite(par._max) else np.inf
    if not lowest <= low < high <= highest:
        raise ValueError(
            f"range of {label}: expected two increasing values between {lowest:g} and "
            f"{highest:g} {par.unit}, got {low:g} and {high:g}"
        )
    return low, high
