"""Importing the package registers its classes, in whatever order; names come when asked for."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import crlocal_plugin as crl
from crlocal_plugin import program

ROOT = Path(crl.__file__).parents[1]

ALONE = """
import sys

import crlocal_plugin as crl

assert "crlocal_plugin.plots" not in sys.modules
from gammapy.datasets import DATASET_REGISTRY
from gammapy.modeling.fit import registry
from gammapy.modeling.models import MODEL_REGISTRY, PRIOR_REGISTRY, SPECTRAL_MODEL_REGISTRY, Models

known = DATASET_REGISTRY, MODEL_REGISTRY, PRIOR_REGISTRY, SPECTRAL_MODEL_REGISTRY
before = [list(classes) for classes in known], str(registry.register)
assert SPECTRAL_MODEL_REGISTRY.get_cls("leaky-box").__name__ == "LeakyBoxSpectralModel"
for name in crl.__all__:
    getattr(crl, name)
assert before == ([list(classes) for classes in known], str(registry.register))
models = Models([crl.xue_liu_2025(species="H")])
again = Models.from_yaml(models.to_yaml())
assert [type(model) for model in again] == [crl.CosmicRayModel]
"""


def python(source, *words):
    """Run a text as a script, with the package first on the path."""
    return subprocess.run(
        [sys.executable, "-c", source, *words],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )


def test_importing_the_package_alone_registers_all():
    run = python(ALONE)
    assert run.returncode == 0, run.stderr


def main_module(monkeypatch, script, argv=("x",), original=()):
    """Pretend that a script is the main module; whether that is the program."""
    main = SimpleNamespace() if script is None else SimpleNamespace(__file__=str(script))
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(sys, "argv", list(argv))
    monkeypatch.setattr(sys, "orig_argv", ["python", *original])
    return program.is_running()


def test_what_is_the_program(monkeypatch, tmp_path):
    own = tmp_path / "bin"
    own.mkdir()
    (own / "crlocal").touch()
    (tmp_path / "link").symlink_to(own / "crlocal")
    monkeypatch.setattr(sys, "executable", str(own / "python"))
    assert main_module(monkeypatch, own / "crlocal")
    assert main_module(monkeypatch, tmp_path / "link")
    assert main_module(monkeypatch, None, ["-m"], ["-X", "dev", "-m", "crlocal_plugin", "fit"])
    # a script of that name elsewhere, other modules, a process of a pool, a notebook
    assert not main_module(monkeypatch, tmp_path / "crlocal.py")
    assert not main_module(monkeypatch, own / "pytest")
    assert not main_module(monkeypatch, None, ["-m"], ["-m", "pytest", "-m", "crlocal_plugin"])
    assert not main_module(monkeypatch, None, ["-c"], ["-c", "from multiprocessing ..."])
    assert not main_module(monkeypatch, None, [""])


def test_names_that_are_not_there():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        crl.nothing  # noqa: B018
    assert crl.plots.__name__ == "crlocal_plugin.plots"
    assert set(dir(crl)) == set(crl.__all__)
