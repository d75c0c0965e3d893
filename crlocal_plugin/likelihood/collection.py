"""gammapy Datasets that keep their models and evaluate all datasets of a model together."""

import warnings
from pathlib import Path

import numpy as np
from astropy.table import Table
from gammapy.datasets import Datasets
from gammapy.modeling.models import DatasetModels

from ..datasets.core import (
    CosmicRayDataset,
    random_generator,
)
from ..models.linking import LabelledParameters
from ..models.nuisance import NuisanceModel
from .degeneracies import (
    DegenerateParametersWarning,
    find_degeneracies,
)
from .fused import FusedLikelihood
from .joint_likelihood import (
    gaussian_factor,
    is_gaussian,
)
from .preparation import prepare_fit
from .sampled_parameters import SampledParameters


class LabelledDatasetModels(DatasetModels):
    """Models of datasets, with parameters named by their labels in tables."""

    def to_parameters_table(self):
        """Convert parameters to a table, each under its unique label.

        Returns
        -------
        `~astropy.table.Table`
            One row per parameter.
        """
        table = super().to_parameters_table()
        table.replace_column("name", short_labels(self))
        table.remove_columns(["type", "link"])
        return table


class FitParameters(LabelledParameters):
    """Unique parameters of datasets, which are prepared for a fit when an optimiser scales them."""

    def __init__(self, parameters=None, labels=None, datasets=None):
        super().__init__(parameters, labels)
        self._datasets = datasets

    @property
    def free_unique_parameters(self):
        """Free parameters as gammapy's sampler wants them (`SampledParameters`)."""
        free = [k for k, par in enumerate(self._parameters) if not par.frozen]
        return SampledParameters(
            [self._parameters[k] for k in free], [self.labels[k] for k in free]
        )

    def set_parameter_factors(self, factors):
        """Set factors of the free parameters, without gammapy's cost for each linear one."""
        free = [par for par in self._parameters if not par._frozen]
        for par, factor in zip(free, factors, strict=True):
            if par.scale_transform == "lin":
                par._factor = float(factor)
                par._value = float(par._scale) * par._factor
            else:
                par.factor = factor

    def autoscale(self):
        """Prepare the parameters for an optimiser.

        They go to the least-squares minimum and are scaled by their errors, see `prepare_fit`;
        there, free parameters that the data cannot tell apart give a warning.
        """
        super().autoscale()
        if self._datasets is not None:
            if self._datasets.is_least_squares:
                prepare_fit(self._datasets, self)
            self._datasets.warn_of_degeneracies()


class CosmicRayDatasets(Datasets):
    """Datasets with a fast joint likelihood.

    Models, parameters and covariance are those of gammapy's `~gammapy.datasets.Datasets`, but
    kept instead of rebuilt at every call, and all points of one `CosmicRayModel` are evaluated
    together. Other gammapy datasets may be in the list; they are evaluated as usual.

    Parameters
    ----------
    datasets : list of `~gammapy.datasets.Dataset`
        Datasets.
    """

    def __init__(self, datasets=None):
        super().__init__(datasets)
        _share_nuisances(self._datasets)
        self._kept = None
        self._fused = None
        self._checked = None

    def __getstate__(self):
        return {**self.__dict__, "_fused": None, "_checked": None}

    # ----------------------------------------------------------------- models

    @property
    def models(self):
        """Unique models of all datasets (`LabelledDatasetModels`)."""
        models = self._used_models()
        kept = self._kept
        if kept is None or kept._models != models or kept._penalties is not self._penalties:
            kept = self._kept = LabelledDatasetModels(models, penalties=self._penalties)
        return kept

    @models.setter
    def models(self, models):
        self._penalties = getattr(models, "_penalties", None)
        self._kept = None
        if models is not None:
            models = DatasetModels(models if isinstance(models, DatasetModels) else _listed(models))
        for dataset in self:
            dataset.models = models
        if models is not None:
            # models alone do not know the covariance between a parameter of one and of another
            used = [par for par in self.models.parameters if par in models.parameters]
            self.models.covariance.set_subcovariance(models.covariance.get_subcovariance(used))

    def _used_models(self):
        found = {}
        for dataset in self._datasets:
            if isinstance(dataset, CosmicRayDataset):
                models = dataset._used_models()
            else:
                models = dataset.models or []
            found.update(dict.fromkeys(models))
        return list(found)

    @property
    def parameters(self):
        """Unique parameters of all models (`LabelledParameters`)."""
        models = self.models
        labels = dict(zip(models.parameters, short_labels(models), strict=True))
        return FitParameters(list(labels), list(labels.values()), self)

    # ----------------------------------------------------------------- statistic

    def stat_sum(self):
        """Statistic of all datasets with priors and penalties, each counted once (float)."""
        fusion = self._fusion()
        total = _stat_of(*fusion)
        for par in _parameters_of(*fusion):
            if par._prior is not None:
                total += par._prior(par)
        for penalty in self._penalties or []:
            total += penalty.stat_sum()
        return total

    def _stat_sum_likelihood(self):
        """Statistic of all datasets without priors (float)."""
        return _stat_of(*self._fusion())

    stat_sum_likelihood = _stat_sum_likelihood

    def _own_parameters(self):
        """Unique parameters of the models of this package (list)."""
        return _parameters_of(self._fusion()[0], [])

    def _used_parameters(self):
        """Unique parameters as a plain list, without the cost of labels."""
        return _parameters_of(*self._fusion())

    def _fusion(self):
        """Fused likelihoods by model, and the datasets that are evaluated for themselves."""
        # a dataset of this package has another version after any change
        key = [getattr(dataset, "_version", dataset) for dataset in self._datasets]
        kept = self._fused
        if kept is None or kept[0] != key or not all(part.is_current() for part in kept[1]):
            groups = {}
            for dataset in self._datasets:
                if isinstance(dataset, CosmicRayDataset):
                    groups.setdefault(dataset._require_model(), []).append(dataset)
            fused = [FusedLikelihood(model, group) for model, group in groups.items()]
            others = [d for d in self._datasets if not isinstance(d, CosmicRayDataset)]
            kept = self._fused = key, fused, others
        return kept[1:]

    def residuals(self):
        """Residuals of all points in the fit, and of the priors.

        Returns
        -------
        `~numpy.ndarray`
            Signed residuals, shape ``(k,)``, whose squares add up to `stat_sum`, apart from
            penalties, datasets of other packages and priors that are not Gaussian.
        """
        fused, _ = self._fusion()
        blocks = [part.residuals(part.values()) for part in fused]
        pulls = [_prior_pull(par) for par in self._used_parameters() if par._prior is not None]
        return np.concatenate([*blocks, pulls])

    @property
    def is_least_squares(self):
        """Whether all of the statistic is in `residuals` (bool)."""
        own = all(isinstance(dataset, CosmicRayDataset) for dataset in self._datasets)
        return own and not self._penalties

    def fake(self, random_state=None):
        """Replace the data of all datasets by simulated ones, drawn around their predictions.

        See `CosmicRayDataset.fake`. Datasets of other packages are asked for their own ``fake``.
        Priors are not touched.

        Parameters
        ----------
        random_state : int, `~numpy.random.Generator` or other, optional
            Seed or source of random numbers, see `random_generator`; one for all datasets.

        Raises
        ------
        ValueError
            If a dataset has no model or no ``fake``; nothing is changed then.
        """
        for dataset in self._datasets:
            if isinstance(dataset, CosmicRayDataset):
                dataset._require_model()
            elif not callable(getattr(dataset, "fake", None)):
                raise ValueError(
                    f"dataset {dataset.name!r}: {type(dataset).__name__} cannot simulate data; "
                    "leave it out"
                )
        rng = random_generator(random_state)
        for dataset in self._datasets:
            own = isinstance(dataset, CosmicRayDataset)
            # gammapy knows NumPy's older generators only
            dataset.fake(rng if own else int(rng.integers(2**32)))

    def write(
        self, filename, filename_models=None, overwrite=False, write_covariance=True, checksum=True
    ):
        """Write datasets, and models if a file is named for them, to YAML files.

        Folders are made as needed, and nothing is written if a file exists already.

        Parameters
        ----------
        filename : path-like
            YAML file of the datasets; their tables go beside it.
        filename_models : path-like, optional
            YAML file of the models.
        overwrite : bool, optional
            Replace existing files.
        write_covariance : bool, optional
            Write the covariance of the models too.
        checksum : bool, optional
            Write checksums into the YAML files.

        Raises
        ------
        FileExistsError
            If a file exists and ``overwrite`` is not set.
        """
        path = Path(filename)
        targets = [path, *(path.parent / d.to_dict()["filename"] for d in self)]
        if filename_models is not None:
            models = Path(filename_models)
            targets += [models, models.with_name(f"{models.stem}_covariance.dat")]
        repeated = sorted({str(t) for t in targets if targets.count(t) > 1})
        if repeated:
            raise ValueError(f"{', '.join(repeated)} would be written twice: rename a dataset")
        present = [str(target) for target in targets if target.exists()]
        if present and not overwrite:
            raise FileExistsError(
                f"{', '.join(present)}: exists already; nothing was written, pass overwrite=True "
                "to replace"
            )
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
        super().write(filename, filename_models, overwrite, write_covariance, checksum)

    # ----------------------------------------------------------------- checks and summaries

    def warn_of_degeneracies(self):
        """Warn, once for each set of free parameters, if the data cannot tell some apart.

        Parameters of models of other packages are left out: their data are not looked at.

        Warns
        -----
        DegenerateParametersWarning
            Names the parameters.
        """
        free = [par for par in self._own_parameters() if not par.frozen]
        key = [(par, par._prior) for par in free]
        if key == self._checked or not free:
            return
        self._checked = key
        for message in find_degeneracies(self):
            warnings.warn(message, DegenerateParametersWarning, stacklevel=4)

    def info_table(self, cumulative=False):
        """Summary of the datasets, one row each.

        Parameters
        ----------
        cumulative : bool, optional
            Of no effect, for compatibility.

        Returns
        -------
        `~astropy.table.Table`
            Names, numbers of points, floors, statistic.
        """
        rows = [dataset.info_dict() for dataset in self]
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = {
            name: ["" if row.get(name) is None else row[name] for row in rows] for name in names
        }
        table = Table({name: _one_kind(values) for name, values in columns.items()})
        if "stat_sum" in table.colnames and table["stat_sum"].dtype.kind == "f":
            table["stat_sum"].format = ".1f"
        return table

    def nuisance_models(self):
        """Nuisance models of the datasets, in use or not (list of `NuisanceModel`)."""
        models = [d.nuisance for d in self._datasets if isinstance(d, CosmicRayDataset)]
        return [m for m in dict.fromkeys(models) if isinstance(m, NuisanceModel)]


def _stat_of(fused, others):
    """Statistic of fused likelihoods and of other datasets."""
    total = 0.0
    for part in fused:
        residuals = part.residuals(part.values())
        total += float(residuals @ residuals)
    for dataset in others:
        total += getattr(dataset, "stat_sum_likelihood", dataset.stat_sum)()
    return total


def _parameters_of(fused, others):
    """Unique parameters of fused likelihoods and of other datasets."""
    if len(fused) == 1 and not others:
        return fused[0].used_parameters()
    models = [model for dataset in others for model in dataset.models or ()]
    used = [part.used_parameters() for part in fused] + [list(m.parameters) for m in models]
    return list(dict.fromkeys(par for parameters in used for par in parameters))


_SAME_SCALE = {"LHAASO-KM2A": "LHAASO", "IceTop-IceCube": "IceTop"}
"""Experiments of another name that measure energies with the same instrument."""


def _share_nuisances(datasets):
    """One nuisance model for the datasets of an experiment.

    Those that came from different collections have one each until here; a model that is in use, or
    that a user has given, stays.
    """
    by_experiment = {}
    for dataset in datasets:
        if isinstance(dataset, CosmicRayDataset) and not dataset._nuisance_given:
            experiment = _SAME_SCALE.get(dataset.experiment, dataset.experiment)
            by_experiment.setdefault(experiment, []).append(dataset)
    for experiment, members in by_experiment.items():
        name = f"{experiment.replace('.', '-').replace(' ', '-')}-nuisance"
        present = [d._nuisance for d in members if _is_shared(d._nuisance, name)]
        # one in use before one at rest
        present.sort(key=lambda nuisance: not nuisance.is_active)
        shared = present[0] if present else NuisanceModel(datasets_names=[], name=name)
        for dataset in members:
            old = dataset._nuisance
            if old is None or (_is_shared(old, name) and not old.is_active):
                dataset.nuisance = shared
        names = [dataset.name for dataset in members if dataset._nuisance is shared]
        shared.datasets_names = list(dict.fromkeys([*shared.datasets_names, *names]))


def _is_shared(nuisance, name):
    """Whether a nuisance model is the one that a collection made under a name."""
    return (
        nuisance is not None and nuisance.name == name and isinstance(nuisance.datasets_names, list)
    )


def short_labels(models):
    """Labels of all parameters, with the model in front only where they repeat."""
    full = models.parameters_unique_names
    short = [label.split(".", 1)[1] for label in full]
    return [s if short.count(s) == 1 else f for s, f in zip(short, full, strict=True)]


def _prior_pull(par):
    """Signed root of the statistic of a Gaussian prior; zero for a prior of another shape."""
    prior = par._prior
    if not is_gaussian(prior):
        return 0.0
    pull = (par._value * gaussian_factor(par) - prior.mu._value) / prior.sigma._value
    return np.sqrt(prior.weight) * pull


def _listed(models):
    return list(models) if isinstance(models, list | tuple) else [models]


def _one_kind(values):
    kinds = {type(value) for value in values}
    return values if len(kinds) == 1 else [str(value) for value in values]
