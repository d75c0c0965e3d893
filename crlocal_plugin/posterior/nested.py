"""Evidence and posterior by nested sampling."""

import contextlib
import logging

import numpy as np
from astropy.table import Table

from ..progress import progress_bar
from .convergence import MIN_ESS, import_sampling
from .coordinates import NOWHERE
from .density import PosteriorDensity, likelihoods
from .described import best_fit, described

# largest number of parameters for which points are drawn from a region around the live points
REGION = 10
POPULATION = 64  # points that a step sampler moves at once
# smallest fraction of the points of a step sampler that leave the neighbourhood of their start
FAR_ENOUGH = 0.5
INTEGRATED = 0.95  # smallest fraction of the evidence that the live points have been through


def nested_sample(
    datasets, n_live=400, n_steps=None, max_calls=None, random_state=None, progress=None
):
    """Sample the posterior and compute the evidence with UltraNest.

    Nested sampling (Skilling 2004; Buchner 2021, JOSS 6, 3001) starts from the whole prior and
    finds separate minima. Every free parameter needs a proper prior: a prior object, or two limits
    between which it is flat. Priors are normalised between the limits. The evidence leaves out
    constants of the data: it compares models on the same data.

    Up to ten parameters, points are drawn from a region around the live points; beyond, a slice
    sampler is used. Samples have converged if the order of insertion passes UltraNest's test, the
    live points hold less than 5 % of the evidence, 400 samples are effective, and half of the
    points of a slice sampler leave the neighbourhood of their start.

    Parameters
    ----------
    datasets : CosmicRayDatasets or JointLikelihood
        Datasets with models, or a likelihood: then the posterior has no models.
    n_live : int, optional
        Live points; the error of ln(evidence) falls with the square root of it.
    n_steps : int, optional
        Steps of the slice sampler, zero for none. By default eight times the number of parameters
        if there are more than ten.
    max_calls : int, optional
        Evaluations of the likelihood after which sampling ends in any case.
    random_state : int or `~numpy.random.Generator`, optional
        Seed or source of random numbers.
    progress : callable or bool, optional
        As for `~crlocal_plugin.sample`.

    Returns
    -------
    Posterior
        Samples of equal weight, with ``log_evidence``: ln(evidence) and its error.

    Raises
    ------
    ValueError
        If no parameter is free, or a prior is not proper.
    ImportError
        If UltraNest is not installed.
    """
    likelihood, fit = likelihoods(datasets)
    n = likelihood.size
    if n_steps is None:
        n_steps = 0 if n <= REGION else 8 * n
    log_posterior = PosteriorDensity(likelihood)
    # refuses what is not proper before any work is done
    log_posterior.prior_transform(np.full((1, n), 0.5))
    ultranest = import_sampling("ultranest")
    steppers = import_sampling("ultranest.popstepsampler")

    def log_likelihood(theta):
        return np.maximum(log_posterior.log_likelihood(theta), NOWHERE)

    seed = int(np.random.default_rng(random_state).integers(2**32))
    with _seeded_and_quiet(seed), np.errstate(all="ignore"):
        sampler = ultranest.ReactiveNestedSampler(
            likelihood.names, log_likelihood, log_posterior.prior_transform, vectorized=True
        )
        if n_steps:
            sampler.stepsampler = steppers.PopulationSimpleSliceSampler(
                POPULATION, n_steps, steppers.generate_differential_direction
            )
        options = {"min_ess": MIN_ESS, "frac_remain": 0.01, "viz_callback": False}
        options |= {"min_num_live_points": n_live, "max_ncalls": max_calls}
        with progress_bar(None, "nested sampling", "", progress):
            result = sampler.run(show_status=False, **options)
    samples, evidence = result["samples"], (result["logz"], result["logzerr"])
    log_density = log_posterior(samples)
    slices = f", {n_steps} slices per point" if n_steps else ""
    steps = ", or more steps (n_steps) until ln(evidence) no longer changes" if n_steps else ""
    info = {
        "sampler": f"UltraNest, {n_live} live points{slices}",
        "calls": int(result["ncall"]),
        "advice": f"Take more live points (n_live){steps}",
    }
    best = best_fit(fit, samples[np.argmax(log_density)])
    figures = _assess(result, sampler.stepsampler if n_steps else None)
    chains = samples[np.newaxis], log_density[np.newaxis]
    return described(datasets, likelihood, *chains, best, *figures, info, evidence)


def _assess(result, stepper):
    """Figures of convergence, and which of them are not good enough."""
    rows = [
        ("insertion order passes", float(result["insertion_order_MWW_test"]["converged"]), 1.0),
        ("fraction of the evidence", float(np.exp(-result["logzerr_tail"])), INTEGRATED),
        ("effective sample size", float(result["ess"]), float(MIN_ESS)),
    ]
    if stepper is not None:
        rows.append(("points that move far enough", stepper.far_enough_fraction, FAR_ENOUGH))
    # nan is not good enough either
    problems = [
        f"{figure}: {value:.3g}, expected at least {least:g}"
        for figure, value, least in rows
        if not value >= least
    ]
    return Table(rows=rows, names=("figure", "value", "at_least")), problems


@contextlib.contextmanager
def _seeded_and_quiet(seed):
    """Seed NumPy's global random numbers, which UltraNest takes, and silence it; undo both."""
    logger, handler = logging.getLogger("ultranest"), logging.NullHandler()
    before = np.random.get_state()  # noqa: NPY002
    logger.addHandler(handler)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
        logger.removeHandler(handler)
