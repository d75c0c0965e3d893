"""Intensity, dipole and composition of a CosmicRayModel at rigidities or energies."""

import functools

import astropy.units as u
import numpy as np

from ..components.base import RIGIDITY_UNIT, intensity_unit, unit_text, x_unit
from ..components.component import species_group
from ..components.dipole import Dipole
from ..messages import unknown_name
from ..physics.composition import log_mass_mean, log_mass_variance, log_total, shares
from ..physics.kinematics import axis_jacobian, axis_to_rigidity, particle_grid
from .grids import energy_grid, join_species


class Predictions:
    """Part of CosmicRayModel: intensities and dipoles, and sums over the species.

    Sums are at equal total energy per particle. A nucleus that is heavier than an energy does not
    contribute there.
    """

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
        axis, x = _axis_value(x, axis)
        _check_component(self, component)
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
        return u.Quantity(_shaped(total, x), intensity_unit(axis))

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
        ValueError, `~astropy.units.UnitConversionError`
            If a species or component is not known, or an energy is below the rest energy of the
            lightest species, or no energy at all.
        """
        _check_component(self, component)
        names = self.species if species is None else species_group(species, self.species)
        _, E = _axis_value(energy, "total_energy")
        evaluator = self.evaluator
        values = evaluator.values() if values is None else values
        energies = energy_grid(np.ravel(E), [evaluator.species[name] for name in names])
        vector = evaluator.excess(energies, values, component, names)
        return Dipole(u.Quantity(energy), vector.reshape((*vector.shape[:-2], *E.shape, 3)))

    def all_particle(self, energy, component=None, values=None):
        """Intensity of all species together.

        Parameters
        ----------
        energy : `~astropy.units.Quantity`
            Total energy per particle.
        component, values : optional
            As for `intensity`.

        Returns
        -------
        `~astropy.units.Quantity`
            Intensity in 1/(GeV m2 s sr), of the shape that `intensity` has.

        Raises
        ------
        ValueError, `~astropy.units.UnitConversionError`
            If the component is not known or has no spectra, or an energy is below the rest energy
            of the lightest species, or no energy at all.
        """
        _, logs = log_intensities(self, values, energy, component)
        with np.errstate(under="ignore"):
            intensity = np.exp(log_total(logs))
        return u.Quantity(_shaped(intensity, energy), intensity_unit("total_energy"))

    def mean_log_mass(self, energy, component=None, values=None):
        """Mean logarithm of the mass number, <ln A> = sum_i J_i ln A_i / sum_i J_i.

        Parameters
        ----------
        energy, component, values
            As for `all_particle`.

        Returns
        -------
        `~numpy.ndarray`
            <ln A>, of the shape of `all_particle`, with the same errors, and a ValueError if there
            is no particle at an energy.
        """
        nuclei, parts = _present_shares(self, values, energy, component)
        return _shaped(log_mass_mean(parts, [n.log_A for n in nuclei]), energy)

    def variance_log_mass(self, energy, component=None, values=None):
        """Variance of ln A among the particles, <(ln A)^2> - <ln A>^2, as for `mean_log_mass`."""
        nuclei, parts = _present_shares(self, values, energy, component)
        return _shaped(log_mass_variance(parts, [n.log_A for n in nuclei]), energy)

    def fraction(self, energy, species, component=None, values=None):
        """Share of a species in the all-particle intensity, or in that of a component.

        Parameters
        ----------
        energy, component, values
            As for `all_particle`.
        species : str or `~crlocal_plugin.Species`
            Species, ValueError if the model does not have it; ``"light"`` for H + He.

        Returns
        -------
        `~numpy.ndarray`
            Share, of the shape and with the errors of `mean_log_mass`; those of all species add up
            to 1.
        """
        members = species_group(species, self.species)
        nuclei, parts = _present_shares(self, values, energy, component)
        rows = [row for row, nucleus in enumerate(nuclei) if nucleus.name in members]
        return _shaped(parts[..., rows, :].sum(axis=-2), energy)


def composition_nuclei(model, component=None):
    """Nuclei whose shares make the composition of a model or of one of its components (list)."""
    _check_component(model, component)
    known = model.evaluator.rows
    if not known:
        raise ValueError("the model has no spectra, and so no composition")
    if component is None:
        return model.nuclei
    if component not in known:
        raise ValueError(
            f"component {component!r} has no spectra, and so no composition: expected one of "
            f"{', '.join(known)}"
        )
    nuclei = model.evaluator.species
    return [nuclei[name] for name in model.components[component].spectral_models]


def species_shares(model, values, energy, component=None):
    """Names of the k species of `composition_nuclei`, and their shares, shape ``(..., k, n)``.

    Shares are nan at energies at which there is no particle.
    """
    nuclei, logs = log_intensities(model, values, energy, component)
    return tuple(nucleus.name for nucleus in nuclei), shares(logs)


def log_intensities(model, values, energy, component=None):
    """Nuclei, and the logarithms of their intensities, shape ``(..., k, n)``."""
    evaluator = model.evaluator
    values = evaluator.values() if values is None else values
    nuclei = composition_nuclei(model, component)
    _, energy = _axis_value(energy, "total_energy")
    grid = energy_grid(np.ravel(energy), nuclei)
    with np.errstate(under="ignore"):
        logs = evaluator.log_components(join_species(grid.grids), values)
        if component is not None:
            logs = [logs[evaluator.rows[component]]]
        total = functools.reduce(np.logaddexp, logs)
    total = total + np.concatenate(list(grid.log_jacobians.values()))
    return nuclei, total.reshape((*total.shape[:-1], len(nuclei), -1))


def _present_shares(model, values, energy, component):
    """Nuclei and their shares, where there is a particle at each energy."""
    nuclei, logs = log_intensities(model, values, energy, component)
    parts = shares(logs)
    missing = np.isnan(parts).any(axis=tuple(range(parts.ndim - 1)))
    if missing.any():
        of = "the model" if component is None else f"component {component!r}"
        raise ValueError(
            f"{of} has no particles at {np.ravel(u.Quantity(energy))[missing][0]:g}, and so no "
            "composition: leave this energy out, or switch a spectrum on"
        )
    return nuclei, parts


def _shaped(values, x):
    """Values at n points in the shape of the points."""
    return values.reshape((*values.shape[:-1], *np.shape(x)))


def _check_component(model, component):
    """Refuse a component that a model does not have; None stands for the sum of all."""
    if component is not None and component not in model.components:
        raise ValueError(unknown_name(component, model.components, "component "))


def _axis_value(x, axis):
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
