"""Coordinates in which every prior is a standard normal distribution."""

import numpy as np
from gammapy.modeling.models import LogUniformPrior, UniformPrior
from scipy.special import log_ndtr, ndtr, ndtri

from ..likelihood.priors import TruncatedPrior, gaussian_in_unit, is_gaussian

# standard deviations beyond which a limit takes nothing from a Gaussian
_FAR = 8.0
# standard deviations from a limit from which on it does not matter to a posterior
_CLEAR = 6.0
# how far from zero the coordinate of a value at a limit is
_EDGE = 4.0
_LOG_ROOT = 0.5 * np.log(2 * np.pi)
# ln(density) where there is none: a number that can be subtracted
NOWHERE = -1e300


class NormalCoordinates:
    """Coordinates without limits in which the prior of the parameters is a standard normal.

    A posterior is then a normal distribution times the likelihood, without an edge anywhere. A
    parameter whose prior is flat without end, or of a shape of its own, goes in as it is, or by
    about the logarithm of its distance from its only limit, and its density gets the Jacobian.
    Which are ``normal`` is told, shape (n,).

    The columns that are ``straight`` have a prior that is flat between two limits, in the parameter
    or its logarithm, and go in like that: what is a line there is no curve here.
    """

    def __init__(self, likelihood, straight=()):
        self._bounds, self.size = likelihood.bounds, likelihood.size
        self.normal = np.ones(self.size, dtype=bool)
        self._priors = []
        self._maps = [
            (term.columns, _Correlated(term.mean, term.root))
            for term in getattr(likelihood, "correlated_priors", ())
        ]
        together = {int(k) for columns, _ in self._maps for k in columns}
        scales, kinds = likelihood.scales_at(likelihood.values), {}
        for k, par in enumerate(likelihood.parameters):
            if k in together:
                continue
            (low, high), value, prior = self._bounds[k], likelihood.values[k], par.prior
            is_open = ~np.isfinite([low, high])
            if prior is not None and is_gaussian(prior):
                mu, sigma = gaussian_in_unit(prior, par.unit)
                ends = (low - mu) / sigma, (high - mu) / sigma
                is_far = ends[0] < -_FAR and ends[1] > _FAR
                kind, row = (_Shifted, (mu, sigma)) if is_far else (_Truncated, (mu, sigma, *ends))
            elif type(prior) is LogUniformPrior:
                kind, row = _LogUniform, (np.log(low), np.log(high / low))
                if k in straight:
                    kind, self.normal[k] = _LogStraight, False
            else:
                is_flat = type(prior) in (UniformPrior, type(None))
                self.normal[k] = is_flat and not is_open.any()
                if not is_flat:
                    self._priors.append((k, TruncatedPrior(par)))
                if not is_open.any():
                    kind, row = _Uniform, (low, high - low)
                    if k in straight:
                        kind, self.normal[k] = _Straight, False
                elif is_open.all():
                    kind, row = _Shifted, (value, scales[k])
                else:
                    end, sign = (high, -1.0) if is_open[0] else (low, 1.0)
                    kind, row = _OneSided, (end, 0.1 * sign * (abs(value - end) or scales[k]))
            kinds.setdefault(kind, []).append((k, *row))
        for kind, rows in kinds.items():
            columns, *arguments = np.array(rows).T
            self._maps.append((columns.astype(int), kind(*arguments)))

    def values(self, position):
        """Values (m, n) at positions (m, n)."""
        theta = np.empty_like(position)
        for columns, each in self._maps:
            theta[:, columns] = each.values(position[:, columns])
        # the last digit may be beyond a limit
        return np.clip(theta, *self._bounds.T)

    def positions(self, theta):
        """Positions (m, n) of values (m, n), those of values at a limit at some distance."""
        position = np.empty_like(theta)
        with np.errstate(all="ignore"):
            for columns, each in self._maps:
                position[:, columns] = each.positions(theta[:, columns])
        return np.nan_to_num(np.clip(position, -_EDGE, _EDGE), nan=-_EDGE)

    def log_prior(self, position, theta):
        """ln(density of the prior) at positions, per volume of positions, shape (m,)."""
        normal = position[:, self.normal]
        result = -0.5 * np.vecdot(normal, normal) - _LOG_ROOT * normal.shape[1]
        if not self.normal.all():
            for columns, each in self._maps:
                free = ~self.normal[columns]
                if free.any():
                    result += each.log_slopes(position[:, columns])[:, free].sum(axis=1)
        for k, prior in self._priors:
            result += prior.logpdf(theta[:, k])
        return result


def straight_columns(likelihood, theta, covariance):
    """Which parameters have a flat prior whose limits are far, at all of some minima (list of int).

    Values of the minima have the shape (k, n), covariances (k, n, n).
    """
    columns = []
    for k, par in enumerate(likelihood.parameters):
        (low, high), values = likelihood.bounds[k], theta[:, k]
        error = np.sqrt(covariance[:, k, k])
        if type(par.prior) is LogUniformPrior and (values > 0).all():
            low, high, values, error = np.log(low), np.log(high), np.log(values), error / values
        elif type(par.prior) not in (UniformPrior, type(None)):
            continue
        # an error that is not known is no number
        if (np.minimum(values - low, high - values) > _CLEAR * error).all():
            columns.append(k)
    return columns


class _Shifted:
    def __init__(self, centre, scale):
        self._centre, self._scale = centre, scale

    def values(self, y):
        return self._centre + self._scale * y

    def positions(self, theta):
        return (theta - self._centre) / self._scale

    def log_slopes(self, y):
        return np.broadcast_to(np.log(self._scale), y.shape)


class _Correlated:
    def __init__(self, mean, root):
        self._mean, self._root = mean, root

    def values(self, y):
        return self._mean + y @ self._root.T

    def positions(self, theta):
        return np.linalg.solve(self._root, (theta - self._mean).T).T


class _Truncated:
    """Quantiles of a Gaussian between two ends, exact in both tails."""

    def __init__(self, mu, sigma, low, high):
        self._mu, self._sigma = mu, sigma
        self._below, self._above = ndtr(low), ndtr(-high)
        self._between = np.where(low > 0, ndtr(-low) - self._above, ndtr(high) - self._below)

    def values(self, y):
        below = self._below + self._between * ndtr(y)
        above = self._above + self._between * ndtr(-y)
        return self._mu + self._sigma * np.where(below < 0.5, ndtri(below), -ndtri(above))

    def positions(self, theta):
        pull = (theta - self._mu) / self._sigma
        below = (ndtr(pull) - self._below) / self._between
        above = (ndtr(-pull) - self._above) / self._between
        return np.where(below < 0.5, ndtri(below), -ndtri(above))


class _Uniform:
    def __init__(self, low, width):
        self._low, self._width = low, width

    def values(self, y):
        return self._low + self._width * ndtr(y)

    def positions(self, theta):
        return ndtri((theta - self._low) / self._width)

    def log_slopes(self, y):
        return np.log(self._width) - 0.5 * y**2 - _LOG_ROOT


class _LogUniform(_Uniform):
    def values(self, y):
        return np.exp(super().values(y))

    def positions(self, theta):
        return super().positions(np.log(theta))


class _Straight:
    """Distance from the middle of an interval, of which the prior has a variance of one."""

    def __init__(self, low, width):
        self._middle, self._scale = low + 0.5 * width, width / np.sqrt(12)

    def values(self, y):
        return self._middle + self._scale * y

    def positions(self, theta):
        return (theta - self._middle) / self._scale

    def log_slopes(self, y):
        # with the density of the prior: there is nothing beyond its ends
        return np.where(abs(y) <= np.sqrt(3), -0.5 * np.log(12), NOWHERE)


class _LogStraight(_Straight):
    def values(self, y):
        # nothing is beyond the limits, where the exponential may overflow
        return np.exp(super().values(np.clip(y, -2, 2)))

    def positions(self, theta):
        return super().positions(np.log(theta))


class _OneSided:
    """Distance from the only limit: about exponential far from it, with a normal tail towards it.

    A density that is flat at the limit, which would have an endless tail in the logarithm, ends.
    """

    def __init__(self, end, scale):
        self._end, self._scale = end, scale

    def values(self, y):
        with np.errstate(over="ignore"):
            return self._end + self._scale * np.exp(y + log_ndtr(y))

    def positions(self, theta):
        target = np.log((theta - self._end) / self._scale)
        y = np.maximum(target, -_EDGE)
        for _ in range(50):
            y = y - (y + log_ndtr(y) - target) / (1 + _mills(y))
        return y

    def log_slopes(self, y):
        return np.log(abs(self._scale)) + y + log_ndtr(y) + np.log1p(_mills(y))


def _mills(y):
    """Derivative of ln(ndtr)."""
    return np.exp(-0.5 * y**2 - _LOG_ROOT - log_ndtr(y))
