"""What follows from the parameters: motion of the cloud, and the goodness of a fit."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from gammapy.modeling import Fit
from scipy.stats import chi2, kstest

import crlocal_plugin as crl


def of_astropy(model):
    """Angle and speed from astropy's own coordinates."""
    flow = SkyCoord(model.u_HC_ra.quantity, model.u_HC_dec.quantity).cartesian
    sun = [getattr(model, name).quantity.to_value("km/s") for name in ("U_sun", "V_sun", "W_sun")]
    sun = SkyCoord(*sun, frame="galactic", representation_type="cartesian").icrs.cartesian
    velocity = flow.xyz.value * model.u_HC.quantity.to_value("km/s") + sun.xyz.value
    field = SkyCoord(model.B_ra.quantity, model.B_dec.quantity).cartesian.xyz.value
    speed = np.linalg.norm(velocity)
    return np.rad2deg(np.arccos(velocity @ field / speed)), speed


@pytest.mark.parametrize("v_sun", [None, 5.0, 22.0])
def test_cloud_is_that_of_astropy(v_sun):
    model = crl.xue_liu_2025(priors="measured")
    if v_sun is not None:
        model.V_sun.value = v_sun
    theta, speed = of_astropy(model)
    assert model.cloud.theta.to_value("deg") == pytest.approx(theta, abs=1e-5)
    assert model.cloud.speed.to_value("km/s") == pytest.approx(speed, rel=1e-7)
    assert np.linalg.norm(model.cloud.velocity.value) == pytest.approx(speed, rel=1e-7)


def test_cloud_of_the_paper():
    """Table I, where the velocity is nearly perpendicular to the field."""
    cloud = crl.xue_liu_2025(priors="measured").cloud
    assert cloud.speed.value == pytest.approx(19.3, abs=0.05)
    assert cloud.theta.value == pytest.approx(84.4, abs=0.05)


def test_models_without_a_cloud():
    full = crl.xue_liu_2025(priors="measured")
    names = [name for name in full.components if name != "nearby"]
    model = crl.CosmicRayModel([full.components[name] for name in names], name="none")
    assert model.cloud is None
    with pytest.raises(ValueError, match="model 'none' has no cloud"):
        crl.cloud_band(model)


@pytest.fixture(scope="module")
def fitted():
    datasets = crl.load_datasets(["dampe_h", "argo-ybj-2018", "tibet-asgamma-2017"], scatter=False)
    model = crl.xue_liu_2025(species="H", priors="measured")
    datasets.models = [model]
    for par in model.parameters:
        par.frozen = par.name not in ("Q_0b", "Gamma", "V_sun", "u_HC", "delta_b")
    result = Fit(backend="least-squares").run(datasets)
    return datasets, result


def test_errors_of_the_cloud_are_those_of_bands_and_samples(fitted):
    datasets, result = fitted
    summary = crl.fit_summary(datasets, result)
    model = datasets.models[0]
    linear = crl.cloud_band(model, method="linear")
    drawn = crl.cloud_band(model, n_samples=20_000)
    for row, name in zip(summary.derived, ("theta", "speed"), strict=True):
        assert row["label"] == name
        assert row["value"] == pytest.approx(getattr(model.cloud, name).value)
        low, high = linear[name].interval(0.6827)
        assert (high - low).value / 2 == pytest.approx(row["error"], rel=1e-3)
        low, high = drawn[name].interval(0.6827)
        assert (high - low).value / 2 == pytest.approx(row["error"], rel=0.05)
    assert "angle between u_LSR and the field" in str(summary)


def test_goodness_of_fit_counts_priors_of_free_parameters(fitted):
    datasets, result = fitted
    summary = crl.fit_summary(datasets, result)
    model = datasets.models[0]
    measured = [par for par in model.parameters if not par.frozen and par.prior is not None]
    assert {par.name for par in measured} == {"V_sun", "u_HC"}
    stat = summary.likelihood + sum(par.prior(par) for par in measured)
    degrees = summary.n_data + 2 - summary.n_free
    assert summary.p_value == pytest.approx(chi2.sf(stat, degrees))
    assert f"p-value {summary.p_value:.2g}; worst: argo-ybj-2018 (" in str(summary)


def test_goodness_of_fit_of_toys_is_uniform(fitted):
    datasets = fitted[0].copy()
    model = fitted[0].models[0].copy()
    for par in model.parameters:
        par.prior = None
    found = []
    for seed in range(60):
        toy = crl.CosmicRayDatasets([dataset.copy(dataset.name) for dataset in datasets])
        toy.models = [model.copy("toy")]
        toy.fake(seed)
        crl.lowest_minimum(toy, 0)
        found.append(crl.fit_summary(toy).p_value)
    assert kstest(found, "uniform").pvalue > 0.01
    assert "worst" not in str(crl.fit_summary(toy)) or min(found) < 0.05


def test_no_velocity_has_no_angle():
    model = crl.xue_liu_2025(priors="measured")
    for name in ("u_HC", "U_sun", "V_sun", "W_sun"):
        getattr(model, name).min = -1
        getattr(model, name).quantity = 0 * u.km / u.s
    with np.errstate(invalid="ignore"):
        assert np.isnan(model.cloud.theta.value)
