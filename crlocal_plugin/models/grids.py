"""Points at which models are evaluated: energies and rigidities of one or several species.

Points are along the last axis. Values of parameters are floats, or arrays of shape ``(m, 1)`` for m
sets; results have shape ``(n,)`` or ``(m, n)``.
"""

import functools
from typing import NamedTuple

import numpy as np

from ..physics.intensity import ABSENT, log_strength
from ..physics.kinematics import (
    ParticleGrid,
    axis_to_rigidity,
    check_values,
    grid_of_nuclei,
    particle_grid,
)
from ..physics.linear import parameter_sets
from ..physics.memory import all_numbers


class EnergyGrid(NamedTuple):
    """Total energies with the rigidities of each species.

    Attributes
    ----------
    energy : `~numpy.ndarray`
        Total energy per particle in GeV.
    grids : dict of str to `~crlocal_plugin.physics.kinematics.ParticleGrid`
        Rigidities by species name.
    log_jacobians : dict of str to `~numpy.ndarray`
        ln(dR/dE), hugely negative where the energy is below the rest energy of the species.
    """

    energy: np.ndarray
    grids: dict
    log_jacobians: dict


def energy_grid(energy, species):
    """Rigidities of several species at common total energies in GeV.

    A species that is heavier than an energy does not contribute there; none may be lighter than
    all of them.
    """
    energy = np.asarray(energy, dtype=float)
    species = list(species)
    if not species:
        raise ValueError(
            "the model has no spectra, and so no species: call the dipole model itself, as in "
            "dipole_model(energy, species='H')"
        )
    lightest = min(species, key=lambda s: s.rest_energy)
    least = lightest.rest_energy
    expected = "total energy must be finite and above the rest energy of"
    expected = f"{expected} {lightest.name}, {least:.6g} GeV"
    check_values((energy > least) & (energy < np.inf), energy, expected, " GeV")
    grids, log_jacobians = {}, {}
    for s in species:
        present = energy > s.rest_energy
        rigidity = axis_to_rigidity(np.where(present, energy, 2 * s.rest_energy), s, "total_energy")
        grid = grids[s.name] = particle_grid(rigidity, s)
        log_jacobians[s.name] = np.where(present, -np.log(s.Z) - grid.log_beta, ABSENT)
    return EnergyGrid(energy, grids, log_jacobians)


class JoinedGrid:
    """Rigidities of several species in one grid.

    ``index`` is the position in ``names`` of the species of each point.
    """

    def __init__(self, grid, names, index):
        self.grid = grid
        self.names = names
        self.index = index
        self._membership = (index == np.arange(len(names))[:, np.newaxis]).astype(float)
        self._first, self._alone = {}, {}
        self._kept = {}

    def alone(self, name):
        """Points of one species (`~numpy.ndarray` of int), and their grid, in a pair."""
        if name not in self._alone:
            rows = np.flatnonzero(self.index == self.names.index(name))
            self._alone[name] = rows, take(self.grid, rows)
        return self._alone[name]

    def first_species(self, k):
        """Grid of the points of the first k species (`JoinedGrid`), which must stand in front."""
        if k == len(self.names):
            return self
        if k not in self._first:
            rows = slice(0, np.count_nonzero(self.index < k))
            self._first[k] = JoinedGrid(take(self.grid, rows), self.names[:k], self.index[rows])
        return self._first[k]

    def remembered(self, what, arguments, compute):
        """Result of a function, computed again only if its arguments are not those of last time.

        In a fit most evaluations differ from the one before by one parameter, which most of the
        components do not depend on.
        """
        if not all_numbers(arguments):
            return compute()
        kept = self._kept.get(what)
        if kept is None or kept[0] != arguments:
            kept = self._kept[what] = arguments, compute()
        return kept[1]

    def spread(self, places, values):
        """Values for points; ``places`` says where that of each species is among the values."""
        own = [values[place] for place in places]
        return self.remembered(places, own, lambda: self.spread_own(own))

    def spread_own(self, own):
        """Values for points, from one value for each species."""
        values = parameter_sets(own)
        return values.take(self.index) if values.ndim == 1 else values @ self._membership

    def power_laws(self, strengths, powers):
        """Logarithms of strength times R^-power for points, from values for each species."""
        if all_numbers(strengths) and all_numbers(powers):
            values = np.array([*map(log_strength, strengths), *powers])
        else:
            values, k = parameter_sets([*strengths, *powers]), len(strengths)
            values[..., :k] = log_strength(values[..., :k])
        if not powers:
            return values @ self._membership
        if self.grid.log_rigidity.ndim == 1:
            return values @ self._power_basis
        k = len(strengths)
        inclined = (values[..., k:] @ self._membership) * self.grid.log_rigidity
        return values[..., :k] @ self._membership - inclined

    @functools.cached_property
    def _power_basis(self):
        """Functions of points that strengths and powers of the species are the coefficients of."""
        return np.vstack([self._membership, -self._membership * self.grid.log_rigidity])


def join_species(grids):
    """Put the rigidities of several species one after another."""
    sizes = [grid.rigidity.shape[-1] for grid in grids.values()]
    index = np.repeat(np.arange(len(sizes)), sizes)
    return JoinedGrid(concatenate_grids(list(grids.values())), tuple(grids), index)


def concatenate_grids(grids):
    """Put rigidities one after another."""
    rigidity = np.concatenate([g.rigidity for g in grids], axis=-1)
    charge, rest_energy = (
        np.concatenate([np.broadcast_to(getattr(g, name), g.rigidity.shape[-1:]) for g in grids])
        for name in ("Z", "rest_energy")
    )
    potential = 0.0
    if any(np.ndim(g.potential) for g in grids):
        leading = np.broadcast_shapes(*(np.shape(g.potential)[:-1] for g in grids))
        shapes = [(*leading, g.rigidity.shape[-1]) for g in grids]
        each = (np.broadcast_to(g.potential, s) for g, s in zip(grids, shapes, strict=True))
        potential = np.concatenate(list(each), axis=-1)
    return grid_of_nuclei(rigidity, charge, rest_energy, potential)


def take(grid, rows):
    """Some of the points of a grid."""
    return ParticleGrid(*(column[..., rows] if np.ndim(column) else column for column in grid))


def shift(grid, step):
    """Grid with every rigidity multiplied by exp(step)."""
    rigidity = grid.rigidity * np.exp(step)
    return grid_of_nuclei(rigidity, grid.Z, grid.rest_energy, grid.potential)
