"""Intensity and dipole of a CosmicRayModel at rigidities or energies."""

import astropy.units as u
import numpy as np

from ..components.base import RIGIDITY_UNIT, intensity_unit, unit_text, x_unit
from ..components.component import species_group
from ..components.dipole import Dipole
from ..messages import unknown_name
from ..physics.kinematics import axis_jacobian, axis_to_rigidity, particle_grid
from .grids import energy_grid


class Predictions:
    """Part of CosmicRayModel: intensities and dipoles."""

    def intensity(self, x, species, component=None, axis=None, values=None):
        """Intensity near Earth.

        Parameters
        ----------
        x : `~astropy.units.Quantity`
            Rigidity, or energy if ``axis`` says which.
        species : str or `~crlocal_plugin.Species`
            Species, ``"light"`` for H + He, ``"all_particle"`` for all of the model. In a sum at
            total energies, a nucleus that is heavier than an energy does not contribute.
        component : str, optional
            Only one component; the sum by default.
        axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}, \
optional
            What ``x`` is; a rigidity needs no axis.
        values : list, optional
            Parameter values in kernel units as from ``evaluator.values()``, floats or, for m
            sets, arrays of shape ``(m, 1)``; those of the model by default.

        Returns
        -------
        `~astropy.units.Quantity`
            Intensity per unit of the axis, in 1/(GV m2 s sr) or 1/(GeV m2 s sr), of the shape
            of ``x``, behind an axis of m sets if a value that matters comes in sets.

        Raises
        ------
        ValueError
            If a species, component or axis is not known, or a value below the physical range.
        `~astropy.units.UnitConversionError`
            If the unit of ``x`` does not fit the axis.
        """
        axis, x = axis_value(x, axis)
        check_component(self, component)
        evaluator, points = self.evaluator, np.ravel(x)
        values = evaluator.values() if values is None else values
        nuclei = [evaluator.species[name] for name in species_group(species, self.species)]
        if axis == "total_energy" and len(nuclei) > 1:
            energies = energy_grid(points, nuclei)
            grids = energies.grids
            with np.errstate(under="ignore"):
                jacobians = {name: np.exp(log) for name, log in energies.log_jacobians.items()}
        else:
            grids = {n.name: particle_grid(axis_to_rigidity(points, n, axis), n) for n in nuclei}
            jacobians = {n.name: axis_jacobian(grids[n.name].beta, n, axis) for n in nuclei}
        total = np.zeros(x.size)
        for name, grid in grids.items():
            total = total + evaluator.intensity(name, grid, values, component) * jacobians[name]
        return u.Quantity(total.reshape(total.shape[:-1] + x.shape), intensity_unit(axis))

    def dipole(self, energy, component=None, species=None, values=None):
        """Dipole anisotropy near Earth (Xue & Liu 2025, Eq. 15, with the sign of the excess).

        Parameters
        ----------
        energy : `~astropy.units.Quantity`
            Total energy per particle. A species that is heavier does not contribute.
        component : str, optional
            Contribution of one component to the sum, so that the contributions add up; the sum
            by default.
        species : str or `~crlocal_plugin.Species`, optional
            Dipole of one species alone, of ``"light"`` (H + He); of all species by default.
        values : list, optional
            Parameter values, as for `intensity`.

        Returns
        -------
        Dipole
            With ``amplitude`` (on the equator), ``phase``, ``direction`` and ``vector``, of the
            shape of ``energy``, behind an axis of m sets if a value that matters comes in sets.

        Raises
        ------
        ValueError
            If a species or component is not known, or an energy is below the rest energy of the
            lightest species.
        `~astropy.units.UnitConversionError`
            If ``energy`` is not an energy.
        """
        check_component(self, component)
        names = self.species if species is None else species_group(species, self.species)
        _, E = axis_value(energy, "total_energy")
        evaluator = self.evaluator
        values = evaluator.values() if values is None else values
        energies = energy_grid(np.ravel(E), [evaluator.species[name] for name in names])
        vector = evaluator.excess(energies, values, component, names)
        return Dipole(u.Quantity(energy), vector.reshape((*vector.shape[:-2], *E.shape, 3)))


def check_component(model, component):
    """Refuse a component that a model does not have; None stands for the sum of all."""
    if component is not None and component not in model.components:
        raise ValueError(unknown_name(component, model.components, "component "))


def axis_value(x, axis):
    """Axis, "rigidity" where none is given, and a Quantity on it as an array in GV or GeV."""
    x = u.Quantity(x)
    if axis is None:
        if not x.unit.is_equivalent(RIGIDITY_UNIT):
            raise ValueError(
                f"x is given in {unit_text(x.unit)}: a rigidity (GV) needs no axis, an energy "
                "needs axis='kinetic_energy', 'kinetic_energy_per_nucleon' or 'total_energy'"
            )
        axis = "rigidity"
    unit = x_unit(axis)
    if not x.unit.is_equivalent(unit):
        raise u.UnitConversionError(
            f"axis {axis!r} takes values in {unit}, got {unit_text(x.unit)}"
        )
    return axis, np.asarray(x.to_value(unit), dtype=float)
