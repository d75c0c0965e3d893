"""A component of the cosmic rays: spectra by species and a dipole; and sums of species."""

import astropy.units as u
from gammapy.modeling.models import SpectralModel

from ..messages import unknown_name
from ..physics.species import ELEMENT_GROUPS, SYMBOLS
from .base import RIGIDITY_UNIT, PhysicsModel, intensity_unit
from .dipole import DipoleModel

GROUPS = {"light": ("H", "He"), "all_particle": None}
"""Sums of species that measurements report; None stands for all of a model."""


def species_group(quantity, available):
    """Names of the species that a measured quantity sums over, of those available (tuple of str).

    A quantity is a species, "light" (H + He), "all_particle", or a group of `ELEMENT_GROUPS`, of
    which those elements count that there are. ValueError if there is no such species.
    """
    available = tuple(available)
    name = getattr(quantity, "name", quantity)
    if not isinstance(name, str):
        raise ValueError(
            f"species {quantity!r}: expected one name, such as 'He', 'light' or 'all_particle'"
        )
    if name in available:
        return (name,)
    names = GROUPS[name] or available if name in GROUPS else (name,)
    if name in ELEMENT_GROUPS:
        names = tuple(n for n in ELEMENT_GROUPS[name] if n in available) or (name,)
    for missing in (n for n in names if n not in available):
        is_known = missing in SYMBOLS or missing in ELEMENT_GROUPS
        hint = "" if is_known else f"; {missing!r} is no element symbol from H to Ni"
        raise ValueError(
            f"the model has no species {missing!r}, only {', '.join(available)}: make it with "
            f"xue_liu_2025(species=...){hint}"
        )
    return names


def has_species(model, quantity):
    """Whether a model has all species that a measured quantity sums over (bool)."""
    try:
        species_group(quantity, model.species)
    except ValueError:
        return False
    return True


class CosmicRayComponent:
    """A population of cosmic rays: one spectrum per species and a dipole.

    Parameters
    ----------
    name : str
        Name, without dots.
    spectral_models : dict of str to `~gammapy.modeling.models.SpectralModel`, optional
        Intensity against rigidity by species. Left out by an effect that acts on all cosmic
        rays, such as Compton-Getting.
    dipole_model : DipoleModel, optional
        Dipole; left out by an isotropic component.
    own : sequence of str, optional
        Names of parameters that a `CosmicRayModel` does not share with other components; their
        labels start with the component's name.

    Raises
    ------
    ValueError
        If the name has a dot, a model is filed under another species than its own, or no model has
        a parameter that ``own`` names.
    TypeError
        If a model is not of the right kind.
    """

    def __init__(self, name, spectral_models=None, dipole_model=None, own=()):
        if not isinstance(name, str) or not name or "." in name:
            raise ValueError(f"component name {name!r}: expected a word without dots")
        self.name = name
        self.spectral_models = dict(spectral_models or {})
        for species, model in self.spectral_models.items():
            if not isinstance(model, SpectralModel):
                raise TypeError(
                    f"component {name!r}, species {species!r}: expected a gammapy SpectralModel, "
                    f"got {type(model).__name__}"
                )
            nucleus = getattr(model, "species", species)
            if nucleus != species:
                raise ValueError(
                    f"component {name!r}: a model of {nucleus} is filed under species {species!r}"
                )
        if dipole_model is not None and not isinstance(dipole_model, DipoleModel):
            raise TypeError(
                f"component {name!r}: expected a DipoleModel, got {type(dipole_model).__name__}"
            )
        self.dipole_model = dipole_model
        self.own = (own,) if isinstance(own, str) else tuple(own)
        for par in self.own:
            known = dict.fromkeys(name for model in self.models for name in model.parameters.names)
            if par not in known:
                raise ValueError(unknown_name(par, known, f"own parameter of component {name!r} "))

    @property
    def own_parameters(self):
        """Parameters that the component does not share (set of `~gammapy.modeling.Parameter`)."""
        models = self.models if self.own else ()
        return {par for model in models for par in model.parameters if par.name in self.own}

    @property
    def models(self):
        """Spectral models and dipole model (list)."""
        models = list(self.spectral_models.values())
        return models if self.dipole_model is None else [*models, self.dipole_model]

    def __repr__(self):
        dipole = "isotropic" if self.dipole_model is None else type(self.dipole_model).__name__
        spectra = [f"{s}: {type(m).__name__}" for s, m in self.spectral_models.items()]
        return f"CosmicRayComponent({self.name!r}, {{{', '.join(spectra)}}}, {dipole})"


def check_intensities(components):
    """Refuse spectra that do not give an intensity against rigidity."""
    probe = u.Quantity([1e3], RIGIDITY_UNIT)
    expected = intensity_unit("rigidity")
    for component in components:
        for species, model in component.spectral_models.items():
            if isinstance(model, PhysicsModel):
                continue
            where = f"component {component.name!r}, species {species!r}"
            try:
                unit = model(probe).unit
            except u.UnitsError as error:
                raise ValueError(
                    f"{where}: {type(model).__name__} does not take a rigidity ({error}); wrap "
                    "it in IntensitySpectralModel with the axis that it is meant for"
                ) from error
            if not unit.is_equivalent(expected):
                raise ValueError(
                    f"{where}: {type(model).__name__} gives {unit}, expected an intensity like "
                    f"{expected}; wrap it in IntensitySpectralModel"
                )
