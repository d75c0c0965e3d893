"""The index of the tables that the package ships, ``data/index.ecsv``, and their files."""

import functools
from importlib import resources
from pathlib import Path

from astropy.table import Table

from ..messages import close_name
from ..tables.kinds import KINDS

DATA = Path(str(resources.files(__package__))) / "data"
"""Folder of the tables."""


@functools.cache
def _index():
    # astropy reads empty text as masked.
    return Table.read(DATA / "index.ecsv").filled("")


@functools.cache
def rows():
    """Rows of the index by name, as dictionaries of plain Python values (shared by all callers)."""
    index = _index()
    found = [dict(zip(index.colnames, row, strict=True)) for row in index.as_array().tolist()]
    return {row["name"]: row for row in found}


def row_of(name):
    """Row of a table of the catalogue; ValueError if there is none."""
    if name not in rows():
        raise ValueError(no_such(name, "table", rows()))
    return rows()[name]


def no_such(name, what, known):
    """Say that there is nothing of this name, and which one may be meant."""
    close = close_name(name, known)
    hint = f"did you mean {close!r}?" if close else "see catalog() or crlocal data list"
    return f"no {what} is called {name!r}; {hint}"


def catalog():
    """Table of all tables that the package ships, the caller's own copy.

    Returns
    -------
    `~astropy.table.Table`
        One row per table: ``name``; ``kind``, one of `crlocal_plugin.tables.kinds.KINDS`;
        ``experiment``; ``quantity``; ``axis``; ``hadronic_model``, empty if none; ``points``;
        ``x_min`` and ``x_max`` in ``unit``; ``reference``, and its BibTeX key ``bibtex``;
        ``floor``, the systematic error recommended for fits; ``phase_floor_deg``, that of phases.
    """
    return _index().copy()


def table_path(name):
    """ECSV file of a table of the catalogue (`~pathlib.Path`); ValueError if there is none."""
    folder = "anisotropy" if row_of(name)["kind"] == "dipole" else "spectra"
    return DATA / folder / f"{name}.ecsv"


def read_catalog_table(name):
    """Read a table of the catalogue.

    Parameters
    ----------
    name : str
        Name in the catalogue; ValueError if it has no such table.

    Returns
    -------
    `~astropy.table.Table`
        Table in the layout of its kind, see `crlocal_plugin.tables`.
    """
    return KINDS[row_of(name)["kind"]].read(table_path(name))
