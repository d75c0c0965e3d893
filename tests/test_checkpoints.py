"""Runs that were interrupted or killed go on where they stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import crlocal_plugin as crl
from crlocal_plugin.cli import main
from crlocal_plugin.work.checkpoints import Checkpoint
from crlocal_plugin.work.parallel import run_parallel


@pytest.fixture(scope="module")
def likelihood():
    model = crl.xue_liu_2025(species="H")
    model.freeze()
    for name in ("Gamma", "Q_0b", "V_sun"):
        model.parameters[name].frozen = False
    datasets = crl.load_datasets(["dampe_h", "icecube-2016"])
    datasets.models = [model]
    crl.lowest_minimum(datasets, 0)
    return crl.JointLikelihood(datasets)


def stop_after(number):
    """Function for progress that is Ctrl-C once a number is finished."""
    seen = []

    def progress(finished):
        seen.append(finished)
        if sum(seen) >= number:
            raise KeyboardInterrupt

    return progress


def interrupted(function, path, number):
    with pytest.raises(KeyboardInterrupt):
        function(progress=stop_after(number), checkpoint=path)
    seen = []
    return function(progress=seen.append, checkpoint=path), seen


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_scan_goes_on(likelihood, tmp_path, n_jobs):
    def scan(**options):
        return crl.scan_profiles(likelihood, ["V_sun", "Gamma"], 8, n_jobs=n_jobs, **options)

    again, seen = interrupted(scan, tmp_path / "scan.partial", 6)
    # what was done comes first, the rest point by point
    assert seen[0] >= 5
    assert seen[1:] == (16 - seen[0]) * [1]
    for name, whole in crl.scan_profiles(likelihood, ["V_sun", "Gamma"], 8).items():
        for column in ("values", "stat", "theta"):
            assert np.array_equal(getattr(again[name], column), getattr(whole, column))
    # it stays until the result is written
    assert (tmp_path / "scan.partial").exists()


def test_toys_go_on(likelihood, tmp_path):
    def toys(**options):
        return crl.run_toys(likelihood, 20, 3, n_starts=4, profile=False, **options)

    again, seen = interrupted(toys, tmp_path / "toys.partial", 10)
    assert seen[0] >= 5
    assert sum(seen) == 20
    whole = toys()
    for name in whole.table.colnames:
        assert np.array_equal(again.table[name], whole.table[name])
    assert again.table.meta == whole.table.meta


def test_another_run_is_refused(likelihood, tmp_path):
    path = tmp_path / "toys.partial"
    crl.run_toys(likelihood, 5, 3, n_starts=1, profile=False, checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"another run: n_toys was 5 and is 6; random_state was"):
        crl.run_toys(likelihood, 6, 4, n_starts=1, profile=False, checkpoint=path)
    with pytest.raises(ValueError, match=r"another run: .*n_points was not there and is 4"):
        crl.scan_profiles(likelihood, ["V_sun"], 4, checkpoint=path)
    assert path.read_bytes() == before
    changed = json.loads(before)
    changed["configuration"]["statistic"] += 0.1
    path.write_text(json.dumps(changed))
    with pytest.raises(ValueError, match=r"another run: statistic was .* and is .*\. Repeat"):
        crl.run_toys(likelihood, 5, 3, n_starts=1, profile=False, checkpoint=path)


@pytest.mark.parametrize("content", ["", "mine", "[]", "{}", '{"title": "other"}', "\xff"])
def test_other_files_are_left_alone(content, tmp_path):
    path = tmp_path / "toys.ecsv.partial"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(
        ValueError, match=r"partial is not a checkpoint of an interrupted run: move it"
    ):
        Checkpoint(path, {})
    assert path.read_bytes() == content.encode("latin-1")


def test_numbers_are_kept_to_the_last_digit(tmp_path):
    path = tmp_path / "work"
    values = [[0.1, np.float64(1 / 3), np.nan], {"a": np.array([1e-300, -np.inf]), "b": True}]
    checkpoint = Checkpoint(path, {"seed": 1})
    run_parallel(values.__getitem__, [(0,), (1,)], 1, checkpoint=checkpoint)
    found = Checkpoint(path, {"seed": 1}).results("working")
    assert str(found) == str({0: [0.1, 1 / 3, np.nan], 1: {"a": [1e-300, -np.inf], "b": True}})


TOYS = ["toys", "--datasets", "ams-02_h_2015", "--species", "H", "--seed", "1", "--no-profile"]
TOYS += ["--no-priors", "--fix", "R_cut", "R_cutc", "D_0", "x", "V_sun", "delta_b", "Q_0n", "Q_0c"]
TOYS += ["--number", "100", "--output", "toys.ecsv"]


# the kill may leave a draft, which the next command clears with a warning
@pytest.mark.filterwarnings("default")
def test_a_killed_command_goes_on(tmp_path, monkeypatch, capsys):
    root = str(Path(__file__).parents[1])
    partial = tmp_path / "toys.ecsv.partial"
    with subprocess.Popen(
        [sys.executable, "-m", "crlocal_plugin", *TOYS],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        end = time.monotonic() + 300
        while not (partial.exists() and '"toys": {"0"' in partial.read_text()):
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    content = json.loads(partial.read_text())
    content["results"]["toys"]["0"][0]["message"] = "kept"
    partial.write_text(json.dumps(content))
    monkeypatch.chdir(tmp_path)
    # another one is refused, and named
    assert main([*TOYS, "--seed", "2"]) == 2
    assert "random_state was 1 and is 2" in capsys.readouterr().err
    assert main(TOYS) == 0
    assert "is removed" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["toys.ecsv"]
    study = crl.ToyStudy.read(tmp_path / "toys.ecsv")
    assert study.n_toys == 100
    assert list(study.table["message"]).count("kept") == 1
    assert study.table["message"][0] == "kept"
