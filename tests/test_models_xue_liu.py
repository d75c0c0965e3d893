"""The ready-made model: numbers of the paper, and the whole of it against mpmath."""

import astropy.units as u
import mpmath
import numpy as np
import pytest
import reference

from crlocal_plugin import SPECIES, Species, xue_liu_2025
from crlocal_plugin.components.parameters import DEFINITIONS
from crlocal_plugin.models.xue_liu import VARIANTS

ENERGY = np.array([5.0, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8])
NUCLEI = {
    "H": reference.Nucleus(1, 1, SPECIES["H"].rest_energy),
    "He": reference.Nucleus(2, 4, SPECIES["He"].rest_energy),
}
COMPONENTS = ("background", "nearby", "galactic-center", "compton-getting")

# Table I
TABLE_I = {
    "H.Q_0b": (4.6e52, "GV-1"),
    "He.Q_0b": (6.9e51, "GV-1"),
    "H.Q_0n": (4.7e52, "GV-1"),
    "He.Q_0n": (7.05e51, "GV-1"),
    "H.Q_0c": (5e57, "GV-1"),
    "He.Q_0c": (8e56, "GV-1"),
    "R_cut": (4, "PV"),
    "R_cutc": (100, "PV"),
    "phi": (0.97, "GV"),
    "D_0": (2.15e28, "cm2 s-1"),
    "Gamma": (2.6, ""),
    "delta_b": (0.0006, ""),
    "V_sun": (15.5, "km s-1"),
    "x": (1.6, "pc"),
    "u_HC": (25.4, "km s-1"),
    "R_cr": (3, "PV"),
    "B": (3, "uG"),
}
# text of Secs. II A and II B
TEXT = {
    "H.index_offset": (0, ""),
    "He.index_offset": (-0.077, ""),
    "delta": (1 / 3, ""),
    "delta_local": (1 / 3, ""),
    "w": (0.03, "yr-1"),
    "H_G": (100, "pc"),
    "V_G": (10, "kpc3"),
    "T_n": (3.4e5, "yr"),
    "r_par": (250, "pc"),
    "r_perp": (18.5, "pc"),
    "D_ratio": (3, ""),
    "M_A": (0.1, ""),
    "T_c": (4, "Myr"),
    "r_c": (8.5, "kpc"),
    "B_ra": (48.5, "deg"),
    "B_dec": (-21.2, "deg"),
    "u_HC_ra": (74.9, "deg"),
    "u_HC_dec": (17.6, "deg"),
    "U_sun": (11.1, "km s-1"),
    "W_sun": (7.25, "km s-1"),
    "C": (1.6, ""),
    "lat_b": (90, "deg"),
    "lon_c": (0, "deg"),
    "lat_c": (0, "deg"),
}
CHANGES = {
    "kinetic": {},
    # Sec. III
    "wandering": {"r_perp": (20, "pc"), "H.Q_0c": (1.1e58, "GV-1"), "He.Q_0c": (1.76e57, "GV-1")},
    # Appendix B
    "qgsjet": {
        "T_c": (2, "Myr"),
        "R_cutc": (4, "PV"),
        "H.Q_0c": (5e58, "GV-1"),
        "He.Q_0c": (1e58, "GV-1"),
    },
}
# what the paper fitted by eye and data can tell apart; PHYSICS: R_cr and B are not separable
FITTED = {"Gamma", "R_cut", "R_cutc", "phi", "D_0", "delta_b", "V_sun", "x"}
STRENGTHS = {"Q_0b", "Q_0n", "Q_0c"}

each_variant = pytest.mark.parametrize("variant", CHANGES)


def reference_parameters(variant, **changes):
    """Parameters of both species for the reference."""
    of = {}
    for species in NUCLEI:
        values = {}
        for label, (value, _) in CHANGES[variant].items():
            owner, _, name = label.rpartition(".")
            if owner in ("", species):
                values[name] = value
        of[species] = reference.parameters(species, **(values | changes))
    return of


def transport_of(variant):
    return "wandering" if variant == "wandering" else "kinetic"


@each_variant
def test_values_of_the_paper(variant):
    model = xue_liu_2025(variant)
    expected = TABLE_I | TEXT | CHANGES[variant]
    for label, (value, unit) in expected.items():
        quantity = model.parameters[label].quantity
        assert quantity.to_value(unit) == pytest.approx(value, rel=1e-15), label
    # the longitude of the pole is of no effect, all other parameters are listed
    assert set(model.parameters.labels) - set(expected) == {"lon_b"}
    assert set(VARIANTS) == set(CHANGES)


@each_variant
def test_values_are_within_limits_and_described(variant):
    for par in xue_liu_2025(variant).parameters:
        assert not par.value < par.min
        assert not par.value > par.max
        assert DEFINITIONS[par.name].description


def test_free_parameters():
    model = xue_liu_2025(priors="measured")
    assert {par.name for par in model.parameters.free_parameters} == FITTED | STRENGTHS
    assert len(model.parameters.free_parameters) == len(FITTED) + 2 * len(STRENGTHS)
    # by default field and motion too, each under a prior
    default = xue_liu_2025().parameters.free_parameters
    more = {"B_ra", "B_dec", "u_HC", "u_HC_ra", "u_HC_dec", "U_sun", "W_sun"}
    assert {par.name for par in default} == FITTED | STRENGTHS | more
    assert all(par.prior is not None for par in default if par.name in more)


@each_variant
@pytest.mark.parametrize("species", NUCLEI)
def test_intensity_against_reference(variant, species):
    model = xue_liu_2025(variant)
    p = reference_parameters(variant)[species]
    rigidity = np.geomspace(0.5, 1e8, 15)
    parts = [reference.intensities(R, NUCLEI[species], p, transport_of(variant)) for R in rigidity]
    for component in reference.COMPONENTS:
        expected = [float(part[component]) for part in parts]
        values = model.intensity(rigidity * u.GV, species, component)
        np.testing.assert_allclose(values.value, expected, rtol=2e-10, atol=1e-300)
    total = [float(sum(part.values())) for part in parts]
    np.testing.assert_allclose(model.intensity(rigidity * u.GV, species).value, total, rtol=2e-10)


@each_variant
def test_dipole_against_reference(variant):
    model = xue_liu_2025(variant)
    of = reference_parameters(variant)
    dipole = model.dipole(ENERGY * u.GeV)
    parts = {name: model.dipole(ENERGY * u.GeV, component=name).vector for name in COMPONENTS}
    for i, E in enumerate(ENERGY):
        expected = reference.excess_parts(E, NUCLEI, of, transport_of(variant))
        scale = max(float(mpmath.sqrt(reference.dot(v, v))) for v in expected.values())
        for name in COMPONENTS:
            vector = reference.number(expected[name])
            np.testing.assert_allclose(parts[name][i], vector, atol=1e-10 * scale)
        total = reference.add(*expected.values())
        np.testing.assert_allclose(dipole.vector[i], reference.number(total), atol=1e-10 * scale)
        amplitude, phase = reference.amplitude_and_phase(total)
        assert dipole.amplitude[i].value == pytest.approx(float(amplitude), rel=1e-8)
        assert dipole.phase[i].to_value("deg") == pytest.approx(float(phase), abs=1e-6)
        right_ascension, declination = reference.direction(total)
        assert dipole.direction[i].ra.deg == pytest.approx(float(right_ascension), abs=1e-6)
        assert dipole.direction[i].dec.deg == pytest.approx(float(declination), abs=1e-6)


# Appendix A: what the figures vary
APPENDIX_A = [
    {"delta_b": 1e-4},
    {"delta_b": 1e-3},
    {"V_sun": 10.0},
    {"V_sun": 20.0},
    {"u_HC": 23.2, "u_HC_ra": 78.5, "u_HC_dec": 18.0},
    {"u_HC": 26.6, "u_HC_ra": 75.0, "u_HC_dec": 17.7},
    {"x": 0.1},
    {"x": 10.0},
    {"R_cr": 0.3},
    {"R_cr": 30.0},
    {"B": 1.0},
    {"B": 9.0},
]


@pytest.mark.parametrize("changes", APPENDIX_A)
def test_appendix_a_against_reference(changes):
    model = xue_liu_2025()
    for name, value in changes.items():
        model.parameters[name].value = value
    of = reference_parameters("kinetic", **changes)
    vectors = model.dipole(ENERGY[2:6] * u.GeV).vector
    for E, vector in zip(ENERGY[2:6], vectors, strict=True):
        expected = reference.number(reference.excess(E, NUCLEI, of))
        np.testing.assert_allclose(vector, expected, atol=1e-13)


def test_phases_and_amplitudes_of_the_paper():
    dipole = xue_liu_2025().dipole([10, 100, 1000] * u.TeV)
    phase = dipole.phase.to_value("deg")
    # Fig. 2: near the direction of the field at 10 TeV, near the Galactic centre at 1 PeV
    assert phase[0] == pytest.approx(38, abs=1)
    assert phase[2] == pytest.approx(236, abs=1)
    amplitude = dipole.amplitude.value
    # about 1e-3 at 10 TeV and 1 PeV with a minimum slightly above 100 TeV
    assert 5e-4 < amplitude[0] < 2e-3
    assert 5e-4 < amplitude[2] < 3e-3
    energy = np.geomspace(1e4, 1e6, 400)
    minimum = energy[np.argmin(xue_liu_2025().dipole(energy * u.GeV).amplitude)]
    assert 1e5 < minimum < 3e5


def test_hump_of_the_nearby_source():
    # Secs. I and II A: background below 1 TV, the source leads near 10 TV, the centre above 1 PV
    model = xue_liu_2025()

    def parts(rigidity):
        return {name: model.intensity(rigidity, "H", name).value for name in reference.COMPONENTS}

    low, middle, high = parts(100 * u.GV), parts(10 * u.TV), parts(10 * u.PV)
    assert max(low, key=low.get) == "background"
    assert middle["nearby"] > 0.3 * sum(middle.values())
    assert max(high, key=high.get) == "galactic-center"


@each_variant
@pytest.mark.parametrize("species", [None, "H", "He", "light"])
def test_contributions_add_up(variant, species):
    model = xue_liu_2025(variant, species=("H", "He", "O", "Fe"))
    energy = ENERGY * u.GeV if species else ENERGY[1:] * u.GeV
    parts = [model.dipole(energy, component=name, species=species).vector for name in COMPONENTS]
    total = model.dipole(energy, species=species).vector
    np.testing.assert_allclose(sum(parts), total, atol=1e-15)


def test_species_are_weighted_with_intensities_per_total_energy():
    model = xue_liu_2025()
    energy = np.geomspace(10, 1e8, 15) * u.GeV
    fluxes = {
        name: model.intensity(energy, name, axis="total_energy").value for name in ("H", "He")
    }
    total = sum(fluxes.values())
    expected = sum(
        (fluxes[name] / total)[:, np.newaxis] * model.dipole(energy, species=name).vector
        for name in fluxes
    )
    np.testing.assert_allclose(model.dipole(energy).vector, expected, rtol=1e-9, atol=1e-15)
    light = model.dipole(energy, species="light").vector
    np.testing.assert_array_equal(light, model.dipole(energy).vector)


def test_heavier_nuclei_are_absent_below_their_rest_energy():
    model = xue_liu_2025(species=("H", "Fe"))
    energy = np.array([2.0, 10.0, 50.0]) * u.GeV
    np.testing.assert_allclose(
        model.dipole(energy).vector, model.dipole(energy, species="H").vector, rtol=1e-12
    )


def test_groups_of_species():
    model = xue_liu_2025(species=("H", "He", "O", "Fe"))
    rigidity = [100, 1000] * u.GV
    single = {name: model.intensity(rigidity, name).value for name in model.species}
    light = model.intensity(rigidity, "light").value
    np.testing.assert_allclose(light, single["H"] + single["He"], rtol=1e-14)
    whole = model.intensity(rigidity, "all_particle").value
    np.testing.assert_allclose(whole, sum(single.values()), rtol=1e-14)
    assert model.species == ("H", "He", "O", "Fe")


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [
        ({"variant": "other"}, "unknown variant 'other'"),
        ({"species": ("H", "Zn")}, "unknown species 'Zn'"),
        ({"species": ("H", "H")}, r"species must be given, each once, got \['H', 'H'\]"),
        ({"species": ()}, "species must be given"),
        ({"species": ("He", "P")}, "no abundance is known for P"),
        ({"priors": "other"}, "priors 'other'"),
    ],
)
def test_errors_name_the_item(kwargs, match):
    with pytest.raises(ValueError, match=match):
        xue_liu_2025(**kwargs)


@each_variant
def test_abundances(variant):
    model = xue_liu_2025(variant, species=("H", "He", "O", "P"), abundances={"P": 0.001, "O": 0.5})
    for name in STRENGTHS:
        helium = model.parameters[f"He.{name}"].value
        assert model.parameters[f"O.{name}"].value == pytest.approx(0.5 * helium, rel=1e-14)
        assert model.parameters[f"P.{name}"].value == pytest.approx(0.001 * helium, rel=1e-14)
        assert model.parameters[f"P.{name}"].unit == "GV-1"
    assert model.parameters["O.index_offset"].value == -0.077


def test_helium_alone():
    model = xue_liu_2025(species="He")
    assert model.species == ("He",)
    np.testing.assert_allclose(
        model.intensity(1 * u.TV, "He").value,
        xue_liu_2025().intensity(1 * u.TV, "He").value,
        rtol=1e-14,
    )


def test_own_species_works():
    # a nucleus with the charge, mass and strengths of helium behaves as helium
    twin = Species("Twin", 2, 4, SPECIES["He"].rest_energy)
    model = xue_liu_2025(species=("H", twin), abundances={"Twin": 1.0})
    paper = xue_liu_2025()
    rigidity = [5, 500, 5e5] * u.GV
    np.testing.assert_allclose(
        model.intensity(rigidity, "Twin").value, paper.intensity(rigidity, "He").value, rtol=1e-14
    )
    energy = [10, 1e4, 1e6] * u.GeV
    np.testing.assert_allclose(
        model.dipole(energy).vector, paper.dipole(energy).vector, rtol=1e-11, atol=1e-16
    )
    assert model.intensity(rigidity, twin).shape == (3,)
    again = type(model).from_dict(model.to_dict())
    assert again.nuclei == model.nuclei
    np.testing.assert_array_equal(
        again.intensity(rigidity, "Twin").value, model.intensity(rigidity, "Twin").value
    )


def test_names():
    model = xue_liu_2025(name="near-earth", datasets_names=["a", "b"])
    assert (model.name, model.datasets_names) == ("near-earth", ["a", "b"])


# ---------------------------------------------------------------- local Compton-Getting index


@pytest.mark.parametrize("changes", [{}, {"Gamma": 2.4, "R_cut": 0.5, "x": 0.5}])
def test_local_index_is_two_plus_gamma_over_three(changes):
    model = xue_liu_2025()
    for name, value in changes.items():
        model.parameters[name].value = value
    getting = model.components["compton-getting"].dipole_model
    constant = model.dipole([0.3, 3, 30, 300, 3000] * u.TeV, component="compton-getting").vector
    getting.index = "local"
    local = model.dipole([0.3, 3, 30, 300, 3000] * u.TeV, component="compton-getting").vector
    of = reference_parameters("kinetic", **changes)

    def log_flux(log_energy):
        E = mpmath.exp(log_energy)
        total = mpmath.mpf(0)
        for name, nucleus in NUCLEI.items():
            R = reference.rigidity_at_energy(E, nucleus)
            parts = reference.intensities(R, nucleus, of[name])
            total += sum(parts.values()) / (nucleus.Z * reference.speed(R, nucleus))
        return mpmath.log(total)

    for E, one, other in zip((300, 3e3, 3e4, 3e5, 3e6), constant, local, strict=True):
        gamma = -mpmath.diff(log_flux, mpmath.log(E), h=mpmath.mpf(10) ** -12)
        # particles are relativistic to (4 / 300)^2, the slope is taken over a small step
        expected = float((2 + gamma) / 3) / 1.6
        np.testing.assert_allclose(other, expected * one, rtol=2e-4)


def test_local_index_of_one_species_is_exact():
    # one species, any speed: C = -(1 / 3) d ln f / d ln p with f = J_E / p^2
    model = xue_liu_2025(species=("H",))
    model.components["compton-getting"].dipole_model.index = "local"
    p, nucleus = reference.parameters("H"), NUCLEI["H"]

    def log_f(log_p):
        R = mpmath.exp(log_p)
        per_energy = sum(reference.intensities(R, nucleus, p).values())
        per_energy /= reference.speed(R, nucleus)
        return mpmath.log(per_energy / R**2)

    for E in (1.2, 3.0, 30.0, 3e3, 3e6):
        R = reference.rigidity_at_energy(E, nucleus)
        index = -mpmath.diff(log_f, mpmath.log(R), h=mpmath.mpf(10) ** -12)
        expected = reference.xi_compton_getting(R, nucleus, p | {"C": index / 3})
        vector = model.dipole(E * u.GeV, component="compton-getting").vector
        # the step of the numerical slope in the package is 1e-3
        np.testing.assert_allclose(vector, -np.array(reference.number(expected)), rtol=1e-5)
