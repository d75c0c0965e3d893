"""``crlocal toys``: the fit repeated on simulated data."""

import click

from ...studies.toys import run_toys
from ..fitting import first_fit
from ..options import JOBS, PARAMETERS, SEED, analysis_of, analysis_options
from ..output import check_file
from ..parsing import PATH, command, option, whole
from ..terminal import progress_bar


@command(
    """examples:
  crlocal toys
  crlocal toys analysis.yaml --jobs 2
  crlocal toys --number 1000 --jobs 8 --seed 1 --output toys.ecsv
  crlocal toys --parameters V_sun x --variant wandering
  crlocal toys --number 100 --no-profile --free u_HC"""
)
@analysis_options()
@option("--number N", "how many toys", whole(1), 500)
@JOBS
@SEED
@option("--parameters PARAM...", "those to make profile intervals of; default: all", PARAMETERS)
@option("--no-profile", "leave out the profile intervals")
@option("--output FILE.ecsv", "write what every toy gave", PATH)
@option("--overwrite", "replace an existing file")
def toys(number, jobs, seed, parameters, no_profile, output, overwrite, **options):
    """Print bias, pulls and coverage of the fit from simulated data.

    Fit the data, then simulate data from the best fit many times, with the errors of the real ones,
    and fit each.
    """
    check_file(output, overwrite, (".ecsv",))
    click.echo("reading models and data ...")
    analysis = analysis_of(**options)
    datasets = analysis.prepare()
    click.echo("fitting ...")
    result, code = first_fit(analysis, datasets)
    if code:
        return code
    click.echo(f"statistic {result.total_stat:.2f} at the best fit; simulating ...")
    settings = {"random_state": seed, "profile": not no_profile, "n_jobs": jobs}
    settings["parameters"] = list(parameters) or None
    with progress_bar(number, "toys", "toys") as update:
        study = run_toys(datasets, number, progress=update, **settings)
    click.echo(f"\n{study}\n")
    if output is not None:
        study.write(output, overwrite)
        click.echo(f"written to {output}")
    return 0 if study.n_converged else 1
