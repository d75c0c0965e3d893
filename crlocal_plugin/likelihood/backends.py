"""Back ends for gammapy's Fit, entered in its registry.

``Fit(backend="least-squares")`` descends on the residuals of `CosmicRayDatasets`, all derivatives
in one call. Fits of these datasets with the back end "minuit" get a covariance of their own, see
`crlocal_plugin.likelihood.covariance`; all other datasets get what was registered before.
"""

import functools
import logging

import numpy as np
from gammapy.modeling.fit import registry

from .collection import CosmicRayDatasets
from .covariance import at_limits, likelihood_covariance, undetermined
from .descent import minimise
from .joint_likelihood import JointLikelihood
from .profiles import ProfileLikelihood

log = logging.getLogger(__name__)

LEAST_SQUARES = "least-squares"
"""Name of the back end."""


def _likelihood(parameters, function):
    """Joint likelihood of the free parameters of the datasets whose statistic is given."""
    datasets = getattr(function, "__self__", None)
    if not isinstance(datasets, CosmicRayDatasets):
        raise ValueError(
            f"the back end {LEAST_SQUARES!r} takes CosmicRayDatasets, got "
            f"{type(datasets).__name__}: make them with crl.load_datasets(...) or "
            "crl.CosmicRayDatasets([...]), or use the back end 'minuit'"
        )
    return JointLikelihood(datasets, list(parameters.free_parameters))


def optimize_least_squares(parameters, function, store_trace=False, **kwargs):
    """Optimise for gammapy's Fit; ``kwargs`` are ``tolerance`` and ``max_calls`` of `minimise`.

    Where the preparation of the fit has just ended, nothing is left to do, unless there are such
    options.
    """
    unknown = set(kwargs) - {"tolerance", "max_calls"}
    if unknown:
        raise ValueError(
            f"the back end {LEAST_SQUARES!r} has no option {', '.join(sorted(unknown))}: expected "
            "tolerance or max_calls"
        )
    likelihood = _likelihood(parameters, function)
    preparation = function.__self__.preparation
    if preparation is not None and preparation.is_at(likelihood) and not kwargs:
        minimum, steps = preparation.minimum, preparation.trace
    else:
        steps = []
        minimum = minimise(likelihood, callback=lambda *step: steps.append(step), **kwargs)
        log.info("least-squares descent to %.2f in %d calls", minimum.stat, minimum.n_calls)
        likelihood.assign(minimum.theta)
    steps = [*steps, (minimum.theta, minimum.stat)] if store_trace else []
    trace = [
        {"total_stat": stat} | {f"par-{k}": x for k, x in enumerate(theta)} for theta, stat in steps
    ]
    info = {"success": minimum.success, "message": minimum.message, "nfev": minimum.n_calls}
    return [par.factor for par in likelihood.parameters], info | {"trace": trace}, None


def covariance_least_squares(parameters, function, guess=None, **kwargs):
    """Covariance of the factors of the free parameters for gammapy's Fit, and how it went."""
    likelihood = _likelihood(parameters, function)
    scale = np.array([par.scale for par in likelihood.parameters])
    units = np.outer(scale, scale)
    guess = None if guess is None else guess * units
    covariance, success = likelihood_covariance(likelihood, likelihood.values, guess)
    message = "the statistic does not curve upwards in every direction: no minimum, or a flat one"
    if success:
        message = "; ".join(["errors from second derivatives", *_without_error(likelihood)])
    return covariance / units, {"success": success, "message": message}


def _without_error(likelihood):
    """What there is to say of parameters that have no error."""
    if likelihood.is_least_squares:
        named = np.array(likelihood.names)
        limits = at_limits(likelihood, likelihood.values)
        open_, _ = undetermined(likelihood, likelihood.values)
        if limits.any():
            yield f"at a limit: {', '.join(named[limits])}"
        if open_.any():
            yield f"hardly determined there: {', '.join(named[open_])}"


def _with_covariance_of_datasets(before):
    """Covariance for the back end "minuit", that of a function for all but `CosmicRayDatasets`."""

    @functools.wraps(before)
    def covariance_minuit(parameters, function, **kwargs):
        matrix, info = before(parameters, function, **kwargs)
        if not isinstance(getattr(function, "__self__", None), CosmicRayDatasets):
            return matrix, info
        # with a strength at its limit, Minuit may have no matrix to start from
        guess = matrix if np.ndim(matrix) == 2 else None
        return covariance_least_squares(parameters, function, guess)

    covariance_minuit.before = before
    return covariance_minuit


def confidence_least_squares(parameters, function, parameter, reoptimize, sigma, **kwargs):
    """Confidence interval for gammapy's Fit, as MINOS does: errors in factors, nan or nan.

    The statistic rises by ``sigma`` squared there; with ``reoptimize``, the others follow.
    """
    likelihood = _likelihood(parameters, function)
    column = likelihood.parameters.index(parameter)
    profile = ProfileLikelihood(likelihood, likelihood.names[column], reoptimize=reoptimize)
    low, high = profile.interval(sigma)
    best = profile.best[column]
    message = "the statistic rises to the level on both sides"
    if not np.isfinite([low, high]).all():
        message = "the statistic does not rise to the level before a limit of the parameter"
    if profile.found_lower:
        message = f"a lower minimum was met, {profile.lowest[0]:.2f}: fit again from there"
    success = bool(np.isfinite([low, high]).all()) and not profile.found_lower
    errors = {"errn": (best - low) / parameter.scale, "errp": (high - best) / parameter.scale}
    return errors | {"success": success, "message": message, "nfev": profile.n_calls}


def register_backends():
    """Enter the back ends in gammapy's registry, once however often this is called."""
    registry.register["optimize"][LEAST_SQUARES] = optimize_least_squares
    registry.register["covariance"][LEAST_SQUARES] = covariance_least_squares
    registry.register["confidence"][LEAST_SQUARES] = confidence_least_squares
    covariances = registry.register["covariance"]
    before = getattr(covariances["minuit"], "before", covariances["minuit"])
    covariances["minuit"] = _with_covariance_of_datasets(before)
