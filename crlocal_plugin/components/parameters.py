"""Every parameter of the model: name, default, units, limits, source.

One row per quantity. Spectral and dipole models take their Parameters from here, so that a
quantity that two of them use has one definition.
"""

from typing import NamedTuple

import astropy.units as u
import numpy as np
from gammapy.modeling import Parameter

from ..messages import unknown_name


class Definition(NamedTuple):
    """Definition of a parameter.

    Attributes
    ----------
    source : str
        Where the default is from, in Xue & Liu 2025 where nothing else is said.
    value : float
        Default.
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

    source: str
    value: float
    unit: str
    kernel_unit: str
    min: float
    max: float
    free: bool
    description: str


_D = Definition
_T1, _2A, _2B = "Table I", "Section II A", "Section II B"
_BORON = "boron (Blum, Katz & Waxman 2013), see SpallationLeakyBoxSpectralModel"
# An open end: Minuit maps a parameter with two limits to the arc sine of its place between them,
# which has no digits left for a value that is tiny on the scale of the range.
nan = np.nan
_STRENGTH = ("GV-1", "GV-1")
_DIFFUSION = ("cm2 s-1", "cm2 s-1")
_SPEED = ("km s-1", "km s-1")
_DEG = ("deg", "rad")
_GRAMMAGE = ("g cm-2", "g cm-2")

DEFINITIONS = {
    # source spectra
    "Q_0b": _D(_T1, 4.6e52, *_STRENGTH, 0, nan, True, "strength of a background source"),
    "Q_0n": _D(_T1, 4.7e52, *_STRENGTH, 0, nan, True, "strength of the nearby source"),
    "Q_0c": _D(_T1, 5e57, *_STRENGTH, 0, nan, True, "strength of the Galactic-centre source"),
    "Gamma": _D(_T1, 2.6, "", "", 1, 5, True, "spectral index of the protons at the sources"),
    "index_offset": _D(_2A, 0, "", "", -1, 1, False, "index of the species minus Gamma"),
    "R_cut": _D(_T1, 4, "PV", "GV", 0.001, nan, True, "cut-off, background and nearby source"),
    "R_cutc": _D(_T1, 100, "PV", "GV", 0.001, nan, True, "cut-off of the Galactic-centre source"),
    # transport in the Galaxy
    "D_0": _D(_T1, 2.15e28, *_DIFFUSION, 1e25, nan, True, "diffusion coefficient at 10 GV"),
    "delta": _D(_2A, 1 / 3, "", "", 0, 1, False, "slope of the diffusion coefficient"),
    "w": _D(_2A, 0.03, "yr-1", "yr-1", 0, nan, False, "rate of supernovae in the Galaxy"),
    "H_G": _D(_2A, 100, "pc", "pc", 0, nan, False, "thickness of the Galaxy"),
    "V_G": _D(_2A, 10, "kpc3", "kpc3", 0.001, nan, False, "volume of the Galaxy"),
    "grammage": _D(_BORON, 5.9, *_GRAMMAGE, 0, nan, False, "escape grammage at 10 GV"),
    "T_n": _D(_2A, 3.4e5, "yr", "yr", 1000, nan, False, "age of the nearby source"),
    "r_par": _D(_2A, 250, "pc", "pc", 0, nan, False, "distance of the source along the field"),
    "r_perp": _D(_2A, 18.5, "pc", "pc", 0, nan, False, "distance of the source across the field"),
    "D_ratio": _D(_2A, 3, "", "", 0.1, nan, False, "D_par / D on large scales"),
    "M_A": _D(_2A, 0.1, "", "", 0.01, 1, False, "Alfvenic Mach number, D_perp = M_A^4 D_par"),
    "T_c": _D(_2A, 4, "Myr", "yr", 0.01, nan, False, "age of the Galactic-centre source"),
    "r_c": _D(_2A, 8.5, "kpc", "kpc", 0, nan, False, "distance of the Galactic centre"),
    # surroundings of the Sun
    "phi": _D(_T1, 0.97, "GV", "GV", 0, nan, True, "modulation potential"),
    "x": _D(_T1, 1.6, "pc", "pc", 0, nan, True, "distance from the edge of the cloud to the Sun"),
    "R_cr": _D(_T1, 3, "PV", "GV", 0.0001, nan, False, "rigidity of Bohm diffusion in the cloud"),
    "B": _D(_T1, 3, "uG", "uG", 0.1, nan, False, "magnetic field strength in the local cloud"),
    "delta_local": _D(_2A, 1 / 3, "", "", 0, 1, False, "slope of the local parallel diffusion"),
    "B_ra": _D(_2A, 48.5, *_DEG, -360, 360, False, "right ascension of the local magnetic field"),
    "B_dec": _D(_2A, -21.2, *_DEG, -90, 90, False, "declination of the local magnetic field"),
    "u_HC": _D(_T1, 25.4, *_SPEED, 0, nan, False, "speed of the cloud with respect to the Sun"),
    "u_HC_ra": _D(_2A, 74.9, *_DEG, -360, 360, False, "right ascension of that velocity"),
    "u_HC_dec": _D(_2A, 17.6, *_DEG, -90, 90, False, "declination of that velocity"),
    "U_sun": _D(_2A, 11.1, *_SPEED, -100, 100, False, "solar motion to the Galactic centre"),
    "V_sun": _D(_T1, 15.5, *_SPEED, -100, 100, True, "solar motion in Galactic rotation"),
    "W_sun": _D(_2A, 7.25, *_SPEED, -100, 100, False, "solar motion to the north Galactic pole"),
    # dipole
    "delta_b": _D(_T1, 6e-4, "", "", 0, nan, True, "dipole of the background before projection"),
    "lon_b": _D(_2B, 0, *_DEG, -360, 360, False, "Galactic longitude of the background streaming"),
    "lat_b": _D(_2B, 90, *_DEG, -90, 90, False, "Galactic latitude of the background streaming"),
    "lon_c": _D(_2B, 0, *_DEG, -360, 360, False, "Galactic longitude of the Galactic centre"),
    "lat_c": _D(_2B, 0, *_DEG, -90, 90, False, "Galactic latitude of the Galactic centre"),
    "C": _D(_2B, 1.6, "", "", 0, nan, False, "third of the index of the momentum distribution"),
}
"""Definitions by parameter name."""


def kernel_unit(par):
    """Unit in which kernels take a Parameter: that of the definition of its name, or its own."""
    known = DEFINITIONS.get(par.name)
    is_known = known is not None and par.unit.is_equivalent(known.kernel_unit)
    return u.Unit(known.kernel_unit) if is_known else par.unit


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

    Raises
    ------
    ValueError
        If there is no such name.
    """
    if name not in DEFINITIONS:
        raise ValueError(unknown_name(name, DEFINITIONS, "parameter "))
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
