"""Axes for gammapy's spectral plots, whose own defaults are a flux against energy."""

import astropy.units as u
import matplotlib.pyplot as plt
from gammapy.maps import MapAxis

from .base import (
    RIGIDITY_UNIT,
    intensity_unit,
)


def plot_on_rigidity(plot, bounds, ax=None, energy_power=0, n_points=200, **kwargs):
    """Call one of gammapy's plot methods with a rigidity axis and the units of an intensity.

    Parameters
    ----------
    plot : callable
        ``SpectralModel.plot`` or ``SpectralModel.plot_error`` of a model.
    bounds : `~astropy.units.Quantity` or `~gammapy.maps.MapAxis`
        Two rigidities, or an axis.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into.
    energy_power : float, optional
        Power of the rigidity to multiply with.
    n_points : int, optional
        Number of points.
    **kwargs : dict
        Passed on.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.
    """
    if not isinstance(bounds, MapAxis):
        low, high = u.Quantity(bounds).to_value(RIGIDITY_UNIT)
        bounds = MapAxis.from_bounds(
            low, high, n_points, unit=RIGIDITY_UNIT, name="energy", interp="log"
        )
    ax = plt.gca() if ax is None else ax
    if ax.yaxis.units is None:
        ax.yaxis.set_units(intensity_unit("rigidity") * RIGIDITY_UNIT**energy_power)
    ax = plot(bounds, ax=ax, energy_power=energy_power, **kwargs)
    ax.set_xlabel(f"Rigidity [{ax.xaxis.units}]")
    return ax
