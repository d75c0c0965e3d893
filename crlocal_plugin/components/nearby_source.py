"""The nearby source: an instantaneous one, seen through the Local Interstellar Cloud."""

import numpy as np
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY

from ..physics.constants import LIGHT_SPEED_KM_S, LIGHT_YEAR_PC, PARSEC_CM, YEAR_S
from ..physics.diffusion import (
    directional_ratio,
    large_scale_diffusion_along,
    local_diffusion_along,
    local_perpendicular_ratio,
)
from ..physics.geometry import icrs_direction, local_cloud
from ..physics.intensity import LOG_BURST, log_burst
from .dipole import DIPOLE_MODEL_REGISTRY, SeparableDipoleModel
from .registration import register
from .spectrum import SourceSpectralModel

LOCAL_TRANSPORT = ("kinetic", "wandering")
"""Diffusion in the cloud: kinetic theory, or the wandering field lines of the large scale."""
SPECTRUM_TRANSPORT = (*LOCAL_TRANSPORT, "none")
"""The same for intensities, which a cloud without effect leaves as they are."""
_MOTION = ("B_ra", "B_dec", "u_HC", "u_HC_ra", "u_HC_dec", "U_sun", "V_sun", "W_sun")


def _cloud(p):
    """Motion and magnetic field of the cloud."""
    return local_cloud(p.B_ra, p.B_dec, p.u_HC, p.u_HC_ra, p.u_HC_dec, p.U_sun, p.V_sun, p.W_sun)


def squared_spread(p):
    """4 D_par T_n at 10 GV in cm2, and there r_par^2 / 4 D_par T_n + r_perp^2 / 4 D_perp T_n."""
    spread2 = (4 * YEAR_S) * p.T_n * (p.D_ratio * p.D_0)
    distance2 = p.r_par * p.r_par + p.r_perp * p.r_perp / p.M_A**4
    return spread2, distance2 * PARSEC_CM**2 / spread2


class NearbySourceSpectralModel(SourceSpectralModel):
    r"""Instantaneous nearby source, seen through the Local Interstellar Cloud.

    .. math::
        J_n(R) = \frac{v}{4\pi}\, e^{-u_{LSR}\, x / \kappa_{xx}}
        \frac{Q_n(R)}{(4\pi T_n)^{3/2} D_\parallel^{1/2} D_\perp}
        \exp\left(-\frac{r_\parallel^2}{4 D_\parallel T_n} - \frac{r_\perp^2}{4 D_\perp T_n}\right)

    (Xue & Liu 2025, Eqs. 5-8; Eq. 16 for ``local_transport="wandering"``). Solar modulation is
    left out, as in the paper: the source contributes little at low rigidity.

    The first exponential is the fraction of particles that reach the Sun from ahead of the cloud,
    against its moving plasma. ``local_transport="none"`` sets it to one, as for a source behind the
    cloud, where the plasma carries particles along and the stationary density is the same
    everywhere (:doc:`/howto/nearby-sources`).

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    local_transport : {"kinetic", "wandering", "none"}
        Diffusion in the cloud: kinetic theory, or the wandering field lines of the large scale; or
        no effect of the cloud.
    Q_0n, Gamma, index_offset, R_cut, T_n, r_par, r_perp : `~astropy.units.Quantity`
        The source, see `crlocal_plugin.components.parameters.DEFINITIONS`.
    D_0, delta, D_ratio, M_A, x, R_cr, B, delta_local : `~astropy.units.Quantity`
        Diffusion in the Galaxy and in the cloud.
    B_ra, B_dec, u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun : `~astropy.units.Quantity`
        Magnetic field and motion of the cloud, and motion of the Sun.
    """

    tag = ["NearbySourceSpectralModel", "nearby-source"]
    settings = ("species", "local_transport")
    choices = {"local_transport": SPECTRUM_TRANSPORT}
    helium_strength = 7.05e51
    power_name = "index_offset"
    of_source = ("Q_0n", "T_n", "r_par", "r_perp")
    definitions = (
        *("Q_0n", "Gamma", "index_offset", "R_cut"),
        *("D_0", "delta", "T_n", "r_par", "r_perp", "D_ratio", "M_A"),
        *("x", "R_cr", "B", "delta_local"),
        *_MOTION,
    )

    def __init__(self, species="H", local_transport="kinetic", **kwargs):
        self.local_transport = local_transport
        super().__init__(species=species, **kwargs)

    def log_shape(self, grid, *values):
        """Kernel: logarithm of the intensity inside the cloud at a strength of one, Eqs. 6, 16."""
        p = self.named(values)
        spread2, spread = squared_spread(p)
        # D_par^(1/2) D_perp = M_A^4 D_par^(3/2)
        log_norm = LOG_BURST - 1.5 * np.log(spread2) - np.log(p.M_A**4)
        burst = log_burst(grid, log_norm, p.Gamma + p.index_offset, p.R_cut, spread, p.delta)
        if self.local_transport == "none":
            return burst
        cloud = _cloud(p)
        advection = (cloud.speed * 1e5) * (p.x * PARSEC_CM)
        return burst - advection / self._kappa_xx(grid, cloud.cos2_theta, p)

    def _kappa_xx(self, grid, cos2_theta, p):
        """Diffusion coefficient in the cloud along its motion in cm2/s, Eq. 7."""
        if self.local_transport == "wandering":
            return large_scale_diffusion_along(grid, cos2_theta, p.D_0, p.delta, p.D_ratio, p.M_A)
        return local_diffusion_along(grid, cos2_theta, p.R_cr, p.B, p.delta_local)


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
    choices = {"local_transport": LOCAL_TRANSPORT}
    definitions = (*("M_A", "R_cr", "delta_local"), *_MOTION)

    def __init__(self, local_transport="kinetic", **kwargs):
        self.local_transport = local_transport
        super().__init__(**kwargs)

    def terms(self, grid, *values):
        """Kernel: terms of the dipole, Eqs. 11 and 17."""
        p = self.named(values)
        if self.local_transport == "wandering":
            ratio = p.M_A**4
        else:
            ratio = local_perpendicular_ratio(grid, p.R_cr, p.delta_local)
        return nearby_source_terms(grid.beta, _cloud(p), ratio)


def nearby_source_terms(beta, cloud, perpendicular_ratio):
    """Terms of the dipole for a ratio kappa_perp / kappa_par and a `LocalCloud`, Eqs. 11 and 17."""
    along = np.vecdot(cloud.velocity, cloud.field)[..., np.newaxis] * cloud.field
    ratio = directional_ratio(cloud.cos2_theta, perpendicular_ratio)
    scale = (3 / LIGHT_SPEED_KM_S) / (beta * ratio)
    # u sin(theta) e_perp = u - (u . b) b
    return [(scale, along), (perpendicular_ratio * scale, cloud.velocity - along)]


class NearbySourceFickDipoleModel(SeparableDipoleModel):
    r"""Dipole of an instantaneous nearby source from Fick's law, along the magnetic field.

    .. math::
        -\vec\xi_n = \frac{3 D_\parallel}{v J_n}\, \hat b \cdot \nabla J_n\, \hat b
        = \frac{3 r_\parallel}{2 v T_n}\, \hat b

    as Xue & Liu 2025 have it for the Galactic centre (Eqs. 12-13). It points to the source, whose
    ``r_par`` is negative where the field points away from it.

    Parameters
    ----------
    T_n, r_par, B_ra, B_dec : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    """

    tag = ["NearbySourceFickDipoleModel", "nearby-source-fick-dipole"]
    definitions = ("T_n", "r_par", "B_ra", "B_dec")

    def terms(self, grid, *values):
        """Kernel: terms of the dipole."""
        p = self.named(values)
        amplitude = 1.5 * p.r_par / (p.T_n * LIGHT_YEAR_PC)
        return [(amplitude / grid.beta, icrs_direction(p.B_ra, p.B_dec))]


register(SPECTRAL_MODEL_REGISTRY, NearbySourceSpectralModel)
register(DIPOLE_MODEL_REGISTRY, NearbySourceDipoleModel, NearbySourceFickDipoleModel)
