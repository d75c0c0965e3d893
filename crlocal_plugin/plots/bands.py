"""Uncertainty bands in pictures."""

import warnings

import astropy.units as u
import numpy as np
from matplotlib.patches import Patch

from ..datasets.plot_axes import turns_in_sight
from ..studies.ensembles import LEVELS

_ALPHA = 0.22

_N_SAMPLES = 1000  # sets of parameters that a band in a picture rests on at most


def _bands_of(make, subject):
    """68 % band that ``make`` gives, from the samples or the errors of a subject; None without."""
    options = {"levels": LEVELS[:1], "n_samples": _N_SAMPLES}
    if subject.samples is not None:
        return make(samples=subject.samples, **options)
    if not any(par.error > 0 for par in subject.model.parameters if not par.frozen):
        return None
    try:
        return make(**options)
    except ValueError as error:
        # a picture without a band is better than none
        warnings.warn(f"no band is drawn: {error}", stacklevel=4)
        return None


def draw_bands(frame, x, make, subject, colors, weight=1.0):
    """Draw the bands of curves or amplitudes, times a weight, and return what ``make`` gave."""
    found = _bands_of(make, subject)
    if found is not None:
        interval = getattr(found, "amplitude", found).interval()
        ends = (np.atleast_2d(u.Quantity(end).value * weight) for end in interval)
        for lower, upper, color in zip(*ends, colors, strict=True):
            _draw_band(frame.ax, frame.factor * x, lower, upper, color)
        label = f"{100 * LEVELS[0]:.0f} % band"
        frame.handles.append(Patch(color="0.3", alpha=_ALPHA, linewidth=0, label=label))
    return found


def _draw_band(ax, x, lower, upper, color):
    ax.fill_between(x, lower, upper, color=color, alpha=_ALPHA, linewidth=0, zorder=1.2)


def draw_phase_band(ax, energy, phase, start, color):
    """Fill the band of a phase, wrapped into the window of the axis from ``start`` in deg."""
    median = phase.median.to_value("deg")
    shift = np.unwrap(median, period=360) - median
    lower, upper = (end[0].to_value("deg") + shift for end in (phase.lower, phase.upper))
    for turn in turns_in_sight([lower, upper], start):
        _draw_band(ax, energy, lower + turn, upper + turn, color)
