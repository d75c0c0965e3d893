"""The paper of Xue & Liu 2025: its figures, its numbers, and its statements against the data."""

from .claims import CLAIMS, Claim, check_claims, claim_steps
from .estimates import FITTED, chi2_table, estimate_parameters, estimate_steps
from .figures import FIGURES, PaperFigure, draw_figure
from .numbers import printed_numbers
from .setting import Setting

__all__ = [
    "CLAIMS",
    "FIGURES",
    "FITTED",
    "Claim",
    "PaperFigure",
    "Setting",
    "check_claims",
    "chi2_table",
    "claim_steps",
    "draw_figure",
    "estimate_parameters",
    "estimate_steps",
    "printed_numbers",
]
