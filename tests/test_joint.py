"""The joint likelihood, evaluated together, against gammapy's own sum over datasets."""

import copy
import pickle

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from gammapy.datasets import Datasets, FluxPointsDataset
from gammapy.estimators import FluxPoints
from gammapy.modeling import Parameter
from gammapy.modeling.models import (
    GaussianPrior,
    Models,
    PowerLawSpectralModel,
    SkyModel,
    UniformPrior,
)
from gammapy.stats.fit_statistics import GaussianPriorPenalty
from numpy.testing import assert_allclose
from scipy.stats import norm

import crlocal_plugin as crl
from crlocal_plugin.components.intensity_model import IntensitySpectralModel

NAMES = [
    "ams-02_he_2015",
    "dampe_h",
    "dampe_light",
    "jacee_h",
    "tibet-asgamma_all_particle_sibyll-hd",
    "tibet-asgamma-2017",
    "icecube-2016",
    "lhaaso-km2a-2021",
]


@pytest.fixture
def model():
    return crl.xue_liu_2025(priors="measured")


@pytest.fixture
def datasets(model):
    # all particles are more than hydrogen and helium: keep that from drowning the rest
    floors = {"tibet-asgamma_all_particle_sibyll-hd": 0.5}
    datasets = crl.load_datasets(NAMES, allow_overlap=True, floors=floors, scatter=False)
    datasets.models = [model]
    return datasets


def check(datasets):
    """Compare with gammapy's sum, and give it."""
    expected = Datasets.stat_sum(datasets)
    assert_allclose(datasets.stat_sum(), expected, rtol=1e-10)
    stock = Datasets(list(datasets))
    stock._penalties = datasets._penalties
    assert_allclose(stock.stat_sum(), expected, rtol=1e-10)
    return expected


# Every change is noticed at once


def set_value(name, value):
    def change(datasets, model):
        model.parameters[name].value = value

    return change


def mask(datasets, model):
    datasets["dampe_h"].mask_fit = np.arange(18) % 3 == 0


def mask_safe(datasets, model):
    datasets["dampe_h"].mask_safe = np.arange(18) % 3 == 0


def mask_in_place(datasets, model):
    datasets["dampe_h"].mask_fit = np.ones(18, dtype=bool)
    datasets.stat_sum()
    # a mask either shows its changes or refuses them
    try:
        datasets["dampe_h"].mask_fit[:6] = False
    except ValueError:
        datasets["dampe_h"].mask_fit = np.arange(18) > 5


def mask_all(datasets, model):
    for data in datasets:
        data.mask_fit = np.zeros(data.data_shape, dtype=bool)


def mask_all_spectra(datasets, model):
    for data in list(datasets)[:5]:
        data.mask_fit = np.zeros(data.data_shape, dtype=bool)


def energy_range(datasets, model):
    datasets["icecube-2016"].energy_range = 50 * u.TeV, None


def floor(datasets, model):
    datasets["dampe_light"].floor = 0.2
    datasets["icecube-2016"].phase_floor = 30 * u.deg


def systematics(datasets, model):
    datasets["dampe_h"].systematics = False


def likelihood(datasets, model):
    datasets["icecube-2016"].likelihood = "amplitude_phase"


def all_amplitude_phase(datasets, model):
    for data in list(datasets)[5:]:
        data.likelihood = "amplitude_phase"


def declination_factor(datasets, model):
    datasets["tibet-asgamma-2017"].apply_declination_factor = False
    datasets["icecube-2016"].apply_declination_factor = False
    datasets["lhaaso-km2a-2021"].apply_declination_factor = False


def unlink(datasets, model):
    helium = model.components["nearby"].spectral_models["He"]
    helium.R_cut = Parameter("R_cut", "20 TV")


def unlink_in_dipole(datasets, model):
    model.components["background"].dipole_model.B_ra = Parameter("B_ra", "100 deg")


def replace_parameter(datasets, model):
    model.V_sun = Parameter("V_sun", "5 km/s")


def replace_submodel(datasets, model):
    model.components["nearby"].spectral_models["H"] = crl.NearbySourceSpectralModel(
        Q_0n="9e52 GV-1"
    )


def replace_dipole(datasets, model):
    model.components["nearby"].dipole_model = crl.NearbySourceDipoleModel(V_sun="3 km/s")


def remove_dipole(datasets, model):
    model.components["compton-getting"].dipole_model = None


def add_component(datasets, model):
    spectrum = IntensitySpectralModel(
        PowerLawSpectralModel(index=2.7, amplitude="5 GeV-1 m-2 s-1", reference="10 GeV"),
        "H",
        "kinetic_energy",
    )
    model.components["bump"] = crl.CosmicRayComponent("bump", {"H": spectrum})


def add_species(datasets, model):
    component = model.components["background"]
    component.spectral_models["Fe"] = crl.LeakyBoxSpectralModel("Fe", Q_0b="9e51 GV-1")


def remove_component(datasets, model):
    del model.components["galactic-center"]


def change_unit(datasets, model):
    model.R_cut.quantity = 6 * u.EV
    model.B_ra.quantity = 1 * u.rad


def change_unit_only(datasets, model):
    model.R_cut.unit = "TV"


def local_index(datasets, model):
    model.components["compton-getting"].dipole_model.index = "local"


def wandering(datasets, model):
    model.components["nearby"].dipole_model.local_transport = "wandering"
    for spectrum in model.components["nearby"].spectral_models.values():
        spectrum.local_transport = "wandering"


def add_prior(datasets, model):
    model.D_0.prior = crl.MeasurementPrior("3e28 cm2/s", "1e28 cm2/s")
    model.parameters["He.Q_0b"].prior = crl.MeasurementPrior("1e52 GV-1", "1e51 GV-1", weight=3)


def add_gammapy_prior(datasets, model):
    model.Gamma.prior = GaussianPrior(mu=2.5, sigma=0.02)


def remove_prior(datasets, model):
    model.V_sun.prior = None


def prior_on_frozen(datasets, model):
    model.B.prior = crl.MeasurementPrior("5 uG", "1 uG")


def prior_in_other_unit(datasets, model):
    model.x.prior = crl.MeasurementPrior("0.01 kpc", "0.001 kpc")


def free_energy_scale(datasets, model):
    datasets["dampe_h"].energy_scale.frozen = False
    datasets["dampe_h"].energy_scale.value = 1.07


def free_norm(datasets, model):
    datasets["icecube-2016"].norm.value = 1.3
    datasets["jacee_h"].norm.value = 0.8


def replace_nuisance(datasets, model):
    datasets["dampe_h"].nuisance = crl.NuisanceModel(norm=1.2, energy_scale=0.9, name="other")


def replace_model(datasets, model):
    datasets.models = [crl.xue_liu_2025(variant="wandering", priors="measured")]


def remove_dataset(datasets, model):
    del datasets[0]


def replace_dataset(datasets, model):
    (new,) = crl.load_datasets("cream_h", scatter=False)
    new.models = [model]
    datasets[1] = new


def add_dataset(datasets, model):
    (new,) = crl.load_datasets("cream_h", scatter=False)
    new.models = [model]
    datasets.append(new)


CHANGES = [
    *(set_value("V_sun", 12.0), set_value("H.Q_0b", 6e52), set_value("T_c", 3.0)),
    *(mask, mask_safe, mask_in_place, mask_all_spectra, energy_range, floor, systematics),
    *(likelihood, all_amplitude_phase, declination_factor, unlink, unlink_in_dipole),
    *(replace_parameter, replace_submodel, replace_dipole, remove_dipole, add_component),
    *(add_species, remove_component, change_unit, change_unit_only, local_index, wandering),
    *(add_prior, add_gammapy_prior, remove_prior, prior_on_frozen, prior_in_other_unit),
    *(free_energy_scale, free_norm, replace_nuisance, replace_model),
    *(remove_dataset, replace_dataset, add_dataset, mask_all),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_change_is_noticed(datasets, model, change):
    before = check(datasets)
    change(datasets, model)
    assert check(datasets) != before


def test_many_changes_in_a_row(datasets, model):
    lasting = (mask, floor, likelihood, change_unit, unlink, add_component, add_prior, wandering)
    for change in (*lasting, free_energy_scale, replace_nuisance, remove_dataset, add_species):
        change(datasets, model)
        check(datasets)


def test_freezing_changes_nothing(datasets, model):
    before = datasets.stat_sum()
    model.freeze()
    assert check(datasets) == pytest.approx(before, rel=1e-12)
    model.unfreeze()
    assert check(datasets) == pytest.approx(before, rel=1e-12)


@pytest.mark.parametrize("variant", ["kinetic", "wandering", "qgsjet"])
@pytest.mark.parametrize("species", [("H", "He"), ("He", "H", "C", "Fe")])
def test_variants_and_species(datasets, variant, species):
    datasets.models = crl.xue_liu_2025(variant=variant, species=species, priors="measured")
    check(datasets)


NUCLEI = ["ams-02_h", "ams-02_fe"]
ENERGIES = ["lhaaso_all_particle_epos-lhc", "lhaaso_mean_log_mass_epos-lhc", "icecube-2016"]


@pytest.mark.parametrize("names", [NAMES, ["ams-02_fe"], NUCLEI, ENERGIES, ENERGIES[1:], NAMES[5:]])
@pytest.mark.parametrize("absent", ["Fe", "C Fe", "H Fe", "He C Fe"])
def test_species_that_are_absent_everywhere(names, absent):
    model = crl.xue_liu_2025(species=("H", "He", "C", "Fe"), priors="measured")
    datasets = crl.load_datasets(names, allow_overlap=True, scatter=False)
    datasets.models = [model]
    for species in absent.split():
        for strength in ("Q_0b", "Q_0n", "Q_0c"):
            model.parameters[f"{species}.{strength}"].value = 0
    check(datasets)
    likelihood = crl.JointLikelihood(datasets)
    assert_allclose(likelihood(np.tile(likelihood.values, (2, 1))), datasets.stat_sum(), rtol=1e-10)


def test_random_states(datasets, model):
    rng = np.random.default_rng(3)
    free = datasets.parameters.free_parameters
    start = free.value
    for _ in range(20):
        for par, value in zip(free, start, strict=True):
            par.value = value * rng.uniform(0.7, 1.4)
        check(datasets)


@pytest.mark.parametrize("names", [NAMES, ENERGIES])
def test_one_parameter_after_another(names):
    # what is kept of the evaluation before is that of the parameters before, there and back
    floors = {"tibet-asgamma_all_particle_sibyll-hd": 0.5} if names == NAMES else None
    datasets = crl.load_datasets(names, allow_overlap=True, floors=floors, scatter=False)
    datasets.models = [crl.xue_liu_2025(species=("H", "He", "Fe"), priors="measured")]
    first = datasets.stat_sum()
    for par in datasets.models.parameters:
        value = par.value
        par.value = value * 1.01 + 0.01 * (value == 0)
        moved = datasets.stat_sum()
        assert_allclose(moved, crl.CosmicRayDatasets(datasets).stat_sum(), rtol=1e-12)
        par.value = value
        assert_allclose(datasets.stat_sum(), first, rtol=1e-14)


def test_dataset_without_model():
    datasets = crl.load_datasets(["dampe_h", "dampe_he"], scatter=False)
    with pytest.raises(ValueError, match="'dampe_h' has no cosmic-ray model"):
        datasets.stat_sum()
    assert len(datasets.models) == 0
    assert crl.CosmicRayDatasets().stat_sum() == 0


def test_two_models_for_different_datasets(datasets):
    one = crl.xue_liu_2025(name="one", datasets_names=NAMES[:4], priors="measured")
    two = crl.xue_liu_2025(name="two", datasets_names=NAMES[4:], priors="measured")
    two.V_sun.value = 10
    datasets.models = [one, two]
    assert datasets.models.names == ["one", "two"]
    check(datasets)
    # a parameter that two models share counts once
    two.V_sun = one.V_sun
    expected = datasets.stat_sum_likelihood()
    for par in {*one.parameters, *two.parameters}:
        if par.prior is not None:
            expected += par.prior(par)
    assert_allclose(datasets.stat_sum(), expected, rtol=1e-14)
    labels = datasets.parameters.labels
    assert len(labels) == len(set(labels)) == len(datasets.parameters)


def test_residuals_are_the_root_of_the_statistic(datasets):
    assert_allclose(np.sum(datasets.residuals() ** 2), datasets.stat_sum(), rtol=1e-12)


# Priors and penalties


def test_priors_count_once(datasets, model):
    likelihood = datasets._stat_sum_likelihood()
    expected = sum(data.stat_sum() for data in datasets)
    assert_allclose(likelihood, expected, rtol=1e-12)
    # V_sun at 15.5 with 12.24 +- 2.05, x at 1.6 with 2.9 +- 1.5; the others are at their means
    pulls = ((15.5 - 12.24) / 2.05) ** 2 + ((1.6 - 2.9) / 1.5) ** 2
    assert_allclose(datasets.stat_sum() - likelihood, pulls, rtol=1e-9)
    # 10 % on a scale that two datasets share
    datasets["tibet-asgamma-2017"].energy_scale.value = 1.2
    assert_allclose(datasets.stat_sum() - datasets._stat_sum_likelihood(), pulls + 4, rtol=1e-9)
    assert datasets.stat_sum_likelihood() == datasets._stat_sum_likelihood()


def test_gammapy_prior_counts_as_gammapy_defines_it(datasets, model):
    before = datasets.stat_sum()
    model.Gamma.prior = UniformPrior(min=1, max=5)
    # twice the logarithm of the width
    assert_allclose(check(datasets) - before, 2 * np.log(4), rtol=1e-9)


def test_penalties_count_once(datasets, model):
    before = datasets.stat_sum()
    penalty = GaussianPriorPenalty(
        [model.Gamma], mean=np.array([2.5]), covariance=np.array([[0.01]])
    )
    models = Models([model])
    models.set_penalties([penalty])
    datasets.models = models
    assert_allclose(datasets.stat_sum() - before, penalty.stat_sum(), rtol=1e-9)
    assert penalty.stat_sum() > 0.5
    check(datasets)
    datasets.models = [model]
    assert_allclose(datasets.stat_sum(), before, rtol=1e-12)


# Models and parameters


def test_models_are_kept_and_parameters_unique(datasets, model):
    assert datasets.models is datasets.models
    assert datasets.models[0] is model
    parameters = list(datasets.parameters)
    assert len(parameters) == len(set(parameters)) == len(model.parameters)
    first = datasets.models
    free_energy_scale(datasets, model)
    assert datasets.models is not first
    assert datasets.models.names == ["cosmic-ray", "DAMPE-nuisance"]


def test_nuisance_leaves_when_it_is_back_at_rest(datasets, model):
    free_energy_scale(datasets, model)
    datasets["dampe_h"].energy_scale.value = 1
    datasets["dampe_h"].energy_scale.frozen = True
    assert datasets.models.names == ["cosmic-ray"]


def test_nuisance_model_given_explicitly(datasets, model):
    mine = crl.NuisanceModel(name="mine", datasets_names=["dampe_h", "dampe_light"])
    datasets.models = [model, mine]
    assert datasets.models.names == ["cosmic-ray", "mine"]
    assert datasets["dampe_h"].nuisance is datasets["dampe_light"].nuisance is mine
    mine.norm.value = 1.3
    check(datasets)


def test_nuisance_model_can_be_taken_away(datasets, model):
    before = datasets.stat_sum()
    mine = crl.NuisanceModel(name="mine", datasets_names=["dampe_h"])
    mine.norm.value = 2
    datasets.models = [model, mine]
    assert datasets.stat_sum() > before
    datasets.models = [model]
    assert datasets.models.names == ["cosmic-ray"]
    assert_allclose(datasets.stat_sum(), before)


def test_energy_scale_moves_spectra_and_dipoles(datasets):
    flux, dipole = datasets["tibet-asgamma_all_particle_sibyll-hd"], datasets["tibet-asgamma-2017"]
    dipole.response = False
    intensity, vector = flux.intensity_pred(), dipole.dipole_pred().vector
    flux.energy_scale.value = 1.2
    model = flux.model
    expected = 1.2 * model.intensity(flux.x * 1.2, "all_particle", axis="total_energy")
    assert_allclose(flux.intensity_pred().value, expected.value, rtol=1e-12)
    assert_allclose(dipole.dipole_pred().vector, model.dipole(dipole.x * 1.2).vector, rtol=1e-12)
    assert not np.allclose(dipole.dipole_pred().vector, vector, rtol=1e-3, atol=0)
    assert not np.allclose(flux.intensity_pred().value, intensity.value, rtol=1e-3, atol=0)
    check(datasets)


def test_table_of_parameters(datasets):
    for name in ("dampe_h", "jacee_h"):
        datasets[name].norm.frozen = False
    table = datasets.models.to_parameters_table()
    assert len(table) == len(datasets.parameters)
    assert len(set(table["name"])) == len(table)
    assert "He.Q_0b" in table["name"]
    labels = datasets.parameters.labels
    assert len(set(labels)) == len(labels)
    assert datasets.parameters["V_sun"] is datasets[0].model.V_sun


def test_covariance_survives(datasets, model):
    size = len(datasets.models.parameters)
    root = np.random.default_rng(2).normal(size=(size, size))
    matrix = root @ root.T
    datasets.models.covariance = matrix
    datasets.stat_sum()
    assert_allclose(datasets.models.covariance.data, matrix, rtol=1e-10)
    assert_allclose(model.V_sun.error**2, matrix[(datasets.parameters.index("V_sun"),) * 2])


# Copies


@pytest.mark.parametrize(
    "make",
    [copy.deepcopy, lambda d: d.copy(), lambda d: pickle.loads(pickle.dumps(d))],
    ids=["deepcopy", "copy", "pickle"],
)
def test_copies_are_independent(datasets, model, make):
    datasets["dampe_h"].floor = 0.2
    before = datasets.stat_sum()
    new = make(datasets)
    assert isinstance(new, crl.CosmicRayDatasets)
    assert new.names == datasets.names
    assert new.stat_sum() == before
    assert len(new.models) == 1
    assert new.models[0] is not model
    # still one model, and one nuisance model per experiment
    assert len({id(data.model) for data in new}) == 1
    assert new["dampe_h"].nuisance is new["dampe_light"].nuisance
    new.models[0].V_sun.value = 3
    new["dampe_h"].floor = 0.5
    new["dampe_h"].norm.value = 2
    check(new)
    assert datasets.stat_sum() == before


# Company of other datasets


@pytest.fixture
def flux_points():
    table = Table(meta={"SED_TYPE": "dnde"})
    table["e_ref"] = [1, 2, 4, 8] * u.TeV
    table["dnde"] = [1e-12, 3e-13, 7e-14, 2e-14] * u.Unit("TeV-1 s-1 cm-2")
    table["dnde_err"] = table["dnde"] * 0.1
    data = FluxPoints.from_table(table, sed_type="dnde")
    return FluxPointsDataset(data=data, name="gamma-rays")


def test_other_gammapy_datasets(datasets, flux_points):
    own = datasets.stat_sum()
    sky = SkyModel(PowerLawSpectralModel(index=2.1), name="sky", datasets_names=["gamma-rays"])
    flux_points.models = [sky]
    datasets.append(flux_points)
    assert datasets.models.names == ["cosmic-ray", "sky"]
    assert_allclose(check(datasets), own + flux_points.stat_sum(), rtol=1e-12)
    sky.spectral_model.index.value = 2.5
    check(datasets)
    assert not datasets.is_least_squares


def test_cosmic_rays_are_for_some_datasets(datasets, flux_points):
    names = list(datasets.names)
    (model,) = datasets.models
    datasets.append(flux_points)
    with pytest.raises(ValueError, match=r"'gamma-rays' is a FluxPoints.*datasets_names = "):
        datasets.models = [model]
    # gammapy's own collection asks no one
    flux_points.models = [model]
    with pytest.raises(AttributeError, match="'spatial_model'; set its datasets_names"):
        flux_points.stat_sum()
    model.datasets_names = names
    datasets.models = [model]
    assert flux_points.models is None or model not in flux_points.models


def test_parameters_of_other_datasets_are_not_called_degenerate(datasets, flux_points):
    flux_points.models = [SkyModel(PowerLawSpectralModel(index=2.1), name="sky")]
    model = datasets[0].model
    model.freeze()
    model.Gamma.frozen = False
    datasets.append(flux_points)
    datasets.warn_of_degeneracies()


# Summaries


def test_info_table(datasets):
    table = datasets.info_table()
    assert list(table["name"]) == NAMES
    assert_allclose(
        np.array(table["stat_sum"], dtype=float), [data.stat_sum() for data in datasets]
    )
    assert list(table["n_points"]) == [len(data.table) for data in datasets]
    without = crl.load_datasets(NAMES, allow_overlap=True, scatter=False).info_table()
    assert len(without) == len(NAMES)


# Sets of parameters


@pytest.mark.parametrize("likelihood", ["vector", "amplitude_phase"])
@pytest.mark.parametrize("compton_getting", ["constant", "local"])
def test_sets_of_parameters_at_once(likelihood, compton_getting):
    model = crl.xue_liu_2025(compton_getting=compton_getting, priors="measured")
    datasets = crl.load_datasets(
        ["ams-02_h_2015", "dampe_he", "icecube-2016"], likelihood=likelihood, scatter=False
    )
    datasets.models = [model]
    (fused,) = datasets.fusion()[0]
    start = fused.values()
    rng = np.random.default_rng(7)
    free = [not par.frozen for par in fused.parameters]
    sets = [
        [
            value * rng.uniform(0.9, 1.1) if f else value
            for value, f in zip(start, free, strict=True)
        ]
        for _ in range(5)
    ]
    batch = [
        np.array(column)[:, np.newaxis] if f else column[0]
        for column, f in zip(zip(*sets, strict=True), free, strict=True)
    ]
    together = fused.residuals(batch)
    assert together.shape == (5, 72 + 18 + 2 * 9)
    for row, values in zip(together, sets, strict=True):
        assert_allclose(row, fused.residuals(values), rtol=1e-10, atol=1e-10)


# Priors among the residuals


@pytest.mark.parametrize("unit", ["km s-1", "m s-1"])
def test_measured_prior_is_a_residual(datasets, model, unit):
    model.V_sun.quantity = u.Quantity(15.5, "km s-1").to(unit)
    model.V_sun.min, model.V_sun.max = np.nan, np.nan
    pulls = datasets.residuals()
    assert np.isclose(pulls @ pulls, datasets.stat_sum(), rtol=1e-12)
    assert np.isclose(np.abs(pulls - (15.5 - 12.24) / 2.05).min(), 0, atol=1e-9)


def test_priors_of_gammapy_among_the_residuals(datasets, model):
    for par in model.parameters:
        par.prior = None
    without = datasets.stat_sum()
    model.V_sun.prior = GaussianPrior(mu=12.0, sigma=2.0)
    model.x.prior = UniformPrior(min=0, max=100)
    residuals = datasets.residuals()
    # gammapy adds the logarithm of the normalisation, and the uniform prior is flat
    assert np.isclose(residuals @ residuals, without + ((15.5 - 12.0) / 2.0) ** 2, rtol=1e-12)
    expected = without - 2 * norm(12, 2).logpdf(15.5) + 2 * np.log(100)
    assert np.isclose(datasets.stat_sum(), expected, rtol=1e-12)


def test_numbers_of_numpy_are_as_good_as_floats(datasets):
    (fused,) = datasets.fusion()[0]
    values = fused.values()
    expected = fused.residuals(values)
    assert_allclose(fused.residuals([np.float64(value) for value in values]), expected, rtol=1e-12)
