"""Motion and field of the Local Interstellar Cloud, which follow from parameters of a model."""

from typing import NamedTuple

import astropy.units as u
import numpy as np

from ..physics.geometry import local_cloud

MOTION = ("B_ra", "B_dec", "u_HC", "u_HC_ra", "u_HC_dec", "U_sun", "V_sun", "W_sun")
"""Parameters that say how the cloud moves and where its field points."""


class Cloud(NamedTuple):
    """Motion and magnetic field of the Local Interstellar Cloud.

    Attributes
    ----------
    velocity : `~astropy.units.Quantity`
        u_LSR, its velocity in the local standard of rest, in ICRS Cartesian coordinates, shape
        ``(..., 3)``.
    field : `~numpy.ndarray`
        Unit vector of the field, shape ``(..., 3)``.
    speed : `~astropy.units.Quantity`
        Length of the velocity, shape ``(...)``.
    theta : `~astropy.units.Quantity`
        Angle between velocity and field, which diffusion across and along the field depends on
        (Xue & Liu 2025, Eqs. 7 and 11), shape ``(...)``.
    """

    velocity: u.Quantity
    field: np.ndarray
    speed: u.Quantity
    theta: u.Quantity


def cloud_of(model, values=None):
    """Cloud of a CosmicRayModel, by default at its present values; None if it has none.

    ``values`` are those of its evaluator: floats, or arrays of shape ``(m, 1)``.
    """
    evaluator = model.evaluator
    places = {par.name: k for k, par in enumerate(evaluator.parameters) if par.name in MOTION}
    if len(places) < len(MOTION):
        return None
    values = evaluator.values() if values is None else values
    motion = local_cloud(*(values[places[name]] for name in MOTION))
    cosine = np.vecdot(motion.velocity, motion.field) / motion.speed
    return Cloud(
        u.Quantity(motion.velocity, "km/s"),
        motion.field,
        u.Quantity(motion.speed, "km/s"),
        u.Quantity(np.rad2deg(np.arccos(np.clip(cosine, -1, 1))), "deg"),
    )
