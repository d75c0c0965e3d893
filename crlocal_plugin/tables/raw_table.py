"""Tables as users give them: files, column names and units, and errors that name the place."""

import json
import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io.registry import IORegistryError
from astropy.table import Column, Table

from ..messages import unknown_name
from ..units import is_per_nucleon, read_unit
from ..yaml_limits import check_header

META_KEYWORD = "CRLMETA"
"""Header keyword that holds the meta of a table as JSON."""

_TEXTS = ("name", "experiment", "quantity", "axis", "reference", "hadronic_model", "period")
_META_TYPES = dict.fromkeys(_TEXTS, (str | None, "text", "put it in quotes")) | {
    "simulated": (bool | np.bool_ | None, "true or false", "write it without quotes")
}
"""Types of entries of a meta, what is expected, and what to do."""

_MONTH = r"\d{4}(/(0[1-9]|1[0-2]))?"
PERIOD = re.compile(rf"({_MONTH}(-{_MONTH})?)(\+{_MONTH}(-{_MONTH})?)*")
"""Months of the data, as CRDB has them: 2011/05-2013/11, several with +."""

_NO_LOGARITHMS = ("err", "syst", "shift", "mean_log")
"""Parts of the names of columns that a logarithmic unit cannot be meant for."""


class TableError(ValueError):
    """A measured table that cannot be used as it is; the message says where, why and what to do."""


class RawTable:
    """A file, table or `RawTable` behind the names of a layout; messages have the user's names.

    ``columns`` has the user's names by those of the layout, or pairs of name and unit.
    """

    def __init__(self, source, columns=None, layout=(), label="<table>", lines=None):
        self._columns = {}
        # where the rows stand in a text
        self.lines = lines
        if isinstance(source, RawTable):
            self.label, self.table, self.meta = source.label, source.table, dict(source.meta)
            self.lines = source.lines
        elif isinstance(source, Table):
            self.label, self.table = label, Table(source, copy=True)
            self.meta = self._read_meta()
        else:
            self.label = os.fspath(source)
            self.table = self._read(Path(source))
            self.meta = {"name": Path(source).stem} | self._read_meta()
        if len(self.table) == 0:
            raise self.error("expected at least one row, got none; give a table with data")
        columns = {} if columns is None else columns
        if not isinstance(columns, Mapping):
            raise self.error(
                f"columns: expected a dictionary of layout names to yours, got {columns!r}; write "
                "it as in columns={'energy': ('E', 'TeV')}"
            )
        # names of columns whose unit is per nucleon
        self.per_nucleon = frozenset()
        self._columns |= {name: (name, None) for name in layout if name in self.table.colnames}
        self._columns |= {name: self._mapped(name, columns[name], layout) for name in columns}
        units = {name: self.table[column].unit for name, (column, _) in self._columns.items()}
        self.per_nucleon |= {
            name for name, unit in units.items() if unit is not None and is_per_nucleon(unit)
        }

    def _read(self, path):
        if not path.is_file():
            raise self.error("expected a file, found none; check the path")
        try:
            check_header(path)
            with warnings.catch_warnings():
                # units are read where they are needed
                warnings.simplefilter("ignore", u.UnitsWarning)
                try:
                    table = Table.read(path)
                except IORegistryError:
                    table = Table.read(path, format="ascii")
            table.convert_bytestring_to_unicode()
            return table
        except Exception as error:
            # astropy's reason may run over dozens of lines that list every format it tried
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise self.error(
                f"cannot be read as a table ({reason[0]}); give an ECSV or FITS table, or read an "
                "export of CRDB with read_crdb_export"
            ) from error

    def _read_meta(self):
        meta = dict(self.table.meta)
        try:
            meta = json.loads(meta[META_KEYWORD]) if META_KEYWORD in meta else meta
        except (TypeError, ValueError) as error:
            raise self.error(
                f"expected JSON under {META_KEYWORD} ({error}); write the table anew"
            ) from error
        if not isinstance(meta, dict):
            raise self.error(
                f"expected a dictionary as JSON under {META_KEYWORD}, got {meta!r}; write the "
                "table anew"
            )
        self._require_meta(meta)
        return meta

    def _require_meta(self, meta):
        for key, (types, expected, remedy) in _META_TYPES.items():
            if key in meta and not isinstance(meta[key], types):
                raise self.error(f"{key}: expected {expected}, got {meta[key]!r}; {remedy}")
        period = meta.get("period")
        if period and not PERIOD.fullmatch(period):
            text = f"period: expected months such as 2011/05-2013/11, got {period!r}"
            raise self.error(f"{text}; correct it or leave it out")
        level = meta.get("ul_confidence", 0.95)
        if not (is_number(level) and 0.5 < float(level) < 1):
            text = f"ul_confidence: expected a number between 0.5 and 1, got {level!r}"
            raise self.error(f"{text}; write 95 % as 0.95")

    def _mapped(self, name, given, layout):
        """The user's name of a column, and its unit, from an entry of ``columns``."""
        if name not in layout:
            raise self.error(f"columns: {unknown_name(name, layout, 'layout name ')}")
        is_pair = isinstance(given, tuple | list) and len(given) == 2
        column, unit = given if is_pair else (given, None)
        if not isinstance(column, str):
            raise self.error(
                f"columns: expected a column name or a pair of name and unit, got {given!r}; "
                f"correct the entry {name!r}"
            )
        if column not in self.table.colnames:
            raise self.error(
                f"column {column!r}: expected this column for {name!r}, the table has "
                f"{', '.join(self.table.colnames)}; correct the name in columns"
            )
        try:
            if unit is not None and is_per_nucleon(unit):
                self.per_nucleon |= {name}
            return column, None if unit is None else read_unit(unit)
        except (TypeError, ValueError) as error:
            raise self.error(
                f"column {column!r}: cannot read the unit {unit!r}; write it as astropy does, such "
                "as 'GeV', 'GeV/n' or '1 / (GeV m2 s sr)'"
            ) from error

    def error(self, text, column=None, row=None):
        """TableError that names the table, row and column."""
        at = f"row {row}" if self.lines is None or row is None else f"line {self.lines[row]}"
        place = "" if row is None else f"{at}, "
        place += "" if column is None else f"column {self.given_name(column)!r}: "
        return TableError(f"{self.label}: {place}{text}")

    def has(self, name):
        """Whether the table has a column of this layout name."""
        return name in self._columns

    @property
    def names(self):
        """Layout names of the columns that it has (list of str)."""
        return list(self._columns)

    def given_name(self, name):
        """Return the user's name of a column."""
        return self._columns[name][0] if self.has(name) else name

    def missing(self, name):
        """TableError for a column that is not there."""
        return self.error(
            f"expected this column, the table has {', '.join(self.table.colnames)}; add it or "
            f"name it, as in columns={{{name!r}: 'your column'}}",
            name,
        )

    def require(self, name, good, text):
        """Raise for the first row that is not good, by a text "what is expected; what to do"."""
        rows = np.flatnonzero(~good)
        if rows.size:
            expected, remedy = text.split("; ")
            got = self.table[self.given_name(name)][rows[0]]
            raise self.error(f"expected {expected}, got {got}; {remedy}", name, rows[0])

    def numbers(self, name, unit, *, blank_allowed=False):
        """Column as floats in the unit, nan for a blank if those are allowed."""
        if not self.has(name):
            raise self.missing(name)
        column = self.table[self.given_name(name)]
        if column.ndim != 1:
            raise self.error(
                f"expected one number per row, got {column.shape[1:]}; split the column", name
            )
        present = ~np.ma.getmaskarray(column)
        if np.asarray(column).dtype.kind not in "iuf":
            good = [not there or is_number(v) for there, v in zip(present, column, strict=True)]
            self.require(name, np.array(good), "a number; correct the entry")
        values = np.full(len(column), np.nan)
        values[present] = np.asarray(column[present], dtype=float)
        values = self._converted(name, values, unit)
        self.require(
            name,
            ~np.isinf(values) if blank_allowed else np.isfinite(values),
            "a finite number; remove the row, or write 0 for an error that is not given",
        )
        return values

    def _converted(self, name, values, expected):
        """Values of a column in the unit, from another one, which may be logarithmic."""
        column, declared = self._columns[name]
        own = self.table[column].unit
        try:
            own = None if own is None else read_unit(own)
        except ValueError as error:
            text = f"expected a unit like {expected}, got {own}"
            raise self.error(f"{text}; correct the unit or convert the values", name) from error
        if None not in (own, declared) and own != declared:
            raise self.error(
                f"the table gives the unit {own}, columns gives {declared}; correct one of the two",
                name,
            )
        unit = own if declared is None else declared
        if unit is None and expected != u.dimensionless_unscaled:
            raise self.error(
                f"expected a unit like {expected}, got none; set it in the table, or as in "
                f"columns={{{name!r}: ({column!r}, '{expected}')}}",
                name,
            )
        wanted = f"a unit like {expected}" if str(expected) else "no unit, it is a number"
        if isinstance(unit, u.LogUnit) and any(part in name for part in _NO_LOGARITHMS):
            raise self.error(
                f"expected {wanted}, got {unit}, which is logarithmic; give errors in the unit of "
                "the value itself, and logarithms without one",
                name,
            )
        try:
            with np.errstate(over="ignore"):
                return values if unit is None else unit.to(expected, values)
        except (TypeError, ValueError) as error:
            raise self.error(
                f"expected {wanted}, got {unit}; correct the unit or convert the values", name
            ) from error

    def flags(self, name):
        """Column as booleans; a CSV file may have them as text or as 0 and 1."""
        known = {"true": True, "1": True, "false": False, "0": False}
        found = [known.get(str(v).strip().lower()) for v in self.table[self.given_name(name)]]
        good = np.array([value is not None for value in found])
        self.require(name, good, "true or false; correct the entry")
        return np.array(found)

    def error_sides(self, stem, unit, *, blank_allowed=False):
        """First column's name, lower and upper errors; None if there are no such columns."""
        *pair, symmetric = error_names(stem)
        is_pair = any(map(self.has, pair))
        if not (is_pair or self.has(symmetric)):
            return None
        if is_pair and self.has(symmetric):
            raise self.error(
                "the error is given twice, as one column and as a pair; keep one of the two",
                symmetric,
            )
        names = pair if is_pair else (symmetric, symmetric)
        sides = [self.numbers(name, unit, blank_allowed=blank_allowed) for name in names]
        for name, values in zip(names, sides, strict=True):
            self.require(name, ~(values < 0), "an error that is not negative; correct the sign")
        return names[0], *sides

    def normalised(self, content, **meta):
        """Table of columns given as pairs of values and unit, with this meta and some more."""
        columns = [Column(values, name, unit=unit) for name, (values, unit) in content.items()]
        meta = self.meta | {key: value for key, value in meta.items() if value is not None}
        self._require_meta(meta)
        return Table(columns, meta=meta)


def error_names(stem):
    """Names of the columns of an error: lower, upper, symmetric."""
    return (f"{stem}_errn", f"{stem}_errp", f"{stem}_err")


def is_number(value):
    """Whether the value can be read as a real number."""
    if np.iscomplexobj(value):
        return False
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
