"""Datasets of measured spectra."""

import warnings

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from gammapy.datasets import DATASET_REGISTRY
from gammapy.modeling.models import PowerLawSpectralModel
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_ndtr

import crlocal_plugin as crl
from crlocal_plugin.components.intensity_model import IntensitySpectralModel

GV = u.Unit("GV-1 m-2 s-1 sr-1")
GEV = u.Unit("GeV-1 m-2 s-1 sr-1")

# charge, nucleons, rest energy of the nucleus in GeV (CODATA 2018)
NUCLEI = {"H": (1, 1, 0.93827208816), "He": (2, 4, 3.7273794066)}
# intensity at 100 GeV of kinetic energy, index
SPECTRA = {"H": (2e-2, 2.7), "He": (1.5e-2, 2.6)}
X = np.array([1.5, 10.0, 100.0, 2e4])


def toy_model(species=("H", "He"), name="toy", **kwargs):
    """Power laws in kinetic energy."""
    models = {}
    for s in species:
        amplitude, index = SPECTRA[s]
        power_law = PowerLawSpectralModel(
            index=index, amplitude=amplitude * u.Unit("GeV-1 m-2 s-1"), reference=100 * u.GeV
        )
        models[s] = IntensitySpectralModel(power_law, s, "kinetic_energy")
    return crl.CosmicRayModel([crl.CosmicRayComponent("toy", models)], name=name, **kwargs)


def expected_intensity(species, axis, x):
    """Intensity of the toy model, by the kinematics of a nucleus."""
    Z, A, m = NUCLEI[species]
    amplitude, index = SPECTRA[species]
    kinetic = {
        "rigidity": lambda: np.sqrt((Z * x) ** 2 + m**2) - m,
        "kinetic_energy": lambda: x,
        "kinetic_energy_per_nucleon": lambda: A * x,
        "total_energy": lambda: x - m,
    }[axis]()
    jacobian = {
        "rigidity": lambda: Z * Z * x / np.sqrt((Z * x) ** 2 + m**2),
        "kinetic_energy_per_nucleon": lambda: A,
    }.get(axis, lambda: 1.0)()
    return amplitude * (kinetic / 100) ** -index * jacobian


def flux_table(axis="kinetic_energy", quantity="H", x=X, **columns):
    """Table with a statistical error of 10 % and no systematic one."""
    rigidity = axis == "rigidity"
    unit = GV if rigidity else GEV
    x = np.array(x, dtype=float)
    y = columns.pop("intensity", np.geomspace(5.0, 1e-6, len(x)))
    table = Table({"rigidity" if rigidity else "energy": x * (u.GV if rigidity else u.GeV)})
    table["intensity"] = y * unit
    for kind, size in (("stat", 0.1), ("syst", 0.0)):
        for side in ("errn", "errp"):
            name = f"intensity_{kind}_{side}"
            table[name] = columns.pop(name, size * np.asarray(y)) * unit
    for name, values in columns.items():
        table[name] = values
    table.meta.update({"name": "toy-data", "experiment": "TOY", "axis": axis, "quantity": quantity})
    table.meta["reference"] = "Toy et al. 2020"
    return table


def dataset(*args, model=None, **kwargs):
    settings = {
        name: kwargs.pop(name)
        for name in ("floor", "systematics", "energy_range", "mask_fit", "name")
        if name in kwargs
    }
    return crl.CosmicRayFluxDataset.from_table(
        flux_table(*args, **kwargs), models=model and [model], **settings
    )


# Prediction


@pytest.mark.parametrize("species", ["H", "He"])
@pytest.mark.parametrize(
    "axis", ["rigidity", "kinetic_energy", "kinetic_energy_per_nucleon", "total_energy"]
)
def test_prediction_on_every_axis(axis, species):
    x = X + 3 if axis == "total_energy" else X
    data = dataset(axis, species, x=x, model=toy_model())
    predicted = data.intensity_pred()
    assert predicted.unit == (GV if axis == "rigidity" else GEV)
    assert data.x.unit == (u.GV if axis == "rigidity" else u.GeV)
    # three digits are lost where a total energy is close to the rest energy
    assert_allclose(predicted.value, expected_intensity(species, axis, x), rtol=3e-6)


def test_light_is_hydrogen_and_helium():
    data = dataset("total_energy", "light", x=X + 3, model=toy_model())
    total = sum(expected_intensity(s, "total_energy", X + 3) for s in ("H", "He"))
    assert_allclose(data.intensity_pred().value, total, rtol=3e-6)


@pytest.mark.parametrize("species", [("H",), ("He",), ("H", "He")])
def test_all_particle_is_all_of_the_model(species):
    data = dataset("total_energy", "all_particle", x=X + 3, model=toy_model(species))
    total = sum(expected_intensity(s, "total_energy", X + 3) for s in species)
    assert_allclose(data.intensity_pred().value, total, rtol=3e-6)


@given(st.floats(0.5, 2), st.floats(0.5, 2))
def test_norm_and_energy_scale(norm, scale):
    x = np.array([10.0, 100.0, 2e4])
    data = dataset("kinetic_energy_per_nucleon", "He", x=x, model=toy_model())
    data.norm.value, data.energy_scale.value = norm, scale
    expected = norm * scale * expected_intensity("He", "kinetic_energy_per_nucleon", scale * x)
    assert_allclose(data.intensity_pred().value, expected, rtol=1e-6)


# Errors


def errors_of(data):
    lower, upper = data.intensity_errors
    return lower.value, upper.value


def test_errors_add_in_quadrature_on_each_side():
    data = dataset(
        intensity=[100.0] * 4,
        intensity_stat_errn=np.array([3.0, 3.0, 3.0, 0.0]),
        intensity_stat_errp=np.array([6.0, 0.0, 6.0, 5.0]),
        intensity_syst_errn=np.array([4.0, 4.0, 0.0, 0.0]),
        intensity_syst_errp=np.array([8.0, 8.0, 8.0, 12.0]),
    )
    assert data.floor == 0
    # a zero takes the other side, of the same kind of error
    lower = [5, 5, np.sqrt(9 + 64), 13]
    upper = [10, np.sqrt(9 + 64), 10, 13]
    assert_allclose(errors_of(data), [lower, upper], rtol=1e-14)
    data.floor = 0.12
    assert_allclose(errors_of(data), np.sqrt(np.square([lower, upper]) + 144), rtol=1e-14)
    data.systematics = False
    assert_allclose(errors_of(data)[0], np.sqrt(np.square([3, 3, 3, 5]) + 144), rtol=1e-14)
    data.floor = 0
    assert_allclose(errors_of(data), [[3, 3, 3, 5], [6, 3, 6, 5]], rtol=1e-14)


def test_systematics_cannot_go_if_nothing_else_is_left():
    zero = np.zeros(4)
    data = dataset(
        intensity_stat_errn=zero, intensity_stat_errp=zero, intensity_syst_errn=np.ones(4), name="s"
    )
    before = errors_of(data)
    with pytest.raises(ValueError, match=r"'s', row 0: no error is left"):
        data.systematics = False
    assert data.systematics is True
    assert_array_equal(errors_of(data), before)
    data.floor = 0.1
    data.systematics = False
    assert_allclose(errors_of(data)[0], 0.1 * data.intensity.value)
    with pytest.raises(ValueError, match="no error is left"):
        data.floor = 0
    assert data.floor == 0.1
    assert_allclose(errors_of(data)[0], 0.1 * data.intensity.value)


# Statistic


def test_statistic_by_hand():
    model = toy_model()
    y = expected_intensity("H", "kinetic_energy", X) * [1.2, 0.8, 1.2, 0.8]
    errn, errp = 0.05 * y, 0.1 * y
    data = dataset(intensity=y, intensity_stat_errn=errn, intensity_stat_errp=errp, model=model)
    ratio = 1 / np.array([1.2, 0.8, 1.2, 0.8])
    pulls = (ratio - 1) / np.where(ratio > 1, 0.1, 0.05)
    assert_allclose(data.stat_array(), pulls**2, rtol=1e-9)
    assert_allclose(data.stat_sum(), np.sum(pulls**2), rtol=1e-9)
    assert_allclose(data.stat_sum_likelihood(), np.sum(pulls**2), rtol=1e-9)
    data.mask_fit = np.array([True, False, False, True])
    assert_allclose(data.stat_sum(), np.sum(pulls[[0, 3]] ** 2), rtol=1e-9)
    assert_allclose(data.stat_array(), pulls**2, rtol=1e-9)
    data.mask_fit = np.zeros(4, dtype=bool)
    assert data.stat_sum() == 0


def test_residuals_by_hand():
    model = toy_model()
    expected = expected_intensity("H", "kinetic_energy", X)
    y = expected * 1.5
    data = dataset(intensity=y, model=model)
    assert_allclose(data.residuals().value, 0.5 * expected, rtol=1e-9)
    assert data.residuals().unit == GEV
    assert_allclose(data.residuals("diff/model").to_value(""), 0.5, rtol=1e-9)
    assert_allclose(data.residuals("diff/sqrt(model)").value, 0.5 * np.sqrt(expected), rtol=1e-9)
    assert_allclose(data.residuals("pull"), 0.5 / (0.1 * 1.5), rtol=1e-9)
    with pytest.raises((AttributeError, ValueError), match="nonsense"):
        data.residuals("nonsense")


def test_upper_limits():
    expected = expected_intensity("H", "kinetic_energy", X)
    limit = expected * [0.5, 1.0, 2.0, 1.0]
    zero = np.zeros(4)
    table = flux_table(
        intensity=limit,
        intensity_stat_errn=zero,
        intensity_stat_errp=np.array([0, 0, 0, 0.3]) * limit,
        is_ul=np.array([True, True, True, True]),
    )
    data = crl.CosmicRayFluxDataset.from_table(table, models=[toy_model()])
    quantile = 1.6448536269514722
    above = np.array([(1 / 0.5 - 1) * quantile, 0, (1 / 2 - 1) * quantile, 0])
    assert_array_equal(data.is_ul, True)
    assert_allclose(data.stat_array(), -2 * log_ndtr(-above), rtol=1e-8)
    # a limit with an error of its own keeps that
    data.model.components["toy"].spectral_models["H"].parameters["amplitude"].value *= 1.5
    assert_allclose(data.stat_array()[3], -2 * log_ndtr(-0.5 / 0.3), rtol=1e-8)
    # a floor widens them
    data.floor = 0.4
    assert_allclose(
        data.stat_array()[[1, 3]],
        -2 * log_ndtr(-0.5 / np.hypot([1 / quantile, 0.3], 0.4)),
        rtol=1e-8,
    )


def test_confidence_of_limits_comes_from_the_table():
    table = flux_table(
        intensity_stat_errn=np.zeros(4), intensity_stat_errp=np.zeros(4), is_ul=np.ones(4, bool)
    )
    table.meta["ul_confidence"] = 0.9
    data = crl.CosmicRayFluxDataset.from_table(table)
    assert_allclose(errors_of(data)[1] / data.intensity.value, 1 / 1.2815515655446004)


# Points in the fit


def test_energy_range_is_closed_below_and_open_above():
    data = dataset(x=[1.0, 2.0, 3.0, 4.0], model=toy_model())
    data.energy_range = 2 * u.GeV, 4e-3 * u.TeV
    assert_array_equal(data.mask_fit, [False, True, True, False])
    assert_allclose(data.stat_sum(), data.stat_array()[1:3].sum())
    data.energy_range = None, 2 * u.GeV
    assert_array_equal(data.mask_fit, [True, False, False, False])
    data.energy_range = None
    assert data.mask_fit is None
    data.energy_range = 1 * u.GeV, None
    assert data.mask_fit is None
    assert data.energy_range[0] == 1 * u.GeV


@pytest.mark.parametrize("value", [(4 * u.GeV, 2 * u.GeV), (2 * u.GeV, 2 * u.GeV)])
def test_empty_range_is_refused(value):
    data = dataset(energy_range=(3 * u.GeV, None))
    mask = data.mask_fit
    with pytest.raises(ValueError, match="empty"):
        data.energy_range = value
    assert data.energy_range == (3 * u.GeV, None)
    assert_array_equal(data.mask_fit, mask)


@pytest.mark.parametrize("value", [(2 * u.GV, None), (None, 3.0), (None, 3 * u.s)])
def test_range_in_other_units_is_refused(value):
    data = dataset()
    with pytest.raises(u.UnitConversionError, match="energy_range must be given in units like GeV"):
        data.energy_range = value
    assert data.energy_range == (None, None)


@pytest.mark.parametrize(
    "mask", [[True, False], [1, 0, 1, 0], np.ones((4, 1), bool), [True, False, True, 0.5]]
)
def test_mask_must_fit(mask):
    data = dataset()
    with pytest.raises(ValueError, match="mask_fit must be 4 booleans"):
        data.mask_fit = mask
    assert data.mask_fit is None


def test_mask_replaces_the_range():
    data = dataset(energy_range=(10 * u.GeV, None))
    data.mask_fit = [True, False, True, False]
    assert data.energy_range == (None, None)
    assert_array_equal(data.mask_fit, [True, False, True, False])


def test_mask_is_copied():
    mask = np.array([True, False, True, True])
    data = dataset(mask_fit=mask)
    mask[:] = False
    assert data.mask_fit.sum() == 3


@pytest.mark.parametrize("floor", [-0.1, np.nan, np.inf])
def test_floor_out_of_range(floor):
    data = dataset(floor=0.2)
    before = errors_of(data)
    with pytest.raises(ValueError, match="floor must be a fraction >= 0"):
        data.floor = floor
    assert data.floor == 0.2
    assert_array_equal(errors_of(data), before)
    with pytest.raises(ValueError, match="floor must be a fraction >= 0"):
        dataset(floor=floor)


# Models


def test_statistic_without_model():
    data = dataset(name="lonely")
    for call in (data.stat_sum, data.stat_array, data.intensity_pred, data.stat_sum_likelihood):
        with pytest.raises(ValueError, match=r"'lonely' has no cosmic-ray model.*datasets\.models"):
            call()
    assert data.models is None


@pytest.mark.parametrize("quantity", ["He", "light"])
def test_model_must_have_the_species(quantity):
    with pytest.raises(ValueError, match="no species 'He', only H"):
        dataset("total_energy", quantity, x=X + 3, model=toy_model(("H",)))


def test_refused_model_leaves_the_old_one():
    data = dataset("kinetic_energy", "He", model=toy_model())
    before = data.model
    with pytest.raises(ValueError, match="no species"):
        data.models = [toy_model(("H",))]
    assert data.model is before


def test_two_models_are_refused():
    data = dataset()
    with pytest.raises(ValueError, match="takes one CosmicRayModel, got one, two"):
        data.models = [toy_model(name="one"), toy_model(name="two")]


def test_model_for_other_datasets_is_left_out():
    mine = toy_model(name="mine", datasets_names=["toy-data"])
    other = toy_model(("H",), name="other", datasets_names="other-data")
    data = dataset("kinetic_energy", "He")
    data.models = [other, mine]
    assert data.models.names == ["mine"]
    data.models = [other]
    assert data.models is None
    data.models = [mine]
    data.models = None
    assert data.models is None


def test_nuisance_model_shows_once_in_use():
    data = dataset(model=toy_model())
    assert data.models.names == ["toy"]
    data.norm.frozen = False
    assert data.models.names == ["toy", "toy-data-nuisance"]
    data.norm.frozen = True
    assert data.models.names == ["toy"]
    data.energy_scale.value = 1.1
    assert data.models.names == ["toy", "toy-data-nuisance"]


def test_nuisance_model_given():
    mine = crl.NuisanceModel(name="mine", datasets_names="toy-data")
    other = crl.NuisanceModel(name="other", datasets_names=["elsewhere"])
    data = dataset()
    data.models = [toy_model(), mine, other]
    assert data.nuisance is mine
    assert data.models.names == ["toy", "mine"]
    with pytest.raises(ValueError, match="takes one NuisanceModel, got mine, more"):
        data.models = [toy_model(), mine, crl.NuisanceModel(name="more")]
    with pytest.raises(TypeError, match="expected a NuisanceModel"):
        data.nuisance = toy_model()


def test_priors_do_not_enter_the_dataset():
    data = dataset(model=toy_model())
    before = data.stat_sum()
    data.energy_scale.frozen = False
    assert data.stat_sum() == before


# Summaries and copies


def test_info_and_text():
    data = dataset(floor=0.07, energy_range=(10 * u.GeV, None), model=toy_model(), name="the-name")
    info = data.info_dict()
    assert info["name"] == "the-name"
    assert info["experiment"] == "TOY"
    assert info["quantity"] == "H"
    assert (info["n_points"], info["n_fit"]) == (4, 3)
    assert info["floor"] == 0.07
    assert info["reference"] == "Toy et al. 2020"
    assert_allclose(info["stat_sum"], data.stat_sum())
    text = str(data)
    for word in ("the-name", "0.07", "10.0 GeV to open", "Toy et al. 2020", "['toy']"):
        assert word in text
    assert "<pre>" in data._repr_html_()
    data.models = None
    assert data.info_dict()["stat_sum"] is None
    assert "none" in str(data)


def test_copy_is_independent_and_has_no_models():
    model = toy_model()
    data = dataset(floor=0.1, energy_range=(2 * u.GeV, None), systematics=False, model=model)
    new = data.copy(name="new")
    assert new.name == "new"
    assert new.models is None
    assert data.models[0] is model
    assert (new.floor, new.systematics, new.energy_range) == (0.1, False, data.energy_range)
    assert_array_equal(new.mask_fit, data.mask_fit)
    new.floor = 0.3
    table = new.table.copy()
    table["intensity"][0] = 77
    new.table = table
    new.mask_fit = np.zeros(4, dtype=bool)
    assert data.floor == 0.1
    assert data.table["intensity"][0] == 5
    assert data.mask_fit.sum() == 3
    assert data.copy().name != data.name


# Files


@pytest.mark.parametrize("suffix", [".ecsv", ".fits"])
def test_files_give_back_the_dataset(tmp_path, suffix):
    rng = np.random.default_rng(1)
    y = rng.uniform(1, 2, 4)
    data = dataset(
        "rigidity",
        "He",
        intensity=y,
        intensity_syst_errn=rng.uniform(0.1, 0.2, 4),
        is_ul=np.array([False, False, False, True]),
        floor=0.1 + 1e-16,
        systematics=False,
        energy_range=((1 / 0.3) * u.GV, 1.1e6 * u.GV),
        name="my-data",
    )
    path = tmp_path / f"data{suffix}"
    data.write(path)
    again = crl.CosmicRayFluxDataset.read(path)
    assert again.name == "my-data"
    assert (again.floor, again.systematics) == (data.floor, False)
    assert again.energy_range == data.energy_range
    assert_array_equal(again.mask_fit, data.mask_fit)
    for one, other in zip(again.data, data.data, strict=True):
        assert_array_equal(one, other)
    assert_array_equal(again.x, data.x)
    assert (again.axis, again.quantity, again.experiment) == ("rigidity", "He", "TOY")
    assert again.reference == "Toy et al. 2020"
    model = toy_model()
    again.models = data.models = [model]
    assert again.stat_sum() == data.stat_sum()
    with pytest.raises(
        FileExistsError, match=r"exists already; nothing was written, pass overwrite=True"
    ):
        data.write(path)
    again.write(path, overwrite=True)
    assert crl.CosmicRayFluxDataset.read(path).energy_range == data.energy_range


@pytest.mark.parametrize("suffix", [".ecsv", ".fits"])
def test_files_keep_a_mask(tmp_path, suffix):
    data = dataset(mask_fit=[True, False, False, True])
    data.write(tmp_path / f"data{suffix}")
    again = crl.CosmicRayFluxDataset.read(tmp_path / f"data{suffix}")
    assert_array_equal(again.mask_fit, [True, False, False, True])
    assert again.energy_range == (None, None)


def test_settings_in_the_call_win_over_those_in_the_file(tmp_path):
    data = dataset(floor=0.1, energy_range=(10 * u.GeV, None))
    data.write(tmp_path / "data.ecsv")
    again = crl.CosmicRayFluxDataset.read(
        tmp_path / "data.ecsv", name="other", floor=0.3, energy_range=(None, 10 * u.GeV)
    )
    assert again.name == "other"
    assert again.floor == 0.3
    assert_array_equal(again.mask_fit, [True, False, False, False])


def test_range_in_the_call_wins_over_a_mask_in_the_file(tmp_path):
    dataset(mask_fit=[True, False, False, True]).write(tmp_path / "data.ecsv")
    again = crl.CosmicRayFluxDataset.read(tmp_path / "data.ecsv", energy_range=(10 * u.GeV, None))
    assert again.energy_range[0] == 10 * u.GeV
    assert not again.mask_fit[0]


def test_mask_in_the_call_wins_over_a_range_in_the_file(tmp_path):
    dataset(energy_range=(10 * u.GeV, None)).write(tmp_path / "data.ecsv")
    mask = [True, False, False, True]
    again = crl.CosmicRayFluxDataset.read(tmp_path / "data.ecsv", mask_fit=mask)
    assert_array_equal(again.mask_fit, mask)
    assert again.energy_range == (None, None)


def test_file_has_the_range_or_the_mask_that_was_set_last(tmp_path):
    data = dataset(mask_fit=[True, False, False, True])
    data.energy_range = (10 * u.GeV, None)
    data.write(tmp_path / "range.ecsv")
    again = crl.CosmicRayFluxDataset.read(tmp_path / "range.ecsv")
    assert again.energy_range == (10 * u.GeV, None)
    assert_array_equal(again.mask_fit, [False, True, True, True])
    data.mask_fit = [True, False, False, True]
    data.write(tmp_path / "mask.ecsv")
    again = crl.CosmicRayFluxDataset.read(tmp_path / "mask.ecsv")
    assert again.energy_range == (None, None)
    assert_array_equal(again.mask_fit, [True, False, False, True])


def test_file_with_a_range_beside_a_mask_is_refused(tmp_path):
    # which of them is meant cannot be told
    path = tmp_path / "data.ecsv"
    dataset(mask_fit=[True, False, False, True]).write(path)
    table = Table.read(path)
    table.meta["dataset"]["energy_range"] = ["10.0 GeV", None]
    table.write(path, overwrite=True)
    with pytest.raises(ValueError, match="'toy-data': give mask_fit or energy_range, not both"):
        crl.CosmicRayFluxDataset.read(path)
    # a call that says what it wants settles it
    again = crl.CosmicRayFluxDataset.read(path, energy_range=(None, 10 * u.GeV))
    assert_array_equal(again.mask_fit, [True, False, False, False])


def test_other_suffix_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"expected the suffix \.ecsv or \.fits"):
        dataset().write(tmp_path / "data.csv")
    assert list(tmp_path.iterdir()) == []


def test_unknown_setting_in_a_file():
    table = flux_table()
    table.meta["dataset"] = {"flor": 0.1}
    with pytest.raises(crl.TableError, match="unknown dataset settings flor; expected floor"):
        crl.CosmicRayFluxDataset.from_table(table)


def test_from_table_with_other_columns_and_units():
    table = Table({"E": [0.01, 0.1], "F": [2.0, 0.3], "dF": [0.1, 0.02]})
    data = crl.CosmicRayFluxDataset.from_table(
        table,
        name="mine",
        columns={
            "energy": ("E", "TeV"),
            "intensity": ("F", "TeV-1 cm-2 s-1 sr-1"),
            "intensity_err": ("dF", "TeV-1 cm-2 s-1 sr-1"),
        },
        experiment="MINE",
        quantity="H",
        axis="kinetic_energy",
        floor=0.5,
    )
    assert data.name == "mine"
    assert data.experiment == "MINE"
    assert_allclose(data.x.to_value("GeV"), [10, 100])
    # 1/(TeV cm2) is 10 / (GeV m2)
    assert_allclose(data.intensity.to_value(GEV), [20, 3])
    assert_allclose(errors_of(data)[0], np.hypot([1, 0.2], [10, 1.5]))
    assert table.colnames == ["E", "F", "dF"]
    assert table.meta == {}


def test_user_table_is_not_modified():
    table = flux_table()
    table.meta["dataset"] = {"floor": 0.1}
    data = crl.CosmicRayFluxDataset.from_table(table, name="n")
    data.floor = 0.2
    other = data.table.copy()
    other["intensity"][0] = 1
    data.table = other
    assert table.meta["dataset"] == {"floor": 0.1}
    assert table.meta["name"] == "toy-data"
    assert table["intensity"][0] == 5


def test_registered_with_gammapy():
    assert DATASET_REGISTRY.get_cls("CosmicRayFluxDataset") is crl.CosmicRayFluxDataset


# Shipped tables at the values of Table I

TABLE_ONE = {
    "ams-02_h_2015": (72, 1.96),
    "ams-02_he_2015": (68, 3.26),
    "dampe_h": (18, 0.63),
    "dampe_he": (18, 1.28),
    "cream_he": (12, 0.32),
}


@pytest.mark.parametrize("name", TABLE_ONE)
def test_statistic_per_point_of_the_paper(name):
    (data,) = crl.load_datasets(name, floors=None)
    data.models = [crl.xue_liu_2025()]
    points, expected = TABLE_ONE[name]
    assert data.data_shape == (points,)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_allclose(data.stat_sum() / points, expected, atol=0.0051)
