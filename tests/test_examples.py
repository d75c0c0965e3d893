"""The scripts in examples/ and in the README run, with warnings as errors."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from gammapy.modeling.models import MODEL_REGISTRY, PRIOR_REGISTRY, SPECTRAL_MODEL_REGISTRY

import crlocal_plugin as crl
from crlocal_plugin.analysis import treatments
from crlocal_plugin.likelihood import preparation
from crlocal_plugin.likelihood.minima.search import find_minima

ROOT = Path(__file__).parents[1]
# those that draw the figures of the paper run in test_paper_figures.py
SCRIPTS = sorted(p for p in (ROOT / "examples").glob("*.py") if not p.stem.startswith("figure_"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
REGISTRIES = (*(MODEL_REGISTRY, PRIOR_REGISTRY, SPECTRAL_MODEL_REGISTRY), crl.DIPOLE_MODEL_REGISTRY)


def few_starts(likelihood, n_starts=None, **kwargs):
    return find_minima(likelihood, 1 if n_starts is None else n_starts, **kwargs)


@pytest.fixture
def _as_in_a_new_process(tmp_path, monkeypatch):
    """An empty folder, and afterwards no figure, setting or registered class of a script."""
    known = [list(registry) for registry in REGISTRIES]
    monkeypatch.chdir(tmp_path)
    # scripts are tested here, not the search for minima in each of their fits
    monkeypatch.setattr(preparation, "find_minima", few_starts)
    few = dict(list(treatments.TREATMENTS.items())[:3])
    monkeypatch.setattr(treatments, "TREATMENTS", few)
    with mpl.rc_context({"backend": "Agg"}):
        yield
    plt.close("all")
    for registry, classes in zip(REGISTRIES, known, strict=True):
        registry[:] = classes


@pytest.mark.usefixtures("_as_in_a_new_process")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_example(script, capsys):
    # pytest makes warnings errors; a process of its own would import everything again
    runpy.run_path(str(script), run_name="__main__")
    assert capsys.readouterr().out


def test_readme_script(tmp_path):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "readme.py").write_text(block)
    result = subprocess.run(
        [sys.executable, "-W", "error", "readme.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "converged" in result.stdout
    assert {"dipole.png", "out"} <= {path.name for path in tmp_path.iterdir()}


def test_readme_has_two_commands():
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 2
    assert all(len(block.splitlines()) == 1 for block in blocks)
    assert "crlocal fit" in blocks[0]
    assert "pytest" in blocks[1]


def test_documented_files_exist():
    pages = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "howto").glob("*.md")]
    for page in [ROOT / "README.md", *pages]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
