"""A fit on one page: what was fitted to what, how well, and whom to cite.

`write_report` writes the page of a fit in memory; `read_result` reads what gammapy saved of one.
A section of the page is a ``call section`` in ``templates/page.html``, which prints what
``page.py`` collects (``rows.py`` for tables). A picture is an entry of
``plots.pictures.PICTURES`` and its words in ``pictures.py``.
"""

from .saved_result import read_result
from .writing import write_report

__all__ = ["read_result", "write_report"]
