"""Sources near the Sun by the name that they have in the catalogue."""

import astropy.units as u
import numpy as np
from gammapy.modeling import Parameter

from ..components.component import CosmicRayComponent
from ..components.nearby_source import (
    LOCAL_TRANSPORT,
    NearbySourceDipoleModel,
    NearbySourceFickDipoleModel,
    NearbySourceSpectralModel,
)
from ..components.parameters import kernel_unit, parameter
from ..components.priors import MeasurementPrior
from ..components.release import (
    DecayingSourceFickDipoleModel,
    DecayingSourceSpectralModel,
    EscapingSourceFickDipoleModel,
    EscapingSourceSpectralModel,
)
from ..components.source_catalogue import COHERENCE_LENGTH, find_source, tube_geometry
from ..messages import unknown_name
from ..physics.geometry import local_cloud, lsr_velocity
from ..physics.species import get_species
from .cloud import MOTION

DIPOLES = ("cloud", "fick")
"""Dipoles of a source: transport through the local cloud, or Fick's law along the field."""

INJECTIONS = {
    "burst": (NearbySourceSpectralModel, NearbySourceFickDipoleModel),
    "decay": (DecayingSourceSpectralModel, DecayingSourceFickDipoleModel),
    "escape": (EscapingSourceSpectralModel, EscapingSourceFickDipoleModel),
}
"""Spectra and dipoles by the way that particles are released."""


def nearby_source(
    name,
    model=None,
    species=None,
    injection="burst",
    local_transport=None,
    dipole=None,
    coherence_length=COHERENCE_LENGTH,
    label=None,
    **values,
):
    """Component of a supernova remnant or pulsar of the catalogue, for a `CosmicRayModel`.

    The component has for itself its strengths ``Q_0n``, its age ``T_n`` and its distances ``r_par``
    along and ``r_perp`` across the field, with labels such as "Vela.T_n"; all else it shares with
    ``model``. Age and distances are frozen and have priors, so that ``frozen = False``
    is all that frees one of them.

    The distances are those from a straight field line that goes through the Sun in the direction of
    the local field to where the source exploded; ``r_par`` is negative where the field points away
    from the source. They follow the field that the model has when the component is made, and their
    priors are as wide as errors and wandering field lines make them, see
    `crlocal_plugin.components.source_catalogue.tube_geometry`.

    Parameters
    ----------
    name : str
        Name or alias in `source_catalogue`, in any case.
    model : CosmicRayModel, optional
        Model whose field, cloud, solar motion and nuclei count; by default those of Xue & Liu 2025
        with H and He.
    species : str or sequence of str or `~crlocal_plugin.Species`, optional
        Nuclei, by default those of the model.
    injection : {"burst", "decay", "escape"}, optional
        All at once; at a rate that decays, see `DecayingSourceSpectralModel`; or the earlier the
        higher the rigidity, see `EscapingSourceSpectralModel`. The times that this takes are the
        component's own too.
    local_transport : {"kinetic", "wandering", "none"}, optional
        Effect of the local cloud on intensities, see `NearbySourceSpectralModel`; by default that
        of the model, "kinetic" without one, for a source ahead of the moving cloud, and "none" for
        one behind.
    dipole : {"cloud", "fick"}, optional
        `NearbySourceDipoleModel`, by default for a source ahead of the cloud, or
        `NearbySourceFickDipoleModel`, by default for one behind.
    coherence_length : `~astropy.units.Quantity`, optional
        Length over which field lines forget their direction; infinite if they are straight.
    label : str, optional
        Name of the component, by default that of the catalogue.
    **values : `~astropy.units.Quantity` or str
        Values of parameters, such as ``r_perp="18.5 pc"``, which have no prior and are the
        component's own then.

    Returns
    -------
    CosmicRayComponent
        The component.

    Raises
    ------
    ValueError
        If there is no such source, a setting is not known, or the model has no local cloud.
    """
    source = find_source(name)
    if dipole not in (None, *DIPOLES):
        raise ValueError(unknown_name(dipole, DIPOLES, "dipole "))
    if injection not in INJECTIONS:
        raise ValueError(unknown_name(injection, INJECTIONS, "injection "))
    spectrum, fick_dipole = INJECTIONS[injection]
    motion = _motion(model)
    cloud = local_cloud(*motion)
    sun = lsr_velocity(0.0, np.zeros(3), *motion[-3:])
    tube = tube_geometry(source, cloud.field, sun, coherence_length)
    is_ahead = np.dot(tube.place, cloud.velocity) > 0
    transport = local_transport or (_transport_of(model) if is_ahead else "none")
    nuclei = (("H", "He") if model is None else model.nuclei) if species is None else species
    nuclei = [nuclei] if isinstance(nuclei, str) else list(nuclei)
    place = f"{source['distance_source']}: distance and field, see nearby_source"
    measured = {
        "T_n": _own("T_n", source["age"], source["age_error"], source["age_source"]),
        "r_par": _own("r_par", tube.r_par, tube.r_par_error, place),
        "r_perp": _own("r_perp", tube.r_perp, tube.r_perp_error, place),
    }
    template = spectrum(nuclei[0], transport, **measured).copy(**values)
    new = set(spectrum.default_parameters.names) - set(NearbySourceSpectralModel().parameters.names)
    own = {par.name: par for par in template.parameters if par.name in {*measured, *new, *values}}
    for par in values:
        own[par].prior = None
    strength = {"Q_0n": own.pop("Q_0n").quantity} if "Q_0n" in values else {}
    spectra = {}
    for nucleus in nuclei:
        shared = _shared(model, spectrum, nucleus)
        made = spectrum(nucleus, transport, **shared | own | strength)
        spectra[made.species] = made
    through_cloud = (dipole or ("cloud" if is_ahead else "fick")) == "cloud"
    cls = NearbySourceDipoleModel if through_cloud else fick_dipole
    known = {name: par for name, par in own.items() if name in cls.default_parameters.names}
    dipole_model = cls(**_shared(model, cls) | known)
    if through_cloud and transport == "wandering":
        dipole_model.local_transport = transport
    return CosmicRayComponent(label or str(source["name"]), spectra, dipole_model, ("Q_0n", *own))


def _transport_of(model):
    """Effect of the cloud on the nearby source of a model, if it has one."""
    components = {} if model is None else model.components
    spectra = [s for component in components.values() for s in component.spectral_models.values()]
    found = {getattr(spectrum, "local_transport", "none") for spectrum in spectra} - {"none"}
    return found.pop() if len(found) == 1 else LOCAL_TRANSPORT[0]


def _shared(model, cls, nucleus=None):
    """Parameters that a sub-model of a class has in common with a model, by name."""
    if model is None:
        return {}
    names = set(cls.default_parameters.names) - {"Q_0n"}
    found = {}
    for par in model.parameters:
        found.setdefault(par.name, []).append(par)
    shared = {name: found[name][0] for name in names if len(found.get(name, ())) == 1}
    for component in model.components.values() if nucleus else ():
        spectrum = component.spectral_models.get(get_species(nucleus).name)
        if hasattr(spectrum, "index_offset"):
            shared["index_offset"] = spectrum.index_offset
    return shared


def _motion(model):
    """Values of `MOTION` in kernel units, of a model or as they are by default."""
    known = map(parameter, MOTION) if model is None else model.parameters
    motion = {par.name: par.quantity.to_value(kernel_unit(par)) for par in known}
    if not motion.keys() >= set(MOTION):
        raise ValueError(
            f"model {model.name!r} has no local cloud: expected one with {', '.join(MOTION)}, or "
            "leave the model out"
        )
    return [motion[name] for name in MOTION]


def _own(name, value, error, source):
    """Parameter of a source, frozen, with a prior."""
    default = parameter(name)
    low = np.nan if name == "r_par" else default.min
    value, error = (float(f"{number:.4g}") for number in (value, error))
    par = Parameter(name, max(value, low), default.unit, min=low, frozen=True)
    par.prior = MeasurementPrior(u.Quantity(value, par.unit), u.Quantity(error, par.unit), source)
    return par
