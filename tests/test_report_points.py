"""What a report says of the points of its pictures, in the page and in a browser."""

import html
import re
from functools import partial

import astropy.units as u
import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.table import Table

import crlocal_plugin as crl
from crlocal_plugin.datasets.plotting import picture_of
from crlocal_plugin.report import page, pictures
from crlocal_plugin.report.points import described_points

EVIL = """<img src=x onerror=alert(1)> & "it's"</title><script>alert(2)</script>"""


@pytest.fixture(scope="module")
def datasets():
    """A spectrum with a limit and a point outside the fit, and a dipole, of a bad name."""
    spectrum = Table(
        {
            "energy": [1e2, 1e3, 1e4] * u.GeV,
            "intensity": [4e-2, 1e-4, 2e-7] * u.Unit("GeV-1 m-2 s-1 sr-1"),
            "intensity_stat_errn": [4e-3, 1e-5, 2e-8] * u.Unit("GeV-1 m-2 s-1 sr-1"),
            "intensity_stat_errp": [8e-3, 1e-5, 2e-8] * u.Unit("GeV-1 m-2 s-1 sr-1"),
            "is_ul": [False, False, True],
        }
    )
    spectrum.meta = {"experiment": EVIL, "quantity": "H", "axis": "kinetic_energy"}
    data = crl.CosmicRayDatasets(
        [
            crl.CosmicRayFluxDataset.read(spectrum, name="flux-2e5"),
            *crl.load_datasets("argo-ybj-2018"),
        ]
    )
    data[0].mask_fit = np.array([True, False, True])
    data.models = [crl.xue_liu_2025()]
    return data


@pytest.fixture(scope="module")
def report(datasets, tmp_path_factory):
    """Page with two pictures."""
    path = tmp_path_factory.mktemp("report") / "page.html"
    words = {key: {"title": key, "caption": "c", "alt": EVIL} for key in ("spectra", "dipole")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "shipped_yaml", lambda path: words)
        patch.setattr(page, "fit_summary", partial(page.fit_summary, profiles=False))
        crl.write_report(datasets, path)
    return path


def words_of(svg):
    return [html.unescape(text) for text in re.findall(r"<title>(.*?)</title>", svg, re.DOTALL)]


def test_words(datasets, report):
    flux, dipole = datasets
    spectra, dipoles = re.findall(r"<svg.*?</svg>", report.read_text(encoding="utf-8"), re.DOTALL)
    texts = words_of(spectra)
    # each point on its curve and among the pulls
    assert len(set(texts)) == 3
    assert len(texts) >= 5
    first, second, limit = (
        next(t for t in texts if f"energy {x}" in t) for x in ("100 GeV", "1000 GeV", "1 × 10⁴ GeV")
    )
    pull = picture_of(flux).pulls()[:, 0]
    assert first.splitlines() == [
        f"{EVIL}, flux-2e5",
        "kinetic energy 100 GeV",
        "H 0.0400 +0.0080 −0.0040 GeV⁻¹ s⁻¹ sr⁻¹ m⁻²",
        f"pull {pull[0]:+.1f}".replace("-", "−"),
    ]
    assert "H 1.00 × 10⁻⁴ ± 0.10 × 10⁻⁴" in second
    assert second.endswith("not in the fit")
    assert "H < 2 × 10⁻⁷" in limit
    texts = words_of(dipoles)
    assert len(set(texts)) == len(dipole.table)
    pulls = picture_of(dipole).pulls()
    for text, (along, across) in zip(texts, pulls, strict=False):
        lines = text.splitlines()
        assert lines[0] == "ARGO-YBJ, argo-ybj-2018"
        assert lines[-2:] == [
            f"pull {along:+.1f} along the measured phase".replace("-", "−"),
            f"pull {across:+.1f} across it".replace("-", "−"),
        ]
        assert "right ascension" in lines[3]


def test_circles_are_on_the_points(datasets):
    figure = crl.plot_spectra(list(datasets)).figure
    figure.set_dpi(72)
    figure.draw_without_rendering()
    ax = figure.axes[0]
    circles = described_points(figure, 10.0, 400.0)
    found = [tuple(map(float, pair)) for pair in re.findall(r'cx="(.*?)" cy="(.*?)"', circles)]
    for line in (line for line in ax.lines if hasattr(line, "source")):
        for x, y in ax.transData.transform(line.get_xydata()):
            if ax.bbox.contains(x, y):
                place = np.array([x - 10, 400 - y])
                assert np.abs(np.array(found) - place).max(axis=1).min() < 0.06
    plt.close(figure)


def test_page_is_escaped(report):
    text = report.read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<img" not in text
    # scripts of the page alone, and nothing from elsewhere
    assert len(re.findall("<script", text)) == 1
    assert "src=" not in text.replace(html.escape(EVIL), "").replace("src=x onerror", "")
    ids = re.findall(r'\bid="(.*?)"', text)
    assert sorted(ids) == sorted(set(ids))
    for target in re.findall(r'(?:xlink:href="|url\()#(.*?)["\)]', text):
        assert target in ids


def test_hover_in_a_browser(report, browser):
    errors, asked = [], []
    tab = browser.new_page(viewport={"width": 900, "height": 700})
    tab.on("console", lambda message: errors.append(message.text))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(report.as_uri())
    box = tab.locator("#words")
    assert box.is_hidden()
    # markers and circles are at the same place
    for circle in (tab.locator(".points circle").first, tab.locator(".points circle").last):
        words = circle.get_attribute("data-words")
        circle.scroll_into_view_if_needed()
        circle.hover(force=True)
        assert box.is_visible()
        shown = box.inner_text()
        assert shown.splitlines()[0] in words
        assert "pull" in shown
        place, frame = box.bounding_box(), tab.viewport_size
        assert 0 <= place["x"] <= place["x"] + place["width"] <= frame["width"]
    assert EVIL.split("&")[0] in tab.locator(".points circle").first.get_attribute("data-words")
    tab.locator("h1").hover()
    assert box.is_hidden()
    tab.emulate_media(media="print")
    assert box.is_hidden()
    tab.close()
    assert errors == []
    assert [url[:5] for url in asked] == ["file:"]
