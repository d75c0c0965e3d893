"""Intensities of the three components, as natural logarithms of 1/(GV m2 s sr).

Logarithms keep the dipole, a mean weighted with intensities, defined where every intensity
underflows; ``exp`` of a result is zero there, never NaN.
"""

import numpy as np

from .constants import LIGHT_SPEED_CM_S, PARSEC_CM, YEAR_S
from .diffusion import directional_ratio, log_power_law_diffusion
from .modulation import interstellar_rigidity, log_modulation

__all__ = [
    "ABSENT",
    "log_galactic_center",
    "log_leaky_box",
    "log_modulated_leaky_box",
    "log_nearby_source",
    "log_source_spectrum",
]

_LOG_M2 = np.log(1e4)
ABSENT = -1e300
"""Logarithm that stands for an intensity of zero; finite, so that sums and shares stay defined."""
_LOG_REFERENCE = np.log(10.0)


def _log_strength(value):
    """Logarithm of a strength, which at zero switches its component off without a warning."""
    present = np.asarray(value) > 0
    return np.where(present, np.log(np.where(present, value, 1.0)), ABSENT)


def log_source_spectrum(rigidity, log_rigidity, Q_0, Gamma, R_cut):
    """Logarithm of a source spectrum Q_0 (R / GV)^-Gamma exp(-R / R_cut), Eqs. 8 and 10.

    Parameters
    ----------
    rigidity, log_rigidity : array_like
        Rigidity in GV, and its natural logarithm.
    Q_0 : array_like
        Strength in 1/GV, not negative.
    Gamma : array_like
        Spectral index.
    R_cut : array_like
        Cut-off rigidity in GV.

    Returns
    -------
    `~numpy.ndarray`
        ln(Q / (1/GV)).
    """
    return _log_strength(Q_0) - Gamma * log_rigidity - rigidity / R_cut


def log_leaky_box(rigidity, log_rigidity, Q_0b, Gamma, R_cut, w, H_G, V_G, D_0, delta):
    """Logarithm of the interstellar intensity of the background in a leaky box, Eqs. 1-2.

    Parameters
    ----------
    rigidity, log_rigidity : array_like
        Interstellar rigidity in GV, and its natural logarithm.
    Q_0b : array_like
        Source strength per supernova in 1/GV.
    Gamma : array_like
        Spectral index.
    R_cut : array_like
        Cut-off rigidity in GV.
    w : array_like
        Rate of supernovae in 1/yr.
    H_G : array_like
        Thickness of the Galaxy in pc.
    V_G : array_like
        Volume of the Galaxy in kpc3.
    D_0, delta : array_like
        Diffusion coefficient at 10 GV in cm2/s, and its slope.

    Returns
    -------
    `~numpy.ndarray`
        ln(J / (1/(GV m2 s sr))).
    """
    # the speed of the particle cancels between v and D = D_0 beta (R / 10 GV)^delta
    volume = V_G * (1e3 * PARSEC_CM) ** 3
    escape = (w / YEAR_S) * (H_G * PARSEC_CM) ** 2 / (volume * D_0)
    log_norm = _log_strength(LIGHT_SPEED_CM_S / (4 * np.pi) * escape)
    log_norm = log_norm + _LOG_M2 + delta * _LOG_REFERENCE
    source = log_source_spectrum(rigidity, log_rigidity, Q_0b, Gamma + delta, R_cut)
    return log_norm + source


def log_modulated_leaky_box(grid, Q_0b, Gamma, R_cut, w, H_G, V_G, D_0, delta, phi):
    """Logarithm of the background intensity near Earth, Eqs. 1-4.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities observed near Earth.
    Q_0b, Gamma, R_cut, w, H_G, V_G, D_0, delta : array_like
        As in `log_leaky_box`.
    phi : array_like
        Modulation potential in GV.

    Returns
    -------
    `~numpy.ndarray`
        ln(J / (1/(GV m2 s sr))).
    """
    rigidity = interstellar_rigidity(grid, phi)
    log_rigidity = np.log(rigidity)
    outside = log_leaky_box(rigidity, log_rigidity, Q_0b, Gamma, R_cut, w, H_G, V_G, D_0, delta)
    return outside + log_modulation(grid, rigidity, log_rigidity)


def log_nearby_source(
    grid,
    Q_0n,
    Gamma,
    R_cut,
    T_n,
    r_par,
    r_perp,
    D_0,
    delta,
    D_ratio,
    M_A,
    x,
    speed,
    cos2_theta,
    log_kappa_par,
    perpendicular_ratio,
):
    """Logarithm of the intensity of the nearby source inside the local cloud, Eqs. 6 and 16.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities.
    Q_0n, Gamma, R_cut : array_like
        Source strength in 1/GV, spectral index, cut-off rigidity in GV.
    T_n : array_like
        Age in yr.
    r_par, r_perp : array_like
        Distance along and across the large-scale magnetic field in pc.
    D_0, delta : array_like
        Diffusion coefficient at 10 GV in cm2/s, and its slope.
    D_ratio : array_like
        D_par / D.
    M_A : array_like
        Alfvenic Mach number; D_perp = M_A^4 D_par.
    x : array_like
        Mean distance from the boundary of the cloud to the Sun in pc.
    speed : array_like
        Speed of the cloud in the local standard of rest in km/s.
    cos2_theta : array_like
        Squared cosine of the angle between that velocity and the magnetic field.
    log_kappa_par : array_like
        Natural logarithm of the parallel diffusion coefficient in the cloud in cm2/s.
    perpendicular_ratio : array_like
        kappa_perp / kappa_par in the cloud.

    Returns
    -------
    `~numpy.ndarray`
        ln(J / (1/(GV m2 s sr))).
    """
    age = T_n * YEAR_S
    log_D_par = np.log(D_ratio) + log_power_law_diffusion(grid, D_0, delta)
    log_M4 = 4 * np.log(M_A)
    # D_par^(1/2) D_perp = M_A^4 D_par^(3/2)
    log_norm = np.log(LIGHT_SPEED_CM_S / (4 * np.pi)) + _LOG_M2
    log_norm = log_norm - 1.5 * np.log(4 * np.pi * age) - log_M4
    distance2 = (r_par * r_par + r_perp * r_perp * np.exp(-log_M4)) * PARSEC_CM**2
    kappa_xx = np.exp(log_kappa_par) * directional_ratio(cos2_theta, perpendicular_ratio)
    advection = (speed * 1e5) * (x * PARSEC_CM) / kappa_xx
    source = log_source_spectrum(grid.rigidity, grid.log_rigidity, Q_0n, Gamma, R_cut)
    diffusion = -1.5 * log_D_par - distance2 / (4 * age) * np.exp(-log_D_par)
    return log_norm + grid.log_beta + source + diffusion - advection


def log_galactic_center(grid, Q_0c, Gamma, R_cutc, T_c, r_c, D_0, delta):
    """Logarithm of the intensity of an instantaneous source at the Galactic centre, Eqs. 9-10.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities.
    Q_0c, Gamma, R_cutc : array_like
        Source strength in 1/GV, spectral index, cut-off rigidity in GV.
    T_c : array_like
        Age in yr.
    r_c : array_like
        Distance in kpc.
    D_0, delta : array_like
        Diffusion coefficient at 10 GV in cm2/s, and its slope.

    Returns
    -------
    `~numpy.ndarray`
        ln(J / (1/(GV m2 s sr))).
    """
    age = T_c * YEAR_S
    log_D = log_power_law_diffusion(grid, D_0, delta)
    log_norm = np.log(LIGHT_SPEED_CM_S / (4 * np.pi)) + _LOG_M2 - 1.5 * np.log(4 * np.pi * age)
    source = log_source_spectrum(grid.rigidity, grid.log_rigidity, Q_0c, Gamma, R_cutc)
    distance2 = (r_c * 1e3 * PARSEC_CM) ** 2
    diffusion = -1.5 * log_D - distance2 / (4 * age) * np.exp(-log_D)
    return log_norm + grid.log_beta + source + diffusion
