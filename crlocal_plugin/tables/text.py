"""Tables as plain text: comments, a header or none, numbers between commas or blanks."""

import csv
import re

from astropy.table import MaskedColumn, Table

from .raw_table import TableError, is_number

_BLANK = {"", "-", "--", "nan", "NaN", "null", "n/a", "N/A"}
_COMMA = re.compile(r"^([-+]?\d*),(\d+)(?=$|[eE])")
_FIELD = re.compile(r"[^\s\[]+ *\[[^\]]*\]\S*|\S+")


def read_text(path, text):
    """Table of a text, comments (list of str), and the line in which each row stands (list of int).

    The header is the first line that is no number throughout, or the last comment, if it has as
    many words as a row; without one, columns are ``col1``, ``col2``, .... TableError, which names
    file and line, if rows are not of one length.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    comments = [line.lstrip("#% ").rstrip() for _, line in lines if line.startswith(("#", "%"))]
    lines = [(number, line) for number, line in lines if line and line[0] not in "#%"]
    separator = next((sign for sign in "\t;," if lines and sign in lines[0][1]), None)
    rows = [(number, _fields(line, separator)) for number, line in lines]
    header = None
    if rows and not any(map(is_number, rows[0][1])):
        (_, header), *rows = rows
    if not rows:
        raise TableError(f"{path}: expected at least one row, found none; give a table with data")
    if header is None:
        header = _fields(comments[-1], separator) if comments else []
        if len(header) != len(rows[0][1]):
            header = [f"col{k}" for k, _ in enumerate(rows[0][1], 1)]
    if repeated := sorted({name for name in header if header.count(name) > 1}):
        names = ", ".join(repeated)
        raise TableError(f"{path}: columns {names} repeat; give each a name of its own")
    for number, fields in rows:
        if fields == header:
            raise TableError(
                f"{path}: line {number}: the header comes a second time: expected one table, found "
                "several; put each in a file of its own"
            )
        if len(fields) != len(header):
            raise TableError(
                f"{path}: line {number}: expected {len(header)} values ({', '.join(header)}), "
                f"found {len(fields)}; correct the line"
            )
    columns = zip(*(fields for _, fields in rows), strict=True)
    table = Table([_column(values) for values in columns], names=header)
    return table, comments, [number for number, _ in rows]


def _fields(line, separator):
    if separator is None:
        return _FIELD.findall(line)
    fields = [field.strip() for field in next(csv.reader([line], delimiter=separator))]
    # where commas do not separate, they stand for points
    return [_COMMA.sub(r"\1.\2", field) for field in fields] if separator == ";" else fields


def _column(values):
    """Numbers with blanks, or texts, where one is no number."""
    numbers = ["nan" if value in _BLANK else value for value in values]
    if not all(map(is_number, numbers)):
        return list(values)
    return MaskedColumn(list(map(float, numbers)), mask=[value in _BLANK for value in values])
