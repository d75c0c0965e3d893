"""The frame of a picture: its figure, the range of its horizontal axis, and its legend."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
from gammapy.datasets import Dataset
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from ..datasets.plot_axes import crossed, curve_grid, sized

_WIDTH = 8.0  # of a figure in inches, without further columns of its legend

_PULLS = 1 / 3.2  # height of a panel of pulls over that of the axes above it

_MOST_COLUMNS = 4

_LAID_OUT = 0.9  # share of the height of a figure that a layout engine leaves to its axes

_NARROW = 5.5  # width in inches of figures whose legends stand above the axes


def figure_size(width, height):
    """Width and height of a figure in inches, with the width of a style if it asks for one."""
    asked, usual = (rc["figure.figsize"][0] for rc in (plt.rcParams, plt.rcParamsDefault))
    # labels need their room in narrow figures too
    return (width, height) if asked == usual else (asked, height * (asked / width) ** 0.7)


def new_figure(height, ratios=(1,)):
    """New axes below each other."""
    size = figure_size(_WIDTH, height)
    grid = {"sharex": True, "height_ratios": ratios, "squeeze": False}
    figure, axes = plt.subplots(len(ratios), figsize=size, layout="constrained", **grid)
    figure.align_ylabels()
    return axes[:, 0]


def picture_axes(ax, height):
    """Axes of a picture, new ones if none are given."""
    if ax is None:
        return new_figure(height)[0]
    if not isinstance(ax, Axes):
        has_data = any(isinstance(item, Dataset) for item in (ax if np.iterable(ax) else [ax]))
        hint = "; data are given as datasets=..., for pictures that show any" if has_data else ""
        raise TypeError(f"ax: expected matplotlib Axes, got {type(ax).__name__}{hint}")
    return ax


def axes_and_pulls(axes, height, pulls, points, rows=(1,)):
    """Axes of a picture, new ones if None, and axes of pulls below each, or None.

    New ones have a ``height``, in inches for a figure 8 in wide, times those of the ``rows``.

    There are pulls if there are `Points`: unless ``pulls`` is false, and in axes that are given if
    it is true.
    """
    wanted = bool(points) and (axes is None if pulls is None else bool(pulls))
    if axes is None:
        ratios = [share for row in rows for share in (row, _PULLS)[: 1 + wanted]]
        axes = new_figure(height * sum(ratios), ratios)
        axes, below = (axes[::2], [*axes[1::2]]) if wanted else (axes, [])
    else:
        axes = listed_axes(axes, len(rows), "as many as are returned")
        below = [_axes_below(picture_axes(ax, height)) for ax in axes if wanted]
    for ax in below:
        ax.set_ylabel("Pull")
    return axes, below or [None] * len(rows)


def _axes_below(ax):
    """Axes below others, in a part of their place."""
    spec = ax.get_subplotspec()
    if spec is None:
        raise ValueError("pulls: axes that are no subplot have no room for them, use pulls=False")
    above, below = spec.subgridspec(2, 1, height_ratios=(1, _PULLS), hspace=0)
    ax.set_subplotspec(above)
    ax.tick_params(labelbottom=False)
    return ax.figure.add_subplot(below, sharex=ax)


def listed_axes(axes, number, what):
    """Several axes that a user gives, one or an array, as a flat array."""
    axes = np.ravel(np.asarray(axes, dtype=object))
    if len(axes) != number:
        raise ValueError(f"axes: expected {number}, {what}, got {len(axes)}")
    return axes


class Frame:
    """Axes against a rigidity or energy in GV or GeV, with the entries of their legend."""

    # one's own figure may get wider; below are axes of pulls
    def __init__(self, ax, axes, low, high, own=False, pulls=None, **settings):
        self.ax, self.own, self.pulls = ax, own, pulls
        self.factor, self.handles = axes.x_factor, []
        limits = self.factor * low, self.factor * high
        ax.set(**{"xscale": "log", "xlim": limits, "xlabel": axes.labels[0]} | settings)
        if pulls is not None:
            pulls.set_xlabel(ax.get_xlabel())
            ax.xaxis.label.set_visible(False)

    def curve(self, x, y, label, name=None, **style):
        """Draw a curve, on which the marker of a ``name`` may stand, with a legend entry."""
        style["linewidth"] = sized(style["linewidth"])
        self.ax.plot(self.factor * x, y, **style)
        if name:
            draw_names(self.ax, self.factor * x, y, name)
        self.handles.append(line_handle(label, **style))

    def finish(self, legend, **style):
        """Draw the legend, if it is wanted and has entries, and return the axes."""
        if legend and self.handles:
            add_legend(self.ax, self.handles, self.own, **style)
        return self.ax


def finish_together(upper, lower, legend):
    """Draw the legends of two frames: each beside its own, in narrow figures one above both."""
    if is_narrow(upper.ax.figure):
        upper.handles, lower.handles = upper.handles + lower.handles, []
    upper.finish(legend)
    lower.finish(legend)


def is_narrow(figure):
    """Whether a figure has no room for a legend beside its axes (bool)."""
    return figure.bbox.width / figure.dpi < _NARROW


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


def draw_names(ax, x, y, name):
    """Write a name, a style with a marker, on a curve; no line goes through it."""
    size = name["markersize"] * plt.rcParams["font.size"] / 10
    look = {"linestyle": "none", "zorder": 3.2, "path_effects": halo()} | name
    at = [place for place in look.pop("markevery") if place < len(x)]
    ax.plot(x[at], y[at], **look | {"markersize": size})


def halo():
    """White outline of a text, so that no line goes through it."""
    return [withStroke(linewidth=sized(3), foreground="white")]


def add_legend(ax, handles, own=False, **kwargs):
    """Add a legend of the first handle of each label, in as many columns as its length needs.

    It stands beside the axes, above them in narrow figures. A figure of one's ``own`` gets larger
    for it.
    """
    unique = {}
    for handle in handles:
        unique.setdefault(handle.get_label(), handle)
    figure, spec = ax.figure, ax.get_subplotspec()
    look = {"handles": list(unique.values()), "frameon": False, "fontsize": "small"}
    look |= {"borderaxespad": 0} | kwargs
    if "ncols" in look:
        ax.legend(**look)
    elif is_narrow(figure):
        place = {"loc": "lower right", "bbox_to_anchor": (1, 1.02), "columnspacing": 1.0}
        place["handlelength"] = 2.3
        for columns in range(_MOST_COLUMNS, 0, -1):
            legend = ax.legend(**place | look, ncols=columns)
            size = legend.get_window_extent().size / figure.dpi
            if size[0] < figure.bbox.width / figure.dpi - 0.1:
                break
        if own:
            figure.set_figheight(figure.get_figheight() + size[1])
    else:
        place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1), "columnspacing": 1.0}
        place["handlelength"] = 2.8
        room = ax.get_window_extent().height
        if spec is not None and figure.get_layout_engine() is not None:
            ratios = np.array(spec.get_gridspec().get_height_ratios())
            room = _LAID_OUT * figure.bbox.height * ratios[spec.rowspan].sum() / ratios.sum()
        widths = []
        for columns in range(1, _MOST_COLUMNS + 1):
            legend = ax.legend(**place | look, ncols=columns)
            widths.append(legend.get_window_extent().width)
            if legend.get_window_extent().height <= room:
                break
        if own and figure_size(_WIDTH, 1)[0] == _WIDTH:
            # a figure of the user, or of a width that a style asks for, keeps it
            further = (widths[-1] - widths[0]) / figure.dpi
            figure.set_figwidth(max(figure.get_figwidth(), _WIDTH + further))


def marker_handle(label, marker, filled, faint=False):
    """Legend handle of an experiment."""
    face, alpha = ("none", 0.5) if faint else ("black" if filled else "white", None)
    style = {"linestyle": "none", "markersize": sized(5), "markeredgewidth": sized(0.8)}
    style |= {"color": "black", "marker": crossed(marker) if faint else marker}
    return line_handle(label, markerfacecolor=face, alpha=alpha, **style)


def line_handle(label, **style):
    """Legend handle of a curve."""
    return Line2D([], [], label=label, **style)
