"""Prepare a fit: a start near the minimum, and parameters in units of their errors.

MIGRAD, which sees one number per parameter, loses its way between parameters whose natural
scales differ by decades and which trade against each other, and can report success at a false
minimum. The residuals of the joint likelihood allow a least-squares descent, which is immune to
both; it takes a fraction of a second.
"""

import numpy as np
from scipy.optimize import least_squares

from .identifiability import natural_jacobian

__all__ = ["prepare_fit"]

_SMALLEST, _LARGEST = 1e-12, 1e6
"""Ends of a logarithmic coordinate, relative to the starting value."""

_COLLAPSED = 1e-3
"""Fraction of the starting value below which a parameter counts as driven to zero."""


def prepare_fit(datasets, parameters):
    """Move free parameters to the least-squares minimum and scale them by their errors.

    The result of a fit does not rest on this: the optimiser goes on from here with the full
    statistic. Values are left alone if the descent does not lower the statistic.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.
    parameters : list of `~gammapy.modeling.Parameter`
        Free parameters.
    """
    parameters = [par for par in parameters if not par.frozen]
    before = datasets.stat_sum()
    if not parameters or not np.isfinite(before):
        return
    # what nothing depends on has no minimum to go to
    matters = np.linalg.norm(natural_jacobian(datasets, parameters), axis=0) > 0
    parameters = [par for par, m in zip(parameters, matters, strict=True) if m]
    if not parameters:
        return
    start = [par.value for par in parameters]
    coordinates = _Coordinates(parameters)

    def residuals(position):
        coordinates.apply(position)
        return datasets.residuals()

    # steps far out may overflow on the way; they are not accepted
    with np.errstate(all="ignore"):
        result = least_squares(
            residuals,
            coordinates.start,
            bounds=(coordinates.lower, coordinates.upper),
            x_scale="jac",
            ftol=1e-10,
            xtol=1e-10,
            gtol=1e-10,
            max_nfev=200,
        )
    coordinates.apply(result.x)
    if not datasets.stat_sum() <= before:
        for par, value in zip(parameters, start, strict=True):
            par.value = value
        return
    errors = coordinates.errors(result)
    for par, error, value in zip(parameters, errors, start, strict=True):
        if abs(par.value) < _COLLAPSED * abs(value):
            error = _error_at_limit(datasets, par, value)
        par.scale_transform = "lin"
        par._scale = error if 0 < error < np.inf else abs(par.value) or 1.0
        par.value = par.value


def _error_at_limit(datasets, par, start):
    """Put a strength that the descent drove to nothing at zero; its error there by itself."""
    step = 1e-2 * start
    par.value = step
    moved = datasets.residuals()
    par.value = max(par.min, 0.0) if np.isfinite(par.min) else 0.0
    length = np.linalg.norm(moved - datasets.residuals()) / abs(step)
    return 1 / length if length > 0 else abs(start)


class _Coordinates:
    """Positive parameters as logarithms, others as they are."""

    def __init__(self, parameters):
        self.parameters = parameters
        value = np.array([par.value for par in parameters])
        low = np.array([par.min for par in parameters])
        high = np.array([par.max for par in parameters])
        low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
        self._log = (low >= 0) & (value > 0)
        safe = np.where(self._log, value, 1.0)
        smallest = np.log(np.maximum(np.where(self._log, low, 1.0), _SMALLEST * safe))
        largest = np.log(np.minimum(np.where(self._log, high, np.inf), _LARGEST * safe))
        self.lower = np.where(self._log, smallest, low)
        self.upper = np.where(self._log, largest, high)
        margin = 1e-9 * np.minimum(self.upper - self.lower, 1.0)
        here = np.where(self._log, np.log(safe), value)
        self.start = np.clip(here, self.lower + margin, self.upper - margin)

    def apply(self, position):
        values = np.where(self._log, np.exp(np.where(self._log, position, 0.0)), position)
        for par, value in zip(self.parameters, values, strict=True):
            par.value = value

    def errors(self, result):
        """Errors of the parameters from the curvature at the result."""
        length = np.linalg.norm(result.jac, axis=0)
        safe = np.where(length > 0, length, 1.0)
        scaled = result.jac / safe
        covariance = np.linalg.pinv(scaled.T @ scaled, rcond=1e-10)
        error = np.sqrt(np.maximum(np.diag(covariance), 0.0)) / safe
        value = np.array([par.value for par in self.parameters])
        return np.where(length > 0, error * np.where(self._log, value, 1.0), np.nan)
