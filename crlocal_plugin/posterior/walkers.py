"""Ensembles of walkers that run for as long as it takes.

The walkers are those of emcee (Foreman-Mackey et al. 2013, PASP 125, 306). On the posterior of the
default fit, differential evolution in logarithms of scales has half the autocorrelation time of
the stretch move. emcee's DESnookerMove is not used: in release 3.1 it comes out with 0.6 of the
variance of a normal distribution in ten dimensions.
"""

from typing import NamedTuple

import numpy as np

from .convergence import (
    autocorrelation_times,
    import_sampling,
)

STORED = 5
"""Steps between those that are kept."""

BURN_IN = 10
"""Autocorrelation times that are left out at the start."""

OVERDISPERSION = 2.0
"""Spread of the walkers at the start in standard deviations."""


class WhitenedCoordinates:
    """Coordinates in which an approximate posterior is a normal distribution of unit width.

    Ensembles are blind to linear maps in exact arithmetic, but not with numbers of 1e57 beside
    others of 1e-3.

    Parameters
    ----------
    centre : array_like
        Values at the centre, shape ``(n,)``.
    covariance : array_like
        Covariance of the values, shape ``(n, n)``.
    logarithmic : array_like of bool
        Which values go in by their logarithm, in which a product of powers is a straight line.
    """

    def __init__(self, centre, covariance, logarithmic):
        self._log = np.asarray(logarithmic, dtype=bool)
        self._centre = np.where(self._log, np.log(np.where(self._log, centre, 1.0)), centre)
        slope = 1 / np.where(self._log, centre, 1.0)
        error = np.sqrt(np.diag(covariance))
        values, vectors = np.linalg.eigh(covariance / np.outer(error, error))
        # what roundings have made of a degenerate direction
        lengths = np.sqrt(np.maximum(values, 1e-12))
        self._axes = (slope * error)[:, np.newaxis] * vectors * lengths

    def values(self, position):
        """Values at positions, both of shape ``(m, n)``."""
        mixed = self._centre + position @ self._axes.T
        with np.errstate(over="ignore"):
            return np.where(self._log, np.exp(np.where(self._log, mixed, 0.0)), mixed)

    def log_volume(self, theta):
        """Logarithm of the volume of values per volume of positions, up to a constant.

        Parameters
        ----------
        theta : array_like
            Values, shape ``(m, n)``.

        Returns
        -------
        `~numpy.ndarray`
            Logarithm, shape ``(m,)``.
        """
        return np.log(theta[:, self._log]).sum(axis=1)


class _Density:
    """Logarithm of the posterior density of positions."""

    def __init__(self, log_posterior, coordinates):
        self._log_posterior, self._coordinates = log_posterior, coordinates

    def __call__(self, position):
        theta = self._coordinates.values(position)
        result = self._log_posterior(theta)
        allowed = np.isfinite(result)
        result[allowed] += self._coordinates.log_volume(theta[allowed])
        return result


def start_walkers(log_posterior, coordinates, shape, rng):
    """Draw positions from a normal distribution that is wider than the posterior.

    Parameters
    ----------
    log_posterior : callable
        Logarithm of the posterior density of values of shape ``(m, n)``.
    coordinates : WhitenedCoordinates
        Coordinates.
    shape : tuple of int
        Numbers of ensembles, walkers and parameters.
    rng : `~numpy.random.Generator`
        Source of random numbers.

    Returns
    -------
    `~numpy.ndarray`
        Positions within the limits, of that shape.

    Raises
    ------
    ValueError
        If the limits leave hardly any room.
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
    """What ensembles have come to.

    Attributes
    ----------
    theta : `~numpy.ndarray`
        Values after burn-in, shape ``(steps, ensembles, walkers, n)``, `STORED` steps apart.
    log_density : `~numpy.ndarray`
        ln(posterior density) of them, shape ``(steps, ensembles, walkers)``.
    tau : `~numpy.ndarray`
        Integrated autocorrelation times in steps, shape ``(n,)``.
    n_steps : int
        Steps of each walker, burn-in included.
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
    """Run independent ensembles for as long as the caller asks for more.

    Parameters
    ----------
    log_posterior : callable
        Logarithm of the posterior density of values of shape ``(m, n)``.
    coordinates : WhitenedCoordinates
        Coordinates in which the walkers move. The volume that they take up is made up for: the
        density that is sampled is that of the values.
    start : `~numpy.ndarray`
        Positions, shape ``(ensembles, walkers, n)``.
    max_steps : int
        Most steps of a walker.
    check_every : int
        Steps from one result to the next; a tenth of all steps if that is more.
    rng : `~numpy.random.Generator`
        Source of random numbers.

    Yields
    ------
    EnsembleRun
        All steps so far.
    """
    emcee = import_sampling("emcee")
    from .moves import EnsemblesMove

    n_ensembles, n_walkers, n = start.shape
    state, done = start.reshape(-1, n), 0
    sampler = emcee.EnsembleSampler(
        len(state),
        n,
        _Density(log_posterior, coordinates),
        moves=EnsemblesMove(n_ensembles),
        vectorize=True,
    )
    seed = rng.integers(2**32)
    sampler.random_state = np.random.RandomState(seed).get_state()
    while done < max_steps:
        stored = -(-min(max(check_every, done // 10), max_steps - done) // STORED)
        state = sampler.run_mcmc(state, stored, thin_by=STORED, skip_initial_state_check=True)
        done += STORED * stored
        positions = sampler.get_chain().reshape(-1, *start.shape)
        half = len(positions) // 2
        theta = coordinates.values(positions)
        tau = STORED * autocorrelation_times(theta[half:])
        # the second half is a safe start for chains that are too short to tell
        burn_in = int(min(BURN_IN * np.max(tau) / STORED, half)) if np.isfinite(tau).all() else half
        log_density = sampler.get_log_prob()[burn_in:].reshape(-1, n_ensembles, n_walkers)
        volume = coordinates.log_volume(theta[burn_in:].reshape(-1, n))
        log_density = log_density - volume.reshape(log_density.shape)
        yield EnsembleRun(theta[burn_in:], log_density, tau, done)
