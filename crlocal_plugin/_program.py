"""Ctrl-C while the program imports the package, which takes seconds, ends in one line.

Nothing happens in a process that is not the program.
"""

import sys
from pathlib import Path


def _end_quietly(kind, error, trace):
    if issubclass(kind, KeyboardInterrupt):
        print("crlocal: interrupted, no file is half-written", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


if Path(sys.argv[0]).stem == "crlocal":
    sys.excepthook = _end_quietly
