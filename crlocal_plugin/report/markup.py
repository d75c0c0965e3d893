"""HTML from text, which is escaped unless it is markup already."""

import html
import re

_VOID = ("img", "meta")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def join(parts, separator=""):
    """Put parts behind each other.

    Parameters
    ----------
    parts : iterable of str
        Parts; what is no `Markup` is escaped.
    separator : str, optional
        What comes between them.

    Returns
    -------
    Markup
        The whole.
    """
    escaped = [part if isinstance(part, Markup) else html.escape(str(part)) for part in parts]
    return Markup(separator.join(escaped))


def element(name, /, *content, **attributes):
    """Make an element.

    Parameters
    ----------
    name : str
        Name of the element.
    *content : str
        What is in it, as for `join`.
    **attributes : str
        Attributes; a trailing underscore is dropped, others become hyphens.

    Returns
    -------
    Markup
        The element.
    """
    text = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Markup(f"<{name}{text}>")
    return Markup(f"<{name}{text}>{join(content)}</{name}>")


def link(text, url):
    """Make a link (Markup), or leave the text as it is if there is no address."""
    return element("a", text, href=url) if url else text


def section(name, title, *content):
    """Make a section with a heading (Markup), to which ``#name`` leads."""
    return element("section", element("h2", title), join(content, "\n"), id=name)


def number(text, value=None):
    """Make a number that keeps all of its digits for programs.

    Parameters
    ----------
    text : str
        The number as it is printed, such as "1.01e53".
    value : float, optional
        The number itself, if the text does not give all of it.

    Returns
    -------
    Markup
        The number with its power of ten and minus sign as in a book.
    """
    match = re.fullmatch(r"(-?)([\d.]+)(?:e([+-]?\d+))?", text)
    if match is None:
        return join([text])
    sign, digits, power = match.groups()
    parts = ["−" * bool(sign), digits]
    if power:
        parts += [" × 10", element("sup", str(int(power)).replace("-", "−"))]
    return element("data", *parts, value=repr(float(text if value is None else value)))


def table(caption, header, rows, numeric=(), text=()):
    """Make a table that scrolls sideways where it does not fit.

    Parameters
    ----------
    caption : str
        What the table shows.
    header : list of str
        Titles of the columns. A column that is empty in all rows is left out.
    rows : list of list of str
        Cells, of which the first in each row is its heading.
    numeric : iterable of int, optional
        Columns of numbers.
    text : iterable of int, optional
        Columns of text, which breaks into lines.

    Returns
    -------
    Markup
        The table.
    """
    kept = [k for k in range(len(header)) if k == 0 or any(row[k] for row in rows)]
    kinds = {k: {} for k in kept}
    kinds |= {k: {"class_": "number"} for k in numeric} | {k: {"class_": "text"} for k in text}
    head = [element("th", header[k], scope="col", **kinds[k]) for k in kept]
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", row[k], **kinds[k]) for k in kept[1:]),
        )
        for row in rows
    ]
    return scrolling(
        caption,
        element(
            "table",
            element("caption", caption),
            element("thead", element("tr", *head)),
            element("tbody", join(body, "\n")),
        ),
    )


def scrolling(label, content):
    """Put something wide in a box that scrolls, with the keyboard too (Markup)."""
    return element("div", content, class_="scroll", role="region", aria_label=label, tabindex="0")
