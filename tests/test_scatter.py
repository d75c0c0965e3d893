"""Scatter of dipoles beyond their errors: statistic, simulated data, fits."""

import copy
import math
import pickle

import astropy.units as u
import mpmath
import numpy as np
import pytest
from astropy.table import Table
from gammapy.modeling import Fit
from gammapy.modeling.models import Models
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest

import crlocal_plugin as crl
from crlocal_plugin.analysis.description import make_analysis
from crlocal_plugin.datasets.residuals import DipoleData, widening_residual
from crlocal_plugin.likelihood.covariance import likelihood_covariance
from crlocal_plugin.likelihood.descent import gauss_newton_covariance, minimise
from crlocal_plugin.likelihood.selection import find_parameters
from crlocal_plugin.report.page import report_page

EXPERIMENTS = [
    "argo-ybj-2018",
    "tibet-asgamma-2017",
    "icecube-2016",
    "kascade-grande-2019",
    "eas-top-2009",
]
NAN = np.nan


def limited(name="limited", experiment="TOY"):
    """Measurements with unequal errors, one of them small, and a bare limit."""
    table = Table({"energy": [1e4, 3e4, 1e5, 1e6] * u.GeV})
    table["amplitude"] = [8e-4, 1e-4, 9e-4, NAN]
    table["amplitude_errn"] = [1e-4, 8e-5, 3e-5, NAN]
    table["amplitude_errp"] = [2e-4, 9e-5, 3e-5, NAN]
    table["phase"], table["phase_err"] = [30, 80, 310, NAN] * u.deg, [5, 30, 4, NAN] * u.deg
    table["amplitude_ul"] = [NAN, NAN, NAN, 8e-4]
    table.meta = {"name": name, "experiment": experiment, "reference": "Toy et al. 2020"}
    return crl.DipoleDataset.read(table)


def made(likelihood="vector", names=("auger-2020", "icecube-2016", "argo-ybj-2018", "dampe_h")):
    """Published tables and one of the test, of which all but ARGO-YBJ have a scatter."""
    datasets = crl.CosmicRayDatasets([*crl.load_datasets(list(names), scatter=False), limited()])
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    for dataset in datasets:
        if dataset.kind == "dipole":
            dataset.likelihood = likelihood
    datasets["auger-2020"].scatter.value = 0.2
    datasets["icecube-2016"].scatter.value = 0.4
    datasets["limited"].scatter.value = 0.7
    return datasets


def by_hand(dataset):
    """Statistic of a dipole dataset, summed point by point."""
    vector = dataset.dipole_pred().vector
    scatter, total, added = dataset.scatter.value, 0.0, 0.0
    errn, errp = dataset.amplitude_errors
    limits = dataset.amplitude_ul
    for k in range(len(dataset.table)):
        x, y = vector[k, :2]
        size = math.hypot(x, y)
        spread = scatter * size
        if dataset.is_ul[k]:
            width = math.hypot(limits[k] / 1.6448536269514722, spread)
            total += -2 * float(mpmath.log(mpmath.ncdf((limits[k] - size) / width)))
            continue
        amplitude, phase = dataset.amplitude[k], dataset.phase[k].to_value("rad")
        phase_err = dataset.phase_error[k].to_value("rad")
        side = math.hypot
        if dataset.likelihood == "vector":
            along = x * math.cos(phase) + y * math.sin(phase) - amplitude
            across = y * math.cos(phase) - x * math.sin(phase)
            mean, error = stat_error(dataset, k), amplitude * phase_err
            error = max(error, mean) if amplitude < 2 * mean else error
            total += (across / side(error, spread)) ** 2
            added += 2 * math.log(side(error, spread) / error)
        else:
            along = size - amplitude
            turn = (math.atan2(y, x) - phase + math.pi) % (2 * math.pi) - math.pi
            total += (turn / side(phase_err, scatter)) ** 2
            added += 2 * math.log(side(phase_err, scatter) / phase_err)
        total += (along / side(errp[k] if along > 0 else errn[k], spread)) ** 2
        both = side(errn[k], spread) + side(errp[k], spread)
        added += 2 * math.log(both / (errn[k] + errp[k]))
    return total, added


def stat_error(dataset, k):
    """Mean statistical error of an amplitude in the fit."""
    factor = dataset.declination_factor
    return factor * (dataset.table["amplitude_errn"][k] + dataset.table["amplitude_errp"][k]) / 2


def fixed(datasets, names):
    """Freeze all parameters but those of some names, which lose their priors."""
    for par in datasets.models[0].parameters:
        par.frozen = par.name not in names
        par.prior = None


# The statistic


@given(st.floats(1e-9, 1e3), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_residual_that_normalises(spread, errn, errp):
    with mpmath.workdps(50):
        wide = [mpmath.sqrt(mpmath.mpf(e) ** 2 + mpmath.mpf(spread) ** 2) for e in (errn, errp)]
        expected = mpmath.sqrt(2 * mpmath.log(sum(wide) / (mpmath.mpf(errn) + mpmath.mpf(errp))))
    errors = np.array([[errn], [errp]])
    found = widening_residual(errors, np.hypot(errors, spread), spread**2)
    assert_allclose(found, float(expected), rtol=1e-12)
    assert widening_residual(errors, errors, 0.0) == 0


@pytest.mark.parametrize("likelihood", ["vector", "amplitude_phase"])
def test_statistic_is_a_direct_sum(likelihood):
    datasets = made(likelihood)
    for dataset in datasets:
        if dataset.kind == "dipole":
            total, added = by_hand(dataset)
            assert_allclose(dataset.stat_sum_likelihood(), total + added, rtol=1e-10)
            assert_allclose(dataset.stat_sum_scatter(), added, rtol=1e-10)
            assert_allclose(dataset.stat_array().sum(), total + added, rtol=1e-10)
            # pulls are those of the data
            pulls = dataset.residuals("pull")
            assert pulls.shape == (len(dataset.table), 2)
            assert_allclose(np.sum(pulls**2), total, rtol=1e-10)
    assert datasets["icecube-2016"].stat_sum_scatter() > 10
    assert added > 0
    expected = sum(dataset.stat_sum_likelihood() for dataset in datasets)
    priors = (0.2**2 + 0.4**2 + 0.7**2) / 0.2**2
    priors += sum(p.prior(p) for p in datasets.models[0].parameters if p.prior is not None)
    assert_allclose(datasets.stat_sum_likelihood(), expected, rtol=1e-10)
    assert_allclose(datasets.stat_sum(), expected + priors, rtol=1e-10)
    assert_allclose(np.sum(datasets.residuals() ** 2), expected + priors, rtol=1e-10)


@pytest.mark.parametrize("likelihood", ["vector", "amplitude_phase"])
@pytest.mark.parametrize("free", [[], ["V_sun"], ["scatter"], ["V_sun", "R_cut", "scatter"]])
def test_joint_likelihood_counts_it(likelihood, free):
    datasets = made(likelihood)
    fixed(datasets, [])
    crl.free_parameters(datasets, free)
    joint = crl.JointLikelihood(datasets)
    assert joint.is_least_squares
    assert joint.is_scatter.tolist() == ["scatter" in name for name in joint.names]
    rng = np.random.default_rng(3)
    theta = joint.values * (1 + 0.2 * rng.random((5, joint.size)))
    theta[1, joint.is_scatter] = 0.0
    # frozen parameters have priors that add a constant
    constant = sum(
        par.prior(par) for par in datasets.parameters if par.frozen and par.prior is not None
    )
    residuals = joint.residuals(theta)
    for row, together, alone in zip(theta, joint(theta), residuals, strict=True):
        joint.assign(row)
        assert_allclose(together, datasets.stat_sum(), rtol=1e-10)
        assert_allclose(joint(row), together, rtol=1e-12)
        assert_allclose(joint.residuals(row), alone, rtol=1e-9, atol=1e-12)
        assert_allclose(alone @ alone + constant, together, rtol=1e-10)
    # it is a value: what is made goes on as it was
    datasets["icecube-2016"].scatter.value = 0.05
    assert_allclose(joint(row), together, rtol=1e-12)
    assert pickle.loads(pickle.dumps(joint))(row) == joint(row)


def test_scatter_that_is_zero_changes_nothing():
    datasets = made()
    for dataset in datasets:
        dataset.scatter.value = 0
    before = datasets.stat_sum()
    crl.free_parameters(datasets, ["scatter"])
    assert datasets.stat_sum() == pytest.approx(before, rel=1e-14)
    joint = crl.JointLikelihood(datasets)
    assert joint(joint.values) == pytest.approx(before, rel=1e-14)
    # as many residuals at zero as elsewhere
    moved = np.where(joint.is_scatter, 0.3, joint.values)
    assert joint.residuals(moved).shape == joint.residuals(joint.values).shape
    assert joint.jacobian(joint.values).shape == (joint.residuals(moved).size, joint.size)


def test_no_effect_on_spectra():
    datasets = crl.load_datasets(["dampe_h", "dampe_he"])
    datasets.models = [crl.xue_liu_2025()]
    before = datasets.stat_sum_likelihood()
    datasets[0].scatter.value = 0.5
    assert datasets.stat_sum_likelihood() == before
    assert datasets[0].stat_sum_scatter() == 0


@pytest.mark.parametrize("scatter", [0.0, 0.3, 1.0])
def test_likelihood_is_normalised_in_the_data(scatter):
    # all measured vectors in a square, for one true vector, errors along a fixed direction
    true, errn, errp, tangential = (0.8, 0.6), 0.10, 0.25, 0.15
    side = np.linspace(-8, 8, 801)
    x, y = (values.ravel() for values in np.meshgrid(side, side))
    n = np.ones(x.size)
    data = DipoleData(
        *(np.hypot(x, y), np.arctan2(y, x), errn * n, errp * n, tangential * n, n),
        *(NAN * n, NAN * n, np.zeros(x.size, dtype=bool)),
        axis=0.3 * n,
    )
    prediction = true[0] * n, true[1] * n
    residuals = data.scattered_residuals(prediction, scatter).reshape(4, -1)
    integral = np.exp(-0.5 * np.sum(residuals**2, axis=0)).sum() * (side[1] - side[0]) ** 2
    assert_allclose(integral, np.pi * (errn + errp) * tangential, rtol=2e-3)


class OwnSpeed(crl.DipoleDataset):
    """Dipoles that are evaluated as they say."""

    tag = "OwnSpeedDipole"

    def signed_residuals(self):
        """As those of the package."""
        return super().signed_residuals()


def test_datasets_at_their_own_speed():
    joined = crl.CosmicRayDatasets([limited()])
    alone = crl.CosmicRayDatasets([OwnSpeed(limited().table, name="limited")])
    likelihoods = []
    for datasets in (joined, alone):
        datasets.models = [crl.xue_liu_2025(priors="measured")]
        fixed(datasets, ["V_sun"])
        crl.free_parameters(datasets, ["scatter"])
        likelihoods.append(crl.JointLikelihood(datasets))
    assert joined[0].is_joined
    assert not alone[0].is_joined
    theta = np.array([[15.0, 0.0], [14.0, 0.3]])
    first, second = (each.residuals(theta) for each in likelihoods)
    # point by point, or number by number
    assert_allclose(np.sort(first**2, axis=1), np.sort(second**2, axis=1), rtol=1e-9)
    assert_allclose(likelihoods[0](theta), likelihoods[1](theta), rtol=1e-12)


# Names, models and files


def test_parameters_are_found_by_name():
    names = ["argo-ybj-2015", "argo-ybj-2018", "icecube-2016", "dampe_h"]
    datasets = crl.load_datasets(names, allow_overlap=True, scatter=False)
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    assert list(find_parameters(datasets, "scatter")) == ["ARGO-YBJ.scatter", "IceCube.scatter"]
    crl.free_parameters(datasets, ["scatter"])
    assert datasets["argo-ybj-2015"].scatter is datasets["argo-ybj-2018"].scatter
    assert not datasets["icecube-2016"].scatter.frozen
    assert datasets["dampe_h"].scatter.frozen
    with pytest.raises(ValueError, match=r"'DAMPE.scatter': only experiments with a t"):
        crl.free_parameters(datasets, ["DAMPE.scatter"])
    with pytest.raises(ValueError, match="only experiments with a table of dipoles have one"):
        crl.free_parameters(crl.load_datasets("dampe_h"), ["scatter"])


def test_prior_is_half_of_a_gaussian():
    par = limited().scatter
    par.value = 0.3
    assert par.prior(par) == pytest.approx(2.25)
    assert (par.min, par.frozen) == (0, True)
    assert "assumed" in par.prior.source
    assert crl.NuisanceModel(scatter=0.1).is_active


def test_analysis_and_yaml():
    analysis = make_analysis(
        {
            "datasets": ["icecube-2016", "argo-ybj-2018"],
            "nuisances": {"both": ["icecube-2016", "argo-ybj-2018"]},
            "parameters": {"both.scatter": {"value": 0.25, "free": True}},
        }
    )
    datasets = analysis.prepare()
    assert {d.scatter.value for d in datasets} == {0.25}
    assert datasets[0].scatter is datasets[1].scatter
    again = Models.from_yaml(datasets.models.to_yaml())["both"]
    assert (again.scatter.value, again.scatter.frozen) == (0.25, False)
    assert again.scatter.prior.sigma.value == 0.2
    datasets.models = [datasets.models[0], again]
    assert_allclose(datasets.stat_sum(), analysis.prepare().stat_sum(), rtol=1e-12)


def test_copies_are_independent():
    datasets = made()
    before = datasets.stat_sum()
    for new in (copy.deepcopy(datasets), pickle.loads(pickle.dumps(datasets))):
        assert new.stat_sum() == before
        new["icecube-2016"].scatter.value = 0.1
        assert new.stat_sum() != before
    assert datasets.stat_sum() == before


# Simulated data


@pytest.mark.parametrize("likelihood", ["vector", "amplitude_phase"])
def test_truth_has_normal_residuals(likelihood):
    n = 2000
    table = Table({"energy": np.geomspace(1e4, 1e5, n) * u.GeV})
    table["amplitude"], table["amplitude_err"] = np.full(n, 5e-4), np.full(n, 3e-5)
    table["phase"], table["phase_err"] = np.full(n, 10) * u.deg, np.full(n, 4) * u.deg
    table.meta = {"name": "many", "experiment": "TOY"}
    dataset = crl.DipoleDataset.read(
        table, likelihood=likelihood, models=[crl.xue_liu_2025(priors="measured")]
    )
    dataset.scatter.value = 0.2
    errors = dataset.amplitude_errors[0].copy()
    joint = crl.JointLikelihood(crl.CosmicRayDatasets([dataset]))
    added = dataset.stat_sum_scatter()
    toy = joint.fake(joint.values, 5)
    pulls = toy.residuals(joint.values)[: 2 * n]
    assert kstest(pulls, "norm").pvalue > 0.01
    assert toy.log_likelihood(joint.values) == pytest.approx(-0.5 * (pulls @ pulls + added))
    dataset.fake(7)
    assert_allclose(dataset.amplitude_errors[0], errors, rtol=1e-12)
    assert kstest(dataset.residuals("pull").ravel(), "norm").pvalue > 0.01
    assert dataset.stat_sum_scatter() == pytest.approx(added, rel=1e-9)
    # without the scatter, the data are wider than their errors
    dataset.scatter.value = 0
    assert dataset.residuals("pull").std() > 2


# Fits


def five(free=("V_sun", "x")):
    """Dipoles of five experiments without floors, and a model of which few parameters are free."""
    datasets = crl.load_datasets(EXPERIMENTS, floors=0.0, energy_width=0.0, scatter=False)
    for dataset in datasets:
        dataset.phase_floor = 0 * u.deg
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    fixed(datasets, free)
    datasets.models[0].delta_b.value = 1.2e-3
    crl.free_parameters(datasets, ["scatter"])
    return datasets


def test_pulls_of_simulated_experiments():
    datasets = five(["V_sun", "delta_b"])
    for dataset in datasets:
        dataset.scatter.value = 0.3
    joint = crl.JointLikelihood(datasets)
    truth, is_scatter = joint.values, joint.is_scatter
    assert is_scatter.sum() == 5
    found, pulls, without = [], [], []
    for seed in range(80):
        toy = joint.fake(truth, seed)
        best = minimise(toy, truth)
        errors = np.sqrt(np.diag(likelihood_covariance(toy, best.theta)[0]))
        found.append(best.theta)
        pulls.append((best.theta - truth) / np.where(errors > 0, errors, NAN))
        # the same data, believed to have no more than their errors
        plain = minimise(toy, np.where(is_scatter, 0.0, truth), ~is_scatter)
        plain_errors = np.sqrt(np.diag(gauss_newton_covariance(plain.jacobian)))
        without.append(((plain.theta - truth) / plain_errors)[~is_scatter])
    found, pulls, without = map(np.array, (found, pulls, without))
    # five experiments of 4 to 18 numbers each: errors are a little small
    width = np.nanstd(pulls[:, ~is_scatter], axis=0)
    assert ((width > 0.8) & (width < 1.4)).all(), width
    assert (np.abs(np.nanmean(pulls[:, ~is_scatter], axis=0)) < 0.4).all()
    assert (without.std(axis=0) > 5).all()
    mean, error = found.mean(axis=0), found.std(axis=0)
    assert (np.abs(mean - truth)[is_scatter] < 0.5 * error[is_scatter]).all()
    # the more numbers, the better known: s / sqrt(2 n) for errors that are small
    numbers = np.array([d.numbers_per_point.sum() for d in datasets])
    assert_allclose(error[is_scatter][:3], 0.3 / np.sqrt(2 * numbers[:3]), rtol=0.5)


@pytest.mark.parametrize("start", [0.0, 0.1, 0.8])
def test_fit_finds_it_from_anywhere(start):
    datasets = five()
    ends = []
    for value in (0.3, start):
        for dataset in datasets:
            dataset.scatter.value = value
        ends.append(minimise(crl.JointLikelihood(datasets)).stat)
    assert ends[1] == pytest.approx(ends[0], abs=0.01)
    # that of another distance of the cloud is a little lower
    lowest = crl.lowest_minimum(five())
    assert lowest < ends[0]
    result = Fit(backend="least-squares").run(datasets)
    assert result.success
    assert result.total_stat == pytest.approx(lowest, abs=0.01)
    scatter = datasets["icecube-2016"].scatter
    assert 0.2 < scatter.value < 0.6
    assert 0.02 < scatter.error < 0.2


def test_migrad_finds_the_same():
    datasets = five()
    first = Fit(backend="least-squares").run(datasets)
    ends = {par: (par.value, par.error) for par in datasets.parameters.free_parameters}
    for par in ends:
        par.value = {"V_sun": 12, "x": 5}.get(par.name, 0.1)
    second = Fit(backend="minuit").run(datasets)
    assert second.success
    assert second.total_stat == pytest.approx(first.total_stat, abs=0.01)
    for par, (value, error) in ends.items():
        if error > 0:
            assert par.value == pytest.approx(value, abs=0.05 * error)
            assert par.error == pytest.approx(error, rel=0.05)


def test_scatter_that_is_not_needed_goes_to_zero():
    datasets = five()
    truth = crl.JointLikelihood(datasets).values
    joint = crl.JointLikelihood(datasets)
    # data on the curve have less scatter than their errors
    exact = joint.fake(np.where(joint.is_scatter, 0.0, truth), ZeroNoise(np.random.PCG64(0)))
    best = minimise(exact, np.where(joint.is_scatter, 0.2, truth))
    assert_array_equal(best.theta[joint.is_scatter], 0)
    assert best.stat == pytest.approx(0, abs=1e-6)


class ZeroNoise(np.random.Generator):
    """Random numbers that all are the mean."""

    def standard_normal(self, size=None, **kwargs):
        """Zeros."""
        return np.zeros(size)


def test_summary_and_report():
    datasets = five()
    result = Fit(backend="least-squares").run(datasets)
    summary = crl.fit_summary(datasets, result)
    hand = np.array([by_hand(dataset) for dataset in datasets])
    assert_allclose(summary.datasets["chi2"], hand[:, 0], rtol=1e-9)
    assert summary.scatter == pytest.approx(hand[:, 1].sum(), rel=1e-9)
    assert summary.likelihood == pytest.approx(hand.sum(), rel=1e-9)
    text = str(summary)
    assert f"chi2 {hand[:, 0].sum():.2f} for 54 numbers" in text
    assert f"2 ln(sigma / sigma_0) {hand[:, 1].sum():.2f}, total" in text
    assert "IceCube-nuisance.scatter" in text
    assert "half of a Gaussian, assumed" in text
    # what is at rest is not news
    assert "IceCube-nuisance.norm" not in text
    page = report_page(datasets, result)
    assert "of the scatters" in page
    scatter = datasets["icecube-2016"].scatter
    assert f"scatter {scatter.value:.3f} ± {scatter.error:.3f}" in page
    assert f"{hand[:, 0].sum():.2f}" in page


def test_studies():
    datasets = five()
    Fit(backend="least-squares").run(datasets)
    table = crl.identifiability(datasets).parameters
    assert {"V_sun", "IceCube-nuisance.scatter"} <= set(table["label"])
    study = crl.run_toys(datasets, 3, random_state=1, profile=False, n_starts=4, n_jobs=1)
    assert study.table["converged"].all()
    # what is drawn has a chi2 of its own, whatever normalises it
    assert (study.table["chi2"] < 120).all()
    left = crl.leave_one_out(datasets, n_jobs=1)
    by_name = dict(zip(left["name"], left["chi2"], strict=True))
    for dataset in datasets:
        assert by_name[dataset.name] == pytest.approx(by_hand(dataset)[0], abs=0.05)
