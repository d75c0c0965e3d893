"""The least-squares back end of gammapy's Fit, profiles and scans."""

import copy
import warnings

import astropy.units as u
import numpy as np
import pytest
from gammapy.datasets import Datasets
from gammapy.modeling import Fit
from gammapy.modeling.models import GeneralizedGaussianPrior, Models, UniformPrior
from gammapy.stats.fit_statistics import GaussianPriorPenalty
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.likelihood.descent import gauss_newton_covariance, minimise
from crlocal_plugin.work.parallel import run_parallel

MINIMUM = 450.29


class LinearLikelihood:
    """Residuals that are linear in the parameters: all answers are known exactly.

    The last parameter is a strength of which the data know the ratio to a scale alone.
    """

    is_least_squares = True

    def __init__(self, scales=(1.0, 1e-3, 1e57), low=(-np.inf, -np.inf, 0.0)):
        rng = np.random.default_rng(5)
        self.scales = np.array(scales)
        self.matrix = rng.normal(size=(20, 3)) @ np.array(
            [[1, 0.9, 0.5], [0, 0.1, 0.2], [0, 0, 0.8]]
        )
        self.truth = np.array([2.0, -3.0, 4.0]) * self.scales
        self.data = self.matrix @ (self.truth / self.scales) + rng.normal(size=20)
        self.bounds = np.array([low, (np.inf,) * 3]).T
        self.values = np.array([1.0, -1.0, 9.0]) * self.scales
        self.is_position = np.zeros(3, dtype=bool)
        self.is_scatter = np.zeros(3, dtype=bool)
        self.names = ["a", "b", "c"]
        self.units = [u.one] * 3
        self.size = 3

    def residuals(self, theta):
        return (np.asarray(theta) / self.scales) @ self.matrix.T - self.data

    def __call__(self, theta):
        residuals = self.residuals(theta)
        return np.sum(residuals * residuals, axis=-1)

    def jacobian(self, theta):
        return self.matrix / self.scales

    @property
    def exact(self):
        best, *_ = np.linalg.lstsq(self.matrix, self.data, rcond=None)
        return best * self.scales

    @property
    def covariance(self):
        return np.linalg.inv(self.matrix.T @ self.matrix) * np.outer(self.scales, self.scales)


def prepared(names="xue-liu-2025", energy_width=None):
    model = crl.xue_liu_2025(priors="measured")
    datasets = crl.load_datasets(names, energy_width=energy_width, scatter=False)
    datasets.models, datasets.n_starts = [model], 0
    return model, datasets


def fit(datasets, **kwargs):
    return Fit(backend="least-squares", **kwargs).run(datasets)


@pytest.fixture(scope="module")
def fitted():
    model, datasets = prepared()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = fit(datasets)
    return model, datasets, result


@pytest.fixture
def at_minimum(fitted):
    datasets = copy.deepcopy(fitted[1])
    # a warning, if there was reason for one, came with the first fit
    datasets._checked = [(p, p.prior) for p in datasets.parameters if not p.frozen]
    return datasets.models[0], datasets


# The descent


def test_linear_problem():
    likelihood = LinearLikelihood()
    found = minimise(likelihood)
    assert found.success
    assert_allclose(found.theta, likelihood.exact, rtol=1e-6)
    assert_allclose(found.stat, likelihood(likelihood.exact), rtol=1e-9)
    assert_allclose(gauss_newton_covariance(found.jacobian), likelihood.covariance, rtol=1e-9)


def test_fixed_parameters_stay():
    likelihood = LinearLikelihood()
    start = likelihood.values.copy()
    found = minimise(likelihood, start, free=[True, False, True])
    assert found.theta[1] == start[1]
    columns, rest = likelihood.matrix[:, [0, 2]], likelihood.matrix[:, 1] * start[1] / 1e-3
    best, *_ = np.linalg.lstsq(columns, likelihood.data - rest, rcond=None)
    assert_allclose(found.theta[[0, 2]], best * [1, 1e57], rtol=1e-6)
    assert np.all(found.jacobian[:, 1] == 0)
    nothing = minimise(likelihood, start, free=[False] * 3)
    assert_allclose(nothing.theta, start)


def test_limits_are_kept():
    likelihood = LinearLikelihood()
    limit = likelihood.exact[0] + 0.5
    likelihood.bounds[0] = (limit, np.inf)
    likelihood.values[0] = limit + 3
    found = minimise(likelihood)
    assert_allclose(found.theta[0], limit, atol=1e-4)
    # the others are at their best for it
    columns, rest = likelihood.matrix[:, 1:], likelihood.matrix[:, 0] * found.theta[0]
    best, *_ = np.linalg.lstsq(columns, likelihood.data - rest, rcond=None)
    assert_allclose(found.theta[1:], best * likelihood.scales[1:], rtol=1e-4)


def test_strength_can_go_to_zero_and_come_back():
    likelihood = LinearLikelihood(low=(-np.inf, -np.inf, 0.0))
    likelihood.data = likelihood.data - likelihood.matrix[:, 2] * 10
    found = minimise(likelihood)
    assert 0 <= found.theta[2] < 1e-3 * likelihood.values[2]


def test_start_that_is_not_finite():
    likelihood = LinearLikelihood()
    with pytest.raises(ValueError, match=r"not finite at the start, a = nan"):
        minimise(likelihood, [np.nan, 1, 1])


def test_nothing_depends_on_a_parameter():
    covariance = gauss_newton_covariance(np.array([[1.0, 0.0], [2.0, 0.0]]))
    assert_allclose(covariance[0, 0], 0.2)
    assert np.isnan(covariance[1]).all()


# gammapy's Fit


def test_fit_reaches_the_minimum_of_minuit(fitted):
    _, datasets, result = fitted
    assert result.success
    assert result.optimize_result.backend == "least-squares"
    assert_allclose(result.total_stat, MINIMUM, atol=0.01)
    assert_allclose(datasets.stat_sum(), result.total_stat, rtol=1e-10)
    assert result.covariance_result.success
    other = prepared()[1]
    minuit = Fit().run(other)
    assert_allclose(result.total_stat, minuit.total_stat, atol=1e-3)
    pairs = zip(datasets.parameters, other.parameters, strict=True)
    for one, two in ((a, b) for a, b in pairs if not a.frozen):
        # along the valley the two stop at places that cost less than a thousandth
        assert abs(one.value - two.value) < 0.05 * two.error
        assert_allclose(one.error, two.error, rtol=0.1)


def test_errors_in_the_tables(fitted):
    _, datasets, result = fitted
    free = [par for par in datasets.parameters if not par.frozen]
    matrix = datasets.models.covariance.get_subcovariance(free).data
    assert_allclose(np.sqrt(np.diag(matrix)), [par.error for par in free], rtol=1e-9)
    names = [
        label
        for label, p in zip(datasets.parameters.labels, datasets.parameters, strict=True)
        if not p.frozen
    ]
    k = [datasets.parameters.index(name) for name in names]
    likelihood = crl.JointLikelihood(datasets)
    first = gauss_newton_covariance(likelihood.jacobian(likelihood.values))
    # the curvature of the residuals is in the second derivatives alone
    for name in ("Gamma", "phi", "R_cut", "delta_b"):
        j = names.index(name)
        assert_allclose(matrix[j, j], first[j, j], rtol=0.3)
    assert_allclose(result.covariance_result.matrix[np.ix_(k, k)], matrix, rtol=1e-9)
    assert "converged" in str(crl.fit_summary(datasets, result))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_other_starts(seed):
    _, datasets = prepared()
    rng = np.random.default_rng(seed)
    for par in datasets.parameters.free_parameters:
        par.value *= rng.uniform(0.9, 1.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
        assert_allclose(fit(datasets).total_stat, MINIMUM, atol=0.01)


def test_limits_frozen_linked_parameters_and_priors():
    model, datasets = prepared()
    model.V_sun.max = 15.0
    model.phi.value, model.phi.frozen = 0.95, True
    model.D_0.prior = crl.MeasurementPrior("4e28 cm2/s", "2e27 cm2/s")
    model.Gamma.prior = GeneralizedGaussianPrior(mu=2.55, sigma=0.01, eta=0.4)
    model.x.prior = UniformPrior(min=0.5, max=4.0)
    results = {}
    for backend in ("minuit", "least-squares"):
        other = copy.deepcopy(datasets)
        results[backend] = Fit(backend=backend).run(other).total_stat
        assert other.models[0].V_sun.value <= 15.0
        assert other.models[0].x.value <= 4.0 + 1e-9
        assert other.models[0].phi.value == pytest.approx(0.95, rel=1e-12)
    assert_allclose(results["least-squares"], results["minuit"], atol=0.01)


def test_nuisance_parameters_are_fitted():
    _, datasets = prepared()
    datasets["dampe_h"].energy_scale.frozen = False
    datasets["kascade_h_sibyll-2p1"].norm.frozen = False
    result = fit(datasets)
    assert result.success
    assert result.total_stat < MINIMUM
    other = prepared()[1]
    other["dampe_h"].energy_scale.frozen = False
    other["kascade_h_sibyll-2p1"].norm.frozen = False
    assert_allclose(result.total_stat, Fit().run(other).total_stat, atol=0.01)


def test_trace():
    model, datasets = prepared(["dampe_h", "dampe_he"])
    model.freeze()
    model.Gamma.frozen = model.delta.frozen = False
    trace = Fit(backend="least-squares", store_trace=True).optimize(datasets).trace
    assert trace.colnames == ["total_stat", "cosmic-ray.Gamma", "cosmic-ray.delta"]
    assert trace["total_stat"][-1] == pytest.approx(datasets.stat_sum())
    assert trace["cosmic-ray.Gamma"][-1] == pytest.approx(model.Gamma.value)


def test_what_the_back_end_refuses():
    model, datasets = prepared(["dampe_h"])
    model.freeze()
    model.Gamma.frozen = False
    stock = Datasets(list(datasets))
    with pytest.raises(ValueError, match="takes CosmicRayDatasets, got Datasets"):
        Fit(backend="least-squares").optimize(stock)
    options = {"backend": "least-squares", "tolerence": 1}
    with pytest.raises(ValueError, match="no option tolerence: expected tolerance"):
        Fit(backend="least-squares", optimize_opts=options).optimize(datasets)
    penalty = GaussianPriorPenalty(
        [model.Gamma], mean=np.array([2.5]), covariance=np.array([[0.01]])
    )
    models = Models([model])
    models.set_penalties([penalty])
    datasets.models = models
    with pytest.raises(ValueError, match="not a sum of squares"):
        Fit(backend="least-squares").optimize(datasets)


# Intervals


def test_confidence_agrees_with_minos(at_minimum):
    model, datasets = at_minimum
    for name in ("V_sun", "delta_b"):
        par = model.parameters[name]
        own = Fit(backend="least-squares").confidence(datasets, par)
        minos = Fit().confidence(datasets, par)
        assert own["success"]
        assert_allclose([own["errn"], own["errp"]], [minos["errn"], minos["errp"]], rtol=0.01)
        assert_allclose(datasets.stat_sum(), MINIMUM, atol=0.01)


def test_confidence_is_not_symmetric(at_minimum):
    model, datasets = at_minimum
    result = Fit(backend="least-squares").confidence(datasets, model.R_cutc)
    assert 0 < result["errn"] < 0.6 * result["errp"]


def test_confidence_without_an_end(at_minimum):
    model, datasets = at_minimum
    # nobody knows how far beyond the limit the interval would reach
    model.R_cutc.max = model.R_cutc.value + model.R_cutc.error
    result = Fit(backend="least-squares").confidence(datasets, model.R_cutc)
    assert not result["success"]
    assert np.isnan(result["errp"])
    assert "before a limit" in result["message"]


@pytest.mark.parametrize("sigma", [1, 2])
@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_interval_of_a_linear_problem(name, sigma):
    likelihood = LinearLikelihood()
    profile = crl.ProfileLikelihood(likelihood, name, likelihood.exact)
    k = likelihood.names.index(name)
    error = np.sqrt(likelihood.covariance[k, k])
    assert_allclose(profile.error(), error, rtol=1e-9)
    low, high = profile.interval(sigma)
    assert_allclose([low, high], likelihood.exact[k] + sigma * error * np.array([-1, 1]), rtol=1e-3)
    alone = crl.ProfileLikelihood(likelihood, name, likelihood.exact, reoptimize=False)
    conditional = 1 / np.linalg.norm(likelihood.jacobian(None)[:, k])
    assert_allclose(alone.interval()[1] - likelihood.exact[k], conditional, rtol=2e-3)
    assert not profile.found_lower


def test_interval_ends_at_a_limit():
    likelihood = LinearLikelihood()
    likelihood.bounds[0, 0] = likelihood.exact[0] - 0.01
    low, high = crl.ProfileLikelihood(likelihood, "a", likelihood.exact).interval()
    assert np.isnan(low)
    assert np.isfinite(high)


def test_profile_notices_a_lower_minimum():
    likelihood = LinearLikelihood()
    best = likelihood.exact.copy()
    best[1] *= 1.5
    profile = crl.ProfileLikelihood(likelihood, "a", best)
    profile(best[0] + 0.1)
    assert profile.found_lower
    assert profile.lowest[0] < likelihood(best)
    with pytest.raises(ValueError, match="'d' is not among the free parameters a, b, c"):
        crl.ProfileLikelihood(likelihood, "d")


# Scans


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_scan_of_a_linear_problem(n_jobs):
    likelihood = LinearLikelihood()
    likelihood.values = likelihood.exact
    scans = crl.scan_profiles(likelihood, n_points=12, n_jobs=n_jobs)
    assert list(scans) == ["a", "b", "c"]
    for k, one in enumerate(scans.values()):
        error = np.sqrt(likelihood.covariance[k, k])
        assert len(one.values) == 13
        pull = (one.values - likelihood.exact[k]) / error
        assert_allclose([pull[0], pull[-1]], [-3, 3], rtol=1e-6)
        assert_allclose(one.rise, pull**2, atol=2e-4)
        low, high = one.interval()
        assert_allclose([low.value, high.value], likelihood.exact[k] + [-error, error], rtol=0.01)
        table = one.table()
        assert table.colnames[:3] == [one.name, "stat", "rise"]
        assert np.all(np.diff(table[one.name]) > 0)


def test_scan_of_datasets(at_minimum):
    model, datasets = at_minimum
    seen = []
    ranges = {"V_sun": (16 * u.km / u.s, 18500 * u.m / u.s), "delta_b": None}
    scans = crl.scan_profiles(datasets, ranges, n_points=4, progress=seen.append)
    assert sum(seen) == 8
    assert_allclose(scans["V_sun"].values[[0, -1]], [16, 18.5])
    model.V_sun.scan_values = scans["V_sun"].values
    profile = Fit(backend="least-squares").stat_profile(datasets, model.V_sun, reoptimize=True)
    assert_allclose(scans["V_sun"].stat, profile["stat_scan"], atol=0.02)
    assert_allclose(datasets.stat_sum(), MINIMUM, atol=0.01)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (["T_n"], "'T_n' is not among the free parameters"),
        ({"V_sun": (3, 2)}, "range of V_sun: 3 to 2 is empty"),
        ({"x": (-1, 2)}, "outside the limits 0 to inf"),
        ({"x": (1 * u.s, 2 * u.s)}, "range of x: expected values in pc"),
    ],
)
def test_scan_that_cannot_be(at_minimum, parameters, message):
    with pytest.raises(ValueError, match=message):
        crl.scan_profiles(at_minimum[1], parameters)


def test_picture_of_profiles():
    likelihood = LinearLikelihood()
    likelihood.values = likelihood.exact
    figure = crl.plot_profiles(crl.scan_profiles(likelihood, n_points=8))
    assert [ax.get_xlabel() for ax in figure.axes] == ["a", "b", "c"]
    assert figure.axes[0].get_ylabel() == "Statistic above the best fit"
    from matplotlib import pyplot as plt

    plt.close(figure)


# Surfaces and contours of gammapy


def test_surface(at_minimum):
    model, datasets = at_minimum
    for par in (model.Gamma, model.phi):
        par.scan_values = par.value + par.error * np.array([-1, 0, 1])
    surface = Fit(backend="least-squares").stat_surface(
        datasets, model.Gamma, model.phi, reoptimize=True
    )
    assert surface["stat_scan"].shape == (3, 3)
    assert_allclose(surface["stat_scan"][1, 1], MINIMUM, atol=0.01)
    assert (surface["stat_scan"] > MINIMUM - 0.01).all()


# Work in other processes


def double(number):
    return 2 * number


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_results_keep_their_order(n_jobs):
    seen = []
    results = run_parallel(double, [(k,) for k in range(5)], n_jobs, progress=seen.append, size=int)
    assert results == [0, 2, 4, 6, 8]
    assert sorted(seen) == results


def test_number_of_processes():
    with pytest.raises(ValueError, match="n_jobs must be at least 1, got 0"):
        run_parallel(double, [(1,)], n_jobs=0)


def test_strength_driven_to_zero_leaves_errors_to_the_others():
    model, datasets = prepared(energy_width=0.0)
    model.u_HC.frozen = False
    datasets.n_starts = 0
    result = fit(datasets)
    assert result.success
    assert model.parameters["He.Q_0c"].value == 0
    errors = [par.error for par in (model.u_HC, model.V_sun, model.x, model.Gamma)]
    again = Fit().run(datasets)
    assert_allclose(result.total_stat, again.total_stat, rtol=1e-8)
    assert_allclose(errors, [p.error for p in (model.u_HC, model.V_sun, model.x, model.Gamma)], 0.1)


@pytest.mark.parametrize("label", ["H.Q_0c", "x"])
def test_start_from_zero(label):
    model, datasets = prepared()
    model.parameters[label].value = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = fit(datasets)
    assert_allclose(result.total_stat, MINIMUM, atol=0.01)
    assert model.parameters[label].error > 0


def test_strength_alone_starts_from_zero():
    model, datasets = prepared()
    model.freeze()
    strength = model.parameters["H.Q_0b"]
    strength.frozen = False
    best = minimise(crl.JointLikelihood(datasets))
    strength.value = 0
    assert_allclose(minimise(crl.JointLikelihood(datasets)).theta, best.theta, rtol=1e-6)


def test_strength_of_nothing_does_not_lead_the_solver_astray():
    _, datasets = prepared(energy_width=0.0)
    likelihood = crl.JointLikelihood(datasets)
    names = likelihood.names
    best = minimise(likelihood)
    start = best.theta.copy()
    # too small for the residuals to change with it
    start[names.index("He.Q_0c")] = 1e35
    start[names.index("R_cutc")] *= 1.3
    start[names.index("V_sun")] -= 0.3
    again = minimise(likelihood, start)
    assert again.success
    assert_allclose(again.stat, best.stat, atol=0.02)
