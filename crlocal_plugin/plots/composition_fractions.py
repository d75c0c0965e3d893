"""Shares of the species in the all-particle intensity."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

from ..components.base import ENERGY_UNIT
from ..components.component import species_group
from ..datasets.plot_axes import (
    axis_label,
    axis_unit,
    curve_grid,
)
from ..models.composition_quantities import (
    composition_nuclei,
    species_shares,
)
from ..studies.bands import evaluated_band
from .bands import (
    band_handle,
    bands_of,
    draw_band,
)
from .legend import (
    add_legend,
    line_handle,
)
from .points import (
    energy_bounds,
    known_quantities,
)
from .style import (
    name_marker,
    name_places,
    species_color,
    species_label,
)
from .subject import (
    chosen_names,
    find_subject,
)

_DEFAULT_RANGE = (1e2, 1e8)

_AREA_ALPHA = 0.55

_WIDTH = 8.0

_LEAST_SHARE = 0.045
"""Height of an area in which its name has place."""


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
    subject : CosmicRayModel, datasets, `~gammapy.modeling.FitResult` or Posterior
        What has the model, see `~crlocal_plugin.plots.subject.find_subject`.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    species : bool, str or list of str, optional
        Species, and sums such as ``"light"`` (H + He); the species of the model by default.
        Shares are those in the intensity of all species in either case.
    component : str, optional
        Composition of one component; that of the sum by default.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of total energy per particle; 100 GeV to 100 PeV by default.
    stacked : bool, optional
        Draw areas on top of each other, the lightest lowest, instead of curves.
    legend : bool, optional
        Draw a legend beside the axes.
    band : bool, optional
        Draw the 68 % bands of curves, if the model has errors or there are samples.
    samples : object or tuple, optional
        Samples of parameters that the bands are made from, instead of the covariance of the
        model, as for `~crlocal_plugin.composition_band`; by default the subject, if it is a
        posterior.
    x_unit : str or `~astropy.units.Unit`, optional
        Unit of the energies; GeV by default.

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
        If the subject is none.
    """
    subject = find_subject(subject, samples=samples)
    model = subject.model
    factor = ENERGY_UNIT.to(axis_unit("total_energy", x_unit))
    nuclei = composition_nuclei(model, component)
    names = list(model.species)
    if species is not True:
        names = chosen_names(species, known_quantities(model), "species")
    if not names:
        raise ValueError("species: expected one at least")
    members = [name for group in names for name in species_group(group, model.species)]
    if stacked and len(set(members)) < len(members):
        raise ValueError(f"stacked: {', '.join(names)} have a species in common")
    low, high = energy_bounds(energy_range, _DEFAULT_RANGE, ENERGY_UNIT)
    grid = curve_grid(low, high, "total_energy", nuclei)
    if not grid.size:
        raise ValueError("energy_range: all of it is below the rest energies of the species")
    function = partial(_shares, model, grid, names, component)
    x, shares = factor * grid.value, function(model.evaluator.values())
    if not np.isfinite(shares).any():
        raise ValueError(f"component {component!r} has no particles, and so no composition")

    width = None if ax is not None else _WIDTH
    if ax is None:
        _, ax = plt.subplots(figsize=(_WIDTH, 4.4), layout="constrained")
    ax.set(xscale="log", xlim=(x[0], x[-1]))
    handles = (_draw_areas if stacked else _draw_curves)(ax, x, names, shares)
    if band and not stacked:
        found = bands_of(partial(evaluated_band, model, function), model, subject.samples)
        if found is not None:
            for name, *ends in zip(names, *found.interval(), strict=True):
                draw_band(ax, x, *ends, species_color(name))
            handles.append(band_handle())
    of = "all particles" if component is None else component
    ax.set_ylim(*((0, 1) if stacked else (-0.03 * np.nanmax(shares), None)))
    ax.set(xlabel=axis_label("total_energy", x_unit), ylabel=f"Share in the intensity of {of}")
    if legend:
        add_legend(ax, handles, width)
    return ax


def _shares(model, grid, names, component, values):
    """Shares of species or sums, shape ``(..., k, n)``."""
    found, parts = species_shares(model, values, grid, component)
    chosen = [species_group(name, model.species) for name in names]
    matrix = np.array([[name in members for name in found] for members in chosen], dtype=float)
    return matrix @ parts


def _draw_curves(ax, x, names, shares):
    """Draw shares as curves, and return their legend handles."""
    handles = []
    for number, (name, share) in enumerate(zip(names, shares, strict=True)):
        style = {"color": species_color(name), "linewidth": 1.6}
        handles.append(line_handle(species_label(name), **style))
        style |= name_marker(name)
        ax.plot(x, share, **style, markevery=name_places(number, len(names)), zorder=2)
    return handles


def _draw_areas(ax, x, names, shares):
    """Draw shares as areas from below, and return their legend handles from above."""
    handles, lower = [], np.zeros(x.shape)
    inside = slice(len(x) // 12, -len(x) // 12)
    for name, share in zip(names, shares, strict=True):
        style = {
            "facecolor": (species_color(name), _AREA_ALPHA),
            "edgecolor": "black",
            "linewidth": 0.5,
        }
        ax.fill_between(x, lower, lower + share, **style, zorder=2)
        handles.append(Patch(**style, label=species_label(name)))
        widest = inside.start + int(np.argmax(np.nan_to_num(share[inside])))
        if share[widest] > _LEAST_SHARE:
            y = lower[widest] + share[widest] / 2
            ax.text(x[widest], y, species_label(name), ha="center", va="center", fontsize=9)
        lower = lower + share
    return handles[::-1]
