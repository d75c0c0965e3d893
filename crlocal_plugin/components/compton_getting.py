"""The Compton-Getting effect: an observer who moves sees an excess ahead."""

from ..physics.constants import LIGHT_SPEED_KM_S
from ..physics.geometry import icrs_direction
from .dipole import DIPOLE_MODEL_REGISTRY, SeparableDipoleModel
from .registration import register


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
        flow = icrs_direction(p.u_HC_ra, p.u_HC_dec)
        return [((-3 / LIGHT_SPEED_KM_S) * C * p.u_HC / grid.beta, flow)]


register(DIPOLE_MODEL_REGISTRY, ComptonGettingDipoleModel)
