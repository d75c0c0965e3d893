"""Descriptions of measurements that are planned, shipped ones and those of users."""

import functools
import math
from dataclasses import dataclass
from pathlib import Path

import astropy.units as u
import numpy as np
import yaml

from ..components.priors import PRIOR_SETS
from ..files import shipped_yaml
from ..messages import unknown_name
from ..tables.raw_table import RawTable
from ..tables.values import AXES, axis_column
from ..yaml_limits import check_limits
from .index import DATA, rows

_COMMON = ("name", "experiment", "replaces", "source")
_KEYS = {
    "like": ("exposure", "systematics", "scatter"),
    "energy": (
        *("amplitude_err", "events", "amplitude_syst", "phase_err", "energy_width"),
        *("latitude", "max_zenith", "scatter"),
    ),
    "quantity": (
        *("axis", "energy", "rigidity", "relative_stat", "exposure", "relative_syst"),
        "correlation",
    ),
    "parameters": ("adds",),
    "prior_set": (),
}
"""Keys of a measurement by the key that tells its kind."""

_EXPOSURE = u.Unit("m2 s sr")
_UNITS = {"energy": u.GeV, "rigidity": u.GV, "phase_err": u.deg}
_UNITS |= dict.fromkeys(("latitude", "max_zenith"), u.deg)
_LISTS = ("energy", "rigidity", "amplitude_err", "events", "amplitude_syst", "phase_err")
_LISTS += ("energy_width", "relative_stat", "relative_syst")
_MAY_BE_ZERO = ("amplitude_syst", "relative_syst", "energy_width", "systematics", "scatter")


@dataclass(frozen=True)
class Plan:
    """Measurements that are planned together.

    Attributes
    ----------
    name, description, source : str
        Name, what it is, and where its numbers are from.
    years : float or None
        Years that the measurement takes.
    measurements : tuple of dict
        Measurements, numbers in GeV, GV, degrees and m2 s sr, see :doc:`/howto/forecasts`.
    """

    name: str
    description: str
    source: str
    years: float | None
    measurements: tuple


@functools.cache
def shipped_plans():
    """Plans that come with the package (dict of str to `Plan`)."""
    return {name: _plan(name, entry) for name, entry in shipped_yaml(DATA / "plans.yaml").items()}


def find_plans(planned):
    """Plans from names, files and descriptions.

    Parameters
    ----------
    planned : str, path-like, dict, `Plan`, or list of those
        Names of shipped plans, YAML files of plans by name, tables of one measurement each (.ecsv,
        .csv or .fits, whose meta has what is no column), or what would be in a YAML file.

    Returns
    -------
    list of Plan

    Raises
    ------
    ValueError
        If a name or a key is not known, a key is missing, or a number cannot be used.
    """
    listed = planned if isinstance(planned, list | tuple) else [planned]
    plans = [plan for item in listed for plan in _found(item)]
    names = [plan.name for plan in plans]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated or not plans:
        raise ValueError(f"plans: expected names, each once, got {', '.join(names) or 'none'}")
    return plans


def _found(item):
    if isinstance(item, Plan):
        return [item]
    if isinstance(item, dict):
        return [_plan(name, entry) for name, entry in item.items()]
    path = Path(item)
    if path.suffix in (".yaml", ".yml"):
        text = check_limits(path.read_text(encoding="utf-8"), str(path))
        try:
            content = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(f"{path}: {' '.join(str(error).split())}") from None
        if not isinstance(content, dict):
            raise ValueError(f"{path}: expected plans by name, got {content!r}")
        return [_plan(name, entry, f"{path}: ") for name, entry in content.items()]
    if path.suffix:
        return [_plan_of_table(path)]
    if item not in shipped_plans():
        raise ValueError(unknown_name(item, shipped_plans(), "plan ") + ", or a file")
    return [shipped_plans()[item]]


def _plan_of_table(path):
    """Plan of one measurement, whose columns and meta are keys."""
    raw = RawTable(path)
    columns = {name: u.Quantity(column) for name, column in raw.table.columns.items()}
    meta = dict(raw.meta)
    name = meta.pop("name", path.stem)
    own = {key: meta.pop(key) for key in ("description", "source", "years") if key in meta}
    return _plan(name, own | {"measurements": [meta | columns]}, f"{path}: ")


def _plan(name, entry, where=""):
    """Plan of an entry of a file, or ValueError."""
    where = f"{where}{name}"
    known = ("description", "source", "years", "measurements")
    _check_keys(where, entry, known)
    if not isinstance(entry.get("measurements"), list) or not entry["measurements"]:
        raise ValueError(f"{where}: expected a list of measurements")
    measurements = [
        _measurement(f"{where}, measurement {number}", content)
        for number, content in enumerate(entry["measurements"], 1)
    ]
    years = entry.get("years")
    years = None if years is None else float(_numbers(where, "years", years, u.one))
    texts = (str(entry.get(key, "")) for key in ("description", "source"))
    return Plan(str(name), *texts, years, tuple(measurements))


def _check_keys(where, entry, known):
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: expected keys with values, got {entry!r}")
    for key in entry:
        if key not in known:
            raise ValueError(f"{where}: {unknown_name(key, known, 'key ')}")


def _measurement(where, entry):
    """Measurement with numbers as arrays and floats, or ValueError."""
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: expected keys with values, got {entry!r}")
    # energies are in spectra too
    kind = next((key for key in sorted(_KEYS, key="energy".__eq__) if key in entry), None)
    if kind is None:
        raise ValueError(f"{where}: expected one of the keys {', '.join(_KEYS)}")
    _check_keys(where, entry, (*_COMMON, kind, *_KEYS[kind]))
    new = {"kind": kind, **entry}
    replaces = entry.get("replaces", [])
    new["replaces"] = replaces = [replaces] if isinstance(replaces, str) else replaces
    if not (isinstance(replaces, list) and all(isinstance(name, str) for name in replaces)):
        raise ValueError(f"{where}: replaces: expected names of datasets, got {replaces!r}")
    for key in {*_LISTS, *_UNITS, "exposure", "systematics", "scatter"}.intersection(entry):
        unit = _UNITS.get(key, u.one)
        unit = _EXPOSURE if key == "exposure" and kind == "quantity" else unit
        new[key] = _numbers(f"{where}", key, entry[key], unit)
    {"like": _check_like, "energy": _check_dipole, "quantity": _check_spectrum}.get(
        kind, _check_prior
    )(where, new)
    return new


def _numbers(where, key, value, unit):
    """Numbers in a unit, which those without one have."""
    try:
        if isinstance(value, dict) and key in ("energy", "rigidity"):
            low, high = (u.Quantity(value[end]).to_value(unit) for end in ("from", "to"))
            n = round(math.log10(high / low) * float(value["per_decade"])) + 1
            return np.geomspace(low, high, n)
        if isinstance(value, str | int | float | u.Quantity):
            quantity = u.Quantity(value)
        else:
            quantity = u.Quantity([_with_unit(u.Quantity(item), unit) for item in value])
        numbers = _with_unit(quantity, unit).value
    except (TypeError, ValueError, LookupError) as error:
        reason, text = str(error).splitlines()[0], "" if unit == u.one else f" in {unit}"
        raise ValueError(f"{where}: {key}: expected numbers{text} ({reason})") from None
    may_be_zero = key in _MAY_BE_ZERO
    good = np.isfinite(numbers) & ((numbers >= 0) if may_be_zero else (numbers > 0))
    if not (good | (key == "latitude")).all():
        what = "zero or more" if may_be_zero else "positive numbers"
        raise ValueError(f"{where}: {key}: expected {what}, got {value}")
    return numbers


def _with_unit(quantity, unit):
    return quantity * unit if quantity.unit == u.one else quantity.to(unit)


def _check_like(where, entry):
    if entry["like"] not in rows():
        raise ValueError(f"{where}: {unknown_name(entry['like'], rows(), 'table ')}")
    _require(where, entry, "exposure")


def _check_dipole(where, entry):
    _require(where, entry, "amplitude_err", "events")
    _check_lengths(where, entry, "energy")
    view = [key for key in ("latitude", "max_zenith") if key in entry]
    if len(view) == 1:
        raise ValueError(f"{where}: expected latitude and max_zenith, or neither, got {view[0]}")


def _check_spectrum(where, entry):
    axis = entry.setdefault("axis", "kinetic_energy")
    if axis not in AXES:
        raise ValueError(f"{where}: {unknown_name(axis, AXES, 'axis ')}")
    x = axis_column(axis)[0]
    _require(where, entry, x)
    _require(where, entry, "relative_stat", "exposure")
    _check_lengths(where, entry, x)


def _check_prior(where, entry):
    if "prior_set" in entry:
        if entry["prior_set"] not in PRIOR_SETS:
            raise ValueError(
                f"{where}: {unknown_name(entry['prior_set'], PRIOR_SETS, 'set of priors ')}"
            )
        return
    if not isinstance(entry["parameters"], dict):
        raise ValueError(f"{where}: parameters: expected errors by name of the parameter")
    for name, error in entry["parameters"].items():
        try:
            positive = 0 < u.Quantity(error).value < np.inf
        except (TypeError, ValueError):
            positive = False
        if not positive:
            raise ValueError(f"{where}: {name}: expected a positive error, got {error!r}")


def _require(where, entry, *keys):
    """Refuse an entry that has not exactly one of some keys."""
    if sum(key in entry for key in keys) != 1:
        raise ValueError(f"{where}: expected the key {' or '.join(keys)}")


def _check_lengths(where, entry, x):
    """Make lists as long as the axis; one number stands for all points."""
    shape = np.shape(entry[x] if np.ndim(entry[x]) else [entry[x]])
    for key in set(_LISTS).intersection(entry):
        if np.ndim(entry[key]) and np.shape(entry[key]) != shape:
            raise ValueError(
                f"{where}: {key}: expected one number, or {shape[0]} as {x} has, got "
                f"{np.size(entry[key])}"
            )
        entry[key] = np.broadcast_to(np.asarray(entry[key], dtype=float), shape)
    if (np.diff(entry[x]) <= 0).any():
        raise ValueError(f"{where}: {x}: expected values that increase")
