"""Parser of the command line, and what happens on errors."""

import argparse
import sys
import traceback
import warnings

from .._version import __version__

OK, NOT_CONVERGED, USER_ERROR, INTERNAL_ERROR = 0, 1, 2, 3
"""Exit codes."""


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit code: 0 if all is well, 1 if a fit did not converge, 2 for a mistake in the
        arguments or the data, 3 for an error of the program.
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    warnings.showwarning = _show_warning
    try:
        return arguments.run(arguments) or OK
    except (ValueError, OSError, TypeError, NameError, ImportError) as error:
        if arguments.debug:
            raise
        # an analysis may have several mistakes, a line each
        for line in _text(error).splitlines():
            print(f"crlocal: error: {line}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("crlocal: interrupted, no file is half-written", file=sys.stderr)
        return USER_ERROR
    except Exception as error:
        if arguments.debug:
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        print(
            f"crlocal: internal error: {type(error).__name__}: {error} (in {last.name}); "
            "please report it with the output of the same command with --debug in front",
            file=sys.stderr,
        )
        return INTERNAL_ERROR


def _text(error):
    """Message of an error, that of the system with the file in front."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def _show_warning(message, category, filename, lineno, file=None, line=None):
    print(f"crlocal: warning: {message}", file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    """Parser that tells a mistake in one line."""

    def error(self, message):
        self.exit(USER_ERROR, f"crlocal: error: {message} (see {self.prog} --help)\n")


def _parser():
    from .commands import (
        cite,
        compare,
        data,
        fit,
        identify,
        init,
        plot,
        report,
        reproduce,
        sample,
        scan,
        toys,
    )

    parser = _Parser(
        prog="crlocal",
        description="Joint fits of cosmic-ray spectra and dipole anisotropy.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit codes: 0 done, 1 fit not converged, 2 mistake in arguments or data, "
        "3 error of the program.",
    )
    parser.add_argument("--version", action="version", version=f"crlocal {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    init.add_parser(commands)
    fit.add_parser(commands)
    plot.add_parser(commands)
    report.add_parser(commands)
    reproduce.add_parser(commands)
    scan.add_parser(commands)
    sample.add_parser(commands)
    compare.add_parser(commands)
    identify.add_parser(commands)
    toys.add_parser(commands)
    data.add_parser(commands)
    cite.add_parser(commands)
    return parser
