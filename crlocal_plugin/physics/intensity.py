"""Intensities of the three components, as natural logarithms of 1/(GV m2 s sr).

Logarithms keep the dipole, a mean weighted with intensities, defined where every intensity
underflows; ``exp`` of a result is zero there, never NaN.
"""

import math

import numpy as np

from .constants import (
    LIGHT_SPEED_CM_S,
    PARSEC_CM,
    YEAR_S,
)
from .diffusion import (
    inverse_diffusion_shape,
    log_diffusion_shape,
)
from .linear import linear_combination
from .memory import grid_cache
from .modulation import (
    log_modulation,
    outside_heliosphere,
)

_LOG_FLOW = math.log(LIGHT_SPEED_CM_S / (4 * math.pi)) + math.log(1e4)
"""Logarithm of c / (4 pi), which makes an intensity of a density, with cm-2 turned into m-2."""
_LOG_BURST = _LOG_FLOW - 1.5 * math.log(math.pi)
"""That of c / (4 pi) pi^(-3/2), for a density that has spread in three dimensions."""
ABSENT = -1e300
"""Logarithm that stands for an intensity of zero; finite, so that sums and shares stay defined."""
_LOG_REFERENCE = math.log(10.0)


def log_strength(value):
    """Logarithm of a strength, which at zero switches its component off without a warning.

    Parameters
    ----------
    value : array_like
        Strength, not negative.

    Returns
    -------
    float or `~numpy.ndarray`
        Its natural logarithm, `ABSENT` at zero.
    """
    if type(value) is float or np.ndim(value) == 0:
        return math.log(value) if value > 0 else ABSENT
    value = np.asarray(value, dtype=float)
    return np.log(value, out=np.full(value.shape, ABSENT), where=value > 0)


def log_source_spectrum(rigidity, log_rigidity, Q_0, Gamma, R_cut, log_norm=0.0):
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
    log_norm : array_like, optional
        Logarithm of a further factor.

    Returns
    -------
    `~numpy.ndarray`
        ln(Q / (1/GV)), with the factor.
    """
    return (log_strength(Q_0) + log_norm) - Gamma * log_rigidity - rigidity * (1 / R_cut)


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
    log_norm = _LOG_FLOW + log_strength(escape) + delta * _LOG_REFERENCE
    return log_source_spectrum(rigidity, log_rigidity, Q_0b, Gamma + delta, R_cut, log_norm)


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
    rigidity, log_rigidity, log_energy = outside_heliosphere(grid, phi)
    outside = log_leaky_box(rigidity, log_rigidity, Q_0b, Gamma, R_cut, w, H_G, V_G, D_0, delta)
    return outside + log_modulation(grid, log_rigidity, log_energy)


@grid_cache
def _burst_basis(grid, delta):
    """Functions that make up the logarithm of the intensity of an instantaneous source.

    Rows: 1, ln R, R, ln(beta (D / D_0)^(-3/2)), D_0 / D.
    """
    log_burst = grid.log_beta - 1.5 * log_diffusion_shape(grid, delta)
    rows = (1.0, grid.log_rigidity, grid.rigidity, log_burst, inverse_diffusion_shape(grid, delta))
    return np.stack(np.broadcast_arrays(*rows))


def _log_burst(grid, log_norm, Gamma, R_cut, spread, delta):
    """Logarithm of norm R^-Gamma exp(-R / R_cut) beta (D / D_0)^(-3/2) exp(-spread D_0 / D)."""
    coefficients = (log_norm, -Gamma, -1 / R_cut, 1.0, -spread)
    return linear_combination(coefficients, _burst_basis(grid, delta))


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
    kappa_xx,
):
    """Logarithm of the intensity of the nearby source inside the local cloud, Eqs. 6 and 16.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities, shape ``(n,)``.
    Q_0n, Gamma, R_cut : float or `~numpy.ndarray`
        Source strength in 1/GV, spectral index, cut-off rigidity in GV; like all parameters
        below numbers, arrays of shape ``(m, 1)`` for sets of parameters, or of shape ``(n,)`` or
        ``(m, n)`` for points of several species.
    T_n
        Age in yr.
    r_par, r_perp
        Distance along and across the large-scale magnetic field in pc.
    D_0, delta
        Diffusion coefficient at 10 GV in cm2/s, and its slope.
    D_ratio
        D_par / D.
    M_A
        Alfvenic Mach number; D_perp = M_A^4 D_par.
    x
        Mean distance from the boundary of the cloud to the Sun in pc.
    speed
        Speed of the cloud in the local standard of rest in km/s.
    kappa_xx : `~numpy.ndarray`
        Diffusion coefficient in the cloud along that velocity in cm2/s, shape ``(..., n)``.

    Returns
    -------
    `~numpy.ndarray`
        ln(J / (1/(GV m2 s sr))), shape ``(n,)`` or ``(m, n)``.
    """
    spread2 = (4 * YEAR_S) * T_n * (D_ratio * D_0)
    M4 = M_A**4
    # D_par^(1/2) D_perp = M_A^4 D_par^(3/2)
    log_norm = _LOG_BURST - 1.5 * np.log(spread2) - np.log(M4)
    spread = (r_par * r_par + r_perp * r_perp / M4) * PARSEC_CM**2 / spread2
    advection = (speed * 1e5) * (x * PARSEC_CM)
    log_norm = log_strength(Q_0n) + log_norm
    burst = _log_burst(grid, log_norm, Gamma, R_cut, spread, delta)
    return burst - advection / kappa_xx


def log_galactic_center(grid, Q_0c, Gamma, R_cutc, T_c, r_c, D_0, delta):
    """Logarithm of the intensity of an instantaneous source at the Galactic centre, Eqs. 9-10.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities, shape ``(n,)``.
    Q_0c, Gamma, R_cutc : float or `~numpy.ndarray`
        Source strength in 1/GV, spectral index, cut-off rigidity in GV; like all parameters
        below numbers, arrays of shape ``(m, 1)`` for sets of parameters, or of shape ``(n,)`` or
        ``(m, n)`` for points of several species.
    T_c
        Age in yr.
    r_c
        Distance in kpc.
    D_0, delta
        Diffusion coefficient at 10 GV in cm2/s, and its slope.

    Returns
    -------
    `~numpy.ndarray`
        ln(J / (1/(GV m2 s sr))), shape ``(n,)`` or ``(m, n)``.
    """
    spread2 = (4 * YEAR_S) * T_c * D_0
    log_norm = _LOG_BURST - 1.5 * np.log(spread2)
    spread = (r_c * (1e3 * PARSEC_CM)) ** 2 / spread2
    log_norm = log_strength(Q_0c) + log_norm
    return _log_burst(grid, log_norm, Gamma, R_cutc, spread, delta)
