"""Read, check and write tables of measured spectra and dipole anisotropies.

A reader takes a file or an astropy table, converts it to the units of the package, and either
returns a table in the layout below or says which row and column is wrong and what to do about it.

Spectrum, one row per point, ordered in the first column:

- ``rigidity`` (GV) or ``energy`` (GeV), optionally with bin edges ``*_min`` and ``*_max``;
- ``intensity`` in 1/(GV m2 s sr) or 1/(GeV m2 s sr);
- ``intensity_stat_errn``, ``intensity_stat_errp``, ``intensity_syst_errn``,
  ``intensity_syst_errp``: lower and upper errors, zero where an error is not given;
- ``is_ul``, optional: true where the intensity is an upper limit;
- ``hadronic_shift_1``, ..., optional: ln(intensity) or <ln A> with another hadronic model less that
  of the table; ``hadronic_models`` in the meta names the models, that of the table first.

Dipole, one row per measurement:

- ``energy`` (GeV), the median primary energy;
- ``amplitude``, ``amplitude_errn``, ``amplitude_errp``, optionally ``amplitude_syst``;
- ``amplitude_ul``, optional: upper limit, nan where there is none;
- ``phase``, ``phase_err`` (deg): right ascension of the maximum;
- ``error_axis`` (deg) and ``tangential_err``, optional: right ascension along which the errors of
  the amplitude are, and the error across it, if they do not follow from phase and ``phase_err``;
- ``site``, optional: where a compiled point was measured.

Other columns are left out. What holds for the whole table is in ``meta``: ``experiment``,
``quantity``, ``axis``, ``reference``, ``hadronic_model``, ``hadronic_models``, ``amplitude_kind``,
``declination_factor``, ``ul_confidence``, ``simulated``, ``comment``.
"""

import json
from pathlib import Path

import numpy as np
from astropy.table import Table

from ..files import replace_file
from .dipole import (
    AMPLITUDE_KINDS,
    read_dipole_table,
)
from .raw_table import (
    META_KEYWORD,
    TableError,
)
from .spectrum import (
    AXES,
    QUANTITIES,
    read_flux_table,
    read_mean_log_mass_table,
)

__all__ = [
    "AMPLITUDE_KINDS",
    "AXES",
    "QUANTITIES",
    "TableError",
    "read_dipole_table",
    "read_flux_table",
    "read_mean_log_mass_table",
    "write_table",
]

_WRITE_FORMATS = {".ecsv": "ascii.ecsv", ".fits": "fits"}


def write_table(table, path, overwrite=False):
    """Write a table as ECSV or FITS, so that the readers of this module give it back exactly.

    The file appears complete or not at all.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Table, usually from one of the readers. Its meta may hold text, numbers, booleans, None,
        and lists and dicts of those.
    path : path-like
        File to write, ending in ``.ecsv`` or ``.fits``.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        If the suffix is another one.
    FileExistsError
        If the file exists and may not be replaced.
    TypeError
        If the meta holds something else.
    """
    path = Path(path)
    if path.suffix not in _WRITE_FORMATS:
        raise ValueError(f"{path}: expected the suffix .ecsv or .fits, got {path.suffix!r}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; pass overwrite=True to replace it")
    form = _WRITE_FORMATS[path.suffix]
    # FITS keywords are short upper-case words, so there the meta goes into one card as JSON.
    meta_json = json.dumps(dict(table.meta), default=_plain_number)
    packed = {META_KEYWORD: meta_json}
    table = Table(table, copy=True)
    table.meta = packed if form == "fits" else json.loads(meta_json)
    if form == "fits":
        # astropy would encode text as ASCII, and fail for most place names.
        table.convert_unicode_to_bytestring()

    with replace_file(path) as draft:
        table.write(draft, format=form)
        if form == "ascii.ecsv" and not _same_json(Table.read(draft, format=form).meta, table.meta):
            # The header of an ECSV file loses line breaks, for one.
            table.meta = packed
            table.write(draft, format=form, overwrite=True)


def _same_json(one, other):
    # As text, since True == 1 and nan != nan.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _plain_number(value):
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(
        f"meta: expected text, numbers, booleans, None, lists or dicts, got {value!r} of type "
        f"{type(value).__name__}"
    )
