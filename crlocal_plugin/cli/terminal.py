"""What the terminal shows beside results: messages and progress, on standard error."""

import contextlib

import click
from tqdm import tqdm


def tell(text, what="warning"):
    """Print a message in one line."""
    click.echo(f"crlocal: {what}: {text}", err=True)


@contextlib.contextmanager
def progress_bar(total, description, unit, stream=None):
    """Show progress if the stream (standard error) is a terminal; yields ``update(n_done)``."""
    look = {"desc": description, "unit": f" {unit}", "leave": False}
    # None: what is no terminal gets nothing
    with tqdm(total=total, file=stream, disable=None, **look) as bar:
        yield bar.update
