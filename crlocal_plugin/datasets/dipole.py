"""Measured dipole anisotropy with its likelihood."""

import astropy.units as u
import numpy as np
from gammapy.datasets import DATASET_REGISTRY
from scipy.special import ndtr

from ..components.base import ENERGY_UNIT
from ..components.dipole import Dipole
from ..components.registration import register
from ..physics.response import bin_response, log_normal_response
from ..tables.dipole import read_dipole_table
from .core import CosmicRayDataset, Setting
from .drawing import draw_dipole_points, draw_phase, draw_points, phase_window, points_in_fit
from .plot_axes import axis_label, new_dipole_axes
from .plotting import METHODS, ScalarPicture, measured_grid, residual_axes
from .points import Dipoles, itself
from .residuals import LIKELIHOODS, DipoleData, both_sides, limit_sigma

RANDOM_DIRECTION = np.pi / np.sqrt(3)
"""Standard deviation in rad of a phase that is not known at all."""


class DipolePicture(ScalarPicture):
    """Pictures of amplitudes and phases."""

    order = 3
    panel = "Dipole"

    @property
    def pull_names(self):
        """Names of the two pulls of a point (tuple of str)."""
        return {
            "vector": ("along the measured phase", "across it"),
            "amplitude_phase": ("amplitude", "phase"),
        }[self.dataset.likelihood]

    def pulls(self):
        """(Data - model) / error, shape ``(n, 2)``; a limit has one number."""
        pulls = super().pulls()
        pulls[self.dataset.is_ul, 1] = np.nan
        return pulls

    def draw_fit(self, axes=None, **kwargs):
        """Draw amplitudes and phases with the model."""
        dataset = self.dataset
        model = dataset.require_model()
        x, grid = measured_grid(dataset, model.nuclei, 2)
        dipole = model.dipole(grid)
        phase = dipole.phase.to_value("deg")
        start = phase_window(dataset.phase.value, dataset.phase_error.value, phase)
        axes = new_dipole_axes(axes, start)
        axes[0].plot(x, dipole.amplitude.value, color="black", zorder=3, label=model.name)
        draw_phase(axes[1], x, phase, start, color="black", zorder=3)
        style = {"label": dataset.experiment} | kwargs
        draw_dipole_points(axes, dataset, dataset.x.value, start, **style)
        axes[0].legend(frameon=False)
        return axes

    def draw_residuals(self, ax=None, method="pull", **kwargs):
        """Draw the two residuals of each point."""
        dataset, is_pull = self.dataset, method == "pull"
        residuals = self.pulls() if is_pull else dataset.residuals(method)
        names = self.pull_names if is_pull else ("towards RA 0°", "towards RA 90°")
        label = METHODS[method][0]
        if method == "diff/model":
            label = "(Data $-$ model) / amplitude of the model"
        ax = residual_axes(ax, axis_label("total_energy"), label, band=is_pull)
        looks = {"marker": "o"}, {"marker": "s", "filled": False}
        for values, name, look in zip(residuals.T, names, looks, strict=True):
            style = look | {"label": name, "in_fit": points_in_fit(dataset)} | kwargs
            draw_points(ax, dataset.x.value, values, **style)
        ax.legend(frameon=False)
        return ax


class DipoleDataset(CosmicRayDataset):
    """Amplitude and phase of the dipole against energy.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Table as `~crlocal_plugin.tables.dipole.read_dipole_table` returns it.
    floor : float, optional
        Systematic floor of the amplitude as a fraction of it.
    phase_floor : `~astropy.units.Quantity`, optional
        Systematic floor of the phase.
    likelihood : {"vector", "amplitude_phase"}, optional
        Compare vectors in the equatorial plane, where small amplitudes stay Gaussian and phases
        wrap without care, or amplitude and phase each for itself.
    apply_declination_factor : bool, optional
        Multiply first-harmonic amplitudes with the factor of the table, if it gives one, which
        turns them into the equatorial dipole that the model predicts.
    response : bool, optional
        Average the dipole over the energies of the events, if the table says how wide their
        distributions are.
    models, name, mask_fit, energy_range, systematics
        As for `CosmicRayDataset`.

    Raises
    ------
    ValueError
        If a setting is out of range.
    """

    tag = "DipoleDataset"
    kind = "dipole"
    picture_class = DipolePicture
    settings = (
        "floor",
        "phase_floor",
        "systematics",
        "likelihood",
        "apply_declination_factor",
        "response",
        "energy_range",
    )
    reader = staticmethod(read_dipole_table)
    table_options = ("amplitude_kind", "declination_factor")

    def __init__(
        self,
        table,
        *args,
        phase_floor=0 * u.deg,
        likelihood="vector",
        apply_declination_factor=True,
        response=True,
        **kwargs,
    ):
        self.phase_floor, self.likelihood = phase_floor, likelihood
        self.apply_declination_factor, self.response = apply_declination_factor, response
        super().__init__(table, *args, **kwargs)

    @property
    def quantity(self):
        """Always "dipole" (str)."""
        return self.kind

    @property
    def joins_with(self):
        """Dipoles that are compared in the same way are evaluated together (str)."""
        return self.likelihood

    def _prepare(self):
        table = self.table
        factor = self.declination_factor if self.apply_declination_factor else 1.0

        def column(name, default=np.nan):
            values = table[name] if name in table.colnames else np.full(len(table), default)
            return np.asarray(values, dtype=float)

        amplitude, phase = column("amplitude") * factor, np.deg2rad(column("phase"))
        stat = [s * factor for s in both_sides(column("amplitude_errn"), column("amplitude_errp"))]
        syst = column("amplitude_syst", 0.0) * factor if self.systematics else 0.0
        floor, phase_floor = self.floor * amplitude, self.phase_floor.to_value("rad")
        errn, errp = (np.sqrt(s**2 + np.nan_to_num(syst) ** 2 + floor**2) for s in stat)
        phase_err = np.hypot(np.deg2rad(column("phase_err")), phase_floor)
        if "tangential_err" in table.colnames:
            tangential = np.hypot(column("tangential_err") * factor, amplitude * phase_floor)
            axis = np.deg2rad(column("error_axis"))
        else:
            axis = phase
            # a phase error cannot exceed some 100 deg however small the amplitude is, so that it
            # says too little about the error across: there the error along serves for both
            mean, across = (stat[0] + stat[1]) / 2, amplitude * phase_err
            tangential = np.where(amplitude < 2 * mean, np.maximum(across, mean), across)
        limit = column("amplitude_ul") * factor
        confidence = float(table.meta.get("ul_confidence", 0.95))
        self._data = DipoleData(
            *(amplitude, phase, errn, errp, tangential, phase_err, limit),
            np.hypot(limit_sigma(limit, confidence), self.floor * limit),
            ~np.isfinite(amplitude),
            axis,
            self.likelihood,
        )
        self._points = (Dipoles(*self._energies_of_events()),)

    def _energies_of_events(self):
        """Energies and weights of the response, the energies of the points without one."""
        table = self.table
        if self.response and "energy_width" in table.colnames:
            widths = np.asarray(table["energy_width"], dtype=float)
            return log_normal_response(self.x.value, widths)
        if self.response and "energy_min" in table.colnames:
            return bin_response(*(np.asarray(table[f"energy_{end}"]) for end in ("min", "max")))
        return (self.x.value,)

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
        return self._data.amplitude

    @property
    def amplitude_errors(self):
        """Lower and upper total errors, floor included (two `~numpy.ndarray`)."""
        return self._data.errn, self._data.errp

    @property
    def amplitude_ul(self):
        """Upper limits, nan where there are none (`~numpy.ndarray`)."""
        return self._data.limit

    @property
    def phase(self):
        """Right ascensions of the maximum, nan for bare limits (`~astropy.units.Quantity`)."""
        return u.Quantity(np.rad2deg(self._data.phase), "deg")

    @property
    def phase_error(self):
        """Errors of the phase, floor included (`~astropy.units.Quantity`)."""
        return u.Quantity(np.rad2deg(self._data.phase_err), "deg")

    @property
    def is_ul(self):
        """Which points are nothing but an upper limit (`~numpy.ndarray` of bool)."""
        return self._data.is_ul

    phase_floor = Setting(
        lambda self, value: _angle(value),
        "Systematic floor of the phase (`~astropy.units.Quantity`).",
    )
    likelihood = Setting(
        lambda self, value: _known_likelihood(value), 'Either "vector" or "amplitude_phase" (str).'
    )
    apply_declination_factor = Setting(
        lambda self, value: bool(value),
        "Whether amplitudes are multiplied with the declination factor (bool).",
    )
    response = Setting(
        lambda self, value: bool(value),
        "Whether the dipole is averaged over the energies of the events (bool).",
    )

    @property
    def numbers_per_point(self):
        """How many numbers each point adds to the statistic (`~numpy.ndarray` of int)."""
        return np.where(self.is_ul, 1, 2)

    @property
    def floor_text(self):
        """Floors of amplitude and phase as a summary has them (str)."""
        phase = f", {self.phase_floor.value:g} deg" if self.phase_floor.value else ""
        return super().floor_text + phase

    def _settings_info(self):
        return {
            "floor": self.floor,
            "phase_floor": str(self.phase_floor),
            "systematics": self.systematics,
            "likelihood": self.likelihood,
            "declination_factor": self.declination_factor,
            "apply_declination_factor": self.apply_declination_factor,
            "response": self.response,
        }

    def settings_to_data(self):
        """Settings as plain values, as a file has them (dict)."""
        return super().settings_to_data() | {
            "phase_floor": f"{float(self.phase_floor.value)!r} deg"
        }

    # ----------------------------------------------------------------- prediction

    def points(self):
        """Dipoles at the energies of the table, or of the events behind its points."""
        return self._points

    predict = itself

    def dipole_pred(self):
        """Predicted dipole (`Dipole`).

        Raises
        ------
        ValueError
            If the dataset has no model.
        """
        (points,) = self.points()
        vector = points.vector_of_model(self.require_model(), self.scales()[1])
        return Dipole(self.x, np.moveaxis(vector, 0, -1))

    @property
    def data(self):
        """Arrays of the likelihood (`DipoleData`)."""
        return self._data

    def _simulated(self, rng):
        data = self.data.fake(self.prediction(), rng)
        # the table has what an instrument would publish
        factor = self.declination_factor if self.apply_declination_factor else 1.0
        columns = {
            "amplitude": data.amplitude / factor,
            "amplitude_errn": data.errn / factor,
            "amplitude_errp": data.errp / factor,
            "phase": np.rad2deg(data.phase),
            "phase_err": np.rad2deg(data.phase_err),
        }
        if self.likelihood == "vector":
            # a drawn vector may be short or point elsewhere, its errors stay what they are
            columns["error_axis"] = np.rad2deg(data.axis) * u.deg
            columns["tangential_err"] = data.tangential / factor
            phase_err = np.minimum(data.tangential / data.amplitude, RANDOM_DIRECTION)
            columns["phase_err"] = np.rad2deg(phase_err)
        if "amplitude_syst" in self.table.colnames:
            columns["amplitude_syst"] = np.where(self.is_ul, np.nan, 0.0)
        meta = {}
        limited = np.isfinite(self.amplitude_ul)
        if self.floor and limited.any():
            # limits have no errors of their own: the floor goes into what their level means
            row = np.argmax(limited)
            meta["ul_confidence"] = float(
                ndtr(self.amplitude_ul[row] / self._data.limit_sigma[row])
            )
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
        data = self.amplitude[:, np.newaxis] * np.stack(
            [np.cos(self._data.phase), np.sin(self._data.phase)], axis=-1
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
        return self.picture_class(self).draw_fit(axes, **kwargs)

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
        return self.picture_class(self).draw_residuals(ax, method, **kwargs)


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
