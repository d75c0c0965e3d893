"""Diffusion coefficients on the Galactic scale and in the Local Interstellar Cloud.

Xue & Liu 2025, Eqs. 2, 5 and 7 and the text around them. Functions take a
`~crlocal_plugin.physics.kinematics.ParticleGrid` of rigidities and array_like parameters:

- ``D_0``: diffusion coefficient at 10 GV in cm2/s;
- ``delta``, ``delta_local``: slope on the large scale and of the parallel coefficient in the cloud,
  1/3 for a Kolmogorov spectrum of turbulence;
- ``R_cr``: critical rigidity in GV, where diffusion in the cloud is Bohm diffusion;
- ``B``: magnetic field strength in uG;
- ``cos2_theta``: squared cosine of the angle between a direction and the magnetic field.

They return an array of the shape that these broadcast to.
"""

import numpy as np

from .linear import linear_combination
from .memory import grid_cache

REFERENCE_RIGIDITY = 10.0  #: Rigidity, in GV, at which D_0 is given.
LOG_REFERENCE_RIGIDITY = np.log(REFERENCE_RIGIDITY)  #: Its natural logarithm.


@grid_cache
def log_diffusion_shape(grid, delta):
    """Logarithm of D / D_0 for the large-scale D = D_0 beta (R / 10 GV)^delta, Eq. 2."""
    return grid.log_beta + delta * (grid.log_rigidity - LOG_REFERENCE_RIGIDITY)


@grid_cache
def inverse_diffusion_shape(grid, delta):
    """D_0 / D, see `log_diffusion_shape`."""
    return np.exp(-log_diffusion_shape(grid, delta))


def bohm_coefficient(R_cr, B):
    """Bohm diffusion coefficient r_g c / 3 of a relativistic particle of the critical rigidity.

    Returns
    -------
    `~numpy.ndarray`
        R_cr / (3 B) in cm2/s; 3.3e28 at 3 PV and 3 uG.
    """
    # 1 GV / 1 uG = 1e9 V / 1e-10 T = 1e19 m2/s = 1e23 cm2/s
    return 1e23 * R_cr / (3 * B)


def log_local_parallel_diffusion(grid, R_cr, B, delta_local):
    """Logarithm of the parallel diffusion coefficient in the Local Interstellar Cloud.

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

    Returns
    -------
    `~numpy.ndarray`
        1 / (1 + (omega tau)^2) with omega tau = (R / R_cr)^(delta_local - 1).
    """
    return 1 / (1 + np.exp(2 * (1 - delta_local) * (np.log(R_cr) - grid.log_rigidity)))


def directional_ratio(cos2_theta, perpendicular_ratio):
    """Diffusion along a direction over parallel diffusion, of the ratio kappa_perp / kappa_par.

    Returns
    -------
    `~numpy.ndarray`
        kappa_xx / kappa_par = cos^2(theta) + (kappa_perp / kappa_par) sin^2(theta), Eq. 7.
    """
    return cos2_theta + perpendicular_ratio * (1 - cos2_theta)


def local_diffusion_along(grid, cos2_theta, R_cr, B, delta_local):
    """Diffusion coefficient in the Local Interstellar Cloud along a direction, kinetic theory.

    Parameters are numbers or arrays of shape ``(m, 1)``, against rigidities of shape ``(n,)``.

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

    ``D_ratio`` is D_par / D, ``M_A`` the Alfvenic Mach number, with D_perp = M_A^4 D_par.

    Returns
    -------
    `~numpy.ndarray`
        D_par cos^2(theta) + D_perp sin^2(theta) in cm2/s, the coefficient of Eq. 16.
    """
    scale = D_ratio * D_0 * directional_ratio(cos2_theta, M_A**4)
    return scale / inverse_diffusion_shape(grid, delta)
