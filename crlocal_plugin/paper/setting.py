"""A state of the model that the paper names, with the data that it is held against."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import astropy.units as u

from ..catalogue.loading import load_datasets
from ..likelihood.selection import (
    find_parameters,
    free_parameters,
)
from ..models.xue_liu import xue_liu_2025


@dataclass(frozen=True)
class Setting:
    """Values of the paper, what is changed in them, and the data.

    Parameters
    ----------
    variant : {"kinetic", "wandering", "qgsjet"}
        Variant of `~crlocal_plugin.xue_liu_2025`.
    fixed : dict of str to str
        Values by label or name of the parameter, with units, that a fit does not touch.
    free : tuple of str
        Parameters that a fit adds to those that are free by default.
    without : tuple of str
        Parameters that have no prior; all others have those on what others measured.
    selection : str
        Data, as for `~crlocal_plugin.load_datasets`.
    """

    variant: str = "kinetic"
    fixed: Mapping = field(default_factory=dict)
    free: tuple = ()
    without: tuple = ()
    selection: str = "xue-liu-2025"

    def __hash__(self):
        fixed = tuple(sorted(self.fixed.items()))
        return hash((self.variant, fixed, self.free, self.without, self.selection))

    def model(self):
        """Make the model with the values of the paper and the changes (CosmicRayModel)."""
        model = xue_liu_2025(self.variant)
        for name in self.without:
            for par in _parameters(model, name):
                par.prior = None
        for name, value in self.fixed.items():
            for par in _parameters(model, name):
                par.quantity = u.Quantity(value).to(par.unit)
        return model

    def datasets(self):
        """Load the data with the model, ready for a fit.

        Returns
        -------
        CosmicRayDatasets
            Datasets, in which the changed parameters are frozen at their values.
        """
        datasets = load_datasets(self.selection)
        datasets.models = [self.model()]
        free_parameters(datasets, self.free)
        for name in self.fixed:
            for par in find_parameters(datasets, name).values():
                par.frozen = True
        return datasets


def _parameters(model, name):
    """Parameters of a label, or all of a name."""
    labels = dict(zip(model.parameters.labels, model.parameters, strict=True))
    return [labels[name]] if name in labels else [p for p in labels.values() if p.name == name]
