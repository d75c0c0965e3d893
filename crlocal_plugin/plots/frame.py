"""The frame of a picture: its figure, and the range of its horizontal axis."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
from gammapy.datasets import Dataset
from matplotlib.axes import Axes

from ..datasets.plot_axes import curve_grid

WIDTH = 8.0
"""Width of a figure in inches, without further columns of its legend."""


def picture_axes(ax, height):
    """Axes of a picture, new ones if none are given, and the width of a new figure, else None."""
    if ax is None:
        return plt.subplots(figsize=(WIDTH, height), layout="constrained")[1], WIDTH
    if not isinstance(ax, Axes):
        items = ax if np.iterable(ax) else [ax]
        has_data = any(isinstance(item, Dataset) for item in items)
        hint = "; the picture is that of a model alone, data have no place in it"
        raise TypeError(
            f"ax: expected matplotlib Axes, got {type(ax).__name__}{hint if has_data else ''}"
        )
    return ax, None


def energy_bounds(energy_range, default, unit):
    """Ends of a rigidity or energy axis in a unit; None, for either or both, is the default."""
    given = (None, None) if energy_range is None else energy_range
    try:
        low, high = (
            float(end) if value is None else float(u.Quantity(value).to_value(unit))
            for value, end in zip(given, default, strict=True)
        )
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"energy_range: expected two Quantities like {unit}, either of which may be None, got "
            f"{energy_range!r}"
        ) from error
    if not 0 < low < high < np.inf:
        raise ValueError(f"energy_range: expected 0 < low < high, got {low:g} to {high:g} {unit}")
    return low, high


def checked_grid(low, high, axis, nuclei):
    """Values to draw a sum over nuclei at, of which there must be some."""
    grid = curve_grid(low, high, axis, nuclei)
    if not grid.size:
        raise ValueError("energy_range: all of it is below the rest energies of the species")
    return grid
