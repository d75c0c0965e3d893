"""Files of a fit that are damaged are refused, and say which and where."""

import re
import shutil
import warnings

import numpy as np
import pytest
import yaml
from gammapy.datasets import Datasets
from gammapy.modeling import Fit

import crlocal_plugin as crl


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    model, datasets = crl.xue_liu_2025(), crl.load_datasets(["dampe_h", "dampe_he"])
    datasets.models = [model]
    model.freeze()
    model.Gamma.frozen = model.delta.frozen = False
    Fit(backend="least-squares").run(datasets)
    folder = tmp_path_factory.mktemp("fit")
    datasets.write(folder / "datasets.yaml", filename_models=folder / "models.yaml")
    return folder, datasets


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original[0], tmp_path / "fit")


def read(folder, **kwargs):
    return crl.CosmicRayDatasets.read(folder / "datasets.yaml", folder / "models.yaml", **kwargs)


def change(path, pattern, replacement, count=1):
    text, n = re.subn(pattern, replacement, path.read_text(), count=count, flags=re.DOTALL)
    assert n
    path.write_text(text)


def test_what_is_whole_is_read_without_a_word(original, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = read(folder)
    assert again.stat_sum() == pytest.approx(original[1].stat_sum(), rel=1e-12)
    free = [[par for par in one.parameters if not par.frozen] for one in (original[1], again)]
    one, two = (
        d.models.covariance.get_subcovariance(pars).data
        for d, pars in zip((original[1], again), free, strict=True)
    )
    assert one == pytest.approx(two, rel=1e-12)


@pytest.mark.parametrize("name", ["datasets.yaml", "models.yaml"])
def test_yaml_that_is_not_as_written(folder, name):
    change(folder / name, "dampe_he|2.6[0-9]+", "dampe_h")
    with pytest.raises(ValueError, match=rf"{name} has changed since it was written"):
        read(folder)


@pytest.mark.parametrize("name", ["datasets.yaml", "models.yaml"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no list"),
        ("datasets: [a\n  b: {", "is not a YAML file"),
        ("components: 3", "has no list"),
        (b"\xff\xfe\x00", "is not a YAML file"),
    ],
)
def test_no_yaml_of_a_fit(folder, name, text, message):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=rf"{name} {message}"):
        read(folder)


def test_yaml_without_a_checksum(folder):
    path = folder / "models.yaml"
    change(path, r"\nchecksum: \w+", "")
    with pytest.warns(UserWarning, match=r"models\.yaml has no checksum.*checksum=False"):
        read(folder)
    change(path, "value: 2.6[0-9]+", "value: 2.5")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(folder, checksum=False)[0].model.Gamma.value == 2.5


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (r"value: 2\.6\d+", "value: .nan", r"Gamma = nan, with limits 1 to 5: expected a finite"),
        (r"value: 2\.6\d+", "value: .inf", r"Gamma = inf.*expected a finite number"),
        (r"value: 2\.6\d+", "value: 7.5", r"Gamma = 7\.5, with limits 1 to 5: .*inside the limits"),
        (r"mu: .*?value: [\d.]+", None, r"prior has mu nan, sigma .*expected finite numbers"),
    ],
)
def test_models_that_no_fit_can_start_from(folder, pattern, replacement, message):
    path = folder / "models.yaml"
    if replacement is None:
        data = yaml.safe_load(path.read_text())
        priors = [par["prior"] for par in data["components"][0]["parameters"] if par.get("prior")]
        # those that several parameters share have none of their own
        own = next(prior for prior in priors if prior["parameters"])
        own["parameters"][0]["value"] = np.nan
        path.write_text(yaml.safe_dump(data, sort_keys=False))
    else:
        change(path, pattern, replacement)
    with pytest.raises(ValueError, match=rf"models\.yaml: model 'cosmic-ray': .*{message}"):
        read(folder, checksum=False)


def test_covariance_is_missing(original, folder):
    (folder / "models_covariance.dat").unlink()
    message = r"models\.yaml: models_covariance\.dat is missing.*restore the file, or fit again"
    with pytest.warns(UserWarning, match=message):
        again = read(folder)
    model, before = again[0].model, original[1][0].model
    assert model.Gamma.error == before.Gamma.error > 0
    pair = again.models.covariance.get_subcovariance([model.Gamma, model.delta]).data
    assert pair[0, 1] == 0


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (r"(?<=\| )[ \d.e-]+(?= \|)", "nan", r"numbers of .*cosmic-ray\.Gamma.* are not finite"),
        (r"[^\n]*\n$", "", "is truncated or has other parameters: expected rows and columns of"),
        (r"cosmic-ray.Gamma", "cosmic-ray.Gomma", "is truncated or has other parameters"),
        (r"(Gamma \|[^|]*\| *) (?=\d)", r"\1-", "a variance is negative"),
        (r"0\.0", "abc", "is not a covariance"),
        (r".*", "", "is not a covariance"),
    ],
)
def test_covariance_is_damaged(folder, pattern, replacement, message):
    path = folder / "models_covariance.dat"
    change(path, pattern, replacement, count=0 if replacement == "nan" else 1)
    with pytest.raises(ValueError, match=rf"models_covariance\.dat.*{message}"):
        read(folder)


@pytest.mark.parametrize("reader", [Datasets, crl.CosmicRayDatasets])
def test_table_that_is_cut(folder, reader):
    path = folder / "dampe_h.ecsv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(ValueError, match=r"dampe_h\.ecsv: expected (\d+) rows.*got \d+.*truncated"):
        reader.read(folder / "datasets.yaml")


def test_datasets_of_older_versions_have_no_number_of_rows(folder):
    path = folder / "datasets.yaml"
    change(path, r"    rows: \d+\n", "", count=0)
    change(path, r"\nchecksum: \w+", "")
    assert len(crl.CosmicRayDatasets.read(path, checksum=False)) == 2


def test_datasets_without_models(tmp_path):
    names = tmp_path / "datasets.yaml", tmp_path / "models.yaml"
    crl.load_datasets("dampe_h").write(*names)
    assert len(crl.CosmicRayDatasets.read(*names).models) == 0
