"""The program ``crlocal`` from its first moment: importing its package takes seconds."""

import sys
from importlib.metadata import version


def main():
    """Answer at once what needs no package, and do not end in a traceback on Ctrl-C."""
    if sys.argv[1:] == ["--version"]:
        print("crlocal", version("crlocal_plugin"))
        return 0
    try:
        from crlocal_plugin.cli import main as run

        return run()
    except KeyboardInterrupt:
        print("crlocal: interrupted, no file is half-written", file=sys.stderr)
        return 2
