"""Read and check tables of measured spectra, in the layout of `crlocal_plugin.tables.writing`."""

import difflib

import numpy as np
from astropy import units as u

from ..physics.species import (
    ELEMENT_GROUPS,
    SYMBOLS,
)
from .hadronic import (
    MAX_MODELS,
    hadronic_columns,
)
from .parts import (
    checked_confidence,
    error_names,
    error_sides,
    normalised,
)
from .raw_table import RawTable

AXES = ("rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy")
QUANTITIES = (*SYMBOLS, *ELEMENT_GROUPS, "light", "all_particle")
EXPECTED_QUANTITY = (
    "an element symbol from H to Ni, 'light', 'all_particle' or a group of elements, "
    f"{', '.join(map(repr, ELEMENT_GROUPS))}"
)
"""What a quantity may be, for messages."""

_GV = u.Unit("GV")
_PER_AREA_TIME_ANGLE = u.Unit("1 / (m2 s sr)")

_COMMON_NAMES = {
    "p": "H",
    "proton": "H",
    "protons": "H",
    "hydrogen": "H",
    "alpha": "He",
    "helium": "He",
    "carbon": "C",
    "nitrogen": "N",
    "oxygen": "O",
    "iron": "Fe",
    "c-n-o": "CNO",
    "cno-group": "CNO",
    "iron-group": "Fe-group",
    "all": "all_particle",
    "all-particle": "all_particle",
    "p+he": "light",
    "h+he": "light",
}


def _spectrum_layout(value):
    return (
        *("rigidity", "rigidity_min", "rigidity_max", "energy", "energy_min", "energy_max"),
        value,
        *error_names(f"{value}_stat"),
        *error_names(f"{value}_syst"),
        *error_names(value),
        "is_ul",
        *hadronic_columns(),
    )


def read_flux_table(source, *, columns=None, experiment=None, quantity=None, axis=None):
    """Read a measured intensity spectrum.

    Parameters
    ----------
    source : path-like or `~astropy.table.Table`
        ECSV or FITS file; a file of another suffix is left to astropy to recognise. A table is
        copied, never modified.
    columns : dict, optional
        For a table with other column names: layout name to column name, or to a pair of column
        name and unit for a column without one, such as ``{"energy": ("E", "TeV")}``.
    experiment : str, optional
        Name of the experiment; by default from the meta of the table.
    quantity : str, optional
        Element symbol from H to Ni, ``"light"`` (H and He together), ``"all_particle"`` or one of
        the groups of elements ``"CNO"``, ``"Ne-S"`` and ``"Fe-group"``; by default from the meta of
        the table.
    axis : str, optional
        One of `AXES`; by default from the meta of the table. A rigidity column needs none.

    Returns
    -------
    `~astropy.table.Table`
        Table in the layout of `crlocal_plugin.tables.writing`, in GV or GeV. Errors may also be
        given as one symmetric column ``intensity_stat_err`` or ``intensity_syst_err``, or as a
        total error ``intensity_err``, which is put into the statistical pair. A pair that is
        missing is filled with zeros, which stand for "not given".

    Raises
    ------
    TableError
        If the table cannot be read, or is not a valid spectrum.
    """
    table = RawTable(source, columns, _spectrum_layout("intensity"))
    quantity = _checked_quantity(table, quantity or table.meta.get("quantity"))
    return _read_spectrum(table, "intensity", experiment=experiment, quantity=quantity, axis=axis)


def read_mean_log_mass_table(source, *, columns=None, experiment=None, axis=None):
    """Read a measured mean logarithmic mass, <ln A>, against energy.

    Parameters
    ----------
    source, columns, experiment, axis
        As in `read_flux_table`; the axis is the total energy unless the table says otherwise,
        which is refused.

    Returns
    -------
    `~astropy.table.Table`
        Table in the layout of a spectrum, with the dimensionless ``mean_log_mass``, which may have
        any sign, in the place of ``intensity``, and without upper limits.

    Raises
    ------
    TableError
        If the table cannot be read, or is not valid.
    """
    table = RawTable(source, columns, _spectrum_layout("mean_log_mass"))
    if not table.has("mean_log_mass"):
        raise table.missing("mean_log_mass")
    axis = axis or table.meta.get("axis") or "total_energy"
    if axis != "total_energy":
        raise table.error(
            f"axis: <ln A> is a mean at equal total energy per particle, got {axis!r}",
            "leave axis out if the energies are that, or convert them",
        )
    return _read_spectrum(
        table, "mean_log_mass", experiment=experiment, quantity="mean_log_mass", axis=axis
    )


def _checked_quantity(table, quantity):
    if quantity in QUANTITIES:
        return quantity
    expected = f"quantity: expected {EXPECTED_QUANTITY}"
    if quantity is None:
        raise table.error(f"{expected}, got none", "pass quantity='H', say")
    if quantity == "mean_log_mass":
        raise table.error(
            "quantity: mean_log_mass is not an intensity",
            "read it with MeanLogMassDataset.read or read_mean_log_mass_table",
        )
    word = str(quantity).lower()
    by_case = {known.lower(): known for known in QUANTITIES}
    meant = _COMMON_NAMES.get(word) or by_case.get(word)
    raise table.error(
        f"{expected}, got {quantity!r}",
        f"did you mean {meant!r}?" if meant else "correct it or pass quantity=",
    )


def _read_spectrum(table, value, *, experiment, quantity, axis):
    x_name, axis = _checked_axis(table, axis)
    x_unit = _GV if x_name == "rigidity" else u.GeV
    unit = _PER_AREA_TIME_ANGLE / x_unit if value == "intensity" else u.dimensionless_unscaled

    x = table.numbers(x_name, x_unit)
    table.require(x_name, x > 0, "a positive number", "remove the row")
    table.require(
        x_name, np.diff(x, prepend=0) > 0, "values that increase", "sort the rows, remove repeats"
    )
    content = {x_name: (x, x_unit), **_bin_edges(table, x_name, x, x_unit)}

    is_ul = table.flags("is_ul") if table.has("is_ul") else None
    if value == "mean_log_mass" and is_ul is not None:
        table.require("is_ul", ~is_ul, "a measurement, for <ln A> has no limits", "remove the row")
        is_ul = None
    y = table.numbers(value, unit)
    # a simulated measurement is drawn from a Gaussian, which ends nowhere; cut at zero it would
    # no longer have the errors that the likelihood takes it to have
    may_be_negative = bool(table.meta.get("simulated")) & (True if is_ul is None else ~is_ul)
    table.require(
        value,
        (y > 0) | may_be_negative | (value == "mean_log_mass"),
        "a positive number",
        "give an upper limit, marked by is_ul, or remove the row",
    )
    content[value] = (y, unit)

    errors, error_name = _spectrum_errors(table, value, unit, len(y))
    given = np.any([values > 0 for values in errors.values()], axis=0)
    table.require(
        error_name,
        given if is_ul is None else given | is_ul,
        "a positive error on at least one side",
        "add an error, or mark an upper limit by is_ul",
    )
    content.update((name, (values, unit)) for name, values in errors.items())
    content.update(_hadronic_shifts(table))
    if is_ul is not None:
        content["is_ul"] = (is_ul, None)
        checked_confidence(table)
    return normalised(table, content, experiment=experiment, quantity=quantity, axis=axis)


def _hadronic_shifts(table):
    """Columns of the shifts between hadronic models, checked against their names."""
    models = table.meta.get("hadronic_models")
    given = [name for name in hadronic_columns() if table.has(name)]
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


def _checked_axis(table, axis):
    """Return the name of the column that holds the axis, and the kind of axis."""
    found = [name for name in ("rigidity", "energy") if table.has(name)]
    found.sort(key=lambda name: table.table.colnames.index(table.given_name(name)))
    axis = axis or table.meta.get("axis")
    if axis is None:
        if not found:
            raise table.missing("energy")
        if found[0] == "rigidity":
            return "rigidity", "rigidity"
        raise table.error(
            "axis: an energy may be kinetic or total, per nucleus or per nucleon, and the table "
            "does not say",
            f"pass axis= as one of {', '.join(AXES[1:])}",
        )
    if axis not in AXES:
        close = difflib.get_close_matches(str(axis).lower(), AXES, n=1, cutoff=0.5)
        raise table.error(
            f"axis: expected one of {', '.join(AXES)}, got {axis!r}",
            f"did you mean {close[0]!r}?" if close else "correct it or pass axis=",
        )
    name = "rigidity" if axis == "rigidity" else "energy"
    if not table.has(name):
        raise table.missing(name)
    return name, axis


def _bin_edges(table, x_name, x, unit):
    low_name, high_name = f"{x_name}_min", f"{x_name}_max"
    if not (table.has(low_name) or table.has(high_name)):
        return {}
    low, high = table.numbers(low_name, unit), table.numbers(high_name, unit)
    table.require(low_name, (low >= 0) & (low <= x), f"at most the {x_name}", "correct the edge")
    table.require(high_name, (high >= x) & (high > low), f"at least the {x_name}", "correct it")
    return {low_name: (low, unit), high_name: (high, unit)}


def _spectrum_errors(table, value, unit, size):
    """Return the four error columns, and the name of the one to blame if all are zero."""
    total = error_sides(table, value, unit)
    stat = error_sides(table, f"{value}_stat", unit)
    syst = error_sides(table, f"{value}_syst", unit)
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
