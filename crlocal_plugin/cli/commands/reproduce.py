"""``crlocal reproduce``: the figures of the paper, and its statements held against the data."""

from functools import partial
from pathlib import Path

import click

from ...results import add_to_result, is_own
from ..output import FORMATS, check_file, table_text, write_pictures, write_table
from ..parsing import PATH, argument, command, option
from ..terminal import show

_TABLES = ("numbers", "chi2", "estimates", "claims")


@command(
    """what to make:
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
)
@argument(
    "items", "[WHAT...]", f"numbers of figures, {', '.join(_TABLES)} or all; default: all figures"
)
@option("--output DIR", "folder for figures and tables", PATH, Path("crlocal-paper"))
@option("--format KIND", ", ".join(FORMATS), click.Choice(FORMATS), "png")
@option("--overwrite", "replace files of the same names")
def reproduce(items, output, overwrite, format):
    """Make the figures and numbers of Xue & Liu 2025 again.

    Figures are drawn from the tables of the package, and what the paper says is held against the
    data.
    """
    from ... import paper

    items = _items(items)
    figures = {
        item: output / f"figure-{item:02d}.{format}" for item in items if item in paper.FIGURES
    }
    tables = {item: output / f"{item}.ecsv" for item in items if item in _TABLES}
    paths = [*figures.values(), *tables.values()]
    for path in paths:
        check_file(path, overwrite, (path.suffix,))
        if path.exists() and not is_own(path):
            raise FileExistsError(
                f"{path} is left alone, crlocal reproduce has not written it so: "
                "move it away, or choose another --output"
            )
    write_pictures({path: partial(paper.draw_figure, item) for item, path in figures.items()})
    for path in figures.values():
        add_to_result(path, "reproduce")
    fits = None
    for name, path in tables.items():
        if name != "numbers" and fits is None:
            # each fit profits from where the others end
            fits = paper.fit_settings(paper.all_settings())
        table = _table(name, fits)
        write_table(table, path)
        add_to_result(path, "reproduce")
        shown = [column for column in table.colnames if column != "statement"]
        show(f"{name}:\n{table_text(table[shown])}\n", **{name: table})
    show(f"written: {', '.join(map(str, paths))}", written=paths)


def _items(words):
    """Figures and tables that are asked for, in the order of the paper."""
    from ...paper import FIGURES

    known = [*FIGURES, *_TABLES]
    if "all" in words:
        return known
    if not words:
        return list(FIGURES)
    texts = {str(item) for item in known}
    for word in words:
        if word not in texts:
            raise ValueError(
                f"cannot reproduce {word!r}: expected figures 1 to {max(FIGURES)}, "
                f"{', '.join(_TABLES)} or all"
            )
    return [item for item in known if str(item) in words]


def _table(name, fits):
    from ... import paper

    if name == "numbers":
        return paper.printed_numbers()
    tables = {"chi2": paper.chi2_table, "claims": paper.check_claims}
    return tables.get(name, paper.estimate_parameters)(fits)
