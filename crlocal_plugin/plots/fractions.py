"""Shares of the components, or of the species, in the intensity against energy."""

from functools import partial

import numpy as np
from matplotlib.patches import Patch

from ..components.base import ENERGY_UNIT
from ..components.base import x_unit as own_unit
from ..components.component import species_group
from ..datasets.plot_axes import SpectrumAxes
from ..models.predictions import composition_nuclei, species_shares
from ..studies.bands import evaluated_band
from . import style
from .bands import draw_bands
from .frame import Frame, checked_grid, energy_bounds, picture_axes
from .subject import chosen_names, chosen_species, drawn_nuclei, find_subject

_MOST_NAMES = 4  # of species that the label of the axis has one by one

_LEAST_SHARE = 0.045  # height of an area in which its name has place


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
    subject, ax, axis, energy_range, legend, band, samples, x_unit
        As for `~crlocal_plugin.plot_spectra`, without data, and without bands of areas. The range
        is 1 to 1e8 GV or GeV by default; a sum begins at the rest energy of its lightest nucleus.
    species : str, optional
        Species or sum of species whose intensity is shared out; ``"all_particle"`` by default.
    components : bool, str or list of str, optional
        Draw all components that have a spectrum, or those of these names; shares are in the sum.
    stacked : bool, optional
        Draw areas on top of each other instead of curves.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ValueError, TypeError
        As for `~crlocal_plugin.plot_spectra`, or if there is no component with a spectrum.
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
    low, high = energy_bounds(energy_range, (1.0, 1e8), own_unit(axis))
    grid = checked_grid(low, high, axis, nuclei)

    def shares(values):
        evaluate = partial(model.intensity, grid, species, axis=axis, values=values)
        total = evaluate().value
        parts = np.broadcast_arrays(*(evaluate(component=name).value for name in names), total)[:-1]
        # nan where the intensity underflows
        with np.errstate(invalid="ignore"):
            return np.stack([part / total for part in parts], axis=-2)

    looks = []
    for name in names:
        curve, hatch = style.component_style(name), {"hatch": style.component_hatch(name)}
        area = {"facecolor": (curve["color"], 0.35), "edgecolor": curve["color"], "linewidth": 0.8}
        looks.append((style.component_label(name), curve, area | hatch, None))
    ax = _draw_shares(ax, axes, subject, grid, shares, looks, stacked, band, legend, height=4.2)
    many = len(nuclei) > _MOST_NAMES
    of = style.species_label(species) if many else " + ".join(nucleus.name for nucleus in nuclei)
    ax.set(ylabel=f"Share of the intensity of {of}", ylim=(0, 1) if stacked else (-0.02, 1.02))
    return ax


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
    subject, ax, energy_range, legend, band, samples, x_unit
        As for `plot_component_fractions`; the range is 100 GeV to 100 PeV by default.
    species : bool, str or list of str, optional
        Species and sums, such as ``"light"`` (H + He), or all species of the model by default.
    component : str, optional
        Composition of one component; that of the sum by default.
    stacked : bool, optional
        Draw areas on top of each other, the lightest lowest, instead of curves.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ValueError, TypeError
        As for `plot_component_fractions`, or if areas are to be stacked that share a species.
    """
    subject = find_subject(subject, samples=samples)
    model = subject.model
    axes = SpectrumAxes("total_energy", x_unit=x_unit)
    nuclei = composition_nuclei(model, component)
    names = chosen_species(species, model)
    if not names:
        raise ValueError("species: expected one at least")
    members = [species_group(name, model.species) for name in names]
    if stacked and len(set().union(*members)) < sum(map(len, members)):
        raise ValueError(f"stacked: {', '.join(names)} have a species in common")
    low, high = energy_bounds(energy_range, (1e2, 1e8), ENERGY_UNIT)
    grid = checked_grid(low, high, "total_energy", nuclei)

    def shares(values):
        found, parts = species_shares(model, values, grid, component)
        matrix = np.array([[name in group for name in found] for group in members], dtype=float)
        return matrix @ parts

    largest = np.nanmax(shares(None), initial=0.0)
    if not largest > 0:
        raise ValueError(f"component {component!r} has no particles, and so no composition")
    looks = []
    for name in names:
        label, curve = style.species_label(name), {"color": style.species_color(name)}
        area = {"facecolor": (curve["color"], 0.55), "edgecolor": "black", "linewidth": 0.5}
        looks.append((label, curve, area, style.name_marker(name)))
    ax = _draw_shares(ax, axes, subject, grid, shares, looks, stacked, band, legend, height=4.4)
    of = "all particles" if component is None else component
    ylim = (0, 1) if stacked else (-0.03 * largest, None)
    ax.set(ylabel=f"Share in the intensity of {of}", ylim=ylim)
    return ax


def _draw_shares(ax, axes, subject, grid, function, looks, stacked, band, legend, height):
    """Draw the shares, shape ``(k, n)``, that a function gives for parameter values."""
    # a look is a label, styles of curve and area, and a marker if the name stands there
    model, x = subject.model, grid.value
    shares = function(model.evaluator.values())
    frame = Frame(picture_axes(ax, height), axes, x[0], x[-1], ax is None)
    if stacked:
        _draw_areas(frame, frame.factor * x, shares, looks)
        return frame.finish(legend)
    for number, (label, curve, _, marker) in enumerate(looks):
        written = marker and marker | {"markevery": style.name_places(number, len(looks))}
        frame.curve(x, shares[number], label, written, **curve, linewidth=1.6, zorder=2)
    if band:
        make = partial(evaluated_band, model, function)
        draw_bands(frame, x, make, subject, [curve["color"] for _, curve, *_ in looks])
    return frame.finish(legend)


def _draw_areas(frame, x, shares, looks):
    """Draw shares as areas from below; in the legend the uppermost is the first."""
    lower, inside = np.zeros(x.shape), slice(len(x) // 12, -len(x) // 12)
    for (label, _, area, marker), share in zip(looks, shares, strict=True):
        frame.ax.fill_between(x, lower, lower + share, **area, zorder=2)
        frame.handles.insert(0, Patch(**area, label=label))
        widest = inside.start + int(np.argmax(np.nan_to_num(share[inside])))
        if marker and share[widest] > _LEAST_SHARE:
            y = lower[widest] + share[widest] / 2
            frame.ax.text(x[widest], y, label, ha="center", va="center", fontsize=9)
        lower = lower + share
