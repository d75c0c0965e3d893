"""Speed of the statistic; first, that all ways to write it agree."""

import tracemalloc

import numpy as np
import pytest
from cases import (
    assign,
    constant_of_priors,
    kernel_calls,
    migrad_calls,
    minuit_calls,
    package_datasets,
    quantity_datasets,
    stock_datasets,
)
from gammapy.modeling.models import GaussianPrior
from numpy.testing import assert_allclose
from plain import summed_costs

import crlocal_plugin as crl


@pytest.fixture(scope="module")
def naive():
    return quantity_datasets()


@pytest.fixture(scope="module")
def naive_at(naive, best):
    """Statistic of the naive way at values, its constant left out."""
    constant = constant_of_priors(naive.parameters)

    def naive_at(theta):
        assign(naive, best.likelihood.names, theta)
        return naive.stat_sum() - constant

    return naive_at


def test_naive_statistic(naive, naive_at, best, timed):
    datasets = package_datasets()
    names = best.likelihood.names
    table_one = crl.JointLikelihood(datasets).values
    rng = np.random.default_rng(1)
    far = table_one * rng.uniform(0.7, 1.3, (3, len(table_one)))
    for theta in (table_one, *far, *best.samples[:3]):
        assign(datasets, names, theta)
        assert_allclose(naive_at(theta), datasets.stat_sum(), rtol=1e-8)
    timed("naive stat_sum", minuit_calls(naive, names, best.samples[:100]))


def test_naive_equations(naive, timed):
    timed("naive equations", lambda: sum(dataset.stat_sum() for dataset in naive))


def test_stock_datasets(best, timed):
    stock = stock_datasets()
    names = best.likelihood.names
    assign(stock, names, best.samples[0])
    assert_allclose(stock.stat_sum(), best.likelihood(best.samples[0]), rtol=1e-8)
    timed("stock stat_sum", minuit_calls(stock, names, best.samples[:100]))


def test_iminuit_costs(best, timed):
    total = summed_costs(best.datasets, best.likelihood)
    theta = best.likelihood.values
    compared = 0
    for dataset, cost in zip(best.datasets, total, strict=False):
        data = dataset.data
        if np.array_equal(data.errn, data.errp):
            assert_allclose(cost(*theta), dataset.stat_sum_likelihood(), rtol=1e-8)
            compared += 1
    assert compared > 10
    rows = iter(best.samples.tolist())
    timed("iminuit costs", lambda: total(*next(rows)))


def test_kernel(best, timed):
    timed("kernel", kernel_calls(best, best.samples[:1000]))


def test_stat_sum(best, timed):
    timed("stat_sum", minuit_calls(best.datasets, best.likelihood.names, best.samples[:1000]))


@pytest.mark.parametrize("which", ["stat_sum", "kernel"])
def test_calls_of_migrad(which, timed):
    stat_sum, kernel, size = migrad_calls()
    timed(f"{which} in MIGRAD", {"stat_sum": stat_sum, "kernel": kernel}[which], per=size)


def test_own_priors(timed):
    parameters = package_datasets().parameters
    timed("own priors", parameters.prior_stat_sum)


def test_gammapy_priors(timed):
    parameters = package_datasets().parameters
    for par in parameters:
        if par.prior is not None:
            par.prior = GaussianPrior(mu=par.prior.mu.value, sigma=par.prior.sigma.value)
    timed("gammapy priors", parameters.prior_stat_sum)


@pytest.mark.parametrize("size", [1, 10, 100, 1000, 10000])
def test_batch(size, best, timed):
    timed(f"batch of {size}", lambda: best.likelihood(best.samples[:size]), per=size)


def test_large_batch(best, naive_at, timed, note):
    likelihood, samples = best.likelihood, best.samples
    every = timed("batch of 100000", lambda: likelihood(samples), per=len(samples), rounds=1)
    # both ends, both sides of the seams between chunks, and at random
    seams = np.arange(128, 1025, 128)
    random = np.random.default_rng(7).integers(len(samples), size=500)
    for k in np.unique([0, len(samples) - 1, *seams - 1, *seams, *random]):
        assert_allclose(every[k], likelihood(samples[k]), rtol=1e-10)
    for k in random[:3]:
        assert_allclose(every[k], naive_at(samples[k]), rtol=1e-8)
    tracemalloc.start()
    try:
        likelihood(samples)
        note("memory", tracemalloc.get_traced_memory()[1])
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2**30


def test_jacobian(best, timed):
    timed("jacobian", lambda: best.likelihood.jacobian(best.likelihood.values))
