"""Solar modulation in the force-field approximation (Gleeson & Axford 1968)."""

import numpy as np

from .memory import grid_cache


def log_modulation(grid, log_rigidity, log_energy):
    """Logarithm of the factor by which modulation changes an intensity per rigidity.

    ln(v' R'^2 / (v R^2)) (Xue & Liu 2025, Eq. 3) of the rigidities R' of a grid near Earth, and the
    logarithms for those outside that `outside_heliosphere` gives.
    """
    # beta = Z R / E, so v' R'^2 / (v R^2) = (beta' R'^2 / R^3) E(R) / Z
    return log_energy - 3 * log_rigidity + _log_observed(grid)


@grid_cache
def outside_heliosphere(grid, phi):
    """Particles outside the heliosphere that are observed at Earth with given rigidities.

    Parameters
    ----------
    grid : `~crlocal_plugin.physics.kinematics.ParticleGrid`
        Rigidities R' observed near Earth.
    phi : array_like
        Modulation potential in GV, not negative. That of the grid is added; a negative sum counts
        as zero.

    Returns
    -------
    rigidity, log_rigidity, log_energy : `~numpy.ndarray`
        Rigidity R in GV (Xue & Liu 2025, Eq. 4): R^2 = R'^2 + 2 R' phi / beta' + phi^2, which is
        the same as E(R)/Z = E(R')/Z + phi; and natural logarithms of R and of E(R) / Z in GV.
    """
    kinetic, rest = _energies_per_charge(grid)
    if np.ndim(grid.potential) or grid.potential:
        phi = np.maximum(phi + grid.potential, 0.0)
    # with T + phi for the kinetic energy per charge no digits cancel in R^2 = E^2 - m^2
    kinetic = kinetic + phi
    energy = kinetic + rest
    rigidity = np.sqrt(kinetic * (energy + rest))
    return rigidity, np.log(rigidity), np.log(energy)


@grid_cache
def _energies_per_charge(grid):
    """Kinetic energy and rest energy over charge near Earth in GV."""
    rest = grid.rest_energy / grid.Z
    return grid.rigidity**2 / (grid.rigidity / grid.beta + rest), rest


@grid_cache
def _log_observed(grid):
    """ln(beta' R'^2) of the particles near Earth, R' in GV."""
    return grid.log_beta + 2 * grid.log_rigidity
