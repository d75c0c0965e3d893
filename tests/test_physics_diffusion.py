"""Diffusion coefficients on both scales."""

import mpmath
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from crlocal_plugin.physics.diffusion import (
    bohm_coefficient,
    directional_ratio,
    local_perpendicular_ratio,
    log_diffusion_shape,
    log_local_parallel_diffusion,
)
from crlocal_plugin.physics.kinematics import particle_grid
from crlocal_plugin.physics.species import Species

deterministic = settings(derandomize=True, deadline=None)
RIGIDITIES = np.geomspace(0.1, 1e9, 21)
NUCLEI = {
    name: Species(name, nucleus.Z, nucleus.A, nucleus.m)
    for name, nucleus in reference.NUCLEI.items()
}
positive = st.floats(-3, 3).map(lambda exponent: 10**exponent)


def local(p, name):
    grid = particle_grid(RIGIDITIES, NUCLEI[name])
    R_cr = float(p["R_cr"]) * 1e6
    delta = float(p["delta_local"])
    parallel = log_local_parallel_diffusion(grid, R_cr, float(p["B"]), delta)
    return np.exp(parallel), local_perpendicular_ratio(grid, R_cr, delta)


def test_numbers_of_the_paper():
    # Sec. II A: Bohm diffusion at 3 PV and 3 uG, printed as 3.3e28
    assert bohm_coefficient(3e6, 3.0) == pytest.approx(3.33e28, rel=2e-3)
    assert bohm_coefficient(3e6, 3.0) == pytest.approx(1e29 / 3, rel=1e-14)
    # k_0 without the speed of the particle; the paper rounds to 4.9e26
    grid = particle_grid([10.0], "H")
    k_0 = np.exp(log_local_parallel_diffusion(grid, 3e6, 3.0, 1 / 3) - grid.log_beta)
    assert k_0 == pytest.approx(4.98e26, rel=1e-3)
    assert k_0 == pytest.approx(4.9e26, rel=0.02)
    # D_0 = 2.15e28 at 10 GV, again without the speed
    D = 2.15e28 * np.exp(log_diffusion_shape(grid, 1 / 3) - grid.log_beta)
    assert pytest.approx(2.15e28, rel=1e-12) == D


@pytest.mark.parametrize("name", NUCLEI)
@pytest.mark.parametrize("changed", [None, "R_cr", "B", "delta_local"])
def test_local_diffusion_against_reference(name, changed):
    p = reference.parameters(**({changed: reference.OTHER_VALUES[changed]} if changed else {}))
    parallel, ratio = local(p, name)
    for R, value, part in zip(RIGIDITIES, parallel, ratio, strict=True):
        k_par, k_perp = reference.local_diffusion(R, reference.NUCLEI[name], p)
        assert value == pytest.approx(float(k_par), rel=1e-12)
        assert part == pytest.approx(float(k_perp / k_par), rel=1e-12)


@pytest.mark.parametrize("name", NUCLEI)
@pytest.mark.parametrize("changed", [None, "D_0", "delta"])
def test_large_scale_diffusion_against_reference(name, changed):
    p = reference.parameters(**({changed: reference.OTHER_VALUES[changed]} if changed else {}))
    grid = particle_grid(RIGIDITIES, NUCLEI[name])
    logs = np.log(float(p["D_0"])) + log_diffusion_shape(grid, float(p["delta"]))
    for R, log in zip(RIGIDITIES, logs, strict=True):
        expected = mpmath.log(reference.diffusion(R, reference.NUCLEI[name], p))
        assert log == pytest.approx(float(expected), rel=1e-14)


@deterministic
@given(positive, positive, positive)
def test_k_0_scales_with_critical_rigidity_and_field(R_cr, factor, B):
    # k_0 is proportional to R_cr^(2/3) / B, and B enters nowhere else
    grid = particle_grid([10.0], "H")
    base = log_local_parallel_diffusion(grid, 1e6 * R_cr, B, 1 / 3)
    scaled = log_local_parallel_diffusion(grid, 1e6 * R_cr * factor, B, 1 / 3)
    assert scaled - base == pytest.approx(2 / 3 * np.log(factor), abs=1e-11)
    weaker = log_local_parallel_diffusion(grid, 1e6 * R_cr, B * factor, 1 / 3)
    assert weaker - base == pytest.approx(-np.log(factor), abs=1e-11)
    # the pair (R_cr, B) with R_cr^(2/3) / B kept has the same parallel diffusion
    both = log_local_parallel_diffusion(grid, 1e6 * R_cr * factor, B * factor ** (2 / 3), 1 / 3)
    assert both == pytest.approx(base, abs=1e-11)


@deterministic
@given(positive, st.floats(0, 1))
def test_half_is_perpendicular_at_the_critical_rigidity(R_cr, delta):
    # omega tau = 1 there
    grid = particle_grid([1e6 * R_cr], "H")
    assert local_perpendicular_ratio(grid, 1e6 * R_cr, delta) == pytest.approx(0.5, rel=1e-13)


def test_limits_of_the_perpendicular_ratio():
    grid = particle_grid([1e-1, 1e12], "H")
    low, high = local_perpendicular_ratio(grid, 3e6, 1 / 3)
    assert low == pytest.approx((0.1 / 3e6) ** (4 / 3), rel=1e-9)
    assert high == pytest.approx(1, abs=1e-6)


@deterministic
@given(st.floats(0, 1), st.floats(0, 1))
def test_direction(cos2, ratio):
    value = directional_ratio(cos2, ratio)
    # isotropic diffusion has no direction; along and across are the ends
    assert directional_ratio(cos2, 1.0) == pytest.approx(1, abs=1e-15)
    assert directional_ratio(1.0, ratio) == 1
    assert directional_ratio(0.0, ratio) == ratio
    assert min(ratio, 1) - 1e-15 <= value <= 1 + 1e-15
