"""Files are written whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["replace_file"]


@contextlib.contextmanager
def replace_file(path):
    """Write a file whole or not at all.

    Parameters
    ----------
    path : `~pathlib.Path`
        File to write, which is replaced if it exists. Folders are made as needed.

    Yields
    ------
    `~pathlib.Path`
        Draft of the file, which takes its place at the end.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as scratch:
        draft = Path(scratch) / path.name
        yield draft
        os.replace(draft, path)
