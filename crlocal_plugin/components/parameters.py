"""Every parameter of the model: name, default, units, limits, source.

One row per quantity. Spectral and dipole models take their Parameters from here, so that a
quantity that two of them use has one definition.
"""

from typing import NamedTuple

import astropy.units as u
import numpy as np
from gammapy.modeling import Parameter


class Definition(NamedTuple):
    """Definition of a parameter.

    Attributes
    ----------
    value : float
        Default, the value of Xue & Liu 2025 (Table I and Sections II A-B); the grammage, which is
        not of that paper, is explained in `SpallationLeakyBoxSpectralModel`.
    unit : str
        Unit of ``value``, ``min`` and ``max``, shown to users.
    kernel_unit : str
        Unit in which the physics functions take it.
    min, max : float
        Limits, nan where open.
    free : bool
        Whether a fit varies it by default.
    description : str
        What it is.
    """

    value: float
    unit: str
    kernel_unit: str
    min: float
    max: float
    free: bool
    description: str


_D = Definition
# An open end: Minuit maps a parameter with two limits to the arc sine of its place between them,
# which has no digits left for a value that is tiny on the scale of the range.
_OPEN = np.nan
_STRENGTH = ("GV-1", "GV-1")
_DIFFUSION = ("cm2 s-1", "cm2 s-1")
_SPEED = ("km s-1", "km s-1")
_ANGLE = ("deg", "rad")
_GRAMMAGE = ("g cm-2", "g cm-2")

DEFINITIONS = {
    # source spectra
    "Q_0b": _D(4.6e52, *_STRENGTH, 0, _OPEN, True, "strength of a background source"),
    "Q_0n": _D(4.7e52, *_STRENGTH, 0, _OPEN, True, "strength of the nearby source"),
    "Q_0c": _D(5e57, *_STRENGTH, 0, _OPEN, True, "strength of the Galactic-centre source"),
    "Gamma": _D(2.6, "", "", 1, 5, True, "spectral index of the protons at the sources"),
    "index_offset": _D(0, "", "", -1, 1, False, "index of the species minus Gamma"),
    "R_cut": _D(4, "PV", "GV", 0.001, _OPEN, True, "cut-off, background and nearby source"),
    "R_cutc": _D(100, "PV", "GV", 0.001, _OPEN, True, "cut-off of the Galactic-centre source"),
    # transport in the Galaxy
    "D_0": _D(2.15e28, *_DIFFUSION, 1e25, _OPEN, True, "diffusion coefficient at 10 GV"),
    "delta": _D(1 / 3, "", "", 0, 1, False, "slope of the diffusion coefficient"),
    "w": _D(0.03, "yr-1", "yr-1", 0, _OPEN, False, "rate of supernovae in the Galaxy"),
    "H_G": _D(100, "pc", "pc", 0, _OPEN, False, "thickness of the Galaxy"),
    "V_G": _D(10, "kpc3", "kpc3", 0.001, _OPEN, False, "volume of the Galaxy"),
    "grammage": _D(5.9, *_GRAMMAGE, 0, _OPEN, False, "escape grammage at 10 GV"),
    "T_n": _D(3.4e5, "yr", "yr", 1000, _OPEN, False, "age of the nearby source"),
    "r_par": _D(250, "pc", "pc", 0, _OPEN, False, "distance of the source along the field"),
    "r_perp": _D(18.5, "pc", "pc", 0, _OPEN, False, "distance of the source across the field"),
    "D_ratio": _D(3, "", "", 0.1, _OPEN, False, "D_par / D on large scales"),
    "M_A": _D(0.1, "", "", 0.01, 1, False, "Alfvenic Mach number, D_perp = M_A^4 D_par"),
    "T_c": _D(4, "Myr", "yr", 0.01, _OPEN, False, "age of the Galactic-centre source"),
    "r_c": _D(8.5, "kpc", "kpc", 0, _OPEN, False, "distance of the Galactic centre"),
    # surroundings of the Sun
    "phi": _D(0.97, "GV", "GV", 0, _OPEN, True, "modulation potential"),
    "x": _D(1.6, "pc", "pc", 0, _OPEN, True, "distance from the edge of the cloud to the Sun"),
    "R_cr": _D(3, "PV", "GV", 0.0001, _OPEN, False, "rigidity of Bohm diffusion in the cloud"),
    "B": _D(3, "uG", "uG", 0.1, _OPEN, False, "magnetic field strength in the local cloud"),
    "delta_local": _D(1 / 3, "", "", 0, 1, False, "slope of the local parallel diffusion"),
    "B_ra": _D(48.5, *_ANGLE, -360, 360, False, "right ascension of the local magnetic field"),
    "B_dec": _D(-21.2, *_ANGLE, -90, 90, False, "declination of the local magnetic field"),
    "u_HC": _D(25.4, *_SPEED, 0, _OPEN, False, "speed of the local cloud with respect to the Sun"),
    "u_HC_ra": _D(74.9, *_ANGLE, -360, 360, False, "right ascension of that velocity"),
    "u_HC_dec": _D(17.6, *_ANGLE, -90, 90, False, "declination of that velocity"),
    "U_sun": _D(11.1, *_SPEED, -100, 100, False, "solar motion to the Galactic centre"),
    "V_sun": _D(15.5, *_SPEED, -100, 100, True, "solar motion in Galactic rotation"),
    "W_sun": _D(7.25, *_SPEED, -100, 100, False, "solar motion to the north Galactic pole"),
    # dipole
    "delta_b": _D(6e-4, "", "", 0, _OPEN, True, "dipole of the background before projection"),
    "lon_b": _D(0, *_ANGLE, -360, 360, False, "Galactic longitude of the background streaming"),
    "lat_b": _D(90, *_ANGLE, -90, 90, False, "Galactic latitude of the background streaming"),
    "lon_c": _D(0, *_ANGLE, -360, 360, False, "Galactic longitude of the Galactic centre"),
    "lat_c": _D(0, *_ANGLE, -90, 90, False, "Galactic latitude of the Galactic centre"),
    "C": _D(1.6, "", "", 0, _OPEN, False, "third of the index of the momentum distribution"),
}
"""Definitions by parameter name."""

KERNEL_UNITS = {name: u.Unit(d.kernel_unit) for name, d in DEFINITIONS.items()}
"""Units of the physics layer by parameter name."""


def parameter(name):
    """Make the Parameter of a definition.

    Parameters
    ----------
    name : str
        A name of `DEFINITIONS`.

    Returns
    -------
    `~gammapy.modeling.Parameter`
        New parameter with default, unit, limits and frozen status of the definition.
    """
    d = DEFINITIONS[name]
    is_scale = d.value > 0 and np.isnan(d.max)
    return Parameter(
        name,
        d.value,
        unit=d.unit,
        min=d.min,
        max=d.max,
        frozen=not d.free,
        interp="log" if is_scale else "lin",
    )


DEGENERACIES = (
    ("Q_0b", ("w", "H_G", "V_G"), "only the product Q_0b w H_G^2 / (V_G D_0) enters"),
    ("R_cr", ("B",), "they enter as R_cr^(2/3) / B, apart from a weak kappa_perp"),
    ("Q_0n", ("M_A", "r_par", "r_perp", "T_n"), "with D_0 and x they trade against each other"),
    # the strength and one of the two follow from spectrum and dipole
    ("T_c", ("r_c",), "with D_0 and Q_0c they trade against each other"),
)
"""Sets of parameters that spectra and dipole of this model hardly tell apart: a parameter, those
that do the same, and why. Freeing one of the others beside it wants a prior."""
