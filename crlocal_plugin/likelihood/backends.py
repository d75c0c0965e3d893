"""Back ends for gammapy's Fit, entered in its registry.

``Fit(backend="least-squares")`` descends on the residuals of `CosmicRayDatasets`, all derivatives
in one call. The covariance of the back end "minuit" is replaced for these datasets, see
`crlocal_plugin.likelihood.covariance`; other datasets get what gammapy does.
"""

import numpy as np
from gammapy.modeling.fit import registry
from gammapy.modeling.iminuit import covariance_iminuit

from .collection import CosmicRayDatasets
from .covariance import likelihood_covariance
from .descent import minimise
from .joint_likelihood import JointLikelihood
from .profiles import ProfileLikelihood

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
    """Optimise for gammapy's Fit with the back end "least-squares".

    Parameters
    ----------
    parameters : `~gammapy.modeling.Parameters`
        Unique parameters.
    function : callable
        ``stat_sum`` of `CosmicRayDatasets`.
    store_trace : bool, optional
        Keep values and statistic of every step.
    **kwargs : dict
        ``tolerance`` and ``max_calls`` of `~crlocal_plugin.likelihood.descent.minimise`.

    Returns
    -------
    factors : list of float
        Best-fit factors of the free parameters.
    info : dict
        ``success``, ``message``, ``nfev``, ``trace``.
    optimizer : None
        For compatibility.

    Raises
    ------
    ValueError
        If the datasets are not `CosmicRayDatasets`, or the statistic is not a sum of squares.
    """
    unknown = set(kwargs) - {"tolerance", "max_calls"}
    if unknown:
        raise ValueError(
            f"the back end {LEAST_SQUARES!r} has no option {', '.join(sorted(unknown))}: expected "
            "tolerance or max_calls"
        )
    likelihood = _likelihood(parameters, function)
    trace = []

    def store(theta, stat):
        values = {f"par-{k}": value for k, value in enumerate(theta)}
        trace.append({"total_stat": stat, **values})

    minimum = minimise(likelihood, callback=store if store_trace else None, **kwargs)
    if store_trace:
        store(minimum.theta, minimum.stat)
    likelihood.assign(minimum.theta)
    factors = [par.factor for par in likelihood.parameters]
    info = {
        "success": minimum.success,
        "message": minimum.message,
        "nfev": minimum.n_calls,
        "trace": trace,
    }
    return factors, info, None


def covariance_least_squares(parameters, function, **kwargs):
    """Covariance for gammapy's Fit with the back end "least-squares".

    Parameters
    ----------
    parameters : `~gammapy.modeling.Parameters`
        Unique parameters.
    function : callable
        ``stat_sum`` of `CosmicRayDatasets`.
    **kwargs : dict
        Of no effect, for compatibility.

    Returns
    -------
    matrix : `~numpy.ndarray`
        Covariance of the factors of the free parameters.
    info : dict
        ``success`` and ``message``.
    """
    return _factor_covariance(_likelihood(parameters, function))


def covariance_minuit(parameters, function, **kwargs):
    """Covariance for gammapy's Fit with the back end "minuit".

    Fits of `CosmicRayDatasets` get second derivatives along the principal axes of MIGRAD's
    matrix; all other fits get what gammapy does.

    Parameters
    ----------
    parameters : `~gammapy.modeling.Parameters`
        Unique parameters.
    function : callable
        Statistic.
    **kwargs : dict
        Options of gammapy, among them the ``minuit`` object.

    Returns
    -------
    matrix : `~numpy.ndarray`
        Covariance of the factors of the free parameters.
    info : dict
        ``success`` and ``message``.
    """
    matrix, info = covariance_iminuit(parameters, function, **kwargs)
    if not isinstance(getattr(function, "__self__", None), CosmicRayDatasets):
        return matrix, info
    # with a strength at its limit, Minuit may have no matrix to start from
    guess = matrix if np.ndim(matrix) == 2 else None
    return _factor_covariance(_likelihood(parameters, function), guess)


def _factor_covariance(likelihood, guess=None):
    """Covariance of parameter factors, and how it went."""
    scale = np.array([par.scale for par in likelihood.parameters])
    units = np.outer(scale, scale)
    guess = None if guess is None else guess * units
    covariance, success = likelihood_covariance(likelihood, likelihood.values, guess)
    message = (
        "Hesse terminated successfully."
        if success
        else "Hesse failed: the statistic does not curve upwards in every direction."
    )
    return covariance / units, {"success": success, "message": message}


def confidence_least_squares(parameters, function, parameter, reoptimize, sigma, **kwargs):
    """Confidence interval for gammapy's Fit with the back end "least-squares", as MINOS does.

    Parameters
    ----------
    parameters : `~gammapy.modeling.Parameters`
        Unique parameters.
    function : callable
        ``stat_sum`` of `CosmicRayDatasets`.
    parameter : `~gammapy.modeling.Parameter`
        Parameter of interest.
    reoptimize : bool
        Whether the other parameters follow.
    sigma : float
        Where the interval ends: a rise of the statistic by the square of it.
    **kwargs : dict
        Of no effect, for compatibility.

    Returns
    -------
    dict
        ``errp``, ``errn`` in factors, nan where the statistic does not rise that far;
        ``success``, ``message``, ``nfev``.
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
    return {
        "errn": (best - low) / parameter.scale,
        "errp": (high - best) / parameter.scale,
        "success": bool(np.isfinite([low, high]).all()) and not profile.found_lower,
        "message": message,
        "nfev": profile.n_calls,
    }


def register_backends():
    """Enter the back ends in gammapy's registry."""
    registry.register["optimize"][LEAST_SQUARES] = optimize_least_squares
    registry.register["covariance"][LEAST_SQUARES] = covariance_least_squares
    registry.register["confidence"][LEAST_SQUARES] = confidence_least_squares
    registry.register["covariance"]["minuit"] = covariance_minuit
