"""gammapy Datasets that keep their models and evaluate all datasets of a model together."""

import warnings
from pathlib import Path

import numpy as np
from astropy.table import Table
from gammapy.datasets import Datasets
from gammapy.modeling.models import DatasetModels

from ..models import CosmicRayModel, NuisanceModel
from ..models.cosmic_ray import LabelledParameters
from .core import CosmicRayDataset
from .identifiability import DegenerateParametersWarning, find_degeneracies
from .joint import FusedLikelihood
from .preparation import prepare_fit

__all__ = ["CosmicRayDatasets", "LabelledDatasetModels"]


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
        labels = [name.split(".", 1)[1] for name in self.parameters_unique_names]
        table.replace_column("name", labels)
        table.remove_columns(["type", "link"])
        return table


class FitParameters(LabelledParameters):
    """Unique parameters of datasets, which check before a fit that data can tell them apart."""

    def __init__(self, parameters=None, labels=None, datasets=None):
        super().__init__(parameters, labels)
        self._datasets = datasets

    def check_limits(self):
        """Warn of values outside their limits, and of free parameters that are degenerate."""
        super().check_limits()
        if self._datasets is not None:
            self._datasets.warn_of_degeneracies()

    def autoscale(self):
        """Prepare the parameters for an optimiser, see `prepare_fit`."""
        super().autoscale()
        if self._datasets is not None and self._datasets.is_least_squares:
            prepare_fit(self._datasets, self)


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
        self._kept = None
        self._fused = None
        self._checked = None

    def __getstate__(self):
        return {**self.__dict__, "_kept": None, "_fused": None, "_checked": None}

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
        self._covariance = None
        self._kept = None
        if models is not None:
            models = DatasetModels(models if isinstance(models, DatasetModels) else _listed(models))
        for dataset in self:
            dataset.models = models

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
        labels = dict(zip(models.parameters, models.parameters_unique_names, strict=True))
        short = {par: label.split(".", 1)[1] for par, label in labels.items()}
        unique = list(short)
        names = list(short.values())
        labels = [n if names.count(n) == 1 else labels[p] for p, n in short.items()]
        return FitParameters(unique, labels, self)

    # ----------------------------------------------------------------- statistic

    def stat_sum(self):
        """Statistic of all datasets with priors and penalties, each counted once (float)."""
        total = self._stat_sum_likelihood()
        for par in self._used_parameters():
            if par._prior is not None:
                total += par._prior(par)
        for penalty in self._penalties or []:
            total += penalty.stat_sum()
        return total

    def _stat_sum_likelihood(self):
        """Statistic of all datasets without priors (float)."""
        total = 0.0
        fused, others = self._fusion()
        for part in fused:
            residuals = part.residuals(part.evaluator.values())
            total += float(residuals @ residuals)
        for dataset in others:
            total += getattr(dataset, "stat_sum_likelihood", dataset.stat_sum)()
        return total

    stat_sum_likelihood = _stat_sum_likelihood

    def _used_parameters(self):
        """Unique parameters as a plain list, without the cost of labels."""
        unique = {}
        for model in self._used_models():
            if isinstance(model, CosmicRayModel):
                unique.update(dict.fromkeys(model.evaluator.parameters))
            else:
                unique.update(dict.fromkeys(model.parameters))
        return list(unique)

    def _fusion(self):
        """Fused likelihoods by model, and the datasets that are evaluated for themselves."""
        own = [d for d in self._datasets if isinstance(d, CosmicRayDataset)]
        groups = {}
        for dataset in own:
            groups.setdefault(dataset._require_model(), []).append(dataset)
        evaluators = [model.evaluator for model in groups]
        key = own, [d._version for d in own], evaluators
        if self._fused is None or self._fused[0] != key:
            fused = [FusedLikelihood(model, group) for model, group in groups.items()]
            self._fused = key, fused
        others = [d for d in self._datasets if not isinstance(d, CosmicRayDataset)]
        return self._fused[1], others

    def residuals(self):
        """Residuals of all points in the fit, and of the priors.

        Returns
        -------
        `~numpy.ndarray`
            Signed residuals, shape ``(k,)``, whose squares add up to `stat_sum`, apart from
            penalties, datasets of other packages and priors that are not Gaussian.
        """
        fused, _ = self._fusion()
        blocks = [part.residuals(part.evaluator.values()) for part in fused]
        pulls = [_prior_pull(par) for par in self._used_parameters() if par._prior is not None]
        return np.concatenate([*blocks, pulls])

    @property
    def is_least_squares(self):
        """Whether all of the statistic is in `residuals` (bool)."""
        own = all(isinstance(dataset, CosmicRayDataset) for dataset in self._datasets)
        return own and not self._penalties

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

        Warns
        -----
        DegenerateParametersWarning
            Names the parameters.
        """
        free = [par for par in self._used_parameters() if not par.frozen]
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


def _prior_pull(par):
    """Signed root of the statistic of a Gaussian prior; zero for a prior of another shape."""
    prior = par._prior
    mu, sigma = getattr(prior, "mu", None), getattr(prior, "sigma", None)
    if mu is None or sigma is None:
        return 0.0
    factor = par._unit.to(mu._unit) if par._unit != mu._unit else 1.0
    return np.sqrt(prior.weight) * (par._value * factor - mu._value) / sigma._value


def _listed(models):
    return list(models) if isinstance(models, list | tuple) else [models]


def _one_kind(values):
    kinds = {type(value) for value in values}
    return values if len(kinds) == 1 else [str(value) for value in values]
