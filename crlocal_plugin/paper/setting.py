"""States of the model that the paper names, with the data that they are held against."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import astropy.units as u
import yaml

from ..catalogue.loading import load_datasets
from ..catalogue.selections import DEFAULT_SELECTION
from ..likelihood.selection import find_parameters, free_parameters
from ..models.xue_liu import xue_liu_2025


@dataclass(frozen=True)
class Setting:
    """Values of the paper, what is changed in them, and the data.

    Parameters
    ----------
    variant : {"kinetic", "wandering", "qgsjet"}
        As for `~crlocal_plugin.xue_liu_2025`.
    fixed : dict of str to str
        Values by label or name of the parameter, with units, that a fit does not touch.
    free, without : tuple of str
        Parameters that are free in addition; those without the prior on what others measured. A
        vector that is partly fixed or without a prior has none.
    selection : str
        Data, as for `~crlocal_plugin.load_datasets`.
    """

    variant: str = "kinetic"
    fixed: Mapping = field(default_factory=dict)
    free: tuple = ()
    without: tuple = ()
    selection: str = DEFAULT_SELECTION

    def __hash__(self):
        fixed = tuple(sorted(self.fixed.items()))
        return hash((self.variant, fixed, self.free, self.without, self.selection))

    def model(self):
        """Make the model with the values of the paper and the changes (CosmicRayModel)."""
        model = xue_liu_2025(self.variant)
        touched = {*self.fixed, *self.without}
        model.penalties = [p for p in model.penalties if touched.isdisjoint(p.names)]
        for label, par in zip(model.parameters.labels, model.parameters, strict=True):
            for name in (par.name, label):
                if name in self.without:
                    par.prior = None
                if name in self.fixed:
                    par.quantity = u.Quantity(self.fixed[name]).to(par.unit)
        return model

    def datasets(self, scatter=True):
        """Load the data with the model, in which what is fixed is frozen (CosmicRayDatasets)."""
        datasets = load_datasets(self.selection, scatter=scatter)
        datasets.models = [self.model()]
        free_parameters(datasets, self.free)
        for name in self.fixed:
            for par in find_parameters(datasets, name).values():
                par.frozen = True
        return datasets


def _fixed_at(parameter, values, unit="", symbol=None, best=None):
    """Settings by title, a parameter fixed at one value after the other but for the best one."""
    settings = {}
    for value in values:
        text = f"{value} {unit}".strip()
        # a symbol is for figures
        title = f"{symbol} = {text.replace('uG', 'μG')}" if symbol else f"{parameter} = {text}"
        settings[title] = Setting() if value == best else Setting(fixed={parameter: text})
    return settings


class _Loader(yaml.SafeLoader):
    """Reads settings as they are, and lists as tuples."""


def _made_by(make):
    return lambda loader, node: make(**loader.construct_mapping(node, deep=True))


def _tuple(loader, node):
    return tuple(loader.construct_sequence(node, deep=True))


_Loader.add_constructor("!setting", _made_by(Setting))
_Loader.add_constructor("!fixed_at", _made_by(_fixed_at))
_Loader.add_constructor("tag:yaml.org,2002:seq", _tuple)

PAPER = yaml.load(Path(__file__).with_name("paper.yaml").read_text(encoding="utf-8"), _Loader)
"""Figures, claims, and what is fitted, as they are in ``paper.yaml``."""
