"""Values that settings of datasets may have: the same in Python, in tables and in analyses."""

import astropy.units as u
import numpy as np

from ..units import read_quantity


def real_quantity(value, what, units, low=-np.inf, high=np.inf):
    """Finite quantity in the first of some units that fits, from a number, a text or a quantity.

    What is none, or not between two limits, is a ValueError, whose message begins with ``what``.
    """
    text = f"{what}, got {value if isinstance(value, np.ndarray | np.generic) else repr(value)}"
    try:
        given = np.asanyarray(read_quantity(value) if isinstance(value, str) else value)
        is_real = given.ndim == 0 and given.dtype.kind in "fiu"
    except (TypeError, ValueError):
        is_real = False
    if not is_real:
        raise ValueError(text)
    given = u.Quantity(given, dtype=float)
    unit = next((unit for unit in units if given.unit.is_equivalent(unit)), None)
    if unit is None:
        raise u.UnitConversionError(text)
    result = given.to(unit)
    if not (np.isfinite(result) and low <= result.value <= high):
        span = "finite" if np.isinf(high) else f"between {low:g} and {high:g} {unit}".strip()
        raise ValueError(f"{text}, which is not {span}")
    return result


def read_floor(value, what="expected a fraction such as 0.05"):
    """Systematic floor, of 0 to 10 (float)."""
    return float(real_quantity(value, what, [u.one], 0, 10).value)


def read_phase_floor(value, what="expected an angle such as 5 deg"):
    """Systematic floor of phases, of 0 to 180 deg (`~astropy.units.Quantity`)."""
    return real_quantity(value, what, [u.deg], 0, 180)


def read_energy_range(
    value,
    what="expected two ends such as [100 GeV, 50 TeV], none for an open one",
    units=(u.GeV, u.GV),
):
    """Two finite ends of a range (tuple of `~astropy.units.Quantity`), None for an open one."""
    try:
        low, high = (None, None) if value is None else value
    except (TypeError, ValueError):
        raise ValueError(f"{what}, got {value!r}") from None
    return tuple(None if end is None else real_quantity(end, what, units) for end in (low, high))


def read_switch(value, what):
    """Whether something is done (bool), and nothing that a condition takes for one."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{what}, got {value!r}")
    return bool(value)


def read_degree(value, what):
    """Degree of a multipole, from 1 to 20 (int)."""
    degree = real_quantity(value, what, [u.one], 1, 20).value
    if degree % 1:
        raise ValueError(f"{what}, got {value!r}")
    return int(degree)


def read_power(value, what):
    """Power of multipoles: none, a positive number for all, or one for each degree (array)."""
    if value is None:
        return None
    several = isinstance(value, list | tuple | np.ndarray)
    powers = [real_quantity(each, what, [u.one]).value for each in (value if several else [value])]
    if not powers or min(powers) <= 0:
        raise ValueError(f"{what}, got {value!r}")
    return np.array(powers, dtype=float) if several else float(powers[0])


def read_correlation(value, what="expected a length in ln(x) such as 0.5, full, or one by name"):
    """Correlation of systematic errors: none, a length (float), "full", or a dict of these."""
    if isinstance(value, dict) and value and all(isinstance(name, str) for name in value):
        return {name: _read_length(length, f"{what}: {name}") for name, length in value.items()}
    return None if value is None else _read_length(value, what)


def _read_length(value, what):
    if isinstance(value, str) and value == "full":
        return value
    return float(real_quantity(value, what, [u.one], 1e-3, 1e3).value)


def read_covariance(value, what):
    """Covariance of points: none, or a symmetric matrix with a unit or without one."""
    if value is None:
        return None
    try:
        matrix = u.Quantity(value, dtype=float, copy=True)
    except (TypeError, ValueError):
        raise ValueError(f"{what}, got {value!r}") from None
    if matrix.ndim != 2 or len(set(matrix.shape)) > 1 or not np.isfinite(matrix).all():
        raise ValueError(f"{what}, got shape {matrix.shape}, {np.isfinite(matrix).sum()} finite")
    size = np.sqrt(np.abs(np.diag(matrix.value)))
    apart = np.abs(matrix.value - matrix.value.T) > 1e-6 * np.outer(size, size)
    if apart.any():
        i, j = np.argwhere(apart)[0]
        raise ValueError(f"{what}, and [{i}, {j}] is {matrix[i, j]}, [{j}, {i}] {matrix[j, i]}")
    return matrix


def as_text(value):
    """Return a quantity as text that keeps all digits, an array as lists, all else as it is."""
    if isinstance(value, u.Quantity) and value.isscalar:
        return f"{float(value.value)!r} {value.unit}".strip()
    return value.tolist() if isinstance(value, np.ndarray) else value


class Setting:
    """Attribute that shapes the arrays of a dataset, which are renewed when it is assigned.

    ``check`` takes the value, and how a message on it begins, and returns it as it is kept;
    ``must`` says what it must be, with attributes of the dataset, ``{0.floor_kind}``.
    """

    def __init__(self, check, must, doc):
        self._check, self._must, self.__doc__ = check, must, doc

    def __set_name__(self, owner, name):
        self._name, self._kept = name, f"_{name}"

    def __get__(self, dataset, owner=None):
        if dataset is None:
            return self
        value = dataset.__dict__[self._kept]
        return dict(value) if isinstance(value, dict) else value

    def __set__(self, dataset, value):
        setting = {self._kept: self.checked(dataset, value, f"dataset {dataset.name!r}")}
        if "version" in dataset.__dict__:
            dataset.renew(**setting)
        else:
            dataset.__dict__.update(setting)

    def checked(self, owner, value, place):
        """Value as it is kept, or a ValueError that names the place where it is given."""
        return self._check(value, f"{place}: {self._name} must be {self._must.format(owner)}")
