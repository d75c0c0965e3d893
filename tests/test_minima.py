"""The lowest minimum, an answer for every parameter, and a verdict that is the same everywhere."""

import warnings

import astropy.units as u
import numpy as np
import pytest
from benchmarks import lowest_minima
from gammapy.modeling import Fit, FitResult, OptimizeResult
from numpy.testing import assert_allclose
from test_least_squares import LinearLikelihood

import crlocal_plugin as crl
from crlocal_plugin.likelihood.covariance import likelihood_covariance, undetermined
from crlocal_plugin.likelihood.descent import minimise
from crlocal_plugin.likelihood.minima.batch import Descents
from crlocal_plugin.likelihood.minima.intervals import profile_intervals
from crlocal_plugin.likelihood.minima.search import Minima, default_starts, find_minima
from crlocal_plugin.likelihood.summary import interval_text, rounded


class Linear(LinearLikelihood):
    """Residuals that are linear, with all that a search asks for."""

    parameters = None
    correlated_priors = ()

    def jacobian(self, theta):
        return np.broadcast_to(self.matrix / self.scales, (*np.shape(theta)[:-1], 20, 3)).copy()

    def scales_at(self, theta):
        return np.broadcast_to(self.scales, np.shape(theta))

    def depends_on(self, theta):
        return self.jacobian(theta).any(axis=0)


class Wells(Linear):
    """Two minima in each of two parameters, of which one is lower by a fifth; a third is flat."""

    def __init__(self):
        super().__init__()
        self.bounds = np.array([(-3.0, 3.0)] * 2 + [(0.5, np.inf)])
        self.values, self.scales = np.array([-0.9, -0.9, 1.0]), np.ones(3)

    def residuals(self, theta):
        a, b, c = np.moveaxis(np.asarray(theta, dtype=float), -1, 0)
        wells = [5 * (a**2 - 1), 5 * (b**2 - 1), np.sqrt(0.1) * (a - 1), np.sqrt(0.1) * (b - 1)]
        return np.stack([*wells, 0.0 * c], axis=-1)

    def jacobian(self, theta):
        a, b, _ = np.asarray(theta)
        jacobian = np.zeros((5, 3))
        jacobian[0, 0], jacobian[1, 1] = 10 * a, 10 * b
        jacobian[2, 0] = jacobian[3, 1] = np.sqrt(0.1)
        return jacobian


def test_descents_of_a_linear_problem_end_at_its_solution():
    likelihood = Linear()
    descents = Descents(likelihood, tolerance=1e-12)
    starts = likelihood.values * np.array([[1.0], [0.1], [3.0]])
    descents.add(starts)
    theta, stat = descents.finish(50)
    assert_allclose(theta, np.tile(likelihood.exact, (3, 1)), rtol=1e-4)
    assert_allclose(stat, likelihood(likelihood.exact), rtol=1e-9)
    # with a parameter held, the others solve what is left
    descents.add(starts, held=[False, True, False])
    theta, _ = descents.finish(50)
    assert_allclose(theta[:, 1], starts[:, 1])
    for row in theta:
        slope = likelihood.residuals(row) @ likelihood.jacobian(row) * likelihood.scales
        assert_allclose(slope[[0, 2]], 0, atol=1e-3)


class Ridge(Linear):
    """A narrow ridge along which one parameter is far from where the other wants it."""

    def __init__(self):
        super().__init__()
        self.bounds = np.array([(-np.inf, np.inf), (1e-3, np.inf)])
        self.values, self.scales, self.size = np.array([0.0, 1.0]), np.ones(2), 2
        self.names, self.is_position = ["a", "b"], np.zeros(2, dtype=bool)
        self.is_scatter = self.is_position

    def residuals(self, theta):
        a, b = np.moveaxis(np.asarray(theta, dtype=float), -1, 0)
        return np.stack([a + np.log(b), 0.1 * (np.log(b) - 12)], axis=-1)


def test_others_follow_a_parameter_whose_step_is_cut():
    likelihood = Ridge()
    descents = Descents(likelihood)
    descents.add(likelihood.values[np.newaxis])
    before = descents.stat[0]
    # a logarithm goes at most a factor of ten
    descents.step()
    assert descents.theta[0, 1] == pytest.approx(10, rel=0.01)
    assert descents.stat[0] < before
    theta, _ = descents.finish(20)
    assert_allclose(theta[0], [-12, np.exp(12)], rtol=1e-3)


def test_all_minima_are_found_from_a_start_in_the_highest():
    likelihood = Wells()
    minima = find_minima(likelihood, 60)
    # two of the four have one depth
    signs = {tuple(row) for row in np.sign(minima.theta[:, :2]).astype(int)}
    assert signs == {(1, 1), (1, -1), (-1, 1), (-1, -1)}
    assert minima.stat[0] == pytest.approx(0, abs=1e-6)
    assert_allclose(likelihood(minima.theta), minima.stat)
    assert minima.starts[0] >= 1
    assert minima.n_starts == 60
    again = find_minima(likelihood, 60)
    assert np.array_equal(again.theta, minima.theta)
    one = find_minima(likelihood, 1)
    assert (one.theta[0, :2] < 0).all()
    assert np.isnan(minima.covariance[0, 2]).all()
    read = Minima.from_table(minima.table())
    assert str(read) == str(minima)
    assert_allclose(read.theta, minima.theta)


def test_profiles_of_a_linear_problem_are_parabolas():
    likelihood = Linear()
    best, error = likelihood.exact, np.sqrt(np.diag(likelihood.covariance))
    found = profile_intervals(likelihood, best, likelihood.covariance)
    for k, name in enumerate(likelihood.names):
        interval = found.intervals[name]
        assert interval.is_two_sided
        assert_allclose(
            [interval.low, interval.high], best[k] + error[k] * np.array([-1, 1]), rtol=1e-2
        )
    assert found.stat == pytest.approx(likelihood(best))


def test_profiles_go_on_from_a_lower_minimum():
    likelihood = Linear()
    error = np.sqrt(np.diag(likelihood.covariance))
    for place, others in (
        (likelihood.exact + error, ()),
        (likelihood.exact + 3 * error, [likelihood.exact]),
    ):
        found = profile_intervals(likelihood, place, likelihood.covariance, others)
        assert found.stat == pytest.approx(likelihood(likelihood.exact), abs=1e-3)
        assert_allclose((found.theta - likelihood.exact) / error, 0, atol=0.02)
        ends = [(interval.low, interval.high) for interval in found.intervals.values()]
        sides = (np.transpose(ends) - likelihood.exact) / error
        assert_allclose(sides, [[-1] * 3, [1] * 3], atol=0.03)


def test_a_search_that_finds_no_end_says_so(monkeypatch):
    monkeypatch.setattr("crlocal_plugin.likelihood.minima.intervals._ROUNDS", 0)
    likelihood = Linear()
    found = profile_intervals(likelihood, likelihood.exact, likelihood.covariance)
    assert not any(interval.is_found for interval in found.intervals.values())


def test_limit_of_a_strength_at_zero_is_that_of_the_parabola():
    likelihood = Linear()
    likelihood.data = likelihood.data - 2 * likelihood.matrix[:, 2] * likelihood.exact[2] / 1e57
    columns = likelihood.matrix[:, :2]
    rest, *_ = np.linalg.lstsq(columns, likelihood.data, rcond=None)
    best = np.array([*rest * likelihood.scales[:2], 0.0])
    covariance, success = likelihood_covariance(likelihood, best)
    assert success
    assert_allclose(covariance[2], 0)
    # errors of the others are those without the strength
    inner = np.linalg.inv(columns.T @ columns) * np.outer(*[likelihood.scales[:2]] * 2)
    assert_allclose(covariance[:2, :2], inner, rtol=1e-3)
    interval = profile_intervals(likelihood, best, covariance).intervals["c"]
    assert interval.low == -np.inf
    # the profile, solved exactly, has risen by 2.71 there
    there = likelihood.data - likelihood.matrix[:, 2] * interval.below / 1e57
    others, *_ = np.linalg.lstsq(columns, there, rcond=None)
    rise = np.sum((columns @ others - there) ** 2) - likelihood(best)
    assert rise == pytest.approx(1.6449**2, rel=0.03)


AMS_TIBET = ["ams-02_h_2015", "ams-02_he_2015", "tibet-asgamma-2017"]


def prepared(names, **changes):
    datasets = crl.load_datasets(names, scatter=False)
    model = crl.xue_liu_2025(priors="measured")
    datasets.models = [model]
    for name, value in changes.items():
        getattr(model, name).value = value
    return model, datasets


@pytest.fixture(scope="module")
def fits():
    """Fits of data that leave some parameters open, from two starts, with their summaries."""
    found = []
    for changes in ({}, {"R_cut": 0.5, "x": 4, "V_sun": 5}):
        model, datasets = prepared(AMS_TIBET, **changes)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
            result = Fit().run(datasets)
        found.append((model, datasets, result, crl.fit_summary(datasets, result)))
    return found


def test_fits_from_other_starts_end_in_one_minimum(fits):
    totals = [result.total_stat for _, _, result, _ in fits]
    # of two valleys of nearly one depth, either will do
    assert abs(totals[0] - totals[1]) < 2
    _, datasets = prepared(AMS_TIBET)
    datasets.n_starts = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
        alone = Fit(backend="least-squares").run(datasets)
    assert alone.models.minima is None
    assert totals[0] < alone.total_stat + 0.01
    for _, datasets, result, summary in fits:
        minima = result.models.minima
        assert datasets.preparation.minima is minima
        assert minima.n_starts == default_starts(crl.JointLikelihood(datasets))
        assert minima.stat[0] == pytest.approx(result.total_stat, abs=0.01)
        assert str(minima) in str(summary)


def test_fits_end_where_many_full_descents_do():
    # a small version of the benchmark, with minima that are far from one another
    datasets = lowest_minima.prepared(["ams-02_h_2015", "cream_he", "tibet-asgamma-2017"])
    likelihood = crl.JointLikelihood(datasets)
    reference = lowest_minima.lowest_of_descents(likelihood, 40, np.random.default_rng(2))
    totals = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
        for datasets.n_starts in (0, None):
            rng = np.random.default_rng(3)
            totals[datasets.n_starts], _ = lowest_minima.totals_of_fits(datasets, 2, rng)
    assert (totals[None] < reference + lowest_minima.WITHIN).all()
    # one descent from each start does not get there
    assert (totals[0] > totals[None] + lowest_minima.WITHIN).all()


def test_every_parameter_has_an_answer(fits):
    for _, _, result, summary in fits:
        assert result.success
        assert summary.success
        assert summary.verdict == "converged"
        assert "nan" not in str(summary).split("Datasets")[0]
        for row in summary.parameters[~summary.parameters["frozen"]]:
            two = np.isfinite([row["errn"], row["errp"]]).all()
            one = np.isfinite([row["above"], row["below"]]).any()
            assert two or one or row["remark"], row
            assert row["method"] in ("covariance", "profile") or row["remark"]


def test_other_errors_are_those_with_the_open_parameters_frozen(fits):
    _, datasets, _, _ = fits[0]
    likelihood = crl.JointLikelihood(datasets)
    _, held = undetermined(likelihood, likelihood.values)
    before = {par.name: par.error for par in likelihood.parameters}
    own = [par for par, is_held in zip(likelihood.parameters, held, strict=True) if is_held]
    own += [par for par in likelihood.parameters if par.value == par.min]
    assert own
    fixed = crl.JointLikelihood(datasets, [p for p in likelihood.parameters if p not in own])
    matrix, success = likelihood_covariance(fixed, fixed.values)
    assert success
    for par, error in zip(fixed.parameters, np.sqrt(np.diag(matrix)), strict=True):
        if before[par.name] > 0:
            assert par.error == pytest.approx(error, rel=0.05), par.name


@pytest.fixture
def run_away():
    """Spectra that a cut-off runs away from; delta_b is one of the dipole."""
    model, datasets = prepared(["dampe_h", "ams-02_h_2015"])
    model.freeze()
    free = ("Gamma", "R_cut", "R_cutc", "H.Q_0b", "H.Q_0n", "H.Q_0c", "delta_b")
    for label, par in zip(datasets.parameters.labels, datasets.parameters, strict=True):
        par.frozen = label not in free
    datasets.n_starts = 10
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
        return model, datasets, Fit(backend="least-squares").run(datasets)


def answers(summary):
    return {row["label"]: row for row in summary.parameters if not row["frozen"]}


def test_what_runs_away_has_a_limit_and_spoils_nothing(run_away):
    model, datasets, result = run_away
    summary = crl.fit_summary(datasets, result)
    rows = answers(summary)
    assert summary.verdict == "converged"
    cut = rows["R_cut"]
    assert not cut["error"] > 0
    assert 0.1 < cut["above"] < cut["value"]
    assert interval_text(cut)[0].startswith("> ")
    # the lowest statistic there
    likelihood = crl.JointLikelihood(datasets)
    there = np.array(likelihood.names) == "R_cut"
    start = np.where(there, cut["above"], likelihood.values)
    rise = minimise(likelihood, start, ~there).stat - summary.total
    assert rise == pytest.approx(1.6449**2, rel=0.05)
    assert rows["delta_b"]["remark"] == "no dataset depends on it"
    assert rows["delta_b"]["value"] == 6e-4
    # the same from where nothing depends on it any more
    model.R_cut.value = 1e12
    far = answers(crl.fit_summary(datasets, result))["R_cut"]
    assert far["above"] == pytest.approx(cut["above"], rel=0.1)
    for par in model.parameters:
        par.frozen = par.frozen or not par.error > 0
    fixed = answers(crl.fit_summary(datasets, Fit(backend="least-squares").run(datasets)))
    assert set(fixed) == set(rows) - {"R_cut", "delta_b"}
    for name, row in fixed.items():
        assert rows[name]["error"] == pytest.approx(row["error"], rel=0.03), name
        ends = [[r[column] for column in ("errn", "errp")] for r in (rows[name], row)]
        assert_allclose(*ends, rtol=0.1, err_msg=name)


def test_fit_ends_in_the_lower_minimum_of_a_profile(run_away):
    model, datasets, result = run_away
    lowest, best, error = result.total_stat, model.Gamma.value, model.Gamma.error
    model.Gamma.value += error
    model.parameters["H.Q_0n"].value *= 0.8
    # values of a user, which are nobody else's to change
    changed = model.Gamma.value
    assert "a profile met a lower statistic" in crl.fit_summary(datasets, result).message
    assert model.Gamma.value == changed
    optimum = OptimizeResult(
        **dict.fromkeys(("nfev", "trace"), 0),
        **dict.fromkeys(("backend", "method", "message"), ""),
        models=datasets.models.copy(),
        total_stat=datasets.stat_sum(),
        success=True,
    )
    result = FitResult(optimum, result.covariance_result)
    summary = crl.fit_summary(datasets, result)
    assert summary.total == result.total_stat == pytest.approx(lowest, abs=0.01)
    assert result.models.minima.stat[0] == pytest.approx(summary.total)
    assert "a profile met a lower minimum" in summary.message
    assert summary.success
    for gamma in (model.Gamma, result.parameters["Gamma"]):
        assert gamma.value == pytest.approx(best, abs=0.1 * error)
        assert gamma.error == pytest.approx(error, rel=0.05)


def test_error_stands_in_for_an_end_that_is_not_found(run_away, monkeypatch):
    _, datasets, result = run_away
    monkeypatch.setattr("crlocal_plugin.likelihood.minima.intervals._ROUNDS", 0)
    row = answers(crl.fit_summary(datasets, result))["Gamma"]
    assert row["method"] == "covariance"
    assert row["error"] > 0
    assert "was not found" in row["remark"]
    assert np.isnan([row["above"], row["below"]]).all()


def test_search_is_not_repeated_for_a_profile(fits, monkeypatch):
    _, datasets, _, _ = fits[0]
    seen = []
    find = find_minima

    def counted(likelihood, n_starts, **options):
        seen.append(n_starts)
        return find(likelihood, n_starts, **options)

    monkeypatch.setattr("crlocal_plugin.likelihood.preparation.find_minima", counted)
    gamma = datasets.models.parameters["Gamma"]
    with datasets.parameters.restore_status(), warnings.catch_warnings():
        warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
        gamma.frozen = True
        gamma.value += gamma.error
        Fit(backend="least-squares").optimize(datasets)
        # what is known of other data is of no use
        datasets.parameters["delta"].value += 1e-3
        Fit(backend="least-squares").optimize(datasets)
    assert seen == [0, datasets.n_starts]


@pytest.mark.parametrize("n_starts", [0, 20])
def test_direction_without_a_slope_at_the_start_is_fitted(n_starts):
    # the projection on the equator has no slope in a declination of zero
    model, datasets = prepared(["dampe_h", "argo-ybj-2018"])
    model.freeze()
    background = model.components["background"].dipole_model
    background.lat_b.frozen = False
    model.delta_b.value = 5e-3
    likelihood = crl.JointLikelihood(datasets)
    column = likelihood.names.index("lat_b")
    lat = np.linspace(-90, 90, 721)
    # the latitude of which the residuals have no slope
    sets = np.tile(likelihood.values, (len(lat), 1))
    sets[:, column] = lat
    stats = likelihood(sets)
    background.lat_b.value = lat[1:-1][np.argmax(stats[1:-1])]
    datasets.n_starts = n_starts
    result = Fit(backend="least-squares").run(datasets)
    assert result.total_stat < stats.min() + 1e-3


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ((1e40, 2e59), ("0", "2.0e59")),
        ((2.2515, 1.5069, 21.25), ("2.3", "1.5")),
        ((0.0, 0.0), ("0", "-")),
        ((4.7e57, 1.4e57, 2.9e57), ("4.7e57", "1.4e57")),
        ((1.5e58, 1.4e58, 1.6e60), ("1.5e58", "1.4e58")),
    ],
)
def test_numbers_are_rounded_to_their_errors(arguments, texts):
    assert rounded(*arguments) == texts


def test_a_limit_is_printed_as_one():
    row = dict.fromkeys(("errn", "errp", "above", "below"), np.nan)
    row |= {"value": 3e16, "error": 0.0, "method": "profile", "above": 0.9123}
    assert interval_text(row) == ("> 0.91", "at 95%")
    row |= {"above": np.nan, "below": 2.706e51}
    assert interval_text(row) == ("< 2.7e51", "at 95%")


def test_band_that_rests_on_an_open_parameter_is_refused():
    model = crl.xue_liu_2025(priors=None)
    model.freeze()
    for name in ("V_sun", "R_cutc"):
        getattr(model, name).frozen = False
    model.V_sun.error = 0.5
    with pytest.raises(ValueError, match=r"depends on R_cutc.*samples of the posterior"):
        crl.intensity_band(model, [10, 1e7] * u.GV)
    samples = ["R_cutc"], np.linspace(1, 100, 20)[:, np.newaxis]
    crl.intensity_band(model, [10, 1e7] * u.GV, samples=samples)


def test_band_away_from_its_best_fit_is_refused():
    model = crl.xue_liu_2025(priors=None)
    model.freeze()
    model.R_cut.frozen = False
    model.R_cut.error = 40 * model.R_cut.value
    with pytest.raises(ValueError, match=r"does not contain its own best fit.*posterior"):
        crl.propagate(model, lambda m: np.log(m.R_cut.value), levels=(0.2,))
