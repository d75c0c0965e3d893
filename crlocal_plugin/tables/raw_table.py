"""Tables as users give them: files, column names and units, and errors that name the place."""

import json
import os
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io.registry import IORegistryError
from astropy.table import Column, Table

from ..messages import unknown_name
from ..yaml_limits import check_header

META_KEYWORD = "CRLMETA"
"""Header keyword that holds the meta of a table as JSON."""


class TableError(ValueError):
    """A measured table that cannot be used as it is; the message says where, why and what to do."""


class RawTable:
    """A file, or a table, as the user gave it, behind the names of a layout.

    ``columns`` has the user's names by those of the layout, or pairs of name and unit. A file that
    has been read already is given as a `RawTable`, and goes by another layout from then on.
    """

    def __init__(self, source, columns=None, layout=(), label="<table>"):
        if isinstance(source, RawTable):
            self.label, self.table, self.meta = source.label, source.table, dict(source.meta)
        elif isinstance(source, Table):
            self.label = label
            self.table = Table(source, copy=True)
            self.meta = self._read_meta()
        else:
            self.label = os.fspath(source)
            self.table = self._read(Path(source))
            self.meta = {"name": Path(source).stem} | self._read_meta()
        if len(self.table) == 0:
            raise self.error("expected at least one row, got none", "give a table with data")

        self._columns = {name: (name, None) for name in layout if name in self.table.colnames}
        for name, given in (columns or {}).items():
            self._map(name, given, tuple(layout))

    def _read(self, path):
        if not path.is_file():
            raise self.error("expected a file, found none", "check the path")
        try:
            check_header(path)
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
                f"cannot be read as a table ({reason[0]})",
                "give an ECSV or FITS table, or read an export of CRDB with read_crdb_export",
            ) from error

    def _read_meta(self):
        meta = dict(self.table.meta)
        if META_KEYWORD not in meta:
            return meta
        try:
            return json.loads(meta[META_KEYWORD])
        except (TypeError, ValueError) as error:
            raise self.error(
                f"expected JSON under {META_KEYWORD} ({error})", "write the table anew"
            ) from error

    def _map(self, name, given, layout):
        if name not in layout:
            raise TableError(f"{self.label}: columns: {unknown_name(name, layout, 'layout name ')}")
        try:
            column, unit = (given, None) if isinstance(given, str) else given
        except (TypeError, ValueError) as error:
            raise self.error(
                f"columns: expected a column name or a pair of name and unit, got {given!r}",
                f"correct the entry {name!r}",
            ) from error
        if column not in self.table.colnames:
            raise self.error(
                f"expected this column for {name!r}, the table has "
                f"{', '.join(self.table.colnames)}",
                "correct the name in columns",
                column=column,
            )
        try:
            unit = None if unit is None else u.Unit(unit)
        except (TypeError, ValueError) as error:
            raise self.error(
                f"cannot read the unit {unit!r} ({error})",
                "write it as astropy does, such as 'GeV' or '1 / (GeV m2 s sr)'",
                column=column,
            ) from error
        self._columns[name] = (column, unit)

    def error(self, problem, remedy, *, column=None, row=None):
        """TableError that names the table, row and column."""
        place = []
        if row is not None:
            place.append(f"row {row}")
        if column is not None:
            place.append(f"column {column!r}")
        where = f"{self.label}: " + (", ".join(place) + ": " if place else "")
        return TableError(f"{where}{problem}; {remedy}")

    def has(self, name):
        """Whether the table has a column of this layout name."""
        return name in self._columns

    def given_name(self, name):
        """Return the user's name of a column."""
        return self._columns[name][0] if self.has(name) else name

    def missing(self, name):
        """TableError for a column that is not there."""
        return self.error(
            f"expected this column, the table has {', '.join(self.table.colnames)}",
            f"add it or name it, as in columns={{{name!r}: 'your column'}}",
            column=name,
        )

    def require(self, name, good, expected, remedy):
        """Raise for the first row that is not good, showing what the user's table has there."""
        rows = np.flatnonzero(~good)
        if rows.size:
            column = self.given_name(name)
            raise self.error(
                f"expected {expected}, got {self.table[column][rows[0]]}",
                remedy,
                column=column,
                row=rows[0],
            )

    def numbers(self, name, unit, *, blank_allowed=False):
        """Column as floats in the unit, nan for a blank if those are allowed."""
        if not self.has(name):
            raise self.missing(name)
        column = self.table[self.given_name(name)]
        if column.ndim != 1:
            raise self.error(
                f"expected one number per row, got {column.shape[1:]}",
                "split the column",
                column=self.given_name(name),
            )
        values = np.full(len(column), np.nan)
        present = ~np.ma.getmaskarray(column)
        try:
            values[present] = np.asarray(column[present], dtype=float)
        except (TypeError, ValueError):
            good = [not there or is_number(v) for there, v in zip(present, column, strict=True)]
            self.require(name, np.array(good), "a number", "correct the entry")
            raise
        values = values * self._factor_to(name, unit)
        self.require(
            name,
            ~np.isinf(values) if blank_allowed else np.isfinite(values),
            "a finite number",
            "remove the row, or write 0 for an error that is not given",
        )
        return values

    def _factor_to(self, name, expected):
        column, declared = self._columns[name]
        own = self.table[column].unit
        if None not in (own, declared) and own != declared:
            raise self.error(
                f"the table gives the unit {own}, columns gives {declared}",
                "correct one of the two",
                column=column,
            )
        unit = own if declared is None else declared
        if unit is None:
            if expected == u.dimensionless_unscaled:
                return 1.0
            raise self.error(
                f"expected a unit like {expected}, got none",
                f"set it in the table, or as in columns={{{name!r}: ({column!r}, '{expected}')}}",
                column=column,
            )
        if unit == expected:
            return 1.0
        try:
            return unit.to(expected)
        except u.UnitConversionError as error:
            wanted = f"a unit like {expected}" if str(expected) else "no unit, it is a number"
            raise self.error(
                f"expected {wanted}, got {unit}",
                "correct the unit or convert the values",
                column=column,
            ) from error

    def flags(self, name):
        """Column as booleans; a CSV file may have them as text or as 0 and 1."""
        column = self.table[self.given_name(name)]
        known = {"true": True, "1": True, "false": False, "0": False}
        words = [str(value).strip().lower() for value in column]
        self.require(
            name, np.array([w in known for w in words]), "true or false", "correct the entry"
        )
        return np.array([known[w] for w in words])

    def words(self, name):
        """Column as text."""
        return np.asarray(np.ma.filled(self.table[self.given_name(name)], "")).astype(str)

    def error_sides(self, stem, unit, *, blank_allowed=False):
        """First column's name, lower and upper errors; None if there are no such columns."""
        lower, upper, symmetric = error_names(stem)
        pair = self.has(lower) or self.has(upper)
        if self.has(symmetric) and pair:
            raise self.error(
                "the error is given twice, as one column and as a pair",
                "keep one of the two",
                column=self.given_name(symmetric),
            )
        if not (pair or self.has(symmetric)):
            return None
        names = (lower, upper) if pair else (symmetric, symmetric)
        sides = [self.numbers(name, unit, blank_allowed=blank_allowed) for name in names]
        for name, values in zip(names, sides, strict=True):
            self.require(name, ~(values < 0), "an error that is not negative", "correct the sign")
        return names[0], *sides

    def confidence(self):
        """Confidence level of the upper limits."""
        confidence = self.meta.get("ul_confidence", 0.95)
        if not (is_number(confidence) and 0.5 < float(confidence) < 1):
            raise self.error(
                f"ul_confidence: expected a number between 0.5 and 1, got {confidence!r}",
                "write 95 % as 0.95",
            )
        return float(confidence)

    def normalised(self, content, **meta):
        """Table of columns given as pairs of values and unit, with this meta and some more."""
        result = Table(
            [Column(values, name=name, unit=unit) for name, (values, unit) in content.items()]
        )
        result.meta = self.meta | {key: value for key, value in meta.items() if value is not None}
        return result


def error_names(stem):
    """Names of the columns of an error: lower, upper, symmetric."""
    return (f"{stem}_errn", f"{stem}_errp", f"{stem}_err")


def is_number(value):
    """Whether the value can be read as a number."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
