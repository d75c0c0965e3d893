"""Numbers that the paper prints, evaluated with this package."""

import numpy as np
from astropy import units as u
from astropy.coordinates import Angle, SkyCoord
from astropy.table import Table

from ..catalogue.loading import load_datasets
from ..models.xue_liu import xue_liu_2025
from ..physics.diffusion import bohm_coefficient, log_local_parallel_diffusion
from ..physics.geometry import galactic_direction, icrs_direction
from ..physics.kinematics import particle_grid
from ..plots.sky.directions import reference_directions
from ..studies.sources import injected_energy

_ENERGIES = np.geomspace(1e2, 1e8, 2401) * u.GeV


def printed_numbers():
    """Evaluate what the paper states as a number, with the values of its Table I.

    The table (`~astropy.table.Table`) has ``what``, ``where`` it stands, what the ``paper`` prints,
    and what this ``package`` finds.
    """
    model = xue_liu_2025(priors=None)
    parts = _transport(model), _directions(model), _energetics(model), _dipole(model), _kascade()
    rows = [row for part in parts for row in part]
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
        moving = model.copy()
        moving.V_sun.value = speed
        u_lsr = reference_directions(moving)["u_LSR"]
        across = u_lsr - (u_lsr @ b) * b
        sky = SkyCoord(*across, representation_type="cartesian").spherical
        what = f"right ascension, declination of e_perp at V_sun = {speed:g} km/s [deg]"
        yield what, "II.B", "53.6, 68.5", f"{sky.lon.deg:.1f}, {sky.lat.deg:.1f}"


def _energetics(model):
    text = f"{injected_energy(model.components['nearby']):.1e}"
    yield "energy of the nearby source's cosmic rays above 1 GV [erg]", "II.A", "about 1e50", text


def _dipole(model):
    amplitude = model.dipole(_ENERGIES).amplitude
    parts = {name: model.dipole(_ENERGIES, component=name) for name in model.components}
    energy = _ENERGIES.to_value("TeV")
    inner = np.flatnonzero(np.abs(np.log10(energy) - 2.5) < 1.5)
    lowest = energy[inner[amplitude[inner].argmin()]]
    yield "energy of the lowest amplitude [TeV]", "II.B", "slightly above 100", f"{lowest:.0f}"

    background, moving = parts["background"], parts["compton-getting"]
    text = f"{moving.amplitude[0].value:.1e}"
    yield "amplitude of the Compton-Getting effect", "I", "comparable to 1e-3", text
    apart = background.direction[0].separation(moving.direction[0])
    turn = Angle(background.phase[0] - moving.phase[0]).wrap_at("180d")
    what = "background and Compton-Getting: on the sky, in right ascension [deg]"
    yield what, "II.B", "nearly opposite", f"{apart.deg:.0f}, {abs(turn.deg):.0f}"

    start = energy[parts["nearby"].total_amplitude > background.total_amplitude][0]
    what = "the nearby source's dipole exceeds the background's from [TeV]"
    yield what, "II.B", "TeV range", f"{start:.2g}"
    for name in ("H", "He"):
        total = model.intensity(_ENERGIES, name, axis="total_energy")
        shares = model.intensity(_ENERGIES, name, "galactic-center", "total_energy") / total
        start = _ENERGIES[shares > 0.5][0].to_value("PeV")
        yield f"the Galactic centre dominates {name} from [PeV]", "II.B", "above 1", f"{start:.2g}"


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
