"""Evaluation of a CosmicRayModel on floats.

The evaluator looks up once which sub-model takes which Parameter and in which unit; a call then
reads the values and runs the kernels. It is thrown away when the structure of the model changes.
"""

import astropy.units as u
import numpy as np

from ..physics import dipole as physics_dipole
from ..physics.intensity import ABSENT
from .core import RIGIDITY_UNIT, PhysicsModel, intensity_unit
from .grids import join_species, shift, sub_grid

__all__ = ["ModelEvaluator"]

_SLOPE_STEP = 1e-3


class _Part:
    """One sub-model and the positions of its parameters among those of the model."""

    def __init__(self, component, model, parameters):
        self.component = component
        self.model = model
        self.is_kernel = isinstance(model, PhysicsModel)
        names = model.default_parameters.names if self.is_kernel else ()
        positions = {id(par): index for index, par in enumerate(parameters)}
        self.positions = [positions[id(model.__dict__[name])] for name in names]

    def arguments(self, values):
        return [values[index] for index in self.positions]


class ModelEvaluator:
    """Runs the kernels of a CosmicRayModel.

    Parameters
    ----------
    model : CosmicRayModel
        The model; its structure is read once, its parameter values at each `values`.
    """

    def __init__(self, model):
        self._submodels = model._models
        slots = model._slots()
        # gammapy's attribute access runs Python code: go to the dictionaries themselves
        self._slots = [(owner.__dict__, name) for owner, name in slots]
        self._linked = [attributes[name] for attributes, name in self._slots]
        self._components = model.components
        self.parameters = list(dict.fromkeys(self._linked))
        self._units = [par._unit for par in self.parameters]
        kernel_units = {
            id(owner.__dict__[name]): owner.kernel_units[name]
            for owner, name in slots
            if isinstance(owner, PhysicsModel)
        }
        # parameters of the user's own gammapy models are read by those models themselves
        self._factors = [
            unit.to(kernel_units.get(id(par), unit))
            for par, unit in zip(self.parameters, self._units, strict=True)
        ]
        self.species = {s.name: s for s in model.nuclei}
        self._spectra = {name: [] for name in self.species}
        self._dipoles = {}
        self._by_component = {}
        for component in model.components.values():
            for name, spectral_model in component.spectral_models.items():
                part = _Part(component.name, spectral_model, self.parameters)
                self._spectra[name].append(part)
                self._by_component.setdefault(component.name, {})[name] = part
            if component.dipole_model is not None:
                part = _Part(component.name, component.dipole_model, self.parameters)
                self._dipoles[component.name] = part

        self._alike = {
            name: _are_alike(list(parts.values())) for name, parts in self._by_component.items()
        }
        self._settings = [_settings_of(model) for model in self._submodels]

    def is_current(self):
        """Whether sub-models, Parameters and units are still those that were looked up (bool)."""
        submodels = [m for c in self._components.values() for m in c._models]
        return (
            submodels == self._submodels
            and [attributes[name] for attributes, name in self._slots] == self._linked
            and [par._unit for par in self.parameters] == self._units
            and [_settings_of(model) for model in self._submodels] == self._settings
        )

    def values(self):
        """Values of the unique Parameters in kernel units (list of float)."""
        return [
            par._value * factor for par, factor in zip(self.parameters, self._factors, strict=True)
        ]

    def log_intensities(self, species, grid, values):
        """Logarithms of the intensities of the components.

        Parameters
        ----------
        species : str
            Name of the species.
        grid : `~crlocal_plugin.physics.kinematics.ParticleGrid`
            Rigidities, shape ``(n,)``.
        values : list
            Parameter values as from `values`, floats or arrays of shape ``(m, 1)``.

        Returns
        -------
        dict of str to `~numpy.ndarray`
            ln(J / (1/(GV m2 s sr))) by component.
        """
        return {
            part.component: self._log_intensity(part, grid, values)
            for part in self._spectra[species]
        }

    def intensity(self, species, grid, values, component=None):
        """Intensity of a species.

        Parameters
        ----------
        species, grid, values
            As for `log_intensities`.
        component : str, optional
            Only one component; the sum by default.

        Returns
        -------
        `~numpy.ndarray`
            Intensity in 1/(GV m2 s sr), shape ``(..., n)``.
        """
        total = 0.0
        with np.errstate(under="ignore"):
            for part in self._spectra[species]:
                if component in (None, part.component):
                    total = total + np.exp(self._log_intensity(part, grid, values))
        return total

    def joined_log_intensities(self, joined, values):
        """Logarithms of the intensities of the components for several species at once.

        Sub-models of one class and setting, which differ by the parameters of their species
        alone, are evaluated in one call of their kernel.

        Parameters
        ----------
        joined : JoinedGrid
            Rigidities.
        values : list
            Parameter values as from `values`, floats or arrays of shape ``(m, 1)``.

        Returns
        -------
        dict of tuple to `~numpy.ndarray`
            ln(J / (1/(GV m2 s sr))) by component and species.
        """
        logs = {}
        for component, parts in self._by_component.items():
            present = [(name, parts[name]) for name in joined.slices if name in parts]
            if self._alike[component] and len(present) == len(joined.slices):
                positions = zip(*(part.positions for _, part in present), strict=True)
                arguments = [_for_each_point(p, joined.sizes, values) for p in positions]
                log = present[0][1].model.log_intensity(joined.grid, *arguments)
                for name, _ in present:
                    logs[component, name] = log[..., joined.slices[name]]
                continue
            for name, part in present:
                logs[component, name] = self._log_intensity(part, sub_grid(joined, name), values)
        return logs

    def excess(self, energies, values, component=None, species=None):
        """Dipole vector at total energies.

        Parameters
        ----------
        energies : EnergyGrid
            Energies, shape ``(n,)``.
        values : list
            Parameter values as from `values`.
        component : str, optional
            Only the contribution of one component to the sum; all by default.
        species : iterable of str, optional
            Only these species, as if they were alone; all by default.

        Returns
        -------
        `~numpy.ndarray`
            Excess, shape ``(..., n, 3)``.
        """
        names = list(self.species) if species is None else list(species)
        joined = join_species({name: energies.grids[name] for name in names})
        log_jacobians = np.concatenate([energies.log_jacobians[name] for name in names])
        logs = self.joined_log_intensities(joined, values)
        return self.joined_excess(joined, log_jacobians, logs, values, component)

    def joined_excess(self, joined, log_jacobians, logs, values, component=None):
        """Dipole vector at total energies where the intensities are known already.

        Parameters
        ----------
        joined : JoinedGrid
            Rigidities of the same n energies for each species.
        log_jacobians : `~numpy.ndarray`
            ln(dR/dE) of all points, shape ``(k n,)`` for k species.
        logs : dict of tuple to `~numpy.ndarray`
            Logarithms of the intensities by component and species, shape ``(..., n)``.
        values : list
            Parameter values as from `values`.
        component : str, optional
            Only the contribution of one component to the sum; all by default.

        Returns
        -------
        `~numpy.ndarray`
            Excess, shape ``(..., n, 3)``.
        """
        names = list(joined.slices)
        jacobians = {name: log_jacobians[rows] for name, rows in joined.slices.items()}
        weights = physics_dipole.intensity_weights(
            [log + jacobians[name] for (_, name), log in logs.items()]
        )
        # shares by component of all species in the order of the points
        shares, everything = {}, 0.0
        rows = {key: row for row, key in enumerate(logs)}
        absent = np.zeros(weights.shape[1:])
        for name in self._by_component:
            parts = [rows.get((name, species)) for species in names]
            parts = [absent if row is None else weights[row] for row in parts]
            shares[name] = np.concatenate(parts, axis=-1)
            everything = everything + shares[name]
        chosen, vectors = [np.zeros(log_jacobians.shape)], [np.zeros(3)]
        for name, part in self._dipoles.items():
            if component not in (None, name):
                continue
            extra = {}
            if part.model.needs_slope:
                slopes = [self._momentum_index(s, sub_grid(joined, s), values) for s in names]
                extra["momentum_index"] = np.concatenate(slopes, axis=-1)
            # without a spectrum of its own (Compton-Getting) it acts on all cosmic rays
            chosen.append(shares.get(name, everything))
            vectors.append(part.model.excess(joined.grid, *part.arguments(values), **extra))
        total = physics_dipole.combine_excess(chosen, vectors)
        return sum(total[..., rows, :] for rows in joined.slices.values())

    @staticmethod
    def _log_intensity(part, grid, values):
        if part.is_kernel:
            return part.model.log_intensity(grid, *part.arguments(values))
        intensity = part.model(u.Quantity(grid.rigidity, RIGIDITY_UNIT))
        value = intensity.to_value(intensity_unit("rigidity"))
        present = value > 0
        return np.where(present, np.log(np.where(present, value, 1.0)), ABSENT)

    def _momentum_index(self, species, grid, values):
        """-d ln f / d ln p of the summed spectrum of a species, f = J_E / p^2."""
        logs = []
        for step in (-_SLOPE_STEP, _SLOPE_STEP):
            shifted = shift(grid, step)
            parts = list(self.log_intensities(species, shifted, values).values())
            logs.append(np.logaddexp.reduce(np.stack(np.broadcast_arrays(*parts)), axis=0))
        slope = (logs[1] - logs[0]) / (2 * _SLOPE_STEP)
        # J_E = J_R / (Z beta) and d ln beta / d ln R = 1 - beta^2
        return 2 - slope + (1 - grid.beta**2)


def _settings_of(model):
    """Values of the settings of a sub-model that may be assigned, in a list."""
    return [model.__dict__.get(name) for name in getattr(model, "settings", ())]


def _are_alike(parts):
    """Whether sub-models have the same kernel: same class, same settings but for the species."""
    first = parts[0].model
    settings = [name for name in getattr(first, "settings", ()) if name != "species"]
    return all(
        part.is_kernel
        and type(part.model) is type(first)
        and all(getattr(part.model, name) == getattr(first, name) for name in settings)
        for part in parts
    )


def _for_each_point(positions, sizes, values):
    """Kernel argument for the points of several species: one value, or a value for each point."""
    if positions.count(positions[0]) == len(positions):
        return values[positions[0]]
    own = [values[position] for position in positions]
    if all(type(value) is float for value in own):
        return np.repeat(own, sizes)
    # sets of parameters along the first axis; a frozen one has the same value in all of them
    return np.repeat(np.concatenate(np.broadcast_arrays(*own), axis=-1), sizes, axis=-1)
