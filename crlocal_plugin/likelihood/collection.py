"""gammapy Datasets that keep their models and evaluate all datasets of a model together."""

import copy
import itertools
import warnings
from pathlib import Path

import numpy as np
from astropy.table import Table
from gammapy.datasets import Datasets
from gammapy.modeling.models import DatasetModels
from gammapy.utils.scripts import make_path

from ..components.correlated_priors import CorrelatedPrior, own_prior
from ..datasets.core import CosmicRayDataset
from ..datasets.modelling import applies_to
from ..files import refuse_existing
from ..models.cosmic_ray import CosmicRayModel
from ..models.nuisance import NuisanceModel
from ..random_numbers import random_generator
from .degeneracies import DegenerateParametersWarning, find_degeneracies
from .fused import FusedLikelihood, FusedPart, OwnSpeedPart
from .preparation import FitParameters, LabelledDatasetModels, short_labels
from .priors import PriorTerms
from .saved import check_yaml, read_models
from .selection import check_correlated


class CosmicRayDatasets(Datasets):
    """Datasets with a fast joint likelihood.

    Models, parameters and covariance are those of gammapy's `~gammapy.datasets.Datasets`, but
    kept instead of rebuilt at every call, and all points of one `CosmicRayModel` are evaluated
    together. Other gammapy datasets may be in the list; they are evaluated as usual.

    Parameters
    ----------
    datasets : list of `~gammapy.datasets.Dataset`

    Attributes
    ----------
    n_starts : int or None
        Starts from which a fit looks for the lowest minimum before gammapy's optimiser takes over,
        the first from the present values; 0 for a descent from these alone, None for 24 to 200, as
        many as take about a second.
    prepares_fits : bool
        Whether a fit begins with least-squares descents at all.
    preparation : object or None
        What these did, with ``preparation.minima``, which ``result.models.minima`` has too.
    """

    def __init__(self, datasets=None):
        super().__init__(datasets)
        _share_nuisances(self._datasets)
        self._kept = self._fused = self._priors = self._checked = self.preparation = None
        self.prepares_fits, self.n_starts, self.search = True, None, None

    def __getstate__(self):
        passing = dict.fromkeys(("_fused", "_priors", "_checked", "preparation", "search"))
        return {**self.__dict__, **passing}

    # ----------------------------------------------------------------- models

    @property
    def models(self):
        """Unique models of all datasets (`LabelledDatasetModels`)."""
        models = self.used_models()
        kept = self._kept
        if kept is None or kept._models != models or kept._penalties is not self._penalties:
            kept = self._kept = LabelledDatasetModels(models, penalties=self._penalties)
        return kept

    @models.setter
    def models(self, models):
        self._penalties, self._kept = getattr(models, "_penalties", None), None
        if models is not None:
            models = DatasetModels(list(models) if isinstance(models, tuple) else models)
        plain = None if models is None else list(models)
        _refuse_for_others(self._datasets, plain or ())
        for dataset in self:
            dataset.models = plain if isinstance(dataset, CosmicRayDataset) else models
        if models is not None:
            # models alone do not know the covariance between a parameter of one and of another
            given = set(models.parameters)
            used = [par for par in self.models.parameters if par in given]
            self.models.covariance.set_subcovariance(models.covariance.get_subcovariance(used))

    def used_models(self):
        """Unique models of all datasets as a plain list."""
        used = [
            d.used_models() if isinstance(d, CosmicRayDataset) else d.models or []
            for d in self._datasets
        ]
        return list(dict.fromkeys(itertools.chain(*used)))

    @property
    def parameters(self):
        """Unique parameters of all models (`LabelledParameters`)."""
        models = self.models
        labels = dict(zip(models.parameters, short_labels(models), strict=True))
        return FitParameters(list(labels), list(labels.values()), self)

    # ----------------------------------------------------------------- statistic

    def stat_sum(self):
        """Statistic of all datasets with priors and penalties, each counted once (float)."""
        fused, others = self.fusion()
        used = _parameters_of(fused, others)
        models = [part.model for part in fused] + [m for d in others for m in d.models or ()]
        penalties = [penalty.stat_sum() for penalty in self._penalties_with(models)]
        return _stat_of(fused, others) + self._prior_stat(used) + sum(penalties)

    def _prior_stat(self, parameters):
        """Statistic of the priors of parameters, of which most have none."""
        key = parameters, [par._prior for par in parameters]
        if self._priors is None or self._priors[0] != key:
            own = [(prior, par) for par in parameters if (prior := own_prior(par)) is not None]
            self._priors = key, own
        return sum([prior(par) for prior, par in self._priors[1]])

    def _stat_sum_likelihood(self):
        """Statistic of all datasets without priors (float)."""
        return _stat_of(*self.fusion())

    stat_sum_likelihood = _stat_sum_likelihood

    @property
    def penalties(self):
        """Penalties of the models, and those that gammapy was given beside them, once (list)."""
        return self._penalties_with(self.used_models())

    def _penalties_with(self, models):
        of_models = [penalty for model in models for penalty in getattr(model, "penalties", ())]
        return list(dict.fromkeys([*(self._penalties or ()), *of_models]))

    @property
    def correlated_priors(self):
        """Those of them that are Gaussian (list of `~crlocal_plugin.CorrelatedPrior`).

        ValueError if one has a parameter that is in no model, or that has another prior too.
        """
        priors = [penalty for penalty in self.penalties if isinstance(penalty, CorrelatedPrior)]
        if priors:
            check_correlated(priors, self.models.parameters)
        return priors

    @property
    def other_penalties(self):
        """Those that only their own methods evaluate (list)."""
        return [p for p in self.penalties if not isinstance(p, CorrelatedPrior)]

    def stat_sum_penalties(self):
        """Statistic of the penalties (float)."""
        return sum(penalty.stat_sum() for penalty in self.penalties)

    def used_parameters(self):
        """Unique parameters of models and nuisance models in use, without the cost of labels."""
        return _parameters_of(*self.fusion())

    def own_parameters(self):
        """Those of them that are in models of datasets of this package."""
        fused, others = self.fusion()
        return _parameters_of(fused, _own(others))

    def fusion(self):
        """Fused likelihoods by model, and the datasets that are evaluated for themselves."""
        # a dataset of this package has another version after any change
        key = [getattr(dataset, "version", dataset) for dataset in self._datasets]
        kept = self._fused
        if kept is None or kept[0] != key or not all(part.is_current() for part in kept[1]):
            groups = {dataset.require_model(): [] for dataset in _own(self._datasets)}
            joined = [dataset for dataset in _own(self._datasets) if dataset.is_joined]
            for dataset in _own(self._datasets):
                dataset.require_fittable()
                dataset.require_different_events(self._datasets)
            for dataset in joined:
                groups[dataset.model].append(dataset)
            fused = [FusedLikelihood(model, group) for model, group in groups.items() if group]
            kept = self._fused = key, fused, [d for d in self._datasets if d not in joined]
        return kept[1:]

    def likelihood_parts(self, varied):
        """Parts of a joint likelihood of some parameters (list of FusedPart and OwnSpeedPart)."""
        fused, others = self.fusion()
        penalties = self.other_penalties
        are_own = not penalties and len(_own(others)) == len(others)
        parts = []
        for part in fused:
            # what only gammapy's objects can evaluate
            if part.evaluator.foreign.intersection(varied):
                others, are_own = [*others, *part.datasets], False
            else:
                parts.append(FusedPart(part, varied))
        if others or penalties:
            rest = copy.copy(self)
            rest.__dict__.update(_datasets=others, _kept=None, _penalties=penalties)
            parts.append(OwnSpeedPart(rest, varied, are_own))
        return parts

    def data_residuals(self):
        """Residuals of all points in the fit, shape ``(k,)``."""
        fused, others = self.fusion()
        blocks = [np.zeros(0), *(part.residuals(part.values()) for part in fused)]
        blocks += [d.signed_residuals()[d.rows_in_fit].ravel() for d in _own(others)]
        return np.concatenate(blocks)

    def residuals(self):
        """Signed residuals of all points in the fit and of the priors, shape ``(k,)``.

        Their squares add up to `stat_sum`, apart from penalties and datasets of other packages
        and priors that are not Gaussian.
        """
        used = self.used_parameters()
        values = np.array([par.value for par in used])
        priors = PriorTerms(used, used, self.correlated_priors)
        return np.concatenate([self.data_residuals(), priors.pulls(values)])

    @property
    def is_least_squares(self):
        """Whether all of the statistic is in `residuals` (bool)."""
        own = [d for d in _own(self._datasets) if d.is_least_squares]
        return not self.other_penalties and len(own) == len(self._datasets)

    def fake(self, random_state=None):
        """Replace the data of all datasets by simulated ones, drawn around their predictions.

        Datasets of other packages are asked for their own ``fake``. Priors are not touched.

        Parameters
        ----------
        random_state : int, `~numpy.random.Generator` or other, optional
            As for `CosmicRayDataset.fake`, one for all datasets.

        Raises
        ------
        ValueError
            If a dataset has no model or no ``fake``; nothing is changed then.
        """
        for dataset in self._datasets:
            if isinstance(dataset, CosmicRayDataset):
                dataset.require_model()
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
        filename, filename_models : path-like
            YAML files of the datasets, whose tables go beside it, and of the models.
        overwrite, write_covariance, checksum : bool, optional
            Replace existing files; write the covariance too; write checksums into the YAML files.

        Raises
        ------
        FileExistsError
            If a file exists and ``overwrite`` is not set.
        ValueError
            If a class is not registered with gammapy, so that it could not be read.
        """
        path = Path(filename)
        targets = [path, *(path.parent / d.to_dict()["filename"] for d in self)]
        if filename_models is not None:
            # refused before anything is written
            self.models.to_dict()
            models = Path(filename_models)
            targets += [models, models.with_name(f"{models.stem}_covariance.dat")]
        repeated = sorted({str(t) for t in targets if targets.count(t) > 1})
        if repeated:
            raise ValueError(f"{', '.join(repeated)} would be written twice: rename a dataset")
        refuse_existing(*targets, overwrite=overwrite)
        for target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
        super().write(filename, filename_models, overwrite, write_covariance, checksum)

    @classmethod
    def read(cls, filename, filename_models=None, lazy=True, cache=True, checksum=True):
        """Read datasets, and models if a file is named for them, that `write` has written.

        Parameters
        ----------
        filename, filename_models : path-like
            YAML files of datasets and models.
        lazy, cache : bool, optional
            As in gammapy, for datasets of other packages.
        checksum : bool, optional
            Refuse YAML files that are not as they were written.

        Returns
        -------
        CosmicRayDatasets
            The datasets.

        Raises
        ------
        ValueError
            If a file is damaged or a parameter allows no fit, see `JointLikelihood`; it is named.
        """
        check_yaml(make_path(filename), "datasets", checksum)
        datasets = super().read(filename, lazy=lazy, cache=cache, checksum=False)
        if filename_models is not None:
            datasets.models = read_models(filename_models, checksum)
        return datasets

    # ----------------------------------------------------------------- checks and summaries

    def warn_of_degeneracies(self):
        """Warn, once for each set of free parameters, if the data do not determine some.

        The DegenerateParametersWarning names them. Parameters of models of other packages are left
        out: their data are not looked at.
        """
        free = [par for par in self.own_parameters() if not par.frozen]
        key = [(par, par._prior) for par in free] + self.penalties
        if key == self._checked or not free:
            return
        self._checked = key
        for message in find_degeneracies(self):
            warnings.warn(message, DegenerateParametersWarning, stacklevel=4)

    def info_table(self, cumulative=False):
        """Table of the datasets: names, numbers of points, floors, statistic; one row each.

        ``cumulative`` is of no effect, for compatibility.
        """
        rows, table = [dataset.info_dict() for dataset in self], Table()
        for name in dict.fromkeys(name for row in rows for name in row):
            values = ["" if row.get(name) is None else row[name] for row in rows]
            table[name] = values if len(set(map(type, values))) == 1 else list(map(str, values))
        if "stat_sum" in table.colnames and table["stat_sum"].dtype.kind == "f":
            table["stat_sum"].format = ".1f"
        return table

    def nuisance_models(self):
        """Nuisance models of the datasets, in use or not (list of `NuisanceModel`)."""
        models = dict.fromkeys(dataset.nuisance for dataset in _own(self._datasets))
        return [model for model in models if isinstance(model, NuisanceModel)]


def _refuse_for_others(datasets, models):
    """Refuse a model of cosmic rays for a dataset of gammapy, which has no use for it."""
    for dataset in datasets:
        if type(dataset).__module__.split(".")[0] != "gammapy":
            continue
        for model in models:
            if isinstance(model, CosmicRayModel) and applies_to(model.datasets_names, dataset.name):
                own = [one.name for one in _own(datasets)]
                raise ValueError(
                    f"dataset {dataset.name!r} is a {type(dataset).__name__} of gammapy, and model "
                    f"{model.name!r} predicts cosmic rays: say which datasets it is for, "
                    f"model.datasets_names = {own}"
                )


def _own(datasets):
    """Those of the datasets that are of this package."""
    return [dataset for dataset in datasets if isinstance(dataset, CosmicRayDataset)]


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
    used = [part.used_parameters() for part in fused]
    used += [model.parameters for dataset in others for model in dataset.models or ()]
    return list(dict.fromkeys(itertools.chain(*used)))


_SAME_SCALE = {"LHAASO-KM2A": "LHAASO", "IceTop-IceCube": "IceTop"}
"""Experiments of another name that measure energies with the same instrument."""


def _share_nuisances(datasets):
    """One nuisance model for the datasets of an experiment.

    Those that came from different collections have one each until here; a model that is in use, or
    that a user has given, stays.
    """
    by_experiment = {}
    for dataset in _own(datasets):
        if not dataset.has_given_nuisance:
            experiment = _SAME_SCALE.get(dataset.experiment, dataset.experiment)
            by_experiment.setdefault(experiment, []).append(dataset)
    for experiment, members in by_experiment.items():
        name = f"{experiment.replace('.', '-').replace(' ', '-')}-nuisance"
        present = [d.present_nuisance for d in members if _is_shared(d.present_nuisance, name)]
        # one in use before one at rest
        new = NuisanceModel(datasets_names=[], name=name)
        shared = min(present, key=lambda nuisance: not nuisance.is_active, default=new)
        for dataset in members:
            old = dataset.present_nuisance
            is_free = _is_shared(old, name) and (not old.is_active or _are_alike(old, shared))
            if old is None or is_free:
                dataset.nuisance = shared
        names = [dataset.name for dataset in members if dataset.present_nuisance is shared]
        shared.datasets_names = list(dict.fromkeys([*shared.datasets_names, *names]))


def _is_shared(nuisance, name):
    """Whether a nuisance model is the one that a collection made under a name."""
    return (
        nuisance is not None and nuisance.name == name and isinstance(nuisance.datasets_names, list)
    )


def _are_alike(one, other):
    """Whether two nuisance models are in the same state."""
    pairs = zip(one.parameters, other.parameters, strict=True)
    return all(
        (a.value, a.frozen, a.min, a.max, str(a.prior))
        == (b.value, b.frozen, b.min, b.max, str(b.prior))
        for a, b in pairs
    )
