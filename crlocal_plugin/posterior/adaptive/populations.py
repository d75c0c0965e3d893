"""Populations of walkers that follow the slope of a posterior and jump within a mixture.

Every other step is drawn from a mixture that is fitted to what the walkers have met before, which
leads from one maximum to another. The steps between follow the residuals down (Roberts & Tweedie
1996, Bernoulli 2, 341): their derivatives are those at a maximum, so that a step costs no more
than the density. Where there are no residuals, they are differences of walkers (ter Braak 2006,
Statistics and Computing 16, 239).
"""

from typing import NamedTuple

import numpy as np
from astropy.table import Table

from ...work.parallel import run_parallel
from ..convergence import MAX_R_HAT, import_sampling
from .importance import MIN_EFFECTIVE
from .margins import Margins
from .mixtures import StudentMixture, degrees_of_freedom

_POPULATIONS, _WALKERS, _STORED = 4, 128, 5  # populations, walkers of each, steps between two rows
_WIDER = 1.5  # spread of the walkers at the start, relative to that at the maxima
_POWERS, _WARM = (0.3, 0.6, 1.0, 1.0), (30, 30, 40, 60)  # of the density at first, and steps there
_KEPT = 3  # latest rounds that a mixture is fitted to
_STEPS, _MOST, _BURN_IN = 200, 6000, 3  # steps of later rounds, of all, times left out at first
_COMPONENTS, _PASSES = 6, 8  # of a mixture, and steps of a fit
_ROWS, _WINDOW = 10_000, 4.0  # rows of a fit, and autocorrelation times that one is estimated from
_LENGTH, _JITTER = 0.8, 0.5  # of a step along the slope in one dimension, and of its logarithm
_ALL, _WIDE = 0.3, 0.1  # shares of components for all rows, and for those of a power below one


class Walked(NamedTuple):
    """Rows of all populations (p, s, m, n), ln(density) there (p, s, m), and their figures.

    ``mixture`` knows nothing of these rows.
    """

    position: np.ndarray
    log_density: np.ndarray
    table: Table
    mixture: StudentMixture

    def chains(self, kept):
        """Rows of the walkers (walkers, draws, n), some for each effective one."""
        n = self.position.shape[-1]
        chains = np.swapaxes(self.position, 1, 2).reshape(-1, self.position.shape[1], n)
        return chains[:, :: max(1, int(chains[..., 0].size / (kept * self.table["value"][0])))]


class Populations:
    """Populations of walkers on a target.

    ``modes`` are its maxima in the coordinates of the walkers, and ``mixture`` is what these jump
    within. They start far and wide, and meet powers of the density first: walkers that start narrow
    fill tails slowly.
    """

    def __init__(self, target, modes, rng, n_jobs=None):
        self._target, self.modes, self._rng, self._n_jobs = target, modes, rng, n_jobs
        self.mixture = modes.mixture()
        shape = _POPULATIONS, max(_WALKERS, 4 * target.size), target.size
        rows = self.mixture.wider(_WIDER).draw(shape[0] * shape[1], rng)
        self._position = rows.reshape(shape)
        for power, steps in zip(_POWERS, _WARM, strict=True):
            rows, _ = self._walked(steps, power)
            rows = rows[:, rows.shape[1] // 3 :]
            if power < 1:
                self._wide = self._mixture_of(rows, 1)
            self._fit(rows)
        self._stretch(rows)
        self._recent = []

    def follow_on(self):
        """Walk on, and fit the mixture to what has been met last."""
        self._recent = [*self._recent[1 - _KEPT :], self._walked(_STEPS, 1.0)[0]]
        self._fit(np.concatenate(self._recent, axis=1))

    def converged(self, report):
        """Walk until the rows have converged (`Walked`), None if they do not.

        What is kept are rounds whose mixture knows the rounds before them alone.
        """
        rounds = []
        for _ in range(_MOST // _STEPS):
            rounds.append(self._walked(_STEPS, 1.0))
            rows, log_density = (np.concatenate(x, axis=1) for x in zip(*rounds, strict=True))
            # the density tells of walkers that have not arrived yet
            columns = np.concatenate([rows, log_density[..., np.newaxis]], axis=-1)
            tau = _correlation_length(columns)
            burn_in = int(_BURN_IN * tau)
            effective = log_density[:, burn_in:].size / tau
            report(f"walking, {effective:.0f} effective")
            if effective < MIN_EFFECTIVE:
                continue
            r_hat = _r_hat(columns[:, burn_in:])
            if r_hat <= MAX_R_HAT:
                figures = [
                    ("effective sample size", effective, f"at least {MIN_EFFECTIVE}"),
                    ("R-hat", r_hat, f"at most {MAX_R_HAT}"),
                ]
                table = Table(rows=figures, names=("figure", "value", "expected"))
                kept = rows[:, burn_in:], log_density[:, burn_in:]
                return Walked(*kept, table, self.mixture)
            self._fit(rounds[-1][0])
            rounds = []
        return None

    def _walked(self, steps, power):
        """Rows of all populations and ln(density) there, from where they are."""
        seeds = self._rng.integers(2**63, size=_POPULATIONS)
        given = self._target, self.modes, self.mixture, steps, power
        inputs = [(*row, *given) for row in zip(self._position, seeds, strict=True)]
        walked = run_parallel(_walk, inputs, self._n_jobs, None, False)
        rows, log_density = (np.stack(parts) for parts in zip(*walked, strict=True))
        self._position = rows[:, -1]
        self._target.calls += steps * self._position[..., 0].size
        return rows, log_density

    def _stretch(self, rows):
        """Go on in coordinates in which rows are about normal."""
        target = self._target
        target.margins = Margins(rows.reshape(-1, target.size))
        rows, self._position = (
            target.margins.positions(x.reshape(-1, target.size)).reshape(x.shape)
            for x in (rows, self._position)
        )
        places = target.margins.positions(self.modes.positions)
        if target.has_residuals:
            self.modes = self.modes.moved(target, places)
        else:
            self.modes = self.modes._replace(positions=places)
        self._wide = self._mixture_of(rows, 1).wider(_WIDER)
        self._fit(rows)

    def _fit(self, rows):
        """Fit the mixture to rows, beside one component for all, and a wider one."""
        fitted, everything = self._mixture_of(rows, _COMPONENTS), self._mixture_of(rows, 1)
        self.mixture = fitted.beside(everything, _ALL).beside(self._wide, _WIDE)

    def _mixture_of(self, rows, size):
        rows = rows.reshape(-1, rows.shape[-1])
        rows = rows[self._rng.permutation(len(rows))[:_ROWS]]
        return StudentMixture.of_samples(
            rows, size, degrees_of_freedom(rows.shape[1]), self._rng, _PASSES
        )


def _r_hat(rows):
    """Largest R-hat of a coordinate, of halves of whole populations, from rows (p, s, m, n)."""
    chains = rows.reshape(len(rows), -1, rows.shape[-1])
    r_hat = import_sampling("arviz").rhat
    return max(float(r_hat(chains[..., k])) for k in range(chains.shape[-1]))


def _correlation_length(rows):
    """Longest autocorrelation time of a coordinate, in steps between rows (p, s, m, n).

    All walkers have one mean: that of a short walk is its own.
    """
    steps = rows.shape[1]
    return max(_time(np.swapaxes(column, 0, 1).reshape(steps, -1)) for column in rows.T)


def _time(walkers):
    """Autocorrelation time of walkers (steps, m) whose mean is zero in the end."""
    steps = len(walkers)
    spectrum = abs(np.fft.rfft(walkers - walkers.mean(), 2 * steps, axis=0)) ** 2
    covariance = np.fft.irfft(spectrum.mean(axis=1))[:steps] / np.arange(steps, 0, -1)
    times = 2 * np.cumsum(covariance / covariance[0]) - 1
    is_long = np.arange(steps) >= _WINDOW * times
    # a walk that is too short to tell counts once
    return max(1.0, times[is_long.argmax()]) if is_long.any() else steps


def _walk(position, seed, target, modes, mixture, steps, power):
    """Walk from positions (m, n): rows (s, m, n), and ln(density) there (s, m)."""
    population, rows = _Population(position, seed, target, modes, mixture, power), []
    for number in range(1, steps + 1):
        if number % 2:
            population.jump()
        elif modes.jacobians is not None:
            population.follow()
        else:
            population.differ()
        if number % _STORED == 0:
            rows.append((population.position.copy(), population.log_density.copy()))
    return tuple(map(np.array, zip(*rows, strict=True)))


class _Population:
    """Walkers at positions (m, n), with ln(density) (m,) and residuals (m, k) there."""

    def __init__(self, position, seed, target, modes, mixture, power):
        self._target, self._mixture, self._power = target, mixture, power
        self._rng = np.random.default_rng(seed)
        self.position = position.copy()
        self.log_density, self._residuals = target.with_residuals(position)
        self._roots = np.linalg.cholesky(modes.covariances / power)
        if modes.jacobians is not None:
            self._slopes = power * modes.jacobians @ self._roots

    def jump(self):
        """Propose draws from the mixture."""
        proposal, log_density = self._mixture.draw(len(self.position), self._rng), None
        log_density = self._mixture.log_density
        self._accept(slice(None), proposal, log_density(self.position) - log_density(proposal))

    def follow(self):
        """Propose steps along the slope of the residuals, in the metric of one of the maxima."""
        m, n = self.position.shape
        k = self._rng.integers(len(self._roots))
        root, slopes = self._roots[k], self._slopes[k]
        length = _LENGTH * n ** (-1 / 3) * np.exp(_JITTER * self._rng.standard_normal((m, 1)))
        noise = self._rng.standard_normal((m, n))
        down = self._residuals @ slopes
        proposal = self.position + (length * noise - 0.5 * length**2 * down) @ root.T

        def back(residuals):
            needed = 0.5 * length * (down + residuals @ slopes) - noise
            return 0.5 * (np.vecdot(noise, noise) - np.vecdot(needed, needed))

        self._accept(slice(None), proposal, back)

    def differ(self):
        """Propose steps by differences of walkers of the other half."""
        m, n = self.position.shape
        halves = np.array_split(self._rng.permutation(m), 2)
        for moving, others in (halves, halves[::-1]):
            size = len(others)
            first = self._rng.integers(size, size=len(moving))
            second = (first + self._rng.integers(1, size, size=len(moving))) % size
            step = self.position[others[first]] - self.position[others[second]]
            length = 1.7 / np.sqrt(2 * n) * np.exp(0.3 * self._rng.standard_normal(len(moving)))
            self._accept(moving, self.position[moving] + length[:, np.newaxis] * step, 0.0)

    def _accept(self, moving, proposal, gain):
        """Take over proposals by Metropolis and Hastings; the gain may depend on residuals."""
        log_density, residuals = self._target.with_residuals(proposal)
        gain = gain(residuals) if callable(gain) else gain
        gain = gain + self._power * (log_density - self.log_density[moving])
        better = np.log(self._rng.random(len(proposal))) < gain
        chosen = np.arange(len(self.position))[moving][better]
        self.position[chosen], self.log_density[chosen] = proposal[better], log_density[better]
        if self._residuals is not None:
            self._residuals[chosen] = residuals[better]
