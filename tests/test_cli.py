"""The command line: results in a folder, whole or not at all; errors in one line."""

import contextlib
import io
import re
import shlex
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
import yaml
from astropy.table import Table
from gammapy.datasets import Datasets
from gammapy.modeling import Fit

import crlocal_plugin as crl
from crlocal_plugin.analysis.description import Analysis
from crlocal_plugin.cli import main
from crlocal_plugin.cli.fit_folder import read_output, write_output
from crlocal_plugin.cli.fitting import exit_code
from crlocal_plugin.cli.main import COMMANDS, crlocal
from crlocal_plugin.cli.options import analysis_of

FILES = (
    *("models.yaml", "models_covariance.dat", "datasets.yaml", "fit-result.yaml"),
    *("parameters.ecsv", "covariance.ecsv", "chi2.ecsv", "summary.txt"),
    *("spectra.png", "dipole.png", "sky.png"),
)

SMALL = ["--datasets", "ams-02_h_2015", "icecube-2016", "--species", "H"]
FREE_FEW = [
    "--priors",
    "measured",
    "--no-scatter",
    "--fix",
    "Q_0b",
    "Q_0c",
    "R_cut",
    "R_cutc",
    "D_0",
    "x",
    "V_sun",
]


def parse(name, *words):
    """Parse the words behind a command, without running it."""
    command = crlocal.get_command(None, name)
    while isinstance(command, click.Group):
        command, *words = command.get_command(None, words[0]), *words[1:]
    return command.make_context(name, list(words))


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def small_fit(tmp_path_factory):
    folder, printed = tmp_path_factory.mktemp("fit") / "result", io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["fit", *SMALL, *FREE_FEW, "--output", str(folder), "--verbose"]) == 0
    return folder, printed.getvalue()


@pytest.fixture
def _without_pictures(monkeypatch):
    # they take longer than all the rest, and are not the point
    monkeypatch.setattr("crlocal_plugin.cli.fit_folder.draw_fit", lambda *arguments: None)


def test_fit_writes_everything(small_fit):
    folder, printed = small_fit
    assert {path.name for path in folder.iterdir()} >= set(FILES)
    assert all(path.stat().st_size > 0 for path in folder.iterdir())
    assert not [path for path in folder.parent.iterdir() if path.name.startswith(".")]
    for word in ("converged", "Aguilar et al. 2015", "10 %, 10 deg", "delta_b", "12.24 +- 2.05"):
        assert word in printed


def test_fit_can_be_read_back(small_fit):
    folder, printed = small_fit
    datasets = Datasets.read(folder / "datasets.yaml", filename_models=folder / "models.yaml")
    total = float(printed.split("total ")[1].split()[0])
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


@pytest.mark.usefixtures("_without_pictures")
def test_existing_folder_is_kept(small_fit, capsys, tmp_path):
    folder = tmp_path / "result"
    shutil.copytree(small_fit[0], folder)
    before = (folder / "summary.txt").read_bytes()
    assert main(["fit", *SMALL, *FREE_FEW, "--output", "result"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (folder / "summary.txt").read_bytes() == before
    assert main(["fit", *SMALL, *FREE_FEW, "phi", "--output", "result", "--overwrite"]) == 0
    assert (folder / "summary.txt").read_bytes() != before


def test_failure_while_writing_leaves_nothing(tmp_path):
    datasets = crl.load_datasets("ams-02_h_2015")
    datasets.models = [crl.xue_liu_2025(species="H")]
    with pytest.raises(AttributeError):
        write_output(tmp_path / "result", Analysis(), datasets, None, None)
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
    ("fit", "--datasets", "dampe"): "'C', 'Fe', 'O', only H, He: add to species",
    ("fit", "--composition", "--species", "groups", "--datasets", "ams-02_c"): "is fitted\n",
    ("fit", "--composition", "--index-groups", "C,Ox"): "--index-groups C,Ox: unknown species 'Ox'",
    ("fit", "--index-groups", "C,O", "N,C"): "each species in one group, not twice C",
    ("fit", "--hadronic-model", "EPOS"): "--hadronic-model: KASCADE has no tables for 'EPOS'",
    ("fit", "--hadronic-model", "LHAASO=EPOS-LHC", "SIBYLL-2.1"): "EXPERIMENT=MODEL for each",
    ("fit", "--hadronic-model", "LHASO=EPOS-LHC"): "'LHASO' is no experiment with tables for",
    ("fit", "--free", "KASCADE.hadronic"): "a list of hadronic models",
    (
        "compare",
        "kinetic+spallation",
        "kinetic+spalation",
    ): "'spalation'; did you mean +spallation?",
    ("compare", "kinetic", "kinetic+spallation+no-spallation"): "expected one of +spallation and ",
    ("data", "list", "--hadronic-model", "QGSJET"): "expected EPOS-LHC, QGSJET-01",
    ("data", "list", "--quantity", "dipole", "--hadronic-model", "EPOS-LHC"): "leave out an option",
    ("fit", "--floors", "-1"): "floor",
    ("fit", "--floors", "much"): "recommended, none or a fraction",
    ("fit", "--likelihood", "poisson"): "vector, amplitude_phase, student",
    ("fit", "--compton-getting", "twice"): "constant, local",
    ("fit", "--backend", "simplex"): "least-squares, minuit",
    ("fit", "--priors", "measurd"): "did you mean measured?",
    ("fit", "--fix", "x=1.6 parsecs"): "--fix x=1.6 parsecs: cannot read",
    ("fit", "--fix", "x=inf"): "not finite",
    ("fit", "nowhere.yaml"): "nowhere.yaml: No such file",
    ("fit", "."): "name the file, such as analysis.yaml",
    ("fit", "--output", f"{__file__}/deeper"): "is a file",
    ("init", f"{__file__}/analysis.yaml"): "is a file",
    ("scan", __file__): "name parameters to scan behind",
    ("plot", "."): "name pictures behind .: spectra, dipole",
    ("sample", "--parameters", "V_sn"): "--parameters V_sn: expected a free parameter",
    ("scan", "nowhere.yaml", "V_sun"): "nowhere.yaml",
    ("scan", "V_sun", "a.yaml"): "a.yaml: the analysis file comes first",
    ("compare", "kinetic", "kinetc"): "kinetc: unknown 'kinetc': did you mean kinetic?",
    ("compare", "kinetic", "kinetic+u_H"): "kinetic+u_H: no parameter is called 'u_H'",
    (
        "compare",
        "kinetic",
        "kinetic+Venus",
    ): "such as +u_HC, or a source of the catalogue: +Geminga",
    ("sample", "--output", "samples.txt"): "suffix .nc",
    ("sample", "--corner", "corner.doc"): "suffix .png or .pdf or .svg",
    ("toys", "--output", "toys.csv"): "suffix .ecsv",
    ("init", "analysis.txt"): "suffix .yaml or .yml",
    ("report", "nowhere"): "nowhere is no folder",
    ("plot", "spectrum"): "did you mean spectra?",
    ("plot", "nowhere", "sky"): "nowhere is neither a folder of crlocal fit nor",
    ("plot", ".", "sky"): "is no result of crlocal fit",
    ("plot", "sky", "--output", "sky.gif"): "sky.gif",
    ("plot", "sky", "--output", "sky.png", "--format", "svg"): "leave out --format",
    ("plot", "sky", "spectra", "--output", "both.png"): "name a folder",
    ("plot", "sky", "--axis", "rigidity"): "--axis: not for sky",
    ("plot", "sky", "--energy-power", "0"): "--energy-power: not for sky",
    ("plot", "sky", "--frame", "ecliptic"): "icrs, galactic",
    ("plot", "spectra", "--species", "Fe"): "Fe",
    ("plot", "spectra", "--axis", "momentum"): "rigidity",
    ("plot", "spectra", "--energy-range", "1", "2"): "'1 TeV' '10 PeV'",
    ("plot", "spectra", "--energy-range", "2 TeV", "1 TeV"): "2000",
    ("plot", "fractions", "--species", "H", "He"): "one species",
    ("plot", "dipole", "--components", "halo"): "no component 'halo'",
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


def test_table_with_the_name_of_a_result_is_refused(tmp_path, capsys):
    crl.load_datasets("dampe_h")[0].write(tmp_path / "chi2.ecsv")
    assert main(["fit", "--datasets", "chi2.ecsv"]) == 2
    assert "dataset 'chi2' has the name of a table of results" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["chi2.ecsv"]


def test_unreadable_file_is_named_in_one_line(tmp_path, capsys):
    (tmp_path / "mine.csv").write_text("this is { not a ; table\n1\n")
    assert main(["fit", "--datasets", "mine.csv"]) == 2
    error = capsys.readouterr().err
    assert "mine.csv" in error
    assert len(error.splitlines()) == 1


def test_internal_error_has_no_traceback(monkeypatch, capsys):
    def fail(*args):
        raise RuntimeError("boom")

    monkeypatch.setattr("crlocal_plugin.catalogue.index.catalog", fail)
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


def test_data_of_hadronic_models(capsys):
    words = ["--quantity", "mean_log_mass", "--hadronic-model", "epos-lhc"]
    assert main(["data", "list", *words]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("lhaaso_mean_log_mass_epos-lhc ")
    assert "\n1 table." in printed
    assert main(["data", "show", "kascade"]) == 0
    assert "kascade_h_sibyll-2p1  (SIBYLL-2.1)\n" in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert crl.__version__ in capsys.readouterr().out


def test_sampling_without_its_packages(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "arviz", None)
    assert main(["sample", *SMALL, *FREE_FEW]) == 2
    assert "pip install 'crlocal_plugin[sample]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_failed_in_a_fit_is_told(capsys):
    def code(optimised, errors):
        return exit_code(
            SimpleNamespace(
                success=optimised and errors,
                optimize_result=SimpleNamespace(success=optimised, message="too many calls"),
                covariance_result=SimpleNamespace(success=errors, message="a saddle"),
            )
        )

    assert code(True, True) == 0
    assert capsys.readouterr().err == ""
    assert code(True, False) == 1
    assert "converged WITHOUT ERRORS: a saddle" in capsys.readouterr().err
    assert code(False, True) == 1
    assert "NOT CONVERGED: too many calls" in capsys.readouterr().err


@pytest.mark.usefixtures("_without_pictures")
def test_fit_that_does_not_converge_is_written_and_told(monkeypatch, tmp_path, capsys):
    def stop(*args, **kwargs):
        result = Fit.optimize(*args, **kwargs)
        result._success = False
        return result

    unconverged = type("Unconverged", (Fit,), {"optimize": stop})
    monkeypatch.setattr("gammapy.modeling.Fit", unconverged)
    words = [*SMALL, *FREE_FEW, "phi", "Gamma"]
    assert main(["fit", *words, "--starts", "0", "--output", "result"]) == 1
    assert "NOT CONVERGED" in capsys.readouterr().err
    assert "NOT CONVERGED" in (tmp_path / "result" / "summary.txt").read_text()
    assert main(["scan", "delta_b", *words, "--points", "2", "--output", "scan"]) == 1
    assert "NOT CONVERGED" in capsys.readouterr().err
    assert (tmp_path / "scan" / "delta_b.ecsv").is_file()


def test_interrupt_says_nothing_false(monkeypatch, capsys):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("crlocal_plugin.catalogue.index.catalog", interrupt)
    assert main(["data", "list"]) == 2
    assert capsys.readouterr().err == "crlocal: interrupted, no file is half-written\n"


def test_scan(tmp_path, capsys):
    words = ["phi", "Gamma=2.2..2.9", "--points", "6", *SMALL, *FREE_FEW, "--output", "scan"]
    assert main(["scan", *words]) == 0
    names = {path.name for path in (tmp_path / "scan").iterdir()}
    assert names == {"phi.ecsv", "Gamma.ecsv", "profiles.png", "checksums.sha256"}
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
    (tmp_path / "scan" / "checksums.sha256").unlink()
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


# Analysis files


def test_init_writes_the_default_analysis(tmp_path, capsys):
    assert main(["init"]) == 0
    assert "crlocal fit analysis.yaml" in capsys.readouterr().out
    before = (tmp_path / "analysis.yaml").read_bytes()
    assert main(["init"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    (tmp_path / "analysis.yaml").write_text("model: {variant: wandering}")
    assert main(["init", "--overwrite"]) == 0
    assert (tmp_path / "analysis.yaml").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["analysis.yaml"]
    datasets = Analysis.read("analysis.yaml").prepare()
    by_hand = crl.load_datasets("newest-dipoles")
    by_hand.models = [crl.xue_liu_2025()]
    free = datasets.parameters.free_parameters.labels
    assert free == by_hand.parameters.free_parameters.labels
    assert datasets.stat_sum() == pytest.approx(by_hand.stat_sum(), rel=1e-12)


@pytest.mark.usefixtures("_without_pictures")
def test_fit_of_a_file_and_of_what_it_writes(tmp_path, capsys):
    (tmp_path / "study").mkdir()
    crl.load_datasets("dampe_h", floors=0.02)[0].write(tmp_path / "study" / "mine.ecsv")
    (tmp_path / "study" / "protons.yaml").write_text(
        """
model: {species: H}
datasets: [ams-02_h_2015, {file: mine.ecsv, energy_range: [100 GeV, none]}, icecube-2016]
parameters:
  Gamma: {prior: {mean: 2.6, sigma: 0.1}}
  phi: {value: 0.8 GV, free: true}
priors: none
starts: 0
output: result
"""
    )
    options = [*FREE_FEW[FREE_FEW.index("--fix") :], "--free", "u_HC", "--floors", "0.05"]
    assert main(["fit", "study/protons.yaml", *options]) == 0
    folder = tmp_path / "study" / "result"
    shutil.move(folder, tmp_path / "moved")
    (tmp_path / "study" / "mine.ecsv").unlink()
    assert main(["fit", "moved/analysis.yaml", "--output", "again"]) == 0
    for name in ("parameters.ecsv", "covariance.ecsv", "chi2.ecsv", "summary.txt", "mine.ecsv"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "moved" / name).read_bytes()
    assert (tmp_path / "again" / "analysis.yaml").read_bytes() == (
        tmp_path / "moved" / "analysis.yaml"
    ).read_bytes()
    # another back end finds the same minimum
    words = ["fit", "again/analysis.yaml", "--backend", "minuit", "--output", "minuit"]
    assert main(words) == 0
    first, other = (
        yaml.safe_load((tmp_path / name / "fit-result.yaml").read_text())["OptimizeResult"]
        for name in ("again", "minuit")
    )
    assert (first["backend"], other["backend"]) == ("least-squares", "minuit")
    assert other["total_stat"] == pytest.approx(first["total_stat"], abs=0.01)
    parameters = Table.read(tmp_path / "again" / "parameters.ecsv")
    free = set(parameters["label"][~parameters["frozen"]])
    assert free == {"Gamma", "phi", "delta_b", "Q_0n", "u_HC", "scatter"}
    assert set(Table.read(tmp_path / "again" / "chi2.ecsv")["floor"]) == {"5 %"}


def test_fit_of_nuclei_and_mean_log_mass(tmp_path, capsys, monkeypatch):
    (tmp_path / "a.yaml").write_text(
        """
model: {composition: true}
datasets: [ams-02_h, ams-02_he, calet_c, calet_fe, lhaaso_h_epos-lhc, lhaaso_mean_log_mass_epos-lhc]
nuisances: {calet-nuclei: [calet_c, calet_fe]}
parameters: {calet-nuclei.norm: {free: true}}
"""
    )
    options = ["--species", "H", "He", "C", "Fe", "--hadronic-model"]
    options += ["LHAASO=EPOS-LHC", "LHAASO=SIBYLL-2.3d", "--free", "LHAASO.hadronic", "--fix"]
    options += ["Q_0n", "R_cut", "D_0", "delta_b", "x", "V_sun", "phi", "T_c", "R_cutc", "He.Q_0c"]
    assert (
        main(["fit", "a.yaml", *options, "--starts", "0", "--output", "result", "--verbose"]) == 0
    )
    printed = capsys.readouterr().out
    for label in ("C+Fe.index_offset", "grammage", "LHAASO-nuisance.hadronic", "calet-nuclei.norm"):
        assert label in printed
    monkeypatch.setattr("crlocal_plugin.cli.fit_folder.draw_fit", lambda *arguments: None)
    assert main(["fit", "result/analysis.yaml", "--output", "again"]) == 0
    for name in ("parameters.ecsv", "summary.txt", "analysis.yaml"):
        first, second = ((tmp_path / folder / name).read_bytes() for folder in ("result", "again"))
        assert first == second
    assert (tmp_path / "result" / "mean-log-mass.png").stat().st_size > 0
    datasets = read_output("result")
    assert isinstance(datasets["lhaaso_mean_log_mass_epos-lhc"], crl.MeanLogMassDataset)
    total = float(printed.split("total ")[1].split()[0])
    assert datasets.stat_sum() == pytest.approx(total, abs=0.006)
    assert main(["plot", "result", "mean-log-mass", "--output", "masses.svg"]) == 0
    assert "PolyCollection" in (tmp_path / "masses.svg").read_text()


def test_comparison_with_and_without_loss(tmp_path):
    words = ["--composition", "--species", "H", "He", "C", "--datasets", "ams-02_h", "ams-02_c"]
    words += [
        "--priors",
        "measured",
        "--fix",
        "x",
        "V_sun",
        "delta_b",
        "Q_0c",
        "R_cutc",
        "T_c",
        "R_cut",
        "He.Q_0b",
    ]
    words += ["He.Q_0n", "He.index_offset", "--free", "AMS-02.norm", "--starts", "0"]
    models = ["kinetic", "kinetic+spallation", "kinetic+no-spallation"]
    models += ["kinetic+no-spallation+no-compton-getting"]
    assert main(["compare", *models, *words, "--output", "table.ecsv"]) == 0
    table = Table.read(tmp_path / "table.ecsv")
    assert list(table["name"]) == models
    with_loss, default, without, no_motion = (dict(row) for row in table)
    assert with_loss["chi2"] == default["chi2"] != without["chi2"]
    # the grammage is free where nuclei are lost; spectra know nothing of motion
    assert with_loss["free"] == without["free"] + 1
    assert no_motion["chi2"] == pytest.approx(without["chi2"], abs=1e-3)


@pytest.mark.usefixtures("_without_pictures")
def test_fit_ends_in_the_lowest_of_several_minima(tmp_path):
    words = ["--variant", "wandering", "--datasets", "xue-liu-2025", "--energy-width", "0"]
    words += ["--priors", "measured", "--no-scatter"]
    totals = []
    for starts in ("0", "24"):
        assert main(["fit", *words, "--starts", starts, "--output", starts]) == 0
        result = yaml.safe_load((tmp_path / starts / "fit-result.yaml").read_text())
        totals.append(result["OptimizeResult"]["total_stat"])
        assert f"starts: {starts}" in (tmp_path / starts / "analysis.yaml").read_text()
    first, lowest = totals
    assert lowest < first - 10


def analysis_from(words):
    """Analysis that the options of ``crlocal identify`` describe."""
    given = parse("identify", *words).params
    assert given.pop("fit") is False
    return analysis_of(**given)


def test_options_replace_entries_of_the_file(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "model: {variant: wandering, species: [H, He]}\n"
        "parameters: {x: {value: 3 pc, free: true, prior: none}, V_sun: 12}\n"
        "priors: [measured]\ndeclination_factor: false\n"
    )
    words = ["a.yaml", "--variant", "kinetic", "--fix", "x=2 pc", "--free", "V_sun", "u_HC"]
    analysis = analysis_from([*words, "--no-priors", "--declination-factor"])
    assert (analysis.model.variant, analysis.model.species) == ("kinetic", ("H", "He"))
    assert (analysis.priors, analysis.declination_factor) == ((), True)
    model = analysis.prepare().models[0]
    assert (model.x.value, model.x.frozen, model.x.prior) == (2, True, None)
    assert (model.V_sun.value, model.V_sun.frozen, model.u_HC.frozen) == (12, False, False)


def test_options_on_nuclei():
    words = ["--composition", "--species", "groups", "--no-spallation", "--no-valid-only"]
    words += ["--index-groups", "CNO,Ne-S", "--hadronic-model", "EPOS-LHC", "SIBYLL-2.3d"]
    analysis = analysis_from([*words, "--datasets", "lhaaso"])
    expected = Analysis(
        model={
            "composition": True,
            "species": ["H", "He", "CNO", "Ne-S", "Fe-group"],
            "spallation": False,
            "index_groups": [["CNO", "Ne-S"]],
        },
        datasets=["lhaaso"],
        hadronic_model=["EPOS-LHC", "SIBYLL-2.3d"],
        valid_only=False,
    )
    assert analysis.model_dump() == expected.model_dump()
    words = ["--index-groups", "none", "--hadronic-model", "none", "--species", "default"]
    analysis = analysis_from(words)
    assert analysis.model.index_groups == ()
    assert (analysis.model.species, analysis.hadronic_model) == ("default", None)


def test_mistakes_in_file_and_options_have_their_places(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text("likelihood: vector\nparameters:\n  x: 1.6 pc\n")
    assert main(["fit", "a.yaml", "--fix", "x=-1", "V_sn=1", "--floors", "much"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    for line, text in zip(
        lines,
        (
            "--floors: expected recommended, none",
            "--fix x=-1: x = -1 is outside its limits 0 to inf",
            "--fix V_sn=1: no parameter is called 'V_sn'; did you mean V_sun",
        ),
        strict=True,
    ):
        assert line.startswith(f"crlocal: error: {text}")
    (tmp_path / "a.yaml").write_text("likelihood: vectors\nparameters:\n  x: -1\n")
    assert main(["fit", "a.yaml"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[2:4] for line in lines] == [
        ["a.yaml:1", "likelihood"],
        ["a.yaml:3", "parameters.x"],
    ]


@pytest.mark.parametrize("command", [["scan", "phi"], ["compare", "kinetic"], ["plot", "sky"]])
def test_commands_with_further_words_take_a_file(command, tmp_path, capsys):
    (tmp_path / "a.yaml").write_text("model: {variant: kinetc}\n")
    assert main([command[0], "a.yaml", *command[1:]]) == 2
    assert "a.yaml:1: model.variant: unknown 'kinetc'" in capsys.readouterr().err


def test_mistakes_of_the_parser_are_one_line(capsys):
    for words in (
        *("fit --frobnicate", "fitt", "plot", "scan", "toys --number 0", "toys --seed -1"),
        *("compare kinetic wandering --variant qgsjet", "compare --backend minuit"),
        *("scan x --sigma -1", "scan x --points 1", "sample --range nan", "data show"),
        *("plot spectra --energy-power nan", "plot sky --format gif"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(words.split())
        assert stop.value.code == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("crlocal: error: ")
        assert len(printed.err.splitlines()) == 1


def test_help_of_every_command_has_examples_that_parse(capsys):
    for name in COMMANDS:
        with pytest.raises(SystemExit) as stop:
            main([name, "--help"])
        assert stop.value.code == 0
        lines = capsys.readouterr().out.split("examples:\n")[1].splitlines()
        examples = [line for line in lines if line.startswith("  crlocal ")]
        assert len(examples) >= 2
        for example in examples:
            for command in example.split("&&"):
                program, *words = shlex.split(command)
                assert program == "crlocal"
                parse(*words)


def test_page_names_every_command():
    page = (Path(__file__).parents[1] / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `crlocal (\w+)", page, re.MULTILINE)) == set(COMMANDS)


# Pictures


def test_pictures_of_a_fit(small_fit, tmp_path, capsys):
    words = ["plot", str(small_fit[0]), "spectra", "fractions", "--format", "svg", "--no-legend"]
    assert main([*words, "--output", "pictures", "--energy-range", "10 GeV", "1 TeV"]) == 0
    assert "drawn in" in capsys.readouterr().out
    names = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert names == {"spectra.svg", "fractions.svg"}
    text = (tmp_path / "pictures" / "spectra.svg").read_text()
    assert "<svg" in text
    # the band is there with the covariance of the fit only
    assert "PolyCollection" in text
    assert main(["plot", "spectra", "--output", "table.svg", "--species", "H", "--no-legend"]) == 0
    assert "PolyCollection" not in (tmp_path / "table.svg").read_text()


def test_pictures_are_written_all_or_none(tmp_path, capsys):
    (tmp_path / "residuals.png").write_bytes(b"mine")
    assert main(["plot", "residuals"]) == 2
    assert "residuals.png exists" in capsys.readouterr().err
    # the first has no such option, the second does not know the axis
    assert main(["plot", "residuals", "spectra", "--axis", "momentum", "--overwrite"]) == 2
    assert (tmp_path / "residuals.png").read_bytes() == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["residuals.png"]
    assert main(["plot", "residuals", "--overwrite"]) == 0
    assert (tmp_path / "residuals.png").read_bytes().startswith(b"\x89PNG")


def test_picture_for_a_journal(tmp_path):
    words = ["plot", "spectra", "--journal", "single", "--no-pulls", "--output", "spectra.pdf"]
    assert main(words) == 0
    content = (tmp_path / "spectra.pdf").read_bytes()
    assert b"/FontFile2" in content
    # 3.4 in, in points
    assert re.search(rb"/MediaBox \[ 0 0 244\.8 ", content)


def test_damaged_result_is_named(small_fit, tmp_path, capsys):
    shutil.copytree(small_fit[0], tmp_path / "result")
    (tmp_path / "result" / "models.yaml").write_text("components: [")
    assert main(["plot", "result", "sky"]) == 2
    printed = capsys.readouterr().err
    assert "result cannot be read, make it again with crlocal fit" in printed
    assert len(printed.splitlines()) == 1


def test_changed_result_is_told(small_fit, tmp_path, capsys):
    shutil.copytree(small_fit[0], tmp_path / "result")
    with open(tmp_path / "result" / "models.yaml", "a") as file:
        file.write("# mine\n")
    assert main(["plot", "result", "sky"]) == 0
    assert "models.yaml is not as crlocal fit has written it" in capsys.readouterr().err
