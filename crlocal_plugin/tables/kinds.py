"""The kinds of measured tables: how each is read, and by which columns it is known."""

from collections.abc import Callable
from typing import NamedTuple

from .dipole import read_dipole_table
from .mean_log_mass import read_mean_log_mass_table
from .ratio import read_ratio_table
from .raw_table import TableError
from .sky import read_sky_table
from .spectrum import read_flux_table


class Kind(NamedTuple):
    """Kind of a table.

    ``columns`` are those by which it is known; of an intensity, <ln A> and the like the first has
    the values. ``dataset`` is the tag of its datasets, ``crdb_names`` are what CRDB calls the
    quantity, if there is one alone of the kind, and ``words`` what others call its values.
    """

    read: Callable
    dataset: str
    columns: tuple[str, ...]
    description: str
    crdb_names: tuple[str, ...] = ()
    floor_is_relative: bool = True
    words: tuple[str, ...] = ()


KINDS = {
    "spectrum": Kind(
        *(read_flux_table, "CosmicRayFluxDataset", ("intensity",), "spectrum"),
        words=("flux", "fluxes", "intensity", "j", "dnde", "spectrum", "phi"),
    ),
    "mean_log_mass": Kind(
        *(read_mean_log_mass_table, "MeanLogMassDataset", ("mean_log_mass",), "<ln A>"),
        crdb_names=("<LnA>",),
        floor_is_relative=False,
        words=("lna", "logmass"),
    ),
    "ratio": Kind(
        *(read_ratio_table, "RatioDataset", ("ratio",), "ratio of intensities"), words=("ratio",)
    ),
    "dipole": Kind(
        *(read_dipole_table, "DipoleDataset", ("amplitude", "amplitude_ul"), "dipole"),
        crdb_names=("DipoleAmplitude", "DipolePhase"),
        words=("amplitude", "amp", "a", "dipole"),
    ),
    "sky": Kind(read_sky_table, "SkyMapDataset", ("relative_intensity",), "map of the sky"),
}
"""Kinds by name."""


def kind_of(table):
    """Name of the kind of a `RawTable`, told from its columns."""
    columns = table.table.colnames
    for name, kind in KINDS.items():
        if not set(kind.columns).isdisjoint(columns):
            return name
    expected = [f"{kind.columns[0]!r} ({kind.description})" for kind in KINDS.values()]
    raise TableError(
        f"{table.label}: expected a column {', '.join(expected[:-1])} or {expected[-1]}, the table "
        f"has {', '.join(columns)}; for other names use "
        f"{', '.join(f'{kind.dataset}.read' for kind in KINDS.values())} with columns=..."
    )
