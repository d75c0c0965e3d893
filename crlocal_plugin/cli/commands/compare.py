"""``crlocal compare``: variants of the model on the same data."""

import click

from ...likelihood.minima.search import N_STARTS
from ...messages import close_name
from ...models.cosmic_ray import CosmicRayModel
from ...posterior.prior_distributions import set_proper_priors
from ...progress import progress_bar
from ...studies.comparison import compare_models
from ..options import SEED, analysis_of, analysis_options, split_words
from ..output import check_file, table_text, write_table
from ..parsing import PATH, argument, command, option, whole

_DEFAULT = ("kinetic", "wandering", "kinetic+local", "kinetic+no-compton-getting")
_WITHOUT = "no-compton-getting"
_SPALLATION = {"spallation": True, "no-spallation": False}


@command(
    """examples:
  crlocal compare
  crlocal compare analysis.yaml kinetic wandering
  crlocal compare kinetic kinetic+u_HC wandering wandering+u_HC
  crlocal compare kinetic qgsjet --datasets xue-liu-2025-qgsjet
  crlocal compare kinetic+spallation kinetic+no-spallation --composition --datasets composition
  crlocal compare kinetic wandering --evidence --seed 1"""
)
@analysis_options(leave_out=("variant", "spallation", "compton_getting", "backend"))
@argument(
    "models",
    "[MODEL...]",
    "kinetic, wandering or qgsjet, with +local for C from the summed spectrum, "
    "+no-compton-getting, +spallation or +no-spallation, or +NAME for a parameter that is free; "
    f"variant and compton_getting of the analysis file do not count; default: {' '.join(_DEFAULT)}",
)
@option("--starts N", "starts of each fit, which has several minima", whole(0), N_STARTS)
@option("--evidence", "nested sampling of each, which takes minutes")
@option("--live N", "its live points", whole(1), 400)
@SEED
@option("--output FILE.ecsv", "write the table", PATH)
@option("--overwrite", "replace an existing file")
def compare(file, models, starts, evidence, live, seed, output, overwrite, **options):
    """Compare variants of the model on the same data.

    Fit each of them, and print chi2, information criteria, likelihood ratios of nested variants,
    and evidences if asked for.
    """
    file, models = split_words(file, models)
    check_file(output, overwrite, (".ecsv",))
    click.echo("reading models and data ...")
    analysis = analysis_of(file, **options)
    entries = dict.fromkeys(models or _DEFAULT)
    with progress_bar(len(entries), "reading", "models") as update:
        for name in entries:
            entries[name] = _prepare(name, analysis)
            if evidence:
                set_proper_priors(entries[name])
            update(1)
    click.echo(f"fitting {len(entries)} models ...")
    table = compare_models(entries, evidence, live, random_state=seed, n_starts=starts)
    click.echo(f"\n{table_text(table)}")
    if output is not None:
        write_table(table, output)
        click.echo(f"\nwritten to {output}")


def _prepare(text, analysis):
    """Datasets of a model as the command line names it."""
    variant, *changes = text.split("+")
    model = {"variant": variant, "compton_getting": "local" if "local" in changes else "constant"}
    loss = [word for word in _SPALLATION if word in changes]
    if len(loss) > 1:
        raise ValueError(f"{text}: expected one of +{' and +'.join(loss)}, not both")
    for word in loss:
        model["spallation"] = _SPALLATION[word]
    words = ("local", _WITHOUT, *_SPALLATION)
    places, free = {("model", "variant"): text}, {}
    for name in changes:
        if name not in words:
            close = close_name(name, words, cutoff=0.7)
            if close is not None:
                raise ValueError(f"{text}: unknown {name!r}; did you mean +{close}?")
            free[name], places[("parameters", name)] = {"free": True}, text
    datasets = analysis.changed({"model": model, "parameters": free}, places).prepare()
    if _WITHOUT in changes:
        model, *nuisances = datasets.models
        kept = [c for c in model.components.values() if c.name != "compton-getting"]
        without = CosmicRayModel(kept, name=model.name)
        without.penalties = model.penalties
        datasets.models = [without, *nuisances]
    return datasets
