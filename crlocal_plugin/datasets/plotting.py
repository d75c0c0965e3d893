"""Pictures of single datasets: data with their model, and residuals.

A picture reads the public attributes of its dataset. The one here does for any kind with one number
per point; a kind that can say more has a class of its own as its ``picture_class``.
"""

from dataclasses import replace

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np

from ..messages import unknown_name
from .correlation import CorrelatedData
from .plot_axes import axis_label, curve_grid, draw_points, log_limits, points_in_fit

METHODS = {
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

    panel = panel_label = label = None
    """Names of its panel among the residuals of all data, also as a label has it, and of the
    values; by default what is measured."""

    def __init__(self, dataset):
        self.dataset = dataset
        self.panel = self.panel or dataset.quantity
        self.panel_label = self.panel_label or self.panel
        self.label = self.label or dataset.quantity

    def pulls(self):
        """(Data - model) / error, shape ``(n, k)``; nan where there is no such number."""
        dataset = self.dataset
        if isinstance(dataset.data, CorrelatedData):
            return dataset.residuals("pull")[:, np.newaxis]
        return -dataset.signed_residuals()

    def shown(self, values):
        """Measured or predicted values at the points, as a picture with the model shows them."""
        return values

    def measured(self):
        """Values as a picture with the model shows them, and their lower and upper errors."""
        data = self.dataset.data
        return self.shown(data.value), (data.errn, data.errp)

    def numbers(self):
        """What was measured, a tuple for each number of a point.

        Name, values, lower and upper errors and unit (list of tuples).
        """
        data, unit = self.dataset.data, u.Quantity(self.dataset.residuals("diff")).unit
        return [(self.dataset.quantity, data.value, data.errn, data.errp, unit)]

    def predicted(self):
        """Predictions at the points."""
        return self.dataset.data.value - u.Quantity(self.dataset.residuals("diff")).value

    def model_at(self, x):
        """Prediction at other measured rigidities or energies, None if the kind does not say so."""
        dataset = self.dataset
        points = dataset.points() if dataset.is_joined and dataset.joins_with is not None else ()
        if not points or any(not np.array_equal(p.x, dataset.x.value) for p in points):
            return None
        model, given = dataset.model, dataset.nuisance_values()
        return dataset.predict(*(replace(p, x=x).of_model(model, *given) for p in points))

    def curve(self):
        """Measured rigidities or energies, and predictions there as a picture shows them."""
        dataset = self.dataset
        x, _ = measured_grid(dataset, self.nuclei(), 1.5)
        values = self.model_at(x)
        if values is not None:
            return x, values
        order = np.argsort(dataset.x.value)
        return dataset.x.value[order], self.shown(self.predicted())[order]

    def nuclei(self):
        """Nuclei that the curve sums over (list of `~crlocal_plugin.Species`)."""
        return self.dataset.model.nuclei

    def draw_fit(self, ax=None, **kwargs):
        """Draw data and model on the axis of the data, with the scales of a fit in the model."""
        dataset = self.dataset
        model = dataset.require_model()
        (x, curve), (values, errors) = self.curve(), self.measured()
        ax = new_axes(ax)
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
        if method not in METHODS:
            raise ValueError(unknown_name(method, METHODS, "method "))
        dataset.require_model()
        residuals = u.Quantity(dataset.residuals(method)).value
        (label, power), errors, is_ul = METHODS[method], None, None
        if power is not None:
            # a prediction may be negative, such as <ln A> between hadronic models
            scale = np.abs(self.predicted()) ** power
            errors = [error / scale for error in (dataset.data.errn, dataset.data.errp)]
            is_ul = dataset.is_ul
            if self.unit and power < 1:
                label += f"\n{self.unit}" + ("$^{1/2}$" if power else "")
        ax = residual_axes(ax, axis_label(dataset.axis), label, band=power is None)
        style = {"is_ul": is_ul, "in_fit": points_in_fit(dataset)} | kwargs
        draw_points(ax, dataset.x.value, residuals, errors, **style)
        return ax


def picture_of(dataset):
    """Picture of a dataset of any kind (ScalarPicture or one derived from it)."""
    return getattr(dataset, "picture_class", ScalarPicture)(dataset)


def measured_grid(dataset, nuclei, margin):
    """Values around the points, as measured and with the energy scale of a fit."""
    scale = dataset.scales()[1]
    low, high = log_limits(dataset.x.value, margin)
    axis = getattr(dataset, "axis", "total_energy")
    grid = curve_grid(low * scale, high * scale, axis, nuclei)
    return grid.value / scale, grid


def new_axes(ax):
    """Axes, new ones if there are none."""
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def residual_axes(ax, xlabel, ylabel, band):
    """Axes with a line at zero, and a band of one standard deviation if it is asked for."""
    ax = new_axes(ax)
    ax.set(xscale="log", xlabel=xlabel, ylabel=ylabel)
    ax.axhline(0, color="black", linewidth=0.8, zorder=2)
    if band:
        ax.axhspan(-1, 1, color="0.9", zorder=0)
    return ax
