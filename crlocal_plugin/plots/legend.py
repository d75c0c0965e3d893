"""The legend beside a picture, and its entries."""

from matplotlib.lines import Line2D

_BLACK = "#000000"

_MOST_COLUMNS = 4

_LAID_OUT = 0.9
"""Share of the height of a figure that a layout engine leaves to its axes."""


def add_legend(ax, handles, width=None, **kwargs):
    """Add a legend to the right of the axes, in as many columns as its length needs.

    Of handles with one label, the first counts. A figure that was made for the picture, with a
    ``width`` in inches, is widened by further columns; one of the user keeps its width.
    """
    unique = {}
    for handle in handles:
        unique.setdefault(handle.get_label(), handle)
    style = {
        "handles": list(unique.values()),
        "loc": "upper left",
        "bbox_to_anchor": (1.01, 1),
        "borderaxespad": 0,
        "frameon": False,
        "fontsize": "small",
        "handlelength": 2.8,
    } | kwargs
    legend = ax.legend(**style)
    if "ncols" in style:
        return
    first, room = legend.get_window_extent(), _room(ax)
    for columns in range(2, _MOST_COLUMNS + 1):
        if legend.get_window_extent().height <= room:
            break
        legend = ax.legend(**style, ncols=columns, columnspacing=1.0)
    if width is not None:
        further = legend.get_window_extent().width - first.width
        figure = ax.figure
        figure.set_figwidth(max(figure.get_figwidth(), width + further / figure.dpi))


def _room(ax):
    """Height in pixels that a legend may have."""
    spec, figure = ax.get_subplotspec(), ax.figure
    if spec is None or figure.get_layout_engine() is None:
        return ax.get_window_extent().height
    rows = len(spec.rowspan) / spec.get_gridspec().nrows
    return _LAID_OUT * rows * figure.bbox.height


def marker_handle(label, marker, filled, faint=False):
    """Legend handle of an experiment."""
    face = "none" if faint else _BLACK if filled else "white"
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=marker,
        color=_BLACK,
        markerfacecolor=face,
        markersize=5,
        markeredgewidth=0.8,
        alpha=0.35 if faint else None,
        label=label,
    )


def line_handle(label, **style):
    """Legend handle of a curve."""
    return Line2D([], [], label=label, **style)
