"""Measured maps of the relative intensity, and the dipole in them, on plain arrays."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_triangular

from .multipoles import Projection


@dataclass(frozen=True, eq=False)
class DipoleOfMap:
    r"""Dipole that a map measures: all that its likelihood needs.

    With :math:`M D / \sigma = Q R`, see `Projection`, the statistic is
    :math:`|R d - t|^2 + c^2` with :math:`t = Q^T M y / \sigma`, and c what no dipole explains.
    """

    root: np.ndarray  # R, shape (2, 2)
    target: np.ndarray  # t, shape (2,)
    rest: float  # c

    def residuals(self, prediction):
        """Residuals of two predicted components ``(..., 1)``, of shape ``(..., 3)``."""
        (a, b), (_, c) = self.root
        x, y = np.broadcast_arrays(*prediction)
        parts = a * x + b * y - self.target[0], c * y - self.target[1], np.full(x.shape, self.rest)
        return np.concatenate(parts, axis=-1)

    def fake(self, prediction, rng):
        """Dipole measured with the same errors; what no dipole explains stays as it is."""
        true = self.root @ np.reshape(np.asarray(prediction), 2)
        return replace(self, target=true - rng.standard_normal(2))

    @property
    def vector(self):
        """Measured components along right ascension 0 and 90 deg, shape ``(2,)``."""
        return solve_triangular(self.root, self.target)

    @property
    def covariance(self):
        """Their covariance, shape ``(2, 2)``."""
        inverse = solve_triangular(self.root, np.eye(2))
        return inverse @ inverse.T


@dataclass(frozen=True, eq=False)
class SkyData:
    """Arrays of a map with n rows, and what offsets and multipoles may explain of them."""

    value: np.ndarray
    error: np.ndarray
    band: np.ndarray  # which declination band each row is in
    design: np.ndarray  # map of a unit dipole along right ascension 0 and 90 deg, shape (n, 2)
    columns: np.ndarray  # maps of higher multipoles, shape (n, q)
    widths: np.ndarray | None  # of their priors, shape (q,)
    in_fit: np.ndarray

    def part(self, rows):
        """Some of the rows, by number or by an array of bool."""
        names = ("value", "error", "band", "design", "columns", "in_fit")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    def projection(self):
        """What takes offsets and multipoles out of a map (`Projection`)."""
        return Projection(self.error, self.band, self.columns, self.widths)

    def take(self, rows):
        """Dipole that some of the rows measure (`DipoleOfMap`)."""
        part = self.part(rows)
        left = part.projection()(np.column_stack([part.design, part.value]))
        basis, root = np.linalg.qr(left[:, :2])
        target = basis.T @ left[:, 2]
        rest = left[:, 2] - basis @ target
        return DipoleOfMap(root, target, float(np.linalg.norm(rest)))

    def residuals(self, prediction):
        """Residuals of all rows for two components ``(1,)``, shape ``(n,)``.

        Rows out of the fit have offsets and multipoles of their own.
        """
        difference = self.design @ np.reshape(np.asarray(prediction), 2) - self.value
        result = np.zeros(len(difference))
        for rows in (self.in_fit, ~self.in_fit):
            if rows.any():
                result[rows] = self.part(rows).projection()(difference[rows, np.newaxis])[:, 0]
        return result

    def fake(self, prediction, rng):
        """Map with the same errors; multipoles with a prior are drawn, all others are zero."""
        true = self.design @ np.reshape(np.asarray(prediction), 2)
        return replace(self, value=true + self.projection().noise(rng))
