"""Ready-made models with heavier nuclei."""

import astropy.units as u

from ..components.spectrum import MADE_ON_THE_WAY
from ..physics.species import get_species
from .xue_liu import xue_liu_2025

COMPOSITION = ("H", "He", "C", "N", "O", "Ne", "Mg", "Si", "S", "Fe")
"""Nuclei that carry nearly all of the cosmic rays, and that AMS-02 has measured."""

GROUPED_COMPOSITION = ("H", "He", "CNO", "Ne-S", "Fe-group")
"""The groups that air-shower experiments tell apart, see `GROUP_SPECIES`."""

INDEX_GROUPS = (("C", "O", "Ne", "Mg", "Si", "S", "Fe", "CNO", "Ne-S", "Fe-group"), MADE_ON_THE_WAY)
"""Nuclei that share one index offset: those that come from the sources, and those of which much is
made of heavier ones on the way. Helium has its own."""

OBSERVED_INDEX_GROUPS = (("C", "O", "CNO"), MADE_ON_THE_WAY, ("Ne", "Mg", "Si", "S", "Ne-S"))
"""Nuclei that share one index offset where none are lost, so that the offset stands for the loss
too: those whose spectra AMS-02 found alike (Aguilar et al. 2021, Phys. Rep. 894, 1; 2021, PRL 126,
041104 and 127, 021101; 2023, PRL 130, 211002). Helium and iron have each their own."""

VALID_FROM = {"H": None, "He": None}
"""Rigidity in GV from which on the leaky box describes a nucleus, for those that differ from
`VALID_FROM_HEAVY`."""

VALID_FROM_HEAVY = 30.0
"""Rigidity in GV from which on the leaky box describes nuclei heavier than helium: above, strength
and index take up inelastic loss to 5 % (:doc:`/howto/spallation`), and of what fragments add little
is left."""


def valid_from(species):
    """Lowest rigidity at which the leaky box describes a nucleus.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus.

    Returns
    -------
    `~astropy.units.Quantity` or None
        The rigidity; None where there is no such limit.
    """
    rigidity = VALID_FROM.get(get_species(species).name, VALID_FROM_HEAVY)
    return None if rigidity is None else u.Quantity(rigidity, "GV")


def xue_liu_2025_composition(species=COMPOSITION, index_groups=None, spallation=True, **kwargs):
    """Model of Xue & Liu 2025 extended to heavier nuclei, with free index offsets.

    Strengths start from those of helium times the ratio that AMS-02 measured. Free are, beside
    what `xue_liu_2025` frees, the index offsets, the age of the Galactic centre's outburst, and
    the grammage, which has a prior. The strength of the Galactic centre in nuclei heavier
    than helium is frozen at zero: the paper has none, and data of single nuclei end far below the
    energies where this component matters.

    Parameters
    ----------
    species : sequence of str or `~crlocal_plugin.Species`, optional
        Nuclei, by default `COMPOSITION`; `GROUPED_COMPOSITION` has groups of them.
    index_groups : sequence of sequences of str, optional
        Species that share one index offset, by default `INDEX_GROUPS`, or `OBSERVED_INDEX_GROUPS`
        where no nuclei are lost.
    spallation : bool, optional
        Whether nuclei of the background are lost in inelastic collisions.
    **kwargs : dict
        As for `xue_liu_2025`.

    Returns
    -------
    CosmicRayModel
        The model.

    Raises
    ------
    ValueError
        As `xue_liu_2025`.
    """
    if index_groups is None:
        index_groups = INDEX_GROUPS if spallation else OBSERVED_INDEX_GROUPS
    model = xue_liu_2025(
        species=species, index_groups=index_groups, spallation=spallation, **kwargs
    )
    for component in model.components.values():
        for name, spectrum in component.spectral_models.items():
            spectrum.index_offset.frozen = name == "H"
    model.T_c.frozen = False
    if spallation:
        model.grammage.frozen = False
    for name, spectrum in model.components["galactic-center"].spectral_models.items():
        if name not in ("H", "He"):
            spectrum.Q_0c.value, spectrum.Q_0c.frozen = 0.0, True
    model.set_default_frozen()
    return model
