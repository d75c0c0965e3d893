"""A background of random explosions: its mean, its gradient, and models of it."""

import astropy.units as u
import numpy as np
import pytest

import crlocal_plugin as crl
from crlocal_plugin.models import unseen_sources as module
from crlocal_plugin.models.unseen_sources import realisation

ENERGY = np.geomspace(1e2, 1e5, 7) * u.GeV


def test_slab_in_two_ways():
    """Images and waves are the same sum; long ago, only the slowest wave is left."""
    height = 3.0
    for x in (0.2999, 0.3001):
        spread = x * height**2
        images = [(-1) ** m * np.exp(-(m**2) / x) for m in range(-9, 10)]
        expected = sum(images) / np.sqrt(4 * np.pi * spread)
        assert module._from_plane(spread, height) == pytest.approx(expected, rel=1e-6)
    late = module._from_plane(5 * height**2, height)
    assert late == pytest.approx(np.exp(-5 * np.pi**2 / 4) / height, rel=1e-10)


def test_many_sources_have_the_intensity_of_the_leaky_box():
    """The box implies the same mean as a slab, from which random sources differ little if many."""
    q, H, D = 1.0, module.HALO, 1.0
    spread = np.geomspace(1e-10, 50, 200001) * H**2
    density = q / D * np.trapezoid(module._from_plane(spread, H) * spread, np.log(spread))
    box = q * (H / 2) / D
    assert density == pytest.approx(box, rel=1e-3)
    ratios = [realisation(k, 0.2, 0.03).log_ratio[15] for k in range(2)]
    np.testing.assert_allclose(np.exp(ratios), 1, atol=0.3)


def test_gradient_by_moving_the_observer(monkeypatch):
    """Dipole against the change of the density a small step away."""
    place = 13
    D, height = np.exp(module._LOG_D[place]), module.HALO * module._KPC_CM
    here = realisation(4)
    step = 1e-6 * module._KPC_CM
    sources = {}

    def remember(spread, height, found=module._from_plane):
        sources.setdefault("spread", spread)
        return found(spread, height)

    monkeypatch.setattr(module, "_from_plane", remember)
    again = realisation.__wrapped__(4)
    np.testing.assert_array_equal(again.dipole, here.dipole)
    # the same draws
    rng = np.random.default_rng([2025, 4])
    radius = 5 * module.HALO
    oldest = 10 * height**2 / (np.pi**2 / 4 * 1e28) / module.YEAR_S
    oldest = min(oldest, module._MOST / (module.RATE * np.pi * radius**2))
    count = rng.poisson(module.RATE * np.pi * radius**2 * oldest)
    age = rng.uniform(0, oldest * module.YEAR_S, count)
    distance = np.sqrt(rng.uniform(0, 1, count)) * radius * module._KPC_CM
    longitude = rng.uniform(0, 2 * np.pi, count)
    seen = distance < module.LIGHT_SPEED_CM_S * age
    age, x, y = (
        values[seen] for values in (age, distance * np.cos(longitude), distance * np.sin(longitude))
    )
    np.testing.assert_allclose(sources["spread"][place], D * age)

    def density(dx, dy):
        decay = np.exp(-((x - dx) ** 2 + (y - dy) ** 2) / (4 * D * age))
        return np.sum(module._from_plane(D * age, height) / (4 * np.pi * D * age) * decay)

    mean = module.RATE / module.YEAR_S / module._KPC_CM**2 * height / (2 * D)
    total = np.exp(here.log_ratio[place]) * mean
    slopes = [
        (density(*(step * axis)) - density(*(-step * axis))) / (2 * step) for axis in np.eye(2)
    ]
    expected = 3 * D / module.LIGHT_SPEED_CM_S * np.array([*slopes, 0]) / total
    np.testing.assert_allclose(here.dipole[place], crl.GALACTIC_TO_ICRS @ expected, rtol=1e-4)


def test_a_model_with_random_sources():
    model = crl.xue_liu_2025()
    others = [c for c in model.components.values() if c.name != "background"]
    random = crl.CosmicRayModel([crl.discrete_background(model, 7), *others])
    assert set(random.parameters.labels) == set(model.parameters.labels)
    assert random.D_0 is model.D_0
    found = realisation(7)
    for species in ("H", "He"):
        ratio, vector = found.at(np.log(2.15e28) + np.log(1e3 / 10) / 3)
        intensities = [m.components["background"].spectral_models[species] for m in (random, model)]
        # far above the modulation
        pair = [spectrum(1e3 * u.GV).value for spectrum in intensities]
        assert pair[0] / pair[1] == pytest.approx(np.exp(ratio), rel=1e-2)
    extra = random.components["background"].dipole_model(1e3 * u.GeV).vector
    extra = extra - model.components["background"].dipole_model(1e3 * u.GeV).vector
    field = model.cloud.field
    np.testing.assert_allclose(extra, (vector @ field) * field, rtol=1e-4)
    again = crl.CosmicRayModel.from_dict(random.to_dict())
    np.testing.assert_array_equal(again.dipole(ENERGY).vector, random.dipole(ENERGY).vector)
    other = crl.discrete_background(random, 8).spectral_models["H"]
    assert other.realisation == 8


@pytest.mark.parametrize("settings", [(-1, 1, 1), (0.5, 1, 1), (1, 0, 1), (1, 1, np.nan)])
def test_impossible_settings(settings):
    for cls in (crl.DiscreteLeakyBoxSpectralModel, crl.DiscreteBackgroundDipoleModel):
        with pytest.raises(ValueError, match="expected a number from 0 on, and two positive"):
            cls(**dict(zip(("realisation", "halo", "rate"), settings, strict=True)))


def test_spread():
    model = crl.xue_liu_2025()
    table = crl.unseen_sources(model, [10, 1e4] * u.GV, n_realisations=16)
    width = table["dipole_84"] - table["dipole_16"]
    # rarer sources, more spread
    assert width[1] > 3 * width[0] > 0
    assert (table["intensity_16"] < table["intensity_84"]).all()


def test_models_without_a_leaky_box():
    part = crl.CosmicRayModel([crl.xue_liu_2025().components["nearby"]], name="part")
    with pytest.raises(ValueError, match="model 'part': expected a component 'background'"):
        crl.discrete_background(part)


@pytest.mark.parametrize("injection", ["burst", "decay", "escape"])
def test_many_sets_of_parameters_at_once(injection):
    """With named sources of each kind too: values one by one, derivatives as differences."""
    datasets = crl.load_datasets(["dampe_h", "dampe_he", "argo-ybj-2018"], scatter=False)
    model = crl.xue_liu_2025()
    named = [
        crl.nearby_source(name, model, injection=injection, dipole=dipole, r_perp="12 pc")
        for name, dipole in (("B1822-09", "fick"), ("Geminga", "cloud"))
    ]
    rest = [model.components[name] for name in ("galactic-center", "compton-getting")]
    datasets.models = [crl.CosmicRayModel([crl.discrete_background(model, 3), *named, *rest])]
    crl.free_parameters(datasets, ["r_par", "r_perp", "T_n"])
    if injection != "burst":
        crl.free_parameters(datasets, ["T_decay" if injection == "decay" else "T_esc"])
    likelihood = crl.JointLikelihood(datasets)
    values = likelihood.values
    sets = values * (1 + 1e-3 * np.random.default_rng(0).standard_normal((4, len(values))))
    one_by_one = [likelihood.log_likelihood(theta) for theta in sets]
    np.testing.assert_allclose(likelihood.log_likelihood(sets), one_by_one, rtol=1e-12)
    for name in ("D_0", "B1822-09.r_par", "Geminga.T_n"):
        column = likelihood.names.index(name)
        step = 1e-6 * values * (np.arange(len(values)) == column)
        ends = likelihood.residuals(values + step) - likelihood.residuals(values - step)
        expected = ends / (2 * step[column])
        found = likelihood.jacobian(values)[:, column]
        np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())
