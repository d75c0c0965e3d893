"""The paper of Xue & Liu 2025: its figures, its numbers, and its statements against the data.

What to use when:

- one figure, or all: `figures`; numbers that are printed in the text: `numbers`;
- statements as differences of chi2 after fits: `claims`; how good the fits are: `estimates`;
- a setting of model and data that these rest on: `setting`, and the text of all in ``paper.yaml``;
  all of them fitted: `fits`.
"""

from types import ModuleType as _ModuleType

from .claims import CLAIMS, Claim, check_claims
from .estimates import ESTIMATES, FITTED, chi2_table, estimate_parameters
from .figures import FIGURES, PaperFigure, draw_figure
from .fits import all_settings, fit_settings, number_of_steps
from .numbers import printed_numbers
from .setting import Setting

__all__ = sorted(
    name
    for name, value in globals().items()
    if not (name.startswith("_") or isinstance(value, _ModuleType))
)
