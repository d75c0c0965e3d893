"""Work on a cluster of Dask: the same numbers, and what happens when something breaks."""

import json
import os
import re
import signal

import numpy as np
import pytest

import crlocal_plugin as crl
from crlocal_plugin.analysis.errors import AnalysisError
from crlocal_plugin.cli import main
from crlocal_plugin.work import clusters

distributed = pytest.importorskip("distributed")

SMALL = {
    "model": {"species": ["H"]},
    "datasets": ["dampe_h", "icecube-2016", "tibet-asgamma-2017"],
    "parameters": {
        name: {"free": False} for name in ("Q_0c", "R_cut", "R_cutc", "D_0", "x", "phi", "Q_0n")
    },
}
CASES = {"default": {}, "no priors": {"priors": ()}}


@pytest.fixture(scope="module")
def client():
    with crl.use_cluster("local", 2) as client:
        yield client
    assert client.status == "closed"
    assert clusters.cluster_pool() is None


@pytest.fixture(scope="module")
def datasets():
    datasets = crl.Analysis().changed(SMALL).prepare()
    crl.lowest_minimum(datasets, 0)
    return datasets


def same(one, other):
    assert one.colnames == other.colnames
    for name in one.colnames:
        assert np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f")


def test_same_numbers_as_in_one_process(client, datasets):
    def tables(**options):
        yield crl.run_toys(datasets, 12, 1, n_starts=4, profile=False, **options).table
        yield crl.scan_profiles(datasets, ["V_sun"], 6, **options)["V_sun"].table()
        yield crl.random_starts(datasets, 4, **options).minima
        yield crl.leave_one_out(datasets, **options)
        analysis = crl.Analysis().changed(SMALL)
        yield crl.treatments(analysis, CASES, **options)

    # asked for one process, all is done here
    for here, there in zip(tables(n_jobs=1), tables(), strict=True):
        same(here, there)


def test_a_worker_that_is_lost(client, datasets):
    lost = min(client.run(os.getpid).values())
    done = []

    def progress(number):
        if not done:
            os.kill(lost, signal.SIGKILL)
        done.append(number)

    options = {"n_starts": 1, "profile": False}
    with pytest.warns(UserWarning, match="lost worker tcp://.*: others repeat its work"):
        study = crl.run_toys(datasets, 80, 1, progress=progress, **options)
    assert sum(done) == 80
    same(study.table[:10], crl.run_toys(datasets, 10, 1, n_jobs=1, **options).table)


def test_ctrl_c(client, datasets):
    def interrupt(number):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crl.run_toys(datasets, 500, progress=interrupt, n_starts=1, profile=False)
    # nothing of it is left to be done
    assert crl.run_toys(datasets, 5, n_starts=1, profile=False).n_toys == 5


def test_mistakes_come_back(client):
    analysis = crl.Analysis().changed(SMALL)
    with pytest.raises(ValueError, match="no parameter 'V_sn'"):
        crl.treatments(analysis, CASES, ["V_sn"])
    cases = {"none": {"parameters": {"V_sun": {"value": "1e9 km/s"}}}}
    with pytest.raises(AnalysisError, match="V_sun"):
        crl.treatments(analysis, cases)


def use(cluster, **options):
    with crl.use_cluster(cluster, **options):
        pass


def test_workers_with_threads_are_refused():
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        with pytest.raises(ValueError, match=r"a worker of .* has 2 threads: .*--nthreads 1"):
            use(client)
        with pytest.raises(ValueError, match="workers of its own"):
            use(client, n_jobs=2)


def test_other_versions_are_refused(client, monkeypatch):
    monkeypatch.setattr(clusters, "__version__", "0.0")
    with pytest.raises(
        ValueError, match=re.escape(f"have crlocal_plugin {crl.__version__}, this process has 0.0")
    ):
        use(client)


def test_scheduler_that_is_not_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(clusters, "_ANSWER", 0.2)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "scheduler.json"
    assert main(["tension", "--cluster", "scheduler.json"]) == 2
    file.write_text("{}")
    assert main(["tension", "--cluster", "scheduler.json"]) == 2
    file.write_text(json.dumps({"address": "tcp://127.0.0.1:1"}))
    assert main(["tension", "--cluster", "scheduler.json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    missing, wrong, silent = printed.err.splitlines()
    assert "scheduler.json: No such file" in missing
    assert "expected the file of a scheduler" in wrong
    assert "tcp://127.0.0.1:1" in silent
