"""The pages to explore a model in a browser without a head."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from gammapy.modeling import Fit

import crlocal_plugin as crl

pytest.importorskip("bokeh", reason="the page needs Bokeh")

ANALYSIS = """
datasets: [ams-02_h_2015, icecube-2025]
model: {species: [H]}
scatter: false
starts: 0
parameters: {Q_0c: {free: false}, R_cut: {free: false}, R_cutc: {free: false}, D_0: {free: false}}
"""

MODEL = """name => [...Bokeh.documents[0]._all_models.values()].find(m => name == "dipole"
  ? m.data && m.data.a0 : m.type == "Slider" && m.name == name)"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explore")
    (folder / "analysis.yaml").write_text(ANALYSIS, encoding="utf-8")
    words = ["explore", "analysis.yaml", "--port", "0", "--no-browser"]
    root = str(Path(crl.__file__).parents[1])
    server = subprocess.Popen(
        [sys.executable, "-m", "crlocal_plugin", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root, "PYTHONUNBUFFERED": "1"},
    )
    for line in server.stdout:
        if found := re.search("http://[0-9.:]+/", line):
            yield found[0]
            break
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=30)
    # ends as quietly as it can
    assert server.returncode == 0, err
    assert (out, err) == ("stopped\n", "")


@pytest.fixture
def open_page(browser):
    complaints, pages = [], []

    def open_page(address, width=1280):
        page = browser.new_page(viewport={"width": width, "height": 800})
        pages.append(page)
        page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(m.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: complaints.extend([r.url] * outside(r.url, address)))
        page.goto(address)
        page.locator(".bk-Figure").first.wait_for()
        return page

    yield open_page
    for page in pages:
        page.close()
    assert complaints == []


def outside(url, address):
    return not url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))


def value_of(page, name):
    return page.evaluate(f"name => ({MODEL})(name).value", name)


def amplitudes(page):
    return np.array(page.evaluate(f'() => Array.from(({MODEL})("dipole").data.a0)'))


def drag(page, name, pixels):
    """Drag the handle of the slider of a parameter by so many pixels."""
    slider = page.locator(".bk-Slider").filter(has_text=f"{name}:")
    box = slider.locator(".noUi-handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + pixels, y, steps=4)
    page.mouse.up()


def changed(page, before, row=80):
    page.wait_for_function(
        f'before => Math.abs(({MODEL})("dipole").data.a0[{row}] / before - 1) > 0.01', arg=before
    )
    return amplitudes(page)


def test_a_page_follows_and_fits(open_page, address, tmp_path):
    page = open_page(address)
    before = amplitudes(page)
    drag(page, "V_sun", -40)
    changed(page, before[80])
    assert value_of(page, "V_sun") < 15
    # another page has its own model
    assert value_of(open_page(address, 420), "V_sun") == 15.5
    page.get_by_text("Fit from here").click()
    page.get_by_text("converged").wait_for()
    (tmp_path / "analysis.yaml").write_text(ANALYSIS, encoding="utf-8")
    best = Fit(backend="least-squares").run(crl.Analysis.read(tmp_path / "analysis.yaml").prepare())
    page.locator(".status .n").nth(1).filter(has_text="best fit").wait_for()
    shown = page.locator(".status .n").first.inner_text()
    assert float(shown) == pytest.approx(best.total_stat, abs=0.06)
    with page.expect_download() as download:
        page.get_by_text("Save as YAML").click()
    analysis = crl.Analysis.read(download.value.path())
    assert analysis.prepare().stat_sum() == pytest.approx(best.total_stat, abs=0.01)
    with page.expect_download() as download:
        page.get_by_text("Save as PNG").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    page.get_by_text("Back to the paper").click()
    page.wait_for_function(f'() => ({MODEL})("V_sun").value == 15.5')


@pytest.mark.parametrize("width", [1280, 420])
def test_a_page_is_as_wide_as_its_window(open_page, address, width):
    page = open_page(address, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_demo_follows_without_a_server(open_page, tmp_path):
    file = tmp_path / "demo.html"
    crl.write_demo(file)
    page = open_page(file.as_uri())
    before = amplitudes(page)
    drag(page, "V_sun", -60)
    drag(page, "delta_b", 60)
    found = changed(page, before[15], 15)
    datasets = crl.Analysis().prepare()
    (model,) = (m for m in datasets.models if isinstance(m, crl.CosmicRayModel))
    model.V_sun.value, model.delta_b.value = value_of(page, "V_sun"), value_of(page, "delta_b")
    energy = np.array(page.evaluate(f'() => Array.from(({MODEL})("dipole").data.x)'))
    amplitude = model.dipole(energy * u.GeV).amplitude.value
    assert np.abs(found - amplitude).max() < 0.03 * amplitude.max()
