"""Fused evaluation: all points of all datasets of one model at once."""

import numpy as np

from .dipole import DipoleDataset
from .flux import CosmicRayFluxDataset
from .likelihood import LIKELIHOODS, concatenate

__all__ = ["FusedLikelihood"]


class FusedLikelihood:
    """Residuals of datasets that share a CosmicRayModel, evaluated once per parameter state.

    Points of one species are joined over the datasets, so that each component is evaluated once
    for all spectra and once for all dipoles. Only points in the fit are evaluated.

    Parameters
    ----------
    model : CosmicRayModel
        The model.
    datasets : list of CosmicRayDataset
        Datasets of the model. Their arrays and masks are read once.
    """

    def __init__(self, model, datasets):
        self.model = model
        self.evaluator = model.evaluator
        self._flux = _with_points(datasets, CosmicRayFluxDataset)
        dipoles = _with_points(datasets, DipoleDataset)
        # one block of points for each way to compare dipoles
        self._dipoles = [
            (likelihood, [pair for pair in dipoles if pair[0].likelihood == likelihood])
            for likelihood in LIKELIHOODS
        ]
        self._dipoles = [block for block in self._dipoles if block[1]]
        self._flux_data = _joined(self._flux)
        self._dipole_data = [_joined(pairs) for _, pairs in self._dipoles]
        self._scales = None

    def residuals(self, values):
        """Residuals of all points in the fit.

        Parameters
        ----------
        values : list
            Parameter values in kernel units, in the order of ``model.evaluator.parameters``:
            floats, or arrays of shape ``(m, 1)`` for m sets.

        Returns
        -------
        `~numpy.ndarray`
            Residuals whose squares add up to the statistic, shape ``(k,)`` or ``(m, k)``.
        """
        self._update_grids()
        evaluator = self.evaluator
        blocks = []
        if self._flux:
            intensity = 0.0
            for species, (grid, jacobian, rows) in self._species_grids.items():
                part = evaluator.intensity(species, grid, values) * jacobian
                if rows is not None:
                    part = _scattered(part, rows, len(self._flux_factor))
                intensity = intensity + part
            blocks.append(self._flux_data.residuals(intensity * self._flux_factor))
        for (likelihood, _), data, energies in zip(
            self._dipoles, self._dipole_data, self._energy_grids, strict=True
        ):
            vector = evaluator.excess(energies, values)
            pair = data.residuals(vector, likelihood)
            blocks.append(pair.reshape(*pair.shape[:-2], -1))
        return np.concatenate(blocks, axis=-1) if blocks else np.zeros(0)

    def _update_grids(self):
        """Work out the rigidities, again only when an energy scale has changed."""
        pairs = [*self._flux, *(pair for _, block in self._dipoles for pair in block)]
        scales = [dataset.scales() for dataset, _ in pairs]
        if scales == self._scales:
            return
        self._scales = scales
        by_species, start = {}, 0
        factors = []
        for dataset, rows in self._flux:
            norm, scale = dataset.scales()
            factors.append(np.full(len(rows), norm * scale))
            here = np.arange(start, start + len(rows))
            start += len(rows)
            for species, (grid, jacobian) in dataset.particle_grids(self.model, scale).items():
                taken = _take(grid, rows), jacobian[rows], here
                by_species.setdefault(species, []).append(taken)
        self._flux_factor = np.concatenate(factors) if factors else np.zeros(0)
        self._species_grids = {}
        for species, parts in by_species.items():
            grids, jacobians, places = zip(*parts, strict=True)
            places = np.concatenate(places)
            whole = len(places) == start
            self._species_grids[species] = (
                _join_grids(grids),
                np.concatenate(jacobians),
                None if whole else places,
            )
        self._energy_grids = []
        for _, block in self._dipoles:
            parts = []
            for dataset, rows in block:
                grid = dataset.energies(self.model, dataset.scales()[1])
                parts.append(
                    type(grid)(
                        grid.energy[rows],
                        {name: _take(g, rows) for name, g in grid.grids.items()},
                        {name: j[rows] for name, j in grid.log_jacobians.items()},
                    )
                )
            first = parts[0]
            self._energy_grids.append(
                type(first)(
                    np.concatenate([p.energy for p in parts]),
                    {n: _join_grids([p.grids[n] for p in parts]) for n in first.grids},
                    {
                        n: np.concatenate([p.log_jacobians[n] for p in parts])
                        for n in first.log_jacobians
                    },
                )
            )


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
    return concatenate([type(d.data)(*(array[rows] for array in d.data)) for d, rows in pairs])


def _take(grid, rows):
    return grid._replace(
        rigidity=grid.rigidity[rows],
        log_rigidity=grid.log_rigidity[rows],
        beta=grid.beta[rows],
        log_beta=grid.log_beta[rows],
    )


def _join_grids(grids):
    arrays = {
        name: np.concatenate([getattr(grid, name) for grid in grids])
        for name in ("rigidity", "log_rigidity", "beta", "log_beta")
    }
    return grids[0]._replace(**arrays)


def _scattered(part, rows, size):
    result = np.zeros((*np.shape(part)[:-1], size))
    result[..., rows] = part
    return result
