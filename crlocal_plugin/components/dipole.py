"""Dipole anisotropy of each component of Xue & Liu 2025 as gammapy models.

Vectors are ICRS Cartesian and point to the excess of intensity; the paper's xi is the opposite.
"""

import abc
from dataclasses import dataclass

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.utils.registry import Registry

from ..physics import (
    diffusion,
    geometry,
)
from ..physics import dipole as physics_dipole
from ..physics.kinematics import (
    axis_to_rigidity,
    particle_grid,
)
from .base import (
    ENERGY_UNIT,
    LocalTransport,
    PhysicsModel,
)
from .parameters import parameter
from .registration import register

# a reload keeps the registry, and with it the classes that users have put there
DIPOLE_MODEL_REGISTRY = globals().get("DIPOLE_MODEL_REGISTRY", Registry())
"""Registry of dipole model classes."""


@dataclass(frozen=True, eq=False)
class Dipole:
    """Dipole anisotropy against energy.

    Attributes
    ----------
    energy : `~astropy.units.Quantity`
        Total energy per particle, shape ``(...)``.
    vector : `~numpy.ndarray`
        Dipole in ICRS Cartesian coordinates, pointing to the excess, shape ``(..., 3)``.
    """

    energy: u.Quantity
    vector: np.ndarray

    @property
    def amplitude(self):
        """Amplitude of the projection on the equator, what ground-based arrays measure."""
        return u.Quantity(physics_dipole.amplitude_and_phase(self.vector)[0])

    @property
    def total_amplitude(self):
        """Length of the vector."""
        return u.Quantity(np.linalg.norm(self.vector, axis=-1))

    @property
    def phase(self):
        """Right ascension of the excess, 0 to 360 deg."""
        return u.Quantity(np.rad2deg(physics_dipole.amplitude_and_phase(self.vector)[1]), "deg")

    @property
    def direction(self):
        """Direction of the excess (`~astropy.coordinates.SkyCoord`, ICRS)."""
        x, y, z = np.moveaxis(self.vector, -1, 0)
        declination = np.arctan2(z, np.hypot(x, y))
        return SkyCoord(self.phase, u.Quantity(declination, "rad"), frame="icrs")


class DipoleModel(PhysicsModel):
    """Base of the dipole models.

    Parameters
    ----------
    **kwargs : dict
        Parameter values.
    """

    _type = "dipole"
    needs_slope = False

    def terms(self, grid, *values, **extra):
        """Dipole as a sum of profiles times vectors, see `excess`.

        Parameters
        ----------
        grid, *values
            As for `excess`.
        **extra : dict
            ``momentum_index`` where the model needs it.

        Returns
        -------
        list of tuple
            Terms as for `~crlocal_plugin.physics.dipole.sum_of_terms`. A model that only has
            `excess` is evaluated for one set of parameters after another.
        """
        sets = max((np.shape(value)[0] for value in values if np.ndim(value)), default=None)
        if sets is None:
            vector = np.asarray(self.excess(grid, *values, **extra))
        else:
            rows = zip(*(_in_sets(value, sets) for value in values), strict=True)
            vector = np.stack([np.asarray(self.excess(grid, *row, **extra)) for row in rows])
            if vector.ndim == 2:
                vector = vector[:, np.newaxis, :]
        return [(vector[..., k], axis) for k, axis in enumerate(_AXES)]

    @abc.abstractmethod
    def excess(self, grid, *values):
        """Dipole vector, the kernel of the model.

        Parameters
        ----------
        grid : `~crlocal_plugin.physics.kinematics.ParticleGrid`
            Rigidities, shape ``(...)``.
        *values : float or `~numpy.ndarray`
            Parameter values in kernel units, in the order of the Parameters.

        Returns
        -------
        `~numpy.ndarray`
            Excess, of a shape that broadcasts to ``(..., 3)``.
        """

    def evaluate(self, energy, *args, species="H", **kwargs):
        """Evaluate the dipole of one species for given parameter values.

        Parameters
        ----------
        energy : `~astropy.units.Quantity`
            Total energy per particle, not below the rest energy.
        *args, **kwargs : `~astropy.units.Quantity` or float
            Parameter values in the order of the Parameters or by name.
        species : str or `~crlocal_plugin.Species`
            Nucleus.

        Returns
        -------
        Dipole
            Dipole of the component alone, before any weighting with intensities.

        Raises
        ------
        ValueError
            If an energy is below the rest energy, or the species is not known.
        """
        energy = u.Quantity(energy)
        grid = particle_grid(
            axis_to_rigidity(energy.to_value(ENERGY_UNIT), species, "total_energy"), species
        )
        vector = self.excess(grid, *self._kernel_arguments(args, kwargs))
        return Dipole(energy, np.broadcast_to(vector, (*grid.beta.shape, 3)).copy())

    def __call__(self, energy, species="H"):
        """Dipole of one species at an energy, see `evaluate`."""
        return self.evaluate(energy, *self.kernel_values, species=species)


_AXES = tuple(np.eye(3))


def _in_sets(value, sets):
    """Values of a parameter, a float or of shape ``(m, 1)``, in a list of m floats."""
    return np.broadcast_to(value, (sets, 1))[:, 0].tolist()


class SeparableDipoleModel(DipoleModel):
    """Base of dipole models that know their terms: profiles against rigidity times vectors."""

    @abc.abstractmethod
    def terms(self, grid, *values):
        """Terms of the dipole, see `~crlocal_plugin.physics.dipole.sum_of_terms`."""

    def excess(self, grid, *values, **extra):
        """Dipole vector, of a shape that broadcasts to ``(..., 3)``."""
        return physics_dipole.sum_of_terms(self.terms(grid, *values, **extra))


class BackgroundDipoleModel(SeparableDipoleModel):
    r"""Dipole of the Galactic background.

    .. math::
        \vec\xi_b = \delta_b \cos\theta_b\, \hat b

    with the angle between the magnetic field and the streaming, in the paper along the north
    Galactic pole (Xue & Liu 2025, Eq. 14).

    Parameters
    ----------
    delta_b, lon_b, lat_b, B_ra, B_dec : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    """

    tag = ["BackgroundDipoleModel", "background-dipole"]
    delta_b = parameter("delta_b")
    lon_b = parameter("lon_b")
    lat_b = parameter("lat_b")
    B_ra = parameter("B_ra")
    B_dec = parameter("B_dec")

    def terms(self, grid, delta_b, lon_b, lat_b, B_ra, B_dec):
        """Kernel: terms of the dipole, the same at every rigidity."""
        return physics_dipole.background_terms(
            delta_b,
            geometry.galactic_direction(lon_b, lat_b),
            geometry.icrs_direction(B_ra, B_dec),
        )


class NearbySourceDipoleModel(SeparableDipoleModel):
    r"""Dipole of the nearby source, shaped by diffusion in the Local Interstellar Cloud.

    .. math::
        \vec\xi_n = -\frac{3}{v} \left(\frac{\kappa_\parallel}{\kappa_{xx}} u_{LSR} \cos\theta\,
        \hat b + \frac{\kappa_\perp}{\kappa_{xx}} u_{LSR} \sin\theta\, \hat e_\perp\right)

    (Xue & Liu 2025, Eq. 11; Eq. 17 for ``local_transport="wandering"``). The transverse unit
    vector follows from the velocities.

    Parameters
    ----------
    local_transport : {"kinetic", "wandering"}
        Diffusion in the cloud: kinetic theory, or the wandering field lines of the large scale.
    M_A, R_cr, delta_local : `~astropy.units.Quantity`
        Diffusion in the cloud, see `crlocal_plugin.components.parameters.DEFINITIONS`.
    B_ra, B_dec, u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun : `~astropy.units.Quantity`
        Magnetic field and motion of the cloud, and motion of the Sun.
    """

    tag = ["NearbySourceDipoleModel", "nearby-source-dipole"]
    settings = ("local_transport",)
    M_A = parameter("M_A")
    R_cr = parameter("R_cr")
    delta_local = parameter("delta_local")
    B_ra = parameter("B_ra")
    B_dec = parameter("B_dec")
    u_HC = parameter("u_HC")
    u_HC_ra = parameter("u_HC_ra")
    u_HC_dec = parameter("u_HC_dec")
    U_sun = parameter("U_sun")
    V_sun = parameter("V_sun")
    W_sun = parameter("W_sun")

    def __init__(self, local_transport=LocalTransport.KINETIC, **kwargs):
        self.local_transport = LocalTransport.check(local_transport)
        super().__init__(**kwargs)

    def terms(
        self,
        grid,
        M_A,
        R_cr,
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
        """Kernel: terms of the dipole."""
        cloud = geometry.local_cloud(B_ra, B_dec, u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun)
        if self.local_transport == LocalTransport.WANDERING:
            ratio = M_A**4
        else:
            ratio = diffusion.local_perpendicular_ratio(grid, R_cr, delta_local)
        return physics_dipole.nearby_source_terms(grid.beta, cloud, ratio)


class GalacticCenterDipoleModel(SeparableDipoleModel):
    r"""Dipole of an instantaneous source at the Galactic centre.

    .. math::
        \vec\xi_c = \frac{3 r_c}{2 v T_c} \cos\theta_c\, \hat b

    with the angle between the magnetic field and the anti-centre (Xue & Liu 2025, Eqs. 12-13).

    Parameters
    ----------
    T_c, r_c, lon_c, lat_c, B_ra, B_dec : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    """

    tag = ["GalacticCenterDipoleModel", "galactic-center-dipole"]
    T_c = parameter("T_c")
    r_c = parameter("r_c")
    lon_c = parameter("lon_c")
    lat_c = parameter("lat_c")
    B_ra = parameter("B_ra")
    B_dec = parameter("B_dec")

    def terms(self, grid, T_c, r_c, lon_c, lat_c, B_ra, B_dec):
        """Kernel: terms of the dipole."""
        return physics_dipole.galactic_center_terms(
            grid.beta,
            r_c,
            T_c,
            geometry.galactic_direction(lon_c, lat_c),
            geometry.icrs_direction(B_ra, B_dec),
        )


class ComptonGettingDipoleModel(SeparableDipoleModel):
    r"""Compton-Getting dipole of the Sun's motion through the local cloud.

    .. math::
        \vec\xi_{CG} = \frac{3}{v} C\, \vec u_{HC}

    (Xue & Liu 2025, Eq. 15). With ``index="constant"`` the factor C is the parameter; with
    ``index="local"`` it is a third of the local index of the momentum distribution of the summed
    spectrum, (2 + gamma(E)) / 3 for relativistic particles, and the parameter is not used. The
    local index is known to a `CosmicRayModel` only.

    Parameters
    ----------
    index : {"constant", "local"}
        Where C comes from.
    C, u_HC, u_HC_ra, u_HC_dec : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    """

    tag = ["ComptonGettingDipoleModel", "compton-getting-dipole"]
    settings = ("index",)
    C = parameter("C")
    u_HC = parameter("u_HC")
    u_HC_ra = parameter("u_HC_ra")
    u_HC_dec = parameter("u_HC_dec")

    def __init__(self, index="constant", **kwargs):
        if index not in ("constant", "local"):
            raise ValueError(f"unknown index {index!r}: expected 'constant' or 'local'")
        self.index = index
        super().__init__(**kwargs)

    @property
    def needs_slope(self):
        """Whether the model needs the slope of the summed spectrum (bool)."""
        return self.index == "local"

    def terms(self, grid, C, u_HC, u_HC_ra, u_HC_dec, momentum_index=None):
        """Kernel: terms of the dipole; ``momentum_index`` is -d ln f / d ln p if needed."""
        if self.needs_slope:
            if momentum_index is None:
                raise ValueError(
                    "ComptonGettingDipoleModel with index='local' needs the summed spectrum: "
                    "evaluate it as a component of a CosmicRayModel"
                )
            C = momentum_index / 3
        flow = geometry.icrs_direction(u_HC_ra, u_HC_dec)
        return physics_dipole.compton_getting_terms(grid.beta, u_HC, flow, C)


register(
    DIPOLE_MODEL_REGISTRY,
    BackgroundDipoleModel,
    NearbySourceDipoleModel,
    GalacticCenterDipoleModel,
    ComptonGettingDipoleModel,
)
