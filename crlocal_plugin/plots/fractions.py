"""Shares of the components, or of the species, in the intensity against energy."""

from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Patch

from ..components.base import ENERGY_UNIT
from ..components.base import x_unit as own_unit
from ..components.component import species_group
from ..datasets.plot_axes import SpectrumAxes
from ..models.predictions import composition_nuclei, species_shares
from ..studies.bands import evaluated_band
from .bands import draw_bands
from .frame import Frame, checked_grid, energy_bounds
from .points import chosen_species, drawn_nuclei
from .style import (
    component_hatch,
    component_style,
    name_marker,
    name_places,
    species_color,
    species_label,
)
from .subject import chosen_names, find_subject

_COMPONENTS_RANGE, _SPECIES_RANGE = (1.0, 1e8), (1e2, 1e8)

_MOST_NAMES = 4
"""Species that the label of the axis names one by one."""

_LINEWIDTH = 1.6

_LEAST_SHARE = 0.045
"""Height of an area in which its name has place."""


class _Look(NamedTuple):
    """How a share is drawn: ``marker`` writes its name on a curve, and has it written on areas."""

    label: str
    curve: dict
    area: dict
    marker: dict | None = None


def plot_component_fractions(
    subject,
    ax=None,
    species=None,
    axis="total_energy",
    energy_range=None,
    components=True,
    stacked=False,
    legend=True,
    band=True,
    samples=None,
    x_unit=None,
):
    """Plot the share of each component in the intensity.

    Parameters
    ----------
    subject, legend, band, samples, x_unit
        As for `~crlocal_plugin.plot_spectra`; data are not shown, and areas have no bands.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    species : str, optional
        Species whose intensity is shared out, ``"light"`` (H + He) or ``"all_particle"``; all
        species of the model by default.
    axis : {"total_energy", "rigidity", "kinetic_energy", "kinetic_energy_per_nucleon"}, optional
        Axis of the picture; species are summed at the same value of it.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of the axis; 1 to 1e8 GV or GeV by default. A sum begins at the rest energy of its
        lightest nucleus.
    components : bool, str or list of str, optional
        Draw all components that have a spectrum, or those of these names. Shares are those in the
        sum of all in either case.
    stacked : bool, optional
        Draw areas on top of each other instead of curves.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.

    Raises
    ------
    ValueError
        If the species, a component, the axis or the unit is not known, or the range is empty.
    TypeError
        If the subject is none, or ``ax`` are no axes.
    """
    subject = find_subject(subject, samples=samples)
    model = subject.model
    axes = SpectrumAxes(axis, x_unit=x_unit)
    species = "all_particle" if species is None else getattr(species, "name", species)
    nuclei = drawn_nuclei(model, species)
    chosen = chosen_names(components, model.components, "component")
    names = [name for name in chosen if model.components[name].spectral_models]
    if not names:
        raise ValueError("components: expected one with a spectrum at least")
    low, high = energy_bounds(energy_range, _COMPONENTS_RANGE, own_unit(axis))
    grid = checked_grid(low, high, axis, nuclei)
    function = partial(_component_shares, model, grid, species, axis, names)
    of = " + ".join(nucleus.name for nucleus in nuclei)
    if len(nuclei) > _MOST_NAMES:
        of = species_label(species)
    looks = [_component_look(name) for name in names]
    options = {"stacked": stacked, "band": band, "legend": legend, "height": 4.2}
    ax = _draw_shares(ax, axes, subject, grid, function, looks, **options)
    ax.set(ylabel=f"Share of the intensity of {of}", ylim=(0, 1) if stacked else (-0.02, 1.02))
    return ax


def _component_shares(model, grid, species, axis, names, values):
    """Shares of components, shape ``(..., k, n)``, nan where the intensity underflows."""
    evaluate = partial(model.intensity, grid, species, axis=axis, values=values)
    total = evaluate().value
    parts = np.broadcast_arrays(*(evaluate(component=name).value for name in names), total)[:-1]
    with np.errstate(invalid="ignore"):
        return np.stack([part / total for part in parts], axis=-2)


def _component_look(name):
    style = component_style(name)
    color = style["color"]
    area = {"facecolor": (color, 0.35), "edgecolor": color, "linewidth": 0.8}
    return _Look(name, style, area | {"hatch": component_hatch(name)})


def plot_composition_fractions(
    subject,
    ax=None,
    species=True,
    component=None,
    energy_range=None,
    stacked=False,
    legend=True,
    band=True,
    samples=None,
    x_unit=None,
):
    """Plot the share of each species in the intensity at equal total energy per particle.

    Parameters
    ----------
    subject, ax, legend, band, samples, x_unit
        As for `plot_component_fractions`.
    species : bool, str or list of str, optional
        Species, and sums such as ``"light"`` (H + He); the species of the model by default.
        Shares are those in the intensity of all species in either case.
    component : str, optional
        Composition of one component; that of the sum by default.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of total energy per particle; 100 GeV to 100 PeV by default.
    stacked : bool, optional
        Draw areas on top of each other, the lightest lowest, instead of curves.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.

    Raises
    ------
    ValueError
        If a species, the component or the unit is not known, the component has no spectra, areas
        are to be stacked that share a species, or the range is empty.
    TypeError
        If the subject is none, or ``ax`` are no axes.
    """
    subject = find_subject(subject, samples=samples)
    model = subject.model
    axes = SpectrumAxes("total_energy", x_unit=x_unit)
    nuclei = composition_nuclei(model, component)
    names = chosen_species(species, model)
    if not names:
        raise ValueError("species: expected one at least")
    members = [name for group in names for name in species_group(group, model.species)]
    if stacked and len(set(members)) < len(members):
        raise ValueError(f"stacked: {', '.join(names)} have a species in common")
    low, high = energy_bounds(energy_range, _SPECIES_RANGE, ENERGY_UNIT)
    grid = checked_grid(low, high, "total_energy", nuclei)
    function = partial(_species_shares, model, grid, names, component)
    largest = np.nanmax(function(model.evaluator.values()), initial=0.0)
    if not largest > 0:
        raise ValueError(f"component {component!r} has no particles, and so no composition")
    of = "all particles" if component is None else component
    looks = [_species_look(name) for name in names]
    options = {"stacked": stacked, "band": band, "legend": legend, "height": 4.4}
    ax = _draw_shares(ax, axes, subject, grid, function, looks, **options)
    ax.set_ylabel(f"Share in the intensity of {of}")
    ax.set_ylim(*((0, 1) if stacked else (-0.03 * largest, None)))
    return ax


def _species_shares(model, grid, names, component, values):
    """Shares of species or sums, shape ``(..., k, n)``."""
    found, parts = species_shares(model, values, grid, component)
    chosen = [species_group(name, model.species) for name in names]
    matrix = np.array([[name in members for name in found] for members in chosen], dtype=float)
    return matrix @ parts


def _species_look(name):
    color = species_color(name)
    area = {"facecolor": (color, 0.55), "edgecolor": "black", "linewidth": 0.5}
    return _Look(species_label(name), {"color": color}, area, name_marker(name))


def _draw_shares(ax, axes, subject, grid, function, looks, *, stacked, band, legend, height):
    """Draw the shares, shape ``(k, n)``, that a function gives for parameter values."""
    shares = function(subject.model.evaluator.values())
    frame = Frame(ax, axes, *grid.value[[0, -1]], height)
    (_draw_areas if stacked else _draw_curves)(frame, grid.value, shares, looks)
    if band and not stacked:
        make = partial(evaluated_band, subject.model, function)
        draw_bands(frame, grid.value, make, subject, [look.curve["color"] for look in looks])
    return frame.finish(legend)


def _draw_curves(frame, x, shares, looks):
    """Draw shares as curves."""
    for number, (look, share) in enumerate(zip(looks, shares, strict=True)):
        style = look.curve | {"linewidth": _LINEWIDTH, "zorder": 2}
        written = look.marker and look.marker | {"markevery": name_places(number, len(looks))}
        frame.curve(x, share, look.label, written, **style)


def _draw_areas(frame, x, shares, looks):
    """Draw shares as areas from below; in the legend the uppermost is the first."""
    x, lower = frame.factor * x, np.zeros(x.shape)
    inside = slice(len(x) // 12, -len(x) // 12)
    for look, share in zip(looks, shares, strict=True):
        frame.ax.fill_between(x, lower, lower + share, **look.area, zorder=2)
        frame.handles.insert(0, Patch(**look.area, label=look.label))
        widest = inside.start + int(np.argmax(np.nan_to_num(share[inside])))
        if look.marker and share[widest] > _LEAST_SHARE:
            y = lower[widest] + share[widest] / 2
            frame.ax.text(x[widest], y, look.label, ha="center", va="center", fontsize=9)
        lower = lower + share
