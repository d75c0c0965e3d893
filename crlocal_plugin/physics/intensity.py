"""What intensities are made of, as natural logarithms of 1/(GV m2 s sr).

Logarithms keep the dipole, a mean weighted with intensities, defined where every intensity
underflows; ``exp`` of a result is zero there, never NaN.
"""

import math

import numpy as np

from .constants import LIGHT_SPEED_CM_S
from .diffusion import inverse_diffusion_shape, log_diffusion_shape
from .linear import linear_combination
from .memory import grid_cache

#: Logarithm of c / (4 pi), which makes an intensity of a density, with cm-2 turned into m-2.
LOG_FLOW = math.log(LIGHT_SPEED_CM_S / (4 * math.pi)) + math.log(1e4)
#: That of c / (4 pi) pi^(-3/2), for a density that has spread in three dimensions.
LOG_BURST = LOG_FLOW - 1.5 * math.log(math.pi)
#: Logarithm that stands for an intensity of zero; finite, so that sums and shares stay defined.
ABSENT = -1e300


def log_strength(value):
    """Natural logarithm of a strength that is not negative, float or array; `ABSENT` at zero.

    A strength of zero switches its component off without a warning.
    """
    if type(value) is float or np.ndim(value) == 0:
        return math.log(value) if value > 0 else ABSENT
    value = np.asarray(value, dtype=float)
    return np.log(value, out=np.full(value.shape, ABSENT), where=value > 0)


def log_source_spectrum(rigidity, log_rigidity, log_norm, index, R_cut):
    """Logarithm of a source spectrum Q_0 (R / GV)^-Gamma exp(-R / R_cut), Eqs. 8 and 10.

    Parameters
    ----------
    rigidity, log_rigidity, log_norm, index, R_cut : array_like
        R in GV and ln(R), ln(Q_0), spectral index Gamma, and cut-off rigidity in GV.

    Returns
    -------
    `~numpy.ndarray`
        ln(Q), in the unit of Q_0.
    """
    return log_norm - index * log_rigidity - rigidity * (1 / R_cut)


def log_burst(grid, log_norm, index, R_cut, spread, delta):
    """Logarithm of what is left of a source spectrum that was emitted at once, long ago.

    Parameters
    ----------
    grid : `~crlocal_plugin.physics.kinematics.ParticleGrid`
        Rigidities, shape ``(n,)``.
    log_norm, index, R_cut : float or `~numpy.ndarray`
        As for `log_source_spectrum`, here numbers, arrays of shape ``(m, 1)`` for sets of
        parameters, or of shape ``(n,)`` or ``(m, n)`` for points of several species.
    spread, delta : float or `~numpy.ndarray`
        r^2 / (4 D_0 T) of the distance r and the age T of the source; slope of the diffusion
        coefficient D.

    Returns
    -------
    `~numpy.ndarray`
        Logarithm of the source spectrum times beta (D / D_0)^(-3/2) exp(-spread D_0 / D), shape
        ``(n,)`` or ``(m, n)``.
    """
    coefficients = (log_norm, -index, -1 / R_cut, 1.0, -spread)
    return linear_combination(coefficients, _burst_basis(grid, delta))


@grid_cache
def _burst_basis(grid, delta):
    """Rows 1, ln R, R, ln(beta (D / D_0)^(-3/2)), D_0 / D, of which `log_burst` is a sum."""
    log_spread = grid.log_beta - 1.5 * log_diffusion_shape(grid, delta)
    rows = (1.0, grid.log_rigidity, grid.rigidity, log_spread, inverse_diffusion_shape(grid, delta))
    return np.stack(np.broadcast_arrays(*rows))
