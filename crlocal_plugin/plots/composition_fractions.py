"""Shares of the species in the all-particle intensity."""

from functools import partial

import numpy as np

from ..components.base import ENERGY_UNIT
from ..components.component import species_group
from ..datasets.plot_axes import SpectrumAxes
from ..models.composition_quantities import composition_nuclei, species_shares
from .frame import checked_grid, energy_bounds
from .points import known_quantities
from .shares import Look, draw_shares
from .style import name_marker, species_color, species_label
from .subject import chosen_names, find_subject

_DEFAULT_RANGE = (1e2, 1e8)

_AREA_ALPHA = 0.55


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
        Samples for the bands instead of the covariance, as for `~crlocal_plugin.composition_band`;
        by default the subject, if it is a posterior.
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
        If the subject is none, or ``ax`` are no axes.
    """
    subject = find_subject(subject, samples=samples)
    model = subject.model
    axes = SpectrumAxes("total_energy", x_unit=x_unit)
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
    grid = checked_grid(low, high, "total_energy", nuclei)
    function = partial(_shares, model, grid, names, component)
    shares = function(model.evaluator.values())
    if not np.isfinite(shares).any():
        raise ValueError(f"component {component!r} has no particles, and so no composition")
    of = "all particles" if component is None else component
    return draw_shares(
        ax,
        subject,
        axes.x_factor * grid.value,
        shares,
        [_look(name) for name in names],
        function,
        height=4.4,
        stacked=stacked,
        band=band,
        legend=legend,
        ylim=(0, 1) if stacked else (-0.03 * np.nanmax(shares), None),
        xlabel=axes.labels[0],
        ylabel=f"Share in the intensity of {of}",
    )


def _shares(model, grid, names, component, values):
    """Shares of species or sums, shape ``(..., k, n)``."""
    found, parts = species_shares(model, values, grid, component)
    chosen = [species_group(name, model.species) for name in names]
    matrix = np.array([[name in members for name in found] for members in chosen], dtype=float)
    return matrix @ parts


def _look(name):
    color = species_color(name)
    area = {"facecolor": (color, _AREA_ALPHA), "edgecolor": "black", "linewidth": 0.5}
    return Look(species_label(name), {"color": color}, area, name_marker(name))
