"""Uncertainty bands in pictures."""

import warnings

import numpy as np
from matplotlib.patches import Patch

from ..studies.ensembles import LEVELS

_ALPHA = 0.22

_N_SAMPLES = 1000
"""Parameter sets that a band in a picture rests on at most."""


def bands_of(make, model, samples):
    """Make the 68 % band of a curve, if it can be had.

    Parameters
    ----------
    make : callable
        Takes the options of `~crlocal_plugin.intensity_band` that follow.
    model : CosmicRayModel
        Model.
    samples : object, tuple or None
        Samples of parameters; without them, bands come from the covariance of the model.

    Returns
    -------
    object or None
        What ``make`` returns; None if the model has no errors.

    Warns
    -----
    UserWarning
        If the errors of the model are of no use.
    """
    options = {"levels": LEVELS[:1], "n_samples": _N_SAMPLES}
    if samples is not None:
        return make(samples=samples, **options)
    if not any(par.error > 0 for par in model.parameters if not par.frozen):
        return None
    try:
        return make(**options)
    except ValueError as error:
        # a picture without a band is better than none
        warnings.warn(f"no band is drawn: {error}", stacklevel=4)
        return None


def draw_band(ax, x, lower, upper, color):
    """Fill the space between two curves.

    Parameters
    ----------
    ax : `~matplotlib.axes.Axes`
        Axes to draw into.
    x, lower, upper : `~numpy.ndarray`
        Curves.
    color : str
        Colour, drawn faint.
    """
    ax.fill_between(x, lower, upper, color=color, alpha=_ALPHA, linewidth=0, zorder=1.2)


def draw_phase_band(ax, energy, phase, start, color):
    """Fill the band of a phase, wrapped into the window of the axis.

    Parameters
    ----------
    ax : `~matplotlib.axes.Axes`
        Axes to draw into, whose limits are the window.
    energy : `~numpy.ndarray`
        Energies in GeV.
    phase : Band
        Phase with one interval.
    start : float
        Lower end of the phase axis in deg.
    color : str
        Colour, drawn faint.
    """
    median = phase.median.to_value("deg")
    shift = np.unwrap(median, period=360) - median
    lower, upper = (end[0].to_value("deg") + shift for end in (phase.lower, phase.upper))
    # each turn of the band that reaches into the window
    first = np.floor((start - upper.max()) / 360)
    last = np.ceil((start + 360 - lower.min()) / 360)
    for turn in 360 * np.arange(first, last + 1):
        if ((lower + turn < start + 360) & (upper + turn > start)).any():
            draw_band(ax, energy, lower + turn, upper + turn, color)


def band_handle():
    """Legend handle of the bands."""
    return Patch(color="0.3", alpha=_ALPHA, linewidth=0, label=f"{100 * LEVELS[0]:.0f} % band")
