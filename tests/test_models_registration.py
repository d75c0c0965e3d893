"""Registration with gammapy: one entry per class, however often modules are imported."""

import subprocess
import sys
from pathlib import Path

import pytest
from gammapy.modeling.models import MODEL_REGISTRY, PRIOR_REGISTRY, SPECTRAL_MODEL_REGISTRY

import crlocal_plugin
from crlocal_plugin import DIPOLE_MODEL_REGISTRY

SPECTRAL = (
    "LeakyBoxSpectralModel",
    "NearbySourceSpectralModel",
    "GalacticCenterSpectralModel",
    "IntensitySpectralModel",
    "PublishedSpectralModel",
    "SpallationLeakyBoxSpectralModel",
    "DecayingSourceSpectralModel",
    "EscapingSourceSpectralModel",
    "DiscreteLeakyBoxSpectralModel",
)
DIPOLE = (
    "BackgroundDipoleModel",
    "NearbySourceDipoleModel",
    "GalacticCenterDipoleModel",
    "ComptonGettingDipoleModel",
    "LsrComptonGettingDipoleModel",
    "NearbySourceFickDipoleModel",
    "DecayingSourceFickDipoleModel",
    "EscapingSourceFickDipoleModel",
    "DiscreteBackgroundDipoleModel",
)
REGISTERED = [
    *((SPECTRAL_MODEL_REGISTRY, name) for name in SPECTRAL),
    *((DIPOLE_MODEL_REGISTRY, name) for name in DIPOLE),
    (MODEL_REGISTRY, "CosmicRayModel"),
    (MODEL_REGISTRY, "NuisanceModel"),
    (PRIOR_REGISTRY, "MeasurementPrior"),
]

# reloading makes new classes, which must not reach the other tests
RELOAD = """
import importlib
import sys

import crlocal_plugin
from gammapy.datasets import DATASET_REGISTRY
from gammapy.modeling.models import MODEL_REGISTRY, PRIOR_REGISTRY, SPECTRAL_MODEL_REGISTRY

registries = DATASET_REGISTRY, MODEL_REGISTRY, PRIOR_REGISTRY, SPECTRAL_MODEL_REGISTRY


def names():
    return [[cls.__name__ for cls in registry] for registry in registries]


before = names()
assert all(len(set(each)) == len(each) for each in before), before
for _ in range(2):
    for name in [name for name in sys.modules if name.startswith("crlocal_plugin")]:
        importlib.reload(sys.modules[name])
    assert names() == before, (names(), before)
importlib.reload(crlocal_plugin)
assert SPECTRAL_MODEL_REGISTRY.get_cls("leaky-box") is crlocal_plugin.LeakyBoxSpectralModel
registry = crlocal_plugin.DIPOLE_MODEL_REGISTRY
assert len(registry) == 9
for registry in (SPECTRAL_MODEL_REGISTRY, MODEL_REGISTRY, PRIOR_REGISTRY, registry):
    tags = [tag for cls in registry for tag in cls.tag if cls.__module__.startswith("crlocal")]
    assert len(tags) == len(set(tags)), tags
print("kept")
"""


@pytest.mark.parametrize(("registry", "name"), REGISTERED)
def test_registered_once(registry, name):
    cls = getattr(crlocal_plugin, name)
    assert sum(known is cls for known in registry) == 1
    assert sum(known.__name__ == name for known in registry) == 1
    assert isinstance(cls.tag, list)
    for tag in cls.tag:
        assert registry.get_cls(tag) is cls


@pytest.mark.parametrize(
    "registry", [SPECTRAL_MODEL_REGISTRY, MODEL_REGISTRY, PRIOR_REGISTRY, DIPOLE_MODEL_REGISTRY]
)
def test_tags_are_unique(registry):
    tags = [tag for cls in registry for tag in cls.tag]
    own = [tag for cls in registry if "crlocal" in cls.__module__ for tag in cls.tag]
    assert all(tags.count(tag) == 1 for tag in own)


def test_reload_keeps_one_entry():
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", RELOAD],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(crlocal_plugin.__file__).parents[1],
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "kept"
