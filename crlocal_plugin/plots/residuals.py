"""Pulls of all data of a joint fit against energy."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

from ..components.base import ENERGY_UNIT
from ..datasets.dipole import DipoleDataset
from ..datasets.drawing import (
    draw_points,
    points_in_fit,
)
from ..datasets.flux import CosmicRayFluxDataset
from ..datasets.mean_log_mass import MeanLogMassDataset
from ..datasets.plot_axes import (
    axis_label,
    axis_unit,
)
from ..datasets.plotting import DIPOLE_PULLS
from .legend import (
    add_legend,
    line_handle,
    marker_handle,
)
from .points import (
    data_bounds,
    data_label,
    energy_bounds,
    known_quantities,
    points_on_axis,
    source_names,
)
from .style import (
    experiment_markers,
    listed,
    species_color,
    species_label,
)
from .subject import (
    chosen_names,
    find_subject,
)

DIPOLE_PULL_COLORS = ("#000000", "#E69F00")
"""Colours of the two numbers of a measured dipole."""

_MEAN_LOG_MASS = "$\\langle\\ln A\\rangle$"

_SIGMA_BANDS = {2: "0.94", 1: "0.86"}
"""Grey of the bands by their half width in standard deviations."""

_LOWEST_TOP = 3.5
"""Half height of a panel in standard deviations at least."""

_WIDTH = 8.0

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
    model = subject.model
    factor = ENERGY_UNIT.to(axis_unit("total_energy", x_unit))
    wanted = chosen_names(True if species is None else species, known_quantities(model), "species")
    drawn = [
        dataset
        for dataset in subject.datasets
        if not isinstance(dataset, CosmicRayFluxDataset) or dataset.quantity in wanted
    ]
    fitted = replace(subject, datasets=drawn).fitted_datasets()
    kinds = {
        "Spectra": listed(fitted, CosmicRayFluxDataset),
        _MEAN_LOG_MASS: listed(fitted, MeanLogMassDataset),
        "Dipole": listed(fitted, DipoleDataset),
    }
    kinds = {kind: found for kind, found in kinds.items() if found}
    if not kinds:
        raise ValueError(
            "there are no data to compare with the model: pass datasets of its species, with a "
            "model or beside it"
        )
    energies = {kind: [_energy(d, model) for d in found] for kind, found in kinds.items()}
    everything = [x for found in energies.values() for x in found]
    in_fit = [points_in_fit(dataset) for found in kinds.values() for dataset in found]
    bounds = data_bounds(everything, in_fit, _USUAL_RANGE)
    low, high = energy_bounds(energy_range, bounds, ENERGY_UNIT)

    width = _WIDTH if axes is None else None
    axes = _panels(axes, kinds)
    for ax, (kind, found) in zip(axes, kinds.items(), strict=True):
        ax.set(xscale="log", xlim=(factor * low, factor * high))
        ax.set_ylabel(f"{kind}: (data $-$ model) / error")
        positions = [factor * x for x in energies[kind]]
        draw = _draw_dipoles if kind == "Dipole" else _draw_scalars
        handles = draw(ax, found, positions)
        _draw_bands(ax, _largest(found, energies[kind], low, high))
        if legend:
            stat, numbers = _stat(found)
            title = f"$\\chi^2$ / numbers: {stat:.1f} / {numbers}"
            style = {"title": title, "title_fontsize": "small", "alignment": "left"}
            add_legend(ax, [*handles, *_band_handles()], width, **style)
    axes[-1].set_xlabel(axis_label("total_energy", x_unit))
    return axes


def _energy(dataset, model):
    """Total energies per particle in GeV, with the energy scale of a fit."""
    if isinstance(dataset, CosmicRayFluxDataset):
        return points_on_axis(dataset, model, "total_energy")[0]
    return dataset.x.to_value(ENERGY_UNIT) * dataset.scales()[1]


def _panels(axes, kinds):
    """Axes of the kinds of data, new ones if none are given."""
    if axes is None:
        size = (_WIDTH, 0.6 + 3.1 * len(kinds))
        _, axes = plt.subplots(len(kinds), 1, sharex=True, figsize=size, layout="constrained")
    axes = np.ravel(np.asarray(axes, dtype=object))
    if len(axes) != len(kinds):
        names = [kind.replace(_MEAN_LOG_MASS, "<ln A>") for kind in kinds]
        raise ValueError(f"axes: expected {len(kinds)}, of {' and '.join(names)}, got {len(axes)}")
    return axes


def _draw_scalars(ax, datasets, positions):
    """Draw the pulls of spectra or of <ln A>, and return their legend handles."""
    looks = _looks(datasets)
    colors = {}
    for dataset, x, (marker, filled) in zip(datasets, positions, looks, strict=True):
        quantity = dataset.quantity
        is_spectrum = isinstance(dataset, CosmicRayFluxDataset)
        colors[quantity] = species_color(quantity if is_spectrum else "all_particle")
        _draw(ax, dataset, x, dataset.residuals("pull"), marker, filled, colors[quantity])
    handles = [
        line_handle(species_label(name), color=colors[name], linewidth=3)
        for name in known_quantities(datasets[0].model)
        if name in colors
    ]
    return [*handles, *_experiment_handles(datasets, looks)]


def _draw_dipoles(ax, datasets, positions):
    """Draw the pulls of dipoles, and return their legend handles."""
    looks = _looks(datasets)
    for dataset, x, (marker, filled) in zip(datasets, positions, looks, strict=True):
        pulls = dataset.residuals("pull")
        # a limit has one number
        pulls[dataset.is_ul, 1] = np.nan
        for values, color in zip(pulls.T, DIPOLE_PULL_COLORS, strict=True):
            _draw(ax, dataset, x, values, marker, filled, color)
    used = [DIPOLE_PULLS[name] for name in dict.fromkeys(d.likelihood for d in datasets)]
    names = [" or ".join(parts) for parts in zip(*used, strict=True)]
    colors = [
        line_handle(name, color=color, linewidth=3)
        for name, color in zip(names, DIPOLE_PULL_COLORS, strict=True)
    ]
    return [*colors, *_experiment_handles(datasets, looks)]


def _draw(ax, dataset, x, pulls, marker, filled, color):
    style = {"marker": marker, "filled": filled, "color": color}
    draw_points(ax, x, pulls, is_ul=dataset.is_ul, in_fit=points_in_fit(dataset), **style)


def _looks(datasets):
    """Marker, and whether it is filled, of each dataset."""
    names = source_names(datasets)
    markers = experiment_markers(names)
    return [markers[name] for name in names]


def _experiment_handles(datasets, looks):
    """Legend handles of the experiments with what each adds to the statistic."""
    groups = {}
    for dataset, name, look in zip(datasets, source_names(datasets), looks, strict=True):
        groups.setdefault((data_label(dataset, name), look), []).append(dataset)
    handles = []
    for (label, (marker, filled)), members in groups.items():
        stat, numbers = _stat(members)
        handles.append(marker_handle(f"{label}: {stat:.1f} / {numbers}", marker, filled))
    if not all(points_in_fit(dataset).all() for dataset in datasets):
        handles.append(marker_handle("not in the fit", "o", False, faint=True))
    return handles


def _stat(datasets):
    """Statistic of the points in the fit, and the number of fitted numbers."""
    information = [dataset.info_dict() for dataset in datasets]
    return sum(i["stat_sum"] for i in information), sum(i["n_fit"] for i in information)


def _largest(datasets, energies, low, high):
    """Largest pull of the points in the fit that are in a range."""
    largest = 0.0
    for dataset, x in zip(datasets, energies, strict=True):
        rows = points_in_fit(dataset) & (x >= low) & (x <= high)
        largest = np.max(np.abs(dataset.residuals("pull")[rows]), initial=largest)
    return largest


def _draw_bands(ax, largest):
    """Draw the bands of one and two standard deviations, and limits that are symmetric."""
    for sigma, grey in _SIGMA_BANDS.items():
        ax.axhspan(-sigma, sigma, color=grey, linewidth=0, zorder=0)
    ax.axhline(0, color="black", linewidth=0.8, zorder=1)
    top = max(_LOWEST_TOP, 1.1 * largest)
    ax.set_ylim(-top, top)


def _band_handles():
    return [
        Patch(color=grey, linewidth=0, label=f"$\\pm {sigma}\\sigma$")
        for sigma, grey in sorted(_SIGMA_BANDS.items())
    ]
