"""Shares of the components in the intensity."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

from ..components.base import x_unit as own_unit
from ..datasets.plot_axes import (
    SpectrumAxes,
    curve_grid,
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
    drawn_nuclei,
    energy_bounds,
)
from .style import (
    component_hatch,
    component_style,
    species_label,
)
from .subject import (
    chosen_names,
    find_subject,
)

_DEFAULT_RANGE = (1.0, 1e8)

_AREA_ALPHA = 0.35

_WIDTH = 8.0

_MOST_NAMES = 4
"""Species that the label of the axis names one by one."""


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
    subject : CosmicRayModel, datasets, `~gammapy.modeling.FitResult` or Posterior
        What has the model, see `~crlocal_plugin.plots.subject.find_subject`.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    species : str, optional
        Species whose intensity is shared out, ``"light"`` (H + He) or ``"all_particle"``; all
        species of the model by default.
    axis : {"total_energy", "rigidity", "kinetic_energy", "kinetic_energy_per_nucleon"}, optional
        Axis of the picture; species are summed at the same value of it.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of the axis; 1 to 1e8 GV or GeV by default.
    components : bool, str or list of str, optional
        Draw all components that have a spectrum, or those of these names. Shares are those in the
        sum of all in either case.
    stacked : bool, optional
        Draw areas on top of each other instead of curves.
    legend : bool, optional
        Draw a legend beside the axes.
    band : bool, optional
        Draw the 68 % bands of curves, if the model has errors or there are samples.
    samples : object or tuple, optional
        Samples of parameters that the bands are made from, instead of the covariance of the
        model, as for `~crlocal_plugin.intensity_band`; by default the subject, if
        it is a posterior.
    x_unit : str or `~astropy.units.Unit`, optional
        Unit of the axis; GV or GeV by default.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.

    Raises
    ------
    ValueError
        If the species, a component, the axis or the unit is not known, or the range is empty.
    TypeError
        If the subject is none.
    """
    subject = find_subject(subject, samples=samples)
    model = subject.model
    axes = SpectrumAxes(axis, x_unit=x_unit)
    species = "all_particle" if species is None else getattr(species, "name", species)
    nuclei = drawn_nuclei(model, species)
    names = [
        name
        for name in chosen_names(components, model.components, "component")
        if model.components[name].spectral_models
    ]
    if not names:
        raise ValueError("components: expected one with a spectrum at least")
    low, high = energy_bounds(energy_range, _DEFAULT_RANGE, own_unit(axis))
    # where all of them contribute
    heaviest = max(nuclei, key=lambda nucleus: nucleus.rest_energy)
    grid = curve_grid(low, high, axis, [heaviest])
    if not grid.size:
        raise ValueError("energy_range: all of it is below a rest energy of the species summed")
    x = axes.x_factor * grid.value
    shares = _shares(model, grid, species, axis, names, model.evaluator.values())

    width = None if ax is not None else _WIDTH
    if ax is None:
        _, ax = plt.subplots(figsize=(_WIDTH, 4.2), layout="constrained")
    if stacked:
        handles = _draw_areas(ax, x, names, shares)
    else:
        handles = _draw_curves(ax, x, names, shares)
        make = partial(evaluated_band, model, partial(_shares, model, grid, species, axis, names))
        found = bands_of(make, model, subject.samples) if band else None
        if found is not None:
            for name, *ends in zip(names, *found.interval(), strict=True):
                draw_band(ax, x, *ends, component_style(name)["color"])
            handles.append(band_handle())
    of = " + ".join(nucleus.name for nucleus in nuclei)
    if len(nuclei) > _MOST_NAMES:
        of = species_label(species)
    ax.set(xscale="log", xlim=(x[0], x[-1]), ylim=(0, 1) if stacked else (-0.02, 1.02))
    ax.set(xlabel=axes.labels[0], ylabel=f"Share of the intensity of {of}")
    if legend:
        add_legend(ax, handles, width)
    return ax


def _shares(model, grid, species, axis, names, values):
    """Shares of components, shape ``(..., k, n)``, nan where the intensity underflows."""
    evaluate = partial(model.evaluate_intensity, values, grid, species, axis=axis)
    total = evaluate().value
    parts = np.broadcast_arrays(*(evaluate(component=name).value for name in names), total)[:-1]
    with np.errstate(invalid="ignore"):
        return np.stack([part / total for part in parts], axis=-2)


def _draw_curves(ax, x, names, shares):
    """Draw shares as curves, and return their legend handles."""
    handles = []
    for name, share in zip(names, shares, strict=True):
        style = component_style(name) | {"linewidth": 1.6}
        ax.plot(x, share, **style, zorder=2)
        handles.append(line_handle(name, **style))
    return handles


def _draw_areas(ax, x, names, shares):
    """Draw shares as areas from below, and return their legend handles from above."""
    handles, lower = [], np.zeros(x.shape)
    for name, share in zip(names, shares, strict=True):
        color = component_style(name)["color"]
        style = {"facecolor": (color, _AREA_ALPHA), "edgecolor": color, "linewidth": 0.8}
        style["hatch"] = component_hatch(name)
        ax.fill_between(x, lower, lower + share, **style, zorder=2)
        handles.append(Patch(**style, label=name))
        lower = lower + share
    return handles[::-1]
