"""Description of an analysis: the same for Python, for a file and for the command line."""

import copy
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    StrictBool,
    StrictFloat,
    StrictInt,
    ValidationError,
)

from ..catalogue.experiments import HadronicChoice
from ..catalogue.selections import DEFAULT_SELECTION
from ..components.priors import DEFAULT_SETS, PRIOR_SETS
from ..datasets.residuals import LIKELIHOODS
from ..datasets.settings import read_floor
from ..likelihood.backends import LEAST_SQUARES
from ..likelihood.selection import EXPERIMENT_SETS
from ..messages import unknown_name
from .data import prepared
from .errors import Mistakes, messages_of
from .files import read_yaml
from .schema import (
    PARTS,
    DatasetEntry,
    Listed,
    ModelEntry,
    OrNothing,
    ParameterEntry,
    Part,
    RelativePath,
    checked,
    one_of,
)


def _floors(value):
    if value is None or value == "recommended":
        return value
    return read_floor(value, "expected recommended, none or a fraction such as 0.05")


def _hadronic_model(value):
    HadronicChoice(value)
    return value


def _some(datasets):
    if not datasets:
        raise ValueError("expected at least one selection, table or file, got none")
    return datasets


_SETS = (*PRIOR_SETS, *EXPERIMENT_SETS)


class Analysis(Part):
    """Data, model, free parameters, priors and likelihood of an analysis.

    By default, the model of Xue & Liu 2025 is fitted to their spectra and to the newest dipoles.
    Entries are plain values, as in a file.

    Raises
    ------
    ValueError
        If entries are not known or have values that cannot be used; all of them are named.

    Examples
    --------
    >>> analysis = Analysis(
    ...     datasets=["newest-dipoles", {"name": "dampe_h", "floor": 0.05}],
    ...     parameters={"V_sun": {"value": "12 km/s", "free": True}, "x": "1.6 pc"},
    ... )
    >>> datasets = analysis.prepare()
    """

    model: ModelEntry = ModelEntry()
    """model of Xue & Liu 2025"""

    datasets: Annotated[tuple[DatasetEntry, ...], Listed, AfterValidator(_some)] = Field(
        (DatasetEntry(name=DEFAULT_SELECTION),),
        examples=["{name: dampe_h, energy_range: [100 GeV, 50 TeV]}", "{file: my-table.ecsv}"],
    )
    """selections, tables (crlocal data list) and own files (.ecsv, .csv, .fits)"""

    hadronic_model: checked(_hadronic_model) = Field(
        None, examples=["hadronic_model: {LHAASO: [EPOS-LHC, SIBYLL-2.3d, QGSJET-II-04]}"]
    )
    """hadronic interaction model of the tables that exist for several; with a list,
    EXPERIMENT.hadronic moves between its models; or one of these for each experiment; none for
    the tables as they are named"""

    valid_only: StrictBool = True
    """whether nuclei heavier than helium are left out of the fit at rigidities where the model
    does not describe them"""

    nuisances: Annotated[dict[str, Annotated[tuple[str, ...], Listed]], OrNothing] = Field(
        {}, examples=["calet-nuclei: [calet_c, calet_o, calet_fe]"]
    )
    """tables that share a norm, an energy_scale, a hadronic, a scatter and a dipole_norm of their
    own, apart from those of their experiment: parameters NAME.norm and so on"""

    parameters: Annotated[dict[str, ParameterEntry], OrNothing] = Field(
        {},
        examples=[
            "V_sun: {value: 15 km/s, free: true, prior: {mean: 12.24 km/s, sigma: 2 km/s}}",
            "x: 1.6 pc",
        ],
    )
    """what is changed of parameters, by label or by a name that stands for all of that name;
    also EXPERIMENT.norm, EXPERIMENT.energy_scale, EXPERIMENT.hadronic, EXPERIMENT.scatter and
    EXPERIMENT.dipole_norm. A value alone fixes the parameter there"""

    priors: Annotated[tuple[one_of(_SETS), ...], Listed] = Field(
        DEFAULT_SETS,
        description=f"sets of priors on what others measured: {', '.join(_SETS)}; none leaves "
        "them out",
    )

    floors: checked(_floors) = "recommended"
    """systematic floors: recommended, none, or one fraction for all tables"""

    systematics: StrictBool = True
    """whether the systematic errors of the tables count"""

    likelihood: one_of(LIKELIHOODS) = "vector"
    """what is compared of dipoles: vector, amplitude_phase, or student (vectors, with Student's t
    in place of a Gaussian)"""

    declination_factor: StrictBool = True
    """whether published first-harmonic amplitudes are turned into equatorial dipoles"""

    scatter: StrictBool = True
    """whether the dipoles of each experiment scatter by a free fraction beyond their errors, in
    place of the recommended floors"""

    energy_width: Annotated[StrictFloat, Field(ge=0, le=1)] | None = None
    """standard deviation of log10(E) of the events behind dipoles, in place of those of tables"""

    allow_overlap: StrictBool = False
    """whether tables that share events are accepted"""

    backend: one_of((LEAST_SQUARES, "minuit")) = Field(
        LEAST_SQUARES, description=f"back end of the fit: {LEAST_SQUARES} or minuit"
    )

    starts: Annotated[StrictInt, Field(ge=0)] | None = None
    """starts of a fit: there are several minima, and the lowest counts; 0 for the given values
    alone, none for 24 to 200, as many as take about a second"""

    output: RelativePath = Path("crlocal-fit")
    """folder for the result of crlocal fit"""

    _places: dict = PrivateAttr(default_factory=dict)
    _loaded: list = PrivateAttr(default_factory=list)

    @classmethod
    def read(cls, path):
        """Read an analysis from a YAML file, and check all of it (`Analysis`).

        Its datasets are loaded for the first `prepare`.

        Parameters
        ----------
        path : path-like
            File. Paths in it are relative to it.

        Raises
        ------
        AnalysisError
            If there are mistakes: every one of them has a line with file, line and key.
        OSError, ValueError
            If the file cannot be read; if it is too large or nested too deep.
        """
        data, places, mistakes = read_yaml(path)
        analysis = make_analysis(data, places, Path(path).parent, mistakes)
        # what the file alone does not show
        analysis._loaded.append((analysis.model_copy(deep=True), analysis.prepare()))
        return analysis

    def changed(self, changes, places=None):
        """Copy with some entries replaced; the analysis itself if there are none (`Analysis`).

        Parameters
        ----------
        changes : dict
            Entries, of which those of ``model`` and of each parameter are merged one by one.
        places : dict of tuple to str, optional
            Where they were given, for messages.

        Raises
        ------
        AnalysisError
            If an entry is not known or its value cannot be used.
        """
        if not changes:
            return self
        data = _merged(self.model_dump(exclude_unset=True), changes)
        return make_analysis(data, self._places | (places or {}))

    def prepare(self):
        """Load datasets and model, and set priors and parameters.

        Returns
        -------
        CosmicRayDatasets
            Datasets with their model, which are the caller's own.

        Raises
        ------
        AnalysisError
            If tables or parameters are missing, values outside limits, or no parameter is free.
        """
        while self._loaded:
            analysis, datasets = self._loaded.pop()
            # a copy may have other entries
            if analysis == self:
                return datasets
        mistakes = Mistakes(self._places)
        datasets = prepared(self, mistakes)
        mistakes.raise_all()
        datasets.n_starts = self.starts
        return datasets

    def with_tables_in(self, folder, datasets):
        """Copy that takes own tables from a folder to which its datasets were written."""
        entries = list(self.datasets)
        for number, entry in enumerate(entries):
            if entry.file is not None:
                name = entry.name or entry.file.stem
                file = Path(folder) / datasets[name].to_dict()["filename"]
                entries[number] = entry.model_copy(update={"name": name, "file": file})
        return self.model_copy(update={"datasets": tuple(entries)})

    def __eq__(self, other):
        # where entries were given, and what is loaded, does not count
        return isinstance(other, Analysis) and dict(self) == dict(other)


def make_analysis(data, places=None, folder="", mistakes=()):
    """Analysis of plain data with paths relative to a folder, or all mistakes in them."""
    mistakes = Mistakes(places, mistakes)
    analysis = _right_entries(data, Path(folder), mistakes)
    if mistakes.found:
        # what is right may have mistakes that only a preparation finds
        prepared(analysis, mistakes)
        mistakes.raise_all()
    analysis._places = mistakes.places
    return analysis


def _right_entries(data, folder, mistakes):
    """Analysis of the entries that are right; what is wrong with the others is noted."""
    if not isinstance(data, dict):
        mistakes.add((), f"expected keys with values, got {data!r}")
        return Analysis()
    try:
        return Analysis.model_validate(data, context={"folder": folder})
    except ValidationError as error:
        found = messages_of(error, _unknown_key)
    for location, message in found:
        mistakes.add(location, message)
    locations, rest = [location for location, _ in found], copy.deepcopy(data)
    # items keep their numbers until nothing else is wrong: then the whole entry is left out
    keys = [location for location in locations if isinstance(location[-1], str)]
    for location in keys or [location[:1] for location in locations]:
        try:
            del reduce(getitem, location[:-1], rest)[location[-1]]
        except (LookupError, TypeError):
            # a word that stands for keys, or gone already
            rest.pop(location[0], None)
    return _right_entries(rest, folder, mistakes)


def _merged(old, new):
    """Nested dictionaries with some values replaced, those at the end."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    kept = {key: value for key, value in old.items() if key not in new}
    return kept | {key: _merged(old.get(key), value) for key, value in new.items()}


def _unknown_key(location):
    """Message on a key that is not known."""
    above = location[:-1]
    part = PARTS.get((*above[:1], *above[2:]), Analysis)
    return unknown_name(location[-1], part.model_fields, "key ")
