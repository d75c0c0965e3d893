"""Rows of the cosmic-ray database CRDB, from its Python package or from a file of its web site.

CRDB (Maurin et al. 2023, EPJC 83, 971) gives energies in GeV, GeV per nucleon or GV, and fluxes
per m2 s sr and unit of the energy axis. A row of this module has the columns `COLUMNS`.
"""

import csv
import html
from pathlib import Path
from urllib.parse import unquote

import numpy as np
from astropy.table import Table

from ..tables.raw_table import TableError

AXES = {
    "R": "rigidity",
    "EK": "kinetic_energy",
    "EKN": "kinetic_energy_per_nucleon",
    "ETOT": "total_energy",
}
"""Axes by their names in CRDB, which has ETOTN too, a total energy per nucleon."""

_WORDS = ("exp", "sub_exp", "quantity", "e_type", "ads", "datetime")
DATA = ("e", "e_low", "e_high", "value", "stat_low", "stat_high", "syst_low", "syst_high")
_NUMBERS = (*DATA, "is_upper_limit", "phi", "e_relerr")
COLUMNS = (*_WORDS, *_NUMBERS)
"""Experiment, sub-experiment, CRDB name of the quantity, energy axis, ADS bibcode, dates; mean
energy and edges of the bin, value, lower and upper statistical and systematic errors, whether the
value is an upper limit, solar modulation in MV, relative error of the energy scale."""

# in the order of the web site, None for what is not used here
_LAYOUTS = {
    24: (
        *("exp", None, None, None, "sub_exp", None, "e_relerr", None, None, "datetime", "ads"),
        *(None, "quantity", "e_type", *DATA, "is_upper_limit", "phi"),
    ),
    16: ("quantity", "sub_exp", "e_type", *DATA, "ads", "phi", None, "datetime", "is_upper_limit"),
}


def read_rows(path):
    """Rows of a file in the form "csv-asimport" (24 columns), "csv" or "usine" (16 columns)."""
    path = Path(path)
    if not path.is_file():
        raise TableError(f"{path}: expected a file, found none; check the path")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        text = f"{path}: not a text file ({error}); export it from CRDB as CSV"
        raise TableError(text) from error
    # blank where a comment was, so that the reader counts lines as an editor does
    reader = csv.reader("" if line.startswith("#") else line for line in lines)
    rows = [
        _row(f"{path}: line {reader.line_num}", cells[0].split() if len(cells) == 1 else cells)
        for cells in reader
        if cells
    ]
    if not rows:
        raise TableError(f"{path}: expected at least one row, found none; export it from CRDB anew")
    return _tidied(Table(rows=rows))


def _row(where, cells):
    layout = _LAYOUTS.get(len(cells))
    if layout is None:
        raise TableError(
            f"{where}: expected 24 columns (csv-asimport) or 16 (csv, usine), found {len(cells)}; "
            "export the table from CRDB in one of these forms"
        )
    row = {"exp": "", "e_relerr": np.nan}
    row |= {name: cell.strip() for name, cell in zip(layout, cells, strict=True) if name}
    for name in _NUMBERS:
        try:
            row[name] = float(row[name] or "nan")
        except ValueError:
            raise TableError(
                f"{where}, {name}: expected a number, found {row[name]!r}; correct the line or "
                "export the table from CRDB anew"
            ) from None
    return row


def rows_of(records):
    """Rows of the answer of the package ``crdb``; ValueError if it is no table."""
    # of lines that are no rows, such as those of a web page, the package fills a part in
    axes = set(map(str, records["e_type"]))
    if not axes <= {*AXES, "ETOTN"}:
        raise ValueError(
            f"CRDB: the answer is not a table (energy axes {', '.join(map(repr, sorted(axes)))}); "
            "call crdb.clear_cache() and try again"
        )
    values = {name: records[name] for name in COLUMNS if name in records.dtype.names}
    for pair, field in (("e", "e_bin"), ("stat", "err_sta"), ("syst", "err_sys")):
        values[f"{pair}_low"], values[f"{pair}_high"] = records[field].T
    return _tidied(Table(values))


def _tidied(rows):
    for name in _WORDS:
        # the server writes & as &amp; in names, and as %26 in bibcodes
        decode = unquote if name == "ads" else html.unescape
        rows[name] = [decode(str(word)).strip() for word in rows[name]]
    for name in ("stat_low", "stat_high", "syst_low", "syst_high"):
        # lower errors come with either sign; nan, like zero, is an error that is not given
        rows[name] = np.nan_to_num(np.abs(np.asarray(rows[name], dtype=float)), posinf=0.0)
    rows["is_upper_limit"] = np.asarray(rows["is_upper_limit"]) == 1
    return rows[list(COLUMNS)]
