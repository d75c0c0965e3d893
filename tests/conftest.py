import functools
import os
import shutil

import pytest
from astropy.io import registry
from astropy.table import Table
from hypothesis import settings

# the same examples in every run
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# timed runs are asked for by name: python -m pytest -n 0 tests/benchmarks
collect_ignore = ["benchmarks"]

# pictures go to files; for processes that tests start, too
os.environ.setdefault("MPLBACKEND", "Agg")

if "PYTEST_XDIST_WORKER" in os.environ:
    # one process per core: threads of NumPy would wait for those of the others
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="module")
def registries_as_before():
    """Forget the classes that a module of tests has registered with gammapy."""
    from gammapy.datasets import DATASET_REGISTRY
    from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY

    from crlocal_plugin import DIPOLE_MODEL_REGISTRY

    registries = DATASET_REGISTRY, SPECTRAL_MODEL_REGISTRY, DIPOLE_MODEL_REGISTRY
    before = [list(classes) for classes in registries]
    yield
    for now, classes in zip(registries, before, strict=True):
        now[:] = classes


@pytest.fixture
def closed_figures():
    """Close the figures of a test at its end."""
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


# of a module: while it is open, its event loop runs
@pytest.fixture(scope="module")
def browser():
    """Chromium or Chrome without a window, driven by playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no Chromium or Chrome")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def parse_once():
    """Let astropy parse the text of an ECSV table once: hundreds of tests load the same tables.

    Every reader gets a copy of its own. What is remembered is the text, not the name of a file, so
    that a file that changes is read as it is. Most of the time goes to YAML headers.
    """
    parse = registry.get_reader("ascii.ecsv", Table)
    known = {}

    @functools.wraps(parse)
    def read(source, *args, **kwargs):
        if args or kwargs or not hasattr(source, "seek"):
            return parse(source, *args, **kwargs)
        text = source.read()
        if text not in known:
            source.seek(0)
            known[text] = parse(source)
        return known[text].copy()

    registry.register_reader("ascii.ecsv", Table, read, force=True)


parse_once()
