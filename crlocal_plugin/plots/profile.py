"""Figures of profiles of the statistic."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

__all__ = ["plot_profile", "plot_profiles"]

_LEVELS = {1: "68 %", 4: "95 %", 9: "99.7 %"}


def plot_profile(scan, ax=None, highest=12.0, **kwargs):
    """Plot the rise of the statistic along one parameter.

    Parameters
    ----------
    scan : ProfileScan
        Profile.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    highest : float, optional
        Highest rise that is shown.
    **kwargs : dict
        Keyword arguments of `~matplotlib.axes.Axes.plot`.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.
    """
    ax = plt.subplots(layout="constrained")[1] if ax is None else ax
    style = {"color": "black", "marker": "o", "markersize": 3, "linewidth": 1.2} | kwargs
    ax.plot(scan.values, scan.rise, **style)
    top = min(highest, max(4.4, float(np.max(scan.rise)) * 1.05))
    for level, text in _LEVELS.items():
        if level < top:
            ax.axhline(level, color="0.6", linestyle=":", linewidth=1, zorder=0)
            ax.text(
                1.01,
                level,
                text,
                color="0.35",
                fontsize="small",
                va="center",
                transform=ax.get_yaxis_transform(),
            )
    low, high = (end.value for end in scan.interval())
    if np.isfinite([low, high]).all():
        ax.axvspan(low, high, color="0.92", zorder=-1)
    ax.axvline(scan.best, color="0.4", linestyle="--", linewidth=1, zorder=0)
    unit = f" [{scan.unit.to_string('latex_inline')}]" if scan.unit.to_string() else ""
    ax.set(
        xlabel=f"{scan.name}{unit}",
        ylabel="Statistic above the best fit",
        ylim=(min(0.0, float(np.min(scan.rise)) * 1.05), top),
    )
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.ticklabel_format(axis="x", scilimits=(-3, 4), useMathText=True)
    return ax


def plot_profiles(scans, columns=3):
    """Plot several profiles in one figure.

    Parameters
    ----------
    scans : dict of str to ProfileScan
        Profiles.
    columns : int, optional
        Most panels in a row.

    Returns
    -------
    `~matplotlib.figure.Figure`
        The figure.
    """
    columns = min(columns, len(scans))
    rows = -(-len(scans) // columns)
    size = (0.6 + 4.2 * columns, 0.4 + 3.2 * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    panels = axes.ravel()
    for ax, scan in zip(panels, scans.values(), strict=False):
        plot_profile(scan, ax)
    for ax in panels[len(scans) :]:
        ax.remove()
    return figure
