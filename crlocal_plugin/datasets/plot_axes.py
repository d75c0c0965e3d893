"""Axes of pictures: labels, limits, and the values to draw a curve at."""

import matplotlib.pyplot as plt
import numpy as np

from ..models.core import x_unit

__all__ = [
    "axis_label",
    "curve_grid",
    "intensity_label",
    "intensity_unit_label",
    "log_limits",
    "new_dipole_axes",
]

_AXES = {
    "rigidity": ("Rigidity", "R", "GV"),
    "kinetic_energy": ("Kinetic energy", "T", "GeV"),
    "kinetic_energy_per_nucleon": ("Kinetic energy per nucleon", "(T/A)", "GeV"),
    "total_energy": ("Total energy per particle", "E", "GeV"),
}
"""Name, symbol and unit of each axis."""

_N_POINTS = 400


def _known_axis(axis):
    if axis not in _AXES:
        raise ValueError(f"unknown axis {axis!r}: expected one of {', '.join(_AXES)}")
    return _AXES[axis]


def axis_label(axis):
    """Label of a rigidity or energy axis, with its unit.

    Parameters
    ----------
    axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
        Axis.

    Returns
    -------
    str
        Label.

    Raises
    ------
    ValueError
        If the axis is not known.
    """
    name, symbol, unit = _known_axis(axis)
    return f"{name} ${symbol.strip('()')}$ [{unit}]"


def intensity_label(axis, energy_power=0):
    """Label of an intensity times a power of the axis, with its unit.

    Parameters
    ----------
    axis : {"rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"}
        Axis that the intensity is given on.
    energy_power : float, optional
        Power of the axis that the intensity is multiplied with.

    Returns
    -------
    str
        Label.

    Raises
    ------
    ValueError
        If the axis is not known.
    """
    _, symbol, _ = _known_axis(axis)
    factor = {0: "", 1: f"{symbol}\\,"}.get(energy_power, f"{symbol}^{{{energy_power:.10g}}}\\,")
    return f"${factor}J$ {intensity_unit_label(axis, energy_power)}"


def intensity_unit_label(axis, energy_power=0):
    """Label of the unit of an intensity times a power of the axis.

    Parameters
    ----------
    axis, energy_power
        As in `intensity_label`.

    Returns
    -------
    str
        Label, with a power of GeV or GV in front.

    Raises
    ------
    ValueError
        If the axis is not known.
    """
    unit = _known_axis(axis)[2]
    power = round(energy_power - 1, 10)
    factor = {0: "", 1: f"{unit} "}.get(power, f"{unit}$^{{{power:.10g}}}$ ")
    return f"[{factor}m$^{{-2}}$ s$^{{-1}}$ sr$^{{-1}}$]"


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
        Nuclei that the curve sums over; a total energy starts above their rest energies.

    Returns
    -------
    `~astropy.units.Quantity`
        Values, equidistant in their logarithm; empty if the range lies below the rest energies.
    """
    if axis == "total_energy":
        low = max(low, *((1 + 1e-6) * nucleus.rest_energy for nucleus in nuclei))
    return np.geomspace(low, high, _N_POINTS if low < high else 0) * x_unit(axis)


def new_dipole_axes(axes=None, start=-180.0, figsize=(6.4, 6.4)):
    """Label the axes of amplitude and phase, new ones if none are given.

    Parameters
    ----------
    axes : sequence of `~matplotlib.axes.Axes`, optional
        Axes of amplitude and phase.
    start : float, optional
        Lower end of the phase axis in deg.
    figsize : tuple of float, optional
        Size of a new figure in inches.

    Returns
    -------
    `~numpy.ndarray` of `~matplotlib.axes.Axes`
        The two axes.

    Raises
    ------
    ValueError
        If not two axes are given.
    """
    if axes is None:
        _, axes = plt.subplots(2, 1, sharex=True, figsize=figsize, layout="constrained")
    axes = np.ravel(np.asarray(axes, dtype=object))
    if len(axes) != 2:
        raise ValueError(f"axes: expected two, of amplitude and phase, got {len(axes)}")
    amplitude, phase = axes
    amplitude.set(xscale="log", yscale="log", ylabel="Amplitude of the equatorial dipole")
    ticks = 60 * np.arange(np.ceil(start / 60), (start + 360) // 60 + 1)
    phase.set(xscale="log", ylim=(start, start + 360))
    # an axis that is cut elsewhere than at 180 deg still reads as -180 to 180 deg
    names = [f"{(tick + 179) % 360 - 179:.0f}".replace("-", "\N{MINUS SIGN}") for tick in ticks]
    phase.set_yticks(ticks, names)
    phase.set(xlabel=axis_label("total_energy"), ylabel="Right ascension of the excess [deg]")
    return axes
