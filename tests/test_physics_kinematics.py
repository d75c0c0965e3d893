"""Axes, speeds and Jacobians against mpmath and exact identities."""

import mpmath
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from crlocal_plugin.physics.kinematics import (
    AXES,
    axis_jacobian,
    axis_to_rigidity,
    particle_grid,
    rigidity_to_axis,
)
from crlocal_plugin.physics.species import SPECIES, Species

deterministic = settings(derandomize=True, deadline=None)
RIGIDITIES = np.geomspace(0.1, 1e9, 25)
NUCLEI = {
    name: Species(name, nucleus.Z, nucleus.A, nucleus.m)
    for name, nucleus in reference.NUCLEI.items()
}
rigidities = st.floats(-1, 9).map(lambda exponent: 10**exponent)
species = st.sampled_from(list(SPECIES.values()))


@pytest.mark.parametrize("name", NUCLEI)
def test_speed_against_reference(name):
    grid = particle_grid(RIGIDITIES, NUCLEI[name])
    expected = [reference.speed(R, reference.NUCLEI[name]) for R in RIGIDITIES]
    np.testing.assert_allclose(grid.beta, reference.number(expected), rtol=1e-14)
    logs = [mpmath.log(beta) for beta in expected]
    np.testing.assert_allclose(grid.log_beta, reference.number(logs), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(grid.log_rigidity, np.log(RIGIDITIES), rtol=1e-15)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", NUCLEI)
def test_axis_against_reference(name, axis):
    expected = [reference.on_axis(R, reference.NUCLEI[name], axis) for R in RIGIDITIES]
    values = rigidity_to_axis(RIGIDITIES, NUCLEI[name], axis)
    np.testing.assert_allclose(values, reference.number(expected), rtol=1e-13)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", NUCLEI)
def test_jacobian_is_the_numerical_derivative(name, axis):
    nucleus = reference.NUCLEI[name]
    grid = particle_grid(RIGIDITIES, NUCLEI[name])
    values = axis_jacobian(grid.beta, NUCLEI[name], axis)
    for R, value in zip(RIGIDITIES, values, strict=True):
        slope = mpmath.diff(lambda r: reference.on_axis(r, nucleus, axis), R, h=R * 1e-15)
        assert value == pytest.approx(float(1 / slope), rel=1e-10)


@deterministic
@given(rigidities, species, st.sampled_from(AXES))
def test_round_trip(R, nucleus, axis):
    value = rigidity_to_axis(R, nucleus, axis)
    # at low rigidity the total energy is little above the rest energy and loses digits
    lost = (nucleus.rest_energy / (nucleus.Z * R)) ** 2 if axis == "total_energy" else 0
    assert axis_to_rigidity(value, nucleus, axis) == pytest.approx(R, rel=1e-14 * (1 + 10 * lost))


@deterministic
@given(rigidities, species)
def test_energies_agree(R, nucleus):
    kinetic = rigidity_to_axis(R, nucleus, "kinetic_energy")
    total = rigidity_to_axis(R, nucleus, "total_energy")
    assert kinetic + nucleus.rest_energy == pytest.approx(float(total), rel=1e-14)
    per_nucleon = rigidity_to_axis(R, nucleus, "kinetic_energy_per_nucleon")
    assert per_nucleon * nucleus.A == pytest.approx(float(kinetic), rel=1e-15)
    grid = particle_grid(R, nucleus)
    assert grid.beta == pytest.approx(float(nucleus.Z * R / total), rel=1e-14)
    assert 0 < grid.beta <= 1


def test_low_energy_keeps_its_digits():
    # T = p^2 / 2 m for a slow particle, where E - m would cancel
    nucleus = SPECIES["Fe"]
    momentum = nucleus.Z * 1e-9
    slow = rigidity_to_axis(1e-9, nucleus, "kinetic_energy")
    assert slow == pytest.approx(momentum**2 / (2 * nucleus.rest_energy), rel=1e-12)


@deterministic
@given(rigidities, species)
def test_densities_transform(R, nucleus):
    beta = particle_grid(R, nucleus).beta
    assert axis_jacobian(beta, nucleus, "rigidity") == 1
    per_energy = axis_jacobian(beta, nucleus, "kinetic_energy")
    assert per_energy == axis_jacobian(beta, nucleus, "total_energy")
    assert per_energy == pytest.approx(float(1 / (nucleus.Z * beta)), rel=1e-15)
    per_nucleon = axis_jacobian(beta, nucleus, "kinetic_energy_per_nucleon")
    assert per_nucleon == pytest.approx(float(nucleus.A * per_energy), rel=1e-15)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["H", "Fe"])
def test_grid_refuses_rigidity(bad, name):
    with pytest.raises(
        ValueError, match=f"rigidity of {name} must be positive and finite"
    ) as error:
        particle_grid([10.0, bad], name)
    assert str(bad) in str(error.value)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("bad", [-1e-3, np.nan, -np.inf])
def test_negative_values_are_refused(axis, bad):
    with pytest.raises(ValueError, match="He") as error:
        axis_to_rigidity([10.0, bad], "He", axis)
    assert axis.replace("_", " ") in str(error.value)
    assert str(bad) in str(error.value)
    with pytest.raises(ValueError, match="rigidity of He must not be negative"):
        rigidity_to_axis([10.0, bad], "He", axis)


@pytest.mark.parametrize("name", SPECIES)
def test_total_energy_below_rest_energy(name):
    rest = SPECIES[name].rest_energy
    assert axis_to_rigidity(rest, name, "total_energy") == 0
    with pytest.raises(ValueError, match=f"total energy of {name} must not be below its rest"):
        axis_to_rigidity(rest * (1 - 1e-12), name, "total_energy")


@pytest.mark.parametrize("axis", ["energy", "", None, "RIGIDITY"])
def test_unknown_axis_is_named(axis):
    for call in (
        lambda: axis_to_rigidity(1.0, "H", axis),
        lambda: rigidity_to_axis(1.0, "H", axis),
        lambda: axis_jacobian(1.0, "H", axis),
    ):
        with pytest.raises(ValueError, match="unknown axis") as error:
            call()
        assert repr(axis) in str(error.value)


def test_unknown_species_is_named():
    for call in (
        lambda: axis_to_rigidity(1.0, "Zn", "rigidity"),
        lambda: rigidity_to_axis(1.0, "Zn", "rigidity"),
        lambda: axis_jacobian(1.0, "Zn", "rigidity"),
        lambda: particle_grid(1.0, "Zn"),
    ):
        with pytest.raises(ValueError, match="unknown species 'Zn'"):
            call()


@pytest.mark.parametrize("shape", [(), (1,), (3, 1), (2, 3, 4)])
def test_shapes_are_kept(shape):
    grid = particle_grid(np.full(shape, 7.0), "O")
    for array in (grid.rigidity, grid.log_rigidity, grid.beta, grid.log_beta):
        assert np.shape(array) == shape
    for axis in AXES:
        assert np.shape(rigidity_to_axis(np.full(shape, 7.0), "O", axis)) == shape
        assert np.shape(axis_to_rigidity(np.full(shape, 70.0), "O", axis)) == shape
