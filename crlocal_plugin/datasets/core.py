"""What all datasets of the package have in common."""

import abc
import copy
import html
import itertools
from urllib.parse import quote

import astropy.units as u
import numpy as np
from astropy.table import Column
from gammapy.datasets import Dataset
from gammapy.modeling.models import DatasetModels
from gammapy.utils.random import get_random_state
from gammapy.utils.scripts import make_name

from ..models.cosmic_ray import CosmicRayModel
from ..models.nuisance import NuisanceModel
from ..tables.raw_table import TableError
from ..tables.writing import write_table
from .residuals import CosmicRayFitStatistic

_VERSIONS = itertools.count()
"""Every change of a dataset gives it another number, which no other dataset has had."""


class CosmicRayDataset(Dataset):
    """Measured table with its likelihood; base of spectra, <ln A> and dipoles.

    A subclass lists its ``settings``: arguments that shape the likelihood, are kept in files and
    can be assigned.
    """

    gti = None
    meta_table = None
    settings = ("floor", "systematics", "energy_range")
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
        self.table = table
        self._name = make_name(name or table.meta.get("name"))
        self._floor = self._checked_floor(floor)
        self._systematics = bool(systematics)
        self._nuisance = None
        self._nuisance_given = False
        self._model = None
        self._mask_fit = self._mask_safe = None
        self._energy_range = (None, None)
        self._prepare()
        if mask_fit is not None and energy_range is not None:
            raise ValueError(f"dataset {self._name!r}: give mask_fit or energy_range, not both")
        if energy_range is not None:
            self.energy_range = energy_range
        if mask_fit is not None:
            self.mask_fit = mask_fit
        self.models = models

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        self.__dict__["_version"] = next(_VERSIONS)

    def __setstate__(self, state):
        self.__dict__.update(state, _version=next(_VERSIONS))

    # ----------------------------------------------------------------- data

    @abc.abstractmethod
    def _prepare(self):
        """Work out the arrays of the likelihood from table and settings."""

    @property
    @abc.abstractmethod
    def data(self):
        """Arrays of the likelihood."""

    @abc.abstractmethod
    def signed_residuals(self):
        """Residuals whose squares add up to the statistic, shape ``(n, k)``."""

    @property
    @abc.abstractmethod
    def x(self):
        """Rigidity or energy of the points (`~astropy.units.Quantity`)."""

    @property
    def quantity(self):
        """What is measured: a species, a sum of species, "mean_log_mass" or "dipole" (str)."""
        return self.table.meta["quantity"]

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

    @property
    def floor(self):
        """Systematic floor, a fraction of the value; an error of <ln A> itself (float)."""
        return self._floor

    @floor.setter
    def floor(self, value):
        self._change(_floor=self._checked_floor(value))

    def _checked_floor(self, value):
        value = float(value)
        if not 0 <= value < np.inf:
            raise ValueError(
                f"dataset {self.name!r}: floor must be {self.floor_kind} >= 0, got {value}"
            )
        return value

    @property
    def systematics(self):
        """Whether the systematic errors of the table count (bool)."""
        return self._systematics

    @systematics.setter
    def systematics(self, value):
        self._change(_systematics=bool(value))

    def _change(self, **settings):
        """Set private settings and renew the arrays, or leave all as it was if that fails."""
        before = {name: getattr(self, name) for name in settings}
        self.__dict__.update(settings)
        try:
            self._prepare()
        except ValueError:
            self.__dict__.update(before)
            self._prepare()
            raise

    @property
    def energy_range(self):
        """Range ``(min, max)`` of the points in the fit, None for an open end.

        Setting it sets ``mask_fit`` to the points with min <= x < max.
        """
        return self._energy_range

    @energy_range.setter
    def energy_range(self, energy_range):
        low, high = (None, None) if energy_range is None else energy_range
        unit = self.x.unit
        try:
            low, high = (None if v is None else u.Quantity(v).to(unit) for v in (low, high))
        except u.UnitConversionError as error:
            raise u.UnitConversionError(
                f"dataset {self.name!r}: energy_range must be given in units like {unit} ({error})"
            ) from None
        if low is not None and high is not None and not low < high:
            raise ValueError(f"dataset {self.name!r}: energy_range {low} to {high} is empty")
        self._energy_range = (low, high)
        mask = np.ones(self.data_shape, dtype=bool)
        if low is not None:
            mask &= self.x >= low
        if high is not None:
            mask &= self.x < high
        self._mask_fit = None if mask.all() else self._checked_mask("mask_fit", mask)

    @property
    def mask_fit(self):
        """Points that enter the fit (`~numpy.ndarray` of bool, or None for all)."""
        return self._mask_fit

    @mask_fit.setter
    def mask_fit(self, mask):
        self._mask_fit = self._checked_mask("mask_fit", mask)
        self._energy_range = (None, None)

    @property
    def mask_safe(self):
        """Points that are fit to be used at all (`~numpy.ndarray` of bool, or None for all)."""
        return self._mask_safe

    @mask_safe.setter
    def mask_safe(self, mask):
        self._mask_safe = self._checked_mask("mask_safe", mask)

    def _checked_mask(self, name, mask):
        """Copy of a mask that cannot be changed in place, which nobody would notice."""
        if mask is None:
            return None
        mask = np.array(mask)
        if mask.shape != self.data_shape or mask.dtype != bool:
            raise ValueError(
                f"dataset {self.name!r}: {name} must be {self.data_shape[0]} booleans, got "
                f"shape {mask.shape} of {mask.dtype}"
            )
        mask.flags.writeable = False
        return mask

    # ----------------------------------------------------------------- models

    @property
    def models(self):
        """Models of the dataset: the cosmic rays, and the nuisance model once it is in use."""
        models = self._used_models()
        return DatasetModels(models) if models else None

    def _used_models(self):
        if self._model is None:
            return []
        nuisance = self._nuisance
        used = nuisance is not None and (self._nuisance_given or nuisance.is_active)
        return [self._model, nuisance] if used else [self._model]

    @models.setter
    def models(self, models):
        if models is None:
            self._model = None
            return
        applicable = [
            model for model in DatasetModels(models) if applies_to(model.datasets_names, self.name)
        ]
        cosmic_rays = [m for m in applicable if isinstance(m, CosmicRayModel)]
        if len(cosmic_rays) > 1:
            raise ValueError(
                f"dataset {self.name!r} takes one CosmicRayModel, got "
                f"{', '.join(m.name for m in cosmic_rays)}: make them components of one model, or "
                "set their datasets_names"
            )
        nuisances = [m for m in applicable if isinstance(m, NuisanceModel)]
        if len(nuisances) > 1:
            raise ValueError(
                f"dataset {self.name!r} takes one NuisanceModel, got "
                f"{', '.join(m.name for m in nuisances)}: set their datasets_names"
            )
        if cosmic_rays:
            self._check_model(cosmic_rays[0])
        self._model = cosmic_rays[0] if cosmic_rays else None
        if self._nuisance_given:
            self._nuisance, self._nuisance_given = None, False
        if nuisances:
            self.nuisance = nuisances[0]
            self._nuisance_given = True

    def _check_model(self, model):
        """Refuse a model that cannot predict the data; nothing to refuse by default."""

    @property
    def model(self):
        """The cosmic-ray model, or None."""
        return self._model

    @property
    def nuisance(self):
        """Normalisation, energy scale and hadronic model; datasets may share a `NuisanceModel`."""
        if self._nuisance is None:
            self._nuisance = NuisanceModel(
                datasets_names=[self.name], name=f"{self.name.replace('.', '-')}-nuisance"
            )
            self._limit_hadronic()
        return self._nuisance

    @nuisance.setter
    def nuisance(self, nuisance):
        if not isinstance(nuisance, NuisanceModel):
            raise TypeError(
                f"dataset {self.name!r}: expected a NuisanceModel, got {type(nuisance).__name__}"
            )
        old = self._nuisance
        if old is not nuisance and not self._nuisance_given:
            # in a file, both would be models of this dataset
            names = getattr(old, "datasets_names", None)
            if isinstance(names, list):
                old.datasets_names = [name for name in names if name != self.name]
        self._nuisance = nuisance
        self._nuisance_given = False
        self._limit_hadronic()

    def _limit_hadronic(self):
        """Keep the parameter of the hadronic model among the models, unless it has a limit."""
        last = len(self.hadronic_models) - 1
        if last > 0 and np.isnan(self._nuisance.hadronic.max):
            self._nuisance.hadronic.max = last

    @property
    def hadronic_models(self):
        """Hadronic models among which `hadronic` moves; empty if the table has but one (list)."""
        return list(self.table.meta.get("hadronic_models") or [])

    @property
    def norm(self):
        """Flux normalisation (`~gammapy.modeling.Parameter`), frozen at 1 by default."""
        return self.nuisance.norm

    @property
    def energy_scale(self):
        """Scale of the energies (`~gammapy.modeling.Parameter`), frozen at 1 by default."""
        return self.nuisance.energy_scale

    @property
    def hadronic(self):
        """Position among `hadronic_models` (`~gammapy.modeling.Parameter`), 0 is the first."""
        return self.nuisance.hadronic

    def scales(self):
        """Values of normalisation and energy scale (two floats)."""
        if self._nuisance is None:
            return 1.0, 1.0
        return self._nuisance.norm._value, self._nuisance.energy_scale._value

    def _require_model(self):
        if self._model is None:
            raise ValueError(
                f"dataset {self.name!r} has no cosmic-ray model: set datasets.models = [model]"
            )
        return self._model

    # ----------------------------------------------------------------- statistic

    def stat_sum_likelihood(self):
        """Statistic of the points in the fit, without priors (float)."""
        return self._fit_statistic.stat_sum_dataset(self)

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
        self._require_model()
        table = self.table.copy()
        columns, meta, settings = self._simulated(random_generator(random_state))
        for name, values in columns.items():
            unit = table[name].unit if name in table.colnames else None
            table[name] = Column(values, unit=unit)
        table.meta |= meta | {"simulated": True}
        self._change(table=table, _floor=0.0, **settings)

    @abc.abstractmethod
    def _simulated(self, rng):
        """Columns of simulated data, meta that goes with them, and settings to be reset."""

    def info_dict(self):
        """Summary of the dataset.

        Returns
        -------
        dict
            Name, experiment, quantity, number of points and of numbers in the fit, settings, the
            statistic (None without a model) and the publication.
        """
        numbers = self._numbers_per_point
        return {
            "name": self.name,
            "type": self.tag,
            "experiment": self.experiment,
            "quantity": self.quantity,
            "n_points": len(self.table),
            "n_fit": int(np.sum(numbers if self.mask is None else numbers[self.mask])),
            **self._settings_info(),
            **({"simulated": True} if self.table.meta.get("simulated") else {}),
            "stat_sum": None if self._model is None else float(self.stat_sum_likelihood()),
            "reference": self.reference,
        }

    @property
    def _numbers_per_point(self):
        """How many numbers each point adds to the statistic."""
        return np.ones(self.data_shape, dtype=int)

    def _settings_info(self):
        return {"floor": self.floor}

    def __str__(self):
        info = self.info_dict()
        lines = [type(self).__name__, "-" * len(type(self).__name__), ""]
        lines += [f"  {key:16}: {_shown(value)}" for key, value in info.items()]
        low, high = ("open" if v is None else v for v in self.energy_range)
        lines.append(f"  {'energy range':16}: {low} to {high}")
        norm, scale = self.scales()
        lines.append(f"  {'norm':16}: {norm:g}")
        lines.append(f"  {'energy scale':16}: {scale:g}")
        if self.hadronic_models:
            lines.append(f"  {'hadronic':16}: {self.hadronic.value:g}")
        lines.append(f"  {'models':16}: {self.models.names if self.models else 'none'}")
        return "\n".join(lines) + "\n"

    def _repr_html_(self):
        return f"<pre>{html.escape(str(self))}</pre>"

    # ----------------------------------------------------------------- copies and files

    def copy(self, name=None):
        """Deep copy without models.

        Parameters
        ----------
        name : str, optional
            Name of the copy; a random one by default, as in gammapy.

        Returns
        -------
        CosmicRayDataset
            The copy.
        """
        model, self._model = self._model, None
        try:
            new = copy.deepcopy(self)
        finally:
            self._model = model
        new._name = make_name(name)
        new.table.meta["name"] = new._name
        new._nuisance = None
        new._nuisance_given = False
        return new

    def _settings_to_data(self):
        data = {name: getattr(self, name) for name in self.settings}
        low, high = self.energy_range
        data["energy_range"] = [
            None if v is None else f"{float(v.value)!r} {v.unit}" for v in (low, high)
        ]
        if self.mask_fit is not None and low is None and high is None:
            data["mask_fit"] = self.mask_fit.tolist()
        return data

    def to_dict(self):
        """Create a dictionary for the YAML file of `~gammapy.datasets.Datasets`."""
        return {
            "name": self.name,
            "type": self.tag,
            # quoted, so that every name has a file of its own
            "filename": f"{quote(self.name, safe='')}.ecsv",
        }

    @classmethod
    def from_dict(cls, data, lazy=False, cache=True):
        """Create a dataset from its dictionary and the file that it names.

        Parameters
        ----------
        data : dict
            As made by `to_dict`.
        lazy, cache : bool, optional
            Of no effect, for compatibility.

        Returns
        -------
        CosmicRayDataset
            The dataset, without models.
        """
        return cls.read(data["filename"], name=data["name"])

    def write(self, filename, overwrite=False, checksum=False):
        """Write table and settings to an ECSV or FITS file, whole or not at all.

        Parameters
        ----------
        filename : path-like
            File with suffix .ecsv or .fits.
        overwrite : bool, optional
            Replace an existing file.
        checksum : bool, optional
            Of no effect, for compatibility.

        Raises
        ------
        FileExistsError
            If the file exists and ``overwrite`` is not set.
        ValueError
            If the suffix is another one.
        """
        table = self.table.copy()
        table.meta["name"] = self.name
        table.meta["dataset"] = self._settings_to_data()
        write_table(table, filename, overwrite=overwrite)

    @classmethod
    def from_table(cls, table, name=None, **kwargs):
        """Create a dataset from a table, see `read`."""
        return cls.read(table, name=name, **kwargs)

    @classmethod
    def _from_normalised(cls, table, name, kwargs):
        stored = dict(table.meta.pop("dataset", {}))
        mask_fit = stored.pop("mask_fit", None)
        unknown = set(stored) - set(cls.settings)
        if unknown:
            raise TableError(
                f"{table.meta.get('name', '<table>')}: unknown dataset settings "
                f"{', '.join(sorted(unknown))}; expected {', '.join(cls.settings)}"
            )
        if stored.get("energy_range") == [None, None]:
            stored.pop("energy_range")
        if mask_fit is not None:
            stored["mask_fit"] = np.array(mask_fit, dtype=bool)
        if kwargs.keys() & {"mask_fit", "energy_range"}:
            # what the caller wants in the fit replaces what the file says
            stored.pop("mask_fit", None)
            stored.pop("energy_range", None)
        return cls(table, name=name, **(stored | kwargs))


def random_generator(random_state=None):
    """Source of random numbers, from what NumPy or gammapy take for one.

    Parameters
    ----------
    random_state : optional
        Int, `~numpy.random.SeedSequence` or `~numpy.random.Generator`, or what gammapy's
        `~gammapy.utils.random.get_random_state` takes: "random-seed", "global-rng" or a
        `~numpy.random.RandomState`, from which the seed is drawn. None is a random seed.

    Returns
    -------
    `~numpy.random.Generator`
        The generator, the same object if it was one.
    """
    if isinstance(random_state, str | np.random.RandomState):
        seed = get_random_state(random_state).randint(2**32, size=4, dtype=np.uint32)
        return np.random.default_rng(seed)
    return np.random.default_rng(random_state)


def applies_to(datasets_names, name):
    """Whether a model for some datasets, all if None, is for the one of a name (bool)."""
    if datasets_names is None:
        return True
    return name in ([datasets_names] if isinstance(datasets_names, str) else datasets_names)


def _shown(value):
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e4 else f"{value:.1f}"
    return "none" if value is None else value
