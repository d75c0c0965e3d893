"""Boron and beryllium that interstellar gas makes of heavier cosmic rays, in a leaky box.

In the steady state, production is escape and loss: J / X + J / lambda = sum_i J_i / lambda_i, with
the escape grammage X, the interaction length lambda, and the production lengths lambda_i of the
parents, all at one kinetic energy per nucleon, which a fragment keeps.
"""

import numpy as np

from .constants import LIGHT_SPEED_CM_S, PARSEC_CM, YEAR_S
from .diffusion import LOG_REFERENCE_RIGIDITY
from .intensity import log_strength
from .kinematics import particle_grid
from .memory import grid_cache
from .spallation import GAS_ATOM_G, HELIUM_PER_HYDROGEN, MILLIBARN_CM2, log_loss
from .species import ATOMIC_MASS_UNIT_GEV, Species

BORON = Species("B", 5, 10.7, 10.7 * ATOMIC_MASS_UNIT_GEV)
"""Boron of cosmic rays: 11B and 10B in about the ratio 7 to 3."""

BERYLLIUM = Species("Be", 4, 8.0, 8.0 * ATOMIC_MASS_UNIT_GEV)
"""Beryllium of cosmic rays: 7Be, 9Be and 10Be in about the ratio 6 to 3 to 1."""

PARENT = "C"
"""Parent to which the others are compared."""

PRODUCTION = {
    **{"C": (72.28, 1.29), "N": (39.66, 1.31), "O": (38.34, 1.34), "Ne": (26.01, 1.44)},
    **{"Mg": (21.87, 1.57), "Si": (11.22, 1.72), "S": (8.32, 1.90), "Fe": (1.57, 3.73)},
}
"""Cross sections in mb of boron from the main isotope of an element on hydrogen, with what decays
to boron at once (11C, 10C), and the ratio of those on helium to these.

Plateau above some 3 GeV per nucleon of the parametrisation "GALPROP OPT12" of Genolini et al. 2018
(Phys. Rev. C 98, 034611), 11B and 10B added. Ratios are those of Ferrando et al. 1988 (Phys. Rev. C
37, 1490) above 1.5 GeV per nucleon.
"""

STABLE_BERYLLIUM = {
    **{"C": (16.34, 1.41), "N": (12.40, 1.43), "O": (13.65, 1.47), "Ne": (11.84, 1.56)},
    **{"Mg": (14.41, 1.68), "Si": (15.48, 1.83), "S": (4.58, 2.03), "Fe": (1.02, 3.97)},
}
"""As `PRODUCTION`, of 7Be and 9Be."""

BERYLLIUM_10 = {
    **{"C": (3.94, 1.41), "N": (1.75, 1.43), "O": (2.14, 1.47), "Ne": (1.91, 1.56)},
    **{"Mg": (2.66, 1.68), "Si": (2.06, 1.83), "S": (0.72, 2.03), "Fe": (0.19, 3.97)},
}
"""As `PRODUCTION`, of 10Be."""

_BORON_TO_BERYLLIUM = (
    np.array([16.78, 9.07]) * (1 + HELIUM_PER_HYDROGEN * 1.40) * MILLIBARN_CM2 / GAS_ATOM_G
)
"""Inverse lengths in cm2/g for 7Be and 9Be, and for 10Be, from `BORON`; sources as above."""

_LIFETIME_S = 1.387e6 / np.log(2) * YEAR_S
"""Mean life of 10Be (Chmeleff et al. 2010; Korschinek et al. 2010, NIM B 268, 187 and 192)."""

_HALF_DISC_PC = 100.0
"""Half of the thickness of the disc, so that a halo has the half height H_G^2 / (100 pc)."""

_KEPT_RATE = 0.7 * 38.91 * (1 + HELIUM_PER_HYDROGEN * 1.29) * MILLIBARN_CM2 / GAS_ATOM_G
"""Inverse length in cm2/g of collisions that leave boron: 11B to 10B, as in `PRODUCTION`."""


def production_rate(abundances, production=PRODUCTION):
    """Fragments made by all parents, over the intensity of carbon: 1 / lambda in cm2/g.

    Parameters
    ----------
    abundances : dict of str to float
        Intensities of the parents relative to each other, carbon among them.
    production : dict
        Cross sections such as `PRODUCTION`.

    Returns
    -------
    float
        Sum of the inverse production lengths, each times the intensity relative to carbon.
    """
    section = sum(
        abundances[name] / abundances[PARENT] * sigma * (1 + HELIUM_PER_HYDROGEN * ratio)
        for name, (sigma, ratio) in production.items()
    )
    return section * MILLIBARN_CM2 / GAS_ATOM_G


def escape_grammage(n_gas, H_G, D_0):
    """Grammage at 10 GV of particles that leave after H_G^2 / D, with gas all the way.

    Parameters
    ----------
    n_gas, H_G, D_0 : array_like
        Hydrogen atoms per cm3, to each of which belongs a tenth of an atom of helium, length in
        pc, and diffusion coefficient at 10 GV in cm2/s.

    Returns
    -------
    array_like
        X_0 in g/cm2; X = density times speed times time is X_0 (R / 10 GV)^-delta, for the speed
        cancels.
    """
    length = H_G * PARSEC_CM
    return n_gas * (GAS_ATOM_G * LIGHT_SPEED_CM_S) * length * length / D_0


def log_yield(grid, rigidity, log_rigidity, grammage, delta, rate):
    """Logarithm of what makes an intensity of boron of one of its parents.

    Parameters
    ----------
    grid, rigidity, log_rigidity, grammage, delta
        As for `~crlocal_plugin.physics.spallation.log_loss`; ``grammage`` is positive.
    rate : float or `~numpy.ndarray`
        As `production_rate` returns it.

    Returns
    -------
    `~numpy.ndarray`
        ln(k rate X / (1 + X / lambda)); the parent is taken at the rigidity `parent_ratio` times
        that of boron, by which number intensities per rigidity are multiplied too.
    """
    log_escape = log_strength(grammage) + delta * (LOG_REFERENCE_RIGIDITY - log_rigidity)
    loss = np.exp(log_loss(grid, rigidity, log_rigidity, grammage, delta))
    loss -= _KEPT_RATE * np.exp(log_escape)
    return log_strength(parent_ratio(grid) * rate) + log_escape - np.log(loss)


def log_beryllium_yield(grid, rigidity, log_rigidity, grammage, delta, D_0, H_G, rates):
    """Logarithm of what makes an intensity of beryllium of that of carbon.

    Boron makes some of it; what boron loses is taken to be what beryllium does. 10Be decays: of
    what is made in a thin disc in a halo of half height H, (l / H) tanh(H / l) is left in the
    disc, with l^2 = D gamma tau, and H = H_G^2 / 100 pc.

    Parameters
    ----------
    grid, rigidity, log_rigidity, grammage, delta
        As for `log_yield`.
    D_0, H_G : float or `~numpy.ndarray`
        Diffusion coefficient at 10 GV in cm2/s, and length in pc.
    rates : sequence
        Of `production_rate` for boron, 7Be and 9Be, and 10Be.

    Returns
    -------
    `~numpy.ndarray`
        As of `log_yield`.
    """
    log_escape = log_strength(grammage) + delta * (LOG_REFERENCE_RIGIDITY - log_rigidity)
    lost = np.exp(log_loss(grid, rigidity, log_rigidity, grammage, delta)) - 1
    of_boron, *made = rates
    boron = of_boron * np.exp(log_escape) / (1 + lost)
    stable, decaying = (
        rate + boron * length for rate, length in zip(made, _BORON_TO_BERYLLIUM, strict=True)
    )
    momentum = rigidity * (grid.Z / grid.rest_energy)
    # gamma beta is the momentum over the mass
    spread2 = D_0 * momentum * np.exp(delta * (log_rigidity - LOG_REFERENCE_RIGIDITY))
    ratio = H_G**2 / _HALF_DISC_PC * PARSEC_CM / np.sqrt(spread2 * _LIFETIME_S)
    left = np.tanh(ratio) / ratio
    total = stable / (1 + lost) + decaying * left / (1 + left * lost)
    return np.log(parent_ratio(grid) * total) + log_escape


def parent_ratio(grid):
    """Rigidity of a parent, with twice as many nucleons as protons, over that of its fragment."""
    return 2 * ATOMIC_MASS_UNIT_GEV * grid.Z / grid.rest_energy


@grid_cache
def parent_grid(grid):
    """Carbon of the energy per nucleon of the particles of a grid (ParticleGrid)."""
    return particle_grid(grid.rigidity * parent_ratio(grid), PARENT)
