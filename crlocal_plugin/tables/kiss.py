"""Tables of KISS, the cosmic-ray tables of C. Evoli: six columns below a header.

https://github.com/carmeloevoli/KISS-CosmicRayDataBase has tables of CRDB, KCDC and others in GeV,
GV and m-2 s-1 sr-1 per unit of the axis. A file begins with lines such as ``#Y Quantity: B_C`` and
``#X Quantity: rigidity``, and has rows of x, y, and two pairs of lower and upper errors, which the
line ``#Columns:`` names.
"""

import re

import numpy as np
from astropy import units as u
from astropy.table import Table

from .kinds import KINDS
from .raw_table import TableError, error_names
from .values import axis_column

_AXES = {
    "rigidity": "rigidity",
    "totalEnergy": "total_energy",
    "kineticEnergy": "kinetic_energy",
    "kineticEnergyPerNucleon": "kinetic_energy_per_nucleon",
}
_BIBCODE = re.compile(r"\(([^()\s]{19})\)")


def is_kiss(text):
    """Whether a text has the header of such a table (bool)."""
    return "#Y Quantity:" in text and "#X Quantity:" in text


def read_kiss(path, table, comments):
    """Table with the names of the layout and a meta, from the six columns of a text.

    Parameters
    ----------
    path : path-like
        For messages.
    table : `~astropy.table.Table`
        The columns.
    comments : list of str
        Lines of the header.

    Returns
    -------
    table : `~astropy.table.Table`
        Table, with ``bibcode`` in the meta too.
    read_as : dict of str to str
        What each column was in the file.

    Raises
    ------
    TableError
        If the header or the number of columns are others.
    """
    pairs = (line.partition(":") for line in comments)
    header = {key.strip().lower(): value.strip() for key, _, value in pairs}
    axis, y = _AXES.get(header.get("x quantity")), header.get("y quantity", "")
    if axis is None:
        raise TableError(
            f"{path}: X Quantity: expected one of {', '.join(_AXES)}, got "
            f"{header.get('x quantity')!r}; correct the header"
        )
    if len(table.colnames) != 6:
        raise TableError(
            f"{path}: expected the 6 columns of KISS, x, y and two pairs of errors, found "
            f"{len(table.colnames)}; correct the table"
        )
    quantity = {"allParticle": "all_particle"}.get(y, y.replace("_", "/"))
    x_name, x_unit = axis_column(axis)
    value, unit = "intensity", u.Unit("m-2 s-1 sr-1") / x_unit
    known = next((name for name, kind in KINDS.items() if y.lower() in kind.words), None)
    if "/" in quantity:
        value, unit = "ratio", u.one
    elif known:
        value, unit, quantity = KINDS[known].columns[0], u.one, known
    x, values, *errors = (np.asarray(column, dtype=float) for column in table.itercols())
    listed = header.get("columns", header.get("colums", ""))
    stat, syst = np.array(errors[:2]), np.array(errors[2:])
    words = ["y statistical errors", "y systematic errors"]
    if "total errors" in listed:
        # of some older tables
        total, stat = stat, syst
        syst = np.sqrt(np.maximum(total**2 - stat**2, 0))
        words[1] = "y total errors less the statistical ones"
    content = {x_name: x * x_unit, value: values * unit}
    read_as = {x_name: "x", value: "y"}
    for name, sides, word in zip(("stat", "syst"), (stat, syst), words, strict=True):
        for column, side in zip(error_names(f"{value}_{name}"), sides, strict=False):
            content[column], read_as[column] = side * unit, word
    bibcode = _BIBCODE.search(header.get("ref", ""))
    experiment = header.get("experiment", "")
    meta = {"experiment": experiment.partition(" (")[0], "quantity": quantity, "axis": axis}
    meta |= {"bibcode": bibcode[1] if bibcode else "", "reference": header.get("ref", "")}
    # what stands in brackets may be a hadronic model, an array or an analysis
    meta |= {"comment": experiment, "compilation": f"KISS, {header.get('source', '')}"}
    result = Table(content)
    result.meta = {name: entry for name, entry in meta.items() if entry}
    return result, read_as
