"""The Galactic centre: an instantaneous source."""

import numpy as np
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY

from ..physics.constants import LIGHT_YEAR_PC, PARSEC_CM, YEAR_S
from ..physics.geometry import galactic_direction, icrs_direction
from ..physics.intensity import LOG_BURST, log_burst
from .dipole import DIPOLE_MODEL_REGISTRY, SeparableDipoleModel
from .registration import register
from .spectrum import SourceSpectralModel


class GalacticCenterSpectralModel(SourceSpectralModel):
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
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    """

    tag = ["GalacticCenterSpectralModel", "galactic-center"]
    helium_strength = 8e56
    power_name = "index_offset"
    of_source = ("Q_0c", "R_cutc", "T_c", "r_c")
    definitions = (*("Q_0c", "Gamma", "index_offset", "R_cutc"), *("D_0", "delta", "T_c", "r_c"))

    def log_shape(self, grid, *values):
        """Kernel: logarithm of the intensity near Earth at a strength of one, Eqs. 9-10."""
        p = self.named(values)
        spread2 = (4 * YEAR_S) * p.T_c * p.D_0
        log_norm = LOG_BURST - 1.5 * np.log(spread2)
        spread = (p.r_c * (1e3 * PARSEC_CM)) ** 2 / spread2
        return log_burst(grid, log_norm, p.Gamma + p.index_offset, p.R_cutc, spread, p.delta)


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
    of_source = ("lon_c", "lat_c")
    definitions = ("T_c", "r_c", "lon_c", "lat_c", "B_ra", "B_dec")

    def terms(self, grid, *values):
        """Kernel: terms of the dipole, Eqs. 12-13."""
        p = self.named(values)
        field = icrs_direction(p.B_ra, p.B_dec)
        cos_angle = np.vecdot(galactic_direction(p.lon_c, p.lat_c), field)
        amplitude = 1.5 * (1e3 * p.r_c) / (p.T_c * LIGHT_YEAR_PC) * cos_angle
        return [(1 / grid.beta, amplitude[..., np.newaxis] * field)]


register(SPECTRAL_MODEL_REGISTRY, GalacticCenterSpectralModel)
register(DIPOLE_MODEL_REGISTRY, GalacticCenterDipoleModel)
