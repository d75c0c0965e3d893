"""Attacks: mutated files end in a named error or change nothing; threads, forks, random vectors."""

import io
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crlocal_plugin as crl
from crlocal_plugin.analysis.description import Analysis
from crlocal_plugin.cli import main
from crlocal_plugin.cli.fit_folder import read_output
from crlocal_plugin.cli.main import COMMANDS

DATA = Path(crl.__file__).parent / "catalogue" / "data"
TABLES = {
    crl.CosmicRayFluxDataset: DATA / "spectra" / "dampe_h.ecsv",
    crl.DipoleDataset: DATA / "anisotropy" / "tibet-asgamma-2005.ecsv",
    crl.MeanLogMassDataset: DATA / "spectra" / "lhaaso_mean_log_mass_epos-lhc.ecsv",
}
JUNK = st.sampled_from(
    [
        *(None, True, False, 0, -1, 5, 1e300, float("nan"), float("inf"), "", "no", "nan", "1e400"),
        *("\u200b", "1+2j", "GeV", [], [1], {}, {"a": 1}, {"floor": "x"}, [[["a"]]]),
    ]
)
quick = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


def attempt(function, *arguments):
    """Result of a function, and the text of its error, empty if there was none."""
    try:
        return function(*arguments), ""
    except (ValueError, TypeError, OSError) as error:
        return None, str(error) or "an error without a word"


@pytest.fixture(scope="module", params=TABLES)
def shipped(request):
    path = TABLES[request.param]
    return path.read_text().splitlines(), request.param.read(path)


def kept_numbers(before, after, cell):
    """Whether all numbers but those of one cell are the same."""
    row, name = cell
    for column in before.colnames:
        if before[column].dtype.kind != "f" or column not in after.colnames:
            continue
        one, other = (np.array(t[column], dtype=float) for t in (before, after))
        if name in column or column in name:
            one[row] = other[row] = 0
        if not np.array_equal(one, other, equal_nan=True):
            return False
    return True


@quick
@given(choose=st.data())
def test_a_wrong_cell_is_named_or_changes_nothing_else(shipped, tmp_path, choose):
    lines, dataset = shipped
    header = next(k for k, line in enumerate(lines) if not line.startswith("#"))
    names = lines[header].split()
    row = choose.draw(st.integers(0, len(lines) - header - 2))
    column = choose.draw(st.integers(0, len(names) - 1))
    cells = lines[header + 1 + row].split(" ")
    if len(cells) != len(names):
        return  # texts with blanks in them
    cells[column] = choose.draw(
        st.sampled_from(["nan", "inf", "-inf", "-1", "1e400", '""', "abc", "True", "1+2j", "0"])
    )
    path = tmp_path / "mutated.ecsv"
    changed = [*lines[: header + 1 + row], " ".join(cells), *lines[header + 2 + row :]]
    path.write_text("\n".join(changed))
    read, error = attempt(type(dataset).read, path)
    if error:
        assert "mutated" in error or dataset.name in error
        return
    if len(read.table) == len(dataset.table):
        assert kept_numbers(dataset.table, read.table, (row, names[column]))


@quick
@given(choose=st.data(), junk=JUNK)
def test_wrong_meta_is_named_or_changes_nothing(shipped, tmp_path, choose, junk):
    _, dataset = shipped
    table = dataset.table.copy()
    key = choose.draw(st.sampled_from([*table.meta, "dataset", "simulated", "ul_confidence"]))
    setting = choose.draw(
        st.sampled_from(
            ["floor", "energy_range", "mask_fit", "systematics", "declination_factor", "scale"]
        )
    )
    table.meta[key] = {setting: junk} if key == "dataset" else junk
    path = tmp_path / "mutated.ecsv"
    try:
        table.write(path, format="ascii.ecsv", overwrite=True)
    except yaml.YAMLError:
        return  # astropy itself cannot write it
    read, error = attempt(type(dataset).read, path)
    if error:
        assert "mutated" in error or dataset.name in error
        return
    for name in dataset.table.colnames:
        if dataset.table[name].dtype.kind == "f":
            np.testing.assert_array_equal(dataset.table[name], read.table[name])
    assert read.mask_fit is None or read.mask_fit.any() or not dataset.mask_fit.any()


ANALYSIS = """
model: {variant: kinetic, species: [H], compton_getting: constant}
datasets:
  - ams-02_h_2015
  - {name: icecube-2016, phase_floor: 5 deg}
fix: {x: 1.6 pc}
free: [phi]
starts: 2
"""


@quick
@given(choose=st.data(), junk=JUNK)
def test_a_wrong_entry_of_an_analysis_is_named_or_is_what_it_says(tmp_path, choose, junk):
    data = yaml.safe_load(ANALYSIS)
    place, key = data, choose.draw(st.sampled_from(sorted(data)))
    while isinstance(place[key], dict | list) and choose.draw(st.booleans()):
        place = place[key]
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        key = choose.draw(st.sampled_from(keys))
    place[key] = junk
    path = tmp_path / "analysis.yaml"
    path.write_text(yaml.safe_dump(data))
    analysis, error = attempt(Analysis.read, path)
    if error:
        assert "analysis.yaml" in error
        return
    datasets, error = attempt(analysis.prepare)
    assert error != "an error without a word"
    assert error or np.isfinite(datasets.stat_sum())


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit") / "result"
    words = ["--datasets", "dampe_h", "icecube-2016", "--species", "H", "--starts", "0"]
    words += ["--fix", "Q_0c", "R_cut", "R_cutc", "D_0", "x", "V_sun", "phi"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("crlocal_plugin.cli.fit_folder.draw_fit", lambda *arguments: None)
        patch.setattr("sys.stdout", io.StringIO())
        assert main(["fit", *words, "--output", str(folder)]) == 0
    return folder, read_output(folder).stat_sum()


@settings(quick, max_examples=20)
@given(choose=st.data())
def test_a_damaged_result_is_named_or_is_the_same(result, tmp_path, choose, capsys):
    folder, stat = result
    copy = tmp_path / "copied"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    names = ["models.yaml", "datasets.yaml", "models_covariance.dat", "dampe_h.ecsv"]
    path = copy / choose.draw(st.sampled_from(names))
    lines = path.read_text().splitlines()
    k = choose.draw(st.integers(0, len(lines) - 1))
    way = choose.draw(st.sampled_from(["drop", "cut", "nan", "inf", "huge", "word"]))
    words = lines[k].rsplit(" ", 1)
    new = {"nan": ".nan", "inf": ".inf", "huge": "1e305", "word": "abc"}.get(way)
    changed = {"drop": [*lines[:k], *lines[k + 1 :]], "cut": lines[:k]}.get(
        way, [*lines[:k], f"{words[0]} {new}", *lines[k + 1 :]]
    )
    path.write_text("\n".join([*changed, ""]))
    read, error = attempt(read_output, copy)
    if error:
        assert "copied" in error
        return
    told = capsys.readouterr().err
    assert changed == lines or path.name in told
    assert read.stat_sum() == pytest.approx(stat, abs=1e-9) or path.name in told


@pytest.fixture(scope="module")
def likelihood():
    datasets = crl.load_datasets(["dampe_h", "icecube-2016"])
    datasets.models = [crl.xue_liu_2025(species="H")]
    return crl.JointLikelihood(datasets)


def near(likelihood, n, seed=0):
    """Parameter sets between the limits, most of them near the start, shape ``(n, size)``."""
    pars = list(likelihood.parameters)
    rng = np.random.default_rng(seed)
    width = 10 ** rng.uniform(-4, 0.5, (n, 1))
    start = np.array([par.value for par in pars])
    spread = np.where(start == 0, 1, np.abs(start))
    sets = start + spread * width * rng.standard_normal((n, len(pars)))
    low, high = ([getattr(par, end) for par in pars] for end in ("min", "max"))
    return np.fmin(np.fmax(sets, low), high)


def test_threads_get_the_same_numbers(likelihood):
    sets = near(likelihood, 200)
    expected = likelihood(sets)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(likelihood, [*sets, *sets]))
    np.testing.assert_allclose(found, [*expected, *expected], rtol=1e-10)


# newer Pythons warn of forks beside threads, such as those that run the tests
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize(
    "way", sorted({"fork", "spawn"}.intersection(multiprocessing.get_all_start_methods()))
)
def test_other_processes_get_the_same_numbers(likelihood, way):
    sets = near(likelihood, 40)
    with multiprocessing.get_context(way).Pool(2) as pool:
        found = pool.map(likelihood, sets)
    np.testing.assert_allclose(found, likelihood(sets), rtol=1e-10)


VARIANTS = ["kinetic", "wandering", "qgsjet"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_hundred_thousand_vectors_without_nan(variant):
    datasets = crl.load_datasets("xue-liu-2025")
    datasets.models = [crl.xue_liu_2025(variant)]
    likelihood = crl.JointLikelihood(datasets)
    for seed in range(10):
        values = likelihood(near(likelihood, 10_000, seed))
        assert not np.isnan(values).any()
        assert (values >= 0).all()


WORDS = st.sampled_from(
    [
        *("--fix", "--free", "--datasets", "--species", "--variant", "--floors", "--output", "-h"),
        *("--jobs", "--seed", "--points", "V_sun", "x=nan pc", "x=1.6 pc", "H", "ams-02_h", "\x00"),
        *("/", ".", "..", "-1", "1e400", "spectra", "all", "list", "show", "", "--", "é", "a\nb"),
        *("--overwrite", "--debug=1", "--format", "png", "${HOME}", "{x}", "%s"),
    ]
)


@settings(quick, max_examples=60)
@given(command=st.sampled_from(COMMANDS), words=st.lists(WORDS, max_size=5))
def test_arguments_never_show_a_traceback(command, words, tmp_path, monkeypatch, capsys):
    def stop(*args, **kwargs):
        raise ValueError("far enough")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Analysis, "prepare", stop)
    monkeypatch.setattr("crlocal_plugin.paper.draw_figure", stop)
    monkeypatch.setattr("crlocal_plugin.paper.fit_settings", stop)
    try:
        code = main([command, *words])
    except SystemExit as error:
        code = error.code
    printed = capsys.readouterr().err
    assert code in (0, 1, 2), printed
    assert "Traceback" not in printed
    assert "internal error" not in printed


WATCHED = """
import json, os, sys
written, opened = set(), []

def watch(event, arguments):
    if event.startswith("socket."):
        opened.append(event)
    if event == "open" and isinstance(arguments[0], str):
        mode, flags = arguments[1:]
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            written.add(os.path.realpath(arguments[0]))

from crlocal_plugin.cli import main
import matplotlib.pyplot, gammapy.modeling
sys.addaudithook(watch)
codes = [main(words) for words in json.loads(sys.argv[1])]
print("\\n" + json.dumps([codes, sorted(written), opened]))
"""


def test_nothing_is_written_elsewhere_and_no_socket_is_opened(tmp_path):
    small = ["--datasets", "dampe_h", "--species", "H", "--fix", "Q_0c", "R_cut", "x", "V_sun"]
    commands = [
        ["data", "list"],
        ["fit", *small, "--starts", "0", "--output", "result"],
        ["plot", "result", "spectra"],
        ["cite", "result"],
        ["report", "result"],
    ]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, json.dumps(commands)],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    codes, written, sockets = json.loads(done.stdout.splitlines()[-1])
    assert codes[0] == 0
    assert max(codes) <= 1
    assert sockets == []
    outside = [path for path in written if not path.startswith((str(tmp_path), "/dev/"))]
    assert outside == []
