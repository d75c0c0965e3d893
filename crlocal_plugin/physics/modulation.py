"""Solar modulation in the force-field approximation (Gleeson & Axford 1968)."""

import numpy as np

from .memory import grid_cache

__all__ = ["interstellar_rigidity", "log_modulation", "outside_heliosphere"]


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
    observed, _ = _observed(grid)
    return np.sqrt(observed + phi * (2 * _energy_per_charge(grid) + phi))


def log_modulation(grid, log_interstellar, phi):
    """Logarithm of the factor by which modulation changes an intensity per rigidity.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities observed near Earth.
    log_interstellar : array_like
        Natural logarithm of the rigidity outside the heliosphere in GV.
    phi : array_like
        Modulation potential in GV.

    Returns
    -------
    `~numpy.ndarray`
        ln(v' R'^2 / (v R^2)) (Xue & Liu 2025, Eq. 3).
    """
    # beta = Z R / E, so v' R'^2 / (v R^2) = (beta' R'^2 / R^3) E(R) / Z
    _, log_observed = _observed(grid)
    return np.log(_energy_per_charge(grid) + phi) - 3 * log_interstellar + log_observed


@grid_cache
def outside_heliosphere(grid, phi):
    """Interstellar rigidity, its logarithm, and the logarithm of the modulation factor.

    Parameters
    ----------
    grid : ParticleGrid
        Rigidities observed near Earth.
    phi : array_like
        Modulation potential in GV, not negative.

    Returns
    -------
    rigidity, log_rigidity, log_factor : `~numpy.ndarray`
        See `interstellar_rigidity` and `log_modulation`.
    """
    rigidity = interstellar_rigidity(grid, phi)
    log_rigidity = np.log(rigidity)
    return rigidity, log_rigidity, log_modulation(grid, log_rigidity, phi)


@grid_cache
def _energy_per_charge(grid):
    """E(R') / Z in GV."""
    return grid.rigidity / grid.beta


@grid_cache
def _observed(grid):
    """R'^2, and ln(beta' R'^2)."""
    return grid.rigidity**2, grid.log_beta + 2 * grid.log_rigidity
