"""Tabulated energies of events, and acceptances of species, of dipole tables."""

import astropy.units as u
import numpy as np
import pytest
from agreement import assert_evaluations_agree
from astropy.table import Table
from numpy.testing import assert_allclose
from scipy.interpolate import interp1d

import crlocal_plugin as crl
from crlocal_plugin.physics.response import REFERENCE_INDEX, log_normal_response, tabulated_response
from crlocal_plugin.tables.raw_table import TableError

ENERGY = np.array([13e3, 24e3, 240e3, 1.35e6])
RATIO = [-1.2, -0.7, -0.3, 0.0, 0.2, 0.8, 1.5]
WEIGHT = [0.0, 0.2, 1.0, 1.4, 1.1, 0.3, 0.0]
OXYGEN = [0.0, 0.0, 0.1, 0.9, 1.5, 1.2, 0.2]


def dipole(response=None, acceptance=None, name="mine", **columns):
    table = Table({"energy": ENERGY * u.GeV, "amplitude": [8e-4, 7e-4, 3e-4, 6e-4]})
    table["amplitude_err"] = [3e-5, 3e-5, 5e-5, 1e-4]
    table["phase"], table["phase_err"] = [50, 45, 290, 260] * u.deg, [2, 3, 20, 9] * u.deg
    for column, value in columns.items():
        table[column] = value
    table.meta = {"name": name, "experiment": name}
    table.meta |= {} if response is None else {"energy_response": response}
    table.meta |= {} if acceptance is None else {"acceptance": acceptance}
    return crl.DipoleDataset.read(table)


def response(**more):
    return {"log10_ratio": RATIO, "weight": WEIGHT} | more


def by_hand(model, shapes, acceptance):
    """Dipoles at the points, summed over species and 6001 energies for each point."""
    kernels = {name: interp1d(RATIO, weights) for name, weights in shapes.items()}
    ratio = np.linspace(RATIO[0], RATIO[-1], 6001)
    result = []
    for median in ENERGY:
        energy, vector, norm = median * 10**ratio * u.GeV, 0, 0
        for name in model.species:
            kernel = kernels.get(name, kernels["others"])(ratio)
            rate = kernel * acceptance.get(name, 1.0) * 10 ** (REFERENCE_INDEX * ratio)
            rate = rate * model.intensity(energy, name, axis="total_energy").value
            vector = vector + rate @ model.dipole(energy, species=name).vector
            norm = norm + rate.sum()
        result.append(vector / norm)
    return np.array(result)


@pytest.fixture(scope="module")
def model():
    return crl.xue_liu_2025(species=("H", "He", "O"), priors="measured")


CASES = [
    (response(), None),
    (response(weight_O=OXYGEN), None),
    (response(weight_O=OXYGEN), {"He": 0.3, "O": 2, "Fe": 5}),
    (None, {"H": 0, "O": 0.5}),
]


@pytest.mark.parametrize(("given", "acceptance"), CASES)
def test_predictions_are_means_of_rates(model, given, acceptance):
    dataset = dipole(given, acceptance)
    dataset.models = [model]
    found = dataset.dipole_pred().vector
    if given is None:
        energy = ENERGY * u.GeV
        rates = {
            name: acceptance.get(name, 1.0)
            * model.intensity(energy, name, axis="total_energy").value[:, np.newaxis]
            for name in model.species
        }
        vectors = {name: model.dipole(energy, species=name).vector for name in rates}
        expected = sum(rates[name] * vectors[name] for name in rates) / sum(rates.values())
        assert_allclose(found, expected, rtol=1e-10)
        return
    shapes = {"others": WEIGHT} | ({"O": OXYGEN} if "weight_O" in given else {})
    expected = by_hand(model, shapes, acceptance or {})
    scale = np.linalg.norm(expected, axis=1, keepdims=True)
    assert_allclose(found / scale, expected / scale, atol=2e-3)


@pytest.mark.parametrize(("given", "acceptance"), CASES)
def test_all_ways_to_evaluate_agree(given, acceptance):
    datasets = crl.load_datasets(["dampe_h", "icecube-2016", "argo-ybj-2018"], scatter=False)
    other = dipole(None, {"He": 4.0}, name="other")
    wide = dipole(name="wide", acceptance={"H": 0.2}, energy_width=[0.4, 0.0, 0.3, 0.1])
    datasets = crl.CosmicRayDatasets([*datasets, dipole(given, acceptance), other, wide])
    datasets["mine"].energy_range = (20 * u.TeV, None)
    datasets.models = [crl.xue_liu_2025(species=("H", "He", "O"), compton_getting="local")]
    datasets["mine"].energy_scale.value = 1.1
    crl.free_parameters(datasets, ["wide.energy_scale", "mine.dipole_norm"])
    likelihood = crl.JointLikelihood(datasets)
    sets = likelihood.values * np.linspace(0.98, 1.02, 3)[:, np.newaxis]
    assert_evaluations_agree(datasets, likelihood, sets, 1e-10)
    likelihood.assign(sets[1])
    toy = likelihood.fake(sets[1], 0)
    assert 0 < toy(sets[1]) / likelihood.residuals(sets[1]).size < 3


def test_limits_of_the_general_case(model):
    """One acceptance for all is none, a species without acceptance is not there."""
    plain, same, no_oxygen = dipole(), dipole(None, dict.fromkeys(("H", "He", "O"), 0.3)), None
    for dataset in (plain, same):
        dataset.models = [model]
    assert_allclose(same.dipole_pred().vector, plain.dipole_pred().vector, rtol=1e-12)
    no_oxygen = dipole(response(), {"O": 0.0})
    light = crl.xue_liu_2025(priors="measured")
    without = dipole(response())
    no_oxygen.models, without.models = [model], [light]
    assert_allclose(no_oxygen.dipole_pred().vector, without.dipole_pred().vector, rtol=1e-10)
    # a species with a distribution of its own that the model does not have
    other = dipole(response(weight_Fe=[1] * 7))
    other.models = [light]
    assert_allclose(other.dipole_pred().vector, without.dipole_pred().vector, rtol=1e-10)


def test_a_tabulated_normal_distribution_is_one():
    median, width = np.array([2e4, 3e6]), 0.3
    ratio = np.linspace(-3.75, 3.75, 51) * width
    shape = np.exp(-((ratio / width) ** 2) / 2)
    energy, weight, shape = tabulated_response(median, ratio, shape)
    weight = weight * shape[:, np.newaxis]
    other, other_weight = log_normal_response(median, np.full(2, width))
    means = [
        (e**0.4 * e**-2.7) @ w / (e**-2.7 @ w) for e, w in ((energy, weight), (other, other_weight))
    ]
    assert_allclose(means[0], means[1], rtol=1e-3)


def test_response_can_be_left_out(model):
    dataset, plain = dipole(response(weight_O=OXYGEN)), dipole()
    dataset.response = False
    dataset.models = plain.models = [model]
    assert_allclose(dataset.dipole_pred().vector, plain.dipole_pred().vector, rtol=1e-12)


@pytest.mark.parametrize("suffix", ["ecsv", "fits"])
def test_it_stays_in_files(tmp_path, model, suffix):
    given, accepted = response(weight_O=OXYGEN), {"He": 0.5}
    dataset = dipole(given, accepted)
    dataset.write(tmp_path / f"mine.{suffix}")
    again = crl.DipoleDataset.read(tmp_path / f"mine.{suffix}")
    assert again.table.meta["energy_response"] == given
    assert again.table.meta["acceptance"] == accepted
    dataset.models = again.models = [model]
    assert again.stat_sum() == dataset.stat_sum()


def test_written_by_hand(tmp_path):
    text = """# %ECSV 1.0
# ---
# datatype:
# - {name: energy, unit: TeV, datatype: float64}
# - {name: amplitude, datatype: float64}
# - {name: amplitude_err, datatype: float64}
# - {name: phase, unit: deg, datatype: float64}
# - {name: phase_err, unit: deg, datatype: float64}
# meta:
#   energy_response:
#     log10_ratio: [-1, 0, 1]
#     weight: [0.2, 1, 0.3]
#     weight_He: [0.1, 1, 0.4]
#   acceptance: {He: 0.8}
# schema: astropy-2.0
energy amplitude amplitude_err phase phase_err
10 8e-4 1e-4 40 5
"""
    (tmp_path / "hand.ecsv").write_text(text)
    dataset = crl.DipoleDataset.read(tmp_path / "hand.ecsv")
    points = dataset.points()[0]
    ratio = np.log10(points.x / 1e4)
    assert_allclose(ratio, -ratio[::-1], atol=1e-12)
    shapes = [np.interp(ratio, [-1, 0, 1], weights) for weights in ([0.2, 1, 0.3], [0.1, 1, 0.4])]
    assert_allclose(points.accepted(["H", "He"]), [shapes[0], 0.8 * shapes[1]])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([1, 2], "expected columns log10_ratio and weight"),
        ({"weight": [1, 2]}, "expected columns log10_ratio and weight"),
        (response(weight_He=[1, 2]), "got the shapes"),
        ({"log10_ratio": [0], "weight": [1]}, "at least 2"),
        ({"log10_ratio": 0, "weight": 1}, "at least 2"),
        (response(weight_Xx=WEIGHT), "energy_response, weight_Xx: unknown species 'Xx'"),
        (response(weigth=WEIGHT), "energy_response, weigth: unknown species"),
        (response(weight=[0, 1, 2, -1, 0, 0, 0]), "row 3, column 'weight': .*not negative, got -1"),
        (response(weight_He=[0.0, 1, 2, "x", 0, 0, 0]), "row 3, column 'weight_He': .* number"),
        (response(weight=[0.0, np.nan, 2, 1, 0, 0, 0]), "row 1, column 'weight'"),
        (response(weight=[0] * 7), "column 'weight': expected a positive weight"),
        (response(log10_ratio=[-1, 0, 0, 1, 2, 3, 4]), "row 2, column 'log10_ratio'.*above that"),
        (response(log10_ratio=[-1, 0, 1, 2, 3, 4, 5]), "row 6, column 'log10_ratio'"),
        (response(log10_ratio=[-4, -3.9, 0, 1, 2, 3, 4]), "row 0, column 'energy'.*above 2 GeV"),
    ],
)
def test_bad_responses_are_named(given, words):
    with pytest.raises(TableError, match=words):
        dipole(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (0.9, "acceptance: expected numbers by species"),
        ({"Xx": 1}, "acceptance: unknown species 'Xx'"),
        ({"He": -0.1}, "acceptance of He: .*not negative, got -0.1"),
        ({"He": np.nan}, "acceptance of He"),
        ({"He": True}, "acceptance of He"),
        ({"He": "much"}, "acceptance of He"),
    ],
)
def test_bad_acceptances_are_named(given, words):
    with pytest.raises(TableError, match=words):
        dipole(None, given)


def test_energies_given_twice_are_refused():
    with pytest.raises(TableError, match=r"'energy_width': .*twice, in energy_response"):
        dipole(response(), energy_width=0.3)
    with pytest.raises(TableError, match=r"'energy_min': .*twice, in energy_response"):
        dipole(response(), energy_min=1e3 * u.GeV, energy_max=1e7 * u.GeV)


def test_a_model_of_which_nothing_is_accepted_is_refused():
    dataset = dipole(None, {"H": 0, "He": 0})
    with pytest.raises(ValueError, match="'mine': the acceptance of H, He is zero"):
        dataset.models = [crl.xue_liu_2025()]


def test_another_width_replaces_it(tmp_path, model):
    dipole(response()).write(tmp_path / "mine.ecsv")
    (dataset,) = crl.load_datasets([tmp_path / "mine.ecsv"], energy_width=0.0)
    dataset.models = [model]
    assert_allclose(dataset.dipole_pred().vector, model.dipole(ENERGY * u.GeV).vector, rtol=1e-12)
