"""Datasets of an analysis: which tables it means, loaded and given their models."""

import contextlib

from ..catalogue.experiments import HadronicChoice
from ..catalogue.loading import load_datasets
from ..components.component import has_species
from ..datasets.dipole import DipoleDataset
from ..datasets.flux import CosmicRayFluxDataset
from ..likelihood.collection import CosmicRayDatasets
from ..messages import unknown_name
from ..models.nuisance import NuisanceModel
from .errors import AnalysisError

_MISTAKES = (ValueError, TypeError, OSError)
"""What the package raises for something that a user has given."""

_HADRONIC = "hadronic_model: "


@contextlib.contextmanager
def noted(mistakes, location):
    """Note a mistake at a location, and go on.

    Parameters
    ----------
    mistakes : list of tuple
        Location and message of mistakes, to which the one inside is added.
    location : tuple
        Where it was given; those on hadronic models have a key of their own.
    """
    try:
        yield
    except _MISTAKES as error:
        message = str(error)
        if message.startswith(_HADRONIC):
            location, message = ("hadronic_model",), message.removeprefix(_HADRONIC)
        mistakes.append((location, message))


def hadronic_choice(request=None):
    """Choice among the tables of the catalogue that exist for several hadronic models.

    Parameters
    ----------
    request : str, list of str, dict or None
        As for `~crlocal_plugin.load_datasets`.

    Returns
    -------
    `~crlocal_plugin.catalogue.experiments.HadronicChoice`
        The choice.

    Raises
    ------
    ValueError
        If the request is none of these, or names no experiment with several models.
    """
    return HadronicChoice(request)


def tables_of(analysis, mistakes):
    """Tables of all entries.

    Parameters
    ----------
    analysis : Analysis
        Analysis.
    mistakes : list of tuple
        Location and message of mistakes, to which those here are added.

    Returns
    -------
    list of tuple
        Number of the entry, and `~crlocal_plugin.catalogue.selections.SelectionItem`.
    """
    choice, no_choice = hadronic_choice(analysis.hadronic_model), hadronic_choice()
    tables = []
    for number, entry in enumerate(analysis.datasets):
        items = []
        with noted(mistakes, ("datasets", number)):
            items = entry.items(choice)
        if not (items or entry.is_several):
            items = entry.items(no_choice)
        for item in items:
            place = _place_among(tables, item, analysis) if entry.settings else None
            if place is None:
                tables.append((number, item))
            else:
                kept = tables[place][1] if entry.energy_range is None else item
                tables[place] = number, kept
    if not mistakes:
        with noted(mistakes, ("hadronic_model",)):
            choice.require_used()
    return tables


def _place_among(tables, item, analysis):
    """Place of a table that a selection or an experiment has brought, None if there is none."""
    places = (
        place
        for place, (number, table) in enumerate(tables)
        if analysis.datasets[number].is_several and table.name == item.name and item.path is None
    )
    return next(places, None)


def load_tables(analysis, tables, mistakes):
    """Load datasets without model.

    Parameters
    ----------
    analysis : Analysis
        Analysis.
    tables : list of tuple
        As from `tables_of`.
    mistakes : list of tuple
        Location and message of mistakes, to which those here are added.

    Returns
    -------
    CosmicRayDatasets
        The datasets; in case of mistakes those that can be loaded alone.

    Raises
    ------
    AnalysisError
        If there are no tables.
    """
    if not tables:
        raise AnalysisError(mistakes, analysis._places)
    settings = {
        "floors": analysis.floors,
        "apply_declination_factor": analysis.declination_factor,
        "likelihood": analysis.likelihood,
        "systematics": analysis.systematics,
        "valid_only": analysis.valid_only,
    }
    try:
        return load_datasets(
            [item for _, item in tables], allow_overlap=_may_overlap(analysis), **settings
        )
    except _MISTAKES as error:
        message = str(error)
    loaded, n_before = {}, len(mistakes)
    for number, item in tables:
        with noted(mistakes, ("datasets", number)):
            loaded[item.name] = load_datasets(item, **settings)[0]
    if len(mistakes) == n_before:
        mistakes.append((("datasets",), message))
    return CosmicRayDatasets(list(loaded.values()))


def _may_overlap(analysis):
    # a selection for pictures may overlap if it is alone
    alone = len(analysis.datasets) == 1 and analysis.datasets[0].allows_overlap
    return analysis.allow_overlap or alone


def attach_models(analysis, datasets, tables, model, mistakes):
    """Give datasets their models and settings.

    Parameters
    ----------
    analysis : Analysis
        Analysis.
    datasets : CosmicRayDatasets
        Datasets of `load_tables`.
    tables : list of tuple
        As from `tables_of`.
    model : CosmicRayModel
        Model of the analysis.
    mistakes : list of tuple
        Location and message of mistakes, to which those here are added.

    Returns
    -------
    CosmicRayDatasets
        Datasets that take both.

    Raises
    ------
    AnalysisError
        If there are none.
    """
    numbers = {item.name: number for number, item in tables}
    models = [model, *_nuisances(analysis, datasets, model, mistakes)]
    usable, missing = [], {}
    for dataset in datasets:
        number = numbers[dataset.name]
        is_spectrum = isinstance(dataset, CosmicRayFluxDataset)
        if is_spectrum and not has_species(model, dataset.quantity):
            missing.setdefault(number, []).append(dataset.quantity)
            continue
        with noted(mistakes, ("datasets", number)):
            dataset.models = models
            _set_dataset(dataset, analysis.datasets[number])
            usable.append(dataset)
    advice = "add to species of the model what is fitted"
    if not analysis.model.composition:
        advice += ", or set composition to true"
    for number, names in missing.items():
        message = (
            f"the model has no species {', '.join(map(repr, dict.fromkeys(names)))}, only "
            f"{', '.join(model.species)}: {advice}"
        )
        mistakes.append((("datasets", number), message))
    if not usable:
        raise AnalysisError(mistakes, analysis._places)
    return datasets if len(usable) == len(datasets) else CosmicRayDatasets(usable)


def _nuisances(analysis, datasets, model, mistakes):
    """Nuisance models that the analysis makes for some of the datasets (list)."""
    # these mean other parameters already
    taken = {model.name, *(dataset.experiment for dataset in datasets)}
    taken |= {nuisance.name for nuisance in datasets.nuisance_models()}
    # a table that cannot be loaded is no other mistake here
    are_complete = not mistakes
    owners, nuisances = {}, []
    for name, tables in analysis.nuisances.items():
        location = ("nuisances", name)
        with noted(mistakes, location):
            if not name or "." in name or name in taken:
                raise ValueError(
                    f"expected a name of its own without dots, such as calet-nuclei, got {name!r}"
                )
            if not tables:
                raise ValueError("expected at least one table, got none")
            for number, table in enumerate(tables):
                with noted(mistakes, (*location, number)):
                    if table not in datasets.names and are_complete:
                        raise ValueError(unknown_name(table, datasets.names, "table "))
                    if table in owners:
                        raise ValueError(f"{table} is in {owners[table]} already: name it once")
                    owners[table] = name
            own = [table for table in tables if owners.get(table) == name]
            nuisances.append(NuisanceModel(datasets_names=own, name=name))
    return nuisances


def _set_dataset(dataset, entry):
    """Set the floors of an entry, and check that its range leaves something."""
    if entry.floor is not None:
        dataset.floor = entry.floor
    if entry.phase_floor is not None:
        if not isinstance(dataset, DipoleDataset):
            raise ValueError(f"{dataset.name} has no phases: phase_floor is for dipoles")
        dataset.phase_floor = entry.phase_floor
    if entry.energy_range is not None and not (dataset.mask_fit is None or dataset.mask_fit.any()):
        raise ValueError(
            f"no point of {dataset.name} is in this energy_range: they reach from "
            f"{dataset.x.min():.4g} to {dataset.x.max():.4g}"
        )
