"""Responses, scatter, correlated errors and correlated priors in one likelihood."""

import numpy as np
import pytest
from agreement import assert_evaluations_agree
from gammapy.modeling import Fit

import crlocal_plugin as crl

NAMES = ["ams-02_h_2015", "dampe_h", "icecube-2016", "argo-ybj-2018", "tibet-asgamma-2017"]


def prepare():
    datasets = crl.load_datasets(NAMES, energy_width=0.4, floors=None)
    datasets["ams-02_h_2015"].correlation = 0.5
    model = crl.xue_liu_2025(species="H", priors=["measured", "field-ribbon"])
    datasets.models = [model]
    free = ("Q_0b", "Gamma", "phi", "delta_b", "V_sun", "B_ra", "B_dec", "Q_0n")
    for par in model.parameters:
        par.frozen = par.name not in free
    crl.free_parameters(datasets, ["scatter"])
    crl.free_parameters(datasets, ["ARGO-YBJ.energy_scale"])
    return datasets


def near(likelihood, n):
    rng = np.random.default_rng(1)
    start = np.where(likelihood.values == 0, 0.2, likelihood.values)
    sets = start * (1 + 0.02 * rng.standard_normal((n, likelihood.size)))
    return np.clip(sets, *likelihood.bounds.T)


def test_every_way_to_evaluate_it_agrees():
    datasets = prepare()
    likelihood = crl.JointLikelihood(datasets)
    sets = near(likelihood, 6)
    batch, residuals = likelihood(sets), likelihood.residuals(sets)
    # priors of frozen parameters are a constant
    np.testing.assert_allclose(np.ptp(batch - np.sum(residuals**2, axis=1)), 0, atol=1e-8)
    assert_evaluations_agree(datasets, likelihood, sets, rel=1e-10)


def test_it_is_fitted_written_and_read_back(tmp_path):
    datasets = prepare()
    crl.lowest_minimum(datasets, 4)
    result = Fit(backend="least-squares").run(datasets)
    assert result.success
    total = datasets.stat_sum()
    summary = crl.fit_summary(datasets, result)
    assert summary.total == pytest.approx(total)
    assert np.isfinite(summary.derived["error"]).all()
    assert "IceCube-nuisance.scatter" in str(summary)
    datasets.write(tmp_path / "datasets.yaml", filename_models=tmp_path / "models.yaml")
    again = crl.CosmicRayDatasets.read(
        tmp_path / "datasets.yaml", filename_models=tmp_path / "models.yaml"
    )
    assert again.stat_sum() == pytest.approx(total, rel=1e-10)


def test_toys_of_the_truth_have_the_expected_statistic():
    datasets = prepare()
    likelihood = crl.JointLikelihood(datasets)
    truth = np.where(likelihood.values == 0, 0.2, likelihood.values)
    quiet = np.array([name.endswith("scatter") for name in likelihood.names])
    rng = np.random.default_rng(2)
    found = []
    for _ in range(200):
        toy = likelihood.fake(truth, rng)
        residuals = toy.residuals(truth)
        found.append(residuals @ residuals)
    # squares of standard normal numbers, and logarithms that do not depend on the data
    constant = np.mean(found) - sum(int(d.numbers_per_point.sum()) for d in datasets)
    assert quiet.any()
    assert 0 < constant < np.mean(found)
    n = sum(int(d.numbers_per_point.sum()) for d in datasets)
    assert np.std(found) == pytest.approx(np.sqrt(2 * n), rel=0.2)
