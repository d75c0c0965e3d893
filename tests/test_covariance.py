"""Errors of a fit: second derivatives against matrices that are known, and against MINOS."""

import pickle

import numpy as np
import pytest
from gammapy.datasets import Datasets
from gammapy.modeling import Fit
from gammapy.modeling.fit import registry
from gammapy.modeling.iminuit import covariance_iminuit
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.likelihood.covariance import hesse_covariance, likelihood_covariance
from crlocal_plugin.likelihood.minima.intervals import profile_intervals

# errors that differ by decades, and two parameters that are all but the same
ERRORS = np.array([1e-3, 2.0, 50.0])
CORRELATION = np.array([[1, 0.99999, 0.3], [0.99999, 1, 0.3], [0.3, 0.3, 1]])
COVARIANCE = CORRELATION * np.outer(ERRORS, ERRORS)


def quadratic(covariance, centre):
    inverse = np.linalg.inv(covariance)

    def statistic(values):
        shift = values - centre
        return 7.0 + np.einsum("mi,ij,mj->m", shift, inverse, shift)

    return statistic


CENTRE = np.array([1.0, -2.0, 30.0])


@pytest.mark.parametrize("factor", [0.1, 1.0, 10.0])
def test_known_matrix(factor):
    found = hesse_covariance(quadratic(COVARIANCE, CENTRE), CENTRE, factor * COVARIANCE)
    assert_allclose(found, COVARIANCE, rtol=1e-4)


def test_parameter_at_its_limit_has_no_error():
    bounds = [(-np.inf, np.inf), (-np.inf, np.inf), (30.0, np.inf)]
    found = hesse_covariance(quadratic(COVARIANCE, CENTRE), CENTRE, COVARIANCE, bounds)
    assert_allclose(found[2], 0)
    # with the third one fixed, the covariance of the others is the conditional one
    conditional = np.linalg.inv(np.linalg.inv(COVARIANCE)[:2, :2])
    assert_allclose(found[:2, :2], conditional, rtol=1e-3)


@pytest.mark.parametrize("side", [0, 1])
def test_steps_of_the_differences_stay_inside_the_limits(side):
    # three steps of a tenth of a standard deviation
    for distance, is_inside in ((0.29, False), (0.31, True)):
        bounds = np.array([(-np.inf, np.inf)] * 3)
        bounds[2, side] = CENTRE[2] + (distance if side else -distance) * ERRORS[2]
        found = hesse_covariance(quadratic(COVARIANCE, CENTRE), CENTRE, COVARIANCE, bounds)
        if is_inside:
            assert_allclose(found, COVARIANCE, rtol=1e-4)
        else:
            assert_allclose(found[2], 0)
            assert (np.diag(found)[:2] > 0).all()


def test_saddle_is_refused():
    found = hesse_covariance(lambda v: v[:, 0] ** 2 - v[:, 1] ** 2, np.zeros(2), np.eye(2))
    assert found is None


@pytest.mark.parametrize("guess", [np.full((2, 2), np.nan), -np.eye(2), np.ones((2, 2))])
def test_useless_guess_is_refused(guess):
    assert hesse_covariance(quadratic(np.eye(2), np.zeros(2)), np.zeros(2), guess) is None


def test_registered_for_the_default_back_end():
    assert registry.get("covariance", "minuit").before is covariance_iminuit


def test_other_datasets_keep_what_gammapy_does():
    model = crl.xue_liu_2025(priors=None)
    model.freeze()
    model.Gamma.frozen = False
    datasets = Datasets(list(crl.load_datasets("dampe_h", scatter=False)))
    datasets.models = [model]
    result = Fit().run(datasets)
    error = result.minuit.errors[0] * model.Gamma.scale
    assert model.Gamma.error == pytest.approx(error, rel=1e-6)


def test_errors_agree_with_minos():
    model = crl.xue_liu_2025(priors="measured")
    datasets = crl.load_datasets("xue-liu-2025", scatter=False)
    datasets.models = [model]
    Fit().run(datasets)
    likelihood = crl.JointLikelihood(datasets)
    found = profile_intervals(
        likelihood, likelihood.values, likelihood_covariance(likelihood, likelihood.values)[0]
    )
    for par in (model.V_sun, model.D_0, model.delta_b, model.R_cutc):
        minos = Fit().confidence(datasets, par)
        assert minos["success"]
        if par in (model.V_sun, model.D_0):
            assert 0.9 * minos["errn"] < par.error < 1.1 * minos["errp"]
        interval = found.intervals[par.name]
        ends = [par.value - interval.low, interval.high - par.value]
        minos = [minos[side] for side in ("errn", "errp")]
        assert_allclose(ends, minos, rtol=0.02, err_msg=par.name)


def test_strength_at_zero_does_not_spoil_the_other_errors():
    # all velocities free, the helium of the Galactic centre at its limit
    model = crl.xue_liu_2025(priors="measured")
    datasets = crl.load_datasets("xue-liu-2025", energy_width=0.0, scatter=False)
    datasets.models = [model]
    crl.free_parameters(datasets, ["u_HC", "u_HC_dec", "W_sun", "T_n"])
    datasets.n_starts = 0
    Fit().run(datasets)
    strength = model.parameters["He.Q_0c"]
    strength.min = strength.value = 1.5 * strength.value + 1e55
    result = Fit().run(datasets)
    assert result.success
    # a measurement adds to its prior, and the widths of the priors bound the errors
    for par in (model.u_HC, model.u_HC_dec, model.W_sun, model.T_n):
        assert 0.3 * par.prior.sigma.value < par.error < 1.05 * par.prior.sigma.value
    row = {r["label"]: r for r in crl.fit_summary(datasets, result).parameters}["He.Q_0c"]
    assert row["remark"].startswith("at its limit")
    assert row["below"] > strength.min
    assert np.isnan([row["errn"], row["errp"], row["above"]]).all()


def test_back_ends_agree_where_the_statistic_is_no_parabola():
    errors = []
    for backend in ("least-squares", "minuit"):
        model = crl.xue_liu_2025(priors=None)
        datasets = crl.load_datasets("xue-liu-2025", scatter=False)
        datasets.models = [model]
        # the valley of the paper, which is not the lowest without priors
        datasets.n_starts = 0
        Fit(backend=backend).run(datasets)
        errors.append([model.x.error, model.V_sun.error, model.D_0.error])
    assert_allclose(*errors, rtol=0.03)


def test_covariance_between_models_is_kept(tmp_path):
    datasets = crl.load_datasets(["dampe_h", "icecube-2016"], scatter=False)
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    datasets["dampe_h"].energy_scale.frozen = False
    correlation = np.eye(len(datasets.models.parameters))
    place = datasets.models.parameters.index(datasets["dampe_h"].energy_scale)
    correlation[0, place] = correlation[place, 0] = 0.5
    datasets.models.covariance = correlation
    datasets.write(tmp_path / "d.yaml", filename_models=tmp_path / "m.yaml")
    read = crl.CosmicRayDatasets.read(tmp_path / "d.yaml", filename_models=tmp_path / "m.yaml")
    for again in (read, read.copy(), pickle.loads(pickle.dumps(datasets))):
        assert again.models.names == datasets.models.names
        assert_allclose(again.models.covariance.data, correlation)
    # a list of models knows nothing of it
    read.models = list(read.models)
    assert_allclose(read.models.covariance.data, np.eye(len(correlation)))
