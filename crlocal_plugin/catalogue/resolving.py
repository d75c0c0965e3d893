"""From names that a user gives to tables: selections, tables, experiments and files."""

import itertools
import os
from pathlib import Path

from .experiments import HadronicChoice, experiment_named, hadronic_models
from .index import no_such, rows
from .overlaps import refuse_overlaps
from .selections import SELECTIONS, SelectionItem

FILE_SUFFIXES = {".ecsv", ".fits", ".csv"}
"""Suffixes by which a name is one of a file, be it there or not."""


def resolve(names, *, allow_overlap=False, hadronic_model=None):
    """Turn names into tables to load, refusing tables that share events.

    Parameters
    ----------
    names : str, path-like, SelectionItem, or list of those
        Selections, tables, experiments, files, or tables that are cut. An experiment stands for
        its newest spectra and <ln A>, without sums beside their parts.
    allow_overlap : bool
        Whether tables that share events may come together. A selection that allows it by itself
        needs no flag if it is the only name. Files are never refused for this reason.
    hadronic_model : str, list of str or dict, optional
        Hadronic model of tables that exist for several; a list, of which the others become
        ``alternatives`` of the first; or either by experiment.

    Returns
    -------
    list of SelectionItem
        The tables, in the order of the names.

    Raises
    ------
    ValueError
        As from `~crlocal_plugin.load_datasets`, or if there is no name or a table comes twice.
    """
    alone = isinstance(names, str | os.PathLike | SelectionItem)
    names = [names] if alone else list(names)
    if not names:
        raise ValueError("expected at least one selection, table or file, got none")
    choice = HadronicChoice(hadronic_model)
    items = [item for name in names for item in tables_named(name, choice)]
    choice.require_used()
    for one, other in itertools.combinations(items, 2):
        if one.name == other.name:
            raise ValueError(
                f"table {one.name!r} is asked for twice; name it once, and give a file of your own "
                "another name"
            )
    selection = SELECTIONS.get(names[0]) if len(names) == 1 else None
    if not (allow_overlap or (selection and selection.allow_overlap)):
        refuse_overlaps(items)
    return items


def tables_named(name, choice):
    """Tables of one name as for `resolve`, for the hadronic models of a HadronicChoice (list)."""
    return [choice.apply(item) for item in _items(name, choice)]


def any_tables(names):
    """Tables that names may stand for; those of an experiment for each of its hadronic models."""
    items = []
    for name in names:
        is_table = name in SELECTIONS or name in rows()
        experiment = None if is_table else experiment_named(name)
        for model in hadronic_models().get(experiment, [None]):
            items += _items(name, HadronicChoice(model))
    return items


def _items(name, choice):
    if isinstance(name, SelectionItem):
        return (name,)
    if name in SELECTIONS:
        return SELECTIONS[name].items
    if name in rows():
        # a name out of a table is a text of NumPy
        return (SelectionItem(str(name)),)
    path = Path(name)
    experiment = None if path.suffix in FILE_SUFFIXES else experiment_named(name)
    if experiment is not None:
        return tuple(map(SelectionItem, choice.tables(experiment)))
    if path.suffix in FILE_SUFFIXES or path.is_file():
        return (SelectionItem(path.stem, path=path),)
    known = [*SELECTIONS, *rows(), *(row["experiment"] for row in rows().values())]
    raise ValueError(no_such(name, "selection, table, experiment or file", known))
