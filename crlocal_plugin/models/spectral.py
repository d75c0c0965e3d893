"""Spectra of the three components of Xue & Liu 2025 as gammapy spectral models.

The x axis of every model is rigidity, the result an intensity in 1/(GV m2 s sr).
"""

import astropy.units as u
import numpy as np
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY, SpectralModel

from ..physics import diffusion, geometry, intensity
from ..physics.kinematics import (
    AXES,
    axis_jacobian,
    axis_to_rigidity,
    particle_grid,
    rigidity_to_axis,
)
from ..physics.species import SPECIES, Species, get_species
from .core import RIGIDITY_UNIT, PhysicsModel, intensity_unit, unit_text, x_unit
from .parameters import parameter
from .plotting import plot_on_rigidity
from .registration import register

__all__ = [
    "HELIUM_RATIOS",
    "CosmicRaySpectralModel",
    "GalacticCenterSpectralModel",
    "IntensitySpectralModel",
    "LeakyBoxSpectralModel",
    "LocalTransport",
    "NearbySourceSpectralModel",
]

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
}
"""Intensities relative to helium at 100 GV, interpolated in the AMS-02 tables of this package
(Aguilar et al. 2021, Phys. Rep. 894, 1, and later papers); starting values of the strengths of
heavier nuclei, whose index is that of helium until data say otherwise."""


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
        raise NotImplementedError

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


class LeakyBoxSpectralModel(CosmicRaySpectralModel):
    r"""Galactic background in the leaky-box approximation, modulated by the solar wind.

    .. math::
        J_b(R) = \frac{v\,w H_G^2}{4\pi V_G D(R)}\, Q_{0b}
        \left(\frac{R}{\mathrm{GV}}\right)^{-\Gamma} e^{-R / R_{cut}}

    with :math:`D = D_0 \beta (R / 10\,\mathrm{GV})^\delta` and the force field of potential
    :math:`\phi` (Xue & Liu 2025, Eqs. 1-4). The index of a species is
    ``Gamma + index_offset``.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    Q_0b, Gamma, index_offset, R_cut, D_0, delta, w, H_G, V_G, phi : `~astropy.units.Quantity`
        See `crlocal_plugin.models.parameters.DEFINITIONS`. Only ``Q_0b w H_G^2 / (V_G D_0)``
        can be told from data.
    """

    tag = ["LeakyBoxSpectralModel", "leaky-box"]
    _strength = "Q_0b"
    Q_0b = parameter("Q_0b")
    Gamma = parameter("Gamma")
    index_offset = parameter("index_offset")
    R_cut = parameter("R_cut")
    D_0 = parameter("D_0")
    delta = parameter("delta")
    w = parameter("w")
    H_G = parameter("H_G")
    V_G = parameter("V_G")
    phi = parameter("phi")

    def log_intensity(self, grid, Q_0b, Gamma, index_offset, R_cut, D_0, delta, w, H_G, V_G, phi):
        """Kernel: logarithm of the intensity near Earth."""
        return intensity.log_modulated_leaky_box(
            grid, Q_0b, Gamma + index_offset, R_cut, w, H_G, V_G, D_0, delta, phi
        )


class NearbySourceSpectralModel(CosmicRaySpectralModel):
    r"""Instantaneous nearby source, seen through the Local Interstellar Cloud.

    .. math::
        J_n(R) = \frac{v}{4\pi}\, e^{-u_{LSR}\, x / \kappa_{xx}}
        \frac{Q_n(R)}{(4\pi T_n)^{3/2} D_\parallel^{1/2} D_\perp}
        \exp\left(-\frac{r_\parallel^2}{4 D_\parallel T_n} - \frac{r_\perp^2}{4 D_\perp T_n}\right)

    (Xue & Liu 2025, Eqs. 5-8; Eq. 16 for ``local_transport="wandering"``). Solar modulation is
    left out, as in the paper: the source contributes little at low rigidity.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    local_transport : {"kinetic", "wandering"}
        Diffusion in the cloud: kinetic theory, or the wandering field lines of the large scale.
    Q_0n, Gamma, index_offset, R_cut, T_n, r_par, r_perp, D_0, delta, D_ratio, M_A, x, R_cr, B, \
    delta_local, B_ra, B_dec, u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun : \
    `~astropy.units.Quantity`
        See `crlocal_plugin.models.parameters.DEFINITIONS`.
    """

    tag = ["NearbySourceSpectralModel", "nearby-source"]
    settings = ("species", "local_transport")
    _strength = "Q_0n"
    Q_0n = parameter("Q_0n")
    Gamma = parameter("Gamma")
    index_offset = parameter("index_offset")
    R_cut = parameter("R_cut")
    D_0 = parameter("D_0")
    delta = parameter("delta")
    T_n = parameter("T_n")
    r_par = parameter("r_par")
    r_perp = parameter("r_perp")
    D_ratio = parameter("D_ratio")
    M_A = parameter("M_A")
    x = parameter("x")
    R_cr = parameter("R_cr")
    B = parameter("B")
    delta_local = parameter("delta_local")
    B_ra = parameter("B_ra")
    B_dec = parameter("B_dec")
    u_HC = parameter("u_HC")
    u_HC_ra = parameter("u_HC_ra")
    u_HC_dec = parameter("u_HC_dec")
    U_sun = parameter("U_sun")
    V_sun = parameter("V_sun")
    W_sun = parameter("W_sun")

    def __init__(self, species="H", local_transport=LocalTransport.KINETIC, **kwargs):
        self.local_transport = LocalTransport.check(local_transport)
        super().__init__(species=species, **kwargs)

    def log_intensity(
        self,
        grid,
        Q_0n,
        Gamma,
        index_offset,
        R_cut,
        D_0,
        delta,
        T_n,
        r_par,
        r_perp,
        D_ratio,
        M_A,
        x,
        R_cr,
        B,
        delta_local,
        B_ra,
        B_dec,
        u_HC,
        u_HC_ra,
        u_HC_dec,
        U_sun,
        V_sun,
        W_sun,
    ):
        """Kernel: logarithm of the intensity inside the cloud."""
        cloud = geometry.local_cloud(B_ra, B_dec, u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun)
        if self.local_transport == LocalTransport.WANDERING:
            log_kappa_par = np.log(D_ratio) + diffusion.log_power_law_diffusion(grid, D_0, delta)
            ratio = M_A**4
        else:
            log_kappa_par = diffusion.log_local_parallel_diffusion(grid, R_cr, B, delta_local)
            ratio = diffusion.local_perpendicular_ratio(grid, R_cr, delta_local)
        return intensity.log_nearby_source(
            grid,
            Q_0n,
            Gamma + index_offset,
            R_cut,
            T_n,
            r_par,
            r_perp,
            D_0,
            delta,
            D_ratio,
            M_A,
            x,
            cloud.speed,
            cloud.cos2_theta,
            log_kappa_par,
            ratio,
        )


class GalacticCenterSpectralModel(CosmicRaySpectralModel):
    r"""Instantaneous source at the Galactic centre.

    .. math::
        J_c(R) = \frac{v}{4\pi}\, Q_c(R) \left[4\pi T_c D(R)\right]^{-3/2}
        \exp\left(-\frac{r_c^2}{4 D(R) T_c}\right)

    (Xue & Liu 2025, Eqs. 9-10).

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    Q_0c, Gamma, index_offset, R_cutc, D_0, delta, T_c, r_c : `~astropy.units.Quantity`
        See `crlocal_plugin.models.parameters.DEFINITIONS`.
    """

    tag = ["GalacticCenterSpectralModel", "galactic-center"]
    _strength = "Q_0c"
    Q_0c = parameter("Q_0c")
    Gamma = parameter("Gamma")
    index_offset = parameter("index_offset")
    R_cutc = parameter("R_cutc")
    D_0 = parameter("D_0")
    delta = parameter("delta")
    T_c = parameter("T_c")
    r_c = parameter("r_c")

    def log_intensity(self, grid, Q_0c, Gamma, index_offset, R_cutc, D_0, delta, T_c, r_c):
        """Kernel: logarithm of the intensity near Earth."""
        return intensity.log_galactic_center(
            grid, Q_0c, Gamma + index_offset, R_cutc, T_c, r_c, D_0, delta
        )


class IntensitySpectralModel(SpectralModel):
    """A gammapy spectral model read as an intensity of one species against rigidity.

    gammapy fixes the units of its own models to fluxes, without sr-1. This wrapper takes the
    value of any spectral model as a flux per steradian, on the axis that it is meant for.

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
    """

    tag = ["IntensitySpectralModel", "intensity"]
    _type = "spectral"

    def __init__(self, spectral_model, species="H", axis="total_energy"):
        if not isinstance(spectral_model, SpectralModel):
            raise TypeError(
                f"expected a gammapy SpectralModel to wrap, got {type(spectral_model).__name__}"
            )
        if axis not in AXES:
            raise ValueError(f"unknown axis {axis!r}: expected one of {', '.join(AXES)}")
        self.spectral_model = spectral_model
        self._species = get_species(species)
        self.axis = axis
        super().__init__()

    species = CosmicRaySpectralModel.species
    nucleus = CosmicRaySpectralModel.nucleus

    def plot(self, energy_bounds, ax=None, **kwargs):
        """Plot the spectrum against rigidity, as `CosmicRaySpectralModel.plot` does."""
        return plot_on_rigidity(super().plot, energy_bounds, ax, **kwargs)

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

    def plot_error(self, energy_bounds, ax=None, **kwargs):
        """Plot the error band, as `CosmicRaySpectralModel.plot_error` does."""
        return plot_on_rigidity(super().plot_error, energy_bounds, ax, **kwargs)

    def unfreeze(self):
        """Restore the default frozen status of the wrapped model."""
        unfreeze_model(self.spectral_model)

    def __call__(self, rigidity):
        """Intensity at a rigidity.

        Parameters
        ----------
        rigidity : `~astropy.units.Quantity`
            Rigidity.

        Returns
        -------
        `~astropy.units.Quantity`
            Intensity in 1/(GV m2 s sr).
        """
        return self._read_as_intensity(self.spectral_model, rigidity)

    def evaluate(self, rigidity, *args):
        """Evaluate the model for given parameter values of the wrapped model."""
        return self._read_as_intensity(
            lambda energy: self.spectral_model.evaluate(energy, *args), rigidity
        )

    def _read_as_intensity(self, flux_at, rigidity):
        value = u.Quantity(rigidity).to_value(RIGIDITY_UNIT)
        x = rigidity_to_axis(value, self._species, self.axis)
        flux = flux_at(u.Quantity(x, x_unit(self.axis)))
        if not flux.unit.is_equivalent(intensity_unit(self.axis)):
            flux = flux / u.sr
        per_axis = flux.to_value(intensity_unit(self.axis))
        beta = particle_grid(value, self._species).beta
        per_rigidity = per_axis / axis_jacobian(beta, self._species, self.axis)
        return u.Quantity(per_rigidity, intensity_unit("rigidity"))

    def to_dict(self, full_output=False):
        """Create a dictionary for YAML serialisation."""
        return {
            self._type: {
                "type": self.tag[0],
                "species": species_to_data(self._species),
                "axis": self.axis,
                "model": self.spectral_model.to_dict(full_output)["spectral"],
            }
        }

    @classmethod
    def from_dict(cls, data, **kwargs):
        """Create a model from a dictionary made by `to_dict`."""
        data = data.get(cls._type, data)
        inner = SPECTRAL_MODEL_REGISTRY.get_cls(data["model"]["type"])
        return cls(
            inner.from_dict({"spectral": data["model"]}),
            species=species_from_data(data["species"]),
            axis=data["axis"],
        )

    def __str__(self):
        return f"{type(self).__name__}({self.species}, {self.axis})\n{self.spectral_model}"


def unfreeze_model(model):
    """Restore the default frozen status of a model, of nested models too."""
    nested = getattr(model, "_models", None)
    if not nested or isinstance(model, IntensitySpectralModel):
        model.unfreeze()
        return
    for inner in nested:
        unfreeze_model(inner)


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


register(
    SPECTRAL_MODEL_REGISTRY,
    LeakyBoxSpectralModel,
    NearbySourceSpectralModel,
    GalacticCenterSpectralModel,
    IntensitySpectralModel,
)
