"""Bases of the spectra of one species against rigidity."""

import abc
from dataclasses import asdict
from pathlib import Path

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
from gammapy.maps import MapAxis
from gammapy.modeling.models import SpectralModel

from ..files import shipped_yaml
from ..physics.intensity import log_strength
from ..physics.kinematics import axis_jacobian, axis_to_rigidity, particle_grid
from ..physics.species import SPECIES, get_species
from .base import RIGIDITY_UNIT, PhysicsModel, intensity_unit, unit_text, x_unit

HELIUM_INDEX_OFFSET = -0.077
"""Index of helium minus that of the protons (Xue & Liu 2025, Section II A)."""

MADE_ON_THE_WAY = ("N", "Na", "Al")
"""Nuclei of which collisions of heavier ones on the way make a large part, more of it at low
rigidity, so that their spectra are steeper than those of the nuclei from the sources."""

HELIUM_RATIOS = shipped_yaml(Path(__file__).with_name("helium_ratios.yaml"))
"""Intensities relative to helium at 100 GV, interpolated in the AMS-02 tables of this package
(Aguilar et al. 2021, Phys. Rep. 894, 1, and later papers); starting values of the strengths of
heavier nuclei, whose index is that of helium until data say otherwise."""


class RigidityPlots:
    """Part of spectral models: plots against rigidity, with the units of an intensity.

    gammapy's own defaults are a flux against energy; keyword arguments are those of its methods.
    """

    def plot(self, energy_bounds, ax=None, **kwargs):
        """Plot the spectrum between two rigidities as gammapy does, and return the axes."""
        return self._plot_on_rigidity(SpectralModel.plot, energy_bounds, ax, **kwargs)

    def plot_error(self, energy_bounds, ax=None, **kwargs):
        """Plot the error band between two rigidities as gammapy does, and return the axes."""
        return self._plot_on_rigidity(SpectralModel.plot_error, energy_bounds, ax, **kwargs)

    def _plot_on_rigidity(self, plot, bounds, ax, energy_power=0, n_points=200, **kwargs):
        if not isinstance(bounds, MapAxis):
            low, high = u.Quantity(bounds).to_value(RIGIDITY_UNIT)
            bounds = MapAxis.from_bounds(
                low, high, n_points, unit=RIGIDITY_UNIT, name="energy", interp="log"
            )
        ax = ax or plt.gca()
        if ax.yaxis.units is None:
            ax.yaxis.set_units(intensity_unit("rigidity") * RIGIDITY_UNIT**energy_power)
        ax = plot(self, bounds, ax=ax, energy_power=energy_power, **kwargs)
        ax.set_xlabel(f"Rigidity [{ax.xaxis.units}]")
        return ax


class CosmicRaySpectralModel(RigidityPlots, PhysicsModel, SpectralModel):
    """Base of the spectra: one species, intensity against rigidity.

    A subclass has a ``tag``, Parameters as class attributes, and a kernel `log_intensity`; see
    :doc:`/extending`.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus. An index offset, where there is one, starts from that of helium for all but
        protons.
    **kwargs : dict
        Parameter values.
    """

    _type = "spectral"
    settings = ("species",)
    kernels = ("log_intensity",)
    strength_name = None
    power_name = None

    @classmethod
    def _check_declarations(cls, names):
        super()._check_declarations(names)
        own, power = cls.__dict__.get("own_parameters"), cls.__dict__.get("power_name")
        declared = {"own_parameters": own if isinstance(own, tuple) else (), "power_name": [power]}
        for attribute, value in declared.items():
            unknown = [name for name in value if name is not None and name not in names]
            if unknown:
                raise TypeError(
                    f"{cls.__name__}.{attribute} names {', '.join(unknown)}: expected Parameters "
                    f"of the class, {', '.join(names)}"
                )

    def __init__(self, species="H", **kwargs):
        self._species = get_species(species)
        super().__init__(**kwargs)

    def _set_defaults(self, given):
        has_offset = "index_offset" in self.default_parameters.names
        if has_offset and self.species != "H" and "index_offset" not in given:
            self.index_offset.value = HELIUM_INDEX_OFFSET

    @property
    def own_parameters(self):
        """Names of the parameters that a species does not share (tuple of str).

        The strength and the index offset, where there are any; a subclass may declare others.
        """
        known = self.default_parameters.names
        return tuple(name for name in (self.strength_name, "index_offset") if name in known)

    @property
    def species(self):
        """Name of the nucleus (str)."""
        return self._species.name

    @property
    def nucleus(self):
        """The nucleus (`~crlocal_plugin.Species`)."""
        return self._species

    def _settings_dict(self):
        return super()._settings_dict() | {"species": species_to_data(self._species)}

    @abc.abstractmethod
    def log_intensity(self, grid, *values):
        """Kernel of the model: ln(J / (1/(GV m2 s sr))) as `~numpy.ndarray`.

        Parameters
        ----------
        grid : `~crlocal_plugin.physics.kinematics.ParticleGrid`
            Rigidities, of one nucleus or of several.
        *values : float or `~numpy.ndarray`
            Parameter values in kernel units, in the order of the Parameters.
        """

    def evaluate(self, rigidity, *args, **kwargs):
        """Evaluate the model for given parameter values.

        Parameters
        ----------
        rigidity : `~astropy.units.Quantity`
            Rigidity, positive and finite.
        *args, **kwargs : `~astropy.units.Quantity` or float
            Parameter values in the order of the Parameters or by name; floats are taken in the
            units of the physics layer, values left out are those of the model.

        Returns
        -------
        `~astropy.units.Quantity`
            Intensity in 1/(GV m2 s sr), of the shape that rigidity and values broadcast to.

        Raises
        ------
        `~astropy.units.UnitConversionError`, ValueError
            If ``rigidity`` is not a rigidity, or out of range.
        """
        grid = particle_grid(self._rigidity_value(rigidity), self._species)
        with np.errstate(under="ignore"):
            value = np.exp(self.log_intensity(grid, *self._values_for(args, kwargs)))
        return u.Quantity(value, intensity_unit("rigidity"))

    def __call__(self, rigidity):
        """Intensity at a rigidity, see `evaluate`."""
        return self.evaluate(rigidity, *self.kernel_values)

    def intensity(self, x, axis="rigidity"):
        """Intensity on any axis.

        Parameters
        ----------
        x : `~astropy.units.Quantity`
            Rigidity or energy.
        axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
            What ``x`` is.

        Returns
        -------
        `~astropy.units.Quantity`
            Intensity per unit of the axis, in 1/(GV m2 s sr) or 1/(GeV m2 s sr).
        """
        x = u.Quantity(x).to_value(x_unit(axis))
        rigidity = axis_to_rigidity(x, self._species, axis)
        beta = particle_grid(rigidity, self._species).beta
        value = self(u.Quantity(rigidity, RIGIDITY_UNIT)).to_value(intensity_unit("rigidity"))
        return u.Quantity(value * axis_jacobian(beta, self._species, axis), intensity_unit(axis))

    def _rigidity_value(self, rigidity):
        try:
            return u.Quantity(rigidity).to_value(RIGIDITY_UNIT)
        except u.UnitConversionError:
            raise u.UnitConversionError(
                f"{type(self).__name__} takes a rigidity, for example 100 GV, got "
                f"{unit_text(u.Quantity(rigidity).unit)}; for energies use "
                ".intensity(x, axis=...)"
            ) from None


class SourceSpectralModel(CosmicRaySpectralModel):
    """Base of the spectra whose first parameter, the strength, is a factor on the intensity.

    A subclass has a kernel `log_shape`, and may declare what its species start from and what the
    package may multiply for it; see :doc:`/extending`.

    Attributes
    ----------
    strength_name : str
        Name of the strength, the first Parameter.
    helium_strength : float
        Strength of helium at the start, in the unit of the Parameter, whose default is that of
        protons and, where nothing is said, of helium too. Heavier nuclei start from helium times
        `HELIUM_RATIOS`, and from zero where no ratio is known.
    power_name : str
        Name of a parameter p that enters as R^-p and nowhere else, so that those of several species
        can be taken together with their strengths; none by default.
    """

    kernels = ("log_shape",)
    helium_strength = None

    @classmethod
    def _check_declarations(cls, names):
        super()._check_declarations(names)
        first = names[0] if names else None
        declared = cls.__dict__.get("strength_name", first)
        if declared != first:
            raise TypeError(
                f"{cls.__name__}: strength_name {declared!r} is not the first Parameter, "
                f"{first}: declare the strength before the others"
            )
        cls.strength_name = first

    @classmethod
    def kernel_names(cls):
        """Names of the values that kernels take, all but the strength (list of str)."""
        return super().kernel_names()[1:]

    def _set_defaults(self, given):
        super()._set_defaults(given)
        if self.species != "H" and self.strength_name not in given:
            strength = getattr(self, self.strength_name)
            ratio = 1 if self.species == "He" else HELIUM_RATIOS.get(self.species, 0)
            helium = strength.value if self.helium_strength is None else self.helium_strength
            strength.value = ratio * helium

    @abc.abstractmethod
    def log_shape(self, grid, *values):
        """Kernel of the model: `log_intensity` at a strength of one.

        ``values`` are those of all parameters but the strength, which is the first.
        """

    def log_intensity(self, grid, strength, *values):
        """Logarithm of the intensity: that of the strength and that of the shape."""
        return log_strength(strength) + self.log_shape(grid, *values)


def have_one_kernel(models):
    """Whether spectral models are one function of grid and values, and may be evaluated together.

    They are of one class and of the same settings but for the species, and their kernels do not
    ask them for it: they give the same for the nucleus of another model.
    """
    first, *others = models
    settings = [name for name in first.settings if name != "species"]
    for model in others:
        if type(model) is not type(first):
            return False
        if any(getattr(model, name) != getattr(first, name) for name in settings):
            return False
        grid, values = particle_grid([1.0, 1e3, 1e6], model.nucleus), model.kernel_values
        with np.errstate(all="ignore"):
            logs = [one.log_intensity(grid, *values) for one in (model, first)]
        if not np.array_equal(*logs, equal_nan=True):
            return False
    return True


def species_to_data(species):
    """Name of a known nucleus, or a dictionary of a user's own."""
    if SPECIES.get(species.name) == species:
        return species.name
    return asdict(species) | {"rest_energy": float(species.rest_energy)}
