"""``crlocal identify``: what spectra, dipole and priors tell about the free parameters."""

import argparse

from ..options import (
    add_analysis_options,
    analysis_of,
)
from ..outcome import exit_code

_EPILOG = """examples:
  crlocal identify
  crlocal identify analysis.yaml
  crlocal identify --fit
  crlocal identify --free B R_cr --no-priors
  crlocal identify --datasets ams-02_h_2015 icecube-2016 --species H"""


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "identify",
        help="tell which parameters the data constrain, and which directions they leave open",
        description="Tell what spectra alone, the dipole alone, both, and both with priors say "
        "about each free parameter, which data say most, and which combinations of parameters "
        "they leave open; at the values of Table I of Xue & Liu 2025 or at the best fit.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    add_analysis_options(parser)
    parser.add_argument("--fit", action="store_true", help="fit first; at Table I by default")
    parser.set_defaults(run=_run)


def _run(arguments):
    from ...studies.identifiability import identifiability

    analysis = analysis_of(arguments)
    datasets = analysis.prepare()
    code = 0
    if arguments.fit:
        from gammapy.modeling import Fit

        code = exit_code(Fit(backend=analysis.backend).run(datasets))
        print(f"fitted: total statistic {datasets.stat_sum():.2f}\n")
    print(identifiability(datasets))
    return code
