"""Parameters moved by hand: values, predictions and files, and the page without a browser."""

import re
import signal
import socket

import astropy.units as u
import numpy as np
import pytest
from gammapy.modeling import Fit

import crlocal_plugin as crl
from crlocal_plugin.cli import main
from crlocal_plugin.components.base import x_unit
from crlocal_plugin.exploration.curves import (
    DipoleCurves,
    SpectrumCurves,
    hammer,
    sky_pixels,
    sky_places,
)
from crlocal_plugin.exploration.opening import serve
from crlocal_plugin.exploration.state import Exploration, explored
from crlocal_plugin.likelihood.fused import OwnSpeedPart
from crlocal_plugin.plots.subject import Subject

SMALL = {
    "datasets": ["ams-02_h_2015", "icecube-2025"],
    "model": {"species": ["H"]},
    "scatter": False,
    "starts": 0,
    "parameters": {name: {"free": False} for name in ("Q_0c", "R_cut", "R_cutc", "D_0")},
}


@pytest.fixture(scope="module")
def analysis():
    return crl.Analysis(**SMALL)


@pytest.fixture
def exploration(analysis):
    return explored(analysis)


@pytest.fixture
def page(exploration):
    pytest.importorskip("bokeh", reason="the page needs Bokeh")
    from crlocal_plugin.exploration.page import Page

    return Page(exploration)


@pytest.mark.parametrize("axis", ["total_energy", "rigidity"])
def test_spectra_are_those_of_the_model(axis):
    datasets = crl.load_datasets(["ams-02_h_2015", "dampe_he"])
    model = crl.xue_liu_2025()
    curves = SpectrumCurves(Subject(model, list(datasets)), axis)
    model.V_sun.value = 11
    x = curves.x[curves.x > 4]
    for row, (quantity, part) in zip(curves()[:, -len(x) :], curves.names, strict=True):
        y = model.intensity(x * x_unit(axis), quantity, part, axis).value * x**2.7
        np.testing.assert_allclose(np.nan_to_num(row), y, rtol=1e-10)


@pytest.mark.parametrize("settings", [{}, {"compton_getting": "local"}])
def test_dipoles_are_those_of_the_model(settings):
    model = crl.xue_liu_2025(**settings)
    curves = DipoleCurves(model, np.geomspace(10, 1e8, 20))
    model.x.value = 0.7
    for vector, part in zip(curves(), curves.names, strict=True):
        expected = model.dipole(curves.energy * u.GeV, component=part).vector
        np.testing.assert_allclose(vector, expected, rtol=1e-9, atol=1e-12)


def test_a_map_has_the_pixels_where_directions_are_drawn():
    vectors = sky_pixels(40)
    seen = np.isfinite(vectors[..., 0])
    x, y = sky_places(vectors[seen])
    rows, columns = np.nonzero(seen)
    np.testing.assert_allclose(x, 2 * np.sqrt(2) * ((columns + 0.5) / 20 - 1), atol=1e-9)
    np.testing.assert_allclose(y, np.sqrt(2) * ((rows + 0.5) / 10 - 1), atol=1e-9)
    # right ascension grows to the left
    assert hammer(0.1, 0.0)[0] < 0


def test_chi2_of_datasets_adds_up(analysis):
    datasets = crl.Analysis(
        datasets=["ams-02_h_2015", "ams-02_he_2015", "icecube-2025", "icetop-2016"]
    ).prepare()
    datasets.models[0].V_sun.value = 13
    expected = {d.name: d.stat_sum_likelihood() - d.stat_sum_scatter() for d in datasets}
    likelihood = crl.JointLikelihood(datasets)
    # evaluated one by one, as those of other classes are
    part = OwnSpeedPart(datasets, likelihood.parameters, can_fake=False)
    assert part.chi2(likelihood.values) == pytest.approx(expected)
    assert likelihood.chi2(likelihood.values) == pytest.approx(expected)
    assert Exploration(datasets).chi2() == pytest.approx(expected)


def test_explorations_share_nothing(exploration):
    other = exploration.copy()
    exploration.move("V_sun", 9.0)
    assert exploration.model.V_sun.value == 9
    assert other.model.V_sun.value == other.values[other.position("V_sun")] == 15.5
    assert exploration.statistic() == pytest.approx(exploration.datasets.stat_sum())
    assert exploration.statistic() != pytest.approx(other.statistic())


def test_values_stay_inside_limits_and_sliders_reach_them(exploration):
    exploration.move("x", -3.0)
    assert exploration.values[exploration.position("x")] == 0
    exploration.move("V_sun", 60.0)
    handle = exploration.handles[exploration.position("V_sun")]
    assert handle.high == 60
    assert handle.place(60.0) == 1
    for each in exploration.handles:
        assert each.low < each.high
        assert 0 <= each.place(each.paper) <= 1
    exploration.to_paper()
    assert exploration.model.V_sun.value == 15.5


def test_marks_are_those_of_prior_and_paper(exploration):
    handle = exploration.handles[exploration.position("V_sun")]
    prior = exploration.model.V_sun.prior
    assert np.mean(handle.published) == pytest.approx(prior.mu.value)
    assert handle.paper == crl.xue_liu_2025().V_sun.value
    assert handle.group == "Cloud, field and Sun"
    strength = exploration.handles[exploration.position("Q_0n")]
    assert strength.is_log
    assert strength.group == "Nearby source"


def test_a_fit_ends_where_the_fit_of_gammapy_does(exploration, analysis):
    datasets = analysis.prepare()
    result = Fit(backend="least-squares").run(datasets)
    exploration.move("V_sun", 14.0)
    answer = exploration.fit()
    assert answer.success
    assert exploration.statistic() == pytest.approx(result.total_stat, abs=0.01)
    exploration.to_paper()
    exploration.to_best()
    assert exploration.statistic() == pytest.approx(result.total_stat, abs=0.01)


def test_a_fit_that_fails_keeps_the_values(exploration, monkeypatch):
    def fail(self, datasets):
        datasets.models[0].V_sun.value = 1
        raise RuntimeError("no minimum")

    monkeypatch.setattr(Fit, "run", fail)
    before = exploration.values.copy()
    answer = exploration.fit()
    assert not answer.success
    assert "no minimum" in answer.message
    assert exploration.model.V_sun.value == 15.5
    np.testing.assert_array_equal(exploration.values, before)


def test_yaml_of_an_analysis_has_the_values(exploration, tmp_path):
    exploration.move("V_sun", 12.5)
    file = tmp_path / "moved.yaml"
    file.write_text(exploration.yaml(), encoding="utf-8")
    datasets = crl.Analysis.read(file).prepare()
    assert datasets.models[0].V_sun.value == 12.5
    assert not datasets.models[0].V_sun.frozen
    assert datasets.stat_sum() == pytest.approx(exploration.statistic())


def test_yaml_of_a_model_has_the_values():
    from gammapy.modeling.models import Models

    model = crl.xue_liu_2025(species="H")
    exploration = explored(model, crl.load_datasets(["ams-02_h_2015"]))
    exploration.move("Gamma", 2.65)
    assert Models.from_yaml(exploration.yaml())[0].Gamma.value == 2.65
    assert model.Gamma.value == 2.6


def test_what_cannot_be_explored():
    model = crl.xue_liu_2025(species="H")
    with pytest.raises(ValueError, match="no datasets to explore"):
        explored(model)
    model.freeze()
    with pytest.raises(ValueError, match="no parameter is free"):
        explored(model, crl.load_datasets(["ams-02_h_2015"]))
    with pytest.raises(TypeError, match="expected a CosmicRayModel"):
        explored(3)


def test_the_page_follows_a_slider(page):
    source, before = page.figures.sources["dipole"], page.figures.sources["dipole"].data["a0"]
    text = page.root.select_one({"name": "V_sun"}).title
    page.sliders["V_sun"].value = 12.0
    exploration = page.exploration
    assert exploration.model.V_sun.value == 12
    dipole = exploration.model.dipole(source.data["x"] * u.GeV)
    np.testing.assert_allclose(source.data["a0"], dipole.amplitude.value, rtol=1e-9)
    np.testing.assert_allclose(source.data["p1"] % 360, dipole.phase.to_value("deg"), atol=1e-6)
    assert not np.allclose(source.data["a0"], before)
    assert text == "V_sun"
    page.energy.value = 6.0
    vector = exploration.model.dipole(1 * u.PeV).vector
    image = page.figures.sources["image"].data["image"][0]
    assert np.nanmax(image) == pytest.approx(1e3 * np.linalg.norm(vector), rel=0.01)


def test_the_axis_of_spectra_can_be_changed(page):
    page.axis.value = "rigidity"
    assert page.figures.spectra.xaxis.axis_label == "Rigidity R [GV]"
    page.sliders["Gamma"].value = 2.7
    y = page.figures.sources["spectra"].data["y0"]
    np.testing.assert_allclose(y, page.figures.curves()[0])


def test_a_page_says_that_a_fit_failed(page, monkeypatch):
    monkeypatch.setattr(Fit, "run", lambda self, datasets: 1 / 0)
    page._fit_clicked()
    assert "values are kept" in page.message.text
    assert not page.sliders["V_sun"].disabled


def test_a_model_without_dipoles_has_a_page():
    pytest.importorskip("bokeh", reason="the page needs Bokeh")
    from crlocal_plugin.exploration.page import Page

    spectra = crl.xue_liu_2025(species="H").components["background"].spectral_models
    model = crl.CosmicRayModel([crl.CosmicRayComponent("background", spectra)])
    page = Page(explored(model, crl.load_datasets(["ams-02_h_2015"])))
    page.sliders["Gamma"].value = 2.7
    assert np.isnan(page.figures.sources["dipole"].data["a0"]).all()


def test_a_demo_interpolates_well():
    pytest.importorskip("bokeh", reason="the page needs Bokeh")
    from crlocal_plugin.exploration.demo import GRID, tables
    from crlocal_plugin.exploration.figures import Figures

    exploration = explored(crl.Analysis(datasets=["ams-02_h_2015", "icecube-2025"], scatter=False))
    figures = Figures(exploration, n_points=20)
    ends, logs, vectors = tables(exploration, figures)
    places = [(0.4 * (n - 1)) for n in GRID.values()]
    for name, end, place, n in zip(GRID, ends, places, GRID.values(), strict=True):
        exploration.move(name, end[0] + np.ptp(end) * place / (n - 1))
    found = 0.0
    for i, u_ in ((0, 1 - places[0] % 1), (1, places[0] % 1)):
        for j, v in ((0, 1 - places[1] % 1), (1, places[1] % 1)):
            found = found + u_ * v * vectors[int(places[0]) + i, int(places[1]) + j]
    expected = np.swapaxes(figures.dipole(), 1, 2)
    assert np.abs(found - expected).max() < 0.03 * np.abs(expected[0]).max()
    assert logs.shape[2:] == figures.curves().shape


def test_a_demo_is_one_file(tmp_path):
    pytest.importorskip("bokeh", reason="the page needs Bokeh")
    file = tmp_path / "demo.html"
    crl.write_demo(file)
    text = file.read_text(encoding="utf-8")
    assert len(text) < 3e6
    assert not re.search('<(script|link)[^>]+="http', text)
    with pytest.raises(FileExistsError):
        crl.write_demo(file)


def test_ctrl_c_ends_quietly(exploration):
    pytest.importorskip("bokeh", reason="the page needs Bokeh")
    found = []

    def interrupt(address):
        found.append(address)
        signal.raise_signal(signal.SIGINT)

    serve(exploration, 0, browser=False, ready=interrupt)
    assert found[0].startswith("http://127.0.0.1:")


def test_the_command_names_what_is_wrong(tmp_path, capsys, monkeypatch):
    pytest.importorskip("bokeh", reason="the page needs Bokeh")
    monkeypatch.chdir(tmp_path)
    assert main(["explore", "nothing.yaml"]) == 2
    assert "neither a folder of crlocal fit nor an analysis file" in capsys.readouterr().err
    assert main(["explore", str(tmp_path)]) == 2
    assert "is no result of crlocal fit" in capsys.readouterr().err
    (tmp_path / "wrong.yaml").write_text("datasets: [amms]\n", encoding="utf-8")
    assert main(["explore", "wrong.yaml"]) == 2
    assert "amms" in capsys.readouterr().err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["explore", "--no-browser", "--port", str(port)]) == 2
        assert f"port {port} is in use" in capsys.readouterr().err
