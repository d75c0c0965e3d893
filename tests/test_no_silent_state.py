"""A likelihood is a value; tables and arrays of datasets cannot be out of step."""

import copy
import pickle

import astropy.units as u
import numpy as np
import pytest
from gammapy.modeling import Parameter
from gammapy.modeling.models import GaussianPrior, LogUniformPrior, PowerLawSpectralModel
from numpy.testing import assert_allclose

import crlocal_plugin as crl


@pytest.fixture
def datasets():
    datasets = crl.load_datasets(["ams-02_h_2015", "dampe_he", "icecube-2016"])
    datasets.models = [crl.xue_liu_2025()]
    return datasets


def spectrum(datasets, component="nearby", species="H"):
    return datasets[0].model.components[component].spectral_models[species]


def wandering_spectrum(datasets):
    for species in ("H", "He"):
        spectrum(datasets, species=species).local_transport = "wandering"


def wandering_dipole(datasets):
    datasets[0].model.components["nearby"].dipole_model.local_transport = "wandering"


def frozen_value(datasets):
    datasets[0].model.R_cr.value *= 2


def unlinked(datasets):
    spectrum(datasets).R_cut = Parameter("R_cut", "1 PV")


def other_component(datasets):
    del datasets[0].model.components["galactic-center"]


def other_components(datasets):
    components = datasets[0].model.components
    datasets[0].model.components = {name: components[name] for name in ("background", "nearby")}


def other_prior(datasets):
    datasets[0].model.V_sun.prior = GaussianPrior(mu=0, sigma=1)


def prior_in_place(datasets):
    datasets[0].model.V_sun.prior.mu.value = 0.0


def other_mask(datasets):
    datasets[0].mask_fit = np.arange(72) > 40


def other_floor(datasets):
    datasets[2].floor = 0.5


def other_likelihood(datasets):
    datasets[2].likelihood = "amplitude_phase"


def other_data(datasets):
    datasets.fake(1)


def other_table(datasets):
    table = datasets[0].table.copy()
    table["intensity"] *= 2
    datasets[0].table = table


def energy_scale(datasets):
    datasets[1].energy_scale.value = 1.2


CHANGES = [
    *(wandering_spectrum, wandering_dipole, frozen_value, unlinked, other_component),
    other_components,
    *(other_prior, prior_in_place, other_mask, other_floor, other_likelihood, other_data),
    *(other_table, energy_scale),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("is_asked_first", [True, False])
def test_a_likelihood_stays_what_it_was(datasets, change, is_asked_first):
    likelihood = crl.JointLikelihood(datasets)
    theta = likelihood.values * np.linspace(0.98, 1.02, 3)[:, np.newaxis]
    expected = crl.JointLikelihood(datasets)(theta)
    if is_asked_first:
        likelihood(theta[1])
    copies = [copy.copy(likelihood), copy.deepcopy(likelihood), pickle.dumps(likelihood)]
    copies[2] = pickle.loads(copies[2])
    change(datasets)
    for one in (likelihood, *copies):
        assert_allclose(one(theta), expected, rtol=1e-13)
        assert one(theta[1]) == pytest.approx(expected[1], rel=1e-13)
        assert_allclose(one.log_posterior(theta), -0.5 * expected, rtol=1e-12)
    fresh = crl.JointLikelihood(datasets)
    # and the datasets have followed
    assert fresh(fresh.values) == pytest.approx(datasets.stat_sum(), rel=1e-12)
    assert fresh(fresh.values) != pytest.approx(expected[1], rel=1e-6)
    total = sum(dataset.stat_sum() for dataset in datasets)
    assert datasets.stat_sum_likelihood() == pytest.approx(total, rel=1e-11)


def test_models_of_gammapy_are_kept_too(datasets):
    bump = crl.IntensitySpectralModel(
        PowerLawSpectralModel(index=2.7, amplitude="5 GeV-1 m-2 s-1", reference="10 GeV"),
        "H",
        "kinetic_energy",
    )
    datasets[0].model.components["bump"] = crl.CosmicRayComponent("bump", {"H": bump})
    model = datasets[0].model
    model.freeze()
    model.Gamma.frozen = False
    index = bump.spectral_model.index
    for index.frozen in (True, False):
        index.value = 2.7
        likelihood = crl.JointLikelihood(datasets)
        theta = likelihood.values * np.linspace(0.99, 1.01, 3)[:, np.newaxis]
        expected = likelihood(theta)
        index.value = 3.0
        bump.spectral_model.amplitude.value = 50
        assert_allclose(likelihood(theta), expected, rtol=1e-12)
        assert_allclose(pickle.loads(pickle.dumps(likelihood))(theta), expected, rtol=1e-12)
        bump.spectral_model.amplitude.value = 5


def test_a_prior_of_another_shape_is_kept(datasets):
    model = datasets[0].model
    model.x.prior = LogUniformPrior(min=0.1, max=100)
    likelihood = crl.JointLikelihood(datasets)
    expected = likelihood(likelihood.values)
    model.x.prior.max.value = 1e5
    model.x.prior.weight = 7
    assert likelihood(likelihood.values) == pytest.approx(expected, rel=1e-13)


def test_attribute_of_an_own_model_is_followed_and_kept():
    class Bump(crl.CosmicRaySpectralModel):
        """A power law with a height that is no parameter."""

        tag = ["Bump", "bump"]
        slope = Parameter("slope", 2.7)
        height = 1.0

        def log_intensity(self, grid, slope):
            return np.log(self.height) - slope * grid.log_rigidity

    bump = Bump("H")
    model = crl.CosmicRayModel([crl.CosmicRayComponent("bump", {"H": bump})])
    datasets = crl.load_datasets(["ams-02_h_2015"])
    datasets.models = [model]
    before, likelihood = datasets.stat_sum(), crl.JointLikelihood(datasets)
    bump.height = 1000.0
    assert datasets.stat_sum() == pytest.approx(datasets[0].stat_sum(), rel=1e-12)
    assert datasets.stat_sum() != pytest.approx(before, rel=1e-3)
    assert likelihood(likelihood.values) == pytest.approx(before, rel=1e-12)


# Tables and arrays

EDITS = {
    "value": lambda table: table["intensity"].__setitem__(0, 1.0),
    "column": lambda table: table.__setitem__("intensity", 1.0),
    "in place": lambda table: table["intensity"].__imul__(2),
    "row": lambda table: table[0].__setitem__("intensity", 1.0),
    "rows": lambda table: table.remove_rows([0]),
    "meta": lambda table: table.meta.__setitem__("quantity", "He"),
    "new meta": lambda table: setattr(table, "meta", {}),
    "name": lambda table: table.rename_column("intensity", "flux"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_table_of_a_dataset_is_read_only(datasets, edit):
    before = datasets.stat_sum()
    for dataset in (datasets[0], copy.deepcopy(datasets[0]), datasets[0].copy()):
        with pytest.raises((TypeError, ValueError), match="read-only"):
            edit(dataset.table)
    assert datasets.stat_sum() == before
    # a copy is anybody's
    edit(datasets[0].table.copy())
    edit(datasets[0].table[:5])


@pytest.mark.parametrize("number", [0, 2])
def test_arrays_of_a_dataset_are_read_only(datasets, number):
    dataset = datasets[number]
    arrays = [*dataset.data, dataset.is_ul]
    arrays += [dataset.amplitude, dataset.amplitude_ul] if number else []
    assert len(arrays) > 4
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_another_table_is_followed(datasets):
    dataset = datasets[0]
    table = dataset.table.copy()
    table["intensity"] *= 1.1
    before = datasets.stat_sum()
    dataset.table = table
    assert_allclose(dataset.intensity.value, table["intensity"])
    total = sum(d.stat_sum() for d in datasets)
    assert datasets.stat_sum_likelihood() == pytest.approx(total, rel=1e-12)
    assert datasets.stat_sum() != pytest.approx(before, rel=1e-3)
    # and what becomes of the user's table is the user's
    after = datasets.stat_sum()
    table["intensity"] *= 2
    assert datasets.stat_sum() == after


def test_a_shorter_table_keeps_the_range_and_refuses_masks(datasets):
    dataset = datasets[0]
    dataset.energy_range = (10 * u.GV, 1 * u.TV)
    table = dataset.table[10:].copy()
    dataset.table = table
    assert_allclose(dataset.mask_fit, (dataset.x >= 10 * u.GV) & (dataset.x < 1 * u.TV))
    dataset.mask_fit = np.ones(62, dtype=bool)
    before = dataset.stat_sum()
    with pytest.raises(ValueError, match="mask_fit is for 62 points, the new table has 57"):
        dataset.table = table[5:]
    assert dataset.stat_sum() == before
    dataset.mask_fit = None
    dataset.table = table[5:]
    assert len(dataset.stat_array()) == 57


def test_a_table_that_is_not_valid_changes_nothing(datasets):
    before = datasets.stat_sum()
    table = datasets[0].table.copy()
    table["intensity"][3] = -1
    with pytest.raises(crl.TableError, match="row 3, column 'intensity'"):
        datasets[0].table = table
    table = datasets[1].table.copy()
    for side in ("errn", "errp"):
        table[f"intensity_stat_{side}"][2] = 0
    datasets[1].systematics = False
    without = datasets.stat_sum()
    with pytest.raises(ValueError, match="row 2: no error is left"):
        datasets[1].table = table
    assert datasets.stat_sum() == without
    datasets[1].systematics = True
    assert datasets.stat_sum() == before
