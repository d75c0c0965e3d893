"""The figures of the paper: what each shows, and how to draw it again."""

from dataclasses import dataclass

from ..catalogue.loading import load_datasets
from ..plots.dipole import plot_dipole
from ..plots.side_by_side import plot_side_by_side
from ..plots.sky.directions import plot_sky
from ..plots.spectra import plot_spectra
from .claims import U_HC
from .setting import Setting


@dataclass(frozen=True)
class PaperFigure:
    """A figure of the paper.

    Parameters
    ----------
    title : str
        What it shows.
    says : str
        What the paper says of it, in other words.
    settings : dict of str to Setting
        Models by the title of their column.
    kind : {"spectra", "dipole", "sky", "columns"}
        Whether it shows spectra, the dipole, the sky, or spectra above dipole in columns.
    selection : str
        Data that it shows.
    """

    title: str
    says: str
    settings: dict
    kind: str = "columns"
    selection: str = "xue-liu-2025-figures"


_BEST = Setting()


def _columns(symbol, name, low, best, high, unit=""):
    """Left and right column with another value of a parameter, the best fit between them."""
    titles = [
        f"{symbol} = {value} {unit.replace('uG', 'μG')}".strip() for value in (low, best, high)
    ]
    left, right = (Setting(fixed={name: f"{value} {unit}".strip()}) for value in (low, high))
    return dict(zip(titles, (left, _BEST, right), strict=True))


FIGURES = {
    1: PaperFigure(
        "Spectra of hydrogen and helium, best fit",
        "The background dominates at GeV energies, the nearby source makes the hump at TeV "
        "energies, and the Galactic centre takes over above 1 PeV.",
        {"best fit": _BEST},
        "spectra",
    ),
    2: PaperFigure(
        "Amplitude and phase of the dipole, best fit",
        "Below 1 TeV the background is partly cancelled by the Compton-Getting effect; from 1 TeV "
        "on the nearby source plays the dominant role; the amplitude has a minimum slightly above "
        "100 TeV, where the phase turns to the Galactic centre.",
        {"best fit": _BEST},
        "dipole",
    ),
    3: PaperFigure(
        "Directions of the components and of the total, equatorial coordinates",
        "Background and Compton-Getting effect are nearly opposite; the nearby source lies "
        "opposite to the Galactic centre; the total moves from one to the other with energy.",
        {"best fit": _BEST},
        "sky",
    ),
    4: PaperFigure(
        "Wandering of field lines on small scales too",
        "It explains the data as well, with fewer parameters; the nearby source reaches higher "
        "energies, so that the Galactic centre has to be stronger.",
        {"wandering": Setting("wandering")},
    ),
    5: PaperFigure(
        "Dependence on the dipole of the background",
        "It is well constrained and acts below 1 TeV, where it cancels the Compton-Getting effect.",
        _columns(r"$\delta_b$", "delta_b", "0.0001", "0.0006", "0.001"),
    ),
    6: PaperFigure(
        "Dependence on the solar motion in the direction of Galactic rotation",
        "Spectra and dipole are very sensitive to it, and require about 15.5 km/s.",
        _columns(r"$V_\odot$", "V_sun", "10", "15.5", "20", "km/s"),
    ),
    7: PaperFigure(
        "Dependence on the velocity of the Sun in the cloud",
        "The earlier measurement of 23.2 km/s can be ruled out.",
        {
            rf"$u_\mathrm{{HC}}$ = {speed} km/s": _BEST
            if speed == "25.4"
            else Setting(fixed=U_HC[speed])
            for speed in U_HC
        },
    ),
    8: PaperFigure(
        "Dependence on the size of the cloud",
        "A large x suppresses the nearby source: at most a few pc are possible.",
        _columns("$x$", "x", "0.1", "1.6", "10", "pc"),
    ),
    9: PaperFigure(
        "Dependence on the critical rigidity",
        "Turbulence in the cloud cannot be very high.",
        _columns(r"$R_\mathrm{cr}$", "R_cr", "0.3", "3", "30", "PV"),
    ),
    10: PaperFigure(
        "Dependence on the magnetic field of the cloud",
        "The field is well constrained at a few microgauss.",
        _columns("$B$", "B", "1", "3", "9", "uG"),
    ),
    11: PaperFigure(
        "KASCADE spectra of QGSJET 01",
        "These spectra are about twice those of SIBYLL 2.1; the amplitude above 100 TeV would ask "
        "for heavier elements.",
        {"QGSJET 01": Setting("qgsjet")},
        selection="xue-liu-2025-figure-11",
    ),
}
"""Figures of the paper by their number."""


def draw_figure(number):
    """Draw a figure of the paper from the tables of the package.

    Data are drawn as published, without floors and factors of declination.

    Parameters
    ----------
    number : int
        Number of the figure in the paper, 1 to 11.

    Returns
    -------
    `~matplotlib.figure.Figure`
        The figure.

    Raises
    ------
    ValueError
        If the paper has no such figure.
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
