"""Diffusion coefficients on the Galactic scale and in the Local Interstellar Cloud.

Xue & Liu 2025, Eqs. 2, 5 and 7 and the text around them.
"""

import numpy as np

from .linear import linear_combination
from .memory import grid_cache

REFERENCE_RIGIDITY = 10.0
"""Rigidity, in GV, at which D_0 is given."""

LOG_REFERENCE_RIGIDITY = np.log(REFERENCE_RIGIDITY)
"""Its natural logarithm."""


@grid_cache
def log_diffusion_shape(grid, delta):
    """Logarithm of D / D_0 for the large-scale D = D_0 beta (R / 10 GV)^delta, Eq. 2.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities.
    delta : array_like
        Slope, 1/3 for a Kolmogorov spectrum of turbulence.

    Returns
    -------
    `~numpy.ndarray`
        ln(D / D_0).
    """
    return grid.log_beta + delta * (grid.log_rigidity - LOG_REFERENCE_RIGIDITY)


@grid_cache
def inverse_diffusion_shape(grid, delta):
    """D_0 / D, see `log_diffusion_shape`."""
    return np.exp(-log_diffusion_shape(grid, delta))


def bohm_coefficient(R_cr, B):
    """Bohm diffusion coefficient r_g c / 3 of a relativistic particle of the critical rigidity.

    Parameters
    ----------
    R_cr : array_like
        Rigidity in GV.
    B : array_like
        Magnetic field strength in uG.

    Returns
    -------
    `~numpy.ndarray`
        R_cr / (3 B) in cm2/s; 3.3e28 at 3 PV and 3 uG.
    """
    # 1 GV / 1 uG = 1e9 V / 1e-10 T = 1e19 m2/s = 1e23 cm2/s
    return 1e23 * R_cr / (3 * B)


def log_local_parallel_diffusion(grid, R_cr, B, delta_local):
    """Logarithm of the parallel diffusion coefficient in the Local Interstellar Cloud.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities.
    R_cr : array_like
        Critical rigidity in GV, where diffusion is Bohm diffusion.
    B : array_like
        Magnetic field strength in uG.
    delta_local : array_like
        Slope, 1/3 in the paper.

    Returns
    -------
    `~numpy.ndarray`
        ln(kappa_par / (cm2/s)) with kappa_par = (r_g(R_cr) c / 3) beta (R / R_cr)^delta_local,
        the same as k_0 beta (R / 10 GV)^delta_local with k_0 = 5.0e26 cm2/s at 3 PV and 3 uG.
    """
    bohm = np.log(bohm_coefficient(R_cr, B))
    return bohm + grid.log_beta + delta_local * (grid.log_rigidity - np.log(R_cr))


@grid_cache
def local_perpendicular_ratio(grid, R_cr, delta_local):
    """Ratio of perpendicular to parallel diffusion in kinetic theory.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities.
    R_cr : array_like
        Critical rigidity in GV.
    delta_local : array_like
        Slope of the parallel coefficient, 1/3 in the paper.

    Returns
    -------
    `~numpy.ndarray`
        1 / (1 + (omega tau)^2) with omega tau = (R / R_cr)^(delta_local - 1).
    """
    return 1 / (1 + np.exp(2 * (1 - delta_local) * (np.log(R_cr) - grid.log_rigidity)))


def directional_ratio(cos2_theta, perpendicular_ratio):
    """Diffusion along a direction over parallel diffusion, Eq. 7.

    Parameters
    ----------
    cos2_theta : array_like
        Squared cosine of the angle between the direction and the magnetic field.
    perpendicular_ratio : array_like
        Ratio of perpendicular to parallel diffusion.

    Returns
    -------
    `~numpy.ndarray`
        kappa_xx / kappa_par = cos^2(theta) + (kappa_perp / kappa_par) sin^2(theta).
    """
    return cos2_theta + perpendicular_ratio * (1 - cos2_theta)


def local_diffusion_along(grid, cos2_theta, R_cr, B, delta_local):
    """Diffusion coefficient in the Local Interstellar Cloud along a direction, kinetic theory.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities, shape ``(n,)``.
    cos2_theta : float or `~numpy.ndarray`
        Squared cosine of the angle between the direction and the magnetic field, a number or of
        shape ``(m, 1)``.
    R_cr, B, delta_local : float or `~numpy.ndarray`
        As in `log_local_parallel_diffusion`.

    Returns
    -------
    `~numpy.ndarray`
        kappa_xx = kappa_par cos^2(theta) + kappa_perp sin^2(theta) in cm2/s (Eq. 7), shape
        ``(n,)`` or ``(m, n)``.
    """
    kappa = _local_diffusion(grid, R_cr, B, delta_local)
    return linear_combination((cos2_theta, 1 - cos2_theta), kappa)


@grid_cache
def _local_diffusion(grid, R_cr, B, delta_local):
    """Parallel and perpendicular coefficient in the cloud, in two rows."""
    parallel = np.exp(log_local_parallel_diffusion(grid, R_cr, B, delta_local))
    ratio = local_perpendicular_ratio(grid, R_cr, delta_local)
    return np.stack(np.broadcast_arrays(parallel, ratio * parallel))


def large_scale_diffusion_along(grid, cos2_theta, D_0, delta, D_ratio, M_A):
    """Diffusion coefficient along a direction where field lines wander as on large scales.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities.
    cos2_theta : array_like
        Squared cosine of the angle between the direction and the magnetic field.
    D_0, delta : array_like
        Diffusion coefficient at 10 GV in cm2/s, and its slope.
    D_ratio : array_like
        D_par / D.
    M_A : array_like
        Alfvenic Mach number; D_perp = M_A^4 D_par.

    Returns
    -------
    `~numpy.ndarray`
        D_par cos^2(theta) + D_perp sin^2(theta) in cm2/s, the coefficient of Eq. 16.
    """
    scale = D_ratio * D_0 * directional_ratio(cos2_theta, M_A**4)
    return scale / inverse_diffusion_shape(grid, delta)
