"""gammapy models: spectra and dipoles of components, and the model that combines them."""

from .component import CosmicRayComponent
from .composition import (
    COMPOSITION,
    GROUPED_COMPOSITION,
    INDEX_GROUPS,
    OBSERVED_INDEX_GROUPS,
    valid_from,
    xue_liu_2025_composition,
)
from .composition_models import (
    PUBLISHED_COMPOSITIONS,
    PublishedSpectralModel,
    abundances_from,
    published_composition,
)
from .cosmic_ray import CosmicRayModel
from .dipole import (
    DIPOLE_MODEL_REGISTRY,
    BackgroundDipoleModel,
    ComptonGettingDipoleModel,
    Dipole,
    DipoleModel,
    GalacticCenterDipoleModel,
    NearbySourceDipoleModel,
)
from .field_of_view import SITES, FieldOfView, Site
from .intensity_model import IntensitySpectralModel
from .nuisance import NuisanceModel
from .priors import (
    ENERGY_SCALES,
    MEASURED,
    PRIOR_SETS,
    MeasurementPrior,
    energy_scale_prior,
    measured_prior,
    prior_set,
)
from .sky_map import (
    all_sky_geom,
    declination_band_profile,
    observable_intensity_map,
    relative_intensity_map,
)
from .spallation import SpallationLeakyBoxSpectralModel
from .spectral import (
    GalacticCenterSpectralModel,
    LeakyBoxSpectralModel,
    NearbySourceSpectralModel,
)
from .spectral_base import CosmicRaySpectralModel
from .xue_liu import VARIANTS, xue_liu_2025

__all__ = [
    "COMPOSITION",
    "DIPOLE_MODEL_REGISTRY",
    "ENERGY_SCALES",
    "GROUPED_COMPOSITION",
    "INDEX_GROUPS",
    "MEASURED",
    "OBSERVED_INDEX_GROUPS",
    "PRIOR_SETS",
    "PUBLISHED_COMPOSITIONS",
    "SITES",
    "VARIANTS",
    "BackgroundDipoleModel",
    "ComptonGettingDipoleModel",
    "CosmicRayComponent",
    "CosmicRayModel",
    "CosmicRaySpectralModel",
    "Dipole",
    "DipoleModel",
    "FieldOfView",
    "GalacticCenterDipoleModel",
    "GalacticCenterSpectralModel",
    "IntensitySpectralModel",
    "LeakyBoxSpectralModel",
    "MeasurementPrior",
    "NearbySourceDipoleModel",
    "NearbySourceSpectralModel",
    "NuisanceModel",
    "PublishedSpectralModel",
    "Site",
    "SpallationLeakyBoxSpectralModel",
    "abundances_from",
    "all_sky_geom",
    "declination_band_profile",
    "energy_scale_prior",
    "measured_prior",
    "observable_intensity_map",
    "prior_set",
    "published_composition",
    "relative_intensity_map",
    "valid_from",
    "xue_liu_2025",
    "xue_liu_2025_composition",
]
