"""Every Python block of the documentation runs."""

import re
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from gammapy.modeling import Fit, Parameter

import crlocal_plugin as crl

PAGES = sorted((Path(__file__).parents[1] / "docs").glob("*.md"))
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
]


@pytest.fixture
def names(tmp_path, monkeypatch):
    """What a reader has at hand: imports, a model, datasets with one free parameter, files."""
    monkeypatch.chdir(tmp_path)
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
        "spectral_model": crl.GalacticCenterSpectralModel(),
        "dipole_model": crl.BackgroundDipoleModel(),
    }


@pytest.mark.parametrize("block", BLOCKS)
def test_block(block, names):
    exec(compile(block, "documentation", "exec"), names)
