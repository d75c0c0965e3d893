"""Read and check tables of measured spectra, in the layout of `crlocal_plugin.tables`."""

from astropy import units as u

from ..physics.species import ELEMENT_GROUPS, SYMBOLS
from .values import axis_column, checked_axis, raw_values, read_values

QUANTITIES = (*SYMBOLS, *ELEMENT_GROUPS, "light", "all_particle")
EXPECTED_QUANTITY = (
    "an element symbol from H to Ni, 'light', 'all_particle' or a group of elements, "
    f"{', '.join(map(repr, ELEMENT_GROUPS))}"
)
"""What a quantity may be, for messages."""

_PER_AREA_TIME_ANGLE = u.Unit("1 / (m2 s sr)")

COMMON_NAMES = {
    **{"p": "H", "proton": "H", "protons": "H", "hydrogen": "H", "alpha": "He", "helium": "He"},
    **{"carbon": "C", "nitrogen": "N", "oxygen": "O", "iron": "Fe", "c-n-o": "CNO"},
    **{"cno-group": "CNO", "iron-group": "Fe-group", "p+he": "light", "h+he": "light"},
    **{"all": "all_particle", "all-particle": "all_particle"},
}


def read_flux_table(source, *, columns=None, experiment=None, quantity=None, axis=None):
    """Read a measured intensity spectrum.

    Parameters
    ----------
    source : path-like or `~astropy.table.Table`
        ECSV or FITS file, or what else astropy recognises. A table is copied, never modified.
    columns : dict, optional
        For other column names: layout name to column name, or to a pair of it and the unit of a
        column without one, such as ``{"energy": ("E", "TeV")}``.
    experiment, quantity, axis : str, optional
        By default from the meta of the table. The quantity is an element symbol from H to Ni,
        ``"light"`` (H and He together), ``"all_particle"``, or a group of elements, ``"CNO"``,
        ``"Ne-S"`` or ``"Fe-group"``. The axis is ``"rigidity"``, ``"kinetic_energy"``,
        ``"kinetic_energy_per_nucleon"`` or ``"total_energy"``; a rigidity column needs none.

    Returns
    -------
    `~astropy.table.Table`
        Table in the layout of `crlocal_plugin.tables`, in GV or GeV. Errors may also be one
        column ``intensity_stat_err`` or ``intensity_syst_err``, or a total ``intensity_err``, which
        becomes the statistical pair. A missing pair is filled with zeros, "not given", that of the
        systematic error with the quadratic sum of components, such as ``intensity_syst_scale_err``.

    Raises
    ------
    TableError
        If the table cannot be read, or is not a valid spectrum.
    """
    table = raw_values(source, columns, "intensity")
    quantity = _checked_quantity(table, quantity or table.meta.get("quantity"))
    axis = checked_axis(table, axis)
    unit = _PER_AREA_TIME_ANGLE / axis_column(axis)[1]
    return read_values(table, "intensity", unit, axis, quantity, experiment, is_intensity=True)


def _checked_quantity(table, quantity):
    if quantity in QUANTITIES:
        return quantity
    expected = f"quantity: expected {EXPECTED_QUANTITY}"
    if quantity is None:
        raise table.error(f"{expected}, got none; pass quantity='H', say")
    # in this case alone: the kinds know the readers, that of spectra among them
    from .kinds import KINDS

    other = KINDS.get(str(quantity))
    if other and other.read is not read_flux_table:
        raise table.error(
            f"quantity: {quantity} is not an intensity; read it with {other.dataset}.read or "
            f"{other.read.__name__}"
        )
    names = {known.lower(): known for known in QUANTITIES} | COMMON_NAMES
    meant = names.get(str(quantity).lower())
    hint = f"did you mean {meant!r}?" if meant else "correct it or pass quantity="
    raise table.error(f"{expected}, got {quantity!r}; {hint}")
