"""Maps of the relative intensity, and its profiles against right ascension."""

from functools import partial
from itertools import cycle

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from ...datasets.plot_axes import sized
from ...physics import geometry
from ...sky.field_of_view import FieldOfView
from ...sky.maps import declination_band_profile
from ..frame import add_legend, is_narrow, line_handle, picture_axes
from ..subject import find_subject
from .axes import draw_track, sky_axes

_SCALE = 1e3

_LABEL = "Relative intensity [10$^{-3}$]"

_STEP = 0.5  # deg of the grid on which a map is drawn, half a pixel of the usual one

_CONTOURS = 2  # of the intensity above zero, and below

_LINE_STYLES = ("solid", "dashed", "dotted", "dashdot", (0, (6, 1.5, 1, 1.5, 1, 1.5)))

_COLORS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7")


def plot_sky_map(
    sky_map, ax=None, frame=None, vmax=None, fields_of_view=(), cmap="RdBu_r", legend=True
):
    """Plot a map of the relative intensity of the sky.

    Contours, dashed where the intensity is below the mean, tell excess from deficit in grey.

    Parameters
    ----------
    sky_map : `~gammapy.maps.WcsNDMap` or `~gammapy.maps.HpxNDMap`
        Relative intensity without axes, of a model or measured; pixels of nan stay empty.
    ax : `~matplotlib.axes.Axes`, optional
        Axes with projection "mollweide", "aitoff" or "hammer"; new Mollweide axes by default. The
        directions and tracks of `plot_sky` go on the same axes.
    frame : {"icrs", "galactic"}, optional
        Coordinates of the picture, those of the map by default. Longitudes increase to the left.
    vmax : float, optional
        Relative intensity at both ends of the colours; by default the largest of the map.
    fields_of_view : FieldOfView or list of FieldOfView, optional
        Experiments, whose lowest and highest declination in view are drawn.
    cmap : str or `~matplotlib.colors.Colormap`, optional
        Colour map, with its neutral colour in the middle.
    legend : bool, optional
        Draw a legend of the fields of view above the map.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ValueError, TypeError
        If the map has axes, no values or the unit of another quantity, ``vmax`` is not positive,
        the axes have no such projection, the frame is not known, or a field of view is none.
    """
    if not sky_map.geom.is_image:
        raise ValueError(
            f"a picture shows one sky, the map has the axis {', '.join(sky_map.geom.axes.names)}: "
            "choose one, as sky_map.get_image_by_idx((0,))"
        )
    if not np.isfinite(sky_map.data).any():
        raise ValueError("the map has no values")
    if vmax is not None and not vmax > 0:
        raise ValueError(f"vmax: expected a positive relative intensity, got {vmax!r}")
    sky_map = sky_map.to_unit(u.one)
    views = _listed(fields_of_view)
    frame = sky_map.geom.frame if frame is None else frame
    ax = sky_axes(ax, frame)
    edges = [np.arange(-end, end + _STEP, _STEP) for end in (180, 90)]
    x, y = (ends[:-1] + _STEP / 2 for ends in edges)
    coords = SkyCoord(*np.meshgrid(-x, y), unit="deg", frame=frame)
    values = _SCALE * _values_at(sky_map, coords)
    # an isotropic sky has no largest intensity
    limit = (np.abs(values).max() or 1.0) if vmax is None else _SCALE * vmax
    style = {"cmap": cmap, "vmin": -limit, "vmax": limit, "rasterized": True, "zorder": 0.1}
    mesh = ax.pcolormesh(*map(np.deg2rad, edges), values, **style)
    levels = limit * np.arange(-_CONTOURS, _CONTOURS + 1) / (_CONTOURS + 1)
    ax.contour(*map(np.deg2rad, (x, y)), values, levels, colors="0.2", linewidths=0.7, zorder=0.2)
    style = {"orientation": "horizontal", "shrink": 0.6, "aspect": 35, "pad": 0.03}
    colorbar = ax.figure.colorbar(mesh, ax=ax, label=_LABEL, **style)
    colorbar.set_ticks(np.append(levels, [-limit, limit]), minor=True)

    handles = _draw_fields_of_view(ax, views, frame)
    if legend and handles:
        add_legend(ax, handles, loc="lower center", bbox_to_anchor=(0.5, 1.02), ncols=len(handles))
    return ax


def plot_band_profiles(subject, energy, fields_of_view=None, ax=None, legend=True):
    """Plot the relative intensity against right ascension, averaged over declination.

    A profile of a dipole is its first harmonic. Its maximum is marked, at the phase of the dipole
    and with its amplitude on the equator times the mean of cos(declination).

    Parameters
    ----------
    subject, ax, legend
        As for `~crlocal_plugin.plot_spectra`, without data; the legend is below the axes.
    energy : `~astropy.units.Quantity`
        Total energy per particle; several have one colour each.
    fields_of_view : FieldOfView or list of FieldOfView, optional
        Experiments, with one kind of line each; the whole sky by default.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes. Right ascension increases to the left, as on a map.

    Raises
    ------
    ValueError, TypeError
        If an energy is below all rest energies, or the subject or a field of view is none.
    """
    model = find_subject(subject).model
    views = _listed(fields_of_view) or [FieldOfView(0 * u.deg, 90 * u.deg, name="whole sky")]
    energies = np.atleast_1d(u.Quantity(energy))
    ax = picture_axes(ax, 4.8)
    right_ascension = np.linspace(0, 360, 361) * u.deg
    handles = []
    for number, energy in enumerate(energies):
        phase = model.dipole(energy).phase
        for view, line in zip(views, cycle(_LINE_STYLES)):
            style = {"color": _COLORS[number % len(_COLORS)], "linestyle": line}
            profile = partial(declination_band_profile, model, energy, field_of_view=view)
            curve, peak = (_SCALE * profile(at) for at in (right_ascension, phase))
            ax.plot(right_ascension.value, curve, **style)
            ax.plot(phase.value, peak, "o", color=style["color"], markersize=sized(5))
            label = f"{view.label}, {energy:g}: {peak:.2f} at {phase.value:.0f}°"
            handles.append(line_handle(label, **style, marker="o", markersize=sized(5)))
    ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
    ticks = np.arange(0, 361, 60)
    ax.set(xlim=(360, 0), xticks=ticks, xlabel="Right ascension [deg]", ylabel=_LABEL)
    if legend:
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.17), "ncols": 2}
        place = {} if is_narrow(ax.figure) else place
        add_legend(ax, handles, title="Energy, amplitude in 10$^{-3}$ and phase", **place)
    return ax


def _values_at(sky_map, coords):
    """Interpolated values of a map, masked where the nearest pixel has none."""
    inside = np.isfinite(sky_map.data)
    # gammapy takes pixels without a value for zero: what they add is divided out
    filled, weight = (
        sky_map.copy(data=data).interp_by_coord(coords)
        for data in (np.where(inside, sky_map.data, 0.0), inside.astype(float))
    )
    outside = ~np.isfinite(sky_map.get_by_coord(coords))
    return np.ma.array(filled, mask=outside) / np.ma.array(weight, mask=outside)


def _draw_fields_of_view(ax, views, frame):
    """Draw the ends of fields of view and return their legend handles."""
    right_ascension = np.deg2rad(np.linspace(0, 360, 721))
    handles = []
    for view, line in zip(views, cycle(_LINE_STYLES)):
        style = {"color": "black", "linewidth": 1.6, "linestyle": line}
        for declination in view.declination_range.to_value("rad"):
            if abs(declination) < np.pi / 2:
                circle = geometry.icrs_direction(right_ascension, np.full(721, declination))
                draw_track(ax, circle, frame, **style, zorder=2)
        handles.append(line_handle(view.label, **style))
    return handles


def _listed(fields_of_view):
    views = () if fields_of_view is None else fields_of_view
    views = [views] if isinstance(views, FieldOfView | str) else list(views)
    if not all(isinstance(view, FieldOfView) for view in views):
        raise TypeError(
            "fields_of_view: expected FieldOfView.of('HAWC') or others like it, got "
            f"{fields_of_view!r}"
        )
    return views
