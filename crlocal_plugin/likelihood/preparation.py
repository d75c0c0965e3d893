"""Prepare a fit: a start near the minimum, and parameters in units of their errors.

MIGRAD, which sees one number per parameter, loses its way between parameters whose natural
scales differ by decades and which trade against each other, and can report success at a false
minimum. The residuals of the joint likelihood allow a least-squares descent, which is immune to
both; it takes a fraction of a second.
"""

import numpy as np

from .descent import (
    COLLAPSED,
    gauss_newton_covariance,
    minimise,
)
from .joint_likelihood import JointLikelihood


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
    likelihood = JointLikelihood(datasets, [par for par in parameters if not par.frozen])
    start = likelihood.values
    if not (likelihood.size and np.isfinite(likelihood(start))):
        return
    # what nothing depends on has no minimum to go to
    matters = np.linalg.norm(likelihood.jacobian(start), axis=0) > 0
    minimum = minimise(likelihood, start, matters)
    theta = minimum.theta.copy()
    covariance = gauss_newton_covariance(minimum.jacobian, rcond=1e-10)
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    for k in np.flatnonzero(matters & (np.abs(theta) < COLLAPSED * np.abs(start))):
        theta[k], errors[k] = _at_limit(likelihood, theta, k, start[k])
    for k in np.flatnonzero(matters):
        par, error = likelihood.parameters[k], float(errors[k])
        par.scale_transform = "lin"
        par._scale = error if 0 < error < np.inf else abs(float(theta[k])) or 1.0
        par.value = float(theta[k])


def _at_limit(likelihood, theta, k, start):
    """Put a strength that the descent drove to nothing at zero; its error there by itself."""
    low, step = likelihood.bounds[k, 0], 1e-2 * start
    ends = np.repeat(theta[np.newaxis], 2, axis=0)
    ends[:, k] = max(low, 0.0) if np.isfinite(low) else 0.0, step
    before, after = likelihood.residuals(ends)
    length = np.linalg.norm(after - before) / abs(step)
    return ends[0, k], 1 / length if length > 0 else abs(start)
