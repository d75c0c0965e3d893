"""``crlocal compare``: variants of the model on the same data."""

import argparse
import difflib
from pathlib import Path

from ..numbers import whole
from ..options import (
    add_analysis_options,
    analysis_of,
    take_words,
)

_DEFAULT = ["kinetic", "wandering", "kinetic+local", "kinetic+no-compton-getting"]

_EPILOG = """examples:
  crlocal compare
  crlocal compare analysis.yaml kinetic wandering
  crlocal compare kinetic kinetic+u_HC wandering wandering+u_HC
  crlocal compare kinetic qgsjet --datasets xue-liu-2025-qgsjet
  crlocal compare kinetic+spallation kinetic+no-spallation --composition --datasets composition
  crlocal compare kinetic wandering --evidence --seed 1"""


def add_parser(commands):
    """Add the command to the parser of ``crlocal``."""
    parser = commands.add_parser(
        "compare",
        help="compare variants of the model on the same data",
        description="Fit variants of the model to the same data and print chi2, information "
        "criteria, likelihood ratios of nested variants, and evidences if asked for.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    add_analysis_options(parser, leave_out=("variant", "spallation", "compton_getting", "backend"))
    add = parser.add_argument
    add(
        "models",
        nargs="*",
        default=[],
        metavar="MODEL",
        help="kinetic, wandering or qgsjet, with +local for C from the summed spectrum, "
        "+no-compton-getting, +spallation or +no-spallation, or +NAME for a parameter that is "
        "free; variant and compton_getting of the analysis file do not count. Default: "
        f"{' '.join(_DEFAULT)}",
    )
    add(
        "--starts",
        type=whole(0),
        default=24,
        metavar="N",
        help="random starts of each fit, which has several minima; default: %(default)s",
    )
    add("--evidence", action="store_true", help="nested sampling of each, which takes minutes")
    add(
        "--live",
        type=whole(1),
        default=400,
        metavar="N",
        help="its live points; default: %(default)s",
    )
    add("--seed", type=whole(0), default=0, metavar="N", help="of the random numbers; default: 0")
    add("--output", type=Path, metavar="FILE.ecsv", help="write the table")
    add("--overwrite", action="store_true", help="replace an existing file")
    parser.set_defaults(run=_run)


def _run(arguments):
    from ...files import replace_file
    from ...posterior.prior_distributions import set_proper_priors
    from ...studies.comparison import compare_models
    from ..output import check_file
    from ..progress import progress_bar

    take_words(arguments, "models")
    path = arguments.output
    if path is not None:
        check_file(path, arguments.overwrite, (".ecsv",))
    print("reading models and data ...", flush=True)
    analysis = analysis_of(arguments)
    models = dict.fromkeys(arguments.models or _DEFAULT)
    entries = {}
    with progress_bar(len(models), "reading", "models") as update:
        for text in models:
            entries[text] = _prepare(text, analysis)
            update(1)
    if arguments.evidence:
        for datasets in entries.values():
            set_proper_priors(datasets)
    print(f"fitting {len(entries)} models ...", flush=True)
    with progress_bar(len(entries), "fitting", "models") as update:
        table = compare_models(
            entries,
            arguments.evidence,
            arguments.live,
            random_state=arguments.seed,
            n_starts=arguments.starts,
            progress=update,
        )
    print("\n" + "\n".join(table.pformat(max_lines=-1, max_width=-1)))
    if path is not None:
        with replace_file(path) as draft:
            table.write(draft, format="ascii.ecsv")
        print(f"\nwritten to {path}")


def _prepare(text, analysis):
    """Datasets of a model as the command line names it."""
    from ...models.cosmic_ray import CosmicRayModel

    variant, *changes = text.split("+")
    model = {"variant": variant, "compton_getting": "local" if "local" in changes else "constant"}
    loss = [word for word in _SPALLATION if word in changes]
    if len(loss) > 1:
        raise ValueError(f"{text}: expected one of +{' and +'.join(loss)}, not both")
    if loss:
        model["spallation"] = _SPALLATION[loss[0]]
    words = ("local", _WITHOUT, *_SPALLATION)
    free = {name: {"free": True} for name in changes if name not in words}
    for name in free:
        close = difflib.get_close_matches(name, words, cutoff=0.7)
        if close:
            raise ValueError(f"{text}: unknown {name!r}; did you mean +{' or +'.join(close)}?")
    entries = {"model": model, "parameters": free}
    locations = [("model", "variant"), *(("parameters", name) for name in free)]
    datasets = analysis.changed(entries, dict.fromkeys(locations, text)).prepare()
    if _WITHOUT in changes:
        model, *nuisances = datasets.models
        kept = [c for c in model.components.values() if c.name != "compton-getting"]
        datasets.models = [CosmicRayModel(kept, name=model.name), *nuisances]
    return datasets


_WITHOUT = "no-compton-getting"
_SPALLATION = {"spallation": True, "no-spallation": False}
