"""What errors say of names that are not known."""

import difflib


def unknown_name(name, known, what=""):
    """Say that a name is not known (str), of ``what`` with a space behind, and which is meant."""
    known = list(known)
    close = close_name(name, known)
    hint = "" if close is None else f"did you mean {close}? "
    return f"unknown {what}{name!r}: {hint}expected one of {', '.join(known)}"


def close_name(name, known, cutoff=0.6):
    """Known name that is most like one (str), upper case aside, or None; as `difflib` has it."""
    folded = {text.lower(): text for text in known}
    close = difflib.get_close_matches(str(name).lower(), folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None
