"""Numbers with their errors as text."""

import numpy as np

from ..minima.intervals import LEVEL

UNUSED = "no dataset depends on it"
"""Remark on a parameter whose value is what it was."""


def interval_text(row):
    """Value and error of a row of the parameters, rounded to the error, or a limit (two str)."""
    for sign, name in ((">", "above"), ("<", "below")):
        if np.isfinite(row[name]):
            return f"{sign} {significant(row[name])}", f"at {LEVEL:.0%}"
    if row["method"] == "profile":
        value, down = rounded(row["value"], row["errn"], row["errp"])
        _, up = rounded(row["value"], row["errp"], row["errn"])
        return value, f"-{down} +{up}"
    if row["remark"] not in ("", UNUSED) and not row["error"] > 0:
        return significant(row["value"]), "-"
    return rounded(row["value"], row["error"])


def significant(value):
    """Two digits of a limit."""
    mantissa, exponent = f"{value:.1e}".split("e")
    plain = -3 <= int(exponent) < 5
    return f"{float(f'{value:.1e}'):g}" if plain else f"{mantissa}e{int(exponent)}"


def rounded(value, error, other=None):
    """Write a value and its error, to two digits of the smaller one of two errors (two str).

    Without a positive error the value has six digits, and "-" stands for the error.
    """
    if not (np.isfinite(error) and error > 0):
        return f"{value:.6g}", "-"
    finest = min(error, other) if other is not None and other > 0 else error
    size = max(abs(value), finest)
    exponent = int(np.floor(np.log10(size))) if size >= 1e5 or size < 1e-3 else 0
    scale = 10.0**exponent
    digits = max(0, 1 - int(np.floor(np.log10(finest / scale))))
    texts = (f"{x / scale:.{digits}f}" for x in (value, error))
    # zero has no power of ten
    powers = (f"{text}e{exponent}" if float(text) else "0" for text in texts)
    return tuple(powers if exponent else texts)
