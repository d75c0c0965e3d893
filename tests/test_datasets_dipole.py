"""Datasets of measured dipoles."""

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from gammapy.datasets import DATASET_REGISTRY
from gammapy.modeling import Parameter
from gammapy.modeling.models import PowerLawSpectralModel
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_ndtr

import crlocal_plugin as crl
from crlocal_plugin.components.intensity_model import IntensitySpectralModel

NAN = np.nan
QUANTILE = 1.6448536269514722  # of the normal distribution at 95 %


class RisingDipoleModel(crl.DipoleModel):
    """Dipole of fixed direction that rises with rigidity."""

    tag = ["RisingDipoleModel", "rising-dipole"]
    dipole_x = Parameter("dipole_x", 3e-4)
    dipole_y = Parameter("dipole_y", 4e-4)
    slope = Parameter("slope", 0, frozen=True)

    def excess(self, grid, dipole_x, dipole_y, slope):
        """Kernel: dipole vector."""
        direction = np.array([dipole_x, dipole_y, 7.0])
        return direction * (grid.rigidity[..., np.newaxis] / 1e4) ** slope


def toy_model(**kwargs):
    power_law = PowerLawSpectralModel(amplitude="1 TeV-1 cm-2 s-1")
    component = crl.CosmicRayComponent(
        "toy", {"H": IntensitySpectralModel(power_law, "H")}, RisingDipoleModel(**kwargs)
    )
    return crl.CosmicRayModel([component], name="toy")


def dipole_table(**columns):
    table = Table(
        {
            "energy": [1e4, 1e5, 1e6] * u.GeV,
            "amplitude": [1e-3, 5e-4, 2e-3],
            "amplitude_errn": [1e-4, 5e-5, 1e-4],
            "amplitude_errp": [2e-4, 1e-4, 1e-4],
            "phase": [90.0, 0.0, 350.0] * u.deg,
            "phase_err": [5.0, 10.0, 20.0] * u.deg,
        }
    )
    for name, values in columns.items():
        table[name] = values
    table.meta = {"name": "toy-data", "experiment": "TOY", "reference": "Toy et al. 2020"}
    return table


def limits_table():
    """A measurement and a bare limit."""
    return Table(
        {
            "energy": [1e4, 1e6] * u.GeV,
            "amplitude": [1e-3, NAN],
            "amplitude_errn": [1e-4, NAN],
            "amplitude_errp": [2e-4, NAN],
            "amplitude_ul": [NAN, 4e-4],
            "phase": [90.0, NAN] * u.deg,
            "phase_err": [5.0, NAN] * u.deg,
        },
        meta={"name": "limits"},
    )


def dataset(table=None, model=None, **kwargs):
    table = dipole_table() if table is None else table
    return crl.DipoleDataset.from_table(table, models=model and [model], **kwargs)


# Prediction


def test_prediction_is_projected_on_the_equator():
    data = dataset(model=toy_model())
    assert_allclose(data.dipole_pred().vector[:, :2], np.tile([3e-4, 4e-4], (3, 1)), rtol=1e-12)
    assert_allclose(data.dipole_pred().amplitude.value, 5e-4, rtol=1e-12)


def test_energy_scale_moves_the_energies_and_norm_does_nothing():
    data = dataset(model=toy_model(slope=1))
    data.energy_scale.value = 1.3
    data.norm.value = 2
    # at these energies rigidity is energy, for hydrogen
    expected = 3e-4 * 1.3 * np.array([1, 10, 100])
    assert_allclose(data.dipole_pred().vector[:, 0], expected, rtol=1e-7)


# Both likelihoods


def test_vector_likelihood_by_hand():
    data = dataset(model=toy_model())
    assert data.likelihood == "vector"
    cos, sin = np.cos(np.deg2rad(10)), np.sin(np.deg2rad(10))
    # phases 90, 0 and -10 deg; along and across each, for the prediction (3, 4) e-4
    along = np.array([4e-4 - 1e-3, 3e-4 - 5e-4, 3e-4 * cos - 4e-4 * sin - 2e-3])
    across = np.array([-3e-4, 4e-4, 4e-4 * cos + 3e-4 * sin])
    width = np.array([1e-3, 5e-4, 2e-3]) * np.deg2rad([5, 10, 20])
    expected = (along / [1e-4, 5e-5, 1e-4]) ** 2 + (across / width) ** 2
    assert_allclose(data.stat_array(), expected, rtol=1e-10)
    assert_allclose(data.stat_sum(), expected.sum(), rtol=1e-10)
    data.mask_fit = [False, True, True]
    assert_allclose(data.stat_sum(), expected[1:].sum(), rtol=1e-10)


def test_amplitude_and_phase_by_hand():
    data = dataset(model=toy_model(), likelihood="amplitude_phase")
    predicted = np.rad2deg(np.arctan2(4, 3))
    turn = predicted - np.array([90, 0, -10])
    expected = ((5e-4 - np.array([1e-3, 5e-4, 2e-3])) / [1e-4, 1e-4, 1e-4]) ** 2 + (
        turn / [5, 10, 20]
    ) ** 2
    assert_allclose(data.stat_array(), expected, rtol=1e-10, atol=1e-12)
    data.likelihood = "vector"
    assert not np.allclose(data.stat_array(), expected)


@pytest.mark.parametrize("likelihood", ["vector", "amplitude_phase"])
def test_upper_error_counts_above(likelihood):
    # prediction along the measured phase, twice and half the amplitude
    table = dipole_table(
        amplitude=[2.5e-4, 1e-3, 5e-4], phase=np.full(3, 53.13010235415598) * u.deg
    )
    data = dataset(table, model=toy_model(), likelihood=likelihood)
    expected = [(2.5e-4 / 2e-4) ** 2, (5e-4 / 5e-5) ** 2, 0]
    assert_allclose(data.stat_array(), expected, rtol=1e-8, atol=1e-12)


# Errors and settings


def test_amplitude_floor_and_systematics():
    table = dipole_table(amplitude_syst=[3e-4, 0.0, 0.0])
    data = dataset(table, floor=0.2)
    stat, syst, size = [1e-4, 5e-5, 1e-4], [3e-4, 0, 0], [2e-4, 1e-4, 4e-4]
    lower = np.sqrt(np.square(stat) + np.square(syst) + np.square(size))
    assert_allclose(data.amplitude_errors[0], lower, rtol=1e-12)
    data.systematics = False
    data.floor = 0
    assert_allclose(data.amplitude_errors[0], [1e-4, 5e-5, 1e-4], rtol=1e-12)
    assert_allclose(data.amplitude_errors[1], [2e-4, 1e-4, 1e-4], rtol=1e-12)


def test_zero_error_takes_the_other_side():
    table = dipole_table(amplitude_errn=[0.0, 5e-5, 1e-4], amplitude_errp=[2e-4, 0.0, 1e-4])
    data = dataset(table)
    assert_allclose(data.amplitude_errors, [[2e-4, 5e-5, 1e-4], [2e-4, 5e-5, 1e-4]], rtol=1e-12)


def test_phase_floor_adds_in_quadrature():
    data = dataset(phase_floor=12 * u.deg)
    assert_allclose(data.phase_error.to_value("deg"), np.hypot([5, 10, 20], 12), rtol=1e-12)
    data.phase_floor = 0.1 * u.rad
    assert_allclose(
        data.phase_error.to_value("deg"), np.hypot([5, 10, 20], np.rad2deg(0.1)), rtol=1e-12
    )


def test_error_across_is_at_least_the_error_along_for_small_amplitudes():
    # 1 sigma from zero with a phase error of 5 deg, 1.9 sigma with 60 deg, 3 sigma with 5 deg
    amplitude, error = np.array([1e-4, 1.9e-4, 3e-4]), np.full(3, 1e-4)
    table = dipole_table(
        amplitude=amplitude,
        amplitude_errn=error,
        amplitude_errp=error,
        phase_err=[5.0, 60.0, 5.0] * u.deg,
    )
    data = dataset(table, model=toy_model())
    phase = np.deg2rad([90, 0, 350])
    width = [1e-4, 1.9e-4 * np.deg2rad(60), 3e-4 * np.deg2rad(5)]
    across = (4e-4 * np.cos(phase) - 3e-4 * np.sin(phase)) / width
    along = (3e-4 * np.cos(phase) + 4e-4 * np.sin(phase) - amplitude) / 1e-4
    assert_allclose(data.stat_array(), across**2 + along**2, rtol=1e-10)


def test_declination_factor():
    table = dipole_table()
    table.meta |= {"amplitude_kind": "first_harmonic", "declination_factor": 1.25}
    data = dataset(table, model=toy_model(), floor=0.1)
    assert data.declination_factor == 1.25
    assert_allclose(data.amplitude, [1.25e-3, 6.25e-4, 2.5e-3], rtol=1e-12)
    assert_allclose(data.amplitude_errors[1][0], 1.25 * np.hypot(2e-4, 1e-4), rtol=1e-12)
    scaled = toy_model(dipole_x=3e-4 / 1.25, dipole_y=4e-4 / 1.25)
    plain = dataset(table, model=scaled, floor=0.1, apply_declination_factor=False)
    assert_allclose(plain.amplitude, [1e-3, 5e-4, 2e-3], rtol=1e-12)
    # a factor on data and prediction alike changes nothing
    assert_allclose(plain.stat_array(), data.stat_array(), rtol=1e-10)
    data.apply_declination_factor = False
    assert_array_equal(data.amplitude, plain.amplitude)


@pytest.mark.parametrize(
    "meta",
    [
        {"amplitude_kind": "equatorial_dipole", "declination_factor": 1.25},
        {"amplitude_kind": "first_harmonic"},
        {"declination_factor": 1.25},
    ],
)
def test_no_declination_factor(meta):
    table = dipole_table()
    table.meta |= meta
    data = dataset(table)
    assert data.declination_factor == 1
    assert_array_equal(data.amplitude, [1e-3, 5e-4, 2e-3])


@pytest.mark.parametrize("likelihood", ["vector", "amplitude_phase"])
def test_bare_limit(likelihood):
    data = dataset(limits_table(), model=toy_model(), likelihood=likelihood)
    assert_array_equal(data.is_ul, [False, True])
    assert_allclose(data.stat_array()[1], -2 * log_ndtr(-0.25 * QUANTILE), rtol=1e-10)
    data.floor = 0.5
    width = np.hypot(1 / QUANTILE, 0.5)
    assert_allclose(data.stat_array()[1], -2 * log_ndtr(-0.25 / width), rtol=1e-10)
    # one number from the limit, two from the measurement
    assert data.info_dict()["n_points"] == 2
    assert data.info_dict()["n_fit"] == 3


def test_nothing_but_limits():
    table = limits_table()[1:]["energy", "amplitude_ul"]
    table.meta["ul_confidence"] = 0.9
    data = dataset(table, model=toy_model())
    assert_allclose(data.stat_sum(), -2 * log_ndtr(-0.25 * 1.2815515655446004), rtol=1e-10)


def test_limit_beside_a_measurement_does_not_count_twice():
    table = dipole_table(amplitude_ul=[2e-3, NAN, 5e-3])
    model = toy_model()
    assert dataset(table, model=model).stat_sum() == dataset(model=model).stat_sum()


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("floor", -1, ValueError),
        ("floor", NAN, ValueError),
        ("phase_floor", -1 * u.deg, ValueError),
        ("phase_floor", NAN * u.deg, ValueError),
        ("phase_floor", 10, u.UnitConversionError),
        ("phase_floor", 1 * u.GeV, u.UnitConversionError),
        ("likelihood", "polar", ValueError),
    ],
)
def test_settings_out_of_range(name, value, error):
    data = dataset(model=toy_model(), floor=0.1, phase_floor=3 * u.deg)
    before, stat = getattr(data, name), data.stat_sum()
    with pytest.raises(error, match=name):
        setattr(data, name, value)
    assert getattr(data, name) == before
    assert data.stat_sum() == stat
    with pytest.raises(error, match=name):
        dataset(**{name: value})


def test_energy_range():
    data = dataset(energy_range=(1e2 * u.TeV, 1 * u.PeV))
    assert_array_equal(data.mask_fit, [False, True, False])
    with pytest.raises(u.UnitConversionError, match="units like GeV"):
        data.energy_range = 1 * u.TV, None


# Models and residuals


def test_without_model():
    data = dataset()
    for call in (data.stat_sum, data.stat_array, data.dipole_pred):
        with pytest.raises(ValueError, match="'toy-data' has no cosmic-ray model"):
            call()


def test_two_models_are_refused():
    one, two = toy_model(), toy_model()
    two._name = "two"
    with pytest.raises(ValueError, match="takes one CosmicRayModel, got toy, two"):
        dataset().models = [one, two]


def test_residuals_by_hand():
    data = dataset(model=toy_model())
    assert_allclose(data.residuals()[:2], [[-3e-4, 6e-4], [2e-4, -4e-4]], rtol=1e-9)
    assert_allclose(data.residuals("diff/model")[:2], [[-0.6, 1.2], [0.4, -0.8]], rtol=1e-9)
    assert_allclose(np.sum(data.residuals("pull") ** 2, axis=1), data.stat_array(), rtol=1e-12)
    assert data.residuals("pull")[0, 0] > 0  # data longer than the model
    with pytest.raises(ValueError, match="unknown method 'nonsense'"):
        data.residuals("nonsense")


def test_text_shows_the_settings():
    data = dataset(
        floor=0.07, phase_floor=9 * u.deg, energy_range=(5e4 * u.GeV, None), model=toy_model()
    )
    text = str(data)
    for word in ("0.07", "9.0 deg", "vector", "50000.0 GeV to open", "Toy et al. 2020"):
        assert word in text
    assert data.info_dict()["n_fit"] == 4


# Files and copies


@pytest.mark.parametrize("suffix", [".ecsv", ".fits"])
def test_files_give_back_the_dataset(tmp_path, suffix):
    table = limits_table()
    table.meta |= {"amplitude_kind": "first_harmonic", "declination_factor": 1 / 0.7}
    data = dataset(
        table,
        floor=0.1 + 1e-16,
        phase_floor=(10 / 3) * u.deg,
        systematics=False,
        likelihood="amplitude_phase",
        apply_declination_factor=False,
        energy_range=(None, (1e7 / 3) * u.GeV),
        name="my-data",
    )
    path = tmp_path / f"data{suffix}"
    data.write(path)
    again = crl.DipoleDataset.read(path)
    assert again.name == "my-data"
    for name in crl.DipoleDataset.settings:
        assert getattr(again, name) == getattr(data, name)
    assert again.declination_factor == 1 / 0.7
    for one, other in zip(again.data, data.data, strict=True):
        assert_array_equal(one, other)
    again.models = data.models = [toy_model()]
    assert again.stat_sum() == data.stat_sum()
    with pytest.raises(FileExistsError, match="overwrite=True"):
        data.write(path)
    again.write(path, overwrite=True)


def test_settings_in_the_call_win_over_those_in_the_file(tmp_path):
    dataset(floor=0.1, likelihood="amplitude_phase").write(tmp_path / "d.fits")
    again = crl.DipoleDataset.read(tmp_path / "d.fits", likelihood="vector")
    assert (again.likelihood, again.floor) == ("vector", 0.1)


def test_from_table_with_other_columns():
    table = Table({"E": [10.0], "A": [1e-3], "dA": [1e-4], "ra": [np.pi / 2], "dra": [0.1]})
    data = crl.DipoleDataset.from_table(
        table,
        name="mine",
        experiment="MINE",
        columns={
            "energy": ("E", "TeV"),
            "amplitude": "A",
            "amplitude_err": "dA",
            "phase": ("ra", "rad"),
            "phase_err": ("dra", "rad"),
        },
        amplitude_kind="first_harmonic",
        declination_factor=2,
    )
    assert (data.name, data.experiment) == ("mine", "MINE")
    assert_allclose(data.x.to_value("GeV"), [1e4])
    assert_allclose(data.phase.to_value("deg"), [90])
    assert_allclose(data.amplitude, [2e-3])


def test_copy_is_independent_and_has_no_models():
    data = dataset(model=toy_model(), floor=0.1, likelihood="amplitude_phase")
    new = data.copy(name="new")
    assert (new.name, new.floor, new.likelihood) == ("new", 0.1, "amplitude_phase")
    assert new.models is None
    assert data.models is not None
    new.floor = 0
    table = new.table.copy()
    table["amplitude"][0] = 1
    new.table = table
    assert data.floor == 0.1
    assert data.table["amplitude"][0] == 1e-3


def test_registered_with_gammapy():
    assert DATASET_REGISTRY.get_cls("DipoleDataset") is crl.DipoleDataset
