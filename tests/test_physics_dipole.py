"""Dipoles of the components and their weighted sum."""

from types import SimpleNamespace

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from crlocal_plugin import (
    BackgroundDipoleModel,
    ComptonGettingDipoleModel,
    GalacticCenterDipoleModel,
    NearbySourceDipoleModel,
)
from crlocal_plugin.components.nearby_source import nearby_source_terms
from crlocal_plugin.physics.dipole import amplitude_and_phase, sum_of_terms, weighted_sum_of_terms
from crlocal_plugin.physics.geometry import local_cloud
from crlocal_plugin.physics.kinematics import particle_grid
from crlocal_plugin.physics.species import Species

deterministic = settings(derandomize=True, deadline=None)
RIGIDITIES = np.geomspace(0.1, 1e9, 13)
NUCLEI = {
    name: Species(name, nucleus.Z, nucleus.A, nucleus.m)
    for name, nucleus in reference.NUCLEI.items()
}
MOTION = ["B_ra", "B_dec", "u_HC", "u_HC_ra", "u_HC_dec", "U_sun", "V_sun", "W_sun"]
unit = st.floats(-1, 1)


def excess_of(cls, p, beta=1.0, **settings):
    """Excess of a model for parameters in the units of the paper."""
    model = cls(**settings)
    values = [
        par.unit.to(model.kernel_units[par.name], float(p[par.name])) for par in model.parameters
    ]
    grid = beta if hasattr(beta, "beta") else SimpleNamespace(beta=beta)
    return model.excess(grid, *values)


def cloud_of(p):
    angles = {"B_ra", "B_dec", "u_HC_ra", "u_HC_dec"}
    values = {name: float(p[name]) for name in MOTION}
    return local_cloud(*(np.deg2rad(v) if n in angles else v for n, v in values.items()))


def nearby_source_excess(*args):
    return sum_of_terms(nearby_source_terms(*args))


def compare(excess, xi, species):
    """Excess is -xi, to 1e-10 of its length."""
    for R, vector in zip(RIGIDITIES, excess, strict=True):
        expected = [-float(part) for part in xi(R, reference.NUCLEI[species])]
        length = float(np.linalg.norm(expected))
        np.testing.assert_allclose(vector, expected, rtol=0, atol=1e-10 * length)


@pytest.mark.parametrize("species", NUCLEI)
@pytest.mark.parametrize("name", [None, "R_cr", "B", "delta_local", "M_A", *MOTION])
@pytest.mark.parametrize("transport", ["kinetic", "wandering"])
def test_nearby_source(species, name, transport):
    p = reference.parameters(**({name: reference.OTHER_VALUES[name]} if name else {}))
    grid = particle_grid(RIGIDITIES, NUCLEI[species])
    excess = excess_of(NearbySourceDipoleModel, p, grid, local_transport=transport)
    compare(excess, lambda R, n: reference.xi_nearby(R, n, p, transport), species)


@pytest.mark.parametrize("species", NUCLEI)
@pytest.mark.parametrize("name", [None, "T_c", "r_c", "lon_c", "lat_c", "B_ra", "B_dec"])
def test_galactic_center(species, name):
    p = reference.parameters(**({name: reference.OTHER_VALUES[name]} if name else {}))
    grid = particle_grid(RIGIDITIES, NUCLEI[species])
    excess = excess_of(GalacticCenterDipoleModel, p, grid)
    compare(excess, lambda R, n: reference.xi_galactic_center(R, n, p), species)


@pytest.mark.parametrize("name", [None, "delta_b", "lon_b", "lat_b", "B_ra", "B_dec"])
def test_background(name):
    p = reference.parameters(**({name: reference.OTHER_VALUES[name]} if name else {}))
    excess = excess_of(BackgroundDipoleModel, p)
    compare([excess] * RIGIDITIES.size, lambda R, n: reference.xi_background(R, n, p), "H")


@pytest.mark.parametrize("species", NUCLEI)
@pytest.mark.parametrize("name", [None, "C", "u_HC", "u_HC_ra", "u_HC_dec"])
def test_compton_getting(species, name):
    p = reference.parameters(**({name: reference.OTHER_VALUES[name]} if name else {}))
    grid = particle_grid(RIGIDITIES, NUCLEI[species])
    excess = excess_of(ComptonGettingDipoleModel, p, grid)
    compare(excess, lambda R, n: reference.xi_compton_getting(R, n, p), species)


def test_numbers_of_the_paper():
    paper = reference.parameters()
    # Eq. 12: 3 r_c / (2 c T_c) with 8.5 kpc = 27723 light years; Eq. 13: cos(62.0 deg)
    center = excess_of(GalacticCenterDipoleModel, paper)
    assert np.linalg.norm(center) == pytest.approx(
        1.5 * 27723 / 4e6 * np.cos(np.deg2rad(62.0)), rel=3e-3
    )
    # Eq. 14: 0.0006 cos(147.1 deg), excess along the field: its right ascension is 48.5 deg
    background = excess_of(BackgroundDipoleModel, paper)
    assert np.linalg.norm(background) == pytest.approx(
        6e-4 * abs(np.cos(np.deg2rad(147.1))), rel=1e-3
    )
    assert np.rad2deg(amplitude_and_phase(background)[1]) == pytest.approx(48.5, abs=1e-9)
    assert np.rad2deg(amplitude_and_phase(center)[1]) == pytest.approx(228.5, abs=1e-9)
    # Sec. II B: 3 x 1.6 x 25.4 km/s / c, ahead of the Sun, opposite to RA 74.9 deg
    getting = excess_of(ComptonGettingDipoleModel, paper)
    assert np.linalg.norm(getting) == pytest.approx(4.8 * 25.4 / 299792.458, rel=1e-12)
    assert np.rad2deg(amplitude_and_phase(getting)[1]) == pytest.approx(254.9, abs=1e-9)


def test_strongly_magnetised_cloud_leaves_the_direction_of_the_field():
    # at low rigidity kappa_perp vanishes and the excess is along +-b with 3 u / (v cos theta)
    cloud = cloud_of(reference.parameters())
    excess = nearby_source_excess(1.0, cloud, 0.0)
    along = float(excess @ cloud.field)
    np.testing.assert_allclose(excess, along * cloud.field, atol=1e-18)
    expected = 3 * cloud.speed / 299792.458 / np.sqrt(cloud.cos2_theta)
    assert abs(along) == pytest.approx(expected, rel=1e-12)


def test_isotropic_diffusion_gives_the_direction_of_motion():
    # ratio 1: 3 u_LSR / v, whatever the field
    cloud = cloud_of(reference.parameters())
    np.testing.assert_allclose(
        nearby_source_excess(0.5, cloud, 1.0), 3 * cloud.velocity / (0.5 * 299792.458), rtol=1e-12
    )


@pytest.mark.parametrize("ratio", [1e-8, 0.5, 1.0])
def test_cloud_at_rest_has_no_dipole(ratio):
    cloud = cloud_of(reference.parameters(u_HC=0, U_sun=0, V_sun=0, W_sun=0))
    np.testing.assert_array_equal(nearby_source_excess(1.0, cloud, ratio), np.zeros(3))


AXES = np.eye(3)


def shares(logs, n_species=1):
    """Weights of up to three components, or of species of one, from dipoles along the axes."""
    contributions = [(k, [(1.0, AXES[k])]) for k in range(len(logs))]
    if n_species > 1:
        profile = np.eye(n_species)
        contributions = [(0, [(profile[k], AXES[k]) for k in range(n_species)])]
    return np.ravel(weighted_sum_of_terms(np.array(logs), contributions, n_species))


@deterministic
@given(st.lists(st.floats(-1e6, 1e3), min_size=3, max_size=3))
def test_weights_add_up(logs):
    weights = shares(np.array(logs)[:, np.newaxis])
    assert np.sum(weights) == pytest.approx(1, abs=1e-14)
    assert np.all(weights >= 0)
    # only ratios matter, so that underflow does no harm
    shifted = shares(np.array(logs)[:, np.newaxis] - 4096.0)
    np.testing.assert_allclose(shifted, weights, atol=1e-9)


@deterministic
@given(st.lists(st.floats(-30, 30), min_size=3, max_size=3))
def test_weights_are_shares(logs):
    expected = np.exp(logs) / np.sum(np.exp(logs))
    np.testing.assert_allclose(shares(np.array(logs)[:, np.newaxis]), expected, rtol=1e-12)
    # the same numbers as species of one component
    np.testing.assert_allclose(shares([logs], n_species=3), expected, rtol=1e-12)


@deterministic
@given(st.lists(st.tuples(unit, unit, unit), min_size=1, max_size=5), st.floats(0, 1))
def test_mean_of_equal_dipoles_is_the_dipole(vectors, share):
    first = np.array(vectors[0])
    logs = np.array([[share * k] for k in range(len(vectors))])
    mean = weighted_sum_of_terms(logs, [(k, [(1.0, first)]) for k in range(len(logs))])
    np.testing.assert_allclose(np.ravel(mean), first, atol=1e-14)
    # and so it is when it acts on all of them together
    mean = weighted_sum_of_terms(logs, [(None, [(1.0, first)])])
    np.testing.assert_allclose(np.ravel(mean), first, atol=1e-14)


@pytest.mark.parametrize("shape", [(0,), (4, 0)])
def test_mean_at_no_energy(shape):
    for contributions in ([(0, [(1.0, AXES[0])])], [(None, [(np.zeros(shape), AXES[1])])]):
        mean = weighted_sum_of_terms(np.zeros((2, *shape)), contributions, n_species=3)
        assert [component.shape for component in mean] == [shape] * 3


@deterministic
@given(unit, unit, unit)
def test_projection_on_the_equator(x, y, z):
    amplitude, phase = amplitude_and_phase([x, y, z])
    assert amplitude * np.cos(phase) == pytest.approx(x, abs=1e-15)
    assert amplitude * np.sin(phase) == pytest.approx(y, abs=1e-15)
    assert 0 <= phase <= 2 * np.pi
    # the declination component is invisible
    assert amplitude_and_phase([x, y, 0.0])[0] == amplitude


@deterministic
@given(unit, unit)
def test_turning_the_sky_turns_the_phase(x, y):
    amplitude, phase = amplitude_and_phase([x, y, 0.3])
    turned_amplitude, turned = amplitude_and_phase([-y, x, 0.3])
    assert turned_amplitude == amplitude
    if amplitude > 1e-12:
        assert np.cos(turned - phase - np.pi / 2) == pytest.approx(1, abs=1e-12)
