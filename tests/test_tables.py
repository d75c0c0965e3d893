"""Reading, checking and writing measured tables."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import MaskedColumn, QTable, Table
from hypothesis import given, settings
from hypothesis import strategies as st

from crlocal_plugin import CosmicRayFluxDataset, files
from crlocal_plugin.catalogue.index import table_path
from crlocal_plugin.tables.dipole import AMPLITUDE_KINDS, read_dipole_table
from crlocal_plugin.tables.mean_log_mass import read_mean_log_mass_table
from crlocal_plugin.tables.raw_table import TableError
from crlocal_plugin.tables.spectrum import QUANTITIES, read_flux_table
from crlocal_plugin.tables.writing import write_table

INTENSITY = u.Unit("1 / (GeV m2 s sr)")
SUFFIXES = (".ecsv", ".fits")


def flux_table():
    """Four points, of which the last is an upper limit."""
    table = Table(
        {
            "energy": [100.0, 200.0, 400.0, 800.0] * u.GeV,
            "intensity": [8e-2, 1e-2, 2e-3, 3e-4] * INTENSITY,
            "intensity_stat_errn": [1e-3, 5e-4, 2e-4, 3e-4] * INTENSITY,
            "intensity_stat_errp": [1e-3, 6e-4, 0.0, 0.0] * INTENSITY,
            "intensity_syst_errn": [4e-3, 5e-4, 1e-4, 0.0] * INTENSITY,
            "intensity_syst_errp": [4e-3, 5e-4, 1e-4, 0.0] * INTENSITY,
            "is_ul": [False, False, False, True],
        }
    )
    table.meta = {"experiment": "TEST", "quantity": "H", "axis": "kinetic_energy"}
    return table


def dipole_table():
    """Two measurements, a limit that repeats the first, and a limit on its own."""
    nan = np.nan
    table = Table(
        {
            "energy": [1e4, 1e5, 1.005e4, 1e6] * u.GeV,
            "amplitude": [1e-3, 5e-4, nan, nan],
            "amplitude_errn": [1e-4, 2e-4, nan, nan],
            "amplitude_errp": [1e-4, 3e-4, nan, nan],
            "amplitude_ul": [nan, nan, 2e-3, 8e-3],
            "phase": [30.0, 350.0, nan, nan] * u.deg,
            "phase_err": [5.0, 20.0, nan, nan] * u.deg,
        }
    )
    table.meta = {"experiment": "TEST", "amplitude_kind": "first_harmonic"}
    return table


def assert_identical(one, other):
    assert one.colnames == other.colnames
    for name in one.colnames:
        assert one[name].dtype == other[name].dtype, name
        assert one[name].unit == other[name].unit, name
        assert np.asarray(one[name]).tobytes() == np.asarray(other[name]).tobytes(), name
    assert one.meta == other.meta


# Reading spectra


def test_published_proton_spectrum():
    # Aguilar et al. 2015, PRL 114, 171103, supplemental table: 1.00-1.16 GV
    table = read_flux_table(table_path("ams-02_h_2015"))
    assert len(table) == 72
    first = table[0]
    assert (first["rigidity_min"], first["rigidity_max"]) == (1.0, 1.16)
    assert first["rigidity"] == 1.07634
    assert first["intensity"] == 626.9
    assert first["intensity_stat_errn"] == first["intensity_stat_errp"] == 0.8
    assert first["intensity_syst_errn"] == first["intensity_syst_errp"] == 26.8
    assert table["rigidity"].unit == u.Unit("GV")
    assert table["intensity"].unit == u.Unit("1 / (GV m2 s sr)")
    assert table.meta["experiment"] == "AMS-02"
    assert table.meta["quantity"] == "H"
    assert table.meta["axis"] == "rigidity"


def test_flux_table_keeps_values_meta_and_its_argument():
    source = flux_table()
    before = source.copy()
    result = read_flux_table(source)
    assert_identical(result, before)
    result["intensity"][0] = 0
    result.meta["experiment"] = "other"
    assert_identical(source, before)


def test_units_are_converted():
    source = flux_table()
    source["energy"] = [0.1, 0.2, 0.4, 0.8] * u.TeV
    for name in source.colnames[1:6]:
        # 1 GeV-1 m-2 = 1e3 TeV-1 * 1e-4 cm-2
        source[name] = np.asarray(source[name]) * 0.1 * u.Unit("1 / (TeV cm2 s sr)")
    result = read_flux_table(source)
    for name in source.colnames[:6]:
        np.testing.assert_allclose(result[name], flux_table()[name], rtol=1e-14)
    assert result["energy"].unit == u.GeV
    assert result["intensity"].unit == INTENSITY


def test_quantity_table_and_integers():
    source = QTable(flux_table())
    source["energy"] = np.array([1, 2, 3, 4]) * u.GeV
    result = read_flux_table(source)
    assert type(result) is Table
    assert result["energy"].dtype == float
    assert list(result["energy"]) == [1.0, 2.0, 3.0, 4.0]


def test_own_column_names_units_and_arguments(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("E,F,dF,limit\n1,0.5,0.1,False\n2,0.2,0.1,true\n")
    result = read_flux_table(
        path,
        columns={
            "energy": ("E", "TeV"),
            "intensity": ("F", "1 / (TeV m2 s sr)"),
            "intensity_stat_err": ("dF", "1 / (TeV m2 s sr)"),
            "is_ul": "limit",
        },
        experiment="MINE",
        quantity="Fe",
        axis="total_energy",
    )
    np.testing.assert_allclose(result["energy"], [1000, 2000])
    np.testing.assert_allclose(result["intensity"], [5e-4, 2e-4])
    np.testing.assert_allclose(result["intensity_stat_errn"], [1e-4, 1e-4])
    np.testing.assert_allclose(result["intensity_stat_errp"], [1e-4, 1e-4])
    assert not result["intensity_syst_errn"].any()
    assert not result["intensity_syst_errp"].any()
    assert list(result["is_ul"]) == [False, True]
    assert result.meta == {
        "name": "mine",
        "experiment": "MINE",
        "quantity": "Fe",
        "axis": "total_energy",
    }


def test_a_text_file_of_any_suffix_is_recognised(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("energy intensity intensity_err\n1 0.5 0.1\n")
    columns = {
        "energy": ("energy", "GeV"),
        "intensity": ("intensity", INTENSITY),
        "intensity_err": ("intensity_err", INTENSITY),
    }
    result = read_flux_table(path, columns=columns, quantity="H", axis="kinetic_energy")
    assert list(result["intensity_stat_errp"]) == [0.1]


def test_rigidity_needs_no_axis():
    source = flux_table()
    del source.meta["axis"]
    source.rename_column("energy", "rigidity")
    source["rigidity"].unit = "GV"
    for name in source.colnames[1:6]:
        source[name].unit = "1 / (GV m2 s sr)"
    assert read_flux_table(source).meta["axis"] == "rigidity"


def test_arguments_win_over_meta():
    result = read_flux_table(flux_table(), experiment="NEW", quantity="He", axis="total_energy")
    assert result.meta == {"experiment": "NEW", "quantity": "He", "axis": "total_energy"}


def test_an_error_that_is_not_given_on_one_side_stays_zero():
    result = read_flux_table(flux_table())
    assert result["intensity_stat_errn"][2] == 2e-4
    assert result["intensity_stat_errp"][2] == 0.0


def test_a_limit_needs_no_error():
    source = flux_table()
    for name in source.colnames[2:6]:
        source[name][3] = 0
    assert list(read_flux_table(source)["is_ul"]) == [False, False, False, True]


def test_columns_outside_the_layout_are_left_out():
    source = flux_table()
    source["remark"] = list("abcd")
    assert "remark" not in read_flux_table(source).colnames


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("kascade_h_sibyll-2p1", [18, 19]),
        ("kascade_he_sibyll-2p1", [15, 16, 17, 18, 19]),
        ("kascade_h_qgsjet-01", []),
        ("kascade_he_qgsjet-01", [18, 19]),
    ],
)
def test_kascade_limits_are_marked(name, limits):
    table = read_flux_table(table_path(name))
    assert list(np.flatnonzero(table["is_ul"])) == limits
    disguised = table["intensity_stat_errn"] == table["intensity"]
    assert list(np.flatnonzero(disguised)) == limits
    assert "upper limits" in table.meta["comment"]


def test_mean_log_mass():
    path = table_path("lhaaso_mean_log_mass_epos-lhc")
    table = read_mean_log_mass_table(path)
    assert table["mean_log_mass"][0] == 1.756
    assert table["mean_log_mass_syst_errp"][0] == 0.0915
    with pytest.raises(TableError, match=r"not an intensity.*read_mean_log_mass_table"):
        read_flux_table(path)


# Reading dipoles


def test_limits_are_merged_into_the_measurement_they_repeat():
    source = dipole_table()
    before = source.copy()
    result = read_dipole_table(source)
    assert_identical(source, before)
    assert list(result["energy"]) == [1e4, 1e5, 1e6]
    np.testing.assert_array_equal(result["amplitude_ul"], [2e-3, np.nan, 8e-3])
    np.testing.assert_array_equal(result["amplitude"], [1e-3, 5e-4, np.nan])
    np.testing.assert_array_equal(result["phase"], [30.0, 350.0, np.nan])
    assert result.meta["ul_confidence"] == 0.95


def test_a_limit_beyond_one_percent_is_a_row_of_its_own():
    source = dipole_table()
    source["energy"][2] = 1.02e4
    assert len(read_dipole_table(source)) == 4


def test_a_limit_belongs_to_the_nearest_measurement():
    source = dipole_table()
    source["energy"] = [1e4, 1.01e4, 1.009e4, 1e6] * u.GeV
    np.testing.assert_array_equal(read_dipole_table(source)["amplitude_ul"], [np.nan, 2e-3, 8e-3])


def test_two_measurements_at_one_energy_take_one_limit_each():
    source = dipole_table()
    source["energy"] = [1e4, 1e4, 1e4, 1e4] * u.GeV
    np.testing.assert_array_equal(read_dipole_table(source)["amplitude_ul"], [2e-3, 8e-3])


@pytest.mark.parametrize(
    ("name", "rows", "limits", "confidence"),
    [
        ("auger-2020", 11, 8, 0.99),
        ("kascade-grande-2019", 3, 3, 0.99),
        ("icecube-2025", 9, 1, 0.95),
    ],
)
def test_published_limits_sit_beside_their_measurement(name, rows, limits, confidence):
    table = read_dipole_table(table_path(name))
    assert len(table) == rows
    assert np.isfinite(table["amplitude"]).all()
    assert np.isfinite(table["amplitude_ul"]).sum() == limits
    assert table.meta["ul_confidence"] == confidence


def test_published_kascade_grande_limit():
    # Apel et al. 2019, ApJ 870, 91
    row = read_dipole_table(table_path("kascade-grande-2019"))[0]
    assert (row["energy"], row["amplitude"], row["amplitude_ul"]) == (2.7e6, 0.0026, 0.0049)
    assert (row["phase"], row["phase_err"]) == (225, 22)


def test_dipole_units_and_symmetric_error():
    source = Table(
        {
            "E": [4.0, 7.1],
            "A": [0.0954, 0.119] * u.percent,
            "dA": [0.0012, 0.0016] * u.percent,
            "ra": [0.5, np.pi] * u.rad,
            "dra": [1.0, 2.0] * u.deg,
        }
    )
    columns = {"energy": ("E", "TeV"), "amplitude": "A", "amplitude_err": "dA"}
    columns |= {"phase": "ra", "phase_err": "dra"}
    result = read_dipole_table(
        source, columns=columns, experiment="X", amplitude_kind="first_harmonic"
    )
    np.testing.assert_allclose(result["energy"], [4000, 7100])
    np.testing.assert_allclose(result["amplitude"], [9.54e-4, 1.19e-3])
    np.testing.assert_allclose(result["amplitude_errn"], [1.2e-5, 1.6e-5])
    np.testing.assert_allclose(result["amplitude_errp"], [1.2e-5, 1.6e-5])
    np.testing.assert_allclose(result["phase"][1], 180)
    assert "amplitude_ul" not in result.colnames
    assert result.meta == {"experiment": "X", "amplitude_kind": "first_harmonic"}


def test_dipole_table_of_limits_only():
    source = Table({"energy": [1e4, 1e5] * u.GeV, "amplitude_ul": [1e-3, 2e-3]})
    result = read_dipole_table(source)
    assert np.isnan(result["amplitude"]).all()
    assert list(result["amplitude_ul"]) == [1e-3, 2e-3]


def test_blank_entries_of_a_limit_are_like_nan():
    source = dipole_table()
    for name in ("amplitude", "amplitude_errn", "amplitude_errp", "phase", "phase_err"):
        source[name] = MaskedColumn(
            np.nan_to_num(source[name]), mask=np.isnan(source[name]), unit=source[name].unit
        )
    assert_identical(read_dipole_table(source), read_dipole_table(dipole_table()))


# Refusing malformed tables: what to change, and the row and column that the message must name


def put(column, row, value):
    def change(table):
        table[column][row] = value

    return change


def blank(column, row):
    def change(table):
        mask = np.arange(len(table)) == row
        table[column] = MaskedColumn(table[column], mask=mask)

    return change


def unit(column, value):
    def change(table):
        table[column].unit = value

    return change


def without(*columns):
    def change(table):
        table.remove_columns(columns)

    return change


def meta(key, value):
    def change(table):
        table.meta[key] = value

    return change


def text_in(column, row, value):
    def change(table):
        words = [str(entry) for entry in table[column]]
        words[row] = value
        table[column] = words

    return change


def extra(column, like):
    def change(table):
        table[column] = table[like]

    return change


def widened(column):
    def change(table):
        table[column] = np.ones((len(table), 2)) * u.GeV

    return change


def no_error(row):
    def change(table):
        for name in table.colnames[2:6]:
            table[name][row] = 0

    return change


def zero_errors(row):
    def change(table):
        table["amplitude_errn"][row] = table["amplitude_errp"][row] = 0

    return change


def systematic(value):
    def change(table):
        table["amplitude_syst"] = [value, 0, 0, 0]

    return change


def text_beside_blank(row, blank_row):
    def change(table):
        words = [str(entry) for entry in table["phase"]]
        words[row] = "n/a"
        table["phase"] = MaskedColumn(words, mask=np.arange(len(words)) == blank_row, unit="deg")

    return change


def edges(low, high):
    def change(table):
        table["energy_min"] = np.array(low) * u.GeV
        table["energy_max"] = np.array(high) * u.GeV

    return change


FLUX_MISTAKES = {
    "no energy": (without("energy"), None, "energy", "add it or name it"),
    "no intensity": (without("intensity"), None, "intensity", "add it or name it"),
    "no upper error": (without("intensity_stat_errp"), None, "intensity_stat_errp", "add it"),
    "no errors": (without(*flux_table().colnames[2:6]), None, "intensity_stat_errn", "add it"),
    "only one edge": (extra("energy_min", "energy"), None, "energy_max", "add it"),
    "no energy unit": (unit("energy", None), None, "energy", r"columns={'energy': \('energy'"),
    "no intensity unit": (unit("intensity", None), None, "intensity", "expected a unit like"),
    "energy in GV": (unit("energy", "GV"), None, "energy", "expected a unit like GeV, got GV"),
    "no steradian": (unit("intensity", "1/(GeV m2 s)"), None, "intensity", "s sr m2"),
    "unit of a dimensionless number": (unit("intensity", ""), None, "intensity", "expected a unit"),
    "nan": (put("intensity", 1, np.nan), 1, "intensity", "finite"),
    "inf": (put("energy", 3, np.inf), 3, "energy", "finite"),
    "nan error": (put("intensity_syst_errp", 2, np.nan), 2, "intensity_syst_errp", "write 0"),
    "blank": (blank("intensity", 2), 2, "intensity", "finite"),
    "text": (text_in("intensity_stat_errn", 1, "n/a"), 1, "intensity_stat_errn", "a number.*n/a"),
    "negative intensity": (put("intensity", 1, -1e-3), 1, "intensity", "positive.*-0.001"),
    "zero intensity": (put("intensity", 0, 0), 0, "intensity", "is_ul"),
    "zero limit": (put("intensity", 3, 0), 3, "intensity", "positive"),
    "negative error": (put("intensity_stat_errn", 2, -1), 2, "intensity_stat_errn", "sign"),
    "no positive error": (no_error(1), 1, "intensity_stat_errn", "is_ul"),
    "zero energy": (put("energy", 0, 0), 0, "energy", "positive"),
    "unsorted": (put("energy", 2, 150), 2, "energy", "sort"),
    "repeated": (put("energy", 2, 200), 2, "energy", "sort"),
    "several numbers in a row": (widened("energy"), None, "energy", "one number per row"),
    "limit in words": (text_in("is_ul", 1, "maybe"), 1, "is_ul", "true or false.*maybe"),
    "point below its bin": (edges([90, 250, 300, 700], [110, 300, 500, 900]), 1, "energy_min", ""),
    "point above its bin": (edges([90, 150, 300, 700], [110, 190, 500, 900]), 1, "energy_max", ""),
    "error given twice": (
        extra("intensity_stat_err", "intensity_stat_errn"),
        None,
        "intensity_stat_err",
        "twice",
    ),
    "total and parts": (
        extra("intensity_err", "intensity_stat_errn"),
        None,
        "intensity_err",
        "total",
    ),
    "unknown axis": (meta("axis", "kinetic"), None, None, "axis.*'kinetic_energy'"),
    "axis of another column": (meta("axis", "rigidity"), None, "rigidity", "add it or name it"),
    "no axis": (meta("axis", None), None, None, "axis.*pass axis="),
    "no quantity": (meta("quantity", None), None, None, "quantity.*got none"),
    "proton": (meta("quantity", "p"), None, None, "did you mean 'H'"),
    "lower case": (meta("quantity", "fe"), None, None, "did you mean 'Fe'"),
    "unknown quantity": (meta("quantity", "Xx"), None, None, "quantity.*element symbol.*'Xx'"),
}

META_MISTAKES = {
    **{
        f"{key} is no text": (meta(key, 5), None, None, f"{key}: expected text, got 5; put it in")
        for key in ("name", "experiment", "quantity", "axis", "reference", "hadronic_model")
    },
    "period without a date": (
        *(meta("period", "first flight"), None, None),
        "period: expected months such as 2011/05-2013/11, got 'first flight'; correct it",
    ),
    "period is a year": (meta("period", 2011), None, None, "period: expected text, got 2011"),
    "simulated in words": (meta("simulated", "no"), None, None, "simulated: expected true or fal"),
    "simulated as a number": (meta("simulated", 1), None, None, "simulated: .* got 1; write it"),
    "confidence in words": (meta("ul_confidence", "x"), None, None, "ul_confidence: .* got 'x'"),
    "no confidence": (meta("ul_confidence", None), None, None, "ul_confidence: .* got None"),
    "confidence in percent": (meta("ul_confidence", 95), None, None, "ul_confidence.*0.95"),
}
FLUX_MISTAKES |= META_MISTAKES

DIPOLE_MISTAKES = META_MISTAKES | {
    "no energy": (without("energy"), None, "energy", "add it"),
    "no amplitude": (without("amplitude", "amplitude_ul"), None, "amplitude", "add it"),
    "no phase": (without("phase"), None, "phase", "add it"),
    "no phase error column": (without("phase_err"), None, "phase_err", "add it"),
    "no error": (without("amplitude_errn", "amplitude_errp"), None, "amplitude_errn", "add it"),
    "no energy unit": (unit("energy", None), None, "energy", "expected a unit like GeV"),
    "phase without unit": (unit("phase", None), None, "phase", "expected a unit like deg"),
    "amplitude with a unit": (unit("amplitude", "GeV"), None, "amplitude", "expected no unit"),
    "nan energy": (put("energy", 1, np.nan), 1, "energy", "finite"),
    "negative energy": (put("energy", 1, -1), 1, "energy", "positive"),
    "infinite amplitude": (put("amplitude", 0, np.inf), 0, "amplitude", "finite"),
    "negative amplitude": (put("amplitude", 1, -1e-3), 1, "amplitude", "not negative"),
    "zero limit": (put("amplitude_ul", 3, 0), 3, "amplitude_ul", "positive"),
    "amplitude without phase": (put("phase", 1, np.nan), 1, "phase", "complete the row"),
    "phase without amplitude": (put("phase", 3, 10), 3, "phase", "complete the row"),
    "phase without error": (put("phase_err", 0, np.nan), 0, "phase_err", "add the error"),
    "phase with zero error": (put("phase_err", 0, 0), 0, "phase_err", "add the error"),
    "negative error": (put("amplitude_errp", 0, -1e-4), 0, "amplitude_errp", "sign"),
    "nan error": (put("amplitude_errp", 0, np.nan), 0, "amplitude_errn", "add the error"),
    "zero error": (zero_errors(1), 1, "amplitude_errn", "amplitude_ul"),
    "negative systematic error": (systematic(-1e-4), 0, "amplitude_syst", "not negative"),
    "nan systematic error": (systematic(np.nan), 0, "amplitude_syst", "write 0"),
    "text beside blanks": (text_beside_blank(1, 3), 1, "phase", "a number.*n/a"),
    "nothing": (put("amplitude_ul", 3, np.nan), 3, "amplitude", "or an upper limit"),
    "two limits": (put("amplitude_ul", 0, 3e-3), 2, "amplitude_ul", "second upper limit"),
    "amplitude kind": (meta("amplitude_kind", "dipole"), None, None, "amplitude_kind.*'dipole'"),
    "declination factor": (meta("declination_factor", -1), None, None, "declination_factor.*-1"),
    "amplitude in percent": (
        put("amplitude", 1, 2.0),
        1,
        "amplitude",
        "at most 1.*got 2.0.*unit %",
    ),
    "phase error of two turns": (put("phase_err", 0, 720), 0, "phase_err", "at most 180 deg"),
}


def check_refusal(reader, table, tmp_path, row, column, words):
    path = tmp_path / "faulty.ecsv"
    table.write(path)
    with pytest.raises(TableError, match=f"(?s)faulty.ecsv.*{words}") as caught:
        reader(path)
    message = str(caught.value)
    assert (f"row {row}," in message) if row is not None else ("row " not in message.split(";")[0])
    assert column is None or f"column {column!r}" in message
    with pytest.raises(TableError, match=r"^<table>: "):
        reader(table)


@pytest.mark.parametrize("mistake", FLUX_MISTAKES)
def test_flux_mistakes_are_named(mistake, tmp_path):
    change, row, column, words = FLUX_MISTAKES[mistake]
    table = flux_table()
    change(table)
    check_refusal(read_flux_table, table, tmp_path, row, column, words)


@pytest.mark.parametrize("mistake", DIPOLE_MISTAKES)
def test_dipole_mistakes_are_named(mistake, tmp_path):
    change, row, column, words = DIPOLE_MISTAKES[mistake]
    table = dipole_table()
    change(table)
    check_refusal(read_dipole_table, table, tmp_path, row, column, words)


def test_errors_name_the_columns_of_the_user():
    table = flux_table()
    table.rename_column("intensity", "F")
    table["F"][2] = -1
    with pytest.raises(TableError, match="row 2, column 'F': expected a positive number, got -1"):
        read_flux_table(table, columns={"intensity": "F"})


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"flux": "intensity"}, "unknown layout name 'flux'"),
        ({"intensity": "F"}, "column 'F'.*correct the name"),
        ({"energy": ("energy",)}, "pair of name and unit.*correct the entry 'energy'"),
        ({"energy": ("energy", "furlong per")}, "column 'energy'.*cannot read the unit"),
        ({"energy": ("energy", "TeV")}, "the table gives the unit GeV, columns gives TeV"),
    ],
)
def test_mistakes_in_columns_are_named(columns, words):
    with pytest.raises(TableError, match=words):
        read_flux_table(flux_table(), columns=columns)


@pytest.mark.parametrize("columns", ["energy", ["energy"], [("energy", "E")]])
def test_columns_must_be_a_dictionary(columns):
    with pytest.raises(TableError, match=r"<table>: columns: expected a dictionary .* got"):
        read_flux_table(flux_table(), columns=columns)


def test_complex_numbers_are_refused(tmp_path):
    table = flux_table()
    table["intensity"] = np.asarray(table["intensity"]) * (1 + 1j) * INTENSITY
    table.meta = {}
    table.write(tmp_path / "complex.fits")
    with pytest.raises(
        TableError, match=r"fits: row 0, column 'intensity': expected a number, got"
    ):
        read_flux_table(tmp_path / "complex.fits", quantity="H", axis="kinetic_energy")


def test_texts_that_are_passed_are_checked():
    with pytest.raises(TableError, match="<table>: experiment: expected text, got 5"):
        read_flux_table(flux_table(), experiment=5)


def test_a_confidence_is_checked_where_no_limit_needs_it():
    table = flux_table()[:3]
    table.remove_column("is_ul")
    table.meta["ul_confidence"] = "x"
    with pytest.raises(TableError, match="<table>: ul_confidence: expected a number"):
        CosmicRayFluxDataset.read(table)


def test_simulated_dipoles_may_have_any_size():
    table = dipole_table()
    table["amplitude"][0], table["phase_err"][0] = 1.2, 200
    table.meta["simulated"] = True
    assert read_dipole_table(table)["amplitude"][0] == 1.2


@pytest.mark.parametrize("reader", [read_flux_table, read_dipole_table])
def test_empty_table(reader):
    with pytest.raises(TableError, match="<table>: expected at least one row"):
        reader(flux_table()[:0])


@pytest.mark.parametrize("reader", [read_flux_table, read_dipole_table])
@pytest.mark.parametrize("name", ["none.ecsv", "none.fits", "none.csv", ""])
def test_missing_file(reader, name, tmp_path):
    with pytest.raises(TableError, match="expected a file, found none"):
        reader(tmp_path / name)


@pytest.mark.parametrize("suffix", [".ecsv", ".fits", ".csv"])
def test_unreadable_file(suffix, tmp_path):
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(b"\x00\xff\xfe not a table")
    with pytest.raises(TableError, match=f"broken{suffix}: .*cannot be read as a table"):
        read_flux_table(path)


# Writing


numbers = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def spectra(draw):
    x = sorted(draw(st.lists(numbers, min_size=1, max_size=4, unique=True)))

    def column(elements):
        return draw(st.lists(elements, min_size=len(x), max_size=len(x)))

    errors = st.just(0.0) | numbers
    table = Table(
        {
            "rigidity": x * u.Unit("GV"),
            "intensity": column(numbers) * u.Unit("1 / (GV m2 s sr)"),
            "intensity_stat_errn": column(numbers) * u.Unit("1 / (GV m2 s sr)"),
            "intensity_stat_errp": column(errors) * u.Unit("1 / (GV m2 s sr)"),
            "intensity_syst_errn": column(errors) * u.Unit("1 / (GV m2 s sr)"),
            "intensity_syst_errp": column(errors) * u.Unit("1 / (GV m2 s sr)"),
            "is_ul": column(st.booleans()),
        }
    )
    table.meta = {
        "name": "table",
        "quantity": draw(st.sampled_from(QUANTITIES)),
        "axis": "rigidity",
        "comment": draw(st.text()),
        "more": draw(json_values),
    }
    return table


@st.composite
def dipoles(draw):
    size = draw(st.integers(1, 4))

    def column(elements):
        return draw(st.lists(elements, min_size=size, max_size=size))

    # a factor of two or more apart, so that no limit repeats a measurement
    energy = np.cumprod(column(st.floats(2, 1e6)))
    measured = np.array(column(st.booleans()))

    def measurement(elements):
        return np.where(measured, column(elements), np.nan)

    limit = np.where(measured, column(st.just(np.nan) | numbers), column(numbers))
    small = st.floats(0, 1e100, exclude_min=True)
    table = Table(
        {
            "energy": energy * u.GeV,
            "amplitude": measurement(st.floats(0, 1)),
            "amplitude_errn": measurement(small),
            "amplitude_errp": measurement(small),
            "amplitude_ul": limit,
            "phase": measurement(st.floats(0, 360)) * u.deg,
            "phase_err": measurement(st.floats(0, 180, exclude_min=True)) * u.deg,
            "site": column(st.text(st.characters(categories=("L", "N")), min_size=1)),
        }
    )
    table.meta = {
        "name": "table",
        "amplitude_kind": draw(st.sampled_from(AMPLITUDE_KINDS)),
        "declination_factor": draw(st.floats(1, 3)),
        "ul_confidence": draw(st.floats(0.501, 0.999)),
        "comment": draw(st.text()),
    }
    return table


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(derandomize=True, deadline=None)
@given(table=spectra())
def test_spectra_come_back_exactly(suffix, tmp_path_factory, table):
    path = tmp_path_factory.mktemp("spectra") / f"table{suffix}"
    write_table(table, path)
    assert_identical(read_flux_table(path), table)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(derandomize=True, deadline=None)
@given(table=dipoles())
def test_dipoles_come_back_exactly(suffix, tmp_path_factory, table):
    path = tmp_path_factory.mktemp("dipoles") / f"table{suffix}"
    write_table(table, path)
    assert_identical(read_dipole_table(path), table)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_fits_and_ecsv_files_with_display_formats(suffix, tmp_path):
    # The shipped files carry display formats, which must not truncate what is written.
    raw = Table.read(table_path("ams-02_he_2015"))
    assert raw["rigidity"].format == ".6g"
    write_table(raw, tmp_path / f"ams-02_he_2015{suffix}")
    read = read_flux_table(tmp_path / f"ams-02_he_2015{suffix}")
    assert_identical(read, read_flux_table(table_path("ams-02_he_2015")))
    assert read["rigidity"][0] == 2.0317404


def test_fits_meta_is_one_header_card(tmp_path):
    table = flux_table()
    table.meta["comment"] = "it's long: " + 100 * "x'y & "
    write_table(table, tmp_path / "table.fits")
    header = fits.getheader(tmp_path / "table.fits", 1)
    assert "CRLMETA" in header
    assert not any(len(keyword) > 8 for keyword in header)
    assert read_flux_table(Table.read(tmp_path / "table.fits")).meta == table.meta


def test_ecsv_meta_is_readable_by_people(tmp_path):
    write_table(flux_table(), tmp_path / "table.ecsv")
    assert "experiment: TEST" in (tmp_path / "table.ecsv").read_text()


def test_numpy_numbers_in_meta(tmp_path):
    table = dipole_table()
    table.meta["declination_factor"] = np.float32(1.25)
    table.meta["year"] = np.int64(2020)
    write_table(table, tmp_path / "table.fits")
    meta = read_dipole_table(tmp_path / "table.fits").meta
    assert meta["declination_factor"] == 1.25
    assert meta["year"] == 2020


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_existing_file_is_kept_unless_told_otherwise(suffix, tmp_path):
    path = tmp_path / f"table{suffix}"
    write_table(flux_table(), path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_table(flux_table()[:2], path)
    assert len(read_flux_table(path)) == 4
    write_table(flux_table()[:2], path, overwrite=True)
    assert len(read_flux_table(path)) == 2


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_failed_write_leaves_everything_as_it_was(suffix, tmp_path, monkeypatch):
    path = tmp_path / f"table{suffix}"
    write_table(flux_table(), path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_table(flux_table()[:2], path, overwrite=True)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_writing_changes_nothing_in_the_table(tmp_path):
    table = flux_table()
    before = table.copy()
    write_table(table, tmp_path / "table.fits")
    assert_identical(table, before)


@pytest.mark.parametrize("name", ["table.csv", "table", "table.fits.gz", "table.FITS"])
def test_unknown_suffix(name, tmp_path):
    with pytest.raises(ValueError, match=r"expected the suffix \.ecsv or \.fits"):
        write_table(flux_table(), tmp_path / name)


def test_meta_that_cannot_be_kept(tmp_path):
    table = flux_table()
    table.meta["energy"] = 1 * u.GeV
    with pytest.raises(TypeError, match=r"meta: expected .*Quantity"):
        write_table(table, tmp_path / "table.ecsv")


def test_foreign_meta_under_our_keyword():
    table = flux_table()
    table.meta = {"CRLMETA": "{"}
    with pytest.raises(TableError, match="expected JSON under CRLMETA"):
        read_flux_table(table)


@pytest.mark.parametrize("text", ["[1, 2]", "5", '"text"', "null"])
def test_meta_that_is_no_dictionary(text, tmp_path):
    table = flux_table()
    table.meta = {"CRLMETA": text}
    table.write(tmp_path / "foreign.fits")
    with pytest.raises(TableError, match=r"foreign.fits: expected a dictionary as JSON .*anew"):
        read_flux_table(tmp_path / "foreign.fits")
