"""Leaky box with inelastic loss of nuclei against mpmath, publications, limits and identities."""

import re
from pathlib import Path

import astropy.units as u
import mpmath
import numpy as np
import pytest
import reference
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY, Models

from crlocal_plugin import SPECIES, LeakyBoxSpectralModel, Species, xue_liu_2025
from crlocal_plugin.components.background import SpallationLeakyBoxSpectralModel
from crlocal_plugin.models.evaluator import ModelEvaluator
from crlocal_plugin.models.grids import energy_grid, join_species
from crlocal_plugin.physics.kinematics import particle_grid
from crlocal_plugin.physics.spallation import (
    inelastic_cross_section,
    interaction_length,
    surviving_fraction,
)

# 0.1 GV to 1 EV
RIGIDITIES = np.geomspace(0.1, 1e9, 21)
NUCLEI = {
    name: Species(name, nucleus.Z, nucleus.A, nucleus.m)
    for name, nucleus in reference.NUCLEI.items()
}
BOX = ("Gamma", "index_offset", "R_cut", "D_0", "delta", "w", "H_G", "V_G", "phi")
ROUNDING = {"rtol": 1e-12, "atol": 1e-11}


def kernel(grid, p):
    """Kernel for parameters in the units of the paper."""
    model = SpallationLeakyBoxSpectralModel("H")
    values = [
        par.unit.to(model.kernel_units[par.name], float(p[par.name])) for par in model.parameters
    ]
    return model.log_intensity(grid, *values)


def changed(species, names):
    values = {name: reference.OTHER_VALUES[name] for name in names}
    return reference.parameters("H" if species == "H" else "He", **values)


# ---------------------------------------------------------------- formula


@pytest.mark.parametrize("species", NUCLEI)
@pytest.mark.parametrize("names", [(), ("grammage",), ("delta",), ("phi",), ("grammage", *BOX)])
def test_against_reference(species, names):
    p = changed(species, names)
    logs = kernel(particle_grid(RIGIDITIES, NUCLEI[species]), p)
    for R, log in zip(RIGIDITIES, logs, strict=True):
        exact = mpmath.log(reference.background_with_loss(R, reference.NUCLEI[species], p))
        assert log == pytest.approx(float(exact), abs=1e-10, rel=1e-13), R


def test_without_modulation_slow_nuclei_keep_the_cross_section_at_10_mev():
    # 0.1 GV is below 1 MeV per nucleon for iron
    p = changed("Fe", ()) | {"phi": mpmath.mpf(0)}
    nucleus = reference.NUCLEI["Fe"]
    log = kernel(particle_grid(np.array([0.1, 0.3, 1.0]), NUCLEI["Fe"]), p)
    exact = [
        mpmath.log(reference.background_with_loss(R, nucleus, p)) for R in np.array([0.1, 0.3, 1])
    ]
    np.testing.assert_allclose(log, [float(x) for x in exact], rtol=1e-12)
    assert inelastic_cross_section(56, 1e-4) == inelastic_cross_section(56, 0.01)


@pytest.mark.parametrize("species", ["H", "He", "C", "Fe"])
def test_without_grammage_it_is_the_leaky_box(species):
    model = SpallationLeakyBoxSpectralModel(species, grammage="0 g cm-2")
    box = LeakyBoxSpectralModel(species)
    np.testing.assert_array_equal(model(RIGIDITIES * u.GV), box(RIGIDITIES * u.GV))
    grid = particle_grid(RIGIDITIES, species)
    logs = [m.log_shape(grid, *m.kernel_values[1:]) for m in (model, box)]
    np.testing.assert_array_equal(*logs)


def test_protons_are_not_lost():
    model = SpallationLeakyBoxSpectralModel("H", grammage="100 g cm-2")
    box = LeakyBoxSpectralModel("H")
    np.testing.assert_array_equal(model(RIGIDITIES * u.GV), box(RIGIDITIES * u.GV))
    assert interaction_length(1, 10) == np.inf


def test_where_collisions_come_first_they_alone_count():
    # X / lambda >> 1: J / J_0 = lambda / X, so that the slope of the source remains
    R = np.geomspace(1e3, 1e6, 7)
    grammage, delta = 1e9, 0.4
    share = surviving_fraction("Fe", R, grammage, delta)
    A = SPECIES["Fe"].rest_energy / 0.93149410242
    length = interaction_length(A, 1e3)
    np.testing.assert_allclose(share, length / (grammage * (R / 10) ** -delta), rtol=1e-5)
    np.testing.assert_allclose(np.diff(np.log(share)) / np.diff(np.log(R)), delta, rtol=1e-5)


def test_half_is_lost_where_escape_and_collisions_are_equal():
    A = SPECIES["O"].rest_energy / 0.93149410242
    energy = np.hypot(100 * 8, SPECIES["O"].rest_energy) - SPECIES["O"].rest_energy
    grammage = float(interaction_length(A, energy / A)) * 10**0.5
    np.testing.assert_allclose(surviving_fraction("O", 100.0, grammage, 0.5), 0.5, rtol=1e-12)


# ---------------------------------------------------------------- cross sections


@pytest.mark.parametrize(("Z", "A"), [(6, 12), (8, 16), (10, 20), (12, 24), (14, 28), (26, 56)])
def test_cross_section_against_another_parametrisation(Z, A):
    # Wellisch & Axen 1996, Phys. Rev. C 54, 1329, far above the threshold, for Z > 5
    root = A ** (-1 / 3)
    b_0 = 2.247 - 0.915 * (1 - root)
    shape = 1 + 1 / root - b_0 * (1 - root)
    expected = 10 * np.pi * 1.36**2 * np.log(A - Z) * shape / (1 - 0.0007 * A)
    assert inelastic_cross_section(A, 10) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("A", "weight", "length"),
    [
        (4, 4.0026, 71.0),
        (12, 12.011, 85.8),
        (16, 15.999, 90.2),
        (27, 26.982, 107.2),
        (56, 55.845, 132.1),
    ],
)
def test_cross_section_against_measured_interaction_lengths(A, weight, length):
    # nuclear interaction lengths in g/cm2 of fast neutrons, without quasi-elastic scattering:
    # Atomic and Nuclear Properties of Materials, Particle Data Group
    measured = weight / (6.02214076e23 * length) * 1e27
    sigma = inelastic_cross_section(A, 200)
    assert measured < sigma < 1.1 * measured


def test_heavier_nuclei_collide_sooner():
    lengths = interaction_length([4, 12, 16, 28, 56], 10)
    assert np.all(np.diff(lengths) < 0)
    # nearly constant in energy above a few hundred MeV per nucleon
    energies = np.geomspace(0.5, 1e4, 50)
    np.testing.assert_allclose(interaction_length(16, energies), lengths[2], rtol=0.1)
    # a quarter of the interstellar mass is helium, of less cross section for its mass
    on_hydrogen = 1.008 * 1.66053906660e-24 / (inelastic_cross_section(56, 10) * 1e-27)
    assert on_hydrogen < lengths[-1] < 1.3 * on_hydrogen


def test_mass_numbers_of_groups():
    lengths = interaction_length([12, 13.9, 16], 10)
    assert lengths[0] > lengths[1] > lengths[2]


# ---------------------------------------------------------------- model


@pytest.mark.parametrize("species", ["He", "Fe"])
def test_call_with_units_of_a_user(species):
    A = {"He": 4, "Fe": 56}[species]
    nucleus = reference.Nucleus(SPECIES[species].Z, A, SPECIES[species].rest_energy)
    box = LeakyBoxSpectralModel(species)
    p = reference.parameters("He", Q_0b=box.Q_0b.value, grammage=8.7)
    model = SpallationLeakyBoxSpectralModel(species, grammage="87 kg m-2")
    values = model([5, 200] * u.GV)
    assert values.unit == "GV-1 m-2 s-1 sr-1"
    expected = [float(reference.background_with_loss(R, nucleus, p)) for R in (5, 200)]
    np.testing.assert_allclose(values.value, expected, rtol=1e-10)


def test_surviving_fraction_of_a_model():
    # outside the heliosphere: the same as without modulation
    model = SpallationLeakyBoxSpectralModel("O", phi="0 GV", grammage="7 g cm-2", delta=0.5)
    box = LeakyBoxSpectralModel("O", phi="0 GV", delta=0.5)
    R = [3, 30, 300] * u.GV
    np.testing.assert_allclose(
        model.surviving_fraction(R), (model(R) / box(R)).to_value(""), rtol=1e-12
    )
    np.testing.assert_allclose(model.surviving_fraction(0.3 * u.TV), model.surviving_fraction(R)[2])


def test_compensated_loss():
    model = SpallationLeakyBoxSpectralModel("Fe", phi="0 GV")
    box = LeakyBoxSpectralModel("Fe", phi="0 GV")
    model.compensate_loss("200 GV")
    ratio = (model([50, 200, 800] * u.GV) / box([50, 200, 800] * u.GV)).to_value("")
    assert ratio[1] == pytest.approx(1, rel=1e-12)
    assert ratio[0] < 0.9
    assert ratio[2] > 1.1
    with pytest.raises(ValueError, match="loss is compensated at one rigidity"):
        model.compensate_loss([10, 100] * u.GV)


def test_grammage_is_frozen_and_of_the_model_alone():
    model = SpallationLeakyBoxSpectralModel("Fe")
    assert model.grammage.frozen
    assert model.own_parameters == ("Q_0b", "index_offset")
    assert "grammage" not in LeakyBoxSpectralModel("Fe").parameters.names
    rest = [name for name in model.parameters.names if name != "grammage"]
    assert rest == LeakyBoxSpectralModel("Fe").parameters.names
    with pytest.raises(u.UnitConversionError, match=r"grammage is given in GV, expected g / cm2"):
        SpallationLeakyBoxSpectralModel("Fe", grammage="3 GV")


def test_dictionary_round_trip():
    model = SpallationLeakyBoxSpectralModel("Fe", grammage="8.1 g cm-2")
    model.grammage.frozen = False
    data = model.to_dict(full_output=True)
    again = SPECTRAL_MODEL_REGISTRY.get_cls(data["spectral"]["type"]).from_dict(data)
    assert type(again) is SpallationLeakyBoxSpectralModel
    assert [par.to_dict() for par in again.parameters] == [
        par.to_dict() for par in model.parameters
    ]
    assert SPECTRAL_MODEL_REGISTRY.get_cls("leaky-box-spallation") is type(model)


# ---------------------------------------------------------------- ready-made model


@pytest.fixture
def ready_made():
    return xue_liu_2025(species=("H", "He", "C", "Fe"), spallation=True)


def test_ready_made_model(ready_made):
    without = xue_liu_2025(species=("H", "He", "C", "Fe"))
    assert set(ready_made.parameters.labels) - set(without.parameters.labels) == {"grammage"}
    free = [label for label, par in _labelled(ready_made) if not par.frozen]
    assert free == [label for label, par in _labelled(without) if not par.frozen]
    np.testing.assert_array_equal(
        ready_made.intensity(RIGIDITIES * u.GV, "H"), without.intensity(RIGIDITIES * u.GV, "H")
    )
    # the solar wind takes less than 1 % of the rigidity at 100 GV, and X some 1 / 3 of that
    for species in ("He", "C", "Fe"):
        pair = [m.intensity([30, 100] * u.GV, species).value for m in (ready_made, without)]
        ratio = pair[0] / pair[1]
        assert ratio[1] == pytest.approx(1, rel=3e-3)
        assert ratio[0] < 0.99


def _labelled(model):
    return zip(model.parameters.labels, model.parameters, strict=True)


def test_yaml_round_trip(ready_made):
    ready_made.grammage.value = 7.5
    again = Models.from_yaml(Models([ready_made]).to_yaml())[0]
    assert again.grammage.value == 7.5
    for species in ready_made.species:
        np.testing.assert_array_equal(
            again.intensity(RIGIDITIES * u.GV, species).value,
            ready_made.intensity(RIGIDITIES * u.GV, species).value,
        )


@pytest.mark.parametrize(
    "names", [("grammage",), ("phi",), ("delta", "index_offset"), ("grammage", *BOX)]
)
def test_sets_of_parameters_are_evaluated_one_by_one_or_at_once(ready_made, names):
    evaluator = ModelEvaluator(ready_made)
    rng = np.random.default_rng(3)
    columns = [
        (value or 0.1) * (1 + 0.1 * rng.random((4, 1))) if par.name in names else value
        for value, par in zip(evaluator.values(), evaluator.parameters, strict=True)
    ]
    grids = {name: particle_grid(RIGIDITIES, n) for name, n in evaluator.species.items()}
    joined = join_species(grids)
    together = evaluator.log_components(joined, columns)[0]
    assert together.shape == (4, 4 * RIGIDITIES.size)
    for row in range(4):
        values = [float(v[row, 0]) if isinstance(v, np.ndarray) else v for v in columns]
        for number, (name, grid) in enumerate(grids.items()):
            part = evaluator.log_intensities(name, grid, values)["background"]
            points = slice(number * RIGIDITIES.size, (number + 1) * RIGIDITIES.size)
            np.testing.assert_allclose(together[row, points], part, **ROUNDING)


def test_dipole_with_a_local_index(ready_made):
    ready_made.components["compton-getting"].dipole_model.index = "local"
    evaluator = ModelEvaluator(ready_made)
    columns = evaluator.values()
    place = [par.name for par in evaluator.parameters].index("grammage")
    energies = energy_grid(np.geomspace(60, 1e6, 9), evaluator.species.values())
    columns[place] = np.array([[2.0], [9.0]])
    together = evaluator.excess(energies, columns)
    for row, value in enumerate((2.0, 9.0)):
        columns[place] = value
        one = evaluator.excess(energies, columns)
        np.testing.assert_allclose(together[row], one, rtol=1e-8, atol=1e-14)


# ---------------------------------------------------------------- where a power law is enough

PAGE = Path(__file__).parents[1] / "docs" / "howto" / "spallation.md"
FUNCTIONS = re.findall(r"^def \w*power_law.*?\n\n\n", PAGE.read_text(), re.DOTALL | re.MULTILINE)
page = {"np": np, "surviving_fraction": surviving_fraction}
for function in FUNCTIONS:
    exec(compile(function, str(PAGE), "exec"), page)
departure_from_power_law, power_law_from = (
    page[name] for name in ("departure_from_power_law", "power_law_from")
)


def test_departure_of_a_small_loss():
    # -ln(1 + X / lambda) is -X / lambda = -a exp(-delta y): the straight line of least squares
    # over y = ln R in (p, q), and what is left at its lower end, where it is largest
    lowest, highest, delta, grammage = 100.0, 3000.0, 0.5, 1e-4
    A = SPECIES["O"].rest_energy / 0.93149410242
    p, q = np.log(lowest / 10), np.log(highest / 10)

    def f(y):
        return grammage / float(interaction_length(A, 1e3)) * mpmath.exp(-delta * y)

    half, middle = (q - p) / 2, (p + q) / 2
    mean = mpmath.quad(f, [p, q]) / (q - p)
    slope = 3 * mpmath.quad(lambda y: (y - middle) * f(y), [p, q]) / (2 * half**3)
    expected = float(abs(f(p) - mean + slope * half))
    result = departure_from_power_law("O", lowest, highest, grammage, delta)
    # at 200 rigidities, not at all
    assert result == pytest.approx(expected, rel=0.03)


def test_a_large_loss_is_a_power_law():
    assert departure_from_power_law("Fe", 100, 3000, 1e7, 0.5) < 1e-5
    assert departure_from_power_law("Fe", 100, 3000, 0, 0.5) == 0
    assert departure_from_power_law("H", 1, 3000, 10, 0.5) == 0


@pytest.mark.parametrize("tolerance", [0.03, 0.1])
@pytest.mark.parametrize("species", ["He", "O", "Fe"])
def test_lowest_rigidity_is_on_the_edge(species, tolerance):
    case = (3000.0, 8.7, 0.5)
    lowest = power_law_from(species, tolerance, *case)
    assert 1 < lowest < 1000
    assert departure_from_power_law(species, lowest, *case) <= tolerance
    assert departure_from_power_law(species, lowest / 1.025, *case) > tolerance


def test_lowest_rigidity_of_protons():
    assert power_law_from("H", 0.01, 3000.0, 8.7, 0.5) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: interaction_length(0.5, 1), r"mass number must be at least 1, got 0.5"),
        (lambda: interaction_length(np.nan, 1), r"mass number must be at least 1, got nan"),
        (lambda: interaction_length(12, [1, 0]), r"energy per nucleon must be positive.* got 0"),
        (lambda: inelastic_cross_section(12, np.inf), r"energy per nucleon .* got inf"),
        (lambda: surviving_fraction("C", 10, -1, 0.3), r"grammage must not be negative.* got -1"),
        (lambda: surviving_fraction("C", 10, np.nan, 0.3), r"grammage must not be .* got nan"),
        (lambda: surviving_fraction("C", 10, 5, np.nan), r"slope delta must be finite, got nan"),
        (lambda: surviving_fraction("C", 0, 5, 0.3), r"rigidity of C must be positive.* got 0"),
        (lambda: surviving_fraction("Zn", 10, 5, 0.3), r"unknown species 'Zn'"),
    ],
)
def test_errors_name_the_item(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_surviving_fraction_of_one_slow_nucleus():
    """At 5 GV the cross section of carbon depends on energy; one value is as good as a list."""
    several = surviving_fraction("C", [5, 50], 5.9, 1 / 3)
    assert surviving_fraction("C", 5, 5.9, 1 / 3) == several[0]
    assert surviving_fraction("H", 5, 5.9, 1 / 3) == 1
