"""``crlocal toys``: the fit repeated on simulated data."""

import argparse
from pathlib import Path

from ..numbers import whole
from ..options import (
    add_analysis_options,
    analysis_of,
)
from ..outcome import exit_code

_EPILOG = """examples:
  crlocal toys
  crlocal toys analysis.yaml --jobs 2
  crlocal toys --number 1000 --jobs 8 --seed 1 --output toys.ecsv
  crlocal toys --parameters V_sun x --variant wandering
  crlocal toys --number 100 --no-profile --free u_HC"""


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "toys",
        help="bias, pulls and coverage of the fit from simulated data",
        description="Fit the data, then simulate data from the best fit many times, with the "
        "errors of the real ones, and fit each. Prints bias, pulls and coverage of every free "
        "parameter.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add("--number", type=whole(1), default=500, metavar="N", help="how many toys; default: 500")
    add("--jobs", type=whole(1), default=1, metavar="N", help="processes; default: 1")
    add("--seed", type=whole(0), default=0, metavar="N", help="of the random numbers; default: 0")
    add(
        "--parameters",
        nargs="+",
        metavar="PARAM",
        help="free parameters of which profile intervals are made; default: all",
    )
    add("--no-profile", action="store_true", help="leave out the profile intervals")
    add("--output", type=Path, metavar="FILE.ecsv", help="write what every toy gave")
    add("--overwrite", action="store_true", help="replace an existing file")
    add_analysis_options(parser)
    parser.set_defaults(run=_run)


def _run(arguments):
    from gammapy.modeling import Fit

    from ...studies.toys import run_toys
    from ..output import check_file
    from ..progress import progress_bar

    if arguments.output is not None:
        check_file(arguments.output, arguments.overwrite, (".ecsv",))
    print("reading models and data ...", flush=True)
    analysis = analysis_of(arguments)
    datasets = analysis.prepare()
    print("fitting ...", flush=True)
    result = Fit(backend=analysis.backend).run(datasets)
    if exit_code(result):
        return 1
    print(f"statistic {result.total_stat:.2f} at the best fit; simulating ...", flush=True)
    with progress_bar(arguments.number, "toys", "toys") as update:
        study = run_toys(
            datasets,
            arguments.number,
            random_state=arguments.seed,
            parameters=arguments.parameters,
            profile=not arguments.no_profile,
            n_jobs=arguments.jobs,
            progress=update,
        )
    print(f"\n{study}\n")
    if arguments.output is not None:
        study.write(arguments.output, arguments.overwrite)
        print(f"written to {arguments.output}")
    return 0 if study.n_converged else 1
