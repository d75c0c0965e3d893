"""Numbers and statements of the paper, and the command that makes them."""

import numpy as np
import pytest
from astropy.table import Table
from gammapy.modeling import Fit
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.cli import main
from crlocal_plugin.cli.commands import reproduce
from crlocal_plugin.paper import estimates
from crlocal_plugin.paper import fits as paper_fits
from crlocal_plugin.paper.claims import CLAIMS, Claim, check_claims
from crlocal_plugin.paper.estimates import chi2_table, estimate_parameters
from crlocal_plugin.paper.fits import fit_settings, number_of_steps
from crlocal_plugin.paper.numbers import printed_numbers
from crlocal_plugin.paper.setting import Setting

# -------------------------------------------------------------------- numbers


def test_printed_numbers():
    table = printed_numbers()
    found = {row["what"]: (row["paper"], row["package"]) for row in table}

    def number(start):
        (pair,) = (pair for what, pair in found.items() if what.startswith(start))
        return pair

    # what the paper prints to all its digits
    for start in ("theta_b", "theta_c", "injection index"):
        paper, package = number(start)
        assert paper == package
    assert_allclose(float(number("Bohm")[1]), 3.3e28, rtol=0.02)
    assert_allclose(float(number("k_0")[1]), 4.9e26, rtol=0.03)
    assert_allclose(float(number("energy of the nearby")[1]), 1e50, rtol=0.3)
    assert 100 < float(number("energy of the lowest")[1]) < 200
    assert float(number("the Galactic centre dominates H ")[1]) > 1
    # the printed direction of e_perp belongs to V_sun near 12 km/s
    assert_allclose(
        np.fromstring(number("right ascension, declination of e_perp at V_sun = 12")[1], sep=","),
        [53.6, 68.5],
        atol=1,
    )
    assert number("right ascension, declination of e_perp at V_sun = 15.5")[1] == "34.4, 68.2"
    ratios = [float(number(f"KASCADE {name},")[1]) for name in ("H", "He")]
    assert_allclose(np.mean(ratios), 2, atol=0.3)


@pytest.fixture(scope="module")
def fits():
    """Fits of the statements on u_HC, with those that are read off in the other tests."""
    settings = [setting for claim in CLAIMS[2:4] for setting in claim.settings()]
    settings += [Setting(), Setting("wandering")]
    steps = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paper_fits, "N_STARTS", 24)
        fits = fit_settings(settings, steps.append)
    assert len(steps) == number_of_steps(settings)
    return fits


def test_chi2_of_table_1_and_of_the_joint_fit(fits, monkeypatch):
    monkeypatch.setattr(estimates, "FITTED", {"Table I": Setting()})
    table = chi2_table(fits)
    rows = {row["dataset"]: row for row in table}
    # the numbers of the documentation
    assert_allclose(rows["total"]["Table I, fitted"], 663.98, atol=0.05)
    assert_allclose(rows["chi2"]["Table I, fitted"], 390.42, atol=0.5)
    floors = crl.load_datasets("newest-dipoles", scatter=False)
    floors.models = [crl.xue_liu_2025()]
    assert_allclose(rows["chi2"]["Table I"], floors.stat_sum_likelihood())
    assert rows["scatter"]["Table I"] == 0
    for column in table.colnames[2:]:
        single = [row[column] for row in table if row["numbers"]]
        assert_allclose(sum(single), rows["chi2"][column])
        parts = [rows[name][column] for name in ("chi2", "scatter", "priors")]
        assert_allclose(sum(parts), rows["total"][column])
    assert sum(row["numbers"] for row in table if row["numbers"]) == 334


def test_estimates(fits):
    entries = [("joint fit", Setting(), ("V_sun", "x"))]
    steps = []
    table = estimate_parameters(fits, entries, steps.append)
    assert len(steps) == 2
    found = {
        (row["fit"], row["parameter"]): [row[end] for end in ("low_68", "best", "high_68")]
        for row in table
    }
    # the numbers of the documentation
    assert_allclose(found["joint fit", "V_sun"], [13.96, 15.36, 16.80], atol=0.1)
    assert_allclose(found["joint fit", "x"], [0.48, 0.91, 1.37], atol=0.05)
    for row in table:
        assert row["low_95"] < row["low_68"] < row["best"] < row["high_68"] < row["high_95"]


# --------------------------------------------------------------------- claims


def test_settings_fix_what_they_name():
    setting = Setting(fixed={"Q_0n": "0 GV-1", "V_sun": "12 km s-1"}, without=("x",))
    datasets = setting.datasets()
    labels = dict(zip(datasets.parameters.labels, datasets.parameters, strict=True))
    for name in ("H.Q_0n", "He.Q_0n"):
        assert labels[name].frozen
        assert labels[name].value == 0
    assert labels["V_sun"].frozen
    assert labels["V_sun"].prior is not None
    assert labels["x"].prior is None
    assert "H.Q_0b" in labels
    assert not labels["H.Q_0b"].frozen


def test_only_the_product_of_field_and_size_matters():
    # B enters the transport as x B, and nowhere else: an exact identity of Eqs. 6 and 11
    one = Setting(fixed={"B": "3 uG", "x": "1.6 pc"}).datasets()
    other = Setting(fixed={"B": "6 uG", "x": "0.8 pc"}).datasets()
    assert_allclose(other.stat_sum_likelihood(), one.stat_sum_likelihood(), rtol=1e-9)


def test_u_HC_alone_and_with_V_sun(fits):
    table = check_claims(fits, CLAIMS[2:4])
    rows = {(row["claim"], row["setting"]): row for row in table}
    alone = rows["u_HC at the V_sun of the paper", "u_HC = 23.2 km/s"]
    free = rows["u_HC", "u_HC = 23.2 km/s"]
    # what the paper rules out with all else fixed costs little once the rest is fitted
    assert 0 < free["fitted"] < alone["fitted"] < 4
    assert_allclose(free["V_sun"], 14.0, atol=0.3)
    assert free["unfitted"] > 9000
    assert np.ma.is_masked(alone["without"])


def test_a_fit_profits_from_random_starts_and_other_fits(fits):
    alone = Setting("wandering").datasets()
    alone.n_starts = 0
    alone_total = Fit(backend="least-squares").run(alone).total_stat
    assert fits[Setting("wandering")].stat_sum() < alone_total + 0.01
    # what is free can only be lower than what is fixed, but for the prior that the latter lacks
    fixed, free = fits[CLAIMS[2].reference], fits[Setting()]
    assert free.stat_sum_likelihood() < fixed.stat_sum() + free.correlated_priors[1].stat_sum()


def test_every_claim_has_a_place():
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS)
    for claim in CLAIMS:
        assert isinstance(claim, Claim)
        assert claim.statement.endswith(".")
        for setting in claim.settings():
            assert setting.model() is not None


# --------------------------------------------------------------- command line


def reproduce_with(*words):
    return main(["--debug", "reproduce", *words])


def test_command(tmp_path, capsys):
    out = tmp_path / "paper"
    reproduce_with("3", "numbers", "--output", str(out), "--format", "svg")
    names = {"figure-03.svg", "numbers.ecsv", "checksums.sha256"}
    assert {path.name for path in out.iterdir()} == names
    assert "theta_b" in capsys.readouterr().out
    assert len(Table.read(out / "numbers.ecsv")) == len(printed_numbers())
    with pytest.raises(FileExistsError, match="pass --overwrite"):
        reproduce_with("numbers", "--output", str(out))
    reproduce_with("numbers", "--output", str(out), "--overwrite")


@pytest.mark.parametrize("word", ["12", "figure", "01"])
def test_unknown_item(word, tmp_path):
    with pytest.raises(ValueError, match="expected figures 1 to 11, numbers, chi2"):
        reproduce_with(word, "--output", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_default_is_all_figures():
    assert reproduce._items([]) == list(range(1, 12))
    assert reproduce._items(["all"])[-4:] == ["numbers", "chi2", "estimates", "claims"]
    assert reproduce._items(["claims", "2"]) == [2, "claims"]
