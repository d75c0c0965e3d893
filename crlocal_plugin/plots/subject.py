"""What a picture is of: the model, the data and the samples in whatever a user has."""

import copy
from dataclasses import dataclass

import numpy as np
from gammapy.datasets import Dataset
from gammapy.modeling import FitResult
from gammapy.modeling.fit import OptimizeResult
from gammapy.modeling.models import ModelBase

from ..components.component import GROUPS, has_species, species_group
from ..datasets.core import CosmicRayDataset
from ..datasets.modelling import applies_to
from ..messages import close_name
from ..models.cosmic_ray import CosmicRayModel
from ..models.nuisance import NuisanceModel
from ..physics.species import ELEMENT_GROUPS
from ..posterior.posterior import Posterior

_EXPECTED = "expected a CosmicRayModel, datasets with a model, a gammapy FitResult or a Posterior"


@dataclass(frozen=True, eq=False)
class Subject:
    """Subject of a picture: its model, its data as a fit has scaled them, and samples for bands."""

    model: CosmicRayModel
    datasets: list
    samples: object = None

    def of_kind(self, kind):
        """Datasets of one ``kind``, such as "spectrum" or "dipole" (list)."""
        return [dataset for dataset in self.datasets if getattr(dataset, "kind", None) == kind]

    def fitted_datasets(self):
        """Datasets of this package with the model, or else copies with it that share the data."""
        own = [dataset for dataset in self.datasets if isinstance(dataset, CosmicRayDataset)]
        return [d if d.model is self.model else with_model(d, self.model) for d in own]


def find_subject(subject, datasets=None, samples=None):
    """Find model, data and samples of a picture.

    Parameters
    ----------
    subject : CosmicRayModel, `~gammapy.datasets.Datasets`, `~gammapy.modeling.FitResult` \
or Posterior
        What is drawn: a model; datasets, one or several, with their model; the models of a fit,
        which knows no data; samples, with the models that they were drawn for, at the best fit.
        A list of gammapy models will do as well.
    datasets : `~gammapy.datasets.Datasets`, list or `~gammapy.datasets.Dataset`, optional
        Data; by default those of the subject, if it has any.
    samples : object or tuple, optional
        Samples of parameters; by default the subject, if it is a posterior.

    Returns
    -------
    Subject

    Raises
    ------
    TypeError, ValueError
        If the subject is of another kind, or has no CosmicRayModel, or several.
    """
    if isinstance(subject, Posterior):
        models, own, samples = list(subject.models), [], subject if samples is None else samples
        if not models:
            raise ValueError(
                "the posterior knows no models: pass the model first, and samples=posterior"
            )
    elif isinstance(subject, FitResult | OptimizeResult):
        models, own = list(subject.models), []
    else:
        models, own = _models_and_data(subject)
    cosmic_rays = [model for model in dict.fromkeys(models) if isinstance(model, CosmicRayModel)]
    if not cosmic_rays:
        raise ValueError(
            f"there is no CosmicRayModel in this {type(subject).__name__}: set datasets.models = "
            "[model], or pass the model first, then datasets"
        )
    if len(cosmic_rays) > 1:
        names = ", ".join(model.name for model in cosmic_rays)
        raise ValueError(f"one picture has one CosmicRayModel, got {names}: pass one of them first")
    alone = isinstance(datasets, Dataset) or not np.iterable(datasets)
    given = own if datasets is None else [datasets] if alone else list(datasets)
    strangers = [type(item).__name__ for item in given if not isinstance(item, Dataset)]
    if strangers:
        raise TypeError(
            f"datasets: expected gammapy datasets, as load_datasets returns them, got {datasets!r} "
            f"with {strangers[0]}"
        )
    nuisances = [model for model in models if isinstance(model, NuisanceModel)]
    return Subject(cosmic_rays[0], [_with_nuisance(d, nuisances) for d in given], samples)


def _models_and_data(subject):
    """Models and datasets of a model, a dataset, or several of them."""
    alone = isinstance(subject, CosmicRayModel | Dataset)
    if not alone and (isinstance(subject, str | dict) or not np.iterable(subject)):
        raise TypeError(f"{_EXPECTED}; got {type(subject).__name__}")
    models, datasets = [], []
    for item in [subject] if alone else subject:
        if isinstance(item, Dataset):
            datasets.append(item)
            models += item.models or []
        elif isinstance(item, ModelBase):
            models.append(item)
        else:
            raise TypeError(
                f"{_EXPECTED}; got {type(subject).__name__} with {type(item).__name__}. Samples "
                "without a model go beside it: pass the model first, and samples=..."
            )
    return models, datasets


def _with_nuisance(dataset, nuisances):
    """Dataset with the nuisance model of a fit that is meant for it, if there is one."""
    if isinstance(dataset, CosmicRayDataset):
        for nuisance in nuisances:
            is_own = dataset.present_nuisance is nuisance
            if applies_to(nuisance.datasets_names, dataset.name) and not is_own:
                dataset = copy.copy(dataset)
                dataset.nuisance = nuisance
    return dataset


def with_model(dataset, model):
    """Shallow copy of a dataset that has a model, and its nuisance model as before."""
    dataset = copy.copy(dataset)
    nuisance = dataset.nuisance
    dataset.models = [model]
    dataset.nuisance = nuisance
    return dataset


def given_names(choice):
    """Names of one or several, given as str or by their ``name`` (list of str)."""
    choice = [choice] if isinstance(choice, str) or not np.iterable(choice) else choice
    return [getattr(name, "name", name) for name in choice]


def chosen_names(choice, available, what):
    """Names that an option chooses: all, none, or those given as str or by their ``name``."""
    available = list(available)
    if isinstance(choice, bool | np.bool_) or choice is None:
        return available if choice else []
    names = given_names(choice)
    for name in names:
        if name not in available:
            close = close_name(name, available)
            hint = "it has" if close is None else f"did you mean {close!r}? It has"
            raise ValueError(f"the model has no {what} {name!r}; {hint} {', '.join(available)}")
    return names


def known_quantities(model):
    """Species of a model, and the sums of them that have a name (list of str)."""
    sums = [name for name in (*GROUPS, *ELEMENT_GROUPS) if has_species(model, name)]
    return list(dict.fromkeys([*model.species, *sums]))


def chosen_species(choice, model):
    """Those of the species of a model, and of their sums, that an option chooses (list of str)."""
    if choice is True:
        return list(model.species)
    return chosen_names(choice, known_quantities(model), "species")


def drawn_nuclei(model, quantity):
    """Nuclei of a model that a quantity sums over (list of `~crlocal_plugin.Species`)."""
    members = species_group(quantity, model.species)
    if not members:
        raise ValueError("the model has no spectra, and so no species: there is nothing to draw")
    return [nucleus for nucleus in model.nuclei if nucleus.name in members]
