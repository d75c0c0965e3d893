"""Posterior and evidence in seconds by importance sampling, where its weights can be trusted."""

from typing import NamedTuple

import numpy as np
from astropy.table import Table

from .convergence import import_sampling
from .importance import MAX_PARETO_K, MIN_EFFECTIVE, importance_rounds
from .modes import Modes, find_modes
from .tempering import Populations

# draws in rounds of importance sampling from the maxima, and from populations
_EARLY, _LATE = (10_000, 15_000, 20_000), (20_000, 20_000, 40_000, 60_000, 80_000)
_HEAT = 0.1  # power of the likelihood at which populations are to forget where they started
_SWEEPS = 2  # moves of the populations over the posterior before a mixture is fitted to them


class Adapted(NamedTuple):
    """Samples of equal weight at positions (chains, draws, n), and what is known of them.

    ``log_evidence`` is ln(evidence) and its error, ``shares`` are those of the maxima (k,) at
    ``modes``, positions (k, n).
    """

    position: np.ndarray
    log_evidence: tuple
    table: Table
    sampler: str
    modes: np.ndarray
    shares: np.ndarray


def adaptive_samples(target, fit, rng, report):
    """Sample a target by importance (`Adapted`), or None if the weights cannot be trusted.

    Where a mixture at the maxima fails, one that is fitted to tempered populations is tried.
    ``fit`` is the likelihood whose maxima are looked for; without residuals the present values
    stand for them.
    """
    import_sampling("arviz")
    report("looking for maxima")
    modes, normal = _modes(target, fit, rng), target.coordinates.normal
    laplace = modes.mixture(normal, 1.0)
    found, _ = importance_rounds(target, laplace, _EARLY, rng, report)
    if found is None:
        populations = Populations(target, modes.mixture(normal, _HEAT), rng, report)
        populations.anneal(_HEAT)
        for _ in range(_SWEEPS):
            report("moving to the posterior")
            populations.sweep()
        found, _ = importance_rounds(target, populations.mixture, _LATE, rng, report)
    if found is None:
        return None
    rows = [
        ("Pareto k", found.pareto_k, f"below {MAX_PARETO_K}"),
        ("effective sample size", found.effective, f"at least {MIN_EFFECTIVE}"),
    ]
    table = Table(rows=rows, names=("figure", "value", "expected"))
    samples = found.resampled(rng)
    nearest = laplace.shares(samples).argmax(axis=1)
    shares = np.bincount(nearest, minlength=len(modes.stats)) / nearest.size
    sampler = f"importance sampling, {len(found.position)} draws"
    return Adapted(samples[np.newaxis], found.log_evidence, table, sampler, modes.positions, shares)


def _modes(target, fit, rng):
    """Maxima, or where there are no residuals the present values in their place (`Modes`)."""
    if fit.is_least_squares:
        return find_modes(fit, target.coordinates, rng)
    present = target.coordinates.positions(fit.values[np.newaxis])
    return Modes(present, np.zeros(1), np.eye(target.size)[np.newaxis])
