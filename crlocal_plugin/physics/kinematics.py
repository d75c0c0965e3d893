"""Rigidity, energies and speed of nuclei, and how densities change between the axes.

With charge number Z, mass number A and rest energy m: p c = Z R, E = sqrt((Z R)^2 + m^2),
T = E - m, beta = Z R / E (Xue & Liu 2025, below Eq. 15). Functions take a nucleus as a `Species` or
by its name, and one of the `AXES`; what is not known is a ValueError.
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
    potential: float = 0.0


class ParticleGrid(_Columns):
    """Rigidities of one species with all that depends on them alone.

    Attributes
    ----------
    rigidity, log_rigidity : `~numpy.ndarray`
        Rigidity in GV, and its natural logarithm.
    beta, log_beta : `~numpy.ndarray`
        Speed over the speed of light, and its natural logarithm.
    Z, rest_energy : int and float, or `~numpy.ndarray`
        Charge number and rest energy in GeV, of one nucleus or of each point.
    potential : float or `~numpy.ndarray`
        What is added to the modulation potential in GV, of all points or of each.
    """

    def __getstate__(self):
        # copies start without what `~crlocal_plugin.physics.memory.grid_cache` keeps
        return {}


def check_values(good, values, expected, unit=""):
    """Refuse values that are not all good: ValueError with the first that is not."""
    good = np.asarray(good)
    if not good.all():
        raise ValueError(f"{expected}, got {np.broadcast_to(values, good.shape)[~good][0]}{unit}")


def nucleus_on(axis, species):
    """Nucleus (`Species`) for a conversion to or from an axis, which is checked."""
    if axis not in AXES:
        raise ValueError(f"unknown axis {axis!r}: expected one of {', '.join(AXES)}")
    return get_species(species)


def particle_grid(rigidity, species):
    """Rigidities of a species with speed and logarithms worked out once.

    Parameters
    ----------
    rigidity : array_like
        Rigidity in GV; ValueError if it is not positive and finite.
    species : str or Species
        Nucleus.

    Returns
    -------
    ParticleGrid
        Arrays of the shape of ``rigidity``.
    """
    species = get_species(species)
    rigidity = np.asarray(rigidity, dtype=float)
    expected = f"rigidity of {species.name} must be positive and finite (GV)"
    check_values((rigidity > 0) & (rigidity < np.inf), rigidity, expected)
    return grid_of_nuclei(rigidity, species.Z, species.rest_energy)


def grid_of_nuclei(rigidity, Z, rest_energy, potential=0.0):
    """Rigidities of nuclei of any kinds, as `particle_grid`, without a check.

    Charge number, rest energy in GeV and potential are those of one nucleus or of each point.
    """
    momentum = Z * rigidity
    beta = momentum / np.hypot(momentum, rest_energy)
    return ParticleGrid(rigidity, np.log(rigidity), beta, np.log(beta), Z, rest_energy, potential)


def rigidity_to_axis(rigidity, species, axis):
    """Convert rigidity in GV to another axis.

    Returns
    -------
    `~numpy.ndarray`
        Value on the axis: GV for rigidity, GeV for the others.

    Raises
    ------
    ValueError
        If a rigidity is negative or not finite, or species or axis are not known.
    """
    species = nucleus_on(axis, species)
    rigidity = np.asarray(rigidity, dtype=float)
    expected = f"rigidity of {species.name} must not be negative or infinite (GV)"
    check_values((rigidity >= 0) & (rigidity < np.inf), rigidity, expected)
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
    """Convert values on any axis, GV for rigidity and GeV for the others, to rigidity in GV.

    Raises
    ------
    ValueError
        If a value is below the physical range (a negative rigidity or kinetic energy, a total
        energy under the rest energy) or NaN, or species or axis are not known.
    """
    species = nucleus_on(axis, species)
    x = np.asarray(x, dtype=float)
    m, name = species.rest_energy, species.name
    if axis == "total_energy":
        expected = f"total energy of {name} must not be below its rest energy of {m:.6g} GeV"
        check_values(x >= m, x, expected)
        return np.sqrt((x - m) * (x + m)) / species.Z
    unit = "GV" if axis == "rigidity" else "GeV"
    expected = f"{axis.replace('_', ' ')} of {name} must not be negative ({unit})"
    check_values(x >= 0, x, expected)
    if axis == "rigidity":
        return x
    kinetic = x if axis == "kinetic_energy" else x * species.A
    return np.sqrt(kinetic * (kinetic + 2 * m)) / species.Z


def axis_jacobian(beta, species, axis):
    """Jacobian d(rigidity)/d(axis), which turns an intensity per GV into one per axis unit.

    Returns
    -------
    `~numpy.ndarray`
        J_axis / J_R at a speed ``beta``, in units of that of light: 1 for rigidity, 1 / (Z beta)
        for total and kinetic energy, A / (Z beta) for kinetic energy per nucleon.
    """
    species = nucleus_on(axis, species)
    beta = np.asarray(beta, dtype=float)
    if axis == "rigidity":
        return np.ones_like(beta)
    nucleons = species.A if axis == "kinetic_energy_per_nucleon" else 1
    return nucleons / (species.Z * beta)
