"""Load shipped or own tables as datasets ready for a fit."""

import astropy.units as u

from .catalog import catalog, read_catalog_table, resolve
from .collection import CosmicRayDatasets
from .dipole import DipoleDataset
from .flux import CosmicRayFluxDataset
from .mean_log_mass import MeanLogMassDataset
from .raw_table import RawTable
from .tables import TableError

__all__ = ["load_datasets"]

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
):
    """Load tables as datasets.

    Parameters
    ----------
    names : str, path-like, `~crlocal_plugin.datasets.catalog.SelectionItem`, or list of those
        Names of selections ("xue-liu-2025", "xue-liu-2025-qgsjet", "xue-liu-2025-all",
        "latest"), names of tables (see `catalog`), files in the same layout, or parts of those.
    allow_overlap : bool, optional
        Accept tables that share events.
    floors : {"recommended"}, float, dict or None, optional
        Systematic floors: those of the catalogue (`catalog`), one fraction for all, a
        dictionary of dataset name to fraction on top of the recommended ones, or none. The floor
        of phases is the recommended one unless this is None.
    apply_declination_factor : bool, optional
        Turn first-harmonic amplitudes into equatorial dipoles where the table says how.
    likelihood : {"vector", "amplitude_phase"}, optional
        What is compared for dipoles.
    systematics : bool, optional
        Count the systematic errors of the tables.

    Returns
    -------
    CosmicRayDatasets
        Datasets without models. Those of one experiment share a nuisance model.

    Raises
    ------
    OverlapError
        If tables share events.
    ValueError
        If a name is not known, or a setting is out of range.
    TableError
        If a file is not valid.
    """
    items = resolve(names, allow_overlap=allow_overlap)
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
        floor, phase_floor = _floors(item.name, row, floors)
        if floor is not None:
            settings["floor"] = floor
        source = item.path if row is None else read_catalog_table(item.name)
        kind = _kind(source) if row is None else row["kind"]
        if kind == "dipole":
            settings["likelihood"] = likelihood
            settings["apply_declination_factor"] = apply_declination_factor
            if phase_floor is not None:
                settings["phase_floor"] = phase_floor
        datasets.append(_CLASSES[kind].read(source, name=item.name, **settings))
    return CosmicRayDatasets(datasets)


def _floors(name, row, floors):
    """Floor and phase floor of a dataset, None where the file is to decide."""
    recommended = None if row is None else float(row["floor"])
    phase = None if row is None else u.Quantity(float(row["phase_floor_deg"]), "deg")
    if floors is None:
        return 0.0, u.Quantity(0, "deg")
    if isinstance(floors, dict):
        return floors.get(name, recommended), phase
    return (recommended if floors == "recommended" else float(floors)), phase


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
