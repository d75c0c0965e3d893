"""A fit on one page: what was fitted to what, how well, and whom to cite."""

from .saved_fit import SavedFit, read_fit
from .writing import write_report, write_text

__all__ = ["SavedFit", "read_fit", "write_report", "write_text"]
