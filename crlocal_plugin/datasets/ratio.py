"""Measured ratio of the intensities of two nuclei, such as B/C, with its likelihood."""

import numpy as np
from gammapy.datasets import DATASET_REGISTRY

from ..components.component import species_group
from ..components.registration import register
from ..tables.ratio import read_ratio_table
from .locked import read_only
from .plotting import ScalarPicture
from .points import Intensities
from .scalar import ScalarDataset


class RatioPicture(ScalarPicture):
    """Pictures of ratios."""

    panel = panel_label = "Ratios"


class RatioDataset(ScalarDataset):
    """Ratio of the intensities of two species, or sums of species, at one rigidity or energy.

    The energy scale of the experiment moves the points; a normalisation is without effect.

    The error of a point is the quadratic sum of its statistical error, its systematic error and
    the floor times the value, separately upwards and downwards. A side that the table gives as
    zero takes the error of the other side.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Table as `~crlocal_plugin.tables.ratio.read_ratio_table` returns it.
    floor : float, optional
        Systematic floor as a fraction of the value.
    models, name, mask_fit, energy_range, systematics
        As for `CosmicRayDataset`.
    correlation, covariance
        As for `ScalarDataset`.
    """

    tag = "RatioDataset"
    kind = "ratio"
    column = "ratio"
    picture_class = RatioPicture

    reader = staticmethod(read_ratio_table)
    table_options = ("quantity", "axis")
    joins_with = "all"

    ratio = read_only("_y", "Measured values (`~numpy.ndarray`).")

    @property
    def quantities(self):
        """Numerator and denominator (two str)."""
        return tuple(self.quantity.split("/"))

    def _check_model(self, model):
        for quantity in self.quantities:
            species_group(quantity, model.species)

    def points(self):
        """Intensities of numerator and denominator at the points of the table."""
        x, axis = self.x.value, self.axis
        return tuple(Intensities(x, quantity, axis) for quantity in self.quantities)

    def predict(self, numerator, denominator):
        """Return the ratio; without any particles, no measured value is near."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = numerator / denominator
        return np.where(np.isnan(ratio), np.inf, ratio)


register(DATASET_REGISTRY, RatioDataset)
