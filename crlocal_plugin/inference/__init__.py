"""What a fit says: summaries of parameters, priors, floors and chi2 per dataset."""

from .backends import register_backends
from .selection import fix_parameters, free_parameters
from .summary import FitSummary, fit_summary

__all__ = ["FitSummary", "fit_summary", "fix_parameters", "free_parameters"]

register_backends()
