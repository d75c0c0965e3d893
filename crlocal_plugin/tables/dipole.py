"""Read and check tables of measured dipoles, in the layout of `crlocal_plugin.tables`."""

import numpy as np
from astropy import units as u

from .events import read_acceptance, read_energy_response, read_response, read_view
from .raw_table import RawTable, error_names, is_number

AMPLITUDE_KINDS = ("equatorial_dipole", "first_harmonic")

DECLINATION_FACTORS = (0.01, 100.0)
"""Lowest and highest equatorial dipole over first-harmonic amplitude that may be meant."""

_SAME_FACTOR = 0.01
"""How far a factor may be from what the meta says of the field of view."""

_SAME_ENERGY = 0.01
"""Relative distance in energy within which a limit repeats a measurement."""

_NONE = u.dimensionless_unscaled
_UNITS = {
    **dict.fromkeys(("energy", "energy_min", "energy_max"), u.GeV),
    **dict.fromkeys(("phase", "phase_err", "error_axis"), u.deg),
}

_LAYOUT = (
    *("energy", "energy_width", "energy_min", "energy_max"),
    *("amplitude", *error_names("amplitude"), "amplitude_syst", "amplitude_ul"),
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
        ``"equatorial_dipole"``, which counts if the table does not say either, or
        ``"first_harmonic"`` for a fit in right ascension, which the field of view dilutes.
    declination_factor : float, optional
        Equatorial dipole over first-harmonic amplitude; by default from the meta of the table.

    Returns
    -------
    `~astropy.table.Table`
        Table in the layout of `crlocal_plugin.tables`. The error may also be one column
        ``amplitude_err``. A row of nothing but ``amplitude_ul`` that repeats the energy of a
        measurement within 1 % is merged into it: one row is one measurement. With limits,
        ``ul_confidence`` is in the meta, 0.95 unless the table says otherwise.

    Raises
    ------
    TableError
        If the table cannot be read, or is not a valid dipole table.
    """
    table = RawTable(source, columns, _LAYOUT)
    energy = table.numbers("energy", u.GeV)
    table.require("energy", energy > 0, "a positive number; remove the row")
    limit = nothing = np.full(len(energy), np.nan)
    if table.has("amplitude_ul"):
        limit = _numbers(table, "amplitude_ul")
        table.require("amplitude_ul", ~(limit <= 0), "a positive number; remove the limit")
    if table.has("amplitude") or not table.has("amplitude_ul"):
        values = _measurement(table, limit)
    else:
        names = ("amplitude", "amplitude_errn", "amplitude_errp", "phase", "phase_err")
        values = dict.fromkeys(names, nothing)
    limit, keep = _merge_limits(table, energy, np.isfinite(values["amplitude"]), limit)
    values |= {"energy": energy, **read_response(table, energy)}
    if table.has("amplitude_ul"):
        values["amplitude_ul"] = limit
    if table.has("site"):
        sites = table.table[table.given_name("site")]
        values["site"] = np.asarray(np.ma.filled(sites, "")).astype(str)
    return table.normalised(
        {name: (values[name][keep], _UNITS.get(name)) for name in _LAYOUT if name in values},
        experiment=experiment,
        energy_response=read_energy_response(table, energy),
        acceptance=read_acceptance(table),
        **_meta(table, amplitude_kind, declination_factor),
    )


def _numbers(table, name):
    return table.numbers(name, _UNITS.get(name, _NONE), blank_allowed=True)


def _measurement(table, limit):
    """Return amplitude, errors and phase, nan in the rows that hold nothing but a limit."""
    names = ("amplitude", "phase", "phase_err")
    amplitude, phase, phase_err = (_numbers(table, name) for name in names)
    sides = table.error_sides("amplitude", _NONE, blank_allowed=True)
    if sides is None:
        raise table.missing("amplitude_errn")
    error_name, errn, errp = sides
    result = {"amplitude": amplitude, "amplitude_errn": errn, "amplitude_errp": errp}
    result |= {"phase": phase, "phase_err": phase_err}

    measured = np.isfinite(amplitude)
    # simulated values are drawn from Gaussians, which end nowhere
    simulated = bool(table.meta.get("simulated"))
    text = "an amplitude with its phase, or an upper limit; complete the row or remove it"
    table.require("amplitude", measured | np.isfinite(limit), text)
    table.require("amplitude", ~(amplitude < 0), "an amplitude that is not negative; correct it")
    text = "an amplitude of at most 1; correct it, or give percents the unit %"
    table.require("amplitude", ~(amplitude > 1) | simulated, text)
    text = "a phase where there is an amplitude, and only there; complete the row or remove it"
    table.require("phase", measured == np.isfinite(phase), text)
    table.require(
        error_name,
        ~measured | ((errn >= 0) & (errp >= 0) & (errn + errp > 0)),
        "a positive error on at least one side; add the error, or give the row as an upper limit, "
        "amplitude_ul",
    )
    text = "a positive error of the phase, of at most 180 deg; add the error or correct it"
    in_range = (phase_err > 0) & ((phase_err <= 180) | simulated)
    table.require("phase_err", ~measured | in_range, text)
    if table.has("amplitude_syst"):
        result["amplitude_syst"] = syst = _numbers(table, "amplitude_syst")
        text = "an error that is not negative; write 0 if it is not given"
        table.require("amplitude_syst", ~measured | (syst >= 0), text)
    if table.has("tangential_err") or table.has("error_axis"):
        result["tangential_err"] = across = _numbers(table, "tangential_err")
        result["error_axis"] = axis = _numbers(table, "error_axis")
        text = (
            "an error across and the right ascension that it refers to; complete the row, or "
            "leave out both columns"
        )
        table.require("tangential_err", ~measured | (across > 0), text)
        table.require("error_axis", ~measured | np.isfinite(axis), text)
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
            text = f"a second upper limit for the measurement at {energy[row]:g} GeV"
            raise table.error(f"{text}; keep one of the two", "amplitude_ul", row)
        limit[free[np.argmin(distance[free])]] = limit[row]
        keep[row] = False
    return limit, keep


def _meta(table, kind, factor):
    kind = kind or table.meta.get("amplitude_kind") or "equatorial_dipole"
    if kind not in AMPLITUDE_KINDS:
        raise table.error(
            f"amplitude_kind: expected one of {', '.join(AMPLITUDE_KINDS)}, got {kind!r}; correct "
            "it or pass amplitude_kind="
        )
    given = factor is not None
    factor = factor if given else table.meta.get("declination_factor")
    if factor is not None:
        low, high = DECLINATION_FACTORS
        is_good = is_number(factor) and not isinstance(factor, bool | np.bool_)
        if not (is_good and low <= float(factor) <= high):
            raise table.error(
                f"declination_factor: expected a number of {low} to {high:g}, got {factor!r}; "
                "leave it out if it is not known"
            )
    view = read_view(table)
    if view is not None and kind == "first_harmonic":
        derived = 1 / view[0].mean_cos_declination(view[1])
        if not (given or factor is None or abs(factor / derived - 1) <= _SAME_FACTOR):
            raise table.error(
                f"declination_factor: {factor!r} is not {derived:.4g}, that of the field of view; "
                "leave it out, or correct the field of view"
            )
        factor = derived if factor is None else factor
    level = table.meta.get("ul_confidence", 0.95)
    return {
        "amplitude_kind": kind,
        "declination_factor": None if factor is None else float(factor),
        "ul_confidence": float(level) if table.has("amplitude_ul") else None,
    }
