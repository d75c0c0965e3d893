"""The paper of Xue & Liu 2025: its figures, its numbers, and its statements against the data."""

from .claims import (
    CLAIMS,
    Claim,
    check_claims,
)
from .estimates import (
    ESTIMATES,
    FITTED,
    chi2_table,
    estimate_parameters,
)
from .figures import (
    FIGURES,
    PaperFigure,
    draw_figure,
)
from .fits import (
    fit_settings,
    number_of_steps,
)
from .numbers import printed_numbers
from .setting import Setting

__all__ = [
    "CLAIMS",
    "ESTIMATES",
    "FIGURES",
    "FITTED",
    "Claim",
    "PaperFigure",
    "Setting",
    "all_settings",
    "check_claims",
    "chi2_table",
    "draw_figure",
    "estimate_parameters",
    "fit_settings",
    "number_of_steps",
    "printed_numbers",
]


def all_settings():
    """List all settings that chi2, estimates and statements need (list of Setting)."""
    settings = [*FITTED.values(), *(setting for _, setting, _ in ESTIMATES)]
    for claim in CLAIMS:
        settings += claim.settings()
    return settings
