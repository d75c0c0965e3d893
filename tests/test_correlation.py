"""Correlated systematic errors of spectra and of <ln A>."""

import copy
import pickle

import astropy.units as u
import mpmath
import numpy as np
import pytest
from astropy.table import Table
from gammapy.datasets import Datasets
from gammapy.modeling import Fit
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_ndtr
from scipy.stats import chi2, kstest

import crlocal_plugin as crl
from crlocal_plugin.datasets.correlation import CorrelatedData, correlation_matrix
from crlocal_plugin.datasets.points import Intensities
from crlocal_plugin.datasets.residuals import FluxData

GV = u.Unit("GV-1 m-2 s-1 sr-1")
X = np.geomspace(20, 2e4, 12)
ROW = np.arange(len(X))
MODEL = crl.xue_liu_2025()
TRUTH = MODEL.intensity(X * u.GV, "H").to_value(GV)


def flux_table(stat=0.02, syst=0.05, shift=0.0, **columns):
    """Spectrum of hydrogen near the model, with relative errors."""
    y = TRUTH * (1 + shift + 0.03 * np.sin(5 * ROW))
    table = Table({"rigidity": X * u.GV, "intensity": y * GV})
    for name, value in {"stat": stat, "syst": syst}.items():
        sides = value if isinstance(value, tuple) else (value, value)
        for side, relative in zip("np", sides, strict=True):
            table[f"intensity_{name}_err{side}"] = relative * y * GV
    for name, values in columns.items():
        table[name] = values if name == "is_ul" else values * y * GV
    table.meta |= {"name": "toy", "experiment": "TOY", "quantity": "H", "axis": "rigidity"}
    return table


def spectrum(table=None, **kwargs):
    table = flux_table() if table is None else table
    return crl.CosmicRayFluxDataset.from_table(table, models=[MODEL], **kwargs)


def direct(difference, covariance, rows=slice(None)):
    """Chi-square of some rows, by a system of linear equations."""
    difference, covariance = difference[rows], covariance[rows][:, rows]
    return difference @ np.linalg.solve(covariance, difference)


def difference_of(data):
    return np.asarray(data.table["intensity"], dtype=float) - TRUTH


def systematic(relative, length, y):
    """Covariance of a relative systematic error, element by element."""
    matrix = np.empty((len(X), len(X)))
    for i in ROW:
        for j in ROW:
            rho = 1.0 if length == "full" else np.exp(-0.5 * (np.log(X[i] / X[j]) / length) ** 2)
            matrix[i, j] = relative**2 * y[i] * y[j] * rho
    return matrix


def random_covariance(seed):
    n = len(X)
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n, n))
    size = 0.05 * TRUTH * rng.uniform(0.5, 2, n)
    matrix = factor @ factor.T + 0.3 * n * np.eye(n)
    root = np.sqrt(np.diag(matrix))
    return matrix / np.outer(root, root) * np.outer(size, size)


# ------------------------------------------------------------------- the statistic


@given(seed=st.integers(0, 2**32 - 1), mask=st.lists(st.booleans(), min_size=12, max_size=12))
@settings(max_examples=25, deadline=None)
def test_statistic_is_that_of_the_covariance_of_the_points_in_the_fit(seed, mask):
    covariance, mask = random_covariance(seed), np.array(mask)
    data = spectrum(covariance=covariance, mask_fit=mask)
    expected = direct(difference_of(data), covariance, mask)
    joint = crl.CosmicRayDatasets([data])
    assert_allclose(data.stat_sum_likelihood(), expected, rtol=1e-9)
    assert_allclose(joint.stat_sum_likelihood(), expected, rtol=1e-9)
    assert data.info_dict()["n_fit"] == mask.sum()
    # all residuals are there, and those of all points are those of all covariance
    assert_allclose(
        np.sum(data.signed_residuals() ** 2), direct(difference_of(data), covariance), rtol=1e-9
    )


def test_statistic_with_fifty_digits():
    data = spectrum(flux_table(stat=0.002), correlation=1.5)
    y = np.asarray(data.table["intensity"])
    with mpmath.workdps(50):
        n = len(X)
        matrix = mpmath.matrix(n, n)
        for i in range(n):
            for j in range(n):
                z = mpmath.log(mpmath.mpf(X[i]) / mpmath.mpf(X[j])) / mpmath.mpf("1.5")
                matrix[i, j] = mpmath.mpf("0.05") ** 2 * y[i] * y[j] * mpmath.exp(-(z**2) / 2)
            matrix[i, i] += (mpmath.mpf("0.002") * y[i]) ** 2
        r = mpmath.matrix(difference_of(data).tolist())
        expected = float((r.T * mpmath.lu_solve(matrix, r))[0])
    assert_allclose(data.stat_sum_likelihood(), expected, rtol=1e-8)


@given(
    length=st.one_of(st.just("full"), st.floats(0.05, 20)),
    floor=st.floats(0, 0.1),
    stat=st.floats(0.005, 0.1),
    syst=st.floats(0.01, 0.2),
)
@settings(max_examples=25, deadline=None)
def test_statistic_of_a_length(length, floor, stat, syst):
    data = spectrum(flux_table(stat, syst), correlation=length, floor=floor)
    y = np.asarray(data.table["intensity"])
    covariance = np.diag((stat**2 + floor**2) * y**2) + systematic(syst, length, y)
    assert_allclose(data.stat_sum_likelihood(), direct(difference_of(data), covariance), rtol=1e-7)


def test_asymmetric_errors_are_averaged():
    data = spectrum(flux_table(stat=(0.01, 0.03), syst=(0.04, 0.0)), correlation=0.7)
    y = np.asarray(data.table["intensity"])
    total = (np.hypot(0.01, 0.04) + np.hypot(0.03, 0.04)) / 2
    covariance = systematic(0.04, 0.7, y)
    covariance[ROW, ROW] = total**2 * y**2
    assert_allclose(data.stat_sum_likelihood(), direct(difference_of(data), covariance), rtol=1e-9)
    # what is drawn stays what the table says
    lower, upper = data.intensity_errors
    assert_allclose([lower.value / y, upper.value / y], np.hypot([[0.01], [0.03]], 0.04) + 0 * X)


def test_a_length_of_nothing_is_independent():
    plain, short = spectrum(), spectrum(correlation=1e-3)
    assert_allclose(short.stat_array(), plain.stat_array(), rtol=1e-12)
    assert_allclose(short.signed_residuals(), plain.signed_residuals(), rtol=1e-12)


def test_a_long_length_is_a_common_shift():
    table = flux_table(stat=0.05)
    long, full = (spectrum(table, correlation=length) for length in (1000.0, "full"))
    assert_allclose(long.stat_sum_likelihood(), full.stat_sum_likelihood(), rtol=1e-2)


@given(stat=st.floats(0.005, 0.1), syst=st.floats(0.01, 0.2))
@settings(max_examples=20, deadline=None)
def test_a_common_shift_is_a_profiled_nuisance(stat, syst):
    data = spectrum(flux_table(stat, syst), correlation="full")
    y, r = np.asarray(data.table["intensity"]), difference_of(data)
    weight, share = 1 / (stat * y) ** 2, syst * y
    # minimum over b of sum(w (r - b s)^2) + b^2
    b = np.sum(weight * share * r) / (1 + np.sum(weight * share**2))
    expected = np.sum(weight * (r - b * share) ** 2) + b**2
    assert_allclose(data.stat_sum_likelihood(), expected, rtol=1e-7)


def test_components_have_lengths_of_their_own():
    parts = {"intensity_syst_acceptance_err": 0.03, "intensity_syst_scale_err": 0.02}
    table = flux_table(syst=0.05, **parts)
    data = spectrum(table, correlation={"acceptance": 0.4, "scale": "full"})
    y = np.asarray(table["intensity"])
    rest = 0.05**2 - 0.03**2 - 0.02**2
    covariance = np.diag((0.02**2 + rest) * y**2)
    covariance += systematic(0.03, 0.4, y) + systematic(0.02, "full", y)
    assert_allclose(data.stat_sum_likelihood(), direct(difference_of(data), covariance), rtol=1e-9)
    # without a length, a component is independent
    data.correlation = {"scale": "full"}
    covariance = np.diag((0.02**2 + 0.05**2 - 0.02**2) * y**2) + systematic(0.02, "full", y)
    assert_allclose(data.stat_sum_likelihood(), direct(difference_of(data), covariance), rtol=1e-9)
    # a kept dictionary is not changed in place
    data.correlation["scale"] = 0.1
    assert data.correlation == {"scale": "full"}


def test_limits_stay_outside():
    is_ul = ROW >= 10
    table = flux_table(is_ul=is_ul)
    table["intensity"][is_ul] *= 0.9
    covariance = random_covariance(5)
    for kwargs, matrix in (
        ({"covariance": covariance}, covariance),
        (
            {"correlation": 0.8},
            np.diag((0.02 * flux_table()["intensity"]) ** 2)
            + systematic(0.05, 0.8, np.asarray(flux_table()["intensity"])),
        ),
    ):
        data = spectrum(table, **kwargs)
        limits = spectrum(table).stat_array()[is_ul]
        assert_allclose(
            limits[0],
            -2 * log_ndtr(difference_of(data)[10] / data.intensity_errors[1].value[10]),
            rtol=1e-6,
        )
        expected = direct(difference_of(data), np.asarray(matrix), ~is_ul)
        assert_array_equal(data.stat_array()[is_ul], limits)
        assert_allclose(data.stat_sum_likelihood(), expected + limits.sum(), rtol=1e-9)
        joint = crl.CosmicRayDatasets([data])
        assert_allclose(joint.stat_sum_likelihood(), expected + limits.sum(), rtol=1e-9)


def test_floor_adds_to_a_covariance():
    covariance = random_covariance(3)
    data = spectrum(covariance=covariance, floor=0.04)
    y = np.asarray(data.table["intensity"])
    expected = covariance + np.diag((0.04 * y) ** 2)
    assert_allclose(data.stat_sum_likelihood(), direct(difference_of(data), expected), rtol=1e-9)
    assert_allclose(data.intensity_errors[0].value, np.sqrt(np.diag(expected)))
    # without systematic errors, those of the table that are statistical count alone
    data.systematics, data.floor = False, 0
    assert_allclose(data.intensity_errors[0].value, 0.02 * y)


def test_mean_log_mass():
    data = mean_log_mass()
    r = np.asarray(data.table["mean_log_mass"]) - data.mean_log_mass_pred()
    energy = data.x.value
    rho = np.exp(-0.5 * (np.log(energy[:, np.newaxis] / energy) / 1.2) ** 2)
    covariance = 0.3**2 * rho + np.eye(len(r)) * (0.1**2 + 0.05**2)
    assert_allclose(data.stat_sum_likelihood(), r @ np.linalg.solve(covariance, r), rtol=1e-9)
    data.correlation, data.covariance = None, covariance
    expected = covariance + 0.05**2 * np.eye(len(r))
    assert_allclose(data.stat_sum_likelihood(), r @ np.linalg.solve(expected, r), rtol=1e-9)
    joint = crl.CosmicRayDatasets([data, mean_log_mass("other", correlation=None)])
    assert_allclose(joint.stat_sum_likelihood(), sum(d.stat_sum_likelihood() for d in joint))


def mean_log_mass(name="mine", **kwargs):
    energy = np.geomspace(1e5, 1e7, 7)
    table = Table({"energy": energy * u.GeV, "mean_log_mass": np.linspace(0.9, 1.5, 7)})
    table["mean_log_mass_stat_err"], table["mean_log_mass_syst_err"] = 0.1, 0.3
    options = {"correlation": 1.2, "floor": 0.05} | kwargs
    return crl.MeanLogMassDataset.from_table(table, name=name, models=[MODEL], **options)


def test_lengths_are_those_of_a_logarithm():
    matrix = correlation_matrix(np.array([10.0, 20.0, 80.0]), np.log(2))
    assert_allclose(matrix[0], [1, np.exp(-0.5), np.exp(-4.5)], rtol=1e-12)
    assert_allclose(matrix, matrix.T)


class DoubleDataset(crl.ScalarDataset):
    """Twice the intensity of hydrogen, as a kind of one's own."""

    tag = kind = column = "double"

    def _prepare(self):
        self._y = np.asarray(self.table["double"], dtype=float)
        self._errn = self._errp = np.hypot(0.02 * self._y, self.table["double_syst_errn"].value)
        self._is_ul = np.zeros(len(self._y), dtype=bool)

    def points(self):
        return [Intensities(self.x.value, "H", self.axis)]

    def predict(self, hydrogen):
        return 2 * hydrogen


def test_kind_of_ones_own():
    table = flux_table()["rigidity", "intensity"]
    table.rename_column("intensity", "double")
    y = table["double"] = 2 * table["double"].value
    table["double_syst_errn"] = table["double_syst_errp"] = 0.05 * y
    table.meta |= {"name": "double", "axis": "rigidity"}
    mask = ROW % 3 > 0
    data = DoubleDataset(table, models=[MODEL], correlation=0.6, mask_fit=mask)
    expected = direct(y - 2 * TRUTH, np.diag((0.02 * y) ** 2) + systematic(0.05, 0.6, y), mask)
    assert_allclose(data.stat_sum_likelihood(), expected, rtol=1e-9)
    assert data.is_joined
    assert_allclose(crl.CosmicRayDatasets([data]).stat_sum_likelihood(), expected, rtol=1e-9)


# ------------------------------------------------------------------- many sets, joint fits


def joint_datasets(**kwargs):
    model = crl.xue_liu_2025()
    datasets = crl.load_datasets(["ams-02_h_2015", "ams-02_he_2015", "dampe_h", "icecube-2016"])
    datasets.models = [model]
    for dataset in datasets[:2]:
        dataset.energy_range = (30 * u.GV, None)
        for name, value in kwargs.items():
            setattr(dataset, name, value)
    crl.free_parameters(datasets, ["Gamma", "H.Q_0b", "He.Q_0b", "V_sun"])
    return datasets


def test_joint_likelihood_and_batches():
    datasets = joint_datasets(correlation=0.5)
    plain = Datasets(list(datasets))
    likelihood = crl.JointLikelihood(datasets)
    assert_allclose(datasets.stat_sum(), plain.stat_sum(), rtol=1e-10)
    assert_allclose(likelihood(likelihood.values), datasets.stat_sum(), rtol=1e-12)
    rng = np.random.default_rng(0)
    theta = likelihood.values * (1 + 0.02 * rng.standard_normal((40, likelihood.size)))
    one_by_one = [likelihood(row) for row in theta]
    assert_allclose(likelihood(theta), one_by_one, rtol=1e-10)
    assert_allclose(np.sum(likelihood.residuals(theta) ** 2, axis=1), one_by_one, rtol=1e-10)
    likelihood.assign(theta[7])
    assert_allclose(datasets.stat_sum(), one_by_one[7], rtol=1e-10)
    # a likelihood is a value
    before = likelihood(theta)
    datasets[0].correlation = None
    assert_array_equal(likelihood(theta), before)
    assert crl.JointLikelihood(datasets)(theta[7]) != before[7]


@pytest.mark.parametrize(
    ("length", "stats", "error"), [(None, (2.8, 3.8), 0.005), (0.5, (41.3, 34.6), 0.011)]
)
def test_numbers_of_the_page_on_data(length, stats, error):
    datasets = crl.load_datasets(["ams-02_h_2015", "ams-02_he_2015"])
    for dataset in datasets:
        dataset.energy_range, dataset.correlation = (30 * u.GV, None), length
    datasets.models = [crl.xue_liu_2025()]
    datasets.models.freeze()
    crl.free_parameters(datasets, ["Gamma", "H.Q_0b", "H.Q_0n", "He.Q_0b", "He.Q_0n"])
    Fit(backend="least-squares").run(datasets)
    assert_allclose([d.stat_sum_likelihood() for d in datasets], stats, atol=0.06)
    assert_allclose(datasets.parameters["Gamma"].error, error, atol=0.0006)


def test_nuisances_move_the_prediction():
    datasets = joint_datasets(correlation=0.5)
    datasets[0].norm.value, datasets[0].energy_scale.value = 1.03, 0.98
    assert_allclose(datasets.stat_sum(), Datasets(list(datasets)).stat_sum(), rtol=1e-10)


def test_default_is_untouched():
    datasets = joint_datasets()
    before, table = datasets.stat_sum(), datasets[0].table
    data = datasets[0]
    assert type(data.data) is FluxData
    assert data.correlation is data.covariance is None
    assert not {"correlation", "covariance"} & {*data.settings_to_data(), *data.info_dict()}
    data.correlation = 0.5
    assert abs(datasets.stat_sum() - before) > 10
    data.correlation = None
    assert datasets.stat_sum() == before
    assert data.table is table


def test_no_particles_at_all_are_far_from_any_measurement():
    covariance = random_covariance(1)
    data = CorrelatedData(TRUTH, TRUTH, TRUTH, np.zeros(len(X), dtype=bool), covariance)
    prediction = np.array([TRUTH, np.where(ROW == 4, np.inf, TRUTH)])
    assert_allclose(data.residuals(prediction)[0], 0)
    assert np.all(data.residuals(prediction)[1] == np.inf)
    assert np.isnan(data.residuals(TRUTH * np.nan)).all()


# ------------------------------------------------------------------- simulated data


@pytest.mark.parametrize(
    "options",
    [
        {"correlation": 0.7},
        {"correlation": {"acceptance": 0.4, "scale": "full"}, "floor": 0.01},
        {"covariance": random_covariance(8), "floor": 0.03},
    ],
    ids=["length", "components", "covariance"],
)
def test_simulated_data_have_the_covariance(options):
    parts = {"intensity_syst_acceptance_err": 0.04, "intensity_syst_scale_err": 0.02}
    data = spectrum(flux_table(**parts), **options)
    before, rng = data.data.covariance, np.random.default_rng(4)
    stats, drawn = [], []
    for _ in range(400):
        data.fake(rng)
        stats.append(data.stat_sum_likelihood())
        drawn.append(data.intensity.value)
    assert_allclose(data.data.covariance, before, rtol=1e-9)
    assert data.floor == 0
    assert data.correlation == options.get("correlation")
    assert kstest(stats, chi2(len(X)).cdf).pvalue > 1e-3
    size = np.sqrt(np.diag(before))
    assert_allclose(
        np.cov(np.transpose(drawn / size)), before / np.outer(size, size), atol=6 / np.sqrt(400)
    )
    # a file gives the same
    again = crl.CosmicRayFluxDataset.from_table(data.table, **data.settings_to_data())
    assert_allclose(again.data.covariance, before, rtol=1e-9)


def test_toys_of_a_joint_likelihood():
    datasets = joint_datasets(correlation=0.5)
    likelihood, rng = crl.JointLikelihood(datasets), np.random.default_rng(9)
    theta = likelihood.values
    toys = [likelihood.fake(theta, rng).residuals(theta) for _ in range(300)]
    n = len(datasets.data_residuals())
    stats = np.sum(np.square(toys)[:, :n], axis=1)
    assert kstest(stats, chi2(n).cdf).pvalue > 1e-3


def test_limits_of_simulated_data_stay():
    data = spectrum(flux_table(is_ul=ROW >= 10), correlation=0.5)
    before = data.intensity_errors[1]
    data.fake(1)
    assert_allclose(data.intensity_errors[1][10:], before[10:])
    assert_allclose(data.intensity[10:], spectrum().intensity[10:])


def test_data_simulated_without_systematic_errors_have_none_left():
    data = spectrum(correlation=0.7, systematics=False)
    data.fake(1)
    before, data.systematics = data.stat_sum_likelihood(), True
    assert data.stat_sum_likelihood() == before


# ------------------------------------------------------------------- pulls


@pytest.mark.parametrize("options", [{"correlation": 0.7}, {"covariance": random_covariance(2)}])
def test_pulls_are_over_the_error_of_each_point(options):
    data = spectrum(**options)
    errors = data.intensity_errors[0].value
    assert_allclose(data.residuals("pull"), difference_of(data) / errors)
    assert_allclose(data.picture_class(data).pulls()[:, 0], data.residuals("pull"))
    assert_allclose(np.diag(data.data.covariance), errors**2)
    data.plot_residuals(method="pull")
    crl.plot_residuals(crl.CosmicRayDatasets([data]))


# ------------------------------------------------------------------- copies and files


@pytest.mark.parametrize("suffix", ["ecsv", "fits"])
@pytest.mark.parametrize(
    "options",
    [
        {"correlation": 0.7},
        {"correlation": "full"},
        {"correlation": {"scale": 0.25}},
        {"covariance": random_covariance(6)},
    ],
)
def test_files_and_copies(tmp_path, options, suffix):
    data = spectrum(flux_table(intensity_syst_scale_err=0.02), **options)
    expected = data.stat_sum_likelihood()
    data.write(tmp_path / f"toy.{suffix}")
    for new in (
        crl.CosmicRayFluxDataset.read(tmp_path / f"toy.{suffix}"),
        crl.load_datasets(tmp_path / f"toy.{suffix}")[0],
        data.copy(),
        copy.deepcopy(data),
        pickle.loads(pickle.dumps(data)),
    ):
        new.models = [MODEL]
        assert_allclose(new.stat_sum_likelihood(), expected, rtol=1e-9)
        assert np.all(new.correlation == data.correlation)
        assert np.all(new.covariance == data.covariance)
    datasets = crl.CosmicRayDatasets([data])
    datasets.write(tmp_path / "all" / "all.yaml")
    again = crl.CosmicRayDatasets.read(tmp_path / "all" / "all.yaml")
    again.models = [MODEL]
    assert_allclose(again.stat_sum(), datasets.stat_sum(), rtol=1e-9)
    likelihood = pickle.loads(pickle.dumps(crl.JointLikelihood(datasets)))
    assert_allclose(likelihood(likelihood.values), datasets.stat_sum(), rtol=1e-9)


def test_analysis():
    entry = {"name": "ams-02_h_2015", "correlation": 0.5}
    analysis = crl.Analysis(datasets=[entry, "dampe_he"])
    datasets = analysis.prepare()
    assert datasets[0].correlation == 0.5
    assert datasets[1].correlation is None
    assert datasets[0].info_dict()["correlation"] == "0.5"
    with pytest.raises(ValueError, match="icecube-2016 is a dipole: correlation is for spectra"):
        crl.Analysis(datasets=[{"name": "icecube-2016", "correlation": "full"}]).prepare()
    with pytest.raises(ValueError, match=r"datasets\[0\].*no column intensity_syst_scale"):
        crl.Analysis(datasets=[{"name": "dampe_h", "correlation": {"scale": 1}}]).prepare()
    with pytest.raises(ValueError, match=r"(?s)correlation.*got -1"):
        crl.Analysis(datasets=[{"name": "dampe_h", "correlation": -1}])


def test_models_are_compared_on_the_same_errors():
    entries = {name: joint_datasets(correlation=x) for name, x in (("a", 0.5), ("b", 0.4))}
    with pytest.raises(ValueError, match="correlation differs"):
        crl.compare_models(entries)


def test_units_of_a_covariance():
    covariance, per_tv = random_covariance(4), u.Unit("TV-1 m-2 s-1 sr-1")
    data = spectrum(covariance=covariance * GV**2)
    assert_allclose(spectrum(covariance=(covariance * GV**2).to(per_tv**2)).covariance, covariance)
    assert_array_equal(data.covariance, covariance)
    for same in (data, copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        for matrix in (same.covariance, same.data.covariance):
            with pytest.raises(ValueError, match="read-only"):
                matrix[0, 0] = 1


# ------------------------------------------------------------------- tables


def test_total_of_components():
    parts = {"intensity_syst_a_err": 0.03, "intensity_syst_b_errn": 0.04}
    table = flux_table(intensity_syst_b_errp=0.0, **parts)
    y = np.asarray(table["intensity"])
    del table["intensity_syst_errn"], table["intensity_syst_errp"]
    read = crl.CosmicRayFluxDataset.read(table).table
    assert_allclose(read["intensity_syst_errn"], 0.05 * y)
    assert_allclose(read["intensity_syst_errp"], 0.05 * y)
    assert_array_equal(read["intensity_syst_b_errp"], 0)
    # other names, and a second reading
    table.rename_column("intensity_syst_a_err", "mine")
    columns = {"intensity_syst_a_err": "mine"}
    again = crl.CosmicRayFluxDataset.read(table, columns=columns).table
    assert again.colnames == read.colnames
    assert_array_equal(crl.CosmicRayFluxDataset.read(read).table.as_array(), read.as_array())


def test_total_that_rounding_has_lowered():
    table = flux_table(syst=0.0295, intensity_syst_a_err=0.03)
    read = crl.CosmicRayFluxDataset.read(table).table
    assert_allclose(read["intensity_syst_errn"], 0.03 * read["intensity"])
    spectrum(table, correlation={"a": 0.5})
    table["intensity_syst_errp"][3] /= 2
    message = r"toy|<table>.*row 3, column 'intensity_syst_errn'.*at least the quadratic sum"
    with pytest.raises(crl.TableError, match=message):
        crl.CosmicRayFluxDataset.read(table)


# ------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"correlation": 0}, "correlation must be a length in ln.*got 0, which is not between"),
        ({"correlation": -1}, "got -1"),
        ({"correlation": np.nan}, "correlation must be"),
        ({"correlation": True}, "got True"),
        ({"correlation": "long"}, "got 'long'"),
        ({"correlation": [0.1]}, "correlation must be"),
        ({"correlation": "1 GV"}, "got '1 GV'"),
        ({"correlation": {}}, "got {}"),
        ({"correlation": {"a": 0}}, ": a, got 0"),
        ({"correlation": {1: 1}}, "got {1: 1}"),
        ({"correlation": {"scala": 1}}, "correlation: .*did you mean scale"),
        ({"covariance": 1}, r"covariance must be a symmetric matrix.*shape \(\)"),
        ({"covariance": "no"}, "covariance must be"),
        ({"covariance": [[1, 2], [3]]}, "covariance must be"),
        ({"covariance": np.eye(3)}, r"expected the shape \(12, 12\).*got \(3, 3\)"),
        ({"covariance": np.full((12, 12), np.nan)}, r"\(12, 12\), 0 finite"),
        ({"covariance": np.eye(12) + np.eye(12, k=1)}, r"\[0, 1\] is 1.0, \[1, 0\] 0.0"),
        ({"covariance": np.outer(TRUTH, TRUTH) / 400}, "not positive definite"),
        ({"covariance": -np.diag(TRUTH**2) / 400}, "not positive definite"),
        ({"covariance": np.eye(12) * (ROW > 0) * TRUTH**2}, "not positive definite"),
        ({"covariance": np.eye(12)}, "errors are .* times those of the table, .* give it in the"),
        ({"covariance": np.eye(12) * u.GV}, "expected a unit like"),
        ({"covariance": np.eye(12), "correlation": 1}, "give correlation or covariance, not both"),
    ],
)
def test_settings_that_are_refused(options, message):
    table = flux_table(intensity_syst_scale_err=0.02)
    with pytest.raises(ValueError, match=f"dataset 'toy': .*{message}"):
        spectrum(table, **options)
    data = spectrum(table)
    before = data.stat_sum_likelihood()
    if len(options) == 1:
        ((name, value),) = options.items()
        with pytest.raises(ValueError, match=f"dataset 'toy': .*{message}"):
            setattr(data, name, value)
    assert data.stat_sum_likelihood() == before
    assert data.correlation is None


def test_what_is_not_in_the_table():
    with pytest.raises(ValueError, match="no column intensity_syst_scale_err; add it"):
        spectrum(correlation={"scale": 1})
    with pytest.raises(ValueError, match="expected systematic errors in the table, got none"):
        spectrum(flux_table(syst=0.0), correlation=1)
    with pytest.raises(ValueError, match=r"dataset 'toy': .*set a small floor"):
        spectrum(flux_table(stat=0.0), correlation="full")
    spectrum(flux_table(stat=0.0), correlation="full", floor=0.001)
    data = spectrum(covariance=random_covariance(0))
    with pytest.raises(ValueError, match=r"covariance: expected the shape \(11, 11\)"):
        data.table = data.table[1:]
    assert len(data.table) == 12


def test_summaries():
    table = flux_table(intensity_syst_scale_err=0.02, intensity_syst_a_err=0.02)
    options = [{"correlation": x} for x in (0.5, "full", {"scale": "full", "a": 0.5}, None)]
    several = [
        spectrum(table, name=f"toy-{k}", **kwargs)
        for k, kwargs in enumerate([*options, {"covariance": random_covariance(1)}])
    ]
    found = list(crl.CosmicRayDatasets(several).info_table()["correlation"])
    assert found == ["0.5", "full", "scale full, a 0.5", "", "by covariance"]
    assert "correlation     : scale full, a 0.5" in str(several[2])


def test_the_meta_of_a_table_is_checked():
    table = flux_table()
    table.meta["dataset"] = {"correlation": "long"}
    with pytest.raises(crl.TableError, match="toy: dataset: correlation must be"):
        crl.CosmicRayFluxDataset.read(table)
    table.meta["dataset"] = {"correlation": 0.5, "covariance": None}
    assert crl.CosmicRayFluxDataset.read(table).correlation == 0.5
