"""Pictures against those that were looked at and found good, without their texts.

``python tests/test_plots_images.py`` renews the pictures in ``tests/baseline``: look at each
before it is kept.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.testing.compare import compare_images
from matplotlib.text import Text

import crlocal_plugin as crl
from crlocal_plugin.plots.all_particle import plot_all_particle
from crlocal_plugin.plots.dipole import plot_dipole
from crlocal_plugin.plots.fractions import plot_component_fractions, plot_composition_fractions
from crlocal_plugin.plots.mean_log_mass import plot_mean_log_mass
from crlocal_plugin.plots.profile import plot_profile
from crlocal_plugin.plots.residuals import plot_residuals
from crlocal_plugin.plots.sky.directions import plot_sky
from crlocal_plugin.plots.spectra import plot_spectra

BASELINE = Path(__file__).parent / "baseline"

TOLERANCE = 3.0
"""Root mean square of grey levels (of 255) that releases of matplotlib may differ by."""


def paper():
    """Model of Xue & Liu 2025, Table I, and the measured data; nothing is fitted."""
    datasets = crl.load_datasets("xue-liu-2025")
    datasets.models = [crl.xue_liu_2025()]
    return datasets


def spectra():
    return plot_spectra(paper())


def dipole():
    return plot_dipole(paper())[0]


def sky():
    return plot_sky(crl.xue_liu_2025())


def residuals():
    return plot_residuals(paper())[0]


def component_fractions():
    _, (curves, areas) = plt.subplots(2, 1, figsize=(8, 7))
    plot_component_fractions(crl.xue_liu_2025(), curves)
    plot_component_fractions(crl.xue_liu_2025(), areas, species="He", axis="rigidity", stacked=True)
    return curves


def heavy():
    """The same with the ten nuclei that AMS-02 measured."""
    return crl.xue_liu_2025(species=("H", "He", "C", "N", "O", "Ne", "Mg", "Si", "S", "Fe"))


def all_particle():
    tables = ["lhaaso_all_particle_qgsjet-ii-04", "hawc_all_particle", "dampe_light"]
    return plot_all_particle(heavy(), crl.load_datasets(tables), components=["nearby"])


def mean_log_mass():
    data = crl.load_datasets("lhaaso_mean_log_mass_qgsjet-ii-04")
    return plot_mean_log_mass(heavy(), data, components=True)


def composition_fractions():
    _, (curves, areas) = plt.subplots(2, 1, figsize=(8, 8))
    plot_composition_fractions(heavy(), curves)
    plot_composition_fractions(heavy(), areas, component="background", stacked=True)
    return curves


def profile():
    values = np.linspace(12.0, 20.0, 17)
    stat = 560.0 + ((values - 16.0) / np.where(values < 16, 1.0, 1.5)) ** 2
    scan = crl.ProfileScan(
        "V_sun", u.Unit("km s-1"), 16.0, 560.0, values, stat, ["V_sun"], values[:, np.newaxis]
    )
    return plot_profile(scan)


PICTURES = [
    spectra,
    dipole,
    sky,
    residuals,
    component_fractions,
    all_particle,
    mean_log_mass,
    composition_fractions,
    profile,
]


def save(draw, path):
    """Draw a picture, hide its texts, which fonts would change, and save it."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        figure = draw().figure
        # where the axes are depends on the texts beside them
        figure.set_layout_engine(None)
        right = 0.92 if figure.axes[0].name == "mollweide" else 0.72
        figure.subplots_adjust(left=0.08, right=right, bottom=0.08, top=0.96)
        for text in figure.findobj(Text):
            text.set_visible(False)
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path, dpi=60)
        plt.close(figure)


def difference(expected, actual):
    """What tells pictures apart, with the places of both; None if they agree."""
    return compare_images(str(expected), str(actual), tol=TOLERANCE)


@pytest.mark.parametrize("draw", PICTURES, ids=lambda draw: draw.__name__)
def test_picture(draw, tmp_path):
    expected, actual = BASELINE / f"{draw.__name__}.png", tmp_path / f"{draw.__name__}.png"
    save(draw, actual)
    message = difference(expected, actual)
    assert message is None, f"{message}\nto renew: python {Path(__file__).name}"


CHANGES = {
    "component left out": lambda: plot_spectra(paper(), components=["background", "nearby"]),
    "data left out": lambda: plot_spectra(paper(), list(paper())[:6]),
    "another unit": lambda: plot_spectra(paper(), energy_power=2.6),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_seen(change, tmp_path):
    actual = tmp_path / "spectra.png"
    save(CHANGES[change], actual)
    message = difference(BASELINE / "spectra.png", actual)
    assert message is not None
    # a failure says where to look
    for name in ("Expected", "Actual", "Difference"):
        assert name in message
    assert str(actual) in message
    assert (tmp_path / "spectra-failed-diff.png").exists()


if __name__ == "__main__":
    names = sys.argv[1:] or [draw.__name__ for draw in PICTURES]
    for draw in PICTURES:
        if draw.__name__ in names:
            save(draw, BASELINE / f"{draw.__name__}.png")
            print(BASELINE / f"{draw.__name__}.png")
