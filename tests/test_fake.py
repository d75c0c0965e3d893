"""Simulated data: drawn as the likelihood supposes, with the errors that count in the fit."""

from dataclasses import fields

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.table import Table
from gammapy.datasets import Datasets, FluxPointsDataset, SpectrumDataset
from gammapy.estimators import FluxPoints
from gammapy.maps import MapAxis, RegionGeom
from gammapy.modeling import Parameter
from gammapy.modeling.models import PowerLawSpectralModel
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest

import crlocal_plugin as crl
from crlocal_plugin.components.intensity_model import IntensitySpectralModel
from crlocal_plugin.likelihood.joint_likelihood import JointLikelihood
from crlocal_plugin.random_numbers import random_generator

GEV = u.Unit("GeV-1 m-2 s-1 sr-1")
N = 2000
DRAWN = {"value", "amplitude", "phase", "axis"}


class SteadyDipole(crl.DipoleModel):
    """The same dipole at all rigidities."""

    tag = ["SteadyDipole", "steady-dipole"]
    dipole_x = Parameter("dipole_x", 3e-4)
    dipole_y = Parameter("dipole_y", 4e-4)

    def excess(self, grid, dipole_x, dipole_y):
        """Kernel: dipole vector."""
        return np.array([dipole_x, dipole_y, 7.0]) * np.ones((*grid.rigidity.shape, 1))


@pytest.fixture
def model():
    power_law = PowerLawSpectralModel(index=2, amplitude="1 GeV-1 m-2 s-1", reference="1 GeV")
    component = crl.CosmicRayComponent(
        "toy", {"H": IntensitySpectralModel(power_law, "H", "kinetic_energy")}, SteadyDipole()
    )
    return crl.CosmicRayModel([component], name="toy")


def spectrum(errors=(0.1, 0.2), systematic=0.1, limits=False, n=N, value=3.0, **kwargs):
    """Protons around the truth E^-2, with errors as fractions of what is predicted."""
    energy = np.geomspace(1, 1e3, n)
    table = Table({"energy": energy * u.GeV, "intensity": value * energy**-2.0 * GEV})
    for side, error in zip(("errn", "errp"), errors, strict=True):
        table[f"intensity_stat_{side}"] = error * energy**-2.0 * GEV
        table[f"intensity_syst_{side}"] = systematic * energy**-2.0 * GEV
    if limits:
        table["is_ul"] = np.arange(n) % 5 == 0
    table.meta = {"name": "spectrum", "experiment": "TOY", "reference": "Toy et al. 2020"}
    table.meta |= {"quantity": "H", "axis": "kinetic_energy", "ul_confidence": 0.9}
    return crl.CosmicRayFluxDataset.read(table, **kwargs)


def dipole(amplitude=2e-3, errors=(1e-4, 1e-4), phase_err=20.0, limits=False, n=N, **kwargs):
    """A dipole of 5e-4 in truth, published with another amplitude and in another direction."""
    table = Table({"energy": np.geomspace(1e3, 1e6, n) * u.GeV})
    table["amplitude"] = np.full(n, amplitude)
    table["amplitude_errn"], table["amplitude_errp"] = (np.full(n, error) for error in errors)
    table["amplitude_syst"] = np.full(n, 5e-5)
    table["phase"] = np.full(n, 200.0) * u.deg
    table["phase_err"] = np.full(n, phase_err) * u.deg
    if limits:
        bare = np.arange(n) % 4 == 0
        table["amplitude_ul"] = np.where(bare, 1e-3, np.nan)
        for name in ("amplitude", "amplitude_errn", "amplitude_errp", "amplitude_syst"):
            table[name][bare] = np.nan
        table["phase"][bare] = table["phase_err"][bare] = np.nan
    table.meta = {"name": "dipole", "experiment": "TOY", "reference": "Toy et al. 2021"}
    table.meta |= {"amplitude_kind": "first_harmonic", "declination_factor": 1.25}
    return crl.DipoleDataset.read(table, **kwargs)


def assert_same_errors(data, before, but=()):
    """Compare all arrays that are not drawn."""
    for field in fields(before):
        if field.name not in DRAWN | set(but):
            now, then = getattr(data, field.name), getattr(before, field.name)
            if isinstance(then, str):
                assert now == then
            else:
                assert_allclose(now, then, rtol=1e-14, err_msg=field.name)


# Spectra


@pytest.mark.parametrize("errors", [(0.1, 0.1), (0.1, 0.3), (3.0, 3.0)])
def test_intensities_are_drawn_around_the_truth(model, errors):
    dataset = spectrum(errors, systematic=0.05, floor=0.02, models=[model])
    dataset.fake(1)
    truth = dataset.x.value**-2.0
    # statistical, systematic, and floor times the measured 3 times the truth
    errn, errp = (np.sqrt(e**2 + 0.05**2 + (0.02 * 3) ** 2) * truth for e in errors)
    shift = dataset.intensity.value - truth
    pulls = np.where(shift > 0, shift / errn, shift / errp)
    assert kstest(pulls, "norm").pvalue > 0.05
    # the truth as model lies above a low draw, where the upper error counts
    assert_allclose(dataset.residuals("pull"), pulls, rtol=1e-9)
    assert dataset.stat_sum() == pytest.approx(N, abs=4 * np.sqrt(2 * N))


def test_errors_of_intensities_stay(model):
    dataset = spectrum(limits=True, floor=0.1, models=[model])
    before, table = dataset.data, dataset.table
    dataset.fake(0)
    assert_same_errors(dataset.data, before)
    assert dataset.floor == 0
    assert not np.any(dataset.table["intensity_syst_errn"])
    assert dataset.table["intensity"].unit == table["intensity"].unit
    assert table["intensity"][1] == 3 * table["energy"][1] ** -2.0
    limits = dataset.is_ul
    assert limits.sum() == N / 5
    assert_array_equal(dataset.intensity.value[limits], before.value[limits])
    assert not np.any(dataset.intensity.value[~limits] == before.value[~limits])
    dataset.fake(1)
    assert_same_errors(dataset.data, before)


def test_norm_and_energy_scale_are_in_the_data(model):
    dataset = spectrum((1e-9, 1e-9), systematic=0, models=[model])
    dataset.norm.value, dataset.energy_scale.value = 3.0, 1.1
    dataset.fake(0)
    # 3 x 1.1 (1.1 E)^-2
    assert_allclose(dataset.intensity.value, 3 / 1.1 * dataset.x.value**-2.0, rtol=1e-8)


def test_settings_and_meta_stay(model):
    dataset = spectrum(
        models=[model], energy_range=(10 * u.GeV, None), systematics=False, name="mine"
    )
    mask = dataset.mask_fit
    dataset.fake(0)
    assert_array_equal(dataset.mask_fit, mask)
    assert dataset.energy_range == (10 * u.GeV, None)
    assert not dataset.systematics
    assert dataset.model is model
    meta = dataset.table.meta
    assert meta["simulated"] is True
    expected = ("TOY", "kinetic_energy", "H", "Toy et al. 2020")
    assert tuple(meta[k] for k in ("experiment", "axis", "quantity", "reference")) == expected
    assert dataset.info_dict()["simulated"]
    assert "simulated" in str(dataset)
    assert "simulated" not in spectrum().info_dict()


@pytest.mark.parametrize("suffix", ["ecsv", "fits"])
def test_negative_intensities_survive_files(model, suffix, tmp_path):
    dataset = spectrum((3.0, 3.0), limits=True, models=[model])
    dataset.fake(0)
    assert (dataset.intensity.value < 0).sum() > N / 5
    dataset.write(tmp_path / f"fake.{suffix}")
    again = crl.CosmicRayFluxDataset.read(tmp_path / f"fake.{suffix}")
    again.models = [model]
    for one, other in zip(again.data, dataset.data, strict=True):
        assert_array_equal(one, other)
    assert again.stat_sum() == dataset.stat_sum()
    assert again.table.meta["simulated"]


def test_only_simulated_measurements_may_be_negative(model):
    dataset = spectrum(limits=True, models=[model])
    dataset.fake(0)
    table = dataset.table.copy()
    table["intensity"][1] = 0
    crl.CosmicRayFluxDataset.read(table)
    table["intensity"][5] *= -1
    with pytest.raises(crl.TableError, match="row 5, column 'intensity': expected a positive"):
        crl.CosmicRayFluxDataset.read(table)
    table["intensity"][5] *= -1
    del table.meta["simulated"]
    with pytest.raises(crl.TableError, match="row 1, column 'intensity': expected a positive"):
        crl.CosmicRayFluxDataset.read(table)


@pytest.mark.parametrize("value", [1.0, -1.0])
def test_negative_intensities_can_be_drawn(model, value):
    dataset = spectrum((3.0, 3.0), n=30, models=[model])
    dataset.fake(3)
    table = dataset.table.copy()
    if value < 0:
        table["intensity"] = -np.abs(table["intensity"])
    dataset = crl.CosmicRayFluxDataset.read(table, models=[model])
    low, high = dataset.plot_fit(energy_power=2).get_ylim()
    assert 0 < low < 1 < high < 100
    dataset.plot_residuals()
    crl.plot_spectra(model, [dataset], axis="kinetic_energy").figure.canvas.draw()
    plt.close("all")


# Dipoles


@pytest.mark.parametrize(("errors", "phase_err"), [((1e-4, 1e-4), 20), ((2e-4, 9e-4), 60)])
def test_vectors_are_drawn_around_the_truth(model, errors, phase_err):
    # with the larger errors, the drawn direction is next to anywhere
    dataset = dipole(errors=errors, phase_err=phase_err, floor=0.05, models=[model])
    dataset.fake(1)
    phase = np.deg2rad(dataset.phase.value)
    x, y = dataset.amplitude * np.cos(phase), dataset.amplitude * np.sin(phase)
    # (3, 4) / 5 is the true direction
    along, across = (3 * x + 4 * y) / 5 - 5e-4, (3 * y - 4 * x) / 5
    # published errors and floor, times the declination factor
    errn, errp = (1.25 * np.sqrt(e**2 + 5e-5**2 + (0.05 * 2e-3) ** 2) for e in errors)
    tangential = 1.25 * 2e-3 * np.deg2rad(phase_err)
    pulls = np.where(along > 0, along / errn, along / errp), across / tangential
    for values in pulls:
        assert kstest(values, "norm").pvalue > 0.05
    assert abs(np.corrcoef(*pulls)[0, 1]) < 4 / np.sqrt(N)
    assert_allclose(dataset.residuals("pull"), np.stack(pulls, axis=-1), atol=1e-9)
    assert dataset.stat_sum() == pytest.approx(2 * N, abs=4 * np.sqrt(4 * N))


def test_amplitudes_and_phases_are_drawn_around_the_truth(model):
    dataset = dipole(errors=(5e-5, 1e-4), likelihood="amplitude_phase", models=[model])
    dataset.fake(1)
    turn = dataset.phase.value - np.rad2deg(np.arctan2(4, 3))
    turn = (turn + 180) % 360 - 180
    shift = dataset.amplitude - 5e-4
    errn, errp = (1.25 * np.hypot(e, 5e-5) for e in (5e-5, 1e-4))
    pulls = np.where(shift > 0, shift / errn, shift / errp), turn / 20
    for values in pulls:
        assert kstest(values, "norm").pvalue > 0.05
    assert_allclose(dataset.residuals("pull"), np.stack(pulls, axis=-1), atol=1e-9)


def test_amplitudes_for_themselves_are_positive(model):
    dataset = dipole(errors=(1e-3, 1e-3), likelihood="amplitude_phase", models=[model])
    dataset.fake(1)
    assert (dataset.amplitude > 0).all()


@pytest.mark.parametrize("likelihood", ["vector", "amplitude_phase"])
@pytest.mark.parametrize("error", [1e-5, 1e-3])
@pytest.mark.parametrize("factor", [True, False])
def test_errors_of_dipoles_stay(model, likelihood, error, factor, tmp_path):
    # with the larger error, amplitudes are below twice their error
    dataset = dipole(
        errors=(error, 2 * error),
        limits=True,
        n=400,
        floor=0.1,
        phase_floor=10 * u.deg,
        likelihood=likelihood,
        apply_declination_factor=factor,
        models=[model],
    )
    before = dataset.data
    dataset.fake(0)
    # the error of what is not compared follows from what is drawn
    other = {"vector": "phase_err", "amplitude_phase": "tangential"}[likelihood]
    assert_same_errors(dataset.data, before, but=[other])
    assert dataset.floor == 0
    assert dataset.phase_floor == 0 * u.deg
    drawn = dataset.table["amplitude"][~dataset.is_ul]
    # the table has what is published, the fit takes it times the factor
    assert_allclose(dataset.amplitude[~dataset.is_ul], drawn * (1.25 if factor else 1))
    assert dataset.table["phase_err"].unit == u.deg
    assert not (dataset.table["phase_err"] > 104).any()
    for suffix in ("ecsv", "fits"):
        dataset.write(tmp_path / f"fake.{suffix}")
        again = crl.DipoleDataset.read(tmp_path / f"fake.{suffix}", models=[model])
        for one, other in zip(again.data, dataset.data, strict=True):
            assert_array_equal(one, other)
        assert again.stat_sum() == dataset.stat_sum()
    before = dataset.data
    dataset.fake(1)
    assert_same_errors(dataset.data, before, but=["phase_err", "tangential"])
    if likelihood == "vector":
        assert_allclose(dataset.data.tangential, before.tangential, rtol=1e-14)


def test_limits_of_dipoles_stay(model):
    dataset = dipole(limits=True, n=400, floor=0.2, models=[model])
    before = dataset.data
    statistic = dataset._fit_statistic.stat_array_dataset(dataset)
    dataset.fake(0)
    limits = before.is_ul
    assert limits.sum() == 100
    assert_array_equal(dataset.data.limit[limits], before.limit[limits])
    assert_allclose(
        dataset._fit_statistic.stat_array_dataset(dataset)[limits], statistic[limits], rtol=1e-12
    )


def test_phase_floor_adds_to_errors_across(model):
    dataset = dipole(models=[model])
    dataset.fake(0)
    before = dataset.data
    dataset.phase_floor = 30 * u.deg
    expected = np.hypot(before.tangential, np.deg2rad(30) * before.amplitude)
    assert_allclose(dataset.data.tangential, expected)


@pytest.mark.parametrize(("missing", "named"), [("error_axis", "error_axis"), (None, "row 2")])
def test_incomplete_errors_across_are_refused(model, missing, named):
    dataset = dipole(models=[model])
    dataset.fake(0)
    table = dataset.table.copy()
    if missing:
        table.remove_column(missing)
    else:
        table["tangential_err"][2] = 0
    with pytest.raises(crl.TableError, match=named):
        crl.DipoleDataset.read(table)


@pytest.mark.parametrize("likelihood", ["vector", "amplitude_phase"])
def test_drawn_dipoles_can_be_plotted(model, likelihood):
    dataset = dipole(errors=(1e-3, 1e-3), n=40, likelihood=likelihood, models=[model])
    dataset.fake(0)
    dataset.plot_fit()[0].figure.canvas.draw()
    dataset.plot_residuals()
    crl.plot_dipole(model, [dataset])[0].figure.canvas.draw()
    plt.close("all")


# Random numbers


def test_random_states(model):
    def drawn(random_state):
        dataset = spectrum(n=5, models=[model])
        dataset.fake(random_state)
        return dataset.intensity.value

    assert_array_equal(drawn(3), drawn(3))
    assert_array_equal(drawn(3), drawn(np.random.default_rng(3)))
    assert_array_equal(drawn(np.random.RandomState(3)), drawn(np.random.RandomState(3)))
    different = [drawn(state) for state in (3, 4, None, "random-seed", np.random.RandomState(3))]
    assert len({values[0] for values in different}) == len(different)
    generator, legacy = np.random.default_rng(3), np.random.RandomState(3)
    assert random_generator(generator) is generator
    assert drawn(generator)[0] != drawn(generator)[0]
    assert drawn(legacy)[0] != drawn(legacy)[0]
    with pytest.raises(ValueError, match="cannot be used to seed"):
        drawn("lucky")


# Several datasets


def gamma_rays():
    table = Table({"e_ref": [1.0, 3.0] * u.TeV, "dnde": [1e-12, 1e-13] * u.Unit("TeV-1 cm-2 s-1")})
    table["dnde_err"] = 0.1 * table["dnde"].quantity
    table.meta["SED_TYPE"] = "dnde"
    return FluxPointsDataset(data=FluxPoints.from_table(table, sed_type="dnde"), name="gamma")


def counts():
    axis = MapAxis.from_energy_bounds("1 TeV", "10 TeV", nbin=50)
    dataset = SpectrumDataset.create(RegionGeom.create("icrs;circle(0, 0, 1)", axes=[axis]))
    dataset.background.data += 100.0
    return dataset


def both(model):
    datasets = crl.CosmicRayDatasets([spectrum(n=50), dipole(n=50)])
    datasets.models = [model]
    return datasets


def test_all_datasets_at_once(model):
    datasets = both(model)
    before = datasets.stat_sum()
    datasets.fake(7)
    values = datasets["spectrum"].intensity.value, datasets["dipole"].amplitude
    assert 50 < datasets.stat_sum() < 250 < before
    assert datasets.stat_sum() == pytest.approx(Datasets.stat_sum(datasets), rel=1e-10)
    # one stream of random numbers for both
    alone = dipole(n=50, models=[model])
    alone.fake(7)
    assert alone.amplitude[0] != values[1][0]
    again = both(model)
    again.fake(7)
    assert_array_equal(again["spectrum"].intensity.value, values[0])
    assert_array_equal(again["dipole"].amplitude, values[1])


def test_other_datasets_are_asked_too(model):
    model.datasets_names = ["spectrum", "dipole"]
    datasets = crl.CosmicRayDatasets([*both(model), counts()])
    datasets.models = [model]
    datasets.fake(7)
    drawn = datasets[2].counts.data
    assert 4000 < drawn.sum() < 6000
    again = crl.CosmicRayDatasets([*both(model), counts()])
    again.models = [model]
    again.fake(7)
    assert_array_equal(again[2].counts.data, drawn)


def test_nothing_changes_if_a_dataset_cannot(model):
    datasets = crl.CosmicRayDatasets([*both(model), gamma_rays()])
    before = datasets[0].intensity.value
    with pytest.raises(ValueError, match="'gamma': FluxPointsDataset cannot simulate"):
        datasets.fake(0)
    assert_array_equal(datasets[0].intensity.value, before)
    datasets = both(model)
    datasets["dipole"].models = None
    with pytest.raises(ValueError, match="'dipole' has no cosmic-ray model"):
        datasets.fake(0)
    assert_array_equal(datasets[0].intensity.value, before)
    with pytest.raises(ValueError, match="'dipole' has no cosmic-ray model"):
        datasets["dipole"].fake(0)


@pytest.fixture(scope="module")
def joint():
    datasets = crl.load_datasets("xue-liu-2025", scatter=False)
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    return datasets


def test_truth_has_standard_normal_residuals_in_the_joint_fit(joint):
    likelihood = JointLikelihood(joint)
    rng = np.random.default_rng(0)
    residuals = np.array(
        [likelihood.fake(likelihood.values, rng).residuals(likelihood.values) for _ in range(400)]
    )
    assert residuals.shape == (400, 318)
    assert (np.abs((residuals**2).mean(axis=0) - 1) < 5 * np.sqrt(2 / 400)).all()
    assert (np.abs(residuals.mean(axis=0)) < 5 / np.sqrt(400)).all()
    assert kstest(residuals.ravel(), "norm").pvalue > 0.05


def test_shipped_tables_survive_files(joint, tmp_path):
    datasets = joint.copy()
    datasets.models = joint.models
    before = [dataset.data for dataset in datasets]
    datasets.fake(2)
    assert 316 - 100 < datasets.stat_sum_likelihood() < 316 + 100
    datasets.write(tmp_path / "datasets.yaml", filename_models=tmp_path / "models.yaml")
    again = crl.CosmicRayDatasets.read(
        tmp_path / "datasets.yaml", filename_models=tmp_path / "models.yaml"
    )
    assert again.stat_sum() == datasets.stat_sum()
    for dataset, data in zip(again, before, strict=True):
        assert_same_errors(dataset.data, data, but=["phase_err"])
