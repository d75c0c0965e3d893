"""Files are written whole or not at all, and nothing is replaced unasked."""

import contextlib
import os
import tempfile
from pathlib import Path


def refuse_existing(*paths, overwrite=False, remedy="pass overwrite=True to replace"):
    """Raise FileExistsError, which names them, if some of the files are there already."""
    # a folder on the way that is not there yet must not hide a file behind ".."
    present = [str(path) for path in paths if Path(path).resolve().exists()]
    if present and not overwrite:
        verb = "exists" if len(present) == 1 else "exist"
        raise FileExistsError(f"{', '.join(present)} {verb} already; nothing was written, {remedy}")


@contextlib.contextmanager
def replace_file(path):
    """Give the path of a draft that takes the place of a file at the end; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as scratch:
        draft = Path(scratch) / path.name
        yield draft
        os.replace(draft, path)
