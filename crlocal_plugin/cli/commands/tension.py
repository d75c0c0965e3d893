"""``crlocal tension``: the joint fit without each dataset in turn."""

import click

from ..fitting import first_fit, prepare
from ..known import KNOWN
from ..options import analysis_options, spread
from ..output import table_text
from ..parsing import command, option
from ..terminal import show

_GROUPS = KNOWN["groups"]


@command(
    """examples:
  crlocal tension
  crlocal tension analysis.yaml --by experiment
  crlocal tension --datasets latest --jobs 2"""
)
@analysis_options()
@option("--by WHAT", ", ".join(_GROUPS), click.Choice(_GROUPS), _GROUPS[0])
@spread
def tension(by, **options):
    """Tell which data the others object to.

    Fit, leave out each dataset in turn, and fit again: how far the statistic falls, how probable
    that is if the data agree, and which parameter moves most.
    """
    from ...studies.leave_one_out import leave_one_out

    analysis, datasets = prepare(**options)
    _, code = first_fit(analysis, datasets, "leaving out")
    table = leave_one_out(datasets, by)
    show(f"\n{table_text(table)}", left_out=table)
    return code
