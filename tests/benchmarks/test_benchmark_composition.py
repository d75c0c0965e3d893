"""Speed with ten species and their loss on the way, beside that with hydrogen and helium."""

import functools

import numpy as np
import pytest
from cases import composition_datasets, migrad_calls, minuit_calls, package_datasets
from gammapy.modeling import Fit
from numpy.testing import assert_allclose

import crlocal_plugin as crl

MAKE = {
    "H and He": package_datasets,
    "ten species": functools.partial(composition_datasets, spallation=False),
    "ten species with loss": composition_datasets,
}


def samples_around(likelihood, size):
    """Parameter sets within a percent of the values of a likelihood."""
    factors = np.random.default_rng(2025).uniform(0.99, 1.01, (size, likelihood.size))
    return np.clip(likelihood.values * factors, *likelihood.bounds.T)


@pytest.mark.parametrize("which", MAKE)
def test_batch(which, timed, note):
    datasets = MAKE[which]()
    likelihood = crl.JointLikelihood(datasets)
    samples = samples_around(likelihood, 1000)
    every = timed(f"batch, {which}", lambda: likelihood(samples), per=len(samples))
    for k in (0, 75, 76, 77, 500, 999):
        assert_allclose(every[k], likelihood(samples[k]), rtol=1e-10)
    (fused,), _ = datasets.fusion()
    note(f"parameters, {which}", likelihood.size)
    note(f"numbers, {which}", len(datasets.data_residuals()))
    note(f"intensities, {which}", fused.n_points)


@pytest.mark.parametrize("which", MAKE)
def test_stat_sum(which, timed):
    datasets = MAKE[which]()
    likelihood = crl.JointLikelihood(datasets)
    samples = samples_around(likelihood, 500)
    timed(f"stat_sum, {which}", minuit_calls(datasets, likelihood.names, samples))


@pytest.mark.parametrize("which", MAKE)
def test_calls_of_migrad(which, timed):
    stat_sum, _, size = migrad_calls(MAKE[which])
    timed(f"in MIGRAD, {which}", stat_sum, per=size)


@pytest.mark.parametrize("backend", ["minuit", "least-squares"])
def test_fit(backend, timed, note):
    fit = Fit(backend=backend)
    setup = lambda: ((composition_datasets(),), {})  # noqa: E731
    result = timed(f"{backend} fit, ten species with loss", fit.run, rounds=3, setup=setup)
    assert result.success
    datasets = composition_datasets()
    for par, best in zip(datasets.parameters, result.parameters, strict=True):
        par.value = best.value
    assert_allclose(datasets.stat_sum(), result.total_stat, rtol=1e-8)
    note(f"{backend} minimum, ten species with loss", result.total_stat)
