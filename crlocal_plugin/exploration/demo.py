"""A page of a few parameters that needs no server: values on a grid, computed beforehand."""

from pathlib import Path

import numpy as np

from ..analysis.description import Analysis
from ..files import refuse_existing, replace_file
from .opening import page_class
from .state import Exploration

GRID = {"V_sun": 13, "x": 11}
"""Parameters that the grid is of, and its points."""

_STRENGTH, _BACKGROUND = "delta_b", "background"
"""Parameter that multiplies the dipole of a component, and its component."""

_N_POINTS = 60

_LOWEST = -30.0
"""Logarithm that stands for no intensity."""


def write_demo(path, datasets=None, overwrite=False):
    """Write a page in which a few parameters move without a server: one HTML file.

    V_sun, x and delta_b have sliders; spectra, dipole and sky follow. Between the values that were
    computed it interpolates. It needs no network.

    Parameters
    ----------
    path : path-like
        File to be written, below 3 MB.
    datasets : CosmicRayDatasets, optional
        Data with a model that has these parameters free; by default those of Xue & Liu 2025.
    overwrite : bool, optional
        Replace an existing file.

    Raises
    ------
    ImportError
        If Bokeh is not installed.
    ValueError
        If a parameter is not free.
    FileExistsError
        If the file exists and ``overwrite`` is not set.
    """
    page_class()
    refuse_existing(path, overwrite=overwrite)
    exploration = Exploration(Analysis().prepare() if datasets is None else datasets)
    text = _html(exploration)
    with replace_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def tables(exploration, figures):
    """Ends of the grid, logarithms of the curves and dipole vectors at its points.

    Shapes are ``(2, 2)``, ``(g, h, k, n)`` and ``(g, h, p, 3, n)``.
    """
    handles = [exploration.handles[exploration.position(name)] for name in GRID]
    first, second = (
        np.linspace(h.low, h.high, n) for h, n in zip(handles, GRID.values(), strict=True)
    )
    start, curves, vectors = exploration.values.copy(), [], []
    for one in first:
        for other in second:
            for handle, value in zip(handles, (one, other), strict=True):
                exploration.move(handle.name, value)
            y = figures.curves()
            curves.append(np.where(y > 0, np.log10(np.where(y > 0, y, 1)), _LOWEST))
            vectors.append(np.swapaxes(figures.dipole(), 1, 2))
    exploration.move_to(start)
    shape, ends = tuple(GRID.values()), [(h.low, h.high) for h in handles]
    return (
        np.array(ends),
        np.maximum(curves, _LOWEST).astype(np.float32).reshape(*shape, *curves[0].shape),
        np.array(vectors, dtype=np.float32).reshape(*shape, *vectors[0].shape),
    )


def _html(exploration):
    from bokeh.embed import file_html
    from bokeh.models import Button, Column, ColumnDataSource, CustomJS, Div, Row, Slider
    from bokeh.resources import INLINE

    from .figures import Figures
    from .page import energy_slider, figure_grid, slider_format, style_sheet

    names = [*GRID, _STRENGTH]
    handles = [exploration.handles[exploration.position(name)] for name in names]
    figures = Figures(exploration, n_points=_N_POINTS)
    ends, logs, xyz = tables(exploration, figures)
    values = [float(exploration.values[exploration.position(name)]) for name in names]
    sliders = [
        Slider(
            title=f"{h.description} {h.name}", start=low, end=high, value=value, name=h.name,
            step=(high - low) / 200, format=slider_format(False, h.unit), bar_color="#999999",
            sizing_mode="stretch_width",
        )
        for h, value in zip(handles, values, strict=True)
        for low, high in [(h.low, h.high if h.name in GRID else 4 * value)]
    ]  # fmt: skip
    energy = energy_slider(figures)
    dipoles = figures.dipole.names
    follow = CustomJS(
        args={
            "sliders": [*sliders, energy],
            "background": dipoles.index(_BACKGROUND) if _BACKGROUND in dipoles else 0,
            "paper": values,
            "ends": ends.tolist(),
            "sizes": [*GRID.values(), logs.shape[2], xyz.shape[2], _N_POINTS],
            "spectra": ColumnDataSource({"log": logs.ravel()}),
            "vectors": ColumnDataSource({"xyz": xyz.ravel()}),
            "pixels": ColumnDataSource({"xyz": figures.pixels.astype(np.float32).ravel()}),
            "sources": figures.sources,
            "mapper": figures.mapper,
            "spans": figures.spans,
            "energies": figures.dipole.energy.tolist(),
        },
        code=Path(__file__).with_name("demo.js").read_text(encoding="utf-8"),
    )
    for slider in (*sliders, energy):
        slider.js_on_change("value", follow)
    button = Button(label="Back to the paper", name="paper", width_policy="min")
    back = "sliders.forEach((slider, k) => { slider.value = values[k] })"
    button.js_on_click(CustomJS(args={"sliders": sliders, "values": values}, code=back))
    text = "<h1>Cosmic rays near the Sun: move a parameter</h1>"
    root = Column(
        Div(text=text, stylesheets=[style_sheet("text")], sizing_mode="stretch_width"),
        Row(*sliders, button, stylesheets=[style_sheet("demo")], sizing_mode="stretch_width"),
        figure_grid(figures, Column(figures.sky, energy, sizing_mode="stretch_width")),
        sizing_mode="stretch_width",
    )
    page = file_html(root, INLINE, title="crlocal explore")
    view = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return page.replace("<head>", f"<head>{view}", 1)
