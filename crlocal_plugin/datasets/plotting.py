"""Pictures of single datasets, and the drawing of points and curves that all pictures share."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.path import Path

from ..models.core import ENERGY_UNIT, x_unit
from ..models.cosmic_ray import species_group

__all__ = [
    "LIMIT_ARROW",
    "axis_label",
    "break_at_jumps",
    "curve_grid",
    "draw_dipole_points",
    "draw_phase",
    "draw_points",
    "intensity_label",
    "log_limits",
    "new_dipole_axes",
    "phase_window",
    "plot_dipole_fit",
    "plot_dipole_residuals",
    "plot_flux_fit",
    "plot_flux_residuals",
    "points_in_fit",
]

_AXES = {
    "rigidity": ("Rigidity", "R", "GV"),
    "kinetic_energy": ("Kinetic energy", "T", "GeV"),
    "kinetic_energy_per_nucleon": ("Kinetic energy per nucleon", "(T/A)", "GeV"),
    "total_energy": ("Total energy per particle", "E", "GeV"),
}
"""Name, symbol and unit of each axis."""

_N_POINTS = 400

_CUT_STEP = 15

_FAINT = 0.35

# Its length is in points of the page, so that limits look alike on every axis.
LIMIT_ARROW = Path(
    [(0, 0), (0, -1), (-0.28, -0.62), (0, -1), (0.28, -0.62)],
    [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO, Path.LINETO],
)
"""Marker that points down from an upper limit."""


# --------------------------------------------------------------------- labels and ranges


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
    _, symbol, unit = _known_axis(axis)
    factor = {0: "", 1: f"{symbol}\\,"}.get(energy_power, f"{symbol}^{{{energy_power:.10g}}}\\,")
    return f"${factor}J$ {_unit_label(unit, energy_power - 1)}"


def _unit_label(unit, power):
    """Label of the unit of an intensity, with a power of GeV or GV in front."""
    power = round(power, 10)
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


# --------------------------------------------------------------------- points


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


# --------------------------------------------------------------------- phases


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


# --------------------------------------------------------------------- single datasets


def plot_flux_fit(dataset, ax=None, energy_power=2.7, **kwargs):
    """Plot the data of a flux dataset with its model, on the axis of the data.

    The model is drawn as the dataset predicts it, normalisation and energy scale included.

    Parameters
    ----------
    dataset : CosmicRayFluxDataset
        Dataset with a model.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    energy_power : float, optional
        Power of the axis to multiply intensities with.
    **kwargs : dict
        Passed to `draw_points`.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.

    Raises
    ------
    ValueError
        If the dataset has no model.
    """
    model = dataset._require_model()
    ax = _new_axes(ax)
    axis, x = dataset.axis, dataset.x.value
    weight = x**energy_power
    y = dataset.intensity.value * weight
    errors = [error.value * weight for error in dataset.intensity_errors]

    norm, scale = dataset.scales()
    names = species_group(dataset.quantity, model.species)
    nuclei = [nucleus for nucleus in model.nuclei if nucleus.name in names]
    low, high = log_limits(x, margin=1.5)
    grid = curve_grid(low * scale, high * scale, axis, nuclei)
    curve = model.intensity(grid, dataset.quantity, axis=axis).value * norm * scale
    measured = grid.value / scale
    curve = curve * measured**energy_power

    # a curve that falls off a cut-off shall not stretch the axis
    shown = np.append(y, np.clip(curve, y.min() / 10, y.max() * 10))
    ax.set(xscale="log", yscale="log", xlabel=axis_label(axis))
    ax.set(ylabel=intensity_label(axis, energy_power), ylim=log_limits(shown, 1.5))
    ax.plot(measured, curve, color="black", zorder=3, label=model.name)
    style = {"is_ul": dataset.is_ul, "label": dataset.experiment} | kwargs
    draw_points(ax, x, y, errors, in_fit=points_in_fit(dataset), **style)
    ax.legend(frameon=False)
    return ax


def plot_flux_residuals(dataset, ax=None, method="diff/model", **kwargs):
    """Plot the residuals of a flux dataset.

    Parameters
    ----------
    dataset : CosmicRayFluxDataset
        Dataset with a model.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    method : {"diff", "diff/model", "diff/sqrt(model)", "pull"}, optional
        See `CosmicRayFluxDataset.residuals`. Pulls are drawn without errors, over a band of one
        standard deviation.
    **kwargs : dict
        Passed to `draw_points`.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.

    Raises
    ------
    ValueError
        If the dataset has no model, or the method is not known.
    """
    model = dataset.intensity_pred().value
    scales = {"diff": 1.0, "diff/model": model, "diff/sqrt(model)": np.sqrt(model)}
    unit = _unit_label(_AXES[dataset.axis][2], -1)
    labels = {
        "diff": f"Data $-$ model\n{unit}",
        "diff/model": "(Data $-$ model) / model",
        "diff/sqrt(model)": f"(Data $-$ model) / model$^{{1/2}}$\n{unit}$^{{1/2}}$",
        "pull": "(Data $-$ model) / error",
    }
    if method not in labels:
        raise ValueError(f"unknown method {method!r}: expected one of {', '.join(labels)}")
    residuals = u.Quantity(dataset.residuals(method)).value
    errors = None
    if method != "pull":
        errors = [error.value / scales[method] for error in dataset.intensity_errors]
    ax = _residual_axes(ax, axis_label(dataset.axis), labels[method], band=method == "pull")
    is_ul = dataset.is_ul if errors else None
    draw_points(
        ax, dataset.x.value, residuals, errors, is_ul=is_ul, in_fit=points_in_fit(dataset), **kwargs
    )
    return ax


def plot_dipole_fit(dataset, axes=None, **kwargs):
    """Plot amplitude and phase of a dipole dataset with its model.

    Parameters
    ----------
    dataset : DipoleDataset
        Dataset with a model.
    axes : sequence of `~matplotlib.axes.Axes`, optional
        Axes of amplitude and phase; new ones by default.
    **kwargs : dict
        Passed to `draw_points`.

    Returns
    -------
    `~numpy.ndarray` of `~matplotlib.axes.Axes`
        The two axes.

    Raises
    ------
    ValueError
        If the dataset has no model.
    """
    model = dataset._require_model()
    _, scale = dataset.scales()
    low, high = log_limits(dataset.x.value, margin=2)
    lightest = min(model.nuclei, key=lambda nucleus: nucleus.rest_energy)
    grid = curve_grid(low * scale, high * scale, "total_energy", [lightest])
    dipole, measured = model.dipole(grid), grid.value / scale
    phase = dipole.phase.to_value("deg")

    start = phase_window(dataset.phase.value, dataset.phase_error.value, phase)
    axes = new_dipole_axes(axes, start)
    axes[0].plot(measured, dipole.amplitude.value, color="black", zorder=3, label=model.name)
    draw_phase(axes[1], measured, phase, start, color="black", zorder=3)
    draw_dipole_points(axes, dataset, start, **{"label": dataset.experiment} | kwargs)
    axes[0].legend(frameon=False)
    return axes


def plot_dipole_residuals(dataset, ax=None, method="pull", **kwargs):
    """Plot the residuals of a dipole dataset, two numbers per point.

    Parameters
    ----------
    dataset : DipoleDataset
        Dataset with a model.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    method : {"diff", "diff/model", "pull"}, optional
        See `DipoleDataset.residuals`. Limits have one number, and only as pulls.
    **kwargs : dict
        Passed to `draw_points`.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.

    Raises
    ------
    ValueError
        If the dataset has no model, or the method is not known.
    """
    residuals = dataset.residuals(method)
    label = {
        "diff": "Data $-$ model",
        "diff/model": "(Data $-$ model) / amplitude of the model",
        "pull": "(Data $-$ model) / error",
    }[method]
    names = ("towards RA 0°", "towards RA 90°")
    if method == "pull":
        vector = dataset.likelihood == "vector"
        names = ("along the measured phase", "across it") if vector else ("amplitude", "phase")
        residuals[dataset.is_ul, 1] = np.nan
    ax = _residual_axes(ax, axis_label("total_energy"), label, band=method == "pull")
    for values, name, style in zip(
        residuals.T, names, ({"marker": "o"}, {"marker": "s", "filled": False}), strict=True
    ):
        style = style | {"label": name} | kwargs
        draw_points(ax, dataset.x.value, values, in_fit=points_in_fit(dataset), **style)
    ax.legend(frameon=False)
    return ax


def _new_axes(ax):
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def _residual_axes(ax, xlabel, ylabel, band):
    ax = _new_axes(ax)
    ax.set(xscale="log", xlabel=xlabel, ylabel=ylabel)
    ax.axhline(0, color="black", linewidth=0.8, zorder=2)
    if band:
        ax.axhspan(-1, 1, color="0.9", zorder=0)
    return ax
