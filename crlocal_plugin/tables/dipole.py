"""Read and check tables of measured dipoles, in the layout of `crlocal_plugin.tables`."""

import numpy as np
from astropy import units as u

from .raw_table import RawTable, error_names, is_number

AMPLITUDE_KINDS = ("equatorial_dipole", "first_harmonic")

_SAME_ENERGY = 0.01
"""Relative distance in energy within which a limit repeats a measurement."""

_MAX_WIDTH = 1.0

_UNITS = {
    **dict.fromkeys(("energy", "energy_min", "energy_max"), u.GeV),
    **dict.fromkeys(("phase", "phase_err", "error_axis"), u.deg),
}

_DIPOLE_LAYOUT = (
    *(
        "energy",
        "energy_width",
        "energy_min",
        "energy_max",
        "amplitude",
        *error_names("amplitude"),
        "amplitude_syst",
        "amplitude_ul",
    ),
    *("phase", "phase_err", "error_axis", "tangential_err", "site"),
)


def read_dipole_table(
    source, *, columns=None, experiment=None, amplitude_kind=None, declination_factor=None
):
    """Read a measured dipole anisotropy.

    Parameters
    ----------
    source, columns, experiment
        As in `~crlocal_plugin.tables.spectrum.read_flux_table`.
    amplitude_kind : str, optional
        ``"equatorial_dipole"``, or ``"first_harmonic"`` for the amplitude of a fit in right
        ascension, which the field of view dilutes. By default from the meta of the table, and
        ``"equatorial_dipole"`` if that says nothing.
    declination_factor : float, optional
        Equatorial dipole over first-harmonic amplitude; by default from the meta of the table.

    Returns
    -------
    `~astropy.table.Table`
        Table in the layout of `crlocal_plugin.tables`. The error may also be one symmetric column
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
        values = _measurement(table, limit)
    else:
        names = ("amplitude", "amplitude_errn", "amplitude_errp", "phase", "phase_err")
        values = {name: np.full(size, np.nan) for name in names}
    limit, keep = _merge_limits(table, energy, np.isfinite(values["amplitude"]), limit)
    values |= {"energy": energy, **_response(table, energy)}
    if table.has("amplitude_ul"):
        values["amplitude_ul"] = limit
    if table.has("site"):
        values["site"] = table.words("site")
    return table.normalised(
        {name: (values[name][keep], _UNITS.get(name)) for name in _DIPOLE_LAYOUT if name in values},
        experiment=experiment,
        **_dipole_meta(table, amplitude_kind, declination_factor),
    )


def _response(table, energy):
    """Columns that say which energies the events of a point have."""
    ends = [table.has("energy_min"), table.has("energy_max")]
    if table.has("energy_width") and any(ends):
        raise table.error(
            "the energies of the events are given twice, as a width and as a bin",
            "keep one of the two",
            column=table.given_name("energy_width"),
        )
    if table.has("energy_width"):
        width = table.numbers("energy_width", u.dimensionless_unscaled)
        table.require(
            "energy_width",
            (width >= 0) & (width <= _MAX_WIDTH),
            f"a standard deviation of log10(energy) from 0 to {_MAX_WIDTH:g}",
            "correct it, or write 0 for one energy",
        )
        return {"energy_width": width}
    if not any(ends):
        return {}
    low, high = table.numbers("energy_min", u.GeV), table.numbers("energy_max", u.GeV)
    table.require("energy_min", (low > 0) & (low <= energy), "at most the energy", "correct it")
    table.require(
        "energy_max", (high >= energy) & (high > low), "at least the energy", "correct it"
    )
    return {"energy_min": low, "energy_max": high}


def _measurement(table, limit):
    """Return amplitude, errors and phase, nan in the rows that hold nothing but a limit."""
    unit = u.dimensionless_unscaled
    amplitude = table.numbers("amplitude", unit, blank_allowed=True)
    phase = table.numbers("phase", u.deg, blank_allowed=True)
    phase_err = table.numbers("phase_err", u.deg, blank_allowed=True)
    sides = table.error_sides("amplitude", unit, blank_allowed=True)
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
    result |= {"phase": phase, "phase_err": phase_err}
    if table.has("tangential_err") or table.has("error_axis"):
        across = table.numbers("tangential_err", unit, blank_allowed=True)
        axis = table.numbers("error_axis", u.deg, blank_allowed=True)
        for name, good in (("tangential_err", across > 0), ("error_axis", np.isfinite(axis))):
            table.require(
                name,
                ~measured | good,
                "an error across and the right ascension that it refers to",
                "complete the row, or leave out both columns",
            )
        result |= {"error_axis": axis, "tangential_err": across}
    return result


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
        meta["ul_confidence"] = table.confidence()
    return meta
