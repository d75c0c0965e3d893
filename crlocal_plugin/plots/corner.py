"""Corner plot of a posterior."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np

from ..components.base import unit_text
from ..posterior.convergence import import_sampling

# Probability within one and two standard deviations of a normal distribution in two dimensions.
LEVELS = tuple(1 - np.exp(-0.5 * np.array([1.0, 2.0]) ** 2))

QUANTILES = (0.158655, 0.5, 0.841345)  # median and central 68.3 %

PANEL, MARGIN = 1.5, 1.1  # in inches


def plot_corner(
    posterior, parameters=None, logarithmic=None, truths=None, allow_unconverged=False, **kwargs
):
    """Draw the marginal distributions of one and two parameters of a posterior.

    Contours enclose what one and two standard deviations of a normal distribution do in two
    dimensions, 39.3 % and 86.5 %; dashed lines are the median and the central 68.3 %. Large and
    small numbers have their power of ten in the label.

    Parameters
    ----------
    posterior : Posterior
        Samples.
    parameters : list of str, optional
        Labels of the parameters to draw, in this order; all by default.
    logarithmic : list of str, optional
        Labels of those that are drawn by their decimal logarithm; by default those of which the
        central 95.4 % span more than a factor of thirty.
    truths : dict of str to float or `~astropy.units.Quantity`, optional
        Values to mark by label, numbers in the unit of the parameter.
    allow_unconverged : bool, optional
        Draw samples that have not converged; the title says so.
    **kwargs : dict
        Passed to `corner.corner`.

    Returns
    -------
    `~matplotlib.figure.Figure`

    Raises
    ------
    ValueError, UnconvergedError
        If a parameter was not sampled, or the samples have not converged.
    """
    posterior.check(allow_unconverged)
    corner = import_sampling("corner")
    names = list(posterior.names if parameters is None else parameters)
    truths = dict(truths or {})
    if logarithmic is None:
        logarithmic = [name for name in names if _spans_decades(posterior.column(name).value)]
    for name in (*logarithmic, *truths):
        if name not in names:
            raise ValueError(f"{name!r} is not drawn: expected one of {', '.join(names)}")
    columns, labels, marks = [], [], []
    for name in names:
        unit, values = posterior.units[posterior.index(name)], posterior.column(name).value
        mark = u.Quantity(truths.get(name, np.nan))
        mark = mark.value if mark.unit == u.one else mark.to_value(unit)
        power, label = 0, name
        median = np.median(np.abs(values))
        if name in logarithmic:
            values, mark, label = np.log10(values), np.log10(mark), f"lg {name}"
        elif median != 0 and not 1e-2 <= median < 1e4:
            power = int(np.floor(np.log10(median)))
        text = " ".join([f"$10^{{{power}}}$"] * (power != 0) + [unit_text(unit)] * (unit != u.one))
        labels.append(f"{label}\n[{text}]" if text else label)
        columns.append(values / 10.0**power)
        marks.append(None if np.isnan(mark) else mark / 10.0**power)
    size = PANEL * len(names) + MARGIN
    style = {"levels": LEVELS, "quantiles": QUANTILES, "smooth": 1.0, "plot_datapoints": False}
    style |= {"truths": marks if truths else None, "truth_color": "#D55E00", "color": "black"}
    style |= {"fill_contours": True, "contourf_kwargs": {"colors": ["white", "0.8", "0.5"]}}
    style |= {"max_n_ticks": 3, "label_kwargs": {"fontsize": 9}, "labelpad": 0.02}
    figure = plt.figure(figsize=(size, size))
    corner.corner(np.stack(columns, axis=1), labels=labels, fig=figure, **style | kwargs)
    edge = 0.8 * MARGIN / size
    figure.subplots_adjust(left=edge, bottom=edge, right=1 - edge / 4, top=1 - edge / 4)
    for ax in figure.axes:
        ax.tick_params(labelsize=7)
    if not posterior.converged:
        figure.suptitle("NOT CONVERGED")
    return figure


def _spans_decades(values):
    """Whether values are better drawn by their logarithm."""
    low, high = np.quantile(values, [0.02275, 0.97725])
    return values.min() > 0 and high > 30 * low
