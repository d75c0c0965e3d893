"""Pictures of the page, drawn with Bokeh: spectra, dipole amplitude and phase, sky."""

import numpy as np
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    DataRange1d,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    Range1d,
    Span,
)
from bokeh.palettes import Cividis256
from bokeh.plotting import figure

from ..components.base import x_unit
from ..datasets.plot_axes import break_at_jumps, log_limits, points_in_fit
from ..physics.dipole import amplitude_and_phase
from ..plots.points import points_on_axis, source_names, total_energies
from ..plots.sky.directions import reference_directions
from ..plots.style import (
    component_label,
    component_style,
    experiment_markers,
    species_color,
    species_label,
)
from ..plots.subject import Subject
from .curves import (
    N_POINTS,
    POWER,
    DipoleCurves,
    SpectrumCurves,
    amplitude_phase,
    dipole_energies,
    hammer,
    sky_pixels,
    sky_places,
)
from .symbols import bokeh_marker

AXES = {
    "total_energy": ("Total energy per particle E [GeV]", "E²·⁷ J [GeV¹·⁷ m⁻² s⁻¹ sr⁻¹]"),
    "rigidity": ("Rigidity R [GV]", "R²·⁷ J [GV¹·⁷ m⁻² s⁻¹ sr⁻¹]"),
}
"""Labels of the axes that spectra can be shown against."""

HEIGHT, MAP_HEIGHT = 340, 240

_REFERENCES = {
    "b": ("b", 10, 0, -7),
    "-b": ("−b", 10, -4, 7),
    "Galactic centre": ("Galactic centre", 9, 8, -7),
    "Compton-Getting": ("Compton-Getting", 9, -7, 7),
}
"""Directions that are drawn: label, where it is beside its place on the map, and above its line."""

_TEXT = {"text_baseline": "middle", "text_font_size": "11px"}
_TEXT |= {"background_fill_color": "white", "background_fill_alpha": 0.65}

_OUTSIDE = 0.3


def _figure(title, **settings):
    fig = figure(
        title=title,
        height=HEIGHT,
        sizing_mode="stretch_width",
        toolbar_location="above",
        tools="pan,wheel_zoom,box_zoom,reset,save",
        active_drag=None,
        **settings,
    )
    fig.toolbar.logo, fig.toolbar.autohide = None, True
    fig.min_border_right = 14
    for ax in fig.axis:
        ax.axis_label_text_font_style = "normal"
        ax.axis_label_text_font_size, ax.major_label_text_font_size = "12px", "11px"
        ax.axis_label_text_color = ax.major_label_text_color = "#222222"
    fig.title.text_font_size = "13px"
    fig.grid.grid_line_alpha = 0.5
    return fig


def _dash(style):
    line = style.get("linestyle", "solid")
    return [round(2 * length) for length in line[1]] if isinstance(line, tuple) else line


class Figures:
    """Figures and the data in them, which `update` brings to the values of an exploration.

    ``energy`` is that of the map in GeV, ``markers`` have marker, whether it is filled, and colour
    of each dataset, ``spans`` are lines at the energy of the map.
    """

    def __init__(self, exploration, n_points=N_POINTS):
        self.exploration, self.energy = exploration, 1e4
        model, datasets = exploration.model, list(exploration.datasets)
        self._dipoles = [d for d in datasets if getattr(d, "kind", "") == "dipole"]
        energies = dipole_energies(model, self._dipoles, n_points)
        self.dipole = DipoleCurves(model, energies)
        self.pixels = sky_pixels()
        names = ("spectra", "spectrum_points", "dipole", "amplitude_points", "phase_points")
        names += ("directions", "track", "image", "here")
        self.sources = {name: ColumnDataSource() for name in names}
        self.spectra = _figure("Spectra", x_axis_type="log", y_axis_type="log")
        subject = Subject(model, datasets)
        self._curves = {axis: SpectrumCurves(subject, axis, n_points) for axis in AXES}
        # lines that are added later would take the legend away
        self._lines = list(dict.fromkeys(n for c in self._curves.values() for n in c.names))
        spectra = [d for c in self._curves.values() for d in c.datasets]
        self.markers = _markers(list(dict.fromkeys(spectra))) | _markers(self._dipoles)
        self._draw_spectra()
        self._draw_dipole()
        self._draw_sky()
        self.show_axis("total_energy")
        self.update()
        self.update_points()

    # ----------------------------------------------------------------- updates

    def update(self):
        """Bring all curves to the present values."""
        self.update_spectra()
        self._vectors = self.dipole()
        amplitude, phase = amplitude_phase(self._vectors)
        data = {"x": self.dipole.energy}
        data |= {f"a{k}": row for k, row in enumerate(amplitude)}
        # as many turns as put the curve on the axis, whatever it does
        turn = 360 * np.floor(np.nanmean(phase[0]) / 360) if np.isfinite(phase[0]).any() else 0
        data |= {f"p{k}": phase[0] - turn + 360 * (k - 1) for k in range(3)}
        self._send("dipole", data)
        directions = reference_directions(self.exploration.model)
        vectors = np.array([directions[name] for name in self._names])
        ra = np.rad2deg(amplitude_and_phase(vectors)[1])
        x, y = sky_places(vectors)
        self._send("directions", dict(self.sources["directions"].data) | {"ra": ra, "x": x, "y": y})
        # no line across the map
        x, y = break_at_jumps(*sky_places(self._vectors[0]), jump=2)
        self._send("track", {"x": x, "y": y})
        self.update_map()

    def update_spectra(self):
        """Bring the spectra to the present values."""
        found = dict(zip(self.curves.names, self.curves(), strict=True))
        absent = np.full(len(self.curves.x), np.nan)
        rows = {f"y{k}": found.get(name, absent) for k, name in enumerate(self._lines)}
        self._send("spectra", {"x": self.curves.x} | rows)

    def update_map(self):
        """Bring the map to the present values and its energy."""
        logs = np.log(self.dipole.energy)
        vector = [np.interp(np.log(self.energy), logs, row) for row in self._vectors[0].T]
        image = (1e3 * self.pixels @ np.array(vector)).astype(np.float32)
        # in steps: a new range of colours draws the whole figure anew
        top = 10 ** (np.ceil(10 * np.log10(1e3 * np.linalg.norm(vector) or 1.0)) / 10)
        self.mapper.update(low=-top, high=top)
        self._send("image", {"image": [image]})
        x, y = sky_places([vector])
        self._send("here", {"x": x, "y": y})
        for span in self.spans:
            span.location = self.energy

    def _send(self, name, data):
        """Replace the data of a source, unless they are the same: each goes to the browser."""
        old = self.sources[name].data
        if old.keys() != data.keys() or any(
            old[key] is not row and not np.array_equal(old[key], row, equal_nan=True)
            for key, row in data.items()
        ):
            self.sources[name].data = data

    def update_points(self):
        """Bring the data to the present values of nuisance parameters, which shift them."""
        self.sources["spectrum_points"].data = self._spectrum_points()
        amplitudes, phases = self._dipole_points()
        self.sources["amplitude_points"].data = amplitudes
        self.sources["phase_points"].data = phases

    def show_axis(self, axis):
        """Show the spectra against another axis."""
        fig, self.curves = self.spectra, self._curves[axis]
        fig.xaxis.axis_label, fig.yaxis.axis_label = AXES[axis]
        self.update_spectra()
        points = self.sources["spectrum_points"].data = self._spectrum_points()
        y = points["y"][points["alpha"] == 1]
        low, high = log_limits(y, 2.5) or log_limits(self.curves(), 2, 5)
        fig.y_range.update(start=low, end=high)
        fig.x_range.update(start=self.curves.x[0], end=self.curves.x[-1])

    # ----------------------------------------------------------------- drawing

    def _draw_spectra(self):
        fig, labels = self.spectra, {}
        for k, (quantity, part) in enumerate(self._lines):
            look = {"line_dash": _dash(component_style(part or "total"))}
            look |= {"color": species_color(quantity), "line_width": 1.2 if part else 2.2}
            fig.line("x", f"y{k}", source=self.sources["spectra"], **look)
            # components of all species look alike but for the colour
            label = component_label(part) if part else species_label(quantity)
            labels[label] = look | {"color": "#555555"} if part else look
        for label, look in sorted(labels.items(), key=lambda item: item[1]["line_width"] < 2):
            fig.line([np.nan], [np.nan], legend_label=label, **look)
        self._draw_points(fig, "spectrum_points", "J")
        _place_legend(fig)

    def _draw_dipole(self):
        ends = Range1d(self.dipole.energy[0], self.dipole.energy[-1])
        settings = {"x_axis_type": "log", "x_range": ends, "css_classes": ["dipole"]}
        self.amplitude = _figure("Dipole amplitude", y_axis_type="log", **settings)
        self.phase = _figure("Dipole phase", y_range=Range1d(0, 360), **settings)
        self.amplitude.yaxis.axis_label = "Amplitude on the equator"
        self.phase.yaxis.axis_label = "Right ascension [deg]"
        self.phase.yaxis.ticker = FixedTicker(ticks=list(range(0, 361, 60)))
        source, directions = self.sources["dipole"], self.sources["directions"]
        for k, name in enumerate(self.dipole.names):
            style = component_style(name or "total")
            look = {"color": style["color"], "line_dash": _dash(style)}
            self.amplitude.line(
                *("x", f"a{k}"), source=source, line_width=1.5 if name else 2.4, **look,
                legend_label=component_label(name) if name else "sum",
            )  # fmt: skip
        for k in range(3):
            self.phase.line("x", f"p{k}", source=source, line_width=2.4, color="black")
        known = reference_directions(self.exploration.model)
        self._names = [name for name in _REFERENCES if name in known]
        names = ("label", "dx", "dy", "above")
        columns = zip(*(_REFERENCES[n] for n in self._names), strict=True)
        left = [1.1 * self.dipole.energy[0]] * len(self._names)
        directions.data = dict(zip(names, columns, strict=True)) | {"left": left}
        look = {"line_color": "#888888", "level": "underlay"}
        self.phase.hspan("ra", source=directions, **look)
        place = {"source": directions, "y_offset": "above"}
        self.phase.text("left", "ra", "label", text_color="#444444", **place, **_TEXT)
        self._draw_points(self.amplitude, "amplitude_points", "A")
        self._draw_points(self.phase, "phase_points", "phase")
        _place_legend(self.amplitude)
        self.amplitude.legend[0].visible = len(self.dipole.names) > 1
        amplitudes, _ = self._dipole_points()
        y = amplitudes["y"][amplitudes["alpha"] == 1]
        low, high = log_limits(y, 4) or (1e-5, 1e-2)
        self.amplitude.y_range.update(start=low, end=high)
        self.spans = [Span(dimension="height", line_dash=[2, 3], **look) for _ in range(2)]
        for fig, span in zip((self.amplitude, self.phase), self.spans, strict=True):
            fig.xaxis.axis_label = AXES["total_energy"][0]
            fig.add_layout(span)

    def _draw_points(self, fig, name, what):
        source, color = self.sources[name], {"line_color": "color", "line_alpha": "alpha"}
        fig.segment("x", "low", "x", "high", source=source, **color)
        marks = fig.scatter(
            *("x", "y"), source=source, marker="marker", size=6, fill_color="face",
            fill_alpha="alpha", **color,
        )  # fmt: skip
        tips = [("", "@dataset"), ("", f"@x{{0.00a}} @unit, {what} @value{{0.00e}}")]
        fig.add_tools(HoverTool(renderers=[marks], tooltips=tips, visible=False))

    def _draw_sky(self):
        ranges = {name: DataRange1d(range_padding=0.02) for name in ("x_range", "y_range")}
        fig = self.sky = _figure(
            "Relative intensity δI/I of the sky [10⁻³], ☆ excess", match_aspect=True, **ranges
        )
        fig.height = MAP_HEIGHT
        fig.axis.visible, fig.grid.visible, fig.outline_line_color = False, False, None
        self.mapper = LinearColorMapper(Cividis256, nan_color="rgba(255,255,255,0)")
        image = fig.image(
            "image", source=self.sources["image"], x=-2 * np.sqrt(2), y=-np.sqrt(2),
            dw=4 * np.sqrt(2), dh=2 * np.sqrt(2), color_mapper=self.mapper,
        )  # fmt: skip
        fig.x_range.renderers = fig.y_range.renderers = [image]
        bar = ColorBar(color_mapper=self.mapper, width=8, padding=2, height=150)
        fig.add_layout(bar, "right")
        _draw_graticule(fig)
        for color, width in (("white", 3.5), ("black", 1.6)):
            fig.line("x", "y", source=self.sources["track"], color=color, line_width=width)
        fig.scatter(
            *("x", "y"), source=self.sources["directions"], marker="circle_cross", size=10,
            line_color="black", fill_color="white",
        )  # fmt: skip
        place = {"source": self.sources["directions"], "x_offset": "dx", "y_offset": "dy"}
        fig.text("x", "y", "label", text_color="black", **place, **_TEXT)
        fig.scatter(
            *("x", "y"), source=self.sources["here"], marker="star", size=17, fill_color="white",
            line_color="black", line_width=1.5,
        )  # fmt: skip

    # ----------------------------------------------------------------- measured points

    def _columns(self, dataset, x, y, errors, value, unit="GeV", floor=1e-3):
        """Columns of the points of a dataset; errors end at a part ``floor`` of the value."""
        marker, filled, color = self.markers[dataset.name]
        is_ul = getattr(dataset, "is_ul", np.zeros(len(x), dtype=bool))
        in_fit = points_in_fit(dataset)
        low, high = (y + sign * np.nan_to_num(e) for sign, e in zip((-1, 1), errors, strict=True))
        low = np.where(is_ul, y / 2, low)
        columns = {
            "x": x, "y": y, "low": np.where(low > 0, low, floor * y) if floor else low,
            "high": np.where(is_ul, y, high), "color": color, "unit": unit, "value": value,
            "marker": np.where(is_ul, "inverted_triangle", bokeh_marker(marker)),
            "face": np.where(in_fit & filled & ~is_ul, color, "white"),
            "alpha": np.where(in_fit, 1.0, _OUTSIDE), "dataset": dataset.name,
        }  # fmt: skip
        rows = np.isfinite(x) & np.isfinite(y)
        return {name: np.broadcast_to(c, rows.shape)[rows] for name, c in columns.items()}

    def _spectrum_points(self):
        parts, axis = [], self.curves.axis
        for dataset in self.curves.datasets:
            x, factor = points_on_axis(dataset, self.exploration.model, axis)
            intensity, weight = factor * dataset.intensity.value, x**POWER
            errors = [weight * factor * error.value for error in dataset.intensity_errors]
            y, unit = weight * intensity, str(x_unit(axis))
            parts.append(self._columns(dataset, x, y, errors, intensity, unit))
        return _joined(parts)

    def _dipole_points(self):
        amplitudes, phases = [], []
        for dataset in self._dipoles:
            x = total_energies(dataset, self.exploration.model)
            factor = dataset.nuisance_values()[-1]
            y = np.where(dataset.is_ul, dataset.amplitude_ul, dataset.amplitude) / factor
            errors = [error / factor for error in dataset.amplitude_errors]
            amplitudes.append(self._columns(dataset, x, y, errors, y))
            y = np.where(dataset.is_ul, np.nan, dataset.phase.to_value("deg"))
            errors = 2 * [dataset.phase_error.to_value("deg")]
            for turn in (-360, 0, 360):
                phases.append(self._columns(dataset, x, y + turn, errors, y, floor=None))
        return _joined(amplitudes), _joined(phases)


def _markers(datasets):
    """Marker and whether it is filled, colour of each dataset, by its name (dict)."""
    names, found = source_names(datasets), {}
    markers = experiment_markers(names)
    for dataset, name in zip(datasets, names, strict=True):
        color = "#404040" if dataset.kind == "dipole" else species_color(dataset.quantity)
        found[dataset.name] = (*markers[name], color)
    return found


def _place_legend(fig):
    """Put the legend below the axes, in as many columns as there is room for."""
    legend = fig.legend[0]
    fig.center.remove(legend)
    fig.add_layout(legend, "below")
    longest = max(len(item.label.value) for item in legend.items)
    legend.ncols = 2 if longest > 13 else 4
    legend.border_line_color, legend.label_text_font_size = None, "11px"
    legend.padding, legend.margin, legend.spacing = 0, 4, 4
    legend.label_height, legend.glyph_height, legend.glyph_width = 13, 11, 26


_COLUMNS = ("x", "y", "low", "high", "marker", "face", "color", "alpha", "dataset", "unit", "value")


def _joined(parts):
    return {name: np.concatenate([part[name] for part in parts] or [[]]) for name in _COLUMNS}


def _draw_graticule(fig):
    """Meridians and parallels every 60 and 30 deg, with right ascensions along the equator."""
    look = {"line_color": "#555555", "line_alpha": 0.4, "line_width": 0.7}
    around = np.deg2rad(np.linspace(-180, 180, 181))
    for longitude in np.deg2rad(np.arange(-180, 181, 60)):
        fig.line(*hammer(np.full(181, longitude), around / 2), **look)
    for latitude in np.deg2rad(np.arange(-60, 61, 30)):
        fig.line(*hammer(around, np.full(181, latitude)), **look)
    for edge in (-np.pi, np.pi):
        fig.line(*hammer(np.full(181, edge), around / 2), line_color="black")
    text = {"text_font_size": "10px"}
    # names of directions are below the equator, and the track crosses it near 240 deg
    ra = np.array([60, 120, 180, 300])
    x, y = hammer(np.deg2rad(ra - 180), np.zeros(4))
    fig.text(
        x, y, [f"{value}°" for value in ra], text_align="center",
        y_offset=-1, text_color="white", **text,
    )  # fmt: skip
    x, y = hammer(np.full(4, np.pi), np.deg2rad([-60, -30, 30, 60]))
    fig.text(
        x, y, [f"{dec}°" for dec in ("−60", "−30", "30", "60")], text_align="right",
        text_baseline="middle", x_offset=-4, **text,
    )  # fmt: skip
