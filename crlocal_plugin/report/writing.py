"""Write the page, whole or not at all."""

from pathlib import Path

from ..files import refuse_existing, replace_file


def write_report(datasets, path, result=None, title=None, date="", overwrite=False, progress=None):
    """Write a report of a fit as one HTML file that needs no other.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models, fitted or not.
    path : path-like
        File to write, in folders that are made as needed.
    result : `~gammapy.modeling.FitResult`, optional
        Result of the fit, which says whether it converged.
    title, date : str, optional
        Heading, and day of the fit: without one, a repeated report is the same.
    overwrite : bool, optional
        Replace an existing file.
    progress : callable or bool, optional
        Called with 1 after each picture; otherwise as for `~crlocal_plugin.scan_profiles`.

    Raises
    ------
    FileExistsError, ValueError
        If the file exists and ``overwrite`` is not set, or the path is a folder; if a dataset has
        no model.
    """
    path = Path(path)
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder: give the name of a file")
    refuse_existing(path, overwrite=overwrite)
    from .page import report_page

    text = report_page(datasets, result, title, date, progress)
    with replace_file(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")
