"""Models of a dataset: the cosmic rays, and the nuisance model of its experiment."""

import numpy as np
from gammapy.modeling.models import DatasetModels

from ..models.cosmic_ray import CosmicRayModel
from ..models.nuisance import NuisanceModel
from .locked import read_only
from .points import Dipoles


class DatasetModelling:
    """Part of CosmicRayDataset: which models it has."""

    @property
    def models(self):
        """Models of the dataset: the cosmic rays, and the nuisance model once it is in use."""
        models = self.used_models()
        return DatasetModels(models) if models else None

    def used_models(self):
        """Models of the dataset as a plain list."""
        if self._model is None:
            return []
        nuisance = self._nuisance
        used = nuisance is not None and (self._nuisance_given or nuisance.is_active)
        return [self._model, nuisance] if used else [self._model]

    @models.setter
    def models(self, models):
        if models is None:
            self._model = None
            return
        several = isinstance(models, list | tuple | DatasetModels)
        models = models if several else [models]
        models = [model for model in models if applies_to(model.datasets_names, self.name)]
        model = self._only(models, CosmicRayModel, "make them components of one model, or ")
        nuisance = self._only(models, NuisanceModel)
        if model is not None:
            self._check_model(model)
        self._model = model
        if self._nuisance_given:
            self._nuisance, self._nuisance_given = None, False
        if nuisance is not None:
            self.nuisance = nuisance
            self._nuisance_given = True

    def _only(self, models, cls, remedy=""):
        """Return the one model of a class, None if there is none."""
        found = [model for model in models if isinstance(model, cls)]
        if len(found) > 1:
            raise ValueError(
                f"dataset {self.name!r} takes one {cls.__name__}, got "
                f"{', '.join(model.name for model in found)}: {remedy}set their datasets_names"
            )
        return found[0] if found else None

    def _check_model(self, model):
        """Refuse a model that cannot predict the data; nothing to refuse by default."""

    model = read_only("_model", "The cosmic-ray model, or None.")

    def require_model(self):
        """Return the cosmic-ray model, or raise a ValueError if there is none."""
        if self._model is None:
            raise ValueError(
                f"dataset {self.name!r} has no cosmic-ray model: set datasets.models = [model]"
            )
        return self._model

    @property
    def nuisance(self):
        """Nuisance parameters; datasets may share a `NuisanceModel`."""
        if self._nuisance is None:
            name = f"{self.name.replace('.', '-')}-nuisance"
            self._nuisance = NuisanceModel(datasets_names=[self.name], name=name)
            self._limit_hadronic()
        return self._nuisance

    @nuisance.setter
    def nuisance(self, nuisance):
        if not isinstance(nuisance, NuisanceModel):
            raise TypeError(
                f"dataset {self.name!r}: expected a NuisanceModel, got {type(nuisance).__name__}"
            )
        old = self._nuisance
        if old is not nuisance and not self._nuisance_given:
            # in a file, both would be models of this dataset
            names = getattr(old, "datasets_names", None)
            if isinstance(names, list):
                old.datasets_names = [name for name in names if name != self.name]
        self._nuisance, self._nuisance_given = nuisance, False
        self._limit_hadronic()

    present_nuisance = read_only("_nuisance", "The nuisance model, None if there is none yet.")
    has_given_nuisance = read_only("_nuisance_given", "Whether it came with the models (bool).")

    def _limit_hadronic(self):
        """Keep the parameter of the hadronic model among the models, unless it has a limit."""
        last = len(self.hadronic_models) - 1
        if last > 0 and np.isnan(self._nuisance.hadronic.max):
            self._nuisance.hadronic.max = last

    @property
    def hadronic_models(self):
        """Hadronic models among which `hadronic` moves; empty if the table has but one (list)."""
        return list(self.table.meta.get("hadronic_models") or [])

    norm = read_only("nuisance.norm", "Flux normalisation (Parameter), frozen at 1 by default.")
    energy_scale = read_only("nuisance.energy_scale", "Scale of the energies (Parameter).")
    hadronic = read_only("nuisance.hadronic", "Position among `hadronic_models` (Parameter).")
    scatter = read_only("nuisance.scatter", "Scatter of dipoles beyond their errors (Parameter).")
    dipole_norm = read_only("nuisance.dipole_norm", "Factor on predicted dipoles (Parameter).")
    phi_offset = read_only("nuisance.phi_offset", "Offset of the modulation potential (Parameter).")

    def scales(self):
        """Values of normalisation and energy scale (two floats)."""
        return self.nuisance_values()[:2]

    def nuisance_values(self):
        """Values of normalisation, energy scale, offset of the potential in GV, dipole norm."""
        own = self._nuisance
        if own is None:
            return 1.0, 1.0, 0.0, 1.0
        offset = own.phi_offset._value * own.phi_offset.unit.to("GV")
        return own.norm._value, own.energy_scale._value, offset, own.dipole_norm._value

    @property
    def has_dipoles(self):
        """Whether dipoles are predicted for the dataset (bool)."""
        points = getattr(self, "points", tuple)()
        return any(isinstance(each, Dipoles) for each in points)

    def scatter_in_use(self):
        """Value of the scatter (float), None if it is frozen at zero or of no effect."""
        nuisance = self._nuisance
        is_in_use = self.takes_scatter and nuisance is not None and nuisance.has_scatter
        return nuisance.scatter._value if is_in_use else None


def applies_to(datasets_names, name):
    """Whether a model for some datasets, all if None, is for the one of a name (bool)."""
    if datasets_names is None or isinstance(datasets_names, str):
        return datasets_names in (None, name)
    return name in datasets_names
