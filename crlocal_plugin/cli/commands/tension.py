"""``crlocal tension``: the joint fit without each dataset in turn."""

import click

from ...studies.leave_one_out import GROUPS, leave_one_out
from ..fitting import first_fit
from ..options import JOBS, analysis_of, analysis_options
from ..output import table_text
from ..parsing import command, option
from ..terminal import progress_bar


@command(
    """examples:
  crlocal tension
  crlocal tension analysis.yaml --by experiment
  crlocal tension --datasets latest --jobs 2"""
)
@analysis_options()
@option("--by WHAT", ", ".join(GROUPS), click.Choice(GROUPS), GROUPS[0])
@JOBS
def tension(by, jobs, **options):
    """Tell which data the others object to.

    Fit, leave out each dataset in turn, and fit again: how far the statistic falls, how probable
    that is if the data agree, and which parameter moves most.
    """
    click.echo("reading models and data ...")
    analysis = analysis_of(**options)
    datasets = analysis.prepare()
    click.echo("fitting ...")
    result, code = first_fit(analysis, datasets)
    click.echo(f"statistic {result.total_stat:.2f} at the best fit; leaving out ...")
    with progress_bar(None, "leave one out", "fits") as update:
        table = leave_one_out(datasets, by, jobs, update)
    click.echo(f"\n{table_text(table)}")
    return code
