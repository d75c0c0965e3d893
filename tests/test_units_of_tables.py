"""Units of measured tables, logarithmic ones among them."""

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable, Table
from numpy.testing import assert_allclose

from crlocal_plugin import CosmicRayFluxDataset
from crlocal_plugin.tables.dipole import read_dipole_table
from crlocal_plugin.tables.mean_log_mass import read_mean_log_mass_table
from crlocal_plugin.tables.raw_table import TableError
from crlocal_plugin.tables.spectrum import read_flux_table
from crlocal_plugin.units import is_per_nucleon, read_unit

ENERGY = np.array([100.0, 268.0, 720.0])
INTENSITY = u.Unit("1 / (GeV m2 s sr)")


def flux_table(kind=Table, **columns):
    """Three points, with some columns replaced."""
    content = {
        "energy": ENERGY * u.GeV,
        "intensity": [8e-2, 1e-2, 2e-3] * INTENSITY,
        "intensity_err": [8e-3, 1e-3, 2e-4] * INTENSITY,
    }
    return kind(content | columns, meta={"quantity": "H", "axis": "kinetic_energy"})


@pytest.mark.parametrize("kind", [Table, QTable])
@pytest.mark.parametrize("unit", ["dex(GeV)", "dex(TeV)", "mag(GeV)", "dB(GeV)", "dB(eV)"])
def test_logarithms_of_the_energy(unit, kind):
    energy = (ENERGY * u.GeV).to(u.Unit(unit))
    assert_allclose(read_flux_table(flux_table(kind, energy=energy))["energy"], ENERGY, rtol=1e-12)


def test_a_logarithm_in_a_file(tmp_path):
    path = tmp_path / "mine.ecsv"
    table = flux_table(energy=np.log10(ENERGY))
    table["energy"].unit = "dex(GeV)"
    table.write(path)
    assert_allclose(read_flux_table(path)["energy"], ENERGY, rtol=1e-12)


def test_a_logarithm_that_columns_tell():
    table = flux_table(energy=np.log10(ENERGY))
    result = read_flux_table(table, columns={"energy": ("energy", "dex(GeV)")})
    assert_allclose(result["energy"], ENERGY, rtol=1e-12)
    assert result["energy"].unit == u.GeV


def test_a_logarithm_of_the_intensity():
    plain = read_flux_table(flux_table())
    intensity = plain["intensity"].quantity.to(u.dex(u.Unit("1 / (TeV cm2 s sr)")))
    result = read_flux_table(flux_table(QTable, intensity=intensity))
    assert_allclose(result["intensity"], plain["intensity"], rtol=1e-12)


def test_a_logarithm_of_an_amplitude():
    table = Table({"energy": [1e4] * u.GeV, "amplitude": [-3.0], "amplitude_err": [1e-4]})
    table["phase"], table["phase_err"] = [30] * u.deg, [5] * u.deg
    table["amplitude"].unit = u.dex(1)
    assert_allclose(read_dipole_table(table)["amplitude"], 1e-3, rtol=1e-12)


@pytest.mark.parametrize("unit", ["dex(1 / (GeV m2 s sr))", "mag(1 / (GeV m2 s sr))"])
@pytest.mark.parametrize("name", ["intensity_err", "intensity_stat_err", "intensity_stat_errn"])
def test_an_error_is_no_logarithm(unit, name):
    table = flux_table(intensity_err=[0.1, 0.1, 0.1])
    table["intensity_err"].unit = unit
    table.rename_column("intensity_err", name)
    if name.endswith("n"):
        table["intensity_stat_errp"] = table[name]
    words = f"column '{name}': expected a unit like .*, got .*, which is logarithmic; give errors"
    with pytest.raises(TableError, match=words):
        read_flux_table(table)


def test_a_mean_logarithm_is_one_already():
    table = Table({"energy": [1e6] * u.GeV, "mean_log_mass": [0.5], "mean_log_mass_err": [0.1]})
    table["mean_log_mass"].unit = u.dex(1)
    with pytest.raises(TableError, match=r"column 'mean_log_mass': expected no unit.*logarithmic"):
        read_mean_log_mass_table(table)


@pytest.mark.parametrize("unit", ["dex(m)", "mag", "dex", "dB"])
def test_a_logarithm_of_something_else(unit):
    table = flux_table(energy=[1.0, 2.0, 3.0])
    table["energy"].unit = unit
    with pytest.raises(TableError, match="column 'energy': expected a unit like GeV, got"):
        read_flux_table(table)


def test_a_unit_that_is_none():
    table = flux_table(energy=[1.0, 2.0, 3.0])
    table["energy"].unit = u.Unit("furlongs", parse_strict="silent")
    with pytest.raises(TableError, match=r"'energy': expected a unit like GeV, got furlongs"):
        read_flux_table(table)


def test_a_logarithm_that_is_far_too_large():
    table = flux_table(energy=[1.0, 2.0, 400.0])
    table["energy"].unit = "dex(GeV)"
    with pytest.raises(TableError, match="row 2, column 'energy': expected a finite number, got 4"):
        read_flux_table(table)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("GeV/n", "GeV"), ("GeV / nucleon", "GeV"), ("MeV nuc^-1", "MeV"), ("GeV/u", "GeV")),
        *(("GEV", "GeV"), ("GEV**-1", "GeV-1"), ("[TeV]", "TeV"), ("degrees", "deg")),
        ("m^-2 s^-1 sr^-1 (GeV/n)^-1", INTENSITY),
        ("$(m^{2} sr s GeV)^{-1}$", INTENSITY),
        ("1/(m2 s sr (GeV/n))", INTENSITY),
        ("#/sr/s/m2/GV", "GV-1 m-2 s-1 sr-1"),
        ("log10(E/GeV)", "dex(GeV)"),
        ("10**-3 / (GeV s)", "1e-3 GeV-1 s-1"),
    ],
)
def test_units_as_they_are_written(text, expected):
    assert read_unit(text) == u.Unit(expected)
    assert is_per_nucleon(text) == ("/n" in text or "nuc" in text or text == "GeV/u")


@pytest.mark.parametrize("text", ["furlongs", "(10^-3 GeV)^-1", "GeV per n", "1/(m2 s"])
def test_texts_that_are_no_units(text):
    with pytest.raises(ValueError, match="did not parse as unit"):
        read_unit(text)


def test_energies_per_nucleon(tmp_path):
    table = flux_table()
    table.meta.pop("axis")
    columns = {"energy": ("energy", "TeV/n")}
    table["energy"].unit = None
    result = read_flux_table(table, columns=columns)
    assert result.meta["axis"] == "kinetic_energy_per_nucleon"
    assert_allclose(result["energy"], 1e3 * ENERGY)
    with pytest.raises(TableError, match=r"'energy': the unit is per nucleon, the axis is total"):
        read_flux_table(table, columns=columns, axis="total_energy")
    # as a file has it, which astropy does not understand
    table["energy"].unit = u.Unit("GeV / nucleon", parse_strict="silent")
    table.write(tmp_path / "mine.ecsv")
    dataset = CosmicRayFluxDataset.read(tmp_path / "mine.ecsv", energy_range=("200 GeV/n", None))
    assert dataset.axis == "kinetic_energy_per_nucleon"
    assert dataset.mask_fit.tolist() == [False, True, True]
    dataset = CosmicRayFluxDataset.read(flux_table())
    with pytest.raises(ValueError, match=r"200 GeV/n, which is per nucleon; the axis is kinetic_"):
        dataset.energy_range = ("200 GeV/n", None)


def test_plain_units_keep_every_digit():
    result = read_flux_table(flux_table())
    assert result["energy"].tobytes() == ENERGY.tobytes()
    scaled = read_flux_table(flux_table(energy=ENERGY * u.TeV))
    assert scaled["energy"].tobytes() == (ENERGY * 1000.0).tobytes()
