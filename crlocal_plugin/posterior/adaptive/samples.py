"""Posterior and evidence in seconds: importance sampling, or walkers where it fails."""

from typing import NamedTuple

import numpy as np
from astropy.table import Table

from ...likelihood.minima.search import find_minima
from ..convergence import import_sampling
from ..coordinates import straight_columns
from ..density import NormalTarget
from .bends import bend
from .bridge import bridge_evidence
from .importance import MAX_PARETO_K, MIN_EFFECTIVE, draw_enough, importance_rounds, pooled
from .modes import find_modes
from .populations import Populations

_TRIALS = 8  # mixtures from which draws are tried while walkers go on
_KEPT = 4  # samples that are kept for each effective one


class Adapted(NamedTuple):
    """Samples of equal weight, values (chains, draws, n), and what is known of them.

    ``log_evidence`` is ln(evidence) and its error, ``shares`` are those of the maxima (k,) at
    ``modes``, values (k, n).
    """

    theta: np.ndarray
    log_evidence: tuple
    table: Table
    sampler: str
    calls: int
    modes: np.ndarray
    shares: np.ndarray


def adaptive_samples(density, likelihood, fit, rng, report, n_jobs=None, trials=None):
    """Sample a posterior (`Adapted`), or None if nothing can be trusted.

    ``fit`` is the likelihood whose minima are looked for. Importance sampling from a mixture at the
    maxima comes first. Where that fails, coordinates are bent along curved valleys, and walkers
    show what a mixture must be like; where that one fails too, they walk until they converge, or
    not at all if there is a list of ``trials``, to which ln(evidence) of each mixture is added.
    """
    import_sampling("arviz")
    report("looking for maxima")
    starts, straight = fit.values[np.newaxis], ()
    if fit.is_least_squares:
        minima = find_minima(fit, random_state=rng)
        starts = minima.theta
        straight = straight_columns(likelihood, starts, minima.covariance)
    target = NormalTarget(density, likelihood, fit, straight)
    modes = find_modes(target, starts, rng)
    found = importance_rounds(target, modes.mixture(), rng, report)
    if found is None:
        if target.has_residuals:
            report("following curved valleys")
            modes = bend(target, modes)
        report("walking to the posterior")
        populations = Populations(target, modes, rng, n_jobs)
        modes = populations.modes
        found = _drawn_while_walking(target, populations, rng, report, n_jobs, trials)
    if found is not None:
        rows = [
            ("Pareto k", found.pareto_k, f"below {MAX_PARETO_K}"),
            ("effective sample size", found.effective, f"at least {MIN_EFFECTIVE}"),
        ]
        table = Table(rows=rows, names=("figure", "value", "expected"))
        samples, evidence = found.resampled(rng)[np.newaxis], found.log_evidence
        sampler = f"importance sampling, {len(found.position)} draws"
    else:
        walked = populations.converged(report) if trials is None else None
        if walked is None:
            return None
        samples, table = walked.chains(_KEPT), walked.table
        evidence = bridge_evidence(target, walked, rng)
        sampler = f"{len(samples)} walkers in {len(walked.position)} populations"
    rows = samples.reshape(-1, target.size)
    shares = modes.mixture().shares(rows).mean(axis=0)
    theta = target.values(rows).reshape(samples.shape)
    places = target.values(modes.positions)
    return Adapted(theta, evidence, table, sampler, target.calls, places, shares)


def _drawn_while_walking(target, populations, rng, report, n_jobs, trials):
    """Draws from mixtures that walkers tell of, in several trials; None if they are not enough."""
    several = []
    for _ in range(_TRIALS):
        populations.follow_on()
        found = draw_enough(target, populations.mixture, rng, n_jobs)
        if trials is not None:
            trials.append(found.log_evidence[0])
        report(f"importance sampling, {found.effective:.0f} effective, k {found.pareto_k:.2f}")
        if found.pareto_k < MAX_PARETO_K:
            several.append(found)
            together = pooled(several)
            if together.is_good:
                return together
    return None
