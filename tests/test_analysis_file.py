"""Analyses: what a file means, and that every mistake in one is named with its line."""

import re
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from gammapy.modeling import Fit

import crlocal_plugin as crl
from crlocal_plugin.analysis import data as analysis_data
from crlocal_plugin.analysis import description
from crlocal_plugin.analysis.description import Analysis, make_analysis
from crlocal_plugin.analysis.errors import AnalysisError
from crlocal_plugin.analysis.files import analysis_text, parameter_lines
from crlocal_plugin.analysis.schema import DatasetEntry, ParameterEntry, PriorEntry
from crlocal_plugin.likelihood.selection import find_parameters

PAGE = (Path(__file__).parents[1] / "docs" / "command-line.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def read(tmp_path):
    """Write a text to a file in a folder of its own, and read the analysis."""

    def read(text, name="study/analysis.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return Analysis.read(Path(name))

    return read


def mistakes_in(read, text):
    """Lines of the error that a text leads to."""
    with pytest.raises(AnalysisError) as caught:
        read(text, "a.yaml")
    return str(caught.value).splitlines()


# What an analysis means


def test_defaults_are_the_default_fit():
    by_hand = crl.load_datasets("newest-dipoles")
    by_hand.models = [crl.xue_liu_2025()]
    datasets = Analysis().prepare()
    assert datasets.stat_sum() == by_hand.stat_sum()
    free = datasets.parameters.free_parameters
    assert free.names == by_hand.parameters.free_parameters.names
    fits = [Fit(backend="least-squares").run(one) for one in (datasets, by_hand)]
    assert fits[0].total_stat == pytest.approx(fits[1].total_stat, abs=0.005)


@pytest.mark.parametrize("uncommented", [False, True])
def test_example_is_the_default_analysis(uncommented, read):
    text = analysis_text(Analysis(), notes={"parameters": parameter_lines()})
    if uncommented:
        names = "|".join(re.escape(line.split(":")[0]) for line in parameter_lines())
        text, count = re.subn(rf"(?m)^  # (?=(?:{names}): \{{)", "  ", text)
        assert count == len(crl.xue_liu_2025().parameters)
    analysis = read(text)
    assert len(analysis.parameters) == (len(parameter_lines()) if uncommented else 0)
    default, datasets = Analysis().prepare(), analysis.prepare()
    assert datasets.stat_sum() == default.stat_sum()
    for par, expected in zip(datasets.parameters, default.parameters, strict=True):
        assert (par.value, par.unit, par.frozen) == (expected.value, expected.unit, expected.frozen)
        assert str(par.prior) == str(expected.prior)


def test_every_key_reaches_the_model_and_the_data(read):
    analysis = read(
        """
model: {variant: wandering, species: [H, He, O], compton_getting: local}
datasets:
  - xue-liu-2025
  - {name: dampe_h, energy_range: [100 GeV, 50 TeV], floor: 5 %}
  - {name: kascade_h_sibyll-2p1, floor: 0.3}
  - {name: icecube-2016, phase_floor: 5 deg}
parameters:
  V_sun: {value: 15, min: 5 km/s, max: 30000 m/s, prior: {mean: 12, sigma: 2000 m/s, source: me}}
  x: 2 pc
  u_HC: {free: true, prior: none}
  index_offset: {free: true}
  H.index_offset: {free: false}
  H.Q_0c: {value: 1e58}
  DAMPE.energy_scale: {free: true, prior: {mean: 1, sigma: 0.03}}
priors: [measured, modulation]
floors: 0.02
systematics: false
likelihood: amplitude_phase
declination_factor: false
scatter: false
"""
    )
    datasets = analysis.prepare()
    model = next(m for m in datasets.models if m.name == "cosmic-ray")
    assert model.species == ("H", "He", "O")
    nearby = model.components["nearby"].spectral_models["H"]
    assert nearby.local_transport == "wandering"
    assert model.components["compton-getting"].dipole_model.index == "local"
    # the table of a selection is changed by an entry of its own, not added to it
    assert len(datasets) == 20
    dampe, kascade = datasets["dampe_h"], datasets["kascade_h_sibyll-2p1"]
    assert dampe.energy_range == (100 * u.GeV, 50 * u.TeV)
    assert (dampe.mask_fit == ((dampe.x >= 100 * u.GeV) & (dampe.x < 50 * u.TeV))).all()
    # what the entry does not set stays as the selection has it
    assert kascade.energy_range == (None, 2.5e7 * u.GeV)
    floors = {dataset.name: dataset.floor for dataset in datasets}
    assert (floors.pop("dampe_h"), floors.pop("kascade_h_sibyll-2p1")) == (0.05, 0.3)
    assert set(floors.values()) == {0.02}
    assert datasets["icecube-2016"].phase_floor == 5 * u.deg
    assert datasets["icetop-2016"].phase_floor == 10 * u.deg
    assert not any(dataset.systematics for dataset in datasets)
    dipole = datasets["icecube-2016"]
    assert (dipole.likelihood, dipole.apply_declination_factor) == ("amplitude_phase", False)

    assert (model.V_sun.value, model.V_sun.min, model.V_sun.max) == (15, 5, 30)
    assert not model.V_sun.frozen
    assert (model.V_sun.prior.mu.value, model.V_sun.prior.sigma.value) == (12, 2)
    assert model.V_sun.prior.source == "me"
    assert (model.x.value, model.x.frozen) == (2, True)
    assert (model.u_HC.frozen, model.u_HC.prior) == (False, None)
    assert model.phi.prior.sigma.value == 0.097
    assert [model.parameters[f"{s}.index_offset"].frozen for s in model.species] == [1, 0, 0]
    assert model.parameters["H.Q_0c"].value == 1e58
    assert (dampe.energy_scale.frozen, dampe.energy_scale.prior.sigma.value) == (False, 0.03)


def same_models(one, other):
    """Whether two models have the same parameters, free and frozen, at the same values."""
    rows = [
        [(par.value, par.unit, par.frozen, par.min, par.max) for par in model.parameters]
        for model in (one, other)
    ]
    return one.parameters.labels == other.parameters.labels and str(rows[0]) == str(rows[1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{composition: true}", crl.xue_liu_2025_composition(priors=None)),
        (
            "{composition: true, species: groups, spallation: false, variant: wandering}",
            crl.xue_liu_2025_composition(
                species=("H", "He", "CNO", "Ne-S", "Fe-group"),
                spallation=False,
                variant="wandering",
                priors=None,
            ),
        ),
        (
            "{composition: true, species: [H, He, C, O], index_groups: none}",
            crl.xue_liu_2025_composition(
                species=("H", "He", "C", "O"), index_groups=(), priors=None
            ),
        ),
        (
            "{species: [H, He, C, O, Fe], spallation: true, index_groups: [[C, O], [He, Fe]]}",
            crl.xue_liu_2025(
                species=("H", "He", "C", "O", "Fe"),
                spallation=True,
                index_groups=[("C", "O"), ("He", "Fe")],
                priors=None,
            ),
        ),
        (
            "{secondaries: true, spallation: true}",
            crl.xue_liu_2025_secondaries(priors=None, gas_priors=False),
        ),
        (
            "{composition: false, species: default, spallation: default, index_groups: default}",
            crl.xue_liu_2025(priors=None),
        ),
    ],
)
def test_models_of_nuclei(text, expected, read):
    analysis = read(f"model: {text}\npriors: none\nscatter: false\n")
    (model,) = analysis.prepare().models
    assert same_models(model, expected)
    again = read(analysis_text(analysis), "again.yaml")
    assert same_models(again.prepare().models[0], expected)
    changed = analysis.changed({"model": {"variant": analysis.model.variant}})
    assert same_models(changed.model.make(), expected)


def test_hadronic_models_and_experiments(read):
    text = """
model: {composition: true}
datasets:
  - calet
  - lhaaso
  - {name: lhaaso_h_sibyll-2p3d, floor: 0.1}
  - {name: lhaaso_mean_log_mass_qgsjet-ii-04, floor: 0.2}
hadronic_model: {LHAASO: [QGSJET-II-04, epos-lhc]}
parameters: {LHAASO.hadronic: {value: 0.5, free: true}}
"""
    datasets = read(text).prepare()
    by_hand = crl.load_datasets(
        ["calet", "lhaaso"],
        hadronic_model={"LHAASO": ["QGSJET-II-04", "EPOS-LHC"]},
        floors={"lhaaso_h_qgsjet-ii-04": 0.1, "lhaaso_mean_log_mass_qgsjet-ii-04": 0.2},
    )
    by_hand.models = [crl.xue_liu_2025_composition()]
    assert datasets.names == by_hand.names
    masses = datasets["lhaaso_mean_log_mass_qgsjet-ii-04"]
    assert (type(masses), masses.floor) == (crl.MeanLogMassDataset, 0.2)
    assert masses.hadronic_models == ["QGSJET-II-04", "EPOS-LHC"]
    assert (masses.hadronic.value, masses.hadronic.frozen) == (0.5, False)
    at_half = datasets.stat_sum()
    by_hand["lhaaso_h_qgsjet-ii-04"].hadronic.value = 0.5
    assert at_half == by_hand.stat_sum()
    masses.hadronic.value = by_hand["lhaaso_h_qgsjet-ii-04"].hadronic.value = 0
    assert datasets.stat_sum() == by_hand.stat_sum() != at_half


def test_nuclei_where_the_model_does_not_hold(read):
    text = """
model: {composition: true}
datasets: [ams-02_c, {name: ams-02_o, energy_range: [5 GV, none]}]"""
    for line, carbon in (("", 30 * u.GV), ("valid_only: false", None)):
        ranges = [dataset.energy_range for dataset in read(f"{text}\n{line}").prepare()]
        assert ranges == [(carbon, None), (5 * u.GV, None)]


def test_nuisances_of_some_tables(read):
    analysis = read(
        """
model: {composition: true}
datasets: [ams-02_h, calet_h, calet_he, calet_c, calet_fe]
nuisances: {calet-nuclei: [calet_c, calet_fe], alone: ams-02_h}
parameters:
  CALET.norm: 0.9
  calet-nuclei.norm: {value: 0.8, free: true, prior: {mean: 1, sigma: 0.2}}
"""
    )
    for one in (analysis, read(analysis_text(analysis), "again.yaml")):
        datasets = one.prepare()
        norms = {dataset.name: dataset.norm for dataset in datasets}
        assert [norm.value for norm in norms.values()] == [1, 0.9, 0.9, 0.8, 0.8]
        assert norms["calet_c"] is norms["calet_fe"]
        assert (norms["calet_c"].frozen, norms["calet_c"].prior.sigma.value) == (False, 0.2)
        assert norms["calet_h"].frozen
        assert datasets.models.names == ["cosmic-ray", "alone", "CALET-nuisance", "calet-nuclei"]
        stat = datasets.stat_sum()
        for name, norm in (("calet_h", 0.9), ("calet_c", 0.8)):
            predicted = datasets[name].intensity_pred()
            norms[name].value = 1
            ratio = (predicted / datasets[name].intensity_pred()).to_value("")
            assert ratio == pytest.approx(norm, rel=1e-12)
            norms[name].value = norm
        assert datasets.stat_sum() == pytest.approx(stat, rel=1e-12)
    datasets.write("d.yaml", filename_models="m.yaml")
    again = crl.CosmicRayDatasets.read("d.yaml", filename_models="m.yaml")
    for name, expected in (("CALET.norm", 0.9), ("calet-nuclei.norm", 0.8)):
        (par,) = find_parameters(again, name).values()
        assert par.value == expected


def test_paths_are_relative_to_the_file(read, tmp_path):
    (tmp_path / "study").mkdir()
    crl.load_datasets("dampe_h")[0].write(tmp_path / "study" / "own.ecsv")
    text = "datasets: [own.ecsv, {file: own.ecsv, name: twin}]\noutput: results\n"
    analysis = read(text)
    datasets = analysis.prepare()
    assert datasets.names == ["own", "twin"]
    assert analysis.output == Path("study/results")
    # written elsewhere, the paths lead to the same files
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.yaml").write_text(analysis_text(analysis, tmp_path / "other"))
    other = Analysis.read("other/b.yaml")
    assert other.prepare().stat_sum() == datasets.stat_sum()
    assert other.output.resolve() == (tmp_path / "study" / "results").resolve()


def test_range_beside_a_mask_in_an_own_table(read, tmp_path):
    (tmp_path / "study").mkdir()
    path = tmp_path / "study" / "own.ecsv"
    (dampe,) = crl.load_datasets("dampe_h")
    mask = np.arange(len(dampe.table)) % 2 == 0
    dampe.mask_fit = mask
    dampe.write(path)
    (masked,) = read("datasets: [own.ecsv]").prepare()
    assert (masked.mask_fit == mask).all()
    assert masked.energy_range == (None, None)
    # an entry of the analysis replaces what the table says
    text = "datasets: [{file: own.ecsv, energy_range: [1 TeV, none]}]"
    (cut,) = read(text).prepare()
    assert cut.energy_range == (1 * u.TeV, None)
    assert (cut.mask_fit == (cut.x >= 1 * u.TeV)).all()
    # a table with both does not tell which is meant
    table = Table.read(path)
    table.meta["dataset"]["energy_range"] = ["1.0 TeV", None]
    table.write(path, overwrite=True)
    with pytest.raises(AnalysisError, match=r":2: datasets\[0\]: .*mask_fit or energy_range, not"):
        read("datasets:\n- own.ecsv")
    (cut,) = read(text).prepare()
    assert (cut.mask_fit == (cut.x >= 1 * u.TeV)).all()


def test_text_of_an_analysis_is_read_back(read):
    analysis = Analysis(
        model={"variant": "qgsjet", "species": ["H", "He", "Li"], "abundances": {"Li": 0.001}},
        datasets=[
            {"name": "xue-liu-2025-qgsjet"},
            {"name": "dampe_h", "energy_range": (100 * u.GeV, None), "floor": 0.1},
        ],
        parameters={"V_sun": {"value": 1 / 3, "prior": None}, "x": 1.6 * u.pc},
        priors=None,
        floors=None,
        backend="minuit",
    )
    again = read(analysis_text(analysis))
    assert again.model_dump(exclude={"output"}) == analysis.model_dump(exclude={"output"})
    assert again.model_fields_set >= analysis.model_fields_set
    model = again.prepare().models[0]
    assert (model.V_sun.value, model.x.value) == (1 / 3, 1.6)
    # text of a table that the package does not know as helium's share of anything
    assert model.parameters["Li.Q_0b"].value == pytest.approx(6.9e48, rel=1e-12)


def test_later_entries_win(read):
    model, *_ = read("parameters: {Q_0b: {free: false}, H.Q_0b: {free: true}}").prepare().models
    assert [model.parameters[f"{name}.Q_0b"].frozen for name in ("H", "He")] == [False, True]
    analysis = Analysis(parameters={"H.Q_0b": {"value": 5e52, "free": False}, "x": 1})
    changed = analysis.changed({"parameters": {"Q_0b": {"free": True}, "x": {"free": True}}})
    model = changed.prepare().models[0]
    assert not model.parameters["H.Q_0b"].frozen
    assert model.parameters["H.Q_0b"].value == 5e52
    assert (model.x.value, model.x.frozen) == (1, False)
    assert list(analysis.parameters) == ["H.Q_0b", "x"]


def test_what_reading_has_loaded_is_prepared_once(read, monkeypatch):
    loaded = []
    load = analysis_data.load_datasets
    monkeypatch.setattr(
        analysis_data, "load_datasets", lambda *args, **kw: loaded.append(1) or load(*args, **kw)
    )
    analysis = read("datasets: [dampe_h]")
    first = analysis.prepare()
    assert len(loaded) == 1
    first["dampe_h"].floor = 0.5
    first.parameters["x"].value = 3
    # datasets are the caller's own: those of the next call know nothing of changes
    second = analysis.prepare()
    assert len(loaded) == 2
    assert second["dampe_h"].floor != 0.5
    assert second.parameters["x"].value == 1.6


def test_an_analysis_is_a_value(read):
    analysis = read("datasets: [dampe_h]\nfloors: 0.1")
    assert analysis == read("floors: 0.1\n\ndatasets: dampe_h", "study/again.yaml")
    assert analysis != Analysis()
    assert analysis.changed({}) == analysis
    # copies with other entries do not take what reading has loaded
    for copied in (
        analysis.model_copy(update={"floors": 0.2}),
        analysis.model_copy(update={"floors": 0.2}, deep=True),
        analysis.changed({"floors": 0.2}),
    ):
        assert copied.prepare()["dampe_h"].floor == 0.2
    assert analysis.prepare()["dampe_h"].floor == 0.1
    # nor does one whose entries are changed in place
    changed = read("datasets: [dampe_h]\nparameters: {x: 2}")
    changed.parameters["x"] = ParameterEntry(value=3)
    assert changed.prepare().parameters["x"].value == 3
    same = analysis.model_copy()
    assert same == analysis
    assert same.prepare()["dampe_h"] is not analysis.prepare()["dampe_h"]


def test_pictures_may_overlap_and_fits_may_not():
    assert len(Analysis(datasets="xue-liu-2025-all").prepare()) == 27
    with pytest.raises(AnalysisError, match="share events"):
        Analysis(datasets=["ams-02_h", "ams-02_h_2015"]).prepare()
    both = Analysis(datasets=["ams-02_h", "ams-02_h_2015"], allow_overlap=True).prepare()
    assert len(both) == 2
    # parts that do not meet share nothing
    parts = [{"name": "argo-ybj-2015", "energy_range": [None, "4 TeV"]}, "argo-ybj-2018"]
    assert len(Analysis(datasets=[*parts, "ams-02_h"]).prepare()) == 3
    with pytest.raises(AnalysisError, match="share events"):
        Analysis(datasets=["argo-ybj-2015", "argo-ybj-2018"]).prepare()


# Mistakes

MISTAKES = {
    # names
    "likelihod: vector": "1: likelihod: unknown key 'likelihod': did you mean likelihood?",
    "model:\n  variant: kinetc": "2: model.variant: unknown 'kinetc': did you mean kinetic?",
    "model:\n  species: [H, He, Hx]": "2: model.species[2]: unknown species 'Hx'",
    "model: {index: local}": "1: model.index: unknown key 'index': expected one of variant, ",
    "model: {abundances: {Li: 1}}": "1: model: abundances: unknown 'Li': expected one of H, He",
    "model: {species: [H, H]}": "1: model: species must be given, each once, got ['H', 'H']",
    "model: {species: [H, He, Li]}": "1: model: no abundance is known for Li",
    "model: {species: composition}": "1: model.species: expected nuclei, groups or default: compos",
    "model: {composition: 1}": "1: model.composition: expected true or false, got 1",
    "model: {secondaries: true, composition: true}": "1: model: secondaries: expected a model with",
    "model: {spallation: 1}": "1: model.spallation: expected true or false, got 1",
    "model: {index_groups: [[C, Cx]]}": "1: model.index_groups[0][1]: unknown species 'Cx'",
    "model: {index_groups: [C]}": "1: model.index_groups[0]: expected a list, got 'C'",
    "model: {index_groups: [[H], [H]]}": "1: model: index_groups (('H',), ('H',)): expected group",
    "model: {composition: true, abundances: {Li: 1}}": "1: model: abundances: unknown 'Li': expect",
    "datasets:\n- damp_h": "2: datasets[0]: no selection, table, experiment or file is called 'd",
    "datasets:\n- {name: own.ecsv}": "2: datasets[0]: own.ecsv is a file: write file instead",
    "datasets:\n- own.ecsv": "2: datasets[0]: there is no file own.ecsv",
    "datasets:\n- {floor: 1}": "2: datasets[0]: expected a name or a file",
    "datasets:\n- {name: dampe_h, flor: 1}": "2: datasets[0].flor: unknown key 'flor': did you ",
    "datasets: [ams-02]": "1: datasets[0]: the model has no species 'Al', 'C', 'Fe', 'Mg', 'N', ",
    "datasets: [icecube]": "1: datasets[0]: IceCube has neither spectra nor <ln A> in the cat",
    "datasets:\n- dampe_h\n- lhaaso": "3: datasets[1]: LHAASO has tables for several hadronic",
    "datasets: [{name: lhaaso, floor: 1}]": "1: datasets[0]: floor can be set for a table, and lh",
    "hadronic_model: 3": "1: hadronic_model: expected the name of a model, a list of 1 to 6, or a",
    "hadronic_model: SIBYLL": "1: hadronic_model: KASCADE has no tables for 'SIBYLL'; expected som",
    "hadronic_model: {LHASO: EPOS-LHC}": "1: hadronic_model: 'LHASO' is no experiment with tables",
    "hadronic_model: {LHAASO: EPOS-LHC}": "1: hadronic_model: no table of LHAASO that exists for",
    "datasets: [dampe_h, dampe_he]\nhadronic_model: EPOS-LHC": "2: hadronic_model: no table that e",
    "nuisances: [a]": "1: nuisances: expected keys with values, got ['a']",
    "nuisances: {a.b: dampe_h}": "1: nuisances.a.b: expected a name of its own without dots, such",
    "nuisances: {DAMPE: dampe_h}": "1: nuisances.DAMPE: expected a name of its own without dots",
    "nuisances: {cosmic-ray: dampe_h}": "1: nuisances.cosmic-ray: expected a name of its own with",
    "nuisances: {a: [dampe_x]}": "1: nuisances.a[0]: unknown table 'dampe_x': did you mean dampe_h",
    "nuisances:\n  a: dampe_h\n  b: [dampe_h]": "3: nuisances.b[0]: dampe_h is in a already: name",
    "nuisances: {a: []}": "1: nuisances.a: expected at least one table, got none",
    "parameters: {LHAASO.hadronic: 1}": "1: parameters.LHAASO.hadronic: no parameter is called 'LH",
    "parameters:\n\n  V_sn: 3": "3: parameters.V_sn: no parameter is called 'V_sn'; did you mean V",
    "parameters: {V_sun: {valu: 3}}": "1: parameters.V_sun.valu: unknown key 'valu': did you mean",
    "parameters: {DAMP.norm: 1}": "1: parameters.DAMP.norm: no parameter is called 'DAMP.norm'",
    "priors: [solar]": "1: priors[0]: unknown 'solar': expected one of solar-motion, local-",
    "backend: simplex": "1: backend: unknown 'simplex': expected one of least-squares, minuit",
    # kinds
    "systematics: 1": "1: systematics: expected true or false, got 1",
    "datasets: 3": "1: datasets: expected a list, got 3",
    "datasets: []": "1: datasets: expected at least one selection, table or file, got none",
    "model: kinetic": "1: model: expected keys with values, got 'kinetic'",
    "parameters: [V_sun]": "1: parameters: expected keys with values, got ['V_sun']",
    "parameters: {V_sun: }": "1: parameters.V_sun: expected keys with values, got None",
    "parameters: {V_sun: {free: maybe}}": "1: parameters.V_sun.free: expected true or false, got",
    "parameters: {V_sun: {value: [1]}}": "1: parameters.V_sun.value: expected a number, or a text",
    "parameters: {V_sun: {prior: 12}}": "1: parameters.V_sun.prior: expected keys with values",
    "parameters: {V_sun: {prior: {mean: 12}}}": "1: parameters.V_sun.prior: sigma is missing",
    "floors: many": "1: floors: expected recommended, none or a fraction such as 0.05, got 'many'",
    "starts: -1": "1: starts: expected a number of at least 0, got -1",
    "starts: 1.5": "1: starts: expected a whole number, got 1.5",
    "output: [a]": "1: output: expected the name of a file, got ['a']",
    # units
    "parameters: {V_sun: 3 kg}": "1: parameters.V_sun: cannot read '3 kg' as a value of V_sun",
    "parameters: {V_sun: 3 kmm/s}": "1: parameters.V_sun: cannot read '3 kmm/s' as a value of V",
    "parameters: {V_sun: 2015-01-01}": "1: parameters.V_sun: cannot read '2015-01-01' as a value",
    "parameters: {V_sun: {prior: {mean: 1 kg, sigma: 1}}}": "1: parameters.V_sun.prior: cannot re",
    "datasets: [{name: dampe_h, energy_range: [1, 2]}]": "1: datasets[0].energy_range: expected t",
    "datasets: [{name: dampe_h, energy_range: [1 GeV]}]": "1: datasets[0].energy_range: expected ",
    "datasets: [{name: dampe_h, energy_range: [1 GV, 2 GV]}]": "1: datasets[0]: dataset 'dampe_h'",
    "datasets: [{name: icecube-2016, phase_floor: 5 m}]": "1: datasets[0].phase_floor: expected a",
    # values
    "parameters: {V_sun: 1e9}": "1: parameters.V_sun: V_sun = 1e+09 is outside its limits -100 to",
    "parameters: {x: {value: -1, free: true}}": "1: parameters.x.value: x = -1 is outside its lim",
    "parameters: {x: .inf}": "1: parameters.x: cannot read 'inf' as a value of x",
    "parameters: {x: {min: 2 pc}}": "1: parameters.x: x = 1.6 is outside its limits 2 to inf",
    "parameters: {x: {min: 3, max: 2}}": "1: parameters.x: min 3 is not below max 2",
    "parameters: {V_sun: {max: 1e3}}": "1: parameters.V_sun.max: V_sun = 1000 is outside its lim",
    "parameters: {Q_0b: 1}": "1: parameters.Q_0b: Q_0b is several parameters: set one of H.Q_0b,",
    "parameters: {x: {prior: {mean: 1, sigma: 0}}}": "1: parameters.x.prior: prior: sigma must be",
    "floors: -0.1": "1: floors: expected recommended, none or a fraction such as 0.05, got -0.1",
    "datasets: [{name: dampe_h, floor: -1}]": "1: datasets[0].floor: expected a fraction such as",
    "datasets: [{name: dampe_h, energy_range: [2 TeV, 1 TeV]}]": "1: datasets[0]: dataset 'dampe_",
    "datasets: [{name: dampe_h, energy_range: [none, 1 GeV]}]": "1: datasets[0]: no point of damp",
    "datasets: [{name: dampe_h, phase_floor: 5 deg}]": "1: datasets[0]: dampe_h has no phases: ph",
    "datasets: [{name: latest, floor: 0.1}]": "1: datasets[0]: floor can be set for a table, and",
    "datasets: [xue-liu-2025, dampe_h]": "1: datasets: table 'dampe_h' is asked for twice",
    "datasets:\n- ams-02_h\n- ams-02_h_2015": "1: datasets: tables 'ams-02_h' and 'ams-02_h_2015'",
    "model: {species: He}\ndatasets: [dampe_he, dampe_h]": "2: datasets[1]: the model has no spec",
    "datasets: [dampe_h_mean]": "1: datasets[0]: no selection, table, experiment or file is called",
    # YAML
    "priors: none\nfloors: none\npriors: none": "3: priors: given twice, in line 1 and in line 3",
    "model:\n  variant: kinetic\n species: [H]": "3: while parsing a block mapping expected <bloc",
    "model:\n\tvariant: kinetic": "2: while scanning for the next token found character '\\t'",
    "datasets: [a, b": "1: while parsing a flow sequence expected ',' or ']'",
    "a: 1\n---\nb: 2": "2: expected a single document in the stream but found another document",
    "output: !!python/name:os.system x": "1: could not determine a constructor for the tag",
    "datasets: &a [*a]": "1: contains itself",
    "- model": "1: expected keys with values, got ['model']",
    "3": "1: expected keys with values, got 3",
    "# nothing": ": the file is empty: crlocal init writes one",
    "a: \x07": ": special characters are not allowed at position 3: expected a text file in UTF-8",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_line_with_its_place(text, read):
    (line,) = mistakes_in(read, text)
    expected = MISTAKES[text]
    assert line.startswith(f"a.yaml{'' if expected.startswith(': ') else ':'}{expected}")


def test_items_keep_their_numbers_beside_other_mistakes(read):
    lines = mistakes_in(
        read,
        """datasets:
  - damp_h
  - {name: own.ecsv, floor: -1}
  - {name: dampe_he, phase_flor: 1}
  - {floor: 0.1, energy_range: [1, 2]}
parameters: {V_sn: 3}
""",
    )
    assert [int(re.match(r"a\.yaml:(\d+): ", line)[1]) for line in lines] == [2, 3, 3, 4, 5, 5, 6]


def test_all_mistakes_are_told_at_once_and_no_other(read):
    lines = mistakes_in(
        read,
        """model: {variant: kinetc, compton_getting: local}
datasets:
  - xue-liu-2025
  - {name: dampe_h, floor: -1}
  - damp_he
parameters:
  V_sn: 3
  V_sun: {value: 15 kg, free: 1}
  x: {value: 1.6 pc, min: 2 pc}
  DAMP.energy_scale: {free: true}
  u_HC: 20
  u_HC: 21
priors: [measurd]
output: here
""",
    )
    # whether the experiment of line 10 is there cannot be said before line 5 is right
    numbers = [int(re.match(r"a\.yaml:(\d+): ", line)[1]) for line in lines]
    assert numbers == [1, 4, 5, 7, 8, 8, 9, 12, 13]
    assert all(len(line.split(": ", 2)) == 3 for line in lines)


def test_nothing_else_than_a_mistake_comes_of_nonsense(monkeypatch):
    # what is right beside a mistake is prepared to find more, which takes its time
    monkeypatch.setattr(description, "prepared", lambda analysis, mistakes: None)
    valid = {
        "model": {"variant": "kinetic", "species": ["H", "Li"], "abundances": {"Li": 1}},
        "datasets": [{"name": "dampe_h", "energy_range": ["1 TeV", None], "floor": 0.1}],
        "parameters": {"x": {"value": 1, "min": 0, "prior": {"mean": 1, "sigma": 1}}},
        "priors": ["measured"],
    }
    junk = (None, True, -1, 1e400, "junk", "", [], {}, [[1]], {"a": {"b": 1}}, "2015", 10**400)

    def variants(data):
        """The data with one of the values inside replaced."""
        yield from junk
        items = data.items() if isinstance(data, dict) else enumerate(data)
        for key, item in items if isinstance(data, dict | list) else ():
            for other in variants(item) if isinstance(item, dict | list) else junk:
                changed = dict(data) if isinstance(data, dict) else list(data)
                changed[key] = other
                yield changed

    refused = []
    for data in variants(valid):
        try:
            make_analysis(data)
        except AnalysisError as error:
            refused.append(error)
    assert len(refused) > 100
    assert all(len(message) > 10 for error in refused for _, message in error.mistakes)


def test_what_follows_from_another_mistake_is_not_told(read):
    # the strength of helium is known to be there, and of what LHAASO would have nothing is
    lines = mistakes_in(
        read,
        """datasets: [ams-02_h, lhaaso]
nuisances: {lhaaso-light: [lhaaso_h_epos-lhc]}
parameters:
  LHAASO.hadronic: {free: true}
  lhaaso-light.norm: {free: true}
  He.Q_0n: -1
  V_sn: 1
""",
    )
    assert [int(re.match(r"a\.yaml:(\d+): ", line)[1]) for line in lines] == [1, 6, 7]


def test_own_table_is_checked_like_all_others(read, tmp_path):
    (tmp_path / "bad.csv").write_text("energy,intensity\n1,2\n")
    (line,) = mistakes_in(read, "datasets:\n  - dampe_h\n  - bad.csv\n")
    assert line.startswith("a.yaml:3: datasets[1]: bad.csv")


def test_python_names_the_key_without_a_file():
    with pytest.raises(ValueError, match="variant"):
        Analysis(model={"variant": "kinetc"})
    with pytest.raises(AnalysisError, match=r"^parameters\.V_sn: no parameter is called 'V_sn'"):
        Analysis(parameters={"V_sn": 3}).prepare()


def test_free_parameters_are_needed():
    names = {*Analysis().prepare().parameters.free_parameters.names}
    fixed = {name: {"free": False} for name in names}
    with pytest.raises(AnalysisError, match="no parameter is left free"):
        Analysis(parameters=fixed).prepare()


# The page on it


def test_example_of_the_page_is_valid(read, tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    for block in blocks:
        (tmp_path / "study").mkdir(exist_ok=True)
        crl.load_datasets("ams-02_h")[0].write(tmp_path / "study" / "my-table.ecsv", overwrite=True)
        assert np.isfinite(read(block).prepare().stat_sum())


@pytest.mark.parametrize(
    "part", [Analysis, type(Analysis().model), DatasetEntry, ParameterEntry, PriorEntry]
)
def test_page_has_every_key(part):
    for key in part.model_fields:
        assert f"`{key}`" in PAGE
