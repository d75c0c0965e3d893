"""Analyses as YAML files: reading with the line of every key, and writing with comments."""

import os
import textwrap
from pathlib import Path

import yaml

from .._version import __version__
from ..components.parameters import DEFINITIONS
from ..models.xue_liu import xue_liu_2025
from ..yaml_limits import check_limits
from .errors import AnalysisError, key_text
from .schema import PARTS, Part


def read_yaml(path):
    """Plain data of a YAML file, the place of each location, and mistakes: keys given twice."""
    path = Path(path)
    try:
        loader = _Loader(path)
        node = loader.get_single_node()
        if node is None:
            raise AnalysisError([((), "the file is empty: crlocal init writes one")], {(): path})
        return loader.data_of(node), loader.places, loader.mistakes
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        raise AnalysisError([((), what)], {(): f"{path}:{mark.line + 1}"}) from None
    except yaml.reader.ReaderError as error:
        what = f"{error.reason} at position {error.position}: expected a text file in UTF-8"
        raise AnalysisError([((), what)], {(): str(path)}) from None


class _Loader(yaml.SafeLoader):
    """Plain data from nodes, with the places of all of them in the order of the file."""

    def __init__(self, path):
        super().__init__(check_limits(path.read_bytes(), path, values=10_000))
        self.path, self.places, self.mistakes = path, {}, []

    def data_of(self, node, location=(), mark=None, above=()):
        text = f": {key_text(location)}" if location else ""
        # of a key that comes twice the last place counts
        self.places.pop(location, None)
        self.places[location] = f"{self.path}:{(mark or node.start_mark).line + 1}{text}"
        if node in above:
            raise yaml.MarkedYAMLError(problem="contains itself", problem_mark=node.start_mark)
        above = (*above, node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping_of(node, location, above)
        if isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            return [self.data_of(item, (*location, n), above=above) for n, item in items]
        try:
            value = self.construct_object(node)
        except ValueError:
            # what looks like a date, but is none
            return node.value
        if value is None or (node.style is None and value in ("none", "None")):
            return None
        # a date, for example, is a text here
        return value if isinstance(value, bool | int | float | str) else node.value

    def _mapping_of(self, node, location, above):
        data, lines = {}, {}
        for key_node, value_node in node.value:
            key, mark = str(key_node.value), key_node.start_mark
            here, line = (*location, key), mark.line + 1
            first = lines.setdefault(key, line)
            if key in data:
                self.mistakes.append((here, f"given twice, in line {first} and in line {line}"))
            data[key] = self.data_of(value_node, here, mark, above)
        return data


def analysis_text(analysis, folder="", leave_out=(), notes=None):
    """Text of the YAML file of an analysis, every key with its meaning.

    Paths are made relative to the folder of the file; ``leave_out`` has entries that are not
    written, and ``notes`` lines of comment below some entries.
    """
    lines = [f"# Analysis of crlocal_plugin {__version__}, for crlocal fit and the other commands."]
    for key, info in type(analysis).model_fields.items():
        if key in leave_out:
            continue
        value = getattr(analysis, key)
        lines += ["", *_comment(info.description)]
        # those of a part in a list or by name are explained above, those of a single one inside
        for keys, part in PARTS.items():
            for name, field in part.model_fields.items():
                if keys[0] == key and not isinstance(value, Part):
                    lines += _comment(f"{name}: {field.description}", "# " + "  " * len(keys))
        lines += [f"# for example {example}" for example in info.examples or ()]
        below = [f"  # {note}" for note in (notes or {}).get(key, ())]
        if isinstance(value, Part):
            lines.append(f"{key}:")
            for name, field in type(value).model_fields.items():
                lines += _comment(field.description, "  # ")
                lines.append(textwrap.indent(_dumped(name, getattr(value, name), folder), "  "))
        else:
            lines.append(f"{key}:" if below and not value else _dumped(key, value, folder))
        lines += below
    return "\n".join(lines) + "\n"


def parameter_lines():
    """Entries of all parameters of the default model (list of str).

    A line each, such as ``x: {value: 1.6 pc, free: true}  # distance ...``.
    """
    lines = []
    parameters = xue_liu_2025().parameters
    for label, par in zip(parameters.labels, parameters, strict=True):
        known = DEFINITIONS[par.name]
        values = f"value: {float(par.value)!r} {known.unit}".strip()
        values += f", free: {'false' if par.frozen else 'true'}"
        lines.append(f"{label}: {{{values}}}  # {known.description}")
    return lines


def _comment(text, prefix="# "):
    return textwrap.wrap(text, 88, initial_indent=prefix, subsequent_indent=prefix)


def _dumped(key, value, folder):
    """YAML of one entry."""
    data = {key: _plain(value, folder)}
    # short collections in one line each
    flow = None if isinstance(data[key], list | dict) else False
    return yaml.safe_dump(data, default_flow_style=flow, sort_keys=False).rstrip()


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
