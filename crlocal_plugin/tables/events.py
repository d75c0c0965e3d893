"""Read and check what the meta of a dipole table says of the events: energies and acceptance."""

from collections.abc import Mapping
from numbers import Real

import numpy as np
from astropy import units as u
from astropy.table import Table

from ..physics.response import MIN_ENERGY
from ..physics.species import get_species
from .raw_table import RawTable

_REACH = 4.0
"""Decades that an energy may be from that of the point."""

_KEYS = "columns log10_ratio and weight, and weight_SPECIES for a species of its own"


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


def _check_species(table, place, name):
    try:
        get_species(name)
    except ValueError as error:
        raise table.error(f"{place}: {error}; correct the name") from None
