"""Directions and velocities that others measured, as correlated priors in ICRS coordinates."""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from .correlated_priors import CorrelatedPrior

_FRAMES = {"ecliptic": "barycentricmeanecliptic", "galactic": "galactic"}
_STEP = 1e-3
"""Step of the derivatives of ICRS coordinates in degrees."""


def icrs_of(longitude, latitude, frame, opposite=False):
    """Right ascension and declination of published directions.

    Parameters
    ----------
    longitude, latitude : array_like
        Degrees, shape (m,).
    frame : {"ecliptic", "galactic"}
        Ecliptic coordinates are of the mean ecliptic and equinox of J2000.
    opposite : bool, optional
        Whether the opposite directions are meant.

    Returns
    -------
    `~numpy.ndarray`
        Right ascension between -180 and 180 and declination in degrees, shape (m, 2).
    """
    there = SkyCoord(longitude, latitude, unit="deg", frame=_FRAMES[frame]).icrs
    sign = -1 if opposite else 1
    x, y, z = sign * there.cartesian.xyz.value
    return np.rad2deg(np.stack([np.arctan2(y, x), np.arcsin(z)], axis=-1))


def vector_prior(parameters, entry):
    """Prior of a published vector, with its covariance propagated to ICRS to first order.

    Parameters
    ----------
    parameters : list of `~gammapy.modeling.Parameter`
        Right ascension and declination, or speed, right ascension and declination.
    entry : dict
        ``frame``; ``longitude`` and ``latitude``, each a value and a standard deviation in
        degrees; for three parameters ``speed``, the same in km/s, and ``correlation`` of speed and
        longitude; ``opposite``, whether the parameters point the other way; ``source``.

    Returns
    -------
    `~crlocal_plugin.CorrelatedPrior`
    """
    (lon, lon_sigma), (lat, lat_sigma) = entry["longitude"], entry["latitude"]
    ends = np.array([[lon, lat]]) + _STEP * np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])
    icrs = icrs_of(*ends.T, entry["frame"], entry.get("opposite", False))
    turns = (icrs[1::2] - icrs[2::2] + 180) % 360 - 180
    jacobian = turns.T / (2 * _STEP)
    mean, units, widths = icrs[0], [u.deg, u.deg], [lon_sigma, lat_sigma]
    correlation = np.eye(len(parameters))
    if len(parameters) == 3:
        speed, sigma = entry["speed"]
        mean, units, widths = [speed, *mean], [u.Unit("km/s"), *units], [sigma, *widths]
        correlation[0, 1] = correlation[1, 0] = entry["correlation"]
        jacobian = np.block([[np.eye(1), np.zeros((1, 2))], [np.zeros((2, 1)), jacobian]])
    covariance = jacobian @ (correlation * np.outer(widths, widths)) @ jacobian.T
    return CorrelatedPrior(
        parameters, list(map(u.Quantity, mean, units)), covariance, source=entry["source"]
    )
