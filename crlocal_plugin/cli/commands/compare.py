"""``crlocal compare``: variants of the model on the same data."""

from ...messages import close_name
from ..known import KNOWN
from ..options import SEED, analysis_of, analysis_options, split_words
from ..output import check_file, table_text, write_table
from ..parsing import PATH, argument, command, option, whole
from ..terminal import say, show

VARIANTS = (
    "kinetic, wandering or qgsjet, with +local for C from the summed spectrum, +lsr for cosmic "
    "rays that are isotropic in the local standard of rest, +no-compton-getting, +spallation or "
    "+no-spallation, +SOURCE for another source of the catalogue on our field line, or +NAME for a "
    "parameter that is free; variant and compton_getting of the analysis file do not count"
)
"""Help on models as the command line names them."""

_DEFAULT = ("kinetic", "wandering", "kinetic+local", "kinetic+no-compton-getting")
_WITHOUT, _LSR = "no-compton-getting", "lsr"
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
@argument("models", "[MODEL...]", f"{VARIANTS}; default: {' '.join(_DEFAULT)}")
@option("--starts N", "starts of each fit, which has several minima", whole(0), KNOWN["starts"])
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
    from ...posterior.prior_distributions import set_proper_priors
    from ...progress import progress_bar
    from ...studies.comparison import compare_models

    file, models = split_words(file, models)
    check_file(output, overwrite, (".ecsv",))
    say("reading models and data ...")
    analysis = analysis_of(file, **options)
    entries = dict.fromkeys(models or _DEFAULT)
    with progress_bar(len(entries), "reading", "models") as update:
        for name in entries:
            entries[name] = variant(name, analysis)
            if evidence:
                set_proper_priors(entries[name])
            update(1)
    say(f"fitting {len(entries)} models ...")
    table = compare_models(entries, evidence, live, random_state=seed, n_starts=starts)
    show(f"\n{table_text(table)}", models=table)
    if output is not None:
        write_table(table, output)
        show(f"\nwritten to {output}", written=output)


def variant(text, analysis):
    """Datasets of a model as the command line names it."""
    from ...components.parameters import DEFINITIONS
    from ...components.source_catalogue import source_catalogue
    from ...models.cosmic_ray import CosmicRayModel
    from ...models.nearby_sources import nearby_source

    name, *changes = text.split("+")
    model = {"variant": name, "compton_getting": "local" if "local" in changes else "constant"}
    if _LSR in changes:
        model["compton_getting_frame"] = _LSR
    loss = [word for word in _SPALLATION if word in changes]
    if len(loss) > 1:
        raise ValueError(f"{text}: expected one of +{' and +'.join(loss)}, not both")
    for word in loss:
        model["spallation"] = _SPALLATION[word]
    known = [str(source) for source in source_catalogue()["name"]]
    sources = [word for word in changes if word in known]
    words = ("local", _LSR, _WITHOUT, *_SPALLATION)
    places, free = {("model", "variant"): text}, {}
    for name in changes:
        if name not in (*words, *sources):
            close = close_name(name, [*words, *known], cutoff=0.7)
            if close is not None:
                raise ValueError(f"{text}: unknown {name!r}; did you mean +{close}?")
            if "." not in name and close_name(name, DEFINITIONS) is None:
                raise ValueError(
                    f"{text}: unknown {name!r}; expected +{', +'.join(words)}, a parameter such as "
                    f"+u_HC, or a source of the catalogue: +{', +'.join(known)}"
                )
            free[name], places[("parameters", name)] = {"free": True}, text
    datasets = analysis.changed({"model": model, "parameters": free}, places).prepare()
    if _WITHOUT in changes or sources:
        model, *nuisances = datasets.models
        left_out = "compton-getting" if _WITHOUT in changes else None
        parts = [c for c in model.components.values() if c.name != left_out]
        # on our field line, as the source of the paper is
        r_perp = DEFINITIONS["r_perp"]
        place = {"r_perp": f"{r_perp.value} {r_perp.unit}"}
        parts += [nearby_source(source, model, **place) for source in sources]
        new = CosmicRayModel(parts, name=model.name)
        new.penalties = model.penalties
        datasets.models = [new, *nuisances]
    return datasets
