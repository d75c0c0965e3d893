"""Spectra of several species with their components and the data of many experiments."""

from functools import partial
from itertools import chain

import numpy as np

from ..components.base import x_unit as own_unit
from ..components.component import has_species, species_group
from ..datasets.plot_axes import SpectrumAxes, curve_grid, log_limits, sized
from ..studies.bands import intensity_band
from .bands import draw_bands
from .frame import Frame, axes_and_pulls, checked_grid, line_handle
from .points import Points, draw_experiments, points_on_axis, shown_points
from .residuals import PullPanel
from .style import (
    component_label,
    component_style,
    name_marker,
    name_places,
    species_color,
    species_label,
)
from .subject import chosen_names, drawn_nuclei, find_subject, given_names

# Species whose colours can be told in grey; if there are more, their names are on the curves. All
# particles are black and need no name.
_COLORS_IN_GREY = 2

_FEW = 5  # species whose components can be told beside each other; those of more are faint

_DECADES_WITHOUT_DATA = 4  # of E^2.7 J


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
    pulls=None,
):
    """Plot the spectra of a model with their components and the measured ones.

    The colour tells the species, the line style the component and the marker the experiment.
    Data are converted point by point to the axis of the picture and, where a fit has shifted an
    experiment in energy or normalisation, drawn with that shift, which the legend states. Sums of
    species are no function of another axis than their own and are drawn on that one only.

    Parameters
    ----------
    subject : CosmicRayModel, datasets, `~gammapy.modeling.FitResult` or Posterior
        What is drawn, see `~crlocal_plugin.plots.subject.find_subject`.
    datasets : `~gammapy.datasets.Datasets` or list, optional
        Data, by default those of the subject; what the picture does not show is passed over.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    species : str or list of str, optional
        Species, and the sums ``"light"`` (H + He), ``"all_particle"`` and those of groups of
        elements. By default the species of the model, and the sums that are among the data.
    axis : {"total_energy", "rigidity", "kinetic_energy", "kinetic_energy_per_nucleon"}, optional
        Axis of the picture.
    energy_power : float, optional
        Power of the axis to multiply intensities with.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of the axis, of which either end may be None. By default that of the data, where
        points outside the fit count between 1 and 1e8 GeV only, and this range without data.
    components : bool, str or list of str, optional
        Draw the components of each species, or those of these names.
    legend, band : bool, optional
        Draw a legend beside the axes, and the 68 % bands of the totals, if errors are known.
    samples : object or tuple, optional
        Samples for the bands instead of the covariance, as for `~crlocal_plugin.intensity_band`;
        by default the subject, if it is a posterior.
    x_unit, intensity_unit : str or `~astropy.units.Unit`, optional
        Units of the axes; GV or GeV, and 1/(m2 s sr) for each of these, by default. The power of
        the axis is taken in the unit of rigidity or energy that is part of the second.
    pulls : bool, optional
        Draw (data - model) / error in a panel below; by default in new figures with data.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ValueError, TypeError
        If a species, a component, the axis or a unit is not known, the range is empty, or the
        subject or the axes are none.
    """
    subject = find_subject(subject, datasets, samples)
    model = subject.model
    axes = SpectrumAxes(axis, energy_power, x_unit, intensity_unit)
    components = chosen_names(components, model.components, "component")
    flux = spectra_on_axis(subject, axis)
    measured = [dataset.quantity for dataset in flux]
    species = [*model.species, *measured] if species is None else given_names(species)
    if not species:
        raise ValueError("there are no species to draw: the model has no spectra, or none is named")
    flux = [dataset for dataset in flux if dataset.quantity in species]
    parts = {name: with_spectrum(model, name, components) for name in species}
    return draw_spectra(ax, subject, flux, parts, axes, energy_range, legend, band, pulls)


def spectra_on_axis(subject, axis):
    """Spectra of species of the model that an axis can show; sums have but their own."""
    model = subject.model
    spectra = [d for d in subject.of_kind("spectrum") if has_species(model, d.quantity)]
    return [d for d in spectra if d.axis == axis or len(drawn_nuclei(model, d.quantity)) == 1]


def with_spectrum(model, name, components):
    """Those of the components that have a spectrum of a species, or of one of a sum."""
    members = set(species_group(name, model.species))
    return [part for part in components if members & model.components[part].spectral_models.keys()]


def draw_spectra(
    ax, subject, flux, parts, axes, energy_range, legend, band, pulls, whole=(), usual=(1.0, 1e8)
):
    """Draw the species and sums in ``parts``, which has the components that are drawn of each.

    The others contribute to those in ``whole``, all by default, which alone have bands.
    """
    model, axis = subject.model, axes.axis
    points = []
    for dataset in flux:
        x, factor = points_on_axis(dataset, model, axis)
        weight = axes.weighted(x, factor)
        errors = [weight * error.value for error in dataset.intensity_errors]
        points.append(Points(dataset, x, weight * dataset.intensity.value, errors))
    low, high, points = shown_points(points, energy_range, usual, own_unit(axis))
    nuclei = {name: drawn_nuclei(model, name) for name in parts}
    checked_grid(low, high, axis, chain.from_iterable(nuclei.values()))
    grids = {name: curve_grid(low, high, axis, members) for name, members in nuclei.items()}

    own = ax is None
    (ax,), (below,) = axes_and_pulls(ax, 4.8, pulls, points)
    look = {"yscale": "log", "ylabel": axes.labels[1]}
    frame = Frame(ax, axes, low, high, own, below, **look)
    panel = PullPanel(frame, model)
    totals = _draw_curves(frame, model, grids, parts, axes, whole)
    for name in (whole or grids) if band else ():
        grid = grids[name]
        if grid.size:
            make = partial(intensity_band, model, grid, name, axis=axis)
            weight = axes.weighted(grid.value, 1.0)
            draw_bands(frame, grid.value, make, subject, [species_color(name)], weight)

    def draw(shown, **style):
        style["color"] = species_color(shown.dataset.quantity)
        shown.draw(frame, **style)
        panel.draw(shown, **style)

    draw_experiments(frame, points, draw)
    seen = [shown.y[shown.in_fit & shown.within(low, high)] for shown in points]
    if whole and seen:
        # what contributes is in sight too, at its highest
        seen += [[np.nanmax(total)] for total in totals]
    limits = log_limits(np.concatenate([*seen, []]), 3)
    if limits is None:
        # totals may fall without end at a cut-off
        decades = _DECADES_WITHOUT_DATA + abs(axes.energy_power - 2.7) * np.log10(high / low)
        limits = log_limits(np.concatenate([*totals, []]), 2, decades)
    frame.ax.set_ylim(limits)
    return frame.finish(legend)


def _draw_curves(frame, model, grids, parts, axes, whole):
    """Draw totals and components of the species, and return the totals."""
    totals, handles = [], {}
    few = len(grids) <= _FEW
    look = {"linewidth": sized(1.1 if few else 0.7), "alpha": 1.0 if few else 0.6, "zorder": 2}
    for number, (name, grid) in enumerate(grids.items()):
        written = {}
        if len(grids) > _COLORS_IN_GREY and name != "all_particle":
            written = name_marker(name) | {"markevery": name_places(number, len(grids))}
        for part in (None, *parts[name]):
            y = axes.weighted(grid.value, model.intensity(grid, name, part, axes.axis).value)
            # where an intensity underflows there is no curve
            y = np.where(y > 0, y, np.nan)
            if not np.isfinite(y).any():
                continue
            style = component_style(part or "total") | {"color": species_color(name)}
            if part is None:
                style |= {"linewidth": 1.8 if name in (whole or grids) else 1.1, "zorder": 3}
                frame.curve(grid.value, y, species_label(name), written, **style)
                totals.append(y)
            else:
                frame.ax.plot(frame.factor * grid.value, y, **style, **look)
                handles[part] = line_handle(component_label(part), **style | {"color": "0.3"})
    frame.handles += handles.values()
    return totals
