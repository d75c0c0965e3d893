"""Fused evaluation: all points of all datasets of one model at once."""

import copy
import functools

import numpy as np

from ..datasets.dipole import DipoleDataset
from ..datasets.flux import CosmicRayFluxDataset
from ..datasets.mean_log_mass import MeanLogMassDataset
from ..datasets.residuals import (
    LIKELIHOODS,
    concatenate,
)
from ..models.grids import (
    JoinedGrid,
    concatenate_grids,
    energy_grid,
    take,
)
from ..physics.composition import shares
from ..physics.dipole import mean_of_terms
from ..physics.intensity import ABSENT
from ..physics.linear import sum_of_beginnings
from ..physics.memory import all_floats
from .points import (
    EnergyPoints,
    FluxPoints,
    Grids,
    HadronicPoints,
    SpeciesOrder,
    of_points,
)


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
        Unique parameters of the model, then those of the nuisance models of the datasets.

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
        # all normalisations, then all energy scales, ...
        self._nuisance_slots = [
            (nuisance.__dict__, name) for name in _NUISANCES for nuisance in self._nuisances
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
        self._points = FluxPoints(model, flux[: len(flux) - len(sums)], self._nuisance_of)
        self._energies = EnergyPoints(dipoles, sums, masses, self._nuisance_of)
        self._n_species = len(self.evaluator.species)
        self._order = SpeciesOrder(self._points.species, self._n_species, self._energies)
        self._log_masses = np.array([s.log_A for s in self.evaluator.species.values()])
        self._grids_at = None
        _require_one_list(datasets)
        # intensities are multiplied, <ln A> is added to
        self._flux_factor = HadronicPoints(flux, self._nuisance_of, np.exp)
        self._mass_shift = HadronicPoints(masses, self._nuisance_of, np.asarray)

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
        stop = self._n_model + 2 * len(self._nuisances)
        grids, hadronic = self._grids(values[self._n_model : stop]), values[stop:]
        logs = evaluator.log_components(grids.joined, values, crop=True)
        if max(log.shape[-1] for log in logs) < self.n_points:
            # no component has the last species
            logs[0] = _extended(logs[0], self.n_points)
        components, weights = zip(*self._intensities(grids, logs), strict=True)
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
                if everything.min() > _UNDERFLOW:
                    mass = self._log_masses @ by_species / everything
                else:
                    mass = self._log_masses @ shares(self._logs_of_others(grids, logs))
                    # no measured value is that of no particles at all
                    mass[np.isnan(mass)] = np.inf
                mass = mass[..., at.masses]
                if self._mass_shift.size:
                    mass = mass + self._mass_shift(hadronic)
        if self._flux_factor.size:
            intensity = intensity * self._flux_factor(hadronic)
        if at.n_dipoles:
            everything = sum_of_beginnings(weights)
            # that of all species is larger still
            if not np.minimum.reduce(everything[..., : at.n_dipoles], axis=None) > _UNDERFLOW:
                weights = self._dipole_shares(grids, logs)
                everything = sum_of_beginnings(weights)
            terms = evaluator.dipole_terms(grids.dipoles, values)
            x, y = mean_of_terms(weights, everything, terms, self._n_species, 2, grids.kept_dipoles)
        return intensity, mass, x, y

    def _intensities(self, grids, logs):
        """Intensities of each component at all points, and per energy for dipoles, in pairs.

        Those of one set of parameters are kept while their logarithms are the same object.
        """
        pairs = []
        for place, log in enumerate(logs):
            kept = grids.kept_intensities.get(place)
            if kept is None or kept[0] is not log:
                intensity = np.exp(log)
                rows = self._order.dipoles_among(log.shape[-1])
                jacobian = grids.dipole_jacobian[..., : len(rows)]
                kept = log, (intensity, intensity.take(rows, axis=-1) * jacobian)
                if log.ndim == 1:
                    grids.kept_intensities[place] = kept
            pairs.append(kept[1])
        return pairs

    def _dipole_shares(self, grids, logs):
        """Intensities per energy for dipoles over the largest of each energy."""
        weights, n = [], self._energies.n_dipoles
        for log in logs:
            rows = self._order.dipoles_among(log.shape[-1])
            weights.append(log[..., rows] + grids.log_dipole_jacobian[..., : len(rows)])
        tops = [w.reshape(*w.shape[:-1], -1, n).max(axis=-2) for w in weights]
        top = functools.reduce(np.maximum, tops)
        return [np.exp(w - np.tile(top, w.shape[-1] // n)) for w in weights]

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
            grid, factor = points.grid(of_points(scales, points.nuisances))
            factor = factor * of_points(norms, points.nuisances)
            parts.append(grid)
        names = tuple(self.evaluator.species)
        log_jacobian = np.zeros((len(names), 0))
        if len(at.x):
            energies = energy_grid(
                at.x * of_points(scales, at.nuisances), self.evaluator.species.values()
            )
            parts += [energies.grids[name] for name in names]
            log_jacobian = np.stack([energies.log_jacobians[name] for name in names], axis=-2)
        if at.n_sums:
            sum_factor = of_points(norms, at.sum_nuisances) * of_points(scales, at.sum_nuisances)
        grid = take(concatenate_grids(parts), self._order.order)
        joined = JoinedGrid(grid, names, self._order.species)
        rows, n = self._order.dipoles, at.n_dipoles
        dipoles = JoinedGrid(take(grid, rows), names, self._order.species[rows])
        of_dipoles = log_jacobian[..., :n].reshape(*log_jacobian.shape[:-2], -1)
        of_others = log_jacobian[..., n:]
        result = Grids(
            joined,
            factor,
            sum_factor,
            dipoles,
            of_dipoles,
            np.exp(of_dipoles),
            of_others,
            np.exp(of_others),
            {},
            {},
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


def _is_sum(dataset):
    """Whether a spectrum is that of all particles against their total energy."""
    return dataset.quantity == "all_particle" and dataset.axis == "total_energy"


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


def _extended(log, size):
    """Logarithms of intensities of so many points, of which those at the end are absent."""
    wide = np.full((*log.shape[:-1], size), ABSENT)
    wide[..., : log.shape[-1]] = log
    return wide


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
