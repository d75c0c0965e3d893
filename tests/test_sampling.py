"""Posteriors: ensembles of walkers, nested sampling, convergence, files."""

from functools import partial
from types import SimpleNamespace

import astropy.units as u
import emcee
import numpy as np
import pytest
from astropy.table import Table
from gammapy.modeling import Fit, Parameter, Sampler
from gammapy.modeling.models import (
    GaussianPrior,
    GeneralizedGaussianPrior,
    LogUniformPrior,
    UniformPrior,
)
from scipy.integrate import quad
from scipy.stats import gennorm, kstest, norm, truncnorm

import crlocal_plugin as crl
from crlocal_plugin.cli import main
from crlocal_plugin.plots.corner import plot_corner
from crlocal_plugin.posterior import convergence, nested
from crlocal_plugin.posterior.convergence import (
    autocorrelation_times,
    chain_diagnostics,
    import_sampling,
)
from crlocal_plugin.posterior.nested import nested_sample
from crlocal_plugin.posterior.posterior import Posterior, UnconvergedError
from crlocal_plugin.posterior.prior_distributions import PriorDistributions, set_proper_priors
from crlocal_plugin.posterior.sampling import sample
from crlocal_plugin.posterior.walkers import EnsemblesMove

arviz = import_sampling("arviz")
walk = partial(sample, method="emcee")


class Gaussian:
    """Likelihood of measurements that depend linearly on the parameters."""

    is_least_squares = True

    def __init__(self, parameters, mean, covariance):
        self.parameters = parameters
        self.names = [par.name for par in parameters]
        self.units = [par.unit for par in parameters]
        self.values = np.array([par.value for par in parameters])
        self.size = len(parameters)
        limits = np.array([(par.min, par.max) for par in parameters]).reshape(-1, 2)
        self.bounds = np.where(np.isnan(limits), (-np.inf, np.inf), limits)
        self.is_position = np.zeros(self.size, dtype=bool)
        self.is_scatter = np.zeros(self.size, dtype=bool)
        error = np.sqrt(np.diag(covariance))
        root = np.linalg.cholesky(covariance / np.outer(error, error))
        self._matrix = np.linalg.inv(root) / error
        self._mean = np.array(mean, dtype=float)

    def residuals(self, theta):
        return (np.asarray(theta) - self._mean) @ self._matrix.T

    data_residuals = residuals

    def jacobian(self, theta):
        return self._matrix.copy()

    def __call__(self, theta):
        return np.sum(self.residuals(theta) ** 2, axis=-1)

    def log_likelihood(self, theta):
        return -0.5 * self(theta)

    def scales_at(self, theta):
        return np.where(theta > 0, theta, 1.0)


class Saturating(Gaussian):
    """Likelihood that knows of nothing above twice the mean."""

    def residuals(self, theta):
        return np.minimum((np.asarray(theta) - self._mean) / self._mean, 1.0)

    def jacobian(self, theta):
        return np.atleast_2d(np.where(theta < 2 * self._mean, 1 / self._mean, 0.0))


@pytest.fixture(scope="module")
def fitted():
    """Spectra of one experiment with three free parameters, fitted."""
    datasets = crl.load_datasets(["dampe_h", "dampe_he"])
    model = crl.xue_liu_2025(priors=None)
    datasets.models = [model]
    model.freeze()
    crl.free_parameters(datasets, ["Q_0b", "phi"])
    model.phi.prior = crl.MeasurementPrior("900 MV", "100 MV", "for a test")
    result = Fit(backend="least-squares").run(datasets)
    assert result.success
    return datasets, model


@pytest.fixture(scope="module")
def posterior(fitted):
    return walk(fitted[0], random_state=1)


# --------------------------------------------------------------------- the walkers


def test_move_keeps_a_normal_distribution():
    # the variance of the mean of squares of n independent normal numbers is 2 / n
    sampler = emcee.EnsembleSampler(
        4 * 40, 10, lambda x: -0.5 * (x**2).sum(axis=1), moves=EnsemblesMove(4), vectorize=True
    )
    sampler.random_state = np.random.RandomState(1).get_state()
    start = np.random.default_rng(2).standard_normal((160, 10))
    sampler.run_mcmc(start, 3000)
    chain = sampler.get_chain()
    tau = emcee.autocorr.integrated_time(chain, tol=0).max()
    error = np.sqrt(2 * tau / chain.size)
    assert chain.var() == pytest.approx(1, abs=5 * error)
    assert error < 0.005


def test_ensembles_are_independent():
    def log_density(x):
        return -0.5 * (x**2).sum(axis=1)

    start = np.random.default_rng(3).standard_normal((24, 2))
    chains = []
    for shift in (0.0, 7.0):
        moved = start.copy()
        moved[12:] += shift
        sampler = emcee.EnsembleSampler(24, 2, log_density, moves=EnsemblesMove(2), vectorize=True)
        sampler.random_state = np.random.RandomState(4).get_state()
        sampler.run_mcmc(moved, 20)
        chains.append(sampler.get_chain())
    # the same random numbers, whatever the other ensemble does
    np.testing.assert_array_equal(chains[0][:, :12], chains[1][:, :12])
    assert not np.array_equal(chains[0][:, 12:], chains[1][:, 12:])


def test_gaussian_with_strong_correlation_and_far_scales():
    error = np.array([6e56, 6e27, 1e-4])
    correlation = np.array([[1, 0.999, 0], [0.999, 1, 0.03], [0, 0.03, 1]])
    parameters = [Parameter("Q", 2e57, min=0), Parameter("D", 1e28, min=1e25), Parameter("d", 2e-3)]
    mean = [5e57, 5e28, 1e-3]
    likelihood = Gaussian(parameters, mean, correlation * np.outer(error, error))
    posterior = walk(likelihood, random_state=1)
    posterior.check()
    pulls = (posterior.samples - mean) / error
    n = posterior.diagnostics["ess_bulk"].min()
    np.testing.assert_allclose(pulls.mean(axis=0), 0, atol=5 / np.sqrt(n))
    np.testing.assert_allclose(pulls.std(axis=0), 1, atol=5 / np.sqrt(2 * n))
    found = np.corrcoef(pulls.T)
    # the error of a correlation r is (1 - r^2) / sqrt(n)
    assert abs(found[0, 1] - 0.999) < 5 * (1 - 0.999**2) / np.sqrt(n)
    assert abs(found[1, 2] - 0.03) < 5 / np.sqrt(n)
    np.testing.assert_allclose(posterior.best, mean, rtol=1e-6)
    np.testing.assert_allclose(
        posterior.log_posterior, likelihood.log_likelihood(posterior.samples), atol=1e-9
    )


@pytest.mark.parametrize(
    ("value", "error"),
    [(0.5, 1.0), (10.0, 1.0), (-1e50, 1e50)],
    ids=["linear", "logarithmic", "at the limit"],
)
def test_flat_prior_with_a_limit(value, error):
    # the narrow one moves in its logarithm, and its prior is flat all the same
    likelihood = Gaussian([Parameter("a", abs(value), min=0)], [value], [[error**2]])
    posterior = walk(likelihood, random_state=2)
    exact = truncnorm(-value / error, np.inf, value, error)
    thinned = posterior.samples[:: max(1, len(posterior.samples) // 2000), 0]
    assert kstest(thinned, exact.cdf).pvalue > 1e-3
    assert posterior.samples.min() >= 0


def test_statistic_that_is_no_sum_of_squares():
    # walkers start from the present values then
    likelihood = Gaussian([Parameter("a", 11.0, min=0), Parameter("b", 0.0)], [10, 1], np.eye(2))
    likelihood.is_least_squares = False
    posterior = walk(likelihood, random_state=4)
    posterior.check()
    error = 5 / np.sqrt(posterior.diagnostics["ess_bulk"].min())
    np.testing.assert_allclose(posterior.samples.mean(axis=0), [10, 1], atol=error)
    np.testing.assert_allclose(posterior.samples.std(axis=0), 1, atol=error)


def test_log_uniform_prior():
    par = Parameter("a", 5.0, min=0)
    par.prior = LogUniformPrior(min=0.1, max=100)
    likelihood = Gaussian([par], [5.0], [[4.0]])
    posterior = walk(likelihood, random_state=3)

    def density(a):
        return norm(5, 2).pdf(a) / a

    total = quad(density, 0.1, 100, points=[1, 5, 20])[0]
    exact = quad(lambda a: a * density(a), 0.1, 100, points=[1, 5, 20])[0] / total
    error = posterior.samples.std() / np.sqrt(posterior.diagnostics["ess_bulk"].min())
    assert posterior.samples.mean() == pytest.approx(exact, abs=5 * error)


def test_posterior_without_end_is_refused():
    likelihood = Saturating([Parameter("R", 3.0, "PV", min=0)], [3.0], [[9.0]])
    message = r"cannot be normalised.*R: the statistic is only 1\.0 above.*PV.*prior"
    with pytest.raises(ValueError, match=message):
        walk(likelihood)
    likelihood = Saturating([Parameter("R", 3.0, "PV", min=0, max=30)], [3.0], [[9.0]])
    assert walk(likelihood, random_state=1).converged


def test_default_model_needs_a_prior_on_its_cut_off():
    datasets = crl.load_datasets("xue-liu-2025", scatter=False)
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    with pytest.raises(ValueError, match="R_cutc: the statistic is only"):
        walk(datasets)


def test_unusable_arguments():
    likelihood = Gaussian([Parameter("a", 1.0), Parameter("b", 1.0)], [1, 1], np.eye(2))
    with pytest.raises(ValueError, match="two ensembles or more, of 4 walkers"):
        walk(likelihood, n_walkers=3)
    with pytest.raises(ValueError, match="1 ensembles"):
        walk(likelihood, n_ensembles=1)
    with pytest.raises(ValueError, match="must be positive"):
        walk(likelihood, max_steps=0)
    with pytest.raises(ValueError, match="no parameter is free"):
        walk(Gaussian([], [], np.zeros((0, 0))))


def test_statistic_that_is_not_a_number_is_named():
    likelihood = Gaussian([Parameter("a", 1.0, min=-9, max=9)], [1.0], [[1.0]])
    likelihood.log_likelihood = lambda theta: np.where(theta[:, 0] > 2, np.nan, 0.0)
    with pytest.raises(ValueError, match=r"not a number at a = .*set limits"):
        walk(likelihood, random_state=1)


# --------------------------------------------------------------------- convergence


def _autoregressive(phi, shape, rng):
    """Chain of a first-order autoregressive process of unit variance, time along axis 0."""
    chain = rng.standard_normal(shape)
    for k in range(1, shape[0]):
        chain[k] = phi * chain[k - 1] + np.sqrt(1 - phi**2) * chain[k]
    return chain


def test_figures_of_a_known_chain():
    phi = 0.8
    chain = _autoregressive(phi, (4000, 4, 10, 1), np.random.default_rng(1))
    tau = autocorrelation_times(chain)
    # 1 + 2 sum phi^k
    exact = (1 + phi) / (1 - phi)
    np.testing.assert_allclose(tau, exact, rtol=0.05)
    table, problems = chain_diagnostics(chain, ["a"], tau, len(chain))
    assert problems == []
    assert table["ess_bulk"][0] == pytest.approx(chain.size / exact, rel=0.1)
    assert table["length"][0] == pytest.approx(4000 / exact, rel=0.05)
    by_ensemble = chain[..., 0].swapaxes(0, 1).reshape(4, -1)
    assert table["r_hat"][0] == pytest.approx(arviz.rhat(by_ensemble))
    assert table["r_hat"][0] < 1.005


def test_ensembles_that_disagree():
    chain = _autoregressive(0.5, (1000, 4, 10, 2), np.random.default_rng(2))
    chain[:, 0, :, 1] += 1.0
    table, problems = chain_diagnostics(chain, ["a", "b"], autocorrelation_times(chain), 1000)
    # two halves of each ensemble, of which two are off by one: between over within
    between = np.var([1, 1, 0, 0, 0, 0, 0, 0], ddof=1)
    assert table["r_hat"][1] == pytest.approx(np.sqrt(1 + between), rel=0.05)
    assert any("R-hat above 1.01: b" in problem for problem in problems)
    assert not any("R-hat" in problem and ": a" in problem for problem in problems)


def test_walkers_that_do_not_move():
    chain = np.zeros((100, 2, 4, 1))
    assert np.isnan(autocorrelation_times(chain)).all()
    _, problems = chain_diagnostics(chain, ["a"], autocorrelation_times(chain), 100)
    assert problems


@pytest.fixture(scope="module")
def short(fitted):
    return walk(fitted[0], max_steps=100, random_state=1)


def test_unconverged_is_no_result(short, tmp_path):
    assert not short.converged
    path = tmp_path / "posterior.nc"
    for use in (
        short.check,
        short.summary,
        short.to_inference_data,
        lambda: short.write(path),
        lambda: plot_corner(short),
    ):
        with pytest.raises(UnconvergedError, match=r"autocorrelation.*phi.*max_steps=100"):
            use()
    assert list(tmp_path.iterdir()) == []
    assert "NOT CONVERGED" in str(short)
    assert "NOT CONVERGED" in repr(short)
    assert len(short.summary(allow_unconverged=True)) == 3
    figure = plot_corner(short, ["phi"], allow_unconverged=True)
    assert figure.get_suptitle() == "NOT CONVERGED"
    short.write(path, allow_unconverged=True)
    assert not Posterior.read(path).converged


@pytest.mark.parametrize(
    ("column", "limit", "better", "words"),
    [
        ("length", 50, 1, "length in autocorrelation times below 50: b 50"),
        ("r_hat", 1.01, -1, "R-hat above 1.01: b 1.010"),
        ("ess_bulk", 400, 1, "effective sample size of the bulk below 400: b 400"),
        ("ess_tail", 400, 1, "effective sample size of the tails below 400: b 400"),
    ],
)
def test_thresholds_of_walkers(column, limit, better, words):
    good = {"length": 50.0, "r_hat": 1.01, "ess_bulk": 400.0, "ess_tail": 400.0}
    for value, expected in (
        (limit, []),
        (limit * (1 + 1e-6 * better), []),
        (limit * (1 - 1e-6 * better), [words]),
        (np.nan, [words.split(": b")[0] + ": b nan"]),
    ):
        table = Table(rows=[{"name": "a", **good}, {"name": "b", **good, column: value}])
        assert convergence._problems(table) == expected


@pytest.mark.parametrize(
    ("figure", "limit"),
    [
        ("insertion order passes", 1),
        ("fraction of the evidence", 0.95),
        ("effective sample size", 400),
        ("points that move far enough", 0.5),
    ],
)
def test_thresholds_of_nested_sampling(figure, limit):
    good = {
        "insertion order passes": 1,
        "fraction of the evidence": 0.95 + 1e-9,
        "effective sample size": 400,
        "points that move far enough": 0.5,
    }

    def problems_of(value):
        values = good | {figure: value}
        result = {
            "insertion_order_MWW_test": {"converged": values["insertion order passes"]},
            "logzerr_tail": -np.log(values["fraction of the evidence"]),
            "ess": values["effective sample size"],
        }
        stepper = SimpleNamespace(far_enough_fraction=values["points that move far enough"])
        return nested._assess(result, stepper)[1]

    assert problems_of(good[figure]) == []
    for value in (limit - 1e-6, np.nan):
        (problem,) = problems_of(value)
        assert problem.startswith(f"{figure}: ")


def test_missing_package_says_how_to_install_it():
    with pytest.raises(ImportError, match=r"no_such_package is needed.*crlocal_plugin\[sample\]"):
        import_sampling("no_such_package")


# --------------------------------------------------------------------- a real posterior


def test_near_normal_posterior_has_the_errors_of_the_fit(fitted, posterior):
    datasets, _ = fitted
    posterior.check()
    parameters = datasets.parameters.free_parameters
    values = np.array([par.value for par in parameters])
    errors = np.array([par.error for par in parameters])
    assert posterior.names == ["H.Q_0b", "phi", "He.Q_0b"]
    pulls = (posterior.samples - values) / errors
    np.testing.assert_allclose(pulls.mean(axis=0), 0, atol=0.1)
    np.testing.assert_allclose(pulls.std(axis=0), 1, atol=0.06)
    np.testing.assert_allclose(posterior.best, values, rtol=1e-4)
    # nothing has changed
    np.testing.assert_array_equal([par.value for par in parameters], values)


def test_the_same_seed_gives_the_same_samples(fitted, short):
    again = walk(fitted[0], max_steps=100, random_state=1)
    np.testing.assert_array_equal(again.samples, short.samples)
    other = walk(fitted[0], max_steps=100, random_state=2)
    assert not np.array_equal(other.samples, short.samples)


def test_summary(posterior):
    table = posterior.summary()
    row = table[table["name"] == "phi"][0]
    values = posterior.column("phi")
    assert values.unit == u.GV
    assert row["median"] == pytest.approx(np.median(values.value))
    inside = (values.value > row["low_68"]) & (values.value < row["high_68"])
    assert inside.mean() == pytest.approx(0.6827, abs=1e-3)
    inside = (values.value > row["low_95"]) & (values.value < row["high_95"])
    assert inside.mean() == pytest.approx(0.9545, abs=1e-3)
    assert row["unit"] == "GV"
    assert str(posterior).endswith("converged")
    with pytest.raises(ValueError, match="no parameter 'psi' was sampled"):
        posterior.column("psi")


def test_file(posterior, tmp_path):
    path = tmp_path / "new" / "posterior.nc"
    posterior.write(path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        posterior.write(path)
    posterior.write(path, overwrite=True)
    assert [file.name for file in path.parent.iterdir()] == ["posterior.nc"]
    again = Posterior.read(path)
    np.testing.assert_array_equal(again.chains, posterior.chains)
    np.testing.assert_array_equal(again.log_posterior, posterior.log_posterior)
    np.testing.assert_array_equal(again.best, posterior.best)
    assert (again.names, again.units) == (posterior.names, posterior.units)
    assert str(again) == str(posterior)
    assert again.info == posterior.info
    assert again.info["datasets"] == ["dampe_h", "dampe_he"]
    assert again.info["priors"]["phi"] == "Gaussian, 0.9 +- 0.1 GV"
    (model,) = again.models
    assert model.phi.value == pytest.approx(posterior.best[1])
    assert model.phi.prior.source == "for a test"
    data = arviz.from_netcdf(path)
    assert data.posterior["He.Q_0b"].attrs["units"] == "1 / GV"
    assert float(data.posterior["phi"].mean()) == pytest.approx(posterior.samples[:, 1].mean())
    assert data.sample_stats["lp"].shape == posterior.chains.shape[:2]


def test_file_keeps_the_evidence(posterior, tmp_path):
    likelihood = Gaussian([Parameter("a", 0.5, min=0, max=1)], [0.5], [[0.01]])
    nested = nested_sample(likelihood, n_live=50, random_state=3)
    nested.write(tmp_path / "nested.nc", allow_unconverged=True)
    again = Posterior.read(tmp_path / "nested.nc")
    assert again.log_evidence == nested.log_evidence
    assert np.isfinite(again.log_evidence).all()
    assert len(again.log_evidence) == 2
    assert str(again) == str(nested)
    # walkers know nothing of it
    posterior.write(tmp_path / "walkers.nc")
    assert Posterior.read(tmp_path / "walkers.nc").log_evidence is None


def test_files_of_other_kinds(tmp_path):
    with pytest.raises(FileNotFoundError):
        Posterior.read(tmp_path / "missing.nc")
    (tmp_path / "text.nc").write_text("no samples")
    with pytest.raises(ValueError, match=r"text\.nc is not a posterior"):
        Posterior.read(tmp_path / "text.nc")
    other = arviz.from_dict(
        posterior={"a": np.zeros((2, 5))}, sample_stats={"lp": np.zeros((2, 5))}
    )
    other.to_netcdf(str(tmp_path / "other.nc"), engine="h5netcdf")
    with pytest.raises(ValueError, match="format is None"):
        Posterior.read(tmp_path / "other.nc")


def test_assign(posterior):
    draws = posterior.draw(5, random_state=1)
    assert draws.shape == (5, 3)
    assert len(np.unique(draws[:, 0])) == 5
    datasets = crl.load_datasets(["dampe_h", "dampe_he"])
    model = crl.xue_liu_2025()
    datasets.models = [model]
    for target in (datasets, datasets.models, model, posterior.models):
        posterior.assign(target, draws[0])
        found = target if target is model else next(iter(getattr(target, "models", target)))
        assert found.parameters["He.Q_0b"].value == draws[0, 2]
    with pytest.raises(ValueError, match=r"no parameter H\.Q_0b, He\.Q_0b"):
        posterior.assign(crl.xue_liu_2025(species=["H"]), draws[0])
    with pytest.raises(ValueError, match="cannot draw"):
        posterior.draw(10**7)


def test_corner(posterior):
    figure = plot_corner(posterior, ["He.Q_0b", "phi"], truths={"phi": 900 * u.MV})
    labels = {ax.get_xlabel() for ax in figure.axes} - {""}
    assert labels == {"He.Q_0b\n[$10^{51}$ 1 / GV]", "phi\n[GV]"}
    assert len(figure.axes) == 4
    with pytest.raises(ValueError, match="'x' is not drawn"):
        plot_corner(posterior, ["phi"], truths={"x": 1.0})
    with pytest.raises(ValueError, match="no parameter 'psi'"):
        plot_corner(posterior, ["psi"])


# --------------------------------------------------------------------- priors


def test_prior_distributions():
    parameters = [
        Parameter("a", 1.0, "GV", min=0),
        Parameter("b", 1.0, "GV", min=0),
        Parameter("c", 1.0),
        Parameter("d", 1.0, min=0),
        Parameter("e", 1.0, min=-1, max=3),
        Parameter("f", 1.0, min=0),
    ]
    parameters[0].prior = crl.MeasurementPrior("500 MV", "1 GV", "test")
    parameters[1].prior = GaussianPrior(mu=1.0, sigma=0.5)
    parameters[2].prior = UniformPrior(min=-1, max=1)
    parameters[3].prior = LogUniformPrior(min=0.1, max=10)
    parameters[5].prior = GeneralizedGaussianPrior(mu=1.0, sigma=0.5, eta=1.0)
    priors = PriorDistributions(Gaussian(parameters, np.zeros(6), np.eye(6)))
    assert priors.improper == []
    laplace = gennorm(1.0, 1.0, 0.5 * np.sqrt(2))
    cube = np.random.default_rng(1).random((50, 6))
    theta = priors.quantiles(cube)
    exact = np.transpose(
        [
            truncnorm(-0.5, np.inf, 0.5, 1.0).ppf(cube[:, 0]),
            truncnorm(-2, np.inf, 1.0, 0.5).ppf(cube[:, 1]),
            2 * cube[:, 2] - 1,
            0.1 * 100 ** cube[:, 3],
            4 * cube[:, 4] - 1,
            laplace.ppf(laplace.cdf(0) + cube[:, 5] * laplace.sf(0)),
        ]
    )
    np.testing.assert_allclose(theta, exact, rtol=1e-9)
    density = (
        truncnorm(-0.5, np.inf, 0.5, 1.0).logpdf(theta[:, 0])
        + truncnorm(-2, np.inf, 1.0, 0.5).logpdf(theta[:, 1])
        + np.log(1 / 2)
        - np.log(theta[:, 3] * np.log(100))
        + np.log(1 / 4)
        + laplace.logpdf(theta[:, 5])
        - np.log(laplace.sf(0))
    )
    np.testing.assert_allclose(priors.log_density(theta), density, rtol=1e-9)
    assert (priors.log_density(theta - [9, 0, 0, 0, 0, 0]) == -np.inf).all()


def test_weight_of_a_gaussian_prior_makes_it_narrower():
    parameters = [Parameter("a", 1.0, "GV"), Parameter("b", 1.0)]
    parameters[0].prior = crl.MeasurementPrior("500 MV", "1 GV", "test", weight=4)
    parameters[1].prior = GaussianPrior(mu=1.0, sigma=1.0, weight=4)
    priors = PriorDistributions(Gaussian(parameters, np.zeros(2), np.eye(2)))
    one_sigma = norm.cdf([[1.0, 1.0], [-1.0, -1.0]])
    np.testing.assert_allclose(priors.quantiles(one_sigma), [[1.0, 1.5], [0.0, 0.5]])


def test_density_at_the_limits_and_beyond():
    parameters = [Parameter("a", 1.0, min=0, max=2), Parameter("b", 1.0, min=0)]
    parameters[1].prior = GaussianPrior(mu=1.0, sigma=1.0)
    priors = PriorDistributions(Gaussian(parameters, np.zeros(2), np.eye(2)))
    inside = priors.log_density([[0, 1], [2, 1], [1, 0]])
    half, truncated = np.log(1 / 2), truncnorm(-1, np.inf, 1.0, 1.0)
    np.testing.assert_allclose(inside, half + truncated.logpdf([1, 1, 0]))
    assert (priors.log_density([[-1e-9, 1], [2 + 1e-9, 1], [1, -1e-9]]) == -np.inf).all()


def test_priors_that_are_no_distributions():
    par = Parameter("a", 1.0)
    par.prior = GeneralizedGaussianPrior(weight=2.0)
    with pytest.raises(ValueError, match="a has the weight 2"):
        PriorDistributions(Gaussian([par], [0.0], [[1.0]]))
    par = Parameter("a", 1.0, min=9, max=10)
    par.prior = GeneralizedGaussianPrior(mu=0.0, sigma=1e-3)
    with pytest.raises(ValueError, match="a is zero between the limits 9 and 10"):
        PriorDistributions(Gaussian([par], [0.0], [[1.0]]))


def test_priors_of_the_statistic_are_those_of_the_sampler(fitted):
    likelihood = crl.JointLikelihood(fitted[0])
    theta = likelihood.values * np.linspace(0.9, 1.1, 7)[:, np.newaxis]
    difference = PriorDistributions(likelihood).log_density(theta) - likelihood.log_prior(theta)
    np.testing.assert_allclose(difference, difference[0], rtol=1e-12)


def test_set_proper_priors():
    datasets = crl.load_datasets(["dampe_h"])
    model = crl.xue_liu_2025()
    datasets.models = [model]
    chosen = set_proper_priors(datasets, ranges={"R_cutc": ("1 TV", "1 EV")})
    assert "V_sun" not in chosen
    assert type(model.Gamma.prior) is UniformPrior
    assert (model.Gamma.min, model.Gamma.max) == (1, 5)
    assert type(model.D_0.prior) is LogUniformPrior
    assert (model.D_0.min, model.D_0.max) == pytest.approx((1e25, 2.15e29))
    assert (model.R_cutc.min, model.R_cutc.max) == pytest.approx((1e-3, 1e3))
    strength = model.parameters["H.Q_0b"]
    assert (strength.min, strength.max) == pytest.approx((4.6e51, 4.6e53))
    assert PriorDistributions(crl.JointLikelihood(datasets)).improper == []
    assert set_proper_priors(datasets) == {}


def test_best_fit_does_not_depend_on_ranges(fitted, posterior):
    datasets, model = crl.load_datasets(["dampe_h", "dampe_he"]), fitted[1].copy(name="copy")
    datasets.models = [model]
    set_proper_priors(datasets)
    ranged = walk(datasets, max_steps=100, random_state=1)
    np.testing.assert_allclose(ranged.best, posterior.best, rtol=1e-5)
    assert type(ranged.models[0].parameters["H.Q_0b"].prior) is LogUniformPrior


def test_set_proper_priors_refuses():
    datasets = crl.load_datasets(["dampe_h"])
    model = crl.xue_liu_2025()
    datasets.models = [model]
    with pytest.raises(ValueError, match="range of R_cut: expected two increasing"):
        set_proper_priors(datasets, ranges={"R_cut": (3.0, 2.0)})
    with pytest.raises(ValueError, match="factor"):
        set_proper_priors(datasets, factor=1.0)
    model.phi.min = np.nan
    with pytest.raises(ValueError, match="phi has the limits nan and 5"):
        set_proper_priors(datasets)
    assert model.D_0.prior is None


@pytest.mark.parametrize("strength", [0.0, 1e30])
def test_proper_prior_of_a_strength_that_is_zero(strength):
    datasets = crl.load_datasets(["dampe_h"])
    model = crl.xue_liu_2025()
    datasets.models = [model]
    source = model.parameters["H.Q_0n"]
    published = source.value
    source.value = strength
    prior = set_proper_priors(datasets)["H.Q_0n"]
    assert type(prior) is UniformPrior
    assert (source.min, source.max) == pytest.approx((0, 10 * published))
    assert PriorDistributions(crl.JointLikelihood(datasets)).improper == []


# --------------------------------------------------------------------- nested sampling


def test_evidence_of_an_analytic_case():
    parameters = [
        Parameter("a", 1.0, "GV", min=0),
        Parameter("b", 1.0, min=-5, max=5),
        Parameter("c", 1.0, min=0),
    ]
    parameters[0].prior = crl.MeasurementPrior("500 MV", "1 GV", "test")
    parameters[2].prior = LogUniformPrior(min=0.1, max=10)
    likelihood = Gaussian(parameters, [0.3, 1.0, 2.0], np.diag([0.5, 0.2, 0.1]) ** 2)
    posterior = nested_sample(likelihood, random_state=1)
    posterior.check()

    def integral(mean, sigma, density, low, high):
        return quad(
            lambda v: np.exp(-0.5 * ((v - mean) / sigma) ** 2) * density(v),
            low,
            high,
            points=[mean],
        )[0]

    exact = np.log(
        integral(0.3, 0.5, truncnorm(-0.5, np.inf, 0.5, 1.0).pdf, 0, 5)
        * integral(1.0, 0.2, lambda v: 1 / 10, -5, 5)
        * integral(2.0, 0.1, lambda v: 1 / (v * np.log(100)), 0.1, 10)
    )
    value, error = posterior.log_evidence
    assert abs(value - exact) < 3 * error
    assert error < 0.3
    assert posterior.column("b").std().value == pytest.approx(0.2, rel=0.1)
    np.testing.assert_allclose(posterior.best[1], 1.0, rtol=1e-3)
    assert "ln(evidence)" in str(posterior)


def test_slice_sampler():
    covariance = 0.01 * (0.9 * np.ones((4, 4)) + 0.1 * np.eye(4))
    parameters = [Parameter(name, 0.5, min=-1, max=1) for name in "abcd"]
    likelihood = Gaussian(parameters, np.zeros(4), covariance)
    posterior = nested_sample(likelihood, n_live=200, n_steps=20, random_state=1)
    exact = 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1] - 4 * np.log(2)
    value, error = posterior.log_evidence
    assert abs(value - exact) < 3 * error
    assert "points that move far enough" in posterior.diagnostics["figure"]


def test_random_numbers_of_numpy_are_left_alone():
    likelihood = Gaussian([Parameter("a", 0.5, min=0, max=1)], [0.5], [[0.01]])
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = (nested_sample(likelihood, n_live=50, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.testing.assert_array_equal(first.samples, second.samples)


def test_few_points_are_no_result():
    likelihood = Gaussian([Parameter("a", 0.5, min=0, max=1)], [0.5], [[0.01]])
    posterior = nested_sample(likelihood, n_live=50, max_calls=200, random_state=3)
    with pytest.raises(UnconvergedError, match=r"fraction of the evidence.*n_live"):
        posterior.check()


def test_evidence_needs_proper_priors(fitted):
    with pytest.raises(ValueError, match=r"H\.Q_0b, He\.Q_0b: the prior is flat without limits"):
        nested_sample(fitted[0])


def test_sampler_of_gammapy(fitted, capsys):
    # a prior in another unit than its parameter, names that repeat, limits that cut the prior
    _, model = fitted
    with_limits = crl.load_datasets(["dampe_h", "dampe_he"])
    copied = model.copy(name="copy")
    with_limits.models = [copied]
    set_proper_priors(with_limits)
    copied.phi.prior = crl.MeasurementPrior("90 MV", "800 MV", "test")
    sampled = with_limits.parameters.free_unique_parameters
    assert sampled.names == ["H.Q_0b", "phi", "He.Q_0b"]
    exact = truncnorm(-0.09 / 0.8, np.inf, 0.09, 0.8)
    for value in (0.0, 0.3, 0.999):
        assert sampled.prior[1]._inverse_cdf(value) == pytest.approx(exact.ppf(value))
    result = Sampler(
        sampler_opts={"live_points": 60},
        run_opts={"show_status": False, "viz_callback": False, "max_ncalls": 3000},
    ).run(with_limits)
    capsys.readouterr()
    assert result.sampler_results["paramnames"] == sampled.names
    assert result.samples[:, 1].min() >= 0
    mine = nested_sample(with_limits, n_live=60, random_state=1)
    logz, error = mine.log_evidence
    theirs = result.sampler_results
    assert abs(logz - theirs["logz"]) < 4 * np.hypot(error, theirs["logzerr"])


# --------------------------------------------------------------------- command line


def run(arguments):
    return main(["--debug", "sample", "--datasets", "dampe_h", *arguments])


FIX = ["Gamma", "R_cut", "R_cutc", "D_0", "phi", "x", "V_sun", "delta_b", "Q_0c", "He.Q_0n"]
FIX += ["B_ra", "B_dec", "u_HC", "u_HC_ra", "u_HC_dec", "U_sun", "W_sun"]


def test_command(tmp_path, capsys):
    paths = [str(tmp_path / name) for name in ("posterior.nc", "corner.png")]
    data = ["--priors", "measured", "--fix", *FIX, "He.Q_0b"]
    arguments = [*data, "--output", paths[0], "--corner", paths[1]]
    assert run([*arguments, "--method", "emcee", "--steps", "50"]) == 1
    assert list(tmp_path.iterdir()) == []
    printed = capsys.readouterr().out
    assert "NOT CONVERGED" in printed
    assert "nothing was written" in printed
    assert run([*arguments, "--jobs", "2"]) == 0
    printed = capsys.readouterr().out
    assert "log-uniform, 4.6e+51 to 4.6e+53 1 / GV" in printed
    assert "ln(evidence)" in printed
    assert Posterior.read(paths[0]).names == ["H.Q_0b", "H.Q_0n"]
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(FileExistsError, match="--overwrite"):
        run(arguments)
    arguments += ["--method", "emcee", "--steps", "50", "--overwrite", "--allow-unconverged"]
    assert run(arguments) == 1
    assert not Posterior.read(paths[0]).converged
