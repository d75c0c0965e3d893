"""Local maxima of a posterior, found by many descents at once."""

from typing import NamedTuple

import numpy as np

from .mixtures import StudentMixture, degrees_of_freedom

_STEP = 1e-4
_LONGEST = 1.0  # longest step in a coordinate
_PATIENCE, _LAST = 40, 150  # steps of a descent from a start, and of one from a minimum
_SETTLED = 1e-3  # change of the sum of squares from which on there are no more
_WORSE = 30.0  # sum of squares above the lowest beyond which a minimum is of no weight
_APART = 4.0  # squared distance of two minima that differ, in standard deviations
_WIDEST = 5.0  # standard deviation in a direction in which nothing changes
_SHARED = 0.2  # weight that all maxima share in a mixture, whatever their height
_SPREADS = (0.3, 0.8, 0.8)  # of starts around the present values, in those of the priors
_STARTS = 8  # for each of them, and as many from the prior


class Modes(NamedTuple):
    """Maxima, the highest first: positions (k, n), sums of squares (k,), covariances (k, n, n)."""

    positions: np.ndarray
    stats: np.ndarray
    covariances: np.ndarray

    def mixture(self, normal, power):
        """Mixture of normal approximations to the prior times a power of the likelihood.

        ``normal`` tells which coordinates have a prior of their own.
        """
        prior = np.diag(normal.astype(float))
        likelihood = np.linalg.inv(self.covariances) - prior
        scales = np.linalg.inv(
            power * likelihood + prior + _WIDEST**-2 * (np.eye(len(prior)) - prior)
        )
        log_weights = -0.5 * power * self.stats + 0.5 * np.linalg.slogdet(scales)[1]
        weights = np.exp(log_weights - log_weights.max())
        weights = (1 - _SHARED) * weights / weights.sum() + _SHARED / len(weights)
        return StudentMixture(weights, self.positions, scales, degrees_of_freedom(len(prior)))


class _Residuals:
    """Residuals of data and priors at positions, half of whose squares is -ln(posterior)."""

    def __init__(self, likelihood, coordinates):
        self._likelihood, self._coordinates = likelihood, coordinates

    def __call__(self, position):
        """Residuals (m, k) at positions (m, n)."""
        with np.errstate(all="ignore"):
            data = self._likelihood.data_residuals(self._coordinates.values(position))
        rows = np.concatenate([data, position[:, self._coordinates.normal]], axis=1)
        # where a statistic overflows
        return np.clip(np.nan_to_num(rows, nan=1e100), -1e100, 1e100)

    def jacobian(self, position, rows=None):
        """Derivatives (m, k, n) at positions (m, n), one-sided if residuals there are given."""
        m, n = position.shape
        if rows is not None:
            steps = (position[:, np.newaxis] + _STEP * np.eye(n)).reshape(-1, n)
            return np.swapaxes(self(steps).reshape(m, n, -1) - rows[:, np.newaxis], 1, 2) / _STEP
        steps = _STEP * np.concatenate([np.eye(n), -np.eye(n)])
        rows = self((position[:, np.newaxis] + steps).reshape(-1, n)).reshape(m, 2, n, -1)
        return np.swapaxes(rows[:, 0] - rows[:, 1], 1, 2) / (2 * _STEP)


def find_modes(likelihood, coordinates, rng):
    """Find the maxima that descents lead to from the present values, around them and anywhere."""
    residuals = _Residuals(likelihood, coordinates)
    present = coordinates.positions(likelihood.values[np.newaxis])
    shape = (_STARTS, coordinates.size)
    starts = [present + spread * rng.standard_normal(shape) for spread in _SPREADS]
    starts = np.concatenate([present, *starts, rng.standard_normal(shape)])
    position, stat = _descend(residuals, starts, _PATIENCE)
    position = _distinct(residuals, position, stat)[0]
    position, stat = _descend(residuals, position, _LAST)
    return Modes(*_distinct(residuals, position, stat))


def _distinct(residuals, position, stat):
    """Those that are low enough and not another one again, with covariances, the lowest first."""
    order = np.argsort(stat)
    order = order[stat[order] < stat[order[0]] + _WORSE]
    jacobian = residuals.jacobian(position[order])
    values, axes = np.linalg.eigh(np.swapaxes(jacobian, 1, 2) @ jacobian)
    roots = axes / np.sqrt(np.maximum(values, _WIDEST**-2))[:, np.newaxis]
    kept = []
    for k, place in enumerate(order):
        away = position[place] - position[order[kept]]
        pulls = np.linalg.solve(roots[kept], away[..., np.newaxis])
        if not kept or np.square(pulls).sum(axis=(1, 2)).min() > _APART:
            kept.append(k)
    roots, order = roots[kept], order[kept]
    return position[order], stat[order], roots @ np.swapaxes(roots, 1, 2)


def _descend(residuals, start, patience):
    """Descend from positions (m, n) by Levenberg and Marquardt: positions, sums of squares."""
    position, rows = np.array(start), residuals(start)
    stat, damping = np.vecdot(rows, rows), np.full(len(position), 1e-2)
    moving, quiet = np.arange(len(position)), np.zeros(len(position), dtype=int)
    for _ in range(patience):
        here = position[moving]
        jacobian = residuals.jacobian(here, rows[moving])
        curvature = np.swapaxes(jacobian, 1, 2) @ jacobian
        slope = np.einsum("mkn,mk->mn", jacobian, rows[moving])
        np.einsum("mnn->mn", curvature)[:] *= 1 + damping[moving, np.newaxis]
        np.einsum("mnn->mn", curvature)[:] += 1e-9
        step = -np.linalg.solve(curvature, slope[..., np.newaxis])[..., 0]
        step /= np.maximum(1.0, abs(step).max(axis=1, keepdims=True) / _LONGEST)
        tried = residuals(here + step)
        after = np.vecdot(tried, tried)
        gain = stat[moving] - after
        better = gain > 0
        chosen = moving[better]
        position[chosen] += step[better]
        rows[chosen], stat[chosen] = tried[better], after[better]
        damping[moving] *= np.where(better, 0.2, 6.0)
        quiet[moving] = np.where(abs(gain) < _SETTLED, quiet[moving] + 1, 0)
        moving = moving[(quiet[moving] < 2) & (damping[moving] < 1e8)]
        if not moving.size:
            break
    return position, stat
