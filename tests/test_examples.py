"""The scripts in examples/ and in the README run, with warnings as errors."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# those that draw the figures of the paper run in test_paper.py
SCRIPTS = sorted(p for p in (ROOT / "examples").glob("*.py") if not p.stem.startswith("figure_"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run(script, folder):
    result = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_example(script, tmp_path):
    assert run(script, tmp_path)


def test_readme_script(tmp_path):
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "readme.py").write_text(block)
    assert "converged" in run(tmp_path / "readme.py", tmp_path)
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
