"""What to do with the joint likelihood: fits, profiles, summaries."""

from .backends import register_backends
from .covariance import likelihood_covariance
from .measured import set_priors
from .profiles import ProfileLikelihood
from .scans import ProfileScan, scan_profiles
from .selection import find_parameters, fix_parameters, free_parameters, parse_ranges
from .summary import FitSummary, fit_summary

__all__ = [
    "FitSummary",
    "ProfileLikelihood",
    "ProfileScan",
    "find_parameters",
    "fit_summary",
    "fix_parameters",
    "free_parameters",
    "likelihood_covariance",
    "parse_ranges",
    "scan_profiles",
    "set_priors",
]

register_backends()
