"""What a command prints: results on standard output, as text or JSON, messages beside them."""

import sys

import click

_DOCUMENT = f"{__name__}.document"


def tell(text, what="warning"):
    """Print a message in one line on standard error, clear of what shows progress."""
    from tqdm import tqdm

    with tqdm.external_write_mode(file=sys.stderr):
        click.echo(f"crlocal: {what}: {text}", err=True)


def say(text):
    """Print what is done, unless standard output is for a JSON document."""
    if _document() is None:
        click.echo(text)


def show(text, **results):
    """Print results as text, if there is any, or enter them by name in the JSON document."""
    if text is not None:
        say(text)
    if _document() is not None:
        _document().update(results)


def begin_document():
    """Take results for a JSON document from now on, in place of text."""
    click.get_current_context().meta[_DOCUMENT] = {}


def print_document():
    """Print the JSON document, if one was begun."""
    if (document := _document()) is not None:
        import json

        click.echo(json.dumps(_plain(document), indent=1, ensure_ascii=False))


def _document():
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(_DOCUMENT)


def _plain(value):
    """Value as JSON has it: rows of tables by column, no number as null."""
    import numpy as np
    from astropy.table import Row, Table
    from astropy.units import Quantity

    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Row):
        value = dict(zip(value.colnames, value, strict=True))
    if isinstance(value, Quantity):
        value = {"value": value.value, "unit": value.unit.to_string()}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | Table) or (isinstance(value, np.ndarray) and value.ndim):
        return [_plain(item) for item in value]
    if value is np.ma.masked:
        return None
    if isinstance(value, np.generic | np.ndarray):
        return _plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return str(value)
