"""Labels on a map, each where it covers nothing else."""

import numpy as np
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

__all__ = ["place_labels"]

_LEADER = {"arrowstyle": "-", "linewidth": 0.6, "color": "0.4", "shrinkA": 2, "shrinkB": 4}

_DISTANCES = (6, 10, 15, 21, 28, 36)
"""Distances in points at which labels may stand from what they label."""

_LEADER_FROM = 18
"""Distance in points from which on a line joins the label to its point."""

_CIRCLE = np.stack([f(np.deg2rad(np.arange(0, 360, 15))) for f in (np.cos, np.sin)], axis=-1)
"""Directions in which labels may stand."""


def place_labels(ax, labels):
    """Put labels near their points, where they cover neither each other nor what is drawn.

    Parameters
    ----------
    ax : `~matplotlib.axes.Axes`
        Axes on which everything else is drawn.
    labels : list of tuple
        Coordinates x and y of the point, text, and style of the text, for each label.
    """
    figure = ax.figure.canvas.figure
    figure.draw_without_rendering()
    per_point = figure.dpi / 72
    curves = [_on_page(line) for line in ax.lines]
    taken = [text.get_window_extent() for text in (*ax.get_xticklabels(), *ax.get_yticklabels())]
    for line, points in zip(ax.lines, curves, strict=True):
        if line.get_linestyle() == "None":
            half = 0.6 * line.get_markersize() * per_point
            taken += [Bbox([point - half, point + half]) for point in points]
    frame = ax.get_window_extent()

    def cost(distance, box):
        covered = sum(box.overlaps(other) for other in taken)
        crossed = sum(_crosses(points, box) for points in curves)
        outside = box.x0 < frame.x0 or box.x1 > frame.x1
        return 1000 * outside + 100 * covered + 30 * crossed + distance

    for x, y, text, style in labels:
        label = ax.annotate(
            text,
            (x, y),
            xytext=(0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            zorder=5,
            arrowprops=_LEADER,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            **style,
        )
        # the layout of the figure shall not change under labels that are placed by it
        label.set_in_layout(False)
        extent = label.get_window_extent()
        half = np.array([extent.width, extent.height]) / 2
        point = ax.transData.transform((x, y))
        candidates = []
        for distance in _DISTANCES:
            for direction in _CIRCLE:
                offset = direction * (distance * per_point + half)
                box = Bbox([point + offset - half - 1, point + offset + half + 1])
                candidates.append((cost(distance, box), distance, offset, box))
        _, distance, offset, box = min(candidates, key=lambda candidate: candidate[0])
        label.set_position(offset / per_point)
        label.arrow_patch.set_visible(distance >= _LEADER_FROM)
        taken.append(box)


def _on_page(line):
    """Points of a line in pixels."""
    data = np.column_stack(line.get_data()).astype(float)
    return line.get_transform().transform(data[np.isfinite(data).all(axis=1)])


def _crosses(points, box):
    return ((points >= box.min) & (points <= box.max)).all(axis=1).any()
