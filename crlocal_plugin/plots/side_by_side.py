"""Several models on the same data, a column each: spectra above the dipole."""

import matplotlib.pyplot as plt
import numpy as np

from .dipole import plot_dipole
from .frame import figure_size
from .spectra import plot_spectra

_COLUMN, _HEIGHT, _LEGEND = 4.6, 9.6, 2.4  # in inches


def plot_side_by_side(models, datasets=None, axes=None, species=None, components=True, legend=True):
    """Plot spectra, amplitude and phase of several models, a column for each.

    Parameters
    ----------
    models : dict of str to CosmicRayModel
        Models by the title of their column.
    datasets, species, components, legend
        As for `~crlocal_plugin.plot_spectra`, the same in all columns; legends are at the last.
    axes : `~numpy.ndarray` of `~matplotlib.axes.Axes`, optional
        Axes, shape ``(3, n)`` for n models; new ones by default.

    Returns
    -------
    `~numpy.ndarray` of `~matplotlib.axes.Axes`
        The axes, shape ``(3, n)``: rows of spectra, amplitudes and phases. Each row has the same
        limits in all columns, so that what moves is the model.

    Raises
    ------
    ValueError
        If there is no model, or the axes have another shape.
    """
    n = len(models)
    if not n:
        raise ValueError("models: expected at least one, by the title of its column")
    own = axes is None
    if own:
        usual = _COLUMN * n + (_LEGEND if legend else 0)
        size = figure_size(usual, _HEIGHT)
        _, axes = plt.subplots(3, n, figsize=size, squeeze=False, layout="constrained")
    axes = np.asarray(axes, dtype=object)
    if axes.shape != (3, n):
        raise ValueError(f"axes: expected shape (3, {n}) for {n} models, got {axes.shape}")
    for column, (title, model) in zip(axes.T, models.items(), strict=True):
        options = {"components": components, "band": False}
        last = legend and column[0] is axes[0, -1]
        plot_spectra(model, datasets, column[0], species, legend=last, **options)
        plot_dipole(model, datasets, column[1:], legend=last, phase_start=-180, **options)
        column[0].set_title(title)
    for row in axes:
        for name in ("xlim", "ylim"):
            low, high = np.transpose([plt.getp(ax, name) for ax in row])
            plt.setp(list(row), name, (low.min(), high.max()))
        for ax in row[1:]:
            ax.set_ylabel("")
            ax.tick_params(labelleft=False)
    if own and legend and size[0] == usual:
        figure, legends = axes[0, 0].figure, [ax.get_legend() for ax in axes[:, -1]]
        width = max(found.get_window_extent().width for found in legends if found)
        figure.set_figwidth(_COLUMN * n + max(_LEGEND, width / figure.dpi))
    for ax in axes[1]:
        # amplitude and phase share the axis of energy
        ax.set_xlabel("")
        ax.tick_params(labelbottom=False)
    return axes
