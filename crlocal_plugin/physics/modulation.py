"""Solar modulation in the force-field approximation (Gleeson & Axford 1968)."""

import numpy as np

__all__ = ["interstellar_rigidity", "log_modulation"]


def interstellar_rigidity(grid, phi):
    """Rigidity outside the heliosphere of a particle observed at Earth.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities observed near Earth.
    phi : array_like
        Modulation potential in GV, not negative.

    Returns
    -------
    `~numpy.ndarray`
        Interstellar rigidity R in GV (Xue & Liu 2025, Eq. 4):
        R^2 = R'^2 + 2 R' phi / beta' + phi^2, which is the same as E(R)/Z = E(R')/Z + phi.
    """
    observed = grid.rigidity
    return np.sqrt(observed * (observed + 2 * phi / grid.beta) + phi * phi)


def log_modulation(grid, interstellar, log_interstellar):
    """Logarithm of the factor by which modulation changes an intensity per rigidity.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities observed near Earth.
    interstellar, log_interstellar : array_like
        Rigidity outside the heliosphere in GV, and its natural logarithm.

    Returns
    -------
    `~numpy.ndarray`
        ln(v' R'^2 / (v R^2)) (Xue & Liu 2025, Eq. 3).
    """
    # beta = Z R / E, so v' R'^2 / (v R^2) = (beta' R'^2 / R^3) E(R) / Z
    energy = np.sqrt(interstellar * interstellar + (grid.rest_energy / grid.Z) ** 2)
    return grid.log_beta + 2 * grid.log_rigidity - 3 * log_interstellar + np.log(energy)
