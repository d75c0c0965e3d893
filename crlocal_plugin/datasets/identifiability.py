"""Which free parameters the data cannot tell apart."""

import numpy as np

__all__ = ["DegenerateParametersWarning", "find_degeneracies", "scaled_jacobian"]

THRESHOLD = 3e-3
"""Smallest singular value of the column-normalised Jacobian that counts as determined."""


class DegenerateParametersWarning(UserWarning):
    """Free parameters that the data, with the priors, cannot tell apart."""


def scaled_jacobian(datasets, parameters):
    """Derivatives of all residuals with respect to parameters, columns of length 1.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.
    parameters : list of `~gammapy.modeling.Parameter`
        Parameters.

    Returns
    -------
    jacobian : `~numpy.ndarray`
        Shape ``(k, n)``; a column is zero if nothing depends on the parameter.
    length : `~numpy.ndarray`
        Length of each column before normalisation, per unit of the parameter, shape ``(n,)``.
    """
    columns = []
    for par in parameters:
        value, ends, shifts = par.value, [], []
        width = abs(value) if value != 0 else (_span(par) or 1.0)
        for sign in (-1, 1):
            shifted = value + sign * 1e-4 * width
            if shifted < par.min or shifted > par.max:
                shifted = value
            par.value = shifted
            ends.append(datasets.residuals())
            shifts.append(shifted)
        par.value = value
        columns.append((ends[1] - ends[0]) / (shifts[1] - shifts[0]))
    jacobian = np.array(columns).T
    length = np.linalg.norm(jacobian, axis=0)
    return jacobian / np.where(length > 0, length, 1), length


def _span(par):
    span = par.max - par.min
    return span / 100 if np.isfinite(span) else None


def find_degeneracies(datasets, threshold=THRESHOLD):
    """Describe the directions in which the free parameters are not determined.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.
    threshold : float, optional
        Smallest singular value of the column-normalised Jacobian that counts as determined.

    Returns
    -------
    list of str
        One sentence per set of parameters; empty if all is well.
    """
    parameters = datasets.parameters
    free = [
        (par, label)
        for par, label in zip(parameters, parameters.labels, strict=True)
        if not par.frozen
    ]
    jacobian, length = scaled_jacobian(datasets, [par for par, _ in free])
    labels = np.array([label for _, label in free])
    messages = []
    unused = ~(length > 0)
    if unused.any():
        messages.append(
            f"no dataset depends on {', '.join(labels[unused])}: freeze them, or add data"
        )
    kept = np.flatnonzero(~unused)
    if len(kept) < 2:
        return messages
    _, singular, directions = np.linalg.svd(jacobian[:, kept], full_matrices=False)
    for value, direction in zip(singular, directions, strict=True):
        if value < threshold:
            weight = np.abs(direction)
            involved = labels[kept][weight > 0.2 * weight.max()]
            messages.append(
                f"the data cannot tell {', '.join(involved)} apart (singular value {value:.1e}): "
                "freeze one of them, or give it a prior"
            )
    return messages
