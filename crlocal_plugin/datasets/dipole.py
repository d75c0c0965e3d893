"""Measured dipole anisotropy with its likelihood."""

import astropy.units as u
import numpy as np
from gammapy.datasets import DATASET_REGISTRY
from scipy.special import ndtr

from ..components.base import ENERGY_UNIT
from ..components.dipole import Dipole
from ..components.registration import register
from ..models.grids import energy_grid
from ..tables.dipole import read_dipole_table
from .core import CosmicRayDataset
from .residuals import (
    LIKELIHOODS,
    DipoleData,
    both_sides,
    limit_sigma,
)

RANDOM_DIRECTION = np.pi / np.sqrt(3)
"""Standard deviation in rad of a phase that is not known at all."""


class DipoleDataset(CosmicRayDataset):
    """Amplitude and phase of the dipole against energy.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Table as `~crlocal_plugin.tables.dipole.read_dipole_table` returns it.
    models : `~gammapy.modeling.models.Models`, optional
        Models.
    name : str, optional
        Name; by default that of the table.
    mask_fit : `~numpy.ndarray` of bool, optional
        Points in the fit.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of energy in the fit, None for an open end.
    floor : float, optional
        Systematic floor of the amplitude as a fraction of it.
    phase_floor : `~astropy.units.Quantity`, optional
        Systematic floor of the phase.
    systematics : bool, optional
        Count the systematic errors of the table.
    likelihood : {"vector", "amplitude_phase"}, optional
        Compare vectors in the equatorial plane, where small amplitudes stay Gaussian and phases
        wrap without care, or amplitude and phase each for itself.
    apply_declination_factor : bool, optional
        Multiply first-harmonic amplitudes with the factor of the table, if it gives one, which
        turns them into the equatorial dipole that the model predicts.

    Raises
    ------
    ValueError
        If a setting is out of range.
    """

    tag = "DipoleDataset"
    kind = "dipole"
    settings = (
        "floor",
        "phase_floor",
        "systematics",
        "likelihood",
        "apply_declination_factor",
        "energy_range",
    )

    def __init__(
        self,
        table,
        *args,
        phase_floor=0 * u.deg,
        likelihood="vector",
        apply_declination_factor=True,
        **kwargs,
    ):
        self._phase_floor = _angle(phase_floor)
        self._likelihood = _known_likelihood(likelihood)
        self._apply_declination_factor = bool(apply_declination_factor)
        super().__init__(table, *args, **kwargs)

    @property
    def quantity(self):
        """Always "dipole" (str)."""
        return "dipole"

    @classmethod
    def read(cls, filename, name=None, columns=None, experiment=None, **kwargs):
        """Read a dataset from an ECSV or FITS file.

        Parameters
        ----------
        filename : path-like or `~astropy.table.Table`
            File, or table.
        name : str, optional
            Name; by default from the file.
        columns, experiment
            As in `~crlocal_plugin.tables.dipole.read_dipole_table`.
        **kwargs : dict
            ``amplitude_kind`` and ``declination_factor`` of the table, and settings of the
            dataset, by default those in the file.

        Returns
        -------
        DipoleDataset
            The dataset.

        Raises
        ------
        TableError
            If the table is not valid; the message names file, row and column.
        """
        of_table = {
            key: kwargs.pop(key)
            for key in ("amplitude_kind", "declination_factor")
            if key in kwargs
        }
        table = read_dipole_table(filename, columns=columns, experiment=experiment, **of_table)
        return cls._from_normalised(table, name, kwargs)

    def _prepare(self):
        table = self.table
        factor = self.declination_factor if self._apply_declination_factor else 1.0

        def column(name, default=np.nan):
            values = table[name] if name in table.colnames else np.full(len(table), default)
            return np.asarray(values, dtype=float)

        amplitude = column("amplitude") * factor
        stat = [s * factor for s in both_sides(column("amplitude_errn"), column("amplitude_errp"))]
        syst = column("amplitude_syst", 0.0) * factor if self._systematics else 0.0
        floor = self._floor * amplitude
        self._amplitude, self._phase = amplitude, np.deg2rad(column("phase"))
        self._errn, self._errp = (np.sqrt(s**2 + np.nan_to_num(syst) ** 2 + floor**2) for s in stat)
        phase_err = np.hypot(np.deg2rad(column("phase_err")), self._phase_floor.to_value("rad"))
        self._phase_err = phase_err
        if "tangential_err" in table.colnames:
            floor_across = amplitude * self._phase_floor.to_value("rad")
            self._tangential = np.hypot(column("tangential_err") * factor, floor_across)
            self._axis = np.deg2rad(column("error_axis"))
        else:
            self._axis = self._phase
            # a phase error cannot exceed some 100 deg however small the amplitude is, so that it
            # says too little about the error across: there the error along serves for both
            mean = (stat[0] + stat[1]) / 2
            across = amplitude * phase_err
            self._tangential = np.where(amplitude < 2 * mean, np.maximum(across, mean), across)
        limit = column("amplitude_ul") * factor
        self._is_ul = ~np.isfinite(amplitude)
        self._limit = limit
        confidence = float(table.meta.get("ul_confidence", 0.95))
        self._limit_sigma = np.hypot(limit_sigma(limit, confidence), self._floor * limit)

    # ----------------------------------------------------------------- data

    @property
    def x(self):
        """Median energies of the points (`~astropy.units.Quantity`)."""
        return u.Quantity(np.asarray(self.table["energy"]), ENERGY_UNIT)

    @property
    def declination_factor(self):
        """Equatorial dipole over published amplitude, 1 where the table gives none (float)."""
        if self.table.meta.get("amplitude_kind") != "first_harmonic":
            return 1.0
        factor = self.table.meta.get("declination_factor")
        return 1.0 if factor is None or not np.isfinite(factor) else float(factor)

    @property
    def amplitude(self):
        """Amplitudes as they enter the fit, nan for bare limits (`~numpy.ndarray`)."""
        return self._amplitude

    @property
    def amplitude_errors(self):
        """Lower and upper total errors, floor included (two `~numpy.ndarray`)."""
        return self._errn, self._errp

    @property
    def amplitude_ul(self):
        """Upper limits, nan where there are none (`~numpy.ndarray`)."""
        return self._limit

    @property
    def phase(self):
        """Right ascensions of the maximum, nan for bare limits (`~astropy.units.Quantity`)."""
        return u.Quantity(np.rad2deg(self._phase), "deg")

    @property
    def phase_error(self):
        """Errors of the phase, floor included (`~astropy.units.Quantity`)."""
        return u.Quantity(np.rad2deg(self._phase_err), "deg")

    @property
    def is_ul(self):
        """Which points are nothing but an upper limit (`~numpy.ndarray` of bool)."""
        return self._is_ul

    @property
    def phase_floor(self):
        """Systematic floor of the phase (`~astropy.units.Quantity`)."""
        return self._phase_floor

    @phase_floor.setter
    def phase_floor(self, value):
        self._change(_phase_floor=_angle(value))

    @property
    def likelihood(self):
        """Either "vector" or "amplitude_phase" (str)."""
        return self._likelihood

    @likelihood.setter
    def likelihood(self, value):
        self._change(_likelihood=_known_likelihood(value))

    @property
    def apply_declination_factor(self):
        """Whether amplitudes are multiplied with the declination factor (bool)."""
        return self._apply_declination_factor

    @apply_declination_factor.setter
    def apply_declination_factor(self, value):
        self._change(_apply_declination_factor=bool(value))

    @property
    def _numbers_per_point(self):
        return np.where(self._is_ul, 1, 2)

    def _settings_info(self):
        return {
            "floor": self.floor,
            "phase_floor": str(self.phase_floor),
            "systematics": self.systematics,
            "likelihood": self.likelihood,
            "declination_factor": self.declination_factor,
            "apply_declination_factor": self.apply_declination_factor,
        }

    def _settings_to_data(self):
        return super()._settings_to_data() | {
            "phase_floor": f"{float(self.phase_floor.value)!r} deg"
        }

    # ----------------------------------------------------------------- prediction

    def energies(self, model, energy_scale=1.0):
        """Energies of the points with the rigidities of the species of a model.

        Parameters
        ----------
        model : CosmicRayModel
            Model whose species count.
        energy_scale : float, optional
            True energy over measured energy.

        Returns
        -------
        EnergyGrid
            The grid.
        """
        return energy_grid(self.x.value * energy_scale, model.nuclei)

    def dipole_pred(self):
        """Predicted dipole (`Dipole`).

        Raises
        ------
        ValueError
            If the dataset has no model.
        """
        model = self._require_model()
        evaluator = model.evaluator
        energies = self.energies(model, self.scales()[1])
        return Dipole(self.x, evaluator.excess(energies, evaluator.values()))

    @property
    def data(self):
        """Arrays of the likelihood (`DipoleData`)."""
        return DipoleData(
            self._amplitude,
            self._phase,
            self._errn,
            self._errp,
            self._tangential,
            self._phase_err,
            self._limit,
            self._limit_sigma,
            self._is_ul,
            self._axis,
        )

    def signed_residuals(self):
        """Residuals whose squares add up to the statistic, shape ``(n, 2)``."""
        x, y, _ = np.moveaxis(self.dipole_pred().vector, -1, 0)
        return np.stack(self.data.residuals(x, y, self._likelihood), axis=-1)

    def _simulated(self, rng):
        x, y, _ = np.moveaxis(self.dipole_pred().vector, -1, 0)
        data = self.data.fake(x, y, self._likelihood, rng)
        # the table has what an instrument would publish
        factor = self.declination_factor if self._apply_declination_factor else 1.0
        columns = {
            "amplitude": data.amplitude / factor,
            "amplitude_errn": data.errn / factor,
            "amplitude_errp": data.errp / factor,
            "phase": np.rad2deg(data.phase),
            "phase_err": np.rad2deg(data.phase_err),
        }
        if self._likelihood == "vector":
            # a drawn vector may be short or point elsewhere, its errors stay what they are
            columns["error_axis"] = np.rad2deg(data.axis) * u.deg
            columns["tangential_err"] = data.tangential / factor
            phase_err = np.minimum(data.tangential / data.amplitude, RANDOM_DIRECTION)
            columns["phase_err"] = np.rad2deg(phase_err)
        if "amplitude_syst" in self.table.colnames:
            columns["amplitude_syst"] = np.where(self._is_ul, np.nan, 0.0)
        meta = {}
        limited = np.isfinite(self._limit)
        if self._floor and limited.any():
            # limits have no errors of their own: the floor goes into what their level means
            row = np.argmax(limited)
            meta["ul_confidence"] = float(ndtr(self._limit[row] / self._limit_sigma[row]))
        return columns, meta, {"_phase_floor": 0 * u.deg}

    def residuals(self, method="diff"):
        """Residuals of the data.

        Parameters
        ----------
        method : {"diff", "diff/model", "pull"}
            Data minus model as a vector in the equatorial plane, that over the amplitude of the
            model, or the residuals of the likelihood.

        Returns
        -------
        `~numpy.ndarray`
            Residuals, shape ``(n, 2)``.
        """
        if method == "pull":
            return -self.signed_residuals()
        model = self.dipole_pred()
        data = self._amplitude[:, np.newaxis] * np.stack(
            [np.cos(self._phase), np.sin(self._phase)], axis=-1
        )
        difference = data - model.vector[:, :2]
        if method == "diff":
            return difference
        if method == "diff/model":
            return difference / model.amplitude.value[:, np.newaxis]
        raise ValueError(f"unknown method {method!r}: expected 'diff', 'diff/model' or 'pull'")

    # ----------------------------------------------------------------- plots

    def plot_fit(self, axes=None, **kwargs):
        """Plot amplitudes and phases with the model.

        Parameters
        ----------
        axes : sequence of `~matplotlib.axes.Axes`, optional
            Axes of amplitude and phase; new ones by default.
        **kwargs : dict
            Keyword arguments of `~matplotlib.axes.Axes.errorbar` for the points.

        Returns
        -------
        `~numpy.ndarray` of `~matplotlib.axes.Axes`
            The two axes.

        Raises
        ------
        ValueError
            If the dataset has no model.
        """
        from .plotting import plot_dipole_fit

        return plot_dipole_fit(self, axes=axes, **kwargs)

    def plot_residuals(self, ax=None, method="pull", **kwargs):
        """Plot residuals, two numbers per point.

        Parameters
        ----------
        ax : `~matplotlib.axes.Axes`, optional
            Axes to draw into; new ones by default.
        method : {"diff", "diff/model", "pull"}, optional
            See `residuals`. Limits have one number, and only as pulls.
        **kwargs : dict
            Keyword arguments of `~matplotlib.axes.Axes.errorbar` for the points.

        Returns
        -------
        `~matplotlib.axes.Axes`
            The axes.

        Raises
        ------
        ValueError
            If the dataset has no model, or the method is not known.
        """
        from .plotting import plot_dipole_residuals

        return plot_dipole_residuals(self, ax=ax, method=method, **kwargs)


def _angle(value):
    try:
        angle = u.Quantity(value).to("deg")
    except u.UnitConversionError:
        raise u.UnitConversionError(f"phase_floor must be an angle, got {value}") from None
    if not 0 <= angle.value < np.inf:
        raise ValueError(f"phase_floor must not be negative, got {value}")
    return angle


def _known_likelihood(value):
    if value not in LIKELIHOODS:
        raise ValueError(f"unknown likelihood {value!r}: expected one of {', '.join(LIKELIHOODS)}")
    return value


register(DATASET_REGISTRY, DipoleDataset)
