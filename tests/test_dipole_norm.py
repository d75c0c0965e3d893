"""Normalisation of predicted dipoles: one factor for the dipoles of an experiment."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from agreement import assert_evaluations_agree
from gammapy.modeling import Fit
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.analysis.description import make_analysis
from crlocal_plugin.likelihood.descent import minimise
from crlocal_plugin.likelihood.selection import find_parameters
from crlocal_plugin.plots.points import data_label

NAMES = ["icecube-2016", "argo-ybj-2018", "auger-2020", "dampe_h"]


def made(names=NAMES, width=0):
    """Published tables with responses of a width, without a scatter."""
    datasets = crl.load_datasets(list(names), scatter=False, energy_width=width)
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    return datasets


@pytest.mark.parametrize("likelihood", ["vector", "amplitude_phase"])
def test_predicted_dipole_is_multiplied(likelihood):
    datasets = made()
    for dataset in datasets[:3]:
        dataset.likelihood = likelihood
        plain = dataset.dipole_pred().vector
        limited = dataset.is_ul
        assert_allclose(plain, dataset.model.dipole(dataset.x).vector, rtol=1e-12)
        dataset.dipole_norm.value = 1.3
        assert_allclose(dataset.dipole_pred().vector, 1.3 * plain, rtol=1e-12)
        x, y = 1.3 * plain[:, :2].T
        data, phase = dataset.data, dataset.data.phase
        errors = np.array(dataset.amplitude_errors)
        if likelihood == "vector":
            first = x * np.cos(phase) + y * np.sin(phase) - dataset.amplitude
            second = (y * np.cos(phase) - x * np.sin(phase)) / data.tangential
        else:
            first = np.hypot(x, y) - dataset.amplitude
            second = np.angle(np.exp(1j * (np.arctan2(y, x) - phase))) / data.phase_err
        first /= np.where(first > 0, errors[1], errors[0])
        expected = first**2 + second**2
        assert_allclose(dataset.stat_array()[~limited], expected[~limited], rtol=1e-10)
    before = datasets["dampe_h"].stat_sum_likelihood()
    datasets["dampe_h"].dipole_norm.value = 2
    assert datasets["dampe_h"].stat_sum_likelihood() == before


@pytest.mark.parametrize("free", [["dipole_norm"], ["dipole_norm", "scatter"], ["V_sun"]])
@pytest.mark.parametrize("width", [0, 0.4])
def test_all_ways_to_evaluate_agree(free, width):
    datasets = made(width=width)
    datasets["icecube-2016"].dipole_norm.value = 0.94
    datasets["auger-2020"].dipole_norm.value = 1.2
    crl.free_parameters(datasets, free)
    likelihood = crl.JointLikelihood(datasets)
    rng = np.random.default_rng(1)
    sets = likelihood.values * rng.uniform(0.97, 1.03, (4, likelihood.size))
    sets[:, likelihood.is_scatter] = rng.uniform(0, 0.3, (4, likelihood.is_scatter.sum()))
    sets[1] = likelihood.values
    batch = assert_evaluations_agree(datasets, likelihood, sets, 1e-10)
    residuals = likelihood.residuals(sets)
    # a prior on a frozen parameter is a constant
    constant = batch - np.sum(residuals**2, axis=-1)
    assert_allclose(constant, constant[0], rtol=1e-7, atol=1e-8)


def test_a_frozen_one_can_be_varied_and_a_kept_likelihood_is_a_value():
    datasets = made()
    norm = datasets["icecube-2016"].dipole_norm
    norm.prior = None
    likelihood = crl.JointLikelihood(datasets, [norm])
    values = likelihood(np.array([[0.9], [1.0], [1.1]]))
    norm.value = 1.1
    assert datasets.stat_sum() == pytest.approx(values[2], rel=1e-10)
    assert likelihood([0.9]) == values[0]
    jacobian = likelihood.jacobian([1.1])
    assert np.linalg.norm(jacobian) > 0
    step = 1e-5
    ends = likelihood(np.array([[1.1 - step], [1.1 + step]]))
    slope = 2 * likelihood.residuals([1.1]) @ jacobian[:, 0]
    assert slope == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-4)


def test_frozen_at_one_is_nothing():
    datasets, plain = made(), made()
    for dataset in datasets:
        assert dataset.dipole_norm.frozen
    assert datasets.stat_sum() == plain.stat_sum()
    assert len(datasets.models) == 1


def test_simulated_data_and_drawn_priors():
    datasets = made()
    norm = datasets["icecube-2016"].dipole_norm
    norm.frozen, norm.value = False, 1.4
    for par in datasets.models[0].parameters:
        par.frozen = True
    likelihood = crl.JointLikelihood(datasets)
    assert likelihood.names == ["dipole_norm"]
    found, means = [], []
    for seed in range(60):
        toy = likelihood.fake([1.4], seed)
        found.append(minimise(toy, np.array([1.0])).theta[0])
        means.append(toy.residuals([1.4])[-1] * 0.05)
    # the mean of the prior is drawn around the truth, 60 times
    assert abs(np.mean(means)) < 4 * 0.05 / np.sqrt(60)
    assert np.std(means) == pytest.approx(0.05, rel=0.35)
    assert np.mean(found) == pytest.approx(1.4, abs=4 * np.std(found) / np.sqrt(60))
    datasets.fake(0)
    icecube = datasets["icecube-2016"]
    ratio = icecube.amplitude / icecube.dipole_pred().amplitude.value
    assert np.median(ratio) == pytest.approx(1, abs=0.1)


def test_fits_files_and_summaries(tmp_path):
    datasets = made()
    crl.fix_parameters(datasets, ["Q_0n", "Q_0c", "Gamma", "R_cut", "R_cutc", "D_0", "x", "Q_0b"])
    crl.set_priors(datasets, "dipole-norms")
    crl.free_parameters(datasets, ["IceCube.dipole_norm"])
    norm = datasets["icecube-2016"].dipole_norm
    assert norm.prior.sigma.value == 0.06
    result = Fit(backend="least-squares").run(datasets)
    assert 0 < norm.error < 0.06
    assert norm.value != 1
    summary = str(crl.fit_summary(datasets, result))
    assert "dipole_norm" in summary
    assert "1.54 to 1.74" in summary
    files = tmp_path / "data.yaml", tmp_path / "models.yaml"
    datasets.write(*files)
    again = crl.CosmicRayDatasets.read(*files)
    assert_allclose(again.stat_sum(), datasets.stat_sum(), rtol=1e-12)
    copied = again["icecube-2016"].dipole_norm
    assert (copied.value, copied.frozen) == (norm.value, False)
    assert copied.prior.source == norm.prior.source


def test_names_and_priors():
    datasets = made()
    experiments = ["ARGO-YBJ", "IceCube", "Pierre Auger Observatory"]
    assert sorted(find_parameters(datasets, "dipole_norm")) == [
        f"{name}.dipole_norm" for name in experiments
    ]
    with pytest.raises(ValueError, match=r"'DAMPE.dipole_norm': only experiments with"):
        crl.free_parameters(datasets, ["DAMPE.dipole_norm"])
    assert list(crl.set_priors(datasets, "dipole-norms")) == ["IceCube.dipole_norm"]
    assert datasets["auger-2020"].dipole_norm.prior.sigma.value == 0.05
    assert "assumed" in datasets["auger-2020"].dipole_norm.prior.source
    with pytest.raises(ValueError, match="dipole-norms"):
        crl.set_priors(datasets, "dipole-norm")
    with pytest.raises(ValueError, match="no known normalisation of dipoles for 'MACRO'"):
        crl.components.priors.dipole_norm_prior("MACRO")
    datasets["auger-2020"].dipole_norm.value = -1
    with pytest.raises(ValueError, match=r"dipole_norm = -1, .*inside the limits"):
        crl.JointLikelihood(datasets)


def test_in_an_analysis():
    entry = {"value": 0.95, "free": True, "prior": {"mean": 0.94, "sigma": 0.03}}
    analysis = make_analysis(
        {"datasets": ["icecube-2016"], "parameters": {"IceCube.dipole_norm": entry}}
    )
    norm = analysis.prepare()[0].dipole_norm
    assert (norm.value, norm.frozen, norm.prior.mu.value) == (0.95, False, 0.94)


def test_pictures_take_it_out_of_the_data():
    datasets = made(["icecube-2016"])
    dataset = datasets[0]
    lines = []
    for norm in (1.0, 1.25):
        dataset.dipole_norm.value = norm
        axes = crl.plot_dipole(datasets, band=False, energy_range=(1e3, 1e7) * u.GeV)
        lines.append(
            np.concatenate(
                [line.get_ydata() for line in axes[0].lines if line.get_marker() != "None"]
            )
        )
        plt.close("all")
    assert_allclose(lines[0], 1.25 * lines[1], rtol=1e-12)
    assert data_label(dataset, "IceCube") == "IceCube (A / 1.25)"
    assert data_label(made(["dampe_h"])[0], "DAMPE") == "DAMPE"
