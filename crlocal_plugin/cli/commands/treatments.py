"""``crlocal treatments``: one fit for each of several ways to treat the data."""

from ..options import analysis_of, analysis_options, spread
from ..output import check_file, table_text, write_table
from ..parsing import PATH, command, option, whole
from ..terminal import show


@command(
    """examples:
  crlocal treatments
  crlocal treatments analysis.yaml --output treatments.ecsv
  crlocal treatments --datasets latest --starts 8"""
)
@analysis_options()
@option("--starts N", "starts of each fit; 0: the given values alone", whole(0), 0)
@spread
@option("--output FILE.ecsv", "write the table", PATH)
@option("--overwrite", "replace an existing file")
def treatments(starts, output, overwrite, **options):
    """Tell how the result depends on the way that the data are treated.

    Fit with one change after another: floors, declination factors, energies of the events, priors,
    what is free, the likelihood of dipoles, and variants of the model.
    """
    from ...analysis.treatments import treatments as compare_treatments

    check_file(output, overwrite, (".ecsv",))
    analysis = analysis_of(**options)
    table = compare_treatments(analysis, n_starts=starts)
    show(table_text(table), treatments=table)
    if output is not None:
        write_table(table, output)
        show(f"written to {output}", written=output)
