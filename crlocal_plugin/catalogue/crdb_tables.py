"""Tables in the layout of the package, from rows of the cosmic-ray database CRDB."""

import functools
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.table import Table, vstack

from ..tables.kinds import KINDS
from ..tables.ratio import is_ratio
from ..tables.raw_table import PERIOD, TableError, error_names
from ..tables.spectrum import EXPECTED_QUANTITY, QUANTITIES
from ..tables.values import axis_column
from .crdb_rows import AXES, DATA
from .index import rows as catalogue_rows
from .publications import bibcode_address, key_of_bibcode

DIPOLE = KINDS["dipole"].crdb_names
"""CRDB names of the two halves of a dipole."""

QUANTITY_NAMES = {
    "H-He-group": "light",
    "CNO-group": "CNO",
    "NeMgSiS-group": "Ne-S",
    "AllParticles": "all_particle",
    **{name: kind for kind, entry in KINDS.items() for name in entry.crdb_names},
}
"""Names of quantities in this package by those in CRDB, where they differ."""

_KEY = ("quantity", "sub_exp", "ads", "e_type")

_SAME_ENERGY = 1e-3
"""Relative distance in energy up to which an amplitude and a phase belong together."""


def plain(text):
    """Letters and digits of a name, so that "AMS-02" is "AMS02" (str)."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def measurements(rows, as_quantity=None):
    """List of `Measurement`: one per quantity, axis, sub-experiment and publication.

    All are taken for ``as_quantity``, if that is given. The halves of a dipole are one quantity.
    """
    groups = {}
    for row, (name, *rest) in enumerate(zip(*(rows[column] for column in _KEY), strict=True)):
        own = QUANTITY_NAMES.get(name, name)
        if as_quantity and own not in KINDS and "/" not in own:
            own = as_quantity
        # the halves of a dipole belong together
        groups.setdefault((own, own if own in KINDS else name, *rest), []).append(row)
    found = [Measurement(own, rows[index]) for (own, *_), index in groups.items()]
    times = Counter(measurement.name for measurement in found)
    for measurement in found:
        measurement.long_name = times[measurement.name] > 1
    return found


@dataclass
class Measurement:
    """What one publication gives of one quantity of one sub-experiment.

    The quantity is named as here, or as in CRDB if the package does not have it. A long name has
    the axis and the bibcode too, to be told from another one.
    """

    quantity: str
    rows: Table
    long_name: bool = False

    def __post_init__(self):
        words = {column: str(self.rows[column][0]) for column in (*_KEY, "exp")}
        self._name, self._sub_experiment, self._bibcode, self._e_type, self._exp = words.values()
        self._head = self._sub_experiment.split("(")[0].strip()
        known = (experiments().get(plain(word)) for word in (self._head, self._exp))
        self.experiment = next(filter(None, known), self._exp or self._head)

    @property
    def name(self):
        """Name for a dataset, such as "crdb-ams-02-h-2011-05-2018-05" (str)."""
        same = plain(self.experiment) == plain(self._head)
        parts = ["crdb", self.experiment if same else self._head]
        parts.append(QUANTITY_NAMES.get(self._name, self._name))
        parts.append(self._sub_experiment.removeprefix(self._head))
        if self.long_name:
            parts += [self._e_type, self._bibcode]
        slugs = (re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts)
        return "-".join(filter(None, slugs))

    def goes_by(self, experiment):
        """Whether the experiment is called so, here or in CRDB (bool)."""
        names = (self.experiment, self._head, self._exp, self._sub_experiment)
        return plain(experiment) in map(plain, names)

    @property
    def kind(self):
        """Kind of its table (str); TableError if this package does not have the quantity."""
        if self.quantity in KINDS:
            return self.quantity
        if self.quantity in QUANTITIES:
            return "spectrum"
        if is_ratio(self.quantity):
            return "ratio"
        if "/" in self._name:
            raise self._error(
                f"{self._name} is a ratio of other things than nuclei from H to Ni, for which "
                "there is no dataset"
            )
        kinds = " or ".join(repr(kind) for kind, entry in KINDS.items() if entry.crdb_names)
        raise self._error(
            f"quantity: expected {EXPECTED_QUANTITY}, {kinds}, got {self._name!r}; say what it is "
            "to be taken for, as in as_quantity='H' for the isotope 1H"
        )

    def table(self):
        """Table with the columns of the layout, before the reader of its kind has checked it."""
        is_dipole = self.kind == "dipole"
        table = self._dipole() if is_dipole else self._values()
        found = re.search(r"\((.*?)\)(.*)", self._sub_experiment)
        period, model = found.groups() if found else ("", "")
        meta = {
            "name": self.name,
            "experiment": self.experiment,
            "amplitude_kind": "first_harmonic" if is_dipole else "",
            "quantity": "" if is_dipole else str(self.quantity),
            "axis": "" if is_dipole else self._axis,
            "reference": reference_of(self._bibcode),
            "bibcode": self._bibcode,
            "compilation": "CRDB (Maurin et al. 2023)",
            "period": period if PERIOD.fullmatch(period) else "",
            "hadronic_model": model.strip(),
            "comment": self._comment(),
        }
        table.meta = {name: value for name, value in meta.items() if value}
        return table

    def _error(self, text):
        return TableError(f"{self.name}: {text}")

    @property
    def _axis(self):
        if self._e_type not in AXES:
            hint = "a total energy per nucleon is no axis of this package, ask for EKN"
            raise self._error(
                f"energy axis {self._e_type!r}: expected one of {', '.join(AXES)}; "
                + (hint if self._e_type == "ETOTN" else "choose one of these")
            )
        return AXES[self._e_type]

    def _values(self):
        rows = self.rows[np.argsort(self.rows["e"], kind="stable")]
        x_name, x_unit = axis_column(self._axis)
        value, unit = KINDS[self.kind].columns[0], u.dimensionless_unscaled
        if self.kind == "spectrum":
            unit = u.Unit("m-2 s-1 sr-1") / x_unit
        names = [x_name, f"{x_name}_min", f"{x_name}_max", value]
        names += [name for kind in ("stat", "syst") for name in error_names(f"{value}_{kind}")[:2]]
        units = [x_unit] * 3 + [unit] * 5
        table = Table([rows[name] for name in DATA], names=names, units=units)
        x, low, high = (rows[name] for name in DATA[:3])
        if not np.all((low < high) & (low <= x) & (x <= high)):
            table.remove_columns(names[1:3])
        if rows["is_upper_limit"].any():
            table["is_ul"] = np.asarray(rows["is_upper_limit"])
        return table

    def _dipole(self):
        if self._axis != "total_energy":
            raise self._error(
                f"a dipole against {self._axis}: expected a total energy; read another table"
            )
        rows = self.rows[np.argsort(self.rows["e"], kind="stable")]
        is_amplitude, is_limit = rows["quantity"] == DIPOLE[0], rows["is_upper_limit"]
        amplitude, limits = rows[is_amplitude & ~is_limit], rows[is_amplitude & is_limit]
        phase = rows[~is_amplitude]
        # the phase of a bare limit says nothing that the likelihood could use
        of_measured, of_limit = (
            _same(phase["e"], half["e"]).any(axis=1) for half in (amplitude, limits)
        )
        phase = phase[of_measured | ~of_limit]
        if len(amplitude) != len(phase) or not _same(amplitude["e"], phase["e"]).diagonal().all():
            energies = [", ".join(f"{e:g}" for e in half["e"]) for half in (amplitude, phase)]
            raise self._error(
                f"amplitudes at {energies[0] or 'no'} GeV, but phases at {energies[1] or 'no'} "
                "GeV; export the table and complete or remove the rows"
            )

        def larger(half, kind):
            return np.maximum(half[f"{kind}_low"], half[f"{kind}_high"])

        columns = {
            "energy": amplitude["e"],
            "amplitude": amplitude["value"],
            "amplitude_errn": amplitude["stat_low"],
            "amplitude_errp": amplitude["stat_high"],
            "amplitude_syst": larger(amplitude, "syst"),
            "phase": phase["value"] % 360,
            "phase_err": np.hypot(larger(phase, "stat"), larger(phase, "syst")),
        }
        units = {"energy": u.GeV, "phase": u.deg, "phase_err": u.deg}
        table = Table(columns, units=units)
        if not len(limits):
            return table
        bare = {"energy": limits["e"], "amplitude_ul": limits["value"]}
        return vstack([table, Table(bare, units={"energy": u.GeV})])

    def _comment(self):
        names = "/".join(dict.fromkeys(self.rows["quantity"]))
        parts = [f"CRDB {names}, {self._sub_experiment}"]
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


@functools.cache
def experiments():
    """Experiments of the catalogue by their plain names."""
    return {plain(row["experiment"]): row["experiment"] for row in catalogue_rows().values()}


def reference_of(bibcode):
    """Reference for a bibcode: as in the package's tables, else the address of its ADS page."""
    key = key_of_bibcode(bibcode)
    known = (row["reference"] for row in catalogue_rows().values() if row["bibtex"] == key)
    return next(known, f"{bibcode}, {bibcode_address(bibcode)}" if bibcode else "")
