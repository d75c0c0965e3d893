"""Every Python block of the documentation runs, and so do the scripts of its galleries."""

import re
import runpy
from pathlib import Path

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.table import Table
from gammapy.modeling import Fit, Parameter
from gammapy.modeling.models import MODEL_REGISTRY, SPECTRAL_MODEL_REGISTRY

import crlocal_plugin as crl

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if not {"_build", "generated"} & set(page.parts))
GUIDES = [
    page
    for page in PAGES
    if page.parent.name == "howto" or page.stem in ("getting-started", "tutorial")
]


def name_of(page):
    return page.relative_to(DOCS).with_suffix("").as_posix()


def blocks_of(page):
    """Python blocks of a page, each after empty lines so that a traceback has its line."""
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield "\n" * text.count("\n", 0, match.start(1)) + match[1]


def run(block, page, names):
    exec(compile(block, str(page), "exec"), names)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    plt.close("all")


@pytest.fixture
def names(folder):
    """What a reader has at hand: imports, a model, datasets with one free parameter, files."""
    Table({"E": [1.0, 2.0], "flux": [1e-5, 1e-6], "err": [1e-6, 1e-7]}).write("protons.csv")
    datasets = crl.load_datasets(["dampe_h"])
    datasets[0].write("my-table.ecsv")
    datasets.models = [crl.xue_liu_2025()]
    datasets.models.freeze()
    datasets[0].model.Gamma.frozen = False
    return {
        "np": np,
        "u": u,
        "crl": crl,
        "Fit": Fit,
        "Parameter": Parameter,
        "model": crl.xue_liu_2025(),
        "datasets": datasets,
        "SPECTRAL_MODEL_REGISTRY": SPECTRAL_MODEL_REGISTRY,
        "spectral_model": crl.GalacticCenterSpectralModel(),
        "dipole_model": crl.BackgroundDipoleModel(),
    }


@pytest.mark.parametrize(
    ("page", "block"),
    [
        pytest.param(page, block, id=f"{name_of(page)}-{number}")
        for page in PAGES
        if page not in GUIDES
        for number, block in enumerate(blocks_of(page))
    ],
)
def test_block(page, block, names):
    run(block, page, names)


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_guide(page, folder):
    names = {"__name__": "guide"}
    for block in blocks_of(page):
        run(block, page, names)


@pytest.mark.parametrize("script", sorted(DOCS.glob("models/*.py")), ids=lambda path: path.stem)
def test_page_of_a_model(script, folder, capsys):
    runpy.run_path(str(script))
    assert plt.get_fignums()
    assert "type:" in capsys.readouterr().out


def test_every_model_has_a_page():
    pages = " ".join(path.read_text(encoding="utf-8") for path in DOCS.glob("models/*.py"))
    classes = [*SPECTRAL_MODEL_REGISTRY, *MODEL_REGISTRY, *crl.DIPOLE_MODEL_REGISTRY]
    own = {cls.__name__ for cls in classes if cls.__module__.startswith("crlocal_plugin.")}
    assert own - {"CosmicRayModel"} <= set(re.findall(r"crlocal_plugin\.(\w+)", pages))


def test_every_public_name_is_in_the_reference():
    text = (DOCS / "api" / "index.rst").read_text(encoding="utf-8")
    entry = r"^(?:   |\.\. (?:auto)?(?:data|class):: (?:\w+\.)*)(\w+)$"
    assert set(crl.__all__) <= set(re.findall(entry, text, re.MULTILINE))
