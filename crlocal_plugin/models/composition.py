"""Ready-made models with heavier nuclei."""

import astropy.units as u

from ..physics.species import get_species

__all__ = ["VALID_FROM", "valid_from"]

VALID_FROM = {"H": None, "He": None}
"""Rigidity in GV from which on a leaky box without inelastic loss describes a nucleus."""

_HEAVY = 30.0


def valid_from(species):
    """Rigidity from which on a leaky box without inelastic loss describes a nucleus.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus.

    Returns
    -------
    `~astropy.units.Quantity` or None
        The rigidity; None where there is no such limit.
    """
    rigidity = VALID_FROM.get(get_species(species).name, _HEAVY)
    return None if rigidity is None else u.Quantity(rigidity, "GV")
