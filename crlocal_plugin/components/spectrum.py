"""Base of the spectra of one species against rigidity."""

import abc

import astropy.units as u
import numpy as np
from gammapy.modeling.models import SpectralModel

from ..physics.intensity import log_strength
from ..physics.kinematics import (
    axis_jacobian,
    axis_to_rigidity,
    particle_grid,
)
from ..physics.species import (
    SPECIES,
    Species,
    get_species,
)
from .base import (
    RIGIDITY_UNIT,
    PhysicsModel,
    intensity_unit,
    unit_text,
    x_unit,
)
from .plotting import plot_on_rigidity

HELIUM_INDEX_OFFSET = -0.077
"""Index of helium minus that of the protons (Xue & Liu 2025, Section II A)."""

HELIUM_STRENGTHS = {"Q_0b": 6.9e51, "Q_0n": 7.05e51, "Q_0c": 8e56}
"""Source strengths of helium in 1/GV (Xue & Liu 2025, Table I)."""

HELIUM_RATIOS = {
    "C": 0.0317,
    "N": 0.0058,
    "O": 0.0346,
    "Ne": 0.0055,
    "Na": 0.00068,
    "Mg": 0.0068,
    "Al": 0.00092,
    "Si": 0.0060,
    "S": 0.0011,
    "Fe": 0.0053,
    # sums of the above
    "CNO": 0.0721,
    "Ne-S": 0.0210,
    "Fe-group": 0.0053,
}
"""Intensities relative to helium at 100 GV, interpolated in the AMS-02 tables of this package
(Aguilar et al. 2021, Phys. Rep. 894, 1, and later papers); starting values of the strengths of
heavier nuclei, whose index is that of helium until data say otherwise."""


class CosmicRaySpectralModel(PhysicsModel, SpectralModel):
    """Base of the spectra: one species, intensity against rigidity.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus. Strengths and index offset default to those of the paper for H and He; heavier
        nuclei start from helium times `HELIUM_RATIOS`, and from zero where no ratio is known.
    **kwargs : dict
        Parameter values.
    """

    _type = "spectral"
    settings = ("species",)
    _strength = None

    def __init__(self, species="H", **kwargs):
        self._species = get_species(species)
        super().__init__(**kwargs)

    def _set_defaults(self, given):
        name = self._species.name
        if name == "H":
            return
        if "index_offset" not in given:
            self.index_offset.value = HELIUM_INDEX_OFFSET
        if self._strength in given:
            return
        ratio = 1 if name == "He" else HELIUM_RATIOS.get(name, 0)
        getattr(self, self._strength).value = ratio * HELIUM_STRENGTHS[self._strength]

    @property
    def own_parameters(self):
        """Names of the parameters that a species has for itself (tuple of str)."""
        return (self._strength, "index_offset")

    @property
    def species(self):
        """Name of the nucleus (str)."""
        return self._species.name

    @property
    def nucleus(self):
        """The nucleus (`~crlocal_plugin.Species`)."""
        return self._species

    def _settings_dict(self):
        data = super()._settings_dict()
        data["species"] = species_to_data(self._species)
        return data

    @classmethod
    def from_dict(cls, data, **kwargs):
        """Create a model from a dictionary made by ``to_dict``."""
        body = dict(data.get(cls._type, data))
        body["species"] = species_from_data(body.get("species", "H"))
        return super().from_dict(body, **kwargs)

    @abc.abstractmethod
    def log_intensity(self, grid, *values):
        """Logarithm of the intensity, the kernel of the model.

        Parameters
        ----------
        grid : `~crlocal_plugin.physics.kinematics.ParticleGrid`
            Rigidities.
        *values : float or `~numpy.ndarray`
            Parameter values in kernel units, in the order of the Parameters.

        Returns
        -------
        `~numpy.ndarray`
            ln(J / (1/(GV m2 s sr))).
        """

    def evaluate(self, rigidity, *args, **kwargs):
        """Evaluate the model for given parameter values.

        Parameters
        ----------
        rigidity : `~astropy.units.Quantity`
            Rigidity.
        *args, **kwargs : `~astropy.units.Quantity` or float
            Parameter values in the order of the Parameters or by name; floats are taken in the
            units of the physics layer, values left out are those of the model.

        Returns
        -------
        `~astropy.units.Quantity`
            Intensity in 1/(GV m2 s sr), of the shape that rigidity and values broadcast to.

        Raises
        ------
        `~astropy.units.UnitConversionError`
            If ``rigidity`` is not a rigidity.
        ValueError
            If a rigidity is not positive and finite.
        """
        grid = particle_grid(self._rigidity_value(rigidity), self._species)
        with np.errstate(under="ignore"):
            value = np.exp(self.log_intensity(grid, *self._kernel_arguments(args, kwargs)))
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
        return intensity_on_axis(self, x, self._species, axis)

    def _rigidity_value(self, rigidity):
        try:
            return u.Quantity(rigidity).to_value(RIGIDITY_UNIT)
        except u.UnitConversionError:
            raise u.UnitConversionError(
                f"{type(self).__name__} takes a rigidity, for example 100 GV, got "
                f"{unit_text(u.Quantity(rigidity).unit)}; for energies use "
                ".intensity(x, axis=...)"
            ) from None

    def plot(self, energy_bounds, ax=None, **kwargs):
        """Plot the spectrum, see `~gammapy.modeling.models.SpectralModel.plot`.

        Parameters
        ----------
        energy_bounds : `~astropy.units.Quantity`
            Two rigidities.
        ax : `~matplotlib.axes.Axes`, optional
            Axes to draw into.
        **kwargs : dict
            ``energy_power``, ``n_points`` and keyword arguments of
            `~matplotlib.axes.Axes.plot`.

        Returns
        -------
        `~matplotlib.axes.Axes`
            The axes.
        """
        return plot_on_rigidity(super().plot, energy_bounds, ax, **kwargs)

    def plot_error(self, energy_bounds, ax=None, **kwargs):
        """Plot the error band, see `~gammapy.modeling.models.SpectralModel.plot_error`.

        Parameters
        ----------
        energy_bounds : `~astropy.units.Quantity`
            Two rigidities.
        ax : `~matplotlib.axes.Axes`, optional
            Axes to draw into.
        **kwargs : dict
            As for `~gammapy.modeling.models.SpectralModel.plot_error`.

        Returns
        -------
        `~matplotlib.axes.Axes`
            The axes.
        """
        return plot_on_rigidity(super().plot_error, energy_bounds, ax, **kwargs)


class SourceSpectralModel(CosmicRaySpectralModel):
    """Base of the spectra whose first parameter, named by ``_strength``, is a factor.

    A parameter named by ``_power`` enters as R^-p and nowhere else, so that those of several
    species can be taken together with their strengths.
    """

    _power = None

    @abc.abstractmethod
    def log_shape(self, grid, *values):
        """Logarithm of the intensity at a strength of one, the kernel of the model.

        Parameters
        ----------
        grid : `~crlocal_plugin.physics.kinematics.ParticleGrid`
            Rigidities.
        *values : float or `~numpy.ndarray`
            Values in kernel units of all parameters but the strength, in their order.

        Returns
        -------
        `~numpy.ndarray`
            ln(J / (1/(GV m2 s sr))).
        """

    def log_intensity(self, grid, strength, *values):
        """Logarithm of the intensity: that of the strength and that of the shape."""
        return log_strength(strength) + self.log_shape(grid, *values)


def intensity_on_axis(spectral_model, x, species, axis):
    """Intensity of a spectral model against rigidity, given on any axis.

    Parameters
    ----------
    spectral_model : callable
        Takes a rigidity, returns an intensity per rigidity, both Quantities.
    x : `~astropy.units.Quantity`
        Rigidity or energy.
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    axis : str
        What ``x`` is.

    Returns
    -------
    `~astropy.units.Quantity`
        Intensity per unit of the axis.
    """
    rigidity = axis_to_rigidity(u.Quantity(x).to_value(x_unit(axis)), species, axis)
    jacobian = axis_jacobian(particle_grid(rigidity, species).beta, species, axis)
    per_rigidity = spectral_model(u.Quantity(rigidity, RIGIDITY_UNIT))
    value = per_rigidity.to_value(intensity_unit("rigidity")) * jacobian
    return u.Quantity(value, intensity_unit(axis))


def species_to_data(species):
    """Name of a known nucleus, or a dictionary of a user's own."""
    if SPECIES.get(species.name) == species:
        return species.name
    return {
        "name": species.name,
        "Z": species.Z,
        "A": species.A,
        "rest_energy": float(species.rest_energy),
    }


def species_from_data(data):
    """Nucleus from the result of `species_to_data`."""
    return Species(**data) if isinstance(data, dict) else get_species(data)
