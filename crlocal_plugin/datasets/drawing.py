"""Drawing of points and curves that all pictures share."""

import numpy as np
from matplotlib.path import Path

from ..components.base import ENERGY_UNIT

_CUT_STEP = 15

_FAINT = 0.35

# Its length is in points of the page, so that limits look alike on every axis.
LIMIT_ARROW = Path(
    [(0, 0), (0, -1), (-0.28, -0.62), (0, -1), (0.28, -0.62)],
    [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO, Path.LINETO],
)
"""Marker that points down from an upper limit."""


def draw_points(ax, x, y, errors=None, is_ul=None, in_fit=None, filled=True, **kwargs):
    """Draw measured points, limits as arrows, and points outside the fit open and faint.

    Parameters
    ----------
    ax : `~matplotlib.axes.Axes`
        Axes to draw into.
    x, y : `~numpy.ndarray`
        Points; those that are not finite are left out.
    errors : tuple of `~numpy.ndarray`, optional
        Lower and upper errors of ``y``.
    is_ul : `~numpy.ndarray` of bool, optional
        Which points are upper limits; none by default.
    in_fit : `~numpy.ndarray` of bool, optional
        Which points are in the fit; all by default.
    filled : bool, optional
        Fill the markers; white ones tell experiments apart that share a shape.
    **kwargs : dict
        Passed to `~matplotlib.axes.Axes.errorbar`, such as ``color``, ``marker`` and ``label``.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    is_ul = np.zeros(y.shape, dtype=bool) if is_ul is None else np.asarray(is_ul)
    in_fit = np.ones(y.shape, dtype=bool) if in_fit is None else np.asarray(in_fit)
    style = {
        "color": "black",
        "marker": "o",
        "markersize": 4,
        "markeredgewidth": 0.8,
        "elinewidth": 0.8,
        "linestyle": "none",
        "zorder": 2.5,
    } | kwargs
    face = style["color"] if filled else "white"
    for group, look in (
        (in_fit, {"markerfacecolor": face}),
        (~in_fit, {"markerfacecolor": "none", "alpha": _FAINT}),
    ):
        rows = group & np.isfinite(x) & np.isfinite(y)
        if not rows.any():
            continue
        yerr = None
        if errors is not None:
            yerr = [np.where(is_ul, 0, side)[rows] for side in errors]
        look = look | style
        ax.errorbar(x[rows], y[rows], yerr=yerr, **look)
        style.pop("label", None)
        limits = rows & is_ul
        if limits.any():
            ax.plot(
                x[limits],
                y[limits],
                linestyle="none",
                marker=LIMIT_ARROW,
                markersize=24,
                markerfacecolor="none",
                markeredgewidth=1,
                **{key: look[key] for key in ("color", "alpha", "zorder") if key in look},
            )


def points_in_fit(dataset):
    """Which points of a dataset are in the fit.

    Parameters
    ----------
    dataset : CosmicRayDataset
        Dataset.

    Returns
    -------
    `~numpy.ndarray` of bool
        Its mask.
    """
    return np.ones(dataset.data_shape, dtype=bool) if dataset.mask is None else dataset.mask


def break_at_jumps(values, *others, jump=180.0):
    """Break curves where an angle jumps, so that no line is drawn across the axes.

    Parameters
    ----------
    values : `~numpy.ndarray`
        Angles along the curve in deg.
    *others : `~numpy.ndarray`
        Other coordinates of the curve.
    jump : float, optional
        Difference of neighbours in deg from which on the curve is broken.

    Returns
    -------
    tuple of `~numpy.ndarray`
        The arrays with nan inserted at the jumps.
    """
    at = np.flatnonzero(np.abs(np.diff(values)) >= jump) + 1
    return tuple(
        np.insert(np.asarray(array, dtype=float), at, np.nan) for array in (values, *others)
    )


def _wrapped(phase, start):
    return start + (np.asarray(phase, dtype=float) - start) % 360


def phase_window(phases, errors, curve):
    """Where to cut the circle of right ascension, so that data and curve stay in one piece.

    Parameters
    ----------
    phases, errors : array_like
        Measured phases and their errors in deg; nan does not count.
    curve : array_like
        Phases along the curve in deg.

    Returns
    -------
    float
        Lower end of the axis in deg: -180 if that cuts nothing, else the nearest of the best.
    """
    phases, errors = np.asarray(phases, dtype=float), np.asarray(errors, dtype=float)
    measured = np.isfinite(phases)
    phases, errors = phases[measured], np.nan_to_num(errors[measured])
    starts = np.arange(-180, 180, _CUT_STEP)
    starts = np.where(starts > 0, starts - 360, starts)

    def cost(start):
        split = np.abs((phases - start + 180) % 360 - 180) <= errors
        wraps = np.abs(np.diff(_wrapped(curve, start))) >= 180
        return int(split.sum()) + int(wraps.sum()), abs(start + 180), start

    return float(min(starts, key=cost))


def draw_phase(ax, energy, phase, start, **kwargs):
    """Draw a phase against energy, broken where it leaves the window.

    Parameters
    ----------
    ax : `~matplotlib.axes.Axes`
        Axes to draw into.
    energy : `~numpy.ndarray`
        Energies in GeV.
    phase : `~numpy.ndarray`
        Phases in deg.
    start : float
        Lower end of the phase axis in deg.
    **kwargs : dict
        Passed to `~matplotlib.axes.Axes.plot`.
    """
    phase, energy = break_at_jumps(_wrapped(phase, start), energy)
    ax.plot(energy, phase, **kwargs)


def draw_dipole_points(axes, dataset, start, energy_scale=1.0, **kwargs):
    """Draw amplitudes and phases of a dataset as its likelihood takes them.

    Parameters
    ----------
    axes : sequence of `~matplotlib.axes.Axes`
        Axes of amplitude and phase.
    dataset : DipoleDataset
        Dataset. A row with a measurement and a limit is drawn as a measurement.
    start : float
        Lower end of the phase axis in deg.
    energy_scale : float, optional
        Factor of the energies.
    **kwargs : dict
        Passed to `draw_points`.
    """
    energy = dataset.x.to_value(ENERGY_UNIT) * energy_scale
    in_fit, is_ul = points_in_fit(dataset), dataset.is_ul
    draw_points(
        axes[0],
        energy,
        np.where(is_ul, dataset.amplitude_ul, dataset.amplitude),
        dataset.amplitude_errors,
        is_ul=is_ul,
        in_fit=in_fit,
        **kwargs,
    )
    error = dataset.phase_error.to_value("deg")
    phase = _wrapped(dataset.phase.to_value("deg"), start)
    kwargs.pop("label", None)
    draw_points(axes[1], energy, phase, (error, error), in_fit=in_fit, **kwargs)
