"""No digit of a shipped table, selection or constant changes unseen.

``data/checksums.txt`` has a checksum of the rows of each table, of the index, of the selections and
of the sources near the Sun;
``python tests/test_shipped_numbers.py`` writes it anew, after a change that is meant. Constants and
priors stand here a second time, as their sources give them.
"""

import hashlib
import math
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest

import crlocal_plugin as crl
from crlocal_plugin.catalogue.index import DATA
from crlocal_plugin.components.parameters import DEFINITIONS
from crlocal_plugin.components.spectrum import HELIUM_INDEX_OFFSET, HELIUM_RATIOS
from crlocal_plugin.models.composition import VALID_FROM_HEAVY
from crlocal_plugin.physics import constants
from crlocal_plugin.physics.species import ATOMIC_MASS_UNIT_GEV, SPECIES

CHECKSUMS = Path(__file__).parent / "data" / "checksums.txt"
SOURCES = Path(crl.__file__).parent / "components" / "nearby_sources.ecsv"


def checksums():
    """Checksums of what the files say beside their comments, by their names."""
    found = {}
    for path in sorted([*DATA.rglob("*.ecsv"), DATA / "selections.yaml", SOURCES]):
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        rows = "\n".join(line for line in lines if line and not line.startswith("#"))
        found[path.name] = hashlib.sha256(rows.encode()).hexdigest()[:16]
    return found


def test_no_digit_of_a_table_has_changed():
    lines = CHECKSUMS.read_text(encoding="utf-8").splitlines()
    assert checksums() == dict(line.split() for line in lines)
    assert len(lines) == len(crl.catalog()) + 3


@pytest.mark.parametrize("name", list(map(str, crl.catalog()["name"])))
def test_units_of_a_table(name):
    """What the numbers mean stands in the comments: the units."""
    table = crl.read_catalog_table(name)
    x = table.columns[0]
    assert (x.name, str(x.unit)) in (("rigidity", "GV"), ("energy", "GeV"))
    for column in table.itercols():
        if column.name.startswith("intensity"):
            assert column.unit == 1 / (x.unit * u.m**2 * u.s * u.sr)
        elif column.name.startswith(("phase", "error_axis")):
            assert column.unit == u.deg
        elif column.name.startswith(("amplitude", "mean_log_mass", "ratio", "tangential_err")):
            assert column.unit in (None, u.one)


def test_constants():
    assert constants.LIGHT_SPEED_M_S == 299_792_458
    assert constants.LIGHT_SPEED_KM_S == 299_792.458
    assert constants.LIGHT_SPEED_CM_S == 29_979_245_800
    # 648000 / pi astronomical units of 149 597 870 700 m
    assert pytest.approx(3.085677581491367e18, rel=1e-15) == constants.PARSEC_CM
    assert constants.YEAR_S == 31_557_600
    light_year_m = 9_460_730_472_580_800
    assert pytest.approx(light_year_m) == constants.LIGHT_YEAR_PC * constants.PARSEC_CM / 100
    assert ATOMIC_MASS_UNIT_GEV == 0.93149410242


PRIORS = {
    "V_sun": ("12.24 km s-1", "2.05 km s-1"),
    "U_sun": ("11.1 km s-1", "1.25 km s-1"),
    "W_sun": ("7.25 km s-1", "0.62 km s-1"),
    "u_HC": ("25.4 km s-1", "1.1 km s-1"),
    "u_HC_ra": ("74.9 deg", "1.5 deg"),
    "u_HC_dec": ("17.6 deg", "0.3 deg"),
    "x": ("2.9 pc", "1.5 pc"),
    "T_n": ("3.4e5 yr", "0.5e5 yr"),
    "phi": ("0.97 GV", "0.097 GV"),
    "grammage": ("5.9 g cm-2", "1.5 g cm-2"),
    "n_gas": ("1.98 cm-3", "0.23 cm-3"),
    "H_G": ("690 pc", "150 pc"),
    "production": ("1", "0.1"),
}
SCALES = {"DAMPE": 0.032, "ARGO-YBJ": 0.13, "Tibet ASgamma": 0.12, "Pierre Auger Observatory": 0.14}


def test_priors():
    assert crl.MEASURED.keys() == PRIORS.keys()
    for name, (mean, width) in PRIORS.items():
        prior = crl.measured_prior(name)
        assert prior.mu.quantity == u.Quantity(mean)
        assert prior.sigma.quantity == u.Quantity(width)
    assert {name: sigma for name, (sigma, _) in crl.ENERGY_SCALES.items()} == SCALES
    assert {name: sigma for name, (sigma, _) in crl.DIPOLE_NORMS.items()} == {"IceCube": 0.06}
    measured = ("U_sun", "V_sun", "W_sun", "u_HC", "u_HC_ra", "u_HC_dec", "x", "T_n", "grammage")
    assert crl.PRIOR_SETS["measured"] == measured


# value, unit, lower and upper limit (None: open), free
PARAMETERS = {
    "Q_0b": (4.6e52, "GV-1", 0, None, True),
    "Q_0n": (4.7e52, "GV-1", 0, None, True),
    "Q_0c": (5e57, "GV-1", 0, None, True),
    "Gamma": (2.6, "", 1, 5, True),
    "index_offset": (0, "", -1, 1, False),
    "R_cut": (4, "PV", 0.001, None, True),
    "R_cutc": (100, "PV", 0.001, None, True),
    "D_0": (2.15e28, "cm2 s-1", 1e25, None, True),
    "delta": (1 / 3, "", 0, 1, False),
    "w": (0.03, "yr-1", 0, None, False),
    "H_G": (100, "pc", 0, None, False),
    "V_G": (10, "kpc3", 0.001, None, False),
    "grammage": (5.9, "g cm-2", 0, None, False),
    "n_gas": (1.98, "cm-3", 0.001, None, False),
    "production": (1, "", 0.01, None, False),
    "T_n": (340000.0, "yr", 1000, None, False),
    "r_par": (250, "pc", 0, None, False),
    "r_perp": (18.5, "pc", 0, None, False),
    "D_ratio": (3, "", 0.1, None, False),
    "M_A": (0.1, "", 0.01, 1, False),
    "T_c": (4, "Myr", 0.01, None, False),
    "r_c": (8.5, "kpc", 0, None, False),
    "phi": (0.97, "GV", 0, 5, True),
    "x": (1.6, "pc", 0, None, True),
    "R_cr": (3, "PV", 0.0001, None, False),
    "B": (3, "uG", 0.1, None, False),
    "delta_local": (1 / 3, "", 0, 1, False),
    "B_ra": (48.5, "deg", -360, 360, False),
    "B_dec": (-21.2, "deg", -90, 90, False),
    "u_HC": (25.4, "km s-1", 0, None, False),
    "u_HC_ra": (74.9, "deg", -360, 360, False),
    "u_HC_dec": (17.6, "deg", -90, 90, False),
    "U_sun": (11.1, "km s-1", -100, 100, False),
    "V_sun": (15.5, "km s-1", -100, 100, True),
    "W_sun": (7.25, "km s-1", -100, 100, False),
    "delta_b": (0.0006, "", 0, None, True),
    "lon_b": (0, "deg", -360, 360, False),
    "lat_b": (90, "deg", -90, 90, False),
    "lon_c": (0, "deg", -360, 360, False),
    "lat_c": (0, "deg", -90, 90, False),
    "C": (1.6, "", 0, None, False),
}


def test_parameters():
    assert DEFINITIONS.keys() == PARAMETERS.keys()
    for name, (value, unit, low, high, free) in PARAMETERS.items():
        found = DEFINITIONS[name]
        limits = [None if math.isnan(end) else end for end in (found.min, found.max)]
        expected = (value, unit, low, high, free)
        assert (found.value, found.unit, *limits, found.free) == expected, name


# mass number and atomic mass in u (AME 2020), in the order of the charge
ISOTOPES = {
    "H": (1, 1.0078250319),
    "He": (4, 4.00260325413),
    "Li": (7, 7.016003434),
    "Be": (9, 9.01218306),
    "B": (11, 11.009305167),
    "C": (12, 12.0),
    "N": (14, 14.00307400425),
    "O": (16, 15.9949146193),
    "F": (19, 18.9984031621),
    "Ne": (20, 19.9924401753),
    "Na": (23, 22.989769282),
    "Mg": (24, 23.985041689),
    "Al": (27, 26.98153841),
    "Si": (28, 27.9769265344),
    "P": (31, 30.9737619977),
    "S": (32, 31.9720711735),
    "Cl": (35, 34.96885269),
    "Ar": (36, 35.967545106),
    "K": (39, 38.963706485),
    "Ca": (40, 39.962590851),
    "Sc": (45, 44.9559071),
    "Ti": (48, 47.94794068),
    "V": (51, 50.94395766),
    "Cr": (52, 51.94050471),
    "Mn": (55, 54.93804304),
    "Fe": (56, 55.93493554),
    "Co": (59, 58.9331935),
    "Ni": (58, 57.9353417),
}


def test_nuclei():
    assert list(SPECIES) == list(ISOTOPES)
    for Z, (name, (A, mass)) in enumerate(ISOTOPES.items(), start=1):
        nucleus = SPECIES[name]
        assert (nucleus.Z, nucleus.A) == (Z, A)
        electrons = Z * 0.51099895e-3 - (14.4381 * Z**2.39 + 1.55468e-6 * Z**5.35) * 1e-9
        assert nucleus.rest_energy == pytest.approx(mass * 0.93149410242 - electrons, rel=1e-15)


RATIOS = {
    **{"C": 0.0317, "N": 0.0058, "O": 0.0346, "CNO": 0.0721},
    **{"Ne": 0.0055, "Na": 0.00068, "Mg": 0.0068, "Al": 0.00092, "Si": 0.0060, "S": 0.0011},
    **{"Ne-S": 0.0210, "Fe": 0.0053, "Fe-group": 0.0053},
}


def test_strengths_of_nuclei():
    assert HELIUM_INDEX_OFFSET == -0.077
    strengths = {
        crl.LeakyBoxSpectralModel: 6.9e51,
        crl.NearbySourceSpectralModel: 7.05e51,
        crl.GalacticCenterSpectralModel: 8e56,
    }
    for cls, strength in strengths.items():
        assert cls("He").parameters[0].value == strength
    assert HELIUM_RATIOS == RATIOS
    assert np.isclose(RATIOS["CNO"], sum(RATIOS[name] for name in ("C", "N", "O")))
    assert VALID_FROM_HEAVY == 30


if __name__ == "__main__":
    text = "".join(f"{name} {checksum}\n" for name, checksum in checksums().items())
    CHECKSUMS.write_text(text, encoding="utf-8")
