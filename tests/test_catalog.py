"""The shipped tables, their catalogue and the selections."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from gammapy.modeling import Fit

import crlocal_plugin as crl
from crlocal_plugin.catalogue.index import catalog, read_catalog_table, table_path
from crlocal_plugin.catalogue.overlaps import OverlapError, overlapping_tables
from crlocal_plugin.catalogue.resolving import resolve
from crlocal_plugin.catalogue.selections import SELECTIONS, Selection, SelectionItem
from crlocal_plugin.tables.writing import write_table

NAMES = [str(name) for name in catalog()["name"]]

# Number of rows in the publications, one row per measurement
POINTS = {
    "ams-02_h_2015": 72,
    "ams-02_he_2015": 68,
    "ams-02_o": 48,
    "dampe_h": 18,
    "dampe_fe": 24,
    "cream_h": 12,
    "cream_n": 3,
    "calet_h": 29,
    "iss-cream_h": 13,
    "jacee_h": 7,
    "kascade_he_qgsjet-01": 20,
    "lhaaso_light_epos-lhc": 19,
    "lhaaso_mean_log_mass_epos-lhc": 20,
    "ams-02_b_c": 67,
    "ams-02_be_c": 67,
    "calet_b_c": 20,
    "dampe_b_c": 13,
    "icetop-icecube_h_sibyll-2p1": 20,
    "tibet-asgamma_all_particle_sibyll-hd": 33,
    "argo-ybj-2015": 7,
    "argo-ybj-2018": 8,
    "auger-2020": 11,
    "icecube-2016": 9,
    "icecube-2025": 9,
    "kascade-grande-2019": 3,
    "lhaaso-km2a-2021": 4,
    "tibet-asgamma-2017": 5,
    "underground-muons": 20,
}


def row(name):
    table = catalog()
    return table[table["name"] == name][0]


def names_of(items):
    return [item.name for item in items]


# The catalogue


def test_every_table_is_catalogued_once():
    data = table_path("dampe_h").parents[1]
    files = {
        path.stem for folder in ("spectra", "anisotropy") for path in (data / folder).iterdir()
    }
    assert len(NAMES) == len(set(NAMES)) == 92
    assert set(NAMES) == files


def test_catalogue_has_no_blanks():
    table = catalog()
    assert not table.has_masked_values
    assert row("dampe_h")["hadronic_model"] == ""
    assert table["points"].dtype.kind == "i"


def test_catalogue_is_a_copy():
    catalog()["floor"] = 7.0
    catalog().meta.clear()
    assert max(catalog()["floor"]) == 0.25
    assert "CRDB" in catalog().meta["comment"]


@pytest.mark.parametrize("name", NAMES)
def test_shipped_table_reads_and_agrees_with_its_row(name):
    table = read_catalog_table(name)
    entry = row(name)
    x = table["rigidity" if entry["axis"] == "rigidity" else "energy"]
    assert len(table) == entry["points"]
    assert (x.min(), x.max()) == (entry["x_min"], entry["x_max"])
    assert str(x.unit) == entry["unit"]
    assert table.meta["name"] == name
    assert table.meta["experiment"] == entry["experiment"]
    assert table.meta["reference"] == entry["reference"]
    assert table.meta["compilation"]
    if entry["kind"] == "dipole":
        assert entry["quantity"] == "dipole"
        assert entry["axis"] == "total_energy"
    else:
        assert table.meta["quantity"] == entry["quantity"]
        assert table.meta["axis"] == entry["axis"]
        assert table.meta.get("hadronic_model", "") == entry["hadronic_model"]


@pytest.mark.parametrize("name", POINTS)
def test_number_of_points(name):
    assert row(name)["points"] == POINTS[name]


def test_kinds():
    kinds = list(catalog()["kind"])
    assert kinds.count("dipole") == 25
    assert kinds.count("mean_log_mass") == 3
    assert kinds.count("ratio") == 4
    assert kinds.count("spectrum") == 60


def test_references_are_citations():
    for reference in catalog()["reference"]:
        assert re.search(r"(doi:10\.\d{4,5}/\S+|arXiv:\d{4}\.\d{5}|ICRC|Nuovo|CRDB)", reference)
        assert "doi.org" not in reference
        assert not reference.startswith("(")
    assert row("ams-02_s")["reference"] == (
        "Aguilar et al. 2023, PRL 130, 211002, doi:10.1103/PhysRevLett.130.211002"
    )
    assert row("tibet-asgamma_all_particle_sibyll-hd")["reference"] == (
        "Amenomori et al. 2008, ApJ 678, 1165, doi:10.1086/529514"
    )


def test_floors():
    for entry in catalog():
        if entry["kind"] == "dipole":
            expected = (0.10, 10)
        elif entry["experiment"] in ("KASCADE", "JACEE"):
            expected = ({"KASCADE": 0.25, "JACEE": 0.10}[entry["experiment"]], 0)
        else:
            expected = (0, 0)
        assert (entry["floor"], entry["phase_floor_deg"]) == expected


def test_declination_factors():
    # 2 (sin d1 - sin d2) / (d1 - d2 + sin d1 cos d1 - sin d2 cos d2) for the declination band
    def factor(d1, d2):
        d1, d2 = np.radians([d1, d2])
        exposure = np.sin(d1) - np.sin(d2)
        dilution = d1 - d2 + np.sin(d1) * np.cos(d1) - np.sin(d2) * np.cos(d2)
        return 2 * exposure / dilution

    for name in ("argo-ybj-2018", "tibet-asgamma-2017", "lhaaso-km2a-2021"):
        assert read_catalog_table(name).meta["declination_factor"] == pytest.approx(
            factor(70, -10), abs=0.01
        )
    assert read_catalog_table("icetop-2016").meta["declination_factor"] == pytest.approx(
        factor(-35, -90), abs=0.01
    )
    published = {"icecube-2016": 1.537, "icecube-2010": 1.537, "kamiokande-1997": 1.21}
    published |= {"eas-top-1995": 1.28, "eas-top-2009": 1.28, "macro-2003": 1.20}
    published |= {"baksan-carpet": 1.29, "norikura-1989": 1.21, "kascade-grande-2019": 1.34}
    for name, expected in published.items():
        assert read_catalog_table(name).meta["declination_factor"] == pytest.approx(
            expected, abs=0.006
        )


@pytest.mark.parametrize("name", [row["name"] for row in crl.catalog() if row["kind"] == "dipole"])
def test_dipole_tables_say_what_they_measure(name):
    meta = read_catalog_table(name).meta
    table = Table.read(table_path(name))
    assert "declination_factor" not in table.meta
    assert len(table.meta["energy_width"]) > 9
    is_known = meta["amplitude_kind"] == "equatorial_dipole" or "latitude" in meta
    assert ("latitude" in meta) == bool(meta.get("field_of_view"))
    datasets = crl.load_datasets(name)
    datasets.models = [crl.xue_liu_2025()]
    if is_known:
        assert np.isfinite(datasets.stat_sum())
    else:
        assert name in ("musala-1977", "underground-muons")
        with pytest.raises(ValueError, match=f"'{name}'.* first-harmonic .*latitude, max_zenith"):
            Fit().run(datasets)
        as_published = crl.load_datasets(name, apply_declination_factor=False)
        as_published.models = [crl.xue_liu_2025()]
        assert np.isfinite(as_published.stat_sum())


def test_tables_exist_as_files_without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in NAMES:
            assert isinstance(table_path(name), Path)
            Table.read(table_path(name))


@pytest.mark.parametrize("suffix", [".ecsv", ".fits"])
def test_every_shipped_table_can_be_written(suffix, tmp_path):
    for name in NAMES:
        write_table(read_catalog_table(name), tmp_path / f"{name}{suffix}")


@pytest.mark.parametrize("function", [table_path, read_catalog_table, overlapping_tables])
def test_unknown_table_comes_with_suggestions(function):
    with pytest.raises(ValueError, match="no table is called 'Dampe_p'; did you mean 'dampe_"):
        function("Dampe_p")
    with pytest.raises(ValueError, match=r"see catalog\(\)"):
        function("???")


# Overlaps


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("ams-02_h", "ams-02_h_2015", "two releases"),
        ("kascade_h_sibyll-2p1", "kascade_h_qgsjet-01", "QGSJET-01 and SIBYLL-2.1"),
        ("kascade_h_sibyll-2p1", "kascade_he_qgsjet-01", "unfolded with two models"),
        ("lhaaso_light_epos-lhc", "lhaaso_h_epos-lhc", "contained"),
        ("lhaaso_light_epos-lhc", "lhaaso_he_sibyll-2p3d", "unfolded with two models"),
        ("lhaaso_all_particle_epos-lhc", "lhaaso_h_sibyll-2p3d", "unfolded with two models"),
        ("lhaaso_mean_log_mass_epos-lhc", "lhaaso_h_sibyll-2p3d", "unfolded with two models"),
        ("dampe_light", "dampe_he", "contained"),
        ("argo-ybj-2015", "argo-ybj-2018", "later analysis contains"),
        ("tibet-asgamma-2005", "tibet-asgamma-2017", "share years"),
        ("eas-top-1995", "eas-top-1996", "successive analyses"),
        ("eas-top-1995", "eas-top-2009", "successive analyses"),
        ("icecube-2010", "icecube-2025", "successive analyses"),
        ("icecube-2016", "icecube-2025", "successive analyses"),
        # median energies do not meet here, yet the events do
        ("icetop-2013", "icetop-2016", "successive analyses"),
        ("hawc-icecube-2019", "hawc-2018", "HAWC"),
        ("hawc-icecube-2019", "icecube-2016", "IceCube"),
    ],
)
def test_tables_that_share_events_are_refused(one, other, reason):
    assert reason in overlapping_tables(one)[other]
    assert reason in overlapping_tables(other)[one]
    with pytest.raises(OverlapError, match=rf"'{one}' and '{other}'.*{reason}.*allow_overlap=True"):
        resolve([one, other])
    assert names_of(resolve([one, other], allow_overlap=True)) == [one, other]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kascade_h_sibyll-2p1", "kascade_he_sibyll-2p1"),
        ("dampe_light", "dampe_c"),
        ("dampe_h", "dampe_he"),
        ("cream_h", "iss-cream_h"),
        ("kamiokande-1997", "super-kamiokande-2007"),
        ("icecube-2016", "icetop-2016"),
        ("icetop-icecube_h_sibyll-2p1", "icecube-2025"),
        ("hawc_light", "hawc-2018"),
        # the total knows the nuclei that have no table
        ("lhaaso_all_particle_epos-lhc", "lhaaso_h_epos-lhc"),
        ("lhaaso_all_particle_epos-lhc", "lhaaso_light_epos-lhc"),
        ("icetop-icecube_all_particle_sibyll-2p1", "icetop-icecube_he_sibyll-2p1"),
        ("lhaaso_mean_log_mass_epos-lhc", "lhaaso_all_particle_epos-lhc"),
    ],
)
def test_independent_tables_are_accepted(one, other):
    assert other not in overlapping_tables(one)
    assert names_of(resolve([one, other])) == [one, other]


@pytest.mark.parametrize("name", ["xue-liu-2025", "xue-liu-2025-qgsjet", "latest"])
def test_cut_tables_count_only_inside_their_range(name):
    assert not SELECTIONS[name].allow_overlap
    assert resolve(name) == list(SELECTIONS[name].items)


@pytest.mark.parametrize(("lowest", "apart"), [(15, False), (53, False), (54, True)])
def test_ranges_are_compared_with_the_points(lowest, apart, monkeypatch):
    # the highest point of tibet-asgamma-2005 is at 53 TeV
    item = SelectionItem("tibet-asgamma-2017", (lowest * u.TeV, None))
    monkeypatch.setitem(SELECTIONS, "high", Selection("high energies", (item,)))
    if apart:
        assert len(resolve(["tibet-asgamma-2005", "high"])) == 2
    else:
        with pytest.raises(OverlapError):
            resolve(["tibet-asgamma-2005", "high"])


def test_energy_ranges_do_not_excuse_other_analyses():
    with pytest.raises(OverlapError, match="'icecube-2016' and 'icecube-2012'"):
        resolve(["xue-liu-2025", "icecube-2012"])


# Selections


def test_every_selection_names_shipped_tables_once():
    for selection in SELECTIONS.values():
        names = names_of(selection.items)
        assert set(names) <= set(NAMES)
        assert len(names) == len(set(names))
        assert selection.description


def test_selection_of_the_paper():
    items = {item.name: item for item in resolve("xue-liu-2025")}
    assert list(items) == [
        "ams-02_h_2015",
        "ams-02_he_2015",
        "dampe_h",
        "dampe_he",
        "cream_h",
        "cream_he",
        "jacee_h",
        "jacee_he",
        "kascade_h_sibyll-2p1",
        "kascade_he_sibyll-2p1",
        "kamiokande-1997",
        "argo-ybj-2015",
        "argo-ybj-2018",
        "tibet-asgamma-2005",
        "tibet-asgamma-2017",
        "eas-top-2009",
        "icecube-2016",
        "icetop-2016",
        "kascade-grande-2019",
        "auger-2020",
    ]
    assert items["ams-02_h_2015"].energy_range == (1 * u.Unit("GV"), None)
    assert items["argo-ybj-2015"].energy_range == (None, 4 * u.TeV)
    assert items["argo-ybj-2018"].energy_range == (None, None)
    assert items["tibet-asgamma-2005"].energy_range == (None, 15 * u.TeV)
    assert items["auger-2020"].energy_range == (None, 1e8 * u.GeV)


def test_selection_of_the_appendix():
    paper, appendix = names_of(resolve("xue-liu-2025")), names_of(resolve("xue-liu-2025-qgsjet"))
    assert [name.replace("sibyll-2p1", "qgsjet-01") for name in paper] == appendix


def test_selection_for_pictures():
    selection = SELECTIONS["xue-liu-2025-all"]
    assert selection.allow_overlap
    assert "never for fits" in selection.description
    names = names_of(resolve("xue-liu-2025-all"))
    assert set(names) > set(names_of(resolve("xue-liu-2025")))
    nested = {"eas-top-1995", "eas-top-1996", "icecube-2010", "icecube-2012", "icetop-2013"}
    assert nested <= set(names)
    with pytest.raises(OverlapError):
        resolve(["xue-liu-2025-all", "hawc-2018"])
    assert len(resolve(["xue-liu-2025-all", "hawc-2018"], allow_overlap=True)) == len(names) + 1


def test_newest_selection():
    names = set(names_of(resolve("latest")))
    assert {"icecube-2025", "hawc-2018", "macro-2003", "super-kamiokande-2007"} <= names
    assert {"ams-02_h", "calet_he", "iss-cream_h", "lhaaso_h_sibyll-2p3d"} <= names
    assert not {"ams-02_h_2015", "icecube-2016", "tibet-asgamma-2005", "cream_h"} & names


# Resolving names


def test_single_name_and_order():
    assert resolve("dampe_h") == [SelectionItem("dampe_h")]
    assert names_of(resolve(["dampe_he", "cream_h", "dampe_h"])) == [
        "dampe_he",
        "cream_h",
        "dampe_h",
    ]


def test_files(tmp_path):
    unusual = tmp_path / "points.dat"
    unusual.write_text("energy\n1\n")
    given = [tmp_path / "mine.fits", "other.ecsv", str(unusual), "folder/third.csv"]
    items = resolve(["dampe_h", *given])
    assert names_of(items) == ["dampe_h", "mine", "other", "points", "third"]
    assert [item.path for item in items] == [None, *map(Path, given)]
    assert resolve(given[0])[0].path == given[0]


def test_selection_with_a_file():
    items = resolve(["xue-liu-2025", "mine.ecsv"])
    assert len(items) == len(SELECTIONS["xue-liu-2025"].items) + 1


@pytest.mark.parametrize(
    "names", [["dampe_h", "dampe_h"], ["xue-liu-2025", "dampe_h"], ["dampe_h", "mine/dampe_h.ecsv"]]
)
def test_duplicates_are_refused(names):
    with pytest.raises(ValueError, match="'dampe_h' is asked for twice"):
        resolve(names, allow_overlap=True)


def test_nothing_to_resolve():
    with pytest.raises(ValueError, match="got none"):
        resolve([])


def test_unknown_name_comes_with_suggestions():
    with pytest.raises(ValueError, match="did you mean 'xue-liu-2025'"):
        resolve("xue-liu2025")
    with pytest.raises(ValueError, match="did you mean 'kascade_h_sibyll-2p1'"):
        resolve(["dampe_h", "kascade_h_sibyl"])


def test_names_out_of_the_catalogue_are_plain_text():
    (item,) = resolve(catalog()["name"][0])
    assert type(item.name) is str
