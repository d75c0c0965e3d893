"""A fit on one page: what was fitted to what, how well, and whom to cite."""

from .saved_result import read_result
from .writing import write_report

__all__ = ["read_result", "write_report"]
