"""Spectra of several species with their components and the data of many experiments."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np

from ..datasets.drawing import draw_points, points_in_fit
from ..datasets.flux import CosmicRayFluxDataset
from ..datasets.plot_axes import axis_label, curve_grid, intensity_label, log_limits
from ..inference.bands import intensity_band
from ..models.component import GROUPS, species_group
from ..models.core import x_unit
from ..physics.kinematics import axis_jacobian, axis_to_rigidity, particle_grid, rigidity_to_axis
from .bands import band_handle, bands_of, draw_band
from .style import (
    add_legend,
    component_style,
    data_bounds,
    data_label,
    energy_bounds,
    experiment_markers,
    line_handle,
    listed,
    marker_handle,
    source_names,
    species_color,
    species_label,
)

__all__ = ["plot_spectra"]

_DEFAULT_RANGE = (1.0, 1e8)

_DECADES_WITHOUT_DATA = 4
"""Decades of E^2.7 J that are shown if there are no data."""


def plot_spectra(
    model,
    datasets=None,
    ax=None,
    species=None,
    axis="total_energy",
    energy_power=2.7,
    energy_range=None,
    components=True,
    legend=True,
    band=True,
    samples=None,
):
    """Plot the spectra of a model with their components and the measured ones.

    The colour tells the species, the line style the component and the marker the experiment.
    Data are converted point by point to the axis of the picture and, where a fit has shifted an
    experiment in energy or normalisation, drawn with that shift, which the legend states. Sums of
    species are no function of another axis than their own and are drawn on that one only.

    Parameters
    ----------
    model : CosmicRayModel
        Model.
    datasets : `~gammapy.datasets.Datasets` or list, optional
        Data; those that are no spectra, or of other species, are passed over.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    species : str or list of str, optional
        Species, ``"light"`` or ``"all_particle"``. By default those of the model, and the sums
        that are among the data.
    axis : {"total_energy", "rigidity", "kinetic_energy", "kinetic_energy_per_nucleon"}, optional
        Axis of the picture.
    energy_power : float, optional
        Power of the axis to multiply intensities with.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of the axis. By default that of the data, where points
        outside the fit count between 1 and 1e8 GeV only, and this range without data.
    components : bool, optional
        Draw the components.
    legend : bool, optional
        Draw a legend beside the axes.
    band : bool, optional
        Draw the 68 % bands of the totals, if the model has errors or there are samples.
    samples : object or tuple, optional
        Samples of parameters that the bands are made from, instead of the covariance of the
        model, as for `~crlocal_plugin.inference.bands.intensity_band`.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.

    Raises
    ------
    ValueError
        If a species or the axis is not known, or the range is empty.
    """
    y_label = intensity_label(axis, energy_power)
    flux = [
        dataset
        for dataset in listed(datasets, CosmicRayFluxDataset)
        if dataset.quantity not in GROUPS or dataset.axis == axis
    ]
    species = _drawn_species(model, flux, species)
    flux = [dataset for dataset in flux if dataset.quantity in species]
    points = [_converted(dataset, model, axis, energy_power) for dataset in flux]

    fitted = [points_in_fit(dataset) for dataset in flux]
    default = data_bounds([x for x, _, _ in points], fitted, _DEFAULT_RANGE)
    low, high = energy_bounds(energy_range, default, x_unit(axis))

    if ax is None:
        _, ax = plt.subplots(figsize=(8, 4.8), layout="constrained")
    ax.set(xscale="log", yscale="log", xlabel=axis_label(axis), ylabel=y_label, xlim=(low, high))

    grid = axis, energy_power, low, high
    totals, handles = _draw_curves(ax, model, species, components, grid)
    handles += _draw_bands(ax, model, species, band, samples, grid)
    handles += _draw_data(ax, flux, points, fitted)
    shown = [
        y[rows & (x >= low) & (x <= high)] for (x, y, _), rows in zip(points, fitted, strict=True)
    ]
    limits = log_limits(np.concatenate([*shown, []]), 3)
    ax.set_ylim(limits or _limits_without_data(totals, energy_power, low, high))
    if legend:
        add_legend(ax, handles)
    return ax


def _draw_curves(ax, model, species, components, grid):
    """Draw totals and components of the species, and return the totals and legend handles."""
    totals, handles, parts = [], [], {}
    for name in species:
        color = {"color": species_color(name)}
        x, total = _curve(model, name, None, *grid)
        if not np.isfinite(total).any():
            continue
        style = component_style("total") | color | {"linewidth": 1.8}
        ax.plot(x, total, **style, zorder=3)
        totals.append(total)
        handles.append(line_handle(species_label(name), **style))
        for part in _components_of(model, name) if components else ():
            x, y = _curve(model, name, part, *grid)
            if np.isfinite(y).any():
                style = component_style(part)
                ax.plot(x, y, **style | color, linewidth=1.1, zorder=2)
                parts[part] = line_handle(part, **style | {"color": "0.3"})
    return totals, handles + list(parts.values())


def _draw_bands(ax, model, species, band, samples, grid):
    """Draw the bands of the totals of the species, and return their legend handle."""
    axis, energy_power = grid[:2]
    handles = []
    for name in species:
        x = _curve_values(model, name, *grid)
        make = partial(intensity_band, model, x, name, axis=axis)
        found = bands_of(make, model, band and x.size, samples)
        if found is not None:
            ends = (end.value * x.value**energy_power for end in found.interval())
            draw_band(ax, x.value, *ends, species_color(name))
            handles = [band_handle()]
    return handles


def _draw_data(ax, flux, points, fitted):
    """Draw the converted points of the datasets, and return their legend handles."""
    names = source_names(flux)
    markers = experiment_markers(names)
    handles = []
    for dataset, name, (x, y, errors), rows in zip(flux, names, points, fitted, strict=True):
        marker, filled = markers[name]
        style = {"marker": marker, "filled": filled, "color": species_color(dataset.quantity)}
        draw_points(ax, x, y, errors, is_ul=dataset.is_ul, in_fit=rows, **style)
        handles.append(marker_handle(data_label(dataset, name), marker, filled))
    if not all(rows.all() for rows in fitted):
        handles.append(marker_handle("not in the fit", "o", False, faint=True))
    return handles


def _drawn_species(model, flux, species):
    if species is None:
        sums = (dataset.quantity for dataset in flux if dataset.quantity in GROUPS)
        return [*model.species, *dict.fromkeys(sums)]
    names = [species] if isinstance(species, str) or not np.iterable(species) else list(species)
    names = [getattr(name, "name", name) for name in names]
    for name in names:
        species_group(name, model.species)
    return names


def _components_of(model, name):
    """Names of the components that have a spectrum of the species."""
    members = species_group(name, model.species)
    return [
        component.name
        for component in model.components.values()
        if any(member in component.spectral_models for member in members)
    ]


def _converted(dataset, model, axis, energy_power):
    """Points and errors of a dataset on the axis of the picture, times the power of the axis."""
    norm, scale = dataset.scales()
    x = dataset.x.value * scale
    factor = 1 / (norm * scale)
    if dataset.axis != axis:
        nucleus = {n.name: n for n in model.nuclei}[dataset.quantity]
        rigidity = axis_to_rigidity(x, nucleus, dataset.axis)
        beta = particle_grid(rigidity, nucleus).beta
        own = axis_jacobian(beta, nucleus, dataset.axis)
        factor = factor * axis_jacobian(beta, nucleus, axis) / own
        x = rigidity_to_axis(rigidity, nucleus, axis)
    factor = factor * x**energy_power
    errors = [error.value * factor for error in dataset.intensity_errors]
    return x, dataset.intensity.value * factor, errors


def _curve_values(model, name, axis, energy_power, low, high):
    """Values of the axis at which the curve of a species is drawn."""
    members = species_group(name, model.species)
    nuclei = [nucleus for nucleus in model.nuclei if nucleus.name in members]
    return curve_grid(low, high, axis, nuclei)


def _curve(model, name, component, *grid):
    """Curve of a species, nan where the intensity underflows."""
    axis, energy_power = grid[:2]
    x = _curve_values(model, name, *grid)
    y = model.intensity(x, name, component=component, axis=axis).value * x.value**energy_power
    return x.value, np.where(y > 0, y, np.nan)


def _limits_without_data(totals, energy_power, low, high):
    """Limits of the intensity axis from the totals, which may fall without end at a cut-off."""
    decades = _DECADES_WITHOUT_DATA + abs(energy_power - 2.7) * np.log10(high / low)
    return log_limits(np.concatenate([*totals, []]), 2, decades)
