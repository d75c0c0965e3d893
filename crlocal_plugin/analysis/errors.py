"""All mistakes in the description of an analysis, one line each."""

import contextlib


class AnalysisError(ValueError):
    """Mistakes in the description of an analysis.

    Parameters
    ----------
    mistakes : iterable of tuple
        Location, a tuple of keys and positions in lists, and message of each.
    places : dict of tuple to str, optional
        Where a location was given: line of a file, or option; the location itself by default.

    Attributes
    ----------
    mistakes : tuple
        Location and message of each, in the order of the places.
    """

    def __init__(self, mistakes, places=None):
        places = places or {}
        order = {location: number for number, location in enumerate(places)}
        located = [(_given(mistake[0], places), *mistake) for mistake in mistakes]
        located.sort(key=lambda entry: order.get(entry[0], len(order)))
        self.mistakes = tuple((location, message) for _, location, message in located)
        lines = [
            f"{places.get(given) or key_text(location)}: {message}"
            for given, location, message in located
        ]
        super().__init__("\n".join(dict.fromkeys(lines)))


def _given(location, places):
    """The part of a location that was given somewhere."""
    parts = (location[:n] for n in range(len(location), -1, -1))
    return next((part for part in parts if part in places), None)


def key_text(location):
    """Location as text (str), such as ``datasets[2].floor``."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in location)
    return text.removeprefix(".") or "analysis"


REFUSED = (ValueError, TypeError, OSError)
"""What the package raises for something that a user has given."""

_HADRONIC = "hadronic_model: "


class Mistakes:
    """Mistakes that have been found so far: ``found`` has the location and message of each."""

    def __init__(self, places=None, found=()):
        self.places, self.found = places or {}, list(found)

    def add(self, location, message):
        """Add a mistake unless it is known; those on hadronic models have a key of their own."""
        if message.startswith(_HADRONIC):
            location, message = ("hadronic_model",), message.removeprefix(_HADRONIC)
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
        return any(key in keys for location, _ in self.found for key in location[:1])

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
