"""Write a page, whole or not at all."""

import os
import tempfile
from pathlib import Path

from .page import report_page

__all__ = ["write_report", "write_text"]


def write_report(datasets, path, result=None, title=None, date="", overwrite=False):
    """Write a report of a fit as one HTML file that needs no other.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models, fitted or not.
    path : path-like
        File to write. Folders are made as needed.
    result : `~gammapy.modeling.FitResult`, optional
        Result of the fit, which says whether it converged.
    title : str, optional
        Heading of the page.
    date : str, optional
        Day of the fit, to be printed; no date by default, so that a repeated report is the same.
    overwrite : bool, optional
        Replace an existing file.

    Raises
    ------
    FileExistsError
        If the file exists and ``overwrite`` is not set, or the path is a folder.
    ValueError
        If a dataset has no model.
    """
    check_file(path, overwrite)
    write_text(path, report_page(datasets, result, title, date), overwrite)


def write_text(path, text, overwrite=False):
    """Write a text file, whole or not at all.

    Parameters
    ----------
    path : path-like
        File to write. Folders are made as needed.
    text : str
        Text.
    overwrite : bool, optional
        Replace an existing file.

    Raises
    ------
    FileExistsError
        If the file exists and ``overwrite`` is not set, or the path is a folder.
    """
    path = check_file(path, overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        draft = Path(folder) / path.name
        draft.write_text(text, encoding="utf-8", newline="\n")
        os.replace(draft, path)


def check_file(path, overwrite):
    """Refuse a file that exists, before any work is done, and return its path."""
    path = Path(path)
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder: give the name of a file")
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"{path} exists: choose another name, or pass overwrite=True (--overwrite)"
        )
    return path
