"""Catalogue of the tables that the package ships, and named selections of them.

To add a table: put the ECSV file into ``data/spectra`` or ``data/anisotropy``, add its row to
``data/index.ecsv``, and, if it shares events with a table of another experiment, its pair to
``_JOINT_ANALYSES`` below.
"""

import difflib
import functools
import itertools
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import Table

from ..physics.species import ELEMENT_GROUPS
from ..tables.writing import (
    read_dipole_table,
    read_flux_table,
    read_mean_log_mass_table,
)
from .experiments import (
    HadronicChoice,
    experiment_named,
)

_READERS = {
    "spectrum": read_flux_table,
    "mean_log_mass": read_mean_log_mass_table,
    "dipole": read_dipole_table,
}

_GV = u.Unit("GV")

FILE_SUFFIXES = {".ecsv", ".fits", ".csv"}
"""Suffixes by which a name is one of a file, be it there or not."""

_CONTAINED = {"light": ("H", "He"), **ELEMENT_GROUPS}
"""Nuclei by the sums of them that have tables."""

_JOINT_ANALYSES = {
    frozenset({"hawc-icecube-2019", "hawc-2018"}): "the joint analysis contains the HAWC events",
    frozenset({"hawc-icecube-2019", "icecube-2016"}): "both contain the same IceCube years",
    frozenset({"hawc-icecube-2019", "icecube-2025"}): "both contain the same IceCube years",
}
"""Dipole tables of different experiments that share events."""

_SPLIT_BY_ENERGY = {
    "ARGO-YBJ": "the later analysis contains the events of the earlier one",
    "Tibet ASgamma": "the two analyses share years of data",
}
"""Experiments whose dipole analyses share events only where their energies meet."""


class OverlapError(ValueError):
    """Tables that share events were asked for together."""


@dataclass(frozen=True)
class SelectionItem:
    """A table, or the part of it inside a range.

    Parameters
    ----------
    name : str
        Name of the table; for a file, its stem.
    energy_range : tuple of `~astropy.units.Quantity` or None
        Lowest value, inclusive, and highest value, exclusive, on the axis of the table (a
        rigidity for tables in rigidity); None where the table is not cut.
    path : `~pathlib.Path`, optional
        The file, if the table is not one of the catalogue.
    alternatives : tuple of str, optional
        Tables of the same measurement for other hadronic models.
    """

    name: str
    energy_range: tuple[u.Quantity | None, u.Quantity | None] = (None, None)
    path: Path | None = None
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selection:
    """Tables that belong together under one name.

    Parameters
    ----------
    description : str
        What the selection is for.
    items : tuple of SelectionItem
        The tables.
    allow_overlap : bool
        Whether tables that share events are meant to be there, as in a picture.
    """

    description: str
    items: tuple[SelectionItem, ...]
    allow_overlap: bool = False


def _whole(*names):
    return tuple(SelectionItem(name) for name in names)


def _part(name, lowest=None, highest=None):
    return SelectionItem(name, (lowest, highest))


_AMS_2015 = (_part("ams-02_h_2015", 1 * _GV), _part("ams-02_he_2015", 1 * _GV))
_DIRECT_2025 = _whole("dampe_h", "dampe_he", "cream_h", "cream_he", "jacee_h", "jacee_he")
# Above, few showers are left: published errors reach the values, and the unfolding pushes
# intensities to zero at an energy that depends on the interaction model.
_KASCADE_END = 2.5e7 * u.GeV
_KASCADE_SIBYLL = tuple(_part(f"kascade_{s}_sibyll-2p1", None, _KASCADE_END) for s in ("h", "he"))
_KASCADE_QGSJET = tuple(_part(f"kascade_{s}_qgsjet-01", None, _KASCADE_END) for s in ("h", "he"))

# Beyond, extragalactic cosmic rays and heavy nuclei take over, which the models do not describe.
_AUGER_GALACTIC = _part("auger-2020", None, 1e8 * u.GeV)
_ARGO = (_part("argo-ybj-2015", None, 4 * u.TeV), SelectionItem("argo-ybj-2018"))

_INDEPENDENT_DIPOLES_2025 = (
    *_whole("kamiokande-1997"),
    *_ARGO,
    _part("tibet-asgamma-2005", None, 15 * u.TeV),
    *_whole("tibet-asgamma-2017", "eas-top-2009", "icecube-2016", "icetop-2016"),
    *_whole("kascade-grande-2019"),
    _AUGER_GALACTIC,
)

_ALL_DIPOLES_2025 = (
    *_whole("kamiokande-1997", "argo-ybj-2015", "argo-ybj-2018"),
    *_whole("tibet-asgamma-2005", "tibet-asgamma-2017"),
    *_whole("eas-top-1995", "eas-top-1996", "eas-top-2009"),
    *_whole("icecube-2010", "icetop-2013", "icecube-2012", "icecube-2016", "icetop-2016"),
    *_whole("kascade-grande-2019"),
    _AUGER_GALACTIC,
)

_NEWEST_DIPOLES = (
    *_ARGO,
    *_whole("tibet-asgamma-2017", "hawc-2018", "icecube-2025", "icetop-2016"),
    *_whole("lhaaso-km2a-2021", "kascade-grande-2019"),
    _AUGER_GALACTIC,
    *_whole("super-kamiokande-2007", "kamiokande-1997", "macro-2003"),
)
_NEWEST_H_HE = _whole(
    *("ams-02_h", "ams-02_he", "dampe_h", "dampe_he", "calet_h", "calet_he"),
    *("iss-cream_h", "cream_he", "lhaaso_h_sibyll-2p3d", "lhaaso_he_sibyll-2p3d"),
)
# CREAM has nitrogen above a TV alone, where little of it is made on the way any more; the one
# index that a model gives it is that of AMS-02 below.
_NUCLEI = _whole(
    *(f"ams-02_{s}" for s in ("c", "n", "o", "ne", "mg", "si", "s", "fe")),
    *(f"dampe_{s}" for s in ("c", "o", "fe")),
    *(f"calet_{s}" for s in ("c", "o", "fe")),
    *(f"cream_{s}" for s in ("c", "o", "ne", "mg", "si", "fe")),
)

SELECTIONS = {
    "xue-liu-2025": Selection(
        "Spectra of Xue & Liu 2025 (arXiv:2507.07057) with KASCADE unfolded with SIBYLL 2.1, and "
        "the mutually independent part of the dipole data shown there. DAMPE is the newer "
        "release; the Tibet proton table of 2006 is not included.",
        (*_AMS_2015, *_DIRECT_2025, *_KASCADE_SIBYLL, *_INDEPENDENT_DIPOLES_2025),
    ),
    "xue-liu-2025-qgsjet": Selection(
        "As xue-liu-2025, with KASCADE unfolded with QGSJET 01 (Appendix B of the paper).",
        (*_AMS_2015, *_DIRECT_2025, *_KASCADE_QGSJET, *_INDEPENDENT_DIPOLES_2025),
    ),
    "xue-liu-2025-all": Selection(
        "Everything that Xue & Liu 2025 (arXiv:2507.07057) plot. For pictures, never for fits: "
        "the same events come in several tables.",
        (*_AMS_2015, *_DIRECT_2025, *_KASCADE_SIBYLL, *_KASCADE_QGSJET, *_ALL_DIPOLES_2025),
        allow_overlap=True,
    ),
    "xue-liu-2025-figures": Selection(
        "What Figures 1 to 10 of Xue & Liu 2025 plot, with KASCADE unfolded with SIBYLL 2.1. For "
        "pictures, never for fits.",
        (*_AMS_2015, *_DIRECT_2025, *_KASCADE_SIBYLL, *_ALL_DIPOLES_2025),
        allow_overlap=True,
    ),
    "xue-liu-2025-figure-11": Selection(
        "What Figure 11 of Xue & Liu 2025 plots, with KASCADE unfolded with QGSJET 01. For "
        "pictures, never for fits.",
        (*_AMS_2015, *_DIRECT_2025, *_KASCADE_QGSJET, *_ALL_DIPOLES_2025),
        allow_overlap=True,
    ),
    # SIBYLL 2.3d is the most recent of the three interaction models that LHAASO unfolded with;
    # the others are in the catalogue, and the scatter between them is a systematic error.
    # CREAM helium stays because ISS-CREAM has published protons only.
    "latest": Selection(
        "The newest mutually independent spectra of hydrogen and helium and dipole data. AMS-02 "
        "covers seven years here, so the solar modulation differs from that of xue-liu-2025; "
        "LHAASO is unfolded with SIBYLL 2.3d.",
        (*_NEWEST_H_HE, *_NEWEST_DIPOLES),
    ),
    "composition": Selection(
        "As latest, with nuclei from carbon to iron of AMS-02, DAMPE, CALET and CREAM, and the "
        "all-particle spectrum and <ln A> of LHAASO.",
        (
            *_NEWEST_H_HE,
            *_NUCLEI,
            *_whole("lhaaso_all_particle_sibyll-2p3d", "lhaaso_mean_log_mass_sibyll-2p3d"),
            *_NEWEST_DIPOLES,
        ),
    ),
}
"""Selections by name."""


@functools.cache
def _index():
    # astropy reads empty text as masked.
    return Table.read(_data_path() / "index.ecsv").filled("")


@functools.cache
def _rows():
    # Plain Python values, and faster to look up than the rows of a table.
    index = _index()
    rows = [dict(zip(index.colnames, row, strict=True)) for row in index.as_array().tolist()]
    return {row["name"]: row for row in rows}


def _data_path():
    return Path(str(resources.files(__package__))) / "data"


def catalog():
    """Table of all tables that the package ships.

    Returns
    -------
    `~astropy.table.Table`
        One row per table, with columns ``name``; ``kind`` ("spectrum", "mean_log_mass" or
        "dipole"); ``experiment``; ``quantity``; ``axis``; ``hadronic_model``, empty if none;
        ``points``; ``x_min`` and ``x_max`` in ``unit``; ``reference``; ``floor``, the relative
        systematic error recommended for fits; and ``phase_floor_deg``, the same for phases. The
        table is the caller's own copy.
    """
    return _index().copy()


def table_path(name):
    """File of a table of the catalogue.

    Parameters
    ----------
    name : str
        Name in the catalogue.

    Returns
    -------
    `~pathlib.Path`
        The ECSV file.

    Raises
    ------
    ValueError
        If the catalogue has no such table.
    """
    folder = "anisotropy" if _row(name)["kind"] == "dipole" else "spectra"
    return _data_path() / folder / f"{name}.ecsv"


def read_catalog_table(name):
    """Read a table of the catalogue.

    Parameters
    ----------
    name : str
        Name in the catalogue.

    Returns
    -------
    `~astropy.table.Table`
        Table as from `~crlocal_plugin.tables.writing.read_flux_table`,
        `~crlocal_plugin.tables.writing.read_dipole_table` or
        `~crlocal_plugin.tables.writing.read_mean_log_mass_table`, according to its kind.

    Raises
    ------
    ValueError
        If the catalogue has no such table.
    """
    return _READERS[_row(name)["kind"]](table_path(name))


def overlapping_tables(name):
    """Tables of the catalogue that must not be fitted together with a given one.

    Parameters
    ----------
    name : str
        Name in the catalogue.

    Returns
    -------
    dict
        Table name to the reason. Some of these pairs can be separated by energy, as the
        selections of this module do.

    Raises
    ------
    ValueError
        If the catalogue has no such table.
    """
    row = _row(name)
    reasons = {other: _shared_events(row, _row(other))[0] for other in _rows() if other != name}
    return {other: reason for other, reason in reasons.items() if reason}


def resolve(names, *, allow_overlap=False, hadronic_model=None):
    """Turn names into tables to load, refusing tables that share events.

    Parameters
    ----------
    names : str, path-like, SelectionItem, or list of those
        Names of selections, of tables or of experiments, files, or tables that are cut. An
        experiment stands for its newest spectra and <ln A>, without sums beside their parts.
    allow_overlap : bool
        Whether tables that share events may come together. A selection that allows it by itself
        needs no flag if it is the only name. What is in the user's own files is not known here,
        so they are never refused for this reason.
    hadronic_model : str, list of str or dict, optional
        Hadronic interaction model of tables that exist for several; a list of them, of which the
        others become ``alternatives`` of the first; or either by experiment.

    Returns
    -------
    list of SelectionItem
        The tables, in the order of the names.

    Raises
    ------
    OverlapError
        If two tables share events.
    ValueError
        If there is no name, a name is not known, a table comes twice, or a hadronic model is
        not known or not named where it must be.
    """
    alone = isinstance(names, str | os.PathLike | SelectionItem)
    names = [names] if alone else list(names)
    if not names:
        raise ValueError("expected at least one selection, table or file, got none")
    choice = hadronic_choice(hadronic_model)
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
        _refuse_overlaps(items)
    return items


def hadronic_choice(request=None):
    """Choice among tables for several hadronic models (HadronicChoice), as for `resolve`."""
    return HadronicChoice(_rows(), request)


def tables_named(name, choice):
    """Tables of one name for the hadronic models of a choice, as for `resolve` (list)."""
    return [choice.apply(item) for item in _items(name, choice)]


def any_tables(names):
    """Tables that names may stand for, whatever hadronic model is asked for, overlaps included.

    Parameters
    ----------
    names : list
        As for `resolve`.

    Returns
    -------
    list of SelectionItem
        The tables, those of an experiment once for each of its hadronic models.

    Raises
    ------
    ValueError
        If a name is not known.
    """
    items = []
    for name in names:
        is_table = name in SELECTIONS or name in _rows()
        experiment = None if is_table else experiment_named(_rows().values(), name)
        models = HadronicChoice(_rows(), None).models(experiment)
        for model in models if len(models) > 1 else [None]:
            items += _items(name, HadronicChoice(_rows(), model))
    return items


def _items(name, choice):
    if isinstance(name, SelectionItem):
        return (name,)
    if name in SELECTIONS:
        return SELECTIONS[name].items
    if name in _rows():
        # a name out of a table is a text of NumPy
        return (SelectionItem(str(name)),)
    experiment = experiment_named(_rows().values(), name)
    if experiment is not None:
        return _whole(*choice.tables(experiment))
    path = Path(name)
    if path.suffix in FILE_SUFFIXES or path.is_file():
        return (SelectionItem(path.stem, path=path),)
    experiments = dict.fromkeys(row["experiment"] for row in _rows().values())
    known = [*SELECTIONS, *_rows(), *experiments]
    raise _unknown(name, "selection, table, experiment or file", known)


def _row(name):
    if name not in _rows():
        raise _unknown(name, "table", list(_rows()))
    return _rows()[name]


def _unknown(name, what, known):
    folded = {text.lower(): text for text in known}
    close = [folded[x] for x in difflib.get_close_matches(str(name).lower(), folded, n=3)]
    hint = (
        f"did you mean {' or '.join(map(repr, close))}?"
        if close
        else "see catalog() or crlocal data list"
    )
    return ValueError(f"no {what} is called {name!r}; {hint}")


def _refuse_overlaps(items):
    known = [item for item in items if item.path is None]
    for one, other in itertools.combinations(known, 2):
        reason, split_by_energy = _shared_events(_row(one.name), _row(other.name))
        if reason and not (split_by_energy and _ranges_are_apart(one, other)):
            raise OverlapError(
                f"tables {one.name!r} and {other.name!r} share events: {reason}. Leave one out, "
                "or pass allow_overlap=True (--allow-overlap) if you really want this"
            )


def _shared_events(one, other):
    """Return why two tables share events, None if not, and whether energy tells those apart."""
    joint = _JOINT_ANALYSES.get(frozenset({one["name"], other["name"]}))
    if joint:
        return joint, False
    are_dipoles = [row["kind"] == "dipole" for row in (one, other)]
    if one["experiment"] != other["experiment"] or are_dipoles[0] != are_dipoles[1]:
        return None, False
    if all(are_dipoles):
        # Median energies do not tell events apart: every bin of an air-shower or muon detector
        # is wide, and the analyses of most experiments binned the same years anew.
        default = f"they are successive analyses of the data of {one['experiment']}"
        reason = _SPLIT_BY_ENERGY.get(one["experiment"])
        return reason or default, reason is not None
    same_axis = one["axis"] == other["axis"]
    models = sorted({one["hadronic_model"], other["hadronic_model"]})
    if len(models) == 2:
        return f"the same showers were unfolded with two models, {' and '.join(models)}", same_axis
    quantities = one["quantity"], other["quantity"]
    if quantities[0] == quantities[1]:
        return "they are two releases of the same measurement", same_axis
    if any(name in _CONTAINED.get(group, ()) for group, name in itertools.permutations(quantities)):
        return "the nuclei of one are contained in the other", same_axis
    # An all-particle spectrum shares showers with those of nuclei, but holds the nuclei that have
    # no table, and its systematic errors are far above the errors of the counts that are shared.
    return None, False


def _ranges_are_apart(one, other):
    (low, high), (other_low, other_high) = _covered_range(one), _covered_range(other)
    return max(low, other_low) >= min(high, other_high)


def _covered_range(item):
    """Lowest value, inclusive, and highest value, exclusive, in the unit of the table."""
    row = _row(item.name)
    low, high = row["x_min"], np.nextafter(row["x_max"], np.inf)
    lowest, highest = item.energy_range
    if lowest is not None:
        low = max(low, lowest.to_value(row["unit"]))
    if highest is not None:
        high = min(high, highest.to_value(row["unit"]))
    return low, high
