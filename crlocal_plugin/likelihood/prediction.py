"""Intensities, means and dipoles at the points of all datasets of one model, evaluated at once."""

import copy
import functools

import numpy as np

from ..datasets.points import Dipoles
from ..models.grids import JoinedGrid, concatenate_grids, energy_grid, take
from ..physics.composition import shares
from ..physics.dipole import mean_of_terms
from ..physics.intensity import ABSENT
from ..physics.linear import sum_of_beginnings
from ..physics.memory import grid_cache
from ..physics.response import fold
from .points import EnergyPoints, FluxPoints, Grids, SpeciesOrder, of_points

_UNDERFLOW = 1e-250
"""Intensity below which logarithms tell shares of the components, in 1/(GeV m2 s sr)."""


class JointPrediction:
    """Values at the points that datasets want, each component evaluated once for all of them."""

    def __init__(self, evaluator, wanted):
        self.evaluator = evaluator
        nuclei = list(evaluator.species.values())
        members = {"spectrum": [], "dipole": [], "sum": []}
        ends = dict.fromkeys(members, 0)
        places = []
        for together in wanted:
            first = together[0]
            what = "sum" if first.is_of_all_species else "spectrum"
            what = "dipole" if isinstance(first.points, Dipoles) else what
            size = len(together) if what == "sum" else sum(one.size for one in together)
            place = slice(ends[what], ends[what] + size)
            members[what] += together
            ends[what] += size
            number = getattr(first.points, "number", None)
            places.append((what, place, number and np.array([number(n) for n in nuclei])))
        self._points = FluxPoints(nuclei, members["spectrum"])
        self._energies = EnergyPoints(members["dipole"], members["sum"], list(evaluator.species))
        owners = [np.full(one.size, one.multiplied_by) for one in members["dipole"]]
        self._dipoles_by = np.concatenate([np.zeros(0, dtype=int), *owners])
        self._n_dipoles, self._has_others = self._energies.n_dipoles, bool(members["sum"])
        self._response = self._energies.response
        self._order = SpeciesOrder(self._points.species, len(nuclei), self._energies)
        self.n_points = len(self._order.order)
        # where the values are: a slice of spectra or dipoles, rows of sums and means
        self._places = [
            (what, np.concatenate(self._energies.where[place]), numbers)
            if what == "sum"
            # a slice of all costs as much as a sum
            else (what, None if place == slice(0, ends[what]) else place, None)
            for what, place, numbers in places
        ]

    def with_evaluator(self, evaluator):
        """Return a prediction at the same points by another evaluator of the same model."""
        new = copy.copy(self)
        new.evaluator = evaluator
        return new

    def __call__(self, values, n_model, dipole_norms=None):
        """Values for each list of wanted points, of shapes that broadcast to ``(..., n)``.

        Dipoles are multiplied by ``dipole_norms``, those of all nuisance models, unless it is None.
        """
        evaluator, order = self.evaluator, self._order
        grids = self._grids(*values[n_model:])
        logs = evaluator.log_components(grids.joined, values, crop=True)
        if max(log.shape[-1] for log in logs) < self.n_points:
            # no component has the last species
            logs[0] = _extended(logs[0], self.n_points)
        components, weights = zip(*self._intensities(grids, logs), strict=True)
        total = sum_of_beginnings(components)
        intensity = self._points.sum_of_species(total.take(order.flux, axis=-1) * grids.factor)
        if self._has_others:
            by_species = total.take(order.others, axis=-1) * grids.other_jacobian
            everything = by_species.sum(axis=-2)
        if self._n_dipoles:
            xy = self._dipole(grids, logs, weights, values)
            if dipole_norms is not None:
                factor = of_points([*dipole_norms, 1.0], self._dipoles_by)
                xy = [each * factor for each in xy]
        results = []
        for what, place, numbers in self._places:
            if what == "spectrum":
                results.append(intensity if place is None else intensity[..., place])
            elif what == "dipole":
                results.append(xy if place is None else [each[..., place] for each in xy])
            elif numbers is None:
                factor = grids.sum_factor[..., place]
                results.append(everything.take(place, axis=-1) * factor)
            else:
                if everything.min() > _UNDERFLOW:
                    mean = numbers @ by_species / everything
                else:
                    mean = numbers @ shares(self._logs_of_others(grids, logs))
                results.append(mean[..., place])
        return results

    def _dipole(self, grids, logs, weights, values):
        """Components along right ascension 0 and 90 deg, of shapes that broadcast."""
        everything, log_unit = sum_of_beginnings(weights), None
        # that of all species is larger still
        if not np.minimum.reduce(everything[..., : self._n_dipoles], axis=None) > _UNDERFLOW:
            weights, log_unit = self._dipole_shares(grids, logs)
            everything = sum_of_beginnings(weights)
        terms = self.evaluator.dipole_terms(grids.dipoles, values)
        n_species, response = len(self.evaluator.species), self._response
        if log_unit is None or response is None:
            return mean_of_terms(weights, everything, terms, n_species, 2, response)
        xy = mean_of_terms(weights, everything, terms, n_species, 2)
        intensity = everything.reshape(*everything.shape[:-1], n_species, -1).sum(axis=-2)
        return fold(xy, intensity, response, log_unit)

    def _intensities(self, grids, logs):
        """Intensities of each component at all points, and per energy for dipoles, in pairs.

        Those of one set of parameters are kept while their logarithms are the same object.
        """
        pairs = []
        for place, log in enumerate(logs):
            kept = grids.kept_intensities.get(place)
            if kept is None or kept[0] is not log:
                intensity = np.exp(log)
                rows = self._order.dipoles_among[log.shape[-1]]
                jacobian = grids.dipole_jacobian[..., : len(rows)]
                kept = log, (intensity, intensity.take(rows, axis=-1) * jacobian)
                if log.ndim == 1:
                    grids.kept_intensities[place] = kept
            pairs.append(kept[1])
        return pairs

    def _dipole_shares(self, grids, logs):
        """Intensities per energy for dipoles over the largest of each energy, and its logarithm."""
        weights, n = [], self._n_dipoles
        for log in logs:
            rows = self._order.dipoles_among[log.shape[-1]]
            weights.append(log[..., rows] + grids.log_dipole_jacobian[..., : len(rows)])
        tops = [w.reshape(*w.shape[:-1], -1, n).max(axis=-2) for w in weights]
        top = functools.reduce(np.maximum, tops)
        return [np.exp(w - np.tile(top, w.shape[-1] // n)) for w in weights], top

    def _logs_of_others(self, grids, logs):
        """Logarithms of intensities per energy of all species for sums and means."""
        rows, total = self._order.others, grids.log_other_jacobian + ABSENT
        for log in logs:
            log = _extended(log, self.n_points)[..., rows] + grids.log_other_jacobian
            total = np.logaddexp(total, log)
        return total

    @grid_cache
    def _grids(self, *nuisances):
        """Rigidities of all points (Grids).

        For normalisations, then energy scales, then offsets of the modulation potential.
        """
        # the last one stands for datasets without a nuisance model
        n = len(nuisances) // 3
        norms, scales = [*nuisances[:n], 1.0], [*nuisances[n : 2 * n], 1.0]
        offsets = [*nuisances[2 * n :], 0.0]
        is_offset = any(type(offset) is not float or offset for offset in offsets)
        parts, points, at = [], self._points, self._energies
        n, factor, sum_factor = at.n_dipoles, np.zeros(0), np.zeros(0)
        if points.size:
            potential = of_points(offsets, points.nuisances) if is_offset else 0.0
            grid, factor = points.grid(of_points(scales, points.nuisances), potential)
            factor = factor * of_points(norms, points.nuisances)
            parts.append(grid)
        species = self.evaluator.species
        names = tuple(species)
        log_jacobian = np.zeros((len(names), 0))
        if len(at.x):
            scale = of_points(scales, at.nuisances)
            energies = energy_grid(at.x * scale, species.values())
            potential = of_points(offsets, at.nuisances) if is_offset else 0.0
            parts += [energies.grids[name]._replace(potential=potential) for name in names]
            log_jacobian = np.stack([energies.log_jacobians[name] for name in names], axis=-2)
            sum_factor = (of_points(norms, at.nuisances) * scale)[..., n:]
        grid = take(concatenate_grids(parts), self._order.order)
        rows = self._order.dipoles
        of_dipoles = log_jacobian[..., :n]
        if at.log_acceptance is not None:
            of_dipoles = of_dipoles + at.log_acceptance
        of_dipoles = of_dipoles.reshape(*of_dipoles.shape[:-2], -1)
        of_others = log_jacobian[..., n:]
        joined = JoinedGrid(grid, names, self._order.species)
        dipoles = JoinedGrid(take(grid, rows), names, self._order.species[rows])
        jacobians = of_dipoles, np.exp(of_dipoles), of_others, np.exp(of_others)
        return Grids(joined, factor, sum_factor, dipoles, *jacobians, {})

    def __getstate__(self):
        # what `grid_cache` remembers is of this evaluator, and has a name with dots
        return {name: value for name, value in vars(self).items() if "." not in name}


def _extended(log, size):
    """Logarithms of intensities of so many points, of which those at the end are absent."""
    wide = np.full((*log.shape[:-1], size), ABSENT)
    wide[..., : log.shape[-1]] = log
    return wide
