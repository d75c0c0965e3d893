"""Pictures of models with the data of many experiments."""

from .dipole import plot_dipole
from .sky import plot_sky
from .spectra import plot_spectra

__all__ = ["plot_dipole", "plot_sky", "plot_spectra"]
