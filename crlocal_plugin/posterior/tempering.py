"""Populations of particles that are led from a mixture to a posterior, and moved there.

Sequential Monte Carlo (Del Moral et al. 2006, JRSS B 68, 411) along the geometric path from a
mixture to the posterior, in populations that know nothing of each other but the mixture that some
moves are drawn from.
"""

import numpy as np
from scipy.special import logsumexp

from .importance import systematic, tempering
from .mixtures import StudentMixture, degrees_of_freedom

_POPULATIONS, _PARTICLES = 4, 1000
_LEFT = 0.4  # fraction of a population that is effective after a change of the temperature
_MOVES, _CORRELATION = 24, 0.4  # moves at most, and correlation with what was before, to end at
_BY_DIFFERENCES = 3  # one move in three is by differences, the others are drawn from a mixture
_COMPONENTS = 16
_FITTED = 8000  # particles that a mixture is fitted to
_DEFENSIVE = 0.1  # share of the first mixture in those that follow
_KEPT = 3  # sweeps over the posterior that a mixture is fitted to


class Populations:
    """Particles in populations, from a mixture to a target.

    ``mixture`` is what moves are drawn from, and follows the particles. ``position`` has the shape
    (p, m, n), ``log_densities`` of prior, likelihood and first mixture have the shape (3, p, m).
    """

    def __init__(self, target, mixture, rng, report):
        self._target, self._first, self.mixture = target, mixture, mixture
        self._rng, self._report, self._recent = rng, report, []
        self._shape = _POPULATIONS, _PARTICLES
        rows = mixture.draw(_POPULATIONS * _PARTICLES, rng)
        self.position = rows.reshape(*self._shape, -1)
        self.log_densities = self._densities(rows).reshape(3, *self._shape)
        self._powers = np.array([0.0, 0.0, 1.0])

    @property
    def log_target(self):
        """ln(density) of the target at the particles, shape (p, m)."""
        return self.log_densities[:2].sum(axis=0)

    def _densities(self, rows):
        return np.stack([*self._target.parts(rows), self._first.log_density(rows)])

    def anneal(self, heat):
        """Lead the particles to the prior times a power of the likelihood, and to the target."""
        for goal in ((1.0, heat, 0.0), (1.0, 1.0, 0.0)):
            self._lead(np.array(goal))

    def _lead(self, goal):
        left = 1.0
        while left > 0:
            change = goal - self._powers
            log_weights = np.tensordot(change, self.log_densities, 1)
            step = min(tempering(row, _LEFT * len(row)) for row in log_weights)
            left = 0.0 if step == 1.0 else left * (1 - step)
            for population, row in enumerate(step * log_weights):
                weights = np.exp(row - logsumexp(row))
                chosen = systematic(weights, len(row), self._rng)
                self.position[population] = self.position[population, chosen]
                self.log_densities[:, population] = self.log_densities[:, population, chosen]
            self._powers = goal.copy() if step == 1.0 else self._powers + step * change
            self._refit()
            self._report(f"tempering, likelihood to the power of {self._powers[1]:.2f}")
            self.move()

    def move(self):
        """Move the particles until they have forgotten where they were, or for long enough.

        Returns the largest correlation of a coordinate with what it was.
        """
        before = self.position.copy()
        for number in range(_MOVES):
            if number % _BY_DIFFERENCES:
                self._move_independently()
            else:
                self._move_by_differences()
            correlation = _correlation(before, self.position)
            if correlation < _CORRELATION:
                break
        return correlation

    def sweep(self):
        """Fit the mixture to the particles, and move these; gives `move`'s correlation."""
        self._refit()
        correlation = self.move()
        self._recent = [*self._recent[1 - _KEPT :], self.position.copy()]
        return correlation

    def _refit(self):
        rows = np.concatenate(self._recent or [self.position])
        rows = rows.reshape(-1, rows.shape[-1])
        rows = rows[self._rng.permutation(len(rows))[:_FITTED]]
        fitted = StudentMixture.of_samples(
            rows, _COMPONENTS, degrees_of_freedom(rows.shape[1]), self._rng
        )
        self.mixture = fitted.beside(self._first, _DEFENSIVE)

    def _move_independently(self):
        """Propose draws from the mixture."""
        rows = self.position.reshape(-1, self.position.shape[-1])
        proposal = self.mixture.draw(len(rows), self._rng)
        gain = self.mixture.log_density(rows) - self.mixture.log_density(proposal)
        everyone = np.ones(self._shape, dtype=bool)
        self._accept(everyone, proposal, gain)

    def _move_by_differences(self):
        """Propose steps by differences of particles of the other half of a population."""
        populations, particles = self._shape
        order = self._rng.permuted(np.tile(np.arange(particles), (populations, 1)), axis=1)
        half = particles // 2
        for moving, others in (
            (order[:, :half], order[:, half:]),
            (order[:, half:], order[:, :half]),
        ):
            size = others.shape[1]
            rows = np.arange(populations)[:, np.newaxis]
            first = self._rng.integers(size, size=moving.shape)
            second = (first + self._rng.integers(1, size, size=moving.shape)) % size
            step = self.position[rows, others[rows, first]]
            step = step - self.position[rows, others[rows, second]]
            n = step.shape[-1]
            lengths = 1.7 / np.sqrt(2 * n) * np.exp(0.3 * self._rng.standard_normal(moving.shape))
            proposal = self.position[rows, moving] + lengths[..., np.newaxis] * step
            chosen = np.zeros(self._shape, dtype=bool)
            chosen[rows, moving] = True
            # in the order of the particles, as `chosen` counts them
            proposal = np.take_along_axis(proposal, moving.argsort(axis=1)[..., np.newaxis], axis=1)
            self._accept(chosen, proposal.reshape(-1, n), 0.0)

    def _accept(self, moving, proposal, gain):
        """Take over proposals by Metropolis and Hastings."""
        densities = self._densities(proposal)
        gain = gain + self._powers @ (densities - self.log_densities[:, moving])
        better = np.log(self._rng.random(len(proposal))) < gain
        chosen = np.zeros(self._shape, dtype=bool)
        chosen[moving] = better
        self.position[chosen] = proposal[better]
        self.log_densities[:, chosen] = densities[:, better]


def _correlation(before, after):
    """Largest correlation of a coordinate with what it was."""
    n = before.shape[-1]
    before, after = before.reshape(-1, n), after.reshape(-1, n)
    before, after = before - before.mean(axis=0), after - after.mean(axis=0)
    power = np.square(before).sum(axis=0) * np.square(after).sum(axis=0)
    return (np.einsum("ij,ij->j", before, after) / np.sqrt(power)).max()
