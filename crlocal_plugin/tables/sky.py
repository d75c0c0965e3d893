"""Read and check maps of the relative intensity, in the layout of `crlocal_plugin.tables`."""

import numpy as np
from astropy import units as u

from .events import read_acceptance, read_energy_response, read_response, read_view
from .raw_table import RawTable, is_number

_NONE = u.dimensionless_unscaled
_ANGLES = {"ra": (-360.0, 720.0), "dec": (-90.0, 90.0)}
_ENERGIES = ("energy", "energy_min", "energy_max")
_UNITS = dict.fromkeys(_ENERGIES, u.GeV)
_CELLS = tuple(f"{name}{end}" for name in _ANGLES for end in ("", "_min", "_max"))
_ROUNDING = 1e-6  # deg
_VALUE = "relative_intensity"
_LAYOUT = (*_ENERGIES, "energy_width", *_CELLS, _VALUE, f"{_VALUE}_err")


def read_sky_table(source, *, columns=None, experiment=None):
    """Read the relative intensity of the sky at one energy, in pixels or in declination bands.

    Parameters
    ----------
    source, columns, experiment
        As in `~crlocal_plugin.tables.spectrum.read_flux_table`.

    Returns
    -------
    `~astropy.table.Table`
        Table in the layout of `crlocal_plugin.tables`. With a field of view in the meta,
        ``latitude`` and ``max_zenith``, rows outside are left out, and bands end where it does.

    Raises
    ------
    TableError
        If the table cannot be read, or is not valid.
    """
    table = RawTable(source, columns, _LAYOUT)
    energy = table.numbers("energy", u.GeV)
    table.require("energy", energy > 0, "a positive number; correct it")
    text = "the energy of the first row; give each energy a table of its own"
    table.require("energy", energy == energy[0], text)
    values = {"energy": energy, **read_response(table, energy)}
    for name in ("energy_width", "energy_min", "energy_max"):
        if name in values:
            table.require(name, values[name] == values[name][0], text)
    for name, limits in _ANGLES.items():
        values |= _cells(table, name, *limits)
    values[_VALUE] = intensity = table.numbers(_VALUE, _NONE)
    text = "a relative intensity of -1 to 1, whose mean is zero; remove the row, or subtract 1"
    table.require(_VALUE, np.abs(intensity) <= 1, text)
    values[f"{_VALUE}_err"] = error = table.numbers(f"{_VALUE}_err", _NONE)
    table.require(f"{_VALUE}_err", error > 0, "a positive error; add it, or remove the row")
    syst = table.meta.get("dipole_syst")
    if syst is not None and not (is_number(syst) and 0 <= float(syst) <= 1):
        text = f"dipole_syst: expected a number of 0 to 1, got {syst!r}"
        raise table.error(f"{text}; correct it, or leave it out")
    keep = _in_view(table, values)
    return table.normalised(
        {
            name: (values[name][keep], u.deg if name in _CELLS else _UNITS.get(name))
            for name in _LAYOUT
            if name in values
        },
        experiment=experiment,
        energy_response=read_energy_response(table, energy),
        acceptance=read_acceptance(table),
    )


def _cells(table, name, lowest, highest):
    """Centres of pixels, or ends of bins with what is in the middle, in deg."""
    ends = f"{name}_min", f"{name}_max"
    if not any(map(table.has, ends)):
        centre = table.numbers(name, u.deg)
        good = (centre >= lowest) & (centre <= highest)
        table.require(name, good, f"an angle of {lowest:g} to {highest:g} deg; correct it")
        return {name: centre}
    low, high = (table.numbers(end, u.deg) for end in ends)
    text = f"an angle of {lowest:g} to {highest:g} deg; correct the end of the bin"
    table.require(ends[0], (low >= lowest) & (low <= highest), text)
    text = f"an angle above {ends[0]}, up to {highest:g} deg; correct the end of the bin"
    good = (high > low) & (high <= highest) & (high - low <= 360)
    table.require(ends[1], good, text)
    return {name: (low + high) / 2, ends[0]: low, ends[1]: high}


def _in_view(table, values):
    """Which rows are in the field of view; ends of bands are moved to its ends."""
    view = read_view(table)
    if view is None:
        return slice(None)
    field, band = view
    low, high = field.visible(band).value
    if "dec_min" not in values:
        keep = (values["dec"] >= low - _ROUNDING) & (values["dec"] <= high + _ROUNDING)
    else:
        keep = (values["dec_max"] > low) & (values["dec_min"] < high)
        for end in ("dec_min", "dec_max"):
            values[end] = np.clip(values[end], low, high)
        values["dec"] = (values["dec_min"] + values["dec_max"]) / 2
    if not keep.any():
        raise table.error(
            f"dec: expected declinations in view, {low:.4g} to {high:.4g} deg, got none; correct "
            "latitude and max_zenith"
        )
    return keep
