"""Shares of the components in the intensity."""

from functools import partial

import numpy as np

from ..components.base import x_unit as own_unit
from ..datasets.plot_axes import SpectrumAxes
from .frame import checked_grid, energy_bounds
from .points import drawn_nuclei
from .shares import Look, draw_shares
from .style import component_hatch, component_style, species_label
from .subject import chosen_names, find_subject

_DEFAULT_RANGE = (1.0, 1e8)

_AREA_ALPHA = 0.35

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
        Range of the axis; 1 to 1e8 GV or GeV by default. A sum begins at the rest energy of its
        lightest nucleus.
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
        Samples for the bands instead of the covariance, as for `~crlocal_plugin.intensity_band`;
        by default the subject, if it is a posterior.
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
    low, high = energy_bounds(energy_range, _DEFAULT_RANGE, own_unit(axis))
    grid = checked_grid(low, high, axis, nuclei)
    function = partial(_shares, model, grid, species, axis, names)
    shares = function(model.evaluator.values())
    of = " + ".join(nucleus.name for nucleus in nuclei)
    if len(nuclei) > _MOST_NAMES:
        of = species_label(species)
    return draw_shares(
        ax,
        subject,
        axes.x_factor * grid.value,
        shares,
        [_look(name) for name in names],
        function,
        height=4.2,
        stacked=stacked,
        band=band,
        legend=legend,
        ylim=(0, 1) if stacked else (-0.02, 1.02),
        xlabel=axes.labels[0],
        ylabel=f"Share of the intensity of {of}",
    )


def _shares(model, grid, species, axis, names, values):
    """Shares of components, shape ``(..., k, n)``, nan where the intensity underflows."""
    evaluate = partial(model.evaluate_intensity, values, grid, species, axis=axis)
    total = evaluate().value
    parts = np.broadcast_arrays(*(evaluate(component=name).value for name in names), total)[:-1]
    with np.errstate(invalid="ignore"):
        return np.stack([part / total for part in parts], axis=-2)


def _look(name):
    style = component_style(name)
    color = style["color"]
    area = {"facecolor": (color, _AREA_ALPHA), "edgecolor": color, "linewidth": 0.8}
    return Look(name, style, area | {"hatch": component_hatch(name)})
