"""Free parameters as sliders: groups, ranges, and what is known of each value."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np

from ..components.correlated_priors import PriorShare
from ..components.parameters import DEFINITIONS
from ..components.priors import MEASURED, measured_prior
from ..likelihood.priors import gaussian_in_unit, is_gaussian
from ..likelihood.selection import limits_of
from ..models.cloud import MOTION
from ..models.nuisance import NuisanceModel
from ..models.xue_liu import xue_liu_2025
from ..plots.style import component_label

_SURROUNDINGS = ("x", "R_cr", "B", "delta_local", *MOTION)
_NEAR_THE_SUN, _SEVERAL, _EXPERIMENTS = "Cloud, field and Sun", "Several components", "Experiments"

_FACTOR, _PART, _SIGMAS = 10.0, 0.2, 5.0
"""How far a slider goes: a factor where it is logarithmic, else standard deviations of a prior, or
a part of the value."""


@dataclass(frozen=True)
class Handle:
    """What a slider from ``low`` to ``high`` needs to know of a parameter, in its unit.

    ``published`` has the ends of the 68 % range of the prior, or of what is published where there
    is no prior, and ``source`` is where it is from.
    """

    name: str
    unit: str
    description: str
    group: str
    is_log: bool
    low: float
    high: float
    limits: tuple
    paper: float | None
    published: tuple | None
    source: str

    def place(self, value):
        """Place of a value on the slider, from 0 to 1, the nearest end for one beyond them."""
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.is_log:
            low, high, value = np.log([low, high, value])
        return float((value - low) / (high - low))


def make_handles(datasets, parameters, paper_model=None):
    """Handles of free parameters of datasets, with the values of the paper, or of its model."""
    names, groups, paper = {}, {}, {}
    for model in datasets.models:
        if not isinstance(model, NuisanceModel):
            names |= zip(model.parameters, model.parameters_unique_names, strict=True)
            groups |= _groups(model)
            paper |= _paper_values(model, paper_model)
    for dataset in datasets:
        nuisance = getattr(dataset, "nuisance", None)
        if isinstance(nuisance, NuisanceModel):
            owner = nuisance.name if dataset.has_given_nuisance else dataset.experiment
            for par in nuisance.parameters:
                names.setdefault(par, f"{owner}.{par.name}")
    return [
        _handle(par, names.get(par, par.name), groups.get(par, _EXPERIMENTS), paper.get(par))
        for par in parameters
    ]


def _handle(par, name, group, paper):
    published, source = _published(par)
    limits = limits_of(par)
    known = [value for value in (par.value, paper) if value is not None]
    is_log = par.interp == "log" and min(known) > 0 and published is None
    if is_log:
        low, high = min(known) / _FACTOR, max(known) * _FACTOR
    elif published is not None:
        middle, half = np.mean(published), np.ptp(published) / 2
        low, high = middle - _SIGMAS * half, middle + _SIGMAS * half
    else:
        half = _PART * max(map(abs, known)) or 1.0
        low, high = min(known) - half, max(known) + half
    low, high = min(low, *known), max(high, *known)
    low, high = max(low, limits[0]), min(high, limits[1])
    known = DEFINITIONS.get(par.name)
    description = known.description if known else par.name.replace("_", " ")
    unit = "" if par.unit == u.one else par.unit.to_string("unicode")
    return Handle(
        *(name, unit, description, group, is_log, float(low), float(high), limits),
        *(paper, published, source),
    )


def _published(par):
    prior = par.prior
    if isinstance(prior, PriorShare) and prior.joint is not None:
        mean, covariance = prior.joint.moments()
        mu, sigma = mean[prior.place], np.sqrt(covariance[prior.place, prior.place])
        source = prior.joint.source
    elif is_gaussian(prior) or (prior is None and par.name in MEASURED):
        prior = prior or measured_prior(par.name)
        mu, sigma = gaussian_in_unit(prior, par.unit)
        source = getattr(prior, "source", "")
    else:
        return None, ""
    low, high = limits_of(par)
    return (float(max(mu - sigma, low)), float(min(mu + sigma, high))), source


def _groups(model):
    owners = {}
    for component in model.components.values():
        for submodel in component.models:
            for par in submodel.parameters:
                owners.setdefault(par, set()).add(component.name)
    groups = {}
    for par, names in owners.items():
        alone = component_label(*names) if len(names) == 1 else _SEVERAL
        groups[par] = _NEAR_THE_SUN if par.name in _SURROUNDINGS else alone
    return groups


def _paper_values(model, paper_model):
    if paper_model is None:
        try:
            paper_model = xue_liu_2025(species=model.nuclei, priors=None)
        except ValueError:
            # nuclei of which it knows no abundance, or none at all
            paper_model = xue_liu_2025(priors=None)
    known = dict(zip(paper_model.parameters_unique_names, paper_model.parameters, strict=True))
    found = {}
    for label, par in zip(model.parameters_unique_names, model.parameters, strict=True):
        same = known.get(label)
        if same is not None and same.unit.is_equivalent(par.unit):
            found[par] = float(same.quantity.to_value(par.unit))
    return found
