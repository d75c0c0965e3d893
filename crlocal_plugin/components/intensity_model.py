"""gammapy's own spectral models, read as intensities of cosmic rays."""

import astropy.units as u
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY, SpectralModel

from ..physics.kinematics import axis_jacobian, nucleus_on, particle_grid, rigidity_to_axis
from .base import ENERGY_UNIT, RIGIDITY_UNIT, intensity_unit, unit_text, x_unit
from .registration import register
from .spectrum import CosmicRaySpectralModel, RigidityPlots, species_to_data

_PER_AREA_TIME = u.Unit("m-2 s-1 sr-1")


class IntensitySpectralModel(RigidityPlots, SpectralModel):
    """A gammapy spectral model read as an intensity of one species against rigidity.

    gammapy fixes the units of its own models to fluxes against energy, without sr-1. This wrapper
    takes the value of any spectral model as a flux per steradian, on the axis that it is meant for.
    Against rigidity it takes GeV for GV, unless the model has GV itself.

    Parameters
    ----------
    spectral_model : `~gammapy.modeling.models.SpectralModel`
        Model whose values are differential fluxes, with or without sr-1.
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    axis : {"kinetic_energy", "kinetic_energy_per_nucleon", "total_energy", "rigidity"}
        What the x axis of the wrapped model is.

    Raises
    ------
    TypeError
        If ``spectral_model`` is not a spectral model.
    ValueError
        If species or axis are not known.
    `~astropy.units.UnitConversionError`
        If the units of its parameters are not those of a flux against the axis.
    """

    tag = ["IntensitySpectralModel", "intensity"]
    _type = "spectral"

    def __init__(self, spectral_model, species="H", axis="total_energy"):
        if not isinstance(spectral_model, SpectralModel):
            raise TypeError(
                f"expected a gammapy SpectralModel to wrap, got {type(spectral_model).__name__}"
            )
        self.spectral_model, self.axis = spectral_model, axis
        self._species = nucleus_on(axis, species)
        self.x_unit = _unit_of_x(spectral_model, axis)
        super().__init__()

    species = CosmicRaySpectralModel.species
    nucleus = CosmicRaySpectralModel.nucleus

    @property
    def _models(self):
        return [self.spectral_model]

    @property
    def parameters(self):
        """Parameters of the wrapped model."""
        return self.spectral_model.parameters

    @property
    def parameters_unique_names(self):
        """Unique names of the parameters of the wrapped model."""
        return self.spectral_model.parameters_unique_names

    def unfreeze(self):
        """Restore the default frozen status of the wrapped model."""
        unfreeze_model(self.spectral_model)

    def __call__(self, rigidity):
        """Intensity in 1/(GV m2 s sr) at a rigidity, both Quantities."""
        return self._read_as_intensity(self.spectral_model, rigidity)

    def evaluate(self, rigidity, *args):
        """Evaluate the model for given parameter values of the wrapped model."""
        return self._read_as_intensity(
            lambda energy: self.spectral_model.evaluate(energy, *args), rigidity
        )

    def _read_as_intensity(self, flux_at, rigidity):
        value = u.Quantity(rigidity).to_value(RIGIDITY_UNIT)
        x = rigidity_to_axis(value, self._species, self.axis)
        flux = flux_at(u.Quantity(x, self.x_unit))
        unit = _PER_AREA_TIME / self.x_unit
        per_axis = (flux if flux.unit.is_equivalent(unit) else flux / u.sr).to_value(unit)
        beta = particle_grid(value, self._species).beta
        per_rigidity = per_axis / axis_jacobian(beta, self._species, self.axis)
        return u.Quantity(per_rigidity, intensity_unit("rigidity"))

    def to_dict(self, full_output=False):
        """Create a dictionary for YAML serialisation."""
        body = {"type": self.tag[0], "species": species_to_data(self._species), "axis": self.axis}
        body["model"] = self.spectral_model.to_dict(full_output)["spectral"]
        return {self._type: body}

    @classmethod
    def from_dict(cls, data, **kwargs):
        """Create a model from a dictionary made by `to_dict`."""
        data = data.get(cls._type, data)
        inner = SPECTRAL_MODEL_REGISTRY.get_cls(data["model"]["type"])
        spectral_model = inner.from_dict({"spectral": data["model"]})
        return cls(spectral_model, species=data["species"], axis=data["axis"])

    def __str__(self):
        return f"{type(self).__name__}({self.species}, {self.axis})\n{self.spectral_model}"


def _unit_of_x(model, axis):
    """Unit in which a model takes its x axis: that of the axis, or GeV for a rigidity."""
    for unit in dict.fromkeys((x_unit(axis), ENERGY_UNIT)):
        try:
            flux = model(u.Quantity([1e3], unit))
        except (u.UnitsError, TypeError):
            continue
        per_x = _PER_AREA_TIME / unit
        if flux.unit.is_equivalent(per_x) or (flux / u.sr).unit.is_equivalent(per_x):
            return unit
    units = ", ".join(f"{par.name} ({unit_text(par.unit)})" for par in model.parameters)
    expected = f"energies in {ENERGY_UNIT} or the like"
    if axis == "rigidity":
        expected = f"rigidities in {RIGIDITY_UNIT} or the like, or energies that stand for them"
    raise u.UnitConversionError(
        f"{type(model).__name__} is no flux against {axis.replace('_', ' ')}: expected {expected}, "
        f"got the parameters {units or 'none'}; give them other units, or name another axis"
    )


def unfreeze_model(model):
    """Restore the default frozen status of a model, of nested models too."""
    nested = getattr(model, "_models", None)
    if not nested or isinstance(model, IntensitySpectralModel):
        model.unfreeze()
        return
    for inner in nested:
        unfreeze_model(inner)


register(SPECTRAL_MODEL_REGISTRY, IntensitySpectralModel)
