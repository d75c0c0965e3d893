"""All-particle intensity, shares and moments of ln A against sums over the species."""

import copy

import astropy.units as u
import numpy as np
import pytest
from gammapy.modeling.models import PowerLawSpectralModel
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import crlocal_plugin as crl
from crlocal_plugin.physics.composition import log_mass_mean, log_mass_variance, log_total, shares
from crlocal_plugin.physics.intensity import ABSENT
from crlocal_plugin.studies.bands import composition_band

NUCLEI = ("H", "He", "C", "O", "Fe")
MASSES = {"H": 1, "He": 4, "C": 12, "O": 16, "Fe": 56}
ENERGY = np.geomspace(1e2, 1e9, 8) * u.GeV
"""Above the rest energies of all nuclei."""


@pytest.fixture(scope="module")
def model():
    return crl.xue_liu_2025(species=NUCLEI)


def power_laws(*strengths, index=2.7):
    """Model of power laws in total energy with intensities 1e4, ... times these numbers."""
    components = [
        crl.CosmicRayComponent(
            f"part-{number}",
            {
                name: crl.IntensitySpectralModel(
                    PowerLawSpectralModel(
                        index=index,
                        amplitude=1e4 * strength * u.Unit("GeV-1 m-2 s-1"),
                        reference="1 GeV",
                    ),
                    axis="total_energy",
                    species=name,
                )
                for name, strength in spectra.items()
            },
        )
        for number, spectra in enumerate(strengths)
    ]
    return crl.CosmicRayModel(components, link=False)


def direct(model, energy, component=None):
    """Intensities of the species and ln A, one after another."""
    kwargs = {"component": component, "axis": "total_energy"}
    intensities = [model.intensity(energy, name, **kwargs).value for name in NUCLEI]
    return np.array(intensities), np.log([MASSES[name] for name in NUCLEI])[:, np.newaxis]


# Numbers


@pytest.mark.parametrize("component", [None, "background", "nearby", "galactic-center"])
def test_sums_over_species(model, component):
    intensities, log_masses = direct(model, ENERGY, component)
    rows = intensities.sum(axis=0) > 1e-290
    total = intensities[:, rows].sum(axis=0)
    mean = (intensities[:, rows] * log_masses).sum(axis=0) / total
    square = (intensities[:, rows] * log_masses**2).sum(axis=0) / total
    assert rows.sum() >= 6

    energy = ENERGY[rows]
    found = model.all_particle(energy, component)
    assert found.unit == "GeV-1 m-2 s-1 sr-1"
    assert_allclose(found.value, total, rtol=1e-11)
    assert_allclose(model.mean_log_mass(energy, component), mean, rtol=1e-11)
    assert_allclose(
        model.variance_log_mass(energy, component), square - mean**2, rtol=1e-9, atol=1e-12
    )
    for name, intensity in zip(NUCLEI, intensities[:, rows], strict=True):
        found = model.fraction(energy, name, component)
        assert_allclose(found, intensity / total, rtol=1e-11)
    light = intensities[:2, rows].sum(axis=0) / total
    assert_allclose(model.fraction(energy, "light", component), light, rtol=1e-11)
    assert_allclose(model.fraction(energy, "all_particle", component), 1, rtol=1e-14)


def test_two_species_in_closed_form():
    # intensities 1 : 3 of H and Fe at every energy
    model = power_laws({"H": 1.0, "Fe": 3.0})
    energy = [1e3, 1e6] * u.GeV
    assert_allclose(model.fraction(energy, "Fe"), 0.75, rtol=1e-12)
    assert_allclose(model.mean_log_mass(energy), 0.75 * np.log(56), rtol=1e-12)
    expected = 0.75 * 0.25 * np.log(56) ** 2
    assert_allclose(model.variance_log_mass(energy), expected, rtol=1e-12)


def test_components_add_up():
    model = power_laws({"H": 2.0, "He": 1.0}, {"He": 1.0})
    energy = 1e4 * u.GeV
    assert model.fraction(energy, "He") == pytest.approx(0.5, rel=1e-12)
    assert model.fraction(energy, "He", "part-0") == pytest.approx(1 / 3, rel=1e-12)
    # a species that a component lacks has no share in it
    assert model.fraction(energy, "H", "part-1") == 0
    assert model.fraction(energy, "He", "part-1") == 1
    assert model.mean_log_mass(energy, "part-1") == pytest.approx(np.log(4), rel=1e-15)
    assert model.variance_log_mass(energy, "part-1") == 0


def test_heavier_nuclei_than_the_energy_do_not_contribute(model):
    energy = 10 * u.GeV  # between the rest energies of helium and carbon
    light = crl.xue_liu_2025()
    assert model.fraction(energy, "light") == pytest.approx(1, rel=1e-15)
    assert model.fraction(energy, "Fe") == 0
    assert_allclose(model.all_particle(energy), light.all_particle(energy), rtol=1e-12)
    assert_allclose(model.mean_log_mass(energy), light.mean_log_mass(energy), rtol=1e-12)
    assert model.mean_log_mass(2 * u.GeV) == 0


def test_sums_at_low_energies_are_those_of_the_lighter_nuclei(model):
    energy = [2, 10, 30, 100] * u.GeV
    total = model.intensity(energy, "all_particle", axis="total_energy")
    assert_allclose(total, model.all_particle(energy), rtol=1e-12)
    light = model.intensity(energy, "light", axis="total_energy")
    assert light[0] == model.intensity(energy[0], "H", axis="total_energy")
    with pytest.raises(ValueError, match="above the rest energy of H"):
        model.intensity(0.9 * u.GeV, "all_particle", axis="total_energy")
    # one nucleus alone has no intensity there
    with pytest.raises(ValueError, match="of Fe must not be below its rest energy"):
        model.intensity(energy, "Fe", axis="total_energy")


def test_intensities_that_underflow():
    # far below its rigidities, the component has no particle that a float could hold
    model = crl.xue_liu_2025(species=NUCLEI)
    energy = 60 * u.GeV
    for name in NUCLEI:
        strength = model.components["galactic-center"].spectral_models[name].Q_0c
        strength.value = 1e-160 * (1e-160 * strength.value)
    assert model.all_particle(energy, "galactic-center").value == 0
    before = crl.xue_liu_2025(species=NUCLEI)
    for name in NUCLEI:
        found = model.fraction(energy, name, "galactic-center")
        assert found == pytest.approx(before.fraction(energy, name, "galactic-center"), rel=1e-9)
    assert model.mean_log_mass(energy, "galactic-center") == pytest.approx(
        before.mean_log_mass(energy, "galactic-center"), rel=1e-9
    )


def test_groups_are_sums_of_their_elements(model):
    for name, members in {"CNO": ("C", "O"), "Fe-group": ("Fe",)}.items():
        parts = [model.fraction(ENERGY, member) for member in members]
        assert_allclose(model.fraction(ENERGY, name), sum(parts), rtol=1e-13)


def test_shapes_and_units(model):
    energy = [[0.1, 1.0], [10.0, 100.0]] * u.PeV
    for found in (model.mean_log_mass(energy), model.fraction(energy, "He")):
        assert found.shape == (2, 2)
        assert isinstance(found, np.ndarray)
    assert model.all_particle(energy).shape == (2, 2)
    assert np.ndim(model.mean_log_mass(1 * u.PeV)) == 0
    assert model.mean_log_mass([] * u.GeV).shape == (0,)
    assert model.mean_log_mass(1e6 * u.GeV) == model.mean_log_mass(1 * u.PeV)


# Identities


def intensities(minimum):
    value = st.one_of(st.just(0.0), st.floats(minimum, 1e5))
    return st.lists(value, min_size=4, max_size=4).filter(lambda values: max(values) > 0)


@given(values=intensities(1e-5), mass_scale=st.floats(1.0, 1e3), scale=st.floats(1e-3, 1e3))
def test_identities(values, mass_scale, scale):
    logs = np.where(np.array(values) > 0, np.log(np.maximum(values, 1e-300)), ABSENT)[:, np.newaxis]
    log_masses = np.log([1, 4, 14, 56])
    parts = shares(logs)
    assert_allclose(parts.sum(axis=0), 1, rtol=1e-14)
    assert_allclose(np.exp(log_total(logs)), sum(values), rtol=1e-12)
    mean, variance = log_mass_mean(parts, log_masses), log_mass_variance(parts, log_masses)
    assert -1e-14 <= mean <= np.log(56) * (1 + 1e-14)
    # of what lies in an interval, the variance is a quarter of its square at most
    assert 0 <= variance <= np.log(56) ** 2 / 4 * (1 + 1e-12)
    # neither depends on how many particles there are; masses that all grow shift the mean alone
    assert_allclose(shares(logs + np.log(scale)), parts, rtol=1e-9)
    heavier = log_masses + np.log(mass_scale)
    assert_allclose(log_mass_mean(parts, heavier), mean + np.log(mass_scale), rtol=1e-12)
    assert_allclose(log_mass_variance(parts, heavier), variance, rtol=1e-9, atol=1e-12)
    if np.count_nonzero(values) == 1:
        assert variance <= 1e-28


def test_nothing_is_nan_and_no_warning():
    logs = np.array([[0.0, ABSENT, 2 * ABSENT], [ABSENT, ABSENT, ABSENT]])
    assert_array_equal(shares(logs), [[1, np.nan, np.nan], [0, np.nan, np.nan]])
    assert_array_equal(np.exp(log_total(logs)), [1, 0, 0])


def test_log_mass():
    assert crl.SPECIES["Fe"].log_A == pytest.approx(4.02535169073515, rel=1e-14)
    assert crl.SPECIES["H"].log_A == 0


# Sets of parameters, other models


def test_batches_are_one_by_one(model):
    model = copy.deepcopy(model)
    evaluator = model.evaluator
    values = evaluator.values()
    labels = ("D_0", "Fe.Q_0b", "R_cutc")
    places = [evaluator.parameters.index(model.parameters[label]) for label in labels]
    factors = np.array([[1.0, 1.1, 0.7], [0.8, 1.0, 1.3], [1.2, 0.5, 1.0], [1.0, 3.0, 0.6]])
    batch = list(values)
    for place, column in zip(places, factors.T, strict=True):
        batch[place] = values[place] * column[:, np.newaxis]
    cases = {
        "all_particle": (),
        "mean_log_mass": (),
        "variance_log_mass": (),
        "fraction": ("light",),
    }
    for component in (None, "galactic-center"):
        for name, extra in cases.items():
            found = getattr(model, name)(ENERGY, *extra, component=component, values=batch)
            assert found.shape[-1:] == ENERGY.shape
            for row, factor in enumerate(factors):
                with model.parameters.restore_status():
                    for label, number in zip(labels, factor, strict=True):
                        model.parameters[label].value *= number
                    expected = getattr(model, name)(ENERGY, *extra, component=component)
                single = found[row] if found.ndim == 2 else found
                assert_allclose(u.Quantity(single), u.Quantity(expected), rtol=1e-10)
    # one more axis than the energies, whatever their shape
    energy = ENERGY.reshape(2, 4)
    assert model.mean_log_mass(energy, values=batch).shape == (4, 2, 4)


def test_component_without_particles():
    model = crl.xue_liu_2025()
    for spectrum in model.components["nearby"].spectral_models.values():
        spectrum.Q_0n.value = 0
    assert model.all_particle(ENERGY, "nearby").value.max() == 0
    with pytest.raises(ValueError, match="component 'nearby' has no particles at 100 GeV"):
        model.mean_log_mass(ENERGY, "nearby")


def test_model_without_spectra():
    dipole = crl.CosmicRayComponent("motion", dipole_model=crl.ComptonGettingDipoleModel())
    with pytest.raises(ValueError, match="the model has no spectra"):
        crl.CosmicRayModel([dipole]).mean_log_mass(ENERGY)


# Bands


def test_band_of_a_fraction_in_closed_form():
    # the share of a power law in two: F / (1 + F) with F moved by its amplitude alone
    model = power_laws({"H": 1.0, "Fe": 1.0})
    model.freeze()
    amplitude = next(
        p
        for p in model.components["part-0"].spectral_models["Fe"].parameters
        if p.name == "amplitude"
    )
    amplitude.frozen = False
    covariance = np.array([[(0.1 * amplitude.value) ** 2]])
    options = {"covariance": covariance, "method": "linear", "levels": 0.6827}
    energy = [1e3, 1e5] * u.GeV
    sigma = 0.1 * 0.5 * 0.5
    band = composition_band(model, energy, "fraction", "Fe", **options)
    for end, sign in zip(band.interval(), (-1, 1), strict=True):
        assert_allclose(end, 0.5 + sign * sigma, rtol=1e-4)
    assert_allclose(band.median, 0.5, rtol=1e-12)
    band = composition_band(model, energy, **options)
    half = (band.upper - band.lower) / 2
    assert_allclose(half, np.log(56) * sigma, rtol=1e-3)
    # at equal shares the variance does not move
    band = composition_band(model, energy, "variance_log_mass", **options)
    assert_allclose(band.upper - band.lower, 0, atol=1e-3)
    band = composition_band(model, energy, "all_particle", **options)
    assert_allclose(band.upper / band.best, 1.05, rtol=1e-4)
    assert band.best.unit == "GeV-1 m-2 s-1 sr-1"
    assert_array_equal(band.x, energy)


def test_band_of_samples_is_that_of_propagate():
    model = crl.xue_liu_2025(species=("H", "He", "Fe"))
    model.freeze()
    label = "Fe.Q_0b"
    value = model.parameters[label].value
    samples = ((label,), value * np.linspace(0.8, 1.2, 21)[:, np.newaxis])
    energy = [1e3, 1e5] * u.GeV
    for name in ("mean_log_mass", "variance_log_mass"):
        found = composition_band(model, energy, name, samples=samples)
        expected = crl.propagate(
            model, lambda m, name=name: getattr(m, name)(energy), samples=samples
        )
        assert_allclose(found.lower, expected.lower.value, rtol=1e-10)
        assert_allclose(found.upper, expected.upper.value, rtol=1e-10)


# Mistakes

MISTAKES = {
    "has no species 'Zn'": lambda m: m.fraction(ENERGY, "Zn"),
    "unknown component 'halo': expected one of background": lambda m: m.mean_log_mass(
        ENERGY, "halo"
    ),
    "'compton-getting' has no spectra": lambda m: m.all_particle(ENERGY, "compton-getting"),
    "above the rest energy of H, 0.938272 GeV, got 0.5 GeV": lambda m: m.mean_log_mass(
        [0.5, 1e3] * u.GeV
    ),
    "finite": lambda m: m.all_particle(np.inf * u.GeV),
    "got nan GeV": lambda m: m.fraction(np.nan * u.GeV, "H"),
    "takes values in GeV, got GV": lambda m: m.mean_log_mass(1 * u.GV),
    "takes values in GeV, got no unit": lambda m: m.variance_log_mass(1e3),
    "quantity: expected one of mean_log_mass": lambda m: composition_band(m, ENERGY, "lnA"),
    "species: expected the one": lambda m: composition_band(m, ENERGY, "fraction"),
    "species: only a fraction": lambda m: composition_band(m, ENERGY, species="H"),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes(model, message):
    with pytest.raises(ValueError, match=message):
        MISTAKES[message](model)
