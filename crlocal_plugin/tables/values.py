"""Values against rigidity or energy: what the readers of spectra and of <ln A> share."""

import re
from collections.abc import Mapping

import numpy as np
from astropy import units as u

from ..messages import close_name
from .hadronic import MAX_MODELS, hadronic_columns
from .raw_table import RawTable, error_names

_ROUNDING = 1.05
"""How far published components may exceed their total, both of which are rounded."""

AXES = ("rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy")
_PER_NUCLEON = "kinetic_energy_per_nucleon"


def axis_column(axis):
    """Column of an axis, and its unit."""
    return ("rigidity", u.Unit("GV")) if axis == "rigidity" else ("energy", u.GeV)


def raw_values(source, columns, value):
    """`RawTable` of a table of values, in the layout that its columns and a mapping call for."""
    raw = RawTable(source)
    given = [*raw.table.colnames, *(columns if isinstance(columns, Mapping) else ())]
    parts = ["_stat", "_syst", ""]
    parts += [f"_syst_{name}" for name in systematic_components(value, given)]
    layout = (
        *(f"{x}{end}" for x in ("rigidity", "energy") for end in ("", "_min", "_max")),
        value,
        *(name for part in parts for name in error_names(f"{value}{part}")),
        *("is_ul", *hadronic_columns()),
    )
    return RawTable(raw, columns, layout)


def systematic_components(value, columns):
    """Names of the components of the systematic error that some columns are of (list of str)."""
    pattern = re.compile(rf"{re.escape(f'{value}_syst_')}(.+)_err[np]?")
    found = (pattern.fullmatch(str(column)) for column in columns)
    return list(dict.fromkeys(match[1] for match in found if match))


def read_values(table, value, unit, axis, quantity, experiment, *, is_intensity):
    """Table of values from a raw one; intensities are positive and may be upper limits."""
    x_name, x_unit = axis_column(axis)
    x = table.numbers(x_name, x_unit)
    table.require(x_name, x > 0, "a positive number; remove the row")
    increases = np.diff(x, prepend=0) > 0
    table.require(x_name, increases, "values that increase; sort the rows, remove repeats")
    content = {x_name: (x, x_unit), **_bin_edges(table, x_name, x, x_unit)}

    is_ul = table.flags("is_ul") if table.has("is_ul") else np.zeros(len(x), dtype=bool)
    y = table.numbers(value, unit)
    if is_intensity:
        # a simulated measurement is drawn from a Gaussian, which ends nowhere; cut at zero it
        # would no longer have the errors that the likelihood takes it to have
        may_be_negative = ~is_ul & bool(table.meta.get("simulated"))
        text = "a positive number; give an upper limit, marked by is_ul, or remove the row"
        table.require(value, (y > 0) | may_be_negative, text)
    else:
        text = f"a measurement, for {quantity} has no limits; remove the row"
        table.require("is_ul", ~is_ul, text)
    content[value] = (y, unit)

    errors, error_name = _errors(table, value, unit, len(y))
    text = "a positive error on at least one side; add an error, or mark an upper limit by is_ul"
    table.require(error_name, is_ul | np.any(list(errors.values()), axis=0), text)
    content |= {name: (values, unit) for name, values in errors.items()}
    content |= _hadronic_shifts(table)
    if is_intensity and table.has("is_ul"):
        content["is_ul"] = (is_ul, None)
    return table.normalised(content, experiment=experiment, quantity=quantity, axis=axis)


def checked_axis(table, axis):
    """Kind of axis, from an argument, the meta of the table or its columns."""
    axis = axis or table.meta.get("axis")
    if axis is None:
        found = [name for name in ("rigidity", "energy") if table.has(name)]
        if not found:
            raise table.missing("energy")
        order = [table.table.colnames.index(table.given_name(name)) for name in found]
        if found[np.argmin(order)] == "rigidity":
            return "rigidity"
        if "energy" in table.per_nucleon:
            return _PER_NUCLEON
        raise table.error(
            "axis: an energy may be kinetic or total, per nucleus or per nucleon, and the table "
            f"does not say; pass axis= as one of {', '.join(AXES[1:])}"
        )
    if axis not in AXES:
        close = close_name(axis, AXES, cutoff=0.5)
        hint = f"did you mean {close!r}?" if close else "correct it or pass axis="
        raise table.error(f"axis: expected one of {', '.join(AXES)}, got {axis!r}; {hint}")
    name, _ = axis_column(axis)
    if not table.has(name):
        raise table.missing(name)
    if name in table.per_nucleon and axis != _PER_NUCLEON:
        raise table.error(
            f"the unit is per nucleon, the axis is {axis}; correct the unit or pass "
            f"axis={_PER_NUCLEON!r}",
            name,
        )
    return axis


def _bin_edges(table, x_name, x, unit):
    names = f"{x_name}_min", f"{x_name}_max"
    if not any(map(table.has, names)):
        return {}
    low, high = (table.numbers(name, unit) for name in names)
    table.require(names[0], (low >= 0) & (low <= x), f"at most the {x_name}; correct the edge")
    table.require(names[1], (high >= x) & (high > low), f"at least the {x_name}; correct it")
    return dict(zip(names, ((low, unit), (high, unit)), strict=True))


def _errors(table, value, unit, size):
    """Return the four error columns, and the name of the one to blame if all are zero."""
    parts = (f"{value}_stat", f"{value}_syst")
    total, stat, syst = (table.error_sides(stem, unit) for stem in (value, *parts))
    stems = [f"{parts[1]}_{name}" for name in systematic_components(value, table.names)]
    components = {stem: table.error_sides(stem, unit) for stem in stems}
    if components:
        syst = _with_components(table, syst, list(components.values()))
    if total and (stat or syst):
        raise table.error(
            "a total error is given next to a statistical or systematic one; give either the "
            "total or its parts",
            total[0],
        )
    if not (total or stat or syst):
        raise table.missing(f"{value}_stat_errn")
    nothing = (None, np.zeros(size), np.zeros(size))
    sides = [*(total or stat or nothing)[1:], *(syst or nothing)[1:]]
    sides += [side for component in components.values() for side in component[1:]]
    names = [name for stem in (*parts, *stems) for name in error_names(stem)[:2]]
    return dict(zip(names, sides, strict=True)), (total or stat or syst)[0]


def _with_components(table, syst, components):
    """Systematic error, which is at least the quadratic sum of its components."""
    sums = np.sqrt(sum(np.square(_sides(component)) for component in components))
    if syst is None:
        return components[0][0], *sums
    name, *given = syst
    totals = _sides(syst)
    for total, least in zip(totals, sums, strict=True):
        text = "at least the quadratic sum of its components; correct one of them, or leave it out"
        table.require(name, total * _ROUNDING >= least, text)
    pairs = zip(given, totals, sums, strict=True)
    return name, *(np.where(total < least, least, side) for side, total, least in pairs)


def _sides(error):
    """Lower and upper error, of which one that is zero, not given, is like the other."""
    _, lower, upper = error
    return np.where(lower > 0, lower, upper), np.where(upper > 0, upper, lower)


def _hadronic_shifts(table):
    """Columns of the shifts between hadronic models, checked against their names."""
    models = table.meta.get("hadronic_models")
    given = [name for name in hadronic_columns() if table.has(name)]
    if not models and not given:
        return {}
    if not models:
        raise table.error(
            "expected hadronic_models in the meta, got none; name the models in the order of the "
            "columns, that of the table first",
            given[0],
        )
    names = [*map(str, models)] if isinstance(models, list | tuple) else []
    if not 2 <= len(set(names)) == len(names) <= MAX_MODELS:
        raise table.error(
            f"hadronic_models: expected 2 to {MAX_MODELS} different names, got {models!r}; name "
            "the models in the order of the columns hadronic_shift_1, ..."
        )
    none = u.dimensionless_unscaled
    return {name: (table.numbers(name, none), none) for name in hadronic_columns(len(names))}
