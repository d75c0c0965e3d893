"""Descents from many starts at once, in the batches that a joint likelihood is fast in."""

import numpy as np

from ..descent import stays_positive

_DIFFERENCE = 1e-5
"""Step of the derivatives in natural scales."""

_LONGEST = 2.3
"""Largest step of a logarithm: a factor of ten."""

_NEARER, _NEAR = 0.1, 1e-3
"""Fraction of its value to which a step may take a parameter towards zero, and fraction of its
natural scale below which it may get there."""

_NOISE = 1e-16
"""Curvature of half of the statistic in natural scales that may be rounding alone."""

_LARGEST = 1e12
"""Largest value in natural scales of a parameter without an upper limit."""

_SOLUTIONS = 3
"""Solutions of a step, each with what went too far in those before at the end of its reach."""

_AHEAD, _BEND = 0.1, 0.375
"""Part of a step after which the curvature along it is measured, and largest change of the step by
it."""

_UPDATES, _TRUSTED = 2, (0.5, 2.0)
"""Steps for which derivatives are updated from what a step has met, and ratios of the gain to the
expected one for which they are."""

_SETTLED, _PATIENCE, _STUCK = 1e-3, 3, 1e7
"""A descent has ended when the statistic falls by less in so many steps in a row, or when the
damping has grown that large."""


class Descents:
    """Damped Gauss-Newton descents (Levenberg 1944, Marquardt 1963), one row each.

    A parameter whose limits are positive moves in its logarithm, another one as it is: strengths
    and lengths reach zero, and leave it again. A step ends at the limits. Valleys are curved and
    narrow: a step bends along them (Transtrum & Sethna 2012, arXiv:1201.5885).

    Attributes
    ----------
    theta, stat : `~numpy.ndarray`
        Values, shape ``(m, n)``, and sum of squared residuals there, shape ``(m,)``.
    age, number : `~numpy.ndarray` of int
        Steps that each has made, and its number, ``(m,)``.
    held : `~numpy.ndarray` of bool
        Parameters that stay where they are, ``(m, n)``; may be changed between steps.
    n_evaluations : int
        Parameter sets that were evaluated.
    """

    _COLUMNS = ("theta", "stat", "age", "number", "held")
    _OWN = ("_residuals", "_damping", "_growth", "_idle", "_jacobian", "_curvature", "_slope")
    _OWN += ("_is_known", "_n_updates")

    def __init__(self, likelihood, tolerance=_SETTLED, patience=_PATIENCE):
        n, k = likelihood.size, len(likelihood.residuals(likelihood.values))
        self._likelihood, self._tolerance = likelihood, tolerance
        self._patience = patience
        self._low, self._high = likelihood.bounds.T
        self._is_positive = stays_positive(likelihood)
        self.is_log = self._is_positive & (self._low > 0)
        self._scales = likelihood.scales_at(likelihood.values)
        self._high = np.where(np.isfinite(self._high), self._high, _LARGEST * self._scales)
        self.n_evaluations = 0
        self.theta, self.stat = np.empty((0, n)), np.empty(0)
        self.age, self.number = np.empty((2, 0), dtype=int)
        self.held = np.empty((0, n), dtype=bool)
        self._residuals, self._damping, self._growth = np.empty((0, k)), np.empty(0), np.empty(0)
        self._jacobian, self._curvature = np.empty((0, n, k)), np.empty((0, n, n))
        self._slope, self._is_known = np.empty((0, n)), np.empty((0, n), dtype=bool)
        self._idle, self._n_updates = np.empty((2, 0), dtype=int)

    def __len__(self):
        return len(self.stat)

    def add(self, theta, number=0, held=False):
        """Add descents from values ``(m, n)``; those ``held`` (broadcast) stay where they are."""
        theta = np.clip(theta, *self._likelihood.bounds.T)
        m, n = theta.shape
        residuals, stat = self._evaluated(theta)
        new = {
            "theta": theta,
            "stat": stat,
            "age": np.zeros(m, dtype=int),
            "number": np.broadcast_to(number, m),
            "held": np.broadcast_to(held, (m, n)),
            "_residuals": residuals,
            "_damping": np.full(m, 1e-3),
            "_growth": np.full(m, 2.0),
            "_idle": np.zeros(m, dtype=int),
            "_jacobian": np.zeros((m, n, residuals.shape[1])),
            "_curvature": np.zeros((m, n, n)),
            "_slope": np.zeros((m, n)),
            "_is_known": np.zeros((m, n), dtype=bool),
            "_n_updates": np.zeros(m, dtype=int),
        }
        for name, rows in new.items():
            setattr(self, name, np.concatenate([getattr(self, name), rows]))

    def keep(self, rows):
        """Go on with some of the descents alone (mask or places)."""
        for name in (*self._COLUMNS, *self._OWN):
            setattr(self, name, getattr(self, name)[rows])

    def finish(self, max_steps):
        """Make steps until all have ended; those that have not by then are where they are.

        Returns
        -------
        theta, stat : `~numpy.ndarray`
            In the order of the rows, which are gone afterwards.
        """
        rows = np.arange(len(self))
        theta, stat = self.theta.copy(), self.stat.copy()
        for _ in range(max_steps):
            if not len(rows):
                break
            ended = self.step()
            theta[rows], stat[rows] = self.theta, self.stat
            rows = rows[~ended]
            self.keep(~ended)
        self.keep(slice(0, 0))
        return theta, stat

    def step(self):
        """Make one step of each; which of them have ended (mask, ``(m,)``)."""
        with np.errstate(all="ignore"):
            self._differentiate()
            return self._advance()

    def _evaluated(self, theta):
        with np.errstate(all="ignore"):
            residuals = self._likelihood.residuals(theta)
            stat = np.vecdot(residuals, residuals)
        self.n_evaluations += len(theta)
        return residuals, np.where(np.isfinite(stat), stat, np.inf)

    def _differentiate(self):
        """Derivatives where values have changed, of what is not held."""
        (k,) = np.nonzero((~self._is_known & ~self.held).any(axis=1))
        if not k.size:
            return
        theta, free = self.theta[k], ~self.held[k]
        size = np.where(self._is_positive, np.maximum(self._scales, theta), self._scales)
        step = _DIFFERENCE * np.where(self.is_log, theta, size)
        step = np.where(theta + step > self._high, -step, step)
        rows, columns = np.nonzero(free)
        moved = theta[rows]
        moved[np.arange(len(rows)), columns] += step[free]
        residuals, _ = self._evaluated(moved)
        unit = np.where(self.is_log, theta, 1.0) / step
        jacobian = np.zeros((len(k), *self._jacobian.shape[1:]))
        jacobian[rows, columns] = (residuals - self._residuals[k[rows]]) * unit[free][:, np.newaxis]
        self._jacobian[k] = jacobian
        self._curvature[k] = jacobian @ np.swapaxes(jacobian, 1, 2)
        self._slope[k] = np.vecdot(jacobian, self._residuals[k, np.newaxis])
        self._is_known[k], self._n_updates[k] = free, 0

    def _advance(self):
        """Try a step of each, and take those that lower the statistic."""
        theta, before = self.theta, self._residuals
        lost = ~(np.isfinite(self._curvature).all(axis=(1, 2)) & np.isfinite(self.stat))
        for derivatives in (self._jacobian, self._curvature, self._slope):
            derivatives[lost] = 0.0
        new = self._next()
        moved = self._distance(theta, new)
        residuals, stat = self._evaluated(new)
        change = np.vecdot(self._curvature, moved[:, np.newaxis])
        expected = -np.vecdot(moved, 2 * self._slope + change)
        gain = self.stat - stat
        lower = gain > 0
        ratio = np.where(expected > 0, gain / expected, np.where(lower, 1.0, -1.0))
        # Nielsen 1999, IMM-REP-1999-05: trust the parabola as far as it was right
        trusted = np.maximum(1 / 3, 1 - (2 * np.clip(ratio, 0, 1) - 1) ** 3)
        damping = np.where(lower, np.maximum(self._damping * trusted, 1e-9), np.inf)
        self._damping = np.where(lower, damping, self._damping * self._growth)
        self._growth = np.where(lower, 2.0, 2 * self._growth)
        idle = np.where(gain < self._tolerance, self._idle + 1, 0)
        self._idle = np.where(lower, idle, self._idle)
        rows = lower[:, np.newaxis]
        self.theta = np.where(rows, new, theta)
        self._residuals = np.where(rows, residuals, before)
        self.stat = np.where(lower, stat, self.stat)
        self.age = self.age + 1
        is_good = lower & (idle == 0) & (self._n_updates < _UPDATES)
        is_good &= (ratio > _TRUSTED[0]) & (ratio < _TRUSTED[1])
        self._is_known[(lower & ~is_good) | (~lower & (self._n_updates > 0))] = False
        self._update(np.flatnonzero(is_good), moved, before)
        return lost | (self._idle >= self._patience) | (self._damping > _STUCK)

    def _update(self, k, moved, before):
        """Derivatives after a step that was about as expected (Broyden 1965)."""
        jacobian, residuals, moved = self._jacobian[k], self._residuals[k], moved[k]
        missed = residuals - before[k] - (moved[:, np.newaxis] @ jacobian)[:, 0]
        weight = np.diagonal(self._curvature[k], axis1=1, axis2=2) * moved
        weight /= np.vecdot(weight, moved)[:, np.newaxis]
        outer = weight[:, :, np.newaxis] * np.vecdot(jacobian, missed[:, np.newaxis])[:, np.newaxis]
        square = weight[:, :, np.newaxis] * weight[:, np.newaxis]
        length = np.vecdot(missed, missed)[:, np.newaxis, np.newaxis]
        self._curvature[k] += outer + np.swapaxes(outer, 1, 2) + length * square
        jacobian += weight[:, :, np.newaxis] * missed[:, np.newaxis]
        self._jacobian[k] = jacobian
        self._slope[k] = np.vecdot(jacobian, residuals[:, np.newaxis])
        self._n_updates[k] += 1

    def _next(self):
        """Values after a step."""
        theta, slope, j = self.theta, self._slope, np.arange(self.theta.shape[1])
        diagonal = self._curvature[:, j, j]
        size = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
        scaled = self._curvature / (size[:, :, np.newaxis] * size[:, np.newaxis])
        down, up = self._reach(theta)
        fixed = (down >= 0) & (slope > 0) | (up <= 0) & (slope < 0) | self.held
        fixed |= diagonal * np.where(self.is_log, 1.0, self._scales) ** 2 < _NOISE

        def solution(slope):
            right = np.where(fixed, 0.0, slope)[..., np.newaxis]
            return -np.linalg.solve(matrix, right)[..., 0] / size

        step = np.zeros_like(theta)
        for _ in range(_SOLUTIONS):
            matrix = np.where(fixed[:, :, np.newaxis] | fixed[:, np.newaxis], 0.0, scaled)
            matrix[:, j, j] += self._damping[:, np.newaxis] + fixed
            new = solution(slope / size + np.vecdot(scaled, (step * size)[:, np.newaxis]))
            new = np.where(fixed, step, new)
            far = (new < down) | (new > up)
            if not far.any():
                break
            # what would go too far goes as far as it may, and the others follow it
            fixed |= far
            step = np.where(fixed, np.clip(new, down, up), 0.0)
        step = np.clip(new, down, up)
        ahead = self._moved(theta, _AHEAD * step)
        straight = (self._distance(theta, ahead)[:, np.newaxis] @ self._jacobian)[:, 0]
        bend = (self._evaluated(ahead)[0] - self._residuals - straight) / _AHEAD**2
        bend = solution(np.vecdot(self._jacobian, bend[:, np.newaxis]) / size)
        length = np.linalg.norm(bend * size, axis=1) / np.linalg.norm(step * size, axis=1)
        bend *= np.minimum(1.0, _BEND / length)[:, np.newaxis]
        step = np.clip(step + np.where(np.isfinite(bend), bend, 0.0), down, up)
        return self._moved(theta, step)

    def _moved(self, theta, step):
        """Values after a step in logarithms where these are taken, inside the limits."""
        factor = np.exp(np.where(self.is_log, step, 0.0))
        new = np.where(self.is_log, theta * factor, theta + step)
        return np.where(self.held, theta, np.clip(new, *self._likelihood.bounds.T))

    def _reach(self, theta):
        """How far a step may go down and up, as logarithms where these move (two ``(m, n)``)."""
        # not at once from afar to a limit at zero
        far = (self._low == 0) & (theta > _NEAR * self._scales)
        low, high = np.where(far, _NEARER * theta, self._low), np.maximum(self._high, theta)
        down = np.maximum(np.log(low / theta), -_LONGEST)
        up = np.minimum(np.log(high / theta), _LONGEST)
        return np.where(self.is_log, down, low - theta), np.where(self.is_log, up, high - theta)

    def _distance(self, theta, new):
        """Step from values to others, in logarithms where these are taken."""
        return np.where(self.is_log, np.log(np.where(self.is_log, new / theta, 1.0)), new - theta)
