"""Unit vectors and velocities in ICRS Cartesian coordinates."""

import math
from typing import NamedTuple

import numpy as np

from .memory import all_numbers, scalar_cache

# Galactic axes in ICRS (Hipparcos and Tycho Catalogues, ESA SP-1200, Vol. 1, Eq. 1.5.11):
# columns point to l = 0, to l = 90 deg in the plane, and to the north Galactic pole.
GALACTIC_TO_ICRS = np.array(
    [
        [-0.0548755604, +0.4941094279, -0.8676661490],
        [-0.8734370902, -0.4448296300, -0.1980763734],
        [-0.4838350155, +0.7469822445, +0.4559837762],
    ]
)
"""Rotation matrix from Galactic to ICRS Cartesian coordinates."""

_ROWS = GALACTIC_TO_ICRS.tolist()
# keeps the angle of a velocity of zero defined
_SMALLEST = np.finfo(float).smallest_subnormal


def _vectors(*components):
    """Vectors, shape ``(..., 3)``, from three components."""
    if all_numbers(components):
        return np.array(components)
    return np.stack(np.broadcast_arrays(*components), axis=-1)


@scalar_cache
def icrs_direction(right_ascension, declination):
    """Unit vectors, shape ``(..., 3)``, of directions in ICRS coordinates in rad."""
    # NumPy's functions take twenty times as long for a single number
    are_numbers = all_numbers((right_ascension, declination))
    sin, cos = (math.sin, math.cos) if are_numbers else (np.sin, np.cos)
    equator = cos(declination)
    x, y = equator * cos(right_ascension), equator * sin(right_ascension)
    return _vectors(x, y, sin(declination))


@scalar_cache
def galactic_direction(longitude, latitude):
    """Unit vectors in ICRS, shape ``(..., 3)``, of directions in Galactic coordinates in rad."""
    return icrs_direction(longitude, latitude) @ GALACTIC_TO_ICRS.T


def lsr_velocity(u_hc, u_hc_direction, u_sun, v_sun, w_sun):
    """Velocity of the Local Interstellar Cloud in the local standard of rest.

    Parameters
    ----------
    u_hc, u_hc_direction : array_like
        Speed of the cloud with respect to the Sun in km/s, and its unit vector, ``(..., 3)``.
    u_sun, v_sun, w_sun : array_like
        Solar motion in the local standard of rest in km/s, towards the Galactic centre, in the
        direction of Galactic rotation and towards the north Galactic pole.

    Returns
    -------
    `~numpy.ndarray`
        u_LSR = u_HC + (U, V, W) in ICRS Cartesian coordinates in km/s, shape ``(..., 3)``.
    """
    flow = np.asarray(u_hc_direction)
    # plain floats where there is one direction: arrays of three numbers are slow
    flow = flow.tolist() if flow.ndim == 1 else np.moveaxis(flow, -1, 0)
    components = [
        u_hc * along + (to_l0 * u_sun + to_l90 * v_sun + to_pole * w_sun)
        for along, (to_l0, to_l90, to_pole) in zip(flow, _ROWS, strict=True)
    ]
    return _vectors(*components)


def speed_and_cos2(velocity, field):
    """Speed, and squared cosine of the angle between a velocity and the magnetic field.

    Parameters
    ----------
    velocity, field : array_like
        Velocities and unit vectors of the magnetic field, shape ``(..., 3)``.

    Returns
    -------
    speed, cos2_theta : `~numpy.ndarray`
        Length of the velocity and cos^2(theta), zero for a velocity of zero, shape ``(...)``.
    """
    along = np.vecdot(velocity, field)
    speed2 = np.vecdot(velocity, velocity)
    return np.sqrt(speed2), along * along / (speed2 + _SMALLEST)


class LocalCloud(NamedTuple):
    """Motion and magnetic field of the Local Interstellar Cloud.

    Attributes
    ----------
    velocity, field : `~numpy.ndarray`
        u_LSR in km/s and unit vector of the magnetic field, ICRS Cartesian, shape ``(..., 3)``.
    speed, cos2_theta : `~numpy.ndarray`
        Length of u_LSR in km/s, and squared cosine of the angle between both, shape ``(...)``.
    """

    velocity: np.ndarray
    field: np.ndarray
    speed: np.ndarray
    cos2_theta: np.ndarray


@scalar_cache
def local_cloud(B_ra, B_dec, u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun):
    """Motion of the cloud in the local standard of rest and its field, as `LocalCloud`.

    Parameters
    ----------
    B_ra, B_dec, u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun : array_like
        Direction of the magnetic field, velocity of the cloud with respect to the Sun, and solar
        motion; speeds in km/s, directions in rad.
    """
    field = icrs_direction(B_ra, B_dec)
    velocity = lsr_velocity(u_HC, icrs_direction(u_HC_ra, u_HC_dec), U_sun, V_sun, W_sun)
    return LocalCloud(velocity, field, *speed_and_cos2(velocity, field))


def wandering_of_field_lines(length, coherence_length):
    """Displacement of a field line from the straight one on each transverse axis.

    The direction of the line walks at random over the sphere and forgets itself over the coherence
    length L, as that of a polymer does (Kratky & Porod 1949): cos(angle) has the mean exp(-s / L)
    after a length s.

    Parameters
    ----------
    length, coherence_length : array_like
        Length s of the line and coherence length, which may be infinite, in the same unit.

    Returns
    -------
    `~numpy.ndarray`
        Root mean square, s (s / 3 L)^(1/2) for short lines and (2 L s / 3)^(1/2) for long ones.
    """
    length, coherence_length = np.broadcast_arrays(length, np.asarray(coherence_length, float))
    t = length / coherence_length
    # short lines: the closed form is a difference of numbers that are nearly the same
    mean = t - 4 / 3 + 1.5 * np.exp(-t) - np.exp(-3 * t) / 6
    series = t**3 / 2 - 0.5 * t**4
    share = np.where(t < 1e-3, series, np.maximum(mean, 0))
    with np.errstate(invalid="ignore"):
        return np.where(t > 0, length * np.sqrt(2 / 3 * share / np.where(t > 0, t, 1) ** 2), 0.0)
