"""Picture of the errors that planned measurements would leave."""

import numpy as np

from .frame import picture_axes

_MARKERS = "osD^v<>pPX*hd8"


def plot_forecast(forecast, ax=None, plans=None, parameters=None):
    """Plot expected errors over today's, a row for each plan and a marker for each parameter.

    Parameters
    ----------
    forecast : Forecast
        Expected errors, as `~crlocal_plugin.forecast` returns them.
    ax : `~matplotlib.axes.Axes`, optional
        Axes to draw into; new ones by default.
    plans, parameters : list of str, optional
        Plans and parameters that are shown; by default plans in the order of the ranking, the best
        on top, and all parameters.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ValueError
        If there is no row of a name.
    """
    table = forecast.errors
    plans = list(forecast.ranking["plan"] if plans is None else plans)
    parameters = list(dict.fromkeys(table["parameter"]) if parameters is None else parameters)
    ratios = {(row["plan"], row["parameter"]): float(row["ratio"]) for row in table}
    for pair in [(plan, name) for plan in plans for name in parameters]:
        if pair not in ratios:
            raise ValueError(f"no forecast of {pair[1]!r} with {pair[0]!r}: expected others")
    ax = picture_axes(ax, 1.4 + 0.45 * len(plans))
    rows = np.arange(len(plans))
    # side by side inside a row, so that none hides another
    shifts = np.linspace(-0.27, 0.27, len(parameters)) if len(parameters) > 1 else [0.0]
    for number, (name, shift) in enumerate(zip(parameters, shifts, strict=True)):
        values = [ratios[plan, name] for plan in plans]
        grey = "white" if number % 2 else str(0.55 * number / max(len(parameters) - 1, 1))
        style = {"color": "black", "markerfacecolor": grey, "markersize": 6, "linestyle": "none"}
        ax.plot(values, rows + shift, _MARKERS[number % len(_MARKERS)], label=name, **style)
    for row in rows[1:]:
        ax.axhline(row - 0.5, color="0.85", linewidth=0.8, zorder=0)
    ax.axvline(1.0, color="0.4", linestyle="--", linewidth=1, zorder=0)
    ax.set(yticks=rows, yticklabels=plans, ylim=(len(plans) - 0.5, -0.5))
    ax.set(xlabel="Expected error / today's error", xlim=(0, max(1.05, *ratios.values()) + 0.02))
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
    return ax
