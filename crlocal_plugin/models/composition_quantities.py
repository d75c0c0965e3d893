"""Composition of a CosmicRayModel: all-particle intensity, shares of the species and ln A."""

import functools

import astropy.units as u
import numpy as np

from ..components.base import intensity_unit
from ..components.component import species_group
from ..physics.composition import log_mass_mean, log_mass_variance, log_total, shares
from .grids import energy_grid, join_species
from .predictions import axis_value, check_component


class CompositionQuantities:
    """Part of CosmicRayModel: sums over the species at equal total energy per particle.

    A nucleus that is heavier than an energy does not contribute there.
    """

    def all_particle(self, energy, component=None, values=None):
        """Intensity of all species together.

        Parameters
        ----------
        energy : `~astropy.units.Quantity`
            Total energy per particle.
        component : str, optional
            Only one component; the sum by default.
        values : list, optional
            Parameter values, as for `intensity`.

        Returns
        -------
        `~astropy.units.Quantity`
            Intensity in 1/(GeV m2 s sr), of the shape of ``energy``, behind an axis of m sets if
            a value that matters comes in sets.

        Raises
        ------
        ValueError
            If the component is not known or has no spectra, or an energy is below the rest energy
            of the lightest species.
        `~astropy.units.UnitConversionError`
            If ``energy`` is not an energy.
        """
        _, logs = _log_intensities(self, values, energy, component)
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
            <ln A>, of the shape that `all_particle` has.

        Raises
        ------
        ValueError
            As for `all_particle`, or if there is no particle at an energy.
        `~astropy.units.UnitConversionError`
            If ``energy`` is not an energy.
        """
        names, parts = _present_shares(self, values, energy, component)
        return _shaped(log_mass_mean(parts, _log_masses(self, names)), energy)

    def variance_log_mass(self, energy, component=None, values=None):
        """Variance of the logarithm of the mass number, <(ln A)^2> - <ln A>^2.

        Parameters
        ----------
        energy, component, values
            As for `all_particle`.

        Returns
        -------
        `~numpy.ndarray`
            Variance of ln A among the particles, of the shape that `all_particle` has.

        Raises
        ------
        ValueError
            As for `mean_log_mass`.
        `~astropy.units.UnitConversionError`
            If ``energy`` is not an energy.
        """
        names, parts = _present_shares(self, values, energy, component)
        return _shaped(log_mass_variance(parts, _log_masses(self, names)), energy)

    def fraction(self, energy, species, component=None, values=None):
        """Share of a species in the all-particle intensity.

        Parameters
        ----------
        energy, component, values
            As for `all_particle`. With a component, it is the share in the intensity of this
            component.
        species : str or `~crlocal_plugin.Species`
            Species, or ``"light"`` for H + He.

        Returns
        -------
        `~numpy.ndarray`
            Share, of the shape that `all_particle` has; those of all species add up to 1.

        Raises
        ------
        ValueError
            As for `mean_log_mass`, or if the model has no such species.
        `~astropy.units.UnitConversionError`
            If ``energy`` is not an energy.
        """
        members = species_group(species, self.species)
        names, parts = _present_shares(self, values, energy, component)
        rows = [row for row, name in enumerate(names) if name in members]
        return _shaped(parts[..., rows, :].sum(axis=-2), energy)


def composition_nuclei(model, component=None):
    """Nuclei whose shares make the composition of a model or of one of its components (list)."""
    check_component(model, component)
    known = _with_spectra(model)
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
    names, logs = _log_intensities(model, values, energy, component)
    return names, shares(logs)


def _log_intensities(model, values, energy, component):
    """Species, and the logarithms of their intensities, shape ``(..., k, n)``."""
    values = model.evaluator.values() if values is None else values
    nuclei = composition_nuclei(model, component)
    _, energy = axis_value(energy, "total_energy")
    grid = energy_grid(np.ravel(energy), nuclei)
    joined = join_species(grid.grids)
    with np.errstate(under="ignore"):
        logs = model.evaluator.log_components(joined, values)
        if component is not None:
            logs = [logs[_with_spectra(model).index(component)]]
        total = functools.reduce(np.logaddexp, logs)
    total = total + np.concatenate(list(grid.log_jacobians.values()))
    return joined.names, total.reshape((*total.shape[:-1], len(joined.names), -1))


def _with_spectra(model):
    """Components that have spectra, in the order in which the evaluator gives them."""
    return [name for name, component in model.components.items() if component.spectral_models]


def _present_shares(model, values, energy, component):
    """Species and their shares, where there is a particle at each energy."""
    names, parts = species_shares(model, values, energy, component)
    missing = np.isnan(parts).any(axis=tuple(range(parts.ndim - 1)))
    if missing.any():
        of = "the model" if component is None else f"component {component!r}"
        raise ValueError(
            f"{of} has no particles at {np.ravel(u.Quantity(energy))[missing][0]:g}, and so no "
            "composition: leave this energy out, or switch a spectrum on"
        )
    return names, parts


def _log_masses(model, names):
    return [model.evaluator.species[name].log_A for name in names]


def _shaped(values, energy):
    """Values of n energies in the shape of the energies."""
    return values.reshape((*values.shape[:-1], *np.shape(energy)))
