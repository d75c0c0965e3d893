"""Figures of profiles of the statistic."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from ..datasets.plot_axes import sized
from ..likelihood.collection import CosmicRayDatasets
from ..posterior.posterior import Posterior
from ..studies.scans import ProfileScan, scan_profiles
from .frame import figure_size, listed_axes
from .subject import find_subject

# Rises of the statistic at whole numbers of standard deviations.
_LEVELS = {1: "1σ (68 %)", 4: "2σ (95 %)", 9: "3σ (99.7 %)"}


def plot_profile(
    subject, ax=None, highest=12.0, parameter=None, datasets=None, x_unit=None, **kwargs
):
    """Plot the rise of the statistic along one parameter.

    The line dashed upright is the best fit, the grey range that of one standard deviation.

    Parameters
    ----------
    subject : ProfileScan, dict of str to ProfileScan, datasets, CosmicRayModel or \
`~gammapy.modeling.FitResult`
        Profile, or several by label. Anything else that has a model, with data of its own or
        beside it, is at its best fit and scanned along ``parameter``.
    ax, datasets
        As for `~crlocal_plugin.plot_spectra`.
    highest : float, optional
        Highest rise that is shown.
    parameter : str, optional
        Label of the parameter, where the subject does not say it.
    x_unit : str or `~astropy.units.Unit`, optional
        Unit of the parameter in the picture; its own by default.
    **kwargs : dict
        Keyword arguments of `~matplotlib.axes.Axes.plot`.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ValueError, TypeError
        If it is not clear which parameter is meant, there are no data to scan, the subject has no
        profile, or the unit is of another kind than the parameter.
    """
    scan = _scan_of(subject, parameter, datasets)
    unit = scan.unit if x_unit is None else u.Unit(x_unit)
    factor = scan.unit.to(unit)
    ax = plt.subplots(layout="constrained")[1] if ax is None else ax
    style = {"color": "black", "marker": "o", "markersize": sized(3), "linewidth": sized(1.2)}
    ax.plot(factor * scan.values, scan.rise, **style | kwargs)
    top = min(highest, max(4.4, float(np.max(scan.rise)) * 1.05))
    for level, text in _LEVELS.items():
        if level < top:
            ax.axhline(level, color="0.6", linestyle=":", linewidth=1, zorder=0)
            place = {"va": "center", "transform": ax.get_yaxis_transform()}
            ax.text(1.01, level, text, color="0.35", fontsize="small", **place)
    low, high = (end.to_value(unit) for end in scan.interval())
    if np.isfinite([low, high]).all():
        ax.axvspan(low, high, color="0.92", zorder=-1)
    ax.axvline(factor * scan.best, color="0.4", linestyle="--", linewidth=1, zorder=0)
    text = f" [{unit.to_string('latex_inline')}]" if unit.to_string() else ""
    ax.set(xlabel=f"{scan.name}{text}", ylabel="Statistic above the best fit")
    ax.set_ylim(min(0.0, float(np.min(scan.rise)) * 1.05), top)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.ticklabel_format(axis="x", scilimits=(-3, 4), useMathText=True)
    return ax


def plot_profiles(scans, columns=3, axes=None):
    """Plot several profiles in one figure.

    Parameters
    ----------
    scans : dict of str to ProfileScan
        Profiles.
    columns : int, optional
        Most panels in a row of a new figure.
    axes : sequence of `~matplotlib.axes.Axes`, optional
        Axes, one for each profile; those of a new figure by default.

    Returns
    -------
    `~matplotlib.figure.Figure`

    Raises
    ------
    ValueError
        If there is no profile, or not one axes for each.
    """
    if not scans:
        raise ValueError("scans: expected one profile at least, as scan_profiles makes them")
    n = len(scans)
    if axes is None:
        columns = min(columns, n)
        rows = -(-n // columns)
        size = (0.6 + 4.2 * columns, 0.4 + 3.2 * rows)
        figure = plt.figure(figsize=figure_size(*size), layout="constrained")
        axes = [figure.add_subplot(rows, columns, number + 1) for number in range(n)]
    axes = listed_axes(axes, n, "one for each profile")
    for ax, scan in zip(axes, scans.values(), strict=True):
        plot_profile(scan, ax)
    return axes[0].figure


def _scan_of(subject, parameter, datasets):
    """Profile of a parameter, computed unless it is there."""
    if isinstance(subject, ProfileScan):
        return subject
    if isinstance(subject, Posterior):
        raise TypeError(
            "samples have no profile of the statistic, their marginal distributions are another "
            "thing: pass datasets with a model, or draw plot_corner"
        )
    if isinstance(subject, dict):
        labels = list(subject)
        parameter = labels[0] if parameter is None and len(labels) == 1 else parameter
        if parameter not in subject:
            raise ValueError(f"parameter: expected one of {', '.join(labels)}, got {parameter!r}")
        return _scan_of(subject[parameter], None, None)
    found = find_subject(subject, datasets)
    if parameter is None:
        raise ValueError("parameter: expected the label of a free parameter to scan")
    if not found.datasets:
        raise ValueError("a profile needs data: pass datasets beside the model")
    if not (isinstance(subject, CosmicRayDatasets) and datasets is None):
        subject = CosmicRayDatasets(found.fitted_datasets())
    return scan_profiles(subject, [parameter])[parameter]
