"""Importing this module registers models, datasets and back ends with gammapy."""

from importlib import import_module
from pkgutil import iter_modules

from . import components, datasets, models
from .likelihood import backends

# the modules in which classes register themselves
for room in (components, datasets, models):
    for module in iter_modules(room.__path__, f"{room.__name__}."):
        import_module(module.name)

backends.register_backends()
