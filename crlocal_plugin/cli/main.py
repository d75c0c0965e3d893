"""The program: its commands, and what happens on errors."""

import contextlib
import os
import signal
import sys
import threading
import traceback
import warnings
from importlib import import_module

import click

from .._version import __version__
from .parsing import Group
from .terminal import tell

OK, NOT_CONVERGED, USER_ERROR, INTERNAL_ERROR, PIPE_CLOSED = 0, 1, 2, 3, 141
"""Exit codes, the last one as of other programs that SIGPIPE ends."""

COMMANDS = [
    *("init", "fit", "plot", "explore", "report", "reproduce", "scan"),
    *("sample", "compare", "identify", "tension", "treatments", "toys", "forecast"),
    *("data", "cite"),
]
"""Modules of `commands`, each with a command of its name."""


class _Program(Group):
    """Commands that are imported when they are asked for."""

    def list_commands(self, ctx):
        return COMMANDS

    def get_command(self, ctx, name):
        if name in COMMANDS:
            return getattr(import_module(f".commands.{name}", __package__), name)
        return None


_SETTINGS = {"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 100}


@click.command(
    cls=_Program,
    no_args_is_help=False,
    context_settings=_SETTINGS,
    epilog="Exit codes: 0 done, 1 fit not converged, 2 mistake in arguments or data, "
    "3 error of the program.",
)
@click.version_option(__version__, message="crlocal %(version)s")
@click.option("--debug", is_flag=True, help="show tracebacks")
def crlocal(debug):
    """Joint fits of cosmic-ray spectra and dipole anisotropy."""


def main(argv=None):
    """Run the command line with arguments, by default those of the process; the exit code."""
    if "_CRLOCAL_COMPLETE" in os.environ:
        crlocal.main(prog_name="crlocal")  # answers the shell and exits
    words = sys.argv[1:] if argv is None else list(argv)
    debug = False
    try:
        with (
            crlocal.make_context("crlocal", words) as context,
            warnings.catch_warnings(),
            _orderly_termination(),
        ):
            warnings.showwarning = lambda message, *place, **more: tell(message)
            debug = context.params["debug"]
            code = crlocal.invoke(context) or OK
            if sys.stdout is not None:  # a job may be started without one
                sys.stdout.flush()
            return code
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.UsageError as error:
        program = error.ctx.command_path if error.ctx else "crlocal"
        tell(f"{_mistake(error)} (see {program} --help)", "error")
        sys.exit(USER_ERROR)
    except BrokenPipeError:
        # what reads the output, such as head, has enough; nor is the interpreter to complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except (ValueError, OSError, TypeError, NameError, ImportError) as error:
        if debug:
            raise
        text = str(error) or type(error).__name__
        if isinstance(error, OSError) and error.filename and error.strerror:
            text = f"{error.filename}: {error.strerror}"
        # an analysis may have several mistakes, a line each
        for line in text.splitlines():
            tell(line, "error")
        return USER_ERROR
    except KeyboardInterrupt:
        click.echo("crlocal: interrupted, no file is half-written", err=True)
        return USER_ERROR
    except Exception as error:
        if debug:
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        tell(
            f"{type(error).__name__}: {error} (in {last.name}); "
            "please report it with the output of the same command with --debug in front",
            "internal error",
        )
        return INTERNAL_ERROR


@contextlib.contextmanager
def _orderly_termination():
    """On SIGTERM stop other processes and remove drafts of files, as on Ctrl-C; exit code 143."""

    def stop(number, frame):
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield  # nobody else gets signals
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _mistake(error):
    """Message of a mistake in the arguments, with the option in front."""
    if type(error) is click.BadParameter and error.param is not None:
        return f"{error.param.opts[0]}: {error.message}".rstrip(".")
    return error.format_message().rstrip(".")
