"""Named selections of tables, as they are in ``data/selections.yaml``."""

from dataclasses import dataclass
from pathlib import Path

from astropy import units as u

from ..files import shipped_yaml
from .index import DATA


@dataclass(frozen=True)
class SelectionItem:
    """A table, or the part of it inside a range.

    Parameters
    ----------
    name : str
        Name of the table; for a file, its stem.
    energy_range : tuple of `~astropy.units.Quantity` or None
        Lowest value, inclusive, and highest, exclusive, on the axis of the table; None for no cut.
    path : `~pathlib.Path`, optional
        The file, if the table is not one of the catalogue.
    alternatives : tuple of str, optional
        Tables of the same measurement for other hadronic models.
    """

    name: str
    energy_range: tuple[u.Quantity | None, u.Quantity | None] = (None, None)
    path: Path | None = None
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selection:
    """Tables that belong together under one name.

    ``description`` is what they are for, ``items`` has a `SelectionItem` for each, and
    ``allow_overlap`` is whether some are meant to share events, as in a picture.
    """

    description: str
    items: tuple[SelectionItem, ...]
    allow_overlap: bool = False


def _items(entry):
    """Tables of a name, of a name with the ends of a range, or of a list of those."""
    if isinstance(entry, list):
        return tuple(item for part in entry for item in _items(part))
    if isinstance(entry, str):
        return (SelectionItem(entry),)
    ends = (entry.get(key) for key in ("from", "below"))
    return (SelectionItem(entry["name"], tuple(end and u.Quantity(end) for end in ends)),)


_CONTENT = shipped_yaml(DATA / "selections.yaml")

DEFAULT_SELECTION = "newest-dipoles"
"""Selection of an analysis that names none."""

SELECTIONS = {
    name: Selection(entry.pop("description"), _items(entry.pop("tables")), **entry)
    for name, entry in _CONTENT["selections"].items()
}
"""Selections by name."""
