"""Posterior and evidence in seconds: importance sampling, and tempered populations behind it."""

from typing import NamedTuple

import numpy as np
from astropy.table import Table
from scipy.special import expit

from .convergence import import_sampling, population_diagnostics
from .importance import MAX_PARETO_K, MIN_EFFECTIVE, importance_rounds, weigh
from .modes import Modes, find_modes
from .tempering import Populations

# draws in rounds of importance sampling from the maxima, and from populations
_EARLY, _LATE = (10_000, 15_000, 20_000), (20_000, 20_000, 40_000, 60_000, 80_000)
_HEAT = 0.1  # power of the likelihood at which populations are to forget where they started
_BURN_IN = 2  # sweeps of the populations that do not count
_FEWEST_SWEEPS, _SWEEPS = 8, 16  # of those that do
_CHECKED = 20_000  # draws for the evidence of populations
_AGREE = 0.15  # how far two ways to compute ln(evidence) may be apart


class Adapted(NamedTuple):
    """Samples of equal weight at positions (chains, draws, n), and what is known of them.

    ``log_evidence`` is ln(evidence) and its error, ``shares`` are those of the maxima (k,) at
    ``modes``, positions (k, n).
    """

    position: np.ndarray
    log_evidence: tuple
    table: Table
    problems: list
    sampler: str
    modes: np.ndarray
    shares: np.ndarray


def adaptive_samples(target, fit, rng, report):
    """Sample a target by importance, and where this fails by tempered populations (`Adapted`).

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
        for _ in range(_BURN_IN):
            report("moving to the posterior")
            populations.sweep()
        found, mixture = importance_rounds(target, populations.mixture, _LATE, rng, report)
    if found is None:
        result = _over_the_posterior(target, fit.names, populations, mixture, rng, report)
    else:
        rows = [
            ("Pareto k", found.pareto_k, f"below {MAX_PARETO_K}"),
            ("effective sample size", found.effective, f"at least {MIN_EFFECTIVE}"),
        ]
        table = Table(rows=rows, names=("figure", "value", "expected"))
        sampler = f"importance sampling, {len(found.position)} draws"
        result = found.resampled(rng)[np.newaxis], found.log_evidence, table, [], sampler
    nearest = laplace.shares(result[0].reshape(-1, target.size)).argmax(axis=1)
    shares = np.bincount(nearest, minlength=len(modes.stats)) / nearest.size
    return Adapted(*result, modes.positions, shares)


def _modes(target, fit, rng):
    """Maxima, or where there are no residuals the present values in their place (`Modes`)."""
    if fit.is_least_squares:
        return find_modes(fit, target.coordinates, rng)
    present = target.coordinates.positions(fit.values[np.newaxis])
    return Modes(present, np.zeros(1), np.eye(target.size)[np.newaxis])


def _over_the_posterior(target, names, populations, mixture, rng, report):
    """Move populations until they are a result: what an `Adapted` begins with."""
    drawn, log_drawn = weigh(target, mixture, _CHECKED, rng)
    log_drawn = log_drawn - mixture.log_density(drawn.position)
    positions, log_here, effective = [], [], 0.0
    for number in range(1, _SWEEPS + 1):
        report(f"moving over the posterior, {effective:.0f} effective")
        correlation = max(populations.sweep(), 0.0)
        positions.append(populations.position.copy())
        rows = populations.position.reshape(-1, target.size)
        log_mixture = mixture.log_density(rows).reshape(populations.log_target.shape)
        log_here.append(populations.log_target - log_mixture)
        effective += len(rows) * (1 - correlation) / (1 + correlation)
        is_enough = effective >= MIN_EFFECTIVE and number >= _FEWEST_SWEEPS
        if is_enough or number == _SWEEPS:
            # populations first, then time
            chains = np.stack(positions, axis=1)
            chains = chains.reshape(len(chains), -1, target.size)
            table, problems = population_diagnostics(chains, names, effective, MIN_EFFECTIVE)
            here = np.concatenate(log_here, axis=1)
            evidence = _bridge(here, log_drawn, effective)
            difference = evidence[0] - drawn.log_evidence[0]
            most = max(_AGREE, 3 * drawn.log_evidence[1])
            if not abs(difference) <= most:
                problems.append(
                    "ln(evidence) of the populations and by importance differ by "
                    f"{difference:.2f}, expected at most {most:.2f}"
                )
            if not problems:
                break
    shape = "{} populations of {} particles".format(*populations.position.shape[:2])
    return chains, evidence, table, problems, f"tempered from a mixture, {shape}"


def _bridge(here, drawn, effective):
    """ln(evidence) and its error by bridge sampling (Meng and Wong 1996, Stat. Sinica 6, 831).

    Given are ln(target / mixture) at samples of populations (p, m) and at draws of the mixture.
    """
    odds, value = np.log(effective / len(drawn)), np.median(here)
    for _ in range(200):
        above, below = expit(odds + drawn - value), expit(value - odds - here)
        change = np.log(above.mean() / below.mean()) - odds
        value += change
        if abs(change) < 1e-6:
            break
    spread = np.std(np.log(below.mean(axis=1)), ddof=1) / np.sqrt(len(below))
    alone = below.std() / below.mean() / np.sqrt(effective)
    error = np.hypot(above.std() / above.mean() / np.sqrt(len(drawn)), max(spread, alone))
    return value, error
