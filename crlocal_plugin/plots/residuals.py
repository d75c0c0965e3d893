"""Pulls of all data of a joint fit against energy."""

from dataclasses import replace
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

from ..datasets.plot_axes import SpectrumAxes
from ..datasets.plotting import picture_of
from .frame import WIDTH, add_legend, line_handle
from .points import (
    Points,
    data_label,
    draw_experiments,
    known_quantities,
    shown_points,
    source_names,
    total_energies,
)
from .style import species_color, species_label
from .subject import chosen_names, find_subject

DIPOLE_PULL_COLORS = ("#000000", "#E69F00")
"""Colours of the two numbers of a measured dipole."""

_SIGMA_BANDS = {2: "0.94", 1: "0.86"}
"""Grey of the bands by their half width in standard deviations."""

_LOWEST_TOP = 3.5
"""Half height of a panel in standard deviations at least."""

_USUAL_RANGE = (1.0, 1e8)


def plot_residuals(
    subject,
    datasets=None,
    axes=None,
    species=None,
    energy_range=None,
    legend=True,
    x_unit=None,
):
    """Plot the pulls of all data, (data - model) / error, against energy.

    Pulls are the residuals of the likelihood: their squares add up to the statistic that the
    legend gives for each experiment, over the number of fitted numbers. A spectrum has one pull
    for each point, in the colour of its species, and so has <ln A>. A dipole has two, told apart
    by colour: along the measured phase and across it where vectors are compared, amplitude and
    phase where these are. Limits, as arrows, have one; points outside the fit are faint and not
    counted.

    Parameters
    ----------
    subject : CosmicRayModel, datasets, `~gammapy.modeling.FitResult` or Posterior
        What is drawn: a model; fitted datasets, model and data; the models of a fit; or samples
        with the models that they were drawn for. See `~crlocal_plugin.plots.subject.find_subject`.
    datasets : `~gammapy.datasets.Datasets` or list, optional
        Data, by default those of the subject; spectra of species that the model lacks are passed
        over.
    axes : sequence of `~matplotlib.axes.Axes`, optional
        Axes of spectra, of <ln A> and of dipoles, without those of a kind of which there are no
        data; new ones by default.
    species : str or list of str, optional
        Species, ``"light"`` or ``"all_particle"`` of the spectra; all by default.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of total energy per particle. By default that of the data, where points outside the
        fit count between 1 and 1e8 GeV only.
    legend : bool, optional
        Draw a legend beside each of the axes.
    x_unit : str or `~astropy.units.Unit`, optional
        Unit of the energies; GeV by default.

    Returns
    -------
    `~numpy.ndarray` of `~matplotlib.axes.Axes`
        The axes of spectra, of <ln A> and of dipoles, of those kinds that there are.

    Raises
    ------
    ValueError
        If there are no data, a species or the unit is not known, the number of axes is another,
        or the range is empty.
    TypeError
        If the subject is none.
    """
    subject = find_subject(subject, datasets)
    model, quantities = subject.model, known_quantities(subject.model)
    frame = SpectrumAxes("total_energy", x_unit=x_unit)
    wanted = chosen_names(True if species is None else species, quantities, "species")
    drawn = [
        dataset
        for dataset in subject.datasets
        if getattr(dataset, "kind", None) != "spectrum" or dataset.quantity in wanted
    ]
    panels = _panels(replace(subject, datasets=drawn).fitted_datasets())
    if not panels:
        raise ValueError(
            "there are no data to compare with the model: pass datasets of its species, with a "
            "model or beside it"
        )
    points = {name: _points(pictures, model) for name, pictures in panels.items()}
    everything = [shown for found in points.values() for shown in found]
    low, high, _ = shown_points(everything, energy_range, _USUAL_RANGE)

    width = WIDTH if axes is None else None
    axes = _panel_axes(axes, panels)
    for ax, pictures, found in zip(axes, panels.values(), points.values(), strict=True):
        ax.set(xscale="log", xlim=(frame.x_factor * low, frame.x_factor * high))
        ax.set_ylabel(f"{pictures[0].panel_label}: (data $-$ model) / error")
        handles = _draw_pulls(ax, pictures, found, quantities, frame.x_factor)
        _draw_bands(ax, found, low, high)
        if legend:
            stat, numbers = _stat([shown.dataset for shown in found])
            title = f"$\\chi^2$ / numbers: {stat:.1f} / {numbers}"
            style = {"title": title, "title_fontsize": "small", "alignment": "left"}
            add_legend(ax, [*handles, *_band_handles()], width, **style)
    axes[-1].set_xlabel(frame.labels[0])
    return axes


def _panels(datasets):
    """Pictures of the datasets by the name of their panel, in the order of the panels."""
    panels = {}
    for picture in sorted(map(picture_of, datasets), key=lambda picture: picture.order):
        panels.setdefault(picture.panel, []).append(picture)
    return panels


def _panel_axes(axes, panels):
    """Axes of the panels, new ones if none are given."""
    if axes is None:
        size = (WIDTH, 0.6 + 3.1 * len(panels))
        _, axes = plt.subplots(len(panels), 1, sharex=True, figsize=size, layout="constrained")
    axes = np.ravel(np.asarray(axes, dtype=object))
    if len(axes) != len(panels):
        names = " and ".join(panels)
        raise ValueError(f"axes: expected {len(panels)}, of {names}, got {len(axes)}")
    return axes


def _points(pictures, model):
    """Pulls of datasets, shape ``(n, k)`` each, at total energies."""
    return [
        Points(picture.dataset, total_energies(picture.dataset, model), picture.pulls())
        for picture in pictures
    ]


def _draw_pulls(ax, pictures, points, quantities, x_factor):
    """Draw the pulls of a panel, and return its legend handles."""
    # the numbers of a point are told apart by colour, or else the species
    named = [picture.pull_names for picture in pictures if picture.pull_names]
    colors = {}

    def draw(shown, **style):
        quantity = shown.dataset.quantity
        known = quantity if quantity in quantities else "all_particle"
        looks = DIPOLE_PULL_COLORS if named else [species_color(known)]
        colors[quantity] = looks[0]
        for pulls, color in zip(shown.y.T, cycle(looks)):
            replace(shown, y=pulls).draw(ax, x_factor, color=color, **style)

    sources = {}
    datasets = [shown.dataset for shown in points]
    for dataset, name in zip(datasets, source_names(datasets), strict=True):
        sources.setdefault(data_label(dataset, name), []).append(dataset)
    stats = {source: "{:.1f} / {}".format(*_stat(found)) for source, found in sources.items()}

    def label(dataset, name):
        source = data_label(dataset, name)
        return f"{source}: {stats[source]}"

    experiments = draw_experiments(points, draw, label)
    if named:
        texts = [" or ".join(dict.fromkeys(parts)) for parts in zip(*named, strict=True)]
        colors = dict(zip(texts, DIPOLE_PULL_COLORS, strict=True))
    else:
        colors = {species_label(name): colors[name] for name in quantities if name in colors}
    return [line_handle(text, color=c, linewidth=3) for text, c in colors.items()] + experiments


def _stat(datasets):
    """Statistic of the points in the fit, and the number of fitted numbers."""
    information = [dataset.info_dict() for dataset in datasets]
    return sum(i["stat_sum"] for i in information), sum(i["n_fit"] for i in information)


def _draw_bands(ax, points, low, high):
    """Draw the bands of one and two standard deviations, and limits that are symmetric."""
    for sigma, grey in _SIGMA_BANDS.items():
        ax.axhspan(-sigma, sigma, color=grey, linewidth=0, zorder=0)
    ax.axhline(0, color="black", linewidth=0.8, zorder=1)
    shown = [np.abs(p.y[p.in_fit & p.within(low, high)]).ravel() for p in points]
    largest = np.nanmax(np.concatenate(shown), initial=0.0)
    top = max(_LOWEST_TOP, 1.1 * largest)
    ax.set_ylim(-top, top)


def _band_handles():
    return [
        Patch(color=grey, linewidth=0, label=f"$\\pm {sigma}\\sigma$")
        for sigma, grey in sorted(_SIGMA_BANDS.items())
    ]
