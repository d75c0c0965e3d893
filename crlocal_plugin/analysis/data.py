"""Datasets of an analysis: the tables that it means, loaded and given models and parameters."""

from ..catalogue.experiments import HadronicChoice
from ..catalogue.loading import load_datasets
from ..components.component import has_species
from ..components.priors import MeasurementPrior
from ..likelihood.collection import CosmicRayDatasets
from ..likelihood.selection import find_parameters, read_quantity, read_value, set_priors
from ..messages import unknown_name
from ..models.nuisance import NuisanceModel
from .errors import REFUSED, Mistakes
from .schema import ModelEntry

_STRUCTURE = ("model", "datasets", "hadronic_model", "nuisances")
"""Entries on which it depends what tables and parameters there are."""


def prepared(analysis, mistakes):
    """CosmicRayDatasets with models, priors and parameters of an analysis; mistakes are noted.

    What follows from a mistake that is known already is not noted.
    """
    # a species or a table that is missing may be the one that is misspelt
    structure = Mistakes() if mistakes.concern(*_STRUCTURE) else mistakes
    try:
        model = analysis.model.make()
    except REFUSED as error:
        structure.add(("model",), str(error))
        model, structure = ModelEntry().make(), Mistakes()
    tables = _tables(analysis, structure)
    datasets = _with_models(analysis, tables, model, structure)
    if not len(datasets):
        # parameters of the model can be checked beside any dipole
        datasets = load_datasets("auger-2020")
        datasets.models = [model]
    set_priors(datasets, list(analysis.priors))
    known = () if mistakes.concern("model") else model.species
    are_complete = not mistakes.concern(*_STRUCTURE)
    for name, entry in analysis.parameters.items():
        owner, dot, _ = name.partition(".")
        # that of a table which is not there may be right
        of_data = dot or name in NuisanceModel.default_parameters.names
        if are_complete or owner in known or not of_data:
            _set_parameter(datasets, name, entry, mistakes)
    if not mistakes.found and not len(datasets.parameters.free_parameters):
        mistakes.add(("parameters",), "no parameter is left free: there is nothing to fit")
    return datasets


def _tables(analysis, mistakes):
    """Number of the entry and SelectionItem of all tables that can be had (list of tuple)."""
    choice = HadronicChoice(analysis.hadronic_model)
    # tables that a selection or an experiment has brought, by name; an entry may change them
    tables, brought = [], {}
    for number, entry in enumerate(analysis.datasets):
        items = []
        with mistakes.noted("datasets", number):
            items = entry.tables(choice)
        if items and entry.is_several:
            brought |= {item.name: len(tables) + n for n, item in enumerate(items)}
        for item in items:
            place = brought.pop(item.name, None) if entry.settings and not item.path else None
            if place is None:
                tables.append((number, item))
            else:
                kept = tables[place][1] if entry.energy_range is None else item
                tables[place] = number, kept
    if not mistakes.concern("datasets", "hadronic_model"):
        with mistakes.noted("hadronic_model"):
            choice.require_used()
    return tables


def _loaded(analysis, tables, mistakes):
    """Datasets without model (CosmicRayDatasets); after mistakes those that load alone."""
    names = ("floors", "likelihood", "systematics", "valid_only", "energy_width", "scatter")
    settings = analysis.model_dump(include=set(names))
    settings["apply_declination_factor"] = analysis.declination_factor
    # a selection for pictures may overlap if it is alone
    alone = len(analysis.datasets) == 1 and analysis.datasets[0].allows_overlap
    settings["allow_overlap"] = analysis.allow_overlap or alone
    try:
        return load_datasets([item for _, item in tables], **settings)
    except REFUSED as error:
        together = str(error)
    single, datasets = Mistakes(), {}
    for number, item in tables:
        with single.noted("datasets", number):
            datasets[item.name] = load_datasets(item, **settings)[0]
    if tables and not single.found:
        single.add(("datasets",), together)
    mistakes.found += single.found
    return CosmicRayDatasets(list(datasets.values()))


def _with_models(analysis, tables, model, mistakes):
    """Datasets that take their models and the settings of their entries (CosmicRayDatasets)."""
    datasets = _loaded(analysis, tables, mistakes)
    numbers = {item.name: number for number, item in tables}
    models = [model, *_nuisances(analysis, datasets, model, mistakes)]
    usable, missing = [], {}
    for dataset in datasets:
        number = numbers[dataset.name]
        if dataset.kind == "spectrum" and not has_species(model, dataset.quantity):
            missing.setdefault(number, {})[dataset.quantity] = None
            continue
        with mistakes.noted("datasets", number):
            dataset.models = models
            _set_dataset(dataset, analysis.datasets[number])
            usable.append(dataset)
    advice = "" if analysis.model.composition else ", or set composition to true"
    for number, names in missing.items():
        message = (
            f"the model has no species {', '.join(map(repr, names))}, only "
            f"{', '.join(model.species)}: add to species of the model what is fitted{advice}"
        )
        mistakes.add(("datasets", number), message)
    return datasets if len(usable) == len(datasets) else CosmicRayDatasets(usable)


def _nuisances(analysis, datasets, model, mistakes):
    """Nuisance models that the analysis makes for some of the datasets (list)."""
    # these mean other parameters already
    taken = {model.name, *(dataset.experiment for dataset in datasets)}
    taken |= {nuisance.name for nuisance in datasets.nuisance_models()}
    # a table that cannot be loaded is no other mistake here
    are_complete = not mistakes.concern(*_STRUCTURE)
    owners, nuisances = {}, []
    for name, tables in analysis.nuisances.items():
        with mistakes.noted("nuisances", name):
            if not name or "." in name or name in taken:
                raise ValueError(
                    f"expected a name of its own without dots, such as calet-nuclei, got {name!r}"
                )
            if not tables:
                raise ValueError("expected at least one table, got none")
            for number, table in enumerate(tables):
                with mistakes.noted("nuisances", name, number):
                    if table not in datasets.names and are_complete:
                        raise ValueError(unknown_name(table, datasets.names, "table "))
                    if table in owners:
                        raise ValueError(f"{table} is in {owners[table]} already: name it once")
                    owners[table] = name
            own = [table for table in tables if owners.get(table) == name]
            nuisances.append(NuisanceModel(datasets_names=own, name=name))
    return nuisances


def _set_dataset(dataset, entry):
    """Set floors and correlation of an entry, and check that its range leaves something."""
    for name in set(entry.settings) - {"energy_range"}:
        if name not in dataset.settings:
            lacks = {
                "phase_floor": "has no phases: phase_floor is for dipoles",
                "correlation": "is a dipole: correlation is for spectra and <ln A>",
            }
            raise ValueError(f"{dataset.name} {lacks[name]}")
        setattr(dataset, name, getattr(entry, name))
    if entry.energy_range is not None and not (dataset.mask_fit is None or dataset.mask_fit.any()):
        raise ValueError(
            f"no point of {dataset.name} is in this energy_range: they reach from "
            f"{dataset.x.min():.4g} to {dataset.x.max():.4g}"
        )


def _set_parameter(datasets, name, entry, mistakes):
    """Set limits, value, status and prior of the parameters of a name."""
    location, found = ("parameters", name), {}
    with mistakes.noted(*location):
        found = find_parameters(datasets, name)
        if entry.value is not None and len(found) > 1:
            raise ValueError(f"{name} is several parameters: set one of {', '.join(found)}")
    for label, par in found.items():
        limits = {"min": par.min, "max": par.max}
        for key in [key for key in limits if getattr(entry, key) is not None]:
            with mistakes.noted(*location, key):
                limits[key] = read_value(label, par, getattr(entry, key))
        with mistakes.noted(*location):
            if limits["min"] >= limits["max"]:
                raise ValueError(f"min {limits['min']:g} is not below max {limits['max']:g}")
            par.min, par.max = limits.values()
        with mistakes.noted(*location, "value"):
            given = entry.value is not None and len(found) == 1
            par.value = read_value(label, par, entry.value if given else par.value)
        if entry.free is not None:
            par.frozen = not entry.free
        with mistakes.noted(*location, "prior"):
            if "prior" in entry.model_fields_set:
                _part_from_others(datasets, par)
            if entry.prior is not None:
                given = entry.prior.mean, entry.prior.sigma
                numbers = [read_quantity(label, par, value) * par.unit for value in given]
                par.prior = MeasurementPrior(*numbers, entry.prior.source)
            elif "prior" in entry.model_fields_set:
                par.prior = None


def _part_from_others(datasets, par):
    """Leave a parameter out of the priors that it has with others."""
    for model in datasets.models:
        priors = getattr(model, "penalties", ())
        if any(par in prior.parameters for prior in priors):
            model.penalties = [
                part
                for prior in priors
                for part in (prior.without(par) if par in prior.parameters else [prior])
            ]
