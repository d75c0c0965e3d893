"""Student's t as the distribution of the components of dipoles."""

import astropy.units as u
import numpy as np
import pytest
from agreement import assert_evaluations_agree
from astropy.table import Table
from gammapy.modeling import Fit
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import kstest
from scipy.stats import t as student

import crlocal_plugin as crl
from crlocal_plugin.analysis.description import make_analysis
from crlocal_plugin.datasets.residuals import DEGREES, student_residual

NAMES = ["icecube-2016", "auger-2020", "argo-ybj-2018", "dampe_h"]
NAN = np.nan


def made(likelihood="student", scatter=0.0):
    """Published tables, and one with unequal errors and a bare limit."""
    table = Table({"energy": [1e4, 3e4, 1e5, 1e6] * u.GeV})
    table["amplitude"] = [8e-4, 1e-4, 9e-4, NAN]
    table["amplitude_errn"] = [1e-4, 8e-5, 3e-5, NAN]
    table["amplitude_errp"] = [2e-4, 9e-5, 3e-5, NAN]
    table["phase"], table["phase_err"] = [30, 80, 310, NAN] * u.deg, [5, 30, 4, NAN] * u.deg
    table["amplitude_ul"] = [NAN, NAN, NAN, 8e-4]
    table.meta = {"name": "limited", "experiment": "TOY"}
    loaded = crl.load_datasets(NAMES, likelihood=likelihood, scatter=False)
    own = crl.DipoleDataset.read(table, likelihood=likelihood, degrees_of_freedom=7)
    datasets = crl.CosmicRayDatasets([*loaded, own])
    datasets["auger-2020"].degrees_of_freedom = 2
    datasets.models = [crl.xue_liu_2025()]
    for name in ("icecube-2016", "limited"):
        datasets[name].scatter.value = scatter
    return datasets


@given(st.floats(-1e6, 1e6), st.floats(1, 1000))
def test_residual_of_a_distribution(r, degrees):
    residual = student_residual(r, degrees)
    expected = -2 * (student.logpdf(r, degrees) - student.logpdf(0, degrees))
    assert_allclose(residual**2, expected, rtol=1e-9, atol=1e-11)
    assert np.sign(residual) in (0, np.sign(r))


def test_many_degrees_are_a_gaussian():
    r = np.linspace(-4, 4, 9)
    assert_allclose(student_residual(r, 1e9), r, rtol=1e-7)


def by_hand(dataset):
    """Statistic of the points from densities of Student's t, that of no deviation left out."""
    data, degrees = dataset.data, dataset.degrees_of_freedom
    x, y = dataset.dipole_pred().vector[:, :2].T
    cos, sin = np.cos(data.phase), np.sin(data.phase)
    along = x * cos + y * sin - data.amplitude
    across = y * cos - x * sin
    spread = dataset.scatter.value * np.hypot(x, y)
    total = 0
    sides = np.where(along > 0, data.errp, data.errn)
    for value, error in ((along, sides), (across, data.tangential)):
        wide = np.hypot(error, spread)
        shape = student.logpdf(value / wide, degrees) - student.logpdf(0, degrees)
        total = total - 2 * shape
    # of two sides, the mean normalises
    wide = np.hypot(data.errn, spread) + np.hypot(data.errp, spread)
    total += 2 * np.log(wide / (data.errn + data.errp))
    return total + 2 * np.log(np.hypot(data.tangential, spread) / data.tangential)


@pytest.mark.parametrize("scatter", [0.0, 0.3])
def test_statistic_is_a_direct_sum(scatter):
    datasets, gaussian = made(scatter=scatter), made("vector", scatter)
    for dataset in datasets:
        if dataset.kind == "dipole":
            found, is_ul = dataset.stat_array(), dataset.is_ul
            assert_allclose(found[~is_ul], by_hand(dataset)[~is_ul], rtol=1e-10)
            same = gaussian[dataset.name]
            assert_allclose(found[is_ul], same.stat_array()[is_ul], rtol=1e-12)
            pulls, others = dataset.residuals("pull"), same.residuals("pull")
            assert (np.sign(pulls) == np.sign(others)).all()
    assert datasets["dampe_h"].stat_sum() == gaussian["dampe_h"].stat_sum()
    assert datasets["icecube-2016"].stat_sum() < gaussian["icecube-2016"].stat_sum()


@pytest.mark.parametrize("free", [[], ["scatter", "IceCube.dipole_norm"]])
def test_all_ways_to_evaluate_agree(free):
    datasets = made(scatter=0.1)
    crl.free_parameters(datasets, free)
    likelihood = crl.JointLikelihood(datasets)
    rng = np.random.default_rng(1)
    sets = likelihood.values * rng.uniform(0.97, 1.03, (4, likelihood.size))
    sets[:, likelihood.is_scatter] = rng.uniform(0, 0.3, (4, likelihood.is_scatter.sum()))
    batch = assert_evaluations_agree(datasets, likelihood, sets, 1e-10)
    constant = batch - np.sum(likelihood.residuals(sets) ** 2, axis=-1)
    assert_allclose(constant, constant[0], rtol=1e-7, atol=1e-7)
    # the gradient from the residuals is that of the statistic
    theta = sets[0]
    gradient = 2 * likelihood.residuals(theta) @ likelihood.jacobian(theta)
    k = likelihood.names.index("V_sun")
    ends = np.array([theta, theta])
    ends[:, k] += [-1e-4, 1e-4]
    low, high = likelihood(ends)
    assert gradient[k] == pytest.approx((high - low) / 2e-4, rel=1e-4)


def test_simulated_data_follow_it():
    datasets = made()
    dataset = datasets["icecube-2016"]
    likelihood = crl.JointLikelihood(datasets)
    theta, drawn = likelihood.values, []
    size = 2 * len(dataset.table)
    for seed in range(40):
        new = dataset.copy()
        new.models = datasets.models
        new.fake(seed)
        r = new.residuals("pull").ravel()
        # back from the root of the statistic to the deviation over its error
        drawn.append(np.sign(r) * np.sqrt(DEGREES * np.expm1(r**2 / (DEGREES + 1))))
    assert kstest(np.ravel(drawn), student(DEGREES).cdf).pvalue > 1e-3
    toys = [likelihood.fake(theta, seed) for seed in range(40)]
    stats = [toy(theta) for toy in toys]
    assert np.std(stats) > 0
    assert len(drawn[0]) == size


def test_one_point_far_off_hardly_moves_the_fit():
    results = {}
    for likelihood in ("vector", "student"):
        for factor in (1, 3):
            table = Table({"energy": np.geomspace(1e3, 1e5, 6) * u.GeV})
            model = crl.xue_liu_2025(priors=None)
            true = model.dipole(table["energy"].quantity)
            table["amplitude"], table["phase"] = true.amplitude, true.phase.to("deg")
            table["amplitude_err"], table["phase_err"] = 1e-4, 10 * u.deg
            table["amplitude"][0] *= factor
            dataset = crl.DipoleDataset.read(table, likelihood=likelihood)
            datasets = crl.CosmicRayDatasets([dataset])
            datasets.models = [model]
            for par in datasets.models[0].parameters:
                par.frozen = par.name != "delta_b"
            fit = Fit(backend="least-squares").run(datasets)
            assert fit.success
            par = datasets.models[0].delta_b
            results[likelihood, factor] = par.value
            assert par.error > 0
    moved = {kind: abs(results[kind, 3] - results[kind, 1]) for kind in ("vector", "student")}
    assert moved["student"] < 0.5 * moved["vector"]


def test_minuit_finds_the_same_minimum():
    datasets = made()
    crl.fix_parameters(datasets, ["Gamma", "R_cut", "R_cutc", "D_0", "Q_0b", "phi", "x"])
    Fit(backend="least-squares").run(datasets)
    stat, value = datasets.stat_sum(), datasets.models[0].V_sun.value
    Fit(backend="minuit").run(datasets)
    assert datasets.stat_sum() == pytest.approx(stat, abs=0.02)
    assert datasets.models[0].V_sun.value == pytest.approx(value, abs=0.3)


def test_files_analyses_and_summaries(tmp_path):
    datasets = made()
    datasets.write(tmp_path / "data.yaml", tmp_path / "models.yaml")
    again = crl.CosmicRayDatasets.read(tmp_path / "data.yaml", tmp_path / "models.yaml")
    assert again["auger-2020"].degrees_of_freedom == 2
    assert_allclose(again.stat_sum(), datasets.stat_sum(), rtol=1e-12)
    assert again["auger-2020"].info_dict()["degrees_of_freedom"] == 2
    assert "degrees_of_freedom" in str(again["auger-2020"])
    datasets["auger-2020"].degrees_of_freedom = 5
    assert datasets.stat_sum() != pytest.approx(again.stat_sum(), rel=1e-6)
    analysis = make_analysis({"datasets": ["icecube-2016"], "likelihood": "student"})
    dataset = analysis.prepare()[0]
    assert (dataset.likelihood, dataset.degrees_of_freedom) == ("student", DEGREES)


@pytest.mark.parametrize("value", [0.5, np.inf, np.nan, "many", None, 2 * u.deg])
def test_bad_degrees_are_named(value):
    dataset = made()["auger-2020"]
    with pytest.raises(
        ValueError, match=r"'auger-2020': degrees_of_freedom must be a number from 1"
    ):
        dataset.degrees_of_freedom = value
    assert dataset.degrees_of_freedom == 2
