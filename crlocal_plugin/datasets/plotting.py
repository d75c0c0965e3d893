"""Pictures of single datasets: data with their model, and residuals.

A picture reads the public attributes of its dataset. A kind that has no picture of its own here,
such as one of a user, gets that of any dataset with one number per point.
"""

from dataclasses import replace

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np

from ..components.component import species_group
from ..messages import unknown_name
from .drawing import draw_dipole_points, draw_phase, draw_points, phase_window, points_in_fit
from .plot_axes import (
    axis_label,
    curve_grid,
    intensity_label,
    intensity_unit_label,
    log_limits,
    new_dipole_axes,
)

_METHODS = {
    "diff": ("Data $-$ model", 0),
    "diff/model": ("(Data $-$ model) / model", 1),
    "diff/sqrt(model)": ("(Data $-$ model) / model$^{1/2}$", 0.5),
    "pull": ("(Data $-$ model) / error", None),
}
"""Label of residuals by method, and the power of the model over which they are; pulls have none."""


class ScalarPicture:
    """Pictures of a dataset with one number per point; a kind that can say more derives from it."""

    order = 2
    """Place of its panel among the residuals of all data."""

    pull_names = None
    """Names of the pulls of a point, if it has several."""

    unit = ""
    """Label of the unit of the values."""

    def __init__(self, dataset):
        self.dataset = dataset

    @property
    def panel(self):
        """Name of its panel among the residuals of all data (str)."""
        return self.dataset.quantity

    @property
    def panel_label(self):
        """Name of the panel, as a label has it (str)."""
        return self.panel

    @property
    def label(self):
        """Label of the values (str)."""
        return self.dataset.quantity

    def pulls(self):
        """(Data - model) / error, shape ``(n, k)``; nan where there is no such number."""
        return -self.dataset.signed_residuals()

    def shown(self, values):
        """Measured or predicted values at the points, as a picture with the model shows them."""
        return values

    def measured(self):
        """Values as a picture with the model shows them, and their lower and upper errors."""
        data = self.dataset.data
        return self.shown(data.value), (data.errn, data.errp)

    def predicted(self):
        """Predictions at the points."""
        return self.dataset.data.value - u.Quantity(self.dataset.residuals("diff")).value

    def model_at(self, x):
        """Prediction at other measured rigidities or energies, None if the kind does not say so."""
        dataset = self.dataset
        points = dataset.points() if dataset.is_joined and dataset.joins_with is not None else ()
        if not points or any(not np.array_equal(p.x, dataset.x.value) for p in points):
            return None
        model, scales = dataset.model, dataset.scales()
        return dataset.predict(*(replace(p, x=x).of_model(model, *scales) for p in points))

    def curve(self):
        """Measured rigidities or energies, and predictions there as a picture shows them."""
        dataset = self.dataset
        x, _ = _measured_grid(dataset, self.nuclei(), 1.5)
        values = self.model_at(x)
        if values is None:
            order = np.argsort(dataset.x.value)
            return dataset.x.value[order], self.shown(self.predicted())[order]
        return x, values

    def nuclei(self):
        """Nuclei that the curve sums over (list of `~crlocal_plugin.Species`)."""
        return self.dataset.model.nuclei

    def draw_fit(self, ax=None, **kwargs):
        """Draw data and model on the axis of the data, with the scales of a fit in the model."""
        dataset = self.dataset
        model = dataset.require_model()
        (x, curve), (values, errors) = self.curve(), self.measured()
        ax = _new_axes(ax)
        ax.set(xscale="log", xlabel=axis_label(dataset.axis), ylabel=self.label)
        self.set_limits(ax, values, curve)
        ax.plot(x, curve, color="black", zorder=3, label=model.name)
        style = {"is_ul": dataset.is_ul, "label": dataset.experiment} | kwargs
        draw_points(ax, dataset.x.value, values, errors, in_fit=points_in_fit(dataset), **style)
        ax.legend(frameon=False)
        return ax

    def set_limits(self, ax, values, curve):
        """Set the vertical axis; those of matplotlib do for numbers of any size."""

    def draw_residuals(self, ax=None, method="diff", **kwargs):
        """Draw residuals; pulls have no errors, but a band of one standard deviation."""
        dataset = self.dataset
        if method not in _METHODS:
            raise ValueError(unknown_name(method, _METHODS, "method "))
        dataset.require_model()
        residuals = u.Quantity(dataset.residuals(method)).value
        (label, power), errors, is_ul = _METHODS[method], None, None
        if power is not None:
            # a prediction may be negative, such as <ln A> between hadronic models
            scale = np.abs(self.predicted()) ** power
            errors = [error / scale for error in (dataset.data.errn, dataset.data.errp)]
            is_ul = dataset.is_ul
            if self.unit and power < 1:
                label += f"\n{self.unit}" + ("$^{1/2}$" if power else "")
        ax = _residual_axes(ax, axis_label(dataset.axis), label, band=power is None)
        style = {"is_ul": is_ul, "in_fit": points_in_fit(dataset)} | kwargs
        draw_points(ax, dataset.x.value, residuals, errors, **style)
        return ax


class SpectrumPicture(ScalarPicture):
    """Pictures of intensities, times a power of the axis where they are drawn with the model."""

    order = 0
    panel = "Spectra"

    def __init__(self, dataset, energy_power=2.7):
        super().__init__(dataset)
        self.energy_power = energy_power

    @property
    def label(self):
        """Label of the weighted intensity (str)."""
        return intensity_label(self.dataset.axis, self.energy_power)

    @property
    def unit(self):
        """Label of the unit of the intensity itself (str)."""
        return intensity_unit_label(self.dataset.axis)

    def shown(self, values):
        """Weighted intensities, as the hadronic model of the fit has them."""
        x, shift = self.dataset.x.value, self.dataset.hadronic_shift()
        return values * x**self.energy_power * np.exp(-shift)

    def measured(self):
        """Weighted intensities and errors."""
        values, errors = super().measured()
        return values, [self.shown(error) for error in errors]

    def model_at(self, x):
        """Weighted prediction."""
        values = super().model_at(x)
        return None if values is None else values * x**self.energy_power

    def nuclei(self):
        """Nuclei of the species or sum (list of `~crlocal_plugin.Species`)."""
        names = species_group(self.dataset.quantity, self.dataset.model.species)
        return [nucleus for nucleus in super().nuclei() if nucleus.name in names]

    def set_limits(self, ax, values, curve):
        """Set a logarithmic axis that a curve which falls off a cut-off does not stretch."""
        # simulated data may be negative
        seen = values[values > 0] if (values > 0).any() else curve
        shown = np.append(seen, np.clip(curve, seen.min() / 10, seen.max() * 10))
        ax.set(yscale="log", ylim=log_limits(shown, 1.5))


class MeanLogMassPicture(ScalarPicture):
    """Pictures of <ln A>."""

    order = 1
    panel = "<ln A>"
    label = panel_label = r"$\langle\ln A\rangle$"

    def shown(self, values):
        """Values as the hadronic model of the fit has them."""
        return values - self.dataset.hadronic_shift()


class DipolePicture(ScalarPicture):
    """Pictures of amplitudes and phases."""

    order = 3
    panel = "Dipole"

    @property
    def pull_names(self):
        """Names of the two pulls of a point (tuple of str)."""
        return {
            "vector": ("along the measured phase", "across it"),
            "amplitude_phase": ("amplitude", "phase"),
        }[self.dataset.likelihood]

    def pulls(self):
        """(Data - model) / error, shape ``(n, 2)``; a limit has one number."""
        pulls = super().pulls()
        pulls[self.dataset.is_ul, 1] = np.nan
        return pulls

    def draw_fit(self, axes=None, **kwargs):
        """Draw amplitudes and phases with the model."""
        dataset = self.dataset
        model = dataset.require_model()
        x, grid = _measured_grid(dataset, model.nuclei, 2)
        dipole = model.dipole(grid)
        phase = dipole.phase.to_value("deg")
        start = phase_window(dataset.phase.value, dataset.phase_error.value, phase)
        axes = new_dipole_axes(axes, start)
        axes[0].plot(x, dipole.amplitude.value, color="black", zorder=3, label=model.name)
        draw_phase(axes[1], x, phase, start, color="black", zorder=3)
        style = {"label": dataset.experiment} | kwargs
        draw_dipole_points(axes, dataset, dataset.x.value, start, **style)
        axes[0].legend(frameon=False)
        return axes

    def draw_residuals(self, ax=None, method="pull", **kwargs):
        """Draw the two residuals of each point."""
        dataset, is_pull = self.dataset, method == "pull"
        residuals = self.pulls() if is_pull else dataset.residuals(method)
        names = self.pull_names if is_pull else ("towards RA 0°", "towards RA 90°")
        label = _METHODS[method][0]
        if method == "diff/model":
            label = "(Data $-$ model) / amplitude of the model"
        ax = _residual_axes(ax, axis_label("total_energy"), label, band=is_pull)
        looks = {"marker": "o"}, {"marker": "s", "filled": False}
        for values, name, look in zip(residuals.T, names, looks, strict=True):
            style = look | {"label": name, "in_fit": points_in_fit(dataset)} | kwargs
            draw_points(ax, dataset.x.value, values, **style)
        ax.legend(frameon=False)
        return ax


_BY_KIND = {
    "spectrum": SpectrumPicture,
    "mean_log_mass": MeanLogMassPicture,
    "dipole": DipolePicture,
}
"""Pictures by the ``kind`` of a dataset."""


def picture_of(dataset):
    """Pictures of a dataset, by its kind (ScalarPicture or one derived from it)."""
    return _BY_KIND.get(getattr(dataset, "kind", None), ScalarPicture)(dataset)


def _measured_grid(dataset, nuclei, margin):
    """Values around the points, as measured and with the energy scale of a fit."""
    scale = dataset.scales()[1]
    low, high = log_limits(dataset.x.value, margin)
    axis = getattr(dataset, "axis", "total_energy")
    grid = curve_grid(low * scale, high * scale, axis, nuclei)
    return grid.value / scale, grid


def _new_axes(ax):
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def _residual_axes(ax, xlabel, ylabel, band):
    ax = _new_axes(ax)
    ax.set(xscale="log", xlabel=xlabel, ylabel=ylabel)
    ax.axhline(0, color="black", linewidth=0.8, zorder=2)
    if band:
        ax.axhspan(-1, 1, color="0.9", zorder=0)
    return ax
