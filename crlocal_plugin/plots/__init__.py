"""Pictures of models with the data of many experiments, and of the statistic."""

from .corner import plot_corner
from .dipole import plot_dipole
from .profile import plot_profile, plot_profiles
from .sky import plot_sky
from .spectra import plot_spectra

__all__ = [
    "plot_corner",
    "plot_dipole",
    "plot_profile",
    "plot_profiles",
    "plot_sky",
    "plot_spectra",
]
