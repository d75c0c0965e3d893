"""``crlocal fit``: the joint fit, with everything that belongs to its result in one folder."""

from dataclasses import fields

import click

from ...results import check_result
from ..fit_folder import check_names, write_output
from ..fitting import exit_code, run_fit
from ..options import analysis_of, analysis_options
from ..parsing import PATH, command, option, whole
from ..terminal import say, show


@command(
    """examples:
  crlocal fit
  crlocal fit analysis.yaml
  crlocal fit analysis.yaml --fix "x=1.6 pc" --output near-edge
  crlocal fit --variant wandering --output wandering
  crlocal fit --datasets xue-liu-2025 --free R_cr --fix "x=1.6 pc"
  crlocal fit --datasets ams-02_h_2015 ams-02_he_2015 icecube-2016 --no-priors
  crlocal fit --free KASCADE.energy_scale --output kascade-scale"""
)
@analysis_options()
@option(
    "--starts N",
    "starts of the fit, of which the lowest minimum counts; 0: the given values alone; default: "
    "that of the analysis file, or 24 to 200, as many as take about a second",
    whole(0),
)
@option("--output DIR", "default: that of the analysis file, or crlocal-fit", PATH)
@option("--overwrite", "replace an earlier result; what else is in its folder stays")
def fit(starts, output, overwrite, **options):
    """Fit the model of Xue & Liu 2025 to measured spectra and dipoles.

    Write analysis, models, datasets, result, tables and figures to a folder. Print whether the fit
    is good, what the data determine and what limits it; with --verbose all tables.
    """
    from ...likelihood.summary import fit_summary
    from ...progress import progress_bar

    analysis = analysis_of(**options)
    if starts is not None:
        analysis = analysis.changed({"starts": starts})
    output = output or analysis.output
    check_result(output, "fit", overwrite)
    say("reading models and data ...")
    datasets = analysis.prepare()
    check_names(output, datasets, overwrite)
    n_numbers = sum(dataset.info_dict()["n_fit"] for dataset in datasets)
    n_free = len(datasets.parameters.free_parameters)
    say(f"fitting {n_free} parameters to {n_numbers} numbers of {len(datasets)} datasets ...")
    with progress_bar(None, "fitting", ""):
        result = run_fit(analysis, datasets)
        # profiles may lead on to a lower minimum
        summary = fit_summary(datasets, result)
    code = exit_code(result)
    results = {field.name: getattr(summary, field.name) for field in fields(summary)}
    results["minima"] = None if summary.minima is None else summary.minima.table()
    is_full = click.get_current_context().params["verbose"]
    text = summary if is_full else summary.brief()
    show(f"\n{text}\n", **results)
    with progress_bar(None, "writing", ""):
        write_output(output, analysis, datasets, result, summary, overwrite)
    files = "all tables are in summary.txt, pictures beside it"
    show(f"written to {output}: {files}; next: crlocal report {output}", written=output)
    return code
