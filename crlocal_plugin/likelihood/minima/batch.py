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

_SETTLED, _PATIENCE, _STUCK = 1e-3, 3, 1e7
"""A descent has ended when the statistic falls by less in so many steps in a row, or when the
damping has grown that large."""


class Descents:
    """Damped Gauss-Newton descents (Levenberg 1944, Marquardt 1963), one row each.

    A parameter whose limits are positive moves in its logarithm, another one as it is: strengths
    and lengths reach zero, and leave it again. A step ends at the limits.

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
    _OWN = ("_residuals", "_damping", "_growth", "_idle", "_curvature", "_slope", "_is_fresh")

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
        self._idle, self._is_fresh = np.empty(0, dtype=int), np.empty(0, dtype=bool)
        self._curvature, self._slope = np.empty((0, n, n)), np.empty((0, n))

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
            "_curvature": np.zeros((m, n, n)),
            "_slope": np.zeros((m, n)),
            "_is_fresh": np.zeros(m, dtype=bool),
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
        """Slope and curvature of half of the statistic where values have changed."""
        (k,) = np.nonzero(~self._is_fresh)
        if not k.size:
            return
        theta, j = self.theta[k], np.arange(self.theta.shape[1])
        size = np.where(self._is_positive, np.maximum(self._scales, theta), self._scales)
        step = _DIFFERENCE * np.where(self.is_log, theta, size)
        step = np.where(theta + step > self._high, -step, step)
        moved = np.repeat(theta[:, np.newaxis], len(j), axis=1)
        moved[:, j, j] += step
        residuals, _ = self._evaluated(moved.reshape(-1, len(j)))
        rise = residuals.reshape(len(k), len(j), -1) - self._residuals[k, np.newaxis]
        jacobian = rise * (np.where(self.is_log, theta, 1.0) / step)[..., np.newaxis]
        self._curvature[k] = jacobian @ np.swapaxes(jacobian, 1, 2)
        self._slope[k] = np.vecdot(jacobian, self._residuals[k, np.newaxis])
        self._is_fresh[k] = True

    def _advance(self):
        """Try a step of each, and take those that lower the statistic."""
        theta, curvature, slope = self.theta, self._curvature, self._slope
        lost = ~(np.isfinite(curvature).all(axis=(1, 2)) & np.isfinite(self.stat))
        curvature = np.where(lost[:, np.newaxis, np.newaxis], 0.0, curvature)
        slope = np.where(lost[:, np.newaxis], 0.0, slope)
        new = self._next(theta, curvature, slope)
        moved = np.where(self.is_log, np.log(np.where(self.is_log, new / theta, 1.0)), new - theta)
        residuals, stat = self._evaluated(new)
        expected = -np.vecdot(moved, 2 * slope + np.vecdot(curvature, moved[:, np.newaxis]))
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
        self._residuals = np.where(rows, residuals, self._residuals)
        self.stat = np.where(lower, stat, self.stat)
        self._is_fresh = self._is_fresh & ~lower
        self.age = self.age + 1
        return lost | (self._idle >= self._patience) | (self._damping > _STUCK)

    def _next(self, theta, curvature, slope):
        """Values after a step."""
        j = np.arange(theta.shape[1])
        diagonal = curvature[:, j, j]
        size = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
        scaled = curvature / (size[:, :, np.newaxis] * size[:, np.newaxis])
        down, up = self._reach(theta)
        fixed = (down >= 0) & (slope > 0) | (up <= 0) & (slope < 0) | self.held
        fixed |= diagonal * np.where(self.is_log, 1.0, self._scales) ** 2 < _NOISE
        step = np.zeros_like(theta)
        for _ in range(_SOLUTIONS):
            rest = slope / size + np.vecdot(scaled, (step * size)[:, np.newaxis])
            matrix = np.where(fixed[:, :, np.newaxis] | fixed[:, np.newaxis], 0.0, scaled)
            matrix[:, j, j] += self._damping[:, np.newaxis] + fixed
            solved = -np.linalg.solve(matrix, np.where(fixed, 0.0, rest)[..., np.newaxis])[..., 0]
            solved = np.where(fixed, step, solved / size)
            far = (solved < down) | (solved > up)
            if not far.any():
                break
            # what would go too far goes as far as it may, and the others follow it
            fixed |= far
            step = np.where(fixed, np.clip(solved, down, up), 0.0)
        step = np.clip(solved, down, up)
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
