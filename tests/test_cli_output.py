"""What commands print: an answer in thirty lines, a JSON document, and names for the shell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from gammapy.modeling import Fit

import crlocal_plugin as crl
from crlocal_plugin.cli import main
from crlocal_plugin.cli.commands.scan import _folder
from crlocal_plugin.cli.main import COMMANDS, crlocal
from crlocal_plugin.likelihood.summary import FitSummary

ROOT = Path(crl.__file__).parents[1]
SMALL = ["--datasets", "ams-02_h_2015", "icecube-2016", "--species", "H", "--priors", "measured"]
SMALL += ["--no-scatter", "--fix", "Q_0b", "Q_0c", "R_cut", "R_cutc", "D_0", "x", "V_sun"]
WITHOUT_RESULTS = {"init", "plot", "explore", "report"}


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # they take longer than all the rest, and are not the point
    monkeypatch.setattr("crlocal_plugin.cli.fit_folder.draw_fit", lambda *arguments: None)


def no_constant(text):
    raise AssertionError(f"{text} is no JSON")


def document(capsys, *words, code=0):
    """Document that a command prints."""
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out, parse_constant=no_constant)


@pytest.fixture(scope="module")
def summary():
    datasets = crl.load_datasets("newest-dipoles")
    datasets.models = [crl.xue_liu_2025()]
    return crl.fit_summary(datasets, Fit(backend="least-squares").run(datasets))


def test_fit_answers_in_thirty_lines(summary, capsys):
    lines = summary.brief().splitlines()
    # four more are those of the command
    assert len(lines) <= 26
    assert max(map(len, lines)) <= 130
    text = "\n".join(lines)
    for words in ("p-value", "What the data determine", "What limits it", "Gamma", "starts"):
        assert words in text
    rows = {row["label"]: row for row in summary.parameters}
    told = text.partition("What the data determine")[2]
    for label, row in rows.items():
        if not row["frozen"] and "nuisance" not in label:
            assert label in told
    assert main(["fit", *SMALL]) == 0
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) <= 30
    assert "crlocal-fit" in printed


def test_what_the_prior_decides_is_told(summary):
    decided = summary.brief().partition("the prior decides: ")[2].splitlines()[0].split(", ")
    for row in summary.parameters:
        if row["label"] in decided:
            assert max(row["errn"], row["errp"]) > 0.75 * row["prior_sigma"]
    assert "U_sun" in decided


def test_correlated_parameters_are_named_together():
    matrix = np.array([[4.0, 3.9, 0, 0], [3.9, 4.0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    names = ["a", "b", "c", "d"]
    fields = dict.fromkeys(FitSummary.__dataclass_fields__, 0.0)
    columns = dict.fromkeys(("errn", "errp", "above", "below", "prior_sigma"), [np.nan] * 4)
    columns |= {"label": names, "value": [1.0] * 4, "frozen": [False] * 4, "remark": [""] * 4}
    fields |= {"parameters": Table(columns), "datasets": [], "derived": [], "minima": None}
    fields |= {"covariance": Table({"label": names} | dict(zip(names, matrix, strict=True)))}
    fields |= {"message": "it did not end", "verdict": "NOT CONVERGED", "success": False}
    text = FitSummary(**fields).brief()
    assert "correlated by 0.95 or more: a, b\n" in f"{text}\n"
    assert text.startswith("NOT CONVERGED: chi2 0.0 for 0")
    assert "it did not end" in text


def test_summary_is_a_table_in_notebooks(summary):
    html = summary._repr_html_()
    assert html.count("<table>") == html.count("</table>") == 5
    assert "V_sun" in html
    assert "chi2" in html
    summary.parameters["remark"] = ["<b>&"] * len(summary.parameters)
    assert "<td>&lt;b&gt;&amp;</td>" in summary._repr_html_()
    assert "<b>&" not in summary._repr_html_()


def test_fit_as_a_document(capsys):
    found = document(capsys, "fit", *SMALL)
    assert found["verdict"] == "converged"
    table = Table.read("crlocal-fit/parameters.ecsv")
    assert [row["label"] for row in found["parameters"]] == list(table["label"])
    assert [row["value"] for row in found["parameters"]] == list(table["value"])
    # no limit is null, not a number
    assert found["parameters"][0]["above"] is None
    assert found["written"] == "crlocal-fit"
    assert sum(row["chi2"] for row in found["datasets"]) == pytest.approx(found["likelihood"])


def test_other_results_as_documents(capsys):
    found = document(capsys, "scan", "phi", "--points", "4", *SMALL)
    (scan,) = found["parameters"]
    low, high = scan["sigma_1"]
    assert low < scan["best"] < high
    assert scan["unit"] == "GV"
    assert [point["rise"] for point in scan["points"]] == pytest.approx(
        list(Table.read("crlocal-scan/phi.ecsv")["rise"])
    )
    found = document(capsys, "identify", *SMALL)
    assert {row["label"] for row in found["parameters"]} == {"Gamma", "phi", "delta_b", "Q_0n"}
    assert len(document(capsys, "data", "list")["tables"]) == len(crl.catalog())
    assert document(capsys, "data", "show", "dampe_h")["points"][0]["intensity"] > 0
    assert document(capsys, "data", "show", "xue-liu-2025")["tables"]
    found = document(capsys, "cite", "dampe_h")["publications"]
    assert any(entry["doi"] == "10.1038/s41586-026-10472-0" for entry in found)
    words = ["--starts", "0", *SMALL]
    found = document(capsys, "compare", "kinetic", "wandering", *words)
    assert [row["name"] for row in found["models"]] == ["kinetic", "wandering"]
    found = document(capsys, "toys", "--number", "2", "--no-profile", *SMALL)
    assert (found["toys"], len(found["parameters"])) == (2, 4)


def test_errors_leave_standard_output_empty(capsys):
    assert main(["fit", "--datasets", "nothing-like-it", "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1


def test_every_command_with_results_has_a_document():
    def options(command):
        return {name for option in command.params for name in option.opts}

    for name in COMMANDS:
        command = crlocal.get_command(None, name)
        parts = getattr(command, "commands", {name: command}).values()
        assert all(("--json" in options(part)) == (name not in WITHOUT_RESULTS) for part in parts)


@pytest.mark.parametrize(
    ("file", "folder"),
    [
        (None, "crlocal-scan"),
        ("analysis.yaml", "crlocal-scan"),
        ("near.yaml", "crlocal-scan-near"),
        ("study/near.yaml", "crlocal-scan-near"),
        ("wandering/analysis.yaml", "crlocal-scan-wandering"),
    ],
)
def test_every_input_has_a_folder_of_scans(file, folder):
    assert _folder(file) == Path(folder)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("crlocal f", {"fit", "forecast"}),
        ("crlocal fit --js", {"--json"}),
        ("crlocal data show dampe_h", {"dampe_he", "dampe_h"}),
    ],
)
def test_the_shell_completes(words, expected):
    environment = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    environment |= {"_CRLOCAL_COMPLETE": "bash_complete", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-m", "crlocal_plugin"],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=True,
    )
    assert expected <= {line.partition(",")[2] for line in run.stdout.splitlines()}
