"""All mistakes in the description of an analysis, one line each."""


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


_EXPECTED = {
    "bool_type": "expected true or false",
    "string_type": "expected a text",
    "tuple_type": "expected a list",
    "model_type": "expected keys with values",
    "dict_type": "expected keys with values",
    "path_type": "expected the name of a file",
    "int_type": "expected a whole number",
    "greater_than_equal": "expected a number of at least {ge}",
}
"""What pydantic's types of errors mean to a user."""


def messages_of(error, unknown_key):
    """Mistakes that pydantic has found.

    Parameters
    ----------
    error : `~pydantic.ValidationError`
        Error.
    unknown_key : callable
        Takes the location of a key that is not known, and returns a message.

    Returns
    -------
    list of tuple
        Location and message of each.
    """
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


def without(data, locations):
    """Copy of nested dictionaries and lists without some of the entries.

    Parameters
    ----------
    data : dict
        Data.
    locations : iterable of tuple
        What is left out; a list or dictionary that is left empty goes too.

    Returns
    -------
    dict
        The rest.
    """
    if isinstance(data, list | tuple):
        items = dict(enumerate(data))
    elif isinstance(data, dict):
        items = data
    else:
        return data
    locations = [location for location in locations if location]
    rest = {}
    for key, value in items.items():
        below = [location[1:] for location in locations if location[0] == key]
        if () in below:
            continue
        kept = without(value, below)
        if kept or not below:
            rest[key] = kept
    return list(rest.values()) if isinstance(data, list | tuple) else rest
