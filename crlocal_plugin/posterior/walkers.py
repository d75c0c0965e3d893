"""Ensembles of walkers that run for as long as it takes.

The walkers are those of emcee (Foreman-Mackey et al. 2013, PASP 125, 306). On the posterior of the
default fit, differential evolution in logarithms of scales has half the autocorrelation time of
the stretch move. emcee's DESnookerMove is not used: in release 3.1 it comes out with 0.6 of the
variance of a normal distribution in ten dimensions.
"""

from typing import NamedTuple

import numpy as np

from .convergence import autocorrelation_times, import_sampling

STORED = 5  # steps between those that are kept

BURN_IN = 10  # autocorrelation times that are left out at the start

OVERDISPERSION = 2.0  # spread of the walkers at the start in standard deviations


class WhitenedCoordinates:
    """Positions in which an approximate posterior is a normal distribution of unit width.

    Values that are ``logarithmic`` go in by their logarithm, in which a product of powers is a
    straight line. Ensembles are blind to linear maps in exact arithmetic, but not with numbers of
    1e57 beside others of 1e-3.
    """

    def __init__(self, centre, covariance, logarithmic):
        self._log = np.asarray(logarithmic, dtype=bool)
        scale = np.where(self._log, centre, 1.0)
        self._centre = np.where(self._log, np.log(scale), centre)
        error = np.sqrt(np.diag(covariance))
        values, vectors = np.linalg.eigh(covariance / np.outer(error, error))
        # what roundings have made of a degenerate direction
        lengths = np.sqrt(np.maximum(values, 1e-12))
        self._axes = (1 / scale * error)[:, np.newaxis] * vectors * lengths

    def values(self, position):
        """Values at positions, both of shape (..., n)."""
        mixed = self._centre + position @ self._axes.T
        with np.errstate(over="ignore"):
            return np.where(self._log, np.exp(np.where(self._log, mixed, 0.0)), mixed)

    def log_volume(self, theta):
        """ln(volume of values per volume of positions), up to a constant, shape (m,)."""
        return np.log(theta[:, self._log]).sum(axis=1)


def start_walkers(log_posterior, coordinates, shape, rng):
    """Draw allowed positions from a normal distribution that is wider than the posterior.

    The shape is (ensembles, walkers, n).
    """
    found, needed = np.empty((0, shape[-1])), shape[0] * shape[1]
    for _ in range(1000):
        draws = OVERDISPERSION * rng.standard_normal((needed, shape[-1]))
        allowed = np.isfinite(log_posterior(coordinates.values(draws)))
        found = np.concatenate([found, draws[allowed]])
        if len(found) >= needed:
            return found[:needed].reshape(shape)
    raise ValueError(
        "hardly any values around the best fit are within the limits: widen the limits, or freeze "
        "parameters that sit at one"
    )


class EnsembleRun(NamedTuple):
    """Values after burn-in (steps, ensembles, walkers, n), `STORED` steps apart, and their density.

    Autocorrelation times and the number of steps, burn-in included, are in steps of a walker.
    """

    theta: np.ndarray
    log_density: np.ndarray
    tau: np.ndarray
    n_steps: int

    @property
    def length(self):
        """Steps of each walker after burn-in (int)."""
        return STORED * len(self.theta)


def run_ensembles(log_posterior, coordinates, start, max_steps, check_every, rng):
    """Run independent ensembles, and yield all steps so far for as long as the caller wants more.

    From one `EnsembleRun` to the next there are ``check_every`` steps, or a tenth of all if that
    is more. The volume that the coordinates take up is made up for: the density that is sampled is
    that of the values.
    """
    emcee = import_sampling("emcee")
    from .moves import EnsemblesMove

    def log_density_there(position):
        theta = coordinates.values(position)
        result = log_posterior(theta)
        allowed = np.isfinite(result)
        result[allowed] += coordinates.log_volume(theta[allowed])
        return result

    n_ensembles, _, n = start.shape
    state, done, moves = start.reshape(-1, n), 0, EnsemblesMove(n_ensembles)
    sampler = emcee.EnsembleSampler(len(state), n, log_density_there, moves=moves, vectorize=True)
    sampler.random_state = np.random.RandomState(rng.integers(2**32)).get_state()
    while done < max_steps:
        stored = -(-min(max(check_every, done // 10), max_steps - done) // STORED)
        state = sampler.run_mcmc(state, stored, thin_by=STORED, skip_initial_state_check=True)
        done += STORED * stored
        theta = coordinates.values(sampler.get_chain().reshape(-1, *start.shape))
        half = len(theta) // 2
        tau = STORED * autocorrelation_times(theta[half:])
        # the second half is a safe start for chains that are too short to tell
        burn_in = int(min(BURN_IN * np.max(tau) / STORED, half)) if np.isfinite(tau).all() else half
        theta = theta[burn_in:]
        volume = coordinates.log_volume(theta.reshape(-1, n))
        log_density = sampler.get_log_prob()[burn_in:].ravel() - volume
        yield EnsembleRun(theta, log_density.reshape(theta.shape[:-1]), tau, done)
