"""What planned measurements would add, against identities, brute force and toys."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
import yaml
from astropy.table import Table
from gammapy.datasets import MapDataset

import crlocal_plugin as crl
from crlocal_plugin.cli import main
from crlocal_plugin.studies.planned import with_plan

FREE = ("Q_0b", "delta_b", "V_sun", "x")
DIPOLE = {"energy": [2e4, 1e5], "amplitude_err": 1e-5}
SPECTRUM = {"quantity": "H", "energy": ["1 TeV", "10 TeV"], "relative_stat": 0.01}


def prepared(names=("dampe_h", "hawc-2018", "tibet-asgamma-2017"), priors="measured", **settings):
    datasets = crl.load_datasets(list(names), **{"scatter": False, "floors": None} | settings)
    datasets.models = [crl.xue_liu_2025(species="H", priors=priors)]
    for par in datasets.models.parameters:
        par.frozen = par.name not in FREE
    return datasets


def plan(**measurement):
    return {"mine": {"years": 2, "measurements": [measurement]}}


def expected(datasets, **measurement):
    """Dataset of a planned measurement."""
    (found,) = crl.find_plans(plan(**measurement))
    return with_plan(datasets, found)[-1]


def test_a_measurement_beside_others_adds_its_information():
    datasets = prepared()
    for adds in (True, False):
        beside = plan(parameters={"V_sun": "500 m/s"}, adds=adds)
        result = crl.forecast(datasets, beside, ["V_sun"])
        (row,) = result.errors
        # the prior on V_sun, 2.05 km/s, is today's
        today = row["today"] ** -2 - (0 if adds else 2.05**-2)
        assert row["expected"] == pytest.approx((today + 0.5**-2) ** -0.5, rel=1e-6)
        (rank,) = result.ranking
        assert rank["V_sun"] == pytest.approx(-np.log(row["ratio"]))
        # V_sun alone is free, of which the angle is a function
        assert rank["theta"] == pytest.approx(rank["V_sun"], rel=1e-3)
        only = crl.forecast(datasets, beside, targets=["V_sun", "theta"]).ranking["together"][0]
        assert only == pytest.approx(rank["V_sun"], rel=1e-3)


def test_what_nothing_tells_has_no_error():
    datasets = prepared(priors=None)
    for par in datasets.models.parameters:
        par.frozen = par.frozen and par.name != "w"
    # w counts in a product with Q_0b alone
    beside = plan(parameters={"w": "0.003 yr-1"})
    errors = crl.forecast(datasets, beside, ["Q_0b", "w", "V_sun"], targets=["w"]).errors
    first, second, third = errors
    assert first["today"] == second["today"] == np.inf
    assert second["expected"] == pytest.approx(0.003)
    assert first["expected"] / first["value"] == pytest.approx(0.1, rel=0.05)
    assert third["ratio"] == pytest.approx(1)


def test_correlated_priors_are_added_to_and_replaced():
    datasets = prepared(priors=["measured", "cloud-correlated"])
    for par in datasets.models.parameters:
        par.frozen = par.frozen and par.name not in ("u_HC", "u_HC_ra", "u_HC_dec")
    for adds in (True, False):
        result = crl.forecast(
            datasets, plan(parameters={"u_HC": 0.3}, adds=adds), ["u_HC", "V_sun"]
        )
        row = result.errors[0]
        if adds:
            both = row["today"] ** -2 + 0.3**-2
            assert row["expected"] == pytest.approx(both**-0.5, rel=1e-6)
        else:
            assert row["expected"] <= 0.3 * (1 + 1e-6)
    named = crl.forecast(datasets, plan(prior_set="cloud-bzowski-2015"), ["u_HC"]).errors[0]
    assert named["expected"] < 0.4


def test_errors_fall_with_the_root_of_the_exposure():
    datasets = prepared(priors=None, systematics=False)
    ends = []
    for exposure in (1, 4):
        same = [{"like": d.name, "exposure": exposure, "replaces": d.name} for d in datasets]
        ends.append(crl.forecast(datasets, {"same": {"measurements": same}}).errors["ratio"])
    np.testing.assert_allclose(ends[0], 1, rtol=1e-9)
    np.testing.assert_allclose(ends[1], 0.5, rtol=1e-9)


def test_events_stand_for_the_error_of_a_first_harmonic():
    rng, n = np.random.default_rng(0), 1000
    angles = rng.uniform(0, 2 * np.pi, (400, n))
    spread = (2 * np.cos(angles).mean(axis=1)).std()
    datasets = prepared()
    found = expected(datasets, energy=[2e4], events=n)
    np.testing.assert_allclose(found.amplitude_errors, np.sqrt(2 / n))
    assert spread == pytest.approx(np.sqrt(2 / n), rel=0.1)
    # the error across is that of the amplitude, or what the phase says
    assert found.data.tangential == pytest.approx(np.sqrt(2 / n))
    given = expected(datasets, energy=[2e4], events=n, phase_err="2 deg")
    assert given.data.tangential == pytest.approx(np.deg2rad(2) * given.amplitude)


def test_a_field_of_view_dilutes_the_dipole():
    site = {"latitude": "-23 deg", "max_zenith": 45}
    plain, seen = (expected(prepared(), **DIPOLE, **view) for view in ({}, site))
    factor = 1 / crl.FieldOfView(-23 * u.deg, 45 * u.deg).mean_cos_declination()
    np.testing.assert_allclose(seen.amplitude_errors, factor * np.array(plain.amplitude_errors))
    # dipoles themselves are those of the model
    np.testing.assert_allclose(seen.amplitude, plain.amplitude)
    np.testing.assert_allclose(seen.stat_sum_likelihood(), 0, atol=1e-12)


def test_spectra_count_events():
    axis = {"from": "1 TeV", "to": "10 PeV", "per_decade": 5}
    found = expected(
        prepared(), quantity="H", energy=axis, exposure="2 m2 yr sr", relative_syst=0.1
    )
    edges = 1e3 * 10 ** (np.arange(-0.5, len(found.table)) / 5)
    counts = found.intensity * np.diff(edges) * u.GeV * (2 * u.Unit("m2 yr sr"))
    counts = counts.to_value("")
    errors = np.hypot(1 / np.sqrt(counts), 0.1) * found.intensity.value
    np.testing.assert_allclose(found.intensity_errors[0].value, errors)
    assert len(found.table) < 21
    assert counts.min() > 10


def test_scatter_stays_unless_told():
    datasets = prepared(scatter=True)
    for par in datasets.parameters:
        if par.name == "scatter":
            par.value = 0.3
    same = plan(like="hawc-2018", exposure=100, replaces="hawc-2018")
    (found,) = crl.find_plans(same)
    for scatter, size in ((None, 0.3), (0.1, 0.1), (0.0, 0.0)):
        dataset = with_plan(datasets, found, scatter=scatter)[-1]
        table = datasets["hawc-2018"].table
        errors = np.hypot(table["amplitude_errp"] / 10, size * dataset.amplitude)
        np.testing.assert_allclose(dataset.amplitude_errors[1], errors)
    assert crl.forecast(datasets, same).sources["mine"] == "scatter of mine-hawc-2018 0.3"


def test_derivatives_profiles_and_toys_agree():
    datasets = prepared()
    state = datasets.stat_sum(), [par.value for par in datasets.parameters]
    result = crl.forecast(datasets, plan(**DIPOLE), profiles=True, n_toys=60)
    table = result.errors[result.errors["parameter"] != "delta_b"]
    assert all(table["gaussian"])
    assert set(result.errors["parameter"]) == {"theta", "H.Q_0b", "delta_b", "V_sun", "x"} - {
        "H.Q_0b"
    } | {"Q_0b"}
    assert all(result.errors["ratio"] < 1 + 1e-9)
    assert "gaussian" in str(result)
    assert (datasets.stat_sum(), [par.value for par in datasets.parameters]) == state


def test_no_process_changes_the_result():
    datasets = prepared()
    two = [crl.forecast(datasets, ["lhaaso-5yr", "swgo-5yr"], n_jobs=n).errors for n in (1, 2)]
    assert (two[0] == two[1]).all()


def test_picture_has_a_row_for_each_plan():
    result = crl.forecast(prepared(), ["swgo-5yr", "lhaaso-5yr"], ["V_sun", "x"])
    ax = crl.plot_forecast(result)
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == list(result.ranking["plan"])
    assert [line.get_label() for line in ax.lines[:2]] == ["V_sun", "x"]
    drawn = {row["plan"]: row["ratio"] for row in result.errors if row["parameter"] == "V_sun"}
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [drawn[name] for name in labels])
    with pytest.raises(ValueError, match="no forecast of 'phi'"):
        crl.plot_forecast(result, parameters=["phi"])
    plt.close(ax.figure)


def test_scatter_and_foreign_datasets_are_checked():
    with pytest.raises(ValueError, match=r"scatter is -0\.1: expected a fraction"):
        crl.forecast(prepared(), "swgo-5yr", scatter=-0.1)
    datasets = crl.CosmicRayDatasets([*prepared(), MapDataset(name="other")])
    with pytest.raises(ValueError, match="other: not datasets of this package"):
        crl.forecast(datasets, "swgo-5yr")
    with pytest.raises(ValueError, match="expected two models"):
        crl.tell_apart({"one": prepared()}, "swgo-5yr")


@pytest.mark.parametrize("name", crl.shipped_plans())
def test_shipped_plans_say_where_numbers_are_from(name):
    (found,) = crl.find_plans(name)
    assert found.description
    assert found.source


def test_models_are_told_apart_with_the_exposure_that_is_given():
    entries = {}
    for name in ("cloud", "lsr"):
        entries[name] = prepared(("dampe_h", "tibet-asgamma-2017"))
        entries[name].models = [
            crl.xue_liu_2025(species="H", priors="measured", compton_getting_frame=name)
        ]
        for par in entries[name].models.parameters:
            par.frozen = par.name not in FREE
    (row, other) = crl.tell_apart(entries, plan(**DIPOLE))
    assert (row["truth"], row["fitted"]) == (other["fitted"], other["truth"]) == ("cloud", "lsr")
    assert row["planned"] > row["today"] > 0
    assert row["years"] == 2 * row["factor"]
    error = DIPOLE["amplitude_err"] / np.sqrt(row["factor"])
    again = crl.tell_apart(entries, plan(**DIPOLE | {"amplitude_err": error}))[0]
    assert again["planned"] == pytest.approx(9, rel=0.03)


def test_a_special_case_is_never_told_from_the_larger_model():
    entries = {"small": prepared(), "large": prepared()}
    par = next(p for p in entries["large"].models.parameters if p.name == "Gamma")
    par.frozen = False
    row, _ = crl.tell_apart(entries, plan(**SPECTRUM))
    assert row["planned"] == pytest.approx(0, abs=1e-6)
    assert row["factor"] == np.inf


MISTAKES = [
    ({}, "expected one of the keys like, energy, quantity"),
    ({"like": "lhaso-km2a-2021", "exposure": 2}, "did you mean lhaaso-km2a-2021"),
    ({"like": "hawc-2018"}, "expected the key exposure"),
    ({"like": "hawc-2018", "exposure": -2}, "exposure: expected positive numbers, got -2"),
    ({"like": "hawc-2018", "exposure": 2, "replaces": "hawc"}, "unknown dataset 'hawc'"),
    ({"like": "hawc-2018", "exposure": 2, "replaces": 5}, "expected names of datasets, got 5"),
    ({"energy": [1e4]}, "expected the key amplitude_err or events"),
    ({**DIPOLE, "amplitude_err": [1e-5, -1e-5]}, "amplitude_err: expected positive numbers"),
    ({**DIPOLE, "amplitude_err": [1e-5]}, "expected one number, or 2 as energy has, got 1"),
    ({**DIPOLE, "energy": ["1 m", "2 m"]}, "energy: expected numbers in GeV"),
    ({**DIPOLE, "energy": [2e4, 1e4]}, "energy: expected values that increase"),
    ({**DIPOLE, "latitude": 20}, "expected latitude and max_zenith"),
    ({**DIPOLE, "amplitude_eror": 1}, "did you mean amplitude_err"),
    ({**SPECTRUM, "quantity": "Fe"}, "Fe"),
    ({**SPECTRUM, "axis": "energies"}, "unknown axis 'energies'"),
    ({"quantity": "H", "relative_stat": 0.1}, "expected the key energy"),
    ({**SPECTRUM, "correlation": 1.0}, "expected systematic errors"),
    ({"parameters": {"V_sn": 1}}, "unknown free parameter 'V_sn': did you mean V_sun"),
    ({"parameters": {"V_sun": "-1 km/s"}}, "V_sun: expected a positive error, got '-1 km/s'"),
    ({"parameters": {"V_sun": "1 kg"}}, "V_sun: expected an error in km / s"),
    ({"parameters": {"W_sun": 1}}, "W_sun is frozen: free it"),
    ({"prior_set": "field"}, "unknown set of priors 'field'"),
    ({"prior_set": "field-ribbon"}, "none of B_ra, B_dec is free"),
]


@pytest.mark.parametrize(("measurement", "message"), MISTAKES, ids=lambda x: str(x)[:40])
def test_mistakes_are_one_line(measurement, message):
    with pytest.raises(ValueError, match=r"^mine, measurement 1: |dataset 'mine") as error:
        crl.forecast(prepared(), plan(**measurement))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("planned", "message"),
    [
        ("swgo", "unknown plan 'swgo': did you mean swgo-5yr"),
        ([], "expected names, each once"),
        ({"a": {"measurements": []}}, "a: expected a list of measurements"),
        ({"a": {"measurement": []}}, "did you mean measurements"),
        ({"a": {"years": "two", "measurements": [DIPOLE]}}, "a: years: expected numbers"),
    ],
)
def test_plans_are_checked(planned, message):
    with pytest.raises(ValueError, match=message):
        crl.find_plans(planned)


def test_plans_come_from_files(tmp_path):
    (tmp_path / "plans.yaml").write_text(yaml.safe_dump(plan(**DIPOLE)))
    table = Table({"energy": [20, 100] * u.TeV, "amplitude_err": [1e-5, 1e-5]})
    table.meta |= {"name": "own", "experiment": "SWGO"}
    table.write(tmp_path / "own.ecsv")
    plans = crl.find_plans([tmp_path / "plans.yaml", tmp_path / "own.ecsv"])
    results = crl.forecast(prepared(), plans).errors
    first, second = (results[results["plan"] == name] for name in ("mine", "own"))
    assert list(first["expected"]) == list(second["expected"])
    table["amplitude_err"] = [1e-5, -1e-5]
    table.write(tmp_path / "bad.ecsv")
    with pytest.raises(ValueError, match=r"bad\.ecsv: own, .*expected positive numbers"):
        crl.find_plans(tmp_path / "bad.ecsv")


ANALYSIS = """
datasets: [dampe_h, hawc-2018]
model: {species: [H]}
starts: 0
parameters: {D_0: {free: false}, R_cutc: {free: false}, Q_0c: {free: false}}
"""


def test_command_line(tmp_path, capsys):
    (tmp_path / "analysis.yaml").write_text(ANALYSIS)
    file, picture, table = (str(tmp_path / name) for name in ("analysis.yaml", "f.png", "f.ecsv"))
    written = ["--picture", picture, "--output", table]
    assert main(["forecast", file, "swgo-5yr", *written]) == 0
    assert "Information gained" in capsys.readouterr().out
    assert list(Table.read(table)["parameter"]) == ["theta", "V_sun", "x"]
    assert main(["forecast", file, "swgo-5yr", *written]) == 2
    assert "exist" in capsys.readouterr().err
    assert main(["forecast", file, "swg-5yr"]) == 2
    assert "did you mean swgo-5yr" in capsys.readouterr().err
    assert main(["forecast", file, "swgo-5yr", "--models", "kinetic", "kinetic+lsr"]) == 0
    assert "kinetic+lsr" in capsys.readouterr().out
