"""Cosmic-ray spectra and dipole anisotropy near the Sun, fitted jointly in gammapy.

Importing the package registers its models and datasets with gammapy, so that gammapy can read
them from YAML files. A public name is imported when it is asked for.
"""

from functools import cache
from typing import TYPE_CHECKING

from . import program  # isort: split

from ._version import __version__

# the program crlocal registers when a command runs: --help and --version are instant
if not program.is_running():
    from . import registered

# every name that is imported here is public, and stands here once
if TYPE_CHECKING:
    from .analysis.description import Analysis
    from .analysis.errors import AnalysisError
    from .analysis.treatments import treatments
    from .catalogue.citations import bibtex, citations
    from .catalogue.crdb import read_crdb, read_crdb_export
    from .catalogue.index import catalog, read_catalog_table
    from .catalogue.loading import load_datasets
    from .catalogue.overlaps import OverlapError
    from .catalogue.own_tables import read_table
    from .catalogue.plans import Plan, find_plans, shipped_plans
    from .catalogue.selections import SELECTIONS
    from .components.background import (
        BackgroundDipoleModel,
        GasLeakyBoxSpectralModel,
        LeakyBoxSpectralModel,
        SecondarySpectralModel,
        SpallationLeakyBoxSpectralModel,
    )
    from .components.component import CosmicRayComponent
    from .components.compton_getting import ComptonGettingDipoleModel, LsrComptonGettingDipoleModel
    from .components.correlated_priors import CorrelatedPrior
    from .components.dipole import DIPOLE_MODEL_REGISTRY, Dipole, DipoleModel
    from .components.galactic_center import GalacticCenterDipoleModel, GalacticCenterSpectralModel
    from .components.intensity_model import IntensitySpectralModel
    from .components.nearby_source import (
        NearbySourceDipoleModel,
        NearbySourceFickDipoleModel,
        NearbySourceSpectralModel,
    )
    from .components.priors import (
        DIPOLE_NORMS,
        ENERGY_SCALES,
        MEASURED,
        PRIOR_SETS,
        MeasurementPrior,
        measured_prior,
    )
    from .components.registration import register
    from .components.release import (
        DecayingSourceFickDipoleModel,
        DecayingSourceSpectralModel,
        EscapingSourceFickDipoleModel,
        EscapingSourceSpectralModel,
    )
    from .components.source_catalogue import source_catalogue
    from .components.spectrum import CosmicRaySpectralModel, SourceSpectralModel
    from .datasets.core import CosmicRayDataset
    from .datasets.dipole import DipoleDataset
    from .datasets.flux import CosmicRayFluxDataset
    from .datasets.mean_log_mass import MeanLogMassDataset
    from .datasets.ratio import RatioDataset
    from .datasets.scalar import ScalarDataset
    from .datasets.sky import SkyMapDataset
    from .exploration.demo import write_demo
    from .exploration.opening import explore
    from .likelihood.collection import CosmicRayDatasets
    from .likelihood.covariance import likelihood_covariance
    from .likelihood.degeneracies import DegenerateParametersWarning
    from .likelihood.joint_likelihood import JointLikelihood
    from .likelihood.profiles import ProfileLikelihood
    from .likelihood.selection import fix_parameters, free_parameters, set_priors
    from .likelihood.summary import FitSummary, fit_summary
    from .models.cloud import Cloud
    from .models.composition import (
        COMPOSITION,
        GROUPED_COMPOSITION,
        INDEX_GROUPS,
        OBSERVED_INDEX_GROUPS,
        valid_from,
        xue_liu_2025_composition,
    )
    from .models.cosmic_ray import CosmicRayModel
    from .models.nearby_sources import nearby_source
    from .models.nuisance import NuisanceModel
    from .models.published import (
        PUBLISHED_COMPOSITIONS,
        PublishedSpectralModel,
        abundances_from,
        published_composition,
    )
    from .models.secondaries import xue_liu_2025_secondaries
    from .models.unseen_sources import (
        DiscreteBackgroundDipoleModel,
        DiscreteLeakyBoxSpectralModel,
        discrete_background,
        unseen_sources,
    )
    from .models.xue_liu import xue_liu_2025
    from .physics.geometry import GALACTIC_TO_ICRS
    from .physics.species import GROUP_SPECIES, SPECIES, Species
    from .plots.all_particle import plot_all_particle
    from .plots.corner import plot_corner
    from .plots.dipole import plot_dipole
    from .plots.forecasts import plot_forecast
    from .plots.fractions import plot_component_fractions, plot_composition_fractions
    from .plots.mean_log_mass import plot_mean_log_mass
    from .plots.profile import plot_profile, plot_profiles
    from .plots.residuals import plot_residuals
    from .plots.side_by_side import plot_side_by_side
    from .plots.sky.directions import plot_sky
    from .plots.sky.maps import plot_band_profiles, plot_sky_map
    from .plots.spectra import plot_spectra
    from .plots.style import journal_style
    from .posterior.density import PosteriorDensity
    from .posterior.nested import nested_sample
    from .posterior.posterior import Posterior, UnconvergedError
    from .posterior.prior_distributions import set_proper_priors
    from .posterior.sampling import sample
    from .report.writing import write_report
    from .sky.field_of_view import SITES, FieldOfView
    from .sky.maps import (
        all_sky_geom,
        declination_band_profile,
        observable_intensity_map,
        relative_intensity_map,
    )
    from .studies.bands import (
        Band,
        DipoleBand,
        cloud_band,
        composition_band,
        dipole_band,
        intensity_band,
        propagate,
    )
    from .studies.comparison import compare_models
    from .studies.forecasts import Forecast, forecast, tell_apart
    from .studies.identifiability import Identifiability, identifiability
    from .studies.leave_one_out import leave_one_out
    from .studies.scans import ProfileScan, scan_profiles
    from .studies.sources import compare_sources
    from .studies.starts import RandomStarts, lowest_minimum, random_starts
    from .studies.toy_study import ToyStudy
    from .studies.toys import run_toys
    from .tables.hadronic import join_hadronic_models
    from .tables.raw_table import TableError
    from .work.clusters import use_cluster


@cache
def _public():
    """Modules of the public names, as they stand above (dict)."""
    import ast

    tree = ast.parse(__spec__.loader.get_source(__name__))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and len(node.body) > 1)
    return {name.name: f".{node.module}" for node in block.body for name in node.names}


def __getattr__(name):
    from importlib import import_module

    if name == "__all__":
        return sorted([*_public(), "__version__"])
    public = {} if name.startswith("_") else _public()
    if name in public:
        return getattr(import_module(public[name], __name__), name)
    if any(module.startswith(f".{name}.") for module in public.values()):
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)


def __dir__():
    return __getattr__("__all__")
