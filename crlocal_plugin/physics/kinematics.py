"""Rigidity, energies and speed of nuclei, and how densities change between the axes.

With charge number Z, mass number A and rest energy m: p c = Z R, E = sqrt((Z R)^2 + m^2),
T = E - m, beta = Z R / E (Xue & Liu 2025, below Eq. 15).
"""

from typing import NamedTuple

import numpy as np

from .species import get_species

AXES = ("rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy")
"""Axes on which an intensity can be given; rigidity in GV, the others in GeV."""


class _Columns(NamedTuple):
    rigidity: np.ndarray
    log_rigidity: np.ndarray
    beta: np.ndarray
    log_beta: np.ndarray
    Z: int
    rest_energy: float


class ParticleGrid(_Columns):
    """Rigidities of one species with all that depends on them alone.

    Attributes
    ----------
    rigidity : `~numpy.ndarray`
        Rigidity in GV.
    log_rigidity : `~numpy.ndarray`
        Natural logarithm of the rigidity in GV.
    beta : `~numpy.ndarray`
        Speed over the speed of light.
    log_beta : `~numpy.ndarray`
        Natural logarithm of ``beta``.
    Z : int
        Charge number.
    rest_energy : float
        Rest energy in GeV.
    """

    def __getstate__(self):
        # copies start without what `~crlocal_plugin.physics.memory.grid_cache` keeps
        return {}


def _check_axis(axis):
    if axis not in AXES:
        raise ValueError(f"unknown axis {axis!r}: expected one of {', '.join(AXES)}")


def _refuse(bad, values, what):
    bad = np.asarray(bad)
    if bad.any():
        value = np.broadcast_to(values, bad.shape)[bad].flat[0]
        raise ValueError(f"{what}, got {value}")


def particle_grid(rigidity, species):
    """Rigidities of a species with speed and logarithms worked out once.

    Parameters
    ----------
    rigidity : array_like
        Rigidity in GV, positive and finite.
    species : str or Species
        Nucleus.

    Returns
    -------
    ParticleGrid
        Arrays of the shape of ``rigidity``.

    Raises
    ------
    ValueError
        If a rigidity is not positive and finite, or the species is not known.
    """
    species = get_species(species)
    rigidity = np.asarray(rigidity, dtype=float)
    _refuse(
        ~((rigidity > 0) & (rigidity < np.inf)),
        rigidity,
        f"rigidity of {species.name} must be positive and finite (GV)",
    )
    return grid_of_nuclei(rigidity, species.Z, species.rest_energy)


def grid_of_nuclei(rigidity, Z, rest_energy):
    """Rigidities of nuclei of any kinds with speed and logarithms worked out once.

    Parameters
    ----------
    rigidity : `~numpy.ndarray`
        Rigidity in GV, positive and finite.
    Z : int or `~numpy.ndarray`
        Charge number, of one nucleus or of each point.
    rest_energy : float or `~numpy.ndarray`
        Rest energy in GeV, likewise.

    Returns
    -------
    ParticleGrid
        Arrays of the shape of ``rigidity``.
    """
    momentum = Z * rigidity
    beta = momentum / np.hypot(momentum, rest_energy)
    return ParticleGrid(rigidity, np.log(rigidity), beta, np.log(beta), Z, rest_energy)


def rigidity_to_axis(rigidity, species, axis):
    """Convert rigidity to another axis.

    Parameters
    ----------
    rigidity : array_like
        Rigidity in GV, not negative.
    species : str or Species
        Nucleus.
    axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
        Axis to convert to.

    Returns
    -------
    `~numpy.ndarray`
        Value on the axis: GV for rigidity, GeV for the others.

    Raises
    ------
    ValueError
        If a rigidity is negative or not finite, or species or axis are not known.
    """
    _check_axis(axis)
    species = get_species(species)
    rigidity = np.asarray(rigidity, dtype=float)
    _refuse(
        ~((rigidity >= 0) & (rigidity < np.inf)),
        rigidity,
        f"rigidity of {species.name} must not be negative or infinite (GV)",
    )
    if axis == "rigidity":
        return rigidity
    momentum = species.Z * rigidity
    total = np.hypot(momentum, species.rest_energy)
    if axis == "total_energy":
        return total
    # E - m written so that no digits cancel at low rigidity
    kinetic = momentum**2 / (total + species.rest_energy)
    return kinetic if axis == "kinetic_energy" else kinetic / species.A


def axis_to_rigidity(x, species, axis):
    """Convert a value on any axis to rigidity.

    Parameters
    ----------
    x : array_like
        Value on the axis: GV for rigidity, GeV for the others.
    species : str or Species
        Nucleus.
    axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
        Axis of ``x``.

    Returns
    -------
    `~numpy.ndarray`
        Rigidity in GV.

    Raises
    ------
    ValueError
        If a value is below the physical range (a negative rigidity or kinetic energy, a total
        energy under the rest energy) or NaN, or species or axis are not known.
    """
    _check_axis(axis)
    species = get_species(species)
    x = np.asarray(x, dtype=float)
    m = species.rest_energy
    if axis == "total_energy":
        _refuse(
            ~(x >= m),
            x,
            f"total energy of {species.name} must not be below its rest energy of {m:.6g} GeV",
        )
        return np.sqrt((x - m) * (x + m)) / species.Z
    unit = "GV" if axis == "rigidity" else "GeV"
    _refuse(
        ~(x >= 0), x, f"{axis.replace('_', ' ')} of {species.name} must not be negative ({unit})"
    )
    if axis == "rigidity":
        return x
    kinetic = x if axis == "kinetic_energy" else x * species.A
    return np.sqrt(kinetic * (kinetic + 2 * m)) / species.Z


def axis_jacobian(beta, species, axis):
    """Jacobian d(rigidity)/d(axis), which turns an intensity per GV into one per axis unit.

    Parameters
    ----------
    beta : array_like
        Speed over the speed of light.
    species : str or Species
        Nucleus.
    axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
        Axis to convert to.

    Returns
    -------
    `~numpy.ndarray`
        J_axis / J_R: 1 for rigidity, 1 / (Z beta) for total and kinetic energy, A / (Z beta) for
        kinetic energy per nucleon.

    Raises
    ------
    ValueError
        If species or axis are not known.
    """
    _check_axis(axis)
    species = get_species(species)
    beta = np.asarray(beta, dtype=float)
    if axis == "rigidity":
        return np.ones_like(beta)
    nucleons = species.A if axis == "kinetic_energy_per_nucleon" else 1
    return nucleons / (species.Z * beta)
