"""Panels of pulls under pictures, points outside the fit, and names on curves."""

import matplotlib

matplotlib.use("Agg")

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patheffects import withStroke
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.datasets.plot_axes import LIMIT_ARROW, crossed, draw_points, points_in_fit

TABLES = ["dampe_h", "dampe_light", "hawc_all_particle", "argo-ybj-2018", "icecube-2016"]
MASS = "lhaaso_mean_log_mass_qgsjet-ii-04"

pytestmark = pytest.mark.usefixtures("closed_figures")


@pytest.fixture(scope="module")
def model():
    return crl.xue_liu_2025(species=("H", "He", "N", "Fe"))


@pytest.fixture(scope="module")
def datasets(model):
    datasets = crl.load_datasets([*TABLES, MASS], allow_overlap=True)
    datasets.models = [model]
    # a fit that shifts energies
    datasets["dampe_h"].energy_scale.value = 1.1
    return datasets


PICTURES = {
    "spectra": (crl.plot_spectra, ["dampe_h", "dampe_light", "hawc_all_particle"]),
    "all particles": (crl.plot_all_particle, ["dampe_light", "hawc_all_particle"]),
    "<ln A>": (crl.plot_mean_log_mass, [MASS]),
    "dipole": (crl.plot_dipole, ["argo-ybj-2018", "icecube-2016"]),
}


def drawn(ax, dataset):
    """Points of a dataset in axes, limits left out, as energy and height in its own order."""
    lines = [line for line in ax.lines if getattr(line, "source", (None,))[0] is dataset]
    xy = np.full((len(dataset.table), 2), np.nan)
    for line in lines:
        xy[line.source[1]] = line.get_xydata()
    return xy.T


@pytest.mark.parametrize("picture", PICTURES)
def test_pulls_are_those_of_the_likelihood(datasets, picture):
    plot, names = PICTURES[picture]
    axes = np.ravel(plot(datasets))
    figure = axes[0].figure
    assert len(figure.axes) == 2 * len(axes)
    for number, ax in enumerate(axes):
        below = figure.axes[figure.axes.index(ax) + 1]
        assert below.get_ylabel() == "Pull"
        assert_allclose(below.get_ylim()[0], -below.get_ylim()[1])
        for name in names:
            dataset = datasets[name]
            (x, _), (x_pull, pull) = drawn(ax, dataset), drawn(below, dataset)
            pulls = np.reshape(dataset.residuals("pull"), (len(dataset.table), -1))
            assert_allclose(pull, pulls[:, number])
            if picture != "dipole" or number == 0:
                assert_allclose(x_pull, x)
            seen = pull[points_in_fit(dataset)]
            assert np.nanmax(np.abs(seen)) < below.get_ylim()[1]
        # one axis of energy, named once
        low, high = ax.get_xlim()
        assert below.get_xlim() == (low, high)
        assert not ax.xaxis.label.get_visible() or not ax.get_xlabel()
    assert "[GeV]" in figure.axes[-1].get_xlabel()


@pytest.mark.parametrize("picture", PICTURES)
def test_one_keyword_for_all(model, datasets, picture):
    plot, names = PICTURES[picture]
    data = [datasets[name] for name in names]
    number = 2 if picture == "dipole" else 1
    assert len(np.ravel(plot(model, data, pulls=False))[0].figure.axes) == number
    # without data there is nothing to compare
    assert len(np.ravel(plot(model, pulls=True))[0].figure.axes) == number
    given = plt.subplots(number, figsize=(8, 6))[1]
    assert len(np.ravel(plot(model, data, given))[0].figure.axes) == number
    shown = np.ravel(plot(model, data, given, pulls=True))
    assert list(shown) == list(np.ravel(given))
    assert len(shown[0].figure.axes) == 2 * number
    assert shown[0].get_position().y0 > shown[0].figure.axes[number].get_position().y1 - 1e-9


def test_data_of_another_model(model, datasets):
    """The model that is drawn is that of the pulls."""
    other = crl.xue_liu_2025(variant="qgsjet", species=model.species)
    ax = crl.plot_spectra(other, [datasets["dampe_h"]])
    _, pull = drawn(ax.figure.axes[1], datasets["dampe_h"])
    assert not np.allclose(pull, datasets["dampe_h"].residuals("pull"))
    assert datasets["dampe_h"].model is model


def test_axes_without_room(model, datasets):
    ax = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8))
    with pytest.raises(ValueError, match="pulls: axes that are no subplot"):
        crl.plot_spectra(model, [datasets["dampe_h"]], ax, pulls=True)


def test_points_outside_the_fit_are_crossed():
    ax = plt.subplots()[1]
    x = np.array([1.0, 2.0, 3.0])
    draw_points(ax, x, x, in_fit=x < 2.5, marker="s", filled=False)
    inside, outside = ax.lines
    assert inside.get_marker() == "s"
    # open, as that of a series may be, but with two strokes more
    strokes = [crossed("s"), crossed("o")]
    assert all(np.sum(path.codes == 1) == 3 for path in strokes)
    assert outside.get_marker().codes.tolist() == strokes[0].codes.tolist()
    assert outside.get_alpha() < 1


def test_names_on_curves_have_a_halo(model):
    ax = crl.plot_spectra(model, components=False)
    names = [line for line in ax.lines if "mathrm" in str(line.get_marker())]
    curves = [line for line in ax.lines if line.get_linestyle() == "-"]
    assert len(names) == len(model.species)
    for name in names:
        assert isinstance(name.get_path_effects()[0], withStroke)
        assert name.get_zorder() > max(curve.get_zorder() for curve in curves)
        # each on a curve
        at = name.get_xdata()
        near = [np.interp(at, *curve.get_data()) for curve in curves]
        assert np.isclose(near, name.get_ydata(), rtol=1e-2).all(axis=1).any()


def test_labels_of_directions_are_apart(model, datasets):
    for style in ("single", "double"):
        with crl.journal_style(style):
            _, ax = crl.plot_dipole(model, [datasets["argo-ybj-2018"]])
            ax.figure.draw_without_rendering()
            boxes = [text.get_window_extent().padded(-1) for text in ax.texts]
            assert len(boxes) == 4
            for index, box in enumerate(boxes):
                assert not any(box.overlaps(other) for other in boxes[:index])


def test_limits_stay_arrows(model):
    data = crl.load_datasets("xue-liu-2025")
    ax = crl.plot_spectra(model, data)
    for panel in ax.figure.axes:
        assert any(line.get_marker() is LIMIT_ARROW for line in panel.lines)


def test_energy_range_of_pulls(model, datasets):
    options = {"energy_range": (200 * u.GeV, 2 * u.TeV), "x_unit": "TeV"}
    ax = crl.plot_spectra(model, [datasets["dampe_h"]], **options)
    assert_allclose(ax.figure.axes[1].get_xlim(), (0.2, 2))
