"""Read and check what a table of dipoles says of the events: energies, acceptance, declinations."""

from collections.abc import Mapping
from numbers import Real

import numpy as np
from astropy import units as u
from astropy.table import Table

from ..physics.response import MIN_ENERGY
from ..physics.species import get_species
from ..sky.field_of_view import FieldOfView
from .raw_table import RawTable

_REACH = 4.0
"""Decades that an energy may be from that of the point."""

_MAX_WIDTH = 1.0
"""Largest width of a distribution, in log10(energy)."""

_NONE = u.dimensionless_unscaled

_VIEW = ("latitude", "max_zenith", "declination_range")
"""Entries of the meta on the field of view."""

_KEYS = "columns log10_ratio and weight, and weight_SPECIES for a species of its own"


def read_response(table, energy):
    """Columns that say which energies the events of a point have."""
    is_bin = table.has("energy_min") or table.has("energy_max")
    if table.has("energy_width"):
        if is_bin:
            text = "the energies of the events are given twice, as a width and as a bin"
            raise table.error(f"{text}; keep one of the two", "energy_width")
        width = table.numbers("energy_width", _NONE)
        text = f"a standard deviation of log10(energy) from 0 to {_MAX_WIDTH:g}"
        good = (width >= 0) & (width <= _MAX_WIDTH)
        table.require("energy_width", good, f"{text}; correct it, or write 0 for one energy")
        return {"energy_width": width}
    if not is_bin:
        return {}
    low, high = table.numbers("energy_min", u.GeV), table.numbers("energy_max", u.GeV)
    table.require("energy_min", (low > 0) & (low <= energy), "at most the energy; correct it")
    good = (high >= energy) & (high > low)
    table.require("energy_max", good, "at least the energy; correct it")
    return {"energy_min": low, "energy_max": high}


def read_energy_response(table, energy):
    """Distribution of the energies of the events (dict of str to list), None if there is none.

    In the meta of the table, ``energy_response`` has columns as lists: ``log10_ratio``, log10 of an
    energy over that of the point, and ``weight``, events per interval of it, relative; and
    ``weight_He``, for one, for species that have another distribution than all the others.
    """
    given = table.meta.get("energy_response")
    if given is None:
        return None
    for name in ("energy_width", "energy_min", "energy_max"):
        if table.has(name):
            text = "the energies of the events are given twice, in energy_response too"
            raise table.error(f"{text}; keep one of the two", name)
    text = f"energy_response: expected {_KEYS}, all of one length"
    if not isinstance(given, Mapping) or not {"log10_ratio", "weight"} <= set(given):
        raise table.error(f"{text}, got {given!r}; complete it")
    for name in set(given) - {"log10_ratio", "weight"}:
        _check_species(table, f"energy_response, {name}", str(name).partition("weight_")[2])
    sizes = [np.shape(values) for values in given.values()]
    if len(set(sizes)) > 1 or len(sizes[0]) != 1 or sizes[0][0] < 2:
        raise table.error(f"{text} of at least 2, got the shapes {sizes}; correct the lists")
    label = f"{table.label}: energy_response"
    kernel = RawTable(Table(dict(given)), layout=given, label=label)
    ratio = kernel.numbers("log10_ratio", u.dimensionless_unscaled)
    good = (np.abs(ratio) <= _REACH) & (np.diff(ratio, prepend=-np.inf) > 0)
    text = f"a number above that before, from {-_REACH:g} to {_REACH:g}; correct the order"
    kernel.require("log10_ratio", good, text)
    result = {"log10_ratio": ratio}
    for name in (name for name in given if name != "log10_ratio"):
        values = result[name] = kernel.numbers(name, u.dimensionless_unscaled)
        kernel.require(name, values >= 0, "a number that is not negative; correct it")
        if not values.any():
            raise kernel.error("expected a positive weight, all are zero; correct it", name)
    text = f"an energy whose events are above {MIN_ENERGY:g} GeV; shorten the response"
    table.require("energy", energy * 10 ** ratio[0] >= MIN_ENERGY, text)
    return {name: values.tolist() for name, values in result.items()}


def read_acceptance(table):
    """Relative acceptance of some species (dict of str to float), None if all have the same.

    In the meta of the table, ``acceptance`` has numbers by species; others have 1.
    """
    given = table.meta.get("acceptance")
    if given is None:
        return None
    text = "acceptance: expected numbers by species such as {He: 0.9}"
    if not isinstance(given, Mapping):
        raise table.error(f"{text}, got {given!r}; correct it")
    for name, value in given.items():
        _check_species(table, "acceptance", name)
        is_good = isinstance(value, Real) and not isinstance(value, bool) and 0 <= value < np.inf
        if not is_good:
            text = f"acceptance of {name}: expected a number that is not negative, got {value!r}"
            raise table.error(f"{text}; correct it")
    return {name: float(value) for name, value in given.items()}


def read_view(table):
    """Field of view of a table and range of declinations in it, None if it says nothing of them.

    The meta has it as ``latitude`` and ``max_zenith``, and as ``declination_range`` (None without
    it) if only part of it was analysed.
    """
    given = [key for key in _VIEW if table.meta.get(key) is not None]
    if not given:
        return None
    try:
        band = table.meta.get("declination_range")
        band = None if band is None else u.Quantity([u.Quantity(end, "deg") for end in band])
        angles = (u.Quantity(table.meta.get(key), "deg") for key in _VIEW[:2])
        view = FieldOfView(*angles, name="the experiment")
        view.visible(band)
    except (TypeError, ValueError) as error:
        raise table.error(
            f"{', '.join(given)}: {error}; expected latitude and max_zenith, and declination_range "
            "for part of what is in view, in deg"
        ) from error
    return view, band


def _check_species(table, place, name):
    try:
        get_species(name)
    except ValueError as error:
        raise table.error(f"{place}: {error}; correct the name") from None
