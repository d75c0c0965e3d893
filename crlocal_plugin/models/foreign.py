"""Spectra of other packages on floats, and for many sets of parameters at once.

gammapy's models take Quantities, which cost more than the formula. Most of them are formulas that
give the same for plain numbers in units that belong together, here GeV, m2, s and sr; whether one
does, and whether it takes many sets at once, is tried out before it is relied upon.
"""

import copy
import inspect
import itertools
import warnings

import astropy.units as u
import numpy as np

from ..components.base import RIGIDITY_UNIT, intensity_unit
from ..components.intensity_model import IntensitySpectralModel
from ..physics.intensity import log_strength
from ..physics.kinematics import axis_jacobian, particle_grid, rigidity_to_axis

_PROBE = np.array([3.0, 200.0, 5e4, 2e6])
"""Rigidities at which ways of evaluation are compared, in GV."""

_PER_AREA_TIME = (u.Unit("m-2 s-1"), u.Unit("m-2 s-1 sr-1"))


def foreign_kernel(model, species):
    """`ForeignKernel` of a spectral model of a species, None if it reads its own Parameters."""
    for is_plain, is_joint in itertools.product((True, False), repeat=2):
        kernel = ForeignKernel(model, species, is_plain=is_plain, is_joint=is_joint)
        if kernel.is_right():
            return kernel
    return None


class ForeignKernel:
    """Kernel of a spectral model of another package, with values as `units` say.

    ``is_plain`` if its formula takes plain numbers, ``is_joint`` if it takes many sets of
    parameters at once. ``remembers`` if it depends on nothing but rigidities and values.
    """

    def __init__(self, model, species, is_plain, is_joint):
        is_wrapped = isinstance(model, IntensitySpectralModel)
        self._given, self._model = model, model.spectral_model if is_wrapped else model
        self._species = model.nucleus if is_wrapped else species
        self._axis = model.axis if is_wrapped else "rigidity"
        self._x_unit = model.x_unit if is_wrapped else RIGIDITY_UNIT
        self._is_plain, self._is_joint = is_plain, is_joint
        known = [unit / self._x_unit for unit in _PER_AREA_TIME]
        known += [u.one, self._x_unit, self._x_unit**-1]
        own = [par.unit for par in self._model.parameters]
        self.units = [next(filter(unit.is_equivalent, known), unit) for unit in own]
        self._has_plain_units = set(self.units) <= set(known)
        self.remembers = _is_formula(self._model)

    def log_intensity(self, grid, *values):
        """ln(J / (1/(GV m2 s sr))), shape ``(..., n)``, for values in `units`."""
        # far from the data a formula may exceed all numbers, and its intensity is zero then
        with np.errstate(over="ignore", under="ignore"):
            x = rigidity_to_axis(grid.rigidity, self._species, self._axis)
            flux = self._flux(x, values)
        return log_strength(flux / axis_jacobian(grid.beta, self._species, self._axis))

    def _flux(self, x, values):
        """Flux per unit of x and steradian, shape of what x and the values broadcast to."""
        if np.ndim(x) == 1 and not any(map(np.ndim, values)):
            return self._evaluate(x, values)
        m, n = np.broadcast_shapes(np.shape(x), *map(np.shape, values))[0], np.shape(x)[-1]
        x = np.broadcast_to(x, (m, n))
        # copies: some formulas write into their arguments
        values = [np.array(np.broadcast_to(value, (m, 1)), dtype=float) for value in values]
        if self._is_joint:
            return self._evaluate(np.array(x), values)
        return np.stack([self._evaluate(x[k], [float(v[k, 0]) for v in values]) for k in range(m)])

    def _evaluate(self, x, values):
        if self._is_plain:
            return self._model.evaluate(x, *values)
        quantities = map(u.Quantity, values, self.units)
        flux = self._model.evaluate(u.Quantity(x, self._x_unit), *quantities)
        expected = intensity_unit("energy" if self._x_unit == u.GeV else "rigidity")
        return (flux if flux.unit.is_equivalent(expected) else flux / u.sr).to_value(expected)

    def is_right(self):
        """Whether it gives what the model itself gives, here and for other values (bool)."""
        if self._is_plain and not self._has_plain_units:
            return False
        pairs = zip(self._model.parameters, self.units, strict=True)
        here = np.array([par.quantity.to_value(unit) for par, unit in pairs], dtype=float)
        sets = [here, *(here + shift * np.where(here == 0, 1, here) for shift in (0.013, -0.007))]
        grid, twin = particle_grid(_PROBE, self._species), copy.deepcopy(self._given)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                expected = [self._of_model(twin, grid, row) for row in sets]
                each = [self.log_intensity(grid, *map(float, row)) for row in sets]
                together = self.log_intensity(grid, *np.transpose(sets)[..., np.newaxis])
                # without parameters all sets are one
                together = np.broadcast_to(together, np.shape(expected))
            # whatever a formula of others may raise for arguments that it is not made for
            except Exception:
                return False
        return _are_same(each, expected) and _are_same(together, expected)

    def _of_model(self, twin, grid, values):
        """Logarithms as a copy of the model gives them with other values of its Parameters."""
        for par, value, unit in zip(twin.parameters, values, self.units, strict=True):
            par.value = unit.to(par.unit, value)
        intensity = twin(u.Quantity(grid.rigidity, RIGIDITY_UNIT))
        return log_strength(intensity.to_value(intensity_unit("rigidity")))


def _are_same(one, other):
    """Whether logarithms are the same but for rounding, and of one shape (bool)."""
    is_close = np.shape(one) == np.shape(other)
    return is_close and np.allclose(one, other, rtol=1e-11, atol=1e-11, equal_nan=True)


def _is_formula(model):
    """Whether a model, or all models in it, evaluate nothing but their arguments (bool)."""
    nested = getattr(model, "_models", None)
    if nested:
        return all(map(_is_formula, nested))
    return isinstance(inspect.getattr_static(model, "evaluate"), staticmethod)
