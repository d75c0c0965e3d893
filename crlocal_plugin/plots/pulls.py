"""A panel of pulls under a picture, and what stands behind pulls."""

from dataclasses import replace

import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ..datasets.plot_axes import sized

_SIGMA_BANDS = {1: "0.86", 2: "0.94"}  # grey by half width in standard deviations

_LOWEST_TOP = 3.5  # half height of a panel in standard deviations at least


class PullPanel:
    """Pulls, (data - model) / error, under the axes of a `Frame`, if it has a place for them."""

    def __init__(self, frame, model):
        self.frame, self.model = frame, model
        self.seen = []
        if frame.pulls is not None:
            draw_sigma_bands(frame.pulls)

    def draw(self, shown, number=0, **style):
        """Draw one pull of each of the `Points`, the first unless another ``number`` is given."""
        ax = self.frame.pulls
        if ax is not None:
            pulls = shown.pulls(self.model)[:, number]
            replace(shown, y=pulls, errors=None).draw(self.frame, ax, **style)
            low, high = np.array(self.frame.ax.get_xlim()) / self.frame.factor
            self.seen.append(pulls[shown.in_fit & shown.within(low, high)])
            set_pull_limits(ax, self.seen)


def draw_sigma_bands(ax):
    """Draw zero and the bands of one and two standard deviations, and return legend handles."""
    for sigma, grey in _SIGMA_BANDS.items():
        ax.axhspan(-sigma, sigma, color=grey, linewidth=0, zorder=-sigma)
    ax.axhline(0, color="black", linewidth=sized(0.8), zorder=1)
    return [
        Patch(color=grey, linewidth=0, label=f"$\\pm {sigma}\\sigma$")
        for sigma, grey in _SIGMA_BANDS.items()
    ]


def set_pull_limits(ax, pulls):
    """Show pulls, a list of arrays, with zero in the middle."""
    top = np.nanmax(np.abs(np.concatenate([*map(np.ravel, pulls), []])), initial=0.0)
    top = max(_LOWEST_TOP, 1.1 * top)
    ax.set_ylim(-top, top)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True, symmetric=True, prune="both"))
