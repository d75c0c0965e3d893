"""The model of Xue & Liu 2025 (arXiv:2507.07057), ready made."""

from numbers import Real

import astropy.units as u
import numpy as np

from ..components.background import (
    BackgroundDipoleModel,
    LeakyBoxSpectralModel,
    SpallationLeakyBoxSpectralModel,
)
from ..components.base import unit_text
from ..components.component import CosmicRayComponent
from ..components.compton_getting import FRAMES
from ..components.galactic_center import GalacticCenterDipoleModel, GalacticCenterSpectralModel
from ..components.nearby_source import NearbySourceDipoleModel, NearbySourceSpectralModel
from ..components.priors import DEFAULT_SETS, MeasurementPrior
from ..components.spectrum import HELIUM_RATIOS
from ..messages import unknown_name
from ..physics.species import ELEMENT_GROUPS, get_species
from .cosmic_ray import CosmicRayModel
from .prior_sets import set_prior_sets

VARIANTS = {
    "kinetic": {},
    "wandering": {"r_perp": "20 pc", "Q_0c": {"H": "1.1e58 GV-1", "He": "1.76e57 GV-1"}},
    "qgsjet": {"T_c": "2 Myr", "R_cutc": "4 PV", "Q_0c": {"H": "5e58 GV-1", "He": "1e58 GV-1"}},
}
"""Values that differ from Table I: Section II (none), Section III, Appendix B."""


def xue_liu_2025(
    variant="kinetic",
    species=("H", "He"),
    priors=DEFAULT_SETS,
    abundances=None,
    compton_getting="constant",
    name="cosmic-ray",
    datasets_names=None,
    index_groups=(),
    spallation=False,
    compton_getting_frame="cloud",
):
    """Three-component model of Xue & Liu 2025 with the values of their Table I.

    Free by default are the parameters that the paper fitted and that data determine, and, with
    priors from other measurements, the direction of the local magnetic field and the velocities of
    cloud and Sun. All other constants of the paper are frozen parameters.

    Parameters
    ----------
    variant : {"kinetic", "wandering", "qgsjet"}
        Best fit of Section II; field-line wandering on small scales too (Section III); fit to
        the KASCADE spectra of QGSJET 01 (Appendix B).
    species : sequence of str or `~crlocal_plugin.Species`
        Nuclei. The paper has H and He; heavier ones start from helium's values times their
        abundance.
    priors : str, list of str, dict or None
        Names of sets of Gaussian priors on what others measured, see `PRIOR_SETS`, of which later
        ones replace earlier ones, and some free their parameters (`FREE_SETS`); a dictionary maps
        parameter names to priors; None sets none. With "measured", field and velocities but
        V_sun are taken to be exact.
    abundances : dict of str to float, optional
        Strengths relative to helium of nuclei heavier than helium; defaults to `HELIUM_RATIOS`.
    compton_getting : {"constant", "local"}, optional
        Factor C of the Compton-Getting effect: the parameter, 1.6, or a third of the local index
        of the momentum distribution.
    name : str, optional
        Name of the model.
    datasets_names : str or list of str, optional
        Datasets that the model is for; all by default.
    index_groups : sequence of sequences of str, optional
        Species that share one index offset; those that the model does not have are left out. By
        default each has its own.
    spallation : bool, optional
        Whether nuclei of the background are lost in inelastic collisions too, see
        `SpallationLeakyBoxSpectralModel`. Strengths are raised so that intensities at 100 GV stay.
    compton_getting_frame : {"cloud", "lsr"}, optional
        Frame in which cosmic rays are isotropic, apart from the other components: the local cloud,
        or the local standard of rest.

    Returns
    -------
    CosmicRayModel
        With the components "background", "nearby", "galactic-center" and "compton-getting".

    Raises
    ------
    ValueError
        If variant, species, priors or frame are not known, a nucleus has no abundance or a negative
        one, or a species is in two groups, or beside a group that it is part of.
    """
    if variant not in VARIANTS:
        raise ValueError(f"unknown variant {variant!r}: expected one of {', '.join(VARIANTS)}")
    if compton_getting_frame not in FRAMES:
        raise ValueError(unknown_name(compton_getting_frame, FRAMES, "compton_getting_frame "))
    if isinstance(species, str):
        species = (species,)
    nuclei = [get_species(s) for s in species]
    names = [nucleus.name for nucleus in nuclei]
    if not nuclei or len(set(names)) < len(names):
        raise ValueError(f"species must be given, each once, got {names}")
    for group, members in ELEMENT_GROUPS.items():
        twice = [name for name in names if name in members] if group in names else []
        if twice:
            raise ValueError(
                f"species {', '.join(twice)}: part of the group {group}, and would count twice; "
                "give one or the other"
            )
    ratios = {"He": 1.0} | HELIUM_RATIOS | _checked_abundances(abundances)
    missing = [n for n in names if n != "H" and n not in ratios]
    if missing:
        raise ValueError(
            f"no abundance is known for {', '.join(missing)}: pass for example "
            f"abundances={{{missing[0]!r}: 0.01}}, the strength relative to helium"
        )

    transport = "wandering" if variant == "wandering" else "kinetic"
    changes = VARIANTS[variant]
    leaky_box = SpallationLeakyBoxSpectralModel if spallation else LeakyBoxSpectralModel

    def spectra(cls, **settings):
        models = {nucleus.name: cls(species=nucleus, **settings) for nucleus in nuclei}
        changed = changes.get(cls.strength_name, {})
        helium = u.Quantity(changed.get("He", cls.helium_strength), "GV-1")
        for name, model in models.items():
            strength = getattr(model, cls.strength_name)
            if name != "H":
                strength.value = (ratios[name] * helium).value
            elif changed:
                strength.quantity = changed["H"]
        return models

    nearby = spectra(NearbySourceSpectralModel, local_transport=transport)
    center = spectra(GalacticCenterSpectralModel)
    components = [
        CosmicRayComponent("background", spectra(leaky_box), BackgroundDipoleModel()),
        CosmicRayComponent("nearby", nearby, NearbySourceDipoleModel(transport)),
        CosmicRayComponent("galactic-center", center, GalacticCenterDipoleModel()),
        CosmicRayComponent("compton-getting", None, FRAMES[compton_getting_frame](compton_getting)),
    ]
    model = CosmicRayModel(components, name, datasets_names)
    for par_name, value in changes.items():
        if not isinstance(value, dict):
            getattr(model, par_name).quantity = u.Quantity(value)
    if spallation:
        for spectrum in model.components["background"].spectral_models.values():
            spectrum.compensate_loss()
    _share_index_offsets(model, index_groups)
    _set_priors(model, priors)
    return model


def _checked_abundances(abundances):
    abundances = {} if abundances is None else abundances
    if not isinstance(abundances, dict):
        raise ValueError(
            f"abundances {abundances!r}: expected a dictionary such as {{'Ca': 0.001}}, strengths "
            "relative to helium"
        )
    for name, ratio in abundances.items():
        if not (isinstance(ratio, Real) and 0 <= ratio < np.inf):
            raise ValueError(
                f"abundance of {name}: expected a number that is not negative, the strength "
                f"relative to helium, got {ratio!r}"
            )
    return abundances


def _share_index_offsets(model, groups):
    """Give the species of each group the index offset of the first one."""
    members = [name for group in groups for name in group]
    repeated = ", ".join(sorted({name for name in members if members.count(name) > 1}))
    if isinstance(groups, str) or any(isinstance(group, str) for group in groups) or repeated:
        raise ValueError(
            f"index_groups {groups!r}: expected groups of species such as [('C', 'O'), ('Ne', "
            f"'Mg')], each species in one group{repeated and f', not twice {repeated}'}"
        )
    for name in members:
        if name not in model.species:
            get_species(name)  # refuses what is no nucleus at all
    spectra = [component.spectral_models for component in model.components.values()]
    for group in groups:
        alike = [by_name[name] for by_name in spectra for name in group if name in by_name]
        for spectrum in alike[1:]:
            spectrum.index_offset = alike[0].index_offset


def _set_priors(model, priors):
    if priors is None:
        return
    if isinstance(priors, str | list | tuple):
        set_prior_sets(model, priors)
        return
    if not isinstance(priors, dict):
        raise ValueError(
            f"priors {priors!r}: expected names of sets such as 'measured', None, or a dictionary "
            "of parameter names to priors"
        )
    for name, prior in priors.items():
        try:
            par = model.parameters[name]
        except IndexError:
            raise ValueError(
                f"prior on {name!r}: expected one of {', '.join(model.parameters.labels)}"
            ) from None
        if isinstance(prior, MeasurementPrior) and not prior.mu.unit.is_equivalent(par.unit):
            raise ValueError(
                f"prior on {name} is given in {unit_text(prior.mu.unit)}, expected {par.unit}"
            )
        par.prior = prior
