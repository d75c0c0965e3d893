"""What all datasets of the package have in common."""

import abc
import functools
import itertools

import numpy as np
from astropy.table import Column
from gammapy.datasets import Dataset
from gammapy.utils.scripts import make_name

from ..random_numbers import random_generator
from ..units import is_per_nucleon
from .files import DatasetFiles
from .locked import lock_arrays, locked_table, read_only
from .modelling import DatasetModelling
from .residuals import CosmicRayFitStatistic
from .settings import Setting, read_energy_range, read_floor, read_switch

_VERSIONS = itertools.count()

_OF_THE_STATISTIC = {"signed_residuals", "stat_sum", "stat_array", "stat_sum_likelihood"}
_WITHOUT_EFFECT = {
    *("tag", "kind", "settings", "floor_kind", "floor_text", "column", "reader", "table_options"),
    *("read", "from_table", "from_dict", "to_dict", "write", "copy", "experiment", "reference"),
    *("plot_fit", "plot_residuals", "residuals", "info_dict", "quantity", "_prepare", "_abc_impl"),
}
"""What a subclass may change, beside special methods, without changing the statistic."""


class CosmicRayDataset(DatasetFiles, DatasetModelling, Dataset):
    """Measured table with its likelihood; base of spectra, <ln A>, dipoles and your own kinds.

    A kind says what its numbers are in ``_prepare``, which makes arrays of the table, ``data``,
    which has them with their residuals, ``points`` and ``predict``: which intensities or dipoles it
    needs (see `crlocal_plugin.datasets.points`), and what follows from them. It is evaluated with
    all others then, for many sets of parameters at once. A class that overrides
    ``signed_residuals`` or the statistic instead is evaluated as it says, at its own speed.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Measured table; the dataset has a copy of its own.
    models : `~gammapy.modeling.models.Models`, optional
        Models.
    name : str, optional
        Name; by default that of the table.
    mask_fit : `~numpy.ndarray` of bool, optional
        Points in the fit.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of rigidity or energy in the fit, None for an open end.
    floor : float, optional
        Systematic floor.
    systematics : bool, optional
        Count the systematic errors of the table.

    Raises
    ------
    ValueError
        If a setting is out of range.
    """

    gti = None
    meta_table = None
    kind = None
    """Name of the kind of table."""
    settings = ("floor", "systematics", "energy_range")
    """Arguments that shape the likelihood, are kept in files and can be assigned."""
    table_options = ()
    """Arguments of ``read`` that are for the reader of the table."""
    joins_with = None
    """Datasets of a class with the same value of this, if it is not None, are evaluated as one:
    ``predict`` and the residuals then take each point for itself."""
    predicts_rows = True
    """Whether ``predict`` has a number for each row; if not, ``data`` takes what it returns."""
    takes_scatter = False
    """Whether ``data`` has ``scattered_residuals`` as `DipoleData` has."""
    floor_kind = "a fraction"
    _stat_type = "cosmic-ray"
    _fit_statistic = CosmicRayFitStatistic

    def __init__(
        self,
        table,
        models=None,
        name=None,
        mask_fit=None,
        energy_range=None,
        floor=0.0,
        systematics=True,
    ):
        self._table = locked_table(table)
        self._name = make_name(name or table.meta.get("name"))
        self.floor, self.systematics = floor, systematics
        self._model = self._nuisance = self._mask_safe = None
        self._nuisance_given = False
        self.renew()
        self.energy_range = energy_range
        if mask_fit is not None:
            if self._energy_range != (None, None):
                raise ValueError(f"dataset {self._name!r}: give mask_fit or energy_range, not both")
            self.mask_fit = mask_fit
        self.models = models

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if "version" in self.__dict__:
            self.__dict__["version"] = next(_VERSIONS)

    def __setstate__(self, state):
        table = locked_table(state["_table"])
        self.__dict__.update(state, _table=table, version=next(_VERSIONS))
        lock_arrays(self.__dict__)

    def renew(self, **settings):
        """Set attributes and work out the arrays anew, or leave all as it was if that fails."""
        before = dict(self.__dict__)
        self.__dict__.update(settings)
        try:
            self._prepare()
            self._correlate()
        except Exception:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise
        lock_arrays(self.__dict__)
        self.__dict__["version"] = next(_VERSIONS)

    # ----------------------------------------------------------------- data

    table = read_only("_table", "Measured table, read-only itself; another one may be assigned.")

    @table.setter
    def table(self, table):
        table = self.reader(table)
        table.meta.pop("dataset", None)
        has_range = self._energy_range != (None, None)
        for mask in ("mask_safe",) if has_range else ("mask_fit", "mask_safe"):
            if getattr(self, mask) is not None and len(table) != len(self._table):
                raise ValueError(
                    f"dataset {self.name!r}: {mask} is for {len(self._table)} points, the new "
                    f"table has {len(table)}; set {mask} to None first"
                )
        self.renew(_table=locked_table(table))
        if has_range:
            self.energy_range = self._energy_range

    @abc.abstractmethod
    def _prepare(self):
        """Work out the arrays of the likelihood from table and settings."""

    def _correlate(self):
        """Work out the covariance of the points, of which there is none by default."""

    @property
    @abc.abstractmethod
    def data(self):
        """Arrays of the likelihood, with ``take``, ``residuals`` and ``fake`` as `FluxData` has."""

    @property
    @abc.abstractmethod
    def x(self):
        """Rigidity or energy of the points (`~astropy.units.Quantity`)."""

    @property
    def quantity(self):
        """What is measured: a species, a sum of species, or the kind (str)."""
        return self.table.meta.get("quantity", self.kind)

    @property
    def experiment(self):
        """Name of the experiment (str)."""
        return self.table.meta.get("experiment") or self.name

    @property
    def reference(self):
        """Publication of the data (str)."""
        return self.table.meta.get("reference", "")

    @property
    def data_shape(self):
        """Shape of the data, one number per row of the table (tuple)."""
        return (len(self.table),)

    floor = Setting(read_floor, "{0.floor_kind} >= 0", "Systematic floor (float).")
    systematics = Setting(read_switch, "true or false", "Whether systematic errors count (bool).")

    @property
    def floor_text(self):
        """Floor as a summary has it, "-" if there is none (str)."""
        return f"{100 * self.floor:g} %" if self.floor else "-"

    @property
    def energy_range(self):
        """Range ``(min, max)`` of the points in the fit, None for an open end.

        Setting it sets ``mask_fit`` to the points with min <= x < max.
        """
        return self._energy_range

    @energy_range.setter
    def energy_range(self, energy_range):
        unit = self.x.unit
        what = f"dataset {self.name!r}: energy_range must be given in units like {unit} as two ends"
        low, high = read_energy_range(energy_range, f"{what}, none for an open one", [unit])
        ends = () if energy_range is None else energy_range
        texts = [end for end in ends if isinstance(end, str)]
        axis = getattr(self, "axis", "total_energy")
        if axis != "kinetic_energy_per_nucleon" and any(map(is_per_nucleon, texts)):
            raise ValueError(
                f"{what}, got {', '.join(texts)}, which is per nucleon; the axis is {axis}"
            )
        lowest = -np.inf if low is None else low.value
        highest = np.inf if high is None else high.value
        if not lowest < highest:
            raise ValueError(f"dataset {self.name!r}: energy_range {low} to {high} is empty")
        self._energy_range = (low, high)
        mask = (self.x.value >= lowest) & (self.x.value < highest)
        self._mask_fit = None if mask.all() else self._checked_mask("mask_fit", mask)

    mask_fit = read_only("_mask_fit", "Points in the fit (array of bool, or None for all).")

    @mask_fit.setter
    def mask_fit(self, mask):
        self._mask_fit = self._checked_mask("mask_fit", mask)
        self._energy_range = (None, None)

    mask_safe = read_only("_mask_safe", "Points that can be used at all (array of bool, or None).")

    @mask_safe.setter
    def mask_safe(self, mask):
        self._mask_safe = self._checked_mask("mask_safe", mask)

    def _checked_mask(self, name, mask):
        """Copy of a mask that cannot be changed in place, which nobody would notice."""
        if mask is None:
            return None
        try:
            mask = np.array(mask)
        except ValueError:
            # lists of several lengths
            mask = np.array(mask, dtype=object)
        if mask.shape != self.data_shape or mask.dtype != bool:
            got = f"shape {mask.shape} of {mask.dtype}"
            n = self.data_shape[0]
            raise ValueError(f"dataset {self.name!r}: {name} must be {n} booleans, got {got}")
        mask.flags.writeable = False
        return mask

    @property
    def rows_in_fit(self):
        """Positions of the points in the fit (`~numpy.ndarray` of int)."""
        return np.arange(len(self.table)) if self.mask is None else np.flatnonzero(self.mask)

    # ----------------------------------------------------------------- statistic

    def require_fittable(self):
        """Raise a ValueError with the reason if a fit to the data would mean nothing."""

    def require_different_events(self, others):
        """Raise a ValueError if one of other datasets has the same events; none is by default."""

    def prediction(self):
        """What the model predicts for all points, as ``predict`` returns it; ValueError if none."""
        model, given = self.require_model(), self.nuisance_values()
        return self.predict(*(points.of_model(model, *given) for points in self.points()))

    def signed_residuals(self):
        """Residuals whose squares add up to the statistic, shape ``(n, k)``.

        With a scatter, the second half of them are those that normalise.
        """
        prediction, scatter = self.prediction(), self.scatter_in_use()
        if scatter is None:
            residuals = self.data.residuals(prediction)
        else:
            residuals = self.data.scattered_residuals(prediction, scatter)
        return residuals.reshape(-1, len(self.table)).T

    def stat_sum_likelihood(self):
        """Statistic of the points in the fit, without priors (float)."""
        return self._fit_statistic.stat_sum_dataset(self)

    def stat_sum_scatter(self):
        """What a scatter adds to the statistic, 2 ln(sigma / sigma_0) of all numbers (float)."""
        if self.scatter_in_use() is None:
            return 0.0
        residuals = self.signed_residuals()[self.rows_in_fit]
        return float(np.sum(residuals[:, residuals.shape[1] // 2 :] ** 2))

    @property
    def is_joined(self):
        """Whether ``points`` and ``predict`` say all of the statistic (bool)."""
        replaced = any(callable(getattr(type(self), name, None)) for name in self.__dict__)
        return _follows_from_points(type(self)) and not replaced

    @property
    def is_least_squares(self):
        """Whether the statistic is the sum of the squares of ``signed_residuals`` (bool)."""
        base, cls = CosmicRayDataset, type(self)
        names = _OF_THE_STATISTIC - {"signed_residuals"}
        return self._fit_statistic is base._fit_statistic and not any(
            name in self.__dict__ or getattr(cls, name) is not getattr(base, name) for name in names
        )

    # ----------------------------------------------------------------- simulated data

    def fake(self, random_state=None):
        """Replace the data by simulated ones, drawn around the prediction of the current models.

        Each point is drawn with the errors that count in the fit and keeps them, so that the
        truth has standard normal residuals: the table gets them as its statistical errors, its
        systematic ones and the floors become zero. A floor would otherwise be a fraction of
        the drawn value, give low draws more weight than high ones and so bias the fit. Upper
        limits, masks and settings stay. A drawn intensity may be negative, as a Gaussian
        likelihood wants it. The meta of the table says ``simulated``. Priors are not touched.

        Parameters
        ----------
        random_state : int, `~numpy.random.Generator` or other, optional
            Seed or source of random numbers, see `random_generator`; by default a random seed.

        Raises
        ------
        ValueError
            If the dataset has no model.
        """
        self.require_model()
        table = self.table.copy()
        columns, meta, settings = self._simulated(random_generator(random_state))
        for name, values in columns.items():
            unit = table[name].unit if name in table.colnames else None
            table[name] = Column(values, unit=unit)
        table.meta |= meta | {"simulated": True}
        self.renew(_table=locked_table(table), _floor=0.0, **settings)

    @abc.abstractmethod
    def _simulated(self, rng):
        """Columns of simulated data, meta that goes with them, and settings to be reset."""

    def info_dict(self):
        """Summary of the dataset (dict).

        It has name, experiment, quantity, number of points and of numbers in the fit, settings,
        the statistic (None without a model) and the publication.
        """
        info = {"name": self.name, "type": self.tag, "experiment": self.experiment}
        info |= {"quantity": self.quantity, "n_points": len(self.table)}
        info["n_fit"] = int(self.numbers_per_point[self.rows_in_fit].sum())
        info |= self._settings_info()
        if self.table.meta.get("simulated"):
            info["simulated"] = True
        stat_sum = None if self._model is None else float(self.stat_sum_likelihood())
        return info | {"stat_sum": stat_sum, "reference": self.reference}

    @property
    def numbers_per_point(self):
        """How many numbers each point adds to the statistic (`~numpy.ndarray` of int)."""
        return np.ones(self.data_shape, dtype=int)

    def _settings_info(self):
        return {"floor": self.floor}

    def __str__(self):
        info = self.info_dict()
        low, high = ("open" if end is None else end for end in self.energy_range)
        norm, scale = self.scales()
        info |= {"energy range": f"{low} to {high}", "norm": norm, "energy scale": scale}
        if self.hadronic_models:
            info["hadronic"] = self.hadronic.value
        info["models"] = self.models.names if self.models else "none"
        title = type(self).__name__
        lines = (f"  {key:16}: {_shown(value)}" for key, value in info.items())
        return "\n".join([title, "-" * len(title), "", *lines, ""])


@functools.cache
def _follows_from_points(cls):
    """Whether the statistic of a class is that of its ``points`` and ``predict``."""
    for base in cls.__mro__:
        if base.__module__ == __name__ or base is object:
            return False
        if "predict" in base.__dict__:
            return not (_OF_THE_STATISTIC & base.__dict__.keys()) and hasattr(cls, "points")
        if any(name not in _WITHOUT_EFFECT and name[:2] != "__" for name in base.__dict__):
            return False
    return False


def _shown(value):
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e4 else f"{value:.1f}"
    return "none" if value is None else value
