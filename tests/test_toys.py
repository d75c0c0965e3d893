"""Toy experiments: cases in which bias, pulls and coverage are known, and the real likelihood."""

import copy

import numpy as np
import pytest
from astropy import units as u
from gammapy.datasets import Datasets
from gammapy.modeling import Fit
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import brute
from scipy.stats import chi2, kstest, norm

import crlocal_plugin as crl
from crlocal_plugin.cli import main
from crlocal_plugin.studies import toys
from crlocal_plugin.studies.toy_study import ToyStudy
from crlocal_plugin.studies.toys import run_toys

ONE, TWO = 0.6826894921370859, 0.9544997361036416  # of a normal distribution


class Stub:
    """Numbers of unit error that functions of the parameters predict."""

    is_least_squares = True
    parameters = None

    def __init__(self, functions, truth, noise=1.0, low=-np.inf):
        self.functions, self.noise = functions, noise
        self.values = np.array(truth, dtype=float)
        self.size = len(self.values)
        self.names = [f"p{k}" for k in range(self.size)]
        self.units = [u.km] * self.size
        self.bounds = np.array([[low, np.inf]] * self.size)
        self.is_position = np.zeros(self.size, dtype=bool)
        self.is_scatter = np.zeros(self.size, dtype=bool)
        self.data = self.functions(self.values) + 0.5

    def residuals(self, theta):
        return self.functions(np.asarray(theta)) - self.data

    def __call__(self, theta):
        residuals = self.residuals(theta)
        return np.vecdot(residuals, residuals)

    def scales_at(self, theta):
        return np.ones(self.size)

    def jacobian(self, theta):
        steps = 1e-5 * np.eye(self.size)
        moved = self.residuals(theta + steps) - self.residuals(theta - steps)
        return moved.T / 2e-5

    def fake(self, theta, random_state=None):
        rng = np.random.default_rng(random_state)
        new = copy.copy(self)
        mean = self.functions(np.asarray(theta))
        new.data = mean + self.noise * rng.standard_normal(len(mean))
        return new


DESIGN = np.array([[1.0, 0.2, 0.0], [1.0, -0.5, 2.0], [0.3, 1.0, 1.0], [2.0, 0.0, -1.0], [0, 3, 1]])
TRUTH = [3.0, -2.0, 0.5]
COVARIANCE = np.linalg.inv(DESIGN.T @ DESIGN)


def linear(theta):
    return theta @ DESIGN.T


def identity(theta):
    return theta


def assert_fraction(found, expected, n):
    """Compare a fraction with its expectation, at four standard deviations."""
    assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / n)


# Cases with known results


@pytest.fixture(scope="module")
def gaussian():
    return run_toys(Stub(linear, TRUTH), 400, random_state=2)


def test_errors_and_profiles_of_a_linear_case(gaussian):
    assert gaussian.n_toys == gaussian.n_converged == 400
    assert gaussian.names == ["p0", "p1", "p2"]
    assert gaussian.degrees_of_freedom == 2
    assert gaussian.table.meta["other_minima"] == []
    for k, name in enumerate(gaussian.names):
        assert gaussian.truth[name] == TRUTH[k]
        assert gaussian.table[name].unit == u.km
        assert_allclose(gaussian.table[f"{name}_error"], np.sqrt(COVARIANCE[k, k]), rtol=1e-5)
        # the profile of a parabola is a parabola
        assert_allclose(gaussian.rises(name), gaussian.pulls(name) ** 2, rtol=1e-3, atol=1e-4)
        assert kstest(gaussian.pulls(name), "norm").pvalue > 0.01
    fitted = np.array([gaussian.table[name] for name in gaussian.names]).T
    assert_allclose(np.cov(fitted.T), COVARIANCE, atol=0.25 * COVARIANCE.max())


def test_every_toy_is_the_linear_solution(gaussian):
    # chi2 and best fit by linear algebra, from the seeds that belong to the toys
    seeds = np.random.SeedSequence(2)
    seeds.spawn(1)
    for row, seed in zip(gaussian.table[:20], seeds.spawn(20), strict=True):
        data = Stub(linear, TRUTH).fake(TRUTH, np.random.default_rng(seed)).data
        best, residual, *_ = np.linalg.lstsq(DESIGN, data)
        assert_allclose([row[name] for name in gaussian.names], best, rtol=1e-6)
        assert_allclose([row["stat"], row["chi2"]], residual[0], rtol=1e-6)


def test_coverage_of_a_linear_case(gaussian):
    rows = gaussian.summary()
    assert list(rows["name"]) == gaussian.names
    for row in rows:
        for kind in ("hesse", "profile"):
            assert_fraction(row[f"{kind}_68"], ONE, 400)
            assert_fraction(row[f"{kind}_95"], TWO, 400)
        assert row["hesse_68_error"] == pytest.approx(np.sqrt(ONE * (1 - ONE) / 400), rel=0.1)
        assert row["pull_mean"] == pytest.approx(0, abs=4 / 20)
        assert row["pull_mean_error"] == pytest.approx(1 / 20, rel=0.2)
        assert row["pull_width"] == pytest.approx(1, abs=4 / np.sqrt(800))
        assert row["pull_width_error"] == pytest.approx(1 / np.sqrt(800), rel=0.2)
        assert row["bias"] == pytest.approx(0, abs=4 * row["bias_error"])
        assert row["bias_error"] == pytest.approx(row["error"] / 20, rel=0.2)
        assert row["at_limit"] == 0
        assert row["unit"] == "km"
    assert gaussian.chi2_test().pvalue > 0.01
    expected = kstest(gaussian.table["chi2"], chi2(2).cdf)
    assert gaussian.chi2_test().statistic == expected.statistic


def test_errors_that_are_too_small_are_found():
    study = run_toys(Stub(linear, TRUTH, noise=2.0), 300, profile=False)
    for row in study.summary():
        assert row["pull_width"] == pytest.approx(2, abs=4 * 2 / np.sqrt(600))
        assert_fraction(row["hesse_68"], norm.cdf(0.5) - norm.cdf(-0.5), 300)
        assert_fraction(row["hesse_95"], ONE, 300)
    assert study.chi2_test().pvalue < 1e-6


def test_limits_are_counted():
    # one number of unit error for a strength of 0.5
    study = run_toys(Stub(identity, [0.5], low=0.0), 300, random_state=1)
    seeds = np.random.SeedSequence(1)
    seeds.spawn(1)
    drawn = [0.5 + np.random.default_rng(seed).standard_normal(1)[0] for seed in seeds.spawn(300)]
    drawn = np.array(drawn)
    assert study.n_converged == 300
    assert_allclose(study.table["p0"], np.maximum(drawn, 0), atol=2e-3)
    # less than a step of the second derivatives away from the limit, there is no error
    limited = study.at_limit("p0")
    assert_array_equal(limited, drawn < 0.3)
    assert_array_equal(study.table["p0_error"] == 0, limited)
    assert_allclose(study.pulls("p0"), (drawn - 0.5)[~limited], atol=1e-3)
    row = study.summary()[0]
    assert row["at_limit"] == limited.mean()
    assert_fraction(row["at_limit"], norm.cdf(0.3 - 0.5), 300)
    # the profile is defined for all of them
    rises = (drawn - 0.5) ** 2 - np.where(drawn < 0, drawn**2, 0)
    assert_allclose(study.rises("p0"), rises, atol=5e-3)
    assert row["profile_68"] == np.mean(study.rises("p0") <= 1)
    assert f"{limited.sum()} have a parameter at a limit" in str(study)


def two_wells(theta):
    """Minima next to -1 and 1, the second one lower."""
    x = theta[..., 0]
    return np.stack([4 * (x**2 - 1), 0.6 * (x - 1)], axis=-1)


def test_the_lowest_of_several_minima_is_found():
    study = run_toys(Stub(two_wells, [1.0]), 60, random_state=3)

    def statistic(x, data):
        return ((two_wells(np.atleast_1d(x)) - data) ** 2).sum()

    def lowest(data, low):
        return brute(statistic, [(low, low + 2)], (data,), Ns=400, full_output=True)[:2]

    exact = two_wells(np.array([1.0]))
    assert_allclose(study.table.meta["other_minima"], [lowest(exact, -2.0)[1]], rtol=1e-3)
    seeds = np.random.SeedSequence(3)
    seeds.spawn(1)
    wells = set()
    for row, seed in zip(study.table, seeds.spawn(60), strict=True):
        data = exact + np.random.default_rng(seed).standard_normal(2)
        best = min((lowest(data, low) for low in (-2.0, 0.0)), key=lambda found: found[1])
        assert row["stat"] == pytest.approx(best[1], abs=0.02)
        assert row["p0"] == pytest.approx(best[0][0], abs=0.05)
        assert row["p0_rise"] == pytest.approx(statistic(1.0, data) - best[1], abs=0.02)
        wells.add(np.sign(row["p0"]))
    assert wells == {-1, 1}


class Unreliable(Stub):
    """Some simulations fail."""

    def fake(self, theta, random_state=None):
        new = super().fake(theta, random_state)
        if new.data[0] > self.functions(self.values)[0] + 1:
            new.data = new.data * np.nan
        return new


def test_failed_toys_are_reported():
    study = run_toys(Unreliable(linear, TRUTH), 200, random_state=1)
    failed = np.isnan(study.table["stat"])
    assert_fraction(failed.mean(), norm.sf(1), 200)
    assert study.n_converged == 200 - failed.sum()
    assert all("not finite at the start" in text for text in study.table["message"][failed])
    text = str(study)
    assert f"200 toys: {200 - failed.sum()} converged, 0 did not, {failed.sum()} failed" in text
    assert f"{failed.sum()} times: ValueError: the statistic is not finite" in text
    assert "nan" not in text
    for row in study.summary():
        assert np.isfinite([row[name] for name in row.colnames[2:]]).all()


def test_toys_without_convergence_are_reported(monkeypatch):
    minimise = toys.minimise

    def stop_early(likelihood, start, *args, **kwargs):
        point = minimise(likelihood, start, *args, **kwargs)
        return point._replace(success=point.theta[0] < 3, message="enough")

    monkeypatch.setattr(toys, "minimise", stop_early)
    study = run_toys(Stub(linear, TRUTH), 40, profile=False)
    stopped = np.array(study.table["p0"]) >= 3
    assert 8 < stopped.sum() < 32
    assert_array_equal(study.table["converged"], ~stopped)
    assert (study.pulls("p0") < 0).all()
    assert f"{stopped.sum()} did not, 0 failed" in str(study)
    assert f"{stopped.sum()} times: enough" in str(study)


def test_nothing_converged(monkeypatch):
    minimise = toys.minimise
    monkeypatch.setattr(
        toys, "minimise", lambda *args, **kwargs: minimise(*args, **kwargs)._replace(success=False)
    )
    study = run_toys(Stub(linear, TRUTH), 3)
    assert study.n_converged == 0
    assert "3 toys: 0 converged, 3 did not" in str(study)
    assert np.ma.is_masked(study.summary()["bias"][0])


# What is asked for


def test_profiles_of_some_parameters():
    study = run_toys(Stub(linear, TRUTH), 12, parameters=["p2"])
    assert study.rises("p0") is None
    assert len(study.rises("p2")) == 12
    rows = study.summary()
    assert np.ma.is_masked(rows["profile_68"][0])
    assert 0 < rows["profile_68"][2] <= 1
    assert "- " in str(study)


def test_result_does_not_depend_on_the_number_of_processes():
    one, two = (run_toys(Stub(linear, TRUTH), 12, 5, n_jobs=jobs) for jobs in (1, 2))
    fewer = run_toys(Stub(linear, TRUTH), 7, 5)
    for name in one.table.colnames:
        assert_array_equal(one.table[name], two.table[name])
        assert_array_equal(one.table[name][:7], fewer.table[name])
    other = run_toys(Stub(linear, TRUTH), 12, 6)
    assert not np.any(np.isin(one.table["p0"], other.table["p0"]))
    assert len(set(one.table["p0"])) == 12


def test_progress():
    done = []
    run_toys(Stub(linear, TRUTH), 12, progress=done.append, profile=False)
    assert sum(done) == 12
    assert len(done) > 1


def test_files(gaussian, tmp_path):
    gaussian.write(tmp_path / "toys.ecsv")
    again = ToyStudy.read(tmp_path / "toys.ecsv")
    assert str(again) == str(gaussian)
    assert again.names == gaussian.names
    assert again.truth == gaussian.truth
    with pytest.raises(FileExistsError, match="overwrite"):
        gaussian.write(tmp_path / "toys.ecsv")
    gaussian.write(tmp_path / "toys.ecsv", overwrite=True)


def test_printed(gaussian):
    text = str(gaussian)
    row = gaussian.summary()[1]
    assert f"{100 * row['hesse_68']:.1f} ± {100 * row['hesse_68_error']:.1f}" in text
    assert f"{row['pull_width']:.2f} ± {row['pull_width_error']:.2f}" in text
    assert "expected 2 and 2.0" in text
    assert "68.3" in text
    assert "none found" in text
    assert max(map(len, text.splitlines())) <= 120


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="n_toys must be at least 1, got 0"):
        run_toys(Stub(linear, TRUTH), 0)
    with pytest.raises(ValueError, match="V_sun is not among the free parameters p0, p1, p2"):
        run_toys(Stub(linear, TRUTH), parameters=["V_sun"])
    with pytest.raises(TypeError, match="CosmicRayDatasets"):
        run_toys(Datasets())
    datasets = crl.load_datasets("dampe_h")
    with pytest.raises(ValueError, match="no cosmic-ray model"):
        run_toys(datasets)
    datasets.models = [crl.xue_liu_2025()]
    datasets.models.freeze()
    with pytest.raises(ValueError, match="no parameter is free"):
        run_toys(datasets)


# The likelihood of the package


@pytest.fixture(scope="module")
def fitted():
    model = crl.xue_liu_2025()
    model.freeze()
    datasets = crl.load_datasets(["ams-02_h_2015", "icecube-2016"], scatter=False)
    datasets.models = [model]
    # the prior on V_sun is simulated too
    crl.free_parameters(datasets, ["Gamma", "H.Q_0b", "phi", "V_sun"])
    Fit(backend="least-squares").run(datasets)
    return datasets


@pytest.mark.parametrize("likelihood", ["vector", "amplitude_phase"])
def test_small_joint_fit(fitted, likelihood):
    fitted["icecube-2016"].likelihood = likelihood
    before = [par.value for par in fitted.parameters]
    study = run_toys(fitted, 60, random_state=4)
    assert study.n_converged == 60
    assert study.names == ["H.Q_0b", "Gamma", "phi", "V_sun"]
    n_numbers = sum(dataset.info_dict()["n_fit"] for dataset in fitted)
    # a prior that is drawn counts as a number
    assert study.degrees_of_freedom == n_numbers + 1 - 4
    assert study.chi2_test().pvalue > 0.01
    for row in study.summary():
        assert abs(row["pull_mean"]) < 4 / np.sqrt(60)
        assert abs(row["pull_width"] - 1) < 4 / np.sqrt(120)
        for kind in ("hesse", "profile"):
            assert_fraction(row[f"{kind}_68"], ONE, 60)
    # nothing in the datasets has changed
    assert [par.value for par in fitted.parameters] == before
    assert "simulated" not in fitted[0].table.meta
    assert fitted.parameters["V_sun"].error > 0


# Command line


def run_command(*arguments):
    return main(["--debug", "toys", *arguments])


SMALL = ["--datasets", "ams-02_h_2015", "--species", "H", "--number", "6", "--seed", "1"]
SMALL += ["--priors", "measured"]
FIXED = ["--fix", "R_cut", "R_cutc", "D_0", "x", "V_sun", "delta_b", "Q_0n", "Q_0c"]


def test_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_command(*SMALL, *FIXED, "--jobs", "2", "--output", "toys.ecsv") == 0
    printed = capsys.readouterr()
    assert "6 toys: 6 converged" in printed.out
    assert "written to toys.ecsv" in printed.out
    assert printed.err == ""
    study = ToyStudy.read("toys.ecsv")
    assert study.names == ["Q_0b", "Gamma", "phi"]
    assert str(study) in printed.out
    before = (tmp_path / "toys.ecsv").read_bytes()
    with pytest.raises(FileExistsError, match="--overwrite"):
        run_command(*SMALL, *FIXED, "--output", "toys.ecsv")
    assert (tmp_path / "toys.ecsv").read_bytes() == before
    more = ["--no-profile", "--output", "toys.ecsv", "--overwrite"]
    assert run_command(*SMALL, *FIXED, *more) == 0
    assert ToyStudy.read("toys.ecsv").rises("Gamma") is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--output", "toys.csv"], "suffix .ecsv"),
        (["--number", "0"], "--number: expected a whole number of at least 1, got '0'"),
        (["--parameters", "V_sn"], "V_sn"),
        (["--jobs", "0"], "--jobs: expected a whole number of at least 1, got '0'"),
    ],
)
def test_mistakes_on_the_command_line(arguments, named, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, SystemExit)) as error:
        run_command(*SMALL, *FIXED, *arguments)
    assert named in f"{error.value}{capsys.readouterr().err}"
    assert list(tmp_path.iterdir()) == []
