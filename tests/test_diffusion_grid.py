"""Spectrum and dipole of the nearby source (Eqs. 6 and 11) against diffusion on a grid."""

import astropy.units as u
import numpy as np
import pytest
import reference
from diffusion_grid import burst, cloud
from scipy.special import erfc

import crlocal_plugin as crl

P = reference.parameters()
PROTON = reference.NUCLEI["H"]
AGE = float(P["T_n"] * reference.YEAR_S)
DEPTH = float(P["x"] * reference.PARSEC_CM)
SPEED = float(reference.cloud_motion(P)[0] * 10**5)
RIGIDITIES = [300.0, 1e4, 1e6]
# long enough for a stationary state
LONG = 1e5


def kappa_xx(rigidity):
    """Diffusion along the motion of the cloud, and the parts along and across the field."""
    parallel, across = map(float, reference.local_diffusion(rigidity, PROTON, P))
    cosine = np.cos(float(reference.cloud_motion(P)[1]))
    return parallel * cosine**2 + across * (1 - cosine**2), parallel, across


@pytest.mark.parametrize(
    ("rigidity", "r_par", "r_perp"),
    [(1e4, 250, 18.5), (2e5, 250, 18.5), (2e3, 400, 5.0), (1e5, 10, 40)],
)
def test_burst_without_cloud(rigidity, r_par, r_perp):
    diffusion = [float(D) for D in reference.large_scale_diffusion(rigidity, PROTON, P)]
    place = r_par * float(reference.PARSEC_CM), r_perp * float(reference.PARSEC_CM)
    coarse, fine = (burst(*diffusion, AGE, cells, *place) for cells in (40, 80))
    # of second order in the width of the cells
    density = fine + (fine - coarse) / 3
    flow = float(reference.speed(rigidity, PROTON) * reference.LIGHT_SPEED_CM) / (4 * np.pi)
    strength = float(reference.source_spectrum(rigidity, P["Q_0n"], P["R_cut"], P))
    model = crl.NearbySourceSpectralModel("H", "none", r_par=r_par * u.pc, r_perp=r_perp * u.pc)
    intensity = model(rigidity * u.GV).to_value("GV-1 cm-2 s-1 sr-1")
    assert abs(fine / coarse - 1) < 0.03
    assert intensity == pytest.approx(flow * strength * density, rel=2e-3)


@pytest.mark.parametrize("rigidity", RIGIDITIES)
def test_cloud_ahead_of_the_sun(rigidity):
    """What is left behind the edge, and the flow of particles at the Sun."""
    kappa, parallel, across = kappa_xx(rigidity)
    deep = DEPTH + 30 * kappa / SPEED
    left, slope = cloud(kappa, SPEED, DEPTH, LONG * kappa / SPEED**2, thickness=deep)
    ends = [
        crl.NearbySourceSpectralModel("H", kind)(rigidity * u.GV) for kind in ("kinetic", "none")
    ]
    assert (ends[0] / ends[1]).to_value("") == pytest.approx(left, rel=1e-5)
    # excess of 3 / v times the diffusion tensor on the slope, which is along the motion
    motion = crl.xue_liu_2025().cloud
    ahead = motion.velocity.value / motion.speed.value
    along = ahead @ motion.field
    flow = across * (ahead - along * motion.field) + parallel * along * motion.field
    v = float(reference.speed(rigidity, PROTON) * reference.LIGHT_SPEED_CM)
    energy = float(reference.total_energy(rigidity, PROTON)) * u.GeV
    dipole = crl.NearbySourceDipoleModel()(energy)
    np.testing.assert_allclose(dipole.vector, -3 / v * slope * flow, rtol=1e-4)


def test_time_until_the_cloud_is_filled():
    """After the age of the source some percent are missing (Ogata & Banks 1961)."""
    missing = []
    for rigidity in RIGIDITIES:
        kappa, *_ = kappa_xx(rigidity)
        left, _ = cloud(kappa, SPEED, DEPTH, AGE)
        width = 2 * np.sqrt(kappa * AGE)
        late = np.exp(-SPEED * DEPTH / kappa) * erfc((DEPTH - SPEED * AGE) / width)
        assert left == pytest.approx((late + erfc((DEPTH + SPEED * AGE) / width)) / 2, rel=1e-4)
        missing.append(1 - left / np.exp(-SPEED * DEPTH / kappa))
    assert min(missing) > 0.01
    assert max(missing) < 0.07


def test_cloud_that_is_open_behind():
    """As much at both ends is as much everywhere, whatever the cloud does in between."""
    kappa, *_ = kappa_xx(1e3)
    left, slope = cloud(
        kappa, SPEED, DEPTH, LONG * kappa / SPEED**2, thickness=2 * DEPTH, behind=1.0
    )
    assert left == pytest.approx(1, rel=1e-6)
    assert abs(slope * DEPTH) < 1e-6


def test_source_behind_the_cloud():
    """Plasma that enters at the edge carries particles along: no loss, no flow through it."""
    kappa, *_ = kappa_xx(1e4)
    left, slope = cloud(kappa, -SPEED, DEPTH, 100 * kappa / SPEED**2, cells=800)
    assert left == pytest.approx(1, rel=1e-3)
    assert abs(slope) < 1e-3 * SPEED / kappa
