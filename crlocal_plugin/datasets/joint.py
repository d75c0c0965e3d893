"""Fused evaluation: all points of all datasets of one model at once."""

import copy
import functools

import numpy as np

from ..models.component import species_group
from ..models.grids import JoinedGrid, concatenate_grids, energy_grid, take
from ..physics.composition import log_mass, log_mass_mean, shares
from ..physics.kinematics import axis_jacobian, axis_to_rigidity, grid_of_nuclei
from ..physics.linear import parameter_sets
from ..physics.memory import all_floats
from .dipole import DipoleDataset
from .flux import CosmicRayFluxDataset
from .hadronic import prediction_shift
from .likelihood import LIKELIHOODS, concatenate
from .mean_log_mass import MeanLogMassDataset

__all__ = ["FusedLikelihood"]


class FusedLikelihood:
    """Residuals of datasets that share a CosmicRayModel, evaluated once per parameter state.

    The points of all datasets and species are joined, so that each component is evaluated once.
    Only points in the fit are evaluated.

    Parameters
    ----------
    model : CosmicRayModel
        The model.
    datasets : list of CosmicRayDataset
        Datasets of the model. Their arrays and masks are read once.

    Attributes
    ----------
    parameters : list of `~gammapy.modeling.Parameter`
        Unique parameters of the model, then those of each nuisance model of the datasets.

    Raises
    ------
    ValueError
        If datasets share the parameter of the hadronic model, but not the models.
    """

    def __init__(self, model, datasets):
        self.model = model
        self.evaluator = model.evaluator
        nuisances = [d._nuisance for d in datasets if d._nuisance is not None]
        self._nuisances = list(dict.fromkeys(nuisances))
        self._given = {d._nuisance for d in datasets if d._nuisance_given}
        self._nuisance_slots = [
            (nuisance.__dict__, name) for nuisance in self._nuisances for name in _NUISANCES
        ]
        self._nuisance_parameters = self._read_nuisances()
        self.parameters = [*self.evaluator.parameters, *self._nuisance_parameters]
        self._n_model = len(self.evaluator.parameters)
        flux = _with_points(datasets, CosmicRayFluxDataset)
        masses = _with_points(datasets, MeanLogMassDataset)
        # dipoles that are compared in the same way stand together
        dipoles = _with_points(datasets, DipoleDataset)
        dipoles.sort(key=lambda pair: LIKELIHOODS.index(pair[0].likelihood))
        self.flux_data, self.mass_data = _joined(flux), _joined(masses)
        self.dipole_data = _joined_dipoles(dipoles)
        self._points = _FluxPoints(model, flux, self._nuisance_of)
        self._n_species = len(self.evaluator.species)
        self._log_masses = np.array([log_mass(s) for s in self.evaluator.species.values()])
        # where all species are needed at the same energies
        self._n_dipoles, self._n_masses = _n_points(dipoles), _n_points(masses)
        self._energies = _column([*dipoles, *masses], lambda dataset: dataset.x.value)
        self._energy_nuisances = _column([*dipoles, *masses], self._nuisance_of)
        self._grids_at = None
        _require_one_list(datasets)
        self._flux_shift = _HadronicPoints(flux, self._nuisance_of)
        self._mass_shift = _HadronicPoints(masses, self._nuisance_of)

    def _nuisance_of(self, dataset):
        """Position of the nuisance model of a dataset; beyond the last if it has none."""
        nuisance, size = dataset._nuisance, len(dataset.table)
        found = len(self._nuisances) if nuisance is None else self._nuisances.index(nuisance)
        return np.full(size, found)

    def _read_nuisances(self):
        return [attributes[name] for attributes, name in self._nuisance_slots]

    def is_current(self):
        """Whether model and nuisance models still have the same structure (bool)."""
        return (
            self.model.evaluator is self.evaluator
            and self._read_nuisances() == self._nuisance_parameters
        )

    def values(self):
        """Values of the parameters in kernel units (list of float)."""
        return self.evaluator.values() + [par._value for par in self._nuisance_parameters]

    @property
    def factors(self):
        """Kernel unit of each parameter over its own unit (list of float)."""
        return [*self.evaluator.factors, *(1.0 for _ in self._nuisance_parameters)]

    def used_parameters(self):
        """Parameters of the model and of the nuisance models in use (list)."""
        used = list(self.evaluator.parameters)
        for nuisance in self._nuisances:
            if nuisance in self._given or nuisance.is_active:
                used += [nuisance.__dict__[name] for name in _NUISANCES]
        return used

    def predictions(self, values):
        """Intensities of spectra, <ln A>, and dipoles, at the points in the fit.

        Parameters
        ----------
        values : list
            Parameter values in kernel units, in the order of ``parameters``: floats, or arrays of
            shape ``(m, 1)`` for m sets.

        Returns
        -------
        intensity : `~numpy.ndarray`
            On the axis of each dataset, of a shape that broadcasts to ``(..., n)``.
        mass : `~numpy.ndarray`
            <ln A>, of a shape that broadcasts to ``(..., n)``.
        x, y : `~numpy.ndarray`
            Equatorial components of the dipoles, of shapes that broadcast to ``(..., n)``.
        """
        evaluator, points = self.evaluator, self._points
        norms, scales, hadronic = (values[self._n_model + k :: len(_NUISANCES)] for k in range(3))
        joined, factor, dipoles, log_jacobians, mass_jacobians = self._grids(norms + scales)
        logs = evaluator.log_components(joined, values)
        split, end = points.size, points.size + self._n_species * self._n_dipoles
        intensity = functools.reduce(np.add, [np.exp(log[..., :split]) for log in logs])
        intensity = points.sum_of_species(intensity * factor)
        if self._flux_shift.size:
            intensity = intensity * np.exp(self._flux_shift(hadronic))
        mass = x = y = np.zeros(0)
        if self._n_masses:
            total = functools.reduce(np.logaddexp, [log[..., end:] for log in logs])
            total = total + mass_jacobians
            total = total.reshape(*total.shape[:-1], self._n_species, -1)
            mass = log_mass_mean(shares(total), self._log_masses)
            if self._mass_shift.size:
                mass = mass + self._mass_shift(hadronic)
        if self._n_dipoles:
            logs = [log[..., split:end] for log in logs]
            x, y = evaluator.joined_excess(dipoles, log_jacobians, logs, values, size=2)
        return intensity, mass, x, y

    def residuals(self, values):
        """Residuals of all points in the fit.

        Parameters
        ----------
        values : list
            As for `predictions`.

        Returns
        -------
        `~numpy.ndarray`
            Residuals whose squares add up to the statistic, shape ``(k,)`` or ``(m, k)``.
        """
        if self._points.size + len(self._energies) == 0:
            return np.zeros(0)
        with np.errstate(under="ignore"):
            intensity, mass, x, y = self.predictions(values)
            blocks = [] if self.flux_data is None else [self.flux_data.residuals(intensity)]
            if self.mass_data is not None:
                blocks.append(self.mass_data.residuals(mass))
            for likelihood, rows, data in self.dipole_data:
                pair = data.residuals(x[..., rows], y[..., rows], likelihood)
                blocks += pair
        if len({block.shape[:-1] for block in blocks}) > 1:
            leading = np.broadcast_shapes(*(block.shape[:-1] for block in blocks))
            blocks = [np.broadcast_to(b, (*leading, b.shape[-1])) for b in blocks]
        return np.concatenate(blocks, axis=-1)

    @property
    def size(self):
        """Number of residuals (int)."""
        return self._points.n_data + self._n_masses + 2 * self._n_dipoles

    @property
    def n_points(self):
        """Number of points at which intensities are evaluated (int)."""
        return self._points.size + self._n_species * len(self._energies)

    def fake(self, values, rng):
        """Likelihood of simulated data.

        Parameters
        ----------
        values : list of float
            True parameter values in kernel units.
        rng : `~numpy.random.Generator`
            Source of random numbers.

        Returns
        -------
        FusedLikelihood
            Likelihood of the same model and points.
        """
        new = copy.copy(self)
        intensity, mass, x, y = self.predictions(values)
        if self.flux_data is not None:
            new.flux_data = self.flux_data.fake(intensity, rng)
        if self.mass_data is not None:
            new.mass_data = self.mass_data.fake(mass, rng)
        new.dipole_data = [
            (likelihood, rows, data.fake(x[rows], y[rows], likelihood, rng))
            for likelihood, rows, data in self.dipole_data
        ]
        return new

    def _grids(self, nuisances):
        """Rigidities of all points, worked out again only when a nuisance has changed.

        ``nuisances`` are normalisations and then energy scales.
        """
        fixed = all_floats(nuisances)
        if fixed and nuisances == self._grids_at:
            return self._kept
        # the last one stands for datasets without a nuisance model
        half = len(nuisances) // 2
        norms, scales = [*nuisances[:half], 1.0], [*nuisances[half:], 1.0]
        parts, points = [], self._points
        jacobian = np.zeros(0)
        if points.size:
            grid, jacobian = points.grid(_of_points(scales, points.nuisances))
            jacobian = jacobian * _of_points(norms, points.nuisances)
            parts.append(grid)
        names, n = tuple(self.evaluator.species), self._n_dipoles
        index, log_jacobians = [points.species], []
        if len(self._energies):
            energies = energy_grid(
                self._energies * _of_points(scales, self._energy_nuisances),
                self.evaluator.species.values(),
            )
        # all species of the dipoles, then all of <ln A>
        for rows in (slice(0, n), slice(n, n + self._n_masses)):
            size = rows.stop - rows.start
            log_jacobians.append(np.zeros(0))
            if size:
                parts += [take(energies.grids[name], rows) for name in names]
                log_jacobians[-1] = np.concatenate(
                    [energies.log_jacobians[name][..., rows] for name in names], axis=-1
                )
                index.append(np.repeat(np.arange(len(names)), size))
        joined = JoinedGrid(concatenate_grids(parts), names, np.concatenate(index))
        rows = slice(points.size, points.size + len(names) * n)
        dipoles = JoinedGrid(take(joined.grid, rows), names, joined.index[rows])
        result = joined, jacobian, dipoles, *log_jacobians
        if fixed:
            self._grids_at, self._kept = nuisances, result
        return result

    def __getstate__(self):
        return {**self.__dict__, "_grids_at": None, "_kept": None}


_NUISANCES = ("norm", "energy_scale", "hadronic")
"""Parameters of a nuisance model, in the order of the values."""


def _require_one_list(datasets):
    """Refuse datasets that share the parameter of the hadronic model, but not the models."""
    named = {}
    for dataset in datasets:
        if dataset.hadronic_models:
            first = named.setdefault(dataset._nuisance, dataset)
            if dataset._nuisance is not None and first.hadronic_models != dataset.hadronic_models:
                raise ValueError(
                    f"datasets {first.name!r} and {dataset.name!r} share the parameter 'hadronic', "
                    f"but have the models {', '.join(first.hadronic_models)} and "
                    f"{', '.join(dataset.hadronic_models)}: load both with the same list, or give "
                    "one a NuisanceModel of its own"
                )


class _HadronicPoints:
    """Shift of the predictions of points, some of which have tables of other hadronic models."""

    def __init__(self, pairs, nuisance_of):
        self.size = 0
        if not any(dataset.hadronic_models for dataset, _ in pairs):
            return
        parts = [dataset._hadronic_coefficients()[:, rows] for dataset, rows in pairs]
        degree = max(len(part) for part in parts)
        padded = [np.pad(part, ((0, degree - len(part)), (0, 0))) for part in parts]
        self._coefficients = np.concatenate(padded, axis=1)
        self._nuisances = _column(pairs, nuisance_of)
        self.size = len(self._nuisances)

    def __call__(self, hadronic):
        position = _of_points([*hadronic, 0.0], self._nuisances)
        return prediction_shift(self._coefficients, position)


class _FluxPoints:
    """Points of spectra: each once for every species that it sums over.

    The first species of all points come first, in the order of the data, then the second species
    of those that have one, and so on.
    """

    def __init__(self, model, pairs, nuisance_of):
        names = list(model.evaluator.species)
        x, nuisances, species, axes, rows, layers = [], [], [], [], [], []
        start = 0
        for dataset, chosen in pairs:
            here = np.arange(start, start + len(chosen))
            start += len(chosen)
            for layer, name in enumerate(species_group(dataset.quantity, names)):
                x.append(dataset.x.value[chosen])
                nuisances.append(nuisance_of(dataset)[chosen])
                species.append(np.full(len(chosen), names.index(name)))
                axes.append(np.full(len(chosen), dataset.axis, dtype=object))
                rows.append(here)
                layers.append(np.full(len(chosen), layer))
        self.n_data = start
        layers, rows = _concatenated(layers, int), _concatenated(rows, int)
        order = np.lexsort((rows, layers))
        self._x = _concatenated(x, float)[order]
        self.nuisances = _concatenated(nuisances, int)[order]
        self.species = _concatenated(species, int)[order]
        self.size = len(order)
        nuclei = list(model.evaluator.species.values())
        axes = _concatenated(axes, object)[order]
        kinds = sorted(set(zip(self.species.tolist(), axes.tolist(), strict=True)))
        self._kinds = [
            (nuclei[k], axis, np.flatnonzero((self.species == k) & (axes == axis)))
            for k, axis in kinds
        ]
        self._charge = np.array([nucleus.Z for nucleus in nuclei])[self.species]
        self._rest_energy = np.array([nucleus.rest_energy for nucleus in nuclei])[self.species]
        layers, rows = layers[order], rows[order]
        self._further = [
            (np.flatnonzero(layers == k), rows[layers == k])
            for k in range(1, layers.max(initial=0) + 1)
        ]

    def grid(self, scale):
        """Rigidities, and intensity on the axis of the data per intensity per rigidity.

        Parameters
        ----------
        scale : `~numpy.ndarray`
            True energy over measured energy of each point, shape ``(..., n)``.
        """
        x = self._x * scale
        rigidity = np.empty(x.shape)
        for nucleus, axis, rows in self._kinds:
            rigidity[..., rows] = axis_to_rigidity(x[..., rows], nucleus, axis)
        grid = grid_of_nuclei(rigidity, self._charge, self._rest_energy)
        # the second factor is from the width of the bins
        jacobian = np.empty(x.shape)
        for nucleus, axis, rows in self._kinds:
            jacobian[..., rows] = axis_jacobian(grid.beta[..., rows], nucleus, axis)
        return grid, jacobian * scale

    def sum_of_species(self, intensity):
        """Intensities of the data from those of points, shape ``(..., n)``."""
        if not self._further:
            return intensity
        total = intensity[..., : self.n_data].copy()
        for points, rows in self._further:
            total[..., rows] += intensity[..., points]
        return total


def _concatenated(arrays, dtype):
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=dtype)


def _n_points(pairs):
    return sum(len(rows) for _, rows in pairs)


def _column(pairs, values_of):
    """Values of the points in the fit of several datasets."""
    columns = [values_of(dataset)[rows] for dataset, rows in pairs]
    return np.concatenate(columns) if columns else np.zeros(0, dtype=int)


def _of_points(values, index):
    """Values of nuisance models, floats or of shape ``(m, 1)``, for points."""
    return parameter_sets(values)[..., index]


def _with_points(datasets, kind):
    """Pairs of dataset and rows in the fit, of one kind, without those that have none."""
    pairs = []
    for dataset in datasets:
        if isinstance(dataset, kind):
            mask = dataset.mask
            rows = np.arange(len(dataset.table)) if mask is None else np.flatnonzero(mask)
            if len(rows):
                pairs.append((dataset, rows))
    return pairs


def _joined(pairs):
    if not pairs:
        return None
    return concatenate([d.data.take(rows) for d, rows in pairs])


def _joined_dipoles(pairs):
    """Blocks of dipoles that are compared in the same way: how, which points, their data."""
    blocks, start = [], 0
    for likelihood in LIKELIHOODS:
        data = _joined([pair for pair in pairs if pair[0].likelihood == likelihood])
        if data is not None:
            stop = start + len(data.amplitude)
            blocks.append((likelihood, slice(start, stop), data))
            start = stop
    return blocks
