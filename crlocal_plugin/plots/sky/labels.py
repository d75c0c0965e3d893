"""Labels on a map, each where it covers nothing else."""

import numpy as np
from matplotlib.patheffects import withStroke

_LEADER = {"arrowstyle": "-", "linewidth": 0.6, "color": "0.4", "shrinkA": 2, "shrinkB": 4}

_HALO = [withStroke(linewidth=2.5, foreground="white")]

_STYLE = {"textcoords": "offset points", "ha": "center", "va": "center", "zorder": 5}

# Distances in points at which labels may stand from what they label, and directions.
_DISTANCES = np.repeat([6, 10, 15, 21, 28, 36], 24)
_ANGLES = np.tile(np.deg2rad(np.arange(0, 360, 15)), 6)
_DIRECTIONS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=-1)

_LEADER_FROM = 18  # distance from which on a line joins the label to its point


def place_labels(ax, labels):
    """Put labels (x, y, text, style) near their points, where they cover nothing that is drawn."""
    figure = ax.figure.canvas.figure
    figure.draw_without_rendering()
    per_point = figure.dpi / 72
    curves = [_on_page(line) for line in ax.lines]
    ticks = (*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label)
    taken = [text.get_window_extent().extents for text in ticks]
    for line, points in zip(ax.lines, curves, strict=True):
        if line.get_linestyle() == "None":
            half = 0.6 * line.get_markersize() * per_point
            taken += list(np.hstack([points - half, points + half]))
    frame = ax.get_window_extent()

    for x, y, text, style in labels:
        style = _STYLE | {"arrowprops": _LEADER, "path_effects": _HALO} | style
        label = ax.annotate(text, (x, y), xytext=(0, 0), **style)
        # the layout of the figure shall not change under labels that are placed by it
        label.set_in_layout(False)
        half = label.get_window_extent().size / 2
        offsets = _DIRECTIONS * (per_point * _DISTANCES[:, np.newaxis] + half)
        centres = (ax.transData.transform((x, y)) + offsets)[:, np.newaxis]
        low, high = centres - half - 1, centres + half + 1
        outside = (low[:, 0, 0] < frame.x0) | (high[:, 0, 0] > frame.x1)
        ends = np.split(np.array(taken), 2, axis=1)
        covered = ((low <= ends[1]) & (high >= ends[0])).all(axis=-1).sum(axis=1)
        inside = (((low <= points) & (points <= high)).all(axis=-1) for points in curves)
        crossed = sum(points.any(axis=1) for points in inside)
        best = np.argmin(1000 * outside + 100 * covered + 30 * crossed + _DISTANCES)
        label.set_position(offsets[best] / per_point)
        label.arrow_patch.set_visible(_DISTANCES[best] >= _LEADER_FROM)
        taken.append(np.concatenate([low[best, 0], high[best, 0]]))


def _on_page(line):
    """Points of a line in pixels."""
    data = np.column_stack(line.get_data()).astype(float)
    return line.get_transform().transform(data[np.isfinite(data).all(axis=1)])
