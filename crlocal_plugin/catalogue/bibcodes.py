"""What the bibcodes of the Astrophysics Data System (ADS) say: journal, volume, page."""

import re
from typing import NamedTuple
from urllib.parse import quote

BIBCODE = re.compile(
    r"""
    (?<![\w.&])
    (?P<year>(?:19|20)\d\d)
    (?P<journal>[A-Za-z][A-Za-z&.]{4})
    (?P<volume>[\d.]{4})
    (?P<section>[A-Za-z\d.])
    (?P<page>[\d.]{4})
    (?P<initial>[A-Z])
    (?!\w)
    """,
    re.VERBOSE,
)
"""A bibcode in a text: 19 characters, empty places are dots."""

_JOURNALS = {
    "A&A": "A&A",
    "AJ": "AJ",
    "APh": "Astropart. Phys.",
    "AdSpR": "Adv. Space Res.",
    "ApJ": "ApJ",
    "ApJS": "ApJS",
    "EPJC": "EPJC",
    "JCAP": "JCAP",
    "MNRAS": "MNRAS",
    "NCimC": "Nuovo Cim. C",
    "Natur": "Nature",
    "PhR": "Phys. Rep.",
    "PhRvD": "PRD",
    "PhRvL": "PRL",
    "Sci": "Science",
    "Univ": "Universe",
}
"""Journals as references in this package abbreviate them; others keep the name in the bibcode."""


class Bibcode(NamedTuple):
    """Parts of a bibcode.

    Attributes
    ----------
    year, journal, volume, page : str
        What the publication is found by; volume and page are empty if it has none.
    initial : str
        First letter of the name of the first author.
    arxiv : str
        Number of a preprint, which has no journal; else empty.
    """

    year: str
    journal: str
    volume: str
    page: str
    initial: str
    arxiv: str = ""


def bibcode_address(bibcode):
    """Address of the page of a publication at ADS (str)."""
    return f"https://ui.adsabs.harvard.edu/abs/{quote(bibcode)}"


def split_bibcode(bibcode):
    """Take a bibcode apart.

    Parameters
    ----------
    bibcode : str
        Bibcode such as "2015PhRvL.114q1103A".

    Returns
    -------
    Bibcode or None
        Its parts; None if the text is no bibcode.
    """
    match = BIBCODE.fullmatch(bibcode)
    if match is None:
        return None
    year, journal, volume, section, page, initial = match.groups()
    journal, volume, page = journal.strip("."), volume.strip("."), page.strip(".")
    if journal == "arXiv":
        number = f"{section}{page}".strip(".")
        return Bibcode(year, "", "", "", initial, f"{volume}.{number}")
    if section.islower() and page:
        # Physical Review: pages such as 171103 are q1103
        page = f"{ord(section) - ord('a') + 1}{page:0>4}"
    elif section != ".":
        page = section + page
    if (journal, section) == ("ApJ", "L"):
        journal = "ApJL"
    return Bibcode(year, _JOURNALS.get(journal, journal), volume, page, initial)
