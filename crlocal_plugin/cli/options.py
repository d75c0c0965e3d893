"""Which model, which data, and what is free: an analysis file, and options in place of entries."""

import argparse
from pathlib import Path

from ..analysis.description import Analysis

_OPTIONS = {
    ("datasets",): {"nargs": "+", "metavar": "NAME"},
    ("hadronic_model",): {"nargs": "+", "metavar": "MODEL"},
    ("valid_only",): {"action": argparse.BooleanOptionalAction},
    ("model", "variant"): {"metavar": "VARIANT"},
    ("model", "composition"): {"action": argparse.BooleanOptionalAction},
    ("model", "species"): {"nargs": "+", "metavar": "ELEMENT"},
    ("model", "spallation"): {"action": argparse.BooleanOptionalAction},
    ("model", "index_groups"): {"nargs": "+", "metavar": "C,O"},
    ("model", "compton_getting"): {"metavar": "INDEX"},
    ("priors",): {"nargs": "+", "metavar": "SET"},
    ("floors",): {"metavar": "FLOOR"},
    ("likelihood",): {"metavar": "KIND"},
    ("systematics",): {"action": argparse.BooleanOptionalAction},
    ("declination_factor",): {"action": argparse.BooleanOptionalAction},
    ("allow_overlap",): {"action": argparse.BooleanOptionalAction},
    ("backend",): {"metavar": "NAME"},
}
"""Entries of an analysis that have an option of their own, and what the parser has to know."""

_NOTES = {
    "hadronic_model": "for one experiment LHAASO=EPOS-LHC",
    "index_groups": "each group as C,O",
}
"""How options are written that a file writes in another way."""


def add_analysis_options(parser, leave_out=()):
    """Add the analysis file and the options that replace its entries.

    Parameters
    ----------
    parser : `~argparse.ArgumentParser`
        Parser of the command. What it parses is what `analysis_of` takes.
    leave_out : iterable of str, optional
        Keys of entries that have no effect on the command, and get no option.
    """
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE.yaml",
        help="analysis file, see crlocal init; without one, every entry has its default",
    )
    group = parser.add_argument_group(
        "model and data", "Options replace entries of the analysis file."
    )
    for location, settings in _OPTIONS.items():
        if location[-1] in leave_out:
            continue
        group.add_argument(_option(location), help=_help(location), default=None, **settings)
    add = group.add_argument
    add("--no-priors", action="store_true", help="leave out the priors on what others measured")
    add("--free", nargs="+", default=[], metavar="PARAM", help="parameters to free")
    add(
        "--fix",
        nargs="+",
        default=[],
        metavar="PARAM=VALUE",
        help="parameters to freeze, at a value if one is given",
    )


def _option(location):
    return f"--{location[-1].replace('_', '-')}"


def _help(location):
    """Description and default of an entry."""
    part = Analysis
    for key in location[:-1]:
        part = part.model_fields[key].annotation
    info = part.model_fields[location[-1]]
    note = f"; {_NOTES[location[-1]]}" if location[-1] in _NOTES else ""
    default = info.default
    if default == "default":
        return f"{info.description}{note}".replace("%", "%%")
    if default is None:
        default = "none"
    elif isinstance(default, tuple):
        default = " ".join(str(getattr(item, "name", item)) for item in default)
    elif isinstance(default, bool):
        default = "yes" if default else "no"
    return f"{info.description}{note}; default: {default}".replace("%", "%%")


def take_words(arguments, name):
    """Give a word that the parser took for the analysis file back to the words behind it.

    Parameters
    ----------
    arguments : `~argparse.Namespace`
        Arguments of a command with further words, changed in place.
    name : str
        Name of these words.
    """
    file = arguments.file
    if file is not None and Path(file).suffix not in (".yaml", ".yml"):
        setattr(arguments, name, [file, *getattr(arguments, name)])
        arguments.file = None


def analysis_of(arguments):
    """Read the analysis file, if there is one, and replace the entries that options give.

    Parameters
    ----------
    arguments : `~argparse.Namespace`
        Values of the options of `add_analysis_options`.

    Returns
    -------
    Analysis
        The analysis.

    Raises
    ------
    ValueError
        If the file or an option has mistakes.
    OSError
        If the file cannot be read.
    """
    file = arguments.file
    if file is not None and Path(file).is_dir():
        raise ValueError(
            f"{file} is a folder: name the file, such as {Path(file, 'analysis.yaml')}"
        )
    analysis = Analysis() if file is None else Analysis.read(file)
    changes, places = {}, {}
    for location in _OPTIONS:
        value = getattr(arguments, location[-1], None)
        if value is not None:
            _enter(changes, places, location, _data(location[-1], value), _option(location))
    if arguments.no_priors:
        _enter(changes, places, ("priors",), [], "--no-priors")
    for name in arguments.free:
        _enter(changes, places, ("parameters", name, "free"), True, f"--free {name}")
    for assignment in arguments.fix:
        name, equals, value = assignment.partition("=")
        location, place = ("parameters", name.strip()), f"--fix {assignment}"
        _enter(changes, places, (*location, "free"), False, place)
        if equals:
            _enter(changes, places, (*location, "value"), value, place)
    return analysis.changed(changes, places)


def _data(name, value):
    """Value of an option as a file gives it."""
    if value in ("none", ["none"]):
        return None
    if name == "index_groups" and value != ["default"]:
        return [word.split(",") for word in value]
    if name == "hadronic_model" and any("=" in word for word in value):
        return _by_experiment(value)
    return value


def _by_experiment(words):
    """Hadronic models by experiment."""
    models = {}
    for word in words:
        experiment, equals, model = word.partition("=")
        if not (experiment and equals and model):
            raise ValueError(
                f"--hadronic-model {' '.join(words)}: expected models, or EXPERIMENT=MODEL for "
                f"each of them, got {word!r}"
            )
        models.setdefault(experiment, []).append(model)
    return models


def _enter(data, places, location, value, place):
    """Enter a value into nested dictionaries, and where it, and what is in it, was given."""
    for key in location[:-1]:
        data = data.setdefault(key, {})
    data[location[-1]] = value
    for length in range(2, len(location) + 1):
        places[location[:length]] = place
    places[location] = place
    for number, item in enumerate(value if isinstance(value, list) else ()):
        word = ",".join(item) if isinstance(item, list) else item
        places[(*location, number)] = f"{place} {word}"


def prepare(arguments):
    """Load the datasets and the model of the analysis that arguments describe.

    Parameters
    ----------
    arguments : `~argparse.Namespace`
        As for `analysis_of`.

    Returns
    -------
    CosmicRayDatasets
        Datasets with their model.

    Raises
    ------
    ValueError
        If something in the file or an option cannot be used, or no parameter is left free.
    """
    return analysis_of(arguments).prepare()
