"""Dipole anisotropy of each component and of their sum.

All vectors are ICRS Cartesian and point to the *excess* of intensity, which is what experiments
plot. The streaming vector xi of Xue & Liu 2025, Eqs. 11-17, is the opposite.
"""

import numpy as np

from .constants import LIGHT_SPEED_KM_S, LIGHT_YEAR_PC
from .diffusion import directional_ratio

__all__ = [
    "amplitude_and_phase",
    "background_excess",
    "combine_excess",
    "compton_getting_excess",
    "galactic_center_excess",
    "intensity_weights",
    "nearby_source_excess",
]


def _dot(a, b):
    return np.sum(np.asarray(a) * b, axis=-1)


def nearby_source_excess(beta, cloud, perpendicular_ratio):
    """Dipole of the nearby source, Eqs. 11 and 17.

    Parameters
    ----------
    beta : array_like
        Speed of the particles over the speed of light, shape ``(...)``.
    cloud : `~crlocal_plugin.physics.geometry.LocalCloud`
        Velocity u of the cloud in the local standard of rest, and its magnetic field b.
    perpendicular_ratio : array_like
        kappa_perp / kappa_par, shape ``(...)``.

    Returns
    -------
    `~numpy.ndarray`
        Excess, shape ``(..., 3)``: (3 / v) (kappa_par u cos(theta) b + kappa_perp u sin(theta)
        e_perp) / kappa_xx, with u sin(theta) e_perp = u - (u . b) b.
    """
    parallel = _dot(cloud.velocity, cloud.field)[..., np.newaxis] * cloud.field
    ratio = directional_ratio(cloud.cos2_theta, perpendicular_ratio)
    scale = 3 / (np.asarray(beta) * LIGHT_SPEED_KM_S * ratio)
    across = np.asarray(perpendicular_ratio)[..., np.newaxis] * (cloud.velocity - parallel)
    return scale[..., np.newaxis] * (parallel + across)


def galactic_center_excess(beta, r_c, T_c, direction, field):
    """Dipole of an instantaneous source, projected on the magnetic field, Eqs. 12-13.

    Parameters
    ----------
    beta : array_like
        Speed of the particles over the speed of light.
    r_c : array_like
        Distance of the source in kpc.
    T_c : array_like
        Age of the source in yr.
    direction : array_like
        Unit vector to the source, shape ``(..., 3)``.
    field : array_like
        Unit vector of the magnetic field, shape ``(..., 3)``.

    Returns
    -------
    `~numpy.ndarray`
        Excess, shape ``(..., 3)``: (3 r_c / (2 v T_c)) (b . r_hat) b.
    """
    amplitude = 1.5 * (1e3 * np.asarray(r_c)) / (np.asarray(beta) * T_c * LIGHT_YEAR_PC)
    return (amplitude * _dot(direction, field))[..., np.newaxis] * field


def background_excess(delta_b, direction, field):
    """Dipole of the background, projected on the magnetic field, Eq. 14.

    Parameters
    ----------
    delta_b : array_like
        Amplitude before the projection.
    direction : array_like
        Unit vector of the streaming before the projection, shape ``(..., 3)``; the north Galactic
        pole in the paper.
    field : array_like
        Unit vector of the magnetic field, shape ``(..., 3)``.

    Returns
    -------
    `~numpy.ndarray`
        Excess, shape ``(..., 3)``: -delta_b (b . direction) b.
    """
    return (-np.asarray(delta_b) * _dot(direction, field))[..., np.newaxis] * field


def compton_getting_excess(beta, u_hc, direction, C):
    """Compton-Getting dipole of an observer who moves through the cloud (first term of Eq. 15).

    Parameters
    ----------
    beta : array_like
        Speed of the particles over the speed of light.
    u_hc : array_like
        Speed of the cloud with respect to the Sun in km/s.
    direction : array_like
        Unit vector of that velocity, shape ``(..., 3)``.
    C : array_like
        One third of the spectral index of the momentum distribution.

    Returns
    -------
    `~numpy.ndarray`
        Excess, shape ``(..., 3)``: -3 C u_HC / v, towards the motion of the observer.
    """
    amplitude = -3 * np.asarray(C) * u_hc / (np.asarray(beta) * LIGHT_SPEED_KM_S)
    return amplitude[..., np.newaxis] * direction


def intensity_weights(log_intensities):
    """Shares of contributions in their sum, from the logarithms of their intensities.

    Parameters
    ----------
    log_intensities : sequence of array_like
        Natural logarithms of the intensities per total energy, one array per contribution.

    Returns
    -------
    `~numpy.ndarray`
        Shares, contributions along the first axis; they add up to 1 even where every intensity
        underflows.
    """
    logs = np.stack(np.broadcast_arrays(*log_intensities))
    with np.errstate(under="ignore"):
        weights = np.exp(logs - np.max(logs, axis=0))
        return weights / np.sum(weights, axis=0)


def combine_excess(weights, excesses):
    """Mean of dipoles weighted with intensities (second term of Eq. 15).

    Parameters
    ----------
    weights : sequence of array_like
        Shares of the intensity per total energy, each of shape ``(...)``.
    excesses : sequence of array_like
        Dipoles of the contributions, each of a shape that broadcasts to ``(..., 3)``.

    Returns
    -------
    `~numpy.ndarray`
        Weighted sum, shape ``(..., 3)``.
    """
    return sum(
        np.asarray(weight)[..., np.newaxis] * excess
        for weight, excess in zip(weights, excesses, strict=True)
    )


def amplitude_and_phase(vector):
    """Amplitude on the equator and right ascension of a dipole.

    Parameters
    ----------
    vector : array_like
        ICRS Cartesian dipole, shape ``(..., 3)``.

    Returns
    -------
    amplitude : `~numpy.ndarray`
        Length of the projection on the equatorial plane, shape ``(...)``.
    phase : `~numpy.ndarray`
        Right ascension in rad, 0 to 2 pi, shape ``(...)``.
    """
    vector = np.asarray(vector, dtype=float)
    phase = np.arctan2(vector[..., 1], vector[..., 0])
    return np.hypot(vector[..., 0], vector[..., 1]), phase % (2 * np.pi)
