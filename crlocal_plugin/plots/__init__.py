"""Pictures of models with the data of many experiments, and of the statistic."""

from .all_particle import plot_all_particle
from .composition_fractions import plot_composition_fractions
from .corner import plot_corner
from .dipole import plot_dipole
from .fractions import plot_component_fractions
from .mean_log_mass import plot_mean_log_mass
from .profile import plot_profile, plot_profiles
from .residuals import plot_residuals
from .side_by_side import plot_side_by_side
from .sky import plot_sky
from .sky_map import plot_band_profiles, plot_sky_map
from .spectra import plot_spectra

__all__ = [
    "plot_all_particle",
    "plot_band_profiles",
    "plot_component_fractions",
    "plot_composition_fractions",
    "plot_corner",
    "plot_dipole",
    "plot_mean_log_mass",
    "plot_profile",
    "plot_profiles",
    "plot_residuals",
    "plot_side_by_side",
    "plot_sky",
    "plot_sky_map",
    "plot_spectra",
]
