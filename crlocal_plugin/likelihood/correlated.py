"""Correlated Gaussian priors as functions of the varied parameters, and as distributions."""

import copy

import numpy as np
from scipy.linalg import solve_triangular
from scipy.stats import multivariate_normal, norm

_OUTSIDE = 1e-6
"""Probability outside the limits of the parameters that does not matter."""


class CorrelatedTerm:
    """A correlated prior given the values of those of its parameters that are not varied.

    What remains is a Gaussian of the varied ones, ``columns`` among the values, with the ``mean``
    (k,) and the lower Cholesky factor ``root`` (k, k) of its covariance, and its ``inverse``, in
    the units of the parameters; ``constant`` is the statistic of the others; ``texts`` say the
    numbers, by column.
    """

    def __init__(self, prior, varied):
        places = {id(par): column for column, par in enumerate(varied)}
        columns = np.array([places.get(id(par), -1) for par in prior.parameters])
        # first those that are fixed: pulls of the others are those of the conditional Gaussian
        order = np.argsort(columns >= 0, kind="stable")
        n_fixed = int((columns < 0).sum())
        mean, covariance = prior.moments()
        mean, root = mean[order], np.linalg.cholesky(covariance[np.ix_(order, order)])
        values = np.array([prior.parameters[k].value for k in order[:n_fixed]])
        fixed = solve_triangular(root[:n_fixed, :n_fixed], values - mean[:n_fixed], lower=True)
        self.columns, self.constant = columns[order[n_fixed:]], float(fixed @ fixed)
        self.mean = mean[n_fixed:] + root[n_fixed:, :n_fixed] @ fixed
        self.root = root[n_fixed:, n_fixed:]
        self.inverse = np.linalg.inv(self.root)
        self.texts = {
            int(columns[k]): f"{prior.text(k)} {prior.parameters[k].unit}".rstrip()
            for k in order[n_fixed:]
        }

    @property
    def size(self):
        """Number of varied parameters, each of them a measurement (int)."""
        return len(self.columns)

    def pulls(self, theta):
        """Whitened pulls, shape ``(..., k)``."""
        return (theta[..., self.columns] - self.mean) @ self.inverse.T

    def fake(self, theta, rng):
        """Prior whose means are drawn around the values of the parameters."""
        new = copy.copy(self)
        new.mean = theta[self.columns] + self.root @ rng.standard_normal(self.size)
        return new


class TruncatedGaussian:
    """Gaussian of several parameters as a distribution of their values between limits.

    ``names`` are for messages, ``low`` and ``high`` the limits, shape (k,).
    """

    def __init__(self, term, names, low, high):
        self._term, self._names = term, names
        covariance = term.root @ term.root.T
        sigma = np.sqrt(np.diag(covariance))
        outside = norm.cdf((low - term.mean) / sigma) + norm.sf((high - term.mean) / sigma)
        self._outside, between = float(outside.sum()), 1.0
        if self._outside > _OUTSIDE:
            between = multivariate_normal.cdf(high, term.mean, covariance, lower_limit=low)
        if not between > 0:
            raise ValueError(
                f"the correlated prior of {', '.join(names)} is zero between their limits: change "
                "the prior or the limits"
            )
        self._constant = np.log(2 * np.pi) * term.size / 2 + np.log(np.diag(term.root)).sum()
        self._constant += np.log(between)

    def logpdf(self, values):
        """Logarithm of the density at values (m, k), shape (m, 1)."""
        pulls = solve_triangular(self._term.root, (values - self._term.mean).T, lower=True)
        return -0.5 * (pulls**2).sum(axis=0)[:, np.newaxis] - self._constant

    def ppf(self, cube):
        """Values at probabilities (m, k) of each parameter given those before it."""
        if self._outside > _OUTSIDE:
            raise ValueError(
                f"the correlated prior of {', '.join(self._names)} reaches beyond their limits "
                f"with a probability of {self._outside:.2g}: its quantiles are known for wider "
                "limits only, widen them"
            )
        return self._term.mean + norm.ppf(cube) @ self._term.root.T
