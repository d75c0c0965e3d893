"""Points of a joint likelihood: where intensities are evaluated, and what they are for.

Points of spectra, one for every species that a datum sums over, and energies at which all species
are needed, for dipoles, sums of all species and <ln A>.
"""

from typing import NamedTuple

import numpy as np

from ..components.component import species_group
from ..models.grids import JoinedGrid
from ..physics.kinematics import (
    axis_jacobian,
    axis_to_rigidity,
    grid_of_nuclei,
)
from ..physics.linear import parameter_sets
from ..physics.memory import all_floats
from ..tables.hadronic import prediction_shift


class Grids(NamedTuple):
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
    kept_intensities, kept_dipoles : dict
        Last intensities of each component, and memory for
        `~crlocal_plugin.physics.dipole.mean_of_terms`.
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
    kept_dipoles: dict


class SpeciesOrder:
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
        self._n_species, self._dipoles = {}, {}
        for k in range(n_species, 0, -1):
            size = int(np.count_nonzero(species < k))
            self._n_species[size] = k
            self._dipoles[size] = rest[:k, : energies.n_dipoles].ravel()

    def n_species(self, size):
        """Number of species that the first points are of."""
        return self._n_species[size]

    def dipoles_among(self, size):
        """Where those of dipoles are among the first points, which are all of some species."""
        return self._dipoles[size]


class EnergyPoints:
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


class HadronicPoints:
    """What the position among hadronic models does to predictions, if any point has several.

    Attributes
    ----------
    size : int
        Number of points, 0 if no dataset has several models.
    """

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
        """Effect on each point for the positions of all nuisance models, shape ``(..., n)``."""
        fixed = all_floats(hadronic)
        if fixed and hadronic == self._kept[0]:
            return self._kept[1]
        position = of_points([*hadronic, 0.0], self._nuisances)
        effect = self._effect_of_shift(prediction_shift(self._coefficients, position))
        if fixed:
            self._kept = hadronic, effect
        return effect


class FluxPoints:
    """Points of spectra: each once for every species that it sums over.

    The first species of all points come first, in the order of the data, then the second species
    of those that have one, and so on.

    Attributes
    ----------
    n_data : int
        Number of data.
    size : int
        Number of points.
    nuisances, species : `~numpy.ndarray` of int
        Positions of their nuisance models and of their species.
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
        """Where the points are at a scale of energies.

        Parameters
        ----------
        scale : `~numpy.ndarray`
            True energy over measured energy of each point, shape ``(..., n)``.

        Returns
        -------
        grid : `~crlocal_plugin.physics.kinematics.ParticleGrid`
            Rigidities.
        factor : `~numpy.ndarray`
            Intensity on the axis of the data per intensity per rigidity, shape ``(..., n)``.
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


def of_points(values, index):
    """Values of nuisance models, floats or of shape ``(m, 1)``, for points."""
    return parameter_sets(values)[..., index]
