"""Measured maps of the relative intensity, and the dipole in them, on plain arrays."""

from dataclasses import dataclass, replace

import numpy as np

from .multipoles import Projection


@dataclass(frozen=True, eq=False)
class DipoleOfMap:
    """Dipole that a map measures: all that its likelihood needs.

    The statistic is the sum over two directions of the square of (dipole of the model - measured
    dipole) / error there, and of ``rest``, the root of what is left at the measured dipole.
    """

    vector: np.ndarray  # measured components along right ascension 0 and 90 deg, shape (2,)
    axes: np.ndarray  # directions in which the errors are independent, shape (2, 2)
    errors: np.ndarray  # in these directions, shape (2,)
    rest: float

    @property
    def covariance(self):
        """Covariance of the components, shape ``(2, 2)``."""
        return self.axes.T * self.errors**2 @ self.axes

    def _compared(self, prediction):
        """Two predicted components, and their differences over errors, shape ``(..., 2)`` each."""
        xy = np.concatenate(np.broadcast_arrays(*prediction), axis=-1)
        return xy, (xy - self.vector) @ (self.axes.T / self.errors)

    def residuals(self, prediction):
        """Residuals of two predicted components ``(..., 1)``, of shape ``(..., 3)``."""
        pulls = self._compared(prediction)[1]
        return np.concatenate([pulls, np.full((*pulls.shape[:-1], 1), self.rest)], axis=-1)

    def scattered_residuals(self, prediction, scatter):
        """Residuals with a scatter, and as many that normalise, see `DipoleData`; ``(..., 6)``."""
        xy, pulls = self._compared(prediction)
        spread = scatter * np.linalg.norm(xy, axis=-1, keepdims=True)
        more = (spread / self.errors) ** 2
        pulls, widening = pulls / np.sqrt(1 + more), np.sqrt(np.log1p(more))
        rest = np.full((*pulls.shape[:-1], 2), [self.rest, 0.0])
        return np.concatenate([pulls, rest[..., :1], widening, rest[..., 1:]], axis=-1)

    def fake(self, prediction, rng, scatter=None):
        """Dipole measured with the same errors; the rest stays as it is."""
        true = np.reshape(np.asarray(prediction), 2)
        wide = np.hypot(self.errors, 0.0 if scatter is None else scatter * np.hypot(*true))
        return replace(self, vector=true + self.axes.T @ (wide * rng.standard_normal(2)))


@dataclass(frozen=True, eq=False)
class SkyData:
    """Arrays of a map with n rows, and what offsets and multipoles may explain of them."""

    value: np.ndarray
    error: np.ndarray
    band: np.ndarray  # which declination band each row is in
    design: np.ndarray  # map of a unit dipole along right ascension 0 and 90 deg, shape (n, 2)
    columns: np.ndarray  # maps of higher multipoles, shape (n, q)
    widths: np.ndarray | None  # of their priors, shape (q,)
    floor: float  # error of the components of the dipole, as a fraction of its amplitude
    syst: float  # the same, as a number
    in_fit: np.ndarray

    def part(self, rows):
        """Some of the rows, by number or by an array of bool."""
        names = ("value", "error", "band", "design", "columns", "in_fit")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    def projection(self):
        """What takes offsets and multipoles out of a map (`Projection`)."""
        return Projection(self.error, self.band, self.columns, self.widths)

    def _solved(self):
        """Map without offsets and multipoles over its errors, directions in it, and the dipole."""
        left = self.projection()(np.column_stack([self.design, self.value]))
        basis, size, axes = np.linalg.svd(left[:, :2], full_matrices=False)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            stat = 1 / size
            vector = axes.T @ (basis.T @ left[:, 2] * stat)
            errors = np.sqrt(stat**2 + self.syst**2 + self.floor**2 * (vector @ vector))
        return left, basis, stat, DipoleOfMap(vector, axes, errors, 0.0)

    def take(self, rows):
        """Dipole that some of the rows measure (`DipoleOfMap`)."""
        left, _, _, dipole = self.part(rows)._solved()
        rest = left[:, 2] - left[:, :2] @ dipole.vector
        return replace(dipole, rest=float(np.linalg.norm(rest)))

    def residuals(self, prediction):
        """Residuals of all rows for two components ``(1,)``, shape ``(n,)``.

        Rows out of the fit have offsets and multipoles of their own.
        """
        return self.scattered_residuals(prediction, 0.0)[: len(self.value)]

    def scattered_residuals(self, prediction, scatter):
        """Residuals with a scatter, and as many that normalise, in two rows; ``(2 n,)``."""
        predicted = np.reshape(np.asarray(prediction), 2)
        result, widening = np.zeros((2, len(self.value)))
        for rows in (self.in_fit, ~self.in_fit):
            if not rows.any():
                continue
            left, basis, stat, dipole = self.part(rows)._solved()
            difference = left[:, :2] @ predicted - left[:, 2]
            # errors of the dipole itself are common to all rows
            wide = np.hypot(dipole.errors, scatter * np.hypot(*predicted))
            with np.errstate(invalid="ignore"):
                share = np.nan_to_num(1 - stat / wide)
                more = np.nan_to_num(np.sqrt(2 * np.log(wide / dipole.errors)))
            result[rows] = difference - basis @ (share * (basis.T @ difference))
            first = np.flatnonzero(rows)[:2]
            widening[first] = more[: len(first)]
        return np.concatenate([result, widening])

    def fake(self, prediction, rng, scatter=None):
        """Map with the same errors; multipoles with a prior are drawn, all others are zero."""
        true = np.reshape(np.asarray(prediction), 2)
        spread = self.systematic
        spread = np.hypot(spread, 0.0 if scatter is None else scatter * np.hypot(*true))
        drawn = self.design @ (true + spread * rng.standard_normal(2))
        return replace(self, value=drawn + self.projection().noise(rng))

    @property
    def systematic(self):
        """Error of the components of the dipole that is not of the map (float)."""
        amplitude = 0.0
        if self.floor and self.in_fit.any():
            amplitude = np.hypot(*self.part(self.in_fit)._solved()[-1].vector)
        return float(np.hypot(self.syst, self.floor * amplitude))
