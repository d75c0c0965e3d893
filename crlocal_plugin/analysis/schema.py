"""Parts of the description of an analysis: a model, a table, a parameter, a prior."""

import inspect
import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import astropy.units as u
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StrictBool,
    WrapValidator,
    model_validator,
)

from ..catalogue.resolving import any_tables, tables_named
from ..catalogue.selections import SELECTIONS, SelectionItem
from ..components.compton_getting import FRAMES
from ..datasets.settings import (
    as_text,
    read_correlation,
    read_energy_range,
    read_floor,
    read_phase_floor,
    real_quantity,
)
from ..messages import unknown_name
from ..models.composition import COMPOSITION, GROUPED_COMPOSITION, xue_liu_2025_composition
from ..models.secondaries import xue_liu_2025_secondaries
from ..models.xue_liu import VARIANTS, xue_liu_2025
from ..physics.species import get_species


class Part(BaseModel):
    """Part of an analysis: keys with values, of which unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs):
        # what a key is, files, options and docstrings all say with the same words
        for info in cls.model_fields.values():
            info.description = " ".join(info.description.split())
        lines = [f"{name}\n    {info.description}" for name, info in cls.model_fields.items()]
        text = inspect.cleandoc(cls.__doc__ or "")
        cls.__doc__ = "\n".join((text, "\nAttributes\n----------", *lines))

    def short(self):
        """What was given, in the shortest form (dict, or one value)."""
        given = self.model_fields_set
        return {key: getattr(self, key) for key in type(self).model_fields if key in given}


def one_of(known):
    """Make a type that takes one of some names."""
    known = tuple(known)

    def check(value):
        if value not in known:
            raise ValueError(unknown_name(value, known))
        return value

    return Annotated[str, BeforeValidator(check)]


def _listed(value):
    return [] if value is None else [value] if isinstance(value, str | Path | dict) else value


Listed = BeforeValidator(_listed)
OrNothing = BeforeValidator(lambda value: {} if value is None else value)
"""One name, or nothing, in place of a list; nothing in place of keys."""


def checked(check):
    """Make a type of values that a function checks."""
    return Annotated[Any, PlainValidator(check)]


def _optional(check):
    """Make a type of values that a function checks unless they are None."""
    return checked(lambda value: None if value is None else check(value))


def _given(value):
    value = as_text(value)
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        raise ValueError(f"expected a number, or a text with a unit such as 15 km/s, got {value!r}")
    return value


def _fraction(value):
    return float(real_quantity(value, "expected a fraction such as 0.05", [u.one], 0).value)


def _phase_floor(value):
    read_phase_floor(value)
    return as_text(value)


def _energy_range(value):
    read_energy_range(value)
    return tuple(map(as_text, value))


DEFAULT = "default"
"""Word for a setting that the other settings of the model decide."""


def _or_default(*validators):
    """What makes a type take the word default too."""

    def check(value, handler):
        return DEFAULT if value in (DEFAULT, [DEFAULT]) else handler(value)

    return (*validators, WrapValidator(check), PlainSerializer(lambda value: value))


def _listed_species(value):
    if value in ("groups", ["groups"]):
        return GROUPED_COMPOSITION
    if value in ("composition", ["composition"]):
        raise ValueError("expected nuclei, groups or default: composition is a key of its own")
    return [value] if isinstance(value, str) else value


_Nucleus = Annotated[str, AfterValidator(lambda name: get_species(name).name)]
_Groups = BeforeValidator(lambda groups: () if groups is None else groups)


class ModelEntry(Part):
    """Model of Xue & Liu 2025."""

    variant: one_of(VARIANTS) = "kinetic"
    """kinetic (best fit of the paper), wandering (field lines wander on small scales too) or
    qgsjet (its fit to KASCADE with QGSJET 01)"""

    composition: StrictBool = False
    """whether it is the model of nuclei up to iron, with index offsets and other parameters free
    that the paper fixes"""

    secondaries: StrictBool = False
    """whether collisions of its nuclei make boron, for ratios such as B/C; gas and halo are frozen
    without the set gas of the priors"""

    species: Annotated[tuple[_Nucleus, ...], *_or_default(BeforeValidator(_listed_species))] = (
        DEFAULT
    )
    """nuclei, as element symbols or groups (CNO, Ne-S, Fe-group); groups for H, He and these
    three; default for H and He, and C with secondaries, or for ten nuclei up to iron with
    composition"""

    spallation: Annotated[StrictBool, *_or_default()] = DEFAULT
    """whether nuclei of the background are lost in inelastic collisions; default for true with
    composition or secondaries, false without"""

    index_groups: Annotated[tuple[tuple[_Nucleus, ...], ...], *_or_default(_Groups)] = DEFAULT
    """nuclei that share one index offset, such as [[C, O], [Ne, Mg, Si]]; none if each has its
    own; default for none, or for groups after AMS-02 with composition"""

    compton_getting: one_of(("constant", "local")) = "constant"
    """factor C of the Compton-Getting effect: constant (the parameter C) or local (from the
    summed spectrum)"""

    compton_getting_frame: one_of(FRAMES) = "cloud"
    """where cosmic rays are isotropic: cloud (the local interstellar cloud) or lsr (the local
    standard of rest)"""

    abundances: dict[str, checked(_fraction)] = Field({})
    """strengths relative to helium of nuclei heavier than helium, where the package knows none"""

    @model_validator(mode="after")
    def _abundances_of_species(self):
        if self.secondaries and (self.composition or self.spallation is False):
            raise ValueError(
                "secondaries: expected a model with loss, without composition; leave composition "
                "and spallation out, and name the species"
            )
        species = self.species
        if species == DEFAULT:
            species = COMPOSITION if self.composition else ("H", "He", "C")[: 2 + self.secondaries]
        for name in self.abundances:
            if name not in species:
                raise ValueError(f"abundances: {unknown_name(name, species)}")
        return self

    def make(self):
        """Make the model, without priors (`~crlocal_plugin.CosmicRayModel`)."""
        settings = {key: value for key, value in dict(self).items() if value != DEFAULT}
        has_composition, has_boron = (settings.pop(key) for key in ("composition", "secondaries"))
        if has_boron:
            settings.pop("spallation", None)
            return xue_liu_2025_secondaries(**settings, priors=None, gas_priors=False)
        make = xue_liu_2025_composition if has_composition else xue_liu_2025
        return make(**settings, priors=None)


def folder_of(info):
    """Folder to which paths are relative (`~pathlib.Path`), from the context of a validation."""
    return Path((info.context or {}).get("folder", ""))


def _existing(path):
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


RelativePath = Annotated[Path, AfterValidator(lambda path, info: folder_of(info) / path)]


class DatasetEntry(Part):
    """Selection, experiment, table of the catalogue, or own file, with settings for a table."""

    name: str | None = None
    """selection or table of the package, or experiment for all of its spectra; with a file, its
    name"""

    file: Annotated[RelativePath, AfterValidator(_existing)] | None = None
    """own table"""

    energy_range: _optional(_energy_range) = None
    """points in the fit: lowest value, inclusive, and highest, exclusive, on the axis of the
    table"""

    floor: _optional(read_floor) = None
    """systematic floor as a fraction of the values, instead of floors"""

    phase_floor: _optional(_phase_floor) = None
    """systematic floor of the phases of a dipole table"""

    correlation: _optional(read_correlation) = None
    """length in ln(R) or ln(E) over which the systematic errors of a spectrum or of <ln A> are
    correlated, full for one common shift, or one of these for each component by name"""

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, data, info):
        if isinstance(data, str):
            return {"file" if _is_file(data, folder_of(info)) else "name": data}
        return {"file": data} if isinstance(data, os.PathLike) else data

    @model_validator(mode="after")
    def _known(self):
        if self.file is None and self.name is None:
            raise ValueError("expected a name or a file")
        if self.file is None and any_tables([self.name])[0].path is not None:
            raise ValueError(f"{self.name} is a file: write file instead of name")
        if self.settings and self.is_several:
            kind = "a selection" if self.name in SELECTIONS else "an experiment"
            raise ValueError(
                f"{' and '.join(self.settings)} can be set for a table, and {self.name} is {kind}: "
                f"add an entry for the table, behind the {kind.split()[1]}"
            )
        return self

    def short(self):
        """What was given, in the shortest form (dict, or a name)."""
        return self.name if self.model_fields_set == {"name"} else super().short()

    @property
    def settings(self):
        """Names of the settings that are given (list of str)."""
        names = "energy_range", "floor", "phase_floor", "correlation"
        return [name for name in names if getattr(self, name) is not None]

    @property
    def is_several(self):
        """Whether it names a selection or an experiment (bool)."""
        return self.file is None and [t.name for t in any_tables([self.name])] != [self.name]

    @property
    def allows_overlap(self):
        """Whether it names a selection for pictures, with tables that share events (bool)."""
        return self.file is None and self.name in SELECTIONS and SELECTIONS[self.name].allow_overlap

    def tables(self, choice):
        """Tables that it stands for, each for the hadronic models of a choice (list)."""
        if self.file is None:
            tables = tables_named(self.name, choice)
        else:
            tables = [SelectionItem(self.name or self.file.stem, path=self.file)]
        if self.energy_range is None:
            return tables
        ends = tuple(None if end is None else u.Quantity(end) for end in self.energy_range)
        return [replace(table, energy_range=ends) for table in tables]


def _is_file(word, folder):
    """Whether a word names a file, be it there or not, and nothing in the catalogue."""
    try:
        return any_tables([word])[0].path is not None
    except ValueError:
        return (folder / word).is_file()


class PriorEntry(Part):
    """Gaussian prior."""

    mean: checked(_given)
    """measured value"""

    sigma: checked(_given)
    """its standard deviation"""

    source: str = "given in the analysis"
    """publication"""


class ParameterEntry(Part):
    """What is changed of a parameter. What is not given stays as the model has it."""

    value: _optional(_given) = None
    """start of the fit, or where it is fixed"""

    free: StrictBool | None = None
    """whether the fit varies it"""

    min: _optional(_given) = None
    """lower limit"""

    max: _optional(_given) = None
    """upper limit"""

    prior: PriorEntry | None = None
    """Gaussian prior, or none to take away that of a set"""

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, data):
        is_value = isinstance(data, int | float | str | u.Quantity)
        return {"value": data, "free": False} if is_value else data

    def short(self):
        """What was given, in the shortest form (dict, or a value that is fixed)."""
        fixed = self.model_fields_set == {"value", "free"} and self.free is False
        return self.value if fixed else super().short()


PARTS = {
    ("model",): ModelEntry,
    ("datasets",): DatasetEntry,
    ("parameters",): ParameterEntry,
    ("parameters", "prior"): PriorEntry,
}
"""Parts by their keys, names of parameters and positions in lists left out."""
