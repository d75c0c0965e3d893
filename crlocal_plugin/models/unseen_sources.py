"""The background as a sum of sources at random places and times, which nobody has seen."""

import functools
from typing import NamedTuple

import astropy.units as u
import numpy as np
from astropy.table import Table
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY

from ..components.background import BackgroundDipoleModel, LeakyBoxSpectralModel
from ..components.component import CosmicRayComponent
from ..components.dipole import DIPOLE_MODEL_REGISTRY
from ..components.parameters import DEFINITIONS
from ..components.registration import register
from ..physics.constants import LIGHT_SPEED_CM_S, PARSEC_CM, YEAR_S
from ..physics.diffusion import LOG_REFERENCE_RIGIDITY
from ..physics.geometry import GALACTIC_TO_ICRS, icrs_direction

_BOX = {name: DEFINITIONS[name].value for name in ("w", "H_G", "V_G")}
HALO = 2e-3 * _BOX["H_G"]
"""Height in kpc at which particles are lost, for which a thin disc has the intensity of the leaky
box: twice ``H_G``."""

RATE = _BOX["w"] * 1e-3 * _BOX["H_G"] / _BOX["V_G"]
"""Rate of the leaky box in sources per year and kpc2 of the disc, w H_G / V_G."""

_LOG_D = np.log(10) * np.arange(27, 33.01, 0.1)
_MOST, _FARTHEST = 50_000, 3.0
_KPC_CM = 1e3 * PARSEC_CM


class Realisation(NamedTuple):
    """Random sources, by the logarithm of the diffusion coefficient (`_LOG_D`).

    Attributes
    ----------
    log_ratio : `~numpy.ndarray`
        Logarithm of the intensity over its mean, shape (k,).
    dipole : `~numpy.ndarray`
        Excess for particles at the speed of light, ICRS Cartesian, shape (k, 3).
    """

    log_ratio: np.ndarray
    dipole: np.ndarray

    def at(self, log_D):
        """The same for other diffusion coefficients, shapes (...) and (..., 3)."""
        columns = [np.interp(log_D, _LOG_D, column) for column in self.dipole.T]
        return np.interp(log_D, _LOG_D, self.log_ratio), np.stack(columns, axis=-1)


@functools.lru_cache(maxsize=256)
def realisation(number, halo=HALO, rate=RATE):
    """Intensity and dipole of sources that a number stands for (`Realisation`).

    Sources lie in the plane of the Sun and of a slab, and explode at random. Those that are far or
    old are taken at their mean.
    """
    rng = np.random.default_rng([2025, number])
    radius, D = min(5 * halo, _FARTHEST), np.exp(_LOG_D)[:, np.newaxis]
    oldest = 10 * (halo * _KPC_CM) ** 2 / (np.pi**2 / 4 * 1e28) / YEAR_S
    oldest = min(oldest, _MOST / (rate * np.pi * radius**2))
    count = rng.poisson(rate * np.pi * radius**2 * oldest)
    age = rng.uniform(0, oldest * YEAR_S, count)
    distance = np.sqrt(rng.uniform(0, 1, count)) * radius * _KPC_CM
    longitude = rng.uniform(0, 2 * np.pi, count)
    # particles are not faster than light
    seen = distance < LIGHT_SPEED_CM_S * age
    age, distance, longitude = age[seen], distance[seen], longitude[seen]
    height = halo * _KPC_CM
    densities = _from_plane(D * age, height) / (4 * np.pi * D * age)
    densities *= np.exp(-(distance**2) / (4 * D * age))
    flux = rate / YEAR_S / _KPC_CM**2
    # mean of the sources that are drawn, and of all
    log_t = np.linspace(np.log(oldest * YEAR_S * 1e-7), np.log(oldest * YEAR_S), 600)
    t = np.exp(log_t)
    drawn = _from_plane(D * t, height) * -np.expm1(-((radius * _KPC_CM) ** 2) / (4 * D * t)) * t
    drawn = flux * np.trapezoid(drawn, log_t, axis=-1)
    mean = flux * height / (2 * D[:, 0])
    total = np.maximum(mean + densities.sum(axis=-1) - drawn, 1e-30 * mean)
    there = distance / (2 * age) * np.stack([np.cos(longitude), np.sin(longitude)])
    slope = 3 / LIGHT_SPEED_CM_S * (densities @ there.T) / total[:, np.newaxis]
    return Realisation(np.log(total / mean), slope @ GALACTIC_TO_ICRS[:, :2].T)


def _from_plane(spread, height):
    """Density in cm-1 in the middle of a slab that particles leave at two heights, at D t."""
    x = spread / height**2
    waves = sum(np.exp(-(n**2) * np.pi**2 / 4 * x) for n in range(1, 12, 2)) / height
    with np.errstate(divide="ignore", under="ignore"):
        images = 1 + 2 * sum((-1) ** m * np.exp(-(m**2) / x) for m in (1, 2, 3))
        return np.where(x > 0.3, waves, images / np.sqrt(4 * np.pi * spread))


def _checked(number, halo, rate):
    if not (number == int(number) >= 0 and 0 < halo < np.inf and 0 < rate < np.inf):
        raise ValueError(
            f"realisation {number}, halo {halo}, rate {rate}: expected a number from 0 on, and two "
            "positive numbers in kpc and per year and kpc2"
        )
    return int(number), float(halo), float(rate)


def _log_D(log_rigidity, p):
    return np.log(p.D_0) + p.delta * (log_rigidity - LOG_REFERENCE_RIGIDITY)


class DiscreteLeakyBoxSpectralModel(LeakyBoxSpectralModel):
    r"""Galactic background of a leaky box whose sources are single explosions.

    `LeakyBoxSpectralModel` times the ratio of the density of random sources to its mean, at the
    diffusion coefficient :math:`D_0 (R / 10\,\mathrm{GV})^\delta`.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    realisation : int
        Number of the random sources, the same for all nuclei and the dipole.
    halo, rate : float
        Height in kpc at which particles are lost, and rate of sources per year and kpc2 of the
        disc; by default those that the leaky box of Xue & Liu 2025 implies.
    **kwargs : dict
        Parameters of `LeakyBoxSpectralModel`.
    """

    tag = ["DiscreteLeakyBoxSpectralModel", "discrete-leaky-box"]
    settings = ("species", "realisation", "halo", "rate")

    def __init__(self, species="H", realisation=0, halo=HALO, rate=RATE, **kwargs):
        self.realisation, self.halo, self.rate = _checked(realisation, halo, rate)
        super().__init__(species=species, **kwargs)

    def log_interstellar(self, grid, rigidity, log_rigidity, p):
        """Logarithm of the intensity at the interstellar rigidities of a grid."""
        found = realisation(self.realisation, self.halo, self.rate)
        log_ratio, _ = found.at(_log_D(log_rigidity, p))
        return super().log_interstellar(grid, rigidity, log_rigidity, p) + log_ratio


class DiscreteBackgroundDipoleModel(BackgroundDipoleModel):
    r"""Dipole of a background whose sources are single explosions, along the magnetic field.

    That of `BackgroundDipoleModel`, and Fick's law for random sources,
    :math:`3 D \nabla J / (v J)` projected on the field.

    Parameters
    ----------
    realisation, halo, rate
        As for `DiscreteLeakyBoxSpectralModel`.
    delta_b, lon_b, lat_b, B_ra, B_dec, D_0, delta : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    """

    tag = ["DiscreteBackgroundDipoleModel", "discrete-background-dipole"]
    settings = ("realisation", "halo", "rate")
    definitions = ("D_0", "delta")

    def __init__(self, realisation=0, halo=HALO, rate=RATE, **kwargs):
        self.realisation, self.halo, self.rate = _checked(realisation, halo, rate)
        super().__init__(**kwargs)

    def terms(self, grid, *values):
        """Kernel: terms of the dipole."""
        p = self.named(values)
        found = realisation(self.realisation, self.halo, self.rate)
        _, vector = found.at(_log_D(grid.log_rigidity, p))
        field = icrs_direction(p.B_ra, p.B_dec)
        return [*super().terms(grid, *values), (np.vecdot(vector, field) / grid.beta, field)]


def discrete_background(model, realisation=0, halo=HALO, rate=RATE):
    """Background of random sources, in place of the smooth one of a model.

    Parameters
    ----------
    model : CosmicRayModel
        Model with the component "background", a leaky box without loss of nuclei; its Parameters
        are those of the new component.
    realisation : int, optional
        Number of the random sources.
    halo, rate : float, optional
        As for `DiscreteLeakyBoxSpectralModel`.

    Returns
    -------
    CosmicRayComponent
        Component of the name "background".

    Raises
    ------
    ValueError
        If the model has no such component.
    """
    background = model.components.get("background")
    kinds = {type(m) for m in background.spectral_models.values()} if background else set()
    if not kinds or not kinds <= {LeakyBoxSpectralModel, DiscreteLeakyBoxSpectralModel}:
        raise ValueError(
            f"model {model.name!r}: expected a component 'background' with LeakyBoxSpectralModel, "
            f"got {', '.join(sorted(kind.__name__ for kind in kinds)) or 'none'}"
        )
    spectra = {
        species: DiscreteLeakyBoxSpectralModel(species, realisation, halo, rate, **_of(spectrum))
        for species, spectrum in background.spectral_models.items()
    }
    shared = _of(next(iter(background.spectral_models.values())))
    shared = {name: shared[name] for name in ("D_0", "delta")} | _of(background.dipole_model)
    dipole = DiscreteBackgroundDipoleModel(realisation, halo, rate, **shared)
    return CosmicRayComponent("background", spectra, dipole)


def _of(model):
    return {par.name: par for par in model.parameters}


def unseen_sources(model, rigidity, n_realisations=100, halo=HALO, rate=RATE):
    """Spread of spectrum and dipole from random positions and times of sources.

    Parameters
    ----------
    model : CosmicRayModel
        Model whose ``D_0``, ``delta`` and field count.
    rigidity : `~astropy.units.Quantity`
        Rigidities, shape (n,).
    n_realisations : int, optional
        How many are drawn, those of the numbers 0 to that.
    halo, rate : float, optional
        As for `DiscreteLeakyBoxSpectralModel`.

    Returns
    -------
    `~astropy.table.Table`
        A row for each rigidity: intensity of the background over its mean, and its dipole along the
        field, each at 16, 50 and 84 % of the realisations. The mean is far above the median where
        sources that contribute are rare.
    """
    rigidity = u.Quantity(rigidity, "GV")
    log_R = np.log(rigidity.value) - LOG_REFERENCE_RIGIDITY
    D_0 = model.D_0.quantity.to_value("cm2 s-1")
    log_D, field = np.log(D_0) + model.delta.value * log_R, model.cloud.field
    settings = [_checked(number, halo, rate) for number in range(n_realisations)]
    found = [realisation(*each).at(log_D) for each in settings]
    columns = {
        "intensity": np.exp([log_ratio for log_ratio, _ in found]),
        "dipole": np.array([vector @ field for _, vector in found]),
    }
    table = Table({"rigidity": rigidity})
    for name, values in columns.items():
        for percent in (16, 50, 84):
            table[f"{name}_{percent}"] = np.percentile(values, percent, axis=0)
            table[f"{name}_{percent}"].format = ".3g"
    return table


register(SPECTRAL_MODEL_REGISTRY, DiscreteLeakyBoxSpectralModel)
register(DIPOLE_MODEL_REGISTRY, DiscreteBackgroundDipoleModel)
