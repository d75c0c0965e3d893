"""Shares of a sum against energy: curves with bands, or areas on top of each other."""

from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Patch

from .bands import draw_bands, evaluated_band
from .frame import picture_axes
from .legend import add_legend, line_handle
from .style import name_places

_LINEWIDTH = 1.6

_LEAST_SHARE = 0.045
"""Height of an area in which its name has place."""


class Look(NamedTuple):
    """How a share is drawn: ``marker`` writes its name on a curve, and has it written on areas."""

    label: str
    curve: dict
    area: dict
    marker: dict | None = None


def draw_shares(
    ax, subject, x, shares, looks, function, *, height, stacked, band, legend, **settings
):
    """Draw shares of shape ``(k, n)``; ``function`` gives them from parameter values.

    Further settings are those of the axes.
    """
    ax, width = picture_axes(ax, height)
    ax.set(xscale="log", xlim=(x[0], x[-1]))
    handles = (_draw_areas if stacked else _draw_curves)(ax, x, shares, looks)
    if band and not stacked:
        make = partial(evaluated_band, subject.model, function)
        handles += draw_bands(ax, x, make, subject, [look.curve["color"] for look in looks])
    ax.set(**settings)
    if legend:
        add_legend(ax, handles, width)
    return ax


def _draw_curves(ax, x, shares, looks):
    """Draw shares as curves, and return their legend handles."""
    handles = []
    for number, (look, share) in enumerate(zip(looks, shares, strict=True)):
        style = look.curve | {"linewidth": _LINEWIDTH}
        handles.append(line_handle(look.label, **style))
        if look.marker:
            style |= look.marker | {"markevery": name_places(number, len(looks))}
        ax.plot(x, share, **style, zorder=2)
    return handles


def _draw_areas(ax, x, shares, looks):
    """Draw shares as areas from below, and return their legend handles from above."""
    handles, lower = [], np.zeros(x.shape)
    inside = slice(len(x) // 12, -len(x) // 12)
    for look, share in zip(looks, shares, strict=True):
        ax.fill_between(x, lower, lower + share, **look.area, zorder=2)
        handles.append(Patch(**look.area, label=look.label))
        widest = inside.start + int(np.argmax(np.nan_to_num(share[inside])))
        if look.marker and share[widest] > _LEAST_SHARE:
            y = lower[widest] + share[widest] / 2
            ax.text(x[widest], y, look.label, ha="center", va="center", fontsize=9)
        lower = lower + share
    return handles[::-1]
