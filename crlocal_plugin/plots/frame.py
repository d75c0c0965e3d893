"""The frame of a picture: its figure, the range of its horizontal axis, and its legend."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
from gammapy.datasets import Dataset
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..datasets.plot_axes import curve_grid

WIDTH = 8.0  # of a figure in inches, without further columns of its legend

_MOST_COLUMNS = 4

_LAID_OUT = 0.9  # share of the height of a figure that a layout engine leaves to its axes


def picture_axes(ax, height):
    """Axes of a picture, new ones if none are given, and the width of a new figure, else None."""
    if ax is None:
        return plt.subplots(figsize=(WIDTH, height), layout="constrained")[1], WIDTH
    if not isinstance(ax, Axes):
        has_data = any(isinstance(item, Dataset) for item in (ax if np.iterable(ax) else [ax]))
        hint = "; data are given as datasets=..., for pictures that show any" if has_data else ""
        raise TypeError(f"ax: expected matplotlib Axes, got {type(ax).__name__}{hint}")
    return ax, None


def listed_axes(axes, number, what):
    """Several axes that a user gives, one or an array, as a flat array."""
    axes = np.ravel(np.asarray(axes, dtype=object))
    if len(axes) != number:
        raise ValueError(f"axes: expected {number}, {what}, got {len(axes)}")
    return axes


class Frame:
    """Axes against a rigidity or energy in GV or GeV, with the entries of their legend."""

    # a new figure has the height; width is that of a new one whose axes are given
    def __init__(self, ax, axes, low, high, height=None, width=None, **settings):
        self.ax, own_width = picture_axes(ax, height)
        self.width = own_width or width
        self.factor, self.handles = axes.x_factor, []
        limits = self.factor * low, self.factor * high
        self.ax.set(**{"xscale": "log", "xlim": limits, "xlabel": axes.labels[0]} | settings)

    def curve(self, x, y, label, name=None, **style):
        """Draw a curve, on which the marker of a ``name`` may stand, with a legend entry."""
        self.ax.plot(self.factor * x, y, **style | (name or {}))
        self.handles.append(line_handle(label, **style))

    def finish(self, legend, **style):
        """Draw the legend, if it is wanted and has entries, and return the axes."""
        if legend and self.handles:
            add_legend(self.ax, self.handles, self.width, **style)
        return self.ax


def energy_bounds(energy_range, default, unit):
    """Ends of a rigidity or energy axis in a unit; None, for either or both, is the default."""
    given = (None, None) if energy_range is None else energy_range
    try:
        low, high = (
            float(end) if value is None else float(u.Quantity(value).to_value(unit))
            for value, end in zip(given, default, strict=True)
        )
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"energy_range: expected two Quantities like {unit}, either of which may be None, got "
            f"{energy_range!r}"
        ) from error
    if not 0 < low < high < np.inf:
        raise ValueError(f"energy_range: expected 0 < low < high, got {low:g} to {high:g} {unit}")
    return low, high


def checked_grid(low, high, axis, nuclei):
    """Values to draw a sum over nuclei at, of which there must be some."""
    grid = curve_grid(low, high, axis, nuclei)
    if not grid.size:
        raise ValueError("energy_range: all of it is below the rest energies of the species")
    return grid


def add_legend(ax, handles, width=None, **kwargs):
    """Add a legend of the first handle of each label, in as many columns as its length needs."""
    unique = {}
    for handle in handles:
        unique.setdefault(handle.get_label(), handle)
    place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1), "borderaxespad": 0}
    look = {"frameon": False, "fontsize": "small", "handlelength": 2.8}
    style = {"handles": list(unique.values())} | place | look | kwargs
    legend = ax.legend(**style)
    if "ncols" in style:
        return
    figure, spec = ax.figure, ax.get_subplotspec()
    room = ax.get_window_extent().height
    if spec is not None and figure.get_layout_engine() is not None:
        room = _LAID_OUT * len(spec.rowspan) / spec.get_gridspec().nrows * figure.bbox.height
    first = legend.get_window_extent()
    for columns in range(2, _MOST_COLUMNS + 1):
        if legend.get_window_extent().height <= room:
            break
        legend = ax.legend(**style, ncols=columns, columnspacing=1.0)
    if width is not None:
        # the figure was made for the picture; one of the user keeps its width
        further = legend.get_window_extent().width - first.width
        figure.set_figwidth(max(figure.get_figwidth(), width + further / figure.dpi))


def marker_handle(label, marker, filled, faint=False):
    """Legend handle of an experiment."""
    face, alpha = ("none", 0.35) if faint else ("black" if filled else "white", None)
    style = {"linestyle": "none", "markersize": 5, "markeredgewidth": 0.8, "color": "black"}
    return line_handle(label, marker=marker, markerfacecolor=face, alpha=alpha, **style)


def line_handle(label, **style):
    """Legend handle of a curve."""
    return Line2D([], [], label=label, **style)
