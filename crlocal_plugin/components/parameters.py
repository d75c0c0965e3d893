"""Every parameter of the model: name, default, units, limits, source.

One row per quantity in ``parameters.ecsv``. Spectral and dipole models take their Parameters from
here, so that a quantity that two of them use has one definition.
"""

from pathlib import Path
from typing import NamedTuple

import astropy.units as u
import numpy as np
from astropy.table import Table
from gammapy.modeling import Parameter

from ..messages import unknown_name


class Definition(NamedTuple):
    """Definition of a parameter.

    Attributes
    ----------
    source : str
        Where the default is from, in Xue & Liu 2025 where nothing else is said.
    value, min, max : float
        Default, and limits, nan where open.
    unit, kernel_unit : str
        Unit of ``value``, ``min`` and ``max``, shown to users, and that of physics functions.
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


_TABLE = Table.read(Path(__file__).with_suffix(".ecsv"), format="ascii.ecsv").filled("")

DEFINITIONS = {name: Definition(*columns) for name, *columns in _TABLE.as_array().tolist()}
"""Definitions by parameter name."""


def kernel_unit(par):
    """Unit in which kernels take a Parameter: that of the definition of its name, or its own."""
    known = DEFINITIONS.get(par.name)
    is_known = known is not None and par.unit.is_equivalent(known.kernel_unit)
    return u.Unit(known.kernel_unit) if is_known else par.unit


def parameter(name):
    """New `~gammapy.modeling.Parameter` of a definition, ValueError if there is no such name."""
    if name not in DEFINITIONS:
        raise ValueError(unknown_name(name, DEFINITIONS, "parameter "))
    d = DEFINITIONS[name]
    interp = "log" if d.value > 0 and np.isnan(d.max) else "lin"
    return Parameter(name, d.value, d.unit, min=d.min, max=d.max, frozen=not d.free, interp=interp)


DEGENERACIES = (
    ("Q_0b", ("w", "H_G", "V_G"), "only the product Q_0b w H_G^2 / (V_G D_0) enters"),
    ("R_cr", ("B",), "they enter as R_cr^(2/3) / B, apart from a weak kappa_perp"),
    ("Q_0n", ("M_A", "r_par", "r_perp", "T_n"), "they are degenerate with D_0 and x"),
    # the strength and one of the two follow from spectrum and dipole
    ("T_c", ("r_c",), "they are degenerate with D_0 and Q_0c"),
)
"""Sets of nearly degenerate parameters: a parameter, those with the same effect, and why.
Freeing one of the others beside it needs a prior."""
