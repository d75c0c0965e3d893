"""Mean logarithmic mass against energy."""

from functools import partial

import numpy as np

from ..datasets.plot_axes import SpectrumAxes, sized
from ..models.predictions import composition_nuclei, species_shares
from ..physics.composition import log_mass_mean
from ..physics.species import SPECIES
from ..studies.bands import composition_band
from .bands import draw_bands
from .frame import Frame, axes_and_pulls, checked_grid, halo
from .points import Points, data_label, draw_experiments, shown_points, total_energies
from .residuals import PullPanel
from .style import component_label, component_style
from .subject import chosen_names, drawn_nuclei, find_subject

# Nuclei at whose ln A a line is drawn, with its name.
_GUIDES = {"H": "H", "He": "He", "N": "CNO", "Fe": "Fe"}


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
    pulls=None,
):
    """Plot the mean logarithm of the mass number of a model with the measured one.

    Thin lines mark ln A of hydrogen, helium, nitrogen (for C, N and O) and iron. Data are drawn
    at the energies that the energy scale of a fit gives them, which the legend states.

    Parameters
    ----------
    subject, datasets, ax, energy_range, legend, band, samples, x_unit, pulls
        As for `~crlocal_plugin.plot_spectra`; the range is at least 100 GeV to 100 PeV by default.
    components : bool, str or list of str, optional
        Draw <ln A> of each component that has a spectrum, or of those of these names.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ValueError, TypeError
        As for `~crlocal_plugin.plot_spectra`.
    """
    subject = find_subject(subject, datasets, samples)
    model = subject.model
    axes = SpectrumAxes("total_energy", x_unit=x_unit)
    components = chosen_names(components, model.components, "component")
    points = [
        Points(dataset, total_energies(dataset, model), *dataset.picture_class(dataset).measured())
        for dataset in subject.of_kind("mean_log_mass")
    ]
    low, high, points = shown_points(points, energy_range, (1e2, 1e8), at_least=True)
    grid = checked_grid(low, high, axes.axis, drawn_nuclei(model, "all_particle"))

    own = ax is None
    (ax,), (below,) = axes_and_pulls(ax, 4.4, pulls, points)
    frame = Frame(ax, axes, low, high, own, below, ylim=(-0.15, 4.3))
    panel = PullPanel(frame, model)
    frame.ax.set_ylabel(r"Mean logarithmic mass $\langle \ln A \rangle$")
    for name, label in _GUIDES.items():
        y = SPECIES[name].log_A
        frame.ax.axhline(y, color="0.6", linewidth=sized(0.8), zorder=0.5)
        place = {"transform": frame.ax.get_yaxis_transform(), "ha": "right", "va": "bottom"}
        place |= {"path_effects": halo(), "zorder": 3.4}
        frame.ax.text(0.99, y, label, fontsize="small", color="0.25", **place)
    for name in (None, *(n for n in components if model.components[n].spectral_models)):
        nuclei = composition_nuclei(model, name)
        own = grid[grid.value > min(nucleus.rest_energy for nucleus in nuclei)]
        _, shares = species_shares(model, model.evaluator.values(), own, name)
        mean = log_mass_mean(shares, [nucleus.log_A for nucleus in nuclei])
        if np.isfinite(mean).any():
            part, width, order = ("total", 1.8, 3) if name is None else (name, 1.3, 2)
            style = component_style(part) | {"linewidth": width, "zorder": order}
            frame.curve(own.value, mean, component_label(part), **style)
    if band:
        make = partial(composition_band, model, grid)
        draw_bands(frame, grid.value, make, subject, [component_style("total")["color"]])
    label = partial(data_label, norm=False)

    def draw(shown, **style):
        shown.draw(frame, **style)
        panel.draw(shown, **style)

    draw_experiments(frame, points, draw, label)
    return frame.finish(legend)
