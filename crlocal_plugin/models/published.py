"""Composition models that others published, as spectral models and as a ready-made model.

They are taken from the packages crflux and globalsplinefit, which are asked once: a model is
tabulated against rigidity, and a likelihood interpolates.
"""

import functools
import importlib
from pathlib import Path
from typing import NamedTuple

import astropy.units as u
import numpy as np
from gammapy.modeling import Parameter
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY

from ..components.component import CosmicRayComponent
from ..components.registration import register
from ..components.spectrum import SourceSpectralModel
from ..files import shipped_yaml
from ..physics.intensity import log_strength
from ..physics.kinematics import axis_jacobian, particle_grid, rigidity_to_axis
from ..physics.species import SPECIES, SYMBOLS, get_species
from .cosmic_ray import CosmicRayModel

_RIGIDITY = np.geomspace(0.1, 1e12, 13_001)
_LOG_FIRST = np.log(_RIGIDITY[0])
_STEP = np.log(_RIGIDITY[-1] / _RIGIDITY[0]) / (len(_RIGIDITY) - 1)


class PublishedComposition(NamedTuple):
    """Where a composition model comes from, and what its spectra are.

    Attributes
    ----------
    publication, validity : str
        Publication to cite; energies for which it was made: outside, its formula is continued.
    axis : str
        Axis on which its formula gives the intensity.
    source : tuple of str
        Class of crflux.models and its argument, if any; empty for globalsplinefit.
    groups : dict of int to str
        Charge numbers in crflux that are groups of nuclei, and their names in this package.
    """

    publication: str
    validity: str
    axis: str
    source: tuple
    groups: dict


_TABLE = shipped_yaml(Path(__file__).with_suffix(".yaml"))

PUBLISHED_COMPOSITIONS = {
    name: PublishedComposition(**{**row, "source": tuple(row["source"])})
    for name, row in _TABLE.items()
}
"""Composition models by name (`PublishedComposition`)."""


class PublishedSpectralModel(SourceSpectralModel):
    r"""Spectrum of one element, or group of nuclei, in a published composition model.

    .. math::
        J(R) = \mathrm{norm} \cdot J_\mathrm{published}(R)

    The published intensity is read on the axis of its formula, see `PUBLISHED_COMPOSITIONS`, and
    turned into one against rigidity with the nucleus of this package, so that where the axis is
    total energy, intensities per total energy are those that crflux returns. GSF is a function of
    rigidity; isotopes of an element are added at equal rigidity. Numbers are those of crflux and
    globalsplinefit: H3a and H4a have the charges 6 and 14 in the cut-offs of the groups, where
    other codes have 7 and 13.

    Between 0.1 GV and 1e12 GV the model is interpolated in a table to better than 1e-4, except next
    to a jump or an end of the published one; outside it continues as a power law.

    Parameters
    ----------
    composition : str
        Name in `PUBLISHED_COMPOSITIONS`: ``"GSF"``, ``"H3a"``, ``"H4a"``, ``"GST-3"``,
        ``"GST-4"``, ``"poly-gonato"``, ``"ZS"``, ``"ZSP"`` (parameters of PAMELA) or ``"GH"``.
    species : str
        Element, or ``"CNO"``, ``"Ne-S"`` and ``"Fe-group"`` (``"Fe"`` will do) of a model with
        groups of nuclei.
    version : str, optional
        GSF only: version of globalsplinefit, such as ``"2017"``; by default its newest, which is
        then kept.
    time_interval : tuple of int or "LIS", optional
        GSF only: the month of the beginning and that after the end, as in ``(200901, 201001)``
        for 2009, over which the solar modulation is averaged; ``"LIS"`` is the spectrum outside
        the heliosphere. By default December 2008 to November 2019, solar cycle 24.
    norm : `~astropy.units.Quantity` or float
        Factor, frozen at 1 by default; each species has its own.

    Raises
    ------
    ValueError
        If the composition, species, version or interval is not known.
    ImportError
        If crflux or globalsplinefit is not installed.
    """

    tag = ["PublishedSpectralModel", "published"]
    settings = ("composition", "species", "version", "time_interval")
    norm = Parameter("norm", 1, min=0, frozen=True, interp="log")

    def __init__(self, composition, species="H", version=None, time_interval=None, **kwargs):
        self.composition = composition
        self.version, self.time_interval = _solar_settings(composition, version, time_interval)
        available, _, _ = _table(composition, self.version, self.time_interval)
        nucleus = get_species(species)
        # the iron group of a model is what its authors call iron
        names = (*available, "Fe") if "Fe-group" in available else available
        if nucleus not in [get_species(name) for name in names]:
            raise ValueError(
                f"{composition} has no species {species!r}: expected one of {', '.join(names)}"
            )
        super().__init__(species=nucleus, **kwargs)

    def _set_defaults(self, given):
        """Nothing depends on the species."""

    @property
    def publication(self):
        """Publication to cite (str)."""
        return PUBLISHED_COMPOSITIONS[self.composition].publication

    def _settings_dict(self):
        data = {key: value for key, value in super()._settings_dict().items() if value is not None}
        if isinstance(self.time_interval, tuple):
            data["time_interval"] = list(self.time_interval)
        return data

    def log_shape(self, grid):
        """Kernel: logarithm of the published intensity, of any of its elements by charge."""
        _, rows, logs = _table(self.composition, self.version, self.time_interval)
        place = (grid.log_rigidity - _LOG_FIRST) / _STEP
        left = np.clip(place.astype(int), 0, len(_RIGIDITY) - 2)
        row = rows[grid.Z]
        low, high = logs[row, left], logs[row, left + 1]
        return low + (place - left) * (high - low)


def published_composition(
    composition, species=None, version=None, time_interval=None, name=None, datasets_names=None
):
    """Model with the spectra of a published composition model, without a dipole.

    Parameters
    ----------
    composition : str
        Name in `PUBLISHED_COMPOSITIONS`.
    species : sequence of str, optional
        Elements and groups; all of the model by default.
    version, time_interval
        Of GSF, see `PublishedSpectralModel`.
    name, datasets_names : optional
        As for `CosmicRayModel`; the name is that of the composition by default.

    Returns
    -------
    CosmicRayModel
        With one isotropic component, of the name of the composition.

    Raises
    ------
    ValueError, ImportError
        As `PublishedSpectralModel`.
    """
    version, time_interval = _solar_settings(composition, version, time_interval)
    if species is None:
        species, _, _ = _table(composition, version, time_interval)
    elif isinstance(species, str):
        species = (species,)
    models = [PublishedSpectralModel(composition, s, version, time_interval) for s in species]
    if not models or len({model.nucleus.Z for model in models}) < len(models):
        raise ValueError(f"species of {composition} must be given, each once, got {species}")
    spectra = {model.species: model for model in models}
    component = CosmicRayComponent(composition, spectra)
    return CosmicRayModel([component], name=name or composition, datasets_names=datasets_names)


def abundances_from(model, rigidity=100 * u.GV):
    """Abundances of a model relative to helium, as a start for another model.

    Parameters
    ----------
    model : CosmicRayModel
        Model with helium, for example a `published_composition`.
    rigidity : `~astropy.units.Quantity`, optional
        Rigidity at which intensities are compared.

    Returns
    -------
    dict of str to float
        Ratio at equal rigidity for each species of the model that is heavier than helium, as
        `~crlocal_plugin.xue_liu_2025` takes it for ``abundances``.

    Raises
    ------
    ValueError
        If the model has no helium at that rigidity, or several rigidities are given.
    TypeError
        If ``model`` is not a CosmicRayModel.
    """
    if not isinstance(model, CosmicRayModel):
        raise TypeError(
            f"abundances are those of a CosmicRayModel, got {model!r}: make one, for example with "
            "published_composition('H3a')"
        )
    rigidity = u.Quantity(rigidity)
    if not rigidity.isscalar:
        raise ValueError(f"abundances are taken at one rigidity, got {rigidity}")
    helium = model.intensity(rigidity, "He")
    if not helium > 0:
        raise ValueError(f"model {model.name!r} has no helium at {rigidity}: choose another one")
    heavier = [nucleus for nucleus in model.nuclei if nucleus.Z > SPECIES["He"].Z]
    return {n.name: float(model.intensity(rigidity, n) / helium) for n in heavier}


@functools.lru_cache(maxsize=16)
def _table(composition, version, time_interval):
    """Species, the row of each charge number, and logarithms of intensities at ``_RIGIDITY``."""
    _solar_settings(composition, version, time_interval)
    if composition == "GSF":
        package = _optional("globalsplinefit")
        gsf = package.GSFRigidity(version=version, default_time_interval=time_interval)
        intensities = {SYMBOLS[Z - 1]: gsf.flux(_RIGIDITY, Z) for Z in sorted(gsf.z_to_sids)}
    else:
        intensities = _crflux_intensities(composition)
    rows = np.zeros(len(SYMBOLS) + 1, dtype=int)
    rows[[get_species(name).Z for name in intensities]] = np.arange(len(intensities))
    return tuple(intensities), rows, log_strength(np.array(list(intensities.values())))


def _crflux_intensities(composition):
    published = PUBLISHED_COMPOSITIONS[composition]
    axis, (name, *arguments) = published.axis, published.source
    model = getattr(_optional("crflux.models"), name)(*arguments)
    intensities = {}
    for corsika_id in model.nucleus_ids:
        Z, A = model.Z_A(corsika_id)
        nucleus = get_species(published.groups.get(Z, SYMBOLS[Z - 1]))
        # crflux takes the energy of the nucleus, with a mass number of its own
        nucleons = A if axis == "kinetic_energy_per_nucleon" else 1
        x = rigidity_to_axis(_RIGIDITY, nucleus, axis)
        per_axis = nucleons * model.nucleus_flux(corsika_id, nucleons * x)
        beta = particle_grid(_RIGIDITY, nucleus).beta
        intensities[nucleus.name] = per_axis / axis_jacobian(beta, nucleus, axis)
    return intensities


def _solar_settings(composition, version, time_interval):
    """Check the composition, and return version and time interval as they are kept."""
    if composition not in tuple(PUBLISHED_COMPOSITIONS):
        raise ValueError(
            f"unknown composition {composition!r}: expected one of "
            f"{', '.join(PUBLISHED_COMPOSITIONS)}"
        )
    if composition != "GSF":
        if version is not None or time_interval is not None:
            raise ValueError(
                f"version and time_interval are settings of GSF: leave them out for {composition}"
            )
        return None, None
    months = time_interval if isinstance(time_interval, list | tuple) else ()
    if len(months) == 2 and all(isinstance(month, int | np.integer) for month in months):
        time_interval = tuple(map(int, months))
    elif time_interval is not None and time_interval != "LIS":
        raise ValueError(
            f"time_interval {time_interval!r}: expected 'LIS' or two months such as "
            "(200901, 201001), of which the second is after the end"
        )
    return _optional("globalsplinefit").resolve_version(version), time_interval


def _optional(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.split(".")[0]
        raise ImportError(
            f"this composition model needs {package}: pip install 'crlocal_plugin[composition]' "
            f"({error})"
        ) from error


register(SPECTRAL_MODEL_REGISTRY, PublishedSpectralModel)
