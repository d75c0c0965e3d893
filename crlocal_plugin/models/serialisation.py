"""Sub-models as dictionaries that refer to the parameters of their model by label."""

import numpy as np

from ..components.base import PhysicsModel
from .linking import parameter_slots


def plain(value):
    """Convert NumPy scalars, in nested dictionaries and lists, to what safe YAML takes.

    Parameters
    ----------
    value : object
        Value, dictionary or list.

    Returns
    -------
    object
        The same with Python scalars.
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def submodel_to_dict(model, labels):
    """Create the dictionary of a sub-model.

    Parameters
    ----------
    model : `~gammapy.modeling.models.ModelBase`
        Spectral or dipole model.
    labels : dict of `~gammapy.modeling.Parameter` to str
        Labels of the parameters of the whole model.

    Returns
    -------
    dict
        Type, settings, and under "links" the labels of its parameters in their order.
    """
    body = plain(model.to_dict(full_output=True)[model.type])
    if isinstance(model, PhysicsModel):
        body.pop("parameters")
    body["links"] = [labels[owner.__dict__[name]] for owner, name in parameter_slots(model)]
    return body


def submodel_from_dict(registry, body, parameters):
    """Create a sub-model from its dictionary.

    Parameters
    ----------
    registry : `~gammapy.utils.registry.Registry`
        Classes by tag.
    body : dict
        As made by `submodel_to_dict`.
    parameters : dict of str to `~gammapy.modeling.Parameter`
        Parameters of the whole model by label.

    Returns
    -------
    `~gammapy.modeling.models.ModelBase`
        The sub-model, with the parameters that its links name.

    Raises
    ------
    ValueError
        If links are missing, too many, or name a parameter that is not listed.
    """
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
