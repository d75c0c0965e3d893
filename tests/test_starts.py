"""Descents from random starts, on a case with one known minimum and on the joint fit."""

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from gammapy.modeling.models import Models
from gammapy.stats.fit_statistics import GaussianPriorPenalty
from numpy.testing import assert_allclose, assert_array_equal

import crlocal_plugin as crl
from crlocal_plugin.likelihood.descent import minimise
from crlocal_plugin.studies import starts
from crlocal_plugin.studies.starts import RandomStarts, random_starts


def toy(factors=(0.9, 1.0, 1.3), errors=(0.05, 0.1, 0.2)):
    """Protons of the background alone, measured at known factors of the model, one parameter."""
    model = crl.xue_liu_2025(priors=None)
    model.freeze()
    for label in ("H.Q_0n", "H.Q_0c"):
        model.parameters[label].value = 0
    model.parameters["H.Q_0b"].frozen = False
    energy = [1e2, 1e3, 1e4] * u.GeV
    best = model.intensity(energy, "H", axis="kinetic_energy")
    table = Table({"energy": energy, "intensity": np.array(factors) * best})
    for side in ("errn", "errp"):
        table[f"intensity_stat_{side}"] = np.array(errors) * best
    table.meta = {"experiment": "TEST", "quantity": "H", "axis": "kinetic_energy"}
    datasets = crl.CosmicRayDatasets([crl.CosmicRayFluxDataset.read(table, name="toy")])
    datasets.models = [model]
    return datasets, model


def test_one_minimum_by_hand():
    datasets, model = toy()
    strength = model.parameters["H.Q_0b"]
    before = strength.value
    found = random_starts(datasets, 12, spread=1.0)
    factors, errors = np.array([0.9, 1.0, 1.3]), np.array([0.05, 0.1, 0.2])
    best = np.average(factors, weights=errors**-2.0)
    assert isinstance(found, RandomStarts)
    assert len(found.minima) == 1
    row = found.minima[0]
    assert row["starts"] == found.n_starts == 12
    assert found.n_failed == 0
    assert row["statistic"] == pytest.approx((((factors - best) / errors) ** 2).sum(), rel=1e-9)
    assert row["H.Q_0b"] == pytest.approx(best * before, rel=1e-6)
    assert found.minima["H.Q_0b"].unit == strength.unit
    assert strength.value == before
    found.assign()
    assert strength.value == row["H.Q_0b"]
    assert datasets.stat_sum() == pytest.approx(row["statistic"])


def published(variant="kinetic"):
    """The fit of the paper, at single energies, where it has several minima."""
    datasets = crl.load_datasets("xue-liu-2025", energy_width=0.0, scatter=False)
    datasets.models = [crl.xue_liu_2025(variant, priors="measured")]
    return datasets


@pytest.fixture(scope="module")
def joint():
    datasets = published()
    (model,) = datasets.models
    before = model.parameters.value
    found = random_starts(datasets, 10, spread=0.3, random_state=0)
    assert_array_equal(model.parameters.value, before)
    return found, datasets, model


def test_minima_of_the_joint_fit(joint):
    found, datasets, model = joint
    lowest, second = found.minima["statistic"][:2]
    assert lowest == pytest.approx(minimise(crl.JointLikelihood(datasets)).stat, abs=0.01)
    # a descent may also stop before it is down
    assert found.minima["statistic"][-1] > lowest + 10
    assert found.minima["starts"][0] >= 6
    assert found.minima["starts"].sum() + found.n_failed == 10
    assert (np.diff(found.minima["statistic"]) > 0.02).all()
    assert_allclose(found.minima["above"][1], second - lowest, atol=0.01)
    with model.parameters.restore_status():
        for number in (1, 0):
            found.assign(number)
            assert datasets.stat_sum() == pytest.approx(found.minima["statistic"][number])
            assert model.R_cutc.value == found.minima["R_cutc"][number]
            # nothing goes down from there
            again = minimise(crl.JointLikelihood(datasets)).stat
            assert again == pytest.approx(found.minima["statistic"][number], abs=0.01)


def test_printed(joint):
    found, _, _ = joint
    text = str(found)
    assert "10 descents from starts with a spread of 0.3" in text
    statistics = [f"{value:.2f}" for value in found.minima["statistic"]]
    for word in (*statistics, "statistic", "He.Q_0c", "km / s"):
        assert word in text


def test_result_does_not_depend_on_the_number_of_processes():
    datasets, _ = toy()
    one, two = (random_starts(datasets, 4, random_state=5, n_jobs=n) for n in (1, 2))
    assert one.minima["statistic"][0] == two.minima["statistic"][0]
    assert one.minima["H.Q_0b"][0] == two.minima["H.Q_0b"][0]
    other = random_starts(datasets, 4, random_state=6)
    assert other.minima["H.Q_0b"][0] != one.minima["H.Q_0b"][0]


def test_distribution_of_the_starts():
    model = crl.xue_liu_2025()
    datasets = crl.load_datasets("dampe_h")
    datasets.models = [model]
    model.freeze()
    for par in (model.D_0, model.V_sun, model.Gamma):
        par.frozen = False
    model.Gamma.min, model.Gamma.max = 2.5, 2.65
    likelihood = crl.JointLikelihood(datasets)
    drawn = starts._draw_starts(likelihood, 4000, 0.2, np.random.default_rng(0))
    columns = dict(zip(likelihood.names, drawn.T, strict=True))
    logs = np.log(columns["D_0"] / model.D_0.value)
    assert_allclose([logs.mean(), logs.std()], [0, 0.2], atol=0.01)
    # V_sun is between -100 and 100 km/s: its natural scale is 20 km/s
    shifts = columns["V_sun"] - model.V_sun.value
    assert_allclose([shifts.mean(), shifts.std()], [0, 4], atol=0.2)
    assert ((columns["Gamma"] >= 2.5) & (columns["Gamma"] <= 2.65)).all()


def test_minima_of_one_depth_are_told_apart_by_the_barrier():
    def double_well(theta):
        return 100 * (theta[0] ** 2 - 1) ** 2

    ends = [(0.0, np.array([side * (1 + step)])) for side in (-1, 1) for step in (0, 1e-4)]
    groups = starts._distinct(double_well, ends)
    assert [len(group) for group in groups] == [2, 2]
    # along a flat valley it is one minimum
    assert len(starts._distinct(lambda theta: 0.0, ends)) == 1


def test_starts_that_fail_are_counted(monkeypatch):
    datasets, _ = toy()
    outcomes = iter([False, True, True])

    def sometimes(likelihood, start):
        return starts_minimise(likelihood, start)._replace(success=next(outcomes))

    starts_minimise = starts.minimise
    monkeypatch.setattr(starts, "minimise", sometimes)
    found = random_starts(datasets, 3)
    assert found.n_failed == 1
    assert found.minima["starts"].sum() == 2
    outcomes = iter([False])
    nothing = random_starts(datasets, 1)
    assert len(nothing.minima) == 0
    assert "1 without convergence" in str(nothing)
    with pytest.raises(IndexError):
        nothing.assign()


def test_refused():
    datasets, model = toy()
    with pytest.raises(ValueError, match="at least one start"):
        random_starts(datasets, 0)
    strength = model.parameters["H.Q_0b"]
    strength.min, strength.max = strength.value, strength.value * (1 + 1e-12)
    with pytest.raises(ValueError, match=r"H.Q_0b: no start inside the limits"):
        random_starts(datasets, 3, spread=1.0)
    model.freeze()
    with pytest.raises(ValueError, match="no parameter is free"):
        random_starts(datasets, 3)


def test_statistic_of_another_kind_is_refused():
    datasets, model = toy()
    penalty = GaussianPriorPenalty(
        [model.parameters["H.Q_0b"]], mean=np.array([4e52]), covariance=np.array([[1e104]])
    )
    models = Models([model])
    models.set_penalties([penalty])
    datasets.models = models
    with pytest.raises(ValueError, match="not a sum of squares"):
        random_starts(datasets, 3)


def test_lowest_minimum_leaves_a_valley_that_is_not_the_lowest():
    ends = []
    for n_starts in (0, 200):
        datasets = published("wandering")
        near = minimise(crl.JointLikelihood(datasets)).stat
        done = []
        ends.append(crl.lowest_minimum(datasets, n_starts, progress=done.append))
        assert sum(done) == n_starts
        assert_allclose(datasets.stat_sum(), ends[-1])
    assert ends[0] == pytest.approx(near, abs=0.01)
    assert ends[1] < near - 10


def test_spread_of_earlier_versions_is_deprecated():
    datasets = crl.load_datasets("dampe_h")
    datasets.models = [crl.xue_liu_2025(species="H", priors=None)]
    datasets.models.freeze()
    datasets[0].model.Gamma.frozen = False
    with pytest.warns(DeprecationWarning, match="spread has no effect"):
        assert crl.lowest_minimum(datasets, 2, 0.3) == datasets.stat_sum()
