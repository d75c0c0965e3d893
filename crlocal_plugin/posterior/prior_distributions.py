"""Priors as probability distributions that end at the limits of the parameters."""

import contextlib

import astropy.units as u
import numpy as np
from gammapy.modeling.models import LogUniformPrior, UniformPrior
from scipy.stats import loguniform, uniform

from ..components.parameters import DEFINITIONS
from ..likelihood.correlated import TruncatedGaussian
from ..likelihood.descent import COLLAPSED
from ..likelihood.priors import TruncatedPrior, gaussian_in_unit, is_gaussian
from ..likelihood.selection import find_parameters


class PriorDistributions:
    """Prior of the parameters of a likelihood: distributions within their limits.

    They are independent, apart from those of correlated priors.
    A parameter without a prior has a uniform one between its limits. Where one of them is open,
    that prior is not proper, and the parameter is among those that are ``improper`` (list of
    str): its density is one, and it has no quantiles. ``logarithmic`` tells which priors are
    uniform in the logarithm, shape (n,).
    """

    def __init__(self, likelihood):
        low, high = self._bounds = likelihood.bounds.T
        self.improper, self.logarithmic = [], np.zeros(likelihood.size, dtype=bool)
        own, flat, logarithmic = [], [], self.logarithmic
        together = set()
        # a likelihood of one's own may have none
        for term in getattr(likelihood, "correlated_priors", ()):
            columns = term.columns
            names = [likelihood.names[k] for k in columns]
            limited = TruncatedGaussian(term, names, low[columns], high[columns])
            own.append((columns, limited))
            together.update(columns)
        for k, (name, par) in enumerate(zip(likelihood.names, likelihood.parameters, strict=True)):
            if k in together:
                continue
            if par.prior is not None:
                if not low[k] < high[k]:
                    limits = f"{low[k]:g} and {high[k]:g}"
                    raise ValueError(f"{name} has no range: its limits are {limits}")
                # refuses what is no distribution
                truncated = TruncatedPrior(par)
            if type(par.prior) is LogUniformPrior:
                logarithmic[k] = True
            elif type(par.prior) not in (UniformPrior, type(None)):
                own.append(([k], truncated))
            elif par.prior or np.isfinite(likelihood.bounds[k]).all():
                flat.append(k)
            else:
                self.improper.append(name)
        # those of a kind in one call
        self._groups = [
            *own,
            (flat, uniform(low[flat], high[flat] - low[flat])),
            (logarithmic, loguniform(low[logarithmic], high[logarithmic])),
        ]

    def log_density(self, theta):
        """ln(density) of values (m, n), shape (m,), minus infinity outside the limits.

        It is normalised unless a prior is not proper.
        """
        theta = np.asarray(theta, dtype=float)
        low, high = self._bounds
        inside = ((theta >= low) & (theta <= high) & np.isfinite(theta)).all(axis=1)
        result = np.where(inside, 0.0, -np.inf)
        for columns, distribution in self._groups:
            result[inside] += distribution.logpdf(theta[inside][:, columns]).sum(axis=1)
        return result

    def quantiles(self, cube):
        """Values at cumulative probabilities, both of shape (m, n)."""
        if self.improper:
            raise ValueError(
                f"{', '.join(self.improper)}: the prior is flat without limits, and an evidence "
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
    together, it is far from the best fit. Limits that came with a prior stay.
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
    """Shape, numbers and unit of the prior of a parameter (str)."""
    prior = par.prior
    if prior is None or type(prior) in (UniformPrior, LogUniformPrior):
        shape = "log-uniform" if type(prior) is LogUniformPrior else "uniform"
        return f"{shape}, {par.min:g} to {par.max:g} {par.unit}".replace("nan", "open").rstrip()
    if is_gaussian(prior):
        mu, sigma = gaussian_in_unit(prior, par.unit)
        return f"Gaussian, {mu:g} +- {sigma:g} {par.unit}".rstrip()
    return type(prior).__name__


def set_proper_priors(datasets, factor=10.0, ranges=None):
    """Give a proper prior to every free parameter that has none, by itself or with others.

    A parameter between two limits gets a uniform prior. A scale, which cannot be negative and has
    no upper limit, gets one uniform in its logarithm, from its lower limit, or its present value
    over a factor if that is zero, to its present value times the factor. Call this before a fit, so
    that no prior follows from the data, and state the ranges: evidences depend on them.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.
    factor : float, optional
        That factor, above one.
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
    chosen = {}
    together = {par for prior in datasets.correlated_priors for par in prior.parameters}
    for label, par in zip(datasets.parameters.labels, datasets.parameters, strict=True):
        if par in given or not (par.frozen or par.prior or par in together):
            low, high = given.get(par) or _usual_range(label, par, factor)
            cls = LogUniformPrior if low > 0 and _is_scale(par) else UniformPrior
            chosen[label] = par, cls(min=low, max=high)
    for par, prior in chosen.values():
        par.prior = prior
    return {label: prior for label, (_, prior) in chosen.items()}


def _is_scale(par):
    """Whether the limits of a parameter, not those of its prior, are those of a scale (bool)."""
    return par._min >= 0 and np.isnan(par._max)


def _usual_range(label, par, factor):
    """Range of a parameter between its limits, or of a scale around its value."""
    if np.isfinite([par.min, par.max]).all():
        return par.min, par.max
    if not _is_scale(par):
        raise ValueError(
            f"{label} has the limits {par.min:g} and {par.max:g}: give it both, or a prior"
        )
    # a strength that a fit drove to zero has no decades of its own
    published = _published(par)
    if par.min <= 0 and par.value <= COLLAPSED * published:
        return max(par.min, 0.0), published * factor
    low, high = par.min if par.min > 0 else par.value / factor, par.value * factor
    if not 0 < low < high:
        raise ValueError(
            f"{label} is {par.value:g}, which gives no range for its prior: pass "
            f"ranges={{{label!r}: (low, high)}}"
        )
    return low, high


def _published(par):
    """Value of the paper in the unit of a parameter, zero for one that is not of this package."""
    known = DEFINITIONS.get(par.name)
    return u.Unit(known.unit).to(par.unit, known.value) if known else 0.0


def _range(label, par, ends):
    """Range that a user gives, as numbers in the unit of the parameter."""
    low, high = (float(u.Quantity(end, par.unit).value) for end in ends)
    lowest = par._min if np.isfinite(par._min) else -np.inf
    highest = par._max if np.isfinite(par._max) else np.inf
    if not lowest <= low < high <= highest:
        raise ValueError(
            f"range of {label}: expected two increasing values between {lowest:g} and "
            f"{highest:g} {par.unit}, got {low:g} and {high:g}"
        )
    return low, high
