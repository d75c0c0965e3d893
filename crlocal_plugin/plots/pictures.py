"""The pictures of a fit by name: for the command line, for the folder of a fit, for reports."""

from collections.abc import Callable
from typing import NamedTuple

from .all_particle import plot_all_particle
from .dipole import plot_dipole
from .fractions import plot_component_fractions, plot_composition_fractions
from .mean_log_mass import plot_mean_log_mass
from .residuals import plot_residuals
from .sky.directions import plot_sky
from .spectra import plot_spectra


class Picture(NamedTuple):
    """A picture: its function, what it shows, and the kind of its data, if it has one kind."""

    draw: Callable
    summary: str
    kind: str | None = None


# In the order in which they are listed.
PICTURES = {
    "spectra": Picture(
        plot_spectra, "intensities of the species with components and data", "spectrum"
    ),
    "dipole": Picture(
        plot_dipole, "amplitude and phase of the dipole with components and data", "dipole"
    ),
    "sky": Picture(plot_sky, "directions that shape the dipole, and its track with energy"),
    "residuals": Picture(plot_residuals, "pulls of all data"),
    "fractions": Picture(plot_component_fractions, "shares of the components in the intensity"),
    "all-particle": Picture(
        plot_all_particle, "sum of all species with each of them, and data", "spectrum"
    ),
    "mean-log-mass": Picture(
        plot_mean_log_mass, "mean logarithm of the mass number, and data", "mean_log_mass"
    ),
    "composition": Picture(plot_composition_fractions, "shares of the species in the sum"),
}
