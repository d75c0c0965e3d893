"""Covariance of a fit from second derivatives taken along its principal axes.

gammapy takes over the matrix that MIGRAD leaves behind, and parameters that are correlated to one
part in ten thousand then come out with errors that are off by some ten per cent. Here the second
derivatives are taken in coordinates in which that matrix is the unit matrix.
"""

import numpy as np
from gammapy.modeling.fit import registry
from gammapy.modeling.iminuit import covariance_iminuit

from ..datasets import CosmicRayDatasets
from ..datasets.identifiability import natural_jacobian, natural_scale

__all__ = ["covariance_minuit", "hesse_covariance", "register_covariance"]

STEP = 0.1
"""Step of the differences, in standard deviations."""


def hesse_covariance(function, parameters, guess):
    """Covariance of parameter factors from second derivatives of the statistic.

    Parameters
    ----------
    function : callable
        Statistic at the current parameter values.
    parameters : list of `~gammapy.modeling.Parameter`
        Free parameters, at the minimum; they are left there.
    guess : `~numpy.ndarray`
        Approximate covariance of their factors, shape ``(n, n)``, whose principal axes are used.

    Returns
    -------
    `~numpy.ndarray` or None
        Covariance of the factors, shape ``(n, n)``, zero for a parameter at its limit; None if
        the statistic does not curve upwards in every direction.
    """
    best = np.array([par.factor for par in parameters])
    variance = np.diag(guess)
    if not (np.isfinite(guess).all() and (variance >= 0).all()):
        return None
    error = np.sqrt(variance)
    inside = np.array([_inside(par, e) for par, e in zip(parameters, error, strict=True)])
    covariance = np.zeros_like(guess)
    if not inside.any():
        return covariance
    axes = _axes(guess[np.ix_(inside, inside)])
    if axes is None:
        return None

    def statistic(position):
        factors = best.copy()
        factors[inside] += axes @ position
        for par, factor in zip(parameters, factors, strict=True):
            par.factor = factor
        return function()

    try:
        curvature = _curvature(statistic, axes.shape[1])
    finally:
        for par, factor in zip(parameters, best, strict=True):
            par.factor = factor
    if not (np.isfinite(curvature).all() and np.linalg.eigvalsh(curvature).min() > 0):
        return None
    # the statistic is -2 ln L: its curvature is twice the inverse covariance
    covariance[np.ix_(inside, inside)] = axes @ np.linalg.inv(curvature / 2) @ axes.T
    return covariance


def _inside(par, error):
    """Whether a parameter is more than a few steps away from its limits."""
    for limit in (par.factor_min, par.factor_max):
        if np.isfinite(limit) and abs(par.factor - limit) <= 3 * STEP * error:
            return False
    return bool(error > 0)


def _axes(covariance):
    """Principal axes, as columns of the length of a standard deviation."""
    error = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(error, error))
    if not (np.isfinite(values).all() and values.min() > 0):
        return None
    return error[:, np.newaxis] * vectors * np.sqrt(values)


def _curvature(statistic, size):
    """Matrix of second derivatives by central differences."""
    unit = np.eye(size) * STEP
    centre = statistic(np.zeros(size))
    plus = np.array([statistic(step) for step in unit])
    minus = np.array([statistic(-step) for step in unit])
    curvature = np.diag(plus + minus - 2 * centre)
    for i in range(size):
        for j in range(i):
            both = statistic(unit[i] + unit[j]) + statistic(-unit[i] - unit[j])
            mixed = (both + 2 * centre - plus[i] - minus[i] - plus[j] - minus[j]) / 2
            curvature[i, j] = curvature[j, i] = mixed
    return curvature / STEP**2


def covariance_minuit(parameters, function, **kwargs):
    """Covariance for gammapy's Fit with the back end "minuit".

    Fits of `CosmicRayDatasets` get `hesse_covariance` along the principal axes of MIGRAD's
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
    datasets = getattr(function, "__self__", None)
    if not isinstance(datasets, CosmicRayDatasets):
        return matrix, info
    free = list(parameters.free_parameters)
    for guess in (lambda: matrix, lambda: _residual_covariance(datasets, free)):
        better = hesse_covariance(function, free, guess())
        if better is not None:
            return better, {"success": True, "message": "Hesse terminated successfully."}
    message = "Hesse failed: the statistic does not curve upwards in every direction."
    return matrix, {"success": False, "message": message}


def _residual_covariance(datasets, parameters):
    """Covariance of parameter factors from the first derivatives of the residuals."""
    jacobian = natural_jacobian(datasets, parameters)
    scale = np.array([natural_scale(par) / par.scale for par in parameters])
    return np.linalg.pinv(jacobian.T @ jacobian, rcond=1e-12) * np.outer(scale, scale)


def register_covariance():
    """Put `covariance_minuit` into gammapy's registry of fit back ends."""
    registry.register["covariance"]["minuit"] = covariance_minuit
