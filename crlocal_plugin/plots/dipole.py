"""Amplitude and phase of the dipole with its components and the data of many experiments."""

from functools import partial

import numpy as np

from ..datasets.dipole import DipoleDataset
from ..datasets.drawing import draw_dipole_points, draw_phase, phase_window, points_in_fit
from ..datasets.plot_axes import curve_grid, log_limits, new_dipole_axes
from ..inference.bands import dipole_band
from ..models.core import ENERGY_UNIT
from .bands import band_handle, bands_of, draw_band, draw_phase_band
from .sky import reference_directions
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
)

__all__ = ["plot_dipole"]

_DEFAULT_RANGE = (1e2, 1e8)

_DECADES = 5
"""Decades of amplitude that are shown at most, however well contributions cancel."""

_REFERENCES = {
    "b": r"$\mathbf{b}$",
    "-b": r"$-\mathbf{b}$",
    "Galactic centre": "Galactic centre",
    "Compton-Getting": "Compton-Getting",
}
"""Directions of `reference_directions` whose right ascension is drawn, and their labels."""

_CLOSE = 22
"""Distance in deg of lines below which their labels would overlap."""

_COLUMN = 80
"""Distance in points of labels that stand side by side."""


def plot_dipole(
    model,
    datasets=None,
    axes=None,
    energy_range=None,
    components=True,
    species=False,
    legend=True,
    band=True,
    samples=None,
):
    """Plot amplitude and phase of the dipole with its components and the measured ones.

    Parameters
    ----------
    model : CosmicRayModel
        Model.
    datasets : `~gammapy.datasets.Datasets` or list, optional
        Data; those that are no dipoles are passed over. Amplitudes are those of the likelihood,
        with the declination factor if it is applied; energies are drawn with the scale of a fit.
    axes : sequence of `~matplotlib.axes.Axes`, optional
        Axes of amplitude and phase; new ones by default.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of total energy per particle. By default that of the data and at least 1e2 to
        1e8 GeV, where points outside the fit do not count.
    components : bool, optional
        Draw the amplitudes of the contributions of the components to the sum.
    species : bool, optional
        Draw the dipole of each species alone.
    legend : bool, optional
        Draw a legend beside the axes.
    band : bool, optional
        Draw the 68 % band of the total, if the model has errors or there are samples. Where the
        phase is not determined, its band is the whole circle.
    samples : object or tuple, optional
        Samples of parameters that the band is made from, instead of the covariance of the model,
        as for `~crlocal_plugin.inference.bands.dipole_band`.

    Returns
    -------
    `~numpy.ndarray` of `~matplotlib.axes.Axes`
        The axes of amplitude and phase.

    Raises
    ------
    ValueError
        If not two axes are given, or the range is empty.
    """
    dipoles = listed(datasets, DipoleDataset)
    fitted = [points_in_fit(dataset) for dataset in dipoles]
    scales = [dataset.scales()[1] for dataset in dipoles]
    energies = [
        dataset.x.to_value(ENERGY_UNIT) * scale
        for dataset, scale in zip(dipoles, scales, strict=True)
    ]
    bounds = data_bounds(energies, fitted, _DEFAULT_RANGE)
    bounds = min(bounds[0], _DEFAULT_RANGE[0]), max(bounds[1], _DEFAULT_RANGE[1])
    low, high = energy_bounds(energy_range, bounds, ENERGY_UNIT)

    lightest = min(model.nuclei, key=lambda nucleus: nucleus.rest_energy)
    grid = curve_grid(low, high, "total_energy", [lightest])
    total = model.dipole(grid)
    start = _window(dipoles, energies, total, low, high)
    axes = new_dipole_axes(axes, start, figsize=(8, 6.8))
    axes[1].set_xlim(low, high)
    axes[0].set_xlim(low, high)

    curves = _draw_curves(axes, model, grid, total, start, components, species)
    curves += _draw_band(axes, model, grid, start, band, samples)
    _draw_references(axes[1], model, start)
    points = _draw_data(axes, dipoles, fitted, scales, start)

    shown = [total.amplitude.value]
    for dataset, energy in zip(dipoles, energies, strict=True):
        amplitude = np.where(dataset.is_ul, dataset.amplitude_ul, dataset.amplitude)
        shown.append(amplitude[(energy >= low) & (energy <= high)])
    axes[0].set_ylim(log_limits(np.concatenate(shown), 2.5, _DECADES))
    if legend:
        # in two parts, since one would be longer than the axes that it stands beside
        add_legend(axes[0], curves)
    if legend and points:
        add_legend(axes[1], points)
    return axes


def _window(dipoles, energies, total, low, high):
    """Lower end of the phase axis for the points in the range."""
    phases, errors = [], []
    for dataset, energy in zip(dipoles, energies, strict=True):
        rows = (energy >= low) & (energy <= high)
        phases.append(dataset.phase.to_value("deg")[rows])
        errors.append(dataset.phase_error.to_value("deg")[rows])
    return phase_window(
        np.concatenate([*phases, []]), np.concatenate([*errors, []]), total.phase.to_value("deg")
    )


def _draw_curves(axes, model, grid, total, start, components, species):
    """Draw total, components and species, and return their legend handles."""
    curves = [("total", total, component_style("total") | {"linewidth": 1.8, "zorder": 3})]
    for nucleus in model.nuclei if species else ():
        # below its rest energy a species has no dipole
        alone = curve_grid(*grid.value[[0, -1]], "total_energy", [nucleus])
        style = {"color": species_color(nucleus.name), "linewidth": 1.4, "zorder": 2.8}
        if alone.size:
            dipole = model.dipole(alone, species=nucleus.name)
            curves.append((f"{nucleus.name} alone", dipole, style))
    handles = []
    for label, dipole, style in curves:
        energy = dipole.energy.to_value(ENERGY_UNIT)
        amplitude = _positive(dipole.amplitude.value)
        if not np.isfinite(amplitude).any():
            continue
        axes[0].plot(energy, amplitude, **style)
        draw_phase(axes[1], energy, dipole.phase.to_value("deg"), start, **style)
        handles.append(line_handle(label, **style))
    for name in model.components if components else ():
        amplitude = _positive(model.dipole(grid, component=name).amplitude.value)
        if np.isfinite(amplitude).any():
            style = component_style(name)
            axes[0].plot(grid.value, amplitude, **style, linewidth=1.3, zorder=2)
            handles.append(line_handle(name, **style))
    return handles


def _draw_band(axes, model, grid, start, band, samples):
    """Draw the bands of the total, and return their legend handle."""
    found = bands_of(partial(dipole_band, model, grid), model, band, samples)
    if found is None:
        return []
    color = component_style("total")["color"]
    draw_band(axes[0], grid.value, *(end.value for end in found.amplitude.interval()), color)
    draw_phase_band(axes[1], grid.value, found.phase, start, color)
    return [band_handle()]


def _positive(amplitude):
    return np.where(amplitude > 0, amplitude, np.nan)


def _draw_data(axes, dipoles, fitted, scales, start):
    """Draw the data and return their legend handles."""
    names = source_names(dipoles)
    markers = experiment_markers(names)
    handles = []
    for dataset, name, scale in zip(dipoles, names, scales, strict=True):
        marker, filled = markers[name]
        draw_dipole_points(
            axes,
            dataset,
            start,
            energy_scale=scale,
            marker=marker,
            filled=filled,
            color="0.25",
            markersize=5,
        )
        handles.append(marker_handle(data_label(dataset, name), marker, filled))
    if not all(rows.all() for rows in fitted):
        handles.append(marker_handle("not in the fit", "o", False, faint=True))
    return handles


def _draw_references(ax, model, start):
    """Draw the right ascensions of the directions along which the dipole may point."""
    directions = reference_directions(model)
    lines = sorted(
        (start + (np.rad2deg(np.arctan2(y, x)) - start) % 360, label)
        for label, (x, y, _) in directions.items()
        if label in _REFERENCES
    )
    labelled = []
    for phase, label in lines:
        ax.axhline(phase, color="0.6", linewidth=0.8, zorder=1)
        neighbours = {column for other, column in labelled if abs(other - phase) < _CLOSE}
        column = next(n for n in range(len(lines)) if n not in neighbours)
        labelled.append((phase, column))
        ax.annotate(
            _REFERENCES[label],
            (0, phase),
            xycoords=ax.get_yaxis_transform(),
            xytext=(6 + _COLUMN * column, 0),
            textcoords="offset points",
            fontsize="small",
            color="0.3",
            va="center",
            zorder=1.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
