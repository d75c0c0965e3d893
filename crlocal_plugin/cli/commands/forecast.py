"""``crlocal forecast``: what planned measurements would add."""

from functools import partial

from ..fitting import first_fit, prepare
from ..known import KNOWN
from ..options import PARAMETERS, SEED, analysis_of, analysis_options, split_words, spread
from ..output import SUFFIXES, check_file, table_text, write_pictures, write_table
from ..parsing import FINITE, PATH, Name, argument, command, option, whole
from ..terminal import say, show
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
    f"{', '.join(KNOWN['plans'])}; default: all of them, unless --plans names files",
    Name(lambda: KNOWN["plans"]),
)
@option("--plans FILE...", "YAML files of plans, or tables of one measurement each")
@option(
    "--parameters PARAM...",
    f"those whose errors are printed; default: {' '.join(KNOWN['targets'])}",
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
    from ...catalogue.plans import find_plans, shipped_plans
    from ...plots.forecasts import plot_forecast
    from ...studies.forecasts import TARGETS
    from ...studies.forecasts import forecast as expected_errors

    file, names = split_words(file, names)
    check_file(output, overwrite, (".ecsv",))
    check_file(picture, overwrite, SUFFIXES)
    if picture is not None and models:
        raise ValueError("--picture is of errors of parameters: leave out --models")
    planned = find_plans([*names, *plans] or list(shipped_plans()))
    if models:
        table = _models(analysis_of(file, **options), models, planned, planned_scatter)
        show(f"\n{table_text(table)}", models=table)
    else:
        analysis, datasets = prepare(file, **options)
        _, code = first_fit(analysis, datasets, "predicting")
        if code:
            return code
        found = expected_errors(
            datasets, planned, parameters or TARGETS, TARGETS, profiles, toys, planned_scatter, seed
        )
        table = found.errors
        show(f"\n{found}", **vars(found))
        if picture is not None:
            write_pictures({picture: partial(plot_forecast, found)})
            show(f"\nwritten to {picture}", drawn=picture)
    if output is not None:
        write_table(table, output)
        show(f"\nwritten to {output}", written=output)
    return 0


def _models(analysis, models, planned, scatter):
    """Which models the plans tell apart, each at its best fit."""
    from ...progress import progress_bar
    from ...studies.forecasts import tell_apart

    say(f"fitting {len(models)} models ...")
    entries = {}
    with progress_bar(len(models), "fitting", "models") as update:
        for name in models:
            entries[name] = variant(name, analysis)
            first_fit(analysis, entries[name])
            update(1)
    return tell_apart(entries, planned, scatter=scatter)
