"""Declination factors: from fields of view, and recovered from simulated maps of the sky."""

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table

import crlocal_plugin as crl
from crlocal_plugin.tables.raw_table import TableError

VIEWS = {
    # latitude and largest zenith angle in deg, factor of an independent calculation
    "IceCube": (-90, 65, 1.537),
    "IceTop": (-90, 55, 1.740),
    "EAS-TOP": (42.5, 40, 1.279),
    "Kamiokande": (36.43, 90, 1.210),
    "ARGO-YBJ": (30.11, 40, 1.180),
    "KASCADE-Grande": (49.1, 40, 1.341),
    "MACRO": (42.45, 90, 1.199),
}


def table(**meta):
    columns = {"energy": [1e4, 1e5] * u.GeV, "amplitude": [1e-3, 5e-4]}
    table = Table(columns | {"amplitude_err": [1e-4, 1e-4], "phase": [40.0, 250.0] * u.deg})
    table["phase_err"] = [5.0, 10.0] * u.deg
    table.meta = {"name": "mine", "amplitude_kind": "first_harmonic", **meta}
    return table


@pytest.mark.parametrize("name", VIEWS)
def test_factor_follows_from_the_field_of_view(name):
    latitude, zenith, factor = VIEWS[name]
    dataset = crl.DipoleDataset.read(table(latitude=latitude, max_zenith=zenith))
    assert dataset.declination_factor == pytest.approx(factor, abs=6e-4)
    assert dataset.amplitude == pytest.approx(np.array([1e-3, 5e-4]) * dataset.declination_factor)
    text = crl.DipoleDataset.read(table(latitude=f"{latitude} deg", max_zenith=f"{zenith} deg"))
    assert text.declination_factor == dataset.declination_factor


def published_amplitude(declinations, dipole, quadrupole, n_bands=60, n_right_ascension=360):
    """First harmonic of a sky as an analysis in declination bands publishes it.

    The intensity of each band is known only relative to its mean over right ascension, which a
    detector that turns with the Earth cannot compare between bands. Bands are averaged with their
    solid angles, and a wave is fitted in right ascension.
    """
    edges = np.sin(np.deg2rad(np.linspace(*declinations, n_bands + 1)))
    declination = np.arcsin((edges[1:] + edges[:-1]) / 2)[:, np.newaxis]
    alpha = np.arange(n_right_ascension) * 2 * np.pi / n_right_ascension
    cos, sin = np.cos(declination), np.sin(declination)
    n = np.stack([cos * np.cos(alpha), cos * np.sin(alpha), sin * np.ones_like(alpha)], axis=-1)
    intensity = 1 + n @ dipole + np.einsum("...i,ij,...j->...", n, quadrupole, n)
    relative = intensity / intensity.mean(axis=1, keepdims=True) - 1
    profile = np.average(relative, axis=0, weights=np.diff(edges))
    wave = 2 * np.mean(profile * np.exp(1j * alpha))
    return abs(wave)


@pytest.mark.parametrize("name", VIEWS)
def test_factor_is_recovered_from_maps(name):
    latitude, zenith, _ = VIEWS[name]
    view = crl.FieldOfView(latitude * u.deg, zenith * u.deg)
    declinations = view.declination_range.to_value("deg")
    for dipole in ([8e-4, 6e-4, 0.0], [8e-4, 6e-4, 2e-3]):
        amplitude = published_amplitude(declinations, np.array(dipole), np.zeros((3, 3)))
        assert 1e-3 / amplitude == pytest.approx(view.declination_factor, rel=2e-3)
    # a quadrupole in the plane of the equator is another harmonic
    plane = np.diag([5e-4, -5e-4, 0.0])
    amplitude = published_amplitude(declinations, np.array([8e-4, 6e-4, 0.0]), plane)
    assert 1e-3 / amplitude == pytest.approx(view.declination_factor, rel=2e-3)


def test_part_of_the_sky_in_view():
    whole = crl.DipoleDataset.read(table(latitude=30, max_zenith=40))
    part = crl.DipoleDataset.read(table(latitude=30, max_zenith=40, declination_range=[-10, 0]))
    assert part.declination_factor < 1.01 < whole.declination_factor


def test_a_file_keeps_it(tmp_path):
    dataset = crl.DipoleDataset.read(table(latitude=42.5, max_zenith=40))
    dataset.write(tmp_path / "mine.ecsv")
    again = crl.DipoleDataset.read(tmp_path / "mine.ecsv")
    assert again.declination_factor == dataset.declination_factor
    assert again.table.meta["latitude"] == 42.5


def test_equatorial_dipoles_have_none():
    dataset = crl.DipoleDataset.read(
        table(latitude=-90, max_zenith=65, amplitude_kind="equatorial_dipole")
    )
    assert dataset.declination_factor == 1


def test_what_the_caller_says_counts():
    own = table(latitude=-90, max_zenith=65)
    assert crl.DipoleDataset.read(own, declination_factor=1.7).declination_factor == 1.7


BAD = {
    "no zenith angle": ({"latitude": 30}, "latitude: .* expected latitude and max_zenith"),
    "no latitude": ({"max_zenith": 30}, "max_zenith: .* expected latitude and max_zenith"),
    "beyond the pole": ({"latitude": 95, "max_zenith": 30}, "from -90 to 90 deg, got 95"),
    "no sky": ({"latitude": 30, "max_zenith": 0}, "0 deg leaves no sky"),
    "words": ({"latitude": "north", "max_zenith": 30}, "latitude, max_zenith: .*north"),
    "unit": ({"latitude": "3 km", "max_zenith": 30}, "latitude, max_zenith: .*km"),
    "not in view": (
        {"latitude": -90, "max_zenith": 65, "declination_range": [0, 30]},
        "declinations from 0 deg to 30 deg are never in view: the experiment sees -90 deg to -25",
    ),
    "turned": (
        {"latitude": 30, "max_zenith": 65, "declination_range": [30, 0]},
        "lowest and highest declination",
    ),
    "typed": (
        {"latitude": 42.5, "max_zenith": 40, "declination_factor": 1.38},
        "declination_factor: 1.38 is not 1.279, that of the field of view",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_fields_of_view_are_named(case):
    meta, words = BAD[case]
    with pytest.raises(TableError, match=words):
        crl.DipoleDataset.read(table(**meta))
