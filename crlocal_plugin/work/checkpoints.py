"""Results of long work in a file, from which an interrupted run goes on."""

import contextlib
import json
import math
import time

import numpy as np

from .._version import __version__
from ..files import real_path, replace_file

_TITLE = "unfinished work of crlocal_plugin"

_SECONDS, _SHARE = 2.0, 0.05
"""Least time between two writes, and the largest share of the time that writing takes."""

_TOLERANCE = 1e-5
"""Relative difference of numbers that are the same: a fit is repeated, maybe on another machine."""


class Checkpoint:
    """Results of pieces of work, in a file that is always whole.

    Parameters
    ----------
    path : path-like, optional
        File; by default nothing is kept.
    configuration : dict, optional
        All that the results depend on, with numbers and texts for values.

    Raises
    ------
    ValueError
        If the file is there, and is of another configuration or no such file.
    """

    def __init__(self, path=None, configuration=None):
        self._path = None if path is None else real_path(path)
        self._configuration = _plain({"version": __version__, **(configuration or {})})
        self._results, self._next = {}, 0.0
        if path is not None and self._path.exists():
            self._read()

    def results(self, name):
        """Results of some work (dict of int to object); those that are added are written too.

        Arrays that were read are lists.
        """
        return self._results.setdefault(name, {})

    def write_now_and_then(self):
        """Write what there is if the last time was long enough ago."""
        if self._path is None or time.monotonic() < self._next:
            return
        start = time.monotonic()
        content = {"title": _TITLE, "configuration": self._configuration, "results": self._results}
        with replace_file(self._path) as draft:
            draft.write_text(json.dumps(content, default=_plain), encoding="utf-8")
        end = time.monotonic()
        self._next = end + max(_SECONDS, (end - start) / _SHARE)

    @contextlib.contextmanager
    def written(self):
        """Write what there is at the end, whatever ends it."""
        try:
            yield
        finally:
            if any(self._results.values()):
                self._next = 0.0
                self.write_now_and_then()

    def _read(self):
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            ours = content["title"] == _TITLE
            kept, results = content["configuration"], content["results"]
        except (ValueError, LookupError, TypeError):
            ours = False
        if not ours:
            raise ValueError(
                f"{self._path} is not a checkpoint of an interrupted run: move it away, since this "
                "run writes its own there"
            )
        now = self._configuration
        changes = [
            f"{name} was {_text(kept.get(name))} and is {_text(now.get(name))}"
            for name in dict.fromkeys([*now, *kept])
            if not _same(kept.get(name), now.get(name))
        ]
        if changes:
            raise ValueError(
                f"{self._path} belongs to another run: {'; '.join(changes[:4])}. Repeat that run "
                "to continue it, or remove the file to start again"
            )
        self._results = {
            name: {int(number): result for number, result in found.items()}
            for name, found in results.items()
        }


def _plain(value):
    """Numbers, texts, lists and dictionaries in place of arrays and the like."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value


def _same(one, other):
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_TOLERANCE)
    return one == other


def _text(value):
    """Value as a message has it, or the beginning of a long one."""
    text = "not there" if value is None else json.dumps(value).replace('"', "")
    return text if len(text) <= 60 else f"{text[:57]}..."
