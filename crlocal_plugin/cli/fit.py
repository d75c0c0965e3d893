"""``crlocal fit``: the joint fit, with everything that belongs to its result in one folder."""

import argparse
import sys
from pathlib import Path

__all__ = ["add_parser"]

_EPILOG = """examples:
  crlocal fit
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
        "write models, datasets, result, tables and figures to a folder.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add(
        "--datasets",
        nargs="+",
        metavar="NAME",
        default=["xue-liu-2025"],
        help="selections, tables (crlocal data list) or files; default: %(default)s",
    )
    add("--variant", default="kinetic", help="kinetic (default), wandering or qgsjet")
    add("--species", nargs="+", default=["H", "He"], metavar="ELEMENT", help="default: H He")
    add(
        "--compton-getting",
        default="constant",
        metavar="INDEX",
        help="factor C: 'constant' (1.6, default) or 'local' (from the summed spectrum)",
    )
    add("--free", nargs="+", default=[], metavar="NAME", help="parameters to free")
    add(
        "--fix",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="parameters to freeze, at a value if one is given",
    )
    add("--no-priors", action="store_true", help="leave out the priors on what others measured")
    add(
        "--floors",
        default="recommended",
        metavar="FLOOR",
        help="systematic floors: recommended (default), none, or one fraction for all",
    )
    add(
        "--likelihood",
        default="vector",
        help="dipoles: vector (default) or amplitude_phase",
    )
    add(
        "--no-declination-factor",
        action="store_true",
        help="compare with published first-harmonic amplitudes as they are",
    )
    add("--allow-overlap", action="store_true", help="accept tables that share events")
    add(
        "--output",
        type=Path,
        default=Path("crlocal-fit"),
        metavar="DIR",
        help="default: %(default)s",
    )
    add("--overwrite", action="store_true", help="replace an existing folder")
    parser.set_defaults(run=_run)


def _run(arguments):
    from .output import check_output, write_output

    check_output(arguments.output, arguments.overwrite)
    print("reading models and data ...", flush=True)
    datasets = _prepare(arguments)
    n_numbers = sum(dataset.info_dict()["n_fit"] for dataset in datasets)
    n_free = len(datasets.parameters.free_parameters)
    print(f"fitting {n_free} parameters to {n_numbers} numbers of {len(datasets)} datasets ...")
    sys.stdout.flush()
    result = _fit(datasets)

    from ..inference import fit_summary

    summary = fit_summary(datasets, result)
    print(f"\n{summary}\n", flush=True)
    print("drawing and writing ...", flush=True)
    write_output(arguments.output, datasets, result, summary, arguments.overwrite)
    print(f"written to {arguments.output}")
    return 0 if summary.success else 1


def _prepare(arguments):
    from ..datasets import load_datasets
    from ..inference import fix_parameters, free_parameters
    from ..models import xue_liu_2025

    model = xue_liu_2025(
        arguments.variant,
        species=arguments.species,
        priors=None if arguments.no_priors else "measured",
        compton_getting=arguments.compton_getting,
    )
    datasets = load_datasets(
        arguments.datasets,
        allow_overlap=arguments.allow_overlap,
        floors=_floors(arguments.floors),
        apply_declination_factor=not arguments.no_declination_factor,
        likelihood=arguments.likelihood,
    )
    datasets.models = [model]
    free_parameters(datasets, arguments.free)
    fix_parameters(datasets, arguments.fix)
    if not len(datasets.parameters.free_parameters):
        raise ValueError("no parameter is left free: there is nothing to fit")
    return datasets


def _floors(text):
    if text == "recommended":
        return text
    if text == "none":
        return None
    try:
        return float(text)
    except ValueError:
        raise ValueError(
            f"--floors {text!r}: expected recommended, none or a fraction such as 0.05"
        ) from None


def _fit(datasets):
    from gammapy.modeling import Fit

    from ..inference.progress import fit_progress

    with fit_progress(datasets):
        return Fit().run(datasets)
