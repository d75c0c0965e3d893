"""Check that a release can be made, and make its tag.

``python .github/release.py 0.1.0`` looks at everything and changes nothing; ``--tag`` makes the tag
``v0.1.0`` if nothing is missing. Pushing the tag publishes the release (workflows/release.yml).
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


def read(name):
    """Text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def run(*words):
    """Run a command in the repository; whether it has worked, and what it printed."""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def texts(version):
    """What the files say of a version: pairs of a question, and the problem or nothing."""
    project = tomllib.loads(read("pyproject.toml"))
    citation, codemeta = (
        yaml.safe_load(read("CITATION.cff")),
        json.loads(read("docs/codemeta.json")),
    )
    heading = re.search(rf"^## {re.escape(version)} \((.*)\)$", read("docs/changelog.md"), re.M)
    date = heading[1] if heading else ""
    fallback = project["tool"]["hatch"]["version"]["fallback-version"]
    repository = project["project"]["urls"]["Repository"]
    yield "changelog has a date", "" if re.fullmatch(r"\d{4}-\d\d-\d\d", date) else f"{date!r}"
    for name, found in (
        ("CITATION.cff", str(citation["version"])),
        ("docs/codemeta.json", codemeta["version"]),
        ("fallback of pyproject.toml", fallback.partition(".dev")[0]),
    ):
        yield f"version in {name}", "" if found == version else found
    found = str(citation.get("date-released", ""))
    yield "date in CITATION.cff", "" if found == date else f"{found!r}, changelog {date!r}"
    for name, found in (
        ("CITATION.cff", citation["repository-code"]),
        ("docs/codemeta.json", codemeta["codeRepository"]),
    ):
        yield f"repository in {name}", "" if found == repository else found


def checks(version, quick=False):
    """All checks of a release, each as a question and the problem or nothing."""
    _, changes = run("git", "status", "--porcelain")
    yield "no change is uncommitted", changes
    _, tags = run("git", "tag", "--list", f"v{version}")
    yield "the tag is new", tags
    yield from texts(version)
    for words in (["ruff", "check", "."], ["ruff", "format", "--check", "."]):
        worked, printed = run(sys.executable, "-m", *words)
        yield " ".join(words), "" if worked else printed
    if quick:
        return
    worked, printed = run(sys.executable, "-m", "pytest", "-q")
    yield "tests", "" if worked else printed[-2000:]
    with tempfile.TemporaryDirectory() as folder:
        worked, printed = run(sys.executable, "-m", "build", "--outdir", folder)
        yield "build", "" if worked else printed[-2000:]
        files = sorted(map(str, Path(folder).glob("*")))
        worked, printed = run(sys.executable, "-m", "twine", "check", "--strict", *files)
        yield "twine check", "" if worked else printed
        wheels = [file for file in files if file.endswith(".whl")]
        worked, printed = run(sys.executable, "-m", "check_wheel_contents", *wheels)
        yield "wheel", "" if worked else printed


def main():
    """Print the checklist; exit code 1 if something is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version", help="such as 0.1.0")
    parser.add_argument("--quick", action="store_true", help="leave out tests and build")
    parser.add_argument("--tag", action="store_true", help="make the tag if nothing is missing")
    options = parser.parse_args()
    is_ready = True
    for question, problem in checks(options.version, options.quick):
        print(f"[{' ' if problem else 'x'}] {question}" + (f": {problem.strip()}" * bool(problem)))
        is_ready = is_ready and not problem
    if options.tag and is_ready and not options.quick:
        name = f"v{options.version}"
        _, printed = run(
            "git", "tag", "--annotate", name, "--message", f"Release {options.version}"
        )
        print(printed or f"{name} is there; push it: git push origin {name}")
    return 0 if is_ready else 1


if __name__ == "__main__":
    sys.exit(main())
