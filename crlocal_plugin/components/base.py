"""What the models have in common: names and copies, settings, kernel values, dictionaries."""

import abc
import copy
import inspect
import itertools
from collections import namedtuple

import astropy.units as u
import numpy as np
from gammapy.modeling import Parameter, Parameters
from gammapy.modeling.models import ModelBase
from gammapy.utils.random import get_random_state
from gammapy.utils.scripts import make_name

from .parameters import kernel_unit, parameter

RIGIDITY_UNIT = u.GV
ENERGY_UNIT = u.GeV

_PER_RIGIDITY = u.Unit("GV-1 m-2 s-1 sr-1")
_PER_ENERGY = u.Unit("GeV-1 m-2 s-1 sr-1")
_VERSIONS = itertools.count(1)


def x_unit(axis):
    """Unit of an axis: GV for rigidity, GeV for energies."""
    return RIGIDITY_UNIT if axis == "rigidity" else ENERGY_UNIT


def intensity_unit(axis):
    """Unit of an intensity per unit of an axis."""
    return _PER_RIGIDITY if axis == "rigidity" else _PER_ENERGY


def unit_text(unit):
    """Unit as text for a message, "no unit" if it is dimensionless."""
    return str(unit) or "no unit"


class PlainAttributes:
    """Attribute access as Python has it: gammapy's own, slower, would dominate a likelihood."""

    __getattribute__ = object.__getattribute__


class TopLevelModel(PlainAttributes, ModelBase):
    """Base of the models that datasets take: a name, and the names of datasets that it is for."""

    datasets_names = None

    def _set_names(self, name, datasets_names):
        self._name, self.datasets_names = make_name(name), datasets_names

    @property
    def name(self):
        """Name of the model (str)."""
        return self._name

    def copy(self, name=None, copy_data=False, **kwargs):
        """Deep copy, in which the same parameters are shared.

        Parameters
        ----------
        name : str, optional
            Name of the copy; a random one by default, as in gammapy.
        copy_data : bool, optional
            Of no effect, for compatibility.
        **kwargs : dict
            ``datasets_names``.
        """
        new = copy.deepcopy(self)
        new._set_names(name, kwargs.pop("datasets_names", new.datasets_names))
        if kwargs:
            raise TypeError(f"copy takes name and datasets_names, not {', '.join(kwargs)}")
        return new


class PhysicsModel(PlainAttributes, abc.ABC, ModelBase):
    """Base of the models whose physics runs on floats in fixed units.

    A subclass has Parameters as class attributes, and behind them those whose names are in
    ``definitions``; they join those of its base unless one of these is declared anew. Its
    ``kernels`` take a grid and the parameter values in the order of the Parameters and in the units
    of the physics layer. ``settings`` are the constructor arguments that are no parameters, and
    ``choices`` the values that they may have.
    """

    settings = ()
    choices = {}
    kernels = ()
    of_source = ()
    """Names of parameters that tell one source from another: each component has its own."""

    def __init_subclass__(cls, **kwargs):
        for name in cls.__dict__.get("definitions", ()):
            setattr(cls, name, parameter(name))
        super().__init_subclass__(**kwargs)
        inherited = super(cls, cls).default_parameters
        if not set(inherited.names) & set(cls.default_parameters.names):
            cls.default_parameters = Parameters([*inherited, *cls.default_parameters])
        if "tag" not in cls.__dict__:
            cls.tag = [cls.__name__]
        cls._check_declarations(cls.default_parameters.names)
        cls.kernel_units = {par.name: kernel_unit(par) for par in cls.default_parameters}
        names = cls.kernel_names()
        cls._named = namedtuple("Values", names, rename=True)._make
        if len(cls.default_parameters):
            for kernel in cls.kernels:
                _check_arguments(cls, kernel, names)

    @classmethod
    def _check_declarations(cls, names):
        """Refuse class attributes that do not fit the names of the Parameters; nothing here."""

    @classmethod
    def kernel_names(cls):
        """Names of the values that kernels take (list of str)."""
        return cls.default_parameters.names

    def named(self, values):
        """Give the values that a kernel takes their names: ``self.named(values).R_cut``."""
        return self._named(values)

    def _set_defaults(self, given):
        """Adjust defaults to the settings, apart from the parameters given; nothing here."""

    def __init__(self, **kwargs):
        names = self.default_parameters.names
        given = {name: kwargs.pop(name) for name in names if name in kwargs}
        covariance_data = kwargs.pop("covariance_data", None)
        if kwargs:
            raise NameError(
                f"{type(self).__name__} has no parameter {', '.join(map(repr, kwargs))}: expected "
                f"{', '.join((*self.settings, *names))}"
            )
        super().__init__()
        self._set_defaults(given)
        for name, value in given.items():
            self._assign(name, value)
        if covariance_data is not None:
            self.covariance = covariance_data

    def _assign(self, name, value):
        """Take a Parameter, or set the value of the one that there is, in its own unit."""
        if isinstance(value, Parameter):
            setattr(self, name, value)
            return
        par, value = getattr(self, name), u.Quantity(value)
        self._check_unit(value.unit, par.unit, f"{type(self).__name__}: {name}")
        # in its own unit limits keep their meaning
        par.quantity = value.to(par.unit)

    @staticmethod
    def _check_unit(unit, expected, what):
        if not unit.is_equivalent(expected):
            raise u.UnitConversionError(
                f"{what} is given in {unit_text(unit)}, expected {unit_text(expected)} or a unit "
                "like it"
            )

    def __setattr__(self, name, value):
        default = self.default_parameters[name] if name in self.default_parameters.names else None
        if default is not None and isinstance(value, Parameter):
            where = f"{type(self).__name__}.{name}"
            if value.name != name:
                raise ValueError(f"{where} takes a Parameter of that name, got {value.name!r}")
            self._check_unit(value.unit, default.unit, where)
        if name in self.choices and value not in self.choices[name]:
            expected = " or ".join(map(repr, self.choices[name]))
            raise ValueError(f"unknown {name} {value!r}: expected {expected}")
        super().__setattr__(name, value)
        # the covariance is of no effect on what the model predicts
        if name not in ("covariance", "_covariance"):
            self.__dict__["_version"] = next(_VERSIONS)

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.__dict__["_version"] = next(_VERSIONS)

    @property
    def revision(self):
        """Number that no other model has, and that changes when an attribute is assigned (int).

        The value of a Parameter is no attribute of the model; the Parameter itself is.
        """
        return self.__dict__["_version"]

    @property
    def kernel_values(self):
        """Parameter values as floats in the units of the physics layer (list of float)."""
        parameters = (self.__dict__[name] for name in self.default_parameters.names)
        return [par.unit.to(self.kernel_units[par.name], par.value) for par in parameters]

    def _values_for(self, args, kwargs):
        """Kernel values from arguments of ``evaluate``: Quantities, or floats in kernel units."""
        names = self.default_parameters.names
        unknown = set(kwargs) - set(names)
        if unknown or len(args) > len(names):
            raise TypeError(
                f"{type(self).__name__} takes up to {len(names)} values, {', '.join(names)}; got "
                f"{len(args)}" + "".join(f" and {name!r}" for name in sorted(unknown))
            )
        values = dict(zip(names, self.kernel_values, strict=True))
        values |= dict(zip(names, args, strict=False)) | kwargs
        return [
            value.to_value(self.kernel_units[name]) if isinstance(value, u.Quantity) else value
            for name, value in values.items()
        ]

    @property
    def defaults(self):
        """Default parameters of a model of these settings (`~gammapy.modeling.Parameters`)."""
        return type(self)(**self._settings_dict()).parameters

    def unfreeze(self):
        """Restore the default frozen status of the parameters."""
        for par, default in zip(self.parameters, self.defaults, strict=True):
            par.frozen = default.frozen

    def _settings_dict(self):
        return {name: getattr(self, name) for name in self.settings}

    def to_dict(self, full_output=False):
        """Create a dictionary for YAML serialisation, with limits and so on if it is full."""
        data = super().to_dict(full_output=full_output)
        body = data[self.type]
        ordered = {"type": body["type"], **self._settings_dict(), "parameters": body["parameters"]}
        return {self.type: ordered}

    @classmethod
    def from_dict(cls, data, **kwargs):
        """Create a model from a dictionary made by `to_dict`, or one with some of its parameters.

        ValueError if the type is not that of the class, or a parameter is not known.
        """
        data = data.get(cls._type, data)
        if data["type"] not in cls.tag:
            raise ValueError(f"model type {data['type']!r} is not {cls.__name__}")
        model = cls(**{name: data[name] for name in cls.settings if name in data}, **kwargs)
        for entry in data.get("parameters", []):
            name = entry["name"]
            if name not in cls.default_parameters.names:
                raise ValueError(
                    f"{cls.__name__} has no parameter {name!r}: expected "
                    f"{', '.join(cls.default_parameters.names)}"
                )
            complete = getattr(model, name).to_dict() | entry
            setattr(model, name, parameter_from_dict(complete))
        return model

    def copy(self, **kwargs):
        """Deep copy; keyword arguments set parameters of the copy."""
        new = super().copy()
        for name, value in kwargs.items():
            if name not in self.default_parameters.names:
                raise NameError(f"{type(self).__name__} has no parameter {name!r}")
            new._assign(name, value)
        return new

    def sample_parameters_from_covariance(self, n_samples=1000, random_state=42, free_only=True):
        """Draw parameter values from the covariance, shape ``(n_samples, n_parameters)``.

        As in gammapy, but in units of the errors, so that strengths of 1e52 beside indices of
        order one lose no digits.
        """
        parameters = self.parameters.free_parameters if free_only else self.parameters
        covariance = self.covariance.get_subcovariance(parameters).data
        error = np.sqrt(np.diag(covariance))
        safe = np.where(error > 0, error, 1)
        correlation = covariance / np.outer(safe, safe)
        rng = get_random_state(random_state)
        pulls = rng.multivariate_normal(np.zeros(len(error)), correlation, int(n_samples))
        return parameters.value + pulls * error


def _check_arguments(cls, kernel, names):
    """Refuse a kernel whose named arguments are not the Parameters in their order."""
    function = getattr(cls, kernel)
    if not inspect.isfunction(function):
        return
    _, _, *arguments = inspect.signature(function).parameters.values()
    positional = [a for a in arguments if a.kind is a.POSITIONAL_OR_KEYWORD]
    # a further argument with a default is the kernel's own
    given = [a.name for a in positional if a.default is a.empty or a.name in names]
    takes_more = any(a.kind is a.VAR_POSITIONAL for a in arguments)
    if given != names[: len(given) if takes_more else None]:
        raise TypeError(
            f"{cls.__name__}.{kernel} takes {', '.join(given) or 'no values'}: expected the values "
            f"of the Parameters in their order, {', '.join(names)}"
        )


def parameter_from_dict(data):
    """Make a Parameter from the dictionary that its ``to_dict`` makes, with a label or not."""
    return Parameters.from_dict([{key: data[key] for key in data if key != "label"}])[0]
