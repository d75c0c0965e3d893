"""Cells of tables: numbers, links and ranges, as text that needs no escaping any more."""

import re

import astropy.units as u
from markupsafe import Markup, escape


def number(text, value=None):
    """Number as in a book, from text such as "1.01e53"; programs find all digits of the value."""
    match = re.fullmatch(r"([+-]?)([\d.]+)(?:e([+-]?\d+))?", text)
    if match is None:
        return escape(text)
    sign, digits, power = match.groups()
    shown = Markup(sign.replace("-", "−") + digits)
    if power:
        shown += Markup(" × 10<sup>{}</sup>").format(str(int(power)).replace("-", "−"))
    exact = float(text if value is None else value)
    return Markup('<data value="{}">{}</data>').format(repr(exact), shown)


def link(text, url):
    """Link, or the text as it is if there is no address."""
    return Markup('<a href="{}">{}</a>').format(url, text) if url else escape(text)


def publication_link(publication):
    """Link to a publication that says its DOI or its number at arXiv; empty without both."""
    kind, name = ("doi", publication.doi) if publication.doi else ("arXiv", publication.arxiv)
    return link(f"{kind}:{name}", publication.url) if publication.url else Markup()


def joined(parts, separator=" "):
    """Parts behind each other; those that are not markup are escaped."""
    return Markup(separator).join(parts)


def span(low, high, below="to"):
    """Range with two ends, one, or none; an end that is not there is empty."""
    if low and high:
        return joined([low, "to", high])
    return joined(["from", low]) if low else joined([below, high]) if high else Markup()


def unit_text(unit):
    """Unit as in a book."""
    return u.Unit(unit).to_string("unicode", fraction=False)


def plus_minus(text):
    """Text with the sign ± in place of "+-"."""
    return text.replace("+-", "±")
