"""Gaussian priors on several parameters together, with their correlations."""

import astropy.units as u
import numpy as np
from gammapy.modeling.models import PRIOR_REGISTRY, Prior
from gammapy.stats.fit_statistics import FitStatisticPenalty

from .base import PlainAttributes, unit_text
from .registration import register


class CorrelatedPrior(FitStatisticPenalty):
    r"""Gaussian prior on several parameters whose measured values are correlated.

    The statistic is :math:`(\theta - \mu)^T C^{-1} (\theta - \mu)`, zero at the measured values. A
    `CosmicRayModel` takes it among its ``penalties``, where each parameter gets a `PriorShare`, or
    ``set_penalties`` of gammapy's `~gammapy.modeling.models.Models`. Likelihoods of this package
    count one measurement for each parameter.

    Parameters
    ----------
    parameters : list of `~gammapy.modeling.Parameter`
        Parameters, each once, shape (n,).
    mean : list of float, str or `~astropy.units.Quantity`
        Measured values, shape (n,). What has no unit is in that of the parameter.
    covariance : array_like, optional
        Covariance in the units of ``mean``, shape (n, n).
    sigma : list of float, str or `~astropy.units.Quantity`, optional
        Standard deviations, shape (n,), instead of a covariance; without a unit, in that of the
        mean.
    correlation : array_like, optional
        Correlation coefficients beside ``sigma``, shape (n, n); none by default.
    source : str, optional
        Publication, or what the numbers rest on.

    Attributes
    ----------
    mean, covariance : `~numpy.ndarray`
        Numbers in the ``units``, shapes (n,) and (n, n). They do not change.
    units : list of `~astropy.units.Unit`
        Units of the mean.
    source : str
        Publication.

    Raises
    ------
    ValueError
        If a parameter is there twice, sizes or kinds of units do not fit, a number is not finite,
        or the matrix is not symmetric and positive definite.
    """

    tag = "CorrelatedPrior"

    def __init__(
        self, parameters, mean, covariance=None, *, sigma=None, correlation=None, source=""
    ):
        super().__init__(list(parameters))
        names = self.names
        if len(set(map(id, self.parameters))) < len(names) or not names:
            raise ValueError(f"correlated prior: expected parameters, each once, got {names}")
        units = [par.unit for par in self.parameters]
        values = _quantities("mean", mean, names, units)
        self.units = [value.unit for value in values]
        self.mean = np.array([value.value for value in values])
        if (covariance is None) == (sigma is None):
            raise ValueError(f"{self}: expected either a covariance or sigma")
        if covariance is None:
            widths = _quantities("sigma", sigma, names, self.units)
            widths = np.array([w.to_value(v) for w, v in zip(widths, self.units, strict=True)])
            matrix = np.eye(len(names)) if correlation is None else correlation
            matrix = _square("correlation", matrix, names)
            if not ((widths > 0).all() and np.allclose(np.diag(matrix), 1)):
                raise ValueError(
                    f"{self}: expected positive sigma, and ones on the diagonal of the "
                    f"correlation, got sigma {widths} and {np.diag(matrix)}"
                )
            covariance = matrix * np.outer(widths, widths)
        elif correlation is not None:
            raise ValueError(f"{self}: a correlation goes with sigma, not with a covariance")
        self.covariance = _square("covariance", covariance, names)
        self.source = str(source)
        scales = np.sqrt(np.abs(np.diag(self.covariance)))
        lowest = np.linalg.eigvalsh(self.covariance / np.outer(scales, scales))[0]
        if not (np.diag(self.covariance) > 0).all() or not lowest > 1e-12:
            raise ValueError(
                f"{self}: the covariance is not positive definite, its smallest eigenvalue "
                f"relative to the variances is {lowest:.2g}: check variances and correlations"
            )
        # ends at the diagonal: a pull depends on its parameter and on those before it
        self._whitening = np.linalg.inv(np.linalg.cholesky(self.covariance))
        self._factors = None, None
        for array in (self.mean, self.covariance):
            array.flags.writeable = False

    @property
    def names(self):
        """Names of the parameters (list of str)."""
        return [par.name for par in self.parameters]

    @property
    def sigma(self):
        """Standard deviations in the ``units``, shape (n,)."""
        return np.sqrt(np.diag(self.covariance))

    def moments(self):
        """Mean (n,) and covariance (n, n), ``lambda_`` included, in the units of the parameters."""
        factors = 1 / self._unit_factors()
        covariance = self.covariance * np.outer(factors, factors) / self.lambda_
        return self.mean * factors, covariance

    def pulls(self):
        """Whitened pulls at the values of the parameters, whose squares are the statistic (n,)."""
        return np.sqrt(self.lambda_) * self._whitened()

    def _whitened(self):
        values = np.array([par._value for par in self.parameters])
        return self._whitening @ (values * self._unit_factors() - self.mean)

    def stat_sum(self):
        """Statistic at the values of the parameters (float)."""
        pulls = self._whitened()
        return float(self.lambda_ * (pulls @ pulls))

    def _unit_factors(self):
        """Units of the parameters over those of the mean, shape (n,)."""
        units, factors = self._factors
        now = [par._unit for par in self.parameters]
        # comparing units costs more than all the rest
        if units is None or any(a is not b for a, b in zip(units, now, strict=True)):
            factors = np.array([a.to(b) for a, b in zip(now, self.units, strict=True)])
            self._factors = now, factors
        return factors

    def without(self, parameter):
        """Marginal prior of the other parameters (list of one CorrelatedPrior, or of none)."""
        kept = [k for k, par in enumerate(self.parameters) if par is not parameter]
        if not kept:
            return []
        mean = [u.Quantity(self.mean[k], self.units[k]) for k in kept]
        covariance = self.covariance[np.ix_(kept, kept)]
        new = type(self)([self.parameters[k] for k in kept], mean, covariance, source=self.source)
        new.lambda_ = self.lambda_
        return [new]

    def text(self, place):
        """Mean and standard deviation of one of the parameters in its unit (str)."""
        mean, covariance = self.moments()
        return f"{mean[place]:.5g} +- {np.sqrt(covariance[place, place]):.3g} (correlated)"

    def to_dict(self, labels):
        """Convert to a dictionary; ``labels`` has the label of each parameter."""
        return {
            "type": self.tag,
            "parameters": [labels[par] for par in self.parameters],
            "mean": self.mean.tolist(),
            "units": [unit.to_string() for unit in self.units],
            "covariance": self.covariance.tolist(),
            "lambda": float(self.lambda_),
            "source": self.source,
        }

    @classmethod
    def from_dict(cls, data, parameters):
        """Create from a dictionary; ``parameters`` are by label."""
        missing = [label for label in data["parameters"] if label not in parameters]
        if missing:
            raise ValueError(
                f"correlated prior on {', '.join(missing)}: expected parameters of the model, "
                f"{', '.join(parameters)}"
            )
        mean = [u.Quantity(*pair) for pair in zip(data["mean"], data["units"], strict=True)]
        own = [parameters[label] for label in data["parameters"]]
        new = cls(own, mean, data["covariance"], source=data.get("source", ""))
        new.lambda_ = data.get("lambda", 1.0)
        return new

    def __str__(self):
        return f"correlated prior on {', '.join(self.names)}"

    def __getstate__(self):
        return {**self.__dict__, "_factors": (None, None)}


class PriorShare(PlainAttributes, Prior):
    """Part of a `CorrelatedPrior` that falls to one parameter, so that gammapy's sums count it.

    Parameters
    ----------
    joint : CorrelatedPrior, optional
        The prior; without one, as in a file, the share is nothing.
    place : int, optional
        Position of the parameter.
    """

    tag = ["PriorShare", "prior-share"]
    _type = "prior"

    def __init__(self, joint=None, place=0, weight=None):
        super().__init__(weight=weight)
        self.joint, self.place = joint, place

    def __call__(self, parameter):
        """Square of the pull beside those of the parameters before it."""
        return 0.0 if self.joint is None else float(self.joint.pulls()[self.place] ** 2)

    @classmethod
    def from_dict(cls, data, **kwargs):
        """Create a share of nothing, until the model has its ``penalties``."""
        return cls()


def own_prior(parameter):
    """Prior of a parameter alone, None if it has none but a share (Prior or None)."""
    prior = parameter._prior
    return None if isinstance(prior, PriorShare) else prior


def _quantities(what, values, names, units):
    """Quantities of one number each; what has no unit is in the default."""
    if isinstance(values, str) or not np.iterable(values) or len(values) != len(names):
        raise ValueError(
            f"correlated prior: expected {len(names)} values as {what}, for {', '.join(names)}, "
            f"got {values!r}"
        )
    found = []
    for value, name, unit in zip(values, names, units, strict=True):
        quantity = u.Quantity(value)
        if quantity.unit == u.one and not isinstance(value, u.Quantity):
            quantity = quantity.value * unit
        if not quantity.unit.is_equivalent(unit):
            raise ValueError(
                f"correlated prior on {name}: {what} is given in {unit_text(quantity.unit)}, "
                f"expected {unit_text(unit)} or a unit like it"
            )
        if not np.isfinite(quantity.value):
            raise ValueError(f"correlated prior on {name}: {what} is {quantity}, expected a number")
        found.append(quantity)
    return found


def _square(what, matrix, names):
    """Matrix of finite numbers, symmetric, with a row for each parameter."""
    matrix = np.array(matrix, dtype=float)
    if matrix.shape != (len(names),) * 2:
        raise ValueError(
            f"correlated prior on {', '.join(names)}: expected a {what} of shape "
            f"{(len(names),) * 2}, got {matrix.shape}"
        )
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T, rtol=1e-10, atol=0):
        raise ValueError(
            f"correlated prior on {', '.join(names)}: the {what} is not symmetric, or not finite"
        )
    return matrix


register(PRIOR_REGISTRY, PriorShare)
