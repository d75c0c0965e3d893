"""What a release consists of: files that services read, links of the README, versions."""

import json
import re
import runpy
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FILES = [*ROOT.glob(".github/**/*.yml"), ROOT / ".pre-commit-config.yaml", ROOT / "CITATION.cff"]
RELEASE = runpy.run_path(str(ROOT / ".github" / "release.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_files_that_services_read(file):
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    kind = file.parent.name
    if kind == "workflows":
        # YAML 1.1 takes the word on for true
        assert {"name", True, "permissions", "jobs"} <= set(content)
        for job in content["jobs"].values():
            assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    elif kind == "ISSUE_TEMPLATE":
        assert {"name", "description", "body"} <= set(content)


def test_every_supported_python_is_tested():
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    matrix = yaml.safe_load(text)["jobs"]["tests"]["strategy"]["matrix"]
    begin = "Programming Language :: Python :: 3."
    named = [text for text in PROJECT["project"]["classifiers"] if text.startswith(begin)]
    assert [f"{begin[:-2]}{version}" for version in matrix["python"]] == named
    assert PROJECT["project"]["requires-python"] == f">={matrix['python'][0]}"
    files = [word for word in text.split() if word.startswith("tests/")]
    assert all(list(ROOT.glob(file)) for file in files)


def test_oldest_dependencies_are_those_of_the_package():
    lines = (ROOT / ".github" / "oldest.txt").read_text(encoding="utf-8").splitlines()
    oldest = dict(line.split("==") for line in lines if not line.startswith("#"))
    required = PROJECT["project"]["dependencies"]
    assert set(oldest) >= {re.match(r"[\w-]+", text)[0] for text in required}
    for text in required:
        name, least = re.match(r"([\w-]+)>=([\d.]+)", text).groups()
        version, least = (tuple(map(int, x.split("."))) for x in (oldest[name], least))
        assert version >= least


def test_links_of_the_readme_are_absolute_on_the_index():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    hook = PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    for entry in hook["substitutions"]:
        text = re.sub(entry["pattern"], entry["replacement"], text)
    links = re.findall(r"\]\(([^)]+)\)", text)
    repository = PROJECT["project"]["urls"]["Repository"]
    assert all(link.startswith(("https://", "#")) for link in links)
    for link in links:
        place = re.match(rf"(?:{repository}/blob|https://raw\S+?crlocal_plugin)/main/([^#]+)", link)
        assert place is None or (ROOT / place[1]).exists(), link
    assert sum("raw.githubusercontent.com" in link for link in links) >= 2


def test_no_file_of_the_package_is_ignored():
    if not (ROOT / ".git").exists():
        pytest.skip("a checkout knows what is ignored")
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "crlocal_plugin"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    own = [name for name in found.split() if "__pycache__" not in name]
    assert own in ([], ["crlocal_plugin/_tag.py"])


def test_versions_and_addresses_agree():
    version = json.loads((ROOT / "docs" / "codemeta.json").read_text("utf-8"))["version"]
    missing = {question: problem for question, problem in RELEASE["texts"](version) if problem}
    # set on the day of the release
    assert set(missing) <= {"changelog has a date", "date in CITATION.cff"}
