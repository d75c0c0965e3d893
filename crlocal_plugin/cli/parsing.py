"""What click lacks: options of several values, explained arguments, completion, numbers."""

import contextlib
import functools
import importlib
import math
import re
from itertools import chain, takewhile
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from ..messages import unknown_name
from .terminal import begin_document, print_document

_OPEN_OPTION = f"{__name__}.open_option"


def _write_epilog(command, ctx, formatter):
    """Write the epilog with its lines as they are."""
    if command.epilog:
        formatter.write_paragraph()
        formatter.write(f"{command.epilog}\n")


class _Command(click.Command):
    """Command whose options with ``multiple=True`` take all words up to the next option.

    An option may be shortened as long as it is the only one that begins so. Given twice, the
    second one counts.
    """

    format_epilog = _write_epilog

    def parse_args(self, ctx, args):
        options = {
            name: option
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
            for name in (*option.opts, *option.secondary_opts)
        }
        rest, words, given = list(args), [], {}
        while rest and rest[0] != "--":
            name, equals, value = rest.pop(0).partition("=")
            name = _full_name(ctx, name, options)
            option = options.get(name)
            if option is None or option.is_flag:
                words.append(name + equals + value)
                continue
            values = [value]
            if not equals:
                most = None if option.multiple else option.nargs
                values = list(takewhile(_is_value, rest[:most]))
                del rest[: len(values)]
            if len(values) < option.nargs:
                what = "a value" if option.nargs == 1 else f"{option.nargs} values"
                _refuse(ctx, f"{name}: expected {what}")
            groups = [[value] for value in values] if option.multiple else [values]
            given[name] = [word for group in groups for word in (name, *group)]
            if option.multiple and not equals and not rest:
                ctx.meta[_OPEN_OPTION] = option
        return super().parse_args(ctx, [*words, *chain(*given.values()), *rest])

    def format_arguments(self, ctx, formatter):
        """Write nothing: recent versions of click call this, others do not."""

    def format_options(self, ctx, formatter):
        sections = {"Arguments": [], "Options": []}
        for param in self.get_params(ctx):
            section = getattr(param, "section", "Options")
            sections.setdefault(section, []).append(param.get_help_record(ctx))
        for title in filter(sections.get, sections):
            with formatter.section(title):
                formatter.write_dl(sections[title])

    def get_short_help_str(self, limit=45):
        return self.help.split("\n")[0].rstrip(".")

    def shell_complete(self, ctx, incomplete):
        return _more_values(ctx, incomplete) or super().shell_complete(ctx, incomplete)


def _full_name(ctx, name, options):
    """Name of an option of which the beginning may be given."""
    if name in options or not name.startswith("--"):
        return name
    found = [known for known in options if known.startswith(name)]
    if len(found) > 1:
        _refuse(ctx, f"{name} may be {' or '.join(found)}")
    return found[0] if found else name


def _is_value(word):
    """Whether a word is no option; numbers may be negative."""
    return not word.startswith("-") or " " in word or re.match(r"-\.?\d", word) is not None


def _refuse(ctx, message):
    # what the shell asks to complete is no mistake
    if not ctx.resilient_parsing:
        ctx.fail(message)


def _more_values(ctx, incomplete):
    option = ctx.meta.get(_OPEN_OPTION)
    is_value = option is not None and _is_value(incomplete)
    return option.shell_complete(ctx, incomplete) if is_value else []


class Group(click.Group):
    """Commands, of which a wrong name leads to the one that may be meant."""

    command_class = _Command
    format_epilog = _write_epilog
    get_short_help_str = _Command.get_short_help_str

    def resolve_command(self, ctx, args):
        """Find the command."""
        known = self.list_commands(ctx)
        if args[0] not in known:
            _refuse(ctx, unknown_name(args[0], known, "command "))
        return super().resolve_command(ctx, args)


class _Argument(click.Argument):
    """Argument with a help text."""

    section = "Arguments"

    def __init__(self, *names, help, **settings):
        super().__init__(*names, **settings)
        self.help = help

    def get_help_record(self, ctx):
        return self.metavar.strip("[]."), self.help

    def shell_complete(self, ctx, incomplete):
        return _more_values(ctx, incomplete) or super().shell_complete(ctx, incomplete)


class _Option(click.Option):
    """Option with a place in the help."""

    def __init__(self, *names, section, **settings):
        super().__init__(*names, **settings)
        self.section = section


def command(examples, name=None, group=click, has_results=True):
    """Decorator that makes a command, with examples at the end of its help.

    One that has results prints them as JSON if asked to.
    """

    def decorate(function):
        function = option("--verbose", "say what goes on, in lines")(_run(function))
        if has_results:
            function = option("--json", "print the results as one JSON document")(function)
        return group.command(name, cls=_Command, epilog=examples)(function)

    return decorate


def _run(function):
    @functools.wraps(function)
    def run(verbose, json=False, **options):
        # files name classes that gammapy must know by then
        importlib.import_module("..registered", __package__)
        from ..progress import plain_lines

        if json:
            begin_document()
        with plain_lines() if verbose else contextlib.nullcontext():
            code = function(**options)
        print_document()
        return code

    return run


def argument(name, metavar, help, kind=None):
    """Decorator for an argument; ``NAME...`` takes words, or none; ``[FILE]`` may be left out."""
    settings = {"metavar": metavar, "help": help, "type": kind}
    settings |= {"nargs": -1} if "..." in metavar else {"required": metavar[0] != "["}
    return click.argument(name, cls=_Argument, **settings)


def option(declaration, help="", kind=None, default=None, section="Options"):
    """Decorator for an option, declared as its help shows it.

    ``--flat`` is a flag, ``--live N`` takes a value, ``--ends LOW HIGH`` two, ``--free PARAM...``
    one or more.
    """
    name, *values = declaration.split()
    # one with a --no- form may be left open
    settings = {"is_flag": True, "default": None if "/" in name else False}
    if values:
        settings = {"metavar": " ".join(values), "nargs": len(values), "type": kind}
        settings |= {"multiple": declaration.endswith("..."), "default": default}
    return click.option(name, cls=_Option, help=help, section=section, **settings)


class Name(click.ParamType):
    """Text that the shell completes from known names, or else from files."""

    name = "text"

    def __init__(self, names):
        self.names = names

    def shell_complete(self, ctx, param, incomplete):
        """Names that begin as the incomplete one."""
        names = [CompletionItem(name) for name in self.names() if name.startswith(incomplete)]
        return names or [CompletionItem(incomplete, type="file")]


class _Number(click.ParamType):
    """Number that is refused if it cannot be meant."""

    name = "number"

    def __init__(self, kind, expected, is_allowed):
        self.kind, self.expected, self.is_allowed = kind, expected, is_allowed

    def convert(self, value, param, ctx):
        with contextlib.suppress(ValueError):
            number = self.kind(value)
            if self.is_allowed(number):
                return number
        return self.fail(f"expected {self.expected}, got {value!r}", param, ctx)


def whole(minimum):
    """Whole number of at least a minimum."""
    return _Number(int, f"a whole number of at least {minimum}", lambda number: number >= minimum)


FINITE = _Number(float, "a number", math.isfinite)
POSITIVE = _Number(float, "a number above zero", lambda number: 0 < number < math.inf)

PATH = click.Path(path_type=Path)
