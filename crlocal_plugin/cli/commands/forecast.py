"""``crlocal forecast``: what planned measurements would add."""

from functools import partial

import click

from ...catalogue.plans import find_plans, shipped_plans
from ...plots.forecasts import plot_forecast
from ...progress import progress_bar
from ...studies.forecasts import TARGETS, tell_apart
from ...studies.forecasts import forecast as expected_errors
from ..fitting import first_fit, prepare
from ..options import PARAMETERS, SEED, analysis_of, analysis_options, split_words, spread
from ..output import SUFFIXES, check_file, table_text, write_pictures, write_table
from ..parsing import FINITE, PATH, Name, argument, command, option, whole
from .compare import VARIANTS, variant


@command(
    """examples:
  crlocal forecast
  crlocal forecast lhaaso-10yr imap --profiles
  crlocal forecast analysis.yaml imap --picture forecast.png
  crlocal forecast --plans my-plans.yaml my-table.ecsv --toys 200
  crlocal forecast lhaaso-10yr swgo-5yr --planned-scatter 0
  crlocal forecast swgo-5yr --models kinetic wandering kinetic+lsr kinetic+Monogem"""
)
@analysis_options()
@argument(
    "names",
    "[PLAN...]",
    f"{', '.join(shipped_plans())}; default: all of them, unless --plans names files",
    Name(shipped_plans),
)
@option("--plans FILE...", "YAML files of plans, or tables of one measurement each")
@option(
    "--parameters PARAM...",
    f"those whose errors are printed; default: {' '.join(TARGETS)}",
    PARAMETERS,
)
@option(
    "--planned-scatter FRACTION",
    "scatter of planned dipoles; default: that of their experiment",
    FINITE,
)
@option("--profiles", "also errors from profiles of predicted data")
@option("--toys N", "also errors from fits of simulated data", whole(0), 0)
@option("--models MODEL...", f"which of these can be told apart from the first: {VARIANTS}")
@spread
@SEED
@option("--output FILE.ecsv", "write the table of errors, or with --models that of models", PATH)
@option("--picture FILE", "draw the errors, as .png, .pdf or .svg", PATH)
@option("--overwrite", "replace existing files")
def forecast(
    file,
    names,
    plans,
    parameters,
    planned_scatter,
    profiles,
    toys,
    models,
    seed,
    output,
    picture,
    overwrite,
    **options,
):
    """Tell what planned measurements would add.

    Fit today's data, predict those of planned measurements from the best fit, and print the errors
    that parameters would have, with a ranking of the plans.
    """
    file, names = split_words(file, names)
    check_file(output, overwrite, (".ecsv",))
    check_file(picture, overwrite, SUFFIXES)
    if picture is not None and models:
        raise ValueError("--picture is of errors of parameters: leave out --models")
    planned = find_plans([*names, *plans] or list(shipped_plans()))
    if models:
        table = _models(analysis_of(file, **options), models, planned, planned_scatter)
        click.echo(f"\n{table_text(table)}")
    else:
        analysis, datasets = prepare(file, **options)
        _, code = first_fit(analysis, datasets, "predicting")
        if code:
            return code
        found = expected_errors(
            datasets, planned, parameters or TARGETS, TARGETS, profiles, toys, planned_scatter, seed
        )
        table = found.errors
        click.echo(f"\n{found}")
        if picture is not None:
            write_pictures({picture: partial(plot_forecast, found)})
            click.echo(f"\nwritten to {picture}")
    if output is not None:
        write_table(table, output)
        click.echo(f"\nwritten to {output}")
    return 0


def _models(analysis, models, planned, scatter):
    """Which models the plans tell apart, each at its best fit."""
    click.echo(f"fitting {len(models)} models ...")
    entries = {}
    with progress_bar(len(models), "fitting", "models") as update:
        for name in models:
            entries[name] = variant(name, analysis)
            first_fit(analysis, entries[name])
            update(1)
    return tell_apart(entries, planned, scatter=scatter)
