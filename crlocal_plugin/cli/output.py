"""Write tables and pictures, whole or not at all; refuse files that may not be replaced."""

from ..files import refuse_existing, replace_file
from ..results import check_place

FORMATS = ("png", "pdf", "svg")
SUFFIXES = tuple(f".{name}" for name in FORMATS)
"""Those of pictures."""


def check_file(path, overwrite, suffixes, mark=b""):
    """Refuse a file that cannot be written, before any work is done; None is no file.

    An existing file is replaced only if it has the bytes ``mark`` in it.
    """
    if path is None:
        return
    if path.suffix not in suffixes:
        raise ValueError(f"{path}: expected a file with the suffix {' or '.join(suffixes)}")
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder: choose another name")
    refuse_existing(path, overwrite=overwrite, remedy="choose another name, or pass --overwrite")
    check_place(path)
    if mark and path.exists() and mark not in path.read_bytes():
        raise FileExistsError(
            f"{path} is left alone, this command has not written it: choose another name"
        )


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
    import numpy as np

    from ..progress import progress_bar

    plt = pyplot()
    with progress_bar(len(pictures), "drawing", "figures") as update:
        for path, draw in pictures.items():
            figure = np.ravel(draw())[0].figure
            # fonts in PDF as TrueType, which journals ask for
            with replace_file(path) as draft, plt.rc_context({"pdf.fonttype": 42}):
                figure.savefig(draft, dpi=150, bbox_inches=bbox_inches)
            plt.close(figure)
            update(1)
