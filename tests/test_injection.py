"""Data of a truth with a response and scatter, fitted with and without them."""

import numpy as np
import pytest

import crlocal_plugin as crl
from crlocal_plugin.likelihood.descent import gauss_newton_covariance, minimise

SPECTRUM = ["dampe_h"]
DIPOLES = ["argo-ybj-2018", "icecube-2016", "tibet-asgamma-2017", "icetop-2016", "eas-top-2009"]
SCATTER = 0.2


def set_scatter(datasets):
    """Give all dipoles one free scatter."""
    nuisance = crl.NuisanceModel(name="dipoles")
    nuisance.scatter.value, nuisance.scatter.frozen = SCATTER, False
    for name in DIPOLES:
        datasets[name].nuisance = nuisance


def set_nothing(datasets):
    """Leave response and scatter out."""
    for name in DIPOLES:
        datasets[name].response = False
        datasets[name].nuisance = crl.NuisanceModel(name=f"{name}-own")


def pulls(datasets, truth):
    """Pulls of V_sun and delta_b after a fit."""
    likelihood = crl.JointLikelihood(datasets)
    minimum = minimise(likelihood)
    errors = np.sqrt(np.diag(gauss_newton_covariance(minimum.jacobian)))
    distance = dict(zip(likelihood.names, zip(minimum.theta, errors, strict=True), strict=True))
    return [(distance[name][0] - truth[name]) / distance[name][1] for name in truth]


@pytest.fixture(scope="module")
def found():
    """Pulls of 80 toys by what is left out, shape ``(80, 2)``."""
    truth = crl.load_datasets(SPECTRUM + DIPOLES, energy_width=0.5, floors=None)
    model = crl.xue_liu_2025(species="H", priors=None)
    for par in model.parameters:
        par.frozen = par.name not in ("Q_0b", "Gamma", "delta_b", "V_sun")
    true = {name: getattr(model, name).value for name in ("V_sun", "delta_b")}
    result = {"nothing": [], "response and scatter": []}
    for seed in range(80):
        toy = crl.CosmicRayDatasets([dataset.copy(dataset.name) for dataset in truth])
        toy.models = [model.copy("toy")]
        set_scatter(toy)
        toy.fake(seed)
        result["nothing"].append(pulls(toy, true))
        set_nothing(toy)
        result["response and scatter"].append(pulls(toy, true))
    return {name: np.array(each) for name, each in result.items()}


def test_intervals_hold_the_truth_with_them(found):
    inside = np.mean(np.abs(found["nothing"]) < 1, axis=0)
    # 68 % of 80 within three binomial errors
    np.testing.assert_allclose(inside, 0.68, atol=3 * np.sqrt(0.68 * 0.32 / 80))
    assert np.abs(np.median(found["nothing"], axis=0)).max() < 0.5


def test_they_do_not_without_them(found):
    inside = np.mean(np.abs(found["response and scatter"]) < 1, axis=0)
    assert inside.max() < 0.35
    assert np.abs(np.median(found["response and scatter"], axis=0)).min() > 2
