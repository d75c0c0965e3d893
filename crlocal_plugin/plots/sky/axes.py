"""Axes that show the whole sky, and curves on them."""

import matplotlib.pyplot as plt
import numpy as np
from astropy.coordinates import SkyCoord
from matplotlib.patheffects import withStroke
from matplotlib.projections.geo import GeoAxes

from ...datasets.plot_axes import break_at_jumps
from ...messages import unknown_name
from ..frame import figure_size, is_narrow

_FRAMES = {"icrs": ("Right ascension", "declination"), "galactic": ("Longitude", "latitude")}


def sky_axes(ax=None, frame="icrs"):
    """Axes of the whole sky with grid; x is minus the longitude, y the latitude, both in rad."""
    if frame not in _FRAMES:
        raise ValueError(unknown_name(frame, _FRAMES, "frame "))
    if ax is None:
        figure = plt.figure(figsize=figure_size(8, 4.9), layout="constrained")
        ax = figure.add_subplot(projection="mollweide")
    if not isinstance(ax, GeoAxes):
        raise ValueError(
            'the map needs axes of the whole sky: make them with projection="mollweide", got '
            f"{type(ax).__name__}"
        )
    ticks = np.arange(-120, 121, 60) if is_narrow(ax.figure) else np.arange(-150, 151, 30)
    ax.set_xticks(np.deg2rad(ticks), [f"{-tick % 360}°" for tick in ticks])
    ax.set_yticks(np.deg2rad(np.arange(-60, 61, 30)))
    ax.tick_params(labelsize="small", labelcolor="0.4")
    # readable on white and on the colours of a map
    halo = [withStroke(linewidth=2, foreground="white", alpha=0.8)]
    plt.setp([*ax.get_xticklabels(), *ax.get_yticklabels()], path_effects=halo)
    ax.grid(color="0.4", alpha=0.17, linewidth=0.6)
    ax.set_axisbelow(True)
    longitude, latitude = _FRAMES[frame]
    ax.set_xlabel(f"{longitude} and {latitude} ({'ICRS' if frame == 'icrs' else 'Galactic'}) [deg]")
    return ax


def on_map(vector, frame):
    """Minus the longitude and the latitude in deg of ICRS vectors of shape ``(..., 3)``."""
    sky = SkyCoord(*np.moveaxis(np.asarray(vector), -1, 0), representation_type="cartesian")
    sky = sky.transform_to(frame).spherical
    return -sky.lon.wrap_at("180d").deg, sky.lat.deg


def draw_track(ax, vector, frame, **style):
    """Draw a curve through ICRS vectors, broken where it leaves the map on one side."""
    ax.plot(*np.deg2rad(break_at_jumps(*on_map(vector, frame))), **style)
