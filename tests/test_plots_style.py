"""Styles for journals, and colours for readers who see fewer of them."""

import itertools
import re

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

import crlocal_plugin as crl
from crlocal_plugin.plots.style import (
    COMPONENT_LABELS,
    COMPONENT_STYLES,
    SPECIES_COLORS,
    component_label,
)

# Machado, Oliveira & Fernandes 2009, IEEE Trans. Vis. Comput. Graph. 15, 1291: matrices on linear
# RGB for readers without one kind of cones
CONES = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "all cones": np.eye(3),
}

RGB_TO_XYZ = [
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
]
WHITE = np.sum(RGB_TO_XYZ, axis=1)


def lab(color, cones=CONES["all cones"]):
    """CIE L*a*b* of a colour, as readers with these cones see it."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    seen = RGB_TO_XYZ @ np.clip(cones @ linear, 0, 1) / WHITE
    f = np.where(seen > 0.008856, np.cbrt(seen), 7.787 * seen + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def nearest(colors, **options):
    """Smallest distance between colours; about 2 can just be told beside each other."""
    places = [lab(color, **options) for color in colors]
    return min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2))


@pytest.mark.parametrize("readers", CONES)
def test_colours_stay_apart(readers):
    cones = np.array(CONES[readers])
    components = [style["color"] for style in COMPONENT_STYLES.values()]
    assert nearest(components, cones=cones) > 15
    main = [SPECIES_COLORS[name] for name in ("H", "He", "Fe", "all_particle")]
    assert nearest(main, cones=cones) > 15


def test_grey():
    # two species are told by colour alone; names stand on the curves of more
    first, second = (lab(SPECIES_COLORS[name])[0] for name in ("H", "He"))
    assert abs(first - second) > 15
    # white paper stays far from all
    for color in (*SPECIES_COLORS.values(), *(s["color"] for s in COMPONENT_STYLES.values())):
        assert lab(color)[0] < 75
    # components differ in their lines
    lines = [str(style["linestyle"]) for style in COMPONENT_STYLES.values()]
    assert len(set(lines)) == len(lines)


def test_matrices_agree_with_colorspacious():
    colorspacious = pytest.importorskip("colorspacious", reason="a check of the matrices alone")
    for readers, kind in (
        ("deuteranopia", "deutera"),
        ("protanopia", "prota"),
        ("tritanopia", "trita"),
    ):
        space = {"name": "sRGB1+CVD", "cvd_type": f"{kind}nomaly", "severity": 100}
        for color in ("#0072B2", "#E69F00", "#009E73"):
            seen = np.clip(colorspacious.cspace_convert(to_rgb(color), space, "sRGB1"), 0, 1)
            np.testing.assert_allclose(lab(color, np.array(CONES[readers])), lab(seen), atol=0.5)


def test_names_of_components():
    # others may add styles
    assert COMPONENT_LABELS.keys() <= COMPONENT_STYLES.keys()
    assert component_label("galactic-center") == "Galactic centre"
    assert component_label("a source of mine") == "a source of mine"


@pytest.fixture(scope="module")
def subject():
    datasets = crl.load_datasets(["dampe_h", "argo-ybj-2018"])
    datasets.models = [crl.xue_liu_2025()]
    return datasets


@pytest.mark.parametrize(("columns", "width"), [("single", 3.4), ("double", 7.0)])
def test_pictures_fit_into_columns(subject, columns, width):
    before = dict(plt.rcParams)
    with crl.journal_style(columns):
        for plot in (crl.plot_spectra, crl.plot_dipole, crl.plot_sky):
            figure = np.ravel(plot(subject))[0].figure
            assert figure.get_figwidth() == width
            figure.draw_without_rendering()
            page = figure.get_tightbbox()
            # nothing is cut
            assert page.x0 > -0.02
            assert page.x1 < width + 0.02
            assert page.y1 < figure.get_figheight() + 0.02
            for ax in figure.axes:
                assert ax.get_window_extent().width > 0.5 * figure.bbox.width
                texts = [t for t in ax.get_xticklabels() if t.get_visible()]
                assert all(text.get_fontsize() > 6 for text in texts)
                if (legend := ax.get_legend()) is not None:
                    boxes = (legend.get_window_extent(), ax.get_window_extent())
                    assert not boxes[0].padded(-1).overlaps(boxes[1])
                    assert legend.get_texts()[0].get_fontsize() > 6
            plt.close(figure)
    assert dict(plt.rcParams) == before


def test_fonts_are_truetype(subject, tmp_path):
    with crl.journal_style("single"):
        ax = crl.plot_spectra(subject)
        for suffix in ("pdf", "svg"):
            ax.figure.savefig(tmp_path / f"picture.{suffix}")
    content = (tmp_path / "picture.pdf").read_bytes()
    assert b"/FontFile2" in content
    kinds = re.findall(rb"/Subtype /(Type\w+|TrueType|CIDFontType\w+)", content)
    assert kinds
    assert set(kinds) <= {b"Type0", b"CIDFontType2", b"TrueType"}
    # curves need no font of the reader
    assert "<text" not in (tmp_path / "picture.svg").read_text(encoding="utf-8")
    plt.close(ax.figure)


def test_a_width_of_ones_own(subject):
    with plt.rc_context({"figure.figsize": (5.0, 4.0)}):
        assert crl.plot_spectra(subject).figure.get_figwidth() == 5
    assert crl.plot_spectra(subject).figure.get_figwidth() >= 8
    plt.close("all")


def test_unknown_style():
    with pytest.raises(ValueError, match="columns 'triple': expected one of single, double"):
        crl.journal_style("triple")
