"""``crlocal report``: a fit on one page."""

from ...results import add_to_result
from ..fit_folder import read_output
from ..output import check_file, pyplot
from ..parsing import PATH, argument, command, option
from ..terminal import say


@command(
    """examples:
  crlocal report crlocal-fit
  crlocal report wandering --output wandering.html --title "Wandering field lines"

The page needs no other file and no network: send it, or print it from a browser.""",
    has_results=False,
)
@argument("folder", "DIR", "folder that crlocal fit has written", PATH)
@option("--output FILE.html", "default: report.html in the folder", PATH)
@option("--title TEXT", "heading of the page")
@option("--overwrite", "replace an existing file")
def report(folder, output, overwrite, title):
    """Write one HTML page about a fit: numbers, pictures, references.

    It has verdict, parameters, correlations, chi2 of every dataset, pictures, priors, references
    and versions.
    """
    from ...report.saved_result import read_result
    from ...report.writing import write_report

    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder: name one that crlocal fit has written")
    path = output or folder / "report.html"
    check_file(path, overwrite, (".html",), b'content="crlocal_plugin')
    pyplot()
    say("reading the fit ...")
    datasets = read_output(folder)
    result, date = read_result(folder / "fit-result.yaml", datasets.models)
    say("drawing and writing ...")
    write_report(datasets, path, result, title, date, overwrite)
    add_to_result(path)
    say(f"written to {path}")
