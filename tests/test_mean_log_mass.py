"""Datasets of <ln A>, alone and in the joint likelihood."""

import copy

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from gammapy.datasets import DATASET_REGISTRY, Datasets
from gammapy.modeling import Fit
from gammapy.modeling.models import PowerLawSpectralModel
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

import crlocal_plugin as crl
from crlocal_plugin.catalogue.index import table_path
from crlocal_plugin.components.intensity_model import IntensitySpectralModel
from crlocal_plugin.datasets.mean_log_mass import MeanLogMassDataset
from crlocal_plugin.tables.raw_table import TableError

NAMES = ["lhaaso_mean_log_mass_epos-lhc", "lhaaso_h_epos-lhc", "dampe_he", "lhaaso-km2a-2021"]
X = np.array([1e3, 1e5, 3e6])


def toy_model(**indices):
    """Power laws in total energy, all of one intensity at 100 TeV."""
    models = {
        name: IntensitySpectralModel(
            PowerLawSpectralModel(
                index=index, amplitude="1e-9 GeV-1 m-2 s-1", reference=100 * u.TeV
            ),
            name,
            "total_energy",
        )
        for name, index in indices.items()
    }
    return crl.CosmicRayModel([crl.CosmicRayComponent("toy", models)], name="toy")


def mass_table(value=(1.0, 1.5, 2.0), energy=X, **columns):
    """Table with an error of 0.1."""
    table = Table({"energy": np.array(energy) * u.GeV, "mean_log_mass": np.array(value)})
    for name, values in (columns or {"mean_log_mass_err": np.full(len(energy), 0.1)}).items():
        table[name] = values
    table.meta = {"name": "toy-data", "experiment": "TOY"}
    return table


def dataset(*args, model=None, floor=0.0, **kwargs):
    return MeanLogMassDataset.from_table(
        mass_table(*args, **kwargs), models=model and [model], floor=floor
    )


# Prediction


def test_prediction_of_power_laws():
    data = dataset(model=toy_model(H=2.9, O=2.7, Fe=2.5))
    weight = {"H": (X / 1e5) ** -2.9, "O": (X / 1e5) ** -2.7, "Fe": (X / 1e5) ** -2.5}
    mass = {"H": 1, "O": 16, "Fe": 56}
    expected = sum(weight[s] * np.log(mass[s]) for s in mass) / sum(weight.values())
    assert_allclose(data.mean_log_mass_pred(), expected, rtol=1e-9)
    assert_allclose(data.residuals(), [1, 1.5, 2] - expected, rtol=1e-9)
    assert_allclose(data.residuals("pull"), ([1, 1.5, 2] - expected) / 0.1, rtol=1e-9)
    assert_allclose(data.stat_sum(), np.sum((([1, 1.5, 2] - expected) / 0.1) ** 2), rtol=1e-9)


def test_one_species_has_its_own_mass():
    data = dataset(model=toy_model(Fe=2.5))
    assert_allclose(data.mean_log_mass_pred(), np.log(56), rtol=1e-14)


def test_no_cosmic_rays_at_all():
    model = toy_model(H=2.7, He=2.7)
    for par in model.parameters:
        if par.name == "amplitude":
            par.value = 0
    with pytest.raises(ValueError, match="the model has no particles at 1000 GeV"):
        dataset(model=model).mean_log_mass_pred()


def test_nuclei_heavier_than_the_energy_are_not_there():
    # between the rest energies of hydrogen and iron
    data = dataset(energy=[20.0, 1e5, 2e5], model=toy_model(H=2.7, Fe=2.7))
    assert_allclose(data.mean_log_mass_pred(), [0, np.log(56) / 2, np.log(56) / 2], atol=1e-12)


def test_energy_below_all_rest_energies():
    data = dataset(energy=[0.5, 1e5, 2e5], model=toy_model(H=2.7))
    with pytest.raises(ValueError, match="above the rest energy of H"):
        data.mean_log_mass_pred()


def test_model_of_the_paper_against_intensities():
    (data,) = crl.load_datasets(NAMES[0])
    model = crl.xue_liu_2025()
    data.models = [model]
    parts = {s: model.intensity(data.x, s, axis="total_energy").value for s in model.species}
    nuclei = {nucleus.name: nucleus.A for nucleus in model.nuclei}
    mean = sum(part * np.log(nuclei[s]) for s, part in parts.items()) / sum(parts.values())
    assert_allclose(data.mean_log_mass_pred(), mean, rtol=1e-12)


def test_energy_scale_counts_and_norm_does_not():
    model = toy_model(H=2.9, Fe=2.5)
    data = dataset(model=model)
    before = data.mean_log_mass_pred()
    data.norm.value = 2
    assert_array_equal(data.mean_log_mass_pred(), before)
    data.energy_scale.value = 1.1
    assert_allclose(
        data.mean_log_mass_pred(), dataset(energy=1.1 * X, model=model).mean_log_mass_pred()
    )


def test_no_model():
    with pytest.raises(ValueError, match="'toy-data' has no cosmic-ray model"):
        dataset().mean_log_mass_pred()


# Errors and tables


def test_errors_add_in_quadrature():
    columns = {
        "mean_log_mass_stat_errn": [0.3, 0.0, 0.3],
        "mean_log_mass_stat_errp": [0.5, 0.5, 0.5],
        "mean_log_mass_syst_err": [0.4, 1.2, 0.4],
    }
    data = dataset(**columns)
    assert_allclose(data.mean_log_mass_errors[0], [0.5, 1.3, 0.5])
    assert_allclose(data.mean_log_mass_errors[1], np.hypot(0.5, [0.4, 1.2, 0.4]))
    data.floor = 1.2
    # the floor is an error itself, whatever the value
    assert_allclose(data.mean_log_mass_errors[0], np.hypot(1.2, [0.5, 1.3, 0.5]))
    data.floor, data.systematics = 0, False
    assert_allclose(data.mean_log_mass_errors[0], [0.3, 0.5, 0.3])


def test_wrong_floor():
    with pytest.raises(ValueError, match="floor must be an error of <ln A> >= 0"):
        dataset(floor=-0.1)


def test_values_of_any_sign():
    assert_allclose(dataset([-0.1, 0.0, 0.1]).mean_log_mass, [-0.1, 0, 0.1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"axis": "rigidity"}, "axis: <ln A> is a mean at equal total energy"),
        ({"is_ul": [False, True, False]}, "row 1, column 'is_ul': .* has no limits"),
        ({"mean_log_mass": [1, 2, 3] * u.GeV}, "expected no unit, it is a number, got GeV"),
        ({"mean_log_mass_err": [0.1, 0.0, 0.1]}, "row 1, .*positive error"),
        ({"energy": [1e3, 1e3, 1e4] * u.GeV}, "row 1, .*values that increase"),
    ],
)
def test_tables_that_are_refused(change, message):
    table = mass_table()
    for name, values in change.items():
        if name == "axis":
            table.meta[name] = values
        else:
            table[name] = values
    with pytest.raises(TableError, match=message):
        MeanLogMassDataset.read(table)


def test_spectrum_is_refused():
    with pytest.raises(TableError, match="'mean_log_mass': expected this column"):
        MeanLogMassDataset.read(table_path("dampe_h"))
    with pytest.raises(TableError, match=r"not an intensity; read it with MeanLogMassDataset.read"):
        crl.CosmicRayFluxDataset.read(table_path(NAMES[0]))


# Files


def test_registered_once():
    assert DATASET_REGISTRY.count(MeanLogMassDataset) == 1
    assert DATASET_REGISTRY.get_cls("MeanLogMassDataset") is MeanLogMassDataset


@pytest.mark.parametrize("suffix", ["ecsv", "fits"])
def test_written_and_read(tmp_path, suffix):
    data = dataset(floor=0.2)
    data.energy_range = (2e3 * u.GeV, None)
    data.write(tmp_path / f"mass.{suffix}")
    again = MeanLogMassDataset.read(tmp_path / f"mass.{suffix}")
    assert again.floor == 0.2
    assert again.energy_range == data.energy_range
    assert_array_equal(again.mask_fit, [False, True, True])
    assert_array_equal(again.mean_log_mass, data.mean_log_mass)
    assert_array_equal(again.mean_log_mass_errors, data.mean_log_mass_errors)


def test_collection_is_written_and_read(tmp_path, datasets):
    datasets.write(tmp_path / "datasets.yaml", tmp_path / "models.yaml")
    again = crl.CosmicRayDatasets.read(tmp_path / "datasets.yaml", tmp_path / "models.yaml")
    assert type(again[NAMES[0]]) is MeanLogMassDataset
    assert_allclose(again.stat_sum(), datasets.stat_sum(), rtol=1e-12)
    plain = Datasets.read(tmp_path / "datasets.yaml", tmp_path / "models.yaml")
    assert_allclose(plain.stat_sum(), datasets.stat_sum(), rtol=1e-12)


def test_own_file_is_recognised(tmp_path):
    mass_table().write(tmp_path / "mine.ecsv")
    (data,) = crl.load_datasets(tmp_path / "mine.ecsv")
    assert type(data) is MeanLogMassDataset
    assert data.name == "mine"


# Joint likelihood


@pytest.fixture
def datasets():
    datasets = crl.load_datasets(NAMES)
    datasets.models = [crl.xue_liu_2025()]
    return datasets


def check(datasets):
    """Together as one by one, with priors counted once."""
    alone = sum(data.stat_sum() for data in datasets)
    priors = sum(par.prior(par) for par in datasets.parameters if par.prior is not None)
    assert_allclose(datasets.stat_sum(), alone + priors, rtol=1e-10)


def test_evaluated_together(datasets):
    check(datasets)
    datasets[NAMES[0]].energy_range = (1e6 * u.GeV, 1e7 * u.GeV)
    datasets[NAMES[0]].energy_scale.value = 1.1
    check(datasets)
    datasets[NAMES[0]].mask_fit = np.zeros(20, dtype=bool)
    check(datasets)
    alone = crl.CosmicRayDatasets([datasets[NAMES[0]]])
    datasets[NAMES[0]].mask_fit = None
    check(alone)
    assert len(alone.residuals()) == 20 + sum(p.prior is not None for p in alone.parameters)


def test_model_without_spectra():
    datasets = crl.load_datasets([NAMES[0], NAMES[3]])
    dipole = crl.ComptonGettingDipoleModel()
    datasets.models = [crl.CosmicRayModel([crl.CosmicRayComponent("motion", {}, dipole)])]
    for data in (datasets, *datasets):
        with pytest.raises(ValueError, match="the model has no spectra"):
            data.stat_sum()


def test_without_dipoles_and_spectra_of_its_species():
    datasets = crl.load_datasets([NAMES[0], "dampe_h"])
    datasets.models = [crl.xue_liu_2025(species=("H", "He", "O", "Fe"))]
    check(datasets)


@pytest.mark.parametrize("scale_is_free", [True, False])
def test_sets_of_parameters_at_once(datasets, scale_is_free):
    datasets[0].energy_scale.frozen = not scale_is_free
    likelihood = crl.JointLikelihood(datasets)
    rng = np.random.default_rng(5)
    # more sets than there are points
    theta = likelihood.values * rng.uniform(0.95, 1.05, (150, likelihood.size))
    together = likelihood.residuals(theta)
    for row, values in zip(together[::30], theta[::30], strict=True):
        assert_allclose(row, likelihood.residuals(values), rtol=1e-10, atol=1e-10)
        likelihood.assign(values)
        assert_allclose(likelihood(values), datasets.stat_sum(), rtol=1e-10)


@pytest.mark.parametrize("scale_is_free", [True, False])
def test_intensities_that_underflow(datasets, scale_is_free):
    datasets = crl.CosmicRayDatasets([datasets[NAMES[0]], datasets[NAMES[3]]])
    model = datasets[0].model
    datasets[0].energy_scale.frozen = not scale_is_free
    likelihood = crl.JointLikelihood(datasets)
    sets = likelihood.values * (1 + 1e-3 * np.arange(60))[:, np.newaxis]
    expected = likelihood.residuals(sets)
    # <ln A> and dipoles are shares: they do not change if all strengths do by one factor
    for par in model.parameters:
        if par.name.startswith("Q_0"):
            par.value *= 1e-300
    assert 0 < model.intensity(1 * u.PeV, "H", axis="total_energy").value < 1e-308
    likelihood = crl.JointLikelihood(datasets)
    is_strength = ["Q_0" in name for name in likelihood.names]
    sets = np.where(is_strength, 1e-300, 1.0) * sets
    assert_allclose(likelihood.residuals(sets), expected, rtol=1e-6, atol=1e-9)
    assert_allclose(likelihood.residuals(sets[7]), expected[7], rtol=1e-6, atol=1e-9)


def test_derivatives(datasets):
    likelihood = crl.JointLikelihood(datasets)
    jacobian = likelihood.jacobian(likelihood.values)
    column = likelihood.names.index("He.Q_0b")
    step = np.zeros(likelihood.size)
    step[column] = 1e-3 * likelihood.values[column]
    up, down = (likelihood.residuals(likelihood.values + s * step) for s in (1, -1))
    expected = (up - down) / (2 * step[column])
    assert_allclose(jacobian[:, column], expected, rtol=1e-4, atol=1e-6 * np.abs(expected).max())
    rows = slice(37, 57)
    # more helium, heavier cosmic rays: the 20 rows of <ln A> come after 37 of the spectra
    assert (jacobian[rows, column] > 0).all()


def test_simulated_data(datasets):
    data = datasets[NAMES[0]]
    truth, errors = data.mean_log_mass_pred(), data.mean_log_mass_errors[0]
    pulls = []
    for seed in range(40):
        new = copy.deepcopy(data)
        new.models = [data.model]
        new.fake(seed)
        assert_allclose(new.mean_log_mass_errors[0], errors)
        pulls.append((new.mean_log_mass - truth) / errors)
    assert abs(np.mean(pulls)) < 4 / np.sqrt(800)
    assert abs(np.std(pulls) - 1) < 4 / np.sqrt(1600)
    toy = crl.JointLikelihood(datasets)
    drawn = toy.fake(toy.values, 3).residuals(toy.values)[37:57]
    assert abs(np.std(drawn) - 1) < 4 / np.sqrt(40)


@pytest.mark.parametrize("backend", ["least-squares", "minuit"])
def test_fit_recovers_the_truth(backend):
    energy = np.geomspace(1e3, 1e7, 30)
    table = mass_table(np.ones(30), energy, mean_log_mass_err=np.full(30, 0.03))
    model = toy_model(H=2.7, Fe=2.6)
    datasets = crl.CosmicRayDatasets([MeanLogMassDataset.read(table)])
    datasets.models = [model]
    datasets.fake(4)
    model.freeze()
    iron = model.components["toy"].spectral_models["Fe"].spectral_model
    hydrogen = model.components["toy"].spectral_models["H"].spectral_model
    iron.index.frozen = iron.amplitude.frozen = False
    iron.index.value, iron.amplitude.value = 2.65, 1.3e-9
    result = Fit(backend=backend).run(datasets)
    assert result.success
    assert 10 < result.total_stat < 55
    assert hydrogen.index.value == 2.7
    assert abs(iron.index.value - 2.6) < 4 * iron.index.error < 0.05
    assert abs(iron.amplitude.value - 1e-9) < 4 * iron.amplitude.error < 4e-10


def test_summaries(datasets):
    table = datasets.info_table()
    assert table["n_fit"][0] == 20
    summary = crl.fit_summary(datasets)
    assert NAMES[0] in str(summary)
    assert summary.n_data == 20 + 19 + 18 + 2 * len(datasets[3].table)
    assert NAMES[0] in str(datasets[0])


# Pictures


@pytest.mark.parametrize("method", ["diff", "diff/model", "diff/sqrt(model)", "pull"])
def test_residuals_are_drawn(method):
    data = dataset(model=toy_model(H=2.9, Fe=2.5))
    ax = data.plot_residuals(ax=Figure().add_subplot(), method=method)
    line = next(line for line in ax.lines if len(line.get_xdata()) == 3)
    assert_allclose(line.get_ydata(), data.residuals(method))


@pytest.mark.parametrize("method", ["diff", "diff/model", "pull"])
def test_residuals_of_a_negative_prediction_are_drawn(method):
    models = ["QGSJET-II-04", "EPOS-LHC"]
    (data,) = crl.load_datasets("lhaaso_mean_log_mass_epos-lhc", hadronic_model=models)
    data.models = [toy_model(H=2.7)]
    data.hadronic.value = 1
    assert (data.mean_log_mass_pred() < 0).any()
    ax = data.plot_residuals(ax=Figure().add_subplot(), method=method)
    line = next(line for line in ax.lines if len(line.get_xdata()) == len(data.table))
    assert_allclose(line.get_ydata(), data.residuals(method))


def test_fit_is_drawn():
    data = dataset(model=toy_model(H=2.9, Fe=2.5))
    data.energy_scale.value = 1.2
    ax = data.plot_fit(ax=Figure().add_subplot())
    x, y = ax.lines[0].get_data()
    # at the measured energies, where the data are compared
    at = np.interp(np.log(X), np.log(x), y)
    assert_allclose(at, data.mean_log_mass_pred(), rtol=1e-4)
    with pytest.raises(ValueError, match="unknown method 'ratio'"):
        data.plot_residuals(ax=Figure().add_subplot(), method="ratio")


def test_nothing_at_all_is_infinitely_unlikely():
    """In one evaluation and as one set of a batch, without a trace in the other sets."""
    model = crl.xue_liu_2025(species=("H", "He", "Fe"), priors=None)
    datasets = crl.load_datasets(["lhaaso_mean_log_mass_epos-lhc"])
    datasets.models = [model]
    strengths = [par for par in model.parameters if par.name.startswith("Q_0")]
    likelihood = crl.JointLikelihood(datasets, strengths)
    batch = np.stack([likelihood.values, np.zeros(likelihood.size), likelihood.values])
    stat = likelihood(batch)
    assert stat[1] == likelihood(batch[1]) == np.inf
    assert stat[0] == stat[2] == pytest.approx(datasets.stat_sum(), rel=1e-12)
