"""Measured spectrum of a species, or of a sum of species, with its likelihood."""

import astropy.units as u
import numpy as np
from gammapy.datasets import DATASET_REGISTRY

from ..components.base import intensity_unit
from ..components.component import species_group
from ..components.registration import register
from ..tables.spectrum import read_flux_table
from .plot_axes import intensity_label, intensity_unit_label, log_limits
from .plotting import ScalarPicture
from .points import Intensities, itself
from .residuals import limit_sigma, total_errors
from .scalar import ScalarDataset


class SpectrumPicture(ScalarPicture):
    """Pictures of intensities, times a power of the axis where they are drawn with the model."""

    order = 0
    panel = "Spectra"

    def __init__(self, dataset, energy_power=2.7):
        super().__init__(dataset)
        self.energy_power = energy_power
        self.label = intensity_label(dataset.axis, energy_power)
        self.unit = intensity_unit_label(dataset.axis)

    def shown(self, values):
        """Weighted intensities, as the hadronic model of the fit has them."""
        x, shift = self.dataset.x.value, self.dataset.hadronic_shift()
        return values * x**self.energy_power * np.exp(-shift)

    def measured(self):
        """Weighted intensities and errors."""
        values, errors = super().measured()
        return values, [self.shown(error) for error in errors]

    def model_at(self, x):
        """Weighted prediction."""
        values = super().model_at(x)
        return None if values is None else values * x**self.energy_power

    def nuclei(self):
        """Nuclei of the species or sum (list of `~crlocal_plugin.Species`)."""
        names = species_group(self.dataset.quantity, self.dataset.model.species)
        return [nucleus for nucleus in super().nuclei() if nucleus.name in names]

    def set_limits(self, ax, values, curve):
        """Set a logarithmic axis that a curve which falls off a cut-off does not stretch."""
        # simulated data may be negative
        seen = values[values > 0] if (values > 0).any() else curve
        shown = np.append(seen, np.clip(curve, seen.min() / 10, seen.max() * 10))
        ax.set(yscale="log", ylim=log_limits(shown, 1.5))


class CosmicRayFluxDataset(ScalarDataset):
    """Intensities of one species, of a group of elements, of H + He or of all particles.

    The axis is any of the four. A group, ``"CNO"``, ``"Ne-S"`` or ``"Fe-group"``, is the sum of
    those of its elements that the model has, or the species of that name.

    The error of a point is the quadratic sum of its statistical error, its systematic error and
    the floor times the value, separately upwards and downwards. A side that the table gives as
    zero takes the error of the other side. Upper limits enter as -2 ln Phi.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Table as `~crlocal_plugin.tables.spectrum.read_flux_table` returns it.
    floor : float, optional
        Systematic floor as a fraction of the value.
    models, name, mask_fit, energy_range, systematics
        As for `CosmicRayDataset`.
    correlation, covariance
        As for `ScalarDataset`.
    """

    tag = "CosmicRayFluxDataset"
    kind = "spectrum"
    column = "intensity"
    picture_class = SpectrumPicture

    reader = staticmethod(read_flux_table)
    table_options = ("quantity", "axis")

    def _prepare(self):
        table, y = self.table, np.asarray(self.table["intensity"], dtype=float)
        none, floor = np.zeros(len(y), dtype=bool), self.floor * y
        is_ul = np.asarray(table["is_ul"], dtype=bool) if "is_ul" in table.colnames else none
        errn, errp = total_errors(table, "intensity", floor, self.systematics)
        width = limit_sigma(y, float(table.meta.get("ul_confidence", 0.95)))
        errp = np.where((errp == floor) & is_ul, np.hypot(width, floor), errp)
        self._y, self._is_ul = y, is_ul
        self._errn, self._errp = np.where(is_ul, errp, errn), errp
        self.require_errors()

    # ----------------------------------------------------------------- data

    @property
    def intensity(self):
        """Measured intensities (`~astropy.units.Quantity`); limits where `is_ul`."""
        return u.Quantity(self._y, intensity_unit(self.axis))

    @property
    def intensity_errors(self):
        """Lower and upper total errors, floor included (two `~astropy.units.Quantity`)."""
        unit = intensity_unit(self.axis)
        return self._errn * unit, self._errp * unit

    def _measured(self):
        return self.intensity

    # ----------------------------------------------------------------- prediction

    def _check_model(self, model):
        species_group(self.quantity, model.species)

    @property
    def joins_with(self):
        """Sums of all nuclei at equal energies are evaluated together (bool)."""
        return self.quantity == "all_particle" and self.axis == "total_energy"

    def points(self):
        """Intensities at the points of the table."""
        return (Intensities(self.x.value, self.quantity, self.axis),)

    @staticmethod
    def effect_of_shift(shift):
        """Factor on intensities, from the shift of their logarithms."""
        return np.exp(shift)

    @staticmethod
    def shifted(prediction, effect):
        """Intensities for another hadronic model."""
        return prediction * effect

    predict = itself

    def _predicted(self):
        return self.intensity_pred()

    def intensity_pred(self):
        """Predicted intensities on the axis of the data (`~astropy.units.Quantity`).

        With all nuisances: normalisation, energy scale, and the ratio of the first table to the
        one at the position of `hadronic`.

        Raises
        ------
        ValueError
            If the dataset has no model, or a single species is heavier than an energy.
        """
        return u.Quantity(super()._predicted(), intensity_unit(self.axis))

    # ----------------------------------------------------------------- plots

    def plot_fit(self, ax=None, energy_power=2.7, **kwargs):
        """Plot as `ScalarDataset.plot_fit`, intensities times the axis to ``energy_power``."""
        return SpectrumPicture(self, energy_power).draw_fit(ax, **kwargs)

    def plot_residuals(self, ax=None, method="diff/model", **kwargs):
        """Plot residuals, relative to the model by default: `ScalarDataset.plot_residuals`."""
        return super().plot_residuals(ax, method, **kwargs)


register(DATASET_REGISTRY, CosmicRayFluxDataset)
