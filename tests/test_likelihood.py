"""Residuals of measurements, limits and dipoles, on plain arrays."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from crlocal_plugin.datasets.residuals import (
    DipoleData,
    FluxData,
    amplitude_phase_residuals,
    concatenate,
    limit_residual,
    limit_sigma,
    measurement_residual,
)

angles = st.floats(-20, 20)
components = st.floats(-1e-2, 1e-2)
sizes = st.floats(1e-5, 1e-2)


# Measurements


def test_residual_takes_the_error_of_the_side_of_the_model():
    model = np.array([8.0, 10.0, 16.0])
    assert_allclose(measurement_residual(model, 10.0, 1.0, 3.0), [-2, 0, 2], rtol=1e-15)


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(0.1, 10))
def test_symmetric_errors_give_the_plain_pull(model, value, error):
    assert measurement_residual(model, value, error, error) == (model - value) / error


def test_residual_broadcasts_over_parameter_sets():
    models = np.array([[8.0, 10.0], [16.0, 13.0]])
    assert_allclose(measurement_residual(models, 10.0, 1.0, 3.0), [[-2, 0], [2, 1]])


# Limits


def exact_limit_statistic(sigmas_above):
    with mpmath.workdps(250):
        return float(-2 * mpmath.log(mpmath.erfc(sigmas_above / mpmath.sqrt(2)) / 2))


@pytest.mark.parametrize("above", [-30, -8, -3, -1, 0, 0.5, 1, 2, 5, 10, 30, 100, 1000])
def test_limit_is_the_log_of_the_normal_distribution(above):
    residual = limit_residual(2.0 + above * 0.5, 2.0, 0.5)
    assert_allclose(residual**2, exact_limit_statistic(above), rtol=1e-12, atol=1e-300)


def test_limit_rises_without_bound():
    above = np.concatenate([np.linspace(-35, 100, 1000), np.geomspace(101, 1e6, 100)])
    residual = limit_residual(1 + above, 1.0, 1.0)
    assert np.all(np.isfinite(residual))
    assert np.all(np.diff(residual) > 0)
    # far above, the distance from the limit
    assert_allclose(residual[-1] / above[-1], 1, rtol=1e-6)


def test_model_at_the_limit_counts_half_a_gaussian():
    assert_allclose(limit_residual(1.0, 1.0, 0.3) ** 2, 2 * np.log(2), rtol=1e-14)


@pytest.mark.parametrize(
    ("confidence", "quantile"),
    [(0.95, 1.6448536269514722), (0.9, 1.2815515655446004), (0.99, 2.3263478740408408)],
)
def test_limit_sigma_is_a_one_sided_quantile(confidence, quantile):
    assert_allclose(limit_sigma(np.array([1.0, 3.0]), confidence), [1 / quantile, 3 / quantile])


# Dipoles as vectors


def vector_residuals(x, y, *measured):
    """Residuals of one vector, from amplitude, phase and errors."""
    columns = ([value] for value in (*measured, 1.0, np.nan, np.nan, False))
    return DipoleData(*map(np.array, columns)).residuals((np.array([x]), np.array([y])))


def test_vector_residuals_by_hand():
    # measured 10 towards 90 deg; predicted (3, 16): 6 too long, 3 to the right of it
    radial, across = vector_residuals(3.0, 16.0, 10.0, np.pi / 2, 2.0, 4.0, 0.5)
    assert_allclose([radial, across], [6 / 4, -3 / 0.5], rtol=1e-14)
    radial, across = vector_residuals(-1.0, 4.0, 10.0, np.pi / 2, 2.0, 4.0, 0.5)
    assert_allclose([radial, across], [-6 / 2, 1 / 0.5], rtol=1e-14)


def test_prediction_in_the_opposite_direction_is_too_short():
    radial, across = vector_residuals(-5.0, 0.0, 5.0, 0.0, 1.0, 100.0, 1.0)
    assert_allclose([radial, across], [-10, 0], atol=1e-14)


@given(components, components, sizes, angles, angles)
def test_vector_residuals_do_not_depend_on_the_origin_of_right_ascension(
    x, y, amplitude, phase, turn
):
    errors = 1e-4, 3e-4, 2e-4
    one = vector_residuals(x, y, amplitude, phase, *errors)
    cos, sin = np.cos(turn), np.sin(turn)
    other = vector_residuals(x * cos - y * sin, x * sin + y * cos, amplitude, phase + turn, *errors)
    assert_allclose(other, one, atol=1e-10)


@given(components, components, sizes, angles, sizes)
def test_equal_errors_give_the_distance_of_the_vectors(x, y, amplitude, phase, error):
    pair = vector_residuals(x, y, amplitude, phase, error, error, error)
    distance = np.hypot(x - amplitude * np.cos(phase), y - amplitude * np.sin(phase)) / error
    assert_allclose(np.hypot(*pair), distance, rtol=1e-9, atol=1e-9)


@given(components, components, sizes, angles, st.integers(-3, 3))
def test_full_turns_of_the_phase_change_nothing(x, y, amplitude, phase, turns):
    for compare in (vector_residuals, amplitude_phase_residuals):
        one = np.array(compare(x, y, amplitude, phase, 1e-3, 2e-3, 0.3))
        other = np.array(compare(x, y, amplitude, phase + 2 * np.pi * turns, 1e-3, 2e-3, 0.3))
        # half a turn off, the sign of the short way is a matter of rounding
        assert_allclose(np.abs(other), np.abs(one), atol=1e-9)


# Amplitude and phase


@pytest.mark.parametrize(
    ("predicted", "measured", "turn"),
    [(10, 350, 20), (350, 10, -20), (100, 60, 40), (179, -179, -2), (0, 359.5, 0.5), (30, 750, 0)],
)
def test_phase_differences_go_the_short_way(predicted, measured, turn):
    x, y = 2e-3 * np.cos(np.deg2rad(predicted)), 2e-3 * np.sin(np.deg2rad(predicted))
    amplitude, phase = amplitude_phase_residuals(
        x, y, 1e-3, np.deg2rad(measured), 1e-4, 5e-4, np.deg2rad(4)
    )
    assert_allclose(amplitude, 2, rtol=1e-12)
    assert_allclose(phase, turn / 4, rtol=1e-9, atol=1e-9)


# Joined arrays


def test_flux_data_mix_measurements_and_limits():
    data = FluxData(
        np.array([10.0, 2.0]), np.array([1.0, 0.5]), np.array([3.0, 0.5]), np.array([False, True])
    )
    residuals = data.residuals(np.array([[16.0, 2.5], [8.0, 2.0]]))
    assert residuals.shape == (2, 2)
    assert_allclose(residuals[:, 0], [2, -2])
    assert_allclose(residuals[:, 1] ** 2, [exact_limit_statistic(1), 2 * np.log(2)], rtol=1e-12)


@pytest.mark.parametrize("likelihood", ["vector", "amplitude_phase"])
def test_bare_dipole_limit_counts_the_amplitude_only(likelihood):
    nan = np.array([np.nan])
    limit = np.array([4.0]), np.array([1.0]), np.isnan(nan)
    data = DipoleData(nan, nan, nan, nan, nan, nan, *limit, likelihood=likelihood)
    along, across = data.residuals((np.array([3.0]), np.array([4.0])))
    assert_allclose(along**2, exact_limit_statistic(1), rtol=1e-12)
    assert across == 0


def test_joined_data_keep_the_order():
    def data(value):
        return FluxData(*(np.full(2, value) for _ in range(3)), np.zeros(2, dtype=bool))

    joined = concatenate([data(1.0), data(2.0)])
    assert isinstance(joined, FluxData)
    assert_allclose(joined.value, [1, 1, 2, 2])
    assert joined.is_ul.dtype == bool
