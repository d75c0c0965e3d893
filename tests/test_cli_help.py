"""Help is there at once, and says what the rest of the package says.

What help names of other floors stands in ``crlocal_plugin/cli/known.json``;
``python tests/test_cli_help.py --write`` renews it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SNAPSHOT = ROOT / "crlocal_plugin" / "cli" / "known.json"
HEAVY = ("numpy", "astropy", "gammapy", "matplotlib", "pydantic", "scipy", "tqdm")


def entry(info):
    """Description and default of an entry of an analysis file, as help shows them."""
    default = "none" if info.default is None else info.default
    if isinstance(default, bool):
        default = "yes" if default else "no"
    elif isinstance(default, tuple):
        default = " ".join(str(getattr(item, "name", item)) for item in default)
    return [info.description, default]


def known():
    """What the package says now."""
    from crlocal_plugin.analysis.description import Analysis
    from crlocal_plugin.analysis.schema import PARTS
    from crlocal_plugin.catalogue.plans import shipped_plans
    from crlocal_plugin.cli.options import ENTRIES
    from crlocal_plugin.likelihood.minima.search import N_STARTS
    from crlocal_plugin.plots.pictures import PICTURES
    from crlocal_plugin.studies.forecasts import TARGETS
    from crlocal_plugin.studies.leave_one_out import GROUPS

    fields = {place: PARTS.get(place[:-1], Analysis).model_fields[place[-1]] for place in ENTRIES}
    return {
        "entries": {".".join(place): entry(info) for place, info in fields.items()},
        "pictures": {name: picture.summary for name, picture in PICTURES.items()},
        "plans": list(shipped_plans()),
        "targets": list(TARGETS),
        "groups": list(GROUPS),
        "starts": N_STARTS,
    }


def test_help_says_what_the_package_says():
    kept = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert kept == known(), "renew the snapshot: python tests/test_cli_help.py --write"


@pytest.mark.parametrize("words", ["--version", "--help", "fit --help", "forecast -h"])
def test_what_is_light_imports_nothing_heavy(words):
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "crlocal_plugin", *words.split()],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert run.returncode == 0
    assert "crlocal" in run.stdout
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in run.stderr.splitlines()}
    assert not imported & set(HEAVY)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if sys.argv[1:] == ["--write"]:
        # the options are made of what is written
        SNAPSHOT.write_text(f"{json.dumps(known(), indent=1, ensure_ascii=False)}\n", "utf-8")
