"""How long, and how well, an experiment on the turning Earth sees a declination."""

import numpy as np

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def declination_range(latitude, max_zenith):
    """Lowest and highest declination that come within a zenith angle in a day; all in rad."""
    pole = np.pi / 2
    return max(latitude - max_zenith, -pole), min(latitude + max_zenith, pole)


def exposure(declination, latitude, max_zenith, zenith_exponent):
    r"""Acceptance of sources at declinations of shape ``(...)``, summed over a sidereal day.

    .. math::
        \omega(\delta) = \frac{1}{\pi} \int_0^{h_m} \cos^n\theta\, dh, \quad
        \cos\theta = \sin\lambda \sin\delta + \cos\lambda \cos\delta \cos h

    with the hour angle h_m at which the source reaches the largest zenith angle; all in rad. An
    exponent of 0 is the part of the day that the source is in view, 1 is a flat detector (Sommers
    2001, Astropart. Phys. 14, 271). The exposure of a source that stays in the zenith is one.
    """
    declination = np.asarray(declination, dtype=float)
    constant = np.sin(latitude) * np.sin(declination)
    swing = np.cos(latitude) * np.cos(declination)
    # a division would fail at the poles, where the zenith angle stays the same all day
    missing = np.cos(max_zenith) - constant
    h_m = np.arctan2(np.sqrt(np.maximum(swing**2 - missing**2, 0)), missing)
    hour_angle = h_m[..., np.newaxis] * (1 + _NODES) / 2
    cos_zenith = constant[..., np.newaxis] + swing[..., np.newaxis] * np.cos(hour_angle)
    acceptance = np.maximum(cos_zenith, 0) ** zenith_exponent
    return acceptance @ _WEIGHTS * h_m / (2 * np.pi)
