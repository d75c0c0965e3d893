"""Mean logarithmic mass against energy."""

from functools import partial
from itertools import compress

import matplotlib.pyplot as plt
import numpy as np

from ..components.base import ENERGY_UNIT
from ..datasets.drawing import (
    draw_points,
    points_in_fit,
)
from ..datasets.mean_log_mass import MeanLogMassDataset
from ..datasets.plot_axes import (
    axis_label,
    axis_unit,
    curve_grid,
)
from ..models.composition_quantities import (
    composition_nuclei,
    species_shares,
)
from ..physics.composition import log_mass_mean
from ..physics.species import SPECIES
from ..studies.bands import composition_band
from .bands import (
    band_handle,
    bands_of,
    draw_band,
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
    source_names,
)
from .style import (
    component_style,
    experiment_markers,
    listed,
)
from .subject import (
    chosen_names,
    find_subject,
)

_DEFAULT_RANGE = (1e2, 1e8)

_GUIDES = {"H": "H", "He": "He", "N": "CNO", "Fe": "Fe"}
"""Nuclei at whose ln A a line is drawn, with its name."""

_WIDTH = 8.0


def plot_mean_log_mass(
    subject,
    datasets=None,
    ax=None,
    energy_range=None,
    components=False,
    legend=True,
    band=True,
    samples=None,
    x_unit=None,
):
    """Plot the mean logarithm of the mass number of a model with the measured one.

    Thin lines mark ln A of hydrogen, helium, nitrogen (for C, N and O) and iron. Data are drawn
    at the energies that the energy scale of a fit gives them, which the legend states.

    Parameters
    ----------
    subject : CosmicRayModel, datasets, `~gammapy.modeling.FitResult` or Posterior
        What is drawn: a model; fitted datasets, model and data; the models of a fit; or samples
        with the models that they were drawn for. See `~crlocal_plugin.plots.subject.find_subject`.
    datasets : `~gammapy.datasets.Datasets` or list, optional
        Data, by default those of the subject; those that are no <ln A> are passed over.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of total energy per particle; 100 GeV to 100 PeV, or further if data are, by default.
    components : bool, str or list of str, optional
        Draw <ln A> of each component that has a spectrum, or of those of these names.
    legend : bool, optional
        Draw a legend beside the axes.
    band : bool, optional
        Draw the 68 % band of the total, if the model has errors or there are samples.
    samples : object or tuple, optional
        Samples of parameters that the band is made from, instead of the covariance of the model,
        as for `~crlocal_plugin.composition_band`; by default the subject, if it is a posterior.
    x_unit : str or `~astropy.units.Unit`, optional
        Unit of the energies; GeV by default.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.

    Raises
    ------
    ValueError
        If a component or the unit is not known, or the range is empty.
    TypeError
        If the subject is none.
    """
    subject = find_subject(subject, datasets, samples)
    model = subject.model
    factor = ENERGY_UNIT.to(axis_unit("total_energy", x_unit))
    components = chosen_names(components, model.components, "component")
    data = listed(subject.datasets, MeanLogMassDataset)
    fitted = [points_in_fit(dataset) for dataset in data]
    energies = [dataset.x.to_value(ENERGY_UNIT) * dataset.scales()[1] for dataset in data]
    bounds = data_bounds(energies, fitted, _DEFAULT_RANGE)
    bounds = min(bounds[0], _DEFAULT_RANGE[0]), max(bounds[1], _DEFAULT_RANGE[1])
    low, high = energy_bounds(energy_range, bounds, ENERGY_UNIT)
    grid = curve_grid(low, high, "total_energy", drawn_nuclei(model, "all_particle"))
    if not grid.size:
        raise ValueError("energy_range: all of it is below the rest energies of the species")
    seen = in_range(energies, low, high)
    data, fitted, energies = (list(compress(part, seen)) for part in (data, fitted, energies))

    width = None if ax is not None else _WIDTH
    if ax is None:
        _, ax = plt.subplots(figsize=(_WIDTH, 4.4), layout="constrained")
    ax.set(xscale="log", xlim=(factor * low, factor * high), ylim=(-0.15, 4.3))
    ax.set(
        xlabel=axis_label("total_energy", x_unit),
        ylabel=r"Mean logarithmic mass $\langle \ln A \rangle$",
    )
    _draw_guides(ax)
    handles = _draw_curves(ax, model, grid, components, factor)
    if band:
        make = partial(composition_band, model, grid)
        found = bands_of(make, model, subject.samples)
        if found is not None:
            color = component_style("total")["color"]
            draw_band(ax, factor * grid.value, *found.interval(), color)
            handles.append(band_handle())
    handles += _draw_data(ax, data, fitted, energies, factor)
    if legend:
        add_legend(ax, handles, width)
    return ax


def _draw_guides(ax):
    """Draw lines at ln A of a few nuclei, with their names at the right end."""
    for name, label in _GUIDES.items():
        y = SPECIES[name].log_A
        ax.axhline(y, color="0.6", linewidth=0.8, zorder=0.5)
        style = {"ha": "right", "va": "bottom", "fontsize": 8, "color": "0.35"}
        ax.text(0.99, y, label, transform=ax.get_yaxis_transform(), **style)


def _draw_curves(ax, model, grid, components, factor):
    """Draw <ln A> of the total and of components, and return their legend handles."""
    handles = []
    with_spectra = [name for name in components if model.components[name].spectral_models]
    for name in (None, *with_spectra):
        nuclei = composition_nuclei(model, name)
        own = grid[grid.value > min(nucleus.rest_energy for nucleus in nuclei)]
        _, shares = species_shares(model, model.evaluator.values(), own, name)
        mean = log_mass_mean(shares, [nucleus.log_A for nucleus in nuclei])
        if not np.isfinite(mean).any():
            continue
        label = "total" if name is None else name
        style = component_style(label) | {"linewidth": 1.8 if name is None else 1.3}
        ax.plot(factor * own.value, mean, **style, zorder=3 if name is None else 2)
        handles.append(line_handle(label, **style))
    return handles


def _draw_data(ax, data, fitted, energies, factor):
    """Draw the points of the datasets, and return their legend handles."""
    names = source_names(data)
    markers = experiment_markers(names)
    handles = []
    for dataset, name, energy, rows in zip(data, names, energies, fitted, strict=True):
        marker, filled = markers[name]
        style = {"marker": marker, "filled": filled, "in_fit": rows}
        values = dataset.mean_log_mass - dataset.hadronic_shift()
        draw_points(ax, factor * energy, values, dataset.mean_log_mass_errors, **style)
        handles.append(marker_handle(data_label(dataset, name, norm=False), marker, filled))
    if not all(rows.all() for rows in fitted):
        handles.append(marker_handle("not in the fit", "o", False, faint=True))
    return handles
