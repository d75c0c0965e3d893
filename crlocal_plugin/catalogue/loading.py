"""Load shipped or own tables as datasets ready for a fit."""

import astropy.units as u

from ..components.component import GROUPS
from ..datasets.dipole import DipoleDataset
from ..datasets.flux import CosmicRayFluxDataset
from ..datasets.mean_log_mass import MeanLogMassDataset
from ..likelihood.collection import CosmicRayDatasets
from ..models.composition import valid_from
from ..physics.kinematics import rigidity_to_axis
from ..physics.species import ELEMENT_GROUPS
from ..tables.hadronic import join_hadronic_models
from ..tables.raw_table import RawTable, TableError
from .index import (
    catalog,
    read_catalog_table,
    resolve,
)

_CLASSES = {
    "spectrum": CosmicRayFluxDataset,
    "mean_log_mass": MeanLogMassDataset,
    "dipole": DipoleDataset,
}


def load_datasets(
    names,
    allow_overlap=False,
    floors="recommended",
    apply_declination_factor=True,
    likelihood="vector",
    systematics=True,
    hadronic_model=None,
    valid_only=True,
):
    """Load tables as datasets.

    Parameters
    ----------
    names : str, path-like, `~crlocal_plugin.catalogue.index.SelectionItem`, or list of those
        Names of selections ("xue-liu-2025", "xue-liu-2025-qgsjet", "xue-liu-2025-all",
        "latest", "composition"), names of tables (see `catalog`), names of experiments for all of
        their spectra and <ln A>, files in the same layout, or parts of those.
    allow_overlap : bool, optional
        Accept tables that share events.
    floors : {"recommended"}, float, dict or None, optional
        Systematic floors: those of the catalogue (`catalog`), one fraction for all, a
        dictionary of dataset name to fraction on top of the recommended ones, or none. The floor
        of phases is the recommended one unless this is None. The floor of <ln A> is no fraction
        but an error of <ln A> itself, so that one for all leaves it as recommended.
    apply_declination_factor : bool, optional
        Turn first-harmonic amplitudes into equatorial dipoles where the table says how.
    likelihood : {"vector", "amplitude_phase"}, optional
        What is compared for dipoles.
    systematics : bool, optional
        Count the systematic errors of the tables.
    hadronic_model : str, list of str or dict, optional
        Hadronic interaction model of the tables that exist for several, which are swapped for
        those of this model. With a list, the datasets have the first model, and their parameter
        ``hadronic``, frozen at 0, moves between all of them, see `NuisanceModel`. A dictionary
        names a model or a list for each experiment.
    valid_only : bool, optional
        Leave spectra of one nucleus heavier than helium out of the fit below the rigidity from
        which on the model describes it (`crlocal_plugin.models.composition.valid_from`), and
        those of a group of elements below the energy from which on it describes each of them,
        unless the table comes with a range of its own.

    Returns
    -------
    CosmicRayDatasets
        Datasets without models. Those of one experiment share a nuisance model.

    Raises
    ------
    OverlapError
        If tables share events.
    ValueError
        If a name is not known, a setting is out of range, or an experiment has tables for
        several hadronic models of which none is named.
    TableError
        If a file is not valid.
    """
    items = resolve(names, allow_overlap=allow_overlap, hadronic_model=hadronic_model)
    known = {row["name"]: row for row in catalog()}
    if isinstance(floors, dict):
        unknown = set(floors) - {item.name for item in items}
        if unknown:
            raise ValueError(
                f"floors are given for {', '.join(sorted(unknown))}, which are not among the "
                f"datasets {', '.join(item.name for item in items)}"
            )
    elif isinstance(floors, str) and floors != "recommended":
        raise ValueError(f"floors {floors!r}: expected 'recommended', a number, a dict or None")
    datasets = []
    for item in items:
        row = known.get(item.name) if item.path is None else None
        cut = item.energy_range != (None, None)
        settings = {"systematics": systematics}
        if cut:
            settings["energy_range"] = item.energy_range
        source = item.path if row is None else read_catalog_table(item.name)
        kind = _kind(source) if row is None else row["kind"]
        if item.alternatives:
            others = [read_catalog_table(name) for name in item.alternatives]
            source = join_hadronic_models([source, *others])
        floor, phase_floor = _floors(item.name, row, floors, kind)
        if floor is not None:
            settings["floor"] = floor
        if kind == "dipole":
            settings["likelihood"] = likelihood
            settings["apply_declination_factor"] = apply_declination_factor
            if phase_floor is not None:
                settings["phase_floor"] = phase_floor
        dataset = _CLASSES[kind].read(source, name=item.name, **settings)
        has_own = cut or (row is None and _has_settings(source))
        if valid_only and kind == "spectrum" and not has_own:
            _keep_valid(dataset)
        datasets.append(dataset)
    return CosmicRayDatasets(datasets)


def _has_settings(path):
    """Whether a file was written with settings of a dataset."""
    return "dataset" in RawTable(path, None, ()).meta


def _keep_valid(dataset):
    """Leave a heavy nucleus out of the fit where the model does not describe it."""
    if dataset.quantity in GROUPS:
        return
    lowest = {
        name: valid_from(name) for name in ELEMENT_GROUPS.get(dataset.quantity, (dataset.quantity,))
    }
    ends = [
        rigidity_to_axis(rigidity.to_value("GV"), name, dataset.axis)
        for name, rigidity in lowest.items()
        if rigidity is not None
    ]
    if ends:
        dataset.energy_range = (max(ends) * dataset.x.unit, None)


def _floors(name, row, floors, kind):
    """Floor and phase floor of a dataset, None where the file is to decide."""
    recommended = None if row is None else float(row["floor"])
    phase = None if row is None else u.Quantity(float(row["phase_floor_deg"]), "deg")
    if floors is None:
        return 0.0, u.Quantity(0, "deg")
    if isinstance(floors, dict):
        return floors.get(name, recommended), phase
    is_common = floors == "recommended" or kind == "mean_log_mass"
    return (recommended if is_common else float(floors)), phase


def _kind(path):
    """Kind of a user's own table, told from its columns."""
    columns = RawTable(path, None, ()).table.colnames
    if "amplitude" in columns or "amplitude_ul" in columns:
        return "dipole"
    if "intensity" in columns:
        return "spectrum"
    if "mean_log_mass" in columns:
        return "mean_log_mass"
    raise TableError(
        f"{path}: expected a column 'intensity' (spectrum), 'mean_log_mass' (<ln A>) or "
        f"'amplitude' (dipole), the table has {', '.join(columns)}; for other names use "
        f"{', '.join(f'{cls.__name__}.read' for cls in _CLASSES.values())} with columns=..."
    )
