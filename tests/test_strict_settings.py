"""Settings of datasets: what is none is refused in Python, in tables and in analyses alike."""

import astropy.units as u
import numpy as np
import pytest

import crlocal_plugin as crl
from crlocal_plugin import Analysis

NAN, INF = np.nan, np.inf
SPECTRUM, DIPOLE = "dampe_h", "tibet-asgamma-2017"


def cases(key, *values):
    return [(key, value) for value in values]


REFUSED = [
    *cases("floor", True, "no", "x", None, [0.1], -0.1, 10.1, 1e300, NAN, INF, "nan"),
    *cases("floor", "5 GeV", 0.1j, {"floor": 1}, [[1], [1, 2]]),
    *cases("phase_floor", "-1 deg", "181 deg", "nan deg", "inf deg", 5, True, "5 m", "no", None),
    *cases("energy_range", ["nan GeV", None], [None, "inf GeV"], ["1 TeV", "1 GeV"], [1, 2], 5),
    *cases("energy_range", [True, None], ["1 GeV"], "ab", ["1 m", None], [[1, 2], None]),
    *cases("mask_fit", ["False"] * 18, [0, 1] * 9, [True] * 17, "False", [None] * 18, True),
    *cases("mask_fit", [[True] * 18], [[True], [True, False]] * 9),
    *cases("systematics", "no", 0, 1, None, [True], "false"),
    *cases("apply_declination_factor", "no", 0, None),
    *cases("likelihood", "polar", 3, True, ["vector"], None),
]
"""Settings by key with values that they cannot have; 18 points have a mask."""

ALLOWED = [
    *cases("floor", 0, 10, np.float32(0.5), np.int64(1), 0.1 * u.one, "5 %"),
    *cases("phase_floor", 0 * u.deg, "180 deg", np.float32(1) * u.rad),
    *cases("energy_range", None, [None, None], ["100 GeV", None], [None, "50 TeV"]),
    *cases("energy_range", (100 * u.GeV, np.float32(50) * u.TeV), [0.1, 50] * u.TeV),
    *cases("mask_fit", None, [True, False] * 9, np.ones(18, bool)),
    *cases("systematics", True, np.False_),
    *cases("apply_declination_factor", np.True_),
]


def table_of(key):
    """A table whose datasets have the setting, and their class."""
    is_dipole = key in ("phase_floor", "apply_declination_factor", "likelihood")
    (dataset,) = crl.load_datasets(DIPOLE if is_dipole else SPECTRUM)
    return dataset.table.copy(), type(dataset)


@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_refused_in_python(key, value):
    table, cls = table_of(key)
    dataset = cls(table)
    before = getattr(dataset, key)
    with pytest.raises(ValueError, match=rf"dataset '{dataset.name}': {key}"):
        setattr(dataset, key, value)
    assert getattr(dataset, key) == before
    with pytest.raises(ValueError, match=rf"dataset '{dataset.name}': {key}"):
        cls(table, **{key: value})


@pytest.mark.parametrize(("key", "value"), REFUSED)
def test_refused_in_the_meta_of_a_table(tmp_path, key, value):
    table, cls = table_of(key)
    name = table.meta["name"]
    table.meta["dataset"] = {key: value}
    with pytest.raises(ValueError, match=rf"{name}.*: {key}"):
        cls.read(table)
    if isinstance(value, complex):
        return
    table.write(tmp_path / f"{name}.ecsv")
    with pytest.raises(ValueError, match=rf"{name}.*: {key}"):
        crl.load_datasets(tmp_path / f"{name}.ecsv")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (key, value)
        for key, value in REFUSED
        if key in ("floor", "phase_floor", "energy_range") and value is not None
    ],
)
def test_refused_in_an_analysis(key, value):
    name = DIPOLE if key == "phase_floor" else SPECTRUM
    with pytest.raises(ValueError, match=key):
        Analysis(datasets=[{"name": name, key: value}]).prepare()


@pytest.mark.parametrize("value", ["no", 0, 1, None, [True]])
@pytest.mark.parametrize("key", ["systematics", "declination_factor"])
def test_switches_of_an_analysis(key, value):
    with pytest.raises(ValueError, match=rf"(?s){key}.*valid boolean"):
        Analysis(**{key: value})


@pytest.mark.parametrize("value", [True, -0.1, 10.1, 1e300, NAN, INF, "no", [0.1], "5 GeV"])
def test_floors_of_all_tables(value):
    with pytest.raises(ValueError, match=r"(?s)floors.*expected recommended, none or a fraction"):
        Analysis(floors=value)
    with pytest.raises(ValueError, match="floor"):
        crl.load_datasets(SPECTRUM, floors=value)
    with pytest.raises(ValueError, match=f"'{SPECTRUM}': floor must be a fraction"):
        crl.load_datasets(SPECTRUM, floors={SPECTRUM: value})


@pytest.mark.parametrize(("key", "value"), ALLOWED)
def test_allowed(tmp_path, key, value):
    table, cls = table_of(key)
    dataset = cls(table, **{key: value})
    dataset.write(tmp_path / "again.ecsv")
    table.meta["dataset"] = {key: value}
    for same in (cls.read(table), cls.read(tmp_path / "again.ecsv")):
        assert np.all(getattr(same, key) == getattr(dataset, key))
    if key in ("floor", "phase_floor", "energy_range"):
        analysis = Analysis(datasets=[{"name": dataset.name, key: value}])
        if value is not None:
            assert getattr(analysis.prepare()[0], key) == getattr(dataset, key)


@pytest.mark.parametrize("stored", [5, None, "floor", [["floor", 0.1]]])
def test_settings_of_a_table_are_keys_with_values(stored):
    table, cls = table_of("floor")
    table.meta["dataset"] = stored
    with pytest.raises(crl.TableError, match=rf"{SPECTRUM}: dataset: expected settings such as"):
        cls.read(table)


def test_a_file_is_named(tmp_path):
    table, cls = table_of("floor")
    table.meta["dataset"] = {"floor": "x"}
    table.write(tmp_path / "mine.ecsv")
    message = r"mine.ecsv: dataset: floor must be a fraction >= 0, got 'x'; correct the meta"
    with pytest.raises(crl.TableError, match=message):
        cls.read(tmp_path / "mine.ecsv")
    table.meta["dataset"] = {5: 1}
    with pytest.raises(crl.TableError, match=f"{SPECTRUM}: unknown dataset settings 5; expected"):
        cls.read(table)


def table_without_view():
    """First harmonics whose factor somebody types."""
    table, cls = table_of("phase_floor")
    table.meta["amplitude_kind"] = "first_harmonic"
    del table.meta["latitude"], table.meta["max_zenith"]
    return table, cls


@pytest.mark.parametrize("factor", [True, 1e300, 101, 0.009, 0, -1, NAN, INF, "x", [1.2], {}])
def test_declination_factor(factor):
    table, cls = table_without_view()
    table.meta["declination_factor"] = factor
    for make in (cls, cls.read):
        with pytest.raises(ValueError, match=": declination_factor"):
            make(table)
    if factor == 0:
        return
    table.meta["declination_factor"] = 1.2
    with pytest.raises(crl.TableError, match=": declination_factor"):
        cls.read(table, declination_factor=factor)


@pytest.mark.parametrize("factor", [0.01, 100, np.float32(1.25), np.int64(1)])
def test_allowed_declination_factor(factor):
    table, cls = table_without_view()
    table.meta["declination_factor"] = factor
    assert cls(table).declination_factor == cls.read(table).declination_factor == factor


def test_another_table_needs_masks_of_its_length():
    table, cls = table_of("floor")
    dataset = cls(table, energy_range=("100 GeV", None))
    dataset.mask_safe = np.ones(18, bool)
    with pytest.raises(ValueError, match="mask_safe is for 18 points, the new table has 17"):
        dataset.table = table[1:]
    dataset.mask_safe = None
    dataset.table = table[1:]
    assert len(dataset.table) == 17
