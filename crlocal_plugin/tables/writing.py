"""Tables are written as ECSV or FITS, so that the readers give them back exactly."""

import json
from pathlib import Path

import numpy as np
from astropy.table import Table

from ..files import refuse_existing, replace_file
from .raw_table import META_KEYWORD

_WRITE_FORMATS = {".ecsv": "ascii.ecsv", ".fits": "fits"}


def write_table(table, path, overwrite=False):
    """Write a table as ECSV or FITS, complete or not at all; the readers give it back exactly.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Its meta may hold text, numbers, booleans, None, and lists and dicts of those.
    path : path-like
        File to write, ending in ``.ecsv`` or ``.fits``.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        If the suffix is another one; a FileExistsError if the file exists and may not be replaced,
        a TypeError if the meta holds something else.
    """
    path = Path(path)
    if path.suffix not in _WRITE_FORMATS:
        raise ValueError(f"{path}: expected the suffix .ecsv or .fits, got {path.suffix!r}")
    refuse_existing(path, overwrite=overwrite)
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
        # The header of an ECSV file loses line breaks, for one. As text, since True == 1.
        if form == "ascii.ecsv" and _text(Table.read(draft, format=form)) != _text(table):
            table.meta = packed
            table.write(draft, format=form, overwrite=True)


def _text(table):
    return json.dumps(table.meta, sort_keys=True)


def _plain_number(value):
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(
        f"meta: expected text, numbers, booleans, None, lists or dicts, got {value!r} of type "
        f"{type(value).__name__}"
    )
