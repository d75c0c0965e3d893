"""Whether this process is the program ``crlocal``, for which the package is imported in parts.

The first import of all, so that Ctrl-C ends the program in one line from the start. Nothing happens
in other processes.
"""

import os
import sys


def is_running():
    """Whether the main module is ``crlocal`` of this environment, or ``python -m`` the package."""
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script is None:
        # python -m imports the package before it runs it
        words = sys.orig_argv[sys.orig_argv.index("-m") :] if sys.argv[:1] == ["-m"] else []
        return words[1:2] == [__package__]
    folder, name = os.path.split(os.path.realpath(script))
    own = os.path.realpath(os.path.dirname(sys.executable or ""))
    return os.path.splitext(name)[0] == "crlocal" and folder == own


def _end_quietly(kind, error, trace):
    if issubclass(kind, KeyboardInterrupt):
        print("crlocal: interrupted, no file is half-written", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


if is_running():
    sys.excepthook = _end_quietly
