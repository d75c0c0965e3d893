"""Axes of pictures: labels, limits, and the values to draw a curve at."""

from dataclasses import dataclass
from functools import cached_property

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np

from ..components.base import (
    intensity_unit,
    x_unit,
)

_AXES = {
    "rigidity": ("Rigidity", "R"),
    "kinetic_energy": ("Kinetic energy", "T"),
    "kinetic_energy_per_nucleon": ("Kinetic energy per nucleon", "(T/A)"),
    "total_energy": ("Total energy per particle", "E"),
}
"""Name and symbol of each axis."""

_N_POINTS = 400


def _known_axis(axis):
    if axis not in _AXES:
        raise ValueError(f"unknown axis {axis!r}: expected one of {', '.join(_AXES)}")
    return _AXES[axis]


def axis_unit(axis, unit=None):
    """Unit of a rigidity or energy axis.

    Parameters
    ----------
    axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
        Axis.
    unit : str or `~astropy.units.Unit`, optional
        Unit of the picture; GV or GeV by default.

    Returns
    -------
    `~astropy.units.Unit`
        Unit.

    Raises
    ------
    ValueError
        If the axis or the unit is not known.
    `~astropy.units.UnitConversionError`
        If the unit is of another kind.
    """
    _known_axis(axis)
    own = x_unit(axis)
    unit = own if unit is None else u.Unit(unit)
    if not unit.is_equivalent(own):
        raise u.UnitConversionError(f"x_unit: expected a unit like {own} for {axis}, got {unit}")
    return unit


def axis_label(axis, unit=None):
    """Label of a rigidity or energy axis, with its unit.

    Parameters
    ----------
    axis, unit
        As in `axis_unit`.

    Returns
    -------
    str
        Label.

    Raises
    ------
    ValueError
        If the axis or the unit is not known.
    """
    unit = axis_unit(axis, unit)
    name, symbol = _known_axis(axis)
    return f"{name} ${symbol.strip('()')}$ [{unit}]"


def intensity_label(axis, energy_power=0, unit=None):
    """Label of an intensity times a power of the axis, with its unit.

    Parameters
    ----------
    axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
        Axis that the intensity is given on.
    energy_power : float, optional
        Power of the axis that the intensity is multiplied with.
    unit : str or `~astropy.units.Unit`, optional
        Unit of the intensity; 1/(GV m2 s sr) or 1/(GeV m2 s sr) by default.

    Returns
    -------
    str
        Label.

    Raises
    ------
    ValueError
        If the axis or the unit is not known.
    """
    _, symbol = _known_axis(axis)
    factor = {0: "", 1: f"{symbol}\\,"}.get(energy_power, f"{symbol}^{{{energy_power:.10g}}}\\,")
    return f"${factor}J$ {intensity_unit_label(axis, energy_power, unit)}"


def intensity_unit_label(axis, energy_power=0, unit=None):
    """Label of the unit of an intensity times a power of the axis.

    Parameters
    ----------
    axis, energy_power, unit
        As in `intensity_label`.

    Returns
    -------
    str
        Label, with a power of the unit of the axis in front.

    Raises
    ------
    ValueError
        If the axis or the unit is not known.
    """
    energy, others = _split_intensity_unit(axis, unit)
    powers = {energy: round(energy_power - 1, 10), **others}
    texts = [
        f"{base}" if power == 1 else f"{base}$^{{{float(power):.10g}}}$"
        for base, power in powers.items()
        if power
    ]
    return f"[{' '.join(texts)}]"


def _split_intensity_unit(axis, unit=None):
    """Unit of the axis inside the unit of an intensity, and the powers of the other units."""
    _known_axis(axis)
    own = intensity_unit(axis)
    unit = own if unit is None else u.Unit(unit)
    powers = dict(zip(unit.bases, unit.powers, strict=True))
    energies = [base for base in powers if base.is_equivalent(x_unit(axis))]
    if not unit.is_equivalent(own) or unit.scale != 1 or len(energies) != 1:
        raise u.UnitConversionError(
            f"intensity_unit: expected a unit like {own} for {axis}, got {unit}"
        )
    del powers[energies[0]]
    # lengths come first, as the field writes it
    order = sorted(powers, key=lambda base: (not base.is_equivalent(u.m), base.name != "s"))
    return energies[0], {base: powers[base] for base in order}


@dataclass(frozen=True)
class SpectrumAxes:
    """What the axes of a spectrum show, and in which units.

    Attributes
    ----------
    axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
        Horizontal axis.
    energy_power : float
        Power of it that intensities are multiplied with.
    x_unit : str or `~astropy.units.Unit`, optional
        Unit of the horizontal axis; GV or GeV by default.
    intensity_unit : str or `~astropy.units.Unit`, optional
        Unit of the intensities, 1/(GV m2 s sr) or 1/(GeV m2 s sr) by default; the power is taken
        in the unit of rigidity or energy that is part of it.

    Raises
    ------
    ValueError
        If the axis or a unit is not known or does not fit.
    """

    axis: str
    energy_power: float = 0
    x_unit: str | u.UnitBase | None = None
    intensity_unit: str | u.UnitBase | None = None

    def __post_init__(self):
        # refused before anything is drawn
        _ = self.labels, self.x_factor, self.y_factor

    @cached_property
    def labels(self):
        """Labels of the two axes (tuple of str)."""
        y = intensity_label(self.axis, self.energy_power, self.intensity_unit)
        return axis_label(self.axis, self.x_unit), y

    @cached_property
    def x_factor(self):
        """Number on the horizontal axis for 1 GV or 1 GeV (float)."""
        return x_unit(self.axis).to(axis_unit(self.axis, self.x_unit))

    @cached_property
    def y_factor(self):
        """Number on the vertical axis for an intensity of 1 at 1 GV or 1 GeV (float)."""
        energy, _ = _split_intensity_unit(self.axis, self.intensity_unit)
        own = intensity_unit(self.axis)
        unit = own if self.intensity_unit is None else self.intensity_unit
        return own.to(unit) * x_unit(self.axis).to(energy) ** self.energy_power

    def weighted(self, x, intensity):
        """Intensities as the vertical axis shows them.

        Parameters
        ----------
        x : `~numpy.ndarray`
            Rigidities or energies in GV or GeV.
        intensity : `~numpy.ndarray`
            Intensities, or errors of them, in 1/(GV m2 s sr) or 1/(GeV m2 s sr).

        Returns
        -------
        `~numpy.ndarray`
            Numbers on the axis.
        """
        return intensity * x**self.energy_power * self.y_factor


def log_limits(values, margin=2.0, decades=np.inf):
    """Limits of a logarithmic axis around values.

    Parameters
    ----------
    values : array_like
        Values; those that are not positive and finite do not count.
    margin : float, optional
        Factor left free on both sides.
    decades : float, optional
        Decades below the largest value that are shown at most.

    Returns
    -------
    tuple of float or None
        Lower and upper limit; None if no value counts.
    """
    values = np.asarray(values, dtype=float)
    values = values[(values > 0) & (values < np.inf)]
    if not values.size:
        return None
    low, high = values.min() / margin, values.max() * margin
    return max(low, high / 10**decades), high


def curve_grid(low, high, axis, nuclei):
    """Values of an axis to draw a curve at.

    Parameters
    ----------
    low, high : float
        Range, in GV or GeV.
    axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
        Axis.
    nuclei : iterable of `~crlocal_plugin.Species`
        Nuclei that the curve sums over. A total energy starts above the rest energy of the
        lightest: what is heavier does not contribute there.

    Returns
    -------
    `~astropy.units.Quantity`
        Values, equidistant in their logarithm; empty if the range lies below the rest energies.
    """
    if axis == "total_energy":
        lightest = min((nucleus.rest_energy for nucleus in nuclei), default=0.0)
        low = max(low, (1 + 1e-6) * lightest)
    return np.geomspace(low, high, _N_POINTS if low < high else 0) * x_unit(axis)


def new_dipole_axes(axes=None, start=-180.0, figsize=(6.4, 6.4), unit=None):
    """Label the axes of amplitude and phase, new ones if none are given.

    Parameters
    ----------
    axes : sequence of `~matplotlib.axes.Axes`, optional
        Axes of amplitude and phase.
    start : float, optional
        Lower end of the phase axis in deg.
    figsize : tuple of float, optional
        Size of a new figure in inches.
    unit : str or `~astropy.units.Unit`, optional
        Unit of the energies; GeV by default.

    Returns
    -------
    `~numpy.ndarray` of `~matplotlib.axes.Axes`
        The two axes.

    Raises
    ------
    ValueError
        If not two axes are given.
    """
    label = axis_label("total_energy", unit)
    if axes is None:
        _, axes = plt.subplots(2, 1, sharex=True, figsize=figsize, layout="constrained")
    axes = np.ravel(np.asarray(axes, dtype=object))
    if len(axes) != 2:
        raise ValueError(f"axes: expected two, of amplitude and phase, got {len(axes)}")
    amplitude, phase = axes
    amplitude.set(xscale="log", yscale="log", ylabel="Amplitude of the equatorial dipole")
    ticks = 60 * np.arange(np.ceil(start / 60), (start + 360) // 60 + 1)
    phase.set(xscale="log", ylim=(start, start + 360))
    # an axis that is cut elsewhere than at 0 or 180 deg still reads as -180 to 180 deg
    shown = ticks if start in (-180, 0) else (ticks + 179) % 360 - 179
    phase.set_yticks(ticks, [f"{tick:.0f}".replace("-", "\N{MINUS SIGN}") for tick in shown])
    phase.set(xlabel=label, ylabel="Right ascension of the excess [deg]")
    return axes
