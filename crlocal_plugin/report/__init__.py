"""A fit on one page: what was fitted to what, how well, and whom to cite.

What to use when:

- the page of a fit: `write_report`; the result of a fit that gammapy has written: `read_result`;
- another section: text and layout in ``templates/page.html``, data in ``page.py`` and ``rows.py``;
- another picture: its function in ``plots/pictures.py``, its words in ``templates/pictures.yaml``.
"""

from .saved_result import read_result
from .writing import write_report

__all__ = ["read_result", "write_report"]
