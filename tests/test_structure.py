"""Imports go downwards, and the public names are there."""

import ast
from pathlib import Path

import pytest

import crlocal_plugin as crl

PACKAGE = Path(crl.__file__).parent
LAYERS = (
    *("work", "physics", "components", "models", "sky", "tables", "datasets", "likelihood"),
    *(
        "catalogue",
        "posterior",
        "studies",
        "analysis",
        "plots",
        "paper",
        "report",
        "exploration",
        "cli",
    ),
)
FILES = sorted(PACKAGE.rglob("*.py"))


def layer_of(parts):
    return LAYERS.index(parts[0]) if parts and parts[0] in LAYERS else None


def imported_modules(path):
    """Modules of the package that a file imports, as parts below the package."""
    own = list(path.relative_to(PACKAGE).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = own[: len(own) - node.level]
            yield base + (node.module.split(".") if node.module else [])
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(crl.__name__):
            yield node.module.split(".")[1:]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(path):
    layer = layer_of(path.relative_to(PACKAGE).parts)
    if layer is None:
        return
    for module in imported_modules(path):
        other = layer_of(module)
        assert other is None or other <= layer, f"imports {'.'.join(module)}"


@pytest.mark.parametrize("path", [p for p in FILES if "physics" in p.parts], ids=lambda p: p.stem)
def test_physics_is_numpy_alone(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.split(".")[0])
    assert names <= {"numpy", "typing", "dataclasses", "functools", "math", "numbers"}


def test_public_names():
    assert sorted(crl.__all__) == sorted(set(crl.__all__))
    for name in crl.__all__:
        assert getattr(crl, name) is not None
    for name in (
        *("xue_liu_2025", "load_datasets", "catalog", "CosmicRayModel", "CosmicRayFluxDataset"),
        *("DipoleDataset", "LeakyBoxSpectralModel", "NearbySourceSpectralModel"),
        *("GalacticCenterSpectralModel", "BackgroundDipoleModel", "NearbySourceDipoleModel"),
        *("GalacticCenterDipoleModel", "ComptonGettingDipoleModel"),
    ):
        assert name in crl.__all__
