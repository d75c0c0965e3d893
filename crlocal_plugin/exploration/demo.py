"""The page without a server: three sliders, over a grid of curves that is computed once."""

from itertools import product

import numpy as np
from bokeh.embed import components
from bokeh.models import Button, Column, ColumnDataSource, CustomJS, InlineStyleSheet, Slider
from bokeh.resources import Resources

from .figures import Figures
from .page import slider_format

_N_POINTS = 60

_GRID = {"V_sun": 9, "x": 11, "Q_0n": 9}
"""Values on the grid, by parameter; those of several nuclei move together, by a factor."""

_TITLES = {
    "V_sun": "V_sun, solar motion in Galactic rotation",
    "x": "x, distance from the edge of the cloud",
    "Q_0n": "Strength of the nearby source, in the best fit 1",
}

_MOST = 3.0
"""Factor up and down."""

_STYLE = """
:host { display: grid !important; width: 100% !important; gap: 4px;
  grid-template-columns: repeat(2, minmax(0, 1fr)); align-items: center; }
:host > * { position: static !important; width: 100% !important; }
@media (max-width: 560px) { :host { grid-template-columns: minmax(0, 1fr); }
  :host > .sliders { order: -1; } }
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>crlocal_plugin: spectra and dipole</title>
<script>
{}
</script>
</head>
<body>
{}
{}
</body>
</html>
"""

_MOVE = """
const size = grid.data.rows.length / shape.reduce((a, b) => a * b)
let corners = [[0, 1]]
sliders.forEach((slider, k) => {
  const place = (slider.value - slider.start) / (slider.end - slider.start) * (shape[k] - 1)
  const low = Math.min(Math.floor(place), shape[k] - 2)
  corners = corners.flatMap(([at, weight]) => [
    [at * shape[k] + low, weight * (low + 1 - place)],
    [at * shape[k] + low + 1, weight * (place - low)]])
})
const row = new Float64Array(size)
for (const [at, weight] of corners)
  for (let j = 0; j < size; j++) row[j] += weight * grid.data.rows[at * size + j]
const n = dipole.data.x.length, m = spectra.data.x.length
const degrees = []
for (let j = 0; j < n; j++) {
  const phase = Math.atan2(row[n + j], row[j]) * 180 / Math.PI
  degrees.push(j ? phase + 360 * Math.round((degrees[j - 1] - phase) / 360) : phase)
}
const turn = 360 * Math.floor(degrees.reduce((a, b) => a + b) / n / 360)
const turned = (k) => degrees.map((phase) => phase - turn + 360 * k)
const amplitude = degrees.map((_, j) => Math.hypot(row[j], row[n + j]))
dipole.data = {x: dipole.data.x, a0: amplitude, p0: turned(-1), p1: turned(0), p2: turned(1)}
const curves = {x: spectra.data.x}
for (let k = 0; 2 * n + k * m < size; k++)
  curves[`y${k}`] = Array.from(row.slice(2 * n + k * m, 2 * n + (k + 1) * m), Math.exp)
spectra.data = curves
"""


def demo_html(exploration):
    """Page of an exploration after a fit, as HTML (str)."""
    axes = {name: _positions(exploration, name) for name in _GRID}
    answer = exploration.fit()
    if not answer.success:
        raise ValueError(f"the demo begins at the best fit: {answer.message}")
    figures = Figures(exploration, n_points=_N_POINTS, has_parts=False)
    sliders = [_slider(exploration, name, places) for name, places in axes.items()]
    source = ColumnDataSource({"rows": _rows(exploration, figures, axes, sliders)})
    names = {name: figures.sources[name] for name in ("dipole", "spectra")}
    shape = list(_GRID.values())
    move = CustomJS(args={"grid": source, "shape": shape, "sliders": sliders, **names}, code=_MOVE)
    for slider in sliders:
        slider.js_on_change("value", move)
    back = Button(label="Best fit", button_type="primary", width_policy="min")
    best = [slider.value for slider in sliders]
    code = "sliders.forEach((slider, k) => { slider.value = best[k] })"
    back.js_on_click(CustomJS(args={"sliders": sliders, "best": best}, code=code))
    inside = Column(*sliders, back, css_classes=["sliders"], sizing_mode="stretch_width")
    for figure in (figures.spectra, figures.amplitude, figures.phase):
        figure.height = 300
    for span in figures.spans:
        # there is no map
        span.visible = False
    root = Column(
        *(figures.spectra, figures.amplitude, inside, figures.phase),
        stylesheets=[InlineStyleSheet(css=_STYLE)], sizing_mode="stretch_width",
    )  # fmt: skip
    # file_html would link to files of Panel where that is imported
    scripts = Resources(mode="inline", components=["bokeh", "bokeh-widgets"]).js_raw
    return _PAGE.format("\n".join(scripts), *components(root))


def _positions(exploration, name):
    """Positions of the parameters of a name among the values."""
    names = [handle.name for handle in exploration.handles]
    found = [k for k, label in enumerate(names) if label.split(".")[-1] == name]
    if not found:
        raise ValueError(f"the demo moves {', '.join(_GRID)}: {name} is not free")
    return found


def _slider(exploration, name, places):
    settings = {"title": _TITLES[name], "name": name, "bar_color": "#999999"}
    settings |= {"sizing_mode": "stretch_width", "margin": (6, 15, 6, 15)}
    if name == "Q_0n":
        end = np.log10(_MOST)
        settings |= {"start": -end, "end": end, "value": 0.0, "format": slider_format(True, "")}
    else:
        (k,) = places
        handle = exploration.handles[k]
        settings |= {"start": handle.low, "end": handle.high, "value": float(exploration.best[k])}
        settings |= {"format": slider_format(False, handle.unit)}
    return Slider(step=(settings["end"] - settings["start"]) / 400, **settings)


def _rows(exploration, figures, axes, sliders):
    """Dipole on the equator and logarithms of spectra at each point of the grid, joined."""
    rows = []
    ends = zip(sliders, _GRID.values(), strict=True)
    for point in product(*(np.linspace(s.start, s.end, n) for s, n in ends)):
        values = exploration.best.copy()
        for (name, places), value in zip(axes.items(), point, strict=True):
            values[places] = values[places] * 10**value if name == "Q_0n" else value
        exploration.move_to(values)
        vectors = figures.dipole()[0]
        logs = np.log(np.nan_to_num(figures.curves(), nan=1e-300))
        rows.append(np.concatenate([vectors[:, 0], vectors[:, 1], *logs]))
    exploration.to_best()
    return np.concatenate(rows).astype(np.float32)
