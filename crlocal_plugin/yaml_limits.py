"""Limits on YAML that others may have written, checked before anything is built from it."""

import contextlib
import textwrap

import yaml
from astropy.utils.data import get_readable_fileobj

SIZE, DEPTH, VALUES = 10_000_000, 100, 1_000_000
"""Most characters, levels one inside the other, and values, what aliases repeat included."""


def check_limits(text, name, values=VALUES):
    """Give back YAML; raise ValueError, which names file and line, if it is too long or too deep.

    What is no YAML passes: its reader says why.
    """
    if len(text) > SIZE:
        raise ValueError(f"{name}: expected at most {SIZE:,} characters of YAML, got {len(text):,}")
    try:
        _check(text, name, values, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        # the reader may be the other one, which need not stumble over the same
        with contextlib.suppress(yaml.YAMLError):
            _check(text, name, values, yaml.SafeLoader)
    return text


def check_header(path):
    """Check the limits of `check_limits` in the header of a table, if it is one of ECSV."""
    lines = []
    with get_readable_fileobj(path, encoding="binary") as file:
        for line in file:
            text = line.decode("utf-8", "replace").strip()
            if text and not text.startswith("#"):
                break
            # a line that is not YAML would leave the rest to the slow parser
            lines.append("" if text.startswith("# %ECSV") else text.removeprefix("#"))
    check_limits(textwrap.dedent("\n".join(lines)), "header")


def _check(text, name, most, loader):
    """Count what aliases stand for each time, without building it."""
    # anchor, values and levels of all that is open, and those of anchors that are complete
    above, known = [(None, 0, 0)], {}
    for event in yaml.parse(text, loader):
        anchor, values, levels = getattr(event, "anchor", None), 1, 0
        if isinstance(event, yaml.CollectionStartEvent):
            above.append((anchor, 1, 1))
        elif isinstance(event, (yaml.CollectionEndEvent, yaml.AliasEvent, yaml.ScalarEvent)):
            if isinstance(event, yaml.AliasEvent):
                anchor, values, levels = None, *known.get(anchor, (1, 0))
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, values, levels = above.pop()
            known[anchor] = values, levels
            outer, sum_, deepest = above[-1]
            above[-1] = outer, sum_ + values, max(deepest, levels + 1)
        place = f"{name}, line {event.start_mark.line + 1}"
        if len(above) - 1 + levels > DEPTH:
            raise ValueError(
                f"{place}: expected at most {DEPTH} levels one inside the other; is a bracket open?"
            )
        if above[-1][1] > most:
            raise ValueError(
                f"{place}: expected at most {most:,} values, with each alias (*name) counted as "
                "all that it stands for; write less"
            )
