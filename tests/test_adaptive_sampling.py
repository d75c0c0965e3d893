"""Posterior and evidence by importance sampling, on cases with known answers."""

from functools import partial

import numpy as np
import pytest
from gammapy.modeling import Parameter
from gammapy.modeling.models import GaussianPrior, GeneralizedGaussianPrior, LogUniformPrior
from scipy.integrate import quad
from scipy.stats import kstest, norm, truncnorm

import crlocal_plugin as crl
from crlocal_plugin.posterior.adaptive import populations
from crlocal_plugin.posterior.adaptive import samples as adaptive
from crlocal_plugin.posterior.adaptive.bends import bend
from crlocal_plugin.posterior.adaptive.importance import Importance, pooled, smoothed, systematic
from crlocal_plugin.posterior.adaptive.importance import tempering as power_of
from crlocal_plugin.posterior.adaptive.margins import Margins
from crlocal_plugin.posterior.adaptive.mixtures import StudentMixture
from crlocal_plugin.posterior.adaptive.modes import find_modes
from crlocal_plugin.posterior.adaptive.samples import adaptive_samples
from crlocal_plugin.posterior.convergence import import_sampling
from crlocal_plugin.posterior.coordinates import NormalCoordinates
from crlocal_plugin.posterior.density import NormalTarget
from crlocal_plugin.posterior.sampling import sample as sample_by

arviz = import_sampling("arviz")

sample = partial(sample_by, method="adaptive")


class Measured:
    """Likelihood of one's own: residuals as a function of values (m, n)."""

    is_least_squares = True
    correlated_priors = ()

    def __init__(self, parameters, residuals):
        self.parameters = parameters
        self.names = [par.name for par in parameters]
        self.units = [par.unit for par in parameters]
        self.values = np.array([par.value for par in parameters])
        self.size = len(parameters)
        limits = np.array([(par.min, par.max) for par in parameters])
        self.bounds = np.where(np.isnan(limits), (-np.inf, np.inf), limits)
        self.is_position = self.is_scatter = np.zeros(self.size, dtype=bool)
        self._residuals = residuals

    def residuals(self, theta):
        theta = np.asarray(theta, dtype=float)
        rows = self._residuals(np.atleast_2d(theta))
        return rows if theta.ndim == 2 else rows[0]

    data_residuals = residuals

    def jacobian(self, theta):
        step = 1e-5 * np.eye(self.size)
        return (self.residuals(theta + step) - self.residuals(theta - step)).T / 2e-5

    def __call__(self, theta):
        return np.sum(self.residuals(theta) ** 2, axis=-1)

    def log_likelihood(self, theta):
        return -0.5 * self(theta)

    def elsewhere(self, theta, columns):
        # no slope means no dependence here
        shape = len(columns), 8
        return np.tile(theta, (*shape, 1)), np.zeros(shape, dtype=bool)

    def scales_at(self, theta):
        return np.where(np.asarray(theta) > 0, theta, 1.0)


def between(names, low, high, value=0.1):
    return [Parameter(name, value, min=low, max=high) for name in names]


def check_evidence(posterior, exact):
    value, error = posterior.log_evidence
    assert abs(value - exact) < 4 * error + 0.005
    assert error < 0.05


def check_distribution(values, cdf):
    """Compare 5000 samples or more of about as many effective ones."""
    assert len(values) >= 5000
    assert kstest(values[:5000], cdf).pvalue > 1e-3


# --------------------------------------------------------------------- known answers


def test_gaussian_with_strong_correlation():
    n, width = 6, 0.05
    covariance = width**2 * (0.95 * np.ones((n, n)) + 0.05 * np.eye(n))
    matrix = np.linalg.inv(np.linalg.cholesky(covariance))
    likelihood = Measured(between("abcdef", -1, 1), lambda theta: theta @ matrix.T)
    posterior = sample(likelihood, random_state=1)
    posterior.check()
    assert "importance" in posterior.info["sampler"]
    check_evidence(posterior, 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1] - n * np.log(2))
    check_distribution(posterior.samples[:, 0], norm(0, width).cdf)
    found = np.corrcoef(posterior.samples.T)
    assert found[0, 5] == pytest.approx(0.95, abs=5 * (1 - 0.95**2) / np.sqrt(5000))


@pytest.mark.parametrize(("value", "error"), [(-1.0, 1.0), (0.2, 1.0), (-1e50, 1e50)])
def test_truncated_parameter(value, error):
    # a flat prior with one end: there are samples, and no evidence
    likelihood = Measured([Parameter("a", error, min=0)], lambda theta: (theta - value) / error)
    posterior = sample(likelihood, random_state=2)
    check_distribution(posterior.samples[:, 0], truncnorm(-value / error, np.inf, value, error).cdf)
    assert posterior.log_evidence is None


def banana(theta):
    first, second = theta.T
    return np.stack([(first - 0.3) / 0.5, (second - first**2) / 0.05], axis=1)


def check_banana(posterior):
    posterior.check()

    def mass(end):
        # the second one is cut at 2
        return quad(lambda x: norm.pdf(x, 0.3, 0.5) * norm.cdf((2 - x * x) / 0.05), -2, end)[0]

    check_evidence(posterior, np.log(mass(2) * 2 * np.pi * 0.5 * 0.05 / 16))
    for end in (-0.5, 0.3, 1.2):
        share, error = mass(end) / mass(2), np.sqrt(0.25 / 5000)
        assert np.mean(posterior.samples[:, 0] < end) == pytest.approx(share, abs=4 * error)


def test_banana():
    check_banana(sample(Measured(between("ab", -2, 2), banana), random_state=3))


def test_two_modes_and_their_weights():
    # a prior that is uniform in the logarithm favours the lower one
    par = Parameter("a", 2.9, min=0)
    par.prior = LogUniformPrior(min=0.1, max=10)

    def residuals(theta):
        return (np.abs(theta - 2) - 1) / 0.05

    posterior = sample(Measured([par], residuals), random_state=4)

    def density(value):
        return norm.pdf((abs(value - 2) - 1) / 0.05) * np.sqrt(2 * np.pi) / value / np.log(100)

    low, high = (quad(density, *ends)[0] for ends in ((0.7, 1.3), (2.7, 3.3)))
    check_evidence(posterior, np.log(low + high))
    share = low / (low + high)
    assert np.mean(posterior.samples < 2) == pytest.approx(share, abs=4 * np.sqrt(0.25 / 5000))
    np.testing.assert_allclose(np.sort(posterior.modes["a"]), [1, 3], atol=0.01)
    assert posterior.modes["weight"][np.argmin(posterior.modes["a"])] == pytest.approx(
        share, abs=0.03
    )
    assert "maxima" in str(posterior)


@pytest.mark.parametrize("is_least_squares", [True, False])
def test_mixture_of_gaussians_in_ten_dimensions(is_least_squares):
    """Two modes of different width, and so of different weight."""
    n, widths = 10, np.array([0.1, 0.1 * (3 / 7) ** (1 / 10)])

    def residuals(theta):
        side = (theta[:, :1] > 0).astype(int)
        return (theta - 0.4 * (2 * side - 1)) / widths[side]

    likelihood = Measured(between("abcdefghij", -2, 2, value=0.3), residuals)
    likelihood.is_least_squares = is_least_squares
    posterior = sample(likelihood, random_state=5)
    posterior.check()
    check_evidence(posterior, np.log(np.sum((np.sqrt(2 * np.pi) * widths / 4) ** n)))
    assert np.mean(posterior.samples[:, 0] < 0) == pytest.approx(0.7, abs=0.04)


# --------------------------------------------------------------------- when it is no result


@pytest.fixture
def only_walkers(monkeypatch):
    monkeypatch.setattr(adaptive, "importance_rounds", lambda *arguments: None)
    monkeypatch.setattr(adaptive, "_drawn_while_walking", lambda *arguments: None)


@pytest.mark.parametrize("is_least_squares", [True, False])
def test_walkers_agree_with_importance_sampling(only_walkers, is_least_squares):
    likelihood = Measured(between("ab", -2, 2), banana)
    likelihood.is_least_squares = is_least_squares
    posterior = sample(likelihood, random_state=6)
    assert "walkers" in posterior.info["sampler"]
    check_banana(posterior)


def test_walkers_jump_between_modes(only_walkers):
    def residuals(theta):
        first, second = theta.T
        return np.stack([(np.abs(first) - 1) / 0.03, (second - first**2) / 0.1], axis=1)

    posterior = sample(Measured(between("ab", -2, 2), residuals), random_state=7)
    assert np.mean(posterior.samples[:, 0] < 0) == pytest.approx(0.5, abs=0.03)
    check_evidence(posterior, np.log(2 * 2 * np.pi * 0.03 * 0.1 / 16))


def test_draws_from_what_walkers_tell(monkeypatch):
    monkeypatch.setattr(adaptive, "importance_rounds", lambda *arguments: None)
    posterior = sample(Measured(between("ab", -2, 2), banana), random_state=9)
    assert "importance" in posterior.info["sampler"]
    other = sample(Measured(between("ab", -2, 2), banana), random_state=10)
    assert posterior.log_evidence[0] == pytest.approx(other.log_evidence[0], abs=0.05)


def test_pooled_draws():
    rng = np.random.default_rng(11)
    parts = [
        Importance(rng.normal(size=(m, 2)), np.full(m, 1 / m), k, (1.0, 0.1))
        for m, k in ((100, 0.1), (300, 0.4))
    ]
    together = pooled(parts)
    assert together.effective == pytest.approx(400)
    assert together.pareto_k == 0.4
    assert together.log_evidence == pytest.approx((1.0, 0.1 / np.sqrt(2)))


def test_margins_are_maps_with_a_volume():
    rows = np.random.default_rng(12).gamma(2.0, size=(4000, 3))
    margins = Margins(rows)
    position = np.random.default_rng(13).normal(0, 2, (50, 3))
    np.testing.assert_allclose(margins.positions(margins.values(position)), position, atol=1e-4)
    step = 1e-6
    slopes = (margins.values(position + step) - margins.values(position - step)) / (2 * step)
    np.testing.assert_allclose(margins.log_slopes(position), np.log(slopes).sum(axis=1), rtol=1e-4)
    straightened = margins.positions(rows)
    assert np.abs(np.mean(straightened**3, axis=0)).max() < 0.3


def test_processes_give_the_same_samples(only_walkers):
    results = [
        sample(Measured(between("ab", -2, 2), banana), random_state=8, n_jobs=n) for n in (1, 2)
    ]
    np.testing.assert_array_equal(results[0].samples, results[1].samples)


def test_what_is_not_to_be_trusted_is_left_to_emcee(only_walkers, monkeypatch, caplog):
    monkeypatch.setattr(populations, "_MOST", populations._STEPS)
    monkeypatch.setattr(populations, "MAX_R_HAT", 0.5)
    likelihood = Measured(between("a", -2, 2), lambda theta: theta / 0.1)
    assert sample(likelihood, random_state=1).info["sampler"].startswith("emcee")
    assert "emcee takes over, for minutes" in caplog.text


def test_arguments_that_are_refused():
    likelihood = Measured(between("a", -2, 2), lambda theta: theta)
    with pytest.raises(ValueError, match="method 'magic': expected one of adaptive, emcee, nested"):
        sample_by(likelihood, "magic")
    with pytest.raises(ValueError, match="n_walkers: not an option of the method 'adaptive'"):
        sample(likelihood, n_walkers=12)
    likelihood = Measured([Parameter("R", 3.0, "PV", min=0)], lambda t: np.minimum(t / 3 - 1, 1))
    with pytest.raises(ValueError, match="the posterior cannot be normalised"):
        sample(likelihood)


# --------------------------------------------------------------------- its parts


def parameters_of_all_shapes():
    parameters = [Parameter("a", 1.0, min=0), Parameter("b", 2.0, min=-50, max=50)]
    parameters += [Parameter("c", 1.0, min=0), Parameter("d", 1.0, min=-1, max=3)]
    parameters += [Parameter("e", -2.0, max=3), Parameter("f", 1.0), Parameter("g", 1e30, min=0)]
    parameters += [Parameter("h", 1.0, min=0)]
    parameters[0].prior = GaussianPrior(mu=0.0, sigma=0.2)
    parameters[1].prior = GaussianPrior(mu=1.0, sigma=0.5)
    parameters[2].prior = LogUniformPrior(min=0.1, max=10)
    parameters[7].prior = GeneralizedGaussianPrior(mu=1.0, sigma=0.5, eta=1.0)
    return parameters


def test_coordinates_and_their_density():
    likelihood = Measured(parameters_of_all_shapes(), lambda theta: theta)
    coordinates, density = NormalCoordinates(likelihood), crl.PosteriorDensity(likelihood)
    assert coordinates.normal.tolist() == [True] * 4 + [False] * 4
    position = np.random.default_rng(1).normal(size=(50, 8))
    theta = coordinates.values(position)
    np.testing.assert_allclose(coordinates.positions(theta), position, atol=1e-9)
    # density per volume of positions: each value depends on one position alone
    step = 1e-5
    ends = [coordinates.values(position + sign * step) for sign in (1, -1)]
    slopes = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(
        coordinates.log_prior(position, theta),
        density.log_prior(theta) + np.log(np.abs(slopes)).sum(axis=1),
        rtol=1e-6,
    )


def test_coordinates_stay_inside_the_limits():
    likelihood = Measured(parameters_of_all_shapes(), lambda theta: theta)
    coordinates = NormalCoordinates(likelihood)
    for far in (-40.0, 40.0):
        theta = coordinates.values(np.full((1, 8), far))[0]
        assert ((theta >= likelihood.bounds[:, 0]) & (theta <= likelihood.bounds[:, 1])).all()
    assert np.isfinite(coordinates.positions(np.array([[0, 50, 0.1, 3, 3, 0, 0, 0.0]]))).all()


def test_straight_coordinates_hold_the_same_prior():
    parameters = parameters_of_all_shapes()
    likelihood = Measured(parameters, lambda theta: theta)
    straight, normal = NormalCoordinates(likelihood, [2, 3]), NormalCoordinates(likelihood)
    assert straight.normal.tolist() == [True, True] + [False] * 6
    theta = normal.values(np.random.default_rng(2).normal(size=(50, 8)))
    position, step = straight.positions(theta), 1e-6
    np.testing.assert_allclose(straight.values(position), theta)
    ends = [straight.values(position + sign * step) for sign in (1, -1)]
    slopes = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(
        straight.log_prior(position, theta),
        crl.PosteriorDensity(likelihood).log_prior(theta) + np.log(np.abs(slopes)).sum(axis=1),
        rtol=1e-6,
    )
    # beyond the limits there is nothing, and no overflow
    position[:, 2] = 1e4
    assert (straight.log_prior(position, straight.values(position)) < -1e200).all()


def test_bends_straighten_a_banana():
    likelihood = Measured(between("ab", -2, 2), banana)
    density = crl.PosteriorDensity(likelihood)
    target = NormalTarget(density, likelihood, likelihood)
    rng = np.random.default_rng(3)
    modes = bend(target, find_modes(target, likelihood.values[np.newaxis], rng))
    assert len(target.bends) == 1
    theta = rng.uniform(-1.9, 1.9, (50, 2))
    position = target.positions(theta)
    np.testing.assert_allclose(target.values(position), theta)
    # a shift keeps volumes
    step = 1e-5
    sides = [[target.bent(position + s * step * row) for s in (1, -1)] for row in np.eye(2)]
    jacobian = np.array([(up - down) / (2 * step) for up, down in sides])
    np.testing.assert_allclose(np.linalg.det(np.moveaxis(jacobian, 0, -1)), 1, rtol=1e-6)
    # a parabola is a line now
    first = np.linspace(-0.5, 1.1, 30)
    valley = target.positions(np.stack([first, first**2], axis=1))
    away = (valley - modes.positions[0])[:, 1] / np.sqrt(modes.covariances[0][1, 1])
    assert np.ptp(away) < 1


def test_mixture():
    rng = np.random.default_rng(2)
    scales = [np.diag([1.0, 4.0]), np.array([[1.0, 0.8], [0.8, 1.0]])]
    mixture = StudentMixture([0.3, 0.7], [[-9.0, 0.0], [9.0, 0.0]], scales, 8)
    draws = mixture.draw(40_000, rng)
    assert np.mean(draws[:, 0] < 0) == pytest.approx(0.3, abs=0.01)
    # its integral, by importance from a wider one
    wide = mixture.wider(1.5)
    draws = wide.draw(40_000, rng)
    ratio = np.exp(mixture.log_density(draws) - wide.log_density(draws))
    assert ratio.mean() == pytest.approx(1, abs=5 * ratio.std() / 200)
    # a fit finds it again
    fitted = StudentMixture.of_samples(mixture.draw(20_000, rng), 2, 8, rng, passes=40)
    np.testing.assert_allclose(np.sort(fitted.weights), [0.3, 0.7], atol=0.02)
    assert fitted.shares(np.array([[-9.0, 0.0]])).max() > 0.999
    # what few samples tell of is left out, or kept as it is
    near = rng.normal([9, 0], 1, (500, 2))
    weights = np.full(500, 1 / 500)
    assert len(mixture.improved(near, weights).weights) == 1
    assert mixture.improved(near, weights, 0.01).weights.min() == pytest.approx(0.01, rel=0.02)


def test_weights():
    log_weights = np.random.default_rng(3).normal(0, 3, 10_000)
    power = power_of(log_weights, 5000)
    weights = np.exp(power * log_weights)
    assert weights.sum() ** 2 / (weights**2).sum() == pytest.approx(5000, rel=1e-3)
    assert power_of(np.zeros(100), 50) == 1.0
    weights, k = smoothed(log_weights)
    assert weights.sum() == pytest.approx(1)
    assert k == pytest.approx(float(arviz.psislw(log_weights)[1]))
    counts = np.bincount(systematic(weights, 1000, np.random.default_rng(4)), minlength=10_000)
    assert counts.sum() == 1000
    assert (np.abs(counts - 1000 * weights) < 1).all()


# --------------------------------------------------------------------- for samplers of others


@pytest.fixture(scope="module")
def fitted():
    datasets = crl.load_datasets(["dampe_h"])
    model = crl.xue_liu_2025(priors=None)
    datasets.models = [model]
    model.freeze()
    crl.free_parameters(datasets, ["H.Q_0b", "phi"])
    model.phi.prior = crl.MeasurementPrior("900 MV", "100 MV", "for a test")
    crl.set_proper_priors(datasets)
    return datasets


def test_density_for_other_samplers(fitted):
    density = crl.PosteriorDensity(fitted)
    assert density.names == ["H.Q_0b", "phi"]
    theta = density.prior_transform(np.random.default_rng(5).random((20, 2)))
    likelihood = crl.JointLikelihood(fitted)
    np.testing.assert_allclose(
        density.log_posterior(theta), density.log_prior(theta) + likelihood.log_likelihood(theta)
    )
    assert density.log_posterior(theta * [1, -1]).tolist() == [-np.inf] * 20
    assert density.prior_draws(7, random_state=1).shape == (7, 2)
    fitted.models[0].phi.frozen = fitted.models[0].parameters["H.Q_0b"].frozen = True
    with pytest.raises(ValueError, match="no parameter is free"):
        crl.PosteriorDensity(fitted)
    crl.free_parameters(fitted, ["H.Q_0b", "phi"])


def test_dynesty_agrees(fitted):
    dynesty = pytest.importorskip("dynesty")
    density = crl.PosteriorDensity(fitted)
    sampler = dynesty.NestedSampler(
        lambda values: density.log_likelihood(values[np.newaxis])[0],
        lambda cube: density.prior_transform(cube[np.newaxis])[0],
        density.size,
        nlive=100,
        rstate=np.random.default_rng(6),
    )
    sampler.run_nested(print_progress=False, dlogz=0.1)
    posterior = sample(fitted, random_state=6)
    value, error = posterior.log_evidence
    other, its_error = sampler.results.logz[-1], sampler.results.logzerr[-1]
    assert abs(value - other) < 4 * np.hypot(error, its_error)


def test_widths_of_priors_and_posterior(fitted):
    posterior = sample(fitted, random_state=7)
    table = posterior.widths()
    assert table["is"][1] == "Gaussian, 0.9 +- 0.1 GV"
    assert table["prior"][1] == pytest.approx(0.1, rel=0.03)
    half = 0.5 * np.ptp(np.quantile(posterior.samples, [0.158655, 0.841345], axis=0), axis=0)
    np.testing.assert_allclose(table["posterior"], half)
    np.testing.assert_allclose(table["ratio"], table["posterior"] / table["prior"])
    # a parameter that the data do not know keeps its prior
    likelihood = Measured(between("a", -1, 1), lambda theta: 0 * theta)
    assert sample(likelihood, random_state=8).widths()["ratio"][0] == pytest.approx(1, abs=0.05)


def test_calibration_of_a_truncated_measurement():
    """Ranks of the truth among the samples are uniform (Talts et al. 2018)."""
    rng, ranks = np.random.default_rng(9), []
    for _ in range(30):
        par = Parameter("a", 0.1, min=0, max=10)
        par.prior = GaussianPrior(mu=0.0, sigma=0.2)
        truth = abs(rng.normal(0, 0.2))
        measured = rng.normal(truth, 0.1)
        likelihood = Measured([par], lambda theta, measured=measured: (theta - measured) / 0.1)
        density = crl.PosteriorDensity(likelihood)
        found = adaptive_samples(density, likelihood, likelihood, rng, lambda text: None)
        ranks.append(np.mean(found.theta < truth))
    assert kstest(ranks, "uniform").pvalue > 1e-3
