"""Which Parameters sub-models share, what they are called, and how files refer to them."""

import copy

import numpy as np
from gammapy.modeling import Covariance, Parameters
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY

from ..components.base import PhysicsModel
from ..components.correlated_priors import PriorShare
from ..components.dipole import DIPOLE_MODEL_REGISTRY
from ..components.registration import require_registered


class LabelledParameters(Parameters):
    """Parameters that are found by name or, where names repeat, by their label."""

    def __init__(self, parameters=None, labels=None):
        super().__init__(parameters)
        self.labels = list(self.names if labels is None else labels)

    def index(self, val):
        """Position of a parameter given by label, name, object or position.

        A parameter that several species share, such as ``"C+O.index_offset"``, is found under
        each of them, ``"O.index_offset"``.
        """
        if not isinstance(val, str):
            return super().index(val)
        if val in self.labels:
            return self.labels.index(val)
        species, dot, name = val.rpartition(".")
        for position, label in enumerate(self.labels if dot else ()):
            front, _, end = label.rpartition(".")
            if end == name and species in front.split("+"):
                return position
        if self.names.count(val) > 1:
            labels = [x for x, name in zip(self.labels, self.names, strict=True) if name == val]
            raise ValueError(f"{val!r} is several parameters: use one of {', '.join(labels)}")
        return super().index(val)


def parameter_slots(model):
    """Where the Parameters of a model sit, nested models included."""
    nested = getattr(model, "_models", None)
    if nested:
        return [slot for inner in nested for slot in parameter_slots(inner)]
    return [(model, name) for name in model.default_parameters.names]


def parameter_labels(components, parameters):
    """Make unique labels: the name, with species or component in front where names repeat.

    What a component has for itself always has its name in front.
    """
    uses, own = {}, {par for component in components for par in component.own_parameters}
    for component in components:
        filed = [*component.spectral_models.items(), (None, component.dipole_model)]
        for species, model in filed:
            for owner, name in parameter_slots(model) if model is not None else ():
                places = uses.setdefault(name, {}).setdefault(owner.__dict__[name], [])
                places.append((component.name, species))
    labels = {}
    for name, places_of in uses.items():
        everywhere = [place for places in places_of.values() for place in places]
        for par, places in places_of.items():
            if par in own:
                words = _own_qualifier(places, everywhere)
            else:
                words = _qualifier(places, everywhere) if len(places_of) > 1 else ()
            label = _dotted(*words, name)
            while label in labels.values():
                label = _dotted(*places[0], label)
            labels[par] = label
    return [labels[par] for par in parameters]


def _dotted(*words):
    return ".".join(filter(None, words))


def _own_qualifier(places, everywhere):
    """Component, and species if others of it have another parameter of the name."""
    component, species = places[0]
    others = {place for place in everywhere if place[0] == component} - set(places)
    return component, species if others else None


def _qualifier(places, everywhere):
    """Words that tell where a parameter is used, of (component, species) places."""
    (component, species), used = places[0], set(places)
    if used == {place for place in everywhere if place[1] == species} and species:
        return [species]
    if used == {place for place in everywhere if place[0] == component}:
        return [component]
    if len(used) == 1:
        return component, species
    shared = dict.fromkeys(species for _, species in places)
    # other species have one of their own
    some = any(place[1] not in shared for place in everywhere)
    return ["+".join(shared)] if some and None not in shared else []


def with_own_sources(components):
    """Components of which each further source has for itself what tells it from the others.

    That is what its models name in ``of_source``, apart from a Parameter that it has in common with
    an earlier source already.
    """
    taken, result = {}, []
    for component in components:
        further = []
        for name in dict.fromkeys(n for m in component.models for n in getattr(m, "of_source", ())):
            pars = {m.__dict__[name] for m in component.models if name in m.__dict__}
            others = taken.setdefault(name, set())
            if others and others.isdisjoint(pars) and name not in component.own:
                further.append(name)
            others |= pars
        if further:
            component = copy.copy(component)
            component.own = (*component.own, *further)
        result.append(component)
    return result


def link_same_names(components):
    """Make parameters of the same name one, those of a species' or a component's own for each."""
    groups = {}
    for component, model in ((c, model) for c in components for model in c.models):
        own = getattr(model, "own_parameters", ())
        for default in model.defaults if isinstance(model, PhysicsModel) else ():
            name = default.name
            owner = component.name if name in component.own else None
            key = (name, owner, model.species if name in own else None)
            groups.setdefault(key, []).append((model, default))
    for (name, *_), uses in groups.items():
        chosen, changed = uses[0][0].__dict__[name], _changes(*uses[0])
        for model, default in uses[1:]:
            par, own_changes = model.__dict__[name], _changes(model, default)
            if par is chosen or not own_changes or own_changes == changed:
                continue
            if changed:
                here, there = map(_listed, (changed, own_changes))
                raise ValueError(
                    f"{name} is {here} in one sub-model and {there} in {type(model).__name__}: "
                    "give both the same, or name it in own=[...] of a component"
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
        if mine != theirs and not both_open:
            changes[attribute] = mine
    return changes


def _listed(changes):
    return ", ".join(
        str(value) if attribute == "quantity" else f"{attribute} {value}"
        for attribute, value in changes.items()
    )


def joint_priors(parameters):
    """Correlated priors that parameters have their shares of, over those that are there (list)."""
    shares = [par.prior for par in parameters if isinstance(par.prior, PriorShare)]
    known, found = set(parameters), []
    for prior in dict.fromkeys(share.joint for share in shares if share.joint is not None):
        kept = [prior]
        for missing in (par for par in prior.parameters if par not in known):
            kept = [part for one in kept for part in one.without(missing)]
        found += kept
    return found


def carry_over(covariance, parameters):
    """Covariance of other parameters, with the entries of those that stay."""
    new, old = Covariance(parameters), set(covariance.parameters)
    kept = [par for par in parameters if par in old]
    new.set_subcovariance(covariance.get_subcovariance(kept))
    return new


def plain(value):
    """Convert NumPy scalars, in nested dictionaries and lists too, to what safe YAML takes."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def require_registered_models(components):
    """Refuse to write components with a sub-model of a class that is not registered."""
    for component in components:
        pending = list(component.spectral_models.values())
        for model in pending:
            require_registered(SPECTRAL_MODEL_REGISTRY, type(model))
            pending += getattr(model, "_models", None) or ()
        if component.dipole_model is not None:
            require_registered(DIPOLE_MODEL_REGISTRY, type(component.dipole_model))


def submodel_to_dict(model, labels):
    """Type, settings, and under "links" the labels of the parameters of a sub-model (dict)."""
    body = plain(model.to_dict(full_output=True)[model.type])
    if isinstance(model, PhysicsModel):
        body.pop("parameters")
    body["links"] = [labels[owner.__dict__[name]] for owner, name in parameter_slots(model)]
    return body


def submodel_from_dict(registry, body, parameters):
    """Sub-model of a dictionary by `submodel_to_dict`, with those of the parameters by label."""
    body = dict(body)
    links = body.pop("links")
    cls = registry.get_cls(body["type"])
    model = cls.from_dict({cls._type: body})
    slots = parameter_slots(model)
    unknown = [label for label in links if label not in parameters]
    if unknown or len(links) != len(slots):
        which = f" of which unknown: {', '.join(unknown)}" if unknown else ""
        expected = f"links must name {len(slots)} listed parameters"
        raise ValueError(f"{body['type']}: {expected}, got {len(links)}{which}")
    for (owner, name), label in zip(slots, links, strict=True):
        setattr(owner, name, parameters[label])
    return model
