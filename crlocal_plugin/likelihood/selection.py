"""Parameters before a fit: found, freed, fixed and given priors by name, and checked."""

import math

import astropy.units as u
import numpy as np

from ..components.base import unit_text
from ..components.correlated_priors import own_prior
from ..components.parameters import DEFINITIONS
from ..components.priors import (
    DIPOLE_NORMS,
    ENERGY_SCALES,
    PRIOR_SETS,
    dipole_norm_prior,
    energy_scale_prior,
)
from ..datasets.core import CosmicRayDataset
from ..messages import close_name, unknown_name
from ..models.cosmic_ray import CosmicRayModel
from ..models.nuisance import NuisanceModel
from ..models.prior_sets import set_prior_sets

EXPERIMENT_SETS = {
    "energy-scales": ("energy_scale", ENERGY_SCALES, energy_scale_prior),
    "dipole-norms": ("dipole_norm", DIPOLE_NORMS, dipole_norm_prior),
}
"""Sets of priors on nuisance parameters: which parameter, of which experiments, and the prior."""

_OF_SOME = {
    "hadronic": "tables that were loaded with a list of hadronic models",
    "scatter": "experiments with a table of dipoles",
    "dipole_norm": "experiments with a table of dipoles",
}
"""Nuisance parameters that some datasets have, and which."""


def find_parameters(datasets, name):
    """Find parameters of the models of datasets (dict of str to Parameter, by label).

    Names are those of `free_parameters`; a label may have one of the species that share it, and a
    nuisance the name of its `NuisanceModel` among the models.
    """
    known, experiments = {}, {}
    for model in datasets.models:
        if not isinstance(model, NuisanceModel):
            known.update(zip(model.parameters_unique_names, model.parameters, strict=True))
    own = [dataset for dataset in datasets if isinstance(dataset, CosmicRayDataset)]
    # where tables of an experiment have several, its name means the model that they share
    for dataset in sorted(own, key=lambda d: d.nuisance.name.endswith("-nuisance")):
        owner = dataset.nuisance.name if dataset.has_given_nuisance else dataset.experiment
        for par in dataset.nuisance.parameters:
            known[f"{owner}.{par.name}"] = par
            experiments[f"{dataset.experiment}.{par.name}"] = par
    # a position among hadronic models is one where there are several, a scatter is of dipoles
    effective = {dataset.hadronic for dataset in own if dataset.hadronic_models}
    effective |= {dataset.scatter for dataset in own if dataset.takes_scatter}
    effective |= {dataset.dipole_norm for dataset in own if dataset.has_dipoles}
    known, experiments = (
        {label: par for label, par in group.items() if par.name not in _OF_SOME or par in effective}
        for group in (known, experiments)
    )
    named = experiments | known
    if name in named:
        return {name: named[name]}
    last = name.split(".")[-1]
    found = {label: par for label, par in known.items() if _is_meant(label, name)}
    if found:
        return found
    if last in _OF_SOME:
        raise ValueError(f"no parameter is called {name!r}: only {_OF_SOME[last]} have one")
    close = close_name(name, [*known, *(par.name for par in known.values())])
    hint = f"expected one of {', '.join(known)}" if close is None else f"did you mean {close}?"
    raise ValueError(f"no parameter is called {name!r}; {hint}")


def _is_meant(label, name):
    """Whether a name is that of a label alone, or of one of the species that share it."""
    owner, _, par = label.rpartition(".")
    return name == par or name in [f"{species}.{par}" for species in owner.split("+")]


def free_parameters(datasets, names):
    """Free parameters, by name.

    Parameters
    ----------
    datasets : CosmicRayDatasets
    names : iterable of str
        Labels, such as ``"V_sun"`` or ``"He.Q_0n"``; names, such as ``"Q_0n"``, for all of that
        name; nuisances of an experiment, such as ``"KASCADE.energy_scale"``; ``"scatter"`` or
        ``"dipole_norm"`` for those of all experiments with dipoles.

    Raises
    ------
    ValueError
        If there is no such parameter.
    """
    for par in [par for name in names for par in find_parameters(datasets, name).values()]:
        par.frozen = False


def fix_parameters(datasets, assignments):
    """Freeze parameters, at a value if one is given.

    Parameters
    ----------
    datasets : CosmicRayDatasets
    assignments : iterable of str
        ``NAME`` or ``NAME=VALUE``, the value in the unit of the parameter or with its own, as in
        ``"R_cut=8 PV"``.

    Raises
    ------
    ValueError
        If there is no such parameter, the value cannot be read, is outside the limits or stands
        for several parameters.
    """
    changes = [
        (par, par.value if text is None else read_value(label, par, text))
        for label, par, text in _assigned(datasets, assignments, "fix")
    ]
    for par, value in changes:
        par.value = value
        par.frozen = True


def _assigned(datasets, assignments, verb):
    """Label, parameter and text of each assignment, ``NAME`` (no text) or ``NAME=TEXT``."""
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        found = find_parameters(datasets, name.strip())
        if equals and len(found) > 1:
            raise ValueError(f"{name!r} is several parameters: {verb} one of {', '.join(found)}")
        for label, par in found.items():
            yield label, par, text if equals else None


def parse_ranges(datasets, assignments):
    """Read which parameters to scan, and over which ranges in their units, None if not given.

    An assignment is ``NAME`` or ``NAME=LOW..HIGH``, the ends in the unit of the parameter or with
    one behind the second, as in "x=0.1..10 pc". The ranges are by label.
    """
    labels = dict(zip(datasets.parameters, datasets.parameters.labels, strict=True))
    ranges = {}
    for label, par, text in _assigned(datasets, assignments, "scan"):
        if par.frozen:
            raise ValueError(f"{label} is frozen: free it to scan it, --free {label}")
        ranges[labels[par]] = None if text is None else _range(label, par, text)
    return ranges


def _range(label, par, text):
    low, dots, high = text.partition("..")
    if not dots:
        raise ValueError(
            f"cannot read {text!r} as a range of {label}: expected LOW..HIGH, for example "
            f"{label}={par.value / 2:g}..{par.value * 2:g}"
        )
    unit = high.strip().lstrip("+-.0123456789e").strip()
    if unit and not low.strip().endswith(unit):
        low = f"{low} {unit}"
    ends = read_value(label, par, low), read_value(label, par, high)
    if not ends[0] < ends[1]:
        raise ValueError(f"range of {label}: {ends[0]:g} is not below {ends[1]:g}")
    return ends


def read_quantity(label, par, text):
    """Number in the unit of a parameter, from a text that may have another unit (float)."""
    try:
        quantity = u.Quantity(str(text).strip())
        if quantity.unit == u.one:
            quantity = quantity.value * par.unit
        value = quantity.to_value(par.unit)
        if not np.isfinite(value):
            raise ValueError("not finite")
    except (TypeError, ValueError) as error:
        # astropy adds how to define units of one's own
        reason = str(error).split(" If this is meant to be a custom unit")[0]
        raise ValueError(
            f"cannot read {str(text)!r} as a value of {label}: expected a number, in "
            f"{unit_text(par.unit)} or with a unit ({reason})"
        ) from None
    return float(value)


def read_value(label, par, text):
    """Value of a parameter that its limits allow, see `read_quantity`."""
    value, (low, high) = read_quantity(label, par, text), limits_of(par)
    if not low <= value <= high:
        raise ValueError(f"{label} = {value:g} is outside its limits {low:g} to {high:g}")
    return value


def limits_of(par):
    """Limits of a parameter, infinite where open (two floats)."""
    low, high = par.min, par.max
    return -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high


def limits_follow_units(parameters):
    """Convert limits of the package to the unit that a parameter has got with a value."""
    for par in parameters:
        known = DEFINITIONS.get(par.name)
        if known and par.unit != u.Unit(known.unit):
            low, high = known.min, known.max
            if np.array_equal([par.min, par.max], [low, high], equal_nan=True):
                par.min, par.max = low * u.Unit(known.unit), high * u.Unit(known.unit)


def is_outside(par):
    """Whether a value is outside its limits, by more than the rounding of an optimiser (bool)."""
    ends = low, high = limits_of(par)
    near = any(math.isclose(par._value, end, rel_tol=1e-9) for end in ends)
    return not (low <= par._value <= high or near)


def check_parameters(models):
    """Refuse values, limits and priors that a fit cannot start from; all that are wrong are named.

    ValueError is raised if a number is not finite, a value outside the limits, or a free parameter
    has no range.
    """
    limits_follow_units(models.parameters)
    if not any(map(_fault, models.parameters)):
        return
    found = [
        f"model {model.name!r}: {label} = {par.value:g}, with limits {low:g} to {high:g}: {fault}"
        for model in models
        for label, par in zip(model.parameters_unique_names, model.parameters, strict=True)
        for fault, (low, high) in [(_fault(par), limits_of(par))]
        if fault
    ]
    raise ValueError("; ".join(dict.fromkeys(found)))


def check_correlated(priors, parameters):
    """Refuse correlated priors on parameters that are in no model, or that have another prior.

    ValueError is raised with the name of the parameter; ``parameters`` are those of the models.
    """
    seen = set()
    known = set(map(id, parameters))
    for prior in priors:
        for par in prior.parameters:
            if id(par) not in known:
                raise ValueError(
                    f"{prior}: {par.name} is not a parameter of the models: make the prior with "
                    "their present parameters"
                )
            if own_prior(par) is not None or id(par) in seen:
                raise ValueError(
                    f"{prior}: {par.name} has a second prior, and both would count: remove one "
                    f"(model.{par.name}.prior = None, or model.penalties = [])"
                )
            seen.add(id(par))


def _fault(par):
    """What is wrong with a parameter, and what to do (str), None if nothing is."""
    value, (low, high), prior = par._value, limits_of(par), par._prior
    if not math.isfinite(value):
        return "expected a finite number, set the value"
    if low > high:
        return "expected a minimum below the maximum, change one of them"
    if low == high and not par._frozen:
        return "expected a range for a free parameter, freeze it or change a limit"
    if not low <= value <= high and is_outside(par):
        return "expected a value inside the limits, change it or a limit"
    if prior is None:
        return None
    numbers = {p.name: p.value for p in prior.parameters} | {"weight": prior.weight}
    is_finite = math.isfinite(numbers.get("mu", 0)) and 0 < numbers.get("sigma", 1) < math.inf
    if any(map(math.isnan, numbers.values())) or not is_finite:
        text = ", ".join(f"{name} {number:g}" for name, number in numbers.items())
        return f"its prior has {text}; expected finite numbers and a positive sigma, set another"
    return None


def set_priors(datasets, names):
    """Set priors from external measurements.

    They replace priors on the same parameters, and later sets those of earlier ones. A prior on a
    frozen parameter counts at its value, and shapes the result once the parameter is free.
    Nuisances stay frozen; the sets of `FREE_SETS` free their parameters.

    Parameters
    ----------
    datasets : CosmicRayDatasets
    names : str, list of str or None
        Names of sets: those of `PRIOR_SETS`, "energy-scales" for the experiments of
        `ENERGY_SCALES`, and "dipole-norms" for those of `DIPOLE_NORMS`. None removes all priors of
        the cosmic-ray models.

    Returns
    -------
    dict of str to `~crlocal_plugin.MeasurementPrior` or `~crlocal_plugin.CorrelatedPrior`
        Priors that were set, by the name of the parameter, or experiment and parameter.

    Raises
    ------
    ValueError
        If there is no such set.
    """
    models = [m for m in datasets.models if isinstance(m, CosmicRayModel)]
    if names is None:
        for model in models:
            model.penalties = []
            for par in model.parameters:
                par.prior = None
        return {}
    names = [names] if isinstance(names, str) else list(names)
    known = [*PRIOR_SETS, *EXPERIMENT_SETS]
    for name in names:
        if name not in known:
            raise ValueError(unknown_name(name, known, "set of priors "))
    done = {}
    for model in models:
        done |= set_prior_sets(model, [name for name in names if name not in EXPERIMENT_SETS])
    own = [dataset for dataset in datasets if isinstance(dataset, CosmicRayDataset)]
    for par_name, members, make in (EXPERIMENT_SETS[n] for n in names if n in EXPERIMENT_SETS):
        for dataset in own:
            if dataset.experiment in members:
                label = f"{dataset.experiment}.{par_name}"
                prior = done.setdefault(label, make(dataset.experiment))
                getattr(dataset.nuisance, par_name).prior = prior
    return done
