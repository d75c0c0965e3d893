"""What kinds with one number per point have in common: intensities, <ln A>, and your own."""

import astropy.units as u
import numpy as np

from ..tables.hadronic import hadronic_columns, prediction_shift, shift_coefficients
from ..tables.values import axis_column, systematic_components
from .core import CosmicRayDataset
from .correlation import (
    correlated_data,
    correlated_shares,
    correlation_text,
    covariance_in_unit,
    covariance_of,
    require_similar,
)
from .locked import read_only
from .plotting import ScalarPicture
from .residuals import FluxData, total_errors
from .settings import Setting, read_correlation, read_covariance


class ScalarDataset(CosmicRayDataset):
    """One measured number per rigidity or energy; base of spectra, <ln A> and your own kinds.

    A kind of your own names the ``column`` of its table. The measured values ``_y``, their lower
    and upper errors ``_errn`` and ``_errp``, and which are upper limits, ``_is_ul``, none, are
    made of it in ``_prepare``, unless the kind does that in its own way; ``points`` and ``predict``
    say what the model predicts for them. See :doc:`/howto/own-kind`.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Measured table, with a column ``rigidity`` (GV) or ``energy`` (GeV), and in its meta
        ``axis``, which of the four axes of the package that is.
    *args, **kwargs
        As for `CosmicRayDataset`.
    correlation : float, "full" or dict, optional
        Length in ln(x), of rigidity or energy, over which the systematic errors are correlated,
        ``"full"`` for one common shift, or one of these for components of the table by name. They
        are independent by default. See `crlocal_plugin.datasets.correlation`.
    covariance : array_like, optional
        Covariance of the points, shape ``(n, n)``, in the square of their unit unless it has one;
        it stands for all errors of the table but the floor. Rows of upper limits do not count.
    """

    column = None
    settings = (*CosmicRayDataset.settings, "correlation", "covariance")
    picture_class = ScalarPicture
    """How it is drawn, see `crlocal_plugin.datasets.plotting`."""

    correlation = Setting(
        *(read_correlation, 'a length in ln(x) such as 0.5, "full", or one of these by name'),
        "Length over which systematic errors are correlated (float, str, dict or None).",
    )
    covariance = Setting(
        *(read_covariance, "a symmetric matrix of finite numbers"),
        "Covariance of the points without floor (`~numpy.ndarray` or None).",
    )

    def __init__(self, table, *args, correlation=None, covariance=None, **kwargs):
        # a name for messages until there is that of the dataset
        self._name = kwargs.get("name") or table.meta.get("name", "<table>")
        self.correlation, self.covariance = correlation, covariance
        super().__init__(table, *args, **kwargs)

    def _prepare(self):
        self._y = np.asarray(self.table[self.column], dtype=float)
        self._is_ul = np.zeros(len(self._y), dtype=bool)
        floor = self._floor_errors()
        self._errn, self._errp = total_errors(self.table, self.column, floor, self.systematics)
        self.require_errors()

    def require_errors(self):
        """Raise ValueError if a point has no error at all."""
        missing = ~((self._errn > 0) & (self._errp > 0))
        if missing.any():
            raise ValueError(
                f"dataset {self.name!r}, row {np.argmax(missing)}: no error is left without the "
                "systematic ones; keep systematics=True or set a floor"
            )

    def _correlate(self):
        """Work out the covariance of the points, if their errors are correlated."""
        self._correlated, self._shares = None, {}
        try:
            if self._covariance is not None:
                values = u.Quantity(self._measured())
                self._covariance = covariance_in_unit(self._covariance, values)
                if self._correlation is not None:
                    raise ValueError("give correlation or covariance, not both")
            if self.systematics and (self._correlation is not None or self._covariance is not None):
                self._correlated = self._correlated_data()
        except ValueError as error:
            raise ValueError(f"dataset {self.name!r}: {error}") from None

    def _correlated_data(self):
        """Points with their covariance (`CorrelatedData`)."""
        errors = np.asarray(self._errn + self._errp) / 2
        if self._covariance is not None:
            covariance = self._covariance + np.diag(self._floor_errors() ** 2)
            # those of the table count for limits alone
            total = np.where(self._is_ul, errors, np.sqrt(np.abs(np.diag(covariance))))
            require_similar(total, errors)
            self._errn = self._errp = total
        else:
            shares = correlated_shares(self.table, self.column, self._correlation)
            self._shares = {
                stem: (np.where(self._is_ul, 0.0, share), length)
                for stem, (share, length) in shares.items()
            }
            covariance = covariance_of(errors, self._shares.values(), self.x.value)
        return correlated_data(self._y, self._errn, self._errp, self._is_ul, covariance)

    def _floor_errors(self):
        """Floor as errors of the values, a fraction of them by default."""
        return np.where(self._is_ul, 0.0, self.floor * self._y)

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
        if self._correlated is not None:
            return self._correlated
        return FluxData(self._y, self._errn, self._errp, self._is_ul)

    def _settings_info(self):
        info = {"axis": self.axis, "floor": self.floor, "systematics": self.systematics}
        if self._correlated is not None:
            info["correlation"] = correlation_text(self._correlation)
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
        """Residuals whose squares are the statistic, shape ``(n, 1)``; see `CorrelatedData`."""
        prediction, rows = u.Quantity(self._predicted()).value, self.rows_in_fit
        # points in the fit come first, so that theirs depend on no others
        order = np.concatenate([rows, np.setdiff1d(np.arange(len(self.table)), rows)])
        residuals = np.empty(len(order))
        residuals[order] = self.data.take(order).residuals(prediction[order])
        return residuals[:, np.newaxis]

    def _simulated(self, rng):
        data, none = self.data.fake(u.Quantity(self._predicted()).value, rng), np.zeros(len(self.x))
        stem, settings = f"{self.column}_syst", {"_correlation": None, "_covariance": None}
        names = systematic_components(self.column, self.table.colnames)
        stems = [stem, *(f"{stem}_{name}" for name in names)]
        errors = dict.fromkeys(stems, (none, none))
        errors[f"{self.column}_stat"] = data.errn, data.errp
        if self._shares:
            shares = {name: share for name, (share, _) in self._shares.items()}
            variance = sum(share**2 for share in shares.values())
            shares = {stem: np.sqrt(variance)} | shares
            errors |= {name: (share, share) for name, share in shares.items()}
            rest = np.sqrt(np.maximum(((data.errn + data.errp) / 2) ** 2 - variance, 0.0))
            rest = [np.where(data.is_ul, side, rest) for side in (data.errn, data.errp)]
            errors[f"{self.column}_stat"] = rest
            settings = {}
        elif self._correlated is not None:
            settings["_covariance"] = data.covariance
        columns = {
            f"{name}_err{side}": values
            for name, sides in errors.items()
            for side, values in zip("np", sides, strict=True)
        }
        return {self.column: data.value, **columns}, {}, settings

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
        if method == "pull" and self._correlated is not None:
            return -self._correlated.alone().residuals(u.Quantity(self._predicted()).value)
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
