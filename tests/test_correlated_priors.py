"""Gaussian priors on several parameters, against scipy's multivariate normal distribution."""

import copy
import pickle

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from gammapy.datasets import Datasets
from gammapy.modeling import Fit, Parameter
from gammapy.modeling.models import Models
from gammapy.stats.fit_statistics import GaussianPriorPenalty
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import dblquad
from scipy.stats import chi2, kstest, multivariate_normal

import crlocal_plugin as crl
from crlocal_plugin.components.correlated_priors import PriorShare
from crlocal_plugin.components.measured_vectors import icrs_of
from crlocal_plugin.components.priors import CORRELATED
from crlocal_plugin.posterior.prior_distributions import PriorDistributions

MEAN = np.array([25.0, 75.0, 17.5])
COVARIANCE = np.array([[1.2, -1.1, 0.02], [-1.1, 2.0, 0.05], [0.02, 0.05, 0.1]])
NAMES = ("u_HC", "u_HC_ra", "u_HC_dec")


def prior_on(model, names=NAMES, **kwargs):
    return crl.CorrelatedPrior(
        [model.parameters[name] for name in names], MEAN, COVARIANCE, source="s", **kwargs
    )


@pytest.fixture
def model():
    model = crl.xue_liu_2025(priors="solar-motion")
    model.penalties = [prior_on(model)]
    for par in model.parameters:
        # what these few data determine
        par.frozen = par.name not in (*NAMES, "V_sun", "Q_0b", "Gamma", "Q_0n")
    return model


@pytest.fixture
def datasets(model):
    datasets = crl.load_datasets(
        ["dampe_h", "dampe_he", "icecube-2016", "tibet-asgamma-2017"], scatter=False
    )
    datasets.models = [model]
    return datasets


def mahalanobis(values, mean=MEAN, covariance=COVARIANCE):
    """-2 ln of the density relative to its maximum."""
    normal = multivariate_normal(mean, covariance)
    return -2 * (normal.logpdf(values) - normal.logpdf(mean))


# --------------------------------------------------------------------- the statistic


@settings(derandomize=True, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**31))
def test_statistic_is_that_of_a_multivariate_normal(size, seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(size, size)) + 3 * np.eye(size)
    mean, values, covariance = rng.normal(size=size), rng.normal(size=size), root @ root.T
    parameters = [Parameter(f"p{k}", value) for k, value in enumerate(values)]
    prior = crl.CorrelatedPrior(parameters, mean, covariance)
    expected = mahalanobis(values, mean, covariance)
    assert_allclose(prior.stat_sum(), expected, rtol=1e-10, atol=1e-10)
    stock = GaussianPriorPenalty(parameters, mean, covariance)
    assert_allclose(prior.stat_sum(), stock.stat_sum(), rtol=1e-9)
    sigma = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sigma, sigma)
    same = crl.CorrelatedPrior(parameters, mean, sigma=sigma, correlation=correlation)
    assert_allclose(same.covariance, covariance, rtol=1e-12)
    prior.lambda_ = 2.5
    assert_allclose(prior.stat_sum(), 2.5 * expected, rtol=1e-10, atol=1e-10)


def test_units_do_not_matter():
    speed, angle = Parameter("v", 20, unit="km/s"), Parameter("a", 1.2, unit="rad")
    prior = crl.CorrelatedPrior(
        [speed, angle], ["25 km/s", "70 deg"], sigma=["900 m/s", "0.03 rad"],
        correlation=[[1, -0.8], [-0.8, 1]],
    )  # fmt: skip
    values, sigma = [20, np.rad2deg(1.2)], np.array([0.9, np.rad2deg(0.03)])
    covariance = np.outer(sigma, sigma) * [[1, -0.8], [-0.8, 1]]
    expected = mahalanobis(values, [25, 70], covariance)
    assert_allclose(prior.stat_sum(), expected, rtol=1e-10)
    speed.unit, speed.value = "m/s", 20_000
    assert_allclose(prior.stat_sum(), expected, rtol=1e-10)
    assert_allclose(prior.moments()[0], [25_000, np.deg2rad(70)])


def test_likelihood_counts_it_in_batches(datasets, model):
    likelihood = crl.JointLikelihood(datasets)
    own = [likelihood.names.index(name) for name in NAMES]
    rng = np.random.default_rng(1)
    theta = np.repeat(likelihood.values[np.newaxis], 20, axis=0)
    theta[:, own] += rng.normal(size=(20, 3))
    expected = mahalanobis(theta[:, own])
    motion = [(12.24, 2.05, likelihood.names.index("V_sun"))]
    motion = sum(((theta[:, k] - mu) / sigma) ** 2 for mu, sigma, k in motion)
    # U_sun and W_sun are frozen at their means
    assert_allclose(-2 * likelihood.log_prior(theta), expected + motion, rtol=1e-10)
    model.penalties = []
    without = crl.JointLikelihood(datasets)
    assert_allclose(likelihood(theta) - without(theta), expected, rtol=1e-9)
    assert_allclose(likelihood.log_likelihood(theta), without.log_likelihood(theta), rtol=1e-14)
    assert likelihood.is_least_squares
    assert_allclose((likelihood.residuals(theta) ** 2).sum(axis=1), likelihood(theta), rtol=1e-10)
    assert likelihood.residuals(theta).shape[1] == without.residuals(theta).shape[1] + 3
    again = pickle.loads(pickle.dumps(likelihood))
    assert_allclose(again(theta), likelihood(theta), rtol=0)


def test_sum_over_datasets_is_that_of_gammapy(datasets, model):
    stock = Datasets(list(datasets))
    model.u_HC.value = 23.0
    assert_allclose(datasets.stat_sum(), stock.stat_sum(), rtol=1e-12)
    assert_allclose((datasets.residuals() ** 2).sum(), datasets.stat_sum(), rtol=1e-12)
    assert datasets.is_least_squares
    # the same one beside the models counts once
    before = datasets.stat_sum()
    datasets.models = Models([model], penalties=list(model.penalties))
    assert_allclose(datasets.stat_sum(), before, rtol=1e-14)


def test_beside_a_penalty_of_gammapy(datasets, model):
    other = GaussianPriorPenalty([model.V_sun, model.Gamma], [12, 2.6], np.diag([4, 1e-4]))
    datasets.models = Models([model], penalties=[other])
    likelihood = crl.JointLikelihood(datasets)
    assert not likelihood.is_least_squares
    theta = np.repeat(likelihood.values[np.newaxis], 3, axis=0)
    theta[:, likelihood.names.index("u_HC")] += [0, 1, 2]
    stock = Datasets(list(datasets))
    stock._penalties = [other]
    expected = []
    for row in theta:
        likelihood.assign(row)
        expected.append(stock.stat_sum())
    assert_allclose(likelihood(theta), expected, rtol=1e-10)
    with pytest.raises(ValueError, match="leave out penalties"):
        likelihood.fake(theta[0])


@pytest.mark.parametrize("frozen", [(), ("u_HC_dec",), ("u_HC",), ("u_HC", "u_HC_dec"), NAMES])
def test_frozen_parameters_leave_a_conditional_prior(datasets, model, frozen):
    model.u_HC.value, model.u_HC_dec.value = 23.9, 17.1
    for name in frozen:
        model.parameters[name].frozen = True
    likelihood = crl.JointLikelihood(datasets)
    assert_allclose(likelihood(likelihood.values), datasets.stat_sum(), rtol=1e-12)
    free = [k for k, name in enumerate(NAMES) if name not in frozen]
    assert sum(term.size for term in likelihood.correlated_priors) == len(free)
    if not free:
        return
    fixed = [k for k in range(3) if k not in free]
    weights = COVARIANCE[np.ix_(free, fixed)] @ np.linalg.inv(COVARIANCE[np.ix_(fixed, fixed)])
    offset = np.array([model.parameters[NAMES[k]].value for k in fixed]) - MEAN[fixed]
    mean = MEAN[free] + (weights @ offset if fixed else 0)
    covariance = COVARIANCE[np.ix_(free, free)] - weights @ COVARIANCE[np.ix_(fixed, free)]
    columns = [likelihood.names.index(NAMES[k]) for k in free]
    values = likelihood.values[columns]
    (term,) = likelihood.correlated_priors
    expected = mahalanobis(values, mean, covariance)
    assert_allclose((term.pulls(likelihood.values) ** 2).sum(), expected, rtol=1e-10)


# --------------------------------------------------------------------- fits


@pytest.mark.parametrize("backend", ["least-squares", "minuit"])
def test_diagonal_covariance_is_two_priors(datasets, model, backend):
    model.u_HC_dec.frozen = model.u_HC_ra.frozen = True
    start = {par: par.value for par in model.parameters}
    results = []
    pair = [model.u_HC, model.V_sun]
    model.V_sun.prior = None
    model.penalties = [crl.CorrelatedPrior(pair, [25, 12], [[1, 1e-9], [1e-9, 4]])]
    for step in range(2):
        if step:
            model.penalties = []
            for par, mu, sigma in zip(
                pair, ("25 km/s", "12 km/s"), ("1 km/s", "2 km/s"), strict=True
            ):
                par.prior = crl.MeasurementPrior(mu, sigma)
        for par, value in start.items():
            par.value = value
        result = Fit(backend=backend).run(datasets)
        assert result.success
        results.append([result.total_stat, *(x for p in pair for x in (p.value, p.error))])
    assert_allclose(results[0], results[1], rtol=2e-4)


@pytest.mark.parametrize("backend", ["least-squares", "minuit"])
def test_narrow_prior_is_the_covariance(datasets, model, backend):
    """Where data tell next to nothing, errors and correlations are those of the prior."""
    own = [model.parameters[name] for name in NAMES]
    model.penalties = [crl.CorrelatedPrior(own, MEAN, 1e-4 * COVARIANCE)]
    for par, mean in zip(own, MEAN, strict=True):
        par.value = mean
    Fit(backend=backend).run(datasets)
    covariance = datasets.models.covariance.get_subcovariance(own).data
    assert_allclose([par.value for par in own], MEAN, atol=0.02)
    assert_allclose(1e4 * covariance, COVARIANCE, rtol=0.02, atol=2e-3)
    low, high = crl.ProfileLikelihood(crl.JointLikelihood(datasets), "u_HC").interval()
    assert (high - low) / 2 == pytest.approx(0.01 * COVARIANCE[0, 0] ** 0.5, rel=0.02)


def test_identifiability_knows_the_share_of_a_prior(datasets, model):
    own = [model.parameters[name] for name in NAMES]
    model.penalties = [crl.CorrelatedPrior(own, MEAN, 1e-4 * COVARIANCE)]
    table = crl.identifiability(datasets).parameters
    shares = dict(zip(table["label"], table["share_priors"], strict=True))
    assert min(shares[name] for name in NAMES) > 0.98
    assert shares["Gamma"] < 0.01


def test_toys_draw_the_means(datasets):
    likelihood = crl.JointLikelihood(datasets)
    truth = likelihood.values
    terms = [likelihood.fake(truth, seed).correlated_priors[0] for seed in range(400)]
    own = [likelihood.names.index(name) for name in NAMES]
    means = np.array([term.mean for term in terms])
    assert_allclose(means.mean(axis=0), truth[own], atol=0.25)
    assert_allclose(np.cov(means.T), COVARIANCE, rtol=0.2, atol=0.08)
    squares = [(term.pulls(truth) ** 2).sum() for term in terms]
    assert kstest(squares, chi2(3).cdf).pvalue > 1e-3
    # the datasets keep theirs
    assert_allclose(likelihood.correlated_priors[0].mean, MEAN)


def test_summary_and_comparison_count_measurements(datasets, model):
    summary = crl.fit_summary(datasets)
    rows = {row["label"]: row for row in summary.parameters}
    assert rows["u_HC"]["prior"] == "25 +- 1.1 (correlated)"
    assert rows["u_HC"]["prior_source"] == "s"
    assert rows["u_HC_dec"]["prior_source"] == "together with u_HC"
    pulls = mahalanobis([model.parameters[name].value for name in NAMES])
    pulls += ((model.V_sun.value - 12.24) / 2.05) ** 2
    degrees = summary.n_data + 3 + 1 - summary.n_free
    assert summary.p_value == pytest.approx(chi2.sf(summary.likelihood + pulls, degrees), rel=1e-6)
    assert "25 +- 1.1 (correlated)" in str(summary)
    smaller = crl.load_datasets(datasets.names, scatter=False)
    smaller.models = [model.copy()]
    smaller.models[0].V_sun.frozen = True
    table = crl.compare_models({"smaller": smaller, "larger": datasets})
    for row in table:
        # three of it, and those on the solar motion
        n = row["data"] + 3 + 3
        assert row["total"] - row["chi2"] == pytest.approx(row["prior"])
        assert row["BIC"] == pytest.approx(row["total"] + row["free"] * np.log(n), abs=1e-6)
    assert table["nested"][1] == "smaller"
    assert table["total"][1] == pytest.approx(datasets.stat_sum(), abs=1e-6)
    smaller.models[0].penalties = []
    table = crl.compare_models({"smaller": smaller, "larger": datasets})
    assert "nested" not in table.colnames


def test_report_and_citations(datasets, model, tmp_path):
    prior = model.penalties[0]
    prior.source = "Funsten et al. 2013, ApJ 776, 30"
    result = Fit(backend="least-squares").run(datasets)
    crl.write_report(datasets, tmp_path / "r.html", result=result)
    text = (tmp_path / "r.html").read_text("utf-8")
    assert "25 ± 1.1 (correlated)" in text
    assert "Circularity of the Interstellar Boundary Explorer Ribbon" in text
    assert "Funsten" in crl.bibtex(datasets)
    for par in prior.parameters:
        par.frozen = True
    assert "Funsten" not in crl.bibtex(datasets)


# --------------------------------------------------------------------- as a distribution


def test_prior_distribution(datasets, model):
    crl.set_proper_priors(datasets)
    assert isinstance(model.u_HC.prior, PriorShare)
    likelihood = crl.JointLikelihood(datasets)
    priors = PriorDistributions(likelihood)
    assert priors.improper == []
    own = [likelihood.names.index(name) for name in NAMES]
    rng = np.random.default_rng(3)
    theta = priors.quantiles(rng.uniform(size=(4000, likelihood.size)))
    assert_allclose(theta[:, own].mean(axis=0), MEAN, atol=0.1)
    assert_allclose(np.cov(theta[:, own].T), COVARIANCE, rtol=0.08, atol=0.02)
    assert kstest(mahalanobis(theta[:, own]), chi2(3).cdf).pvalue > 1e-3
    # the density of the others does not change between rows that differ in these alone
    rows = np.repeat(theta[:1], 50, axis=0)
    rows[:, own] = theta[:50, own]
    difference = priors.log_density(rows) - priors.log_density(rows[:1])
    normal = multivariate_normal(MEAN, COVARIANCE)
    expected = normal.logpdf(rows[:, own]) - normal.logpdf(rows[0, own])
    assert_allclose(difference, expected, atol=1e-9)


def test_density_is_normalised_between_limits(datasets, model):
    for par in model.parameters:
        par.frozen = par.name not in ("u_HC", "u_HC_ra")
    model.u_HC.min, model.u_HC.max = 24.5, 26
    likelihood = crl.JointLikelihood(datasets)
    priors = PriorDistributions(likelihood)

    def density(y, x):
        return np.exp(priors.log_density(np.array([[x, y]]))[0])

    total, _ = dblquad(density, 24.5, 26, 68, 82, epsabs=1e-4)
    assert total == pytest.approx(1, abs=2e-3)
    with pytest.raises(ValueError, match="u_HC, u_HC_ra reaches beyond their limits"):
        priors.quantiles(np.full((1, 2), 0.5))
    model.u_HC.min, model.u_HC.max = 100, 200
    model.u_HC.value = 150
    with pytest.raises(ValueError, match="is zero between their limits"):
        PriorDistributions(crl.JointLikelihood(datasets))


def test_samples_follow_it():
    datasets = crl.load_datasets("dampe_h", scatter=False)
    model = crl.xue_liu_2025(species="H", priors=None)
    for par in model.parameters:
        par.frozen = par.name not in ("Q_0b", "u_HC", "u_HC_ra")
    pair = [model.u_HC, model.u_HC_ra]
    # much narrower than what the flux tells of them
    covariance = 1e-4 * np.array([[1, -0.9], [-0.9, 1]])
    model.penalties = [crl.CorrelatedPrior(pair, [25.4, 74.9], covariance)]
    datasets.models = [model]
    posterior = crl.sample(datasets, "emcee", n_walkers=12, max_steps=3000, random_state=0)
    assert posterior.info["priors"]["u_HC"] == "Gaussian, 25.4 +- 0.01 (correlated) km / s"
    places = [posterior.names.index(name) for name in ("u_HC", "u_HC_ra")]
    samples = posterior.samples.reshape(-1, len(posterior.names))[:, places]
    assert np.corrcoef(samples.T)[0, 1] == pytest.approx(-0.9, abs=0.05)
    assert_allclose(samples.std(axis=0), 0.01, rtol=0.2)


def test_evidence():
    """The evidence is that of the data alone where the prior is narrower than they tell."""
    datasets, model = (
        crl.load_datasets("dampe_h", scatter=False),
        crl.xue_liu_2025(species="H", priors=None),
    )
    for par in model.parameters:
        par.frozen = par.name not in ("Q_0b", "u_HC", "u_HC_ra")
    strength = model.parameters["Q_0b"]
    strength.min, strength.max = ends = 3e52, 7e52
    pair = [model.u_HC, model.u_HC_ra]
    covariance = 1e-4 * np.array([[1, -0.9], [-0.9, 1]])
    model.penalties = [crl.CorrelatedPrior(pair, [25.4, 74.9], covariance)]
    datasets.models = [model]
    posterior = crl.nested_sample(datasets, n_live=200, random_state=1)
    likelihood = crl.JointLikelihood(datasets)
    values = np.linspace(*ends, 2001)
    theta = np.repeat(likelihood.values[np.newaxis], len(values), axis=0)
    theta[:, likelihood.names.index("Q_0b")] = values
    density = np.exp(likelihood.log_likelihood(theta))
    expected = np.log(np.trapezoid(density, values) / (ends[1] - ends[0]))
    value, error = posterior.log_evidence
    assert value == pytest.approx(expected, abs=4 * error)
    assert error < 0.2


def test_sampler_of_gammapy_is_told(datasets):
    with pytest.raises(ValueError, match="knows priors of single parameters only"):
        _ = datasets.parameters.free_unique_parameters


# --------------------------------------------------------------------- copies and files


def test_copies_have_their_own(model):
    for twin in (model.copy(), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        (prior,) = twin.penalties
        assert prior.parameters[0] is twin.u_HC
        before = model.penalties[0].stat_sum()
        twin.u_HC.value += 2
        assert model.penalties[0].stat_sum() == before
        assert prior.stat_sum() != before


def test_files(datasets, model, tmp_path):
    model.penalties[0].lambda_ = 1.5
    datasets.write(tmp_path / "d.yaml", tmp_path / "m.yaml")
    again = crl.CosmicRayDatasets.read(tmp_path / "d.yaml", tmp_path / "m.yaml")
    assert again.stat_sum() == pytest.approx(datasets.stat_sum(), rel=1e-12)
    (prior,), (read,) = model.penalties, again[0].model.penalties
    assert_allclose(read.covariance, prior.covariance, rtol=0)
    assert (read.source, read.units, read.lambda_) == ("s", prior.units, 1.5)
    assert read.parameters[1] is again[0].model.u_HC_ra
    assert "penalties" not in crl.xue_liu_2025(priors="measured").to_dict()
    data = model.to_dict()
    data["penalties"][0]["parameters"][0] = "speed"
    with pytest.raises(ValueError, match="correlated prior on speed: expected parameters of the"):
        crl.CosmicRayModel.from_dict(data)


def test_files_of_a_prior_beside_the_models(datasets, model, tmp_path):
    """Energy scales of two experiments have no model in common."""
    scales = [datasets[name].energy_scale for name in ("dampe_h", "tibet-asgamma-2017")]
    for par in scales:
        par.prior, par.frozen, par.value = None, False, 1.02
    correlation = [[1, 0.5], [0.5, 1]]
    prior = crl.CorrelatedPrior(scales, [1, 1], sigma=[0.03, 0.1], correlation=correlation)
    # what a model has too is written once
    datasets.models = Models(list(datasets.models), penalties=[prior, *model.penalties])
    expected = mahalanobis([1.02, 1.02], [1, 1], [[9e-4, 1.5e-3], [1.5e-3, 0.01]])
    assert prior.stat_sum() == pytest.approx(expected, rel=1e-10)
    assert datasets.correlated_priors == [prior, *model.penalties]
    datasets.write(tmp_path / "d.yaml", tmp_path / "m.yaml")
    again = crl.CosmicRayDatasets.read(tmp_path / "d.yaml", tmp_path / "m.yaml")
    assert [p.names for p in again.correlated_priors] == [["energy_scale"] * 2, list(NAMES)]
    assert again.stat_sum() == pytest.approx(datasets.stat_sum(), rel=1e-12)


# --------------------------------------------------------------------- mistakes

A, B = Parameter("a", 1, unit="km/s"), Parameter("b", 2, unit="deg")
GOOD = {"parameters": [A, B], "mean": [1, 2], "sigma": [1, 1]}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"correlation": [[1, 1], [1, 1]]}, r"on a, b: the covariance is not positive definite"),
        ({"correlation": [[1, -2], [-2, 1]]}, "not positive definite"),
        ({"sigma": None, "covariance": [[1, 0], [0, -1]]}, "not positive definite"),
        ({"correlation": [[1, 0.5], [0.4, 1]]}, "correlation is not symmetric"),
        ({"correlation": [[2, 0], [0, 1]]}, "ones on the diagonal"),
        ({"correlation": np.eye(3)}, r"expected a correlation of shape \(2, 2\), got \(3, 3\)"),
        ({"sigma": None, "covariance": np.eye(1)}, "expected a covariance of shape"),
        ({"sigma": [1, 0]}, "expected positive sigma"),
        ({"sigma": [1]}, r"expected 2 values as sigma, for a, b, got \[1\]"),
        ({"mean": [1, 2, 3]}, "expected 2 values as mean"),
        ({"mean": 1}, "expected 2 values as mean"),
        ({"mean": ["1 km/s", "2 GV"]}, "prior on b: mean is given in GV, expected deg"),
        ({"sigma": ["1 pc", 1]}, "prior on a: sigma is given in pc, expected km / s"),
        ({"mean": [1, np.nan]}, "prior on b: mean is nan deg"),
        ({"sigma": None}, "expected either a covariance or sigma"),
        ({"covariance": np.eye(2)}, "expected either a covariance or sigma"),
        ({"sigma": None, "covariance": np.eye(2), "correlation": np.eye(2)}, "goes with sigma"),
        ({"parameters": [A, A]}, r"expected parameters, each once, got \['a', 'a'\]"),
        ({"parameters": [], "mean": [], "sigma": []}, "expected parameters, each once"),
    ],
)
def test_wrong_numbers(change, match):
    with pytest.raises(ValueError, match=match):
        crl.CorrelatedPrior(**(GOOD | change))


def test_wrong_parameters(datasets, model):
    other = crl.xue_liu_2025(priors="measured")
    with pytest.raises(ValueError, match="u_HC, u_HC_ra, u_HC_dec is no Parameter of the model"):
        model.penalties = [prior_on(other)]
    with pytest.raises(TypeError, match="expected CorrelatedPrior objects, got 3"):
        model.penalties = [3]
    model.u_HC.prior = crl.measured_prior("u_HC")
    with pytest.raises(ValueError, match="u_HC has a second prior, and both would count"):
        crl.JointLikelihood(datasets)
    model.u_HC.prior = None
    model.penalties = [prior_on(model), prior_on(model)]
    with pytest.raises(ValueError, match="u_HC has a second prior"):
        Fit(backend="minuit").run(datasets)
    model.penalties = [prior_on(model)]
    model.u_HC = Parameter("u_HC", 25, unit="km/s", min=0)
    with pytest.raises(ValueError, match="u_HC is not a parameter of the models"):
        crl.JointLikelihood(datasets)
    with pytest.raises(ValueError, match="read-only"):
        model.penalties[0].covariance[0, 0] = 3


# --------------------------------------------------------------------- by name


@pytest.mark.parametrize("name", CORRELATED)
def test_published_vectors(name):
    """Means, errors and correlations, against vectors drawn in the published coordinates."""
    entry, rng = CORRELATED[name], np.random.default_rng(5)
    model = crl.xue_liu_2025(priors=name)
    (prior,) = model.penalties
    assert prior.names == list(crl.PRIOR_SETS[name])
    shared = [par for par in model.parameters if par.prior]
    assert set(shared) == set(prior.parameters)
    assert all(isinstance(par.prior, PriorShare) and not par.frozen for par in shared)
    # narrower by a factor than published, so that the sphere is flat
    narrow = 0.02
    columns = [entry[key] for key in ("speed", "longitude", "latitude") if key in entry]
    mean, sigma = np.array(columns).T
    correlation = np.eye(len(mean))
    if len(mean) == 3:
        correlation[0, 1] = correlation[1, 0] = entry["correlation"]
    drawn = rng.multivariate_normal(mean, narrow**2 * correlation * np.outer(sigma, sigma), 20_000)
    frame = {"ecliptic": "barycentricmeanecliptic", "galactic": "galactic"}[entry["frame"]]
    sky = SkyCoord(*drawn[:, -2:].T * u.deg, frame=frame)
    if entry.get("opposite"):
        sky = sky.directional_offset_by(0 * u.deg, 180 * u.deg)
    icrs = np.stack([sky.icrs.ra.deg, sky.icrs.dec.deg], axis=-1)
    icrs = np.concatenate([drawn[:, :-2], icrs], axis=1)
    assert_allclose(prior.mean, icrs.mean(axis=0), atol=5 * narrow * sigma.max() / 100)
    assert_allclose(prior.sigma, icrs.std(axis=0) / narrow, rtol=0.03)
    found = prior.covariance / np.outer(prior.sigma, prior.sigma)
    assert_allclose(found, np.corrcoef(icrs.T), atol=0.03)


def test_sign_of_the_field():
    """The field of the model points to Galactic (210.5, -57.1), away from the ribbon's centre."""
    default = crl.xue_liu_2025(priors=None)
    here = SkyCoord(default.B_ra.quantity, default.B_dec.quantity)
    assert here.galactic.l.deg == pytest.approx(210.5, abs=0.1)
    assert here.galactic.b.deg == pytest.approx(-57.1, abs=0.1)
    degrees = {"field-ribbon": 2.4, "field-zirnstein-2016": 7.5, "field-starlight": 8.8}
    for name, expected in degrees.items():
        (prior,) = crl.xue_liu_2025(priors=name).penalties
        there = SkyCoord(*prior.mean * u.deg)
        assert here.separation(there).deg == pytest.approx(expected, abs=0.2)
    # the ribbon as given elsewhere: ecliptic (221, 39) is Galactic (33, 55)
    ra, dec = icrs_of([221], [39], "ecliptic")[0]
    galactic = SkyCoord(ra * u.deg, dec * u.deg).galactic
    assert_allclose([galactic.l.deg, galactic.b.deg], [33, 55], atol=0.7)
    # transport along the field does not depend on its sign
    energy = [1e3, 1e5] * u.GeV
    before = default.dipole(energy)
    default.B_ra.value, default.B_dec.value = default.B_ra.value + 180, -default.B_dec.value
    after = default.dipole(energy)
    assert_allclose(after.amplitude, before.amplitude, rtol=1e-9)
    assert_allclose(after.phase.value, before.phase.value, rtol=1e-9)


def test_sets_replace_each_other():
    model = crl.xue_liu_2025(priors=["measured", "field-ribbon", "cloud-correlated"])
    assert [prior.names for prior in model.penalties] == [["B_ra", "B_dec"], list(NAMES)]
    assert isinstance(model.u_HC.prior, PriorShare)
    assert model.x.prior is not None
    datasets = crl.load_datasets("dampe_h", scatter=False)
    datasets.models = [model]
    done = crl.set_priors(datasets, ["field-starlight"])
    assert done["B_ra"] is done["B_dec"] is model.penalties[1]
    assert "Frisch" in done["B_ra"].source
    assert len(model.penalties) == 2
    crl.set_priors(datasets, "local-cloud")
    assert [prior.names for prior in model.penalties] == [["B_ra", "B_dec"]]
    assert model.u_HC.prior.sigma.value == 1.1
    crl.set_priors(datasets, None)
    assert model.penalties == ()


def test_analysis_file():
    entries = {
        "datasets": ["dampe_h", "dampe_he", "icecube-2016"],
        "priors": ["measured", "field-ribbon", "cloud-correlated"],
    }
    datasets = crl.Analysis(**entries).prepare()
    likelihood = crl.JointLikelihood(datasets)
    assert [term.size for term in likelihood.correlated_priors] == [2, 3]


def test_prior_of_its_own_in_an_analysis_file():
    """The others keep what is left of the prior that a parameter has left."""
    common = {"datasets": ["dampe_h", "icecube-2016"]}
    together = crl.Analysis(**common).prepare().correlated_priors[1]
    own = {"u_HC_ra": {"prior": {"mean": 70, "sigma": 1, "source": "s"}}}
    datasets = crl.Analysis(**common, parameters=own).prepare()
    field, rest = datasets.correlated_priors
    assert (field.names, rest.names) == (["B_ra", "B_dec"], ["u_HC", "u_HC_dec"])
    assert_allclose(rest.covariance, together.covariance[np.ix_([0, 2], [0, 2])])
    assert datasets.models[0].u_HC_ra.prior.mu.value == 70
    none = {name: {"prior": None} for name in ("B_ra", "B_dec")}
    (left,) = crl.Analysis(**common, parameters=none).prepare().correlated_priors
    assert left.names == ["u_HC", "u_HC_ra", "u_HC_dec"]
