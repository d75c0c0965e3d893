"""Energy response of dipoles: means over the energies of the events, fast and slow alike."""

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from scipy.integrate import simpson
from scipy.special import ndtr

import crlocal_plugin as crl
from crlocal_plugin.likelihood.points import Wanted
from crlocal_plugin.physics.response import REFERENCE_INDEX, bin_response, fold, log_normal_response
from crlocal_plugin.tables.raw_table import TableError


def power_law_mean(index, slope, median, width):
    """Mean of (E / median)^slope over log-normal events, whose spectrum has another index.

    The mean of E^a over a normal distribution of ln E of width s is exp(a^2 s^2 / 2), so that
    that with the weight E^(2.7 - index) is a ratio of two of them.
    """
    s = width * np.log(10)
    tilt = REFERENCE_INDEX - index
    return np.exp(((slope + tilt) ** 2 - tilt**2) * s**2 / 2)


@pytest.mark.parametrize("width", [0.05, 0.2, 0.37, 0.5])
@pytest.mark.parametrize(("index", "slope"), [(2.7, 0.4), (2.7, -0.6), (2.6, 0.5), (3.1, 0.5)])
def test_power_laws_have_their_analytic_mean(width, index, slope):
    median = np.array([2e4, 3e6])
    energy, weight = log_normal_response(median, np.full(2, width))
    (mean,) = fold([(energy / median[0]) ** slope], energy**-index, weight)
    expected = power_law_mean(index, slope, median, width) * (median / median[0]) ** slope
    np.testing.assert_allclose(mean, expected, rtol=2e-3)


def test_a_bin_has_the_mean_of_its_rate():
    low, high = np.array([1e3, 1e4]), np.array([2e3, 1e5])
    energy, weight = bin_response(low, high)
    (mean,) = fold([energy**0.3], energy**-2.7, weight)
    expected = (high**-1.4 - low**-1.4) / -1.4 / ((high**-1.7 - low**-1.7) / -1.7)
    np.testing.assert_allclose(mean, expected, rtol=1e-8)


def test_points_share_energies():
    energy, weight = log_normal_response(np.geomspace(1e4, 1e6, 9), np.full(9, 0.5))
    assert len(energy) < 30
    assert np.all(np.diff(energy) > 0)
    assert weight.shape == (len(energy), 9)
    alone, one = log_normal_response(np.array([1e4]), np.zeros(1))
    assert (alone.tolist(), one.tolist()) == ([1e4], [[1]])


@pytest.fixture
def table():
    energy = np.array([13e3, 24e3, 240e3, 1.35e6])
    table = Table({"energy": energy * u.GeV, "amplitude": [8e-4, 7e-4, 3e-4, 6e-4]})
    table["amplitude_err"] = [3e-5, 3e-5, 5e-5, 1e-4]
    table["phase"], table["phase_err"] = [50, 45, 290, 260] * u.deg, [2, 3, 20, 9] * u.deg
    return table


def with_width(table, width):
    table = table.copy()
    table["energy_width"] = np.broadcast_to(width, len(table))
    return crl.DipoleDataset.read(table, name="folded")


def slow_mean(model, median, width):
    """Dipole by a sum over 4001 energies."""
    log_energy = np.log10(median) + np.linspace(-4, 4, 4001) * width
    energy = 10**log_energy * u.GeV
    events = np.exp(-(((log_energy - np.log10(median)) / width) ** 2) / 2)
    intensity = model.intensity(energy, "all_particle", axis="total_energy").value
    weight = events * intensity / energy.value**-REFERENCE_INDEX
    vector = model.dipole(energy).vector
    weighted = weight[:, np.newaxis] * vector
    return simpson(weighted, x=log_energy, axis=0) / simpson(weight, x=log_energy)


@pytest.mark.parametrize("width", [0.2, 0.5])
def test_predictions_are_means(table, width):
    dataset = with_width(table, width)
    model = dataset.models = crl.xue_liu_2025()
    model = dataset.models[0] if not hasattr(model, "dipole") else model
    expected = [slow_mean(model, median, width) for median in table["energy"]]
    scale = np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(dataset.dipole_pred().vector / scale, expected / scale, atol=2e-3)


def test_it_is_worth_ten_to_thirty_percent(table):
    """The numbers of an independent estimate: 0.5 dex lowers 13 to 24 TeV by 16 to 19 %."""
    dataset = with_width(table, 0.5)
    dataset.models = [crl.xue_liu_2025()]
    folded = dataset.dipole_pred().amplitude.value
    dataset.response = False
    ratio = folded / dataset.dipole_pred().amplitude.value
    assert ratio[:2] == pytest.approx([0.82, 0.82], abs=0.04)
    # where components cancel, it depends on the parameters
    assert 0.6 < ratio[2] < 0.9


def joint(*datasets, n_scales=0):
    datasets = crl.CosmicRayDatasets(
        [*datasets, *crl.load_datasets(["dampe_h", "tibet-asgamma-2017"])]
    )
    datasets.models = [crl.xue_liu_2025()]
    return datasets


@pytest.mark.parametrize("scale", [1.0, 1.2])
@pytest.mark.parametrize("cut", [None, (20 * u.TeV, 1 * u.PeV)])
def test_the_joint_likelihood_counts_it(table, scale, cut):
    folded = with_width(table, [0.5, 0.0, 0.3, 0.4])
    folded.energy_range = cut
    datasets = joint(folded)
    folded.energy_scale.value = scale
    total = sum(dataset.stat_sum_likelihood() for dataset in datasets)
    assert datasets.stat_sum_likelihood() == pytest.approx(total, rel=1e-10)
    likelihood = crl.JointLikelihood(datasets)
    sets = likelihood.values * np.linspace(0.98, 1.02, 5)[:, np.newaxis]
    one_by_one = [likelihood(values) for values in sets]
    np.testing.assert_allclose(likelihood(sets), one_by_one, rtol=1e-10)


def test_no_width_is_no_response(table):
    sharp, plain = with_width(table, 0.0), crl.DipoleDataset.read(table, name="plain")
    for dataset in (sharp, plain):
        dataset.models = [crl.xue_liu_2025()]
    assert sharp.stat_sum() == pytest.approx(plain.stat_sum(), rel=1e-12)
    wide = with_width(table, 0.5)
    wide.response = False
    wide.models = [crl.xue_liu_2025()]
    assert wide.stat_sum() == pytest.approx(plain.stat_sum(), rel=1e-12)


def test_intensities_that_underflow_have_means(table):
    dataset = with_width(table, 0.5)
    datasets = joint(dataset)
    model = datasets.models[0]
    for par in model.parameters:
        if par.name in ("R_cut", "R_cutc"):
            par.min, par.value = np.nan, 2e-3
    prediction = datasets.fusion()[0][0].predictions(datasets.fusion()[0][0].values())
    assert all(np.isfinite(block).all() for block in prediction)


def test_bins_of_the_table(table):
    table["energy_min"], table["energy_max"] = table["energy"] / 2, table["energy"] * 2
    dataset = crl.DipoleDataset.read(table, name="bins")
    datasets = joint(dataset)
    total = sum(each.stat_sum_likelihood() for each in datasets)
    assert datasets.stat_sum_likelihood() == pytest.approx(total, rel=1e-10)
    assert dataset.points()[0].response.shape == (32, 4)


def test_it_stays_in_files(table, tmp_path):
    dataset = with_width(table, [0.5, 0.2, 0.3, 0])
    dataset.response = False
    dataset.write(tmp_path / "folded.ecsv")
    again = crl.DipoleDataset.read(tmp_path / "folded.ecsv")
    assert again.response is False
    np.testing.assert_array_equal(again.table["energy_width"], [0.5, 0.2, 0.3, 0])


def test_toys_are_drawn_around_the_mean(table):
    dataset = with_width(table, 0.5)
    datasets = joint(dataset)
    dataset.models = datasets.models
    truth = dataset.dipole_pred().amplitude.value
    rng = np.random.default_rng(0)
    pulls = []
    for _ in range(300):
        new = dataset.copy()
        new.models = datasets.models
        new.fake(rng)
        pulls.append(new.signed_residuals()[:, 0])
    # the mean of 300 standard normal numbers is within 4 sigma of zero
    assert np.abs(np.mean(pulls, axis=0)).max() < 4 / np.sqrt(300)
    assert np.all(truth > 0)
    assert ndtr(np.std(pulls)) == pytest.approx(ndtr(1), abs=0.05)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("energy_width", -0.1, "standard deviation of log10"),
        ("energy_width", 3.0, "from 0 to 1"),
        ("energy_width", np.nan, "finite"),
        ("energy_min", 5e7, "at most the energy"),
    ],
)
def test_bad_responses_are_named(table, column, value, words):
    table["energy_width"] = 0.5
    if column == "energy_min":
        table.remove_column("energy_width")
        table["energy_min"], table["energy_max"] = table["energy"] / 2, table["energy"] * 2
    table[column][2] = value
    table.meta["name"] = "mine"
    with pytest.raises(TableError, match=rf"row 2, column '{column}'.*{words}"):
        crl.DipoleDataset.read(table)


def test_a_width_beside_a_bin_is_refused(table):
    table["energy_width"], table["energy_min"], table["energy_max"] = 0.5, 1e3, 1e8
    with pytest.raises(TableError, match="keep one of the two"):
        crl.DipoleDataset.read(table)


def test_masked_points_need_no_energies(table):
    points = with_width(table, 0.3).points()[0]
    wanted = Wanted(points, np.array([0, 1]), 0)
    assert wanted.size == 2
    assert len(wanted.x) == wanted.response.shape[0] < len(points.x)


def test_where_intensities_underflow(table):
    """With cut-offs far below all energies, means are those that logarithms give."""
    model = crl.xue_liu_2025(priors="measured")
    dataset = with_width(table, 0.5)
    datasets = crl.CosmicRayDatasets([dataset])
    datasets.models = [model]
    model.R_cut.value, model.R_cutc.value = 1e-3, 1e-3
    for spectrum in model.components["background"].spectral_models.values():
        spectrum.Q_0b.value = 0.0
    fast = datasets.stat_sum_likelihood()
    assert np.isfinite(fast)
    assert fast == pytest.approx(dataset.stat_sum_likelihood(), rel=1e-9)
    likelihood = crl.JointLikelihood(datasets, [model.V_sun])
    values = likelihood.values + np.array([[0.0], [1.0]])
    assert likelihood(values)[0] - datasets.stat_sum() == pytest.approx(0, abs=1e-9 * fast)
    assert np.all(np.isfinite(likelihood(values)))
