"""What kinds with one number per point have in common: intensities, <ln A>, and your own."""

import astropy.units as u
import numpy as np

from ..tables.hadronic import hadronic_columns, prediction_shift, shift_coefficients
from ..tables.values import axis_column
from .core import CosmicRayDataset
from .locked import read_only
from .plotting import ScalarPicture
from .residuals import FluxData


class ScalarDataset(CosmicRayDataset):
    """One measured number per rigidity or energy; base of spectra, <ln A> and your own kinds.

    A kind of your own names the ``column`` of its table, sets the measured values ``_y``, their
    lower and upper errors ``_errn`` and ``_errp``, and which are upper limits, ``_is_ul``, in
    ``_prepare``; ``points`` and ``predict`` say what the model predicts for them. See
    :doc:`/howto/own-kind`.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Measured table, with a column ``rigidity`` (GV) or ``energy`` (GeV), and in its meta
        ``axis``, which of the four axes of the package that is.
    **kwargs : dict
        As for `CosmicRayDataset`.
    """

    column = None
    picture_class = ScalarPicture
    """How it is drawn, see `crlocal_plugin.datasets.plotting`."""

    def require_errors(self):
        """Raise ValueError if a point has no error at all."""
        missing = ~((self._errn > 0) & (self._errp > 0))
        if missing.any():
            raise ValueError(
                f"dataset {self.name!r}, row {np.argmax(missing)}: no error is left without the "
                "systematic ones; keep systematics=True or set a floor"
            )

    @property
    def axis(self):
        """What the x axis is, one of the four of the package (str)."""
        return self.table.meta["axis"]

    @property
    def x(self):
        """Rigidity or energy of the points (`~astropy.units.Quantity`)."""
        name, unit = axis_column(self.axis)
        return u.Quantity(np.asarray(self.table[name]), unit)

    is_ul = read_only("_is_ul", "Which points are upper limits (`~numpy.ndarray` of bool).")

    @property
    def data(self):
        """Arrays of the likelihood (`FluxData`)."""
        return FluxData(self._y, self._errn, self._errp, self._is_ul)

    def _settings_info(self):
        info = {"axis": self.axis, "floor": self.floor, "systematics": self.systematics}
        models = ", ".join(self.hadronic_models)
        return {**info, "hadronic_models": models} if models else info

    def hadronic_coefficients(self):
        """Polynomials of the shifts in `hadronic`, shape ``(k, n)``; none without other models."""
        columns = [self.table[name] for name in hadronic_columns(len(self.hadronic_models))]
        return shift_coefficients(columns) if columns else np.zeros((0, len(self.table)))

    def hadronic_shift(self):
        """What `hadronic` adds to ln(intensity) or <ln A> of predictions (`~numpy.ndarray`).

        Table of the first hadronic model less that at the position of `hadronic`, for each point;
        zero without other models.
        """
        position = 0.0 if self._nuisance is None else self._nuisance.hadronic._value
        return prediction_shift(self.hadronic_coefficients(), position)

    @staticmethod
    def effect_of_shift(shift):
        """What the shift of another hadronic model does to predictions; itself by default."""
        return shift

    @staticmethod
    def shifted(prediction, effect):
        """Prediction for another hadronic model; the effect is added by default."""
        return prediction + effect

    def _measured(self):
        """Measured values, with their unit if they have one."""
        return self._y

    def _predicted(self):
        """Predicted values in the same unit, with all nuisances."""
        prediction = self.prediction()
        if self.hadronic_models:
            prediction = self.shifted(prediction, self.effect_of_shift(self.hadronic_shift()))
        return prediction

    def signed_residuals(self):
        """Residuals whose squares are the statistic, shape ``(n, 1)``."""
        return self.data.residuals(u.Quantity(self._predicted()).value)[:, np.newaxis]

    def _simulated(self, rng):
        data = self.data.fake(u.Quantity(self._predicted()).value, rng)
        columns = {f"{self.column}_syst_err{side}": np.zeros(len(data.value)) for side in "np"}
        columns |= {f"{self.column}_stat_errn": data.errn, f"{self.column}_stat_errp": data.errp}
        return {self.column: data.value, **columns}, {}, {}

    def residuals(self, method="diff"):
        """Residuals of the data.

        Parameters
        ----------
        method : {"diff", "diff/model", "diff/sqrt(model)", "pull"}
            Data minus model, that over the model or its root, or (data - model) / error.

        Returns
        -------
        `~astropy.units.Quantity` or `~numpy.ndarray`
            Residuals, one per point.
        """
        if method == "pull":
            return -self.signed_residuals()[:, 0]
        return self._compute_residuals(self._measured(), self._predicted(), method)

    # ----------------------------------------------------------------- plots

    def plot_fit(self, ax=None, **kwargs):
        """Plot data and model.

        Parameters
        ----------
        ax : `~matplotlib.axes.Axes`, optional
            Axes to draw into; new ones by default.
        **kwargs : dict
            Keyword arguments of `~matplotlib.axes.Axes.errorbar` for the points.

        Returns
        -------
        `~matplotlib.axes.Axes`
            The axes.

        Raises
        ------
        ValueError
            If the dataset has no model.
        """
        return self.picture_class(self).draw_fit(ax, **kwargs)

    def plot_residuals(self, ax=None, method="diff", **kwargs):
        """Plot residuals; pulls are drawn over a band of one standard deviation.

        Parameters
        ----------
        ax, **kwargs
            As for `plot_fit`, as are what is returned and raised.
        method : {"diff", "diff/model", "diff/sqrt(model)", "pull"}, optional
            See `residuals`.
        """
        return self.picture_class(self).draw_residuals(ax, method, **kwargs)
