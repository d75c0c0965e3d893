"""The Compton-Getting effect: an observer who moves sees an excess ahead."""

import numpy as np

from ..physics.constants import LIGHT_SPEED_KM_S
from ..physics.geometry import icrs_direction, lsr_velocity
from .dipole import DIPOLE_MODEL_REGISTRY, SeparableDipoleModel
from .registration import register


class ComptonGettingDipoleModel(SeparableDipoleModel):
    r"""Compton-Getting dipole of the Sun's motion through the local cloud.

    .. math::
        \vec\xi_{CG} = \frac{3}{v} C\, \vec u_{HC}

    (Xue & Liu 2025, Eq. 15). Cosmic rays are isotropic in the local cloud, whose velocity as seen
    from the Sun is :math:`\vec u_{HC}`; `LsrComptonGettingDipoleModel` is for another frame.
    With ``index="constant"`` the factor C is the parameter; with ``index="local"`` it is a third of
    the local index of the momentum distribution of the summed spectrum, (2 + gamma(E)) / 3 for
    relativistic particles, and the parameter is not used. The local index is known to a
    `CosmicRayModel` only.

    Parameters
    ----------
    index : {"constant", "local"}
        Where C comes from.
    C, u_HC, u_HC_ra, u_HC_dec : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    """

    tag = ["ComptonGettingDipoleModel", "compton-getting-dipole"]
    settings = ("index",)
    choices = {"index": ("constant", "local")}
    definitions = ("C", "u_HC", "u_HC_ra", "u_HC_dec")

    def __init__(self, index="constant", **kwargs):
        self.index = index
        super().__init__(**kwargs)

    @property
    def needs_slope(self):
        """Whether the model needs the slope of the summed spectrum (bool)."""
        return self.index == "local"

    def terms(self, grid, *values, momentum_index=None):
        """Kernel: terms of the dipole, Eq. 15; ``momentum_index`` is -d ln f / d ln p if needed."""
        p = self.named(values)
        C = p.C
        if self.needs_slope:
            if momentum_index is None:
                raise ValueError(
                    "ComptonGettingDipoleModel with index='local' needs the summed spectrum: "
                    "evaluate it as a component of a CosmicRayModel"
                )
            C = momentum_index / 3
        return [((-3 / LIGHT_SPEED_KM_S) * C / grid.beta, self._motion(p))]

    @staticmethod
    def _motion(p):
        """Velocity of the frame as seen from the Sun in km/s, shape ``(..., 3)``."""
        return np.expand_dims(p.u_HC, -1) * icrs_direction(p.u_HC_ra, p.u_HC_dec)


class LsrComptonGettingDipoleModel(ComptonGettingDipoleModel):
    r"""Compton-Getting dipole if cosmic rays are isotropic in the local standard of rest.

    As `ComptonGettingDipoleModel`, for a frame whose velocity as seen from the Sun is
    :math:`-(U, V, W)_\odot` in place of :math:`\vec u_{HC}`.

    Parameters
    ----------
    index : {"constant", "local"}
        Where C comes from.
    C, U_sun, V_sun, W_sun : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    """

    tag = ["LsrComptonGettingDipoleModel", "lsr-compton-getting-dipole"]
    definitions = ("C", "U_sun", "V_sun", "W_sun")

    @staticmethod
    def _motion(p):
        return -lsr_velocity(0.0, np.zeros(3), p.U_sun, p.V_sun, p.W_sun)


FRAMES = {"cloud": ComptonGettingDipoleModel, "lsr": LsrComptonGettingDipoleModel}
"""Models by the name of the frame in which cosmic rays are isotropic."""

register(DIPOLE_MODEL_REGISTRY, *FRAMES.values())
