"""Loading of shipped and own tables as datasets."""

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from gammapy.datasets import Datasets
from numpy.testing import assert_array_equal

import crlocal_plugin as crl
from crlocal_plugin.catalogue.selections import SelectionItem
from crlocal_plugin.models.composition import valid_from


def floors_of(datasets):
    return {data.name: data.floor for data in datasets}


def write_spectrum(path):
    table = Table(
        {
            "energy": [10.0, 100.0] * u.GeV,
            "intensity": [1.0, 0.01] * u.Unit("GeV-1 m-2 s-1 sr-1"),
            "intensity_err": [0.1, 0.001] * u.Unit("GeV-1 m-2 s-1 sr-1"),
        }
    )
    table.meta = {"experiment": "MINE", "quantity": "H", "axis": "kinetic_energy"}
    table.write(path)
    return path


def write_dipole(path):
    table = Table(
        {
            "energy": [1e4] * u.GeV,
            "amplitude": [1e-3],
            "amplitude_err": [1e-4],
            "phase": [40.0] * u.deg,
            "phase_err": [5.0] * u.deg,
        }
    )
    table.meta = {"experiment": "MINE"}
    table.write(path)
    return path


# Selections


def test_selection_of_the_paper():
    datasets = crl.load_datasets("xue-liu-2025")
    assert isinstance(datasets, crl.CosmicRayDatasets)
    assert isinstance(datasets, Datasets)
    assert len(datasets) == 20
    assert datasets.models.names == []
    kinds = {data.name: type(data) for data in datasets}
    assert kinds["cream_he"] is crl.CosmicRayFluxDataset
    assert kinds["icecube-2016"] is crl.DipoleDataset
    # the parts that are cut are masked, not removed
    assert datasets["ams-02_h_2015"].energy_range == (1 * u.GV, None)
    auger = datasets["auger-2020"]
    assert auger.energy_range == (None, 1e8 * u.GeV)
    assert_array_equal(auger.mask_fit, auger.x < 1e8 * u.GeV)
    assert datasets["argo-ybj-2015"].mask_fit.sum() < 7


@pytest.mark.parametrize("selection", ["xue-liu-2025", "xue-liu-2025-qgsjet", "latest"])
def test_selections_have_a_finite_statistic(selection):
    datasets = crl.load_datasets(selection)
    datasets.models = [crl.xue_liu_2025()]
    assert 0 < datasets.stat_sum() < 1e6


def test_everything_loads():
    datasets = crl.load_datasets("xue-liu-2025-all")
    assert len(datasets.names) == len(set(datasets.names))


# Floors


def test_floors():
    names = ["dampe_h", "jacee_h", "kascade_h_sibyll-2p1", "icecube-2016"]
    # the scatter of an experiment stands for the floor of its dipoles
    assert list(floors_of(crl.load_datasets(names)).values()) == [0, 0.1, 0.25, 0]
    without = floors_of(crl.load_datasets(names, scatter=False))
    assert list(without.values()) == [0, 0.1, 0.25, 0.1]
    assert set(floors_of(crl.load_datasets(names, floors=None)).values()) == {0}
    assert set(floors_of(crl.load_datasets(names, floors=0.05)).values()) == {0.05}
    given = floors_of(crl.load_datasets(names, floors={"dampe_h": 0.02, "jacee_h": 0}))
    assert list(given.values()) == [0.02, 0, 0.25, 0]


@pytest.mark.parametrize(
    ("floors", "phase_floor"),
    [("recommended", 10), (0.2, 10), ({"icecube-2016": 0}, 10), (None, 0)],
)
def test_phase_floors(floors, phase_floor):
    (data,) = crl.load_datasets("icecube-2016", floors=floors, scatter=False)
    assert data.phase_floor == phase_floor * u.deg
    (data,) = crl.load_datasets("icecube-2016", floors=floors)
    assert data.phase_floor == 0 * u.deg


@pytest.mark.parametrize(
    ("floors", "message"),
    [
        ({"dampe_he": 0.1}, "dampe_he, which are not among the datasets dampe_h"),
        ("tight", "expected 'recommended', a number, a dict or None"),
        (-0.1, "'dampe_h': floor must be a fraction"),
        ({"dampe_h": np.nan}, "'dampe_h': floor must be a fraction"),
    ],
)
def test_wrong_floors(floors, message):
    with pytest.raises(ValueError, match=message):
        crl.load_datasets("dampe_h", floors=floors)


# Settings


def test_settings_are_passed_on():
    datasets = crl.load_datasets(
        ["dampe_h", "icecube-2016"],
        likelihood="amplitude_phase",
        apply_declination_factor=False,
        systematics=False,
    )
    assert datasets["dampe_h"].systematics is False
    assert datasets["icecube-2016"].systematics is False
    assert datasets["icecube-2016"].likelihood == "amplitude_phase"
    assert datasets["icecube-2016"].apply_declination_factor is False


def test_unknown_likelihood():
    with pytest.raises(ValueError, match="unknown likelihood 'polar'"):
        crl.load_datasets("icecube-2016", likelihood="polar")


# Names


@pytest.mark.parametrize("name", ["dumpe", "xue-liu", ""])
def test_unknown_names(name):
    with pytest.raises(ValueError, match=r"is called|expected at least one"):
        crl.load_datasets([name] if name else [])


def test_overlaps_are_refused_by_name():
    names = ["ams-02_h", "ams-02_h_2015"]
    with pytest.raises(crl.OverlapError, match=r"ams-02_h.*ams-02_h_2015"):
        crl.load_datasets(names)
    assert crl.load_datasets(names, allow_overlap=True).names == names


# Experiments


def names_of(names, **kwargs):
    return crl.load_datasets(names, **kwargs).names


def test_experiment_with_one_model():
    expected = [f"icetop-icecube_{q}_sibyll-2p1" for q in ("all_particle", "h", "he")]
    assert names_of("IceTop-IceCube") == names_of("icetop icecube") == expected
    assert names_of(["hawc", "grapes-3"]) == ["hawc_all_particle", "hawc_light", "grapes-3_h"]


def test_experiment_with_several_models():
    expected = [f"lhaaso_{q}_epos-lhc" for q in ("all_particle", "h", "he", "mean_log_mass")]
    assert names_of("LHAASO", hadronic_model="EPOS-LHC") == expected
    assert names_of("lhaaso", hadronic_model={"lhaaso": "epos-lhc"}) == expected
    message = "LHAASO has tables for several .* EPOS-LHC, QGSJET-II-04, SIBYLL-2.3d"
    with pytest.raises(ValueError, match=message):
        crl.load_datasets("lhaaso")


def test_experiment_stands_for_its_newest_independent_tables():
    names = names_of("dampe")
    # the sum of hydrogen and helium is of 2024
    assert {"dampe_h", "dampe_he", "dampe_fe"} <= set(names)
    assert "dampe_light" not in names
    names = names_of("AMS-02")
    assert "ams-02_h" in names
    assert "ams-02_h_2015" not in names


def test_experiment_without_spectra():
    with pytest.raises(ValueError, match="IceCube has neither spectra nor <ln A>"):
        crl.load_datasets("icecube")


# Hadronic models


def test_tables_are_swapped():
    assert names_of(["dampe_h", "lhaaso_he_epos-lhc"], hadronic_model="SIBYLL-2.3d") == [
        "dampe_h",
        "lhaaso_he_sibyll-2p3d",
    ]
    datasets = crl.load_datasets("xue-liu-2025", hadronic_model="QGSJET-01")
    assert datasets.names == names_of("xue-liu-2025-qgsjet")
    assert datasets["kascade_h_qgsjet-01"].energy_range == (None, 2.5e7 * u.GeV)
    both = {"KASCADE": "QGSJET-01", "LHAASO": ["QGSJET-II-04", "EPOS-LHC"]}
    datasets = crl.load_datasets(["kascade", "lhaaso_h_epos-lhc"], hadronic_model=both)
    assert datasets.names[-1] == "lhaaso_h_qgsjet-ii-04"
    assert datasets[0].hadronic_models == []
    assert datasets[-1].hadronic_models == ["QGSJET-II-04", "EPOS-LHC"]


@pytest.mark.parametrize(
    ("names", "hadronic_model", "message"),
    [
        ("dampe_h", "EPOS-LHC", "no table that exists for several .* KASCADE, LHAASO"),
        ("dampe_h", {"LHAASO": "EPOS-LHC"}, "no table of LHAASO that exists for several"),
        ("lhaaso", {"DAMPE": "EPOS-LHC"}, "'DAMPE' is no experiment with .* KASCADE, LHAASO"),
        ("lhaaso", "EPOS", "LHAASO has no tables for 'EPOS'; expected some of EPOS-LHC"),
        ("xue-liu-2025", "EPOS-LHC", "KASCADE has no tables for 'EPOS-LHC'"),
        ("lhaaso", ["EPOS-LHC", "epos-lhc"], "expected different models"),
        ("lhaaso", [], "a list of 1 to 6"),
        ("lhaaso", 3, "expected the name of a model"),
        ("lhaaso", {"LHAASO": None}, "expected the name of a model"),
    ],
)
def test_wrong_hadronic_models(names, hadronic_model, message):
    with pytest.raises(ValueError, match=f"^hadronic_model: .*{message}"):
        crl.load_datasets(names, hadronic_model=hadronic_model)


# Where the model describes heavy nuclei


@pytest.mark.parametrize("name", ["ams-02_fe", "dampe_o", "calet_c"])
def test_heavy_nuclei_enter_where_the_model_describes_them(name):
    (data,) = crl.load_datasets(name)
    nucleus = crl.SPECIES[data.quantity]
    limit = valid_from(nucleus).to_value("GV")
    x, m = data.x.value, nucleus.rest_energy
    total = {
        "kinetic_energy": lambda: x + m,
        "kinetic_energy_per_nucleon": lambda: nucleus.A * x + m,
        "rigidity": lambda: np.hypot(nucleus.Z * x, m),
    }[data.axis]()
    expected = np.sqrt(total**2 - m**2) / nucleus.Z >= limit
    assert expected.any()
    assert not expected.all() or data.mask_fit is None
    assert_array_equal(np.ones(len(x), bool) if data.mask_fit is None else data.mask_fit, expected)
    (data,) = crl.load_datasets(name, valid_only=False)
    assert data.mask_fit is None


def test_light_nuclei_and_sums_are_left_alone():
    for data in crl.load_datasets(["ams-02_h", "dampe_he", "hawc"]):
        assert data.energy_range == (None, None)


def test_range_of_ones_own_stays(tmp_path):
    item = SelectionItem("ams-02_o", (5 * u.GV, None))
    assert crl.load_datasets(item)[0].energy_range == (5 * u.GV, None)
    (data,) = crl.load_datasets("ams-02_o", valid_only=False)
    data.write(tmp_path / "oxygen.ecsv")
    assert crl.load_datasets(tmp_path / "oxygen.ecsv")[0].mask_fit is None
    path = write_spectrum(tmp_path / "mine.ecsv")
    table = Table.read(path)
    table.meta["quantity"] = "O"
    table.write(path, overwrite=True)
    (data,) = crl.load_datasets(path)
    assert data.energy_range[0] is not None
    assert_array_equal(data.mask_fit, [False, False])


# Own files


@pytest.mark.parametrize("as_path", [True, False])
def test_own_files(tmp_path, as_path):
    files = [write_spectrum(tmp_path / "flux.ecsv"), write_dipole(tmp_path / "dipole.ecsv")]
    files = files if as_path else [str(file) for file in files]
    datasets = crl.load_datasets([*files, "dampe_h"], likelihood="amplitude_phase")
    assert datasets.names == ["flux", "dipole", "dampe_h"]
    assert isinstance(datasets["flux"], crl.CosmicRayFluxDataset)
    assert isinstance(datasets["dipole"], crl.DipoleDataset)
    assert datasets["dipole"].likelihood == "amplitude_phase"
    assert datasets["flux"].floor == 0
    assert datasets["flux"].nuisance is datasets["dipole"].nuisance
    assert datasets["flux"].nuisance is not datasets["dampe_h"].nuisance


def test_own_file_keeps_its_settings(tmp_path):
    (data,) = crl.load_datasets(write_dipole(tmp_path / "dipole.ecsv"))
    data.floor, data.phase_floor = 0.3, 7 * u.deg
    data.write(tmp_path / "mine.ecsv")
    (again,) = crl.load_datasets(tmp_path / "mine.ecsv")
    assert (again.floor, again.phase_floor) == (0.3, 7 * u.deg)
    (again,) = crl.load_datasets(tmp_path / "mine.ecsv", floors={"mine": 0.1})
    assert (again.floor, again.phase_floor) == (0.1, 7 * u.deg)
    (again,) = crl.load_datasets(tmp_path / "mine.ecsv", floors=None)
    assert (again.floor, again.phase_floor) == (0, 0 * u.deg)


def test_own_file_of_no_known_kind(tmp_path):
    path = tmp_path / "other.ecsv"
    Table({"E": [1.0], "F": [1.0]}).write(path)
    with pytest.raises(crl.TableError, match=r"no column of values .*among E, F; .*columns="):
        crl.load_datasets(path)
    with pytest.raises(crl.TableError, match="found none"):
        crl.load_datasets(tmp_path / "missing.ecsv")


# Nuisance models


def test_collections_that_are_joined_share_nuisance_models():
    protons, helium = crl.load_datasets(["dampe_h"]), crl.load_datasets(["dampe_he"])
    helium[0].energy_scale.value = 1.1
    joined = crl.CosmicRayDatasets([*protons, *helium])
    assert joined[0].energy_scale is joined[1].energy_scale
    assert joined[0].energy_scale.value == 1.1
    assert joined[0].nuisance.datasets_names == ["dampe_he", "dampe_h"]
    joined.models = [crl.xue_liu_2025()]
    assert joined.models.names == ["cosmic-ray", "DAMPE-nuisance"]


def test_nuisance_model_of_a_user_is_not_shared():
    protons, helium = crl.load_datasets(["dampe_h"]), crl.load_datasets(["dampe_he"])
    mine = protons[0].nuisance = crl.NuisanceModel(name="mine")
    joined = crl.CosmicRayDatasets([*protons, *helium])
    assert joined[0].nuisance is mine
    assert joined[1].nuisance.name == "DAMPE-nuisance"


@pytest.mark.parametrize("by_hand", [False, True])
def test_given_nuisance_model_takes_its_tables_over(by_hand, tmp_path):
    model = crl.xue_liu_2025()
    datasets = crl.load_datasets(["dampe_h", "dampe_he"])
    datasets.models = [model]
    shared = datasets[0].nuisance
    shared.norm.frozen = False
    own = crl.NuisanceModel(datasets_names=["dampe_he"], name="own")
    own.norm.value = 1.1
    if by_hand:
        datasets["dampe_he"].nuisance = own
    else:
        datasets.models = [model, own]
    assert shared.datasets_names == ["dampe_h"]
    datasets.write(tmp_path / "datasets.yaml", tmp_path / "models.yaml")
    back = crl.CosmicRayDatasets.read(tmp_path / "datasets.yaml", tmp_path / "models.yaml")
    assert [dataset.nuisance.name for dataset in back] == [shared.name, "own"]
    assert back.stat_sum() == pytest.approx(datasets.stat_sum(), rel=1e-12)


def test_all_datasets_have_a_quantity():
    datasets = crl.load_datasets(["lhaaso", "dampe", "icecube-2016"], hadronic_model="EPOS-LHC")
    quantities = [dataset.quantity for dataset in datasets]
    assert {"H", "He", "all_particle", "mean_log_mass"} <= set(quantities)
    assert quantities[-1] == "dipole"
    assert [dataset.info_dict()["quantity"] for dataset in datasets] == quantities


def test_experiments_share_a_nuisance_model():
    names = ["dampe_h", "dampe_he", "cream_h", "cream_he"]
    datasets = crl.load_datasets(names)
    shared = [data.nuisance for data in datasets]
    assert shared[0] is shared[1]
    assert shared[2] is shared[3]
    assert shared[0] is not shared[2]
    assert shared[0].datasets_names == ["dampe_h", "dampe_he"]
    assert datasets.nuisance_models() == [shared[0], shared[2]]


def test_spectra_and_dipoles_of_an_experiment_share_the_energy_scale():
    names = ["tibet-asgamma_all_particle_sibyll-hd", "tibet-asgamma-2017"]
    flux, dipole = crl.load_datasets(names)
    assert flux.energy_scale is dipole.energy_scale
