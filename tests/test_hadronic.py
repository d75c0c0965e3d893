"""Datasets with the tables of several hadronic models, and the parameter between them."""

import copy
import pickle
import warnings

import astropy.units as u
import numpy as np
import pytest
import yaml
from astropy.table import Table
from gammapy.modeling import Fit
from gammapy.modeling.models import Models
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

import crlocal_plugin as crl
from crlocal_plugin.catalogue.index import read_catalog_table, table_path
from crlocal_plugin.datasets.flux import CosmicRayFluxDataset
from crlocal_plugin.datasets.mean_log_mass import MeanLogMassDataset
from crlocal_plugin.likelihood.degeneracies import DegenerateParametersWarning
from crlocal_plugin.tables.hadronic import (
    join_hadronic_models,
    prediction_shift,
    shift_coefficients,
)
from crlocal_plugin.tables.raw_table import TableError

MODELS = ["QGSJET-II-04", "EPOS-LHC", "SIBYLL-2.3d"]
SUFFIXES = ["qgsjet-ii-04", "epos-lhc", "sibyll-2p3d"]
CLASSES = {
    "h": CosmicRayFluxDataset,
    "all_particle": CosmicRayFluxDataset,
    "mean_log_mass": MeanLogMassDataset,
}


def tables(quantity, suffixes=SUFFIXES):
    return [read_catalog_table(f"lhaaso_{quantity}_{suffix}") for suffix in suffixes]


def loaded(names="lhaaso", hadronic_model=MODELS, model=None, **kwargs):
    datasets = crl.load_datasets(names, hadronic_model=hadronic_model, **kwargs)
    datasets.models = [crl.xue_liu_2025(priors="measured") if model is None else model]
    return datasets


# The polynomial


def test_shift_is_exact_at_every_table():
    shifts = np.random.default_rng(1).normal(size=(5, 3))
    coefficients = shift_coefficients(shifts)
    assert_array_equal(prediction_shift(coefficients, 0.0), 0)
    for position, shift in enumerate(shifts, start=1):
        assert_allclose(prediction_shift(coefficients, position), -shift, atol=1e-12)


def test_two_tables_are_joined_by_a_line():
    assert_allclose(prediction_shift(shift_coefficients([[4.0, -1.0]]), 0.25), [-1, 0.25])


@pytest.mark.parametrize(
    ("position", "weights"), [(0.5, (3 / 4, -1 / 8)), (1.5, (3 / 4, 3 / 8)), (1.0, (1, 0))]
)
def test_three_tables_are_joined_by_a_parabola(position, weights):
    # weights of Lagrange's parabola through nodes 0, 1, 2, where the first shift is zero
    coefficients = shift_coefficients([[0.3, 2.0], [0.5, -1.0]])
    expected = np.dot(weights, [[0.3, 2.0], [0.5, -1.0]])
    assert_allclose(prediction_shift(coefficients, position), -expected, rtol=1e-12)


def test_shift_of_many_sets():
    coefficients = shift_coefficients([[0.3, 2.0], [0.5, -1.0]])
    positions = np.array([[0.0, 0.2], [1.7, 2.0], [1.0, 1.0]])
    together = prediction_shift(coefficients, positions)
    for row, position in zip(together, positions, strict=True):
        assert_allclose(row, prediction_shift(coefficients, position), rtol=1e-14)


# Tables


@pytest.mark.parametrize("quantity", CLASSES)
def test_tables_are_joined(quantity):
    parts = tables(quantity)
    joined = join_hadronic_models(parts)
    assert joined.meta["hadronic_models"] == MODELS
    column = CLASSES[quantity].column
    assert_array_equal(joined[column], parts[0][column])
    for k in (1, 2):
        if column == "intensity":
            expected = np.log(parts[k][column] / parts[0][column])
        else:
            expected = parts[k][column] - parts[0][column]
        assert_allclose(joined[f"hadronic_shift_{k}"], expected, atol=1e-14)
    # the arguments stay as they were
    assert "hadronic_models" not in parts[0].meta


def test_limits_are_not_compared():
    parts = [read_catalog_table(f"kascade_he_{s}") for s in ("sibyll-2p1", "qgsjet-01")]
    limited = np.array(parts[0]["is_ul"]) | np.array(parts[1]["is_ul"])
    assert 0 < limited.sum() < len(limited)
    shift = np.array(join_hadronic_models(parts)["hadronic_shift_1"])
    assert_array_equal(shift[limited], 0)
    assert (shift[~limited] != 0).all()


def _other(change):
    table = tables("h", ["epos-lhc"])[0]
    change(table)
    return table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.meta.update(hadronic_model="QGSJET-II-04"), "2 to 6 tables, each with an"),
        (lambda t: t.meta.pop("hadronic_model"), "2 to 6 tables, each with another"),
        (lambda t: t.meta.update(quantity="He"), "expected the same quantity, got 'H' and 'He'"),
        (lambda t: t.meta.update(experiment="X"), "expected the same experiment"),
        (lambda t: t.remove_row(3), "expected the same energy in each row"),
        (lambda t: t.replace_column("energy", 1.01 * t["energy"]), "expected the same energy"),
    ],
)
def test_tables_that_do_not_belong_together(change, message):
    first = tables("h", ["qgsjet-ii-04"])[0]
    with pytest.raises(TableError, match=message):
        join_hadronic_models([first, _other(change)])


def test_one_table_or_a_dipole_is_refused():
    with pytest.raises(TableError, match=r"expected 2 to 6 tables.*got QGSJET-II-04"):
        join_hadronic_models(tables("h", ["qgsjet-ii-04"]))
    with pytest.raises(TableError, match="expected a list of tables, got one table"):
        join_hadronic_models(tables("h")[0])
    with pytest.raises(TableError, match="got 'lhaaso_h_epos-lhc'; read it with"):
        join_hadronic_models(["lhaaso_h_epos-lhc", "lhaaso_h_qgsjet-ii-04"])
    dipoles = [read_catalog_table("icecube-2016") for _ in range(2)]
    for table, name in zip(dipoles, "ab", strict=True):
        table.meta["hadronic_model"] = name
    with pytest.raises(TableError, match="expected the columns of a spectrum or of <ln A>"):
        join_hadronic_models(dipoles)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (None, "'hadronic_shift_1': expected hadronic_models in the meta"),
        (["A"], "expected 2 to 6 different names"),
        (["A", "A", "B"], "expected 2 to 6 different names"),
        ("A", "expected 2 to 6 different names"),
        (["A", "B", "C", "D"], "'hadronic_shift_3'"),
    ],
)
def test_wrong_meta(models, message):
    table = join_hadronic_models(tables("h"))
    table.meta["hadronic_models"] = models
    with pytest.raises(TableError, match=message):
        CosmicRayFluxDataset.read(table)


# Predictions


@pytest.mark.parametrize("quantity", CLASSES)
@pytest.mark.parametrize("position", range(3))
def test_position_of_a_model_is_its_table(quantity, position):
    cls, model = CLASSES[quantity], crl.xue_liu_2025(priors="measured")
    data = cls.from_table(join_hadronic_models(tables(quantity)), models=[model])
    other = cls.read(table_path(f"lhaaso_{quantity}_{SUFFIXES[position]}"), models=[model])
    data.hadronic.value = position
    if cls is MeanLogMassDataset:
        assert_allclose(data.residuals(), other.residuals(), atol=1e-13)
    else:
        assert_allclose(data.residuals("diff/model"), other.residuals("diff/model"), atol=1e-12)
    # errors are those of the first table
    first = cls.read(table_path(f"lhaaso_{quantity}_{SUFFIXES[0]}"))
    assert_array_equal(data.data.errp, first.data.errp)


def test_between_two_models_is_the_geometric_mean():
    parts = tables("h", SUFFIXES[:2])
    model = crl.xue_liu_2025(priors="measured")
    data = CosmicRayFluxDataset.from_table(join_hadronic_models(parts), models=[model])
    data.hadronic.value = 0.5
    mean = np.sqrt(np.array(parts[0]["intensity"]) * np.array(parts[1]["intensity"]))
    predicted = model.intensity(data.x, "H", axis="total_energy").value
    expected = predicted * parts[0]["intensity"] / mean
    assert_allclose(data.intensity_pred().value, expected, rtol=1e-12)


def check(datasets):
    """Together as one by one, with priors counted once."""
    alone = sum(data.stat_sum() for data in datasets)
    priors = sum(par.prior(par) for par in datasets.parameters if par.prior is not None)
    assert_allclose(datasets.stat_sum(), alone + priors, rtol=1e-10)


def test_evaluated_together():
    datasets = loaded(
        ["lhaaso", "dampe_h", "lhaaso-km2a-2021", "kascade_h_sibyll-2p1"],
        {"LHAASO": MODELS, "KASCADE": ["QGSJET-01", "SIBYLL-2.1"]},
    )
    check(datasets)
    before = datasets.stat_sum()
    datasets["lhaaso_h_qgsjet-ii-04"].hadronic.value = 1.3
    datasets["kascade_h_qgsjet-01"].hadronic.value = 0.4
    datasets["lhaaso_h_qgsjet-ii-04"].energy_range = (1e6 * u.GeV, None)
    check(datasets)
    assert datasets.stat_sum() != before
    datasets["lhaaso_h_qgsjet-ii-04"].norm.value = 1.1
    check(datasets)


@pytest.mark.parametrize("other", [[], ["V_sun", "He.Q_0c"], ["LHAASO.energy_scale"]])
def test_sets_of_parameters_at_once(other):
    datasets = loaded(["lhaaso", "lhaaso-km2a-2021"], scatter=False)
    datasets.models[0].freeze()
    crl.free_parameters(datasets, ["LHAASO.hadronic", *other])
    likelihood = crl.JointLikelihood(datasets)
    assert likelihood.size == 1 + len(other)
    rng = np.random.default_rng(5)
    theta = likelihood.values * rng.uniform(0.95, 1.05, (4, likelihood.size))
    theta[:, likelihood.names.index("hadronic")] = [0, 0.3, 1, 1.9]
    together = likelihood(theta)
    assert len(set(together)) == 4
    for value, row in zip(together, theta, strict=True):
        assert_allclose(value, likelihood(row), rtol=1e-10)
        likelihood.assign(row)
        assert_allclose(value, datasets.stat_sum(), rtol=1e-10)


def test_derivatives_in_the_position():
    datasets = loaded(["lhaaso_h_epos-lhc", "lhaaso_mean_log_mass_epos-lhc"], MODELS[:2])
    datasets[0].hadronic.frozen = False
    datasets[0].hadronic.value = 0.3
    likelihood = crl.JointLikelihood(datasets)
    column = likelihood.jacobian(likelihood.values)[:, likelihood.names.index("hadronic")]
    flux, mass = (join_hadronic_models(tables(q, SUFFIXES[:2])) for q in ("h", "mean_log_mass"))
    slope = -np.array(flux["hadronic_shift_1"]) * datasets[0].intensity_pred().value
    # one error on both sides in these tables
    assert_allclose(column[:19], slope / datasets[0].data.errp, rtol=1e-6)
    expected = -np.array(mass["hadronic_shift_1"]) / datasets[1].data.errp
    assert_allclose(column[19:39], expected, rtol=1e-6)


# The parameter


def test_parameter_is_shared_frozen_and_limited():
    datasets = loaded(["lhaaso", "lhaaso-km2a-2021", "dampe_h"], scatter=False)
    par = datasets[0].hadronic
    assert all(data.hadronic is par for data in datasets[:5])
    assert datasets["dampe_h"].hadronic is not par
    assert (par.value, par.frozen, par.min, par.max, par.prior) == (0, True, 0, 2, None)
    assert datasets[0].hadronic_models == MODELS
    assert datasets["dampe_h"].hadronic_models == []
    assert datasets.models.names == ["cosmic-ray"]
    par.value = 1
    assert datasets.models.names == ["cosmic-ray", "LHAASO-nuisance"]
    assert "hadronic" in datasets.parameters.labels
    par.value = 0
    assert datasets.models.names == ["cosmic-ray"]
    crl.free_parameters(datasets, ["LHAASO.hadronic"])
    assert [p for p in datasets.parameters.free_parameters if p is par] == [par]
    assert "QGSJET-II-04, EPOS-LHC" in str(datasets[0])
    assert datasets.info_table()["hadronic_models"][0] == ", ".join(MODELS)


def test_limit_of_ones_own_stays():
    datasets = loaded()
    datasets[0].hadronic.max = 1
    again = crl.CosmicRayDatasets(list(datasets))
    assert again[0].hadronic.max == 1
    assert again[0].hadronic is datasets[0].hadronic


def test_parameter_of_data_without_other_models_is_told():
    datasets = crl.load_datasets(["dampe_h"], scatter=False)
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    datasets.models[0].freeze()
    datasets[0].hadronic.frozen = False
    with pytest.warns(DegenerateParametersWarning, match="no dataset depends on hadronic"):
        datasets.warn_of_degeneracies()


def test_parameter_is_found_where_there_are_several_models():
    datasets = loaded(["lhaaso_h_epos-lhc", "dampe_h"])
    datasets["dampe_h"].norm.frozen = False
    crl.free_parameters(datasets, ["hadronic"])
    assert not datasets[0].hadronic.frozen
    assert datasets["dampe_h"].hadronic.frozen
    with pytest.raises(ValueError, match=r"no parameter is called 'DAMPE.hadronic'"):
        crl.free_parameters(datasets, ["DAMPE.hadronic"])


def test_two_lists_for_one_parameter():
    one = crl.load_datasets("lhaaso_h_epos-lhc", hadronic_model=MODELS, scatter=False)
    other = crl.load_datasets("lhaaso_he_epos-lhc", hadronic_model=MODELS[:2], scatter=False)
    datasets = crl.CosmicRayDatasets([*one, *other])
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    with pytest.raises(ValueError, match=r"share the parameter 'hadronic'.*with the same list"):
        datasets.stat_sum()
    other[0].nuisance = crl.NuisanceModel(datasets_names=[other[0].name], name="own")
    check(crl.CosmicRayDatasets([*one, *other]))


@pytest.mark.parametrize("value", [0.0, 1e-6, 0.5])
def test_natural_scale_is_a_part_of_the_range(value):
    datasets = loaded()
    datasets[0].hadronic.value, datasets[0].hadronic.frozen = value, False
    likelihood = crl.JointLikelihood(datasets, [datasets[0].hadronic])
    assert_allclose(likelihood.scales_at(likelihood.values), 0.2)


# Files and copies


@pytest.mark.parametrize("suffix", ["ecsv", "fits"])
@pytest.mark.parametrize("quantity", ["h", "mean_log_mass"])
def test_written_and_read(tmp_path, suffix, quantity):
    cls, model = CLASSES[quantity], crl.xue_liu_2025(priors="measured")
    data = cls.from_table(join_hadronic_models(tables(quantity)), models=[model])
    data.write(tmp_path / f"data.{suffix}")
    again = cls.read(tmp_path / f"data.{suffix}", models=[model])
    assert again.hadronic_models == MODELS
    data.hadronic.value = again.hadronic.value = 1.4
    assert again.hadronic.max == 2
    assert_allclose(again.stat_sum(), data.stat_sum(), rtol=1e-12)


def test_collection_is_written_and_read(tmp_path):
    datasets = loaded()
    datasets[0].hadronic.value, datasets[0].hadronic.frozen = 0.7, False
    datasets.write(tmp_path / "datasets.yaml", tmp_path / "models.yaml")
    again = crl.CosmicRayDatasets.read(tmp_path / "datasets.yaml", tmp_path / "models.yaml")
    par = again[0].hadronic
    assert (par.value, par.frozen, par.max) == (0.7, False, 2)
    assert all(data.hadronic is par for data in again)
    assert_allclose(again.stat_sum(), datasets.stat_sum(), rtol=1e-12)


def test_models_of_an_older_file():
    nuisance = crl.NuisanceModel(datasets_names=["x"], name="old")
    nuisance.norm.value = 1.2
    data = yaml.safe_load(Models([nuisance]).to_yaml())
    entries = data["components"][0]["parameters"]
    names = ["norm", "energy_scale", "phi_offset", "hadronic", "scatter", "dipole_norm"]
    assert [entry["name"] for entry in entries] == names
    del entries[2:]
    (again,) = Models.from_dict(data)
    assert (again.norm.value, again.hadronic.value, again.hadronic.frozen) == (1.2, 0, True)
    assert (again.scatter.value, again.scatter.frozen, again.is_active) == (0, True, True)
    assert (again.dipole_norm.value, again.dipole_norm.frozen) == (1, True)


@pytest.mark.parametrize(
    "make", [copy.deepcopy, lambda d: d.copy(), lambda d: pickle.loads(pickle.dumps(d))]
)
def test_copies_are_independent(make):
    datasets = loaded()
    datasets[0].hadronic.value = 1.2
    before = datasets.stat_sum()
    new = make(datasets)
    assert new.stat_sum() == before
    new[0].hadronic.value = 0.1
    check(new)
    assert datasets.stat_sum() == before


# Simulated data and fits


def toy_datasets(truth, seed):
    """Simulated data of LHAASO at a position among the models."""
    datasets = loaded(["lhaaso_h_epos-lhc", "lhaaso_he_epos-lhc", "lhaaso_mean_log_mass_epos-lhc"])
    model = datasets.models[0]
    model.freeze()
    for name in ("H.Q_0c", "He.Q_0c"):
        datasets.parameters[name].frozen = False
    datasets[0].hadronic.value = truth
    datasets.fake(seed)
    datasets[0].hadronic.frozen = False
    return datasets


def test_simulated_data_keep_the_position():
    pulls = []
    for seed in range(4):
        datasets = toy_datasets(1.3, seed)
        pulls += [data.residuals("pull") for data in datasets]
    pulls = np.concatenate(pulls)
    assert abs(pulls.mean()) < 4 / np.sqrt(len(pulls))
    assert abs(pulls.std() - 1) < 4 / np.sqrt(2 * len(pulls))
    assert datasets[0].table.meta["simulated"]
    likelihood = crl.JointLikelihood(datasets)
    drawn = likelihood.fake(likelihood.values, 1).residuals(likelihood.values)[:58]
    assert abs(drawn.std() - 1) < 4 / np.sqrt(2 * 58)


@pytest.mark.parametrize("backend", ["least-squares", "minuit"])
@pytest.mark.parametrize("truth", [0.4, 1.3])
def test_fit_recovers_the_position(truth, backend):
    datasets = toy_datasets(truth, 11)
    strength = datasets.parameters["H.Q_0c"]
    true_strength = strength.value
    strength.value, datasets[0].hadronic.value = 0.9 * true_strength, 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error", DegenerateParametersWarning)
        result = Fit(backend=backend).run(datasets)
    par = datasets[0].hadronic
    assert result.success
    assert 0 < par.error < 0.3
    assert abs(par.value - truth) < 4 * par.error
    assert abs(strength.value - true_strength) < 4 * strength.error
    assert result.total_stat - datasets.stat_sum() == pytest.approx(0, abs=1e-6)


def test_fit_from_any_start():
    found = []
    for start in (0.0, 0.7, 2.0):
        datasets = toy_datasets(1.3, 11)
        datasets[0].hadronic.value = start
        result = Fit(backend="least-squares").run(datasets)
        assert result.success
        found.append((datasets[0].hadronic.value, result.total_stat))
    assert 0.2 < found[0][0] < 1.8
    assert_allclose(found[1:], found[:1] * 2, rtol=1e-3)


def test_error_close_to_an_end():
    datasets = toy_datasets(0.02, 3)
    par = datasets[0].hadronic
    datasets.models[0].freeze()
    par.value = 1
    assert Fit(backend="least-squares").run(datasets).success
    best, error, step = par.value, par.error, 0.01
    assert 0 < best < 0.3 * error
    stat = []
    for shift in (-step, 0, step):
        par.value = best + shift
        stat.append(datasets.stat_sum())
    curvature = (stat[0] + stat[2] - 2 * stat[1]) / step**2
    assert_allclose(error, np.sqrt(2 / curvature), rtol=0.1)


def two_minima():
    """Data at ln J = 0.05 above the model, with shifts of the others of 0.3 and -0.1."""
    model = crl.xue_liu_2025(priors=None)
    model.freeze()
    energy = np.geomspace(1e5, 1e6, 4) * u.GeV
    value = model.intensity(energy, "H", axis="total_energy")
    table = Table({"energy": energy, "intensity": value * np.exp(0.05)})
    table["intensity_err"] = 0.01 * table["intensity"]
    table["hadronic_shift_1"], table["hadronic_shift_2"] = 0.3, -0.1
    table.meta = {"experiment": "TEST", "quantity": "H", "axis": "total_energy"}
    table.meta["hadronic_models"] = MODELS
    datasets = crl.CosmicRayDatasets([CosmicRayFluxDataset.read(table, name="toy")])
    datasets.models = [model]
    datasets[0].hadronic.frozen = False
    return datasets


def test_descent_may_end_at_a_limit_that_is_a_minimum():
    # 0.65 h - 0.35 h^2 is 0 at h = 0, from where it rises, and -0.05 at
    best = (0.65 + np.sqrt(0.65**2 + 4 * 0.35 * 0.05)) / (2 * 0.35)
    at_limit = 4 * ((1 - np.exp(-0.05)) / 0.01) ** 2
    datasets = two_minima()
    datasets.n_starts = 0
    position = datasets[0].hadronic
    assert Fit(backend="least-squares").run(datasets).total_stat == pytest.approx(at_limit)
    assert position.value == pytest.approx(0, abs=1e-6)
    position.value = 2
    assert Fit(backend="least-squares").run(datasets).total_stat == pytest.approx(0, abs=1e-6)
    assert position.value == pytest.approx(best, rel=1e-5)
    # several starts find the lower one from anywhere
    position.value, datasets.n_starts = 0, 10
    assert Fit(backend="least-squares").run(datasets).total_stat == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("start", [0.0, 0.01, 2.0])
def test_random_starts_are_anywhere_among_the_models(start):
    datasets = two_minima()
    datasets[0].hadronic.value = start
    found = crl.random_starts(datasets, 40)
    assert len(found.minima) == 2
    # starts before the crest, at 0.65 / 0.7, and behind it
    assert 12 <= found.minima["starts"][1] <= 26
    assert found.minima["starts"].sum() == 40
    nothing_moves = crl.random_starts(datasets, 3, spread=0)
    assert len(nothing_moves.minima) == 1


# Pictures


@pytest.mark.parametrize("position", [1, 2])
def test_pictures_show_the_table_of_the_position(position):
    model = crl.xue_liu_2025(priors="measured")
    data = CosmicRayFluxDataset.from_table(join_hadronic_models(tables("h")), models=[model])
    data.hadronic.value = position
    ax = data.plot_fit(ax=Figure().add_subplot(), energy_power=0)
    drawn = next(line for line in ax.lines if len(line.get_xdata()) == 19)
    assert_allclose(drawn.get_ydata(), tables("h")[position]["intensity"], rtol=1e-12)
    mass = MeanLogMassDataset.from_table(
        join_hadronic_models(tables("mean_log_mass")), models=[model]
    )
    mass.hadronic.value = position
    ax = mass.plot_fit(ax=Figure().add_subplot())
    drawn = next(line for line in ax.lines if len(line.get_xdata()) == 20)
    assert_allclose(
        drawn.get_ydata(), tables("mean_log_mass")[position]["mean_log_mass"], rtol=1e-12
    )
