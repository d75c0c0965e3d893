"""Registration with gammapy: one entry per class, however often modules are imported."""

import subprocess
import sys
from pathlib import Path

import pytest
from gammapy.modeling.models import (
    MODEL_REGISTRY,
    PRIOR_REGISTRY,
    SPECTRAL_MODEL_REGISTRY,
    Models,
    PowerLawSpectralModel,
)

import crlocal_plugin
from crlocal_plugin import (
    DIPOLE_MODEL_REGISTRY,
    BackgroundDipoleModel,
    CosmicRayComponent,
    CosmicRayDatasets,
    CosmicRayFluxDataset,
    CosmicRayModel,
    IntensitySpectralModel,
    LeakyBoxSpectralModel,
    load_datasets,
    read_catalog_table,
)

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


class Unregistered(PowerLawSpectralModel):
    tag = ["Unregistered"]
    index, amplitude, reference = (par.copy() for par in PowerLawSpectralModel.default_parameters)


class Imposter(LeakyBoxSpectralModel):
    tag = ["LeakyBoxSpectralModel"]


class UnregisteredDipole(BackgroundDipoleModel):
    pass


class UnregisteredDataset(CosmicRayFluxDataset):
    tag = "UnregisteredDataset"


def wrapped(model):
    return IntensitySpectralModel(model, "H", "kinetic_energy")


@pytest.mark.parametrize(
    ("spectrum", "dipole", "name", "registry"),
    [
        (wrapped(Unregistered()), None, "Unregistered", "SPECTRAL_MODEL_REGISTRY"),
        (wrapped(Unregistered() + Unregistered()), None, "Unregistered", "SPECTRAL_MODEL_REGISTRY"),
        (LeakyBoxSpectralModel(), UnregisteredDipole(), "UnregisteredDipole", "DIPOLE_MODEL_REGIS"),
    ],
    ids=["in a wrapper", "in a sum", "dipole"],
)
def test_unregistered_models_are_refused_when_written(tmp_path, spectrum, dipole, name, registry):
    component = CosmicRayComponent("own", {"H": spectrum}, dipole)
    model = CosmicRayModel([component], name="model")
    datasets = CosmicRayDatasets(load_datasets("ams-02_h"))
    datasets.models = [model]
    writing = (
        model.to_dict,
        lambda: Models([model]).write(tmp_path / "models.yaml"),
        lambda: datasets.write(tmp_path / "new" / "data.yaml", tmp_path / "new" / "models.yaml"),
    )
    for write in writing:
        with pytest.raises(ValueError, match=f"{name} is not registered.*register.{registry}"):
            write()
    # nor are the datasets left behind
    assert not (tmp_path / "new").exists()
    # it is used as it is otherwise
    assert datasets.stat_sum() > 0


def test_a_tag_of_another_class_is_refused():
    component = CosmicRayComponent("own", {"H": Imposter("H")})
    with pytest.raises(ValueError, match=r"Imposter has the tag 'LeakyBox.*would be read as that"):
        CosmicRayModel([component]).to_dict()


def test_unregistered_datasets_are_refused_when_written(tmp_path):
    dataset = UnregisteredDataset.read(read_catalog_table("ams-02_h"))
    with pytest.raises(ValueError, match=r"UnregisteredDataset is not registered"):
        CosmicRayDatasets([dataset]).write(tmp_path / "data.yaml")
    assert not list(tmp_path.iterdir())
