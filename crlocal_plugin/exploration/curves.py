"""What the model predicts for the pictures, on grids that are made once.

A call reads the values of the parameters and runs the kernels: nothing is made anew.
"""

import numpy as np
from matplotlib.projections.geo import HammerAxes

from ..components.component import species_group
from ..datasets.plot_axes import log_limits
from ..models.grids import energy_grid, join_species
from ..physics.dipole import amplitude_and_phase, weighted_sum_of_terms
from ..physics.geometry import icrs_direction
from ..physics.kinematics import particle_grid
from ..plots.points import points_on_axis, total_energies
from ..plots.spectra import spectra_on_axis

N_POINTS = 160
"""Points of a curve."""

POWER = 2.7
"""Power of the axis that intensities are multiplied with."""

_HAMMER = HammerAxes.HammerTransform(1)

_MOST_SPECIES = 3
"""Quantities of which the components can be told in one picture."""


class SpectrumCurves:
    """Spectra of the species of a model, times a power of the axis.

    ``x`` are GV or GeV, ``names`` the quantity and component of each curve, None for the sum of
    all; ``datasets`` are those that can be drawn on the axis.
    """

    def __init__(self, subject, axis, n_points=N_POINTS):
        model, self.axis = subject.model, axis
        self._evaluator = model.evaluator
        self.datasets = spectra_on_axis(subject, axis)
        quantities = dict.fromkeys([*model.species, *(d.quantity for d in self.datasets)])
        rows = self._evaluator.rows
        parts = rows if len(quantities) <= _MOST_SPECIES else ()
        self.names = [(q, part) for q in quantities for part in (None, *parts)]
        nuclei = list(self._evaluator.species.values())
        low, high = _range(self.datasets, lambda d: points_on_axis(d, model, axis)[0])
        if axis == "total_energy":
            low = max(low, 1.001 * min(nucleus.rest_energy for nucleus in nuclei))
        self.x = np.geomspace(low, high, n_points)
        if axis == "total_energy":
            energies = energy_grid(self.x, nuclei)
            grids, jacobians = energies.grids, energies.log_jacobians
        else:
            grids = {nucleus.name: particle_grid(self.x, nucleus) for nucleus in nuclei}
            jacobians = dict.fromkeys(grids, np.zeros(n_points))
        self._grid = join_species(grids)
        self._log_weight = np.concatenate([*jacobians.values()]) + np.tile(
            POWER * np.log(self.x), len(nuclei)
        )
        self._rows = [None if part is None else rows[part] for _, part in self.names]
        species = tuple(self._evaluator.species)
        groups = [species_group(quantity, species) for quantity, _ in self.names]
        self._members = [[species.index(name) for name in group] for group in groups]

    def __call__(self):
        """Intensities times the power of the axis, nan where there are none, ``(k, n)``."""
        values = self._evaluator.values()
        with np.errstate(under="ignore"):
            logs = self._evaluator.log_components(self._grid, values)
            parts = np.exp(np.array(np.broadcast_arrays(*logs)) + self._log_weight)
        parts = parts.reshape(len(parts), -1, len(self.x))
        total = parts.sum(axis=0)
        pairs = zip(self._rows, self._members, strict=True)
        result = np.array(
            [(total if row is None else parts[row])[own].sum(axis=0) for row, own in pairs]
        )
        return np.where(result > 0, result, np.nan)


class DipoleCurves:
    """Dipole of a model against total energies in GeV: the sum, and what each component adds.

    ``names`` are the components of the curves, the first None for the sum.
    """

    def __init__(self, model, energy):
        self._evaluator, self.energy = model.evaluator, energy
        species = self._evaluator.species
        energies = energy_grid(energy, species.values())
        self._grid = join_species(energies.grids)
        self._log_jacobian = np.concatenate(list(energies.log_jacobians.values()))
        self._n_species = len(species)
        self._parts = [n for n, c in model.components.items() if c.dipole_model is not None]
        self.names = [None, *self._parts]

    def __call__(self):
        """Dipole vectors in ICRS, shape ``(k, n, 3)``."""
        if not self._parts:
            return np.zeros((1, len(self.energy), 3))
        evaluator, grid, n = self._evaluator, self._grid, self._n_species
        values = evaluator.values()
        with np.errstate(under="ignore"):
            logs = [log + self._log_jacobian for log in evaluator.log_components(grid, values)]
            logs = np.array(np.broadcast_arrays(*logs))
            terms = [evaluator.dipole_terms(grid, values, part) for part in self._parts]
            vectors = np.array([weighted_sum_of_terms(logs, term, n) for term in terms])
        vectors = np.moveaxis(vectors, 1, -1)
        return np.concatenate([vectors.sum(axis=0, keepdims=True), vectors])


def amplitude_phase(vectors):
    """Amplitudes on the equator, nan where zero, and right ascensions in deg, without jumps."""
    amplitude, phase = amplitude_and_phase(vectors)
    phase = np.rad2deg(np.unwrap(phase, axis=-1))
    absent = ~(amplitude > 0)
    return np.where(absent, np.nan, amplitude), np.where(absent, np.nan, phase)


def dipole_energies(model, datasets, n_points=N_POINTS):
    """Total energies in GeV for curves of the dipole, from 100 GeV to 100 PeV and beyond data."""
    low, high = _range(datasets, lambda d: total_energies(d, model))
    return np.geomspace(min(low, 1e2), max(high, 1e8), n_points)


def _range(datasets, places):
    """Ends of an axis around the points in the fit."""
    x = [places(dataset)[dataset.rows_in_fit] for dataset in datasets]
    return log_limits(np.concatenate([*x, []]), 1.5) or (1e2, 1e8)


def hammer(longitude, latitude):
    """Hammer-Aitoff projection of angles in rad, with longitudes from -pi to pi to the left."""
    x, y = _HAMMER.transform(np.transpose([longitude, latitude])).T
    return -x, y


def sky_places(vectors):
    """Places of ICRS vectors ``(n, 3)`` on the map, around right ascension 180 deg, ``(2, n)``."""
    x, y, z = np.transpose(vectors)
    return np.array(hammer(np.arctan2(-y, -x), np.arctan2(z, np.hypot(x, y))))


def sky_pixels(width=120):
    """ICRS unit vectors of the pixels of a map, nan beside the sky, shape ``(w / 2, w, 3)``."""
    rows, columns = np.mgrid[: width // 2, :width] + 0.5
    x, y = np.sqrt(2) * (4 * columns / width - 2), np.sqrt(2) * (4 * rows / width - 1)
    inside = (x / 2) ** 2 + y**2 <= 2
    longitude, latitude = _HAMMER.inverted().transform(np.array([-x, y])[:, inside].T).T
    vectors = np.full((*inside.shape, 3), np.nan)
    vectors[inside] = icrs_direction(longitude + np.pi, latitude)
    return vectors
