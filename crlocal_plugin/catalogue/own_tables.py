"""Tables of others, read in whatever form they come: `read_table`."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from astropy import units as u
from astropy.table import Table

from ..messages import unknown_name
from ..tables.hepdata import read_hepdata
from ..tables.kinds import KINDS
from ..tables.kiss import is_kiss, read_kiss
from ..tables.proposal import propose, unit_in_name
from ..tables.raw_table import RawTable, TableError
from ..tables.text import read_text
from ..units import is_unit, read_unit
from .crdb_rows import AXES, read_rows
from .crdb_tables import experiments, measurements, plain, reference_of

_X = ("rigidity", "energy")
_HEADS = (*_X, *(name for kind in KINDS.values() for name in kind.columns), "phase", "is_ul")
_HEADS += ("tangential_err", "error_axis", "site", "hadronic_shift", "ra", "dec")
"""What the names of columns of the layout begin with."""


class ReadTable(Table):
    """Table as `read_table` gives it; printed, it says first what was read as what."""

    def __repr__(self):
        return self._headed(super().__repr__())

    def __str__(self):
        return self._headed(super().__str__())

    def _headed(self, text):
        # a part of a table may have no values
        is_whole = "read_from" in self.meta and _kind(self.colnames)
        return f"{understood(self)}\n\n{text}" if is_whole else text


class _Opened(NamedTuple):
    """A file as it is: its form, what columns of the layout were if the form tells, and hints."""

    raw: RawTable
    form: str
    read_as: Mapping | None = None
    hints: Sequence[str] = ()


def understood(table):
    """What a table that `read_table` has read was taken for (str of several lines)."""
    meta, source = table.meta, table.meta["read_from"]
    kind = KINDS[_kind(table.colnames)]
    entries = {"read as": f"{kind.description}, for {kind.dataset}"}
    known = ("quantity", "axis", "experiment", "reference")
    entries |= {name: meta[name] for name in known if meta.get(name)} | source["columns"]
    if source["not_used"]:
        entries["not used"] = ", ".join(source["not_used"])
    width = max(map(len, entries))
    lines = [f"  {name:{width}}  {text}" for name, text in entries.items()]
    return "\n".join([f"{source['file']}: {source['form']}, {len(table)} rows", *lines])


def read_table(path, columns=None, *, quantity=None, axis=None, experiment=None, part=None):
    """Read a measured table of any of the forms in which they are published.

    Forms are those of the package (ECSV, FITS), CSV and other text, YAML, JSON or CSV of HEPData,
    exports of CRDB, those for USINE among them, and tables of KISS. Columns are taken for what
    their names and units say, and the table says what that was. What they do not say is asked for.

    Parameters
    ----------
    path : path-like
        File.
    columns : dict, optional
        What is not told from the names, or other than it looks: layout name to column name, or to a
        pair of it and a unit, such as ``{"energy": ("E", "TeV")}``. An error without a unit has
        that of its value.
    quantity, axis, experiment : str, optional
        As for `CosmicRayFluxDataset.read`; by default what the file says.
    part : str, optional
        Which of several tables in a file: name or number of a variable of HEPData, name of a table
        of CRDB.

    Returns
    -------
    `~astropy.table.Table`
        Table in the layout of the package, which datasets take: of a spectrum,
        ``crl.CosmicRayFluxDataset.read(table)``. ``meta["read_from"]`` has file, form and columns.

    Raises
    ------
    TableError
        If something is not known, or wrong; the message names the file, and line and column.

    Examples
    --------
    ``crl.read_table("protons.csv", {"energy": ("E", "TeV")}, quantity="H", axis="kinetic_energy")``
    """
    path = Path(path)
    raw, form, read_as, hints = _open(path, part, quantity)
    # columns that are not there are refused first
    RawTable(raw, columns, layout=columns or ())
    for name in columns or ():
        if not str(name).startswith(_HEADS):
            raise raw.error(f"columns: {unknown_name(name, _HEADS, 'layout name ')}")
    mapping = dict(columns or {})
    names, told = raw.table.colnames, {}
    if not _has_layout(names):
        proposed, told = propose(path, raw.table, mapping, hints)
        mapping = proposed | mapping
    kind = _kind([*mapping, *names])
    if not _has_layout([*mapping, *names]):
        raise _nothing_found(raw, "energies or rigidities" if kind else "values", mapping)
    mapping = _without_percent(raw.table, _with_units(raw.table, mapping))
    read = KINDS[kind].read
    given = {
        name: value or raw.meta.get(name) or told.get(name)
        for name, value in {"quantity": quantity, "axis": axis}.items()
        if name in inspect.signature(read).parameters
    }
    _ask(raw, mapping, given, kind)
    _drop_signs(raw.table, mapping)
    result = ReadTable(read(raw, columns=mapping, experiment=experiment, **given))
    sources = {name: (name, None) for name in result.colnames if name in names} | mapping
    if read_as is None:
        in_order = sorted(sources, key=lambda name: names.index(sources[name][0]))
        read_as = {name: _described(raw.table, *sources[name]) for name in in_order}
    used = {column for column, _ in sources.values()}
    not_used = [name for name in names if name not in used]
    result.meta["read_from"] = {"file": path.name, "form": form, "columns": dict(read_as)}
    result.meta["read_from"]["not_used"] = not_used
    return result


def open_own(path):
    """`RawTable` of a file of a user: as it is, if it has the layout, or as `read_table` has it."""
    raw = _open(Path(path)).raw
    has_layout = _has_layout(raw.table.colnames)
    return raw if has_layout else RawTable(read_table(path), label=str(path))


def _kind(names):
    """Name of the kind of a table with columns of these layout names, or None."""
    found = (name for name, kind in KINDS.items() if set(kind.columns) & set(names))
    return next(found, None)


def _has_layout(names):
    """Whether layout names of values and of rigidities or energies are among some names."""
    return _kind(names) is not None and not set(_X).isdisjoint(names)


# ---------------------------------------------------------------- forms


def _open(path, part=None, quantity=None):
    """`_Opened` of a file."""
    if not path.is_file():
        raise TableError(f"{path}: expected a file, found none; check the path")
    content = path.read_bytes()
    if content.startswith((b"SIMPLE", b"# %ECSV", b"<?xml", b"\x1f\x8b")):
        form = {b"S": "FITS", b"#": "ECSV"}.get(content[:1], "table that astropy reads")
        return _Opened(RawTable(path), form)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: not a text ({error}); give CSV, ECSV, FITS or YAML") from error
    if path.suffix in (".yaml", ".yml", ".json") or "independent_variables" in text:
        table, hints = read_hepdata(path, text, part)
        table.meta["name"] = path.stem
        return _Opened(RawTable(table, label=str(path)), "HEPData", hints=hints)
    if _is_crdb(text):
        return _of_crdb(path, part, quantity)
    table, comments, lines = read_text(path, text)
    form, read_as = "table of text", None
    if any(line.startswith(":") for line in comments):
        form = "CSV of HEPData"
    if is_kiss(text):
        form = "KISS"
        table, read_as = read_kiss(path, table, comments)
        if "bibcode" in table.meta:
            table.meta["reference"] = reference_of(table.meta["bibcode"])
        name = table.meta.get("experiment", "")
        table.meta["experiment"] = experiments().get(plain(name), name)
    table.meta["name"] = path.stem
    return _Opened(RawTable(table, label=str(path), lines=lines), form, read_as)


def _is_crdb(text):
    """Whether a text is an export of CRDB: its first row has 16 or 24 entries, among them an axis.

    One that says to be for USINE is one, be its rows right or not.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if any("Format: USINE" in line for line in lines if line.startswith("#")):
        return True
    first = next((line for line in lines if not line.startswith("#")), "")
    entries = first.split(",") if "," in first else first.split()
    return len(entries) in (16, 24) and not {*AXES, "ETOTN"}.isdisjoint(map(str.strip, entries))


def _of_crdb(path, part, quantity):
    rows = read_rows(path)
    found = measurements(rows)
    if quantity:
        # what the file has, or else what it is to be taken for
        own = [measurement for measurement in found if measurement.quantity == quantity]
        found = own or measurements(rows, quantity)
    names = [measurement.name for measurement in found]
    if part not in (None, *names):
        raise TableError(f"{path}: {unknown_name(part, names, 'part ')}")
    if part is None and len(found) > 1:
        raise TableError(
            f"{path}: expected one table, found {', '.join(names)}; pass part={names[0]!r}, say, "
            "or read all with read_crdb_export"
        )
    table = found[0 if part is None else names.index(part)].table()
    words = {"stat": "statistical error", "syst": "systematic error", "min": "lower edge of bin"}
    words |= {"max": "upper edge of bin", "is_ul": "is upper limit", **dict.fromkeys(_X, "mean")}
    read_as = {
        name: next((word for key, word in words.items() if key in name), "value")
        for name in table.colnames
    }
    return _Opened(RawTable(table, label=str(path)), "export of CRDB", read_as)


# ---------------------------------------------------------------- units, and what is not known


def _with_units(table, mapping):
    """Mapping of pairs of column and unit: that in its name, or that of what it is an error of."""
    pairs = {name: (m, None) if isinstance(m, str) else tuple(m) for name, m in mapping.items()}
    for name, (column, unit) in pairs.items():
        unit = unit_in_name(column) if unit is None and table[column].unit is None else unit
        # a right ascension in hours
        is_hours = name.startswith("phase") and unit in ("h", "hr", "hour", "hours")
        pairs[name] = column, "hourangle" if is_hours else unit
    for name, (column, unit) in pairs.items():
        base = next((one for one in _HEADS if name.startswith(f"{one}_")), None)
        if unit is None and table[column].unit is None and base and name != "energy_width":
            of_base, unit = pairs.get(base, (base, None))
            if unit is None and of_base in table.colnames:
                unit = str(table[of_base].unit or "")
            is_plain = unit and is_unit(unit) and not isinstance(read_unit(unit), u.LogUnit)
            pairs[name] = column, unit if is_plain else None
    return pairs


def _without_percent(table, mapping):
    """Mapping with errors in per cent of an intensity made errors in its unit."""
    value, unit = mapping.get("intensity", ("intensity", None))
    for name, (column, percent) in mapping.items():
        own = percent or str(table[column].unit or "")
        if name.startswith("intensity_") and own == "%" and value in table.colnames:
            absolute = np.abs(table[value]) * np.asarray(table[column], dtype=float) / 100
            table[column] = np.ma.filled(absolute, np.nan)
            mapping = mapping | {name: (column, unit or str(table[value].unit or "") or None)}
            table[column].unit = None
    return mapping


def _ask(raw, mapping, given, kind):
    """Ask for what nothing tells, in one message."""
    names = {name: (name, None) for name in raw.table.colnames} | mapping
    # columns that mean nothing without a unit, and what it may be
    units = {"rigidity": "GV", "energy": "GeV", "phase": "deg"}
    units["intensity"] = f"m-2 s-1 sr-1 {'GV' if 'rigidity' in names else 'GeV'}-1"
    bare = {
        name: column
        for name, (column, unit) in names.items()
        if name in units and unit is None and raw.table[column].unit is None
    }
    missing = [f"the unit of {column!r}" for column in bare.values()]
    options = [f"{name!r}: ({column!r}, {units[name]!r})" for name, column in bare.items()]
    options = [f"columns={{{', '.join(options)}}}"] if options else []
    flags = [f"'{name}={column}:{units[name]}'" for name, column in bare.items()]
    flags = [f"--columns {' '.join(flags)}"] if flags else []
    examples = {}
    if "quantity" in given and not given["quantity"]:
        missing.append("the quantity")
        examples["quantity"] = "B/C" if kind == "ratio" else "H"
    # what has no quantity of its own has one axis
    if "quantity" in given and not given["axis"] and "rigidity" not in names:
        missing.append("which energy it is")
        examples["axis"] = "kinetic_energy"
    options += [f"{name}={value!r}" for name, value in examples.items()]
    flags += [f"--{name} {value}" for name, value in examples.items()]
    if missing:
        proposed = ", ".join(f"{name} = {column}" for name, (column, _) in mapping.items())
        raise raw.error(
            f"{f'columns are read as {proposed}; ' if proposed else ''}"
            f"the file does not say {', '.join(missing)}; pass what holds, as in "
            f"read_table(path, {', '.join(options)}), or crlocal data check FILE {' '.join(flags)}"
        )


def _nothing_found(raw, what, mapping):
    names = raw.table.colnames
    if any(name.endswith("_min") for name in mapping):
        return raw.error(
            "there are edges of bins, and no rigidity or energy of the points; add a column of "
            "them, such as geometric means"
        )
    is_bare = all(name == f"col{k}" for k, name in enumerate(names, 1))
    example = "'intensity': ('flux', 'UNIT')" if what == "values" else "'energy': ('E', 'UNIT')"
    return raw.error(
        f"no column of {what} is known by its name among {', '.join(names)}"
        f"{', since the file has no header' if is_bare else ''}; name them, as in "
        f"read_table(path, columns={{{example}}})"
    )


def _drop_signs(table, mapping):
    """Make lower errors positive, which come with either sign."""
    for name, (column, _) in mapping.items():
        if name.endswith("_errn") and table[column].dtype.kind in "fiu":
            table[column] = np.abs(table[column])


def _described(table, column, unit):
    unit = unit or table[column].unit
    return column if unit is None or f"[{unit}]" in column else f"{column} [{unit}]"
