"""Named sets of priors on what others measured, set on models and datasets."""

from ..components.priors import ENERGY_SCALES, PRIOR_SETS, energy_scale_prior, prior_set
from ..datasets.core import CosmicRayDataset
from ..messages import unknown_name
from ..models.cosmic_ray import CosmicRayModel

ENERGY_SCALE_SET = "energy-scales"
"""Name of the set of priors on energy scales of experiments."""


def set_priors(datasets, names):
    """Set priors on what others measured.

    They replace priors that are there. A prior on a frozen parameter counts at its value, and
    shapes the result once the parameter is free; energy scales stay frozen too.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.
    names : str, list of str or None
        Names of sets: those of `PRIOR_SETS`, and "energy-scales" for the experiments of
        `ENERGY_SCALES`. None takes all priors of the cosmic-ray models away.

    Returns
    -------
    dict of str to `~crlocal_plugin.MeasurementPrior`
        Priors that were set, by the name of the parameter, or experiment and parameter.

    Raises
    ------
    ValueError
        If there is no such set.
    """
    models = [m for m in datasets.models if isinstance(m, CosmicRayModel)]
    if names is None:
        for model in models:
            for par in model.parameters:
                par.prior = None
        return {}
    names = [names] if isinstance(names, str) else list(names)
    known = [*PRIOR_SETS, ENERGY_SCALE_SET]
    for name in names:
        if name not in known:
            raise ValueError(unknown_name(name, known, "set of priors "))
    done = {}
    for model in models:
        for name, prior in prior_set([n for n in names if n != ENERGY_SCALE_SET]).items():
            for par in (p for p in model.parameters if p.name == name):
                par.prior = done[name] = prior
    if ENERGY_SCALE_SET in names:
        for dataset in datasets:
            if isinstance(dataset, CosmicRayDataset) and dataset.experiment in ENERGY_SCALES:
                label = f"{dataset.experiment}.energy_scale"
                if label not in done:
                    done[label] = energy_scale_prior(dataset.experiment)
                dataset.energy_scale.prior = done[label]
    return done
