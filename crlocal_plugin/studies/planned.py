"""Datasets of measurements that are planned, with what a model predicts for their data."""

import astropy.units as u
import numpy as np
from astropy.table import Table

from ..catalogue.index import rows
from ..catalogue.loading import load_datasets
from ..components.base import intensity_unit
from ..components.correlated_priors import CorrelatedPrior, own_prior
from ..components.priors import PRIOR_SETS, MeasurementPrior
from ..datasets.core import CosmicRayDataset
from ..datasets.dipole import DipoleDataset
from ..datasets.flux import CosmicRayFluxDataset
from ..likelihood.collection import CosmicRayDatasets
from ..likelihood.priors import gaussian_in_unit, is_gaussian
from ..messages import unknown_name
from ..models.prior_sets import set_prior_sets
from ..tables.values import axis_column
from .toys import NoScatter

_FEWEST = 10
"""Events that a bin of a spectrum has at least."""

_ALWAYS = 180.0
"""Largest error of a phase in degrees."""


def predicted(datasets):
    """Copy of datasets with what their models predict as data, and priors around their values.

    All Gaussian priors have their means at the present values. The scatter of dipoles counts as an
    error of the size that it has there.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.

    Returns
    -------
    CosmicRayDatasets

    Raises
    ------
    ValueError
        If a dataset is of another package.
    """
    foreign = [d.name for d in datasets if not isinstance(d, CosmicRayDataset)]
    if foreign:
        names = ", ".join(foreign)
        raise ValueError(f"{names}: not datasets of this package, leave them out")
    datasets = datasets.copy()
    for dataset in datasets:
        _predict(dataset, dataset.scatter_in_use())
    for dataset in datasets:
        if dataset.takes_scatter and dataset.present_nuisance is not None:
            dataset.scatter.value, dataset.scatter.frozen = 0.0, True
    centre_priors(datasets, values_of(datasets))
    return datasets


def with_plan(datasets, plan, exposure=1.0, scatter=None, base=None):
    """Predicted datasets with the measurements of a plan.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Today's datasets with models.
    plan : Plan
        Planned measurements.
    exposure : float, optional
        Factor on the exposure of the plan: squares of statistical errors, and of the errors of
        parameters, are divided by it.
    scatter : float, optional
        Scatter of planned dipoles, in place of that of their experiment or of the plan.
    base : CosmicRayDatasets, optional
        What `predicted` has made of the datasets.

    Returns
    -------
    CosmicRayDatasets
    """
    if scatter is not None and not 0 <= scatter < np.inf:
        raise ValueError(f"scatter is {scatter}: expected a fraction of zero or more")
    new = predicted(datasets) if base is None else base.copy()
    measure_parameters(new, plan, exposure)
    members = {dataset.name: dataset for dataset in new}
    for number, entry in enumerate(plan.measurements, 1):
        if entry["kind"] in ("parameters", "prior_set"):
            continue
        where = f"{plan.name}, measurement {number}"
        for name in entry["replaces"]:
            # a table of the catalogue need not be in the fit
            if name not in datasets.names and name not in rows():
                raise ValueError(f"{where}: {unknown_name(name, datasets.names, 'dataset ')}")
            members.pop(name, None)
        name = f"{plan.name}-{entry.get('name', entry.get('like', number))}"
        if name in members:
            raise ValueError(f"{where}: the name {name} appears twice: use different names")
        members[name] = _planned(where, datasets, new, entry, name, exposure, scatter)
    return CosmicRayDatasets(list(members.values()))


def values_of(datasets):
    """Values of all parameters (dict of str to `~astropy.units.Quantity`), by label."""
    parameters = datasets.parameters
    return {label: par.quantity for label, par in zip(parameters.labels, parameters, strict=True)}


def _predict(dataset, scatter):
    """Replace data by predictions, with the scatter of dipoles as an error."""
    dataset.fake(NoScatter())
    if not scatter or not dataset.takes_scatter:
        return
    if not isinstance(dataset, DipoleDataset):
        raise ValueError(
            f"dataset {dataset.name!r}: forecasts support scatter of dipole tables only: set its "
            "scatter to 0 and freeze it"
        )
    table = dataset.table.copy()
    table.meta["scatter"] = scatter
    spread = scatter * np.asarray(table["amplitude"])
    for name in {"amplitude_errn", "amplitude_errp", "tangential_err"}.intersection(table.colnames):
        table[name] = np.hypot(table[name], spread)
    unit = table["phase_err"].unit
    table["phase_err"] = np.hypot(table["phase_err"], np.rad2deg(scatter))
    table["phase_err"].unit = unit
    dataset.table = table


def centre_priors(datasets, truth):
    """Move the means of Gaussian priors to values (Quantity), by label of the parameter."""
    parameters = datasets.parameters
    values = {
        par: truth[label]
        for label, par in zip(parameters.labels, parameters, strict=True)
        if label in truth
    }
    for par, value in values.items():
        prior = own_prior(par)
        if prior is not None and is_gaussian(prior):
            par.prior = _prior(par, value, gaussian_in_unit(prior, par.unit)[1])
    for model in datasets.models:
        if getattr(model, "penalties", ()):
            model.penalties = [_centred(prior, values) for prior in model.penalties]


def _prior(par, value, sigma):
    return MeasurementPrior(value.to(par.unit), u.Quantity(sigma, par.unit), "forecast")


def _centred(prior, values):
    """Prior on several parameters around other values."""
    mean, covariance = prior.moments()
    units = [par.unit for par in prior.parameters]
    mean = [
        values.get(par, u.Quantity(old, unit))
        for par, old, unit in zip(prior.parameters, mean, units, strict=True)
    ]
    mean = [value.to(unit) for value, unit in zip(mean, units, strict=True)]
    return CorrelatedPrior(prior.parameters, mean, covariance, source=prior.source)


# --------------------------------------------------------------------- parameters


def measure_parameters(datasets, plan, exposure=1.0):
    """Set the priors, around the present values, that planned measurements of parameters are."""
    for number, entry in enumerate(plan.measurements, 1):
        if entry["kind"] in ("parameters", "prior_set"):
            _set_prior(f"{plan.name}, measurement {number}", datasets, entry, exposure)


def _set_prior(where, datasets, entry, exposure):
    models = [model for model in datasets.models if hasattr(model, "penalties")]
    if entry["kind"] == "prior_set":
        frozen = {par: par.frozen for par in datasets.parameters}
        done = [par for model in models for par in set_prior_sets(model, [entry["prior_set"]])]
        for par, was_frozen in frozen.items():
            par.frozen = was_frozen
        if not any(par.name in done and not par.frozen for par in frozen):
            names = ", ".join(PRIOR_SETS[entry["prior_set"]])
            raise ValueError(f"{where}: none of {names} is free: free them, or take the set out")
        for model in models:
            model.penalties = [_scaled(prior, entry, exposure) for prior in model.penalties]
        centre_priors(datasets, values_of(datasets))
        return
    free = datasets.parameters.free_parameters
    known = dict(zip(free.labels, free, strict=True))
    for name, error in entry["parameters"].items():
        if name in datasets.parameters.labels and name not in known:
            raise ValueError(f"{where}: {name} is frozen: free it, or take it out of the plan")
        if name not in known:
            raise ValueError(f"{where}: {unknown_name(name, known, 'free parameter ')}")
        par, error = known[name], u.Quantity(error)
        if error.unit == u.one:
            error = error.value * par.unit
        if not error.unit.is_equivalent(par.unit):
            raise ValueError(f"{where}: {name}: expected an error in {par.unit}, got {error}")
        _measure(models, par, error.to_value(par.unit) / np.sqrt(exposure), entry.get("adds"))


def _scaled(prior, entry, exposure):
    """Prior with the exposure of a plan, if it is that of the plan."""
    if set(prior.names) != set(PRIOR_SETS[entry["prior_set"]]):
        return prior
    mean, covariance = prior.moments()
    return CorrelatedPrior(prior.parameters, mean, covariance / exposure, source=prior.source)


def _measure(models, par, sigma, adds):
    """Measure a parameter: in place of its prior, or beside it."""
    for model in models:
        for prior in model.penalties:
            if par not in prior.parameters:
                continue
            others = [each for each in model.penalties if each is not prior]
            if adds:
                mean, covariance = prior.moments()
                information = np.linalg.inv(covariance)
                place = prior.parameters.index(par)
                information[place, place] += 1 / sigma**2
                covariance = np.linalg.inv(information)
                new = CorrelatedPrior(prior.parameters, mean, covariance, source=prior.source)
                model.penalties = [*others, new]
                return
            model.penalties = [*others, *prior.without(par)]
    prior = own_prior(par)
    if adds and prior is not None and is_gaussian(prior):
        sigma = 1 / np.hypot(1 / sigma, 1 / gaussian_in_unit(prior, par.unit)[1])
    par.prior = _prior(par, par.quantity, sigma)


# --------------------------------------------------------------------- data


def _planned(where, datasets, new, entry, name, exposure, scatter):
    """Dataset of a planned measurement, with the model and the nuisances of predicted datasets."""
    model = _model_of(new)
    own = {key: entry[key] for key in ("experiment",) if key in entry}
    root = 1 / np.sqrt(exposure)
    if entry["kind"] == "like":
        dataset, like = _alike(datasets, entry, name, root)
    else:
        make = _dipole if entry["kind"] == "energy" else _spectrum
        dataset, like = make(where, model, entry | own, name, exposure), None
    if own:
        table = dataset.table.copy()
        table.meta |= own
        dataset.table = table
    dataset.models = [model]
    alike = next((d for d in datasets if d.experiment == dataset.experiment), like)
    if alike is not None and alike.experiment == dataset.experiment:
        # what is free of the experiment is free of the plan
        dataset.nuisance = new[alike.name].nuisance
    scatter = entry.get("scatter") if scatter is None else scatter
    if scatter is None and alike is not None:
        scatter = alike.scatter_in_use()
    _predict(dataset, float(scatter or 0.0))
    return dataset


def _model_of(datasets):
    models = [model for model in datasets.models if hasattr(model, "components")]
    if len(models) != 1:
        raise ValueError(f"expected datasets with one CosmicRayModel, got {len(models)}")
    return models[0]


def _alike(datasets, entry, name, root):
    """Dataset like a shipped one, whose statistical errors are scaled; and that one."""
    like = entry["like"]
    known = like in datasets.names
    found = datasets[like] if known else load_datasets([like], floors=None, scatter=False)[0]
    dataset, table = found.copy(name=name), found.table.copy()
    root = root / np.sqrt(entry["exposure"])
    for column in table.colnames:
        if "_syst" in column:
            table[column] = table[column] * entry.get("systematics", 1.0)
        elif column.endswith(("err", "errn", "errp")):
            table[column] = table[column] * root
    if "phase_err" in table.colnames:
        unit = table["phase_err"].unit
        table["phase_err"] = np.minimum(table["phase_err"], _ALWAYS)
        table["phase_err"].unit = unit
    dataset.table = table
    return dataset, found if known else None


def _dipole(where, model, entry, name, exposure):
    """Dipoles with expected errors."""
    n, events = len(entry["energy"]), entry.get("events")
    error = entry["amplitude_err"] if events is None else np.sqrt(2 / events)
    error = error / np.sqrt(exposure)
    table = Table({"energy": entry["energy"] * u.GeV, "amplitude": np.full(n, 1e-3)})
    table["amplitude_errn"] = table["amplitude_errp"] = table["tangential_err"] = error
    table["phase"] = table["error_axis"] = np.zeros(n) * u.deg
    table["phase_err"] = np.full(n, _ALWAYS) * u.deg
    for key in {"amplitude_syst", "energy_width"}.intersection(entry):
        table[key] = entry[key]
    table.meta["experiment"] = name
    if "latitude" in entry:
        table.meta |= {key: float(entry[key]) for key in ("latitude", "max_zenith")}
        table.meta["amplitude_kind"] = "first_harmonic"
    dataset = DipoleDataset.read(table, name=name)
    if "phase_err" in entry:
        dataset.models = [model]
        predicted = dataset.dipole_pred().amplitude.value / dataset.declination_factor
        table["tangential_err"] = predicted * np.deg2rad(entry["phase_err"]) / np.sqrt(exposure)
        dataset = DipoleDataset.read(table, name=name)
    return dataset


def _spectrum(where, model, entry, name, exposure):
    """Intensities with expected errors."""
    axis = entry["axis"]
    column, unit = axis_column(axis)
    x = np.asarray(entry[column])
    per = intensity_unit(axis)

    def made(x, value, stat, syst, correlation=None):
        table = Table({column: x * unit, "intensity": value * per})
        for kind, errors in (("stat", stat), ("syst", syst)):
            for side in "np":
                table[f"intensity_{kind}_err{side}"] = errors * value * per
        table.meta |= {"experiment": entry.get("experiment", name), "axis": axis}
        table.meta["quantity"] = entry["quantity"]
        return CosmicRayFluxDataset.read(table, name=name, correlation=correlation)

    dataset = made(x, np.ones(len(x)), np.ones(len(x)), np.zeros(len(x)))
    try:
        dataset.models = [model]
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    value = dataset.intensity_pred().to_value(per)
    syst = entry.get("relative_syst", np.zeros(len(x)))
    if "exposure" in entry:
        if len(x) < 2:
            raise ValueError(f"{where}: {column}: expected two points or more beside an exposure")
        middles = np.sqrt(x[1:] * x[:-1])
        edges = np.concatenate([x[:1] ** 2 / middles[:1], middles, x[-1:] ** 2 / middles[-1:]])
        events = value * np.diff(edges) * float(entry["exposure"]) * exposure
        seen = events >= _FEWEST
        if not seen.any():
            raise ValueError(f"{where}: no bin has {_FEWEST} events: expected a larger exposure")
        x, value, syst, stat = x[seen], value[seen], syst[seen], 1 / np.sqrt(events[seen])
    else:
        stat = entry["relative_stat"] / np.sqrt(exposure)
    return made(x, value, stat, syst, entry.get("correlation"))
