"""Parts that the readers of spectra and of dipoles share: errors, confidence levels, the result."""

from astropy.table import Column, Table

from .raw_table import is_number


def error_names(stem):
    """Names of the columns of an error: lower, upper, symmetric."""
    return (f"{stem}_errn", f"{stem}_errp", f"{stem}_err")


def error_sides(table, stem, unit, *, blank_allowed=False):
    """Return the first column's name, lower and upper errors; None if there are no columns."""
    lower, upper, symmetric = error_names(stem)
    pair = table.has(lower) or table.has(upper)
    if table.has(symmetric) and pair:
        raise table.error(
            "the error is given twice, as one column and as a pair",
            "keep one of the two",
            column=table.given_name(symmetric),
        )
    names = (symmetric, symmetric) if table.has(symmetric) else (lower, upper)
    if not pair and names[0] != symmetric:
        return None
    sides = [table.numbers(name, unit, blank_allowed=blank_allowed) for name in names]
    for name, values in zip(names, sides, strict=True):
        table.require(name, ~(values < 0), "an error that is not negative", "correct the sign")
    return names[0], *sides


def checked_confidence(table):
    """Confidence level of the limits of a table."""
    confidence = table.meta.get("ul_confidence", 0.95)
    if not (is_number(confidence) and 0.5 < float(confidence) < 1):
        raise table.error(
            f"ul_confidence: expected a number between 0.5 and 1, got {confidence!r}",
            "write 95 % as 0.95",
        )
    return float(confidence)


def normalised(table, content, **meta):
    """Table of columns given as pairs of values and unit, with the meta of the raw table."""
    result = Table(
        [Column(values, name=name, unit=unit) for name, (values, unit) in content.items()]
    )
    result.meta = table.meta | {key: value for key, value in meta.items() if value is not None}
    return result
