"""Pictures of models with the data of many experiments, and of the statistic."""

from .corner import plot_corner
from .dipole import plot_dipole
from .fractions import plot_component_fractions
from .profile import plot_profile, plot_profiles
from .residuals import plot_residuals
from .sky import plot_sky
from .spectra import plot_spectra

__all__ = [
    "plot_component_fractions",
    "plot_corner",
    "plot_dipole",
    "plot_profile",
    "plot_profiles",
    "plot_residuals",
    "plot_sky",
    "plot_spectra",
]
