"""Map of the directions that shape the dipole, and of the dipole itself."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np

from ...components.base import ENERGY_UNIT
from ...components.compton_getting import LsrComptonGettingDipoleModel
from ...datasets.plot_axes import sized
from ...physics import geometry
from ..frame import add_legend, is_narrow, line_handle
from ..style import component_label, component_style
from ..subject import chosen_names, find_subject
from .axes import draw_track, on_map, sky_axes
from .labels import place_labels

# Labels of `reference_directions`, where they are not the names.
DIRECTION_LABELS = {
    "b": r"magnetic field $\mathbf{b}$",
    "-b": r"$-\mathbf{b}$",
    "u_HC": r"$\mathbf{u}_\mathrm{HC}$",
    "u_LSR": r"$\mathbf{u}_\mathrm{LSR}$",
}

# Directions that are the reverse of a vector of the model or of the direction to the centre.
_OPPOSITE = ("-b", "Galactic anticentre", "Compton-Getting")

_POINTS_PER_DECADE = 60

_MIN_SHARE = 0.01  # of a component in the sum of amplitudes, below which it is of no interest

_SAME_POINT = 4.0  # deg below which energies share one label

_LEGEND_COLUMN, _LEGEND_BELOW = 10.8, 3  # width, and distance below the map, in sizes of the font

_RINGS = "osDph^"  # shapes for the components, in their order, for readers in grey


def reference_directions(model):
    """ICRS unit vectors on which the dipole of a model depends (dict of str to `~numpy.ndarray`).

    Those whose parameters the model has; where components disagree on one, the first counts.
    """
    centre = geometry.galactic_direction(*_values(model, "lon_c", "lat_c") or (0.0, 0.0))
    directions = {"Galactic centre": centre, "Galactic anticentre": -centre}
    if field := _values(model, "B_ra", "B_dec"):
        b = geometry.icrs_direction(*field)
        directions |= {"b": b, "-b": -b}
    if angles := _values(model, "u_HC_ra", "u_HC_dec"):
        flow = geometry.icrs_direction(*angles)
        directions |= {"u_HC": flow, "Compton-Getting": -flow}
        if speeds := _values(model, "u_HC", "U_sun", "V_sun", "W_sun"):
            velocity = geometry.lsr_velocity(speeds[0], flow, *speeds[1:])
            if speed := np.linalg.norm(velocity):
                directions["u_LSR"] = velocity / speed
    for component in model.components.values():
        if isinstance(component.dipole_model, LsrComptonGettingDipoleModel):
            solar = geometry.lsr_velocity(0.0, centre, *_values(model, "U_sun", "V_sun", "W_sun"))
            if speed := np.linalg.norm(solar):
                directions["Compton-Getting"] = solar / speed
    return directions


def has_parameters(model, *names):
    """Whether a dipole model has all these parameters (bool)."""
    return _values(model, *names) is not None


def _values(model, *names):
    """Values in kernel units of parameters, of the first dipole model that has them all."""
    for component in model.components.values():
        dipole = component.dipole_model
        if dipole is not None and set(names) <= set(dipole.parameters.names):
            return [getattr(dipole, n).quantity.to_value(dipole.kernel_units[n]) for n in names]


def plot_sky(subject, ax=None, energies=None, frame="icrs", legend=True, components=True):
    """Plot the directions that shape the dipole and the track of the dipole with energy.

    Crossed circles are vectors of the model and the Galactic centre, dotted circles their
    opposites. A component is drawn at energies where it matters, with a large open symbol at the
    energy where its share is largest. An isotropic model has no track.

    Parameters
    ----------
    subject, components
        As for `~crlocal_plugin.plot_spectra`. Data have no place here: what experiments measure
        has a right ascension, but no declination.
    ax, frame, legend
        As for `~crlocal_plugin.plot_sky_map`; the map is ICRS by default, its legend below.
    energies : `~astropy.units.Quantity`, optional
        Total energies per particle that are marked along the track, labelled with
        log10(E / GeV); the decades from 1e2 to 1e8 GeV by default.

    Returns
    -------
    `~matplotlib.axes.Axes`

    Raises
    ------
    ValueError, TypeError
        As for `~crlocal_plugin.plot_sky_map`, or if a component is not known, there are no energies
        or the subject is none.
    """
    model = find_subject(subject).model
    components = chosen_names(components, model.components, "component")
    energies = 10.0 ** np.arange(2, 9) * ENERGY_UNIT if energies is None else u.Quantity(energies)
    energies = np.sort(np.atleast_1d(energies.to(ENERGY_UNIT)))
    if not energies.size:
        raise ValueError("energies: expected one at least")

    ax = sky_axes(ax, frame)
    plane = geometry.galactic_direction(np.deg2rad(np.linspace(0, 360, 721)), np.zeros(721))
    style = {"color": "0.55", "linewidth": sized(1), "linestyle": (0, (1, 1))}
    draw_track(ax, plane, frame, **style)
    labels = []
    for name, vector in reference_directions(model).items():
        place = np.deg2rad(on_map(vector, frame))
        ax.plot(*place, **_symbol(name in _OPPOSITE), zorder=3.5, clip_on=False)
        size = {"fontsize": "small" if is_narrow(ax.figure) else "medium"}
        labels.append((*place, DIRECTION_LABELS.get(name, name), size))
    labels += _draw_energies(ax, model, energies, frame)
    handles = [
        *_draw_dipoles(ax, model, energies, frame, components),
        line_handle("direction", **_symbol(opposite=False)),
        line_handle("opposite direction", **_symbol(opposite=True)),
        line_handle("Galactic plane", **style),
    ]
    if legend:
        # wider than the map it would make the layout shrink the map
        width, height = ax.get_window_extent().size / ax.figure.dpi
        em = plt.rcParams["font.size"] / 72
        ncols = int(np.clip(width / (_LEGEND_COLUMN * em), 1, 4))
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, -_LEGEND_BELOW * em / height)}
        add_legend(ax, handles, ncols=ncols, **place)
    place_labels(ax, labels)
    return ax


def _symbol(opposite):
    marker = r"$\odot$" if opposite else r"$\otimes$"
    size = {"markersize": sized(11), "markeredgewidth": sized(0.3)}
    return {"linestyle": "none", "marker": marker, "color": "black"} | size


def _draw_dipoles(ax, model, energies, frame, components):
    """Draw the tracks of components and total, and return their legend handles."""
    low, high = energies.value[[0, -1]]
    size = max(2, round(_POINTS_PER_DECADE * np.log10(high / low)))
    grid = np.geomspace(low, high, size) * ENERGY_UNIT
    contributions = {name: model.dipole(grid, component=name) for name in model.components}
    lengths = {name: d.total_amplitude.value for name, d in contributions.items()}
    everything = sum(lengths.values())
    style, handles = component_style("total") | {"linewidth": sized(1.8)}, []
    total = model.dipole(grid)
    rows = total.total_amplitude.value > 0
    if rows.any():
        draw_track(ax, total.vector[rows], frame, **style, zorder=3)
        label = "Total, with log$_{10}$(E/GeV)"
        handles.append(line_handle(label, **style, marker="o", markersize=sized(4)))
    for number, (name, dipole) in enumerate(contributions.items()):
        rows = lengths[name] > _MIN_SHARE * everything
        if name not in components or not rows.any():
            continue
        style = component_style(name)
        where = {"markersize": sized(14 + 3 * number), "linestyle": "none"}
        draw_track(ax, dipole.vector[rows], frame, **style, linewidth=sized(1.6), zorder=2)
        # rings of different sizes, since components that follow the field share its direction
        shape = _RINGS[number % len(_RINGS)]
        ring = {"marker": shape, "markerfacecolor": "none", "markeredgewidth": sized(1.5)}
        largest = np.argmax(lengths[name] / np.maximum(everything, np.finfo(float).tiny))
        place = np.deg2rad(on_map(dipole.vector[largest], frame))
        ax.plot(*place, color=style["color"], **ring, **where, zorder=2)
        handles.append(line_handle(component_label(name), **style, **ring, markersize=sized(9)))
    return handles


def _draw_energies(ax, model, energies, frame):
    """Mark energies along the track and return their labels, one for points that coincide."""
    energies = energies[model.dipole(energies).total_amplitude.value > 0]
    dipole = model.dipole(energies)
    places = np.deg2rad(on_map(dipole.vector, frame))
    ax.plot(*places, "o", color="black", markersize=sized(4), zorder=4)
    style = {"fontsize": "small", "fontweight": "bold"}
    first, labels = None, []
    for row, direction in enumerate(dipole.direction):
        text = f"{np.log10(energies[row].value):.3g}"
        if first is not None and direction.separation(first).deg < _SAME_POINT:
            *place, texts, _ = labels[-1]
            labels[-1] = (*place, f"{texts}, {text}", style)
        else:
            first = direction
            labels.append((*places[:, row], text, style))
    return labels
