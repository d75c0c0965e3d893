"""The command line: results in a folder, whole or not at all; errors in one line."""

import io
import sys

import pytest
from astropy.table import Table
from gammapy.datasets import Datasets

import crlocal_plugin as crl
from crlocal_plugin.cli import main
from crlocal_plugin.cli.output import check_output, write_output
from crlocal_plugin.cli.progress import progress_bar

FILES = (
    *("models.yaml", "models_covariance.dat", "datasets.yaml", "fit-result.yaml"),
    *("parameters.ecsv", "covariance.ecsv", "chi2.ecsv", "summary.txt"),
    *("spectra.png", "dipole.png", "sky.png"),
)

SMALL = ["--datasets", "ams-02_h_2015", "icecube-2016", "--species", "H"]
FREE_FEW = ["--fix", "Q_0b", "Q_0c", "R_cut", "R_cutc", "D_0", "x", "V_sun"]


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def small_fit(tmp_path, capsys):
    code = main(["fit", *SMALL, *FREE_FEW, "--output", "result"])
    return code, tmp_path / "result", capsys.readouterr()


def test_fit_writes_everything(small_fit):
    code, folder, printed = small_fit
    assert code == 0
    assert {path.name for path in folder.iterdir()} >= set(FILES)
    assert all(path.stat().st_size > 0 for path in folder.iterdir())
    assert not [path for path in folder.parent.iterdir() if path.name.startswith(".")]
    for word in ("converged", "Aguilar et al. 2015", "10 %, 10 deg", "delta_b", "12.24 +- 2.05"):
        assert word in printed.out


def test_fit_can_be_read_back(small_fit):
    _, folder, printed = small_fit
    datasets = Datasets.read(folder / "datasets.yaml", filename_models=folder / "models.yaml")
    total = float(printed.out.split("total ")[1].split()[0])
    assert datasets.stat_sum() == pytest.approx(total, abs=0.006)
    chi2 = Table.read(folder / "chi2.ecsv")
    assert sum(chi2["chi2"]) == pytest.approx(datasets._stat_sum_likelihood())
    parameters = Table.read(folder / "parameters.ecsv")
    free = list(parameters["label"][~parameters["frozen"]])
    assert free == ["Gamma", "phi", "delta_b", "Q_0n"]
    covariance = Table.read(folder / "covariance.ecsv")
    assert list(covariance["label"]) == free
    errors = parameters["error"][~parameters["frozen"]]
    assert [covariance[k][i] for i, k in enumerate(free)] == pytest.approx(list(errors**2))


def test_existing_folder_is_kept(small_fit, capsys):
    _, folder, _ = small_fit
    before = (folder / "summary.txt").read_bytes()
    assert main(["fit", *SMALL, *FREE_FEW, "--output", "result"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (folder / "summary.txt").read_bytes() == before
    assert main(["fit", *SMALL, *FREE_FEW, "phi", "--output", "result", "--overwrite"]) == 0
    assert (folder / "summary.txt").read_bytes() != before


def test_folder_of_something_else_is_never_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("all of it")
    with pytest.raises(FileExistsError, match="left alone"):
        check_output(tmp_path / "thesis", overwrite=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError, match="is a file"):
        check_output(tmp_path / "file", overwrite=True)


def test_failure_while_writing_leaves_nothing(tmp_path):
    datasets = crl.load_datasets("ams-02_h_2015")
    datasets.models = [crl.xue_liu_2025(species="H")]
    with pytest.raises(AttributeError):
        write_output(tmp_path / "result", datasets, None, None)
    assert list(tmp_path.iterdir()) == []


BAD = {
    ("fit", "--variant", "foo"): "kinetic, wandering, qgsjet",
    ("fit", "--datasets", "ams-02_hh"): "ams-02_h",
    ("fit", "--datasets", "ams-02_h", "ams-02_h_2015"): "share events",
    ("fit", "--datasets", "missing.ecsv"): "missing.ecsv",
    ("fit", "--fix", "V_sn=3"): "did you mean V_sun",
    ("fit", "--fix", "Q_0b=3"): "H.Q_0b, He.Q_0b",
    ("fit", "--fix", "V_sun=3 kg"): "km / s",
    ("fit", "--fix", "V_sun=fast"): "fast",
    ("fit", "--fix", "V_sun=1e9"): "limits -100 to 100",
    ("fit", "--free", "nothing_like_it"): "nothing_like_it",
    ("fit", "--species", "Q"): "'Q'",
    ("fit", "--species", "H"): "no species 'He'",
    ("fit", "--floors", "-1"): "floor",
    ("fit", "--floors", "much"): "recommended, none or a fraction",
    ("fit", "--likelihood", "poisson"): "vector, amplitude_phase",
    ("fit", "--compton-getting", "twice"): "'constant' or 'local'",
    ("data", "show", "ams"): "ams",
    ("data", "list", "--quantity", "Xe"): "Xe",
}


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_mistakes_are_named(arguments, capsys, tmp_path):
    assert main(list(arguments)) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("crlocal: error: ")
    assert BAD[arguments] in printed
    assert "Traceback" not in printed
    assert list(tmp_path.iterdir()) == []


def test_unreadable_file_is_named_in_one_line(tmp_path, capsys):
    (tmp_path / "mine.csv").write_text("this is { not a ; table\n1\n")
    assert main(["fit", "--datasets", "mine.csv"]) == 2
    error = capsys.readouterr().err
    assert "mine.csv" in error
    assert len(error.splitlines()) == 1


def test_internal_error_has_no_traceback(monkeypatch, capsys):
    def fail(*args):
        raise RuntimeError("boom")

    monkeypatch.setattr("crlocal_plugin.cli.data._list", fail)
    assert main(["data", "list"]) == 3
    error = capsys.readouterr().err
    assert "boom" in error
    assert "Traceback" not in error


def test_data_list_names_publications(capsys):
    assert main(["data", "list"]) == 0
    printed = capsys.readouterr().out
    assert "10.1103/PhysRevLett.114.171103" in printed
    assert len([line for line in printed.splitlines() if "ams-02_h_2015" in line]) == 1
    for name in crl.SELECTIONS:
        assert name in printed


def test_data_show(capsys):
    assert main(["data", "show", "ams-02_h_2015"]) == 0
    printed = capsys.readouterr().out
    assert "1.07634" in printed
    assert "ams-02_h" in printed
    assert main(["data", "show", "xue-liu-2025"]) == 0
    assert "kascade_he_sibyll-2p1" in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert crl.__version__ in capsys.readouterr().out


def test_sampling_without_its_packages(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "emcee", None)
    assert main(["sample", *SMALL, *FREE_FEW]) == 2
    assert "pip install 'crlocal_plugin[sample]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_progress_is_silent_without_a_terminal():
    stream = io.StringIO()
    with progress_bar(3, "scan", "points", stream) as update:
        update(2)
    assert stream.getvalue() == ""


def test_scan(tmp_path, capsys):
    words = ["phi", "Gamma=2.2..2.9", "--points", "6", *SMALL, *FREE_FEW, "--output", "scan"]
    assert main(["scan", *words]) == 0
    names = {path.name for path in (tmp_path / "scan").iterdir()}
    assert names == {"phi.ecsv", "Gamma.ecsv", "profiles.png"}
    table = Table.read(tmp_path / "scan" / "Gamma.ecsv")
    assert table.colnames == ["Gamma", "stat", "rise", "phi", "delta_b", "Q_0n"]
    assert len(table) == 7
    assert (table["Gamma"][0], table["Gamma"][-1]) == (2.2, 2.9)
    assert table["rise"].min() == pytest.approx(0, abs=1e-3)
    printed = capsys.readouterr().out
    assert "68 % interval" in printed
    assert "phi" in printed
    # a folder of results is replaced when asked, another one never
    assert main(["scan", *words]) == 2
    assert "exists" in capsys.readouterr().err
    assert main(["scan", *words, "--overwrite"]) == 0
    (tmp_path / "scan" / "profiles.png").unlink()
    assert main(["scan", *words, "--overwrite"]) == 2
    assert "left alone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("V_sum", "did you mean"),
        ("x", "x is frozen: free it to scan it"),
        ("phi=0.5", "cannot read '0.5' as a range of phi"),
        ("phi=2..1", "2 is not below 1"),
        ("phi=0.5..1 km", "cannot read"),
        ("Gamma=0..3", "outside its limits"),
    ],
)
def test_scan_of_what_cannot_be_scanned(tmp_path, capsys, parameter, message):
    assert main(["scan", parameter, *SMALL, *FREE_FEW]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert "Traceback" not in printed
    assert not list(tmp_path.iterdir())
