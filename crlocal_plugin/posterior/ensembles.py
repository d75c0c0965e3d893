"""Posterior of the free parameters by ensembles of walkers."""

import numpy as np

from ..likelihood.covariance import likelihood_covariance
from ..likelihood.descent import minimise
from ..progress import progress_bar
from .convergence import MIN_LENGTH, chain_diagnostics
from .density import PosteriorDensity, likelihoods
from .described import best_fit, described
from .walkers import STORED, WhitenedCoordinates, run_ensembles, start_walkers

FAR = 1e4  # how far out an open end is looked at, in natural scales
# by how much the statistic must rise there: a chain of 1e6 samples does not get that far
RISE = 30.0
NARROW = 0.3  # relative error below which a positive parameter goes in by its logarithm


def ensemble_sample(
    datasets,
    n_walkers=None,
    n_ensembles=4,
    max_steps=50_000,
    check_every=1000,
    random_state=None,
    progress=None,
):
    """Sample the posterior of the free parameters until the samples have converged.

    The priors are those of the parameters. Where a parameter has none, its prior is flat between
    its limits, in the parameter itself and not in its logarithm, also where the walkers move in
    logarithms. Values and limits of the datasets stay as they are.

    Independent ensembles of emcee's walkers start from a normal distribution of twice the width of
    the posterior around the best fit, to which a descent leads. They run until, after a burn-in
    of 10 autocorrelation times, for every parameter the walkers are 50 autocorrelation times long,
    the rank-normalised split R-hat over the ensembles is at most 1.01, and 400 effective samples
    are reached in bulk and tails (`arviz.rhat`, `arviz.ess`). What is kept is half an
    autocorrelation time apart.

    Minima that no path of good fits connects with the best fit are not found this way:
    `~crlocal_plugin.nested_sample` looks for them.

    Parameters
    ----------
    datasets : CosmicRayDatasets or JointLikelihood
        Datasets with models, or a likelihood: then the posterior has no models.
    n_walkers : int, optional
        Walkers of an ensemble, at least twice the number of parameters; by default four times.
    n_ensembles : int, optional
        Independent ensembles, two or more.
    max_steps, check_every : int, optional
        Steps of a walker after which sampling ends in any case, and between assessments.
    random_state : int or `~numpy.random.Generator`, optional
        Seed or source of random numbers.
    progress : callable or bool, optional
        As for `~crlocal_plugin.sample`.

    Returns
    -------
    Posterior
        The samples; it refuses to be used as a result if they have not converged.

    Raises
    ------
    ValueError
        If no parameter is free, there are too few walkers or ensembles, or the posterior cannot be
        normalised because a flat prior has no limits.
    ImportError
        If emcee or ArviZ are not installed.
    """
    likelihood, fit = likelihoods(datasets)
    n = likelihood.size
    n_walkers = max(4 * n, 32) if n_walkers is None else n_walkers
    if n_walkers < 2 * n or n_ensembles < 2:
        raise ValueError(
            f"{n_ensembles} ensembles of {n_walkers} walkers: expected two ensembles or more, of "
            f"{2 * n} walkers or more for {n} parameters"
        )
    if max_steps < 1 or check_every < 1:
        raise ValueError(
            f"max_steps {max_steps} and check_every {check_every} must be positive numbers"
        )
    rng = np.random.default_rng(random_state)
    log_posterior = PosteriorDensity(likelihood)
    best = fit.values
    if fit.is_least_squares:
        best = minimise(fit).theta
        check_ends(fit, log_posterior.improper, best)
    coordinates = _coordinates(fit, log_posterior.logarithmic, best)
    start = start_walkers(log_posterior, coordinates, (n_ensembles, n_walkers, n), rng)
    runs = run_ensembles(log_posterior, coordinates, start, max_steps, check_every, rng)
    done = 0
    with progress_bar(max_steps, "sampling", "steps", progress) as update:
        for run in runs:
            shortest, longest = np.min(run.tau), np.max(run.tau)
            update(run.n_steps - done)
            done = run.n_steps
            if run.length >= MIN_LENGTH * longest or run.n_steps >= max_steps:
                # samples half an autocorrelation time apart
                thin = max(1, int(0.5 * shortest / STORED)) if np.isfinite(shortest) else 1
                theta, log_density = run.theta[::thin], run.log_density[::thin]
                figures = chain_diagnostics(theta, likelihood.names, run.tau, run.length)
                if not figures[1]:
                    break
    # a chain is a walker
    chains, log_density = theta.reshape(len(theta), -1, n), log_density.reshape(len(theta), -1)
    highest = chains[np.unravel_index(np.argmax(log_density), log_density.shape)]
    info = {
        "sampler": f"emcee, {n_ensembles} ensembles of {n_walkers} walkers",
        "steps": run.n_steps,
        "advice": f"Sample for more than max_steps={max_steps}, or give priors to parameters that "
        "the data leave open",
    }
    best, samples = best_fit(fit, best, highest), (chains.swapaxes(0, 1), log_density.T)
    return described(datasets, likelihood, *samples, best, *figures, info)


def check_ends(likelihood, improper, best):
    """Refuse a flat prior without limits where the likelihood does not fall off."""
    endless = []
    for name in improper:
        k = likelihood.names.index(name)
        # a strength that a descent drove to zero is no scale of its own
        scale = max(likelihood.scales_at(best)[k], _error_alone(likelihood, best, k))
        if not np.isfinite(scale):
            endless.append(f"{name}, on which the data do not depend")
            continue
        for side, limit in zip((-1, 1), likelihood.bounds[k], strict=True):
            far = best.copy()
            far[k] += side * FAR * scale
            with np.errstate(all="ignore"):
                if np.isfinite(limit) or not np.isfinite(likelihood(far)):
                    continue
                stat = minimise(likelihood, far, np.arange(likelihood.size) != k).stat
            rise = stat - likelihood(best)
            if rise < RISE:
                endless.append(
                    f"{name}: the statistic is only {rise:.1f} above its minimum at {far[k]:.3g} "
                    f"{likelihood.units[k]}"
                )
    if endless:
        raise ValueError(
            f"the posterior cannot be normalised, with a flat prior without limits on "
            f"{'; '.join(endless)}. Set a limit or a prior, or call set_proper_priors(datasets) "
            "before the fit"
        )


def _coordinates(likelihood, logarithmic, best):
    """Coordinates in which the posterior around the best fit is about normal."""
    low, high = likelihood.bounds.T
    room = np.where(np.isfinite(high - low), (high - low) / 4, np.inf)
    guess = None
    if not likelihood.is_least_squares:
        errors = [_error_alone(likelihood, best, k, room[k]) for k in range(likelihood.size)]
        guess = np.diag(errors) ** 2
    covariance = np.array(likelihood_covariance(likelihood, best, guess)[0])
    # a parameter at its limit, or on which nothing depends, has no error in a covariance
    variance = np.diag(covariance)
    for k in np.flatnonzero(~(np.isfinite(variance) & (variance > 0))):
        covariance[k] = covariance[:, k] = 0.0
        covariance[k, k] = _error_alone(likelihood, best, k, room[k]) ** 2
    error = np.sqrt(np.diag(covariance))
    # wider than the limits is of no use
    shrink = np.minimum(1.0, room / error)
    covariance *= np.outer(shrink, shrink)
    logarithmic = (low >= 0) & (best > 0) & (logarithmic | (error < NARROW * best))
    return WhitenedCoordinates(best, covariance, logarithmic)


def _error_alone(likelihood, best, k, most=np.inf):
    """How far one parameter can move by itself before the statistic rises by one."""
    low, high = likelihood.bounds[k]
    side = 1 if high - best[k] >= best[k] - low else -1
    steps = side * likelihood.scales_at(best)[k] * 3.0 ** np.arange(-10, 120)
    rows = np.tile(best, (len(steps), 1))
    rows[:, k] = np.clip(best[k] + steps, low, high)
    with np.errstate(all="ignore"):
        rises = likelihood(rows) - likelihood(best)
    found = np.flatnonzero(~(rises < 1))
    return abs(rows[found[0], k] - best[k]) if found.size else most
