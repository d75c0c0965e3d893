"""``crlocal report``: a fit on one page."""

import argparse
from pathlib import Path

from ..output import (
    check_file,
    pyplot,
    read_output,
)
from ..progress import progress_bar

_EPILOG = """examples:
  crlocal report crlocal-fit
  crlocal report wandering --output wandering.html --title "Wandering field lines"

The page needs no other file and no network: send it, or print it from a browser."""


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "report",
        help="one HTML page about a fit: numbers, pictures, references",
        description="Write a page about a fit that crlocal fit has written to a folder: verdict, "
        "parameters, correlations, chi2 of every dataset, pictures, priors, references and "
        "versions.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="DIR", help="folder that crlocal fit has written")
    add("--output", type=Path, metavar="FILE.html", help="default: report.html in the folder")
    add("--title", metavar="TEXT", help="heading of the page")
    add("--overwrite", action="store_true", help="replace an existing file")
    parser.set_defaults(run=_run)


def _run(arguments):
    if not arguments.folder.is_dir():
        raise ValueError(f"{arguments.folder} is no folder: name one that crlocal fit has written")
    path = arguments.output or arguments.folder / "report.html"
    check_file(path, arguments.overwrite, (".html",))
    pyplot()
    from ...report.saved_result import read_result
    from ...report.writing import write_report

    print("reading the fit ...", flush=True)
    datasets = read_output(arguments.folder)
    result, date = read_result(arguments.folder / "fit-result.yaml", datasets.models)
    print("drawing and writing ...", flush=True)
    with progress_bar(None, "drawing", "pictures") as update:
        write_report(datasets, path, result, arguments.title, date, arguments.overwrite, update)
    print(f"written to {path}")
