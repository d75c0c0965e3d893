"""A page of a few parameters that needs no server: values on a grid, computed beforehand."""

from itertools import product
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
    ends = np.array(
        [(exploration.handle(name).low, exploration.handle(name).high) for name in GRID]
    )
    start, curves, vectors = exploration.values, [], []
    grid = (np.linspace(*end, n) for end, n in zip(ends, GRID.values(), strict=True))
    for values in product(*grid):
        for name, value in zip(GRID, values, strict=True):
            exploration.move(name, value)
        # nan where there are none
        curves.append(np.fmax(np.log10(figures.curves()), _LOWEST))
        vectors.append(np.swapaxes(figures.dipole(), 1, 2))
    exploration.move_to(start)
    logs, vectors = (
        np.array(rows, dtype=np.float32).reshape(*GRID.values(), *rows[0].shape)
        for rows in (curves, vectors)
    )
    return ends, logs, vectors


def _html(exploration):
    from bokeh.embed import file_html
    from bokeh.models import Button, Column, ColumnDataSource, CustomJS, Div, Row
    from bokeh.resources import INLINE

    from .figures import Figures
    from .page import energy_slider, figure_grid, make_slider, style_sheet

    names = [*GRID, _STRENGTH]
    handles = [exploration.handle(name) for name in names]
    figures = Figures(exploration, n_points=_N_POINTS)
    ends, logs, xyz = tables(exploration, figures)
    values = [exploration.value(name) for name in names]
    sliders = [
        make_slider(h.name, h.low, end, value, 200, unit=h.unit, title=f"{h.description} {h.name}")
        for h, value in zip(handles, values, strict=True)
        for end in [h.high if h.name in GRID else 4 * value]
    ]
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
        figure_grid(figures, energy),
        sizing_mode="stretch_width",
    )
    page = file_html(root, INLINE, title="crlocal explore")
    view = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return page.replace("<head>", f"<head>{view}", 1)
