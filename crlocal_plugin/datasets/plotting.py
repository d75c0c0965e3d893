"""Pictures of single datasets: data with their model, and residuals."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np

from ..components.component import species_group
from .drawing import (
    draw_dipole_points,
    draw_phase,
    draw_points,
    phase_window,
    points_in_fit,
)
from .plot_axes import (
    axis_label,
    curve_grid,
    intensity_label,
    intensity_unit_label,
    log_limits,
    new_dipole_axes,
)

DIPOLE_PULLS = {
    "vector": ("along the measured phase", "across it"),
    "amplitude_phase": ("amplitude", "phase"),
}
"""What the two pulls of a measured dipole are, by likelihood."""


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
    model = dataset.require_model()
    ax = _new_axes(ax)
    axis, x = dataset.axis, dataset.x.value
    weight = x**energy_power
    # the data as the hadronic model at the position of the parameter has them
    of_model = weight * np.exp(-dataset.hadronic_shift())
    y = dataset.intensity.value * of_model
    errors = [error.value * of_model for error in dataset.intensity_errors]

    norm, scale = dataset.scales()
    names = species_group(dataset.quantity, model.species)
    nuclei = [nucleus for nucleus in model.nuclei if nucleus.name in names]
    low, high = log_limits(x, margin=1.5)
    grid = curve_grid(low * scale, high * scale, axis, nuclei)
    curve = model.intensity(grid, dataset.quantity, axis=axis).value * norm * scale
    measured = grid.value / scale
    curve = curve * measured**energy_power

    # a curve that falls off a cut-off shall not stretch the axis; simulated data may be negative
    seen = y[y > 0] if (y > 0).any() else curve
    shown = np.append(seen, np.clip(curve, seen.min() / 10, seen.max() * 10))
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
    unit = intensity_unit_label(dataset.axis)
    model = dataset.intensity_pred().value
    errors = [error.value for error in dataset.intensity_errors]
    return _draw_residuals(dataset, ax, method, model, errors, unit, kwargs)


def plot_mean_log_mass_fit(dataset, ax=None, **kwargs):
    """Plot measured <ln A> with the model, energy scale included.

    Parameters
    ----------
    dataset : MeanLogMassDataset
        Dataset with a model.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
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
    model, scale = dataset.require_model(), dataset.scales()[1]
    ax = _new_axes(ax)
    low, high = log_limits(dataset.x.value, margin=1.5)
    grid = curve_grid(low * scale, high * scale, "total_energy", model.nuclei)
    ax.set(xscale="log", xlabel=axis_label("total_energy"), ylabel=r"$\langle\ln A\rangle$")
    curve = model.mean_log_mass(grid)
    ax.plot(grid.value / scale, curve, color="black", zorder=3, label=model.name)
    style = {"label": dataset.experiment} | kwargs
    errors, in_fit = dataset.mean_log_mass_errors, points_in_fit(dataset)
    values = dataset.mean_log_mass - dataset.hadronic_shift()
    draw_points(ax, dataset.x.value, values, errors, in_fit=in_fit, **style)
    ax.legend(frameon=False)
    return ax


def plot_mean_log_mass_residuals(dataset, ax=None, method="diff", **kwargs):
    """Plot the residuals of measured <ln A>.

    Parameters
    ----------
    dataset : MeanLogMassDataset
        Dataset with a model.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    method : {"diff", "diff/model", "diff/sqrt(model)", "pull"}, optional
        See `MeanLogMassDataset.residuals`. Pulls are drawn without errors, over a band of one
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
    model, errors = dataset.mean_log_mass_pred(), dataset.mean_log_mass_errors
    return _draw_residuals(dataset, ax, method, model, errors, "", kwargs)


def _draw_residuals(dataset, ax, method, model, errors, unit, kwargs):
    """Draw residuals of one number per point, of which prediction and errors are given."""
    powers = {"diff": 0.0, "diff/model": 1.0, "diff/sqrt(model)": 0.5}
    labels = {
        "diff": "Data $-$ model" + (f"\n{unit}" if unit else ""),
        "diff/model": "(Data $-$ model) / model",
        "diff/sqrt(model)": "(Data $-$ model) / model$^{1/2}$"
        + (f"\n{unit}$^{{1/2}}$" if unit else ""),
        "pull": "(Data $-$ model) / error",
    }
    if method not in labels:
        raise ValueError(f"unknown method {method!r}: expected one of {', '.join(labels)}")
    residuals = u.Quantity(dataset.residuals(method)).value
    drawn = None
    if method != "pull":
        # a predicted <ln A> may be negative, between hadronic models
        scale = np.abs(model) ** powers[method]
        drawn = [error / scale for error in errors]
    ax = _residual_axes(ax, axis_label(dataset.axis), labels[method], band=method == "pull")
    is_ul = dataset.is_ul if drawn else None
    draw_points(
        ax, dataset.x.value, residuals, drawn, is_ul=is_ul, in_fit=points_in_fit(dataset), **kwargs
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
    model = dataset.require_model()
    _, scale = dataset.scales()
    low, high = log_limits(dataset.x.value, margin=2)
    grid = curve_grid(low * scale, high * scale, "total_energy", model.nuclei)
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
        names = DIPOLE_PULLS[dataset.likelihood]
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
