"""Registration of classes with gammapy: once, however often the package is imported."""

from gammapy.datasets import DATASET_REGISTRY
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY


def register(registry, *classes):
    """Append classes to a gammapy registry.

    A class of the same module and name that is already there, as after a reload, is replaced.

    Parameters
    ----------
    registry : list
        Registry of gammapy or of this package.
    *classes : type
        Classes to append.
    """
    for cls in classes:
        places = (k for k, known in enumerate(registry) if _are_same(known, cls))
        place = next(places, len(registry))
        registry[place : place + 1] = [cls]


def require_registered(registry, cls):
    """Refuse to write an object of a class that could not be read back: ValueError says what to do.

    That is a class that is not in the registry, or behind another one of the same tag.
    """
    tag = getattr(cls, "tag", cls.__name__)
    tag = tag if isinstance(tag, str) else tag[0]
    found = next((known for known in registry if tag in known.tag), None)
    if found is not None and _are_same(found, cls):
        return
    if found is not None:
        raise ValueError(
            f"{cls.__name__} has the tag {tag!r} of {found.__module__}.{found.__name__}, and would "
            "be read as that: give it a tag of its own and register it"
        )
    places = {
        id(SPECTRAL_MODEL_REGISTRY): ("SPECTRAL_MODEL_REGISTRY", "gammapy.modeling.models"),
        id(DATASET_REGISTRY): ("DATASET_REGISTRY", "gammapy.datasets"),
    }
    name, module = places.get(id(registry), ("DIPOLE_MODEL_REGISTRY", "crlocal_plugin"))
    raise ValueError(
        f"{cls.__name__} is not registered, so that a file with it could not be read: register it "
        f"first, from {module} import {name}; crl.register({name}, {cls.__name__})"
    )


def _are_same(one, other):
    """Whether classes are the same, be it after a reload (bool)."""
    return (one.__module__, one.__qualname__) == (other.__module__, other.__qualname__)
