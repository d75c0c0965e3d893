"""What errors say of names that are not known."""

import difflib


def unknown_name(name, known, what="", cutoff=0.6):
    """Say that a name is not known (str), and which one may be meant; upper case does not count.

    Parameters
    ----------
    name : object
        What was given.
    known : iterable of str
        Names that there are.
    what : str, optional
        What it names, with a space behind.
    cutoff : float, optional
        How alike a name must be to be meant, see `difflib.get_close_matches`.
    """
    known = list(known)
    close = close_name(name, known, cutoff)
    hint = "" if close is None else f"did you mean {close}? "
    return f"unknown {what}{name!r}: {hint}expected one of {', '.join(known)}"


def close_name(name, known, cutoff=0.6):
    """Name that may be meant by one that is not known (str), None if none is like it."""
    folded = {text.lower(): text for text in known}
    close = difflib.get_close_matches(str(name).lower(), folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None
