"""Numbers that the paper prints, evaluated with this package."""

import numpy as np
from astropy import units as u
from astropy.coordinates import Angle, SkyCoord
from astropy.table import Table
from scipy.integrate import quad

from ..catalogue.loading import load_datasets
from ..models.xue_liu import xue_liu_2025
from ..physics.diffusion import (
    bohm_coefficient,
    log_local_parallel_diffusion,
)
from ..physics.geometry import (
    galactic_direction,
    icrs_direction,
    local_cloud,
)
from ..physics.kinematics import particle_grid
from ..plots.sky.directions import reference_directions

_ENERGIES = np.geomspace(1e2, 1e8, 2401) * u.GeV


def printed_numbers():
    """Evaluate what the paper states as a number, with the values of its Table I.

    Returns
    -------
    `~astropy.table.Table`
        A row for each number: ``what``, ``where`` in the paper, ``paper``, what it prints, and
        ``package``, what this package finds.
    """
    model = xue_liu_2025(priors=None)
    rows = [*_transport(model), *_directions(model), *_energetics(model), *_dipole(model)]
    rows += _kascade()
    return Table(rows=rows, names=("what", "where", "paper", "package"))


def _transport(model):
    R_cr, B, slope = (model.parameters[n].value for n in ("R_cr", "B", "delta_local"))
    R_cr = R_cr * model.R_cr.unit.to("GV")
    (hydrogen,) = (nucleus for nucleus in model.nuclei if nucleus.name == "H")
    grid = particle_grid(np.array([10.0]), hydrogen)
    k_0 = np.exp(log_local_parallel_diffusion(grid, R_cr, B, slope) - grid.log_beta)[0]
    yield "Bohm diffusion at R_cr [cm2/s]", "II.A", "3.3e28", f"{bohm_coefficient(R_cr, B):.2e}"
    yield "k_0 in the cloud [cm2/s]", "II.A", "4.9e26", f"{k_0:.2e}"
    # kappa_par^(1/2) kappa_perp goes as R^(1/6 + 5/3)
    index = 2.85 - (1 / 6 + 5 / 3)
    yield "injection index with kinetic theory on large scales", "III", "1.02", f"{index:.2f}"


def _directions(model):
    b = icrs_direction(*np.deg2rad([model.B_ra.value, model.B_dec.value]))
    pole = galactic_direction(0.0, np.pi / 2)
    anticentre = -galactic_direction(0.0, 0.0)
    for name, vector, printed in (
        ("theta_b, between b and the north Galactic pole [deg]", pole, "147.1"),
        ("theta_c, between b and the anticentre [deg]", anticentre, "62.0"),
    ):
        yield name, "II.B", printed, f"{np.rad2deg(np.arccos(b @ vector)):.1f}"
    u_lsr = reference_directions(model)["u_LSR"]
    angle = np.rad2deg(np.arccos(b @ u_lsr))
    yield "angle between u_LSR and b [deg]", "I", "nearly perpendicular", f"{angle:.1f}"
    for speed in (model.V_sun.value, 12.0):
        yield (
            f"right ascension, declination of e_perp at V_sun = {speed:g} km/s [deg]",
            "II.B",
            "53.6, 68.5",
            _transverse(model, speed),
        )


def _transverse(model, V_sun):
    """Direction of the part of u_LSR across the field, as text."""
    angles = [
        model.parameters[name].quantity.to_value("rad")
        for name in ("B_ra", "B_dec", "u_HC_ra", "u_HC_dec")
    ]
    u_HC, U_sun, W_sun = (
        model.parameters[name].quantity.to_value("km / s") for name in ("u_HC", "U_sun", "W_sun")
    )
    velocity, b = local_cloud(*angles[:2], u_HC, *angles[2:], U_sun, V_sun, W_sun)[:2]
    across = velocity - (velocity @ b) * b
    sky = SkyCoord(*across, representation_type="cartesian").spherical
    return f"{sky.lon.deg:.1f}, {sky.lat.deg:.1f}"


def _energetics(model):
    energy = 0.0
    for nucleus in model.nuclei:
        source = model.components["nearby"].spectral_models[nucleus.name]
        Q_0, index = source.Q_0n.value, source.Gamma.value + source.index_offset.value
        cut, Z, mass = source.R_cut.quantity.to_value("GV"), nucleus.Z, nucleus.rest_energy

        def integrand(log_R, Q_0=Q_0, index=index, cut=cut, Z=Z, mass=mass):
            R = np.exp(log_R)
            return Q_0 * R ** (1 - index) * np.exp(-R / cut) * (np.hypot(Z * R, mass) - mass)

        energy += quad(integrand, 0, np.log(30 * cut), limit=200)[0]
    text = f"{(energy * u.GeV).to_value('erg'):.1e}"
    yield "energy of the nearby source's cosmic rays above 1 GV [erg]", "II.A", "about 1e50", text


def _dipole(model):
    total = model.dipole(_ENERGIES)
    parts = {name: model.dipole(_ENERGIES, component=name) for name in model.components}
    length = {name: dipole.total_amplitude.value for name, dipole in parts.items()}
    inner = np.flatnonzero(np.abs(np.log10(_ENERGIES.to_value("TeV")) - 2.5) < 1.5)
    lowest = _ENERGIES[inner[total.amplitude[inner].argmin()]]
    yield (
        "energy of the lowest amplitude [TeV]",
        "II.B",
        "slightly above 100",
        f"{lowest.to_value('TeV'):.0f}",
    )
    amplitude = parts["compton-getting"].amplitude[0].value
    yield "amplitude of the Compton-Getting effect", "I", "comparable to 1e-3", f"{amplitude:.1e}"
    apart = parts["background"].direction[0].separation(parts["compton-getting"].direction[0])
    turn = Angle(parts["background"].phase[0] - parts["compton-getting"].phase[0]).wrap_at("180d")
    yield (
        "background and Compton-Getting: on the sky, in right ascension [deg]",
        "II.B",
        "nearly opposite",
        f"{apart.deg:.0f}, {abs(turn.deg):.0f}",
    )
    larger = _ENERGIES[length["nearby"] > length["background"]][0]
    yield (
        "the nearby source's dipole exceeds the background's from [TeV]",
        "II.B",
        "TeV range",
        f"{larger.to_value('TeV'):.2g}",
    )
    for name in ("H", "He"):
        total = model.intensity(_ENERGIES, name, axis="total_energy")
        shares = model.intensity(_ENERGIES, name, "galactic-center", "total_energy") / total
        start = _ENERGIES[shares > 0.5][0]
        yield (
            f"the Galactic centre dominates {name} from [PeV]",
            "II.B",
            "above 1",
            f"{start.to_value('PeV'):.2g}",
        )


def _kascade():
    for species, name in (("h", "H"), ("he", "He")):
        sibyll, qgsjet = (
            load_datasets([f"kascade_{species}_{model}"])[0]
            for model in ("sibyll-2p1", "qgsjet-01")
        )
        rows = np.isin(sibyll.x.value, qgsjet.x.value) & (sibyll.x < 25 * u.PeV)
        other = np.isin(qgsjet.x.value, sibyll.x.value[rows])
        ratio = np.median((qgsjet.intensity[other] / sibyll.intensity[rows]).to_value(""))
        yield f"KASCADE {name}, QGSJET 01 over SIBYLL 2.1", "B", "about 2", f"{ratio:.1f}"
