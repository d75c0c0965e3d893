"""What the terminal shows beside results: messages and progress, on standard error."""

import contextlib
import sys

import click
from tqdm import tqdm


def tell(text, what="warning"):
    """Print a message in one line."""
    click.echo(f"crlocal: {what}: {text}", err=True)


@contextlib.contextmanager
def progress_bar(total, description, unit, stream=None):
    """Show progress if the stream (standard error) is a terminal; yields ``update(n_done)``."""
    stream = sys.stderr if stream is None else stream
    with tqdm(
        total=total,
        desc=description,
        unit=f" {unit}",
        file=stream,
        disable=not stream.isatty(),
        leave=False,
    ) as bar:
        yield bar.update
