"""YAML that would fill the memory, or nest too deep, is refused before anything is built."""

import gzip
from itertools import pairwise

import pytest
import yaml
from gammapy.modeling.models import Models

import crlocal_plugin as crl
from crlocal_plugin.analysis.description import Analysis
from crlocal_plugin.report.saved_result import read_result
from crlocal_plugin.tables.raw_table import TableError
from crlocal_plugin.yaml_limits import DEPTH, SIZE, VALUES, check_limits

# each line stands for nine times as much as the one before: 9^9 in the end
BOMB = "\n".join(
    ["a: &a [x, x, x, x, x, x, x, x, x]"]
    + [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in pairwise("abcdefghi")]
)
MERGED = "a: &a {x: 1}\n" + "\n".join(
    f"{new}: &{new} {{<<: [{', '.join([f'*{old}'] * 9)}]}}" for old, new in pairwise("abcdefghi")
)
CHAIN = "\n".join(["- &n0 [1]", *(f"- &n{n} [*n{n - 1}]" for n in range(1, 3000))])
DEEP = {
    "flow": "[" * 3000,
    "closed": "[" * 3000 + "]" * 3000,
    "mappings": "{a: " * 3000,
    "blocks": "\n".join(" " * n + "-" for n in range(3000)),
    "aliases": CHAIN,
}


@pytest.mark.parametrize("text", [BOMB, MERGED], ids=["lists", "merged"])
def test_aliases_count_as_what_they_stand_for(text):
    with pytest.raises(ValueError, match=r"^a.yaml, line 7: expected at most 1,000,000 values"):
        check_limits(text, "a.yaml")


@pytest.mark.parametrize("kind", DEEP)
def test_depth(kind):
    with pytest.raises(ValueError, match=r"^a.yaml, line \d+: expected at most 100 levels"):
        check_limits(DEEP[kind], "a.yaml")


def test_size():
    with pytest.raises(ValueError, match=r"^a.yaml: expected at most 10,000,000 characters"):
        check_limits(b" " * (SIZE + 1), "a.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: &a [*a]",
        "a: *unknown",
        "a: [",
        "a: \x00",
        b"\xff",
        "[" * DEPTH + "]" * DEPTH,
        f"[{'1,' * 9999}]",
        "a: &a [1, 2]\nb: [*a, *a]\n---\nc: 1",
    ],
)
def test_what_is_within_the_limits_is_left_to_its_reader(text):
    assert check_limits(text, "a.yaml", values=10_000) == text


def test_the_limit_is_the_last_number_that_passes():
    check_limits("[1, 2, [3]]", "a.yaml", values=5)
    with pytest.raises(ValueError, match="at most 4 values"):
        check_limits("[1, 2, [3]]", "a.yaml", values=4)
    with pytest.raises(ValueError, match="levels"):
        check_limits("[" * (DEPTH + 1), "a.yaml")


def test_without_libyaml(monkeypatch):
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(ValueError, match="line 7: expected at most"):
        check_limits(BOMB, "a.yaml", VALUES)


def test_where_only_libyaml_refuses():
    # it wants no tab there
    with pytest.raises(ValueError, match="values"):
        check_limits(BOMB + "\nz: [a,\n\tb]", "a.yaml")


@pytest.mark.parametrize(
    "text", [BOMB, DEEP["flow"], DEEP["aliases"]], ids=["bomb", "flow", "alias"]
)
def test_analysis_files(text, tmp_path):
    path = tmp_path / "analysis.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"analysis.yaml, line \d+: expected at most") as error:
        Analysis.read(path)
    assert len(str(error.value).splitlines()) == 1


def test_results_of_fits(tmp_path):
    (tmp_path / "fit-result.yaml").write_text(BOMB)
    with pytest.raises(ValueError, match=r"fit-result.yaml, line \d+: expected at most"):
        read_result(tmp_path / "fit-result.yaml", Models())


@pytest.mark.parametrize("name", ["datasets.yaml", "models.yaml"])
def test_saved_fits(name, tmp_path):
    datasets = crl.load_datasets("dampe_h")
    datasets.models = [crl.xue_liu_2025(species="H")]
    files = tmp_path / "datasets.yaml", tmp_path / "models.yaml"
    datasets.write(files[0], filename_models=files[1])
    (tmp_path / name).write_text(BOMB)
    with pytest.raises(ValueError, match=rf"{name}, line \d+: expected at most"):
        crl.CosmicRayDatasets.read(files[0], filename_models=files[1])


@pytest.mark.parametrize("packed", [False, True])
def test_headers_of_tables(packed, tmp_path):
    lines = ["%ECSV 1.0", "---", "datatype:", "- {name: x, datatype: float64}", "meta:"]
    lines += ["  name: Größe – Σ", *(f"  {line}" for line in BOMB.splitlines())]
    text = "\n".join([*(f"# {line}" for line in lines), "x", "1", ""]).encode()
    path = tmp_path / ("mine.ecsv.gz" if packed else "mine.ecsv")
    path.write_bytes(gzip.compress(text) if packed else text)
    with pytest.raises(TableError, match=r"mine.ecsv.* \(header, line 13: expected at most"):
        crl.load_datasets(path)
