"""Description of an analysis: the same for Python, for a file and for the command line."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    PrivateAttr,
    StrictBool,
    StrictInt,
    field_validator,
)
from pydantic import ValidationError as InvalidDataError

from ..components.priors import (
    PRIOR_SETS,
    MeasurementPrior,
)
from ..datasets.residuals import LIKELIHOODS
from ..likelihood.backends import LEAST_SQUARES
from ..likelihood.measured import (
    ENERGY_SCALE_SET,
    set_priors,
)
from ..likelihood.selection import (
    find_parameters,
    read_quantity,
    read_value,
)
from ..messages import unknown_name
from .data import (
    attach_models,
    hadronic_choice,
    load_tables,
    noted,
    tables_of,
)
from .errors import (
    AnalysisError,
    messages_of,
    without,
)
from .files import read_yaml
from .schema import (
    DatasetEntry,
    ModelEntry,
    ParameterEntry,
    Part,
    PriorEntry,
    folder_of,
    fraction,
    one_of,
)


def _floors(value):
    if value is None or value == "recommended":
        return value
    try:
        return fraction(value)
    except ValueError:
        raise ValueError(
            f"expected recommended, none or a fraction such as 0.05, got {value!r}"
        ) from None


def _hadronic_model(value):
    try:
        hadronic_choice(value)
    except ValueError as error:
        raise ValueError(str(error).removeprefix("hadronic_model: ")) from None
    return value


def _nothing(value):
    """No entries in place of None."""
    return {} if value is None else value


def _listed(value):
    """List of one name, or of none."""
    return [] if value is None else [value] if isinstance(value, str | Path | dict) else value


class Analysis(Part):
    """Data, model, free parameters, priors and likelihood of an analysis.

    Every entry has a default, and the defaults are the joint fit of Xue & Liu 2025. Entries are
    given as plain values, as in a file: see `read`, and the page on the command line for all of
    them.

    Raises
    ------
    ValueError
        If entries are not known or have values that cannot be used; all of them are named.

    Examples
    --------
    >>> analysis = Analysis(
    ...     datasets=["xue-liu-2025", {"name": "dampe_h", "floor": 0.05}],
    ...     parameters={"V_sun": {"value": "12 km/s", "free": True}, "x": "1.6 pc"},
    ... )
    >>> datasets = analysis.prepare()
    """

    model: ModelEntry = Field(ModelEntry(), description="model of Xue & Liu 2025")
    datasets: Annotated[tuple[DatasetEntry, ...], BeforeValidator(_listed)] = Field(
        (DatasetEntry(name="xue-liu-2025"),),
        description="selections, tables (crlocal data list) and own files (.ecsv, .csv, .fits)",
        examples=["{name: dampe_h, energy_range: [100 GeV, 50 TeV]}", "{file: my-table.ecsv}"],
    )
    hadronic_model: Annotated[Any, PlainValidator(_hadronic_model)] = Field(
        None,
        description="hadronic interaction model of the tables that exist for several; with a "
        "list, EXPERIMENT.hadronic moves between its models; or one of these for each "
        "experiment; none for the tables as they are named",
        examples=["hadronic_model: {LHAASO: [EPOS-LHC, SIBYLL-2.3d, QGSJET-II-04]}"],
    )
    valid_only: StrictBool = Field(
        True,
        description="whether nuclei heavier than helium are left out of the fit at rigidities "
        "where the model does not describe them",
    )
    nuisances: Annotated[
        dict[str, Annotated[tuple[str, ...], BeforeValidator(_listed)]], BeforeValidator(_nothing)
    ] = Field(
        {},
        description="tables that share a norm, an energy_scale and a hadronic of their own, "
        "apart from those of their experiment: parameters NAME.norm and so on",
        examples=["calet-nuclei: [calet_c, calet_o, calet_fe]"],
    )
    parameters: Annotated[dict[str, ParameterEntry], BeforeValidator(_nothing)] = Field(
        {},
        description="what is changed of parameters, by label or by a name that stands for all of "
        "that name; also EXPERIMENT.norm, EXPERIMENT.energy_scale and EXPERIMENT.hadronic. A "
        "value alone fixes the parameter there",
        examples=[
            "V_sun: {value: 15 km/s, free: true, prior: {mean: 12.24 km/s, sigma: 2 km/s}}",
            "x: 1.6 pc",
        ],
    )
    priors: Annotated[
        tuple[Annotated[str, one_of((*PRIOR_SETS, ENERGY_SCALE_SET))], ...],
        BeforeValidator(_listed),
    ] = Field(
        ("measured",),
        description="sets of priors on what others measured: "
        f"{', '.join((*PRIOR_SETS, ENERGY_SCALE_SET))}; none leaves them out",
    )
    floors: Annotated[Any, PlainValidator(_floors)] = Field(
        "recommended",
        description="systematic floors: recommended, none, or one fraction for all tables",
    )
    systematics: StrictBool = Field(
        True, description="whether the systematic errors of the tables count"
    )
    likelihood: Annotated[str, one_of(LIKELIHOODS)] = Field(
        "vector", description="what is compared of dipoles: vector, or amplitude_phase"
    )
    declination_factor: StrictBool = Field(
        True,
        description="whether published first-harmonic amplitudes are turned into equatorial "
        "dipoles",
    )
    allow_overlap: StrictBool = Field(
        False, description="whether tables that share events are accepted"
    )
    backend: Annotated[str, one_of((LEAST_SQUARES, "minuit"))] = Field(
        LEAST_SQUARES, description=f"back end of the fit: {LEAST_SQUARES} or minuit"
    )
    starts: Annotated[StrictInt, Field(ge=0)] = Field(
        24,
        description="random starts of crlocal fit beside the given values: there are several "
        "minima, and the lowest counts",
    )
    output: Path = Field(Path("crlocal-fit"), description="folder for the result of crlocal fit")

    _places: dict = PrivateAttr(default_factory=dict)

    @field_validator("output")
    @classmethod
    def _beside_file(cls, output, info):
        return folder_of(info) / output

    @field_validator("datasets")
    @classmethod
    def _some(cls, datasets):
        if not datasets:
            raise ValueError("expected at least one selection, table or file, got none")
        return datasets

    @classmethod
    def read(cls, path):
        """Read an analysis from a YAML file, and check all of it.

        Parameters
        ----------
        path : path-like
            File. Paths in it are relative to it.

        Returns
        -------
        Analysis
            The analysis.

        Raises
        ------
        AnalysisError
            If there are mistakes: every one of them has a line with file, line and key.
        OSError
            If the file cannot be read.
        """
        data, places, mistakes = read_yaml(path)
        analysis = make_analysis(data, places, Path(path).parent, mistakes)
        # the steps of a preparation find what the file alone does not show
        analysis.prepare()
        return analysis

    def changed(self, changes, places=None):
        """Copy of the analysis with some entries replaced.

        Parameters
        ----------
        changes : dict
            Entries, of which those of ``model`` and of each parameter are merged one by one.
        places : dict of tuple to str, optional
            Where they were given, for messages.

        Returns
        -------
        Analysis
            The copy.

        Raises
        ------
        AnalysisError
            If an entry is not known or its value cannot be used.
        """
        data = _merged(self.model_dump(exclude_unset=True), changes)
        return make_analysis(data, self._places | (places or {}))

    def prepare(self):
        """Load datasets and model, and set priors and parameters.

        Returns
        -------
        CosmicRayDatasets
            Datasets with their model.

        Raises
        ------
        AnalysisError
            If tables or parameters are not there, values are outside their limits, or no
            parameter is left free; all such mistakes are named.
        """
        mistakes = []
        model = self._make_model()
        tables = tables_of(self, mistakes)
        datasets = load_tables(self, tables, mistakes)
        datasets = attach_models(self, datasets, tables, model, mistakes)
        set_priors(datasets, list(self.priors))
        are_complete = not mistakes
        for name, entry in self.parameters.items():
            # that of a table which is not there may be right
            if are_complete or name.split(".")[0] in model.species or not _is_of_data(name):
                _set_parameter(datasets, name, entry, mistakes)
        if not mistakes and not len(datasets.parameters.free_parameters):
            mistakes.append((("parameters",), "no parameter is left free: there is nothing to fit"))
        if mistakes:
            raise AnalysisError(mistakes, self._places)
        return datasets

    def with_tables_in(self, folder, datasets):
        """Copy of the analysis that takes own tables from the folder of written datasets.

        Parameters
        ----------
        folder : path-like
            Folder that `CosmicRayDatasets.write` has written to.
        datasets : CosmicRayDatasets
            Datasets of the analysis.

        Returns
        -------
        Analysis
            The copy.
        """
        entries = list(self.datasets)
        for number, item in tables_of(self, []):
            if item.path is not None:
                file = Path(folder) / datasets[item.name].to_dict()["filename"]
                update = {"name": item.name, "file": file}
                entries[number] = entries[number].model_copy(update=update)
        return self.model_copy(update={"datasets": tuple(entries)})

    def _make_model(self):
        try:
            return self.model.make()
        except ValueError as error:
            raise AnalysisError([(("model",), str(error))], self._places) from None


def _is_of_data(name):
    """Whether a parameter is, or may be, one of an experiment or of some tables."""
    return "." in name or name in ("norm", "energy_scale", "hadronic")


def _set_parameter(datasets, name, entry, mistakes):
    """Set limits, value, status and prior of the parameters of a name."""
    location = ("parameters", name)
    found = {}
    with noted(mistakes, location):
        found = find_parameters(datasets, name)
        if entry.value is not None and len(found) > 1:
            raise ValueError(f"{name} is several parameters: set one of {', '.join(found)}")
    for label, par in found.items():
        limits = {"min": par.min, "max": par.max}
        for key in limits:
            with noted(mistakes, (*location, key)):
                if getattr(entry, key) is not None:
                    limits[key] = read_value(label, par, getattr(entry, key))
        with noted(mistakes, location):
            if limits["min"] >= limits["max"]:
                raise ValueError(f"min {limits['min']:g} is not below max {limits['max']:g}")
            par.min, par.max = limits.values()
        with noted(mistakes, (*location, "value")):
            given = entry.value is not None and len(found) == 1
            par.value = read_value(label, par, entry.value if given else par.value)
        if entry.free is not None:
            par.frozen = not entry.free
        with noted(mistakes, (*location, "prior")):
            if "prior" in entry.model_fields_set:
                par.prior = _prior(label, par, entry.prior)


def _prior(label, par, entry):
    if entry is None:
        return None
    mean, sigma = (read_quantity(label, par, value) for value in (entry.mean, entry.sigma))
    return MeasurementPrior(mean * par.unit, sigma * par.unit, entry.source)


def make_analysis(data, places=None, folder="", mistakes=()):
    """Make an analysis from plain data, or name all mistakes in them.

    Parameters
    ----------
    data : dict
        Entries of an `Analysis`.
    places : dict of tuple to str, optional
        Where each entry was given: line of a file, or option.
    folder : path-like, optional
        Folder to which paths are relative.
    mistakes : iterable of tuple, optional
        Location and message of mistakes that have been found already.

    Returns
    -------
    Analysis
        The analysis.

    Raises
    ------
    AnalysisError
        If there are mistakes.
    """
    mistakes, rest, analysis = list(mistakes), data, None
    while analysis is None:
        try:
            analysis = Analysis.model_validate(rest, context={"folder": Path(folder)})
        except InvalidDataError as error:
            found = messages_of(error, _unknown_key)
            mistakes += found
            before, rest = rest, without(rest, [location for location, _ in found])
            if rest == before:
                raise AnalysisError(mistakes, places) from None
    if mistakes:
        raise AnalysisError([*mistakes, *_further(analysis, mistakes)], places)
    analysis._places = places or {}
    return analysis


_STRUCTURE = {"model", "datasets", "hadronic_model", "nuisances"}
"""Entries on which it depends what parameters there are."""


def _further(analysis, mistakes):
    """Mistakes in what is left of an analysis, apart from those that follow from others."""
    try:
        analysis.prepare()
    except AnalysisError as error:
        further = error.mistakes
    else:
        return []
    if _STRUCTURE.isdisjoint(location[0] for location, _ in mistakes if location):
        return further
    # a species or an experiment that is not known may be the one that is misspelt
    return [
        (location, message)
        for location, message in further
        if location[0] == "parameters" and not _is_of_data("".join(location[1:2]))
    ]


def _merged(old, new):
    """Nested dictionaries with some values replaced, those at the end."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    kept = {key: value for key, value in old.items() if key not in new}
    return kept | {key: _merged(old.get(key), value) for key, value in new.items()}


_PARTS = {
    (): Analysis,
    ("model",): ModelEntry,
    ("datasets",): DatasetEntry,
    ("parameters",): ParameterEntry,
    ("parameters", "prior"): PriorEntry,
}
"""Parts by their location, names of parameters and positions in lists left out."""


def _unknown_key(location):
    """Message on a key that is not known."""
    above = location[:-1]
    keys = _PARTS[(*above[:1], *above[2:])].model_fields
    return unknown_name(location[-1], keys, "key ")
