"""Directions, the Galactic frame and the motion of the local cloud."""

import astropy.units as u
import mpmath
import numpy as np
import pytest
import reference
from astropy.coordinates import ICRS, Galactic, SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from crlocal_plugin.physics.geometry import (
    GALACTIC_TO_ICRS,
    galactic_direction,
    icrs_direction,
    local_cloud,
    lsr_velocity,
    speed_and_cos2,
)

deterministic = settings(derandomize=True, deadline=None)
longitudes = st.floats(-2 * np.pi, 2 * np.pi)
latitudes = st.floats(-np.pi / 2, np.pi / 2)
speeds = st.floats(-100, 100)


def cloud_of(**changes):
    p = {**reference.PAPER, **changes}
    angles = {name: float(np.deg2rad(p[name])) for name in ("B_ra", "B_dec")}
    flow = {name: float(np.deg2rad(p[name])) for name in ("u_HC_ra", "u_HC_dec")}
    return local_cloud(
        angles["B_ra"],
        angles["B_dec"],
        p["u_HC"],
        flow["u_HC_ra"],
        flow["u_HC_dec"],
        p["U_sun"],
        p["V_sun"],
        p["W_sun"],
    )


def test_rotation_is_orthonormal():
    np.testing.assert_allclose(GALACTIC_TO_ICRS @ GALACTIC_TO_ICRS.T, np.eye(3), atol=2e-10)
    assert np.linalg.det(GALACTIC_TO_ICRS) == pytest.approx(1, abs=2e-10)


def test_rotation_follows_from_the_defining_angles():
    axes = [reference.number(axis) for axis in reference.galactic_axes_from_angles()]
    # the matrix is printed with ten digits
    np.testing.assert_allclose(GALACTIC_TO_ICRS.T, axes, atol=6e-11)


def test_rotation_is_that_of_astropy():
    axes = SkyCoord([0, 90, 0], [0, 0, 90], unit="deg", frame=Galactic).transform_to(ICRS())
    # astropy goes through FK5, 20 mas from the Hipparcos definition in ICRS
    np.testing.assert_allclose(GALACTIC_TO_ICRS, axes.cartesian.xyz.value, atol=1.5e-7)


@deterministic
@given(longitudes, latitudes)
def test_directions_are_those_of_astropy(longitude, latitude):
    galactic = SkyCoord(longitude * u.rad, latitude * u.rad, frame="galactic").icrs
    expected = galactic.cartesian.xyz.value
    np.testing.assert_allclose(galactic_direction(longitude, latitude), expected, atol=1.5e-7)
    equatorial = SkyCoord(longitude * u.rad, latitude * u.rad, frame="icrs").cartesian.xyz.value
    np.testing.assert_allclose(icrs_direction(longitude, latitude), equatorial, atol=1e-14)


@deterministic
@given(longitudes, latitudes)
def test_directions_are_unit_vectors(longitude, latitude):
    assert np.linalg.norm(icrs_direction(longitude, latitude)) == pytest.approx(1, abs=1e-14)
    assert np.linalg.norm(galactic_direction(longitude, latitude)) == pytest.approx(1, abs=2e-10)


def test_numbers_of_the_paper():
    cloud = cloud_of()
    # |u_LSR| and theta of the best fit
    assert cloud.speed == pytest.approx(19.3, abs=0.05)
    theta = np.rad2deg(np.arccos(np.sqrt(cloud.cos2_theta)))
    assert theta == pytest.approx(84.4, abs=0.05)
    # Sec. II B: angles of the field to the anti-centre and to the north Galactic pole
    anticenter = galactic_direction(np.pi, 0.0)
    assert np.rad2deg(np.arccos(anticenter @ cloud.field)) == pytest.approx(62.0, abs=0.05)
    pole = galactic_direction(0.0, np.pi / 2)
    assert np.rad2deg(np.arccos(pole @ cloud.field)) == pytest.approx(147.1, abs=0.05)


@pytest.mark.parametrize(
    ("V_sun", "right_ascension", "declination", "tolerance"),
    # the paper prints 53.6 and 68.5, which belongs to a V_sun close to 12 km/s
    [(15.5, 34.4, 68.2, 0.06), (12.0, 53.6, 68.5, 0.5)],
)
def test_transverse_direction(V_sun, right_ascension, declination, tolerance):
    cloud = cloud_of(V_sun=V_sun)
    across = cloud.velocity - (cloud.velocity @ cloud.field) * cloud.field
    x, y, z = across / np.linalg.norm(across)
    assert np.rad2deg(np.arctan2(y, x)) == pytest.approx(right_ascension, abs=tolerance)
    assert np.rad2deg(np.arcsin(z)) == pytest.approx(declination, abs=tolerance)
    expected = reference.transverse_direction(reference.parameters(V_sun=V_sun))
    np.testing.assert_allclose([x, y, z], reference.number(expected), atol=1e-14)


GEOMETRY = ["B_ra", "B_dec", "u_HC", "u_HC_ra", "u_HC_dec", "U_sun", "V_sun", "W_sun"]


@pytest.mark.parametrize("name", [None, *GEOMETRY])
def test_cloud_against_reference(name):
    changes = {} if name is None else {name: reference.OTHER_VALUES[name]}
    cloud = cloud_of(**changes)
    length, theta, unit = reference.cloud_motion(reference.parameters(**changes))
    assert cloud.speed == pytest.approx(float(length), rel=1e-13)
    assert cloud.cos2_theta == pytest.approx(float(mpmath.cos(theta) ** 2), rel=1e-12)
    expected = reference.number(reference.scale(length, unit))
    np.testing.assert_allclose(cloud.velocity, expected, rtol=1e-12, atol=1e-13)


def test_velocity_of_zero_is_defined():
    speed, cos2 = speed_and_cos2(np.zeros(3), icrs_direction(0.3, 0.2))
    assert (speed, cos2) == (0, 0)
    cloud = cloud_of(u_HC=0.0, U_sun=0.0, V_sun=0.0, W_sun=0.0)
    assert (cloud.speed, cloud.cos2_theta) == (0, 0)
    np.testing.assert_array_equal(cloud.velocity, np.zeros(3))


@deterministic
@given(longitudes, latitudes, speeds)
def test_velocity_along_the_field(longitude, latitude, speed):
    field = icrs_direction(longitude, latitude)
    length, cos2 = speed_and_cos2(speed * field, field)
    assert length == pytest.approx(abs(speed), rel=1e-12, abs=1e-150)
    # below 1e-150 km/s the square underflows
    if abs(speed) > 1e-150:
        assert cos2 == pytest.approx(1, abs=1e-12)


@deterministic
@given(speeds, speeds, speeds)
def test_solar_motion_keeps_its_length(U, V, W):
    velocity = lsr_velocity(0.0, np.zeros(3), U, V, W)
    length = float(np.sqrt(U * U + V * V + W * W))
    assert np.linalg.norm(velocity) == pytest.approx(length, rel=1e-9, abs=1e-12)


def test_parameter_sets_broadcast():
    rng = np.random.default_rng(3)
    columns = [rng.uniform(0.1, 1, (5, 1)) for _ in range(8)]
    together = local_cloud(*columns)
    assert together.velocity.shape == together.field.shape == (5, 1, 3)
    assert together.speed.shape == together.cos2_theta.shape == (5, 1)
    for row in range(5):
        alone = local_cloud(*(float(column[row, 0]) for column in columns))
        for many, one in zip(together, alone, strict=True):
            np.testing.assert_allclose(many[row, 0], one, rtol=1e-13)


def test_remembered_arrays_cannot_be_changed():
    direction = icrs_direction(0.25, 0.5)
    with pytest.raises(ValueError, match="read-only"):
        direction[0] = 2.0
    np.testing.assert_array_equal(direction, icrs_direction(0.25, 0.5))
