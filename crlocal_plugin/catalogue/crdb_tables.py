"""Tables in the layout of the package, from rows of the cosmic-ray database CRDB."""

import functools
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.table import Table

from ..tables.raw_table import TableError
from ..tables.spectrum import (
    EXPECTED_QUANTITY,
    QUANTITIES,
)
from .bibcodes import (
    bibcode_address,
    split_bibcode,
)
from .citations import publications_in
from .index import catalog

DIPOLE = ("DipoleAmplitude", "DipolePhase")
"""CRDB names of the two halves of a dipole."""

QUANTITY_NAMES = {
    "H-He-group": "light",
    "CNO-group": "CNO",
    "NeMgSiS-group": "Ne-S",
    "AllParticles": "all_particle",
    "<LnA>": "mean_log_mass",
    **dict.fromkeys(DIPOLE, "dipole"),
}
"""Names of quantities in this package by those in CRDB, where they differ."""

_AXES = {
    "R": "rigidity",
    "EK": "kinetic_energy",
    "EKN": "kinetic_energy_per_nucleon",
    "ETOT": "total_energy",
}

_KEY = ("quantity", "sub_exp", "ads", "e_type")

_SAME_ENERGY = 1e-3
"""Relative distance in energy up to which an amplitude and a phase belong together."""


def crdb_names(quantity):
    """CRDB names of a quantity that goes by either name (list of str)."""
    return [name for name, own in QUANTITY_NAMES.items() if own == quantity] or [quantity]


def plain(text):
    """Letters and digits of a name, so that "AMS-02" is "AMS02" (str)."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def measurements(rows, as_quantity=None):
    """Split rows into measurements.

    Parameters
    ----------
    rows : `~astropy.table.Table`
        Rows of CRDB, see `crlocal_plugin.catalogue.crdb_export`.
    as_quantity : str, optional
        Quantity that they are taken for.

    Returns
    -------
    list of Measurement
        One per quantity, energy axis, sub-experiment and publication, in the order of the rows.
        Amplitudes and phases of a dipole are one quantity.
    """
    groups = {}
    for row, key in enumerate(zip(*(rows[column] for column in _KEY), strict=True)):
        name, *rest = key
        own = QUANTITY_NAMES.get(name, name)
        if as_quantity and own not in ("dipole", "mean_log_mass") and "/" not in own:
            own = as_quantity
        # the halves of a dipole belong together
        groups.setdefault((own, own if own == "dipole" else name, *rest), []).append(row)
    found = [Measurement(own, rows[index]) for (own, *_), index in groups.items()]
    times = Counter(measurement.name for measurement in found)
    for measurement in found:
        measurement.long_name = times[measurement.name] > 1
    return found


@dataclass
class Measurement:
    """What one publication gives of one quantity of one sub-experiment.

    Attributes
    ----------
    quantity : str
        Name of the quantity in this package, or in CRDB if the package does not have it.
    rows : `~astropy.table.Table`
        Rows of CRDB.
    long_name : bool
        Whether the name needs axis and bibcode to be told from another one.
    """

    quantity: str
    rows: Table
    long_name: bool = False

    @property
    def sub_experiment(self):
        """Name of the sub-experiment in CRDB, with dates (str)."""
        return self._first("sub_exp")

    @property
    def experiment(self):
        """Name of the experiment, that of the package's tables if there are any of it (str)."""
        for candidate in (self._head, self._first("exp")):
            if plain(candidate) in _experiments():
                return _experiments()[plain(candidate)]
        return self._first("exp") or self._head

    @property
    def name(self):
        """Name for a dataset, such as "crdb-ams-02-h-2011-05-2018-05" (str)."""
        same = plain(self.experiment) == plain(self._head)
        parts = ["crdb", self.experiment if same else self._head, self._label]
        parts.append(self.sub_experiment.removeprefix(self._head))
        if self.long_name:
            parts += [self._first("e_type"), self._first("ads")]
        return "-".join(part for part in map(_slug, parts) if part)

    def goes_by(self, experiment):
        """Whether the experiment is called so, here or in CRDB (bool)."""
        names = (self.experiment, self._head, self._first("exp"), self.sub_experiment)
        return plain(experiment) in map(plain, names)

    @property
    def _label(self):
        return QUANTITY_NAMES.get(self._first("quantity"), self._first("quantity"))

    @property
    def _head(self):
        return self.sub_experiment.split("(")[0].strip()

    def _first(self, column):
        return str(self.rows[column][0])

    def table(self):
        """Table with the columns of the layout, before it is checked.

        Returns
        -------
        `~astropy.table.Table`
            Table for the reader of its kind.

        Raises
        ------
        TableError
            If this package has no such quantity or axis, or the halves of a dipole do not match.
        """
        if self.quantity == "dipole":
            table = self._dipole()
        elif self.quantity in (*QUANTITIES, "mean_log_mass"):
            table = self._spectrum()
        else:
            raise self._unknown_quantity()
        table.meta = {"name": self.name, "experiment": self.experiment, **self._meta()}
        return table

    def error(self, problem, remedy):
        """TableError that names the measurement."""
        return TableError(f"{self.name}: {problem}; {remedy}")

    def _unknown_quantity(self):
        name = self._first("quantity")
        if "/" in name:
            return self.error(
                f"{name} is a ratio, for which there is no dataset",
                "read the two nuclei one by one",
            )
        return self.error(
            f"quantity: expected {EXPECTED_QUANTITY}, 'mean_log_mass' or 'dipole', got {name!r}",
            "say what it is to be taken for, as in as_quantity='H' for the isotope 1H",
        )

    @property
    def _axis(self):
        e_type = self._first("e_type")
        if e_type not in _AXES:
            raise self.error(
                f"energy axis {e_type!r}: expected one of {', '.join(_AXES)}",
                "a total energy per nucleon is no axis of this package, ask for EKN"
                if e_type == "ETOTN"
                else "choose one of these",
            )
        return _AXES[e_type]

    def _spectrum(self):
        rows = self.rows[np.argsort(self.rows["e"], kind="stable")]
        axis = self._axis
        x_name, x_unit = ("rigidity", u.GV) if axis == "rigidity" else ("energy", u.GeV)
        value, unit = "intensity", u.Unit("m-2 s-1 sr-1") / x_unit
        if self.quantity == "mean_log_mass":
            value, unit = "mean_log_mass", u.dimensionless_unscaled
        table = Table({x_name: u.Quantity(rows["e"], x_unit)})
        low, high = rows["e_low"], rows["e_high"]
        if np.all((low < high) & (low <= rows["e"]) & (rows["e"] <= high)):
            table[f"{x_name}_min"] = u.Quantity(low, x_unit)
            table[f"{x_name}_max"] = u.Quantity(high, x_unit)
        table[value] = u.Quantity(rows["value"], unit)
        for kind in ("stat", "syst"):
            table[f"{value}_{kind}_errn"] = u.Quantity(rows[f"{kind}_low"], unit)
            table[f"{value}_{kind}_errp"] = u.Quantity(rows[f"{kind}_high"], unit)
        if rows["is_upper_limit"].any():
            table["is_ul"] = np.asarray(rows["is_upper_limit"])
        return table

    def _dipole(self):
        if self._axis != "total_energy":
            raise self.error(
                f"a dipole against {self._axis}: expected a total energy", "read another table"
            )
        rows = self.rows[np.argsort(self.rows["e"], kind="stable")]
        is_amplitude = rows["quantity"] == DIPOLE[0]
        amplitude = rows[is_amplitude & ~rows["is_upper_limit"]]
        limits = rows[is_amplitude & rows["is_upper_limit"]]
        phase = rows[~is_amplitude]
        # the phase of a bare limit says nothing that the likelihood could use
        of_measured, of_limit = (
            _same(phase["e"], half["e"]).any(axis=1) for half in (amplitude, limits)
        )
        phase = phase[of_measured | ~of_limit]
        if len(amplitude) != len(phase) or not _same(amplitude["e"], phase["e"]).diagonal().all():
            energies = [", ".join(f"{e:g}" for e in half["e"]) for half in (amplitude, phase)]
            raise self.error(
                f"amplitudes at {energies[0] or 'no'} GeV, but phases at {energies[1] or 'no'} GeV",
                "export the table and complete or remove the rows",
            )
        content = {
            "energy": amplitude["e"],
            "amplitude": amplitude["value"],
            "amplitude_errn": amplitude["stat_low"],
            "amplitude_errp": amplitude["stat_high"],
            "amplitude_syst": np.maximum(amplitude["syst_low"], amplitude["syst_high"]),
            "phase": phase["value"] % 360,
            "phase_err": np.hypot(
                np.maximum(phase["stat_low"], phase["stat_high"]),
                np.maximum(phase["syst_low"], phase["syst_high"]),
            ),
        }
        missing = np.full(len(limits), np.nan)
        table = Table(
            {
                name: np.append(values, limits["e"] if name == "energy" else missing)
                for name, values in content.items()
            }
        )
        if len(limits):
            table["amplitude_ul"] = np.append(np.full(len(amplitude), np.nan), limits["value"])
        table["energy"].unit = u.GeV
        table["phase"].unit = table["phase_err"].unit = u.deg
        return table

    def _meta(self):
        of_kind = (
            {"amplitude_kind": "first_harmonic"}
            if self.quantity == "dipole"
            else {"quantity": str(self.quantity), "axis": self._axis}
        )
        bibcode = self._first("ads")
        found = re.search(r"\((.*?)\)(.*)", self.sub_experiment)
        period, model = found.groups() if found else ("", "")
        meta = {
            **of_kind,
            "reference": _reference(bibcode),
            "bibcode": bibcode,
            "compilation": "CRDB (Maurin et al. 2023)",
            "period": period,
            "hadronic_model": model.strip(),
            "comment": self._comment(),
        }
        return {name: value for name, value in meta.items() if value}

    def _comment(self):
        parts = [f"CRDB {'/'.join(dict.fromkeys(self.rows['quantity']))}, {self.sub_experiment}"]
        days = sorted(re.findall(r"\d{4}/\d\d/\d\d", " ".join(set(self.rows["datetime"]))))
        if days:
            parts.append(f"data of {days[0]} to {days[-1]}")
        phi = sorted({f"{v:g}" for v in self.rows["phi"] if v > 0})
        if phi:
            parts.append(f"solar modulation {' or '.join(phi)} MV according to CRDB")
        scale = max(self.rows["e_relerr"], default=0)
        if scale > 0:
            parts.append(f"relative error of the energy scale {scale:g}")
        return "; ".join(parts)


def _same(one, other):
    """Which energies are the same, as a matrix."""
    one, other = np.asarray(one)[:, np.newaxis], np.asarray(other)
    return np.abs(one - other) <= _SAME_ENERGY * other


def _slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


@functools.cache
def _experiments():
    """Experiments of the catalogue by their plain names."""
    return {plain(name): str(name) for name in catalog()["experiment"]}


def _reference(bibcode):
    """Reference for a bibcode: as in the package's tables, else the address of its ADS page."""
    if not bibcode:
        return ""
    return _references().get(_place(bibcode)) or f"{bibcode}, {bibcode_address(bibcode)}"


def _place(bibcode):
    """Year, volume, page and initial that a bibcode names; None if it has no page."""
    parts = split_bibcode(bibcode)
    number = "" if parts is None else parts.page.lstrip("LA")
    return (parts.year, parts.volume, int(number), parts.initial) if number.isdigit() else None


@functools.cache
def _references():
    """References of the catalogue by year, volume, page and initial."""
    found = {}
    for reference in catalog()["reference"]:
        for publication in publications_in(reference):
            page = publication.pages.lstrip("LA")
            if publication.volume and page.isdigit():
                place = (publication.year, publication.volume, int(page), publication.names[0])
                found[place] = str(reference)
    return found
