"""Speed of whole fits, from Table I to the covariance, and of what comes after them."""

import os

import numpy as np
import pytest
from cases import (
    constant_of_priors,
    labelled,
    package_datasets,
    quantity_datasets,
    start_as_users_do,
    stock_datasets,
)
from gammapy.modeling import Fit
from numpy.testing import assert_allclose

from crlocal_plugin.likelihood.profiles import ProfileLikelihood
from crlocal_plugin.studies.toys import run_toys

BACKENDS = ("minuit", "least-squares")

# MIGRAD looks at places where the naive model overflows, and turns away from them
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.fixture
def timed_fit(best, timed, note):
    """Time fits, each of new datasets, and note minimum and calls."""

    def timed_fit(key, make, fit, rounds):
        result = timed(f"{key} fit", fit.run, rounds=rounds, setup=lambda: ((make(),), {}))
        assert result.success
        minimum = result.total_stat - constant_of_priors(result.parameters)
        parameters = labelled(result)
        theta = [parameters[name].value for name in best.likelihood.names]
        assert_allclose(minimum, best.likelihood(theta), rtol=1e-8)
        note(f"{key} minimum", minimum)
        note(f"{key} calls", result.nfev)

    return timed_fit


@pytest.mark.parametrize("backend", BACKENDS)
def test_fit(backend, timed_fit, note):
    timed_fit(backend, package_datasets, Fit(backend=backend), rounds=5)
    note("free parameters", len(labelled(package_datasets())))


def test_stock_fit(timed_fit):
    timed_fit("stock", lambda: start_as_users_do(stock_datasets()), Fit(), rounds=1)


def test_naive_fit(timed_fit):
    timed_fit("naive", lambda: start_as_users_do(quantity_datasets()), Fit(), rounds=1)


@pytest.mark.parametrize("backend", BACKENDS)
def test_profile(backend, timed):
    datasets, fit = package_datasets(), Fit(backend=backend)
    fit.run(datasets)
    V_sun = datasets.parameters["V_sun"]
    V_sun.scan_n_values = 30

    def scan():
        return fit.stat_profile(datasets, V_sun, reoptimize=True)["stat_scan"]

    stats = timed(f"{backend} profile", scan, rounds=2)
    assert np.isfinite(stats).all()


def test_profile_likelihood(best, timed):
    likelihood, n_points = best.likelihood, 1000
    centre = likelihood.values[likelihood.names.index("V_sun")]
    width = 3 * ProfileLikelihood(likelihood, "V_sun").error()

    def scan():
        profile = ProfileLikelihood(likelihood, "V_sun")
        return [profile(v) for v in np.linspace(centre - width, centre + width, n_points)]

    stats = timed("profile point", scan, per=n_points, rounds=1)
    assert np.isfinite(stats).all()


def test_emcee(best, timed):
    emcee = pytest.importorskip("emcee")
    walkers, steps = 64, 50
    start, size = best.samples[:walkers], best.likelihood.size

    def sample():
        sampler = emcee.EnsembleSampler(
            walkers, size, best.likelihood.log_posterior, vectorize=True
        )
        sampler.run_mcmc(start, steps)
        return sampler.acceptance_fraction

    accepted = timed("emcee", sample, per=walkers * steps, rounds=3)
    assert (accepted > 0).all()


def test_toys(best, timed, pytestconfig):
    if "process_time" in pytestconfig.getoption("benchmark_timer"):
        pytest.skip("processor time leaves out what other processes take")
    n_toys, cores = 20, os.cpu_count()

    def run():
        return run_toys(best.datasets, n_toys, n_jobs=cores)

    timed("toy", run, per=n_toys, rounds=1)
