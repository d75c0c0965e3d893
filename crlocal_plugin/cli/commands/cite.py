"""``crlocal cite``: whom to cite."""

import argparse
from pathlib import Path

from ...files import replace_file
from ..output import (
    check_file,
    read_output,
)

_FORMATS = ("bibtex", "text")

_EPILOG = """examples:
  crlocal cite crlocal-fit --output references.bib
  crlocal cite xue-liu-2025
  crlocal cite ams-02_h_2015 icecube-2016 lhaaso --format text
  crlocal cite"""


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "cite",
        help="publications to cite for a fit or for tables, as BibTeX",
        description="Print the publications of the model, the software, the data and, for a fit, "
        "the priors on its free parameters. Without a name, those of model and software.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help="folder that crlocal fit has written, selection, table (crlocal data list), "
        "experiment or file",
    )
    add("--format", choices=_FORMATS, default=_FORMATS[0], help="default: %(default)s")
    add("--output", type=Path, metavar="FILE", help="write to a file, .bib or .txt")
    add("--overwrite", action="store_true", help="replace an existing file")
    parser.set_defaults(run=_run)


def _run(arguments):
    from ...catalogue.citations import citations

    path = arguments.output
    if path is not None:
        check_file(path, arguments.overwrite, (".bib", ".txt"))
    found = list(citations())
    for source in arguments.sources:
        found += citations(read_output(source) if Path(source).is_dir() else source)
    unique = {publication.key: publication for publication in found}.values()
    if arguments.format == "bibtex":
        text = "\n\n".join(publication.bibtex() for publication in unique)
    else:
        text = "\n".join(str(publication) for publication in unique)
    if path is None:
        print(text)
        return
    with replace_file(path) as draft:
        draft.write_text(f"{text}\n", encoding="utf-8")
    print(f"{len(unique)} publications written to {path}")
