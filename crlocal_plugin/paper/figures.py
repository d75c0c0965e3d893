"""The figures of the paper: what each shows, and how to draw it again."""

from dataclasses import dataclass

from ..catalogue.loading import load_datasets
from ..plots.dipole import plot_dipole
from ..plots.side_by_side import plot_side_by_side
from ..plots.sky.directions import plot_sky
from ..plots.spectra import plot_spectra
from .claims import U_HC
from .setting import Setting, fixed_at


@dataclass(frozen=True)
class PaperFigure:
    """A figure of the paper: title, what the paper says of it, and models by their title.

    Parameters
    ----------
    kind : {"spectra", "dipole", "sky", "columns"}
        What it shows; columns have spectra above the dipole.
    selection : str
        Data that it shows.
    """

    title: str
    says: str
    settings: dict
    kind: str = "columns"
    selection: str = "xue-liu-2025-figures"


_BEST = {"best fit": Setting()}


FIGURES = {
    1: PaperFigure(
        "Spectra of hydrogen and helium, best fit",
        "The background dominates at GeV energies, the nearby source makes the hump at TeV "
        "energies, and the Galactic centre takes over above 1 PeV.",
        _BEST,
        "spectra",
    ),
    2: PaperFigure(
        "Amplitude and phase of the dipole, best fit",
        "Below 1 TeV the background is partly cancelled by the Compton-Getting effect; from 1 TeV "
        "on the nearby source plays the dominant role; the amplitude has a minimum slightly above "
        "100 TeV, where the phase turns to the Galactic centre.",
        _BEST,
        "dipole",
    ),
    3: PaperFigure(
        "Directions of the components and of the total, equatorial coordinates",
        "Background and Compton-Getting effect are nearly opposite; the nearby source lies "
        "opposite to the Galactic centre; the total moves from one to the other with energy.",
        _BEST,
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
        fixed_at("delta_b", "0.0001", "0.0006", "0.001", symbol=r"$\delta_b$", best="0.0006"),
    ),
    6: PaperFigure(
        "Dependence on the solar motion in the direction of Galactic rotation",
        "Spectra and dipole are very sensitive to it, and require about 15.5 km/s.",
        fixed_at("V_sun", "10", "15.5", "20", unit="km/s", symbol=r"$V_\odot$", best="15.5"),
    ),
    7: PaperFigure(
        "Dependence on the velocity of the Sun in the cloud",
        "The earlier measurement of 23.2 km/s can be ruled out.",
        {
            rf"$u_\mathrm{{HC}}$ = {speed} km/s": Setting(fixed=fixed if speed != "25.4" else {})
            for speed, fixed in U_HC.items()
        },
    ),
    8: PaperFigure(
        "Dependence on the size of the cloud",
        "A large x suppresses the nearby source: at most a few pc are possible.",
        fixed_at("x", "0.1", "1.6", "10", unit="pc", symbol="$x$", best="1.6"),
    ),
    9: PaperFigure(
        "Dependence on the critical rigidity",
        "Turbulence in the cloud cannot be very high.",
        fixed_at("R_cr", "0.3", "3", "30", unit="PV", symbol=r"$R_\mathrm{cr}$", best="3"),
    ),
    10: PaperFigure(
        "Dependence on the magnetic field of the cloud",
        "The field is well constrained at a few microgauss.",
        fixed_at("B", "1", "3", "9", unit="uG", symbol="$B$", best="3"),
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
    """Draw a figure of the paper (`~matplotlib.figure.Figure`), by its number from 1 to 11.

    Data are drawn as published, without floors and factors of declination.

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
