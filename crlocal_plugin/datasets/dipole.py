"""Measured dipole anisotropy with its likelihood."""

import astropy.units as u
import numpy as np
from gammapy.datasets import DATASET_REGISTRY
from scipy.special import ndtr

from ..components.base import ENERGY_UNIT
from ..components.dipole import Dipole
from ..components.registration import register
from ..messages import unknown_name
from ..tables.dipole import DECLINATION_FACTORS, read_dipole_table
from .core import CosmicRayDataset
from .locked import read_only
from .plot_axes import (
    axis_label,
    draw_dipole_points,
    draw_phase,
    draw_points,
    new_dipole_axes,
    points_in_fit,
)
from .plotting import METHODS, ScalarPicture, measured_grid, residual_axes
from .points import dipoles_of_events, itself, require_accepted
from .residuals import DEGREES, LIKELIHOODS, DipoleData, both_sides, limit_sigma
from .settings import Setting, read_phase_floor, read_switch, real_quantity

RANDOM_DIRECTION = np.pi / np.sqrt(3)
"""Standard deviation in rad of a phase that is not known at all."""


class DipolePicture(ScalarPicture):
    """Pictures of amplitudes and phases."""

    order = 3
    panel = "Dipole"

    @property
    def pull_names(self):
        """Names of the two pulls of a point (tuple of str)."""
        if self.dataset.data.compares_vectors:
            return "along the measured phase", "across it"
        return "amplitude", "phase"

    def pulls(self):
        """(Data - model) / error, shape ``(n, 2)``; a limit has one number."""
        pulls = self.dataset.residuals("pull")
        pulls[self.dataset.is_ul, 1] = np.nan
        return pulls

    def numbers(self):
        """Amplitudes, or limits of them, and phases."""
        dataset = self.dataset
        amplitude = np.where(dataset.is_ul, dataset.amplitude_ul, dataset.amplitude)
        phase, error = (u.Quantity(x).to_value("deg") for x in (dataset.phase, dataset.phase_error))
        return [
            ("amplitude", amplitude, *dataset.amplitude_errors, u.one),
            ("right ascension", phase, error, error, u.deg),
        ]

    def draw_fit(self, axes=None, **kwargs):
        """Draw amplitudes and phases with the model."""
        dataset = self.dataset
        model = dataset.require_model()
        x, grid = measured_grid(dataset, model.nuclei, 2)
        dipole = model.dipole(grid)
        axes = new_dipole_axes(axes)
        axes[0].plot(x, dipole.amplitude.value, color="black", zorder=3, label=model.name)
        draw_phase(axes[1], x, dipole.phase.to_value("deg"), 0, color="black", zorder=3)
        kwargs = {"label": dataset.experiment} | kwargs
        draw_dipole_points(axes, dataset, dataset.x.value, 0, **kwargs)
        axes[0].legend(frameon=False)
        return axes

    def draw_residuals(self, ax=None, method="pull", **kwargs):
        """Draw the two residuals of each point."""
        dataset, is_pull = self.dataset, method == "pull"
        residuals = self.pulls() if is_pull else dataset.residuals(method)
        names = self.pull_names if is_pull else ("towards RA 0°", "towards RA 90°")
        own = {"diff/model": "(Data $-$ model) / amplitude of the model"}
        label = own.get(method, METHODS[method][0])
        ax = residual_axes(ax, axis_label("total_energy"), label, band=is_pull)
        kwargs = {"in_fit": points_in_fit(dataset)} | kwargs
        looks = {"marker": "o"}, {"marker": "s", "filled": False}
        for values, name, look in zip(residuals.T, names, looks, strict=True):
            draw_points(ax, dataset.x.value, values, **{"label": name, **look, **kwargs})
        ax.legend(fontsize="small")
        return ax


def _known_likelihood(value, what):
    if not isinstance(value, str) or value not in LIKELIHOODS:
        raise ValueError(f"{what}: {unknown_name(value, LIKELIHOODS, 'likelihood ')}")
    return value


def _degrees(value, what):
    return float(real_quantity(value, what, [u.one], 1, 1000).value)


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
    likelihood : {"vector", "amplitude_phase", "student"}, optional
        Compare vectors in the equatorial plane, where small amplitudes stay Gaussian and phases
        wrap without care, or amplitude and phase each for itself, or vectors whose two components
        follow Student's t in units of their errors.
    degrees_of_freedom : float, optional
        Those of Student's t.
    apply_declination_factor : bool, optional
        Multiply first-harmonic amplitudes with the factor of the table, if it gives one, which
        turns them into the equatorial dipole that the model predicts.
    response : bool, optional
        Average the dipole over the energies of the events, if the table says how wide their
        distributions are.
    models, name, mask_fit, energy_range, systematics
        As for `CosmicRayDataset`.
    """

    tag = "DipoleDataset"
    kind = "dipole"
    picture_class = DipolePicture
    takes_scatter = True
    settings = (
        *(*CosmicRayDataset.settings, "phase_floor", "likelihood"),
        *("apply_declination_factor", "response", "degrees_of_freedom"),
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
        degrees_of_freedom=DEGREES,
        **kwargs,
    ):
        # a name for messages until there is that of the dataset
        self._name = kwargs.get("name") or table.meta.get("name", "<table>")
        self.phase_floor, self.likelihood = phase_floor, likelihood
        self.apply_declination_factor, self.response = apply_declination_factor, response
        self.degrees_of_freedom = degrees_of_freedom
        super().__init__(table, *args, **kwargs)

    quantity = read_only("kind", "Always dipole (str).")

    @property
    def joins_with(self):
        """Those that compare the same are evaluated as one (str, or str and float)."""
        is_student = self.likelihood == "student"
        return (self.likelihood, self.degrees_of_freedom) if is_student else self.likelihood

    def _prepare(self):
        table, size = self.table, len(self.table)
        self._factor = factor = self.declination_factor if self.apply_declination_factor else 1.0

        def column(name, default=np.nan, unit=1.0):
            values = table[name] if name in table.colnames else np.full(size, default)
            return np.asarray(values, dtype=float) * unit

        amplitude, phase = column("amplitude", unit=factor), np.deg2rad(column("phase"))
        stat = both_sides(*(column(f"amplitude_err{side}", unit=factor) for side in "np"))
        syst = np.nan_to_num(column("amplitude_syst", 0.0, factor)) if self.systematics else 0.0
        floor, phase_floor = self.floor * amplitude, self.phase_floor.to_value("rad")
        errors = (np.sqrt(side**2 + syst**2 + floor**2) for side in stat)
        phase_err = np.hypot(np.deg2rad(column("phase_err")), phase_floor)
        if "tangential_err" in table.colnames:
            tangential = np.hypot(column("tangential_err", unit=factor), amplitude * phase_floor)
            axis = np.deg2rad(column("error_axis"))
        else:
            axis = phase
            # a phase error cannot exceed some 100 deg however small the amplitude is, so that it
            # says too little about the error across: there the error along serves for both
            mean, across = (stat[0] + stat[1]) / 2, amplitude * phase_err
            tangential = np.where(amplitude < 2 * mean, np.maximum(across, mean), across)
        limit = column("amplitude_ul", unit=factor)
        width = limit_sigma(limit, float(table.meta.get("ul_confidence", 0.95)))
        width = np.hypot(width, self.floor * limit)
        columns = amplitude, phase, *errors, tangential, phase_err, limit, width
        compared = axis, self.likelihood, self.degrees_of_freedom
        self._data = DipoleData(*columns, ~np.isfinite(amplitude), *compared)
        self._points = (dipoles_of_events(self.table, self.response),)

    def _check_model(self, model):
        require_accepted(self.table, self.name, model)

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
        if factor is None:
            return 1.0
        what = f"dataset {self.name!r}: declination_factor of the table must be a number"
        return float(real_quantity(factor, what, [u.one], *DECLINATION_FACTORS).value)

    def require_fittable(self):
        """Raise a ValueError if it is not known how much of the dipole the amplitudes are."""
        meta = self.table.meta
        is_known = meta.get("amplitude_kind") != "first_harmonic" or meta.get("declination_factor")
        if self.apply_declination_factor and not is_known:
            raise ValueError(
                f"dataset {self.name!r}: the table has first-harmonic amplitudes and says neither "
                "which declinations were in view (latitude, max_zenith) nor a declination_factor, "
                "so that a fit would take them for equatorial dipoles: add them to its meta, leave "
                "it out, or take amplitudes as published with apply_declination_factor=False"
            )

    amplitude = read_only("_data.amplitude", "Amplitudes in the fit, nan for bare limits (array).")

    @property
    def amplitude_errors(self):
        """Lower and upper total errors, floor included (two `~numpy.ndarray`)."""
        return self._data.errn, self._data.errp

    amplitude_ul = read_only("_data.limit", "Upper limits, nan where there are none (array).")

    @property
    def phase(self):
        """Right ascensions of the maximum, nan for bare limits (`~astropy.units.Quantity`)."""
        return u.Quantity(np.rad2deg(self._data.phase), "deg")

    @property
    def phase_error(self):
        """Errors of the phase, floor included (`~astropy.units.Quantity`)."""
        return u.Quantity(np.rad2deg(self._data.phase_err), "deg")

    is_ul = read_only("_data.is_ul", "Which points are nothing but an upper limit (array of bool).")
    phase_floor = Setting(read_phase_floor, "an angle", "Systematic floor of the phase (Quantity).")
    likelihood = Setting(_known_likelihood, "a known one", "What is compared of dipoles (str).")
    apply_declination_factor = Setting(read_switch, "true or false", "Whether it is used (bool).")
    response = Setting(read_switch, "true or false", "Whether it is averaged over events (bool).")
    degrees_of_freedom = Setting(
        _degrees, "a number from 1 to 1000", "Those of Student's t (float)."
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
        info = {"floor": self.floor, "phase_floor": str(self.phase_floor)}
        names = ("systematics", "likelihood", "declination_factor", "apply_declination_factor")
        if self.likelihood == "student":
            names = *names, "degrees_of_freedom"
        return info | {name: getattr(self, name) for name in (*names, "response")}

    # ----------------------------------------------------------------- prediction

    def points(self):
        """Dipoles at the energies of the table, or of the events behind its points."""
        return self._points

    predict = itself

    def dipole_pred(self):
        """Predicted dipole (`Dipole`); a ValueError if there is no model."""
        (points,) = self.points()
        vector = points.vector_of_model(self.require_model(), *self.nuisance_values()[1:])
        return Dipole(self.x, np.moveaxis(vector, 0, -1))

    data = read_only("_data", "Arrays of the likelihood (`DipoleData`).")

    def _simulated(self, rng):
        data = self.data.fake(self.prediction(), rng, self.scatter_in_use())
        # the table has what an instrument would publish
        columns = {
            f"amplitude{end}": values / self._factor
            for end, values in (("", data.amplitude), ("_errn", data.errn), ("_errp", data.errp))
        }
        columns["phase"], phase_err = np.rad2deg(data.phase), data.phase_err
        if data.compares_vectors:
            # a drawn vector may be short or point elsewhere, its errors stay what they are
            columns["error_axis"] = np.rad2deg(data.axis) * u.deg
            columns["tangential_err"] = data.tangential / self._factor
            phase_err = np.minimum(data.tangential / data.amplitude, RANDOM_DIRECTION)
        columns["phase_err"] = np.rad2deg(phase_err)
        if "amplitude_syst" in self.table.colnames:
            columns["amplitude_syst"] = np.where(self.is_ul, np.nan, 0.0)
        meta, limited = {}, np.isfinite(data.limit)
        if self.floor and limited.any():
            # limits have no errors of their own: the floor goes into what their level means
            meta["ul_confidence"] = float(ndtr((data.limit / data.limit_sigma)[limited][0]))
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
            return -self.signed_residuals()[:, :2]
        if method not in ("diff", "diff/model"):
            raise ValueError(f"unknown method {method!r}: expected 'diff', 'diff/model' or 'pull'")
        model, phase = self.dipole_pred(), self._data.phase
        data = self.amplitude * np.array([np.cos(phase), np.sin(phase)])
        difference = data.T - model.vector[:, :2]
        return difference if method == "diff" else difference / model.amplitude.value[:, np.newaxis]

    # ----------------------------------------------------------------- plots

    def plot_fit(self, axes=None, **kwargs):
        """Plot amplitudes and phases as `ScalarDataset.plot_fit`; ``axes`` are two, or new ones."""
        return self.picture_class(self).draw_fit(axes, **kwargs)

    def plot_residuals(self, ax=None, method="pull", **kwargs):
        """Plot as `ScalarDataset.plot_residuals` two numbers per point, methods as in `residuals`.

        Limits have one number, and only as pulls.
        """
        return self.picture_class(self).draw_residuals(ax, method, **kwargs)


register(DATASET_REGISTRY, DipoleDataset)
