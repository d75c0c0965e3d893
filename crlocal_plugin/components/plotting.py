"""Axes for gammapy's spectral plots, whose own defaults are a flux against energy."""

import astropy.units as u
import matplotlib.pyplot as plt
from gammapy.maps import MapAxis
from gammapy.modeling.models import SpectralModel

from .base import RIGIDITY_UNIT, intensity_unit


class RigidityPlots:
    """Part of spectral models: plots against rigidity, with the units of an intensity."""

    def plot(self, energy_bounds, ax=None, **kwargs):
        """Plot the spectrum between two rigidities, and return the axes.

        Keyword arguments are those of `~gammapy.modeling.models.SpectralModel.plot`.
        """
        return self._plot_on_rigidity(SpectralModel.plot, energy_bounds, ax, **kwargs)

    def plot_error(self, energy_bounds, ax=None, **kwargs):
        """Plot the error band between two rigidities, and return the axes.

        Keyword arguments are those of `~gammapy.modeling.models.SpectralModel.plot_error`.
        """
        return self._plot_on_rigidity(SpectralModel.plot_error, energy_bounds, ax, **kwargs)

    def _plot_on_rigidity(self, plot, bounds, ax, energy_power=0, n_points=200, **kwargs):
        if not isinstance(bounds, MapAxis):
            low, high = u.Quantity(bounds).to_value(RIGIDITY_UNIT)
            bounds = MapAxis.from_bounds(
                low, high, n_points, unit=RIGIDITY_UNIT, name="energy", interp="log"
            )
        ax = plt.gca() if ax is None else ax
        if ax.yaxis.units is None:
            ax.yaxis.set_units(intensity_unit("rigidity") * RIGIDITY_UNIT**energy_power)
        ax = plot(self, bounds, ax=ax, energy_power=energy_power, **kwargs)
        ax.set_xlabel(f"Rigidity [{ax.xaxis.units}]")
        return ax
