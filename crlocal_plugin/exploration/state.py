"""Values of free parameters in the hand of a user, and what the data say of them.

Nothing here knows of a page: it is what sliders, buttons and tables show.
"""

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from gammapy.modeling import Fit

from .._version import __version__
from ..analysis.files import analysis_text
from ..likelihood.backends import LEAST_SQUARES
from ..likelihood.collection import CosmicRayDatasets
from ..likelihood.joint_likelihood import JointLikelihood
from ..likelihood.summary import verdict
from ..models.cosmic_ray import CosmicRayModel
from ..plots.subject import find_subject
from .handles import make_handles


@dataclass(frozen=True)
class FitAnswer:
    """What a fit came to: whether it has ended in a minimum, and what there is to say."""

    success: bool
    message: str


class Exploration:
    """Free parameters of datasets, moved one by one.

    It holds copies of models and datasets: those of the caller, and other explorations, see
    nothing of what is done here.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with one CosmicRayModel, in which a parameter is free, or else a ValueError.
    analysis : Analysis, optional
        Description that the datasets are from; `yaml` is one with other values then.
    is_fitted : bool, optional
        Whether the values are those of a fit.

    Attributes
    ----------
    handles : list of Handle
        What a slider needs to know, for each free parameter.
    values, best : `~numpy.ndarray`
        Values in the units of the parameters, in that order: now, and in the last fit or None.
    """

    def __init__(self, datasets, analysis=None, is_fitted=False):
        if not len(datasets):
            raise ValueError(
                "there are no datasets to explore: load some, crl.load_datasets('newest-dipoles')"
            )
        self.datasets, self.analysis = copy.deepcopy(datasets), analysis
        models = [m for m in self.datasets.models if isinstance(m, CosmicRayModel)]
        if len(models) != 1:
            raise ValueError(f"expected datasets of one CosmicRayModel, got {len(models)}")
        (self.model,) = models
        self._likelihood = JointLikelihood(self.datasets)
        if not self._likelihood.size:
            raise ValueError(
                "no parameter is free, and so there is nothing to move: free some, in Python as "
                "model.V_sun.frozen = False, in a file as parameters: {V_sun: {free: true}}"
            )
        paper = analysis and analysis.model.make()
        self.handles = make_handles(self.datasets, self._likelihood.parameters, paper)
        self.values = self._likelihood.values.copy()
        self.best = self.values.copy() if is_fitted else None
        self._start = self.values.copy()
        self.numbers = {
            d.name: int(d.info_dict()["n_fit"]) if hasattr(d, "info_dict") else 0
            for d in self.datasets
        }

    def copy(self):
        """Exploration of its own at the same values."""
        new = Exploration(self.datasets, self.analysis)
        new.best, new._start = self.best, self._start
        return new

    # ----------------------------------------------------------------- values

    def position(self, name):
        """Position of a parameter among the values (int), ValueError if it is not free."""
        names = [handle.name for handle in self.handles]
        if name not in names:
            raise ValueError(f"{name!r} is no free parameter: expected one of {', '.join(names)}")
        return names.index(name)

    def handle(self, name):
        """What a slider needs to know of a parameter (Handle)."""
        return self.handles[self.position(name)]

    def value(self, name):
        """Present value of a parameter (float)."""
        return float(self.values[self.position(name)])

    def move(self, name, value):
        """Give a parameter a value, or the nearest one that its limits allow."""
        values = self.values.copy()
        values[self.position(name)] = np.clip(value, *self.handle(name).limits)
        self.move_to(values)

    def move_to(self, values):
        """Give all free parameters values."""
        self.values = np.array(values, dtype=float)
        self._likelihood.assign(self.values.tolist())
        for k, (handle, value) in enumerate(zip(self.handles, self.values, strict=True)):
            if value < handle.low and not (handle.is_log and value <= 0):
                self.handles[k] = replace(handle, low=float(value))
            elif value > handle.high:
                self.handles[k] = replace(handle, high=float(value))

    def to_paper(self):
        """Go to the values of the paper; what it does not have goes to where it was first."""
        pairs = zip(self.handles, self._start, strict=True)
        self.move_to([start if h.paper is None else h.paper for h, start in pairs])

    def to_best(self):
        """Go to the values of the last fit, if there was one."""
        if self.best is not None:
            self.move_to(self.best)

    # ----------------------------------------------------------------- statistic

    def statistic(self, values=None):
        """Statistic with priors (float), at the present values by default."""
        return float(self._likelihood(self.values if values is None else values))

    def chi2(self):
        """chi2 of each dataset by its name (dict of str to float), in the order of the datasets."""
        found = self._likelihood.chi2(self.values)
        return {dataset.name: found.get(dataset.name, 0.0) for dataset in self.datasets}

    def fit(self):
        """Fit, from the present values (FitAnswer); after one that fails they are kept."""
        datasets = copy.deepcopy(self.datasets)
        backend = self.analysis.backend if self.analysis else LEAST_SQUARES
        before = self.statistic()
        try:
            result = Fit(backend=backend).run(datasets)
        except Exception as error:
            # whatever stops a fit, the page goes on
            return FitAnswer(False, f"the fit failed, values are kept: {error}")
        if not result.optimize_result.success:
            message = f"{verdict(result)}, values are kept: {result.optimize_result.message}"
            return FitAnswer(False, message)
        self.move_to([par.value for par in datasets.parameters.free_parameters])
        self.best = self.values.copy()
        text = f"{verdict(result)}: statistic {before:.1f} → {self.statistic():.1f}"
        return FitAnswer(True, text)

    # ----------------------------------------------------------------- files

    def yaml(self):
        """Present values as YAML (str): an analysis file if there is an analysis, else models."""
        title = f"# Values set by hand with crlocal explore {__version__}\n"
        if self.analysis is None:
            return title + self.datasets.models.to_yaml(full_output=True)
        pairs = zip(self.handles, self.values.tolist(), strict=True)
        entries = {handle.name: {"value": value, "free": True} for handle, value in pairs}
        if any(entry.file for entry in self.analysis.datasets):
            title += f"# Move this file to {Path.cwd()}, from where it names own tables\n"
        return title + analysis_text(self.analysis.changed({"parameters": entries}))


def explored(subject, datasets=None):
    """Exploration of an Analysis, or of a subject and data as ``find_subject`` takes them."""
    if hasattr(subject, "prepare"):
        return Exploration(subject.prepare(), subject)
    if not (isinstance(subject, CosmicRayDatasets) and datasets is None):
        subject = CosmicRayDatasets(find_subject(subject, datasets).fitted_datasets())
    return Exploration(subject)
