"""Tables of the cosmic-ray database, from its answers and from exported files.

The files in ``data/crdb`` have the form of CRDB's answers, to the quotes. Those of nickel hold rows
that the server gave for ``crdb Ni --energy-type R --energy-convert-level 2``; the others hold what
was published, as the tables of the package have it. Columns of prose are shortened.
"""

import re
import sys
from http.client import HTTPException
from pathlib import Path

import astropy.units as u
import cachier
import crdb
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import crlocal_plugin as crl
from crlocal_plugin.catalogue.crdb import read_crdb, read_crdb_export
from crlocal_plugin.tables.raw_table import TableError

DATA = Path(__file__).parent / "data" / "crdb"


@pytest.fixture
def server(monkeypatch):
    """CRDB as recorded: text of its answer to be given, addresses that were asked for."""

    class Server:
        def __init__(self):
            self.urls = []
            self.answer = ""

        def __call__(self, url, timeout):
            self.urls.append(url)
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer.split("\n")

    monkeypatch.setattr(cachier.config._global_params, "caching_enabled", False)
    server = Server()
    monkeypatch.setattr(crdb.core, "_server_request", server)
    return server


def recorded(name):
    return (DATA / name).read_text(encoding="utf-8")


def edited(tmp_path, name, *changes):
    """Copy of a recorded answer with changes, each of which is there to be made."""
    text = recorded(name)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def same_tables(one, other):
    assert one.names == other.names
    for mine, yours in zip(one, other, strict=True):
        assert mine.table.colnames == yours.table.colnames
        assert mine.table.meta == yours.table.meta
        for name in mine.table.colnames:
            assert mine.table[name].unit == yours.table[name].unit
            assert_array_equal(mine.table[name], yours.table[name])


# ------------------------------------------------------------------ what is read


def test_a_published_table(server):
    server.answer = recorded("h_r.csv")
    datasets = read_crdb("H", experiment="AMS-02", energy_type="R")
    assert datasets.names == ["crdb-ams-02-h-2011-05-2013-11", "crdb-ams-02-h-2011-05-2018-05"]
    for dataset, name, part in zip(
        datasets, ("ams-02_h_2015", "ams-02_h"), (slice(10, 20), slice(0, 4)), strict=True
    ):
        ours = crl.read_catalog_table(name)
        table = dataset.table
        assert len(table) == len(ours[part])
        for column in ours.colnames:
            assert table[column].unit == ours[column].unit
            assert_allclose(table[column], ours[column][part], rtol=1e-9)
        for key in ("experiment", "quantity", "axis", "reference", "bibcode", "compilation"):
            assert table.meta[key] == ours.meta[key]
    assert datasets[0].table.meta["period"] == "2011/05-2013/11"
    assert datasets[0].nuisance is datasets[1].nuisance


def test_only_measurements_are_asked_for(server):
    server.answer = recorded("h_r.csv")
    read_crdb("H", energy_type="ekn", time_series="only", timeout=5)
    (url,) = server.urls
    asked = dict(part.split("=") for part in url.split("?")[1].split("&"))
    assert asked == {
        "num": "H",
        "energy_type": "EKN",
        "combo_level": "0",
        "energy_convert_level": "0",
        "time_series": "only",
        "format": "csv-asimport",
    }


@pytest.mark.parametrize(
    ("own", "theirs", "name"),
    [("all_particle", "AllParticles", "all-particle"), ("light", "H-He-group", "light")],
)
def test_names_of_quantities(server, own, theirs, name):
    server.answer = recorded("allparticles_etot.csv").replace("AllParticles", theirs)
    (dataset,) = read_crdb(own, energy_type="ETOT")
    assert f"num={theirs}&" in server.urls[0]
    assert dataset.quantity == own
    assert dataset.axis == "total_energy"
    assert dataset.name == f"crdb-hawc-{name}-2018-2019-qgsjet-ii-04"
    ours = crl.read_catalog_table("hawc_all_particle")
    assert_allclose(dataset.intensity.value, ours["intensity"][:3], rtol=1e-9)
    assert dataset.intensity.unit == u.Unit("1 / (GeV m2 s sr)")


@pytest.mark.parametrize(
    ("e_type", "axis", "column", "unit"),
    [
        ("R", "rigidity", "rigidity", "GV"),
        ("EK", "kinetic_energy", "energy", "GeV"),
        ("EKN", "kinetic_energy_per_nucleon", "energy", "GeV"),
        ("ETOT", "total_energy", "energy", "GeV"),
    ],
)
def test_axes(tmp_path, e_type, axis, column, unit):
    path = edited(tmp_path, "ni_r.csv", ('"Ni","R"', f'"Ni","{e_type}"'))
    dataset = read_crdb_export(path)["crdb-calet-ni-2015-11-2021-05"]
    assert dataset.axis == axis
    # 24.176 GV in the recorded answer
    assert dataset.table[column][0] == 24.176107718923
    assert dataset.table[column].unit == u.Unit(unit)
    assert dataset.intensity.unit == u.Unit(f"1 / ({unit} m2 s sr)")


def test_errors_and_edges():
    datasets = read_crdb_export(DATA / "ni_r.csv")
    calet = datasets["crdb-calet-ni-2015-11-2021-05"].table
    # recorded: 7.7478318258895E-5, +- 1.924927114138E-6, - 5.1010567539882E-6 + 7.5553386986818E-6
    row = calet[0]
    assert row["rigidity_min"] == 20.063580801238
    assert row["rigidity_max"] == 29.206702605347
    assert row["intensity"] == 7.7478318258895e-5
    assert row["intensity_stat_errn"] == row["intensity_stat_errp"] == 1.924927114138e-6
    assert row["intensity_syst_errn"] == 5.1010567539882e-6
    assert row["intensity_syst_errp"] == 7.5553386986818e-6
    assert "energy scale 0.02" in calet.meta["comment"]
    # a point, not a bin; no systematic error
    heao = datasets["crdb-heao3-c2-ni-1979-10-1980-06"].table
    assert "rigidity_min" not in heao.colnames
    assert_array_equal(heao["intensity_syst_errp"], 0)


ONE_SIDED = {
    "not given below": ('"0"', '"7.5E-6"'),
    "blank below": ('""', '"7.5E-6"'),
    "nan below": ('"nan"', '"7.5E-6"'),
    "not given above": ('"5.1E-6"', '"0"'),
    "negative below": ('"-5.1E-6"', '"7.5E-6"'),
}
# as in the layout, where zero stands for an error that is not given
SIDES = {
    **dict.fromkeys(("not given below", "blank below", "nan below"), (0, 7.5e-6)),
    "not given above": (5.1e-6, 0),
    "negative below": (5.1e-6, 7.5e-6),
}


@pytest.mark.parametrize("case", ONE_SIDED)
@pytest.mark.parametrize("from_server", [True, False])
def test_one_sided_systematic_errors(tmp_path, server, case, from_server):
    given = '"5.1010567539882E-6","7.5553386986818E-6"'
    path = edited(tmp_path, "ni_r.csv", (given, ",".join(ONE_SIDED[case])))
    if from_server:
        # the answers of the server have no blanks
        server.answer = path.read_text(encoding="utf-8").replace('""', '"0"')
        datasets = read_crdb("Ni", experiment="CALET")
    else:
        datasets = read_crdb_export(path, experiment="CALET")
    (dataset,) = datasets
    below, above = SIDES[case]
    row = dataset.table[0]
    assert (row["intensity_syst_errn"], row["intensity_syst_errp"]) == (below, above)
    # a side that is not given takes the error of the other one
    stat = 1.924927114138e-6
    for error, syst in zip(
        (dataset.data.errn, dataset.data.errp), (below or above, above or below), strict=True
    ):
        assert_allclose(error[0], np.hypot(stat, syst), rtol=1e-12)


@pytest.mark.parametrize(("below", "above"), [("0", "3E-5"), ("3E-5", "0"), ("-3E-5", "1E-5")])
def test_one_sided_systematic_errors_of_a_dipole(tmp_path, below, above):
    lines = recorded("all.csv").splitlines()
    for quantity, errors in (
        ("DipoleAmplitude", (below, above)),
        ("DipolePhase", [f"{3e5 * float(side):g}" for side in (below, above)]),
    ):
        row = next(k for k, line in enumerate(lines) if f'"{quantity}","ETOT","13200"' in line)
        assert lines[row].endswith(',"0","0","0","0"')
        lines[row] = lines[row].removesuffix(',"0","0","0","0"') + ',"{}","{}","0","0"'.format(
            *errors
        )
    path = tmp_path / "dipole.csv"
    path.write_text("\n".join(lines) + "\n")
    row = read_crdb_export(path, quantity="dipole")[0].table[0]
    published = crl.read_catalog_table("icecube-2016")[0]
    # one number for both sides: the larger
    assert row["amplitude_syst"] == 3e-5
    assert row["amplitude_errn"] == row["amplitude_errp"] == published["amplitude_errp"]
    assert_allclose(row["phase_err"], np.hypot(published["phase_err"], 9), rtol=1e-12)


def test_limits_and_models_of_showers():
    sibyll, qgsjet = read_crdb_export(DATA / "h_etot.csv")
    assert sibyll.table.meta["hadronic_model"] == "SIBYLL 2.1"
    assert qgsjet.table.meta["hadronic_model"] == "QGSJet01"
    assert_array_equal(sibyll.is_ul, [False, False, False, True])
    assert not qgsjet.is_ul.any()
    assert sibyll.name == "crdb-kascade-h-1996-10-2002-01-sibyll-2-1"


def test_flights_and_modulation():
    table = read_crdb_export(DATA / "ni_r.csv", experiment="UNH")[0].table
    assert table.meta["period"] == "1974/07+1974/08+1976/09"
    assert table.meta["comment"] == (
        "CRDB Ni, UNH (1974/07+1974/08+1976/09); data of 1974/07/21 to 1976/09/24; "
        "solar modulation 679.1 MV according to CRDB"
    )


def test_mean_log_mass(server):
    server.answer = recorded("lna_etot.csv")
    (dataset,) = read_crdb("mean_log_mass", energy_type="ETOT")
    assert "num=<LnA>&" in server.urls[0]
    assert isinstance(dataset, crl.MeanLogMassDataset)
    ours = crl.read_catalog_table("lhaaso_mean_log_mass_epos-lhc")[:3]
    for column in ours.colnames:
        assert_allclose(dataset.table[column], ours[column], rtol=1e-9)
    assert dataset.reference == ours.meta["reference"]


def test_dipole_is_joined(server):
    server.answer = recorded("all.csv")
    (dataset,) = read_crdb("dipole", experiment="IceCube")
    assert server.urls == ["https://lpsc.in2p3.fr/crdb/_export_all_data.php?format=csv-asimport"]
    ours = crl.read_catalog_table("icecube-2016")
    # which the database does not tell
    ours.remove_column("energy_width")
    for column in ours.colnames:
        assert_allclose(dataset.table[column], ours[column], rtol=1e-9)
        assert dataset.table[column].unit == ours[column].unit
    assert dataset.table.meta["reference"] == ours.meta["reference"]
    # as other names of the same
    (dataset,) = read_crdb_export(DATA / "all.csv", quantity="dipole")
    assert len(dataset.table) == 9


def test_a_limit_of_a_dipole(tmp_path):
    lines = recorded("all.csv").splitlines()
    row = next(k for k, line in enumerate(lines) if '"1350000","1350000"' in line)
    assert "DipoleAmplitude" in lines[row]
    lines[row] = re.sub(r'"0","0"$', '"1","0"', lines[row])
    path = tmp_path / "limit.csv"
    path.write_text("\n".join(lines) + "\n")
    table = read_crdb_export(path, quantity="dipole")[0].table
    assert table["energy"][-1] == 1.35e6
    assert table["amplitude_ul"][-1] == 0.00062
    assert np.isnan(table["amplitude"][-1])
    assert np.isnan(table["phase"][-1])
    assert_array_equal(np.isnan(table["amplitude_ul"]), [True] * 8 + [False])


def test_a_limit_next_to_its_measurement(tmp_path):
    lines = recorded("all.csv").splitlines()
    row = next(line for line in lines if '"DipoleAmplitude"' in line and '"5370000"' in line)
    assert '"0.00046"' in row
    limit = re.sub(r'"0","0"$', '"1","0"', row.replace('"0.00046"', '"0.0015"'))
    path = tmp_path / "limit.csv"
    path.write_text("\n".join([*lines, limit]) + "\n")
    table = read_crdb_export(path, quantity="dipole")[0].table
    last = table[-1]
    assert (last["amplitude"], last["amplitude_ul"], last["phase"]) == (0.00046, 0.0015, 144)
    assert len(table) == 9


def test_halves_of_a_dipole_must_match(tmp_path):
    lines = recorded("all.csv").splitlines()
    lines = [line for line in lines if not ("DipolePhase" in line and '"24000"' in line)]
    path = tmp_path / "half.csv"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(TableError, match=r"amplitudes at 13200, 24000, .* but phases at 13200, 38"):
        read_crdb_export(path, quantity="dipole")


def test_a_file_is_as_an_answer(server):
    for name, quantity in (("h_r.csv", "H"), ("ni_r.csv", "Ni")):
        server.answer = recorded(name)
        same_tables(read_crdb(quantity), read_crdb_export(DATA / name))


def test_forms_of_a_file(tmp_path):
    """The three forms of the site; the lower errors of USINE are negative."""
    full = read_crdb_export(DATA / "h_r.csv")["crdb-ams-02-h-2011-05-2013-11"]
    (usine,) = read_crdb_export(DATA / "h_r.usine")
    lines = recorded("h_r.usine").splitlines()
    path = tmp_path / "h_r.csv"
    path.write_text(
        "\n".join(line if line[0] == "#" else ",".join(line.split()) for line in lines) + "\n"
    )
    (short,) = read_crdb_export(path)
    for dataset in (usine, short):
        assert dataset.name == full.name
        assert dataset.experiment == "AMS-02"
        assert "".join(dataset.table.meta["comment"].split()) == "".join(
            full.table.meta["comment"].split()
        )
        for column in full.table.colnames:
            assert_allclose(dataset.table[column], full.table[column], rtol=1e-12)


def test_rows_in_any_order_and_blank_cells(tmp_path):
    head, body = recorded("ni_r.csv").split("#\n")
    lines = body.splitlines()
    lines[2:5] = lines[4], lines[2], lines[3]
    changed = "\n\n".join(lines).replace('"0","515"', '"0",""').replace("Voyager1-LET", "V1&amp;2")
    changed = changed.replace('"0","0","0","817.8"', '"","nan","0","817.8"')
    path = tmp_path / "ni.csv"
    path.write_text(head + "#\n" + changed)
    datasets = read_crdb_export(path)
    assert_allclose(
        datasets["crdb-calet-ni-2015-11-2021-05"].x.value, [24.176, 35.700, 54.228], 1e-4
    )
    assert "modulation" not in datasets["crdb-calet-ni-2015-11-2021-05"].table.meta["comment"]
    assert "V1&2 (2012" in datasets["crdb-v1-2-ni-2012-12-2015-06"].table.meta["comment"]
    assert_array_equal(datasets[0].table["intensity_syst_errp"], 0)


def test_names_are_told_apart(tmp_path):
    path = edited(tmp_path, "h_r.csv", ("2011/05-2018/05", "2011/05-2013/11"))
    assert read_crdb_export(path).names == [
        "crdb-ams-02-h-2011-05-2013-11-r-2015phrvl-114q1103a",
        "crdb-ams-02-h-2011-05-2013-11-r-2021phr-894-1a",
    ]


@pytest.mark.parametrize("experiment", ["CALET", "calet", "CALET (2015/11-2021/05)"])
def test_experiments_by_any_name(experiment):
    (dataset,) = read_crdb_export(DATA / "ni_r.csv", experiment=experiment)
    assert dataset.experiment == "CALET"


def test_experiment_or_sub_experiment():
    for experiment in ("HEAO3", "HEAO3-C2"):
        (dataset,) = read_crdb_export(DATA / "ni_r.csv", experiment=experiment)
        assert dataset.experiment == "HEAO3"


def test_what_data_are_taken_for(server):
    server.answer = recorded("h_r.csv").replace('"H"', '"1H"')
    with pytest.raises(TableError, match=r"got '1H'.*as_quantity='H'"):
        read_crdb("1H")
    datasets = read_crdb("1H", as_quantity="H")
    assert datasets[0].quantity == "H"
    assert datasets.names[0] == "crdb-ams-02-1h-2011-05-2013-11"
    assert datasets[0].table.meta["comment"].startswith("CRDB 1H, ")


@pytest.mark.parametrize(
    ("own", "name"), [("CNO", "CNO-group"), ("Ne-S", "NeMgSiS-group"), ("Fe-group", "Fe-group")]
)
def test_groups_of_elements(server, own, name):
    server.answer = recorded("h_r.csv").replace('"H"', f'"{name}"')
    assert read_crdb(own)[0].quantity == own
    assert f"num={name}" in server.urls[-1]


def test_a_file_of_the_package_gives_it_back(tmp_path):
    datasets = [*read_crdb_export(DATA / "ni_r.csv"), *read_crdb_export(DATA / "h_etot.csv")]
    paths = [tmp_path / f"{dataset.name}.ecsv" for dataset in datasets]
    for dataset, path in zip(datasets, paths, strict=True):
        dataset.write(path)
    for dataset, back in zip(datasets, crl.load_datasets(paths), strict=True):
        assert back.name == dataset.name
        assert back.reference == dataset.reference
        assert_array_equal(back.intensity, dataset.intensity)


def test_a_fit_of_the_data():
    (dataset,) = read_crdb_export(DATA / "h_r.usine")
    dataset.models = [crl.xue_liu_2025()]
    # spectra of the paper describe these ten points within a factor of two
    ratio = dataset.intensity / dataset.intensity_pred()
    assert np.all((ratio > 0.5) & (ratio < 2))


# ------------------------------------------------------------------ citations


def test_citations():
    datasets = read_crdb_export(DATA / "ni_r.csv")
    texts = [str(publication) for publication in crl.citations(datasets)]
    assert (
        "1990A&A...233...96E, Astronomy & Astrophysics 233, 96, "
        "https://ui.adsabs.harvard.edu/abs/1990A%26A...233...96E"
    ) in texts
    assert "1990AA...233...96E" in [publication.key for publication in crl.citations(datasets)]
    assert sum("10.1140/epjc/s10052-023-12092-8" in text for text in texts) == 1
    keys = re.findall(r"^@\w+\{(.*),$", crl.bibtex(datasets), re.MULTILINE)
    assert len(keys) == len(set(keys)) == 3 + 1 + 4


def test_references_of_the_catalogue_by_their_bibcodes():
    from crlocal_plugin.catalogue.crdb_tables import reference_of

    metas = [crl.read_catalog_table(name).meta for name in crl.catalog()["name"]]
    metas = [meta for meta in metas if "bibcode" in meta]
    assert len(metas) > 40
    for meta in metas:
        found = reference_of(meta["bibcode"])
        # proceedings have neither volume nor page
        if ".confE." in meta["bibcode"]:
            assert found.startswith(meta["bibcode"])
        else:
            assert found == meta["reference"]


# ------------------------------------------------------------------ what is refused


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "crdb", None)
    with pytest.raises(ImportError, match=r"pip install 'crlocal_plugin\[crdb\]'"):
        read_crdb("H")
    assert len(read_crdb_export(DATA / "h_r.csv")) == 2


@pytest.mark.parametrize(
    "error", [ConnectionError("no route"), TimeoutError("120 s"), HTTPException("cut off")]
)
def test_without_a_network(server, error):
    server.answer = error
    with pytest.raises(ConnectionError, match="read the file with read_crdb_export") as caught:
        read_crdb("H")
    assert "\n" not in str(caught.value)


def test_no_traceback_is_printed(monkeypatch, capsys):
    def urlopen(*args, **kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(cachier.config._global_params, "caching_enabled", False)
    monkeypatch.setattr(crdb.core.rq, "urlopen", urlopen)
    with pytest.raises(ConnectionError, match="CRDB cannot be reached"):
        read_crdb("H")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "answer", ["Quantity Foobar is not known", "", "<html>\n<body>\nmaintenance\n</html>\n"]
)
def test_an_answer_that_is_no_table(server, answer):
    server.answer = answer
    with pytest.raises(ValueError, match="CRDB") as caught:
        read_crdb("H")
    assert "\n" not in str(caught.value)


def test_no_rows(server):
    server.answer = "\n".join(recorded("h_r.csv").splitlines()[:31]) + "\n"
    with pytest.raises(ValueError, match="no H; ask for another quantity or energy axis"):
        read_crdb("H", energy_type="EKN")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"quantity": []}, "one or more names"),
        ({"quantity": None}, "one or more names"),
        ({"quantity": "1H", "as_quantity": "proton"}, "as_quantity: expected .* got 'proton'"),
        ({"quantity": "H", "energy_type": "ETOTN"}, "total energy per nucleon is no axis"),
        ({"quantity": "H", "energy_type": "GeV"}, "expected R, EK, EKN or ETOT"),
        ({"quantity": "H", "flux_rescaling": 2.7}, "unknown option 'flux_rescaling'"),
        ({"quantity": "H", "experiments": "AMS"}, "unknown option 'experiments'"),
        ({"quantity": "H", "combo_level": 7}, "invalid combo_level 7"),
        ({"quantity": "H", "experiment": "AMS-03"}, "did you mean 'AMS-02'"),
        ({"quantity": "H", "experiment": "Fly's Eye"}, 'Eye"; expected one of AMS-02'),
    ],
)
def test_bad_arguments(server, arguments, message):
    server.answer = recorded("h_r.csv")
    with pytest.raises(ValueError, match=message):
        read_crdb(**arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"Ni","R"', '"Ni/e-","R"'), "Ni/e- is a ratio of other things"),
        (('"Ni","R"', '"Ni","ETOTN"'), "ask for EKN"),
        (('"Ni","R"', '"Ni","GEV"'), "expected one of R, EK, EKN, ETOT"),
        (('"Ni","R"', '"Zn","R"'), "expected an element symbol.*got 'Zn'"),
        (('"0.00011081672965317"', '"0"'), "crdb-heao3-c2-ni-.*: row 0, column 'intensity'"),
        (('"6.6470794126468E-6"', '"0"'), "positive error on at least one side"),
        (('"35.432133457282"', '"23.806622689753"'), "values that increase"),
        (('"0.00011081672965317"', '"abc"'), "line 32, value: expected a number, found 'abc'"),
        (('"","1979",', '"1979",'), "line 32: expected 24 columns .* found 23"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, change, message):
    path = edited(tmp_path, "ni_r.csv", change)
    with pytest.raises(TableError, match=message) as caught:
        read_crdb_export(path)
    assert "\n" not in str(caught.value)
    assert "<table>" not in str(caught.value)


def test_left_out_with_a_warning(tmp_path):
    path = edited(tmp_path, "ni_r.csv", ('"6.6470794126468E-6"', '"0"'))
    with pytest.warns(UserWarning, match="left out: crdb-heao3-c2-ni") as caught:
        datasets = read_crdb_export(path, skip_invalid=True)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert len(datasets) == 3
    path = edited(tmp_path, "ni_r.csv", ('"Ni","R"', '"Zn","R"'))
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(ValueError, match="no table of data can be used"),
    ):
        read_crdb_export(path, skip_invalid=True)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(TableError, match="expected a file, found none"):
        read_crdb_export(tmp_path / "none.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TableError, match="not a text file"):
        read_crdb_export(path)
    path.write_text("# Data export from CRDB\n#\n")
    with pytest.raises(TableError, match="at least one row"):
        read_crdb_export(path)
    with pytest.raises(ValueError, match=r"h_r\.csv: no He; the file has H$"):
        read_crdb_export(DATA / "h_r.csv", quantity="He")
