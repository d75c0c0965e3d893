"""Progress on the terminal."""

import contextlib
import sys

from tqdm import tqdm


@contextlib.contextmanager
def progress_bar(total, description, unit, stream=None):
    """Show how much of a long piece of work is done.

    Parameters
    ----------
    total : int
        How many units there are.
    description : str
        What is done.
    unit : str
        What is counted.
    stream : file-like, optional
        Where to write; standard error by default. Nothing is drawn if it is not a terminal.

    Yields
    ------
    callable
        To be called with the number of further units that are done.
    """
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
