"""Amplitude and phase of the dipole with its components and the data of many experiments."""

from functools import partial
from itertools import compress

import astropy.units as u
import numpy as np

from ..components.base import ENERGY_UNIT
from ..datasets.dipole import DipoleDataset
from ..datasets.drawing import (
    draw_dipole_points,
    draw_phase,
    phase_window,
    points_in_fit,
)
from ..datasets.plot_axes import (
    axis_unit,
    curve_grid,
    log_limits,
    new_dipole_axes,
)
from ..studies.bands import dipole_band
from .bands import (
    band_handle,
    bands_of,
    draw_band,
    draw_phase_band,
)
from .legend import (
    add_legend,
    line_handle,
    marker_handle,
)
from .points import (
    data_bounds,
    data_label,
    drawn_nuclei,
    energy_bounds,
    in_range,
    known_quantities,
    source_names,
)
from .sky.directions import reference_directions
from .style import (
    component_style,
    experiment_markers,
    listed,
    species_label,
    species_style,
)
from .subject import (
    chosen_names,
    find_subject,
)

_DEFAULT_RANGE = (1e2, 1e8)

_WIDTH = 8.0

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

_LETTER_EVERY, _LETTER_WIDTH = 55, 18
"""Points of a curve from one name of its species to the next, and to that of another species."""

_COLUMN = 80
"""Distance in points of labels that stand side by side."""


def plot_dipole(
    subject,
    datasets=None,
    axes=None,
    energy_range=None,
    components=True,
    species=False,
    legend=True,
    band=True,
    samples=None,
    component_phases=False,
    references=True,
    phase_start=None,
    x_unit=None,
):
    """Plot amplitude and phase of the dipole with its components and the measured ones.

    Parameters
    ----------
    subject : CosmicRayModel, datasets, `~gammapy.modeling.FitResult` or Posterior
        What is drawn: a model; fitted datasets, model and data; the models of a fit; or samples
        with the models that they were drawn for. See `~crlocal_plugin.plots.subject.find_subject`.
    datasets : `~gammapy.datasets.Datasets` or list, optional
        Data, by default those of the subject; those that are no dipoles are passed over.
        Amplitudes are those of the likelihood, with the declination factor if it is applied;
        energies are drawn with the scale of a fit.
    axes : sequence of `~matplotlib.axes.Axes`, optional
        Axes of amplitude and phase; new ones by default.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of total energy per particle. By default that of the data and at least 1e2 to
        1e8 GeV, where points outside the fit do not count.
    components : bool, str or list of str, optional
        Draw the amplitudes of the contributions of the components, or of those of these names,
        to the sum.
    species : bool, str or list of str, optional
        Draw the dipole of each species alone, or of those of these names, ``"light"`` among
        them. The name of the species stands on its curve.
    legend : bool, optional
        Draw a legend beside the axes.
    band : bool, optional
        Draw the 68 % band of the total, if the model has errors or there are samples. Where the
        phase is not determined, its band is the whole circle.
    samples : object or tuple, optional
        Samples of parameters that the band is made from, instead of the covariance of the model,
        as for `~crlocal_plugin.dipole_band`; by default the subject, if it is a
        posterior.
    component_phases : bool, optional
        Draw the phases of the contributions of the components as well.
    references : bool, optional
        Draw the right ascensions of the magnetic field, the Galactic centre and the
        Compton-Getting effect.
    phase_start : float or `~astropy.units.Quantity`, optional
        Lower end of the phase axis, in deg if it is a number. By default where it cuts neither
        data nor curve, -180 deg if that is possible.
    x_unit : str or `~astropy.units.Unit`, optional
        Unit of the energies; GeV by default.

    Returns
    -------
    `~numpy.ndarray` of `~matplotlib.axes.Axes`
        The axes of amplitude and phase.

    Raises
    ------
    ValueError
        If a component, a species or the unit is not known, not two axes are given, or the range
        is empty.
    TypeError
        If the subject is none.
    """
    subject = find_subject(subject, datasets, samples)
    model = subject.model
    components = chosen_names(components, model.components, "component")
    species = _chosen_species(species, model)
    factor = ENERGY_UNIT.to(axis_unit("total_energy", x_unit))
    dipoles = listed(subject.datasets, DipoleDataset)
    fitted = [points_in_fit(dataset) for dataset in dipoles]
    scales = [dataset.scales()[1] for dataset in dipoles]
    energies = [
        dataset.x.to_value(ENERGY_UNIT) * scale
        for dataset, scale in zip(dipoles, scales, strict=True)
    ]
    bounds = data_bounds(energies, fitted, _DEFAULT_RANGE)
    bounds = min(bounds[0], _DEFAULT_RANGE[0]), max(bounds[1], _DEFAULT_RANGE[1])
    low, high = energy_bounds(energy_range, bounds, ENERGY_UNIT)
    seen = in_range(energies, low, high)
    dipoles, fitted, scales, energies = (
        list(compress(part, seen)) for part in (dipoles, fitted, scales, energies)
    )

    grid = curve_grid(low, high, "total_energy", drawn_nuclei(model, "all_particle"))
    if not grid.size:
        raise ValueError("energy_range: all of it is below the rest energies of the species")
    total = model.dipole(grid)
    start = _window(dipoles, energies, total, low, high)
    if phase_start is not None:
        start = float(u.Quantity(phase_start, u.deg).value)
    width = _WIDTH if axes is None else None
    axes = new_dipole_axes(axes, start, figsize=(_WIDTH, 6.8), unit=x_unit)
    for ax in axes:
        ax.set_xlim(factor * low, factor * high)

    curves = _draw_total(axes, total, start, factor)
    curves += _draw_species(axes, model, species, grid, start, factor)
    curves += _draw_components(axes, model, components, grid, component_phases, start, factor)
    if band and (total.amplitude > 0).any():
        curves += _draw_band(axes, model, grid, start, subject.samples, factor)
    if references:
        _draw_references(axes[1], model, start)
    points = _draw_data(axes, dipoles, fitted, scales, start, factor)

    shown = [total.amplitude.value]
    for dataset, energy in zip(dipoles, energies, strict=True):
        amplitude = np.where(dataset.is_ul, dataset.amplitude_ul, dataset.amplitude)
        shown.append(amplitude[(energy >= low) & (energy <= high)])
    axes[0].set_ylim(log_limits(np.concatenate(shown), 2.5, _DECADES))
    if legend:
        # in two parts, since one would be longer than the axes that it stands beside
        add_legend(axes[0], curves, width)
    if legend and points:
        add_legend(axes[1], points, width)
    return axes


def _chosen_species(species, model):
    """Species that are drawn alone."""
    if species is True:
        return list(model.species)
    return chosen_names(species, known_quantities(model), "species")


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


def _draw_total(axes, total, start, factor):
    """Draw amplitude and phase of the sum, and return its legend handle."""
    style = component_style("total") | {"linewidth": 1.8, "zorder": 3}
    if not _draw_amplitude(axes[0], total, factor, **style):
        return []
    _draw_phase_of(axes[1], total, start, factor, **style)
    return [line_handle("total", **style)]


def _draw_species(axes, model, species, grid, start, factor):
    """Draw the dipoles of species alone, and return their legend handles."""
    handles = []
    for number, name in enumerate(species):
        # below its rest energy a species has no dipole
        alone = curve_grid(*grid.value[[0, -1]], "total_energy", drawn_nuclei(model, name))
        if not alone.size:
            continue
        style = species_style(name) | {"zorder": 2.8}
        # names of species whose curves coincide shall not
        step = max(_LETTER_EVERY, _LETTER_WIDTH * len(species))
        every = {"markevery": (int(step * (number + 0.5) / len(species)), step)}
        dipole = model.dipole(alone, species=name)
        if _draw_amplitude(axes[0], dipole, factor, **style, **every):
            _draw_phase_of(axes[1], dipole, start, factor, **style, **every)
            style["marker"] = "none"
            handles.append(line_handle(f"{species_label(name)} alone", **style))
    return handles


def _draw_components(axes, model, components, grid, phases, start, factor):
    """Draw the contributions of components, and return their legend handles."""
    handles = []
    for name in components:
        dipole = model.dipole(grid, component=name)
        style = component_style(name) | {"linewidth": 1.3, "zorder": 2}
        if _draw_amplitude(axes[0], dipole, factor, **style):
            handles.append(line_handle(name, **style))
            if phases:
                _draw_phase_of(axes[1], dipole, start, factor, **style)
    return handles


def _draw_amplitude(ax, dipole, factor, **style):
    """Draw an amplitude where it is positive, and say whether it is anywhere."""
    amplitude = dipole.amplitude.value
    positive = amplitude > 0
    if positive.any():
        energy = factor * dipole.energy.to_value(ENERGY_UNIT)
        ax.plot(energy, np.where(positive, amplitude, np.nan), **style)
    return positive.any()


def _draw_phase_of(ax, dipole, start, factor, **style):
    """Draw a phase where there is one."""
    phase = np.where(dipole.amplitude.value > 0, dipole.phase.to_value("deg"), np.nan)
    draw_phase(ax, factor * dipole.energy.to_value(ENERGY_UNIT), phase, start, **style)


def _draw_band(axes, model, grid, start, samples, factor):
    """Draw the bands of the total, and return their legend handle."""
    found = bands_of(partial(dipole_band, model, grid), model, samples)
    if found is None:
        return []
    color, energy = component_style("total")["color"], factor * grid.value
    draw_band(axes[0], energy, *(end.value for end in found.amplitude.interval()), color)
    draw_phase_band(axes[1], energy, found.phase, start, color)
    return [band_handle()]


def _draw_data(axes, dipoles, fitted, scales, start, factor):
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
            energy_scale=factor * scale,
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
            zorder=2.2,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
