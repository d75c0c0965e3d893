"""``crlocal data``: the tables that come with the package."""

import click

from ..options import TABLES
from ..output import table_text
from ..parsing import PATH, Group, argument, command, option
from ..terminal import show

_EXAMPLES = (
    "examples:\n  crlocal data list\n  crlocal data show ams-02_h_2015\n"
    "  crlocal data check my-protons.csv"
)


@click.group(cls=Group, no_args_is_help=False, subcommand_metavar="ACTION", epilog=_EXAMPLES)
def data():
    """List and show the measured tables of the package, and check your own."""


@command(
    "examples:\n  crlocal data list --quantity He\n"
    "  crlocal data list --quantity all_particle --hadronic-model EPOS-LHC",
    "list",
    data,
)
@option("--quantity NAME", "only tables of a species, of a sum such as light, or of dipoles")
@option("--experiment NAME", "only tables of an experiment")
@option("--hadronic-model NAME", "only tables for a hadronic interaction model")
def list_tables(**wanted):
    """List all tables with their publications, and the named selections."""
    from ...catalogue.index import catalog
    from ...catalogue.selections import SELECTIONS

    table = catalog()
    for column, name in wanted.items():
        if name is not None:
            known = sorted(set(catalog()[column]) - {""})
            match = {text.lower(): text for text in known}.get(name.lower())
            if match is None:
                raise ValueError(f"no table of {column} {name!r}: expected {', '.join(known)}")
            table = table[table[column] == match]
    if not len(table):
        raise ValueError("no table is of all of these: leave out an option")
    lines, widths = [], {key: max(map(len, table[key])) for key in ("name", "quantity", "axis")}
    for row in table:
        words = [row[key].ljust(width) for key, width in widths.items()]
        extent = f"{row['x_min']:.3g} .. {row['x_max']:.3g} {row['unit']}"
        lines.append(f"{'  '.join(words)}  {row['points']:3d}  {extent:26s}  {row['reference']}")
    lines.append(f"\n{len(table)} table{'s' * (len(table) > 1)}. Selections:")
    selections = {name: selection.description for name, selection in SELECTIONS.items()}
    lines += [f"  {name}: {description}" for name, description in selections.items()]
    show("\n".join(lines), tables=table, selections=selections)


@command("example:\n  crlocal data show ams-02_h_2015", "show", data)
@argument("name", "NAME", "name of a table, selection or experiment", TABLES)
def show_table(name):
    """Print a table with its publication, or the tables of a selection or an experiment."""
    from ...catalogue.experiments import experiment_named
    from ...catalogue.index import catalog, read_catalog_table
    from ...catalogue.overlaps import overlapping_tables
    from ...catalogue.selections import SELECTIONS

    index = catalog()
    experiment = experiment_named(name)
    if name in SELECTIONS:
        lines, tables = [f"{name}: {SELECTIONS[name].description}\n"], []
        for item in SELECTIONS[name].items:
            low, high = ("" if end is None else end for end in item.energy_range)
            extent = f"  ({low} .. {high})" if (low, high) != ("", "") else ""
            lines.append(f"  {item.name}{extent}")
            tables.append({"name": item.name, "low": str(low), "high": str(high)})
        show("\n".join(lines), description=SELECTIONS[name].description, tables=tables)
    elif experiment is not None and name not in index["name"]:
        rows = index[index["experiment"] == experiment]
        pairs = [(row["name"], row["hadronic_model"]) for row in rows]
        show(
            "\n".join(f"{name}  ({model})" if model else name for name, model in pairs), tables=rows
        )
    else:
        table = read_catalog_table(name)
        others = overlapping_tables(name)
        lines = [f"{key:20s} {value}" for key, value in table.meta.items()]
        lines += [f"{'not to be fitted with':20s} {other}: {why}" for other, why in others.items()]
        show(
            "\n".join([*lines, "", table_text(table)]),
            meta=dict(table.meta),
            not_to_be_fitted_with=others,
            units=_units(table),
            points=table,
        )


@command(
    "examples:\n  crlocal data check hepdata-table.yaml\n"
    "  crlocal data check protons.csv --quantity H --axis kinetic_energy\n"
    "    --columns energy=E:TeV 'intensity=flux:m-2 s-1 sr-1 GeV-1' --output protons.ecsv",
    "check",
    data,
)
@argument("path", "FILE", "CSV, ECSV, FITS, HEPData, CRDB, USINE or KISS file", PATH)
@option("--columns NAME=COLUMN:UNIT...", "what columns are, if their names do not tell")
@option("--quantity NAME", "element, light, all_particle, or a ratio such as B/C")
@option("--axis NAME", "kinetic_energy, kinetic_energy_per_nucleon, total_energy or rigidity")
@option("--experiment NAME", "name of the experiment")
@option("--part NAME", "which of several tables in the file, by name or number")
@option("--output FILE", "ECSV or FITS file to write, which every command reads", PATH)
def check(path, columns, output, **options):
    """Print what a file of your own is read as, or what it does not say."""
    from ...catalogue.own_tables import read_table, understood
    from ...tables.writing import write_table

    table = read_table(path, dict(map(_column, columns)), **options)
    text = f"{understood(table)}\n\n{table_text(table)}"
    show(text, meta=dict(table.meta), units=_units(table), points=table)
    if output is not None:
        write_table(table, output)


def _column(text):
    """Entry of a mapping from a text such as "energy=E:TeV"."""
    name, equals, given = text.partition("=")
    column, colon, unit = given.rpartition(":")
    if not (equals and given):
        raise ValueError(f"--columns: expected NAME=COLUMN or NAME=COLUMN:UNIT, got {text!r}")
    return name, (column, unit) if colon else given


def _units(table):
    return {name: str(table[name].unit or "") for name in table.colnames}
