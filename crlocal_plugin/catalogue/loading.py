"""Load shipped or own tables as datasets ready for a fit."""

import astropy.units as u
from gammapy.datasets import DATASET_REGISTRY

from ..datasets.settings import read_switch, real_quantity
from ..likelihood.collection import CosmicRayDatasets
from ..models.composition import valid_from
from ..physics.kinematics import rigidity_to_axis
from ..physics.species import ELEMENT_GROUPS, SYMBOLS
from ..tables.hadronic import join_hadronic_models
from ..tables.kinds import KINDS, kind_of
from ..tables.raw_table import RawTable
from .index import read_catalog_table, rows, table_path
from .own_tables import open_own
from .resolving import resolve

_SCATTER_AT_START = 0.1
"""Scatter from which fits start: at zero, its limit, they have no gradient."""


def load_datasets(
    names,
    allow_overlap=False,
    floors="recommended",
    apply_declination_factor=True,
    likelihood="vector",
    systematics=True,
    hadronic_model=None,
    valid_only=True,
    energy_width=None,
    scatter=True,
):
    """Load tables as datasets.

    Parameters
    ----------
    names : str, path-like, `~crlocal_plugin.catalogue.selections.SelectionItem`, or list of those
        Names of selections ("xue-liu-2025", "xue-liu-2025-qgsjet", "xue-liu-2025-all",
        "latest", "composition"), of tables (see `catalog`), of experiments for all of their
        spectra and <ln A>, files in the same layout, or parts of those.
    allow_overlap : bool, optional
        Accept tables that share events.
    floors : {"recommended"}, float, dict or None, optional
        Systematic floors: those of the catalogue (`catalog`), one fraction for all, fractions by
        dataset on top of the recommended ones, or none. Phases, and <ln A>, whose floor is an
        error of <ln A> itself, have the recommended ones under one for all.
    apply_declination_factor, likelihood : optional
        Settings of dipoles, as for `DipoleDataset`.
    systematics : bool, optional
        Count the systematic errors of the tables.
    hadronic_model : str, list of str or dict, optional
        Hadronic interaction model of the tables that exist for several. With a list, the datasets
        have the first model, and their parameter ``hadronic``, frozen at 0, moves between all of
        them, see `NuisanceModel`. A dictionary names a model or a list for each experiment.
    valid_only : bool, optional
        Leave spectra of nuclei heavier than helium, or of groups of elements, out of the fit where
        the model does not describe them (`crlocal_plugin.models.composition.valid_from`), unless
        the table comes with a range of its own.
    energy_width : float, optional
        Standard deviation of log10(E) of the events behind each dipole, in place of what the
        tables say; at 0 they have one energy.
    scatter : bool, optional
        Free the ``scatter`` of each experiment with dipoles (see `NuisanceModel`), in place of the
        recommended floors of its dipoles.

    Returns
    -------
    CosmicRayDatasets
        Datasets without models. Those of one experiment share a nuisance model.

    Raises
    ------
    ValueError
        If a name is not known, a setting is out of range, or an experiment has tables for
        several hadronic models of which none is named; an OverlapError if tables share events, a
        TableError if a file is not valid.
    """
    items = resolve(names, allow_overlap=allow_overlap, hadronic_model=hadronic_model)
    if isinstance(floors, dict):
        names = [item.name for item in items]
        unknown = set(floors).difference(names)
        if unknown:
            raise ValueError(
                f"floors are given for {', '.join(sorted(unknown))}, which are not among the "
                f"datasets {', '.join(names)}"
            )
    elif isinstance(floors, str) and floors != "recommended":
        raise ValueError(f"floors {floors!r}: expected 'recommended', a number, a dict or None")
    common = {"systematics": systematics, "likelihood": likelihood}
    common["apply_declination_factor"] = apply_declination_factor
    for name, value in (("allow_overlap", allow_overlap), ("scatter", scatter)):
        read_switch(value, f"{name} must be true or false")
    if allow_overlap:
        # of a map, as of the tables that are named
        common["allow_overlap"] = True
    if energy_width is not None:
        what = "energy_width must be a standard deviation of log10(energy)"
        energy_width = real_quantity(energy_width, what, [u.one], 0, 1).value
    options = floors, common, valid_only, energy_width, scatter
    datasets = CosmicRayDatasets([_load(item, *options) for item in items])
    for dataset in datasets:
        dataset.require_different_events(datasets)
        if scatter and dataset.takes_scatter:
            dataset.scatter.frozen, dataset.scatter.value = False, _SCATTER_AT_START
    return datasets


def _load(item, floors, common, valid_only, energy_width, scatter):
    """Dataset of a table, with those of the settings that its class has."""
    own = item.path is not None
    raw = source = open_own(item.path) if own else RawTable(table_path(item.name))
    kind = KINDS[kind_of(raw)]
    cls = DATASET_REGISTRY.get_cls(kind.dataset)
    if "response" in cls.settings and energy_width is not None:
        _set_width(raw, energy_width)
    settings = common | _floors(item, kind, floors, scatter and cls.takes_scatter)
    if item.energy_range != (None, None):
        settings["energy_range"] = item.energy_range
    if item.alternatives:
        others = [read_catalog_table(name) for name in item.alternatives]
        source = join_hadronic_models([kind.read(raw), *others])
    own = {name: value for name, value in settings.items() if name in cls.settings}
    dataset = cls.read(source, name=item.name, **own)
    # a file that was written with settings has a range of its own, be it none
    if valid_only and "energy_range" not in settings and "dataset" not in raw.meta:
        _keep_valid(dataset)
    return dataset


def _set_width(raw, energy_width):
    """Give a dipole table other energies of its events."""
    raw.table.remove_columns({"energy_min", "energy_max"}.intersection(raw.table.colnames))
    raw.table["energy_width"] = energy_width
    raw.meta.pop("energy_response", None)


def _keep_valid(dataset):
    """Leave a heavy nucleus out of the fit where the model does not describe it."""
    quantity = dataset.quantity
    nuclei = ELEMENT_GROUPS.get(quantity, (quantity,) if quantity in SYMBOLS else ())
    ends = [
        rigidity_to_axis(lowest.to_value("GV"), name, dataset.axis)
        for name in nuclei
        if (lowest := valid_from(name)) is not None
    ]
    if ends:
        dataset.energy_range = (max(ends) * dataset.x.unit, None)


def _floors(item, kind, floors, scatter):
    """Floors of a dataset, none where the file is to decide."""
    none = {"floor": 0.0, "phase_floor": 0 * u.deg}
    if floors is None:
        return none
    found = {}
    if item.path is None:
        row = rows()[item.name]
        recommended = {"floor": row["floor"], "phase_floor": row["phase_floor_deg"] * u.deg}
        found = none if scatter else recommended
    if isinstance(floors, dict):
        found |= {"floor": floors[item.name]} if item.name in floors else {}
    elif floors != "recommended" and kind.floor_is_relative:
        found["floor"] = floors
    return found
