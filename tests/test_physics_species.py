"""Nuclei: rest energies, charges and mass numbers."""

import dataclasses

import astropy.units as u
import pytest
import scipy.constants

from crlocal_plugin.physics.species import SPECIES, SYMBOLS, Species, get_species

# H to Ni in the order of charge
ELEMENTS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni".split()  # noqa: SIM905
)
# standard atomic weights (IUPAC 2021, abridged)
ATOMIC_WEIGHTS = {
    "H": 1.008,
    "He": 4.0026,
    "Li": 6.94,
    "Be": 9.0122,
    "B": 10.81,
    "C": 12.011,
    "N": 14.007,
    "O": 15.999,
    "F": 18.998,
    "Ne": 20.180,
    "Na": 22.990,
    "Mg": 24.305,
    "Al": 26.982,
    "Si": 28.085,
    "P": 30.974,
    "S": 32.06,
    "Cl": 35.45,
    "Ar": 39.95,
    "K": 39.098,
    "Ca": 40.078,
    "Sc": 44.956,
    "Ti": 47.867,
    "V": 50.942,
    "Cr": 51.996,
    "Mn": 54.938,
    "Fe": 55.845,
    "Co": 58.933,
    "Ni": 58.693,
}
# atomic mass excesses in keV, Wang et al. 2021, Chinese Physics C 45, 030003 (AME2020)
MASS_EXCESS_KEV = {
    ("C", 12): 0.0,
    ("N", 14): 2863.42,
    ("O", 16): -4737.00,
    ("Ne", 20): -7041.93,
    ("Mg", 24): -13933.58,
    ("Si", 28): -21492.79,
    ("S", 32): -26015.53,
    ("Ca", 40): -34846.40,
    ("Fe", 56): -60607.1,
    ("Ni", 58): -60228.7,
}
ELECTRON_GEV = scipy.constants.physical_constants["electron mass energy equivalent in MeV"][0] / 1e3
UNIT_GEV = (
    scipy.constants.physical_constants["atomic mass constant energy equivalent in MeV"][0] / 1e3
)
PROTON_GEV = scipy.constants.physical_constants["proton mass energy equivalent in MeV"][0] / 1e3
NEUTRON_GEV = scipy.constants.physical_constants["neutron mass energy equivalent in MeV"][0] / 1e3
ALPHA_GEV = (
    scipy.constants.physical_constants["alpha particle mass energy equivalent in MeV"][0] / 1e3
)


def test_order_and_charges():
    assert list(ELEMENTS) == list(SYMBOLS) == list(SPECIES)
    for charge, name in enumerate(ELEMENTS, start=1):
        assert charge == SPECIES[name].Z
        assert SPECIES[name].name == name


@pytest.mark.parametrize(("name", "expected"), [("H", PROTON_GEV), ("He", ALPHA_GEV)])
def test_codata_masses(name, expected):
    # 1e-8 is far below any effect; CODATA editions differ by some 1e-9
    assert SPECIES[name].rest_energy == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("isotope", "excess"), MASS_EXCESS_KEV.items())
def test_tabulated_mass_excess(isotope, excess):
    name, A = isotope
    nucleus = SPECIES[name]
    assert nucleus.A == A
    expected = A * UNIT_GEV + excess * 1e-6 - nucleus.Z * ELECTRON_GEV
    # the binding of the electrons, up to 41 keV in nickel, is known to far better than 1 keV
    assert nucleus.rest_energy == pytest.approx(expected, abs=45e-6)
    assert nucleus.rest_energy >= expected - 1e-7


def test_helium_electron_binding():
    # ionisation energies of helium, 24.587 and 54.418 eV, against the smooth formula
    atom = 4.00260325413 * UNIT_GEV
    bare = atom - 2 * ELECTRON_GEV + 79.005e-9
    # CODATA 2018 and 2022 differ by 1.4e-9 in the mass unit
    assert SPECIES["He"].rest_energy == pytest.approx(bare, rel=4e-9)


@pytest.mark.parametrize("name", ELEMENTS)
def test_nucleus_is_sane(name):
    nucleus = SPECIES[name]
    neutrons = nucleus.A - nucleus.Z
    binding = nucleus.Z * PROTON_GEV + neutrons * NEUTRON_GEV - nucleus.rest_energy
    per_nucleon_mev = 1e3 * binding / nucleus.A
    if name == "H":
        assert (nucleus.A, abs(per_nucleon_mev) < 1e-4) == (1, True)
    else:
        # between lithium and the iron peak (8.79 MeV per nucleon in Ni-62, the maximum)
        assert 5 < per_nucleon_mev < 8.8
        assert 1.9 < nucleus.A / nucleus.Z < 2.35
    # argon is Ar-36 in cosmic rays, Ar-40 on Earth
    if name != "Ar":
        assert pytest.approx(ATOMIC_WEIGHTS[name], abs=1) == nucleus.A


def test_binding_peaks_near_iron():
    def per_nucleon(nucleus):
        free = nucleus.Z * PROTON_GEV + (nucleus.A - nucleus.Z) * NEUTRON_GEV
        return (free - nucleus.rest_energy) / nucleus.A

    best = max(SPECIES.values(), key=per_nucleon)
    assert best.name == "Fe"
    # Fe-56: 8.790 MeV (AME2020)
    assert 1e3 * per_nucleon(best) == pytest.approx(8.790, abs=2e-3)


@pytest.mark.parametrize("unknown", ["Xx", "h", "", "Zn", None, 3, ["H"]])
def test_unknown_species_is_named(unknown):
    with pytest.raises(ValueError, match="unknown species") as error:
        get_species(unknown)
    assert repr(unknown) in str(error.value)


def test_species_passes_through():
    deuteron = Species("D", 1, 2, 1.875612928)
    assert get_species(deuteron) is deuteron
    assert get_species("Fe") is SPECIES["Fe"]


@pytest.mark.parametrize(
    ("charge", "mass_number", "rest_energy"),
    [
        *((0, 1, 1.0), (-1, 1, 1.0), (2, 1, 1.0), (1, 1, 0.0), (1, 1, -1.0), (1, 1, float("nan"))),
        # in MeV, of one nucleon, with a unit
        *((2, 3, 2808.39), (2, 3, 0.938), (2, 3, 2.80839 * u.GeV)),
    ],
)
def test_unphysical_species_is_refused(charge, mass_number, rest_energy):
    with pytest.raises(ValueError, match="species 'odd'"):
        Species("odd", charge, mass_number, rest_energy)


def test_species_is_immutable_and_hashable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SPECIES["H"].Z = 2
    assert len(set(SPECIES.values())) == len(ELEMENTS)
