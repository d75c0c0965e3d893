"""Read, check and write tables of measured spectra and dipole anisotropies.

A reader takes a file or an astropy table, converts it to the units of the package, and either
returns a table in the layout below or says which row and column is wrong and what to do about it.

Spectrum, one row per point, ordered in the first column:

- ``rigidity`` (GV) or ``energy`` (GeV), optionally with bin edges ``*_min`` and ``*_max``;
- ``intensity`` in 1/(GV m2 s sr) or 1/(GeV m2 s sr);
- ``intensity_stat_errn``, ``intensity_stat_errp``, ``intensity_syst_errn``,
  ``intensity_syst_errp``: lower and upper errors, zero where an error is not given;
- ``is_ul``, optional: true where the intensity is an upper limit.

Dipole, one row per measurement:

- ``energy`` (GeV), the median primary energy;
- ``amplitude``, ``amplitude_errn``, ``amplitude_errp``, optionally ``amplitude_syst``;
- ``amplitude_ul``, optional: upper limit, nan where there is none;
- ``phase``, ``phase_err`` (deg): right ascension of the maximum;
- ``site``, optional: where a compiled point was measured.

Other columns are left out. What holds for the whole table is in ``meta``: ``experiment``,
``quantity``, ``axis``, ``reference``, ``hadronic_model``, ``amplitude_kind``,
``declination_factor``, ``ul_confidence``, ``comment``.
"""

import difflib
import json
import os
import tempfile
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import Column, Table

from ..physics.species import SYMBOLS
from .raw_table import META_KEYWORD, RawTable, TableError, is_number

__all__ = [
    "AMPLITUDE_KINDS",
    "AXES",
    "QUANTITIES",
    "TableError",
    "read_dipole_table",
    "read_flux_table",
    "read_mean_log_mass_table",
    "write_table",
]

AXES = ("rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy")
QUANTITIES = (*SYMBOLS, "light", "all_particle")
AMPLITUDE_KINDS = ("equatorial_dipole", "first_harmonic")

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
    "all": "all_particle",
    "all-particle": "all_particle",
    "p+he": "light",
    "h+he": "light",
}

_SAME_ENERGY = 0.01
"""Relative distance in energy within which a limit repeats a measurement."""

_WRITE_FORMATS = {".ecsv": "ascii.ecsv", ".fits": "fits"}


def _error_names(stem):
    return (f"{stem}_errn", f"{stem}_errp", f"{stem}_err")


def _spectrum_layout(value):
    return (
        *("rigidity", "rigidity_min", "rigidity_max", "energy", "energy_min", "energy_max"),
        value,
        *_error_names(f"{value}_stat"),
        *_error_names(f"{value}_syst"),
        *_error_names(value),
        "is_ul",
    )


_DIPOLE_LAYOUT = (
    *("energy", "amplitude", *_error_names("amplitude"), "amplitude_syst", "amplitude_ul"),
    *("phase", "phase_err", "site"),
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
        Element symbol from H to Ni, ``"light"`` (H and He together) or ``"all_particle"``; by
        default from the meta of the table.
    axis : str, optional
        One of `AXES`; by default from the meta of the table. A rigidity column needs none.

    Returns
    -------
    `~astropy.table.Table`
        Table in the layout of this module, in GV or GeV. Errors may also be given as one
        symmetric column ``intensity_stat_err`` or ``intensity_syst_err``, or as a total error
        ``intensity_err``, which is put into the statistical pair. A pair that is missing is
        filled with zeros, which stand for "not given".

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
        As in `read_flux_table`.

    Returns
    -------
    `~astropy.table.Table`
        Table in the layout of a spectrum, with the dimensionless ``mean_log_mass`` in the place
        of ``intensity``.

    Raises
    ------
    TableError
        If the table cannot be read, or is not valid.
    """
    table = RawTable(source, columns, _spectrum_layout("mean_log_mass"))
    return _read_spectrum(
        table, "mean_log_mass", experiment=experiment, quantity="mean_log_mass", axis=axis
    )


def _checked_quantity(table, quantity):
    if quantity in QUANTITIES:
        return quantity
    expected = "an element symbol from H to Ni, 'light' or 'all_particle'"
    if quantity is None:
        raise table.error(f"quantity: expected {expected}, got none", "pass quantity='H', say")
    if quantity == "mean_log_mass":
        raise table.error(
            "quantity: mean_log_mass is not an intensity", "read it with read_mean_log_mass_table"
        )
    word = str(quantity).lower()
    by_case = {known.lower(): known for known in QUANTITIES}
    meant = _COMMON_NAMES.get(word) or by_case.get(word)
    raise table.error(
        f"quantity: expected {expected}, got {quantity!r}",
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

    y = table.numbers(value, unit)
    table.require(
        value, y > 0, "a positive number", "give an upper limit, marked by is_ul, or remove the row"
    )
    content[value] = (y, unit)

    is_ul = table.flags("is_ul") if table.has("is_ul") else None
    errors, error_name = _spectrum_errors(table, value, unit, len(y))
    given = np.any([values > 0 for values in errors.values()], axis=0)
    table.require(
        error_name,
        given if is_ul is None else given | is_ul,
        "a positive error on at least one side",
        "add an error, or mark an upper limit by is_ul",
    )
    content.update((name, (values, unit)) for name, values in errors.items())
    if is_ul is not None:
        content["is_ul"] = (is_ul, None)
        _checked_confidence(table)
    return _normalised(table, content, experiment=experiment, quantity=quantity, axis=axis)


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
    total = _error_sides(table, value, unit)
    stat = _error_sides(table, f"{value}_stat", unit)
    syst = _error_sides(table, f"{value}_syst", unit)
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


def _error_sides(table, stem, unit, *, blank_allowed=False):
    """Return the first column's name, lower and upper errors; None if there are no columns."""
    lower, upper, symmetric = _error_names(stem)
    pair = table.has(lower) or table.has(upper)
    if table.has(symmetric) and pair:
        raise table.error(
            "the error is given twice, as one column and as a pair",
            "keep one of the two",
            column=table.given_name(symmetric),
        )
    names = (symmetric, symmetric) if table.has(symmetric) else (lower, upper)
    if not pair and names[0] != symmetric:
        return None
    sides = [table.numbers(name, unit, blank_allowed=blank_allowed) for name in names]
    for name, values in zip(names, sides, strict=True):
        table.require(name, ~(values < 0), "an error that is not negative", "correct the sign")
    return names[0], *sides


def read_dipole_table(
    source, *, columns=None, experiment=None, amplitude_kind=None, declination_factor=None
):
    """Read a measured dipole anisotropy.

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
    amplitude_kind : str, optional
        ``"equatorial_dipole"``, or ``"first_harmonic"`` for the amplitude of a fit in right
        ascension, which the field of view dilutes. By default from the meta of the table, and
        ``"equatorial_dipole"`` if that says nothing.
    declination_factor : float, optional
        Equatorial dipole over first-harmonic amplitude; by default from the meta of the table.

    Returns
    -------
    `~astropy.table.Table`
        Table in the layout of this module. The error may also be given as one symmetric column
        ``amplitude_err``. A row that holds only ``amplitude_ul`` and repeats the energy of a
        measurement within 1 % is merged into that row: one row is one measurement. A table with
        limits has ``ul_confidence`` in its meta, 0.95 unless it said otherwise.

    Raises
    ------
    TableError
        If the table cannot be read, or is not a valid dipole table.
    """
    table = RawTable(source, columns, _DIPOLE_LAYOUT)
    size = len(table.table)
    unit = u.dimensionless_unscaled
    energy = table.numbers("energy", u.GeV)
    table.require("energy", energy > 0, "a positive number", "remove the row")

    limit = np.full(size, np.nan)
    if table.has("amplitude_ul"):
        limit = table.numbers("amplitude_ul", unit, blank_allowed=True)
        table.require("amplitude_ul", ~(limit <= 0), "a positive number", "remove the limit")

    if table.has("amplitude") or not table.has("amplitude_ul"):
        measurement = _measurement(table, limit)
    else:
        names = ("amplitude", "amplitude_errn", "amplitude_errp", "phase", "phase_err")
        measurement = {name: np.full(size, np.nan) for name in names}

    limit, keep = _merge_limits(table, energy, np.isfinite(measurement["amplitude"]), limit)
    content = {"energy": (energy[keep], u.GeV)}
    for name, values in measurement.items():
        if name == "phase" and table.has("amplitude_ul"):
            content["amplitude_ul"] = (limit[keep], None)
        content[name] = (values[keep], u.deg if name.startswith("phase") else None)
    if table.has("site"):
        content["site"] = (table.words("site")[keep], None)
    return _normalised(
        table,
        content,
        experiment=experiment,
        **_dipole_meta(table, amplitude_kind, declination_factor),
    )


def _measurement(table, limit):
    """Return amplitude, errors and phase, nan in the rows that hold nothing but a limit."""
    unit = u.dimensionless_unscaled
    amplitude = table.numbers("amplitude", unit, blank_allowed=True)
    phase = table.numbers("phase", u.deg, blank_allowed=True)
    phase_err = table.numbers("phase_err", u.deg, blank_allowed=True)
    sides = _error_sides(table, "amplitude", unit, blank_allowed=True)
    if sides is None:
        raise table.missing("amplitude_errn")
    error_name, errn, errp = sides

    measured = np.isfinite(amplitude)
    table.require(
        "amplitude",
        measured | np.isfinite(limit),
        "an amplitude with its phase, or an upper limit",
        "complete the row or remove it",
    )
    table.require("amplitude", ~(amplitude < 0), "an amplitude that is not negative", "correct it")
    table.require(
        "phase",
        measured == np.isfinite(phase),
        "a phase where there is an amplitude, and only there",
        "complete the row or remove it",
    )
    table.require(
        error_name,
        ~measured | ((errn >= 0) & (errp >= 0) & (errn + errp > 0)),
        "a positive error on at least one side",
        "add the error, or give the row as an upper limit, amplitude_ul",
    )
    table.require(
        "phase_err", ~measured | (phase_err > 0), "a positive error of the phase", "add the error"
    )
    result = {"amplitude": amplitude, "amplitude_errn": errn, "amplitude_errp": errp}
    if table.has("amplitude_syst"):
        syst = table.numbers("amplitude_syst", unit, blank_allowed=True)
        table.require(
            "amplitude_syst",
            ~measured | (syst >= 0),
            "an error that is not negative",
            "write 0 if it is not given",
        )
        result["amplitude_syst"] = syst
    return {**result, "phase": phase, "phase_err": phase_err}


def _merge_limits(table, energy, measured, limit):
    """Return the limits after merging, and which rows are left."""
    limit = limit.copy()
    keep = np.ones(len(energy), dtype=bool)
    for row in np.flatnonzero(~measured):
        distance = np.abs(energy / energy[row] - 1)
        same = measured & (distance <= _SAME_ENERGY)
        if not same.any():
            continue
        free = np.flatnonzero(same & np.isnan(limit))
        if free.size == 0:
            raise table.error(
                f"a second upper limit for the measurement at {energy[row]:g} GeV",
                "keep one of the two",
                column=table.given_name("amplitude_ul"),
                row=row,
            )
        limit[free[np.argmin(distance[free])]] = limit[row]
        keep[row] = False
    return limit, keep


def _dipole_meta(table, amplitude_kind, declination_factor):
    kind = amplitude_kind or table.meta.get("amplitude_kind") or "equatorial_dipole"
    if kind not in AMPLITUDE_KINDS:
        raise table.error(
            f"amplitude_kind: expected one of {', '.join(AMPLITUDE_KINDS)}, got {kind!r}",
            "correct it or pass amplitude_kind=",
        )
    meta = {"amplitude_kind": kind}
    factor = table.meta.get("declination_factor")
    factor = factor if declination_factor is None else declination_factor
    if factor is not None:
        if not (is_number(factor) and 0 < float(factor) < np.inf):
            raise table.error(
                f"declination_factor: expected a positive number, got {factor!r}",
                "leave it out if it is not known",
            )
        meta["declination_factor"] = float(factor)
    if table.has("amplitude_ul"):
        meta["ul_confidence"] = _checked_confidence(table)
    return meta


def _checked_confidence(table):
    """Confidence level of the limits of a table."""
    confidence = table.meta.get("ul_confidence", 0.95)
    if not (is_number(confidence) and 0.5 < float(confidence) < 1):
        raise table.error(
            f"ul_confidence: expected a number between 0.5 and 1, got {confidence!r}",
            "write 95 % as 0.95",
        )
    return float(confidence)


def _normalised(table, content, **meta):
    result = Table(
        [Column(values, name=name, unit=unit) for name, (values, unit) in content.items()]
    )
    result.meta = table.meta | {key: value for key, value in meta.items() if value is not None}
    return result


def write_table(table, path, overwrite=False):
    """Write a table as ECSV or FITS, so that the readers of this module give it back exactly.

    The file appears complete or not at all.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Table, usually from one of the readers. Its meta may hold text, numbers, booleans, None,
        and lists and dicts of those.
    path : path-like
        File to write, ending in ``.ecsv`` or ``.fits``.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        If the suffix is another one.
    FileExistsError
        If the file exists and may not be replaced.
    TypeError
        If the meta holds something else.
    """
    path = Path(path)
    if path.suffix not in _WRITE_FORMATS:
        raise ValueError(f"{path}: expected the suffix .ecsv or .fits, got {path.suffix!r}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; pass overwrite=True to replace it")
    form = _WRITE_FORMATS[path.suffix]
    # FITS keywords are short upper-case words, so there the meta goes into one card as JSON.
    meta_json = json.dumps(dict(table.meta), default=_plain_number)
    packed = {META_KEYWORD: meta_json}
    table = Table(table, copy=True)
    table.meta = packed if form == "fits" else json.loads(meta_json)
    if form == "fits":
        # astropy would encode text as ASCII, and fail for most place names.
        table.convert_unicode_to_bytestring()

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        draft = Path(folder) / path.name
        table.write(draft, format=form)
        if form == "ascii.ecsv" and not _same_json(Table.read(draft, format=form).meta, table.meta):
            # The header of an ECSV file loses line breaks, for one.
            table.meta = packed
            table.write(draft, format=form, overwrite=True)
        os.replace(draft, path)


def _same_json(one, other):
    # As text, since True == 1 and nan != nan.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _plain_number(value):
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(
        f"meta: expected text, numbers, booleans, None, lists or dicts, got {value!r} of type "
        f"{type(value).__name__}"
    )
