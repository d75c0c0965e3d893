"""Nuclei from hydrogen to nickel: charge, mass number and nuclear rest energy.

Rest energies follow from the atomic masses of the 2020 Atomic Mass Evaluation (Wang et al. 2021,
Chinese Physics C 45, 030003) of the isotope that dominates the element in cosmic rays, less the
electrons and plus their binding energy.
"""

import math
from dataclasses import dataclass, field, replace
from numbers import Real

import numpy as np

ATOMIC_MASS_UNIT_GEV = 0.93149410242
"""Atomic mass unit in GeV (CODATA 2018, Tiesinga et al. 2021, Rev. Mod. Phys. 93, 025010)."""
_ELECTRON_MASS_GEV = 0.51099895000e-3  # likewise


@dataclass(frozen=True)
class Species:
    """A fully ionised nucleus.

    Parameters
    ----------
    name : str
        Name, the element symbol for the nuclei of this module.
    Z, A : int
        Charge number, at least 1, and mass number, at least ``Z``.
    rest_energy : float
        Nuclear rest energy in GeV, a float between 0.9 and 1 times ``A``.

    Raises
    ------
    ValueError
        If charge, mass number or rest energy are not physical.
    """

    name: str
    Z: int
    A: int
    rest_energy: float = field(repr=False)

    def __post_init__(self):
        where = f"species {self.name!r}"
        if not 1 <= self.Z <= self.A:
            raise ValueError(f"{where}: expected 1 <= Z <= A, got Z={self.Z}, A={self.A}")
        # a nucleon has 0.938 GeV, and is bound by less than 9 MeV
        if not (isinstance(self.rest_energy, Real) and 0.9 < self.rest_energy / self.A < 1):
            raise ValueError(
                f"{where}: rest_energy must be that of the nucleus in GeV, about "
                f"{0.93 * self.A:.3g}, as a number, got {self.rest_energy}"
            )

    @property
    def log_A(self):
        """Natural logarithm of the mass number (float)."""
        return math.log(self.A)


def _nuclear_rest_energy(Z, atomic_mass):
    """Rest energy in GeV of a bare nucleus from the mass of its neutral atom in u."""
    # binding energy of the electrons: Lunney, Pearson & Thibault 2003, RMP 75, 1021, Eq. A4
    binding = (14.4381 * Z**2.39 + 1.55468e-6 * Z**5.35) * 1e-9
    return atomic_mass * ATOMIC_MASS_UNIT_GEV - (Z * _ELECTRON_MASS_GEV - binding)


_ISOTOPES = np.loadtxt(
    __file__.replace("species.py", "isotopes.csv"), delimiter=",", dtype="U2,i8,f8"
).tolist()

SPECIES = {
    name: Species(name, Z, A, _nuclear_rest_energy(Z, mass))
    for Z, (name, A, mass) in enumerate(_ISOTOPES, start=1)
}
"""Nuclei by element symbol."""

SYMBOLS = tuple(SPECIES)
"""Element symbols in the order of their charge, H to Ni."""

ELEMENT_GROUPS = {
    "CNO": ("C", "N", "O"),
    "Ne-S": ("Ne", "Na", "Mg", "Al", "Si", "P", "S"),
    "Fe-group": ("Cr", "Mn", "Fe", "Co", "Ni"),
}
"""Elements of groups that air-shower experiments report."""

GROUP_SPECIES = {
    group: replace(SPECIES[name], name=group)
    for group, name in (("CNO", "N"), ("Ne-S", "Mg"), ("Fe-group", "Fe"))
}
"""One nucleus in place of a group: nitrogen-14, magnesium-24, iron-56.

With the intensities that AMS-02 measured (`HELIUM_RATIOS` of the models), exp(<ln A>) of C, N, O is
13.9 at equal rigidity and 14.4 at equal total energy, that of Ne to S 24.4 and 25.2: <ln A> of
a group is too low by up to 0.03 and 0.05. The spread of ln A inside them, a variance of 0.02, is
missing in `variance_log_mass`. Iron stands for its group, since chromium to cobalt are mostly
fragments of iron, which this model does not make, and nickel is a twentieth of it.
"""


def get_species(species):
    """Look up a nucleus (`Species`).

    Parameters
    ----------
    species : str, Species or dict
        Element symbol, ``"H"`` to ``"Ni"``, a group of `GROUP_SPECIES`, a `Species`, which is
        returned as it is, or its attributes, as files have them.

    Raises
    ------
    ValueError
        If the symbol is not known.
    """
    if isinstance(species, Species):
        return species
    if isinstance(species, dict):
        return Species(**species)
    try:
        return GROUP_SPECIES.get(species) or SPECIES[species]
    except (KeyError, TypeError):
        raise ValueError(
            f"unknown species {species!r}: expected an element symbol from H to Ni "
            f"({', '.join(SYMBOLS)}), a group ({', '.join(GROUP_SPECIES)}) or a Species with its "
            "own Z, A and rest energy"
        ) from None
