"""Which model, which data, and what is free: options that several commands share."""

__all__ = ["add_analysis_options", "prepare"]


def add_analysis_options(parser):
    """Add the options of model, datasets and parameters to the parser of a command.

    Parameters
    ----------
    parser : `~argparse.ArgumentParser`
        Parser of the command. What it parses is what `prepare` takes.
    """
    add = parser.add_argument_group("model and data").add_argument
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
    add(
        "--priors",
        nargs="+",
        default=["measured"],
        metavar="SET",
        help="sets of priors on what others measured: measured (default), solar-motion, "
        "local-cloud, nearby-source, modulation, energy-scales",
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


def prepare(arguments):
    """Load datasets and model, and free and fix parameters.

    Parameters
    ----------
    arguments : `~argparse.Namespace`
        Values of the options of `add_analysis_options`.

    Returns
    -------
    CosmicRayDatasets
        Datasets with their model.

    Raises
    ------
    ValueError
        If an option cannot be used, or no parameter is left free.
    """
    from ..datasets import load_datasets
    from ..inference import fix_parameters, free_parameters, set_priors
    from ..models import xue_liu_2025

    model = xue_liu_2025(
        arguments.variant,
        species=arguments.species,
        priors=None,
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
    if not arguments.no_priors:
        set_priors(datasets, arguments.priors)
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
