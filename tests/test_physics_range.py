"""Everything stays finite, quiet and consistent over the allowed range of every parameter."""

import itertools

import astropy.units as u
import numpy as np
import pytest

from crlocal_plugin import xue_liu_2025, xue_liu_2025_secondaries
from crlocal_plugin.components.parameters import DEFINITIONS
from crlocal_plugin.models.evaluator import ModelEvaluator
from crlocal_plugin.models.grids import energy_grid
from crlocal_plugin.physics.kinematics import particle_grid

RIGIDITIES = np.geomspace(0.1, 1e9, 41)
# total energy, 2 GeV to 1 EV
ENERGIES = np.geomspace(2, 1e9, 37)
VARIANTS = ("kinetic", "wandering")
COMPONENTS = ("background", "nearby", "galactic-center", "compton-getting")
OF_A_SPECIES = ("Q_0b", "Q_0n", "Q_0c", "index_offset")


def ends(name):
    """Ends of the allowed range; 1e3 times the default where it is open."""
    definition = DEFINITIONS[name]
    top = definition.max if np.isfinite(definition.max) else 1e3 * definition.value
    return definition.min, top


def set_value(model, name, value):
    """Set a parameter of all species."""
    for par in model.parameters:
        if par.name == name:
            par.value = value


def check_all(model):
    """Evaluate with floating-point errors raised; return logarithms and dipoles."""
    with np.errstate(all="raise", under="ignore"):
        evaluator = ModelEvaluator(model)
        values = evaluator.values()
        for name, nucleus in evaluator.species.items():
            grid = particle_grid(RIGIDITIES, nucleus)
            for component, log in evaluator.log_intensities(name, grid, values).items():
                assert log.shape == RIGIDITIES.shape
                assert np.all(np.isfinite(log)), (component, name)
            intensity = model.intensity(RIGIDITIES * u.GV, name)
            assert np.all(np.isfinite(intensity.value))
            assert np.all(intensity.value >= 0)
        dipole = model.dipole(ENERGIES * u.GeV)
        assert np.all(np.isfinite(dipole.vector))
        # defined also where the vector is very short
        assert np.all(np.isfinite(dipole.phase.value))
        parts = [model.dipole(ENERGIES * u.GeV, component=name).vector for name in COMPONENTS]
    length = np.sum([np.linalg.norm(part, axis=-1) for part in parts], axis=0)
    np.testing.assert_allclose(sum(parts), dipole.vector, atol=1e-13 * np.max(length))


@pytest.mark.parametrize("variant", VARIANTS)
def test_defaults(variant):
    check_all(xue_liu_2025(variant, species=("H", "He", "Fe")))


@pytest.mark.parametrize("name", DEFINITIONS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_ends_of_each_parameter(name, variant):
    model = xue_liu_2025(variant, priors=None, spallation=name == "grammage")
    for value in ends(name):
        set_value(model, name, value)
        check_all(model)


@pytest.mark.parametrize("variant", VARIANTS)
def test_random_corners(variant):
    rng = np.random.default_rng(2025)
    model = xue_liu_2025(variant, priors=None)
    # strengths, rates and distances of zero have tests of their own
    positive = {name: ends(name) for name in DEFINITIONS if name not in ("w", "H_G")}
    for _ in range(60):
        for name, (low, high) in positive.items():
            set_value(model, name, low if rng.random() < 0.5 else high)
        check_all(model)


def test_all_intensities_underflow():
    # cut-offs at 1 TV, a particle of 1 EV: exp(-1e6)
    model = xue_liu_2025(priors=None)
    model.R_cut.value = model.R_cutc.value = 0.001
    check_all(model)
    assert model.intensity(1 * u.EV, "H").value == 0
    dipole = model.dipole(1 * u.EeV)
    assert 0 < dipole.amplitude < 1


def test_dipole_of_underflown_intensities_keeps_its_weights():
    # equal cut-offs cancel in the weights where the intensities themselves underflow, so that
    # a common cut-off of H and He at equal rigidity leaves the shares of one species unchanged
    model = xue_liu_2025(species=("H",), priors=None)
    model.R_cut.value = model.R_cutc.value = 100.0
    expected = model.dipole(1 * u.EeV).vector
    model.R_cut.value = model.R_cutc.value = 0.001
    assert model.intensity(1 * u.EV, "H").value == 0
    # the force field shifts R by less than 1 GV, of no effect at 1 TV but for exp(-0.001)
    np.testing.assert_allclose(model.dipole(1 * u.EeV).vector, expected, rtol=3e-3)


@pytest.mark.parametrize("name", ["Q_0b", "Q_0n", "Q_0c"])
def test_strength_of_zero_switches_off(name):
    model = xue_liu_2025(priors=None)
    set_value(model, name, 0)
    check_all(model)
    component = {"Q_0b": "background", "Q_0n": "nearby", "Q_0c": "galactic-center"}[name]
    assert np.all(model.intensity(RIGIDITIES * u.GV, "light", component).value < 1e-250)
    part = model.dipole(ENERGIES * u.GeV, component=component).vector
    assert np.all(np.abs(part) < 1e-100)


def test_no_source_at_all():
    model = xue_liu_2025(priors=None)
    for name in ("Q_0b", "Q_0n", "Q_0c"):
        set_value(model, name, 0)
    check_all(model)


def test_cloud_at_rest():
    model = xue_liu_2025(priors=None)
    for name in ("u_HC", "U_sun", "V_sun", "W_sun"):
        set_value(model, name, 0)
    check_all(model)
    assert np.all(model.dipole(ENERGIES * u.GeV, component="nearby").vector == 0)
    assert np.all(model.dipole(ENERGIES * u.GeV, component="compton-getting").vector == 0)


# ---------------------------------------------------------------- parameter sets at once

SIZE = 4


def parameter_sets(evaluator, names):
    """Values with columns of shape (SIZE, 1) for some parameters, and the sets one by one."""
    rng = np.random.default_rng(7)
    values = evaluator.values()
    columns = list(values)
    for position, par in enumerate(evaluator.parameters):
        if par.name in names:
            spread = 1 + 0.1 * rng.random((SIZE, 1))
            columns[position] = (values[position] or 0.1) * spread
    single = [
        [float(v[row, 0]) if isinstance(v, np.ndarray) else v for v in columns]
        for row in range(SIZE)
    ]
    return columns, single


FREE = tuple(name for name, definition in DEFINITIONS.items() if definition.free)
GROUPS = {name: (name,) for name in DEFINITIONS} | {"free": FREE, "all": tuple(DEFINITIONS)}


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_parameter_sets_broadcast(group, variant):
    model = xue_liu_2025(variant, priors=None)
    evaluator = ModelEvaluator(model)
    columns, single = parameter_sets(evaluator, GROUPS[group])
    energies = energy_grid(ENERGIES, evaluator.species.values())
    together = evaluator.excess(energies, columns)
    together = np.broadcast_to(together, (SIZE, ENERGIES.size, 3))
    for row, values in enumerate(single):
        np.testing.assert_allclose(
            together[row], evaluator.excess(energies, values), rtol=1e-9, atol=1e-15
        )
    for name, nucleus in evaluator.species.items():
        grid = particle_grid(RIGIDITIES, nucleus)
        logs = evaluator.log_intensities(name, grid, columns)
        for component, log in logs.items():
            log = np.broadcast_to(log, (SIZE, RIGIDITIES.size))
            for row, values in enumerate(single):
                expected = evaluator.log_intensities(name, grid, values)[component]
                np.testing.assert_allclose(log[row], expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("component", COMPONENTS)
def test_parameter_sets_of_one_component(component):
    model = xue_liu_2025(priors=None)
    evaluator = ModelEvaluator(model)
    columns, single = parameter_sets(evaluator, DEFINITIONS)
    energies = energy_grid(ENERGIES, evaluator.species.values())
    together = evaluator.excess(energies, columns, component, ["He"])
    assert together.shape == (SIZE, ENERGIES.size, 3)
    for row, values in enumerate(single):
        expected = evaluator.excess(energies, values, component, ["He"])
        np.testing.assert_allclose(together[row], expected, rtol=1e-9, atol=1e-15)


def test_parameter_sets_with_a_local_index():
    model = xue_liu_2025(priors=None)
    model.components["compton-getting"].dipole_model.index = "local"
    evaluator = ModelEvaluator(model)
    columns, single = parameter_sets(evaluator, FREE)
    energies = energy_grid(ENERGIES, evaluator.species.values())
    together = evaluator.excess(energies, columns)
    assert together.shape == (SIZE, ENERGIES.size, 3)
    for row, values in enumerate(single):
        expected = evaluator.excess(energies, values)
        np.testing.assert_allclose(together[row], expected, rtol=1e-8, atol=1e-14)


def test_every_parameter_is_used_somewhere():
    models = xue_liu_2025(spallation=True), xue_liu_2025_secondaries()
    assert {par.name for model in models for par in model.parameters} == set(DEFINITIONS)


def test_pairs_of_extremes_of_the_cloud():
    # what stands in the exponent of the local suppression
    model = xue_liu_2025(priors=None)
    names = ("x", "R_cr", "B", "delta_local")
    for corner in itertools.product(*(ends(name) for name in names)):
        for name, value in zip(names, corner, strict=True):
            set_value(model, name, value)
        check_all(model)
