"""Evaluation of a CosmicRayModel on floats.

The evaluator looks up once which sub-model takes which Parameter and in which unit; a call then
reads the values and runs the kernels. It is thrown away when the structure of the model changes.
``values`` are those of `ModelEvaluator.values`, floats, or arrays of shape ``(m, 1)`` for m sets.
"""

import copy
import functools
from operator import itemgetter

import astropy.units as u
import numpy as np

from ..components.base import RIGIDITY_UNIT, PhysicsModel, intensity_unit
from ..components.spectrum import SourceSpectralModel, have_one_kernel
from ..physics.dipole import weighted_sum_of_terms
from ..physics.intensity import ABSENT, log_strength
from .foreign import foreign_kernel
from .grids import JoinedGrid, join_species, shift
from .linking import parameter_slots

_SLOPE_STEP = 1e-3


def _values_at(places):
    """Function that takes the values at some places from a list of them."""
    if len(places) > 1:
        return itemgetter(*places)
    start = places[0] if places else 0
    return itemgetter(slice(start, start + len(places)))


class _Part:
    """One sub-model and the positions of its parameters among those of the model."""

    def __init__(self, model, parameters, species=None):
        self.model = model
        self.is_own = isinstance(model, PhysicsModel)
        self.kernel = model if self.is_own else foreign_kernel(model, species)
        self.remembers = self.is_own or (self.is_kernel and self.kernel.remembers)
        self._has_strength = isinstance(model, SourceSpectralModel)
        self.slots = parameter_slots(model)
        positions = {id(par): index for index, par in enumerate(parameters)}
        self.positions = [positions[id(owner.__dict__[name])] for owner, name in self.slots]
        self.arguments = _values_at(self.positions)

    @property
    def is_kernel(self):
        """Whether it takes values, and does not read its Parameters itself (bool)."""
        return self.kernel is not None

    def units(self):
        """Units in which it takes values, by the position of the parameter (dict)."""
        if self.is_own:
            units = [self.model.kernel_units[name] for _, name in self.slots]
        else:
            units = self.kernel.units if self.is_kernel else ()
        return dict(zip(self.positions, units, strict=False))

    def read_itself(self):
        """Leave it to the model to read its Parameters."""
        self.kernel, self.remembers = None, False

    def is_absent(self, values):
        """Whether the strength is zero in all sets of parameters (bool)."""
        if not self._has_strength:
            return False
        strength = values[self.positions[0]]
        return type(strength) is float and strength == 0.0


class ModelEvaluator:
    """Runs the kernels of a CosmicRayModel.

    Attributes
    ----------
    parameters : list of `~gammapy.modeling.Parameter`
        Unique parameters.
    factors : list of float
        Kernel unit of each parameter over its own unit.
    foreign : set of `~gammapy.modeling.Parameter`
        Those that models of other packages read for themselves, as few do.
    species : dict of str to `~crlocal_plugin.Species`
        Nuclei by name.
    rows : dict of str to int
        Positions of the components with spectra among the results of `log_components`.
    """

    def __init__(self, model):
        self._components = model.components
        self.parameters = list(model.parameters)
        self.species = {s.name: s for s in model.nuclei}
        self._spectra, self._dipoles = {}, {}
        for component in model.components.values():
            parts = {
                name: _Part(submodel, self.parameters, self.species[name])
                for name, submodel in component.spectral_models.items()
            }
            if parts:
                self._spectra[component.name] = parts
            if component.dipole_model is not None:
                self._dipoles[component.name] = _Part(component.dipole_model, self.parameters)
        parts = [part for parts in self._spectra.values() for part in parts.values()]
        parts = sorted([*parts, *self._dipoles.values()], key=lambda part: not part.is_own)
        units = {}
        for part in parts:
            own = part.units()
            if any(units.get(place, unit) != unit for place, unit in own.items()):
                # a Parameter that another model takes in another unit
                part.read_itself()
            else:
                units |= own
        self.factors = [p._unit.to(units.get(k, p._unit)) for k, p in enumerate(self.parameters)]
        # gammapy's attribute access runs Python code: go to the dictionaries themselves
        self._own = [part.model.__dict__ for part in parts if part.is_own]
        slots = [slot for part in parts if not part.is_own for slot in part.slots]
        self._foreign = [(owner.__dict__, name) for owner, name in slots]
        reading = [slot for part in parts if not part.is_kernel for slot in part.slots]
        self.foreign = {owner.__dict__[name] for owner, name in reading}
        self.rows = {name: row for row, name in enumerate(self._spectra)}
        self._plans = {}
        self._state = self._read_state()

    def _read_state(self):
        """What the evaluation rests on: sub-models, all that was assigned to them, and units."""
        return (
            [attributes["_version"] for attributes in self._own],
            [attributes[name] for attributes, name in self._foreign],
            [par._unit for par in self.parameters],
            [(*c.spectral_models.values(), c.dipole_model) for c in self._components.values()],
        )

    def is_current(self, components):
        """Whether components are those of before, and nothing was assigned to sub-models (bool)."""
        return components is self._components and self._read_state() == self._state

    def frozen(self):
        """Evaluator with copies of the sub-models, whatever becomes of these.

        Those of this package are handed the values, and keep their Parameters.
        """
        new = copy.copy(self)
        kept = [par for par in self.parameters if par not in self.foreign]
        kept += [attributes["_covariance"] for attributes in self._own]
        parts, memory = (self._spectra, self._dipoles), {id(item): item for item in kept}
        new._spectra, new._dipoles = copy.deepcopy(parts, memory)
        new._plans, new._components, new._own, new._foreign, new._state = {}, None, [], [], None
        return new

    def values(self):
        """Values of the unique Parameters in kernel units (list of float)."""
        pairs = zip(self.parameters, self.factors, strict=True)
        return [par._value * factor for par, factor in pairs]

    def log_intensities(self, species, grid, values, component=None):
        """ln(J / (1/(GV m2 s sr))) of a species by component, shape ``(..., n)``, or of one."""
        return {
            name: self._log_intensity(parts[species], grid, values)
            for name, parts in self._spectra.items()
            if species in parts and component in (None, name)
        }

    def intensity(self, species, grid, values, component=None):
        """Intensity of a species in 1/(GV m2 s sr), shape ``(..., n)``, of one component or all."""
        with np.errstate(under="ignore"):
            return sum(map(np.exp, self.log_intensities(species, grid, values, component).values()))

    def log_components(self, joined, values, crop=False):
        """ln(J / (1/(GV m2 s sr))) of each component with spectra at points of several species.

        With ``crop``, the points of the last species of which a component has none are left out;
        all points of a species must stand together then, in the order of the species.
        """
        everywhere, logs = joined, []
        for name, parts in self._spectra.items():
            joined = everywhere
            if crop:
                joined = everywhere.first_species(self._n_present(parts, joined.names, values))
            key = name, joined.names
            if key not in self._plans:
                self._plans[key] = _plan(parts, joined.names)
            plan = self._plans[key]
            if plan is None:
                logs.append(self._log_one_by_one(parts, joined, values))
                continue
            compute = functools.partial(plan.evaluate, joined, values)
            logs.append(joined.remembered((plan, "all"), plan.all_values(values), compute))
        return logs

    @staticmethod
    def _n_present(parts, names, values):
        """Number of species up to the last one of which a component has any; at least 1."""
        for k in range(len(names), 1, -1):
            part = parts.get(names[k - 1])
            if part is not None and not part.is_absent(values):
                return k
        return 1

    def _log_one_by_one(self, parts, joined, values):
        """Logarithms of one component whose sub-models differ between species."""
        results = []
        for species in (name for name in joined.names if name in parts):
            (rows, grid), part = joined.alone(species), parts[species]
            compute = functools.partial(self._log_intensity, part, grid, values)
            keeps = part.remembers
            log = joined.remembered(part, part.arguments(values), compute) if keeps else compute()
            results.append((rows, log))
        leading = np.broadcast_shapes(*(log.shape[:-1] for _, log in results))
        total = np.full((*leading, len(joined.index)), ABSENT)
        for rows, log in results:
            total[..., rows] = log
        return total

    def excess(self, energies, values, component=None, species=None):
        """Dipole vector at the energies of an EnergyGrid, shape ``(..., n, 3)``.

        ``component`` asks for the contribution of one to the sum, ``species`` for some of them as
        if they were alone.
        """
        names = list(self.species) if species is None else list(species)
        joined = join_species({name: energies.grids[name] for name in names})
        log_jacobians = np.concatenate([energies.log_jacobians[name] for name in names])
        with np.errstate(under="ignore"):
            logs = [log + log_jacobians for log in self.log_components(joined, values)]
            # frozen components have no axis of parameter sets
            logs = np.array(np.broadcast_arrays(*logs))
            terms = self.dipole_terms(joined, values, component)
            xyz = weighted_sum_of_terms(logs, terms, len(names))
        return np.stack(np.broadcast_arrays(*xyz, energies.energy)[:3], axis=-1)

    def dipole_terms(self, joined, values, component=None):
        """Dipoles of the components for `~crlocal_plugin.physics.dipole.mean_of_terms`, in pairs.

        The first is the position of the component among those with spectra, None for an effect on
        all cosmic rays such as Compton-Getting; the second its terms.
        """
        contributions = []
        for name, part in self._dipoles.items():
            if component not in (None, name):
                continue
            arguments = part.arguments(values)
            if part.model.needs_slope:
                index = self._momentum_index(joined, values)
                terms = part.model.terms(joined.grid, *arguments, momentum_index=index)
            else:
                compute = functools.partial(part.model.terms, joined.grid, *arguments)
                terms = joined.remembered(part, arguments, compute)
            contributions.append((self.rows.get(name), terms))
        return contributions

    @staticmethod
    def _log_intensity(part, grid, values):
        if part.is_kernel:
            return part.kernel.log_intensity(grid, *part.arguments(values))
        intensity = part.model(u.Quantity(grid.rigidity, RIGIDITY_UNIT))
        return log_strength(intensity.to_value(intensity_unit("rigidity")))

    def _momentum_index(self, joined, values):
        """-d ln f / d ln p of the summed spectrum of each species, f = J_E / p^2."""
        logs = []
        for step in (-_SLOPE_STEP, _SLOPE_STEP):
            shifted = JoinedGrid(shift(joined.grid, step), joined.names, joined.index)
            logs.append(functools.reduce(np.logaddexp, self.log_components(shifted, values)))
        slope = (logs[1] - logs[0]) / (2 * _SLOPE_STEP)
        # J_E = J_R / (Z beta) and d ln beta / d ln R = 1 - beta^2
        return 2 - slope + (1 - joined.grid.beta**2)


class _Plan:
    """How to evaluate a component for several species in one call of a kernel.

    ``places`` are the positions of its arguments among the values, one for each species where they
    differ, None for an argument that is zero. If the kernel leaves out the strengths of the species
    and powers of R, ``strengths`` and ``powers`` are their positions. ``all_values`` picks the
    values on which the component depends.
    """

    def __init__(self, kernel, places, strengths=(), powers=()):
        self.kernel = kernel
        # arguments that are not one value for all species follow after the others
        self._others = [(k, place) for k, place in enumerate(places) if type(place) is not int]
        self._values = _values_at([place if type(place) is int else 0 for place in places])
        self.strengths = strengths
        self.powers = powers
        common = []
        for place in places:
            if place is not None:
                common += [place] if type(place) is int else place
        self.all_values = _values_at([*common, *strengths, *powers])
        self._common_values = _values_at(common)

    def evaluate(self, joined, values):
        """Evaluate the component at all points of a joined grid."""
        common = self._common_values(values)
        log = joined.remembered(self, common, functools.partial(self._kernel, joined, values))
        if not self.strengths:
            return log
        strengths, powers = ([values[k] for k in own] for own in (self.strengths, self.powers))
        return log + joined.power_laws(strengths, powers)

    def _kernel(self, joined, values):
        """Call the kernel."""
        arguments = list(self._values(values))
        for k, place in self._others:
            arguments[k] = 0.0 if place is None else joined.spread(place, values)
        return self.kernel(joined.grid, *arguments)


def _plan(parts, names):
    """Plan for the sub-models of a component, None if they differ by more than parameters."""
    chosen = [parts.get(name) for name in names]
    if None in chosen or not all(part.is_own for part in chosen):
        return None
    if not have_one_kernel([part.model for part in chosen]):
        return None
    model = chosen[0].model
    columns = list(zip(*(part.positions for part in chosen), strict=True))
    places = [column[0] if len(set(column)) == 1 else column for column in columns]
    if not isinstance(model, SourceSpectralModel):
        return _Plan(model.log_intensity, places)
    powers = ()
    if model.power_name is not None:
        k = model.default_parameters.names.index(model.power_name)
        places[k], powers = None, columns[k]
    return _Plan(model.log_shape, places[1:], columns[0], powers)
