"""Read and check tables of ratios of intensities, in the layout of `crlocal_plugin.tables`."""

from astropy import units as u

from .spectrum import QUANTITIES
from .values import checked_axis, raw_values, read_values


def read_ratio_table(source, *, columns=None, experiment=None, quantity=None, axis=None):
    """Read a measured ratio of two intensities, such as B/C.

    Parameters
    ----------
    source, columns, experiment, axis
        As in `~crlocal_plugin.tables.spectrum.read_flux_table`; both intensities are at the same
        rigidity or energy.
    quantity : str, optional
        Both quantities, such as ``"B/C"``; by default from the meta of the table.

    Returns
    -------
    `~astropy.table.Table`
        As of a spectrum, with ``ratio`` for ``intensity``, and no limits.

    Raises
    ------
    TableError
        If the table cannot be read, or is not valid.
    """
    table = raw_values(source, columns, "ratio")
    quantity = quantity or table.meta.get("quantity")
    if not is_ratio(quantity):
        raise table.error(
            f"quantity: expected two quantities such as 'B/C', got {quantity!r}; correct it or "
            "pass quantity="
        )
    if not table.has("ratio"):
        raise table.missing("ratio")
    axis = checked_axis(table, axis)
    unit = u.dimensionless_unscaled
    return read_values(table, "ratio", unit, axis, quantity, experiment, is_intensity=False)


def is_ratio(quantity):
    """Whether a quantity is a ratio of two others, not of all particles (bool)."""
    parts = quantity.split("/") if isinstance(quantity, str) else ()
    known = set(QUANTITIES) - {"all_particle"}
    return len(parts) == 2 and known.issuperset(parts) and parts[0] != parts[1]
