"""Messages on standard error, beside the results and clear of what shows progress."""

import sys

import click
from tqdm import tqdm


def tell(text, what="warning"):
    """Print a message in one line."""
    with tqdm.external_write_mode(file=sys.stderr):
        click.echo(f"crlocal: {what}: {text}", err=True)
