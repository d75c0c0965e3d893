"""What to do with the joint likelihood: fits, profiles, summaries."""

from .analysis import Analysis
from .analysis_errors import AnalysisError
from .backends import register_backends
from .bands import Band, DipoleBand, composition_band, dipole_band, intensity_band, propagate
from .comparison import compare_models
from .covariance import likelihood_covariance
from .coverage import ToyStudy
from .identifiability import Identifiability, identifiability
from .measured import set_priors
from .nested import nested_sample
from .posterior import Posterior, UnconvergedError
from .prior_distributions import set_proper_priors
from .profiles import ProfileLikelihood
from .sampling import sample
from .scans import ProfileScan, scan_profiles
from .selection import find_parameters, fix_parameters, free_parameters, parse_ranges
from .starts import RandomStarts, lowest_minimum, random_starts
from .summary import FitSummary, fit_summary
from .toys import run_toys

__all__ = [
    "Analysis",
    "AnalysisError",
    "Band",
    "DipoleBand",
    "FitSummary",
    "Identifiability",
    "Posterior",
    "ProfileLikelihood",
    "ProfileScan",
    "RandomStarts",
    "ToyStudy",
    "UnconvergedError",
    "compare_models",
    "composition_band",
    "dipole_band",
    "find_parameters",
    "fit_summary",
    "fix_parameters",
    "free_parameters",
    "identifiability",
    "intensity_band",
    "likelihood_covariance",
    "lowest_minimum",
    "nested_sample",
    "parse_ranges",
    "propagate",
    "random_starts",
    "run_toys",
    "sample",
    "scan_profiles",
    "set_priors",
    "set_proper_priors",
]

register_backends()
