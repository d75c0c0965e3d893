"""All mistakes in the description of an analysis, one line each."""

import contextlib
from operator import itemgetter


class AnalysisError(ValueError):
    """Mistakes in an analysis: its file, its entries or its options.

    Parameters
    ----------
    mistakes : iterable of tuple
        Location, a tuple of keys and positions in lists, and message of each. They are kept, in
        the order of the places.
    places : dict of tuple to str, optional
        Where a location was given: line of a file, or option; the location itself by default.
    """

    def __init__(self, mistakes, places=None):
        order = {location: (n, place) for n, (location, place) in enumerate((places or {}).items())}
        located = []
        for location, message in mistakes:
            # the longest part that was given somewhere
            parts = [location[:n] for n in range(len(location), -1, -1)]
            unknown = len(order), key_text(location)
            place = next((order[part] for part in parts if part in order), unknown)
            located.append((*place, location, message))
        located.sort(key=itemgetter(0))
        self.mistakes = tuple((location, message) for *_, location, message in located)
        lines = [f"{place}: {message}" for _, place, _, message in located]
        super().__init__("\n".join(dict.fromkeys(lines)))

    def __reduce__(self):
        # from another process comes the text, not what it was made of
        return ValueError.__new__, (type(self), *self.args), self.__dict__


def key_text(location):
    """Location as text (str), such as ``datasets[2].floor``."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in location)
    return text.removeprefix(".") or "analysis"


REFUSED = (ValueError, TypeError, OSError)
"""What the package raises for something that a user has given."""


class Mistakes:
    """Mistakes that have been found so far: ``found`` has the location and message of each."""

    def __init__(self, places=None, found=()):
        self.places, self.found = places or {}, list(found)

    def add(self, location, message):
        """Add a mistake unless it is known; those on hadronic models have a key of their own."""
        if message.startswith("hadronic_model: "):
            location, message = ("hadronic_model",), message.removeprefix("hadronic_model: ")
        if (location, message) not in self.found:
            self.found.append((location, message))

    @contextlib.contextmanager
    def noted(self, *location):
        """Note what is refused inside as a mistake at a location, and go on."""
        try:
            yield
        except REFUSED as error:
            self.add(location, str(error))

    def concern(self, *keys):
        """Whether one of them is in one of some entries of the analysis (bool)."""
        return any(location[:1] == (key,) for location, _ in self.found for key in keys)

    def raise_all(self):
        """Raise AnalysisError if there are any."""
        if self.found:
            raise AnalysisError(self.found, self.places)


_EXPECTED = {
    "bool_type": "expected true or false",
    "string_type": "expected a text",
    "tuple_type": "expected a list",
    "model_type": "expected keys with values",
    "dict_type": "expected keys with values",
    "path_type": "expected the name of a file",
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "finite_number": "expected a finite number",
    "greater_than_equal": "expected a number of at least {ge}",
}
"""What pydantic's types of errors mean to a user."""


def messages_of(error, unknown_key):
    """Location and message of all that pydantic has found; a function words unknown keys."""
    mistakes = []
    for item in error.errors():
        location, kind = item["loc"], item["type"]
        if kind == "extra_forbidden":
            message = unknown_key(location)
        elif kind == "value_error":
            message = str(item["ctx"]["error"])
        elif kind == "missing":
            location, message = location[:-1], f"{location[-1]} is missing"
        else:
            known = _EXPECTED.get(kind)
            expected = known.format(**item.get("ctx", {})) if known else item["msg"]
            message = f"{expected}, got {item['input']!r}"
        mistakes.append((location, message))
    return mistakes
