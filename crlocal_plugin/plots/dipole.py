"""Amplitude and phase of the dipole with its components and the data of many experiments."""

from functools import partial

import astropy.units as u
import numpy as np
from matplotlib.font_manager import FontProperties

from ..components.base import ENERGY_UNIT
from ..datasets.plot_axes import (
    SpectrumAxes,
    curve_grid,
    draw_dipole_points,
    draw_phase,
    log_limits,
    new_dipole_axes,
    sized,
)
from ..studies.bands import dipole_band
from .bands import draw_bands, draw_phase_band
from .frame import Frame, axes_and_pulls, checked_grid, draw_names, finish_together, halo
from .points import Points, draw_experiments, shown_points, total_energies
from .residuals import PullPanel
from .sky.directions import DIRECTION_LABELS, has_parameters, reference_directions
from .style import component_label, component_style, name_marker, species_label, species_style
from .subject import chosen_names, chosen_species, drawn_nuclei, find_subject

_DECADES = 5  # of amplitude that are shown at most, however well contributions cancel

# Directions whose right ascension is drawn, and their labels.
_LABELS = DIRECTION_LABELS | {"b": r"$\mathbf{b}$"}
_REFERENCES = ("Galactic centre", "b", "-b", "Compton-Getting")

_REFERENCE_STYLE = {"zorder": 3.4, "fontsize": "small", "color": "0.25"}


# Points of a curve from one name of its species to the next, to that of another, and to the edge.
_LETTER_EVERY, _LETTER_WIDTH, _EDGE = 110, 18, 12

_COLUMN = 80  # points between labels that stand side by side


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
    phase_start=0.0,
    x_unit=None,
    pulls=None,
):
    """Plot amplitude and phase of the dipole with its components and the measured ones.

    Measured amplitudes are those of the likelihood, with the declination factor if it is applied;
    energies have the scale of a fit. Where the phase of the model is not determined, its band is
    the whole circle. The phase axis is the circle of right ascension, and goes on beyond either
    end with pale margins that repeat it, so that a curve through zero can be followed. The pulls
    of a point are in two panels: along the measured phase, and across it.

    Parameters
    ----------
    subject, datasets, energy_range, legend, band, samples, x_unit, pulls
        As for `~crlocal_plugin.plot_spectra`; the range is at least 1e2 to 1e8 GeV by default.
    axes : sequence of `~matplotlib.axes.Axes`, optional
        Axes of amplitude and phase; new ones by default.
    components : bool, str or list of str, optional
        Draw the amplitudes of what the components contribute to the sum, or those of these names.
    species : bool, str or list of str, optional
        Draw the dipole of each species alone, or of those of these names, ``"light"`` among
        them. The name of the species stands on its curve.
    component_phases, references : bool, optional
        Draw the phases of the contributions of the components as well, and the right ascensions of
        the magnetic field, the Galactic centre and the Compton-Getting effect, if the model has
        them.
    phase_start : float in deg or `~astropy.units.Quantity`, optional
        Right ascension at which the phase axis begins, without its margin.

    Returns
    -------
    `~numpy.ndarray` of `~matplotlib.axes.Axes`
        The axes of amplitude and phase.

    Raises
    ------
    ValueError, TypeError
        As for `~crlocal_plugin.plot_spectra`, or if not two axes are given.
    """
    subject = find_subject(subject, datasets, samples)
    model = subject.model
    components = chosen_names(components, model.components, "component")
    species = chosen_species(species, model)
    frame = SpectrumAxes("total_energy", x_unit=x_unit)
    points = [
        Points(d, total_energies(d, model), np.where(d.is_ul, d.amplitude_ul, d.amplitude))
        for d in subject.of_kind("dipole")
    ]
    low, high, points = shown_points(points, energy_range, (1e2, 1e8), at_least=True)
    grid = checked_grid(low, high, "total_energy", drawn_nuclei(model, "all_particle"))
    total = model.dipole(grid)
    start = float(u.Quantity(phase_start, u.deg).value)
    own = axes is None
    axes, below = axes_and_pulls(axes, 3.1, pulls, points, rows=(1, 1.2))
    axes = new_dipole_axes(axes, start, unit=x_unit)
    # the legend is in two parts: in one it would be longer than the axes that it stands beside
    upper, lower = (
        Frame(ax, frame, low, high, own, pulls, xlabel=label)
        for ax, pulls, label in zip(axes, below, ("", frame.labels[0]), strict=True)
    )
    panels = [PullPanel(frame, model) for frame in (upper, lower)]

    def draw(dipole, label, phases=True, name=None, **style):
        amplitude, energy = dipole.amplitude.value, dipole.energy.to_value(ENERGY_UNIT)
        positive = amplitude > 0
        if positive.any():
            upper.curve(energy, np.where(positive, amplitude, np.nan), label, name, **style)
            if phases:
                phase = np.where(positive, dipole.phase.to_value("deg"), np.nan)
                style["linewidth"] = sized(style["linewidth"])
                draw_phase(lower.ax, lower.factor * energy, phase, start, **style)
                if name:
                    draw_names(lower.ax, lower.factor * energy, (phase - start) % 360 + start, name)

    draw(total, component_label("total"), **component_style("total"), linewidth=1.8, zorder=3)
    _draw_species(draw, model, species, grid)
    for name in components:
        style = component_style(name) | {"linewidth": 1.3, "zorder": 2}
        label = component_label(name)
        draw(model.dipole(grid, component=name), label, phases=component_phases, **style)
    if band and (total.amplitude > 0).any():
        color, make = component_style("total")["color"], partial(dipole_band, model, grid)
        found = draw_bands(upper, grid.value, make, subject, [color])
        if found is not None:
            draw_phase_band(lower.ax, lower.factor * grid.value, found.phase, start, color)
    if references:
        _draw_references(lower.ax, model, start)

    def draw_data(shown, **style):
        style |= {"color": "0.25", "markersize": 5}
        draw_dipole_points(axes, shown.dataset, frame.x_factor * shown.x, start, **style)
        for number, panel in enumerate(panels):
            panel.draw(shown, number, **style)

    draw_experiments(lower, points, draw_data)
    seen = [shown.y[shown.within(low, high)] for shown in points]
    upper.ax.set_ylim(log_limits(np.concatenate([total.amplitude.value, *seen]), 2.5, _DECADES))
    finish_together(upper, lower, legend)
    return axes


def _draw_species(draw, model, species, grid):
    for number, name in enumerate(species):
        # below its rest energy a species has no dipole
        alone = curve_grid(*grid.value[[0, -1]], "total_energy", drawn_nuclei(model, name))
        if alone.size:
            # names of species whose curves coincide shall not
            step = max(_LETTER_EVERY, _LETTER_WIDTH * len(species))
            places = range(int(step * (number + 0.5) / len(species)), alone.size - _EDGE, step)
            written, look = name_marker(name) | {"markevery": places}, species_style(name)
            label = f"{species_label(name)} alone"
            draw(model.dipole(alone, species=name), label, name=written, zorder=2.8, **look)


def _draw_references(ax, model, start):
    """Draw the right ascensions of the directions along which the dipole may point."""
    known = _REFERENCES if has_parameters(model, "lon_c", "lat_c") else _REFERENCES[1:]
    lines = sorted(
        (start + (np.rad2deg(np.arctan2(y, x)) - start) % 360, label)
        for label, (x, y, _) in reference_directions(model).items()
        if label in known
    )
    # height of a label in deg, in axes that the layout will make larger
    height = np.ptp(ax.get_ylim()) / ax.get_window_extent().height * ax.figure.dpi / 72
    height *= 0.8 * FontProperties(size=_REFERENCE_STYLE["fontsize"]).get_size_in_points()
    taken, column = -np.inf, 0
    for phase, label in lines:
        for turn in (-360, 0, 360):
            ax.axhline(phase + turn, color="0.6", linewidth=sized(0.8), zorder=1)
        # under its line if there is room, else above, and aside where a label is already
        under = phase - taken > height
        column = column + 1 if taken > phase else 0
        taken = phase if under else phase + height
        style = _REFERENCE_STYLE | {"va": "top" if under else "bottom"}
        style["xytext"] = 4 + _COLUMN * column, -1.5 if under else 1.5
        place = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points"}
        text = _LABELS.get(label, label)
        ax.annotate(text, (0, phase), path_effects=halo(), **place, **style)
