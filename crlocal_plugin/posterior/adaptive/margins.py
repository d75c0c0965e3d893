"""Coordinates in which each parameter of a posterior is distributed about normally by itself."""

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr

_NODES = np.linspace(-2.4, 2.4, 13)
_LINEAR = 0.1  # share of a straight line, so that a slope is never zero
_GRID = np.linspace(-12, 12, 4801)


class Margins:
    """Monotone maps from normal coordinates to the quantiles of rows, straight beyond the last."""

    def __init__(self, rows):
        straight = rows.mean(axis=0) + rows.std(axis=0) * _NODES[:, np.newaxis]
        quantiles = np.quantile(rows, ndtr(_NODES), axis=0)
        mixed = _LINEAR * straight + (1 - _LINEAR) * quantiles
        self._maps = [PchipInterpolator(_NODES, column) for column in mixed.T]

    def values(self, position):
        """Coordinates (m, n) at positions (m, n)."""
        inside = np.clip(position, _NODES[0], _NODES[-1])
        values = [each(column) for each, column in zip(self._maps, inside.T, strict=True)]
        return np.stack(values, axis=1) + self._slopes(inside) * (position - inside)

    def log_slopes(self, position):
        """ln(volume of coordinates per volume of positions), shape (m,)."""
        inside = np.clip(position, _NODES[0], _NODES[-1])
        return np.log(self._slopes(inside)).sum(axis=1)

    def positions(self, coordinates):
        """Positions (m, n) of coordinates (m, n), about."""
        grid = self.values(np.repeat(_GRID[:, np.newaxis], len(self._maps), axis=1))
        columns = zip(coordinates.T, grid.T, strict=True)
        return np.stack([np.interp(each, at, _GRID) for each, at in columns], axis=1)

    def _slopes(self, inside):
        slopes = [each(column, 1) for each, column in zip(self._maps, inside.T, strict=True)]
        return np.stack(slopes, axis=1)
