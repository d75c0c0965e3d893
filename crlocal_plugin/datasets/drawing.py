"""Drawing of points and curves that all pictures share."""

import numpy as np
from matplotlib.path import Path

_CUT_STEP, _FAINT = 15, 0.35
_STYLE = {"color": "black", "marker": "o", "markersize": 4, "linestyle": "none", "zorder": 2.5}
_STYLE |= {"markeredgewidth": 0.8, "elinewidth": 0.8}

# Its length is in points of the page, so that limits look alike on every axis.
LIMIT_ARROW = Path(
    [(0, 0), (0, -1), (-0.28, -0.62), (0, -1), (0.28, -0.62)],
    [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO, Path.LINETO],
)
"""Marker that points down from an upper limit."""


def draw_points(ax, x, y, errors=None, is_ul=None, in_fit=None, filled=True, **kwargs):
    """Draw measured points, limits as arrows, and points outside the fit open and faint."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    is_ul = np.zeros(y.shape, dtype=bool) if is_ul is None else np.asarray(is_ul)
    in_fit = np.ones(y.shape, dtype=bool) if in_fit is None else np.asarray(in_fit)
    style = _STYLE | kwargs
    inside = {"markerfacecolor": style["color"] if filled else "white"}
    outside = {"markerfacecolor": "none", "alpha": _FAINT}
    for group, look in ((in_fit, inside), (~in_fit, outside)):
        rows = group & np.isfinite(x) & np.isfinite(y)
        if not rows.any():
            continue
        look = look | style
        yerr = None if errors is None else [np.where(is_ul, 0, side)[rows] for side in errors]
        ax.errorbar(x[rows], y[rows], yerr=yerr, **look)
        style.pop("label", None)
        if (rows & is_ul).any():
            arrow = {key: look[key] for key in ("color", "alpha", "zorder") if key in look}
            arrow |= {"marker": LIMIT_ARROW, "markersize": 24, "markerfacecolor": "none"}
            limits = x[rows & is_ul], y[rows & is_ul]
            ax.plot(*limits, linestyle="none", markeredgewidth=1, **arrow)


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


def phase_window(phases, errors, curve):
    """Lower end of a phase axis in deg: -180 unless that cuts data or curve, else the nearest."""
    phases, errors = np.asarray(phases, dtype=float), np.nan_to_num(errors)

    def cost(start):
        split = np.abs((phases - start + 180) % 360 - 180) <= errors
        wraps = np.abs(np.diff(_wrapped(curve, start))) >= 180
        return split.sum() + wraps.sum(), abs(start + 180), start

    return float(min(range(-345, 1, _CUT_STEP), key=cost))


def draw_phase(ax, energy, phase, start, **kwargs):
    """Draw a phase in deg against energy, broken where it leaves the axis from ``start``."""
    phase, energy = break_at_jumps(_wrapped(phase, start), energy)
    ax.plot(energy, phase, **kwargs)


def draw_dipole_points(axes, dataset, energy, start, **kwargs):
    """Draw amplitudes and phases, over the factor that a fit puts on predicted dipoles.

    A row with both a measurement and a limit is a measurement.
    """
    in_fit, is_ul = points_in_fit(dataset), dataset.is_ul
    factor = dataset.nuisance_values()[-1]
    amplitude = np.where(is_ul, dataset.amplitude_ul, dataset.amplitude) / factor
    errors = [error / factor for error in dataset.amplitude_errors]
    draw_points(axes[0], energy, amplitude, errors, is_ul=is_ul, in_fit=in_fit, **kwargs)
    error = dataset.phase_error.to_value("deg")
    phase = _wrapped(dataset.phase.to_value("deg"), start)
    kwargs.pop("label", None)
    draw_points(axes[1], energy, phase, (error, error), in_fit=in_fit, **kwargs)
