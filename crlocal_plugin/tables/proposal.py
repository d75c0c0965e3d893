"""Which column is what, told from its name and unit: a proposal that a mapping may overrule."""

import re

from astropy import units as u

from ..units import is_per_nucleon, is_unit, read_unit
from .kinds import KINDS
from .raw_table import TableError
from .spectrum import COMMON_NAMES

_WORDS = {
    "rigidity": {"r", "rig", "rigidity"},
    "energy": {"e", "en", "energy", "ek", "ekin", "ekn", "etot", "t", "kinetic", "eref", "emean"},
    "phase": {"phase", "ra", "alpha"},
    # a ratio of fluxes is a ratio
    **{kind.columns[0]: set(kind.words) for kind in reversed(KINDS.values())},
}
_AXES = {
    "kinetic_energy_per_nucleon": {"ekn", "nucleon", "nuc"},
    "kinetic_energy": {"ek", "ekin", "kinetic", "t"},
    "total_energy": {"etot", "total"},
}
_LOW = {"low", "lo", "lower", "minus", "neg", "min", "down", "dn", "-", "left"}
_HIGH = {"high", "hi", "higher", "upper", "up", "plus", "pos", "max", "+", "right"}
_ERROR = {"err", "error", "errors", "unc", "uncertainty", "sigma", "delta", "d", "errn", "errp"}
_LIMIT = {"ul", "limit", "limits", "upperlimit", "uplim"}
_FILLERS = {"is", "of", "bin", "mean", "in", "the", "value", "y", "x", "tot", "total", "and"}
_UNITS = r"(?:[kMGTPE]?eV|[kMGT]?V|deg|rad)"
_LOGARITHM = re.compile(rf"\s*(?:log_?10|lg)\s*\(?\s*(\w+)\s*/\s*({_UNITS})\s*\)?\s*")
_BY_UNIT = {
    u.GV: "rigidity",
    u.GeV: "energy",
    **{u.Unit("m-2 s-1 sr-1") / x: "intensity" for x in (u.GV, u.GeV)},
}
_VALUES = set().union(*_WORDS.values())
_STEMS = {*_WORDS["rigidity"], *_WORDS["energy"], "stat", "syst", "sys", "err"}


class _Name:
    """Name of a column: its words, and its unit, in brackets or behind it."""

    def __init__(self, name, unit):
        self.column, text = name, str(name)
        self.unit = None if unit is None else str(unit)
        if log := _LOGARITHM.fullmatch(text):
            self.unit, text = self.unit or f"dex({log[2]})", log[1]
        for found in re.findall(r"\[([^\[\]]*)\]|\(([^()]*(?:\([^()]*\))?[^()]*)\)", text):
            inside = "".join(found)
            if inside and is_unit(inside):
                self.unit = self.unit or inside
                text = text.replace(f"[{inside}]", " ").replace(f"({inside})", " ")
        if behind := re.fullmatch(rf"(.+?)[_ ]({_UNITS})", text.strip()):
            self.unit = self.unit or behind[2]
            text = behind[1]
        self.is_multiplied = re.search(r"\b[ER]\w*\s*\^|\*\*\s*\d|[ER]\d+\.?\d*\s*[*x]", text)
        parts = re.sub(r"\bln\s*\(?A\b", "lna", text)
        parts = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", parts)
        parts = re.sub(r"^d(?=[A-Z])|^\N{GREEK CAPITAL LETTER DELTA}", "err ", parts)
        words = (word.lower() for word in re.findall(r"[A-Za-z]+|[+]|-(?=\W*$)", parts))
        self.words = [part for word in words for part in _taken_apart(word)]
        self.is_stat = any(word.startswith("stat") for word in self.words)
        self.is_syst = any(word.startswith("sys") for word in self.words)
        self.is_error = self.is_stat or self.is_syst or self.has(_ERROR)
        # ending of the column of an error
        self.side = "_errn" if self.has(_LOW) else "_errp" if self.has(_HIGH) else "_err"

    def has(self, words):
        return not words.isdisjoint(self.words)

    def value(self):
        """Layout name of the value or axis that it names, by its words or else its unit."""
        found = [name for name, words in _WORDS.items() if self.has(words)]
        # "energy flux", "flux at rigidity": what is measured comes before what it is against
        measured = [name for name in found if name not in ("rigidity", "energy")]
        by_words = next(iter(measured or found), None)
        if not (self.unit and is_unit(self.unit)):
            return by_words
        unit = read_unit(self.unit)
        plain = getattr(unit, "physical_unit", unit)
        return next((_BY_UNIT[one] for one in _BY_UNIT if plain.is_equivalent(one)), by_words)


def _taken_apart(word):
    """Parts of words such as "elow", "statup", "dflux" and "errn"."""
    stem = max((stem for stem in _STEMS if word.startswith(stem)), key=len, default="")
    rest = word[len(stem) :]
    rest = {"n": "low", "p": "high"}.get(rest, rest)
    if stem and rest in {*_LOW, *_HIGH, "err"} and word not in _VALUES:
        return stem, rest
    return ("err", word[1:]) if word[0] == "d" and word[1:] in _VALUES - {"dipole"} else (word,)


def unit_in_name(name):
    """Unit that stands in brackets or behind the name of a column, or None."""
    return _Name(name, None).unit


def propose(path, table, columns, hints=()):
    """What the columns of a table are taken for that are not in a mapping yet.

    Parameters
    ----------
    path : path-like
        For messages.
    table : `~astropy.table.Table`
        Table.
    columns : dict
        Mapping that the user gives.
    hints : list of str
        Texts in which the quantity may be named too.

    Returns
    -------
    columns : dict of str to str
        Layout names and names of columns.
    told : dict
        ``quantity`` and ``axis``, None if no name tells them.

    Raises
    ------
    TableError
        If two columns may be meant for one, or a value is multiplied by a power of the energy.
    """
    taken = {given if isinstance(given, str) else given[0] for given in columns.values()}
    names = [_Name(name, table[name].unit) for name in table.colnames]
    others = [name for name in names if name.column not in taken]
    found = {}
    for name in others:
        target = None if name.is_error or name.has(_LIMIT) else name.value()
        if target in ("rigidity", "energy") and name.side != "_err":
            target += "_min" if name.side == "_errn" else "_max"
        if target is not None:
            found.setdefault(target, []).append(name)
    value = _value_named(columns) or _value_named(found)
    for name in others:
        target = _error_target(name, value)
        if target is not None:
            found.setdefault(target, []).append(name)
    result = {}
    for target, several in found.items():
        if target in columns:
            continue
        column = several[0].column
        if len(several) > 1:
            listed = " and ".join(repr(name.column) for name in several)
            raise TableError(
                f"{path}: columns {listed} may both be {target!r}; say which, as in "
                f"columns={{{target!r}: {column!r}}}"
            )
        if several[0].is_multiplied:
            raise TableError(
                f"{path}: column {column!r}: the name says that it is multiplied by a "
                "power of the energy or rigidity; divide by it, and name the column anew"
            )
        result[target] = column
    energies = [name for name in names if name.value() == "energy"]
    return result, {"quantity": _quantity(names, hints), "axis": _axis(energies)}


def _value_named(names):
    """Layout name of the values among some names, or None."""
    return next((k.columns[0] for k in reversed(KINDS.values()) if k.columns[0] in names), None)


def _error_target(name, value):
    """Layout name of an error or of a mark of limits, None for all else."""
    if name.has(_LIMIT) and not name.is_error:
        return "is_ul" if value == "intensity" else "amplitude_ul"
    if not name.is_error or value is None:
        return None
    if value == "amplitude":
        if name.has(_WORDS["phase"]):
            return "phase_err"
        return "amplitude_syst" if name.is_syst else f"amplitude{name.side}"
    stem = f"{value}_stat" if name.is_stat else f"{value}_syst" if name.is_syst else value
    if name.is_syst:
        usual = {*_LOW, *_HIGH, *_ERROR, *_FILLERS, *_WORDS[value]}
        more = [w for w in name.words if w not in usual and not w.startswith("sys")]
        stem = "_".join([stem, *more])
    return stem + name.side


def _axis(names):
    """Kind of energy of which the names of the columns tell."""
    if any(name.unit and is_per_nucleon(name.unit) for name in names):
        return "kinetic_energy_per_nucleon"
    return next((axis for axis, words in _AXES.items() if any(n.has(words) for n in names)), None)


def _quantity(names, hints):
    """Quantity of which names of columns or other texts tell, by a word and no mere symbol."""
    words = {word for name in names for word in name.words}
    words |= {word for hint in hints for word in re.findall(r"[a-z]+", str(hint).lower())}
    found = {COMMON_NAMES[word] for word in words & set(COMMON_NAMES) if len(word) > 3}
    return found.pop() if len(found) == 1 else None
