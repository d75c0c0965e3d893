"""``crlocal reproduce``: the figures of the paper, and its statements held against the data."""

import argparse
from pathlib import Path

from ..progress import progress_bar

_TABLES = ("numbers", "chi2", "estimates", "claims")

_EPILOG = """what to make:
  1 ... 11    a figure of Xue & Liu 2025 with the values of their Table I
  numbers     numbers that the paper prints, evaluated with this package
  chi2        chi2 of the paper's parameters and of joint fits, dataset by dataset
  estimates   what the data say of V_sun, x, u_HC, delta_b ..., with errors
  claims      statements of the paper as differences of the statistic after fits
  all         everything
The fits behind the last three take two to three minutes.

examples:
  crlocal reproduce
  crlocal reproduce 6 --format pdf --output solar-motion
  crlocal reproduce chi2 claims
  crlocal reproduce all --output paper --overwrite"""


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "reproduce",
        help="make the figures and numbers of Xue & Liu 2025 again",
        description="Make the figures of Xue & Liu 2025 again from the tables of the package, and "
        "hold what the paper says against the data.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add(
        "items",
        nargs="*",
        metavar="WHAT",
        help=f"numbers of figures, {', '.join(_TABLES)} or all; default: all figures",
    )
    add(
        "--output",
        type=Path,
        default=Path("crlocal-paper"),
        metavar="DIR",
        help="folder for figures and tables; default: %(default)s",
    )
    add("--format", choices=("png", "pdf", "svg"), default="png", help="default: %(default)s")
    add("--overwrite", action="store_true", help="replace files of the same names")
    parser.set_defaults(run=_run)


def _run(arguments):
    from ..output import check_file

    paths = {
        item: arguments.output
        / (f"figure-{item:02d}.{arguments.format}" if item not in _TABLES else f"{item}.ecsv")
        for item in _items(arguments.items)
    }
    for path in paths.values():
        check_file(path, arguments.overwrite, (path.suffix,))
    figures = [item for item in paths if item not in _TABLES]
    with progress_bar(len(figures), "drawing", "figures") as update:
        for number in figures:
            _draw(number, paths[number])
            update(1)
    fits = None
    for name in (item for item in paths if item in _TABLES):
        if name != "numbers" and fits is None:
            fits = _fits()
        _tabulate(name, paths[name], fits)
    print("written: " + ", ".join(str(path) for path in paths.values()))


def _items(words):
    """Figures and tables that are asked for, in the order of the paper."""
    from ...paper.figures import FIGURES

    known = [*FIGURES, *_TABLES]
    if "all" in words:
        return known
    if not words:
        return list(FIGURES)
    texts = {str(item): item for item in known}
    for word in words:
        if word not in texts:
            raise ValueError(
                f"cannot reproduce {word!r}: expected figures 1 to {max(FIGURES)}, "
                f"{', '.join(_TABLES)} or all"
            )
    return [item for item in known if str(item) in words]


def _draw(number, path):
    from ...files import replace_file
    from ..output import pyplot

    plt = pyplot()
    from ...paper.figures import draw_figure

    figure = draw_figure(number)
    with replace_file(path) as draft:
        figure.savefig(draft, dpi=150, bbox_inches="tight")
    plt.close(figure)


def _fits():
    """All fits that the tables rest on: each profits from where the others end."""
    from ... import paper

    settings = paper.all_settings()
    with progress_bar(paper.number_of_steps(settings), "fitting", "steps") as update:
        return paper.fit_settings(settings, update)


def _tabulate(name, path, fits):
    from ... import paper
    from ...files import replace_file

    if name == "estimates":
        total = sum(len(names) for *_, names in paper.ESTIMATES)
        with progress_bar(total, "intervals", "parameters") as update:
            table = paper.estimate_parameters(fits, progress=update)
    elif name == "numbers":
        table = paper.printed_numbers()
    else:
        table = {"chi2": paper.chi2_table, "claims": paper.check_claims}[name](fits)
    with replace_file(path) as draft:
        table.write(draft, format="ascii.ecsv")
    shown = [column for column in table.colnames if column != "statement"]
    print(
        "\n".join([f"{name}:", *table[shown].pformat(max_lines=-1, max_width=-1), ""]), flush=True
    )
