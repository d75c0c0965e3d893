"""Axes of pictures: labels, limits, values to draw a curve at; and points drawn on them."""

from dataclasses import dataclass
from functools import cached_property

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path

from ..components.base import intensity_unit, x_unit
from ..messages import unknown_name

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
        raise ValueError(unknown_name(axis, _AXES, "axis "))
    return _AXES[axis]


def axis_unit(axis, unit=None):
    """Unit of a rigidity or energy axis: GV or GeV, unless a picture has another of its kind."""
    _known_axis(axis)
    own = x_unit(axis)
    unit = own if unit is None else u.Unit(unit)
    if not unit.is_equivalent(own):
        raise u.UnitConversionError(f"x_unit: expected a unit like {own} for {axis}, got {unit}")
    return unit


def axis_label(axis, unit=None):
    """Label of a rigidity or energy axis, with its unit."""
    unit = axis_unit(axis, unit)
    name, symbol = _known_axis(axis)
    return f"{name} ${symbol.strip('()')}$ [{unit}]"


def intensity_label(axis, energy_power=0, unit=None):
    """Label of an intensity times a power of the axis, with its unit."""
    _, symbol = _known_axis(axis)
    factor = {0: "", 1: f"{symbol}\\,"}.get(energy_power, f"{symbol}^{{{energy_power:.10g}}}\\,")
    return f"${factor}J$ {intensity_unit_label(axis, energy_power, unit)}"


def intensity_unit_label(axis, energy_power=0, unit=None):
    """Label of the unit of an intensity times a power of the axis, which comes first."""
    energy, others = _split_intensity_unit(axis, unit)
    powers = {energy: round(energy_power - 1, 10), **others}
    texts = (f"{base}$^{{{float(power):.10g}}}$" for base, power in powers.items() if power)
    return f"[{' '.join(texts)}]".replace("$^{1}$", "")


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
    """What the axes of a spectrum show: ``axis``, and intensities times its ``energy_power``.

    The power is taken in the unit of rigidity or energy that is part of ``intensity_unit``; units
    are GV or GeV, m2, s and sr by default.
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
        """Numbers on the vertical axis for intensities, or errors, at ``x`` in GV or GeV."""
        return intensity * x**self.energy_power * self.y_factor


def log_limits(values, margin=2.0, decades=np.inf):
    """Limits around the values that are positive and finite, None if there are none."""
    values = np.asarray(values, dtype=float)
    values = values[(values > 0) & (values < np.inf)]
    if not values.size:
        return None
    low, high = values.min() / margin, values.max() * margin
    return max(low, high / 10**decades), high


def curve_grid(low, high, axis, nuclei):
    """Values to draw a curve at; a total energy starts above the lightest rest energy."""
    if axis == "total_energy":
        lightest = min((nucleus.rest_energy for nucleus in nuclei), default=0.0)
        low = max(low, (1 + 1e-6) * lightest)
    return np.geomspace(low, high, _N_POINTS if low < high else 0) * x_unit(axis)


def sized(points):
    """Width of a line or size of a marker in points, for the width of lines of the style in use."""
    return points * plt.rcParams["lines.linewidth"] / plt.rcParamsDefault["lines.linewidth"]


MARGIN = 60.0
"""Part of the circle in deg that a phase axis repeats beyond either end."""


def new_dipole_axes(axes=None, start=0.0, figsize=(6.4, 6.4), unit=None):
    """Label the axes of amplitude and phase, which are made unless two are given.

    The phase axis is one turn from ``start`` in deg, and pale margins that repeat it.
    """
    label = axis_label("total_energy", unit)
    if axes is None:
        _, axes = plt.subplots(2, 1, sharex=True, figsize=figsize, layout="constrained")
    axes = np.ravel(np.asarray(axes, dtype=object))
    if len(axes) != 2:
        raise ValueError(f"axes: expected two, of amplitude and phase, got {len(axes)}")
    amplitude, phase = axes
    amplitude.set(xscale="log", yscale="log", ylabel="Equatorial amplitude")
    low, high = start - MARGIN, start + 360 + MARGIN
    phase.set(xscale="log", ylim=(low, high))
    ticks = 60 * np.arange(np.ceil(low / 60), high // 60 + 1)
    shown = ticks % 360 if start >= 0 else (ticks + 179) % 360 - 179
    if start in (-180, 0):
        # both ends of a turn bear their own number
        shown = np.where((ticks == start) | (ticks == start + 360), ticks, shown)
    phase.set_yticks(ticks, [f"{tick:.0f}".replace("-", "\N{MINUS SIGN}") for tick in shown])
    for patch in [patch for patch in phase.patches if patch.get_label() == "_margin"]:
        # of a picture that was drawn into the same axes
        patch.remove()
    for edge, end in ((start, low), (start + 360, high)):
        pale = {"color": "white", "alpha": 0.6, "linewidth": 0, "label": "_margin"}
        phase.axhspan(edge, end, **pale, zorder=3.5)
        phase.axhline(edge, color="0.3", linewidth=sized(0.8), linestyle=(0, (4, 2)), zorder=3.6)
    plt.setp([*phase.spines.values(), phase.xaxis, phase.yaxis], zorder=4)
    phase.set(xlabel=label, ylabel="Right ascension [deg]")
    return axes


_FAINT = 0.4
_STYLE = {"color": "black", "marker": "o", "markersize": 4, "linestyle": "none", "zorder": 2.5}
_STYLE |= {"markeredgewidth": 0.8, "elinewidth": 0.8}
_SIZES = ("markersize", "markeredgewidth", "elinewidth")

# Its length is in points of the page, so that limits look alike on every axis.
LIMIT_ARROW = Path(
    [(0, 0), (0, -1), (-0.28, -0.62), (0, -1), (0.28, -0.62)],
    [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO, Path.LINETO],
)
"""Marker that points down from an upper limit."""

_CROSS = Path(0.5 * np.array([(-1, -1), (1, 1), (-1, 1), (1, -1)]), [1, 2, 1, 2])


def crossed(marker):
    """Marker with a cross through it, of a point outside the fit."""
    style = MarkerStyle(marker)
    outline = style.get_path().transformed(style.get_transform())
    return Path.make_compound_path(outline, _CROSS)


def draw_points(ax, x, y, errors=None, is_ul=None, in_fit=None, filled=True, source=None, **kwargs):
    """Draw measured points, limits as arrows, and points outside the fit crossed and faint.

    Each line of a ``source`` has an attribute of that name: what is given, and its rows.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    is_ul = np.zeros(y.shape, dtype=bool) if is_ul is None else np.asarray(is_ul)
    in_fit = np.ones(y.shape, dtype=bool) if in_fit is None else np.asarray(in_fit)
    style = _STYLE | kwargs
    style |= {name: sized(style[name]) for name in _SIZES}
    inside = {"markerfacecolor": style["color"] if filled else "white"}
    outside = {"markerfacecolor": "none", "alpha": _FAINT, "marker": crossed(style["marker"])}
    for group, look in ((in_fit, style | inside), (~in_fit, style | outside)):
        rows = group & np.isfinite(x) & np.isfinite(y)
        if not rows.any():
            continue
        yerr = None if errors is None else [np.where(is_ul, 0, side)[rows] for side in errors]
        line, *_ = ax.errorbar(x[rows], y[rows], yerr=yerr, **look)
        if source is not None:
            line.source = source, np.flatnonzero(rows)
        style.pop("label", None)
        if (rows & is_ul).any():
            arrow = {key: look[key] for key in ("color", "alpha", "zorder") if key in look}
            arrow |= {"marker": LIMIT_ARROW, "markersize": sized(24), "markerfacecolor": "none"}
            limits = x[rows & is_ul], y[rows & is_ul]
            ax.plot(*limits, linestyle="none", markeredgewidth=sized(1), **arrow)


def points_in_fit(dataset):
    """Which points of a dataset are in the fit (`~numpy.ndarray` of bool)."""
    return np.ones(dataset.data_shape, dtype=bool) if dataset.mask is None else dataset.mask


def break_at_jumps(values, *others, jump=180.0):
    """Insert nan into curves where an angle jumps, so that no line crosses the axes."""
    at = np.flatnonzero(np.abs(np.diff(values)) >= jump) + 1
    arrays = (np.asarray(array, dtype=float) for array in (values, *others))
    return tuple(np.insert(array, at, np.nan) for array in arrays)


def _wrapped(phase, start):
    return start + (np.asarray(phase, dtype=float) - start) % 360


def draw_phase(ax, energy, phase, start, **kwargs):
    """Draw a phase in deg against energy, in every turn that the axis from ``start`` shows."""
    phase, known = np.array(phase, dtype=float), np.isfinite(phase)
    if not known.any():
        return
    phase[known] = np.unwrap(phase[known], period=360)
    energy, nan = np.append(energy, np.nan), [np.nan]
    turns = [np.append(phase + turn, nan) for turn in turns_in_sight(phase[known], start)]
    ax.plot(np.tile(energy, len(turns)), np.concatenate(turns), **kwargs)


def turns_in_sight(phase, start):
    """Whole turns in deg by which phases reach into the axis from ``start`` (`~numpy.ndarray`)."""
    first = np.floor((start - MARGIN - np.nanmax(phase)) / 360)
    last = np.ceil((start + 360 + MARGIN - np.nanmin(phase)) / 360)
    return 360 * np.arange(first, last + 1)


def draw_dipole_points(axes, dataset, energy, start, **kwargs):
    """Draw amplitudes and phases, over the factor that a fit puts on predicted dipoles.

    A row with both a measurement and a limit is a measurement.
    """
    in_fit, is_ul = points_in_fit(dataset), dataset.is_ul
    factor = dataset.nuisance_values()[-1]
    amplitude = np.where(is_ul, dataset.amplitude_ul, dataset.amplitude) / factor
    errors = [error / factor for error in dataset.amplitude_errors]
    kwargs = {"source": dataset} | kwargs
    draw_points(axes[0], energy, amplitude, errors, is_ul=is_ul, in_fit=in_fit, **kwargs)
    kwargs.pop("label", None)
    error = dataset.phase_error.to_value("deg")
    phase = _wrapped(dataset.phase.to_value("deg"), start)
    # what a margin repeats is there twice
    for turn in (0, -360, 360):
        seen = np.abs(phase + turn - start - 180) <= 180 + MARGIN
        shown = np.where(seen, phase + turn, np.nan)
        draw_points(axes[1], energy, shown, (error, error), in_fit=in_fit, **kwargs)
