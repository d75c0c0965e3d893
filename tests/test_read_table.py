"""Tables of others: which forms are read, what is proposed, and what is asked for."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.cli.main import main

PER_GEV = u.Unit("m-2 s-1 sr-1 GeV-1")

CSV = """\
E_TeV,flux,stat,syst_low,syst_up,limit,note
1,8.0e-5,1e-6,4e-6,5e-6,False,first
3,4.3e-6,1e-7,2e-7,3e-7,False,
30,1.5e-8,0,0,0,True,last
"""

TEXT = """\
# made by hand
# E[GeV/n] E_low[GeV/n] E_up[GeV/n] flux[(GeV/n)^-1 m^-2 s^-1 sr^-1] stat_lo stat_up sys_ana sys_had
10 8 12 1e-1 -1e-3 2e-3 1e-3 2e-3
20 15 25 1e-2 -1e-4 2e-4 1e-4 2e-4
"""

HEPDATA = """\
independent_variables:
- header: {name: Rigidity, units: GV}
  values:
  - {low: 10, high: 20}
  - {low: 20, high: 30, value: 24}
  - {low: 30, high: 50}
dependent_variables:
- header: {name: FLUX, units: 'M**-2 S**-1 SR**-1 GV**-1'}
  qualifiers:
  - {name: Particle, value: Helium}
  values:
  - value: 2.0
    errors:
    - {symerror: 1%, label: stat}
    - {asymerror: {plus: 0.2, minus: -0.3}, label: 'sys,scale'}
    - {asymerror: {plus: '', minus: -0.1}, label: 'sys,unfolding'}
  - value: 0.5
    errors:
    - {symerror: 0.005, label: stat}
    - {symerror: 0.02, label: 'sys,scale'}
  - value: '-'
- header: {name: COUNTS}
  values: [{value: 7}, {value: 3}, {value: 1}]
"""

HEPDATA_CSV = """\
#: table_doi: 10.17182/hepdata.1.v1/t1
#: name: Table 1, made up
#: RE,,,P
RIGIDITY [GV],RIGIDITY [GV] LOW,RIGIDITY [GV] HIGH,Proton flux [$(m^{2} sr s GV)^{-1}$],stat +,\
stat -,"sys,scale +","sys,scale -"
1.5,1,2,10.,0.1,-0.1,0.2,-0.3
3,2,4,1.,0.01,-0.01,0.02,-0.03
"""

KISS = """\
#Source: CRDB
#Ref: 10.1016/j.physrep.2020.09.003 (2021PhR...894....1A)
#Experiment: AMS-02
#Y Quantity: {y}
#X Quantity: {x}
#Url: https://lpsc.in2p3.fr/crdb
#Comments:
#Columns: x, y, y {first} errors, y {second} errors
2.032e+00 2.867e-01 3.000e-03 3.100e-03 4.000e-03 4.100e-03
2.272e+00 2.915e-01 3.000e-03 3.000e-03 4.000e-03 4.000e-03
"""

USINE = """\
# Format: USINE code
#   Col.1  -  QUANTITY NAME (case insensitive)
He AMS02(2011/05-2018/05) R 10.54 10.1 11.0 3.55 -0.01 0.02 -0.21 0.21 2021PhR...894....1A 0 1 - 0
He AMS02(2011/05-2018/05) R 11.49 11.0 12.0 3.01 -0.01 0.02 -0.17 0.17 2021PhR...894....1A 0 1 - 0
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write_file(name, text):
        (tmp_path / name).write_text(text)
        return name

    return write_file


def read_columns(table):
    return table.meta["read_from"]["columns"]


# ---------------------------------------------------------------- forms


def test_csv(write):
    columns = {"intensity": ("flux", PER_GEV)}
    table = crl.read_table(write("p.csv", CSV), columns, quantity="H", axis="kinetic_energy")
    assert_allclose(table["energy"].quantity.to_value("TeV"), [1, 3, 30])
    assert_allclose(table["intensity"].quantity.to_value(PER_GEV), [8e-5, 4.3e-6, 1.5e-8])
    assert_allclose(table["intensity_stat_errp"], [1e-6, 1e-7, 0])
    assert_allclose(table["intensity_syst_errn"], [4e-6, 2e-7, 0])
    assert_allclose(table["intensity_syst_errp"], [5e-6, 3e-7, 0])
    assert table["is_ul"].tolist() == [False, False, True]
    text = repr(table)
    for part in ("p.csv: table of text, 3 rows", "for CosmicRayFluxDataset", "E_TeV [TeV]", "note"):
        assert part in text
    dataset = crl.CosmicRayFluxDataset.read(table)
    assert dataset.name == "p"
    assert dataset.axis == "kinetic_energy"


def test_text_with_units_in_the_last_comment(write):
    table = crl.read_table(write("t.txt", TEXT), quantity="Fe")
    assert table.meta["axis"] == "kinetic_energy_per_nucleon"
    assert_allclose(table["energy_max"], [12, 25])
    assert_allclose(table["intensity_stat_errn"], [1e-3, 1e-4])
    # parts of the systematic error are told apart by their names
    assert_allclose(table["intensity_syst_had_errp"], [2e-3, 2e-4])
    assert_allclose(table["intensity_syst_errp"], np.hypot([1e-3, 1e-4], [2e-3, 2e-4]))


@pytest.mark.parametrize("suffix", ["ecsv", "fits"])
def test_tables_of_astropy(write, suffix):
    del write
    table = Table({"Ekin": [1.0, 2.0] * u.TeV, "Flux": [2.0, 0.3] / u.Unit("m2 s sr TeV")})
    table["Flux_err"] = [0.1, 0.01] / u.Unit("m2 s sr TeV")
    table.write(f"mine.{suffix}")
    read = crl.read_table(f"mine.{suffix}", quantity="H")
    assert read.meta["axis"] == "kinetic_energy"
    assert_allclose(read["energy"], [1000, 2000])
    assert_allclose(read["intensity_stat_errn"], [1e-4, 1e-5])
    assert read_columns(read)["intensity"] == "Flux [1 / (TeV s sr m2)]" or suffix == "fits"


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_hepdata(write, form):
    text = HEPDATA
    if form == "json":
        yaml = pytest.importorskip("yaml")
        text = json.dumps(yaml.safe_load(HEPDATA))
    table = crl.read_table(write(f"he.{form}", text), part="1")
    assert table.meta["quantity"] == "He"
    assert table.meta["axis"] == "rigidity"
    # a value that is left out is the middle of the bin, a row without a value none
    assert_allclose(table["rigidity"], [15, 24])
    assert_allclose(table["intensity_stat_errn"], [0.02, 0.005])
    assert_allclose(table["intensity_syst_scale_errn"], [0.3, 0.02])
    assert_allclose(table["intensity_syst_scale_errp"], [0.2, 0.02])
    assert_allclose(table["intensity_syst_unfolding_errp"], 0)
    assert_allclose(table["intensity_syst_unfolding_errn"], [0.1, 0])
    assert "FLUX" in read_columns(table)["intensity"]


def test_csv_of_hepdata(write):
    table = crl.read_table(write("t1.csv", HEPDATA_CSV))
    assert table.meta["read_from"]["form"] == "CSV of HEPData"
    assert (table.meta["quantity"], table.meta["axis"]) == ("H", "rigidity")
    assert_allclose(table["rigidity_min"], [1, 2])
    assert_allclose(table["intensity_syst_scale_errn"], [0.3, 0.03])


def kiss(y="B_C", x="rigidity", first="statistical", second="systematic"):
    return KISS.format(y=y, x=x, first=first, second=second)


def test_kiss(write):
    table = crl.read_table(write("k.txt", kiss()))
    assert (table.meta["quantity"], table.meta["axis"]) == ("B/C", "rigidity")
    assert "Aguilar et al. 2021" in table.meta["reference"]
    assert_allclose(table["ratio_stat_errp"], [3.1e-3, 3e-3])
    assert_allclose(table["ratio_syst_errn"], [4e-3, 4e-3])
    assert len(crl.RatioDataset.read(table).table) == 2
    table = crl.read_table(write("a.txt", kiss("allParticle", "totalEnergy")))
    assert table.meta["quantity"] == "all_particle"
    assert table["intensity"].unit == PER_GEV
    table = crl.read_table(write("l.txt", kiss("lnA", "totalEnergy")))
    assert_allclose(table["mean_log_mass"], [0.2867, 0.2915])
    # older files have the total error first
    table = crl.read_table(write("o.txt", kiss("H", first="total", second="statistical")))
    assert_allclose(table["intensity_stat_errn"], 4e-3)


def test_older_kiss_has_total_errors(write):
    text = kiss("H", "kineticEnergy", "total", "statistical").replace("4.000e-03", "1.000e-03")
    table = crl.read_table(write("o.txt", text.replace("4.100e-03", "1.000e-03")))
    assert_allclose(table["intensity_stat_errn"], 1e-3)
    assert_allclose(table["intensity_syst_errn"], np.sqrt(3e-3**2 - 1e-3**2))


def test_usine_and_crdb(write):
    path = write("export.txt", USINE)
    table = crl.read_table(path)
    (other,) = crl.read_crdb_export(path)
    for name in other.table.colnames:
        assert_allclose(table[name], other.table[name])
    assert "statistical error" in read_columns(table)["intensity_stat_errn"]
    two = USINE + "\n".join(line.replace("He", "O", 1) for line in USINE.splitlines()[2:])
    twice = write("two.txt", two)
    with pytest.raises(crl.TableError, match=r"expected one table, found crdb-.*pass part='crdb-"):
        crl.read_table(twice)
    assert crl.read_table(twice, quantity="O").meta["quantity"] == "O"
    name = table.meta["name"]
    assert crl.read_table(twice, part=name).meta["quantity"] == "He"
    with pytest.raises(crl.TableError, match="unknown part"):
        crl.read_table(twice, part="crdb")


def test_tables_of_the_package_are_read_as_they_are(write):
    del write
    (dataset,) = crl.load_datasets("argo-ybj-2015")
    dataset.write("mine.ecsv")
    table = crl.read_table("mine.ecsv")
    assert table.meta["dataset"]["likelihood"] == "vector"
    assert crl.DipoleDataset.read(table).stat_type == dataset.stat_type
    assert crl.load_datasets("mine.ecsv").names == ["mine"]


def test_dipole(write):
    text = "E_TeV,A,dA,RA,dRA\n5,1.1e-3,1e-4,38,5\n20,1.2e-3,1e-4,30,6\n"
    table = crl.read_table(write("d.csv", text), {"phase": ("RA", "deg")})
    assert_allclose(table["energy"], [5000, 20000])
    assert_allclose(table["phase_err"], [5, 6])
    assert len(crl.DipoleDataset.read(table).table) == 2


FORMS = {
    "commas for points": ("R (GV);J (m^-2 s^-1 sr^-1 GV^-1);err\n1;2;0,1\n2;1;1e-1\n", 0.1),
    "per cent": ("R (GV),flux (m-2 s-1 sr-1 GV-1),stat (%)\n1,2,5\n2,1,10\n", 0.1),
    "blanks before brackets": ("# R [GV]  J [1/(m2 s sr GV)] dJ\n1 2 .1\n2 1 .1\n", 0.1),
    "camels": ("Rigidity_GV,fluxPerGV[m-2 s-1 sr-1 GV-1],errStatLow,errStatUp\n1,2,.1,.1\n", 0.1),
    "short": ("R_GV,J [m-2 s-1 sr-1 GV-1],errn,errp\n1,2,.1,.1\n", 0.1),
}


@pytest.mark.parametrize("name", FORMS)
def test_ways_to_write_a_spectrum(write, name):
    text, error = FORMS[name]
    table = crl.read_table(write("s.txt", text), quantity="H")
    assert (table["rigidity"][0], table["intensity"][0]) == (1, 2)
    assert_allclose(table["intensity_stat_errn"], error)
    assert_allclose(table["intensity_stat_errp"], error)


def test_logarithms_and_hours(write):
    path = write("a.csv", "log10(E/GeV),lnA,err_stat,err_sys\n6,2.1,0.1,0.2\n7,2.5,0.1,0.2\n")
    table = crl.read_table(path)
    assert table.meta["quantity"] == "mean_log_mass"
    assert_allclose(table["energy"], [1e6, 1e7])
    text = "E [TeV],Amplitude [1e-4],sigma_A,alpha [h],sigma_alpha [h]\n10,11,1,2,.2\n"
    table = crl.read_table(write("d.csv", text))
    # the error of the amplitude has the unit of the amplitude
    assert_allclose(table["amplitude_errp"], 1e-4)
    assert_allclose([table["phase"][0], table["phase_err"][0]], [30, 3])


def test_files_of_others_load_by_their_path(write):
    write("k.txt", kiss("Fe"))
    datasets = crl.load_datasets(["k.txt", "dampe_h"])
    assert datasets.names == ["k", "dampe_h"]
    with pytest.raises(crl.TableError, match=r"does not say the unit of 'flux', the quantity"):
        crl.load_datasets(write("p.csv", CSV))


# ---------------------------------------------------------------- what is asked for, and refused


def test_everything_is_asked_for_at_once(write):
    text = CSV.replace("E_TeV", "E")
    with pytest.raises(crl.TableError) as caught:
        crl.read_table(write("p.csv", text))
    message = str(caught.value)
    assert "\n" not in message
    for part in ("p.csv", "unit of 'E'", "unit of 'flux'", "the quantity", "which energy"):
        assert part in message
    # what it proposes is a call that works
    call, _, command = message.partition("as in ")[2].partition(", or crlocal ")
    table = eval(call, {"read_table": crl.read_table, "path": "p.csv"})
    assert table.meta["quantity"] == "H"
    # and so is the command
    assert main(shlex.split(command.replace("FILE", "p.csv"))) == 0


BAD = {
    "a line too short": (
        CSV.replace("3,4.3e-6,", "3,"),
        {},
        r"line 3: expected 7 values .*found 6",
    ),
    "a word for a number": (CSV.replace("4.3e-6", "many"), {}, r"line 3, column 'flux': .*'?many"),
    "a negative intensity": (CSV.replace("4.3e-6", "-1"), {}, r"line 3, column 'flux': .*got -1"),
    "two headers": (CSV + "\n" + CSV, {}, "line 6: the header comes a second time"),
    "no rows": (CSV.partition("\n")[0], {}, "at least one row"),
    "nothing": ("# only words\n", {}, "at least one row"),
    "no header": ("1 2 3\n4 5 6\n", {}, "col1, col2, col3, since the file has no header"),
    "a column twice": (CSV.replace("syst_up", "stat"), {}, "columns stat repeat"),
    "two fluxes": (
        CSV.replace("note", "flux_2"),
        {},
        r"'flux' and 'flux_2' may both be 'intensity'",
    ),
    "a power of energy": (CSV.replace("flux", "E^2.7 flux"), {}, "multiplied by a power"),
    "edges alone": (CSV.replace("E_TeV", "E_low_TeV"), {}, "edges of bins, and no rigidity"),
    "no energies": (CSV.replace("E_TeV", "what"), {}, "no column of energies or rigidities"),
    "unknown column": (CSV, {"columns": {"energy": "EE"}}, "column 'EE': expected this column"),
    "unknown unit": (CSV, {"columns": {"energy": ("E_TeV", "furlong")}}, "cannot read the unit"),
    "wrong unit": (CSV, {"columns": {"energy": ("E_TeV", "m")}}, "column 'E_TeV': expected a unit"),
    "no mapping": (CSV, {"columns": ["energy"]}, "columns: expected a dictionary"),
    "unknown name": (
        CSV,
        {"columns": {"energie": "E_TeV"}},
        r"unknown layout name 'energie'.*energy",
    ),
    "wrong species": (CSV, {"quantity": "Unobtainium"}, "quantity: expected an element"),
    "wrong axis": (CSV, {"axis": "kinetic"}, "did you mean 'kinetic_energy'"),
    "per nucleon": (CSV.replace("E_TeV", "E [TeV/n]"), {}, "per nucleon, the axis is kinetic"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_text(write, name):
    text, options, expected = BAD[name]
    given = {"quantity": "H", "axis": "kinetic_energy"} | options
    columns = given.pop("columns", None)
    flux = next((word for word in ("flux", "E^2.7 flux") if f"{word}," in text), None)
    if columns is None and flux and name not in ("two fluxes", "a power of energy", "no energies"):
        columns = {"intensity": (flux, PER_GEV)}
    elif isinstance(columns, dict):
        columns = {"intensity": ("flux", PER_GEV)} | columns
    with pytest.raises(crl.TableError, match=expected) as caught:
        crl.read_table(write("bad.csv", text), columns, **given)
    assert str(caught.value).startswith("bad.csv: ")
    assert "\n" not in str(caught.value)


BAD_HEPDATA = {
    "not YAML": (HEPDATA.replace("stat}", "stat}}", 1), r"line 14, column 34: not YAML"),
    "another file": ("a: 1\n", "expected independent_variables"),
    "a submission": (
        "---\nname: T\ndata_file: data1.yaml\n",
        "data files that it names, data1.yaml",
    ),
    "no number": (HEPDATA.replace("2.0", "about 2"), "value 1 of 'FLUX .*': expected a number"),
    "a wrong error": (
        HEPDATA.replace("1%", "small"),
        "value 1 of 'FLUX .*': expected an error such",
    ),
    "no edge": (
        HEPDATA.replace("low: 10, ", ""),
        "value 1 of 'Rigidity .*': expected value, or low",
    ),
    "an edge of words": (
        HEPDATA.replace("low: 10", "low: ten"),
        "expected a number as low, got 'ten'",
    ),
    "too few values": (HEPDATA.replace("  - value: '-'\n", ""), "as many values .* 3, found 2"),
    "two dimensions": (HEPDATA.replace("dependent_variables:\n- h", "x:\n- h", 1), "HEPData"),
    "labels twice": (HEPDATA.replace("sys,scale", "stat"), "two errors have the label 'stat'"),
}


@pytest.mark.parametrize("name", BAD_HEPDATA)
def test_bad_hepdata(write, name):
    text, expected = BAD_HEPDATA[name]
    with pytest.raises(crl.TableError, match=expected) as caught:
        crl.read_table(write("bad.yaml", text), part="1")
    assert str(caught.value).startswith("bad.yaml: ")
    assert "\n" not in str(caught.value)


def test_variables_of_hepdata_are_chosen(write):
    path = write("he.yaml", HEPDATA)
    with pytest.raises(crl.TableError, match=r"found 1 'FLUX .*', 2 'COUNTS'; pass part='1'"):
        crl.read_table(path)
    with pytest.raises(crl.TableError, match="unknown part 'FLUXES'"):
        crl.read_table(path, part="FLUXES")
    name = "FLUX [M**-2 S**-1 SR**-1 GV**-1]"
    assert len(crl.read_table(path, part=name)) == 2


def test_bad_kiss_and_usine(write):
    with pytest.raises(crl.TableError, match=r"k.txt: X Quantity: expected one of rigidity"):
        crl.read_table(write("k.txt", kiss(x="speed")))
    with pytest.raises(crl.TableError, match=r"k.txt: line 10: expected 6 values .*found 5"):
        crl.read_table(write("k.txt", kiss().replace("2.915e-01 ", "")))
    with pytest.raises(crl.TableError, match=r"quantity: expected an element .*'e-'"):
        crl.read_table(write("k.txt", kiss("e-")))
    with pytest.raises(crl.TableError, match=r"u.txt: line 4: expected 24 columns .* found 15"):
        crl.read_table(write("u.txt", USINE.replace("11.49 ", "")))
    with pytest.raises(crl.TableError, match=r"nothing.csv: expected a file, found none"):
        crl.read_table("nothing.csv")
    Path("p.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(crl.TableError, match=r"p.csv: not a text"):
        crl.read_table("p.csv")


def test_command(write, capsys):
    path = write("p.csv", CSV)
    assert main(["data", "check", write("k.txt", kiss())]) == 0
    output = capsys.readouterr().out
    assert "B/C" in output
    assert "2.272" in output
    words = ["data", "check", path, "--quantity", "H", "--axis", "kinetic_energy", "--columns"]
    flux = f"intensity=flux:{PER_GEV}"
    assert main([*words, flux, "--output", "p.ecsv"]) == 0
    assert crl.load_datasets("p.ecsv").names == ["p"]
    assert main([*words, "intensity"]) != 0
    assert "expected NAME=COLUMN" in capsys.readouterr().err
    assert main(["data", "check", path]) != 0
    assert "the file does not say the unit of 'flux'" in capsys.readouterr().err
