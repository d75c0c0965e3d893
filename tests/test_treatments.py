"""One fit for each of several ways to treat the data, and the options of data behind them."""

import numpy as np
import pytest
from gammapy.modeling import Fit

import crlocal_plugin as crl
from crlocal_plugin.analysis.treatments import TREATMENTS
from crlocal_plugin.cli import main

SMALL = {
    "model": {"species": ["H"]},
    "datasets": ["dampe_h", "icecube-2016", "tibet-asgamma-2017"],
    "priors": ["measured"],
    "scatter": False,
    "parameters": {
        name: {"free": False} for name in ("Q_0c", "R_cut", "R_cutc", "D_0", "x", "phi", "Q_0n")
    },
}
CASES = {"default": {}, "single": {"energy_width": 0.0}, "no priors": {"priors": ()}}


@pytest.fixture(scope="module")
def analysis():
    return crl.Analysis().changed(SMALL)


def test_each_row_is_a_fit_of_its_own(analysis):
    done = []
    table = crl.treatments(analysis, CASES, progress=done.append)
    assert list(table["name"]) == list(CASES)
    assert done == [1, 1, 1]
    assert all(table["converged"])
    for row, options in zip(table, ({}, {"energy_width": 0.0}, {}), strict=True):
        datasets = crl.load_datasets(SMALL["datasets"], scatter=False, **options)
        priors = None if row["name"] == "no priors" else "measured"
        model = crl.xue_liu_2025(species="H", priors=priors)
        datasets.models = [model]
        crl.fix_parameters(datasets, list(SMALL["parameters"]))
        result = Fit(backend="least-squares").run(datasets)
        assert row["total"] == pytest.approx(result.total_stat, abs=1e-3)
        assert row["V_sun"] == pytest.approx(model.V_sun.value, rel=1e-3)
        assert row["V_sun_err"] == pytest.approx(model.V_sun.error, rel=1e-2)
        assert row["theta"] == pytest.approx(model.cloud.theta.value, rel=1e-4)
        assert np.isnan(row["x_err"])


def test_all_shipped_cases_are_entries_of_an_analysis():
    analysis = crl.Analysis()
    for changes in TREATMENTS.values():
        changed = analysis.changed(changes)
        assert changed is analysis or changes
        assert np.isfinite(changed.prepare().residuals()).all()


@pytest.mark.parametrize(
    ("cases", "parameters", "words"),
    [
        ({"mine": {"flors": None}}, ("x",), "case 'mine'.*flors"),
        ({"mine": {"energy_width": -1}}, ("x",), "case 'mine'.*energy_width"),
        ({"mine": {}}, ("V_sn",), "no parameter 'V_sn'"),
    ],
)
def test_mistakes_are_named(analysis, cases, parameters, words):
    with pytest.raises(ValueError, match=words):
        crl.treatments(analysis, cases, parameters)


def test_energies_of_events():
    one, wide, own = (
        crl.load_datasets("icecube-2016", energy_width=width)[0] for width in (0.0, 0.5, None)
    )
    assert set(wide.table["energy_width"]) == {0.5}
    assert set(own.table["energy_width"]) > {0.54, 0.77}
    for dataset in (one, wide, own):
        dataset.models = [crl.xue_liu_2025()]
    amplitudes = [dataset.dipole_pred().amplitude.value[0] for dataset in (one, wide, own)]
    assert amplitudes[1] / amplitudes[0] == pytest.approx(0.82, abs=0.03)
    assert amplitudes[2] < amplitudes[1]
    own.response = False
    assert own.dipole_pred().amplitude.value[0] == pytest.approx(amplitudes[0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"energy_width": -0.1}, "energy_width.*standard deviation of log10"),
        ({"energy_width": "wide"}, "energy_width"),
        ({"scatter": "no"}, "scatter must be true or false"),
        ({"allow_overlap": "icecube-2016"}, "allow_overlap must be true or false"),
    ],
)
def test_bad_options_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        crl.load_datasets("tibet-asgamma-2017", **options)


def test_command(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("crlocal_plugin.analysis.treatments.TREATMENTS", CASES)
    words = ["--datasets", *SMALL["datasets"], "--species", "H", "--fix", *SMALL["parameters"]]
    words += ["--priors", "measured", "--no-scatter"]
    assert main(["treatments", *words, "--output", "table.ecsv"]) == 0
    printed = capsys.readouterr().out
    assert "no priors" in printed
    assert "theta_err" in printed
    assert (tmp_path / "table.ecsv").is_file()
    assert main(["fit", *words, "--energy-width", "2"]) == 2
    assert "--energy-width" in capsys.readouterr().err
