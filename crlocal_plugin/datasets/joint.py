"""Fused evaluation: all points of all datasets of one model at once."""

import numpy as np

from ..models.grids import concatenate_grids, join_species, take
from .dipole import DipoleDataset
from .flux import CosmicRayFluxDataset
from .likelihood import LIKELIHOODS, concatenate

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
        if not (self._flux or self._dipoles):
            return np.zeros(0)
        self._update_grids()
        evaluator = self.evaluator
        logs = evaluator.joined_log_intensities(self._joined, values)
        blocks = []
        if self._flux:
            blocks.append(self._flux_data.residuals(self._intensities(logs)))
        for (likelihood, _), data, (joined, log_jacobians, places) in zip(
            self._dipoles, self._dipole_data, self._dipole_grids, strict=True
        ):
            here = {key: log[..., places[key[1]]] for key, log in logs.items()}
            vector = evaluator.joined_excess(joined, log_jacobians, here, values)
            pair = data.residuals(vector, likelihood)
            blocks.append(pair.reshape(*pair.shape[:-2], -1))
        return np.concatenate(blocks, axis=-1)

    def _intensities(self, logs):
        """Predicted intensities of all points of spectra, on their own axes."""
        total = {}
        with np.errstate(under="ignore"):
            for (_, species), log in logs.items():
                size = len(self._flux_rows.get(species, ()))
                if size:
                    total[species] = total.get(species, 0.0) + np.exp(log[..., :size])
        intensity = 0.0
        for species, part in total.items():
            rows = self._flux_rows[species]
            part = part * self._flux_jacobians[species]
            if len(rows) < len(self._flux_factor):
                part = _scattered(part, rows, len(self._flux_factor))
            intensity = intensity + part
        return intensity * self._flux_factor

    def _update_grids(self):
        """Work out the rigidities, again only when an energy scale has changed."""
        pairs = [*self._flux, *(pair for _, block in self._dipoles for pair in block)]
        scales = [dataset.scales() for dataset, _ in pairs]
        if scales == self._scales:
            return
        self._scales = scales
        grids = {name: [] for name in self.evaluator.species}
        self._join_flux(grids)
        self._join_dipoles(grids)
        grids = {name: concatenate_grids(parts) for name, parts in grids.items() if parts}
        self._joined = join_species(grids)

    def _join_flux(self, grids):
        """Append the points of spectra to the rigidities of each species."""
        factors, jacobians, rows_of, start = [], {}, {}, 0
        for dataset, rows in self._flux:
            norm, scale = dataset.scales()
            factors.append(np.full(len(rows), norm * scale))
            here = np.arange(start, start + len(rows))
            start += len(rows)
            for species, (grid, jacobian) in dataset.particle_grids(self.model, scale).items():
                grids[species].append(take(grid, rows))
                jacobians.setdefault(species, []).append(jacobian[rows])
                rows_of.setdefault(species, []).append(here)
        self._flux_factor = np.concatenate(factors) if factors else np.zeros(0)
        self._flux_jacobians = {name: np.concatenate(parts) for name, parts in jacobians.items()}
        self._flux_rows = {name: np.concatenate(parts) for name, parts in rows_of.items()}

    def _join_dipoles(self, grids):
        """Append the points of dipoles, block by block, and remember where they are."""
        self._dipole_grids = []
        for _, block in self._dipoles:
            parts = [
                (dataset.energies(self.model, dataset.scales()[1]), rows) for dataset, rows in block
            ]
            own, log_jacobians, places = {}, [], {}
            for name in self.evaluator.species:
                own[name] = concatenate_grids(
                    [take(grid.grids[name], rows) for grid, rows in parts]
                )
                log_jacobians += [grid.log_jacobians[name][rows] for grid, rows in parts]
                start = sum(len(g.rigidity) for g in grids[name])
                places[name] = slice(start, start + len(own[name].rigidity))
                grids[name].append(own[name])
            self._dipole_grids.append((join_species(own), np.concatenate(log_jacobians), places))


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


def _scattered(part, rows, size):
    result = np.zeros((*np.shape(part)[:-1], size))
    result[..., rows] = part
    return result
