"""``crlocal init``: an analysis file to start from."""

import argparse
from pathlib import Path

_EPILOG = """examples:
  crlocal init
  crlocal init wandering.yaml
  crlocal init && crlocal fit analysis.yaml"""


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "init",
        help="write an analysis file to start from",
        description="Write an analysis file with every key, its meaning and its default. It "
        "describes the same fit as crlocal fit without a file; change what you want to change.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        default=Path("analysis.yaml"),
        metavar="FILE.yaml",
        help="default: %(default)s",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    parser.set_defaults(run=_run)


def _run(arguments):
    from ...analysis.description import Analysis
    from ...analysis.files import (
        analysis_text,
        parameter_lines,
    )
    from ...files import replace_file
    from ..output import check_file

    check_file(arguments.file, arguments.overwrite, (".yaml", ".yml"))
    text = analysis_text(Analysis(), notes={"parameters": parameter_lines()})
    with replace_file(arguments.file) as draft:
        draft.write_text(text, encoding="utf-8")
    print(f"written to {arguments.file}; fit it with: crlocal fit {arguments.file}")
