"""Mixtures of multivariate Student t distributions, drawn from and fitted to weighted samples."""

import numpy as np
from scipy.special import gammaln, logsumexp

_RIDGE = 1e-6  # relative to variances, so that roundings leave a matrix positive
_FEWEST = 2.0  # effective samples per parameter without which a component is left out


class StudentMixture:
    """Mixture of k components of t distributions with the same degrees of freedom.

    Weights have the shape (k,), means (k, n) and scale matrices (k, n, n).
    """

    def __init__(self, weights, means, scales, dof):
        self.weights, self.dof = np.asarray(weights) / np.sum(weights), dof
        self._means, self._scales = np.asarray(means), np.asarray(scales)
        self._roots = np.linalg.cholesky(self._scales)
        self._inverses = np.linalg.inv(self._roots)
        n = self._means.shape[1]
        constant = gammaln((dof + n) / 2) - gammaln(dof / 2) - n / 2 * np.log(dof * np.pi)
        volumes = np.log(np.einsum("knn->kn", self._roots)).sum(axis=1)
        self._constants = constant - volumes + np.log(self.weights)

    @classmethod
    def of_samples(cls, rows, size, dof, rng, passes=12):
        """Fit a mixture of some components to samples (m, n) of equal weight."""
        centres = rows[rng.choice(len(rows), size, replace=False)]
        everything = np.cov(rows.T).reshape(rows.shape[1], -1)
        everything += _RIDGE * np.diag(np.diag(everything))
        mixture = cls(np.ones(size), centres, np.tile(everything, (size, 1, 1)), dof)
        weights = np.full(len(rows), 1 / len(rows))
        for _ in range(passes):
            mixture = mixture.improved(rows, weights)
        return mixture

    def beside(self, other, share):
        """Mixture of this one and another one, which gets a share of the weight."""
        weights = np.concatenate([(1 - share) * self.weights, share * other.weights])
        means = np.concatenate([self._means, other._means])
        return StudentMixture(
            weights, means, np.concatenate([self._scales, other._scales]), self.dof
        )

    def wider(self, factor):
        """Mixture with standard deviations larger by a factor."""
        return StudentMixture(self.weights, self._means, factor**2 * self._scales, self.dof)

    def draw(self, size, rng):
        """Draw samples (size, n) in random order."""
        rows = rng.standard_normal((size, self._means.shape[1]))
        rows /= np.sqrt(rng.chisquare(self.dof, size) / self.dof)[:, np.newaxis]
        chosen = rng.choice(len(self.weights), size, p=self.weights)
        for k, (mean, root) in enumerate(zip(self._means, self._roots, strict=True)):
            own = chosen == k
            rows[own] = mean + rows[own] @ root.T
        return rows

    def log_density(self, rows):
        """ln(density) of samples (m, n), shape (m,)."""
        return logsumexp(self._log_parts(self._distances(rows)), axis=1)

    def shares(self, rows):
        """Probabilities (m, k) that samples (m, n) belong to the components."""
        parts = self._log_parts(self._distances(rows))
        return np.exp(parts - logsumexp(parts, axis=1, keepdims=True))

    def improved(self, rows, weights, least=0.0):
        """Mixture after a step of expectation and maximisation, for weighted samples.

        A component that few samples belong to is left out, or stays as it is if a least weight is
        given (Cappe et al. 2008, Statistics and Computing 18, 447).
        """
        n, distances = rows.shape[1], self._distances(rows)
        parts = self._log_parts(distances)
        shares = np.exp(parts - logsumexp(parts, axis=1, keepdims=True)) * weights[:, np.newaxis]
        pulls = shares * (self.dof + n) / (self.dof + distances)
        total = shares.sum(axis=0)
        effective = total**2 / np.maximum(np.square(shares).sum(axis=0), 1e-300)
        known = effective > _FEWEST * n
        kept = np.flatnonzero(known | (least > 0))
        if not known.any():
            return self
        means, scales = [], []
        for k in kept:
            if not known[k]:
                means.append(self._means[k])
                scales.append(self._scales[k])
                continue
            mean = pulls[:, k] @ rows / pulls[:, k].sum()
            away = rows - mean
            scale = (pulls[:, k, np.newaxis] * away).T @ away / total[k]
            # few samples know little of a matrix
            trust = effective[k] / (effective[k] + n)
            scale = trust * scale + (1 - trust) * self._scales[k]
            means.append(mean)
            scales.append(scale + _RIDGE * np.diag(np.diag(scale)))
        return StudentMixture(np.maximum(total[kept], least), means, scales, self.dof)

    def _distances(self, rows):
        """Squared Mahalanobis distances (m, k)."""
        parts = zip(self._means, self._inverses, strict=True)
        pulls = [(rows - mean) @ inverse.T for mean, inverse in parts]
        return np.stack([np.vecdot(pull, pull) for pull in pulls], axis=1)

    def _log_parts(self, distances):
        power = -0.5 * (self.dof + self._means.shape[1])
        return self._constants + power * np.log1p(distances / self.dof)


def degrees_of_freedom(size):
    """Degrees of freedom that keep the tails of t distributions in many dimensions in bounds."""
    return float(np.clip(size, 8, 30))
