"""What the spectral and dipole models have in common: settings, kernel values, serialisation."""

import abc
import itertools

import astropy.units as u
import numpy as np
from gammapy.modeling import Parameter
from gammapy.modeling.models import ModelBase

from .parameters import KERNEL_UNITS

RIGIDITY_UNIT = u.GV
ENERGY_UNIT = u.GeV

INTENSITY_UNITS = {
    RIGIDITY_UNIT: u.Unit("GV-1 m-2 s-1 sr-1"),
    ENERGY_UNIT: u.Unit("GeV-1 m-2 s-1 sr-1"),
}
"""Units of an intensity per unit of rigidity and per unit of energy."""


_VERSIONS = itertools.count(1)


def x_unit(axis):
    """Unit of an axis: GV for rigidity, GeV for energies."""
    return RIGIDITY_UNIT if axis == "rigidity" else ENERGY_UNIT


def intensity_unit(axis):
    """Unit of an intensity on an axis."""
    return INTENSITY_UNITS[x_unit(axis)]


def unit_text(unit):
    """Unit as text for a message, "no unit" if it is dimensionless."""
    return str(unit) or "no unit"


class PhysicsModel(abc.ABC, ModelBase):
    """Base of the models whose physics runs on floats in fixed units.

    A subclass lists its Parameters, its ``settings`` (constructor arguments that are not
    parameters) and a kernel that takes the parameter values, in the order of the Parameters and
    in the units of the physics layer.
    """

    settings = ()

    # gammapy's own looks a Parameter up a second time, in Python, at every attribute access
    __getattribute__ = object.__getattribute__

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.kernel_units = {
            par.name: KERNEL_UNITS.get(par.name, par.unit) for par in cls.default_parameters
        }

    def _set_defaults(self, given):
        """Adjust defaults to the settings, apart from the parameters given; nothing here."""

    def __init__(self, **kwargs):
        given = {}
        for name in self.default_parameters.names:
            if name in kwargs:
                given[name] = kwargs.pop(name)
        covariance_data = kwargs.pop("covariance_data", None)
        if kwargs:
            raise NameError(
                f"{type(self).__name__} has no parameter {', '.join(map(repr, kwargs))}: expected "
                f"{', '.join((*self.settings, *self.default_parameters.names))}"
            )
        super().__init__()
        self._set_defaults(given)
        for name, value in given.items():
            if isinstance(value, Parameter):
                setattr(self, name, value)
            else:
                getattr(self, name).quantity = self._in_own_unit(name, value)
        if covariance_data is not None:
            self.covariance = covariance_data

    def __setattr__(self, name, value):
        default = self.default_parameters[name] if name in self.default_parameters.names else None
        if default is not None and isinstance(value, Parameter):
            where = f"{type(self).__name__}.{name}"
            if value.name != name:
                raise ValueError(f"{where} takes a Parameter of that name, got {value.name!r}")
            if not value.unit.is_equivalent(default.unit):
                raise u.UnitConversionError(
                    f"{where} is given in {unit_text(value.unit)}, expected "
                    f"{unit_text(default.unit)} or a unit like it"
                )
        super().__setattr__(name, value)
        # the covariance is of no effect on what the model predicts
        if name not in ("covariance", "_covariance"):
            self.__dict__["_version"] = next(_VERSIONS)

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.__dict__["_version"] = next(_VERSIONS)

    @property
    def version(self):
        """Number that no other model has, and that changes when an attribute is assigned (int).

        The value of a Parameter is no attribute of the model; the Parameter itself is.
        """
        return self.__dict__["_version"]

    def _in_own_unit(self, name, value):
        """Value in the unit of the parameter, so that limits keep their meaning."""
        unit = getattr(self, name).unit
        value = u.Quantity(value)
        try:
            return value.to(unit)
        except u.UnitConversionError:
            raise u.UnitConversionError(
                f"{type(self).__name__}: {name} is given in {unit_text(value.unit)}, expected "
                f"{unit_text(unit)} or a unit like it"
            ) from None

    @property
    def kernel_values(self):
        """Parameter values as floats in the units of the physics layer (list of float)."""
        values = []
        for name in self.default_parameters.names:
            par = self.__dict__[name]
            values.append(par.unit.to(self.kernel_units[name], par.value))
        return values

    def _kernel_arguments(self, args, kwargs):
        """Convert values given to ``evaluate``: Quantities to kernel units, floats as they are."""
        names = self.default_parameters.names
        unknown = set(kwargs) - set(names)
        if unknown or len(args) > len(names):
            raise TypeError(
                f"{type(self).__name__} takes up to {len(names)} values, {', '.join(names)}; got "
                f"{len(args)}" + "".join(f" and {name!r}" for name in sorted(unknown))
            )
        values = dict(zip(names, args, strict=False)) | kwargs
        own = dict(zip(names, self.kernel_values, strict=True))
        return [
            value.to_value(self.kernel_units[name]) if isinstance(value, u.Quantity) else value
            for name, value in ((name, values.get(name, own[name])) for name in names)
        ]

    @property
    def defaults(self):
        """Default parameters of a model of these settings (`~gammapy.modeling.Parameters`)."""
        return type(self).from_dict({"type": self.tag[0], **self._settings_dict()}).parameters

    def unfreeze(self):
        """Restore the default frozen status of the parameters."""
        for par, default in zip(self.parameters, self.defaults, strict=True):
            par.frozen = default.frozen

    def _settings_dict(self):
        return {name: getattr(self, name) for name in self.settings}

    def to_dict(self, full_output=False):
        """Create a dictionary for YAML serialisation.

        Parameters
        ----------
        full_output : bool, optional
            Write limits, errors and so on even where they are the defaults.

        Returns
        -------
        dict
            Dictionary with the model type as the only key.
        """
        data = super().to_dict(full_output=full_output)
        body = data[self.type]
        ordered = {"type": body["type"], **self._settings_dict(), "parameters": body["parameters"]}
        return {self.type: ordered}

    @classmethod
    def from_dict(cls, data, **kwargs):
        """Create a model from a dictionary made by `to_dict`.

        Parameters
        ----------
        data : dict
            Dictionary; parameters that it leaves out take their defaults.
        **kwargs : dict
            Passed to the constructor.

        Returns
        -------
        PhysicsModel
            The model.

        Raises
        ------
        ValueError
            If the type is not that of the class, or a parameter is not known.
        """
        data = data.get(cls._type, data)
        if data["type"] not in cls.tag:
            raise ValueError(f"model type {data['type']!r} is not {cls.__name__}")
        model = cls(**{name: data[name] for name in cls.settings if name in data}, **kwargs)
        for entry in data.get("parameters", []):
            entry = dict(entry)
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
            if isinstance(value, Parameter):
                setattr(new, name, value)
            else:
                getattr(new, name).quantity = new._in_own_unit(name, value)
        return new

    def sample_parameters_from_covariance(self, n_samples=1000, random_state=42, free_only=True):
        """Draw parameter values from the covariance.

        As in gammapy, but in units of the errors, so that strengths of 1e52 beside indices of
        order one lose no digits.

        Parameters
        ----------
        n_samples : int, optional
            Number of samples.
        random_state : int or `~numpy.random.RandomState`, optional
            Seed.
        free_only : bool, optional
            Only the free parameters.

        Returns
        -------
        `~numpy.ndarray`
            Samples, shape ``(n_samples, n_parameters)``.
        """
        from gammapy.utils.random import get_random_state

        parameters = self.parameters.free_parameters if free_only else self.parameters
        covariance = self.covariance.get_subcovariance(parameters).data
        error = np.sqrt(np.diag(covariance))
        safe = np.where(error > 0, error, 1)
        correlation = covariance / np.outer(safe, safe)
        rng = get_random_state(random_state)
        pulls = rng.multivariate_normal(np.zeros(len(error)), correlation, int(n_samples))
        return parameters.value + pulls * error


def parameter_from_dict(data):
    """Make a Parameter from its dictionary.

    Parameters
    ----------
    data : dict
        As `~gammapy.modeling.Parameter.to_dict` makes it.

    Returns
    -------
    `~gammapy.modeling.Parameter`
        The parameter.
    """
    data = dict(data)
    link = data.pop("link", None)
    par = Parameter(**data)
    par._link_label_io = link
    return par


class LocalTransport:
    """Names of the two pictures of diffusion in the local cloud."""

    KINETIC = "kinetic"
    WANDERING = "wandering"
    ALL = (KINETIC, WANDERING)

    @classmethod
    def check(cls, value):
        """Return the value if it is known, raise ValueError otherwise."""
        if value not in cls.ALL:
            raise ValueError(f"unknown local_transport {value!r}: expected one of {cls.ALL}")
        return value
