"""The top-level model: components times species, with one Parameter per quantity."""

import numpy as np
from gammapy.modeling import Covariance, Parameter
from gammapy.modeling.models import MODEL_REGISTRY, SPECTRAL_MODEL_REGISTRY

from ..components.base import TopLevelModel, parameter_from_dict
from ..components.component import CosmicRayComponent, check_intensities
from ..components.correlated_priors import CorrelatedPrior, PriorShare
from ..components.dipole import DIPOLE_MODEL_REGISTRY
from ..components.intensity_model import unfreeze_model
from ..components.registration import register
from ..components.spectrum import HELIUM_INDEX_OFFSET, MADE_ON_THE_WAY
from ..physics.species import get_species
from . import linking
from .cloud import cloud_of
from .evaluator import ModelEvaluator
from .predictions import Predictions


class CosmicRayModel(TopLevelModel, Predictions):
    """Intensities and dipole of cosmic rays near Earth, from components with species.

    Parameters of the same name are one Parameter, except the source strength and the index
    offset, which each species has for itself, what a component calls its ``own``, and what tells a
    second source from the first, such as its age and distance. Assigning
    another Parameter to a sub-model unlinks it there:
    ``model.components["nearby"].spectral_models["He"].R_cut = Parameter("R_cut", "8 PV")``. A
    parameter that the model has once is an attribute of it: ``model.V_sun``.

    Parameters
    ----------
    components : list of CosmicRayComponent
        Components.
    name : str, optional
        Name, without dots.
    datasets_names : str or list of str, optional
        Datasets that the model is for; all by default.
    link : bool, optional
        Make parameters of the same name one. Values that differ are an error, except that a
        value given by the user wins over a default.
    covariance_data : `~numpy.ndarray`, optional
        Covariance of the unique parameters.

    Raises
    ------
    ValueError
        If component names repeat, the values of a shared parameter contradict each other, or a
        spectrum is not an intensity.
    """

    tag = ["CosmicRayModel", "cosmic-ray"]
    _type = "cosmic-ray"

    def __init__(self, components, name=None, datasets_names=None, link=True, covariance_data=None):
        components = linking.with_own_sources(components) if link else list(components)
        names = [component.name for component in components]
        repeated = {n for n in names if names.count(n) > 1}
        if repeated:
            raise ValueError(f"component names must be unique, {', '.join(repeated)} repeat")
        self._set_names(name, datasets_names)
        self.components = {component.name: component for component in components}
        check_intensities(components)
        if link:
            linking.link_same_names(components)
        self._evaluator = None
        self._joint_priors = ()
        self.set_default_frozen()
        self._covariance = Covariance(self.parameters)
        self.penalties = linking.joint_priors(self.parameters)
        if covariance_data is not None:
            self.covariance = covariance_data

    @property
    def nuclei(self):
        """Nuclei in the order of their first appearance (list of `~crlocal_plugin.Species`)."""
        nuclei = {}
        for component in self.components.values():
            for name, model in component.spectral_models.items():
                nuclei.setdefault(name, getattr(model, "nucleus", None) or get_species(name))
        return list(nuclei.values())

    @property
    def species(self):
        """Names of the species (tuple of str)."""
        return tuple(nucleus.name for nucleus in self.nuclei)

    @property
    def _models(self):
        return [m for component in self.components.values() for m in component.models]

    def slots(self):
        """Where Parameters sit: owner and attribute name of each in every sub-model (list)."""
        return [slot for model in self._models for slot in linking.parameter_slots(model)]

    # ----------------------------------------------------------------- parameters

    @property
    def parameters(self):
        """Unique parameters (`LabelledParameters`)."""
        unique = list(dict.fromkeys(owner.__dict__[name] for owner, name in self.slots()))
        labels = linking.parameter_labels(self.components.values(), unique)
        return linking.LabelledParameters(unique, labels)

    @property
    def parameters_unique_names(self):
        """Unique labels of the parameters (list of str)."""
        return self.parameters.labels

    def __getattr__(self, name):
        if name.startswith("_") or "components" not in self.__dict__:
            raise AttributeError(name)
        found = [p for p in self.parameters if p.name == name]
        if len(found) == 1:
            return found[0]
        if found:
            labels = [x for x in self.parameters.labels if x.split(".")[-1] == name]
            raise AttributeError(
                f"{name!r} is several parameters: use model.parameters[...] with one of {labels}"
            )
        hint = ""
        if name in ("spatial_model", "temporal_model", "spectral_model"):
            hint = "; set its datasets_names if a dataset of gammapy asks for it"
        raise AttributeError(f"{type(self).__name__} has no attribute or parameter {name!r}{hint}")

    def __setattr__(self, name, value):
        is_made = "_covariance" in self.__dict__
        owners = [owner for owner, known in self.slots() if known == name] if is_made else []
        if is_made and isinstance(value, Parameter):
            if not owners:
                raise AttributeError(f"{type(self).__name__} has no parameter {name!r}")
            for owner in owners:
                setattr(owner, name, value)
        elif owners:
            raise TypeError(
                f"{name} is a parameter: assign to model.{name}.value or model.{name}.quantity, "
                "or assign a Parameter"
            )
        else:
            super().__setattr__(name, value)

    @property
    def remarks(self):
        """What is frozen where data would have a say (list of str): indices of heavier nuclei."""
        names = [nucleus.name for nucleus in self.nuclei if nucleus.Z > 2]
        names = [name for name in names if self._has_index_of_helium(name)]
        if not names:
            return []
        made = ", ".join(name for name in names if name in MADE_ON_THE_WAY)
        text = f"index_offset of {', '.join(names)} is frozen at {HELIUM_INDEX_OFFSET}, that of "
        text += "helium, so that data of these nuclei do not change their slopes"
        text += f", and {made}, in large part made on the way, has another" if made else ""
        return [f"{text}; free it, as xue_liu_2025_composition does"]

    def _has_index_of_helium(self, name):
        """Whether the strength of a species is free, and its index frozen at that of helium."""
        found = [component.spectral_models.get(name) for component in self.components.values()]
        found = [model for model in found if hasattr(model, "index_offset")]
        strengths = [model.__dict__[model.strength_name] for model in found if model.strength_name]
        return any(not strength.frozen for strength in strengths) and all(
            model.index_offset.frozen and model.index_offset.value == HELIUM_INDEX_OFFSET
            for model in found
        )

    def freeze(self, model_type=None):
        """Freeze all parameters, or those of sub-models of type "spectral" or "dipole"."""
        for model in self._models:
            if model_type in (None, model.type):
                model.parameters.freeze_all()

    def unfreeze(self, model_type=None):
        """Restore the default frozen status, of all or of one type as for `freeze`.

        It is that with which the model was made, and sets of priors free what they constrain; a
        Parameter that joined later has that of its class.
        """
        for model in self._models:
            if model_type in (None, model.type):
                unfreeze_model(model)
                for par in model.parameters:
                    par.frozen = self._default_frozen.get(par, par.frozen)

    def set_default_frozen(self, parameters=None):
        """Take the frozen status of parameters, by default of all, as that to restore."""
        parameters = self.parameters if parameters is None else parameters
        known = self.__dict__.get("_default_frozen", {})
        self._default_frozen = known | {par: par.frozen for par in parameters}

    @property
    def penalties(self):
        """Priors on several parameters (tuple of `~crlocal_plugin.CorrelatedPrior`).

        They count in every fit and are in the files of the model. Assign a list, which replaces
        priors that the parameters had; ValueError if one is on a parameter that the model does not
        have.
        """
        return self._joint_priors

    @penalties.setter
    def penalties(self, penalties):
        penalties = tuple(penalties)
        known = set(self.parameters)
        for penalty in penalties:
            if not isinstance(penalty, CorrelatedPrior):
                raise TypeError(f"penalties: expected CorrelatedPrior objects, got {penalty!r}")
            strange = [par.name for par in penalty.parameters if par not in known]
            if strange:
                raise ValueError(f"{penalty}: {', '.join(strange)} is no Parameter of the model")
        for par in known:
            if isinstance(par.prior, PriorShare):
                par.prior = None
        for penalty in penalties:
            for place, par in enumerate(penalty.parameters):
                par.prior = PriorShare(penalty, place)
        self._joint_priors = penalties

    # ----------------------------------------------------------------- covariance

    @property
    def covariance(self):
        """Covariance of the unique parameters (`~gammapy.modeling.Covariance`)."""
        parameters = self.parameters
        if list(map(id, self._covariance.parameters)) != list(map(id, parameters)):
            self._covariance = linking.carry_over(self._covariance, parameters)
        data = self._covariance.data
        variance = np.array([np.nan_to_num(par.error**2, nan=1) for par in parameters])
        changed = ~np.isclose(np.diag(data), variance, rtol=1e-9, atol=0)
        if changed.any():
            data = data.copy()
            data[changed, :] = 0
            data[:, changed] = 0
            data[np.diag_indices_from(data)] = np.where(changed, variance, np.diag(data))
            self._covariance.data = data
        return self._covariance

    @covariance.setter
    def covariance(self, covariance):
        parameters = self.parameters
        data = np.array(getattr(covariance, "data", covariance), dtype=float)
        new = Covariance(parameters)
        new.data = data
        self._covariance = new
        for par, variance in zip(parameters, np.diag(data), strict=True):
            par.error = np.sqrt(variance)
        for model in self._models:
            model.covariance = new.get_subcovariance(model.parameters).data

    # ----------------------------------------------------------------- evaluation

    @property
    def evaluator(self):
        """Evaluator on floats, kept until the structure of the model changes."""
        if self._evaluator is None or not self._evaluator.is_current(self.components):
            self._evaluator = ModelEvaluator(self)
        return self._evaluator

    @property
    def cloud(self):
        """Motion and field of the Local Interstellar Cloud (`Cloud`), None if it is not modelled.

        Its errors are in `~crlocal_plugin.cloud_band`.
        """
        return cloud_of(self)

    # ----------------------------------------------------------------- copies and files

    def __getstate__(self):
        return {**self.__dict__, "_evaluator": None}

    def to_dict(self, full_output=True):
        """Create a dictionary for YAML serialisation, always in full.

        Every parameter is written once, with all its attributes, under its label; sub-models
        refer to the labels. ValueError if the class of one is not registered with gammapy, so that
        it could not be read.
        """
        linking.require_registered_models(self.components.values())
        return self.described()

    def described(self):
        """Dictionary as of `to_dict`, be all classes registered or not."""
        parameters = self.parameters
        labels = dict(zip(parameters, parameters.labels, strict=True))
        data = {"name": self.name, "type": self.tag[0]}
        if self.datasets_names is not None:
            data["datasets_names"] = self.datasets_names
        plain, write = linking.plain, linking.submodel_to_dict
        data["parameters"] = [{"label": labels[p], **plain(p.to_dict())} for p in parameters]
        free = [labels[p] for p in parameters if self._default_frozen.get(p) is False]
        data["free_by_default"] = free
        if self.penalties:
            data["penalties"] = [penalty.to_dict(labels) for penalty in self.penalties]
        data["components"] = []
        for component in self.components.values():
            entry = {"name": component.name}
            spectra = {s: write(model, labels) for s, model in component.spectral_models.items()}
            if spectra:
                entry["spectral_models"] = spectra
            if component.dipole_model is not None:
                entry["dipole_model"] = write(component.dipole_model, labels)
            if component.own:
                entry["own"] = list(component.own)
            data["components"].append(entry)
        return data

    @classmethod
    def from_dict(cls, data, **kwargs):
        """Create a model from a dictionary made by `to_dict`.

        ValueError if a sub-model refers to a parameter that is not listed.
        """
        parameters = {entry["label"]: parameter_from_dict(entry) for entry in data["parameters"]}
        components, read = [], linking.submodel_from_dict
        for entry in data["components"]:
            bodies = entry.get("spectral_models", {}).items()
            spectra = {s: read(SPECTRAL_MODEL_REGISTRY, body, parameters) for s, body in bodies}
            dipole = entry.get("dipole_model")
            if dipole is not None:
                dipole = read(DIPOLE_MODEL_REGISTRY, dipole, parameters)
            own = entry.get("own", ())
            components.append(CosmicRayComponent(entry["name"], spectra, dipole, own))
        model = cls(components, data["name"], data.get("datasets_names"), link=False, **kwargs)
        # files of earlier versions do not tell
        free = data.get("free_by_default")
        known = {} if free is None else parameters
        model._default_frozen = {par: label not in free for label, par in known.items()}
        penalties = data.get("penalties", ())
        model.penalties = [CorrelatedPrior.from_dict(entry, parameters) for entry in penalties]
        return model

    def __str__(self):
        lines = [type(self).__name__, "", f"\tName           : {self.name}"]
        lines.append(f"\tDatasets names : {self.datasets_names}")
        lines.append(f"\tSpecies        : {', '.join(self.species)}")
        lines += [f"\tComponent      : {component!r}" for component in self.components.values()]
        lines += ["\tParameters:", ""]
        parameters = self.parameters
        for label, par in zip(parameters.labels, parameters, strict=True):
            state = f"+/- {par.error:.2g}" if par.error > 0 else "free"
            state = "frozen" if par.frozen else state
            lines.append(f"\t{label:24}{par.value:12.5g}  {state:12} {par.unit}".rstrip())
        lines += [f"\n\t{remark}" for remark in self.remarks]
        return ("\n".join(lines) + "\n").expandtabs(tabsize=2)


register(MODEL_REGISTRY, CosmicRayModel)
