"""Sphinx reads all pages without a warning; the scripts of the galleries are run elsewhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_pages_have_no_warnings(tmp_path):
    pytest.importorskip("sphinx_gallery", reason="needs pip install '.[docs]'")
    for folder in ("docs", "examples"):
        made = shutil.ignore_patterns("_build", "generated", "__pycache__", "out")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=made)
    options = ["-b", "dummy", "-q", "-W", "--keep-going", "-D", "plot_gallery=0"]
    result = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "docs", "docs/_build"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert result.returncode == 0, result.stderr
