"""``crlocal data``: the tables that come with the package."""

import argparse


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "data",
        help="list and show the measured tables of the package",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  crlocal data list\n  crlocal data show ams-02_h_2015",
    )
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    listing = actions.add_parser(
        "list",
        help="list all tables with their publications, and the named selections",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  crlocal data list --quantity He\n"
        "  crlocal data list --quantity mean_log_mass --hadronic-model EPOS-LHC",
    )
    add = listing.add_argument
    add("--quantity", help="only tables of a species, light, all_particle, mean_log_mass, dipole")
    add("--experiment", help="only tables of an experiment")
    add("--hadronic-model", help="only tables for a hadronic interaction model")
    listing.set_defaults(run=_list)
    show = actions.add_parser(
        "show",
        help="print a table with its publication",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  crlocal data show ams-02_h_2015",
    )
    show.add_argument("name", metavar="NAME", help="name of a table, selection or experiment")
    show.set_defaults(run=_show)


def _list(arguments):
    from ...catalogue.index import catalog
    from ...catalogue.selections import SELECTIONS

    table = catalog()
    for column in ("quantity", "experiment", "hadronic_model"):
        wanted = getattr(arguments, column)
        if wanted is not None:
            known = sorted(set(catalog()[column]) - {""})
            match = {name.lower(): name for name in known}.get(wanted.lower())
            if match is None:
                raise ValueError(f"no table of {column} {wanted!r}: expected {', '.join(known)}")
            table = table[table[column] == match]
    if not len(table):
        raise ValueError("no table is of all of these: leave out an option")
    widths = [max(map(len, table[name])) for name in ("name", "quantity", "axis")]
    for row in table:
        name, quantity, axis = (
            row[key].ljust(width)
            for key, width in zip(("name", "quantity", "axis"), widths, strict=True)
        )
        extent = f"{row['x_min']:.3g} .. {row['x_max']:.3g} {row['unit']}"
        print(f"{name}  {quantity}  {axis}  {row['points']:3d}  {extent:26s}  {row['reference']}")
    print(f"\n{len(table)} table{'s' * (len(table) > 1)}. Selections:")
    for name, selection in SELECTIONS.items():
        print(f"  {name}: {selection.description}")


def _show(arguments):
    from ...catalogue.experiments import experiment_named
    from ...catalogue.index import catalog, read_catalog_table
    from ...catalogue.overlaps import overlapping_tables
    from ...catalogue.selections import SELECTIONS

    if arguments.name in SELECTIONS:
        selection = SELECTIONS[arguments.name]
        print(f"{arguments.name}: {selection.description}\n")
        for item in selection.items:
            low, high = ("" if end is None else end for end in item.energy_range)
            print(f"  {item.name}" + (f"  ({low} .. {high})" if (low, high) != ("", "") else ""))
        return
    index = catalog()
    experiment = experiment_named(arguments.name)
    if experiment is not None and arguments.name not in index["name"]:
        for row in index[index["experiment"] == experiment]:
            model = row["hadronic_model"]
            print(row["name"] + (f"  ({model})" if model else ""))
        return
    table = read_catalog_table(arguments.name)
    for key, value in table.meta.items():
        print(f"{key:20s} {value}")
    overlaps = overlapping_tables(arguments.name)
    for other, reason in overlaps.items():
        print(f"{'not to be fitted with':20s} {other}: {reason}")
    print()
    print("\n".join(table.pformat(max_lines=-1, max_width=-1)))
