"""Sub-models as dictionaries that refer to the parameters of their model by label."""

import numpy as np

from ..components.base import PhysicsModel
from .linking import parameter_slots


def plain(value):
    """Convert NumPy scalars, in nested dictionaries and lists too, to what safe YAML takes."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


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
        raise ValueError(
            f"{body['type']}: links must name {len(slots)} listed parameters, "
            f"got {len(links)}" + (f" of which unknown: {', '.join(unknown)}" if unknown else "")
        )
    for (owner, name), label in zip(slots, links, strict=True):
        setattr(owner, name, parameters[label])
    return model
