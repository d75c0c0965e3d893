"""Fused evaluation: all points of all datasets of one model at once."""

import copy
import functools
from typing import NamedTuple

import numpy as np

from ..models.component import species_group
from ..models.grids import JoinedGrid, concatenate_grids, energy_grid, take
from ..physics.composition import log_mass, shares
from ..physics.dipole import mean_of_terms
from ..physics.intensity import ABSENT
from ..physics.kinematics import axis_jacobian, axis_to_rigidity, grid_of_nuclei
from ..physics.linear import parameter_sets, sum_of_beginnings
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
    Only points in the fit are evaluated; all-particle intensities and <ln A> at the same energy
    come from the same intensities of the species.

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
        # sums of all species stand behind
        flux.sort(key=lambda pair: _is_sum(pair[0]))
        sums = [pair for pair in flux if _is_sum(pair[0])]
        masses = _with_points(datasets, MeanLogMassDataset)
        # dipoles that are compared in the same way stand together
        dipoles = _with_points(datasets, DipoleDataset)
        dipoles.sort(key=lambda pair: LIKELIHOODS.index(pair[0].likelihood))
        self.flux_data, self.mass_data = _joined(flux), _joined(masses)
        self.dipole_data = _joined_dipoles(dipoles)
        self._points = _FluxPoints(model, flux[: len(flux) - len(sums)], self._nuisance_of)
        self._energies = _EnergyPoints(dipoles, sums, masses, self._nuisance_of)
        self._n_species = len(self.evaluator.species)
        self._order = _SpeciesOrder(self._points.species, self._n_species, self._energies)
        self._log_masses = np.array([log_mass(s) for s in self.evaluator.species.values()])
        self._grids_at = None
        _require_one_list(datasets)
        # intensities are multiplied, <ln A> is added to
        self._flux_factor = _HadronicPoints(flux, self._nuisance_of, np.exp)
        self._mass_shift = _HadronicPoints(masses, self._nuisance_of, np.asarray)

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
        evaluator, points, at = self.evaluator, self._points, self._energies
        norms, scales, hadronic = (values[self._n_model + k :: len(_NUISANCES)] for k in range(3))
        grids = self._grids(norms + scales)
        logs = evaluator.log_components(grids.joined, values, crop=True)
        components = [np.exp(log) for log in logs]
        total = sum_of_beginnings(components)
        intensity = points.sum_of_species(total.take(self._order.flux, axis=-1) * grids.factor)
        mass = x = y = np.zeros(0)
        if at.n_sums or at.n_masses:
            by_species = total.take(self._order.others, axis=-1) * grids.other_jacobian
            everything = by_species.sum(axis=-2)
            if at.n_sums:
                sums = everything.take(at.sums, axis=-1) * grids.sum_factor
                intensity = np.concatenate([intensity, sums], axis=-1)
            if at.n_masses:
                if not everything.min() > _UNDERFLOW:
                    by_species = shares(self._logs_of_others(grids, logs))
                    everything = 1.0
                mass = (self._log_masses @ by_species / everything)[..., at.masses]
                if self._mass_shift.size:
                    mass = mass + self._mass_shift(hadronic)
        if self._flux_factor.size:
            intensity = intensity * self._flux_factor(hadronic)
        if at.n_dipoles:
            weights, everything = self._dipole_weights(grids, components, logs)
            terms = evaluator.dipole_terms(grids.dipoles, values)
            x, y = mean_of_terms(weights, everything, terms, self._n_species, size=2)
        return intensity, mass, x, y

    def _dipole_weights(self, grids, components, logs):
        """Intensity per energy of components and of their sum, species by species, for dipoles."""
        rows, n = self._order.dipoles, self._energies.n_dipoles
        sizes = [n * self._order.n_species(array.shape[-1]) for array in components]
        weights = [
            array.take(rows[:size], axis=-1) * grids.dipole_jacobian[..., :size]
            for array, size in zip(components, sizes, strict=True)
        ]
        everything = sum_of_beginnings(weights)
        # that of all species is larger still
        if everything[..., :n].min() > _UNDERFLOW:
            return weights, everything
        weights = [
            log[..., rows[:size]] + grids.log_dipole_jacobian[..., :size]
            for log, size in zip(logs, sizes, strict=True)
        ]
        tops = [w.reshape(*w.shape[:-1], -1, n).max(axis=-2) for w in weights]
        top = functools.reduce(np.maximum, tops)
        weights = [np.exp(w - np.tile(top, w.shape[-1] // n)) for w in weights]
        return weights, sum_of_beginnings(weights)

    def _logs_of_others(self, grids, logs):
        """Logarithms of intensities per energy of all species for sums and <ln A>."""
        rows, total = self._order.others, grids.log_other_jacobian + ABSENT
        for log in logs:
            k = self._order.n_species(log.shape[-1])
            log = log[..., rows[:k]] + grids.log_other_jacobian[..., :k, :]
            wide = np.full((*log.shape[:-2], *rows.shape), ABSENT)
            wide[..., :k, :] = log
            total = np.logaddexp(total, wide)
        return total

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
        if not self.size:
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
        at = self._energies
        return self._points.n_data + at.n_sums + at.n_masses + 2 * at.n_dipoles

    @property
    def n_points(self):
        """Number of points at which intensities are evaluated (int)."""
        return len(self._order.order)

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
        parts, points, at = [], self._points, self._energies
        factor, sum_factor = np.zeros(0), np.zeros(0)
        if points.size:
            grid, factor = points.grid(_of_points(scales, points.nuisances))
            factor = factor * _of_points(norms, points.nuisances)
            parts.append(grid)
        names = tuple(self.evaluator.species)
        log_jacobian = np.zeros((len(names), 0))
        if len(at.x):
            energies = energy_grid(
                at.x * _of_points(scales, at.nuisances), self.evaluator.species.values()
            )
            parts += [energies.grids[name] for name in names]
            log_jacobian = np.stack([energies.log_jacobians[name] for name in names], axis=-2)
        if at.n_sums:
            sum_factor = _of_points(norms, at.sum_nuisances) * _of_points(scales, at.sum_nuisances)
        grid = take(concatenate_grids(parts), self._order.order)
        joined = JoinedGrid(grid, names, self._order.species)
        rows, n = self._order.dipoles, at.n_dipoles
        dipoles = JoinedGrid(take(grid, rows), names, self._order.species[rows])
        of_dipoles = log_jacobian[..., :n].reshape(*log_jacobian.shape[:-2], -1)
        of_others = log_jacobian[..., n:]
        result = _Grids(
            joined,
            factor,
            sum_factor,
            dipoles,
            of_dipoles,
            np.exp(of_dipoles),
            of_others,
            np.exp(of_others),
        )
        if fixed:
            self._grids_at, self._kept = nuisances, result
        return result

    def __getstate__(self):
        return {**self.__dict__, "_grids_at": None, "_kept": None}


_UNDERFLOW = 1e-250
"""Intensity below which logarithms tell shares of the components, in 1/(GeV m2 s sr)."""

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


class _Grids(NamedTuple):
    """Where everything is evaluated.

    Attributes
    ----------
    joined : JoinedGrid
        All points, one species after another.
    factor : `~numpy.ndarray`
        Intensities of the data per intensity per rigidity of the points of spectra.
    sum_factor : `~numpy.ndarray`
        Those of sums of all species per intensity per energy.
    dipoles : JoinedGrid
        The points of the dipoles, one species after another.
    log_dipole_jacobian, dipole_jacobian : `~numpy.ndarray`
        ln(dR/dE) of them, and dR/dE.
    log_other_jacobian, other_jacobian : `~numpy.ndarray`
        The same for sums and <ln A>, shape ``(..., s, n)``.
    """

    joined: JoinedGrid
    factor: np.ndarray
    sum_factor: np.ndarray
    dipoles: JoinedGrid
    log_dipole_jacobian: np.ndarray
    dipole_jacobian: np.ndarray
    log_other_jacobian: np.ndarray
    other_jacobian: np.ndarray


class _SpeciesOrder:
    """All points in the order of the species, so that those of a species stand together.

    Attributes
    ----------
    order : `~numpy.ndarray` of int
        Which point comes where, of those of spectra and then all species at all energies.
    species : `~numpy.ndarray` of int
        Species of the points in that order.
    flux : `~numpy.ndarray` of int
        Where the points of spectra are.
    dipoles : `~numpy.ndarray` of int
        Where those of dipoles are, one species after another.
    others : `~numpy.ndarray` of int
        Where those of sums and <ln A> are, shape ``(s, n)``.
    """

    def __init__(self, of_flux, n_species, energies):
        of_all = np.repeat(np.arange(n_species), len(energies.x))
        species = np.concatenate([of_flux, of_all])
        self.order = np.argsort(species, kind="stable")
        self.species = species[self.order]
        place = np.empty(len(species), dtype=int)
        place[self.order] = np.arange(len(species))
        self.flux, rest = place[: len(of_flux)], place[len(of_flux) :]
        rest = rest.reshape(n_species, len(energies.x))
        self.dipoles = rest[:, : energies.n_dipoles].ravel()
        self.others = rest[:, energies.n_dipoles :]
        self._n_species = {}
        for k in range(n_species, 0, -1):
            self._n_species[int(np.count_nonzero(species < k))] = k

    def n_species(self, size):
        """Number of species that the first points are of."""
        return self._n_species[size]


class _EnergyPoints:
    """Energies at which all species are needed: those of dipoles, then of sums and <ln A>.

    Attributes
    ----------
    x, nuisances : `~numpy.ndarray`
        Energies and positions of their nuisance models.
    n_dipoles, n_sums, n_masses : int
        Numbers of data.
    sums, masses : `~numpy.ndarray` of int
        Where the data are among the energies behind those of the dipoles.
    sum_nuisances : `~numpy.ndarray` of int
        Positions of the nuisance models of sums.
    """

    def __init__(self, dipoles, sums, masses, nuisance_of):
        self.n_dipoles, self.n_sums, self.n_masses = map(_n_points, (dipoles, sums, masses))
        x, nuisances = (
            _column([*dipoles, *sums, *masses], values_of)
            for values_of in (lambda dataset: dataset.x.value, nuisance_of)
        )
        n = self.n_dipoles
        pairs = np.stack([x[n:], nuisances[n:]], axis=-1)
        # sums and <ln A> of an experiment often have the same energies
        pairs, where = np.unique(pairs, axis=0, return_inverse=True)
        self.x = np.concatenate([x[:n], pairs[:, 0]])
        self.nuisances = np.concatenate([nuisances[:n], pairs[:, 1]]).astype(int)
        self.sums, self.masses = where[: self.n_sums], where[self.n_sums :]
        self.sum_nuisances = nuisances[n : n + self.n_sums]


def _is_sum(dataset):
    """Whether a spectrum is that of all particles against their total energy."""
    return dataset.quantity == "all_particle" and dataset.axis == "total_energy"


class _HadronicPoints:
    """What the position among hadronic models does to predictions, if any point has several."""

    def __init__(self, pairs, nuisance_of, effect_of_shift):
        self.size = 0
        self._effect_of_shift, self._kept = effect_of_shift, (None, None)
        if not any(dataset.hadronic_models for dataset, _ in pairs):
            return
        parts = [dataset._hadronic_coefficients()[:, rows] for dataset, rows in pairs]
        degree = max(len(part) for part in parts)
        padded = [np.pad(part, ((0, degree - len(part)), (0, 0))) for part in parts]
        self._coefficients = np.concatenate(padded, axis=1)
        self._nuisances = _column(pairs, nuisance_of)
        self.size = len(self._nuisances)

    def __call__(self, hadronic):
        fixed = all_floats(hadronic)
        if fixed and hadronic == self._kept[0]:
            return self._kept[1]
        position = _of_points([*hadronic, 0.0], self._nuisances)
        effect = self._effect_of_shift(prediction_shift(self._coefficients, position))
        if fixed:
            self._kept = hadronic, effect
        return effect


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
