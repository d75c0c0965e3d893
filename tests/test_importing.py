"""What importing the package changes in gammapy: additions under names of its own, no more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from gammapy.datasets import Datasets
from gammapy.modeling import Fit
from gammapy.modeling.fit import registry

import crlocal_plugin as crl

ROOT = Path(crl.__file__).parents[1]

# names that an import adds
ADDED = {
    "MODEL_REGISTRY": ["CosmicRayModel", "NuisanceModel"],
    "SPECTRAL_MODEL_REGISTRY": [
        "DecayingSourceSpectralModel",
        "DiscreteLeakyBoxSpectralModel",
        "EscapingSourceSpectralModel",
        "GalacticCenterSpectralModel",
        "GasLeakyBoxSpectralModel",
        "IntensitySpectralModel",
        "LeakyBoxSpectralModel",
        "NearbySourceSpectralModel",
        "PublishedSpectralModel",
        "SecondarySpectralModel",
        "SpallationLeakyBoxSpectralModel",
    ],
    "PRIOR_REGISTRY": ["MeasurementPrior", "PriorShare"],
    "DATASET_REGISTRY": [
        "CosmicRayFluxDataset",
        "DipoleDataset",
        "MeanLogMassDataset",
        "RatioDataset",
        "SkyMapDataset",
    ],
    "FIT_STATISTICS_REGISTRY": ["cosmic-ray"],
    "optimize": ["least-squares"],
    "covariance": ["least-squares"],
    "confidence": ["least-squares"],
}

# Another plugin enters its back ends first; then everything that gammapy has loaded is compared
# before and after the import. Objects are kept, so that none gets the identity of another.
SCRIPT = """
import importlib, json, pkgutil, sys, types, warnings
import matplotlib
import matplotlib.pyplot
import numpy as np
import gammapy.datasets, gammapy.estimators, gammapy.modeling.models, gammapy.stats
from gammapy.datasets import DATASET_REGISTRY
from gammapy.modeling import models
from gammapy.modeling.fit import registry
from gammapy.stats import FIT_STATISTICS_REGISTRY

for task in registry.register:
    def other(*args, **kwargs): ...
    other.__qualname__ = f"{task} of another plugin"
    registry.register[task]["minuit"] = other

REGISTRIES = {name: getattr(models, name) for name in dir(models) if name.endswith("_REGISTRY")}
REGISTRIES["DATASET_REGISTRY"] = DATASET_REGISTRY
FUNCTIONS = {"FIT_STATISTICS_REGISTRY": FIT_STATISTICS_REGISTRY, **registry.register}

def entries():
    found = {name: {cls.__name__: cls for cls in each} for name, each in REGISTRIES.items()}
    for name, each in FUNCTIONS.items():
        items = each.items() if isinstance(each, dict) else [(cls.__name__, cls) for cls in each]
        found[name] = dict(items)
    return found

def flat(value):
    if isinstance(value, dict):
        return [*value, *value.values()]
    return list(value) if isinstance(value, (list, set, tuple)) else value

def attributes():
    found = {}
    for module in [m for name, m in sys.modules.items() if name.split(".")[0] == "gammapy"]:
        for name, value in vars(module).items():
            if isinstance(value, types.ModuleType) or name.startswith("__"):
                continue
            if name.endswith("_REGISTRY"):
                continue  # compared entry by entry
            found[f"{module.__name__}.{name}"] = flat(value)
            if isinstance(value, type) and value.__module__ == module.__name__:
                for key, attribute in vars(value).items():
                    if key not in ("__dict__", "__weakref__", "_abc_impl"):
                        found[f"{module.__name__}.{name}.{key}"] = flat(attribute)
    found["warnings.filters"] = list(warnings.filters)
    found["matplotlib.rcParams"] = [f"{k} {v}" for k, v in dict(matplotlib.rcParams).items()]
    found["numpy.geterr"] = [f"{k} {v}" for k, v in np.geterr().items()]
    return found

def same(one, other):
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(a is b or a == b for a, b in zip(one, other))
    return one is other

before, loaded = entries(), attributes()
import crlocal_plugin
after, now = entries(), attributes()
print(json.dumps({
    "added": {
        name: sorted(set(after[name]) - set(before[name]))
        for name in after if set(after[name]) != set(before[name])
    },
    "replaced": [
        f"{name}: {key}" for name, each in before.items() for key, value in each.items()
        if after[name].get(key) is not value
    ],
    "changed": sorted(
        name for name, value in loaded.items() if name not in now or not same(value, now[name])
    ),
    "minuit": {task: each["minuit"].__qualname__ for task, each in registry.register.items()},
}))
"""


@pytest.fixture(scope="module")
def difference():
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_only_names_of_the_package_are_added(difference):
    assert difference["added"] == {name: sorted(names) for name, names in ADDED.items()}


def test_only_one_entry_is_replaced_by_one_that_hands_over(difference):
    # what it does for other datasets is in test_preparation.py
    assert difference["replaced"] == ["covariance: minuit"]


def test_back_ends_of_another_plugin_stay(difference):
    expected = {task: f"{task} of another plugin" for task in registry.register}
    assert difference["minuit"] == expected


def test_no_attribute_of_gammapy_is_changed(difference):
    assert difference["changed"] == []


@pytest.mark.parametrize("collection", [Datasets, crl.CosmicRayDatasets])
def test_a_later_override_by_another_plugin_survives_a_fit(collection, monkeypatch):
    datasets = collection(list(crl.load_datasets(["dampe_h"])))
    datasets.models = [crl.xue_liu_2025(species="H")]
    datasets.models.freeze()
    datasets[0].model.Gamma.frozen = False
    called = []

    def override(task):
        known = registry.register[task]["minuit"]

        def function(*args, **kwargs):
            called.append(task)
            return known(*args, **kwargs)

        return function

    functions = {task: override(task) for task in ("optimize", "covariance", "confidence")}
    for task, function in functions.items():
        monkeypatch.setitem(registry.register[task], "minuit", function)
    fit = Fit(backend="minuit")
    assert fit.run(datasets).success
    fit.confidence(datasets, datasets[0].model.Gamma)
    assert called == ["optimize", "covariance", "confidence"]
    for task, function in functions.items():
        assert registry.get(task, "minuit") is function
