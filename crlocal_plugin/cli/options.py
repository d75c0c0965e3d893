"""Options of several commands: which model, which data and what is free; seed and processes."""

from functools import reduce, wraps
from pathlib import Path

from .known import KNOWN
from .parsing import FINITE, Name, argument, option, whole


def _tables():
    from ..catalogue.index import catalog
    from ..catalogue.selections import SELECTIONS

    return [*SELECTIONS, *catalog()["name"], *sorted(set(catalog()["experiment"]))]


def _labels():
    from ..analysis.description import Analysis

    return Analysis().prepare().parameters.labels


def _species():
    from ..physics.species import ELEMENT_GROUPS, SPECIES

    return [*SPECIES, *ELEMENT_GROUPS]


def _hadronic_models():
    from ..catalogue.index import catalog

    return sorted(set(catalog()["hadronic_model"]) - {""})


TABLES, PARAMETERS = Name(_tables), Name(_labels)
_SPECIES, _HADRONIC = Name(_species), Name(_hadronic_models)

SEED = option("--seed N", "of the random numbers", whole(0), 0)


def spread(command):
    """Decorator for a command whose work is spread over processes or a cluster."""

    @wraps(command)
    def run(jobs, cluster, **options):
        from gammapy.utils.parallel import multiprocessing_manager

        from ..work.clusters import use_cluster

        with (
            use_cluster(cluster, jobs)
            if cluster
            else multiprocessing_manager(pool_kwargs=None if jobs is None else {"processes": jobs})
        ):
            return command(**options)

    jobs = option("--jobs N", "processes; default: 1, or of a local cluster one per core", whole(1))
    cluster = option(
        "--cluster ADDRESS|local",
        "scheduler of Dask, or the file that it writes; local: one for the time",
    )
    return jobs(cluster(run))


ENTRIES = {
    ("datasets",): ("NAME...", TABLES),
    ("hadronic_model",): ("MODEL...", _HADRONIC, "for one experiment LHAASO=EPOS-LHC"),
    ("valid_only",): (),
    ("model", "variant"): ("VARIANT",),
    ("model", "composition"): (),
    ("model", "secondaries"): (),
    ("model", "species"): ("ELEMENT...", _SPECIES),
    ("model", "spallation"): (),
    ("model", "index_groups"): ("C,O...", None, "each group as C,O"),
    ("model", "compton_getting"): ("INDEX",),
    ("model", "compton_getting_frame"): ("FRAME",),
    ("priors",): ("SET...",),
    ("floors",): ("FLOOR",),
    ("likelihood",): ("KIND",),
    ("systematics",): (),
    ("declination_factor",): (),
    ("scatter",): (),
    ("energy_width",): ("DEX", FINITE),
    ("allow_overlap",): (),
    ("backend",): ("NAME",),
}
"""Entries of an analysis with an option: its values, their names, and how they are written."""

_SECTION = "Model and data, in place of entries of the analysis file"

_FILE = "analysis file, see crlocal init; without one, every entry has its default"


def analysis_options(leave_out=()):
    """Decorator for a command that reads an analysis, for `analysis_of`.

    Entries of the names in ``leave_out`` have no effect on the command, and get no option.
    """
    parts = [argument("file", "[FILE.yaml]", _FILE)]
    parts += [_entry(place, *ENTRIES[place]) for place in ENTRIES if place[-1] not in leave_out]
    for declaration, text in (
        ("--no-priors", "leave out the priors on what others measured"),
        ("--free PARAM...", "parameters to free"),
        ("--fix PARAM=VALUE...", "parameters to freeze, at a value if one is given"),
    ):
        parts.append(option(declaration, text, PARAMETERS, section=_SECTION))
    return lambda function: reduce(lambda decorated, part: part(decorated), parts[::-1], function)


def _entry(location, values=None, kind=None, note=None):
    """Option of an entry, with its description and its default."""
    name = _option(location)
    description, default = KNOWN["entries"][".".join(location)]
    end = None if default == "default" else f"default: {default}"
    text = "; ".join(filter(None, (description, note, end)))
    declaration = f"{name}/--no-{name[2:]}" if values is None else f"{name} {values}"
    return option(declaration, text, kind, section=_SECTION)


def _option(location):
    return f"--{location[-1].replace('_', '-')}"


def split_words(file, words):
    """Give a word that was taken for the analysis file back to the words behind it."""
    for word in words:
        if Path(word).suffix in (".yaml", ".yml") and "=" not in word:
            raise ValueError(f"{word}: the analysis file comes first, before names and options")
    if file is None or Path(file).suffix in (".yaml", ".yml"):
        return file, words
    return None, (file, *words)


def analysis_of(file=None, no_priors=False, free=(), fix=(), **entries):
    """Read the analysis file, if there is one, and replace the entries that options give."""
    from ..analysis.description import Analysis

    if file is not None and Path(file).is_dir():
        example = Path(file, "analysis.yaml")
        raise ValueError(f"{file} is a folder: name the file, such as {example}")
    analysis = Analysis() if file is None else Analysis.read(file)
    changes, places = {}, {}
    for location in ENTRIES:
        value = entries.get(location[-1])
        if value not in (None, ()):
            _enter(changes, places, location, _data(location[-1], value), _option(location))
    if no_priors:
        _enter(changes, places, ("priors",), [], "--no-priors")
    for name in free:
        _enter(changes, places, ("parameters", name, "free"), True, f"--free {name}")
    for assignment in fix:
        name, equals, value = assignment.partition("=")
        location, place = ("parameters", name.strip()), f"--fix {assignment}"
        _enter(changes, places, (*location, "free"), False, place)
        if equals:
            _enter(changes, places, (*location, "value"), value, place)
    return analysis.changed(changes, places)


def _data(name, value):
    """Value of an option as a file gives it."""
    if value in ("none", ("none",)):
        return None
    if name == "index_groups" and value != ("default",):
        return [word.split(",") for word in value]
    if name != "hadronic_model" or not any("=" in word for word in value):
        return list(value) if isinstance(value, tuple) else value
    models = {}
    for word in value:
        experiment, _, model = word.partition("=")
        if not (experiment and model):
            raise ValueError(
                f"--hadronic-model {' '.join(value)}: expected models, or EXPERIMENT=MODEL for "
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
