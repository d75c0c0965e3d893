"""``crlocal sample``: the posterior of the free parameters."""

import argparse
from pathlib import Path

from ..numbers import (
    positive,
    whole,
)
from ..options import (
    add_analysis_options,
    prepare,
)

_EPILOG = """examples:
  crlocal sample
  crlocal sample analysis.yaml
  crlocal sample --seed 1 --output posterior.nc --corner corner.png
  crlocal sample --corner corner.png --parameters V_sun x D_0 delta_b R_cutc
  crlocal sample --nested --live 800 --variant wandering --output wandering.nc"""


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "sample",
        help="sample the posterior of the free parameters",
        description="Sample the posterior of the free parameters until the samples have "
        "converged, and write them with the models to a netCDF file. Parameters without a prior "
        "get one that is uniform between their limits, or for scales uniform in the logarithm.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add(
        "--output",
        type=Path,
        default=Path("posterior.nc"),
        metavar="FILE.nc",
        help="default: %(default)s",
    )
    add("--corner", type=Path, metavar="FILE", help="draw a corner plot: .png, .pdf or .svg")
    add(
        "--parameters",
        nargs="+",
        metavar="PARAM",
        help="parameters of the corner plot; default: all",
    )
    add("--overwrite", action="store_true", help="replace existing files")
    add("--seed", type=whole(0), default=0, metavar="N", help="of the random numbers; default: 0")
    add(
        "--steps",
        type=whole(1),
        default=50_000,
        metavar="N",
        help="most steps of a walker; default: %(default)s",
    )
    add("--walkers", type=whole(1), metavar="N", help="of an ensemble; default: 4 per parameter")
    add("--ensembles", type=whole(1), default=4, metavar="N", help="default: %(default)s")
    add("--nested", action="store_true", help="nested sampling, which gives the evidence too")
    add(
        "--live",
        type=whole(1),
        default=400,
        metavar="N",
        help="its live points; default: %(default)s",
    )
    add(
        "--range",
        type=positive,
        default=10.0,
        metavar="FACTOR",
        help="how far the priors of scales extend from their values; default: 10",
    )
    add("--flat", action="store_true", help="leave parameters without a prior as they are: flat")
    add(
        "--allow-unconverged",
        action="store_true",
        help="write and draw samples that have not converged; the exit code is 1 all the same",
    )
    add_analysis_options(parser)
    parser.set_defaults(run=_run)


def _run(arguments):
    from ...posterior.nested import nested_sample
    from ...posterior.prior_distributions import set_proper_priors
    from ...posterior.sampling import sample
    from ..output import check_file

    check_file(arguments.output, arguments.overwrite, (".nc",))
    if arguments.corner is not None:
        check_file(arguments.corner, arguments.overwrite, (".png", ".pdf", ".svg"))
    print("reading models and data ...", flush=True)
    datasets = prepare(arguments)
    labels = datasets.parameters.free_parameters.labels
    for name in arguments.parameters or ():
        if name not in labels:
            raise ValueError(
                f"--parameters {name}: expected a free parameter, one of {', '.join(labels)}"
            )
    if not arguments.flat:
        set_proper_priors(datasets, arguments.range)
    print(f"sampling {len(datasets.parameters.free_parameters)} parameters ...", flush=True)
    if arguments.nested:
        posterior = nested_sample(datasets, arguments.live, random_state=arguments.seed)
    else:
        posterior = sample(
            datasets,
            arguments.walkers,
            arguments.ensembles,
            arguments.steps,
            random_state=arguments.seed,
        )
    print(f"\n{posterior}\n\nPriors\n")
    for name, text in posterior.info["priors"].items():
        print(f"  {name}: {text}")
    if not (posterior.converged or arguments.allow_unconverged):
        print(f"\nnothing was written. {posterior.info['advice']}")
        return 1
    posterior.write(arguments.output, arguments.overwrite, arguments.allow_unconverged)
    print(f"\nwritten to {arguments.output}")
    if arguments.corner is not None:
        print("drawing ...", flush=True)
        _draw(posterior, arguments)
        print(f"drawn in {arguments.corner}")
    return 0 if posterior.converged else 1


def _draw(posterior, arguments):
    """Draw the corner plot."""
    from ...files import replace_file
    from ...plots.corner import plot_corner
    from ..output import pyplot

    pyplot()
    figure = plot_corner(
        posterior, arguments.parameters, allow_unconverged=arguments.allow_unconverged
    )
    with replace_file(arguments.corner) as draft:
        figure.savefig(draft, dpi=150)
