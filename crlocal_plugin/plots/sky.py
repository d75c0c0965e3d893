"""Map of the directions that shape the dipole, and of the dipole itself."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
from astropy.coordinates import SkyCoord
from matplotlib.patheffects import withStroke
from matplotlib.projections.geo import GeoAxes
from matplotlib.transforms import Bbox

from ..datasets.drawing import break_at_jumps
from ..models.core import ENERGY_UNIT
from ..models.parameters import KERNEL_UNITS
from ..physics import geometry
from .style import add_legend, component_style, line_handle

__all__ = ["DIRECTION_LABELS", "plot_sky", "reference_directions"]

DIRECTION_LABELS = {
    "b": r"magnetic field $\mathbf{b}$",
    "-b": r"$-\mathbf{b}$",
    "Galactic centre": "Galactic centre",
    "Galactic anticentre": "Galactic anticentre",
    "u_HC": r"$\mathbf{u}_\mathrm{HC}$",
    "Compton-Getting": "Compton-Getting",
    "u_LSR": r"$\mathbf{u}_\mathrm{LSR}$",
}
"""Labels of the directions of `reference_directions`."""

_OPPOSITE = ("-b", "Galactic anticentre", "Compton-Getting")
"""Directions that are the reverse of a vector of the model or of the direction to the centre."""

_FRAMES = {"icrs": ("Right ascension", "declination"), "galactic": ("Longitude", "latitude")}

_DECADES = np.arange(2, 9)

_POINTS_PER_DECADE = 60

_MIN_SHARE = 0.01
"""Amplitude of a component over the sum of all below which its direction is of no interest."""

_SAME_POINT = 4.0
"""Distance in deg below which energies share one label."""

_LEGEND_COLUMN = 1.5
"""Width of a column of the legend in inches."""

_RINGS = "osDph^"
"""Shapes of the rings of the components, in their order, for readers in grey."""

_LEADER = {"arrowstyle": "-", "linewidth": 0.6, "color": "0.4", "shrinkA": 2, "shrinkB": 4}

_DISTANCES = (6, 10, 15, 21, 28, 36)
"""Distances in points at which labels may stand from what they label."""

_LEADER_FROM = 18
"""Distance in points from which on a line joins the label to its point."""

_CIRCLE = np.stack([f(np.deg2rad(np.arange(0, 360, 15))) for f in (np.cos, np.sin)], axis=-1)
"""Directions in which labels may stand."""


def reference_directions(model):
    """Directions on which the dipole of a model depends.

    Parameters
    ----------
    model : CosmicRayModel
        Model. Where its components disagree on a direction, the first one counts.

    Returns
    -------
    dict of str to `~numpy.ndarray`
        ICRS unit vectors: ``"b"`` and ``"-b"``, ``"Galactic centre"`` and
        ``"Galactic anticentre"``, ``"u_HC"``, its opposite ``"Compton-Getting"`` and ``"u_LSR"``,
        without those whose parameters the model does not have.
    """
    centre = geometry.galactic_direction(*_values(model, "lon_c", "lat_c") or (0.0, 0.0))
    directions = {"Galactic centre": centre, "Galactic anticentre": -centre}
    field = _values(model, "B_ra", "B_dec")
    if field:
        b = geometry.icrs_direction(*field)
        directions |= {"b": b, "-b": -b}
    flow = _values(model, "u_HC_ra", "u_HC_dec")
    if flow:
        flow = geometry.icrs_direction(*flow)
        directions |= {"u_HC": flow, "Compton-Getting": -flow}
    speeds = _values(model, "u_HC", "U_sun", "V_sun", "W_sun")
    if flow is not None and speeds:
        u_hc, *solar_motion = speeds
        velocity = geometry.lsr_velocity(u_hc, flow, *solar_motion)
        speed = np.linalg.norm(velocity)
        if speed > 0:
            directions["u_LSR"] = velocity / speed
    return directions


def _values(model, *names):
    """Values of parameters of the first dipole model that has them all, in kernel units."""
    for component in model.components.values():
        dipole = component.dipole_model
        if dipole is not None and set(names) <= set(dipole.parameters.names):
            return [getattr(dipole, n).quantity.to_value(KERNEL_UNITS[n]) for n in names]
    return None


def plot_sky(model, ax=None, energies=None, frame="icrs", legend=True):
    """Plot the directions that shape the dipole and the track of the dipole with energy.

    Crossed circles are vectors of the model and the Galactic centre, dotted circles their
    opposites. A component is drawn at energies where it matters, with a large open symbol at the
    energy where its share is largest. An isotropic model has no track.

    Parameters
    ----------
    model : CosmicRayModel
        Model.
    ax : `~matplotlib.axes.Axes`, optional
        Axes with projection "mollweide", "aitoff" or "hammer"; new Mollweide axes by default.
    energies : `~astropy.units.Quantity`, optional
        Total energies per particle that are marked along the track, labelled with
        log10(E / GeV); the decades from 1e2 to 1e8 GeV by default.
    frame : {"icrs", "galactic"}, optional
        Coordinates of the map. Longitudes increase to the left.
    legend : bool, optional
        Draw a legend below the map.

    Returns
    -------
    `~matplotlib.axes.Axes`
        The axes.

    Raises
    ------
    ValueError
        If the axes have no such projection, or the frame is not known.
    """
    if frame not in _FRAMES:
        raise ValueError(f"unknown frame {frame!r}: expected one of {', '.join(_FRAMES)}")
    if ax is None:
        _, ax = plt.subplots(
            figsize=(8, 4.9), layout="constrained", subplot_kw={"projection": "mollweide"}
        )
    if not isinstance(ax, GeoAxes):
        raise ValueError(
            'the map needs axes of the whole sky: make them with projection="mollweide", got '
            f"{type(ax).__name__}"
        )
    energies = 10.0**_DECADES * ENERGY_UNIT if energies is None else u.Quantity(energies)
    energies = np.sort(np.atleast_1d(energies.to(ENERGY_UNIT)))
    _draw_grid(ax, frame)

    longitude = np.linspace(0, 360, 721)
    plane = geometry.galactic_direction(np.deg2rad(longitude), np.zeros(longitude.shape))
    style = {"color": "0.55", "linewidth": 1, "linestyle": (0, (1, 1))}
    _draw_track(ax, plane, frame, **style)
    labels = _draw_directions(ax, model, frame)
    labels += _draw_energies(ax, model, energies, frame)
    handles = [
        *_draw_dipoles(ax, model, energies, frame),
        line_handle("direction", **_symbol(opposite=False)),
        line_handle("opposite direction", **_symbol(opposite=True)),
        line_handle("Galactic plane", **style),
    ]
    if legend:
        # wider than the map it would make the layout shrink the map
        width = ax.get_window_extent().width / ax.figure.dpi
        ncols = int(np.clip(width / _LEGEND_COLUMN, 1, 4))
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.09), "ncols": ncols}
        add_legend(ax, handles, **place)
    _place_labels(ax, labels)
    return ax


def _draw_grid(ax, frame):
    ticks = np.arange(-150, 151, 30)
    ax.set_xticks(np.deg2rad(ticks), [f"{-tick % 360}°" for tick in ticks])
    ax.set_yticks(np.deg2rad(np.arange(-60, 61, 30)))
    ax.tick_params(labelsize="small", labelcolor="0.5")
    ax.grid(color="0.9", linewidth=0.6, zorder=0)
    ax.set_axisbelow(True)
    longitude, latitude = _FRAMES[frame]
    ax.set_xlabel(f"{longitude} and {latitude} ({'ICRS' if frame == 'icrs' else 'Galactic'}) [deg]")


def _on_map(vector, frame):
    """Map coordinates of ICRS vectors: minus the longitude, and the latitude, in deg."""
    x, y, z = np.moveaxis(np.asarray(vector), -1, 0)
    latitude = np.arctan2(z, np.hypot(x, y))
    sky = SkyCoord(np.arctan2(y, x) * u.rad, latitude * u.rad, frame="icrs").transform_to(frame)
    spherical = sky.spherical
    longitude = (spherical.lon.to_value("deg") + 180) % 360 - 180
    return -longitude, spherical.lat.to_value("deg")


def _draw_track(ax, vector, frame, **style):
    longitude, latitude = break_at_jumps(*_on_map(vector, frame))
    ax.plot(np.deg2rad(longitude), np.deg2rad(latitude), **style)


def _symbol(opposite):
    return {
        "linestyle": "none",
        "marker": r"$\odot$" if opposite else r"$\otimes$",
        "markersize": 11,
        "markeredgewidth": 0.3,
        "color": "black",
    }


def _draw_directions(ax, model, frame):
    """Draw the directions of the model and return their labels."""
    labels = []
    for name, vector in reference_directions(model).items():
        longitude, latitude = np.deg2rad(_on_map(vector, frame))
        ax.plot(longitude, latitude, **_symbol(name in _OPPOSITE), zorder=3.5, clip_on=False)
        labels.append((longitude, latitude, DIRECTION_LABELS[name], {"fontsize": "medium"}))
    return labels


def _draw_dipoles(ax, model, energies, frame):
    """Draw the tracks of components and total, and return their legend handles."""
    low, high = energies.value[[0, -1]]
    size = max(2, round(_POINTS_PER_DECADE * np.log10(high / low)))
    grid = np.geomspace(low, high, size) * ENERGY_UNIT
    contributions = {name: model.dipole(grid, component=name) for name in model.components}
    lengths = {name: d.total_amplitude.value for name, d in contributions.items()}
    everything = sum(lengths.values())
    style = component_style("total") | {"linewidth": 1.8}
    total = model.dipole(grid)
    rows = total.total_amplitude.value > 0
    handles = []
    if rows.any():
        _draw_track(ax, total.vector[rows], frame, **style, zorder=3)
        label = "total, with log$_{10}$(E/GeV)"
        handles.append(line_handle(label, **style, marker="o", markersize=4))
    for number, (name, dipole) in enumerate(contributions.items()):
        rows = lengths[name] > _MIN_SHARE * everything
        if not rows.any():
            continue
        style = component_style(name)
        _draw_track(ax, dipole.vector[rows], frame, **style, linewidth=1.6, zorder=2)
        # rings of different sizes, since components that follow the field share its direction
        shape = _RINGS[number % len(_RINGS)]
        ring = {"marker": shape, "markerfacecolor": "none", "markeredgewidth": 1.5}
        largest = np.argmax(lengths[name] / np.maximum(everything, np.finfo(float).tiny))
        longitude, latitude = np.deg2rad(_on_map(dipole.vector[largest], frame))
        where = {"markersize": 14 + 3 * number, "color": style["color"], "linestyle": "none"}
        ax.plot(longitude, latitude, **ring, **where, zorder=2)
        handles.append(line_handle(name, **style, **ring, markersize=9))
    return handles


def _draw_energies(ax, model, energies, frame):
    """Mark energies along the track and return their labels, one for points that coincide."""
    energies = energies[model.dipole(energies).total_amplitude.value > 0]
    dipole = model.dipole(energies)
    longitude, latitude = np.deg2rad(_on_map(dipole.vector, frame))
    ax.plot(longitude, latitude, "o", color="black", markersize=4, zorder=4)
    directions = dipole.direction
    logs = [f"{np.log10(energy):.3g}" for energy in energies.value]
    groups = []
    for index in range(len(logs)):
        if groups and directions[index].separation(directions[groups[-1][0]]).deg < _SAME_POINT:
            groups[-1].append(index)
        else:
            groups.append([index])
    style = {"fontsize": "small", "fontweight": "bold"}
    return [
        (longitude[group[0]], latitude[group[0]], ", ".join(logs[i] for i in group), style)
        for group in groups
    ]


# --------------------------------------------------------------------- labels


def _place_labels(ax, labels):
    """Put labels near their points, where they cover neither each other nor what is drawn."""
    figure = ax.figure.canvas.figure
    figure.draw_without_rendering()
    per_point = figure.dpi / 72
    curves = [_on_page(line) for line in ax.lines]
    taken = [text.get_window_extent() for text in (*ax.get_xticklabels(), *ax.get_yticklabels())]
    for line, points in zip(ax.lines, curves, strict=True):
        if line.get_linestyle() == "None":
            half = 0.6 * line.get_markersize() * per_point
            taken += [Bbox([point - half, point + half]) for point in points]
    frame = ax.get_window_extent()

    def cost(distance, box):
        covered = sum(box.overlaps(other) for other in taken)
        crossed = sum(_crosses(points, box) for points in curves)
        outside = box.x0 < frame.x0 or box.x1 > frame.x1
        return 1000 * outside + 100 * covered + 30 * crossed + distance

    for x, y, text, style in labels:
        label = ax.annotate(
            text,
            (x, y),
            xytext=(0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            zorder=5,
            arrowprops=_LEADER,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            **style,
        )
        # the layout of the figure shall not change under labels that are placed by it
        label.set_in_layout(False)
        extent = label.get_window_extent()
        half = np.array([extent.width, extent.height]) / 2
        point = ax.transData.transform((x, y))
        candidates = []
        for distance in _DISTANCES:
            for direction in _CIRCLE:
                offset = direction * (distance * per_point + half)
                box = Bbox([point + offset - half - 1, point + offset + half + 1])
                candidates.append((cost(distance, box), distance, offset, box))
        _, distance, offset, box = min(candidates, key=lambda candidate: candidate[0])
        label.set_position(offset / per_point)
        label.arrow_patch.set_visible(distance >= _LEADER_FROM)
        taken.append(box)


def _on_page(line):
    """Points of a line in pixels."""
    data = np.column_stack(line.get_data()).astype(float)
    return line.get_transform().transform(data[np.isfinite(data).all(axis=1)])


def _crosses(points, box):
    return ((points >= box.min) & (points <= box.max)).all(axis=1).any()
