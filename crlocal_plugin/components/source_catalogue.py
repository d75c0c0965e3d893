"""Supernova remnants and pulsars near the Sun, and where they lie along the magnetic field."""

import functools
from pathlib import Path
from typing import NamedTuple

import astropy.units as u
import numpy as np
from astropy.table import Table

from ..messages import unknown_name
from ..physics.constants import LIGHT_SPEED_KM_S, LIGHT_YEAR_PC
from ..physics.geometry import icrs_direction, wandering_of_field_lines

FIELD_ERROR = np.deg2rad(1.8)
"""Error of the direction of the local field on each axis in rad: mean of those of the centre of the
IBEX ribbon (Funsten et al. 2013, ApJ 776, 30)."""

COHERENCE_LENGTH = u.Quantity(100, "pc")
"""Length over which field lines forget their direction, an assumption: the outer scale of
turbulence between spiral arms (Haverkorn et al. 2008, ApJ 680, 362)."""

_KM_S_IN_PC_YR = LIGHT_YEAR_PC / LIGHT_SPEED_KM_S
_MAS_IN_RAD = np.deg2rad(1 / 3.6e6)
_DRAWS = 4000


def source_catalogue():
    """Supernova remnants and pulsars within about 2 kpc and 1 Myr, with references.

    Returns
    -------
    `~astropy.table.Table`
        A row per source: ``name``, ``aliases`` and ``kind``; ``ra`` and ``dec`` (ICRS),
        ``distance`` with errors downwards and upwards, ``age`` with its error and kind; proper
        motion of pulsars, nan where none is known; sources of distance and age, and a ``note`` that
        says what is an assumption. The comments in the meta say where places are from.
    """
    return _table().copy()


@functools.cache
def _table():
    table = Table.read(Path(__file__).with_name("nearby_sources.ecsv"), format="ascii.ecsv")
    return table.filled("")


def find_source(name):
    """Row of the catalogue (`~astropy.table.Row`) by name or alias, in any case.

    ValueError with the nearest name if there is none.
    """
    known = {}
    for row in _table():
        for text in (row["name"], *row["aliases"].split(",")):
            known[_plain(text)] = row
    if _plain(name) not in known:
        raise ValueError(unknown_name(name, _table()["name"], "source "))
    return known[_plain(name)]


def _plain(name):
    return str(name).replace(" ", "").replace("_", "").casefold()


class TubeGeometry(NamedTuple):
    """Where a source exploded, along and across a straight field line through the Sun.

    Attributes
    ----------
    r_par, r_perp : float
        Distances in pc; the first is negative where the field points away from the source.
    r_par_error, r_perp_error : float
        Their root mean square deviations in pc.
    place : `~numpy.ndarray`
        Place of the explosion in pc as seen from the Sun today, at rest in the local standard of
        rest, in ICRS Cartesian coordinates, shape (3,).
    """

    r_par: float
    r_perp: float
    r_par_error: float
    r_perp_error: float
    place: np.ndarray


def tube_geometry(source, field, solar_motion, coherence_length=COHERENCE_LENGTH):
    """Place of a source along and across the local magnetic field.

    A pulsar is traced back to its birth along a straight line in the local standard of rest; its
    radial velocity, which is not known, has the width of each transverse one. Errors are those of
    distance, age and motion, of the direction of the field, and of the wandering of field lines,
    see `~crlocal_plugin.physics.geometry.wandering_of_field_lines`.

    Parameters
    ----------
    source : `~astropy.table.Row`
        Of the catalogue.
    field : `~numpy.ndarray`
        Unit vector of the field, ICRS Cartesian, shape (3,).
    solar_motion : `~numpy.ndarray`
        Velocity of the Sun in the local standard of rest in km/s, ICRS Cartesian, shape (3,).
    coherence_length : `~astropy.units.Quantity`, optional
        Length over which a field line forgets its direction; infinite if it is straight.

    Returns
    -------
    TubeGeometry

    Raises
    ------
    ValueError
        If the coherence length is not positive.
    """
    length = u.Quantity(coherence_length).to_value("pc")
    if not length > 0:
        raise ValueError(f"coherence_length: expected a positive length, got {coherence_length}")
    # the same draws for every source, the first of which is the source as it is listed
    z = np.random.default_rng(1).standard_normal((_DRAWS, 10))
    z[0] = 0
    place = _birth_places(source, solar_motion, z)
    distance = np.linalg.norm(place[0])
    width = wandering_of_field_lines(distance, length)
    axes = _axes_across(field)
    tilted = field + FIELD_ERROR * (z[:, 6:8] @ axes)
    tilted /= np.linalg.norm(tilted, axis=-1, keepdims=True)
    along = np.vecdot(place, tilted)
    across = place - along[:, np.newaxis] * tilted - width * (z[:, 8:10] @ axes)
    r_perp = np.linalg.norm(across, axis=-1)
    errors = [np.sqrt(np.mean((values[1:] - values[0]) ** 2)) for values in (along, r_perp)]
    return TubeGeometry(float(along[0]), float(r_perp[0]), *map(float, errors), place[0])


def _birth_places(source, solar_motion, z):
    """Places of the explosion in pc for draws of what is not known, shape (m, 3)."""
    ra, dec = np.deg2rad(source["ra"]), np.deg2rad(source["dec"])
    direction = icrs_direction(ra, dec)
    east = np.array([-np.sin(ra), np.cos(ra), 0])
    north = np.cross(direction, east)
    error = np.where(z[:, 0] < 0, source["distance_minus"], source["distance_plus"])
    distance = np.maximum(source["distance"] + error * z[:, 0], 1)[:, np.newaxis]
    age = np.maximum(source["age"] + source["age_error"] * z[:, 1], 0)[:, np.newaxis]
    if np.isnan(source["pm_ra"]):
        return distance * direction
    to_east = source["pm_ra"] + source["pm_ra_error"] * z[:, 2]
    to_north = source["pm_dec"] + source["pm_dec_error"] * z[:, 3]
    transverse = distance * _MAS_IN_RAD * (np.outer(to_east, east) + np.outer(to_north, north))
    sun = solar_motion - np.dot(solar_motion, direction) * direction
    velocity = transverse + _KM_S_IN_PC_YR * sun
    radial = np.linalg.norm(velocity, axis=-1, keepdims=True) / np.sqrt(2) * z[:, 4:5]
    return distance * direction - age * (velocity + radial * direction)


def _axes_across(field):
    """Two unit vectors at right angles to a field and to each other, shape (2, 3)."""
    helper = np.eye(3)[np.argmin(np.abs(field))]
    first = np.cross(field, helper)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(field, first)])
