"""Ready-made model with boron and beryllium, which collisions in the Galaxy make."""

from ..components.background import GasLeakyBoxSpectralModel, SecondarySpectralModel
from ..components.component import CosmicRayComponent
from ..physics.secondaries import BERYLLIUM, BORON, PARENT
from ..physics.spallation import surviving_fraction
from .cosmic_ray import CosmicRayModel
from .prior_sets import set_prior_sets
from .xue_liu import xue_liu_2025

GAS_PRIORS = "gas"
"""Set of priors on gas, halo and cross sections."""


def xue_liu_2025_secondaries(species=("H", "He", "C"), gas_priors=True, beryllium=False, **kwargs):
    """Model of Xue & Liu 2025 with boron, so that ratios such as B/C measure the diffusion.

    Grammage, escape and the nearby source have one diffusion coefficient: the background is in a
    leaky box with gas (`GasLeakyBoxSpectralModel`), and makes the boron (`SecondarySpectralModel`).
    No other component has any. Strengths are such that intensities at 100 GV are those of
    `xue_liu_2025`. Index offsets are free, since what is lost changes the spectra, and there are
    no nuclei heavier than helium from the Galactic centre.

    Parameters
    ----------
    species : sequence of str or `~crlocal_plugin.Species`, optional
        Nuclei from the sources, carbon among them.
    gas_priors : bool, optional
        Free ``n_gas``, ``H_G`` and ``production`` within what others measured, the set "gas" of
        `PRIOR_SETS`; else they are frozen at these values.
    beryllium : bool, optional
        Beryllium too.
    **kwargs : dict
        As for `xue_liu_2025`, without ``spallation``.

    Returns
    -------
    CosmicRayModel
        The model.

    Raises
    ------
    ValueError
        If there is no carbon, or boron from the sources; else as `xue_liu_2025`.
    """
    names = [getattr(s, "name", s) for s in species]
    made = [BORON, BERYLLIUM] if beryllium else [BORON]
    fragments = [nucleus.name for nucleus in made]
    if PARENT not in names or set(fragments) & set(names):
        text = " or ".join(fragments)
        raise ValueError(
            f"species must have {PARENT}, whose collisions make {text}, and not {text} itself, got "
            f"{', '.join(names)}"
        )
    model = xue_liu_2025(species=species, **kwargs)
    background, *others = model.components.values()
    spectra = {}
    for name, spectrum in background.spectral_models.items():
        shared = {par.name: par for par in spectrum.parameters}
        spectra[name] = GasLeakyBoxSpectralModel(spectrum.nucleus, **shared)
    shared = {par.name: par for par in spectra[PARENT].parameters}
    for nucleus in made:
        spectra[nucleus.name] = SecondarySpectralModel(nucleus, **shared)
    background = CosmicRayComponent("background", spectra, background.dipole_model)
    new = CosmicRayModel([background, *others], model.name, model.datasets_names)
    area = new.H_G.quantity**2
    priors = set_prior_sets(new, GAS_PRIORS)
    for name, prior in priors.items():
        par = getattr(new, name)
        par.quantity = prior.mu.quantity
        if not gas_priors:
            par.prior, par.frozen = None, True
    grammage = spectra[PARENT].escape_grammage.value
    for name in names:
        share = surviving_fraction(spectra[name].nucleus, 100.0, grammage, new.delta.value)
        spectra[name].Q_0b.value *= float(area / new.H_G.quantity**2 / share)
        spectra[name].index_offset.frozen = name == "H"
    for name, spectrum in new.components["galactic-center"].spectral_models.items():
        if name not in ("H", "He"):
            spectrum.Q_0c.value, spectrum.Q_0c.frozen = 0.0, True
    new.set_default_frozen()
    return new
