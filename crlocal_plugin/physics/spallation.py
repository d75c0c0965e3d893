"""Loss of nuclei in inelastic collisions with interstellar gas, in a leaky box.

Where particles escape after a mean grammage X and are destroyed after a mean grammage lambda, the
steady state is that of escape alone over 1 + X / lambda. What the collisions produce is left out.
"""

import math

import numpy as np

from .diffusion import LOG_REFERENCE_RIGIDITY
from .kinematics import check_values, particle_grid
from .memory import grid_cache
from .species import ATOMIC_MASS_UNIT_GEV

# atomic mass unit in g (CODATA 2018, Tiesinga et al. 2021, Rev. Mod. Phys. 93, 025010)
_UNIT_G = 1.66053906660e-24
MILLIBARN_CM2 = 1e-27
HELIUM_PER_HYDROGEN = 0.1
"""Atoms of helium per atom of hydrogen in interstellar matter (Ferriere 2001, Rev. Mod. Phys. 73,
1031: 9.1 % and 90.8 % of all atoms)."""
GAS_ATOM_G = (1.008 + HELIUM_PER_HYDROGEN * 4.0026) * _UNIT_G
"""Mass of an atom of interstellar hydrogen with its share of helium in g."""
_LIGHTEST = 1.5
_HEAVIESTHELIUM_PER_HYDROGEN = 4.5
# energy per nucleon from which on the cross sections hold; constant below
_LOWEST_GEV = 0.01
_FAST_GEV = 5.0


def _high_energy_cross_section(A):
    """Inelastic cross section on hydrogen above some 2 GeV per nucleon in mb; 0 for protons."""
    common = 45 * A**0.7 * (1 + 0.016 * np.sin(5.3 - 2.63 * np.log(A)))
    helium = np.where(A < _HEAVIESTHELIUM_PER_HYDROGEN, 0.8, 1.0)
    return np.where(A < _LIGHTEST, 0.0, helium * common)


def _energy_factor(energy):
    """Cross section over that at high energies, for an energy per nucleon in GeV."""
    energy = np.asarray(energy)
    factor = np.ones(energy.shape)
    # beyond, the exponential is below 1e-11
    slow = energy < _FAST_GEV
    mev = 1e3 * np.maximum(energy[slow], _LOWEST_GEV)
    factor[slow] -= 0.62 * np.exp(mev * (-1 / 200)) * np.sin(10.9 * mev**-0.28)
    return factor


def _inverse_length(A):
    """Inverse of the interaction length at high energies in cm2/g."""
    hydrogen = _high_energy_cross_section(A)
    # on helium 2.10 A^-0.055 times that on hydrogen
    per_hydrogen = 1 + HELIUM_PER_HYDROGEN * 2.10 * A**-0.055
    return hydrogen * per_hydrogen * (MILLIBARN_CM2 / GAS_ATOM_G)


def _checked(A, energy):
    A, energy = np.asarray(A, dtype=float), np.asarray(energy, dtype=float)
    check_values((A >= 1) & (np.inf > A), A, "mass number must be at least 1")
    expected = "kinetic energy per nucleon must be positive (GeV)"
    check_values((energy > 0) & (energy < np.inf), energy, expected)
    return A, energy


def inelastic_cross_section(A, energy):
    """Total inelastic cross section of a nucleus on hydrogen.

    sigma = 45 mb A^0.7 [1 + 0.016 sin(5.3 - 2.63 ln A)]
    [1 - 0.62 exp(-E / 200 MeV) sin(10.9 (E / MeV)^-0.28)], times 0.8 up to helium (Letaw,
    Silberberg & Tsao 1983, ApJS 51, 271). It is made for 10 MeV per nucleon and more, and constant
    below; the slow rise above some 100 GeV per nucleon is not in it.

    Parameters
    ----------
    A : array_like
        Mass number, at least 1; not an integer for a group of nuclei. Up to 1.5 it stands for
        protons, which are not lost: the one that comes out keeps half of the energy or so.
    energy : array_like
        Kinetic energy per nucleon in GeV.

    Returns
    -------
    `~numpy.ndarray`
        Cross section in mb; 0 for protons.

    Raises
    ------
    ValueError
        If a mass number is below 1, an energy not positive, or one of them not finite.
    """
    A, energy = _checked(A, energy)
    return _high_energy_cross_section(A) * _energy_factor(energy)


def interaction_length(A, energy):
    """Mean grammage of interstellar matter that a nucleus crosses before an inelastic collision.

    Mean mass over mean cross section of interstellar atoms, one of helium for ten of hydrogen
    (Ferriere 2001, Rev. Mod. Phys. 73, 1031). On helium the cross section is that on hydrogen
    times 2.10 A^-0.055 (Ferrando et al. 1988, Phys. Rev. C 37, 1490).

    Parameters
    ----------
    A, energy : array_like
        As for `inelastic_cross_section`.

    Returns
    -------
    `~numpy.ndarray`
        Interaction length in g/cm2; infinite for protons.
    """
    A, energy = _checked(A, energy)
    inverse = _inverse_length(A) * _energy_factor(energy)
    return np.divide(1, inverse, out=np.full(inverse.shape, np.inf), where=inverse > 0)


@grid_cache
def _of_nuclei(grid):
    """Inverse interaction length at high energies in cm2/g, Z / m in 1/GV, and slow points.

    Those are where cross sections depend on energy: outside the heliosphere particles are not
    slower than where they are observed.
    """
    charge_to_mass = grid.Z / grid.rest_energy
    slow = _kinetic_energy(grid.rigidity * charge_to_mass) < _FAST_GEV
    if slow.ndim > 1:
        slow = slow.any(axis=tuple(range(slow.ndim - 1)))
    # a mass number for each point, which for groups of nuclei is none of an isotope
    inverse = _inverse_length(np.maximum(grid.rest_energy / ATOMIC_MASS_UNIT_GEV, 1.0))
    slow = np.broadcast_to(slow & (inverse > 0), slow.shape)
    return inverse, charge_to_mass, np.flatnonzero(slow)


def _kinetic_energy(momentum):
    """Kinetic energy per nucleon in GeV of a momentum over mass."""
    momentum2 = momentum * momentum
    # without a difference of large numbers
    return ATOMIC_MASS_UNIT_GEV * momentum2 / (1 + np.sqrt(1 + momentum2))


def log_loss(grid, rigidity, log_rigidity, grammage, delta):
    """Logarithm of the factor by which inelastic loss lowers an intensity in a leaky box.

    Parameters
    ----------
    grid : `~crlocal_plugin.physics.kinematics.ParticleGrid`
        Nuclei, with the rigidities observed near Earth.
    rigidity, log_rigidity : `~numpy.ndarray`
        Their interstellar rigidities in GV, and the natural logarithm of these.
    grammage, delta : array_like
        Escape grammage X_0 at an interstellar rigidity of 10 GV in g/cm2, not negative; slope of
        the diffusion coefficient.

    Returns
    -------
    `~numpy.ndarray`
        ln(1 + X / lambda) with X = X_0 (R / 10 GV)^-delta and the `interaction_length` lambda. The
        speed cancels in X as it does in the intensity: X is mean density times speed times
        H_G^2 / D.
    """
    inverse, charge_to_mass, slow = _of_nuclei(grid)
    escape = np.exp(-delta * log_rigidity) * (grammage * np.exp(delta * LOG_REFERENCE_RIGIDITY))
    loss = escape * inverse
    if slow.size:
        ratio = charge_to_mass[slow] if np.ndim(charge_to_mass) else charge_to_mass
        loss[..., slow] *= _energy_factor(_kinetic_energy(rigidity[..., slow] * ratio))
    # log1p takes several times as long, and small losses do not matter to the last digit
    return np.log(1 + loss)


def surviving_fraction(species, rigidity, grammage, delta):
    """Share 1 / (1 + X / lambda) that inelastic loss leaves outside the heliosphere.

    Parameters
    ----------
    species : str or Species
        Nucleus.
    rigidity : array_like
        Interstellar rigidity in GV, positive and finite.
    grammage, delta : float
        Escape grammage at 10 GV in g/cm2, not negative, and the slope with which it falls.

    Raises
    ------
    ValueError
        If species, rigidity, grammage or slope are not physical.
    """
    if not 0 <= grammage < np.inf:
        raise ValueError(f"grammage must not be negative or infinite (g/cm2), got {grammage}")
    if not math.isfinite(delta):
        raise ValueError(f"slope delta must be finite, got {delta}")
    rigidity = np.asarray(rigidity, dtype=float)
    grid = particle_grid(rigidity.ravel(), species)
    loss = log_loss(grid, grid.rigidity, grid.log_rigidity, grammage, delta)
    return np.exp(-loss).reshape(rigidity.shape)
