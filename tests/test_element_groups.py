"""Spectra of groups of elements, as air-shower experiments give them, from the table to the fit."""

from pathlib import Path

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.table import Table
from gammapy.modeling import Fit
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.analysis.description import Analysis
from crlocal_plugin.catalogue.overlaps import shared_events
from crlocal_plugin.cli.main import main
from crlocal_plugin.tables.raw_table import TableError

ENERGY = np.geomspace(100, 1e6, 9)
PER_ENERGY = u.Unit("1 / (GeV m2 s sr)")


def group_table(quantity, axis="total_energy", energy=ENERGY):
    intensity = 10 * energy**-2.7 * PER_ENERGY
    columns = {"energy": energy * u.GeV, "intensity": intensity}
    meta = {"quantity": quantity, "axis": axis, "experiment": "Showers", "name": f"own_{quantity}"}
    return Table(columns | {"intensity_stat_err": 0.1 * intensity}, meta=meta)


@pytest.fixture(scope="module")
def elements():
    return crl.xue_liu_2025_composition()


@pytest.fixture(scope="module")
def groups():
    return crl.xue_liu_2025_composition(species=("H", "He", "CNO", "Ne-S", "Fe-group"))


MEMBERS = {"CNO": ("C", "N", "O"), "Ne-S": ("Ne", "Mg", "Si", "S"), "Fe-group": ("Fe",)}


@pytest.mark.parametrize("quantity", MEMBERS)
def test_prediction_is_the_sum_of_what_the_model_has(quantity, elements, groups):
    dataset = crl.CosmicRayFluxDataset.read(group_table(quantity))
    assert dataset.quantity == quantity
    for model, members in ((elements, MEMBERS[quantity]), (groups, (quantity,))):
        dataset.models = [model]
        alone = [model.intensity(dataset.x, name, axis="total_energy") for name in members]
        assert_allclose(dataset.intensity_pred(), sum(alone), rtol=1e-12)
    with pytest.raises(ValueError, match=f"no species '{quantity}', only H, He"):
        dataset.models = [crl.xue_liu_2025()]


def test_dataset_by_dataset_and_together(elements):
    # there is no iron below its rest energy, 52.1 GeV
    low = np.geomspace(20, 1e4, 8)
    tables = [group_table("CNO"), group_table("all_particle", energy=low)]
    datasets = crl.CosmicRayDatasets([crl.CosmicRayFluxDataset.read(table) for table in tables])
    datasets.models = [elements]
    alone = [dataset.stat_sum_likelihood() for dataset in datasets]
    assert_allclose(datasets.stat_sum_likelihood(), sum(alone), rtol=1e-10)
    lighter = [name for name in elements.species if name != "Fe"]
    expected = [elements.intensity([40] * u.GeV, name, axis="total_energy") for name in lighter]
    dataset = crl.CosmicRayFluxDataset.read(group_table("all_particle", energy=np.array([40.0])))
    dataset.models = [elements]
    assert_allclose(dataset.intensity_pred(), sum(expected), rtol=1e-12)


def test_curve_of_a_sum_begins_where_its_data_do(elements):
    dataset = crl.CosmicRayFluxDataset.read(
        group_table("all_particle", energy=np.geomspace(20, 1e4, 8))
    )
    dataset.models = [elements]
    curve = dataset.plot_fit().lines[0].get_xdata()
    assert curve[0] < 20
    plt.close("all")


def test_a_fit_finds_the_strength_of_a_group(groups):
    model = groups.copy(name="truth")
    strength = model.components["background"].spectral_models["CNO"].Q_0b
    datasets = crl.CosmicRayDatasets([crl.CosmicRayFluxDataset.read(group_table("CNO"))])
    datasets.models = [model]
    for par in model.parameters:
        par.frozen = par is not strength
    truth = strength.value
    # the data are the prediction
    table = datasets[0].table.copy()
    table["intensity"][:] = datasets[0].intensity_pred().value
    table["intensity_stat_errn"][:] = table["intensity_stat_errp"][:] = 0.1 * table["intensity"]
    datasets = crl.CosmicRayDatasets([crl.CosmicRayFluxDataset.read(table)])
    datasets.models = [model]
    strength.value = 2 * truth
    Fit().run(datasets)
    assert_allclose(strength.value, truth, rtol=1e-4)
    # 9 points of 10 % on one strength, which other components do not share
    share = model.intensity(datasets[0].x, "CNO", component="background", axis="total_energy")
    share = share / datasets[0].intensity_pred()
    assert_allclose(strength.error, 0.1 * truth / np.sqrt(np.sum(share**2)), rtol=1e-2)


# total energy at 30 GV of the nucleus with the highest charge of the group
CHARGE_AND_MASS = {"CNO": (8, 14.895), "Ne-S": (16, 29.782), "Fe-group": (28, 53.952)}


@pytest.mark.parametrize("quantity", CHARGE_AND_MASS)
def test_fits_begin_where_the_model_describes_all_of_a_group(quantity, tmp_path):
    charge, mass = CHARGE_AND_MASS[quantity]
    path = tmp_path / "own.ecsv"
    group_table(quantity).write(path)
    (dataset,) = crl.load_datasets([path])
    low, high = dataset.energy_range
    assert_allclose(low.to_value("GeV"), np.hypot(30 * charge, mass), rtol=1e-4)
    assert high is None
    assert_allclose(dataset.mask_fit, np.hypot(30 * charge, mass) <= ENERGY)
    assert crl.load_datasets([path], valid_only=False)[0].mask_fit is None


def test_all_elements_of_a_group_count_at_one_energy_per_nucleon(tmp_path):
    # of the iron group, nickel-58 has the most charge per nucleon
    path = tmp_path / "own.ecsv"
    group_table("Fe-group", axis="kinetic_energy_per_nucleon").write(path)
    low, _ = crl.load_datasets([path])[0].energy_range
    charge, mass = CHARGE_AND_MASS["Fe-group"]
    assert_allclose(low.to_value("GeV"), (np.hypot(30 * charge, mass) - mass) / 58, rtol=1e-4)


def test_files_pictures_and_the_command_line(tmp_path, elements, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in MEMBERS:
        group_table(name).write(f"{name}.ecsv")
    datasets = crl.load_datasets([f"{name}.ecsv" for name in MEMBERS])
    datasets.models = [elements]
    datasets.write("out/datasets.yaml", "out/models.yaml")
    back = crl.CosmicRayDatasets.read("out/datasets.yaml", "out/models.yaml")
    assert [dataset.quantity for dataset in back] == list(MEMBERS)
    assert_allclose(back.stat_sum(), datasets.stat_sum(), rtol=1e-12)
    texts = crl.plot_spectra(datasets).get_legend().get_texts()
    assert "Showers" in [text.get_text() for text in texts]
    crl.plot_residuals(datasets)
    datasets[0].plot_fit()
    plt.close("all")
    entries = [f"{name}.ecsv" for name in MEMBERS]
    for settings in ({}, {"species": "groups"}):
        analysis = Analysis(datasets=entries, model={"composition": True, **settings})
        assert [dataset.quantity for dataset in analysis.prepare()] == list(MEMBERS)
    with pytest.raises(ValueError, match=r"datasets\[1\]: the model has no species 'Ne-S'.*add to"):
        Analysis(datasets=entries).prepare()
    Path("a.yaml").write_text(f"datasets: {entries}\nmodel: {{composition: true}}\n")
    assert main(["plot", "a.yaml", "spectra"]) == 0
    capsys.readouterr()


def test_events_of_elements_are_in_their_group():
    def row(quantity):
        return {
            "name": quantity,
            "experiment": "CREAM",
            "kind": "spectrum",
            "axis": "kinetic_energy",
            "hadronic_model": "",
            "quantity": quantity,
        }

    contained = "the nuclei of one are contained in the other"
    pairs = {("CNO", "N"): contained, ("Fe", "Fe-group"): contained, ("light", "H"): contained}
    pairs |= {("CNO", "Ne"): None, ("CNO", "Ne-S"): None, ("light", "CNO"): None}
    for (one, other), reason in pairs.items():
        assert shared_events(row(one), row(other))[0] == reason
        assert shared_events(row(other), row(one))[0] == reason


def test_other_words_are_refused():
    for word, hint in (("cno", "'CNO'"), ("C-N-O", "'CNO'"), ("ne-s", "'Ne-S'")):
        with pytest.raises(TableError, match=f"a group of elements.*did you mean {hint}"):
            crl.CosmicRayFluxDataset.read(group_table(word))
    with pytest.raises(TableError, match=r"expected an element symbol from H to Ni.*got '10Be'"):
        crl.CosmicRayFluxDataset.read(group_table("10Be"))
