"""``crlocal fit``: the joint fit, with everything that belongs to its result in one folder."""

import argparse
import sys
from pathlib import Path

from ..numbers import whole
from ..options import (
    add_analysis_options,
    analysis_of,
)
from ..outcome import exit_code
from ..progress import progress_bar

_EPILOG = """examples:
  crlocal fit
  crlocal fit analysis.yaml
  crlocal fit analysis.yaml --fix "x=1.6 pc" --output near-edge
  crlocal fit --variant wandering --output wandering
  crlocal fit --datasets xue-liu-2025 --free u_HC --fix "x=1.6 pc"
  crlocal fit --datasets ams-02_h_2015 ams-02_he_2015 icecube-2016 --no-priors
  crlocal fit --free KASCADE.energy_scale --output kascade-scale"""


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "fit",
        help="fit the model of Xue & Liu 2025 to measured spectra and dipoles",
        description="Fit the model of Xue & Liu 2025 jointly to measured spectra and dipoles, and "
        "write analysis, models, datasets, result, tables and figures to a folder.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    add_analysis_options(parser)
    add = parser.add_argument
    add(
        "--starts",
        type=whole(0),
        metavar="N",
        help="random starts of the fit beside the given values, of which the lowest minimum "
        "counts; default: that of the analysis file, or 24",
    )
    add(
        "--output",
        type=Path,
        metavar="DIR",
        help="default: that of the analysis file, or crlocal-fit",
    )
    add("--overwrite", action="store_true", help="replace an existing folder")
    parser.set_defaults(run=_run)


def _run(arguments):
    from gammapy.modeling import Fit

    from ...likelihood.summary import fit_summary
    from ...studies.starts import lowest_minimum
    from ..output import (
        check_names,
        check_output,
        write_output,
    )

    analysis = analysis_of(arguments)
    if arguments.starts is not None:
        analysis = analysis.changed({"starts": arguments.starts})
    output = arguments.output or analysis.output
    check_output(output, arguments.overwrite)
    print("reading models and data ...", flush=True)
    datasets = analysis.prepare()
    check_names(datasets)
    n_numbers = sum(dataset.info_dict()["n_fit"] for dataset in datasets)
    n_free = len(datasets.parameters.free_parameters)
    print(f"fitting {n_free} parameters to {n_numbers} numbers of {len(datasets)} datasets ...")
    sys.stdout.flush()
    if analysis.starts:
        with progress_bar(analysis.starts, "searching", "starts") as update:
            lowest_minimum(datasets, analysis.starts, progress=update)
    result = Fit(backend=analysis.backend).run(datasets)
    summary = fit_summary(datasets, result)
    print(f"\n{summary}\n", flush=True)
    code = exit_code(result)
    print("drawing and writing ...", flush=True)
    write_output(output, analysis, datasets, result, summary, arguments.overwrite)
    print(f"written to {output}")
    return code
