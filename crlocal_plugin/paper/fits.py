"""Fits of many settings, each at the lowest minimum that any of them leads to."""

import numpy as np

from ..likelihood.descent import minimise
from ..likelihood.joint_likelihood import JointLikelihood
from ..progress import progress_bar
from ..studies.starts import lowest_minimum
from .claims import CLAIMS
from .estimates import ESTIMATES, FITTED

N_STARTS = 40
"""Random starts of a fit beside the one from the values of the paper."""

_N_DESCENTS = 4
"""Descents from where the other fits have ended: from the lowest of these points."""


def fit_settings(settings, progress=None):
    """Fit the model in several settings to the data, each once.

    The likelihood has several minima. Each setting is fitted from the values of the paper, from
    random starts around them, and from the lowest points where other settings have ended.

    Parameters
    ----------
    settings : iterable of Setting
        Settings.
    progress : callable or bool, optional
        Called with 1 whenever another of the `number_of_steps` is done; otherwise as for
        `~crlocal_plugin.scan_profiles`.

    Returns
    -------
    dict of Setting to CosmicRayDatasets
        Datasets with their model at the lowest minimum that was found.
    """
    fitted = dict.fromkeys(settings)
    with progress_bar(number_of_steps(fitted), "fitting", "steps", progress) as done:
        for setting in fitted:
            fitted[setting] = setting.datasets()
            lowest_minimum(fitted[setting], N_STARTS)
            done(1)
        ends = [_values(datasets) for datasets in fitted.values()]
        for datasets in fitted.values():
            _improve(datasets, ends)
            done(1)
    return fitted


def all_settings():
    """List all settings that chi2, estimates and statements need (list of Setting)."""
    settings = [*FITTED.values(), *(setting for _, setting, _ in ESTIMATES)]
    return settings + [setting for claim in CLAIMS for setting in claim.settings()]


def number_of_steps(settings):
    """Count the steps of `fit_settings` (int)."""
    return 2 * len(set(settings))


def _values(datasets):
    return dict(zip(datasets.parameters.labels, datasets.parameters.value, strict=True))


def _improve(datasets, ends):
    """Descend from the ends of other fits."""
    likelihood = JointLikelihood(datasets)
    best, present = likelihood(likelihood.values), _values(datasets)
    starts = np.array([[end.get(name, present[name]) for name in likelihood.names] for end in ends])
    for start in starts[np.argsort(likelihood(starts))][:_N_DESCENTS]:
        minimum = minimise(likelihood, start)
        if minimum.success and minimum.stat < best:
            best = minimum.stat
            likelihood.assign(minimum.theta)
