"""Values against rigidity or energy: what the readers of spectra and of <ln A> share."""

import numpy as np
from astropy import units as u

from ..messages import close_name
from .hadronic import MAX_MODELS, hadronic_columns
from .raw_table import error_names

_SHIFTS = tuple(hadronic_columns())
AXES = ("rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy")


def axis_column(axis):
    """Column of an axis, and its unit."""
    return ("rigidity", u.Unit("GV")) if axis == "rigidity" else ("energy", u.GeV)


def value_layout(value):
    """Names that a reader knows of a table of values."""
    return (
        *("rigidity", "rigidity_min", "rigidity_max", "energy", "energy_min", "energy_max"),
        value,
        *error_names(f"{value}_stat"),
        *error_names(f"{value}_syst"),
        *error_names(value),
        "is_ul",
        *_SHIFTS,
    )


def read_values(table, value, unit, axis, quantity, experiment, *, is_intensity):
    """Table of values from a raw one; intensities are positive and may be upper limits."""
    x_name, x_unit = axis_column(axis)
    x = table.numbers(x_name, x_unit)
    table.require(x_name, x > 0, "a positive number", "remove the row")
    table.require(
        x_name, np.diff(x, prepend=0) > 0, "values that increase", "sort the rows, remove repeats"
    )
    content = {x_name: (x, x_unit), **_bin_edges(table, x_name, x, x_unit)}

    is_ul = table.flags("is_ul") if table.has("is_ul") else np.zeros(len(x), dtype=bool)
    y = table.numbers(value, unit)
    if is_intensity:
        # a simulated measurement is drawn from a Gaussian, which ends nowhere; cut at zero it
        # would no longer have the errors that the likelihood takes it to have
        may_be_negative = ~is_ul & bool(table.meta.get("simulated"))
        table.require(
            value,
            (y > 0) | may_be_negative,
            "a positive number",
            "give an upper limit, marked by is_ul, or remove the row",
        )
    else:
        none = f"a measurement, for {quantity} has no limits"
        table.require("is_ul", ~is_ul, none, "remove the row")
    content[value] = (y, unit)

    errors, error_name = _errors(table, value, unit, len(y))
    table.require(
        error_name,
        is_ul | np.any([values > 0 for values in errors.values()], axis=0),
        "a positive error on at least one side",
        "add an error, or mark an upper limit by is_ul",
    )
    content.update((name, (values, unit)) for name, values in errors.items())
    content.update(_hadronic_shifts(table))
    if is_intensity and table.has("is_ul"):
        content["is_ul"] = (is_ul, None)
    return table.normalised(content, experiment=experiment, quantity=quantity, axis=axis)


def checked_axis(table, axis):
    """Kind of axis, from an argument, the meta of the table or its columns."""
    found = [name for name in ("rigidity", "energy") if table.has(name)]
    found.sort(key=lambda name: table.table.colnames.index(table.given_name(name)))
    axis = axis or table.meta.get("axis")
    if axis is None:
        if not found:
            raise table.missing("energy")
        if found[0] == "rigidity":
            return "rigidity"
        raise table.error(
            "axis: an energy may be kinetic or total, per nucleus or per nucleon, and the table "
            "does not say",
            f"pass axis= as one of {', '.join(AXES[1:])}",
        )
    if axis not in AXES:
        close = close_name(axis, AXES, cutoff=0.5)
        raise table.error(
            f"axis: expected one of {', '.join(AXES)}, got {axis!r}",
            f"did you mean {close!r}?" if close else "correct it or pass axis=",
        )
    if not table.has(axis_column(axis)[0]):
        raise table.missing(axis_column(axis)[0])
    return axis


def _bin_edges(table, x_name, x, unit):
    low_name, high_name = f"{x_name}_min", f"{x_name}_max"
    if not (table.has(low_name) or table.has(high_name)):
        return {}
    low, high = table.numbers(low_name, unit), table.numbers(high_name, unit)
    table.require(low_name, (low >= 0) & (low <= x), f"at most the {x_name}", "correct the edge")
    table.require(high_name, (high >= x) & (high > low), f"at least the {x_name}", "correct it")
    return {low_name: (low, unit), high_name: (high, unit)}


def _errors(table, value, unit, size):
    """Return the four error columns, and the name of the one to blame if all are zero."""
    total = table.error_sides(value, unit)
    stat = table.error_sides(f"{value}_stat", unit)
    syst = table.error_sides(f"{value}_syst", unit)
    if total and (stat or syst):
        raise table.error(
            "a total error is given next to a statistical or systematic one",
            "give either the total or its parts",
            column=table.given_name(total[0]),
        )
    blamed = (total or stat or syst or [None])[0]
    if blamed is None:
        raise table.missing(f"{value}_stat_errn")
    nothing = (None, np.zeros(size), np.zeros(size))
    _, stat_errn, stat_errp = total or stat or nothing
    _, syst_errn, syst_errp = syst or nothing
    errors = {
        f"{value}_stat_errn": stat_errn,
        f"{value}_stat_errp": stat_errp,
        f"{value}_syst_errn": syst_errn,
        f"{value}_syst_errp": syst_errp,
    }
    return errors, blamed


def _hadronic_shifts(table):
    """Columns of the shifts between hadronic models, checked against their names."""
    models = table.meta.get("hadronic_models")
    given = [name for name in _SHIFTS if table.has(name)]
    if not models:
        if given:
            raise table.error(
                "expected hadronic_models in the meta, got none",
                "name the models in the order of the columns, that of the table first",
                column=given[0],
            )
        return {}
    names = [*map(str, models)] if isinstance(models, list | tuple) else []
    if not 2 <= len(set(names)) == len(names) <= MAX_MODELS:
        raise table.error(
            f"hadronic_models: expected 2 to {MAX_MODELS} different names, got {models!r}",
            "name the models in the order of the columns hadronic_shift_1, ...",
        )
    none = u.dimensionless_unscaled
    return {name: (table.numbers(name, none), none) for name in hadronic_columns(len(names))}
