"""Analyses as YAML files: reading with the line of every key, and writing with comments."""

import os
import textwrap
from pathlib import Path

import yaml

from .._version import __version__
from ..components.parameters import DEFINITIONS
from ..models.xue_liu import xue_liu_2025
from .errors import (
    AnalysisError,
    key_text,
)
from .schema import (
    DatasetEntry,
    ParameterEntry,
    Part,
    PriorEntry,
)


def read_yaml(path):
    """Read plain data from a YAML file, and where they are.

    The word none stands for nothing, as YAML's null does.

    Parameters
    ----------
    path : path-like
        File.

    Returns
    -------
    data : dict
        Dictionaries, lists, texts, numbers, booleans, None.
    places : dict of tuple to str
        File, line and key by location, in the order of the file.
    mistakes : list of tuple
        Location and message of keys that are given twice.

    Raises
    ------
    AnalysisError
        If the file is no YAML, or empty.
    OSError
        If it cannot be read.
    """
    path = Path(path)
    try:
        loader = yaml.SafeLoader(path.read_bytes())
        node = loader.get_single_node()
        if node is None:
            raise AnalysisError([((), "the file is empty: crlocal init writes one")], {(): path})
        reader = _Reader(loader, path)
        return reader.convert(node, ()), reader.places, reader.mistakes
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        raise AnalysisError([((), what)], {(): _place(path, mark)}) from None
    except yaml.reader.ReaderError as error:
        what = f"{error.reason} at position {error.position}: expected a text file in UTF-8"
        raise AnalysisError([((), what)], {(): str(path)}) from None


def _place(path, mark):
    return f"{path}:{mark.line + 1}"


class _Reader:
    """Plain data from nodes, with the places of all of them."""

    def __init__(self, loader, path):
        self.loader, self.path = loader, path
        self.places, self.mistakes, self._above = {}, [], []

    def convert(self, node, location, mark=None):
        text = f": {key_text(location)}" if location else ""
        # of a key that comes twice the last place counts
        self.places.pop(location, None)
        self.places[location] = _place(self.path, mark or node.start_mark) + text
        if any(node is other for other in self._above):
            raise yaml.MarkedYAMLError(problem="contains itself", problem_mark=node.start_mark)
        self._above.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, location)
            if isinstance(node, yaml.SequenceNode):
                return [self.convert(n, (*location, k)) for k, n in enumerate(node.value)]
            return self._scalar(node)
        finally:
            self._above.pop()

    def _mapping(self, node, location):
        data, lines = {}, {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            here = (*location, key)
            if key in data:
                message = f"given twice, in line {lines[key]} and in line {line}"
                self.mistakes.append((here, message))
            lines.setdefault(key, line)
            data[key] = self.convert(value_node, here, key_node.start_mark)
        return data

    def _scalar(self, node):
        try:
            value = self.loader.construct_object(node)
        except ValueError:
            # what looks like a date, but is none
            return node.value
        if value is None or (node.style is None and value in ("none", "None")):
            return None
        # a date, for example, is a text here
        return value if isinstance(value, bool | int | float | str) else node.value


_KEYS = {
    "datasets": {"#   ": DatasetEntry},
    "parameters": {"#   ": ParameterEntry, "#     ": PriorEntry},
}
"""Parts whose keys are explained above an entry of a file, by how far they are indented."""


def analysis_text(analysis, folder="", leave_out=(), notes=None):
    """Text of the YAML file of an analysis, every key with its meaning.

    Parameters
    ----------
    analysis : Analysis
        Analysis.
    folder : path-like, optional
        Folder of the file, to which paths are made relative.
    leave_out : iterable of str, optional
        Entries that are not written.
    notes : dict of str to list of str, optional
        Lines of comment below an entry.

    Returns
    -------
    str
        The text.
    """
    lines = [f"# Analysis of crlocal_plugin {__version__}, for crlocal fit and the other commands."]
    for key, info in type(analysis).model_fields.items():
        if key in leave_out:
            continue
        lines += ["", *_comment(info.description)]
        for prefix, part in _KEYS.get(key, {}).items():
            for name, field in part.model_fields.items():
                lines += _comment(f"{name}: {field.description}", prefix)
        lines += [f"# for example {example}" for example in info.examples or ()]
        below = [f"  # {note}" for note in (notes or {}).get(key, ())]
        value = getattr(analysis, key)
        if isinstance(value, Part):
            lines.append(f"{key}:")
            for name, field in type(value).model_fields.items():
                lines += _comment(field.description, "  # ")
                lines.append(textwrap.indent(_dumped(name, getattr(value, name), folder), "  "))
        elif below and not value:
            lines.append(f"{key}:")
        else:
            lines.append(_dumped(key, value, folder))
        lines += below
    return "\n".join(lines) + "\n"


def parameter_lines():
    """Entries of all parameters of the model as it is by default.

    Returns
    -------
    list of str
        A line each, such as ``x: {value: 1.6 pc, free: true}  # distance ...``.
    """
    lines = []
    parameters = xue_liu_2025(priors=None).parameters
    for label, par in zip(parameters.labels, parameters, strict=True):
        definition = DEFINITIONS[par.name]
        value = f"{float(par.value)!r} {definition.unit}".strip()
        free = "false" if par.frozen else "true"
        lines.append(f"{label}: {{value: {value}, free: {free}}}  # {definition.description}")
    return lines


def _comment(text, prefix="# "):
    return textwrap.wrap(text, 88, initial_indent=prefix, subsequent_indent=prefix)


def _dumped(key, value, folder):
    """YAML of one entry."""
    value = _plain(value, folder)
    # short collections in one line each
    flow = None if isinstance(value, list | dict) else False
    return yaml.safe_dump({key: value}, default_flow_style=flow, sort_keys=False).rstrip()


def _plain(value, folder):
    """Plain data, short where there is a short form."""
    if value is None:
        return "none"
    if isinstance(value, Path):
        return os.path.relpath(value, folder or ".")
    if isinstance(value, list | tuple):
        return [_plain(item, folder) for item in value]
    if isinstance(value, Part):
        value = value.short()
    if isinstance(value, dict):
        return {key: _plain(item, folder) for key, item in value.items()}
    return value
