"""gammapy datasets: measured spectra and dipoles with their likelihoods, and the shipped tables."""

from .catalog import SELECTIONS, OverlapError, catalog, read_catalog_table, table_path
from .citations import bibtex, citations
from .collection import CosmicRayDatasets
from .crdb import read_crdb, read_crdb_export
from .dipole import DipoleDataset
from .flux import CosmicRayFluxDataset
from .hadronic import join_hadronic_models
from .identifiability import DegenerateParametersWarning
from .joint_likelihood import JointLikelihood
from .loading import load_datasets
from .mean_log_mass import MeanLogMassDataset
from .tables import TableError

__all__ = [
    "SELECTIONS",
    "CosmicRayDatasets",
    "CosmicRayFluxDataset",
    "DegenerateParametersWarning",
    "DipoleDataset",
    "JointLikelihood",
    "MeanLogMassDataset",
    "OverlapError",
    "TableError",
    "bibtex",
    "catalog",
    "citations",
    "join_hadronic_models",
    "load_datasets",
    "read_catalog_table",
    "read_crdb",
    "read_crdb_export",
    "table_path",
]
