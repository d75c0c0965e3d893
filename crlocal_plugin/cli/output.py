"""Write files and folders, whole or not at all; refuse what may not be replaced."""

import contextlib
import os
import tempfile
from pathlib import Path

import numpy as np

from ..files import refuse_existing, replace_file
from .terminal import progress_bar

FORMATS = ("png", "pdf", "svg")
SUFFIXES = tuple(f".{name}" for name in FORMATS)
"""Those of pictures."""


def check_file(path, overwrite, suffixes):
    """Refuse a file that cannot be written, before any work is done; None is no file."""
    if path is None:
        return
    if path.suffix not in suffixes:
        raise ValueError(f"{path}: expected a file with the suffix {' or '.join(suffixes)}")
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder: choose another name")
    refuse_existing(path, overwrite=overwrite, remedy="choose another name, or pass --overwrite")
    _check_place(path)


def check_output(folder, overwrite, mark="summary.txt"):
    """Refuse a folder that exists, before any work is done.

    It may be replaced if ``overwrite`` is set and it has the file ``mark`` of earlier results.
    """
    _check_place(folder)
    if not folder.resolve().exists():
        return
    if not folder.is_dir():
        raise FileExistsError(f"{folder} is a file: choose another --output")
    refuse_existing(
        folder, overwrite=overwrite, remedy="choose another --output, or pass --overwrite"
    )
    if any(folder.iterdir()) and not (folder / mark).is_file():
        raise FileExistsError(
            f"{folder} holds something else than an earlier result of this command and is left "
            "alone: choose another --output"
        )


def _check_place(path):
    """Refuse a file or folder below something that is no folder."""
    above = next(folder for folder in path.resolve().parents if folder.exists())
    if not above.is_dir():
        raise NotADirectoryError(f"{path} cannot be written: {above} is a file")


@contextlib.contextmanager
def replace_folder(folder, overwrite=False, mark="summary.txt"):
    """Give a draft of a folder, which takes its place at the end; else what was there is kept."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        draft = Path(scratch) / "new"
        draft.mkdir()
        yield draft
        check_output(folder, overwrite, mark)
        old = Path(scratch) / "old"
        try:
            if folder.exists():
                os.replace(folder, old)
            os.replace(draft, folder)
        finally:
            # an error or Ctrl-C between the two must not take the earlier result along
            if old.exists() and not folder.exists():
                os.replace(old, folder)


def write_table(table, path):
    """Write a table as ECSV."""
    with replace_file(path) as draft:
        table.write(draft, format="ascii.ecsv")


def table_text(table):
    """All rows and columns of a table."""
    return "\n".join(table.pformat(max_lines=-1, max_width=-1))


def pyplot():
    """Prepare matplotlib for pictures in files, and return its ``pyplot``."""
    import matplotlib

    # the command line has no window to show
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def write_pictures(pictures, bbox_inches="tight"):
    """Draw pictures to files: functions that return axes or a figure, by path."""
    plt = pyplot()
    with progress_bar(len(pictures), "drawing", "figures") as update:
        for path, draw in pictures.items():
            figure = np.ravel(draw())[0].figure
            with replace_file(path) as draft:
                figure.savefig(draft, dpi=150, bbox_inches=bbox_inches)
            plt.close(figure)
            update(1)
