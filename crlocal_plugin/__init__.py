"""Cosmic-ray spectra and dipole anisotropy near the Sun, fitted jointly in gammapy.

Importing the package registers its models and datasets with gammapy, so that gammapy can read
them from YAML files.
"""

from ._version import __version__
from .datasets import (
    SELECTIONS,
    CosmicRayDatasets,
    CosmicRayFluxDataset,
    DegenerateParametersWarning,
    DipoleDataset,
    JointLikelihood,
    OverlapError,
    TableError,
    catalog,
    load_datasets,
    read_catalog_table,
)
from .inference import FitSummary, fit_summary, fix_parameters, free_parameters
from .models import (
    DIPOLE_MODEL_REGISTRY,
    MEASURED,
    BackgroundDipoleModel,
    ComptonGettingDipoleModel,
    CosmicRayComponent,
    CosmicRayModel,
    CosmicRaySpectralModel,
    Dipole,
    DipoleModel,
    GalacticCenterDipoleModel,
    GalacticCenterSpectralModel,
    IntensitySpectralModel,
    LeakyBoxSpectralModel,
    MeasurementPrior,
    NearbySourceDipoleModel,
    NearbySourceSpectralModel,
    NuisanceModel,
    measured_prior,
    xue_liu_2025,
)
from .models.registration import register
from .physics.geometry import GALACTIC_TO_ICRS
from .physics.species import SPECIES, Species
from .plots import plot_dipole, plot_sky, plot_spectra

__all__ = [
    "DIPOLE_MODEL_REGISTRY",
    "GALACTIC_TO_ICRS",
    "MEASURED",
    "SELECTIONS",
    "SPECIES",
    "BackgroundDipoleModel",
    "ComptonGettingDipoleModel",
    "CosmicRayComponent",
    "CosmicRayDatasets",
    "CosmicRayFluxDataset",
    "CosmicRayModel",
    "CosmicRaySpectralModel",
    "DegenerateParametersWarning",
    "Dipole",
    "DipoleDataset",
    "DipoleModel",
    "FitSummary",
    "GalacticCenterDipoleModel",
    "GalacticCenterSpectralModel",
    "IntensitySpectralModel",
    "JointLikelihood",
    "LeakyBoxSpectralModel",
    "MeasurementPrior",
    "NearbySourceDipoleModel",
    "NearbySourceSpectralModel",
    "NuisanceModel",
    "OverlapError",
    "Species",
    "TableError",
    "__version__",
    "catalog",
    "fit_summary",
    "fix_parameters",
    "free_parameters",
    "load_datasets",
    "measured_prior",
    "plot_dipole",
    "plot_sky",
    "plot_spectra",
    "read_catalog_table",
    "register",
    "xue_liu_2025",
]
