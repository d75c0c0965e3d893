"""Spectra of several species with their components and the data of many experiments."""

from functools import partial
from itertools import compress

import matplotlib.pyplot as plt
import numpy as np

from ..datasets.drawing import draw_points, points_in_fit
from ..datasets.flux import CosmicRayFluxDataset
from ..datasets.plot_axes import SpectrumAxes, curve_grid, log_limits
from ..inference.bands import intensity_band
from ..models.component import GROUPS, species_group
from ..models.core import x_unit as own_unit
from .bands import band_handle, bands_of, draw_band
from .points import (
    data_bounds,
    data_label,
    drawn_nuclei,
    energy_bounds,
    has_species,
    in_range,
    points_on_axis,
    source_names,
)
from .style import (
    add_legend,
    component_style,
    experiment_markers,
    line_handle,
    listed,
    marker_handle,
    name_marker,
    species_color,
    species_label,
)
from .subject import chosen_names, find_subject

__all__ = ["plot_spectra"]

_DEFAULT_RANGE = (1.0, 1e8)

_COLORS_IN_GREY = 2
"""Species whose colours can be told in grey; if there are more, their names are on the curves."""

_NAME_EVERY = (60, 120)
"""First point of a curve with the name of the species, and points from one to the next."""

_DECADES_WITHOUT_DATA = 4
"""Decades of E^2.7 J that are shown if there are no data."""


def plot_spectra(
    subject,
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
    x_unit=None,
    intensity_unit=None,
):
    """Plot the spectra of a model with their components and the measured ones.

    The colour tells the species, the line style the component and the marker the experiment.
    Data are converted point by point to the axis of the picture and, where a fit has shifted an
    experiment in energy or normalisation, drawn with that shift, which the legend states. Sums of
    species are no function of another axis than their own and are drawn on that one only.

    Parameters
    ----------
    subject : CosmicRayModel, datasets, `~gammapy.modeling.FitResult` or Posterior
        What is drawn: a model; fitted datasets, model and data; the models of a fit; or samples
        with the models that they were drawn for. See `~crlocal_plugin.plots.subject.find_subject`.
    datasets : `~gammapy.datasets.Datasets` or list, optional
        Data, by default those of the subject; those that are no spectra, or of other species, are
        passed over.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    species : str or list of str, optional
        Species, and the sums ``"light"`` (H + He) and ``"all_particle"``. By default the species
        of the model, and the sums that are among the data.
    axis : {"total_energy", "rigidity", "kinetic_energy", "kinetic_energy_per_nucleon"}, optional
        Axis of the picture.
    energy_power : float, optional
        Power of the axis to multiply intensities with.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of the axis. By default that of the data, where points
        outside the fit count between 1 and 1e8 GeV only, and this range without data.
    components : bool, str or list of str, optional
        Draw the components of each species, or those of these names.
    legend : bool, optional
        Draw a legend beside the axes.
    band : bool, optional
        Draw the 68 % bands of the totals, if the model has errors or there are samples.
    samples : object or tuple, optional
        Samples of parameters that the bands are made from, instead of the covariance of the
        model, as for `~crlocal_plugin.intensity_band`; by default the subject, if
        it is a posterior.
    x_unit : str or `~astropy.units.Unit`, optional
        Unit of the horizontal axis; GV or GeV by default.
    intensity_unit : str or `~astropy.units.Unit`, optional
        Unit of the intensities; ``"GV-1 m-2 s-1 sr-1"`` or ``"GeV-1 m-2 s-1 sr-1"`` by default.
        The power of the axis is taken in the unit of rigidity or energy that is part of it.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.

    Raises
    ------
    ValueError
        If a species, a component, the axis or a unit is not known, or the range is empty.
    TypeError
        If the subject is none.
    """
    subject = find_subject(subject, datasets, samples)
    model = subject.model
    axes = SpectrumAxes(axis, energy_power, x_unit, intensity_unit)
    components = chosen_names(components, model.components, "component")
    flux = [
        dataset
        for dataset in listed(subject.datasets, CosmicRayFluxDataset)
        if has_species(model, dataset.quantity)
        and (dataset.quantity not in GROUPS or dataset.axis == axis)
    ]
    species = _drawn_species(model, flux, species)
    if not species:
        raise ValueError("there are no species to draw: the model has no spectra, or none is named")
    flux = [dataset for dataset in flux if dataset.quantity in species]
    points = [_points(dataset, model, axes) for dataset in flux]

    fitted = [points_in_fit(dataset) for dataset in flux]
    default = data_bounds([x for x, _, _ in points], fitted, _DEFAULT_RANGE)
    low, high = energy_bounds(energy_range, default, own_unit(axis))

    grids = {name: curve_grid(low, high, axis, drawn_nuclei(model, name)) for name in species}
    if not any(grid.size for grid in grids.values()):
        raise ValueError("energy_range: all of it is below the rest energies of the species")
    seen = in_range([x for x, _, _ in points], low, high)
    flux, points, fitted = (list(compress(part, seen)) for part in (flux, points, fitted))

    if ax is None:
        _, ax = plt.subplots(figsize=(8, 4.8), layout="constrained")
    ax.set(xscale="log", yscale="log", xlabel=axes.labels[0], ylabel=axes.labels[1])
    ax.set_xlim(axes.x_factor * low, axes.x_factor * high)

    totals, handles = _draw_curves(ax, model, grids, components, axes)
    if band:
        handles += _draw_bands(ax, model, grids, subject.samples, axes)
    handles += _draw_data(ax, flux, points, fitted, axes)
    shown = [
        y[rows & (x >= low) & (x <= high)] for (x, y, _), rows in zip(points, fitted, strict=True)
    ]
    limits = log_limits(np.concatenate([*shown, []]), 3)
    ax.set_ylim(limits or _limits_without_data(totals, energy_power, low, high))
    if legend:
        add_legend(ax, handles)
    return ax


def _draw_curves(ax, model, grids, components, axes):
    """Draw totals and components of the species, and return the totals and legend handles."""
    totals, handles, parts = [], [], {}
    for name, grid in grids.items():
        color = {"color": species_color(name)}
        x, total = axes.x_factor * grid.value, _curve(model, grid, name, None, axes)
        if not np.isfinite(total).any():
            continue
        style = component_style("total") | color | {"linewidth": 1.8}
        if len(grids) > _COLORS_IN_GREY:
            style |= name_marker(name)
        ax.plot(x, total, **style, markevery=_NAME_EVERY, zorder=3)
        totals.append(total)
        handles.append(line_handle(species_label(name), **style))
        for part in _with_spectrum(model, name, components):
            y = _curve(model, grid, name, part, axes)
            if np.isfinite(y).any():
                style = component_style(part)
                ax.plot(x, y, **style | color, linewidth=1.1, zorder=2)
                parts[part] = line_handle(part, **style | {"color": "0.3"})
    return totals, handles + list(parts.values())


def _draw_bands(ax, model, grids, samples, axes):
    """Draw the bands of the totals of the species, and return their legend handle."""
    handles = []
    for name, grid in grids.items():
        make = partial(intensity_band, model, grid, name, axis=axes.axis)
        found = bands_of(make, model, samples) if grid.size else None
        if found is not None:
            ends = (axes.weighted(grid.value, end.value) for end in found.interval())
            draw_band(ax, axes.x_factor * grid.value, *ends, species_color(name))
            handles = [band_handle()]
    return handles


def _draw_data(ax, flux, points, fitted, axes):
    """Draw the converted points of the datasets, and return their legend handles."""
    names = source_names(flux)
    markers = experiment_markers(names)
    handles = []
    for dataset, name, (x, y, errors), rows in zip(flux, names, points, fitted, strict=True):
        marker, filled = markers[name]
        style = {"marker": marker, "filled": filled, "color": species_color(dataset.quantity)}
        draw_points(ax, axes.x_factor * x, y, errors, is_ul=dataset.is_ul, in_fit=rows, **style)
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


def _with_spectrum(model, name, components):
    """Those of the components that have a spectrum of the species."""
    members = species_group(name, model.species)
    return [
        component
        for component in components
        if any(member in model.components[component].spectral_models for member in members)
    ]


def _points(dataset, model, axes):
    """Positions in GV or GeV, and intensities and errors as the picture shows them."""
    x, factor = points_on_axis(dataset, model, axes.axis)
    errors = [axes.weighted(x, error.value * factor) for error in dataset.intensity_errors]
    return x, axes.weighted(x, dataset.intensity.value * factor), errors


def _curve(model, grid, name, component, axes):
    """Curve of a species, nan where the intensity underflows."""
    intensity = model.intensity(grid, name, component=component, axis=axes.axis)
    y = axes.weighted(grid.value, intensity.value)
    return np.where(y > 0, y, np.nan)


def _limits_without_data(totals, energy_power, low, high):
    """Limits of the intensity axis from the totals, which may fall without end at a cut-off."""
    decades = _DECADES_WITHOUT_DATA + abs(energy_power - 2.7) * np.log10(high / low)
    return log_limits(np.concatenate([*totals, []]), 2, decades)
