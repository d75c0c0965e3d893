"""The top-level model: components times species, with one Parameter per quantity."""

import copy
import html

import astropy.units as u
import numpy as np
from gammapy.modeling import Covariance, Parameter, Parameters
from gammapy.modeling.models import (
    MODEL_REGISTRY,
    SPECTRAL_MODEL_REGISTRY,
    ModelBase,
    SpectralModel,
)
from gammapy.modeling.parameter import _get_parameters_str
from gammapy.utils.scripts import make_name

from ..physics.kinematics import axis_jacobian, axis_to_rigidity, particle_grid
from ..physics.species import SYMBOLS, get_species
from .core import INTENSITY_UNITS, RIGIDITY_UNIT, PhysicsModel, intensity_unit, unit_text, x_unit
from .core import parameter_from_dict as _parameter_from_dict
from .dipole import DIPOLE_MODEL_REGISTRY, Dipole, DipoleModel
from .evaluator import ModelEvaluator, energy_grid
from .registration import register
from .spectral import unfreeze_model

__all__ = ["CosmicRayComponent", "CosmicRayModel", "LabelledParameters", "species_group"]

GROUPS = {"light": ("H", "He"), "all_particle": None}
"""Sums of species that measurements report; None stands for all of a model."""


def species_group(quantity, available):
    """Species that a measured quantity sums over.

    Parameters
    ----------
    quantity : str or `~crlocal_plugin.Species`
        Species, ``"light"`` (H + He) or ``"all_particle"``.
    available : iterable of str
        Species of the model.

    Returns
    -------
    tuple of str
        Names of the species.

    Raises
    ------
    ValueError
        If the model lacks a species that is asked for.
    """
    available = tuple(available)
    name = getattr(quantity, "name", quantity)
    names = GROUPS[name] or available if name in GROUPS else (name,)
    for missing in (n for n in names if n not in available):
        hint = "" if missing in SYMBOLS else f"; {missing!r} is no element symbol from H to Ni"
        raise ValueError(
            f"the model has no species {missing!r}, only {', '.join(available)}: make it with "
            f"xue_liu_2025(species=...){hint}"
        )
    return names


class LabelledParameters(Parameters):
    """Parameters that are found by name or, where names repeat, by their label.

    Parameters
    ----------
    parameters : list of `~gammapy.modeling.Parameter`
        Parameters.
    labels : list of str, optional
        Unique labels, such as ``"V_sun"`` or ``"He.Q_0b"``; by default the names.
    """

    def __init__(self, parameters=None, labels=None):
        super().__init__(parameters)
        self.labels = list(self.names if labels is None else labels)

    def index(self, val):
        """Position of a parameter given by label, name, object or position."""
        if isinstance(val, str) and val in self.labels:
            return self.labels.index(val)
        if isinstance(val, str) and self.names.count(val) > 1:
            labels = [x for x, name in zip(self.labels, self.names, strict=True) if name == val]
            raise ValueError(f"{val!r} is several parameters: use one of {', '.join(labels)}")
        return super().index(val)


class CosmicRayComponent:
    """A population of cosmic rays: one spectrum per species and a dipole.

    Parameters
    ----------
    name : str
        Name, without dots.
    spectral_models : dict of str to `~gammapy.modeling.models.SpectralModel`, optional
        Intensity against rigidity by species. Left out by an effect that acts on all cosmic
        rays, such as Compton-Getting.
    dipole_model : DipoleModel, optional
        Dipole; left out by an isotropic component.

    Raises
    ------
    ValueError
        If the name has a dot, or a model is filed under another species than its own.
    TypeError
        If a model is not of the right kind.
    """

    def __init__(self, name, spectral_models=None, dipole_model=None):
        if not isinstance(name, str) or not name or "." in name:
            raise ValueError(f"component name {name!r}: expected a word without dots")
        self.name = name
        self.spectral_models = dict(spectral_models or {})
        for species, model in self.spectral_models.items():
            if not isinstance(model, SpectralModel):
                raise TypeError(
                    f"component {name!r}, species {species!r}: expected a gammapy SpectralModel, "
                    f"got {type(model).__name__}"
                )
            own = getattr(model, "species", species)
            if own != species:
                raise ValueError(
                    f"component {name!r}: a model of {own} is filed under species {species!r}"
                )
        if dipole_model is not None and not isinstance(dipole_model, DipoleModel):
            raise TypeError(
                f"component {name!r}: expected a DipoleModel, got {type(dipole_model).__name__}"
            )
        self.dipole_model = dipole_model

    @property
    def _models(self):
        models = list(self.spectral_models.values())
        return models if self.dipole_model is None else [*models, self.dipole_model]

    def __repr__(self):
        dipole = "isotropic" if self.dipole_model is None else type(self.dipole_model).__name__
        spectra = [f"{s}: {type(m).__name__}" for s, m in self.spectral_models.items()]
        return f"CosmicRayComponent({self.name!r}, {{{', '.join(spectra)}}}, {dipole})"


class CosmicRayModel(ModelBase):
    """Cosmic rays near Earth: components times species, intensities and dipole.

    Parameters of the same name are one Parameter, except the source strength and the index
    offset, which each species has for itself. Assigning another Parameter to a sub-model unlinks
    it there: ``model.components["nearby"].spectral_models["He"].R_cut = Parameter("R_cut",
    "8 PV")``. A parameter that the model has once is an attribute of it: ``model.V_sun``.

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

    __getattribute__ = object.__getattribute__

    def __init__(self, components, name=None, datasets_names=None, link=True, covariance_data=None):
        components = list(components)
        names = [component.name for component in components]
        repeated = {n for n in names if names.count(n) > 1}
        if repeated:
            raise ValueError(f"component names must be unique, {', '.join(repeated)} repeat")
        self._name = make_name(name)
        self.datasets_names = datasets_names
        self.components = {component.name: component for component in components}
        _check_intensities(components)
        if link:
            _link_same_names(self._models)
        self._evaluator = None
        self._covariance = Covariance(self.parameters)
        if covariance_data is not None:
            self.covariance = covariance_data

    @property
    def name(self):
        """Name of the model (str)."""
        return self._name

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
        return [m for component in self.components.values() for m in component._models]

    def _slots(self):
        """Where Parameters sit: (owner, attribute name) of every sub-model."""
        return [slot for model in self._models for slot in _parameter_slots(model)]

    # ----------------------------------------------------------------- parameters

    @property
    def parameters(self):
        """Unique parameters (`LabelledParameters`)."""
        unique = list(dict.fromkeys(owner.__dict__[name] for owner, name in self._slots()))
        return LabelledParameters(unique, self._labels(unique))

    @property
    def parameters_unique_names(self):
        """Unique labels of the parameters (list of str)."""
        return self.parameters.labels

    def _labels(self, unique):
        """Labels: the name, with species or component in front where names repeat."""
        uses = {}
        for component in self.components.values():
            filed = [*component.spectral_models.items(), (None, component.dipole_model)]
            for species, model in filed:
                for owner, name in _parameter_slots(model) if model is not None else ():
                    places = uses.setdefault(name, {}).setdefault(owner.__dict__[name], [])
                    places.append((component.name, species))
        labels = {}
        for name, places_of in uses.items():
            everywhere = [place for places in places_of.values() for place in places]
            for par, places in places_of.items():
                label = name
                if len(places_of) > 1:
                    label = ".".join([*_qualifier(places, everywhere), name])
                while label in labels.values():
                    label = ".".join([*filter(None, places[0]), label])
                labels[par] = label
        return [labels[par] for par in unique]

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
        raise AttributeError(f"{type(self).__name__} has no attribute or parameter {name!r}")

    def __setattr__(self, name, value):
        if "_covariance" not in self.__dict__:
            super().__setattr__(name, value)
            return
        slots = [slot for slot in self._slots() if slot[1] == name]
        if not isinstance(value, Parameter):
            if slots:
                raise TypeError(
                    f"{name} is a parameter: assign to model.{name}.value or "
                    f"model.{name}.quantity, or assign a Parameter"
                )
            super().__setattr__(name, value)
            return
        if not slots:
            raise AttributeError(f"{type(self).__name__} has no parameter {name!r}")
        for owner, _ in slots:
            setattr(owner, name, value)

    def freeze(self, model_type=None):
        """Freeze all parameters, or those of one type of sub-model.

        Parameters
        ----------
        model_type : {"spectral", "dipole"}, optional
            Type of sub-model.
        """
        for model in self._models:
            if model_type in (None, model.type):
                model.parameters.freeze_all()

    def unfreeze(self, model_type=None):
        """Restore the default frozen status, of all or of one type of sub-model.

        Parameters
        ----------
        model_type : {"spectral", "dipole"}, optional
            Type of sub-model.
        """
        for model in self._models:
            if model_type in (None, model.type):
                unfreeze_model(model)

    # ----------------------------------------------------------------- covariance

    @property
    def covariance(self):
        """Covariance of the unique parameters (`~gammapy.modeling.Covariance`)."""
        parameters = self.parameters
        kept = self._covariance.parameters
        if len(kept) != len(parameters) or any(
            a is not b for a, b in zip(kept, parameters, strict=True)
        ):
            self._covariance = _carry_over(self._covariance, parameters)
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
        evaluator = self._evaluator
        if evaluator is None or not evaluator.is_current():
            evaluator = self._evaluator = ModelEvaluator(self)
        return evaluator

    def intensity(self, x, species, component=None, axis=None):
        """Intensity near Earth.

        Parameters
        ----------
        x : `~astropy.units.Quantity`
            Rigidity, or energy if ``axis`` says which.
        species : str or `~crlocal_plugin.Species`
            Species, ``"light"`` for H + He, ``"all_particle"`` for all of the model.
        component : str, optional
            Only one component; the sum by default.
        axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}, \
optional
            What ``x`` is; a rigidity needs no axis.

        Returns
        -------
        `~astropy.units.Quantity`
            Intensity per unit of the axis, in 1/(GV m2 s sr) or 1/(GeV m2 s sr), of the shape
            of ``x``.

        Raises
        ------
        ValueError
            If a species, component or axis is not known, or a value below the physical range.
        `~astropy.units.UnitConversionError`
            If the unit of ``x`` does not fit the axis.
        """
        axis, value = _axis_value(x, axis)
        self._check_component(component)
        evaluator = self.evaluator
        values = evaluator.values()
        total = np.zeros(np.shape(value))
        for name in species_group(species, self.species):
            nucleus = evaluator.species[name]
            grid = particle_grid(axis_to_rigidity(value, nucleus, axis), nucleus)
            logs = evaluator.log_intensities(name, grid, values)
            jacobian = axis_jacobian(grid.beta, nucleus, axis)
            with np.errstate(under="ignore"):
                for part, log in logs.items():
                    if component in (None, part):
                        total = total + np.exp(log) * jacobian
        return u.Quantity(total, intensity_unit(axis))

    def dipole(self, energy, component=None, species=None):
        """Dipole anisotropy near Earth (Xue & Liu 2025, Eq. 15, with the sign of the excess).

        Parameters
        ----------
        energy : `~astropy.units.Quantity`
            Total energy per particle. A species that is heavier does not contribute.
        component : str, optional
            Contribution of one component to the sum, so that the contributions add up; the sum
            by default.
        species : str or `~crlocal_plugin.Species`, optional
            Dipole of one species alone, of ``"light"`` (H + He); of all species by default.

        Returns
        -------
        Dipole
            With ``amplitude`` (on the equator), ``phase``, ``direction`` and ``vector``.

        Raises
        ------
        ValueError
            If a species or component is not known, or an energy is below the rest energy of the
            lightest species.
        `~astropy.units.UnitConversionError`
            If ``energy`` is not an energy.
        """
        self._check_component(component)
        names = self.species if species is None else species_group(species, self.species)
        _, value = _axis_value(energy, "total_energy")
        evaluator = self.evaluator
        energies = energy_grid(value, [evaluator.species[name] for name in names])
        vector = evaluator.excess(energies, evaluator.values(), component, names)
        return Dipole(u.Quantity(energy), vector)

    def _check_component(self, component):
        if component is not None and component not in self.components:
            raise ValueError(
                f"unknown component {component!r}: expected one of {', '.join(self.components)}"
            )

    # ----------------------------------------------------------------- copies and files

    def copy(self, name=None, copy_data=False, **kwargs):
        """Deep copy that keeps which parameters are shared.

        Parameters
        ----------
        name : str, optional
            Name of the copy; a random one by default, as in gammapy.
        copy_data : bool, optional
            Of no effect, for compatibility.
        **kwargs : dict
            ``datasets_names``.

        Returns
        -------
        CosmicRayModel
            The copy.
        """
        new = copy.deepcopy(self)
        new._name = make_name(name)
        new.datasets_names = kwargs.pop("datasets_names", new.datasets_names)
        if kwargs:
            raise TypeError(f"copy takes name and datasets_names, not {', '.join(kwargs)}")
        return new

    def __getstate__(self):
        return {**self.__dict__, "_evaluator": None}

    def to_dict(self, full_output=True):
        """Create a dictionary for YAML serialisation.

        Every parameter is written once, with all its attributes, under its label; sub-models
        refer to the labels.

        Parameters
        ----------
        full_output : bool, optional
            Of no effect: all is written always.

        Returns
        -------
        dict
            The dictionary.
        """
        parameters = self.parameters
        labels = dict(zip(parameters, parameters.labels, strict=True))
        data = {"name": self.name, "type": self.tag[0]}
        if self.datasets_names is not None:
            data["datasets_names"] = self.datasets_names
        data["parameters"] = [{"label": labels[p], **_plain(p.to_dict())} for p in parameters]
        data["components"] = []
        for component in self.components.values():
            entry = {"name": component.name}
            if component.spectral_models:
                entry["spectral_models"] = {
                    species: _submodel_to_dict(model, labels)
                    for species, model in component.spectral_models.items()
                }
            if component.dipole_model is not None:
                entry["dipole_model"] = _submodel_to_dict(component.dipole_model, labels)
            data["components"].append(entry)
        return data

    @classmethod
    def from_dict(cls, data, **kwargs):
        """Create a model from a dictionary made by `to_dict`.

        Parameters
        ----------
        data : dict
            Dictionary.
        **kwargs : dict
            Passed to the constructor.

        Returns
        -------
        CosmicRayModel
            The model.

        Raises
        ------
        ValueError
            If a sub-model refers to a parameter that is not listed.
        """
        parameters = {}
        for entry in data["parameters"]:
            label = entry["label"]
            rest = {key: value for key, value in entry.items() if key != "label"}
            parameters[label] = _parameter_from_dict(rest)
        components = []
        for entry in data["components"]:
            spectral_models = {
                species: _submodel_from_dict(SPECTRAL_MODEL_REGISTRY, body, parameters)
                for species, body in entry.get("spectral_models", {}).items()
            }
            dipole_model = None
            if "dipole_model" in entry:
                dipole_model = _submodel_from_dict(
                    DIPOLE_MODEL_REGISTRY, entry["dipole_model"], parameters
                )
            components.append(CosmicRayComponent(entry["name"], spectral_models, dipole_model))
        names = data.get("datasets_names")
        return cls(components, name=data["name"], datasets_names=names, link=False, **kwargs)

    def __str__(self):
        lines = [type(self).__name__, "", f"\tName           : {self.name}"]
        lines.append(f"\tDatasets names : {self.datasets_names}")
        lines.append(f"\tSpecies        : {', '.join(self.species)}")
        lines += [f"\tComponent      : {component!r}" for component in self.components.values()]
        lines += ["\tParameters:", ""]
        text = "\n".join(lines) + "\n" + _get_parameters_str(self.parameters) + "\n"
        return text.expandtabs(tabsize=2)

    def _repr_html_(self):
        return f"<pre>{html.escape(str(self))}</pre>"


def _axis_value(x, axis):
    """Axis, and the value of a Quantity on it as float array."""
    x = u.Quantity(x)
    if axis is None:
        if not x.unit.is_equivalent(RIGIDITY_UNIT):
            raise ValueError(
                f"x is given in {unit_text(x.unit)}: a rigidity (GV) needs no axis, an energy "
                "needs axis='kinetic_energy', 'kinetic_energy_per_nucleon' or 'total_energy'"
            )
        axis = "rigidity"
    unit = x_unit(axis)
    if not x.unit.is_equivalent(unit):
        raise u.UnitConversionError(
            f"axis {axis!r} takes values in {unit}, got {unit_text(x.unit)}"
        )
    return axis, np.asarray(x.to_value(unit), dtype=float)


def _qualifier(places, everywhere):
    """Words that tell where a parameter is used, of (component, species) places."""
    (component, species), used = places[0], set(places)
    if used == {place for place in everywhere if place[1] == species} and species:
        return [species]
    if used == {place for place in everywhere if place[0] == component}:
        return [component]
    return [component, *filter(None, [species])] if len(used) == 1 else []


def _parameter_slots(model):
    """Where the Parameters of a model sit, nested models included: (owner, attribute name)."""
    nested = getattr(model, "_models", None)
    if nested:
        return [slot for inner in nested for slot in _parameter_slots(inner)]
    return [(model, name) for name in model.default_parameters.names]


def _check_intensities(components):
    """Refuse spectra that do not give an intensity against rigidity."""
    probe = u.Quantity([1e3], RIGIDITY_UNIT)
    expected = INTENSITY_UNITS[RIGIDITY_UNIT]
    for component in components:
        for species, model in component.spectral_models.items():
            if isinstance(model, PhysicsModel):
                continue
            where = f"component {component.name!r}, species {species!r}"
            try:
                unit = model(probe).unit
            except u.UnitsError as error:
                raise ValueError(
                    f"{where}: {type(model).__name__} does not take a rigidity ({error}); wrap "
                    "it in IntensitySpectralModel with the axis that it is meant for"
                ) from error
            if not unit.is_equivalent(expected):
                raise ValueError(
                    f"{where}: {type(model).__name__} gives {unit}, expected an intensity like "
                    f"{expected}; wrap it in IntensitySpectralModel"
                )


def _link_same_names(models):
    """Make parameters of the same name one, those of a species' own per species."""
    groups = {}
    for model in models:
        if isinstance(model, PhysicsModel):
            own = getattr(model, "own_parameters", ())
            for default in model.defaults:
                key = (default.name, model.species if default.name in own else None)
                groups.setdefault(key, []).append((model, default))
    for (name, _), uses in groups.items():
        chosen, changed = uses[0][0].__dict__[name], _changes(*uses[0])
        for model, default in uses[1:]:
            par, own_changes = model.__dict__[name], _changes(model, default)
            if par is chosen or not own_changes or own_changes == changed:
                continue
            if changed:
                raise ValueError(
                    f"{name} is {_listed(changed)} in one sub-model and {_listed(own_changes)} in "
                    f"{type(model).__name__}: give both the same, or pass link=False"
                )
            chosen, changed = par, own_changes
        for model, _ in uses:
            setattr(model, name, chosen)


def _changes(model, default):
    """What of a parameter of a model is not the default: value, limits, status, prior."""
    par, changes = model.__dict__[default.name], {}
    for attribute in ("quantity", "min", "max", "frozen", "prior"):
        mine, theirs = getattr(par, attribute), getattr(default, attribute)
        both_open = mine != mine and theirs != theirs
        if mine is not theirs and mine != theirs and not both_open:
            changes[attribute] = mine
    return changes


def _listed(changes):
    """Changes of a parameter as text."""
    return ", ".join(
        str(value) if attribute == "quantity" else f"{attribute} {value}"
        for attribute, value in changes.items()
    )


def _carry_over(covariance, parameters):
    """Covariance of other parameters, with the entries of those that stay."""
    new = Covariance(parameters)
    old = {id(par): index for index, par in enumerate(covariance.parameters)}
    kept = [(i, old[id(par)]) for i, par in enumerate(parameters) if id(par) in old]
    if kept:
        here, there = (np.array(indices) for indices in zip(*kept, strict=True))
        new.data[np.ix_(here, here)] = covariance.data[np.ix_(there, there)]
    return new


def _plain(value):
    """Value with NumPy scalars as Python ones, which is what safe YAML takes."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _submodel_to_dict(model, labels):
    body = _plain(model.to_dict(full_output=True)[model.type])
    if isinstance(model, PhysicsModel):
        body.pop("parameters")
    body["links"] = [labels[owner.__dict__[name]] for owner, name in _parameter_slots(model)]
    return body


def _submodel_from_dict(registry, body, parameters):
    body = dict(body)
    links = body.pop("links")
    cls = registry.get_cls(body["type"])
    model = cls.from_dict({cls._type: body})
    slots = _parameter_slots(model)
    unknown = [label for label in links if label not in parameters]
    if unknown or len(links) != len(slots):
        raise ValueError(
            f"{body['type']}: links must name {len(slots)} listed parameters, "
            f"got {len(links)}" + (f" of which unknown: {', '.join(unknown)}" if unknown else "")
        )
    for (owner, name), label in zip(slots, links, strict=True):
        setattr(owner, name, parameters[label])
    return model


register(MODEL_REGISTRY, CosmicRayModel)
