"""Where a joint likelihood evaluates intensities, and what they are for.

Points of spectra, one for every species that a datum sums over, and energies at which all species
are needed, for dipoles, sums of all species and means over them.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import block_diag

from ..components.component import species_group
from ..datasets.points import Dipoles, Intensities, Means
from ..models.grids import JoinedGrid
from ..physics.kinematics import axis_jacobian, axis_to_rigidity, grid_of_nuclei
from ..physics.linear import parameter_sets
from ..physics.memory import grid_cache
from ..physics.response import merge_nodes
from ..tables.hadronic import prediction_shift


class Wanted(NamedTuple):
    """Some of the points of a dataset, and the positions of nuisance models.

    Those are the one of its energies, and, for dipoles, the one that multiplies them.
    """

    points: Intensities | Means | Dipoles
    rows: np.ndarray | slice
    nuisance: int
    multiplied_by: int = 0

    @property
    def x(self):
        """Rigidities or energies at which the model is evaluated, shape ``(k,)``."""
        response = self.response
        needed = self.rows if response is None else self._needed
        return np.asarray(self.points.x, dtype=float)[needed]

    @property
    def response(self):
        """Weights with which dipoles at ``x`` are averaged, shape ``(k, n)``, or None."""
        if getattr(self.points, "response", None) is None:
            return None
        return np.asarray(self.points.response, dtype=float)[self._needed][:, self.rows]

    def accepted(self, names):
        """Acceptance of species at ``x``, relative, shape ``(s, k)``."""
        needed = self.rows if self.response is None else self._needed
        return self.points.accepted(names)[:, needed]

    @property
    def _needed(self):
        return np.asarray(self.points.response)[:, self.rows].any(axis=1)

    @property
    def size(self):
        """Number of values."""
        response = self.response
        return len(self.x) if response is None else response.shape[1]

    @property
    def is_of_all_species(self):
        """Whether it takes the intensities of all species at equal energies (bool)."""
        points = self.points
        is_sum = getattr(points, "quantity", None) == "all_particle"
        return isinstance(points, Means) or (is_sum and points.axis == "total_energy")


class Grids(NamedTuple):
    """Where everything is evaluated, for one state of the energy scales.

    ``joined`` has all points, one species after another, ``dipoles`` those of the dipoles.
    ``factor`` and ``sum_factor`` make intensities of the data of those per rigidity, or per energy.
    Jacobians dR/dE are those of the dipoles, with the acceptance, and, of shape ``(..., s, n)``, of
    sums and means.
    ``kept_intensities`` is memory for what has not changed.
    """

    joined: JoinedGrid
    factor: np.ndarray
    sum_factor: np.ndarray
    dipoles: JoinedGrid
    log_dipole_jacobian: np.ndarray
    dipole_jacobian: np.ndarray
    log_other_jacobian: np.ndarray
    other_jacobian: np.ndarray
    kept_intensities: dict


class SpeciesOrder:
    """All points in the order of the species, so that those of a species stand together.

    ``order`` says which point comes where, of those of spectra and then all species at all
    energies, ``species`` the species of each. The points of spectra are at ``flux``, those of
    dipoles, one species after another, at ``dipoles``, those of sums and means at ``others``,
    shape ``(s, n)``, and those of dipoles among the first points, which are all of some species,
    at ``dipoles_among``, by the number of these points.
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
        self.dipoles_among = {
            int(np.count_nonzero(species < k)): rest[:k, : energies.n_dipoles].ravel()
            for k in range(n_species, 0, -1)
        }


class EnergyPoints:
    """Energies at which all species are needed: ``n_dipoles`` of dipoles, then of sums and means.

    ``where`` says for each of ``others`` where its points are among those behind the dipoles.
    ``response`` has weights with which dipoles at these energies are averaged, shape
    ``(n_dipoles, m)``, or is None, and ``log_acceptance`` logarithms of those of species, shape
    ``(s, n_dipoles)``, None if all are 1.
    """

    def __init__(self, dipoles, others, names):
        x, nuisances = _energies(dipoles)
        accepted = np.ones((len(names), 0))
        accepted = np.concatenate([accepted, *(one.accepted(names) for one in dipoles)], axis=1)
        self.response = _joined_response(dipoles)
        if self.response is not None:
            merged = merge_nodes(x, self.response, nuisances, *accepted)
            x, nuisances, *accepted, self.response = merged
        self.log_acceptance = np.log(accepted) if np.any(np.not_equal(accepted, 1)) else None
        self.n_dipoles = len(x)
        # sums and means of an experiment often have the same energies
        pairs = np.stack(_energies(others), axis=-1)
        pairs, where = np.unique(pairs, axis=0, return_inverse=True)
        self.x = np.concatenate([x, pairs[:, 0]])
        self.nuisances = np.concatenate([nuisances, pairs[:, 1]]).astype(int)
        self.where = np.split(where, np.cumsum([len(wanted.x) for wanted in others])[:-1])


class HadronicPoints:
    """What the position among hadronic models does to predictions."""

    def __init__(self, members):
        self._effect_of_shift = members[0][0].effect_of_shift
        parts = [dataset.hadronic_coefficients()[:, rows] for dataset, rows, _ in members]
        degree = max(len(part) for part in parts)
        padded = [np.pad(part, ((0, degree - len(part)), (0, 0))) for part in parts]
        self._coefficients = np.concatenate(padded, axis=1)
        sizes = [part.shape[1] for part in parts]
        self._nuisances = np.repeat([nuisance for _, _, nuisance in members], sizes)

    @grid_cache
    def effect(self, *hadronic):
        """Effect on each point for the positions of all nuisance models, shape ``(..., n)``."""
        position = of_points([*hadronic, 0.0], self._nuisances)
        return self._effect_of_shift(prediction_shift(self._coefficients, position))


class FluxPoints:
    """Points of spectra: each once for every species that it sums over.

    The first species of all ``n_data`` points come first, in the order of the data, then the second
    species of those that have one, and so on. ``nuisances`` and ``species`` are positions.
    """

    def __init__(self, nuclei, spectra):
        names = [nucleus.name for nucleus in nuclei]
        columns, start = [], 0
        for wanted in spectra:
            x, points = wanted.x, wanted.points
            here = np.arange(start, start + len(x))
            start += len(x)
            for layer, name in enumerate(species_group(points.quantity, names)):
                constants = (wanted.nuisance, names.index(name), points.axis, layer)
                columns.append((x, here, *(np.full(len(x), c) for c in constants)))
        self.n_data = start
        empty = [np.zeros(0, dtype=t) for t in (float, int, int, int, str, int)]
        joined = map(np.concatenate, zip(empty, *columns, strict=True))
        x, rows, nuisances, species, axes, layers = joined
        order = np.lexsort((rows, layers))
        self._x, self.nuisances, self.species = x[order], nuisances[order], species[order]
        self.size, axes, layers, rows = len(order), axes[order], layers[order], rows[order]
        kinds = sorted(set(zip(self.species.tolist(), axes.tolist(), strict=True)))
        self._kinds = [
            (nuclei[k], axis, np.flatnonzero((self.species == k) & (axes == axis)))
            for k, axis in kinds
        ]
        self._charge = np.array([nucleus.Z for nucleus in nuclei])[self.species]
        self._rest_energy = np.array([nucleus.rest_energy for nucleus in nuclei])[self.species]
        self._further = [
            (np.flatnonzero(layers == k), rows[layers == k])
            for k in range(1, layers.max(initial=0) + 1)
        ]

    def grid(self, scale, potential=0.0):
        """Rigidities at a scale of energies, and the factors that intensities per rigidity take.

        ``scale`` is the true energy over the measured one, of each point, shape ``(..., n)``, and
        ``potential`` what is added to the modulation potential.
        """
        x = self._x * scale
        rigidity = np.empty(x.shape)
        for nucleus, axis, rows in self._kinds:
            rigidity[..., rows] = axis_to_rigidity(x[..., rows], nucleus, axis)
        grid = grid_of_nuclei(rigidity, self._charge, self._rest_energy, potential)
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


def _energies(several):
    """Energies of all, and positions of their nuisance models."""
    sizes = [len(wanted.x) for wanted in several]
    x = np.concatenate([np.zeros(0), *(wanted.x for wanted in several)])
    return x, np.repeat([wanted.nuisance for wanted in several], sizes)


def _joined_response(dipoles):
    """Weights of all dipoles, None if each is wanted at its own energy."""
    parts = [wanted.response for wanted in dipoles]
    if all(part is None for part in parts):
        return None
    sizes = [wanted.size for wanted in dipoles]
    return block_diag(*(np.eye(n) if p is None else p for p, n in zip(parts, sizes, strict=True)))


def of_points(values, index):
    """Values of nuisance models, floats or of shape ``(m, 1)``, for points."""
    return parameter_sets(values)[..., index]
