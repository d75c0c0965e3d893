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
    known = next((name for name, kind in KINDS.items() if y.lower() in kind.words), None)
    if "/" in quantity:
        value, unit = "ratio", u.one
    elif known:
        value, unit, quantity = KINDS[known].columns[0], u.one, known
    else:
        value, unit = "intensity", u.Unit("m-2 s-1 sr-1") / x_unit
    numbers = np.array([np.asarray(column, dtype=float) for column in table.itercols()])
    syst_word = "y systematic errors"
    if "total errors" in header.get("columns", header.get("colums", "")):
        # of some older tables
        total, stat = numbers[2:4], numbers[4:]
        numbers[2:] = *stat, *np.sqrt(np.maximum(total**2 - stat**2, 0))
        syst_word = "y total errors less the statistical ones"
    stat, syst = (error_names(f"{value}_{name}")[:2] for name in ("stat", "syst"))
    names, units = (x_name, value, *stat, *syst), (x_unit, *[unit] * 5)
    words = ("x", "y", *["y statistical errors"] * 2, *[syst_word] * 2)
    reference, experiment = header.get("ref", ""), header.get("experiment", "")
    bibcode = _BIBCODE.search(reference)
    meta = {
        **{"experiment": experiment.partition(" (")[0], "quantity": quantity, "axis": axis},
        **{"bibcode": bibcode and bibcode[1], "reference": reference},
        # what stands in brackets may be a hadronic model, an array or an analysis
        **{"comment": experiment, "compilation": f"KISS, {header.get('source', '')}"},
    }
    meta = {name: entry for name, entry in meta.items() if entry}
    result = Table(list(numbers), names=names, units=units, meta=meta)
    return result, dict(zip(names, words, strict=True))
