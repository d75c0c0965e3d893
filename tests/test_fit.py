"""Joint fits with gammapy's Fit."""

import copy
import warnings

import astropy.units as u
import numpy as np
import pytest
from gammapy.datasets import Datasets
from gammapy.modeling import Fit, Parameter
from gammapy.modeling.models import GaussianPrior
from numpy.testing import assert_allclose
from scipy.optimize import least_squares

import crlocal_plugin as crl
from crlocal_plugin.analysis.description import Analysis

MINIMUM = 450.29


def prepared(priors="measured", **kwargs):
    model = crl.xue_liu_2025(priors=priors, **kwargs)
    datasets = crl.load_datasets("xue-liu-2025", scatter=False)
    datasets.models, datasets.n_starts = [model], 0
    return model, datasets


@pytest.fixture(scope="module")
def fitted():
    model, datasets = prepared()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = Fit().run(datasets)
    return model, datasets, result


@pytest.fixture
def at_minimum(fitted):
    """Model and datasets at the minimum, free to be changed."""
    datasets = copy.deepcopy(fitted[1])
    # a warning, if there was reason for one, came with the first fit
    datasets._checked = [(p, p.prior) for p in datasets.parameters if not p.frozen]
    return datasets.models[0], datasets


def free(datasets):
    return [par for par in datasets.parameters if not par.frozen]


def correlation(matrix):
    error = np.sqrt(np.diag(matrix))
    return matrix / np.outer(error, error)


def gauss_newton(datasets):
    """Covariance of the free parameters from the residuals, all steps a thousandth of an error."""
    parameters = free(datasets)
    columns = []
    for par in parameters:
        value, step = par.value, 1e-3 * par.error
        ends = []
        for sign in (-1, 1):
            par.value = value + sign * step
            ends.append(datasets.residuals())
        par.value = value
        columns.append((ends[1] - ends[0]) / (2 * 1e-3))
    scaled = np.linalg.inv(np.array(columns) @ np.array(columns).T)
    error = np.array([par.error for par in parameters])
    return scaled * np.outer(error, error)


# The minimum


def test_fit_reaches_the_minimum(fitted):
    _, datasets, result = fitted
    assert result.success
    assert_allclose(result.total_stat, MINIMUM, atol=0.01)
    assert_allclose(datasets.stat_sum(), result.total_stat, rtol=1e-12)


@pytest.mark.parametrize("seed", [0, 1])
def test_scipy_finds_the_same_minimum(fitted, seed):
    _, best, _ = fitted
    _, datasets = prepared()
    parameters = free(datasets)
    start = np.array([par.value for par in parameters])
    start = start * np.random.default_rng(seed).uniform(0.9, 1.1, len(start))
    stock = Datasets(list(datasets))

    def residuals(log_ratio):
        for par, value in zip(parameters, start * np.exp(log_ratio), strict=True):
            par.value = value
        blocks = [data.signed_residuals() for data in datasets]
        blocks = [
            (r if data.mask is None else r[data.mask]).ravel()
            for data, r in zip(datasets, blocks, strict=True)
        ]
        pulls = [
            (par.quantity - par.prior.mu.quantity) / par.prior.sigma.quantity
            for par in datasets.parameters
            if par.prior is not None
        ]
        return np.concatenate([*blocks, [u.Quantity(pull).to_value("") for pull in pulls]])

    options = {"bounds": (-10, 10), "x_scale": "jac", "max_nfev": 100}
    found = least_squares(residuals, np.zeros(len(start)), **options)
    assert_allclose(2 * found.cost, MINIMUM, atol=0.01)
    assert_allclose(stock.stat_sum(), 2 * found.cost, rtol=1e-9)
    # the cut-off of the Galactic centre is barely determined
    for par, expected in zip(parameters, free(best), strict=True):
        assert abs(par.value - expected.value) < 0.15 * expected.error


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_other_starts_reach_the_same_minimum(seed):
    _, datasets = prepared()
    rng = np.random.default_rng(seed)
    for par in free(datasets):
        par.value *= rng.uniform(0.9, 1.1)
    with warnings.catch_warnings():
        # some of the starts lie where the data do not feel the cut-off R_cutc
        warnings.simplefilter("ignore", crl.DegenerateParametersWarning)
        result = Fit().run(datasets)
    assert result.success
    assert_allclose(result.total_stat, MINIMUM, atol=0.01)


def test_fit_of_the_default_analysis():
    datasets = Analysis().prepare()
    datasets.n_starts = 0
    result = Fit(backend="least-squares").run(datasets)
    assert result.success
    assert_allclose(datasets.stat_sum(), result.total_stat, rtol=1e-12)
    # no parameter by itself gets lower, from where the others stay
    for par in free(datasets):
        best, error = par.value, par.error if par.error > 0 else 0.1
        for step in (-0.1 * error, 0.1 * error):
            # a limit may be open, which is NaN
            par.value = np.fmin(np.fmax(best + step, par.min), par.max)
            assert datasets.stat_sum() > result.total_stat - 1e-3
        par.value = best


def test_refit_is_stable(fitted, at_minimum):
    _, datasets = at_minimum
    errors = [par.error for par in free(datasets)]
    values = [par.value for par in free(datasets)]
    result = Fit().run(datasets)
    assert result.success
    assert_allclose(result.total_stat, MINIMUM, atol=0.01)
    pulls = (np.array([par.value for par in free(datasets)]) - values) / errors
    assert np.abs(pulls).max() < 0.05
    assert_allclose([par.error for par in free(datasets)], errors, rtol=0.3)


def test_default_fit_does_not_warn_at_its_own_minimum(fitted):
    datasets = copy.deepcopy(fitted[1])
    datasets.warn_of_degeneracies()


# Errors


def test_covariance_is_positive_definite(fitted):
    _, datasets, _ = fitted
    assert all(par.error > 0 for par in free(datasets))
    covariance = datasets.models.covariance
    matrix = correlation(covariance.get_subcovariance(free(datasets)).data)
    assert_allclose(matrix, matrix.T, atol=1e-10)
    assert np.linalg.eigvalsh(matrix).min() > 0
    assert_allclose(
        np.sqrt(np.diag(covariance.get_subcovariance(free(datasets)).data)),
        [par.error for par in free(datasets)],
        rtol=1e-9,
    )


def test_errors_of_well_determined_parameters(fitted):
    _, datasets, _ = fitted
    expected = gauss_newton(datasets)
    for par, variance in zip(free(datasets), np.diag(expected), strict=True):
        if par.name in ("Gamma", "phi", "R_cut", "delta_b"):
            assert_allclose(par.error, np.sqrt(variance), rtol=0.15)


def test_correlations(fitted):
    model, datasets, result = fitted
    names = ["H.Q_0b", "He.Q_0b", "D_0", "Gamma", "phi"]
    index = [datasets.parameters.index(name) for name in names]
    expected = [free(datasets).index(model.parameters[name]) for name in names]
    expected = correlation(gauss_newton(datasets))[np.ix_(expected, expected)]
    for covariance in (
        datasets.models.covariance.data,
        result.models.covariance.data,
        result.covariance_result.matrix,
        model.covariance.data,
    ):
        own = correlation(covariance[np.ix_(index, index)])
        assert_allclose(own, expected, atol=0.35)
        # strengths go with D_0, and with each other
        assert own[0, 1] > 0.9
        assert own[0, 2] > 0.9


def test_results_carry_the_parameters(fitted):
    model, _, result = fitted
    assert len(result.parameters) == len(model.parameters)
    assert_allclose(result.parameters.value, model.parameters.value, rtol=1e-12)
    assert_allclose(result.optimize_result.parameters.value, model.parameters.value, rtol=1e-12)
    assert result.models[0] is not model
    assert_allclose(
        [par.error for par in result.models.parameters], [par.error for par in model.parameters]
    )
    assert "V_sun" in str(result.models)


# Scans


def test_profile(fitted, at_minimum):
    model, datasets = at_minimum
    best, error = model.Gamma.value, model.Gamma.error
    model.Gamma.scan_values = best + error * np.array([-2, 0, 2])
    slices = Fit().stat_profile(datasets, model.Gamma)
    scan = slices["cosmic-ray.Gamma_scan"]
    assert_allclose(scan, model.Gamma.scan_values)
    profile = Fit().stat_profile(datasets, model.Gamma, reoptimize=True)
    rise = profile["stat_scan"] - MINIMUM
    assert_allclose(rise[1], 0, atol=0.01)
    assert_allclose(rise[[0, 2]], 4, rtol=0.25)
    assert np.all(slices["stat_scan"] >= profile["stat_scan"] - 1e-6)
    assert len(profile["fit_results"]) == 3
    # all is as before
    assert model.Gamma.value == best
    assert not model.Gamma.frozen
    assert_allclose(datasets.stat_sum(), MINIMUM, atol=0.01)


def test_confidence(fitted, at_minimum):
    model, datasets = at_minimum
    for name in ("phi", "Gamma"):
        par = model.parameters[name]
        result = Fit().confidence(datasets, par)
        assert result["success"]
        assert_allclose([result["errp"], result["errn"]], par.error, rtol=0.4)
        assert_allclose(datasets.stat_sum(), MINIMUM, atol=0.01)


def test_contour(fitted, at_minimum):
    model, datasets = at_minimum
    result = Fit().stat_contour(datasets, model.Gamma, model.phi, numpoints=6)
    assert result["success"]
    for par, name in ((model.Gamma, "cosmic-ray.Gamma"), (model.phi, "cosmic-ray.phi")):
        distance = (result[name] - par.value) / par.error
        assert distance.min() < -0.5
        assert distance.max() > 0.5
        assert np.abs(distance).max() < 3


def test_trace(fitted, at_minimum):
    _, datasets = at_minimum
    trace = Fit(store_trace=True).optimize(datasets).trace
    labels = [f"cosmic-ray.{label}" for p, label in labelled(datasets) if not p.frozen]
    assert trace.colnames == ["total_stat", *labels]
    assert_allclose(trace["total_stat"].min(), MINIMUM, atol=0.01)
    for par, name in zip(free(datasets), labels, strict=True):
        assert_allclose(np.median(trace[name]), par.value, rtol=0.3)


def labelled(datasets):
    return list(zip(datasets.parameters, datasets.parameters.labels, strict=True))


# Files


def test_script_of_the_documentation(tmp_path, fitted):
    _, datasets, _ = fitted
    folder = tmp_path / "out"
    names = {"filename": folder / "datasets.yaml", "filename_models": folder / "models.yaml"}
    # makes the folder
    datasets.write(**names, overwrite=True)
    again = Datasets.read(**names)
    assert_allclose(again.stat_sum(), datasets.stat_sum(), rtol=1e-12)
    again = crl.CosmicRayDatasets.read(**names)
    assert isinstance(again, crl.CosmicRayDatasets)
    assert_allclose(again.stat_sum(), datasets.stat_sum(), rtol=1e-12)
    for one, other in zip(again, datasets, strict=True):
        assert one.energy_range == other.energy_range
        assert one.info_dict()["n_fit"] == other.info_dict()["n_fit"]
    with pytest.raises(OSError, match="exist already; nothing was written"):
        datasets.write(**names)


@pytest.mark.parametrize("cls", [Datasets, crl.CosmicRayDatasets])
def test_covariance_comes_back(tmp_path, fitted, cls):
    _, datasets, _ = fitted
    names = {"filename": tmp_path / "d.yaml", "filename_models": tmp_path / "m.yaml"}
    datasets.write(**names)
    again = cls.read(**names)
    model = again.models[0]
    free_again = [par for par in model.parameters if not par.frozen]
    expected = datasets.models.covariance.get_subcovariance(free(datasets)).data
    for covariance in (again.models.covariance, model.covariance):
        own = covariance.get_subcovariance(free_again).data
        assert_allclose(np.sqrt(np.diag(own)), np.sqrt(np.diag(expected)), rtol=1e-6)
        assert_allclose(correlation(own), correlation(expected), atol=1e-6)


def test_unlinked_parameter_stays_apart(tmp_path):
    model, datasets = prepared()
    helium = model.components["nearby"].spectral_models["He"]
    helium.R_cut = Parameter("R_cut", 6, unit="PV")
    names = {"filename": tmp_path / "d.yaml", "filename_models": tmp_path / "m.yaml"}
    datasets.write(**names)
    again = Datasets.read(**names)
    components = again.models[0].components
    assert components["nearby"].spectral_models["He"].R_cut.quantity == 6 * u.PV
    assert components["background"].spectral_models["He"].R_cut.quantity == 4 * u.PV
    assert len(again.parameters) == len(model.parameters)
    assert_allclose(again.stat_sum(), datasets.stat_sum(), rtol=1e-12)


def test_nuisance_models_come_back(tmp_path):
    _, datasets = prepared()
    datasets["dampe_h"].energy_scale.frozen = False
    datasets["dampe_h"].norm.value = 1.03
    names = {"filename": tmp_path / "d.yaml", "filename_models": tmp_path / "m.yaml"}
    datasets.write(**names)
    for cls in (Datasets, crl.CosmicRayDatasets):
        again = cls.read(**names)
        assert again.models.names == ["cosmic-ray", "DAMPE-nuisance"]
        assert again["dampe_h"].nuisance is again["dampe_he"].nuisance
        assert not again["dampe_he"].energy_scale.frozen
        assert again["dampe_he"].norm.value == 1.03
        prior = again["dampe_h"].energy_scale.prior
        assert (prior.mu.value, prior.sigma.value) == (1, 0.1)
        assert_allclose(again.stat_sum(), datasets.stat_sum(), rtol=1e-12)


def test_nuisance_at_rest_is_still_shared_after_reading(tmp_path):
    _, datasets = prepared()
    datasets.write(tmp_path / "d.yaml", filename_models=tmp_path / "m.yaml")
    again = crl.CosmicRayDatasets.read(tmp_path / "d.yaml", filename_models=tmp_path / "m.yaml")
    assert again["dampe_h"].nuisance is again["dampe_he"].nuisance


# Other fits


def test_stock_datasets_can_be_fitted():
    model = crl.xue_liu_2025(priors=None)
    names = ["dampe_h", "cream_h"]
    datasets = Datasets(list(crl.load_datasets(names)))
    datasets.models = [model]
    for par in model.parameters:
        par.frozen = par.name not in ("Gamma", "phi")
    model.phi.frozen = True
    result = Fit().run(datasets)
    assert result.success
    own = crl.CosmicRayDatasets(list(datasets))
    model.Gamma.value = 2.7
    assert_allclose(Fit().run(own).total_stat, result.total_stat, rtol=1e-6)
    # along one parameter, a parabola through three points of a fine scan
    values = model.Gamma.value + model.Gamma.error * np.array([-1, 0, 1])
    stats = []
    for value in values:
        model.Gamma.value = value
        stats.append(own.stat_sum())
    assert_allclose(stats[0] + stats[2] - 2 * stats[1], 2, rtol=0.1)


def test_free_energy_scales():
    _, datasets = prepared()
    for name in ("dampe_h", "cream_h"):
        datasets[name].energy_scale.frozen = False
    result = Fit().run(datasets)
    assert result.success
    assert result.total_stat < MINIMUM
    for name in ("dampe_h", "cream_h"):
        assert 0.8 < datasets[name].energy_scale.value < 1.2
        assert 0 < datasets[name].energy_scale.error < 0.11
    assert datasets["dampe_he"].energy_scale.value == datasets["dampe_h"].energy_scale.value
    assert len(result.models) == 3


def test_nothing_free():
    model, datasets = prepared()
    for par in model.parameters:
        par.frozen = True
    with pytest.raises(ValueError, match="No free parameters"):
        Fit().run(datasets)


# Degeneracies


def test_default_fit_does_not_warn():
    _, datasets = prepared()
    datasets.warn_of_degeneracies()
    datasets = Analysis().prepare()
    datasets.warn_of_degeneracies()


@pytest.mark.parametrize("name", ["w", "H_G", "V_G"])
def test_strength_of_the_background_and_its_factors(name):
    model, datasets = prepared()
    model.parameters[name].frozen = False
    with pytest.warns(crl.DegenerateParametersWarning, match=rf"H\.Q_0b, {name}, He\.Q_0b"):
        datasets.warn_of_degeneracies()


def test_nearby_source():
    model, datasets = prepared()
    for name in ("M_A", "r_perp", "T_n"):
        model.parameters[name].frozen = False
    with pytest.warns(crl.DegenerateParametersWarning, match=r"H\.Q_0n, r_perp, M_A, He\.Q_0n"):
        datasets.warn_of_degeneracies()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["B", "R_cr"], "R_cr, B"),
        (["M_A"], r"Q_0n.*M_A"),
        (["r_perp"], r"Q_0n.*r_perp"),
        (["T_c", "r_c"], r"T_c, r_c"),
    ],
)
def test_known_degeneracies(names, message):
    model, datasets = prepared()
    for name in names:
        model.parameters[name].frozen = False
    with pytest.warns(crl.DegenerateParametersWarning, match=message):
        datasets.warn_of_degeneracies()


def test_species_without_data():
    _, datasets = prepared(species=("H", "He", "C"))
    for data in list(datasets):
        if isinstance(data, crl.DipoleDataset):
            datasets.remove(data)
    with pytest.warns(crl.DegenerateParametersWarning, match=r"no dataset depends on .*C\.Q_0b"):
        datasets.warn_of_degeneracies()


def test_fewer_numbers_than_parameters():
    model = crl.xue_liu_2025(priors=None)
    datasets = crl.load_datasets("jacee_h")
    datasets.models = [model]
    for par in model.parameters:
        par.frozen = par.name not in ("Gamma", "D_0")
    datasets[0].mask_fit = np.arange(7) == 1
    with pytest.warns(crl.DegenerateParametersWarning, match=r"Gamma.*D_0"):
        datasets.warn_of_degeneracies()


def test_warning_comes_once_and_before_the_fit():
    model, datasets = prepared()
    model.w.frozen = False
    with pytest.warns(crl.DegenerateParametersWarning):
        datasets.parameters.autoscale()
    datasets.parameters.autoscale()
    model.w.frozen = True
    model.V_G.frozen = False
    with pytest.warns(crl.DegenerateParametersWarning, match="V_G"):
        datasets.parameters.autoscale()


def test_prior_settles_a_degeneracy():
    model, datasets = prepared()
    model.w.frozen = False
    model.w.prior = crl.MeasurementPrior("0.03 yr-1", "0.003 yr-1")
    datasets.warn_of_degeneracies()


def test_check_leaves_the_values_alone():
    model, datasets = prepared()
    before = model.parameters.value
    datasets.warn_of_degeneracies()
    assert np.all(model.parameters.value == before)


def two_free(**changes):
    """Datasets with Gamma and delta free, of which Gamma has been changed."""
    model, datasets = crl.xue_liu_2025(priors=None), crl.load_datasets(["dampe_h", "dampe_he"])
    datasets.models = [model]
    model.freeze()
    model.Gamma.frozen = model.delta.frozen = False
    for name, value in changes.items():
        setattr(model.Gamma, name, value)
    return model.Gamma, datasets


BACKENDS = ["least-squares", "minuit"]


@pytest.mark.parametrize("prepares", [True, False])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("low", "high", "end"), [(2.8, 3.0, 2.8), (2.2, 2.4, 2.4), (2.6, 3.0, 2.6)]
)
def test_start_outside_the_limits(backend, prepares, low, high, end, caplog):
    inside = 2.7 if end == 2.6 else end
    results = []
    for start in (inside, 2.5):
        par, datasets = two_free(min=low, max=high, value=start)
        datasets.prepares_fits = prepares
        results.append(Fit(backend=backend).run(datasets))
        assert low <= par.value <= high
    assert f"Gamma = 2.5 is outside its limits {low:g} to {high:g}: the fit starts" in caplog.text
    assert results[1].total_stat == pytest.approx(results[0].total_stat, abs=0.02)


NOT_FIT = [
    (
        {"value": np.nan},
        r"Gamma = nan, with limits 1 to 5: expected a finite number, set the value",
    ),
    ({"value": np.inf}, r"Gamma = inf, with limits 1 to 5: expected a finite number"),
    ({"min": 3, "max": 2}, r"Gamma = 2\.6, with limits 3 to 2: expected a minimum below the max"),
    ({"min": 2.6, "max": 2.6}, r"with limits 2\.6 to 2\.6: .* for a free parameter, freeze it"),
    ({"prior": GaussianPrior(mu=np.nan, sigma=0.1)}, r"prior has mu nan, sigma 0\.1, .*expected"),
    ({"prior": GaussianPrior(mu=2.6, sigma=np.nan)}, r"prior has mu 2\.6, sigma nan, .*expected"),
    ({"prior": GaussianPrior(mu=2.6, sigma=0)}, r"sigma 0, .*expected .* and a positive sigma"),
    ({"prior": crl.MeasurementPrior(2.6, 0.1, weight=np.nan)}, "weight nan; expected finite"),
    ({"prior": crl.MeasurementPrior(np.nan, 0.1)}, r"prior has mu nan, sigma 0\.1, .*expected"),
]


@pytest.mark.parametrize(("changes", "message"), NOT_FIT)
def test_parameters_that_no_fit_can_start_from(changes, message):
    _, datasets = two_free(**changes)
    datasets.prepares_fits = False
    for door in (*(Fit(backend=backend).run for backend in BACKENDS), crl.JointLikelihood):
        with pytest.raises(ValueError, match=rf"model 'cosmic-ray': .*{message}"):
            door(datasets)


@pytest.mark.parametrize("door", [crl.JointLikelihood, crl.lowest_minimum, crl.random_starts])
def test_values_outside_the_limits_make_no_likelihood(door):
    par, datasets = two_free(min=2.8, value=2.5)
    message = r"Gamma = 2\.5, with limits 2\.8 to 5: expected a value inside the limits, change it"
    with pytest.raises(ValueError, match=message):
        door(datasets)
    par.frozen = True
    with pytest.raises(ValueError, match=message):
        door(datasets)
    par.value = 2.8 * (1 - 1e-12)
    assert crl.JointLikelihood(datasets).size == 1


def test_frozen_parameters_need_no_range():
    par, datasets = two_free(min=2.6, max=2.6)
    par.frozen = True
    assert Fit(backend="least-squares").run(datasets).success
