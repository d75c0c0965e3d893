"""Which free parameters the data cannot tell apart."""

import numpy as np

from ..models.parameters import DEGENERACIES

__all__ = ["DegenerateParametersWarning", "find_degeneracies", "natural_jacobian", "natural_scale"]

THRESHOLD = 0.1
"""Smallest singular value of the natural Jacobian that counts as determined: below it, even a
change by ten natural scales costs less than one standard deviation."""


class DegenerateParametersWarning(UserWarning):
    """Free parameters that the data, with the priors, cannot tell apart."""


def natural_jacobian(datasets, parameters):
    """Derivatives of all residuals with respect to parameters in units of their natural scales.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.
    parameters : list of `~gammapy.modeling.Parameter`
        Parameters.

    Returns
    -------
    `~numpy.ndarray`
        Jacobian, shape ``(k, n)``; a column is zero if nothing depends on the parameter.
    """
    columns = []
    for par in parameters:
        value, scale = par.value, natural_scale(par)
        ends, shifts = [], []
        for sign in (-1, 1):
            shifted = value + sign * 1e-4 * scale
            if shifted < par.min or shifted > par.max:
                shifted = value
            par.value = shifted
            ends.append(datasets.residuals())
            shifts.append(shifted)
        par.value = value
        columns.append((ends[1] - ends[0]) * scale / (shifts[1] - shifts[0]))
    return np.array(columns).T


def natural_scale(par):
    """Change of a parameter that would matter: its value, or a tenth of its range.

    Parameters
    ----------
    par : `~gammapy.modeling.Parameter`
        Parameter.

    Returns
    -------
    float
        The value of a quantity that cannot be negative (the optimiser's unit of it once a fit
        has driven it to zero), a tenth of the range of another.
    """
    if par.min >= 0 and par.value > 0:
        return par.value
    span = (par.max - par.min) / 10
    return span if np.isfinite(span) else abs(par.value) or par.scale


def find_degeneracies(datasets, threshold=THRESHOLD):
    """Describe the directions in which the free parameters are not determined.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.
    threshold : float, optional
        Smallest singular value of the natural Jacobian that counts as determined.

    Returns
    -------
    list of str
        One sentence per set of parameters; empty if all is well.
    """
    parameters = datasets.parameters
    own = set(map(id, datasets._own_parameters()))
    pairs = zip(parameters.labels, parameters, strict=True)
    free = {label: par for label, par in pairs if not par.frozen and id(par) in own}
    jacobian = natural_jacobian(datasets, list(free.values()))
    labels = np.array(list(free))
    messages = []
    unused = np.linalg.norm(jacobian, axis=0) == 0
    if unused.any():
        messages.append(
            f"no dataset depends on {', '.join(labels[unused])}: freeze them, or add data"
        )
    labels, jacobian = labels[~unused], jacobian[:, ~unused]
    named = set()
    if jacobian.size:
        # with fewer numbers than parameters there are directions of no consequence at all
        missing = max(0, jacobian.shape[1] - jacobian.shape[0])
        jacobian = np.vstack([jacobian, np.zeros((missing, jacobian.shape[1]))])
        _, singular, directions = np.linalg.svd(jacobian, full_matrices=False)
        for value, direction in zip(singular, directions, strict=True):
            if value < threshold:
                involved = labels[_involved(direction, jacobian)]
                named.update(involved)
                messages.append(
                    f"the data do not determine {', '.join(involved)}"
                    f"{' together' if len(involved) > 1 else ''} (singular value {value:.1e}): "
                    "freeze one of them, or give it a prior"
                )
    return messages + _known_degeneracies(free, named)


def _involved(direction, jacobian):
    """Which parameters take part in a direction: they move, or their effects cancel."""
    weight = np.abs(direction)
    effect = weight * np.linalg.norm(jacobian, axis=0)
    moves = weight > 0.25 * weight.max()
    cancels = (effect > 0.25 * effect.max()) & (weight > 0.01 * weight.max())
    return moves | cancels


def _known_degeneracies(free, named):
    """Sentences on sets of parameters that are known to be degenerate, unless named already."""
    messages = []
    for first, others, reason in DEGENERACIES:
        beside = [x for x, par in free.items() if par.name in others and par.prior is None]
        firsts = [x for x, par in free.items() if par.name == first]
        if firsts and beside and not named.issuperset(beside):
            messages.append(
                f"{', '.join([*firsts, *beside])} are hardly told apart: {reason}; freeze "
                f"{' and '.join(beside)}, or give a prior"
            )
    return messages
