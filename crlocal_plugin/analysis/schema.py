"""Parts of the description of an analysis: a model, a table, a parameter, a prior."""

import inspect
import os
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
    field_validator,
    model_validator,
)

from ..catalogue.experiments import experiment_named
from ..catalogue.index import rows
from ..catalogue.resolving import FILE_SUFFIXES, resolve
from ..catalogue.selections import SELECTIONS, SelectionItem
from ..messages import unknown_name
from ..models.composition import (
    COMPOSITION,
    GROUPED_COMPOSITION,
    xue_liu_2025_composition,
)
from ..models.xue_liu import VARIANTS, xue_liu_2025
from ..physics.species import get_species


class Part(BaseModel):
    """Part of an analysis: keys with values, of which unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs):
        # what a key is, files, options and docstrings all say with the same words
        lines = [f"{name}\n    {info.description}" for name, info in cls.model_fields.items()]
        text = inspect.cleandoc(cls.__doc__ or "")
        cls.__doc__ = "\n".join((text, "\nAttributes\n----------", *lines))

    def short(self):
        """What was given, in the shortest form (dict, or one value)."""
        given = self.model_fields_set
        return {key: getattr(self, key) for key in type(self).model_fields if key in given}


def one_of(known):
    """Make a validator that takes one of some names."""
    known = tuple(known)

    def check(value):
        if value not in known:
            raise ValueError(unknown_name(value, known))
        return value

    return BeforeValidator(check)


def _plain(value, expected):
    """A number or a text, as it is; the text of a quantity."""
    if isinstance(value, u.Quantity) and value.isscalar:
        return f"{float(value.value)!r} {value.unit}".strip()
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"expected {expected}, got {value!r}")
    return value


def _quantity(value, expected, *units):
    """A quantity that is like one of some units, as it was given."""
    value = _plain(value, expected)
    try:
        quantity = u.Quantity(str(value))
    except (TypeError, ValueError):
        quantity = None
    if quantity is None or not any(quantity.unit.is_equivalent(unit) for unit in units):
        raise ValueError(f"expected {expected}, got {value!r}")
    return value


def _value(value):
    return _plain(value, "a number, or a text with a unit such as 15 km/s")


def fraction(value):
    """Check a fraction of at least zero, also one in percent.

    Parameters
    ----------
    value : float or str
        What was given.

    Returns
    -------
    float
        The fraction.

    Raises
    ------
    ValueError
        If it is something else.
    """
    expected = "a fraction such as 0.05"
    fraction = float(u.Quantity(str(_quantity(value, expected, u.one))).to_value(u.one))
    if not 0 <= fraction < float("inf"):
        raise ValueError(f"expected {expected}, got {value!r}")
    return fraction


def _angle(value):
    return _quantity(value, "an angle such as 5 deg", u.deg)


def _energy_range(value):
    expected = "two ends such as [100 GeV, 50 TeV], none for an open one"
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"expected {expected}, got {value!r}")
    return tuple(None if end is None else _quantity(end, expected, u.GeV, u.GV) for end in value)


def _optional(check):
    """Type of a value that a function checks unless it is None."""
    return Annotated[Any, PlainValidator(lambda value: None if value is None else check(value))]


Value = _optional(_value)
"""Number, or text with a unit; None where it is not given."""

Fraction = _optional(fraction)
"""Number of at least zero, or None."""

DEFAULT = "default"
"""Word for a setting that the other settings of the model decide."""

Nucleus = Annotated[str, AfterValidator(lambda name: get_species(name).name)]
"""Element symbol, or name of a group."""


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


class ModelEntry(Part):
    """Model of Xue & Liu 2025."""

    variant: Annotated[str, one_of(VARIANTS)] = Field(
        "kinetic",
        description="kinetic (best fit of the paper), wandering (field lines wander on small "
        "scales too) or qgsjet (its fit to KASCADE with QGSJET 01)",
    )
    composition: StrictBool = Field(
        False,
        description="whether it is the model of nuclei up to iron, with index offsets and other "
        "parameters free that the paper fixes",
    )
    species: Annotated[tuple[Nucleus, ...], *_or_default(BeforeValidator(_listed_species))] = Field(
        DEFAULT,
        description="nuclei, as element symbols or groups (CNO, Ne-S, Fe-group); groups for H, He "
        "and these three; default for H and He, or for ten nuclei up to iron with composition",
    )
    spallation: Annotated[StrictBool, *_or_default()] = Field(
        DEFAULT,
        description="whether nuclei of the background are lost in inelastic collisions; default "
        "for true with composition, false without",
    )
    index_groups: Annotated[
        tuple[tuple[Nucleus, ...], ...],
        *_or_default(BeforeValidator(lambda groups: () if groups is None else groups)),
    ] = Field(
        DEFAULT,
        description="nuclei that share one index offset, such as [[C, O], [Ne, Mg, Si]]; none if "
        "each has its own; default for none, or for groups after AMS-02 with composition",
    )
    compton_getting: Annotated[str, one_of(("constant", "local"))] = Field(
        "constant",
        description="factor C of the Compton-Getting effect: constant (the parameter C) or local "
        "(from the summed spectrum)",
    )
    abundances: dict[str, Annotated[float, PlainValidator(fraction)]] = Field(
        {},
        description="strengths relative to helium of nuclei heavier than helium, where the "
        "package knows none",
    )

    @model_validator(mode="after")
    def _abundances_of_species(self):
        species = self.species
        if species == DEFAULT:
            species = COMPOSITION if self.composition else ("H", "He")
        for name in self.abundances:
            if name not in species:
                raise ValueError(f"abundances: {unknown_name(name, species)}")
        return self

    def make(self):
        """Make the model, without priors (`~crlocal_plugin.CosmicRayModel`)."""
        names = ("species", "spallation", "index_groups")
        settings = {name: getattr(self, name) for name in names if getattr(self, name) != DEFAULT}
        make = xue_liu_2025_composition if self.composition else xue_liu_2025
        return make(
            variant=self.variant,
            abundances=self.abundances,
            compton_getting=self.compton_getting,
            priors=None,
            **settings,
        )


class DatasetEntry(Part):
    """Selection, experiment, table of the catalogue, or own file, with settings for a table."""

    name: str | None = Field(
        None,
        description="selection or table of the package, or experiment for all of its spectra; "
        "with a file, its name",
    )
    file: Path | None = Field(None, description="own table")
    energy_range: _optional(_energy_range) = Field(
        None,
        description="points in the fit: lowest value, inclusive, and highest, exclusive, on the "
        "axis of the table",
    )
    floor: Fraction = Field(
        None, description="systematic floor as a fraction of the values, instead of floors"
    )
    phase_floor: _optional(_angle) = Field(
        None, description="systematic floor of the phases of a dipole table"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, data, info):
        if isinstance(data, os.PathLike):
            return {"file": data}
        if not isinstance(data, str):
            return data
        known = data in SELECTIONS or data in rows() or _experiment(data)
        path = folder_of(info) / data
        if not known and (path.suffix in FILE_SUFFIXES or path.is_file()):
            return {"file": data}
        return {"name": data}

    @field_validator("file")
    @classmethod
    def _existing(cls, file, info):
        if file is None:
            return None
        path = folder_of(info) / file
        if not path.is_file():
            raise ValueError(f"there is no file {path}")
        return path

    @model_validator(mode="after")
    def _complete(self):
        if self.file is None:
            if self.name is None:
                raise ValueError("expected a name or a file")
            if self.is_several:
                self._refuse_settings()
            else:
                (item,) = resolve(self.name, allow_overlap=True)
                if item.path is not None:
                    raise ValueError(f"{self.name} is a file: write file instead of name")
        return self

    def _refuse_settings(self):
        kind = "a selection" if self.is_selection else "an experiment"
        if self.settings:
            raise ValueError(
                f"{' and '.join(self.settings)} can be set for a table, and {self.name} is {kind}: "
                f"name the table in an entry of its own, behind the {kind.split()[1]}"
            )

    def short(self):
        """What was given, in the shortest form (dict, or a name)."""
        return self.name if self.model_fields_set == {"name"} else super().short()

    @property
    def settings(self):
        """Names of the settings that are given (list of str)."""
        names = ("energy_range", "floor", "phase_floor")
        return [name for name in names if getattr(self, name) is not None]

    @property
    def is_selection(self):
        """Whether it names a selection (bool)."""
        return self.file is None and self.name in SELECTIONS

    @property
    def is_several(self):
        """Whether it names a selection or an experiment (bool)."""
        return self.is_selection or (self.file is None and _experiment(self.name) is not None)

    @property
    def allows_overlap(self):
        """Whether it names a selection for pictures, with tables that share events (bool)."""
        return self.is_selection and SELECTIONS[self.name].allow_overlap

    def items(self, choice):
        """Tables that it stands for.

        Parameters
        ----------
        choice : `~crlocal_plugin.catalogue.experiments.HadronicChoice`
            Hadronic models that are asked for.

        Returns
        -------
        list of `~crlocal_plugin.catalogue.selections.SelectionItem`
            The tables, each for the model that is asked for.

        Raises
        ------
        ValueError
            If there is no table for a model, or an experiment has no spectra or needs a model.
        """
        if self.is_selection:
            items = SELECTIONS[self.name].items
        elif self.is_several:
            items = [SelectionItem(name) for name in choice.tables(_experiment(self.name))]
        else:
            ends = self.energy_range or (None, None)
            ends = tuple(None if end is None else u.Quantity(end) for end in ends)
            items = [SelectionItem(self.name or self.file.stem, ends, self.file)]
        return [choice.apply(item) for item in items]


def _experiment(name):
    """Experiment of the catalogue that a name means, None for a table or for none."""
    return None if name in rows() else experiment_named(name)


class PriorEntry(Part):
    """Gaussian prior."""

    mean: Annotated[Any, PlainValidator(_value)] = Field(description="measured value")
    sigma: Annotated[Any, PlainValidator(_value)] = Field(description="its standard deviation")
    source: str = Field("given in the analysis", description="publication")


class ParameterEntry(Part):
    """What is changed of a parameter. What is not given stays as the model has it."""

    value: Value = Field(None, description="start of the fit, or where it is fixed")
    free: StrictBool | None = Field(None, description="whether the fit varies it")
    min: Value = Field(None, description="lower limit")
    max: Value = Field(None, description="upper limit")
    prior: PriorEntry | None = Field(
        None, description="Gaussian prior, or none to take away that of a set"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, data):
        if isinstance(data, int | float | str | u.Quantity):
            return {"value": data, "free": False}
        return data

    def short(self):
        """What was given, in the shortest form (dict, or a value that is fixed)."""
        fixed = self.model_fields_set == {"value", "free"} and self.free is False
        return self.value if fixed else super().short()


def folder_of(info):
    """Folder to which paths are relative (`~pathlib.Path`), from the context of a validation."""
    return Path((info.context or {}).get("folder", ""))
