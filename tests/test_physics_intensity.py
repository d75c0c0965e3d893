"""Intensities of the three components against mpmath, and exact identities."""

import mpmath
import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from crlocal_plugin import (
    GalacticCenterSpectralModel,
    LeakyBoxSpectralModel,
    NearbySourceSpectralModel,
)
from crlocal_plugin.physics.intensity import log_source_spectrum
from crlocal_plugin.physics.kinematics import particle_grid, rigidity_to_axis
from crlocal_plugin.physics.modulation import log_modulation, outside_heliosphere
from crlocal_plugin.physics.species import SPECIES, Species

deterministic = settings(derandomize=True, deadline=None)
# 0.1 GV to 1 EV
RIGIDITIES = np.geomspace(0.1, 1e9, 13)
NUCLEI = {
    name: Species(name, nucleus.Z, nucleus.A, nucleus.m)
    for name, nucleus in reference.NUCLEI.items()
}
STRENGTHS = {"H": "H", "He": "He", "Fe": "He"}
BACKGROUND = ["Q_0b", "Gamma", "index_offset", "R_cut", "D_0", "delta", "w", "H_G", "V_G", "phi"]
SOURCE = ["Q_0n", "Gamma", "index_offset", "R_cut", "D_0", "delta", "T_n", "r_par", "r_perp"]
CLOUD = ["D_ratio", "M_A", "x", "R_cr", "B", "delta_local"]
MOTION = ["B_ra", "B_dec", "u_HC", "u_HC_ra", "u_HC_dec", "U_sun", "V_sun", "W_sun"]
CENTER = ["Q_0c", "Gamma", "index_offset", "R_cutc", "D_0", "delta", "T_c", "r_c"]


def interstellar_rigidity(grid, phi):
    return outside_heliosphere(grid, phi)[0]


def changed(species, *names):
    values = {name: reference.OTHER_VALUES[name] for name in names if name}
    return reference.parameters(STRENGTHS[species], **values)


def kernel_of(cls, grid, p, **settings):
    """Kernel of a model for parameters in the units of the paper."""
    model = cls("H", **settings)
    values = [
        par.unit.to(model.kernel_units[par.name], float(p[par.name])) for par in model.parameters
    ]
    return model.log_intensity(grid, *values)


def background_kernel(grid, p):
    return kernel_of(LeakyBoxSpectralModel, grid, p)


def nearby_kernel(grid, p, transport="kinetic"):
    return kernel_of(NearbySourceSpectralModel, grid, p, local_transport=transport)


def center_kernel(grid, p):
    return kernel_of(GalacticCenterSpectralModel, grid, p)


def check(species, logs, expected):
    """Compare intensities to 1e-10; beyond exp(-1000) floats carry fewer digits of exponents."""
    for R, log in zip(RIGIDITIES, logs, strict=True):
        exact = mpmath.log(expected(R, reference.NUCLEI[species]))
        assert log == pytest.approx(float(exact), abs=1e-10, rel=1e-13), (R, species)


@pytest.mark.parametrize("species", NUCLEI)
@pytest.mark.parametrize("name", [None, *BACKGROUND])
def test_background(species, name):
    p = changed(species, name)
    logs = background_kernel(particle_grid(RIGIDITIES, NUCLEI[species]), p)
    check(species, logs, lambda R, nucleus: reference.background(R, nucleus, p))


@pytest.mark.parametrize("species", NUCLEI)
@pytest.mark.parametrize("name", [None, *SOURCE, *CLOUD, *MOTION])
@pytest.mark.parametrize("transport", ["kinetic", "wandering"])
def test_nearby_source(species, name, transport):
    p = changed(species, name)
    logs = nearby_kernel(particle_grid(RIGIDITIES, NUCLEI[species]), p, transport)
    check(species, logs, lambda R, nucleus: reference.nearby(R, nucleus, p, transport))


@pytest.mark.parametrize("species", NUCLEI)
@pytest.mark.parametrize("name", [None, *CENTER])
def test_galactic_center(species, name):
    p = changed(species, name)
    logs = center_kernel(particle_grid(RIGIDITIES, NUCLEI[species]), p)
    check(species, logs, lambda R, nucleus: reference.galactic_center(R, nucleus, p))


@pytest.mark.parametrize("species", NUCLEI)
def test_all_parameters_changed(species):
    p = changed(species, *reference.OTHER_VALUES)
    grid = particle_grid(RIGIDITIES, NUCLEI[species])
    check(species, background_kernel(grid, p), lambda R, n: reference.background(R, n, p))
    check(species, nearby_kernel(grid, p), lambda R, n: reference.nearby(R, n, p))
    check(species, center_kernel(grid, p), lambda R, n: reference.galactic_center(R, n, p))


def test_wandering_on_small_scales_is_the_large_scale_tensor():
    # Eq. 16: the cloud attenuates with D_xx; M_A = 1 makes it isotropic, exp(-u x / D)
    p = changed("H") | {"M_A": mpmath.mpf(1)}
    grid = particle_grid(RIGIDITIES, NUCLEI["H"])
    difference = nearby_kernel(grid, p, "wandering") - nearby_kernel(
        grid, p | {"x": mpmath.mpf(0)}, "wandering"
    )
    speed, _, _ = reference.cloud_motion(p)
    for R, log in zip(RIGIDITIES, difference, strict=True):
        D = reference.large_scale_diffusion(R, reference.NUCLEI["H"], p)[0]
        exponent = -speed * 10**5 * p["x"] * reference.PARSEC_CM / D
        assert log == pytest.approx(float(exponent), rel=1e-9, abs=1e-12)


# ---------------------------------------------------------------- modulation

rigidities = st.floats(-1, 9).map(lambda exponent: 10**exponent)
potentials = st.floats(0, 10)
species = st.sampled_from(list(SPECIES.values()))


@deterministic
@given(rigidities, potentials, species)
def test_force_field_adds_a_potential(R, phi, nucleus):
    # Eq. 4 is E(R) / Z = E(R') / Z + phi
    outside = interstellar_rigidity(particle_grid(R, nucleus), phi)
    before = rigidity_to_axis(R, nucleus, "total_energy") / nucleus.Z
    after = rigidity_to_axis(outside, nucleus, "total_energy") / nucleus.Z
    assert after == pytest.approx(float(before + phi), rel=1e-13)


@deterministic
@given(rigidities, potentials, species)
def test_force_field_keeps_the_phase_space_density(R, phi, nucleus):
    # Liouville: J_E / p^2 is the same inside and outside; J_R = Z beta J_E
    grid = particle_grid(R, nucleus)
    outside = interstellar_rigidity(grid, phi)
    factor = log_modulation(grid, *outside_heliosphere(grid, phi)[1:])
    far = particle_grid(outside, nucleus)
    expected = (grid.log_beta + 2 * grid.log_rigidity) - (far.log_beta + 2 * far.log_rigidity)
    assert factor == pytest.approx(float(expected), abs=1e-12)


@deterministic
@given(rigidities, species)
def test_no_potential_no_modulation(R, nucleus):
    grid = particle_grid(R, nucleus)
    outside = interstellar_rigidity(grid, 0.0)
    assert outside == pytest.approx(R, rel=1e-15)
    assert log_modulation(grid, *outside_heliosphere(grid, 0.0)[1:]) == pytest.approx(0, abs=1e-14)
    box = LeakyBoxSpectralModel(phi="0 GV")
    shape = box.kernel_values[1:]
    interstellar = box.log_interstellar(grid, R, np.log(R), box.named(shape))
    assert box.log_shape(grid, *shape) == pytest.approx(interstellar, abs=1e-11)


@deterministic
@given(rigidities, st.floats(0, 5), st.floats(0, 5), species)
def test_potentials_add_up(R, first, second, nucleus):
    near = particle_grid(R, nucleus)
    middle = interstellar_rigidity(near, first)
    far = interstellar_rigidity(particle_grid(middle, nucleus), second)
    assert far == pytest.approx(interstellar_rigidity(near, first + second), rel=1e-13)


# ---------------------------------------------------------------- degeneracies and limits

factors = st.floats(-2, 2).map(lambda exponent: 10**exponent)


@deterministic
@given(factors, factors, factors, factors)
def test_background_strength_is_degenerate(a, b, c, d):
    # only Q_0b w H_G^2 / (V_G D_0) enters
    grid = particle_grid(RIGIDITIES, "He")
    p = reference.parameters("He")
    other = p | {
        "w": p["w"] * a,
        "H_G": p["H_G"] * b,
        "V_G": p["V_G"] * c,
        "D_0": p["D_0"] * d,
        "Q_0b": p["Q_0b"] * c * d / (a * b**2),
    }
    expected = background_kernel(grid, p)
    np.testing.assert_allclose(background_kernel(grid, other), expected, rtol=1e-13, atol=1e-11)


@deterministic
@given(factors)
def test_distances_ages_and_diffusion_are_degenerate(factor):
    # D T is all that enters besides the strength: T_n -> f T_n, D_0 -> D_0 / f leaves J_n
    grid = particle_grid(RIGIDITIES, "H")
    p = reference.parameters("H")
    other = p | {"T_n": p["T_n"] * factor, "D_0": p["D_0"] / factor}
    np.testing.assert_allclose(
        nearby_kernel(grid, other), nearby_kernel(grid, p), rtol=1e-12, atol=1e-10
    )
    other = p | {"T_c": p["T_c"] * factor, "D_0": p["D_0"] / factor}
    np.testing.assert_allclose(
        center_kernel(grid, other), center_kernel(grid, p), rtol=1e-12, atol=1e-10
    )


@pytest.mark.parametrize("transport", ["kinetic", "wandering"])
def test_no_cloud_no_suppression(transport):
    # x = 0: neither the motion nor the diffusion of the cloud matters
    grid = particle_grid(RIGIDITIES, "H")
    p = reference.parameters("H", x=0)
    still = p | {name: mpmath.mpf(0) for name in ("u_HC", "U_sun", "V_sun", "W_sun")}
    turned = p | {"B": mpmath.mpf(30), "R_cr": mpmath.mpf(1), "B_ra": mpmath.mpf(10)}
    free = nearby_kernel(grid, p, transport)
    np.testing.assert_allclose(nearby_kernel(grid, still, transport), free, rtol=1e-15)
    np.testing.assert_allclose(nearby_kernel(grid, turned, transport), free, rtol=1e-15)
    suppressed = nearby_kernel(grid, reference.parameters("H"), transport)
    assert np.all(suppressed < free)
    # a cloud at rest does not suppress, however large
    at_rest = still | {"x": mpmath.mpf(100)}
    np.testing.assert_allclose(nearby_kernel(grid, at_rest, transport), free, rtol=1e-15)


@deterministic
@given(factors)
def test_strength_is_a_factor(factor):
    grid = particle_grid(RIGIDITIES, "H")
    p = reference.parameters("H")
    for kernel, name in (
        (background_kernel, "Q_0b"),
        (nearby_kernel, "Q_0n"),
        (center_kernel, "Q_0c"),
    ):
        shift = kernel(grid, p | {name: p[name] * factor}) - kernel(grid, p)
        np.testing.assert_allclose(shift, np.log(factor), rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("kernel", [background_kernel, nearby_kernel, center_kernel])
def test_strength_of_zero_is_no_intensity(kernel):
    grid = particle_grid(RIGIDITIES, "H")
    p = reference.parameters("H", Q_0b=0, Q_0n=0, Q_0c=0)
    with np.errstate(under="ignore"):
        assert np.all(np.exp(kernel(grid, p)) < 1e-200)


def test_source_spectrum():
    # Eqs. 8 and 10, in closed form
    R = np.array([1.0, 10.0, 1e3])
    expected = np.log([3e50 * r**-2.2 * np.exp(-r / 1e3) for r in R])
    np.testing.assert_allclose(log_source_spectrum(R, np.log(R), np.log(3e50), 2.2, 1e3), expected)


def test_slopes_at_high_rigidity():
    # without cut-offs: background R^-(Gamma + 1/3), sources R^-(Gamma + 1/2)
    far = particle_grid(np.array([1e14, 1e15]), "H")
    p = reference.parameters("H", R_cut=1e16, R_cutc=1e16, phi=0)
    for kernel, slope in (
        (background_kernel, -2.6 - 1 / 3),
        (nearby_kernel, -3.1),
        (center_kernel, -3.1),
    ):
        low, high = kernel(far, p)
        assert (high - low) / np.log(10) == pytest.approx(slope, abs=3e-3)
