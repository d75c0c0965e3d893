"""``crlocal toys``: the fit repeated on simulated data."""

from ..fitting import first_fit, prepare, unfinished
from ..options import PARAMETERS, SEED, analysis_options, spread
from ..output import check_file
from ..parsing import PATH, command, option, whole
from ..terminal import show


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
@spread
@SEED
@option("--parameters PARAM...", "those to make profile intervals of; default: all", PARAMETERS)
@option("--no-profile", "leave out the profile intervals")
@option("--output FILE.ecsv", "write what every toy gave", PATH)
@option("--overwrite", "replace an existing file")
def toys(number, seed, parameters, no_profile, output, overwrite, **options):
    """Print bias, pulls and coverage of the fit from simulated data.

    Fit the data, then simulate data from the best fit many times, with the errors of the real ones,
    and fit each.
    """
    from ...studies.toys import run_toys

    check_file(output, overwrite, (".ecsv",))
    analysis, datasets = prepare(**options)
    _, code = first_fit(analysis, datasets, "simulating")
    if code:
        return code
    asked = {"parameters": list(parameters) or None, "profile": not no_profile}
    with unfinished(output) as kept:
        study = run_toys(datasets, number, seed, **asked, checkpoint=kept)
        found = study.summary() if study.n_converged else []
        counts = {"toys": study.n_toys, "converged": study.n_converged}
        show(f"\n{study}\n", **counts, parameters=found)
        if output is not None:
            study.write(output, overwrite)
            show(f"written to {output}", written=output)
    return 0 if study.n_converged else 1
