"""Dipole anisotropy, and bases of the dipole models.

Vectors are ICRS Cartesian and point to the excess of intensity; the paper's xi is the opposite.
"""

import abc
from dataclasses import dataclass

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.utils.registry import Registry

from ..physics.dipole import amplitude_and_phase, sum_of_terms
from ..physics.kinematics import axis_to_rigidity, particle_grid
from .base import ENERGY_UNIT, PhysicsModel

# a reload keeps the registry, and with it the classes that users have put there
DIPOLE_MODEL_REGISTRY = globals().get("DIPOLE_MODEL_REGISTRY", Registry())
"""Registry of dipole model classes."""


@dataclass(frozen=True, eq=False)
class Dipole:
    """Dipole anisotropy against energy.

    Attributes
    ----------
    energy : `~astropy.units.Quantity`
        Total energy per particle, shape ``(...)``.
    vector : `~numpy.ndarray`
        Dipole in ICRS Cartesian coordinates, pointing to the excess, shape ``(..., 3)``.
    """

    energy: u.Quantity
    vector: np.ndarray

    @property
    def amplitude(self):
        """Amplitude of the projection on the equator, what ground-based arrays measure."""
        return u.Quantity(amplitude_and_phase(self.vector)[0])

    @property
    def total_amplitude(self):
        """Length of the vector."""
        return u.Quantity(np.linalg.norm(self.vector, axis=-1))

    @property
    def phase(self):
        """Right ascension of the excess, 0 to 360 deg."""
        return u.Quantity(np.rad2deg(amplitude_and_phase(self.vector)[1]), "deg")

    @property
    def direction(self):
        """Direction of the excess (`~astropy.coordinates.SkyCoord`, ICRS)."""
        x, y, z = np.moveaxis(self.vector, -1, 0)
        declination = np.arctan2(z, np.hypot(x, y))
        return SkyCoord(self.phase, u.Quantity(declination, "rad"), frame="icrs")


class DipoleModel(PhysicsModel):
    """Base of the dipole models.

    A subclass has a ``tag``, Parameters as class attributes, and a kernel `excess`; see
    :doc:`/howto/custom-dipole`.

    Parameters
    ----------
    **kwargs : dict
        Parameter values.
    """

    _type = "dipole"
    kernels = ("excess", "terms")
    needs_slope = False

    def terms(self, grid, *values, **extra):
        """Dipole as a list of terms, pairs of a profile against rigidity and a vector.

        Arguments are those of `excess`, or values of shape ``(m, 1)`` for m sets of parameters, for
        which `excess` is called one after another; and ``momentum_index`` where the model needs it.
        """
        sets = max((np.shape(value)[0] for value in values if np.ndim(value)), default=None)
        if sets is None:
            vector = np.asarray(self.excess(grid, *values, **extra))
        else:
            columns = (np.broadcast_to(value, (sets, 1))[:, 0].tolist() for value in values)
            rows = zip(*columns, strict=True)
            vector = np.stack([np.asarray(self.excess(grid, *row, **extra)) for row in rows])
            if vector.ndim == 2:
                vector = vector[:, np.newaxis, :]
        return [(vector[..., k], axis) for k, axis in enumerate(_AXES)]

    @abc.abstractmethod
    def excess(self, grid, *values):
        """Kernel of the model: dipole vector, of a shape that broadcasts to ``(..., 3)``.

        Parameters
        ----------
        grid : `~crlocal_plugin.physics.kinematics.ParticleGrid`
            Rigidities, shape ``(...)``.
        *values : float
            Parameter values in kernel units, in the order of the Parameters.
        """

    def evaluate(self, energy, *args, species="H", **kwargs):
        """Evaluate the dipole of one species for given parameter values.

        Parameters
        ----------
        energy : `~astropy.units.Quantity`
            Total energy per particle, not below the rest energy.
        *args, **kwargs : `~astropy.units.Quantity` or float
            Parameter values in the order of the Parameters or by name.
        species : str or `~crlocal_plugin.Species`
            Nucleus, ValueError if it is not known or heavier than an energy.

        Returns
        -------
        Dipole
            Dipole of the component alone, before any weighting with intensities.
        """
        energy = u.Quantity(energy)
        rigidity = axis_to_rigidity(energy.to_value(ENERGY_UNIT), species, "total_energy")
        grid = particle_grid(rigidity, species)
        vector = self.excess(grid, *self._values_for(args, kwargs))
        return Dipole(energy, np.broadcast_to(vector, (*grid.beta.shape, 3)).copy())

    def __call__(self, energy, species="H"):
        """Dipole of one species at an energy, see `evaluate`."""
        return self.evaluate(energy, *self.kernel_values, species=species)


_AXES = tuple(np.eye(3))


class SeparableDipoleModel(DipoleModel):
    """Base of dipole models that know their terms: profiles against rigidity times vectors."""

    @abc.abstractmethod
    def terms(self, grid, *values):
        """Terms of the dipole, pairs of a profile and a vector."""

    def excess(self, grid, *values, **extra):
        """Dipole vector, of a shape that broadcasts to ``(..., 3)``."""
        return sum_of_terms(self.terms(grid, *values, **extra))
