"""Local maxima of a posterior, from the minima of its likelihood."""

from typing import NamedTuple

import numpy as np

from ...likelihood.minima.batch import Descents
from .mixtures import StudentMixture, degrees_of_freedom

_STEP = 1e-4  # of derivatives, in a coordinate
_STEPS = 150  # most steps of a descent
_DRAWN, _EARLY, _KEPT = 24, 15, 6  # starts from the priors, their first steps, and how many go on
_WORSE = 30.0  # sum of squares above the lowest beyond which a minimum is of no weight
_APART = 4.0  # squared distance of two minima that differ, in standard deviations
_WIDEST = 5.0  # standard deviation in a direction in which nothing changes
_SHARED = 0.2  # weight that all maxima share in a mixture, whatever their height


class Modes(NamedTuple):
    """Maxima, the highest first: positions (k, n), sums of squares (k,), covariances (k, n, n).

    Jacobians of the residuals are (k, r, n), None where there are no residuals.
    """

    positions: np.ndarray
    stats: np.ndarray
    covariances: np.ndarray
    jacobians: np.ndarray | None

    @classmethod
    def at(cls, target, positions, stats):
        """Maxima at positions of a target, with what its residuals tell there."""
        jacobians = _jacobians(target, positions)
        values, axes = np.linalg.eigh(np.swapaxes(jacobians, 1, 2) @ jacobians)
        roots = axes / np.sqrt(np.maximum(values, _WIDEST**-2))[:, np.newaxis]
        return cls(positions, stats, roots @ np.swapaxes(roots, 1, 2), jacobians)

    def moved(self, target, positions):
        """The same maxima in other coordinates."""
        return self.at(target, positions, self.stats)

    def mixture(self):
        """Mixture of normal approximations."""
        volumes = np.linalg.slogdet(self.covariances)[1]
        log_weights = 0.5 * (volumes - self.stats)
        weights = np.exp(log_weights - log_weights.max())
        weights = (1 - _SHARED) * weights / weights.sum() + _SHARED / len(weights)
        dof = degrees_of_freedom(self.positions.shape[1])
        return StudentMixture(weights, self.positions, self.covariances, dof)


def find_modes(target, starts, rng):
    """Find the maxima (`Modes`) that descents lead to from some values, shape (k, n), and others.

    The others are drawn from the priors. Without residuals the first values stand for the maxima.
    """
    positions = target.positions(starts)
    if not target.has_residuals:
        return Modes(positions[:1], np.zeros(1), np.eye(target.size)[np.newaxis], None)
    descents = Descents(InPositions(target))
    descents.add(rng.standard_normal((_DRAWN, target.size)))
    drawn, stats = descents.finish(_EARLY)
    descents.add(np.concatenate([positions, drawn[np.argsort(stats)[:_KEPT]]]))
    return _distinct(target, *descents.finish(_STEPS))


class InPositions:
    """What `Descents` asks of a likelihood, at positions of a target."""

    def __init__(self, target):
        self.size, self.values, self._target = target.size, np.zeros(target.size), target
        self.bounds = np.tile([-np.inf, np.inf], (self.size, 1))
        self.is_position = self.is_scatter = np.zeros(self.size, dtype=bool)

    def residuals(self, position):
        """Residuals at positions (m, n) or (n,)."""
        rows = self._target.residuals(np.atleast_2d(position))
        return rows if position.ndim == 2 else rows[0]

    def scales_at(self, position):
        """Changes that would matter (n,)."""
        return np.ones(self.size)


def _distinct(target, positions, stats):
    """Those that are low enough and not another one again (`Modes`)."""
    order = np.argsort(stats)
    order = order[stats[order] < stats[order[0]] + _WORSE]
    modes, kept = Modes.at(target, positions[order], stats[order]), []
    for k, place in enumerate(modes.positions):
        away = place - modes.positions[kept]
        pulls = np.linalg.solve(modes.covariances[kept], away[..., np.newaxis])[..., 0]
        if not kept or np.vecdot(away, pulls).min() > _APART:
            kept.append(k)
    return Modes(*(each[kept] for each in modes))


def _jacobians(target, positions):
    """Derivatives (m, r, n) of the residuals at positions (m, n)."""
    m, n = positions.shape
    steps = _STEP * np.concatenate([np.eye(n), -np.eye(n)])
    rows = target.residuals((positions[:, np.newaxis] + steps).reshape(-1, n))
    up, down = np.swapaxes(rows.reshape(m, 2, n, -1), 0, 1)
    return np.swapaxes(up - down, 1, 2) / (2 * _STEP)
