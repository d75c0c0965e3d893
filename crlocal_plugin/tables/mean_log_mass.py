"""Read and check tables of the mean logarithmic mass, in the layout of `crlocal_plugin.tables`."""

from astropy import units as u

from .values import raw_values, read_values


def read_mean_log_mass_table(source, *, columns=None, experiment=None, axis=None):
    """Read a measured mean logarithmic mass, <ln A>, against energy.

    Parameters
    ----------
    source, columns, experiment, axis
        As in `~crlocal_plugin.tables.spectrum.read_flux_table`; the axis is the total energy.

    Returns
    -------
    `~astropy.table.Table`
        As of a spectrum, with ``mean_log_mass`` of any sign for ``intensity``, and no limits.

    Raises
    ------
    TableError
        If the table cannot be read, or is not valid.
    """
    table = raw_values(source, columns, "mean_log_mass")
    if not table.has("mean_log_mass"):
        raise table.missing("mean_log_mass")
    axis = axis or table.meta.get("axis") or "total_energy"
    if axis != "total_energy":
        raise table.error(
            f"axis: <ln A> is a mean at equal total energy per particle, got {axis!r}; leave axis "
            "out if the energies are that, or convert them"
        )
    value, unit = "mean_log_mass", u.dimensionless_unscaled
    return read_values(table, value, unit, axis, value, experiment, is_intensity=False)
