"""Kinds of data and subclasses that a user writes count, in every likelihood."""

import copy
import pickle

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from gammapy.datasets import Datasets
from gammapy.modeling import Fit
from numpy.testing import assert_allclose, assert_array_equal

import crlocal_plugin as crl
from crlocal_plugin.datasets.points import Dipoles, Intensities, Means

RIGIDITIES = np.geomspace(20, 2000, 12)


class Ratio(crl.ScalarDataset):
    """He/H against rigidity, by the protocol of the package."""

    tag = "Ratio"
    kind = "ratio"
    column = "ratio"

    def _prepare(self):
        self._y = np.asarray(self.table["ratio"], dtype=float)
        self._errn = self._errp = np.hypot(self.table["error"], self.floor * self._y)
        self._is_ul = np.zeros(len(self._y), dtype=bool)

    def points(self):
        return [Intensities(self.x.value, species, self.axis) for species in ("He", "H")]

    def predict(self, helium, hydrogen):
        return helium / hydrogen


class PlainRatio(Ratio):
    """The same at its own speed, by an override of the prediction."""

    tag = "PlainRatio"

    def _predicted(self):
        model = self.require_model()
        scale = self.scales()[1]
        helium, hydrogen = (model.intensity(self.x * scale, name) for name in ("He", "H"))
        return (helium / hydrogen).value


class Minimal(crl.CosmicRayDataset):
    """A kind that knows nothing but its residuals."""

    tag = "Minimal"

    def _prepare(self):
        self._values = np.asarray(self.table["ratio"], dtype=float)

    data = property(lambda self: self._values)
    x = property(lambda self: u.Quantity(self.table["rigidity"], "GV"))

    def signed_residuals(self):
        model = self.require_model()
        helium, hydrogen = (model.intensity(self.x, name) for name in ("He", "H"))
        return (((helium / hydrogen).value - self._values) / self.table["error"])[:, np.newaxis]

    def _simulated(self, rng):
        true = self._values + self.signed_residuals()[:, 0] * self.table["error"]
        return {"ratio": true - self.table["error"] * rng.standard_normal(len(true))}, {}, {}


class Twice(crl.CosmicRayFluxDataset):
    """A spectrum that predicts twice the intensity."""

    tag = "Twice"

    def intensity_pred(self):
        return 2 * super().intensity_pred()


def ratio_table():
    table = Table({"rigidity": RIGIDITIES, "ratio": 0.1 + 0.02 * np.log10(RIGIDITIES)})
    table["error"] = 0.01 * table["ratio"]
    table.meta = {"name": "ratio", "axis": "rigidity", "experiment": "TOY", "quantity": "ratio"}
    return table


KINDS = [Ratio, PlainRatio, Minimal]


@pytest.fixture
def model():
    return crl.xue_liu_2025()


def joint(cls, model, **kwargs):
    spectra = crl.load_datasets(["ams-02_h_2015", "icecube-2016"], scatter=False)
    datasets = crl.CosmicRayDatasets([*spectra, cls(ratio_table(), **kwargs)])
    datasets.models = [model]
    return datasets


def sets(likelihood, n=4):
    rng = np.random.default_rng(3)
    return likelihood.values * rng.uniform(0.97, 1.03, (n, likelihood.size))


def one_by_one(datasets, likelihood, theta):
    before, results = likelihood.values, []
    for row in theta:
        likelihood.assign(row)
        results.append(datasets.stat_sum())
    likelihood.assign(before)
    return results


@pytest.mark.parametrize("cls", KINDS)
def test_own_kind_counts(model, cls):
    datasets = joint(cls, model)
    helium, hydrogen = (model.intensity(RIGIDITIES * u.GV, name).value for name in ("He", "H"))
    table = ratio_table()
    expected = np.sum(((helium / hydrogen - table["ratio"]) / table["error"]) ** 2)
    assert datasets["ratio"].stat_sum() == pytest.approx(expected, rel=1e-12)
    alone = crl.CosmicRayDatasets(list(datasets)[:2])
    assert datasets.stat_sum() == pytest.approx(alone.stat_sum() + expected, rel=1e-12)
    assert datasets.stat_sum() == pytest.approx(Datasets(list(datasets)).stat_sum(), rel=1e-12)
    residuals = datasets.residuals()
    assert residuals @ residuals == pytest.approx(datasets.stat_sum(), rel=1e-12)
    assert datasets.is_least_squares


def test_protocol_joins_the_fast_evaluation_and_overrides_do_not(model):
    assert {cls: cls(ratio_table()).is_joined for cls in KINDS} == {
        Ratio: True,
        PlainRatio: False,
        Minimal: False,
    }
    assert all(dataset.is_joined for dataset in crl.load_datasets("composition"))


@pytest.mark.parametrize("cls", KINDS)
def test_own_kind_in_a_joint_likelihood(model, cls):
    datasets = joint(cls, model)
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood)
    expected = one_by_one(datasets, likelihood, theta)
    for same in (likelihood, copy.deepcopy(likelihood), pickle.loads(pickle.dumps(likelihood))):
        assert_allclose(same(theta), expected, rtol=1e-11)
        assert_allclose(same(theta[1]), expected[1], rtol=1e-11)
    squares = np.sum(likelihood.residuals(theta) ** 2, axis=1)
    assert_allclose(np.diff(squares), np.diff(expected), rtol=1e-9)
    assert likelihood(likelihood.values) == pytest.approx(datasets.stat_sum(), rel=1e-12)


@pytest.mark.parametrize("cls", KINDS)
def test_masks_nuisances_and_files(model, cls, tmp_path):
    datasets = joint(cls, model)
    ratio = datasets["ratio"]
    ratio.energy_range = (50 * u.GV, None)
    mask = RIGIDITIES >= 50
    before = ratio.stat_array()[mask].sum()
    assert ratio.stat_sum() == pytest.approx(before, rel=1e-12)
    alone = crl.CosmicRayDatasets(list(datasets)[:2]).stat_sum_likelihood()
    assert datasets.stat_sum_likelihood() == pytest.approx(alone + before, rel=1e-12)
    if cls is not Minimal:
        ratio.energy_scale.value = 1.1
        assert ratio.stat_sum() != pytest.approx(before, rel=1e-3)
        assert datasets.stat_sum_likelihood() == pytest.approx(alone + ratio.stat_sum(), rel=1e-12)
    ratio.write(tmp_path / "ratio.ecsv")
    again = cls.read(tmp_path / "ratio.ecsv")
    assert_array_equal(again.mask_fit, mask)
    assert_array_equal(again.table["ratio"], ratio.table["ratio"])


@pytest.mark.parametrize("cls", KINDS)
def test_fit_and_simulated_data(model, cls):
    datasets = joint(cls, model)
    model.freeze()
    free = model.parameters["He.Q_0b"]
    free.frozen = False
    truth = free.value
    likelihood = crl.JointLikelihood(datasets)
    fakes = [likelihood.fake(likelihood.values, seed) for seed in range(20)]
    stats = [fake(fake.values) for fake in fakes]
    assert np.mean(stats) == pytest.approx(len(datasets.residuals()), rel=0.1)
    datasets.fake(5)
    for backend in ("least-squares", "minuit"):
        free.value = 0.8 * truth
        result = Fit(backend=backend).run(datasets)
        assert result.success
        assert 0 < free.error < 0.02 * truth
        assert abs(free.value - truth) < 4 * free.error


def test_override_of_a_prediction_is_what_counts(model):
    table = crl.read_catalog_table("ams-02_h_2015")
    datasets = crl.CosmicRayDatasets([Twice(table), *crl.load_datasets(["dampe_he"])])
    datasets.models = [model]
    twice = datasets[0]
    assert not twice.is_joined
    assert datasets.stat_sum_likelihood() == pytest.approx(
        twice.stat_sum() + datasets[1].stat_sum(), rel=1e-12
    )
    plain = crl.CosmicRayFluxDataset(table, models=[model])
    assert twice.stat_sum() > 100 * plain.stat_sum()
    likelihood = crl.JointLikelihood(datasets)
    assert likelihood(likelihood.values) == pytest.approx(datasets.stat_sum(), rel=1e-12)


def test_replaced_method_of_one_dataset_counts(model):
    datasets = crl.load_datasets(["ams-02_h_2015", "dampe_he"])
    datasets.models = [model]
    before = datasets.stat_sum()
    own = datasets[0].stat_sum()
    plain = datasets[0].signed_residuals
    datasets[0].signed_residuals = lambda: 2 * plain()
    assert datasets.stat_sum() == pytest.approx(before + 3 * own, rel=1e-12)
    del datasets[0].signed_residuals
    datasets[0].floor = datasets[0].floor
    assert datasets.stat_sum() == pytest.approx(before, rel=1e-12)


def test_all_kinds_of_points_in_one_dataset(model):
    class Everything(Ratio):
        """Something of an intensity, a mean charge and a dipole."""

        tag = "Everything"

        def points(self):
            energies = self.x.value * 1e3
            return [
                Intensities(energies, "all_particle", "total_energy"),
                Intensities(energies, "light", "rigidity"),
                Means(energies, lambda nucleus: nucleus.Z),
                Dipoles(energies),
            ]

        def predict(self, everything, light, charge, dipole):
            return everything / light * charge + np.hypot(*dipole)

    datasets = joint(Everything, model)
    energies = RIGIDITIES * u.TeV
    fractions = [model.fraction(energies, name) for name in ("H", "He")]
    expected = (
        model.intensity(energies, "all_particle", axis="total_energy").value
        / model.intensity(energies.value * u.TV, "light").value
        * (fractions[0] + 2 * fractions[1])
        + model.dipole(energies).amplitude.value
    )
    dataset = datasets["ratio"]
    assert_allclose(dataset.prediction(), expected, rtol=1e-12)
    dataset.mask_fit = np.arange(12) % 3 == 0
    alone = crl.CosmicRayDatasets(list(datasets)[:2]).stat_sum_likelihood()
    assert dataset.is_joined
    assert datasets.stat_sum_likelihood() == pytest.approx(alone + dataset.stat_sum(), rel=1e-11)
    likelihood = crl.JointLikelihood(datasets)
    theta = sets(likelihood)
    assert_allclose(likelihood(theta), one_by_one(datasets, likelihood, theta), rtol=1e-10)
