"""Nearby sources that let their cosmic rays go in the course of time."""

import astropy.units as u
import numpy as np
import pytest
from astropy.constants import c
from scipy.integrate import quad

import crlocal_plugin as crl
from crlocal_plugin.components.release import decay_over_burst

RIGIDITY = np.array([2.0, 80.0, 3e3, 1e5]) * u.GV


@pytest.mark.parametrize("exponent", [1e-3, 0.3, 7.0, 60.0])
@pytest.mark.parametrize("ages", [0.2, 3.0, 80.0])
def test_decay_is_a_sum_of_bursts(exponent, ages):
    """Bursts at times t before now, in units of the age, of weight exp(-(1 - t) ages)."""

    def burst(t):
        # of a density t^(-3/2) exp(-exponent / t), over that of the age
        return t**-1.5 * np.exp(exponent - exponent / t - (1 - t) * ages)

    def steeper(t):
        return burst(t) / t

    end = max(0.0, 1 - 60 / ages)
    total, slope = (quad(f, end, 1, epsabs=0, epsrel=1e-10, limit=400)[0] for f in (burst, steeper))
    log_ratio, steepness = decay_over_burst(exponent, ages)
    assert log_ratio == pytest.approx(np.log(total * ages / -np.expm1(-ages)), abs=1e-8)
    assert steepness == pytest.approx(slope / total, rel=1e-7)


def test_fast_decay_is_a_burst():
    log_ratio, steepness = decay_over_burst(np.geomspace(1e-4, 10, 9), 1e6)
    np.testing.assert_allclose(log_ratio, 0, atol=2e-5)
    np.testing.assert_allclose(steepness, 1, rtol=2e-5)
    burst, decay = (
        crl.nearby_source("Monogem", injection=injection, r_perp="9 pc", **values)
        for injection, values in (("burst", {}), ("decay", {"T_decay": "1 yr"}))
    )
    pair = [source.spectral_models["He"](RIGIDITY).value for source in (burst, decay)]
    np.testing.assert_allclose(*pair, rtol=1e-3)


def test_escape_is_a_younger_burst():
    p = {"r_par": "150 pc", "r_perp": "9 pc", "T_n": "1e5 yr"}
    escape = crl.EscapingSourceSpectralModel("He", T_esc="4e4 yr", delta_esc=0.3, **p)
    for rigidity in RIGIDITY[1:]:
        age = 1e5 - 4e4 * (rigidity.value / 10) ** -0.3
        burst = crl.NearbySourceSpectralModel("He", **p | {"T_n": age * u.yr})
        assert escape(rigidity).value == pytest.approx(burst(rigidity).value, rel=1e-10)
    still_inside = escape.copy(T_esc="2e5 yr")
    assert still_inside(10 * u.GV).value == 0


@pytest.mark.parametrize("injection", ["burst", "decay", "escape"])
def test_fick_dipole_is_the_gradient(injection):
    """3 D_par / v times the slope of the logarithm of the intensity along the field."""
    values = {"T_n": "1.1e5 yr", "r_par": "-120 pc", "r_perp": "8 pc"}
    values |= {"decay": {"T_decay": "5e4 yr"}, "escape": {"T_esc": "3e4 yr"}}.get(injection, {})
    source = crl.nearby_source("Monogem", injection=injection, dipole="fick", **values)
    spectrum = source.spectral_models["H"]
    ends = (spectrum.copy(r_par=r_par * u.pc)(RIGIDITY).value for r_par in (-119.99, -120.01))
    slope = np.log(np.divide(*ends)) / (0.02 * u.pc)
    energy = np.hypot(RIGIDITY.value, spectrum.nucleus.rest_energy)
    beta = RIGIDITY.value / energy
    D_par = spectrum.D_ratio.value * spectrum.D_0.quantity * beta * (RIGIDITY.value / 10) ** (1 / 3)
    expected = (3 * D_par * slope / (beta * c)).to_value("")
    dipole = source.dipole_model(energy * u.GeV)
    # in the direction of the source, against which the field points
    field = crl.xue_liu_2025().cloud.field
    np.testing.assert_allclose(dipole.vector, -expected[:, np.newaxis] * field, rtol=1e-5)


@pytest.mark.parametrize("injection", ["decay", "escape"])
def test_times_are_the_source_s_own(injection):
    model = crl.xue_liu_2025()
    pair = [crl.nearby_source(n, model, injection=injection) for n in ("B1822-09", "B1055-52")]
    model = crl.CosmicRayModel([*model.components.values(), *pair])
    again = crl.CosmicRayModel.from_dict(model.to_dict())
    name = {"decay": "T_decay", "escape": "T_esc"}[injection]
    for source in ("B1822-09", "B1055-52"):
        component = again.components[source]
        par = again.parameters[f"{source}.{name}"]
        assert par is component.dipole_model.parameters[name]
        assert par is component.spectral_models["He"].parameters[name]
    energy = np.geomspace(1e2, 1e6, 9) * u.GeV
    np.testing.assert_array_equal(again.dipole(energy).vector, model.dipole(energy).vector)


def test_unknown_injection():
    with pytest.raises(ValueError, match="unknown injection 'bursts': did you mean burst"):
        crl.nearby_source("Vela", injection="bursts")
