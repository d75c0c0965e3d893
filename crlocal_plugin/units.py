"""Units as tables and people write them, energies per nucleon among them."""

import re

from astropy import units as u

_NUCLEON = r"(?:nucleons?|nucl?|n|amu|u|A)\b"
_PER_NUCLEON = (
    # GeV/n and GeV n-1, and their inverses n/GeV and GeV-1 n
    (re.compile(rf"(eV)\s*/\s*{_NUCLEON}"), r"\1"),
    (re.compile(rf"(eV)\s*[.*]?\s*{_NUCLEON}\s*\^?-1"), r"\1"),
    (re.compile(rf"\b{_NUCLEON}\s*/\s*(?=\(?[A-Za-z]?eV)"), "1/"),
    (re.compile(rf"(eV\s*\^?-1)\s*[.*]?\s*{_NUCLEON}"), r"\1"),
)
_SPELLINGS = (
    # LaTeX, and the brackets of a heading
    (re.compile(r"\\(?:mathrm|rm|text|,|;|!| )|[${}~]"), ""),
    (re.compile(r"^\[(.*)\]$"), r"\1"),
    (re.compile(r"^#\s*/"), "1/"),
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"(?i)\b([kmgtpe]?)ev\b"), lambda m: m[1].upper().replace("K", "k") + "eV"),
    (re.compile(r"\b(?:C?M|SR|S)(?=\b|\^|\d)"), lambda m: m[0].lower()),
    (re.compile(r"\b(?:sec|seconds?)\b"), "s"),
    (re.compile(r"\b(?:ster|sterad|steradians?)\b"), "sr"),
    (re.compile(r"\bdeg(?:ree)?s?\b", re.IGNORECASE), "deg"),
    (re.compile(r"^(?:log_?10|lg)\s*\((?:[A-Za-z]+\s*/\s*)?(\w+)\)$", re.IGNORECASE), r"dex(\1)"),
)
_ALONE = re.compile(r"(?<!\w)\(([A-Za-z]+)\)")
_POWER = re.compile(r"\(([^()/]*)\)\s*\^?\s*(-?\d+)")
_FACTOR = re.compile(r"\s*[.*]?\s*([A-Za-z]+)\s*\^?\s*(-?\d+)?")


def read_unit(text):
    """Unit that is meant by a text, or by a unit of astropy, which is left as it is.

    An energy per nucleon, ``"GeV/n"``, ``"GeV / nucleon"`` or ``"GeV/u"``, has the unit of an
    energy here: which energy it is, the axis of a table says.

    Parameters
    ----------
    text : str or `~astropy.units.UnitBase`
        Text such as ``"m^-2 s^-1 sr^-1 (GeV/n)^-1"``, ``"GEV"`` or ``"log10(E/GeV)"``.

    Returns
    -------
    `~astropy.units.UnitBase`

    Raises
    ------
    ValueError, TypeError
        If it is none.
    """
    if isinstance(text, str):
        return u.Unit(_multiplied_out(_without_nucleons(_spelled(text))))
    is_known = not isinstance(text, u.UnrecognizedUnit)
    return u.Unit(text) if is_known else read_unit(text.to_string())


def is_unit(text):
    """Whether `read_unit` takes a text (bool)."""
    try:
        read_unit(text)
    except (TypeError, ValueError):
        return False
    return True


def is_per_nucleon(text):
    """Whether a text, or a unit of astropy, is of an energy per nucleon or its inverse (bool)."""
    spelled = _spelled(text if isinstance(text, str) else u.Unit(text).to_string())
    return _without_nucleons(spelled) != spelled


def read_quantity(text):
    """Quantity that is meant by a text, ``"10 GeV/n"``; what is none is as astropy has it."""
    return u.Quantity(_without_nucleons(text))


def _spelled(text):
    text = str(text).strip()
    for pattern, instead in _SPELLINGS:
        text = pattern.sub(instead, text)
    return text


def _without_nucleons(text):
    for pattern, instead in _PER_NUCLEON:
        text = pattern.sub(instead, text)
    return text


def _multiplied_out(text):
    """Text without powers of brackets and repeated division, which astropy does not take."""
    text = _ALONE.sub(r"\1", text)
    text = _POWER.sub(lambda match: _to_power(match[1], float(match[2])), text)
    one, *divided = text.split("/")
    if len(divided) > 1 and "(" not in text:
        text = " ".join([one, *(_to_power(part, -1) for part in divided)])
    return text


def _to_power(factors, power):
    """Each factor of a product to a power; numbers, which are none, make a text that is no unit."""
    words, rest = [], factors.rstrip()
    while match := _FACTOR.match(rest):
        words.append(f"{match[1]}^{float(match[2] or 1) * power:g}")
        rest = rest[match.end() :]
    return " ".join(words) + (f" ({rest})^{power:g}" if rest else "")
