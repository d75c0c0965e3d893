"""Offsets of the modulation potential for data of other periods."""

import astropy.units as u
import numpy as np
import pytest
from agreement import assert_evaluations_agree
from gammapy.modeling import Fit

import crlocal_plugin as crl

NAMES = ["ams-02_h_2015", "dampe_h", "tibet-asgamma-2017"]


def prepare(names=NAMES, **kwargs):
    datasets = crl.load_datasets(names)
    datasets.models = [crl.xue_liu_2025(species="H", **kwargs)]
    return datasets


@pytest.mark.parametrize("offset", [-0.4, 0.2, 1.3])
def test_an_offset_of_all_is_another_potential(offset):
    one, other = prepare(), prepare()
    for dataset in one:
        dataset.phi_offset.value = offset
    other.models[0].phi.value += offset
    constant = sum(d.phi_offset.prior(d.phi_offset) for d in one)
    assert one.stat_sum_likelihood() == pytest.approx(other.stat_sum_likelihood(), rel=1e-12)
    assert constant > 0
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine.prediction(), theirs.prediction(), rtol=1e-12)


def test_it_moves_its_experiment_alone():
    datasets = prepare()
    before = [dataset.stat_sum_likelihood() for dataset in datasets]
    datasets["ams-02_h_2015"].phi_offset.value = 0.1
    after = [dataset.stat_sum_likelihood() for dataset in datasets]
    assert after[0] > before[0] + 10
    assert after[1:] == before[1:]


def test_every_way_to_evaluate_it_agrees():
    datasets = prepare()
    crl.free_parameters(datasets, ["AMS-02.phi_offset", "DAMPE.phi_offset"])
    likelihood = crl.JointLikelihood(datasets)
    places = [k for k, name in enumerate(likelihood.names) if name.endswith("phi_offset")]
    sets = np.tile(likelihood.values, (5, 1))
    # -2 GV with the potential of the model is less than none
    sets[:, places] = [[0, 0], [0.3, -0.2], [-0.5, 0.1], [0.05, 0.8], [-2, -2]]
    batch = assert_evaluations_agree(datasets, likelihood, sets, rel=1e-12)
    assert batch[0] < batch[1]


def test_sums_and_means_have_it():
    names = ["lhaaso_all_particle_sibyll-2p3d", "lhaaso_mean_log_mass_sibyll-2p3d"]
    datasets = crl.load_datasets(names)
    datasets.models = [crl.xue_liu_2025_composition()]
    for dataset in datasets:
        dataset.phi_offset.value = 2
    alone = [dataset.stat_sum_likelihood() for dataset in datasets]
    assert datasets.stat_sum_likelihood() == pytest.approx(sum(alone), rel=1e-10)


def test_two_periods_fit_together_as_well_as_apart():
    truth, earlier = prepare(["ams-02_h_2015"]), prepare(["ams-02_h_2015"])
    earlier.models[0].phi.value = 0.5
    truth.fake(1)
    earlier.fake(2)
    names = ("Q_0b", "Gamma", "phi")

    def fitted(*datasets):
        datasets = crl.CosmicRayDatasets([each.copy(name) for name, each in datasets])
        model = crl.xue_liu_2025(species="H", priors=None)
        datasets.models = [model]
        for par in model.parameters:
            par.frozen = par.name not in names
        return datasets

    def total(datasets):
        assert Fit(backend="least-squares").run(datasets).success
        return datasets.stat_sum_likelihood()

    apart = total(fitted(("one", truth[0]))) + total(fitted(("two", earlier[0])))
    together = fitted(("one", truth[0]), ("two", earlier[0]))
    one_potential = total(together)
    together["two"].nuisance = crl.NuisanceModel(name="earlier")
    together["two"].phi_offset.frozen = False
    together["two"].phi_offset.prior = None
    with_offset = total(together)
    # strength and index are those of both: two numbers more
    assert with_offset < apart + 12
    assert one_potential > apart + 1000
    offset, error = together["two"].phi_offset.value, together["two"].phi_offset.error
    assert offset == pytest.approx(0.5 - 0.97, abs=4 * error)
    assert error < 0.05


def test_it_comes_back_from_files(tmp_path):
    datasets = prepare()
    crl.free_parameters(datasets, ["AMS-02.phi_offset"])
    datasets["ams-02_h_2015"].phi_offset.value = -0.2
    total = datasets.stat_sum()
    files = {"filename_models": tmp_path / "models.yaml"}
    datasets.write(tmp_path / "datasets.yaml", **files)
    again = crl.CosmicRayDatasets.read(tmp_path / "datasets.yaml", **files)
    assert again.stat_sum() == pytest.approx(total, rel=1e-12)
    assert not again["ams-02_h_2015"].phi_offset.frozen


def test_units():
    datasets = prepare()
    datasets["ams-02_h_2015"].phi_offset.quantity = 300 * u.MV
    in_mv = datasets.stat_sum_likelihood()
    datasets["ams-02_h_2015"].phi_offset.quantity = 0.3 * u.GV
    assert in_mv == pytest.approx(datasets.stat_sum_likelihood(), rel=1e-12)
