"""Posterior of the free parameters by whichever method can be trusted."""

import logging

import numpy as np

from ..likelihood.descent import minimise
from ..progress import progress_bar
from .adaptive.samples import adaptive_samples
from .density import PosteriorDensity, likelihoods
from .described import best_fit, described
from .ensembles import check_ends, ensemble_sample
from .nested import nested_sample

log = logging.getLogger(__name__)


def sample(datasets, method="adaptive", random_state=None, progress=None, **options):
    """Sample the posterior of the free parameters.

    The priors are those of the parameters. Where a parameter has none, its prior is flat between
    its limits, in the parameter itself and not in its logarithm. Values and limits of the datasets
    stay as they are.

    "adaptive" takes seconds and gives the evidence: importance sampling with a mixture of t
    distributions at the maxima, if the Pareto k of the weights is below 0.7 and 5000 draws are
    effective (Vehtari et al. 2024, JMLR 25, 72); else walkers along the curved valleys of the
    posterior, with the evidence of bridge sampling (Meng & Wong 1996, Statistica Sinica 6, 831).
    "emcee" lets walkers run until they have converged, in minutes.

    Parameters
    ----------
    datasets : CosmicRayDatasets or JointLikelihood
        Datasets with models, or a likelihood: then the posterior has no models.
    method : {"adaptive", "emcee", "nested"}, optional
        How. "emcee" gives no evidence and misses minima that no path of good fits leads to,
        "nested" is `~crlocal_plugin.nested_sample` with UltraNest.
    random_state : int or `~numpy.random.Generator`, optional
        Seed or source of random numbers.
    progress : callable or bool, optional
        True or False for progress in lines or none; by default a bar where somebody looks. A
        function is called with the number of steps of emcee that were made.
    **options : dict
        Of "adaptive": ``n_jobs`` processes, by default as many as gammapy's parallel module says,
        one. Of "emcee": ``n_walkers`` of an ensemble (four times the number of parameters),
        ``n_ensembles`` (4), ``max_steps`` of a walker (50,000), ``check_every`` steps (1000). Of
        "nested": those of `~crlocal_plugin.nested_sample`.

    Returns
    -------
    Posterior
        Samples of equal weight; it refuses to be used as a result if they have not converged.

    Raises
    ------
    ValueError
        If no parameter is free, the method or an option is not known, or the posterior cannot be
        normalised because a flat prior has no limits.
    ImportError
        If ArviZ, emcee or UltraNest are needed and not installed.
    """
    methods = {"adaptive": _adaptive, "emcee": ensemble_sample, "nested": nested_sample}
    if method not in methods:
        raise ValueError(f"method {method!r}: expected one of {', '.join(methods)}")
    if method == "adaptive" and (other := options.keys() - {"n_jobs"}):
        raise ValueError(
            f"{', '.join(sorted(other))}: not an option of the method 'adaptive', which takes "
            "n_jobs only"
        )
    return methods[method](datasets, random_state=random_state, progress=progress, **options)


def _adaptive(datasets, random_state, progress, n_jobs=None):
    rng = np.random.default_rng(random_state)
    likelihood, fit = likelihoods(datasets)
    density = PosteriorDensity(likelihood)
    if fit.is_least_squares and density.improper:
        check_ends(fit, density.improper, minimise(fit).theta)
    with progress_bar(None, "sampling", "", progress):
        found = adaptive_samples(density, likelihood, fit, rng, log.info, n_jobs)
    if found is None:
        log.warning("the adaptive method did not converge: emcee takes over, for minutes")
        return ensemble_sample(datasets, random_state=rng, progress=progress)
    flat = found.theta.reshape(-1, likelihood.size)
    log_density = density(flat)
    modes = {"weight": found.shares.tolist(), "statistic": np.atleast_1d(fit(found.modes)).tolist()}
    modes |= dict(zip(likelihood.names, found.modes.T.tolist(), strict=True))
    info = {"sampler": found.sampler, "calls": found.calls, "modes": modes}
    best = best_fit(fit, found.modes[0], flat[np.argmax(log_density)])
    # without an end of every prior, the evidence has no scale
    evidence = None if density.improper else found.log_evidence
    log_density = log_density.reshape(found.theta.shape[:2])
    figures = found.table, [], info, evidence
    return described(datasets, likelihood, found.theta, log_density, best, *figures)
