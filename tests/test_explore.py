"""Parameters in the hand: the state, the page and the demo in a browser, what goes wrong."""

import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest
import yaml
from gammapy.modeling import Fit

import crlocal_plugin as crl
from crlocal_plugin.cli import main
from crlocal_plugin.exploration import state
from crlocal_plugin.exploration.curves import DipoleCurves

pytest.importorskip("bokeh", reason="the extra explore is not installed")

FREE = {"H.Q_0n", "He.Q_0n", "V_sun", "x"}
DATA = ["ams-02_h_2015", "ams-02_he_2015", "icecube-2016", "tibet-asgamma-2017"]

MODEL = "[...Bokeh.documents[0]._all_models.values()].find(model => %s)"
DIPOLE = MODEL % "model.data?.a0"
V_SUN = MODEL % "model.name == 'V_sun'"
READY = "window.Bokeh?.documents[0]?.is_idle"


@pytest.fixture(scope="module")
def analysis_file(tmp_path_factory):
    """Analysis with four free parameters."""
    labels = [handle.name for handle in state.explored(crl.Analysis()).handles]
    fixed = [name for name in labels if name not in FREE and "scatter" not in name]
    path = tmp_path_factory.mktemp("explore") / "analysis.yaml"
    entries = {name: {"free": False} for name in fixed}
    path.write_text(yaml.safe_dump({"datasets": DATA, "scatter": False, "parameters": entries}))
    return path


@pytest.fixture(scope="module")
def analysis(analysis_file):
    return crl.Analysis.read(analysis_file)


@pytest.fixture
def exploration(analysis):
    return state.explored(analysis)


def test_moves(exploration):
    assert {handle.name for handle in exploration.handles} == FREE
    before = exploration.values.copy()
    exploration.move("V_sun", 12.0)
    assert exploration.model.V_sun.value == 12.0
    np.testing.assert_allclose(exploration.statistic(), exploration.datasets.stat_sum(), rtol=1e-9)
    exploration.move("x", -1e9)
    assert exploration.model.x.value == exploration.handles[exploration.position("x")].limits[0]
    exploration.to_paper()
    np.testing.assert_allclose(exploration.values, before, rtol=1e-12)
    with pytest.raises(ValueError, match="'V_sn' is no free parameter: expected one of"):
        exploration.move("V_sn", 1)


def test_chi2_of_datasets(exploration):
    exploration.move("V_sun", 12.0)
    priors = exploration.statistic() - exploration.datasets.stat_sum_likelihood()
    total = sum(exploration.chi2().values())
    np.testing.assert_allclose(total + priors, exploration.statistic(), rtol=1e-9)
    assert list(exploration.chi2()) == DATA


def test_fit_is_that_of_gammapy(exploration, analysis):
    datasets = analysis.prepare()
    expected = Fit(backend=analysis.backend).run(datasets).total_stat
    copy = exploration.copy()
    assert exploration.fit().success
    np.testing.assert_allclose(exploration.statistic(), expected, atol=1e-3)
    assert copy.best is None
    assert copy.statistic() > expected
    exploration.to_paper()
    exploration.to_best()
    np.testing.assert_allclose(exploration.statistic(), expected, atol=1e-3)


def test_failed_fit_keeps_values(exploration, monkeypatch):
    def fail(*args):
        raise RuntimeError("no descent")

    monkeypatch.setattr(state.Fit, "run", fail)
    before = exploration.values.copy()
    answer = exploration.fit()
    assert not answer.success
    assert answer.message == "the fit failed, values are kept: no descent"
    np.testing.assert_array_equal(exploration.values, before)


def test_saved_file_has_the_values(exploration, tmp_path):
    exploration.move("V_sun", 12.3)
    path = tmp_path / "saved.yaml"
    path.write_text(exploration.yaml(), encoding="utf-8")
    again = state.explored(crl.Analysis.read(path))
    np.testing.assert_array_equal(again.values, exploration.values)
    np.testing.assert_allclose(again.statistic(), exploration.statistic(), rtol=1e-12)


def test_caller_sees_nothing(analysis):
    pytest.importorskip("panel", reason="the extra explore is not installed")
    datasets = analysis.prepare()
    model = datasets.models[0]
    page = crl.explore(model, list(datasets)).object
    slider = page.select_one({"name": "V_sun"})
    slider.value = 10.0
    assert model.V_sun.value != 10.0


def test_nothing_to_move(analysis):
    datasets = analysis.prepare()
    datasets.models[0].freeze()
    with pytest.raises(ValueError, match="no parameter is free, and so there is nothing to move"):
        crl.explore(datasets)


def test_mistakes_of_the_command(tmp_path, capsys, analysis_file):
    assert main(["explore", str(tmp_path)]) == 2
    assert "is no result of crlocal fit" in capsys.readouterr().err
    assert main(["explore", str(tmp_path / "no.yaml")]) == 2
    assert "neither a folder of crlocal fit nor an analysis file" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert main(["explore", str(analysis_file), "--port", port]) == 2
    assert f"port {port} is in use: choose another" in capsys.readouterr().err


@pytest.fixture(scope="module")
def browser():
    """Chromium of the system."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no chromium")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """Function that opens a page; what its console says of errors is one."""
    errors, pages = [], []

    def open_page(address):
        pages.append(browser.new_page(viewport={"width": 1280, "height": 900}))
        page = pages[-1]
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("requestfailed", lambda request: errors.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        page.wait_for_function(READY)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not errors


def drag(page, name, part):
    """Drag the handle of a slider by a part of its width."""
    group = page.locator(".bk-input-group").filter(has_text=name).first
    knob = group.locator(".noUi-handle").bounding_box()
    width = group.locator(".noUi-target").bounding_box()["width"]
    x, y = knob["x"] + knob["width"] / 2, knob["y"] + knob["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + part * width, y, steps=4)
    page.mouse.up()


def dragged_amplitude(page, name, part):
    """Amplitudes before and after a slider was dragged."""
    before = page.evaluate(f"Array.from({DIPOLE}.data.a0)")
    page.evaluate(f"window.before = {DIPOLE}.data.a0")
    drag(page, name, part)
    page.wait_for_function(f"{DIPOLE}.data.a0 !== window.before")
    return np.array([before, page.evaluate(f"Array.from({DIPOLE}.data.a0)")], dtype=float)


@pytest.fixture
def address(analysis_file, browser):
    """Address of the page that the command serves."""
    words = ["explore", str(analysis_file), "--no-browser"]
    command = subprocess.Popen(
        [sys.executable, "-u", "-m", "crlocal_plugin", *words], stdout=subprocess.PIPE, text=True
    )
    with command:
        try:
            said = [command.stdout.readline(), command.stdout.readline()]
            yield said[1].split()[4].rstrip(",")
        finally:
            command.terminate()


def test_page(address, opened, analysis, tmp_path):
    page = opened(address)
    before, after = dragged_amplitude(page, "V_sun", -0.2)
    assert np.nanmax(np.abs(after / before - 1)) > 0.05
    exploration = state.explored(analysis)
    exploration.move("V_sun", page.evaluate(f"{V_SUN}.value"))
    numbers = [f"{exploration.statistic():.1f}", *(f"{x:.1f}" for x in exploration.chi2().values())]
    for number in numbers:
        page.get_by_text(number, exact=True).first.wait_for()
    page.get_by_role("button", name="Fit from here").click()
    page.get_by_text("converged: statistic").wait_for(timeout=120_000)
    text = page.get_by_text("converged: statistic").inner_text()
    expected = Fit(backend=analysis.backend).run(analysis.prepare()).total_stat
    np.testing.assert_allclose(float(text.split()[-1]), expected, atol=0.06)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as YAML").click()
    path = tmp_path / saved.value.suggested_filename
    saved.value.save_as(path)
    again = state.explored(crl.Analysis.read(path))
    np.testing.assert_allclose(again.statistic(), expected, atol=1e-3)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
    page.get_by_role("button", name="Back to the paper").click()
    page.wait_for_function(f"Math.abs({V_SUN}.value - 15.5) < 1e-6")


def test_demo(opened, analysis, tmp_path):
    path = tmp_path / "demo.html"
    crl.write_demo(path, analysis)
    assert path.stat().st_size < 3e6
    page = opened(path.as_uri())
    before, after = dragged_amplitude(page, "V_sun", -0.2)
    assert np.nanmax(np.abs(after / before - 1)) > 0.05
    # between the points of the grid it is the model
    exploration = state.explored(analysis)
    exploration.fit()
    exploration.move("V_sun", page.evaluate(f"{V_SUN}.value"))
    energy = page.evaluate(f"Array.from({DIPOLE}.data.x)")
    (vectors,) = DipoleCurves(exploration.model, np.array(energy), has_parts=False)()
    np.testing.assert_allclose(after, np.hypot(*vectors.T[:2]), rtol=0.1)
    with pytest.raises(FileExistsError):
        crl.write_demo(path, analysis)
