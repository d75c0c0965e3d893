"""Tables of HEPData, in its YAML or JSON: independent and dependent variables.

The layout is that of https://hepdata-submission.readthedocs.io, "Data files". Columns get the names
that HEPData itself gives them in its CSV files: ``RIGIDITY [GV]``, ``RIGIDITY [GV] LOW``,
``FLUX [...]``, ``stat +``, ``stat -``.
"""

import numpy as np
import yaml
from astropy.table import Table

from ..messages import unknown_name
from ..yaml_limits import check_limits
from .raw_table import TableError, is_number


def read_hepdata(path, text, part=None):
    """Table of a data file of HEPData, and words about it (list of str).

    Parameters
    ----------
    path : path-like
        For messages.
    text : str
        Content.
    part : str, optional
        Header or number, from 1, of a dependent variable, if there are several.

    Returns
    -------
    table : `~astropy.table.Table`
        Columns with the names of HEPData's CSV files. Rows without a value are left out.
    words : list of str
        Names and values of qualifiers.

    Raises
    ------
    TableError
        If the file is not of this form; the message has the line, or the variable and the value.
    """
    documents = _documents(path, text)
    data = documents[0] if documents else None
    expected = {"independent_variables", "dependent_variables"}
    if not isinstance(data, dict) or not expected <= set(data):
        files = [d["data_file"] for d in documents if isinstance(d, dict) and "data_file" in d]
        hint = f"read one of the data files that it names, {', '.join(map(str, files))}"
        raise TableError(
            f"{path}: expected independent_variables and dependent_variables of HEPData, found "
            "none; " + (hint if files else "give the YAML or JSON file of one table")
        )
    known = data["independent_variables"]
    if not isinstance(known, list) or len(known) != 1:
        names = ", ".join(map(_heading, known)) if isinstance(known, list) else known
        raise TableError(
            f"{path}: expected one independent variable, found {names or 'none'}; give a table "
            "against one rigidity or energy"
        )
    chosen = _chosen(path, data["dependent_variables"], part)
    x, x_name = _edges(path, known[0]), _heading(known[0])
    values = chosen.get("values") or []
    if len(values) != len(x):
        raise TableError(
            f"{path}: expected as many values as of {x_name!r}, {len(x)}, found {len(values)} of "
            f"{_heading(chosen)!r}; complete the file"
        )
    rows = [k for k, entry in enumerate(values) if _is_value(path, chosen, k, entry)]
    names = [x_name, f"{x_name} LOW", f"{x_name} HIGH"]
    columns = {name: x[rows, k] for k, name in enumerate(names) if not np.isnan(x[rows, k]).any()}
    columns[_heading(chosen)] = np.array([float(values[k]["value"]) for k in rows])
    errors = [_errors(path, chosen, k, values[k]) for k in rows]
    for name in dict.fromkeys(name for row in errors for name in row):
        columns[name] = np.nan_to_num([row.get(name, 0.0) for row in errors], posinf=np.inf)
    qualifiers = [each for each in chosen.get("qualifiers") or [] if isinstance(each, dict)]
    words = [str(each.get(key, "")) for each in qualifiers for key in ("name", "value")]
    return Table(columns), words


def _documents(path, text):
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return list(yaml.load_all(check_limits(text, str(path)), loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise TableError(f"{path}: {place}not YAML ({reason}); correct the file") from error


def _heading(variable):
    """Name of a variable with its unit, as HEPData writes it above a column."""
    header = variable.get("header") if isinstance(variable, dict) else None
    header = header if isinstance(header, dict) else {}
    name, units = header.get("name", "no name"), header.get("units")
    return f"{name} [{units}]" if units else str(name)


def _chosen(path, variables, part):
    """One of the dependent variables, by its name or number."""
    if not isinstance(variables, list) or not variables:
        raise TableError(f"{path}: expected dependent_variables, found none; complete the file")
    names = [_heading(variable) for variable in variables]
    if part is None and len(names) == 1:
        return variables[0]
    listed = ", ".join(f"{k} {name!r}" for k, name in enumerate(names, 1))
    if part is None:
        raise TableError(f"{path}: expected one variable, found {listed}; pass part='1', say")
    known = {str(k): variable for k, variable in enumerate(variables, 1)}
    known |= {n: v for n, v in zip(names, variables, strict=True) if names.count(n) == 1}
    if str(part) not in known:
        raise TableError(f"{path}: {unknown_name(str(part), known, 'part ')}; it has {listed}")
    return known[str(part)]


def _edges(path, variable):
    """Value, lower and upper edge of each bin, nan for what is not given, shape ``(n, 3)``."""
    rows = []
    for k, entry in enumerate(variable.get("values") or []):
        row = []
        for key in ("value", "low", "high"):
            given = entry.get(key) if isinstance(entry, dict) else None
            if given is not None and not is_number(given):
                raise _wrong(path, variable, k, f"expected a number as {key}, got {given!r}")
            row.append(np.nan if given is None else float(given))
        if np.isnan(row[0]):
            # what HEPData says of a value that is left out
            row[0] = (row[1] + row[2]) / 2
        if np.isnan(row[0]):
            text = f"expected value, or low and high, got {entry!r}"
            raise _wrong(path, variable, k, text, "complete it")
        rows.append(row)
    return np.array(rows).reshape(-1, 3)


def _is_value(path, variable, k, entry):
    """Whether an entry has a value; one that is no number stands for none."""
    value = entry.get("value") if isinstance(entry, dict) else None
    if value is None or (isinstance(value, str) and value.strip() in ("", "-")):
        return False
    if not is_number(value):
        raise _wrong(path, variable, k, f"expected a number, got {value!r}")
    return True


def _errors(path, variable, k, entry):
    """Errors of an entry, by the names of their columns; those of the lower side end in "-"."""
    found = {}
    for error in entry.get("errors") or []:
        if not isinstance(error, dict):
            raise _wrong(path, variable, k, f"expected symerror or asymerror, got {error!r}")
        label = str(error.get("label") or "error")
        sides = error.get("asymerror", error.get("symerror"))
        if f"{label} +" in found:
            raise _wrong(path, variable, k, f"two errors have the label {label!r}")
        for sign, name in (("+", "plus"), ("-", "minus")):
            side = sides.get(name) if isinstance(sides, dict) else sides
            found[f"{label} {sign}"] = _size(path, variable, k, side, float(entry["value"]))
    return found


def _size(path, variable, k, side, value):
    text = str("" if side is None else side).strip()
    number = text.removesuffix("%") or "0"
    if not is_number(number):
        raise _wrong(path, variable, k, f"expected an error such as 0.4 or 5%, got {side!r}")
    size = abs(float(number))
    return size * abs(value) / 100 if text.endswith("%") else size


def _wrong(path, variable, k, text, remedy="correct it"):
    return TableError(f"{path}: value {k + 1} of {_heading(variable)!r}: {text}; {remedy}")
