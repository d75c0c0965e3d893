"""What does not need an optional extra works without it; what does, names the extra."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# packages that are refused, calls that need them (names are those of without_extra.py), commands
EXTRAS = {
    "sample": {
        "packages": ["emcee", "ultranest", "arviz", "xarray", "h5netcdf", "corner"],
        "calls": [
            "crl.sample(datasets)",
            "crl.nested_sample(datasets)",
            "crl.compare_models({'one': datasets, 'two': others}, evidence=True)",
            "posterior.to_inference_data()",
            "posterior.write('posterior.nc')",
            "crl.Posterior.read('posterior.nc')",
            "crl.plot_corner(posterior)",
        ],
        "commands": ["sample --datasets dampe_h --species H"],
    },
    "explore": {
        "packages": ["bokeh"],
        "calls": ["crl.explore(datasets)", "crl.write_demo('demo.html')"],
        "commands": ["explore --no-browser"],
    },
    "healpix": {
        "packages": ["healpy"],
        # gammapy makes the geometry
        "message": "No module named 'healpy'",
        "calls": ["crl.relative_intensity_map(model, 1 * u.TeV, HpxGeom.create(nside=2))"],
        "commands": [],
    },
    "crdb": {"packages": ["crdb"], "calls": ["crl.read_crdb('H')"], "commands": []},
    "composition": {
        "packages": ["crflux", "globalsplinefit"],
        "calls": [
            "crl.published_composition('GSF')",
            "crl.published_composition('H3a')",
            "crl.PublishedSpectralModel('H3a', species='H').intensity(1 * u.TV)",
        ],
        "commands": [],
    },
    "cluster": {
        "packages": ["distributed"],
        "calls": ["crl.use_cluster().__enter__()"],
        "commands": ["tension --datasets dampe_h --cluster local"],
    },
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    if not hasattr(os, "fork"):
        pytest.skip("forks a process for each extra")
    run = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "without_extra.py")],
        input=json.dumps(EXTRAS),
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OPENBLAS_NUM_THREADS": "1",
            "TMPDIR": str(tmp_path_factory.mktemp("extras")),
        },
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return dict(json.loads(line) for line in run.stdout.splitlines())


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_rest_works_without_an_extra(extra, found):
    answers = found[extra]
    assert isinstance(answers, dict), answers
    message = EXTRAS[extra].get("message", f"pip install 'crlocal_plugin[{extra}]'")
    for call in [*EXTRAS[extra]["calls"], *EXTRAS[extra]["commands"]]:
        assert message in answers.get(call, ""), call


def test_every_extra_for_users_is_refused_once():
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    assert set(extras) - {"docs", "bench", "test"} == set(EXTRAS)
    for name, entry in EXTRAS.items():
        assert {text.split(">")[0] for text in extras[name]} <= set(entry["packages"])
