"""The figures of the paper: what each shows, and how to draw it again."""

from dataclasses import dataclass, field

from ..catalogue.loading import load_datasets
from ..plots.dipole import plot_dipole
from ..plots.side_by_side import plot_side_by_side
from ..plots.sky.directions import plot_sky
from ..plots.spectra import plot_spectra
from .setting import PAPER, Setting


@dataclass(frozen=True)
class PaperFigure:
    """A figure of the paper: title, what the paper says of it, and models by their title.

    Parameters
    ----------
    kind, selection : {"spectra", "dipole", "sky", "columns"}, str
        What it shows; columns have spectra above the dipole. Its data.
    """

    title: str
    says: str
    settings: dict = field(default_factory=lambda: {"best fit": Setting()})
    kind: str = "columns"
    selection: str = "xue-liu-2025-figures"


FIGURES = {number: PaperFigure(**entry) for number, entry in PAPER["figures"].items()}
"""Figures of the paper by their number."""


def draw_figure(number):
    """Draw a figure of the paper (`~matplotlib.figure.Figure`), by its number from 1 to 11.

    Data are drawn as published, without floors and factors of declination.
    """
    if number not in FIGURES:
        raise ValueError(f"no figure {number!r}: the paper has Figures 1 to {max(FIGURES)}")
    figure = FIGURES[number]
    models = {title: setting.model() for title, setting in figure.settings.items()}
    (model, *_) = models.values()
    if figure.kind == "sky":
        return plot_sky(model).figure
    datasets = load_datasets(figure.selection, floors=None, apply_declination_factor=False)
    if figure.kind == "columns":
        return plot_side_by_side(models, datasets)[0, 0].figure
    if figure.kind == "spectra":
        return plot_spectra(model, datasets).figure
    return plot_dipole(model, datasets, species=True, phase_start=-180)[0].figure
