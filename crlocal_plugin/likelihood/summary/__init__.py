"""What a fit came to, as tables and as text.

What to use when:

- the summary of a fit: `making.fit_summary`, which gives `making.FitSummary`; its tables: `tables`;
- a value with its errors as text: `numbers`; all tables as text or HTML: `texts`;
- the answer in some twenty lines: `brief`.
"""

from .making import NOT_CONVERGED, FitSummary, fit_summary, verdict
from .numbers import interval_text, rounded

__all__ = ["NOT_CONVERGED", "FitSummary", "fit_summary", "interval_text", "rounded", "verdict"]
