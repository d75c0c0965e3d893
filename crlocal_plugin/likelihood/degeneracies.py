"""Which free parameters the data do not determine."""

import numpy as np

from ..components.parameters import DEGENERACIES
from .joint_likelihood import JointLikelihood

THRESHOLD = 0.1
"""Smallest singular value of the natural Jacobian that counts as determined: below it, even a
change by ten natural scales costs less than one standard deviation."""


class DegenerateParametersWarning(UserWarning):
    """Data and priors do not determine some free parameters."""


def natural_jacobian(likelihood, theta=None):
    """Derivatives of all residuals with respect to parameters in units of their natural scales."""
    theta = likelihood.values if theta is None else theta
    jacobian = likelihood.jacobian(theta)
    return jacobian * natural_scales(likelihood, theta, jacobian)


def natural_scales(likelihood, theta, jacobian):
    """Natural scales of the parameters: errors where a value near zero is none."""
    scales = likelihood.scales_at(theta)
    with np.errstate(divide="ignore"):
        errors = 1 / np.linalg.norm(jacobian, axis=0)
    # a value near zero is no scale, if as much more as an error says makes a difference
    for k in np.flatnonzero((THRESHOLD * errors > scales) & np.isfinite(errors)):
        more = np.clip(theta + 3 * errors[k] * (np.arange(len(theta)) == k), *likelihood.bounds.T)
        if np.linalg.norm(likelihood.residuals(more) - likelihood.residuals(theta)) > 1:
            scales[k] = errors[k]
    return scales


def natural_directions(jacobian):
    """Directions of parameter space, from the best determined one to the worst."""
    # with fewer numbers than parameters there are directions of no consequence at all
    missing = max(0, jacobian.shape[1] - jacobian.shape[0])
    padded = np.vstack([jacobian, np.zeros((missing, jacobian.shape[1]))])
    _, singular, directions = np.linalg.svd(padded, full_matrices=False)
    return singular, directions


def find_degeneracies(datasets, threshold=THRESHOLD):
    """Describe the directions in which the free parameters are not determined."""
    own = set(datasets.own_parameters())
    varied = [par for par in datasets.parameters if not par.frozen and par in own]
    likelihood = JointLikelihood(datasets, varied)
    jacobian, labels, messages = natural_jacobian(likelihood), np.array(likelihood.names), []
    level = np.linalg.norm(jacobian, axis=0) == 0
    unused = ~likelihood.depends_on(likelihood.values) if level.any() else level
    if unused.any():
        messages.append(
            f"no dataset depends on {', '.join(labels[unused])}: freeze them, or add data"
        )
    labels, jacobian = labels[~level], jacobian[:, ~level]
    named = set()
    if jacobian.size:
        for value, direction in zip(*natural_directions(jacobian), strict=True):
            if value < threshold:
                found = labels[involved(direction, jacobian)]
                named.update(found)
                messages.append(
                    f"the data do not determine {', '.join(found)}"
                    f"{' together' if len(found) > 1 else ''} (singular value {value:.1e}): "
                    "freeze one of them, or give it a prior"
                )
    free = zip(likelihood.names, varied, strict=True)
    together = {par for prior in datasets.correlated_priors for par in prior.parameters}
    return messages + _known_degeneracies(dict(free), named, together)


def involved(direction, jacobian):
    """Which parameters take part in a direction: they move, or their effects cancel."""
    weight = np.abs(direction)
    effect = weight * np.linalg.norm(jacobian, axis=0)
    moves = weight > 0.25 * weight.max()
    cancels = (effect > 0.25 * effect.max()) & (weight > 0.01 * weight.max())
    return moves | cancels


def _known_degeneracies(free, named, together):
    """Sentences on sets of parameters that are known to be degenerate, unless named already.

    Those ``together`` have a correlated prior.
    """
    messages = []
    open_ = {x: par for x, par in free.items() if par.prior is None and par not in together}
    for first, others, reason in DEGENERACIES:
        beside = [x for x, par in open_.items() if par.name in others]
        firsts = [x for x, par in free.items() if par.name == first]
        if firsts and beside and not named.issuperset(beside):
            messages.append(
                f"{', '.join([*firsts, *beside])} are nearly degenerate: {reason}; freeze "
                f"{' and '.join(beside)}, or give a prior"
            )
    return messages
