"""Publications as text and BibTeX: known ones by key or bibcode, others from what a text says.

Those behind the tables, the priors and the model are in ``data/references.bib``. A text names
others by references such as "Yoon et al. 2017, ApJ 839, 5", or by their bibcodes at ADS.
"""

import functools
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, unquote

from .index import DATA


@dataclass(frozen=True)
class Publication:
    """A publication.

    Attributes
    ----------
    names, authors : str
        Authors as a reference names them, such as "Aguilar et al.", and as BibTeX wants them.
    title, year, journal, volume, pages, doi, arxiv : str
        What is known; empty where nothing is.
    note, bibcode : str
        The reference itself, where it cannot be taken apart; that of ADS, without known authors.
    """

    names: str = ""
    year: str = ""
    journal: str = ""
    volume: str = ""
    pages: str = ""
    doi: str = ""
    arxiv: str = ""
    authors: str = ""
    title: str = ""
    note: str = ""
    bibcode: str = ""

    @property
    def key(self):
        """BibTeX key (str), always the same for a publication."""
        if self.bibcode:
            return re.sub(r"[^\w.]", "", self.bibcode)
        first = re.split(r" et al\.|, | & | Collaboration| developers", self.names)[0]
        place = [self.arxiv] if self.names else [_slug(self.note.replace(" ", "-"))]
        if self.journal:
            place = [_slug(self.journal) + _slug(self.volume), _slug(self.pages)]
        return "-".join(filter(None, (_slug(first.removeprefix("The ")) + self.year, *place)))

    @property
    def label(self):
        """Short name such as "Aguilar et al. 2015" (str)."""
        return self.bibcode or f"{self.names} {self.year}".strip() or self.note

    @property
    def url(self):
        """Address (str), empty if there is no DOI, arXiv number or bibcode."""
        numbers = (("https://doi.org/", self.doi), ("https://arxiv.org/abs/", self.arxiv))
        known = (address + number for address, number in numbers if number)
        return next(known, bibcode_address(self.bibcode))

    def __str__(self):
        parts = [
            self.label,
            self.title,
            f"{_full_name(self.journal)} {self.volume}".strip(),
            self.pages,
            self.note if self.label != self.note else "",
            f"arXiv:{self.arxiv}" if self.arxiv else "",
            f"doi:{self.doi}" if self.doi else "",
            bibcode_address(self.bibcode),
        ]
        return ", ".join(filter(None, parts))

    def bibtex(self):
        """BibTeX entry (str), in ASCII."""
        proceedings = self.journal.startswith("Proc.")
        names = " and ".join(re.split(r", | & ", self.names.replace(" et al.", " & others")))
        if names.endswith((" Collaboration", " developers")):
            names = f"{{{self.names}}}"
        fields = {
            "author": _latex(self.authors or names, keep="{}"),
            "title": f"{{{_latex(self.title)}}}" if self.title else "",
            "booktitle" if proceedings else "journal": _latex(_full_name(self.journal)),
            "volume": _latex(self.volume),
            "pages": _latex(self.pages),
            "year": self.year,
            "doi": self.doi,
            "eprint": self.arxiv,
            "archivePrefix": "arXiv" if self.arxiv else "",
            "adsurl": bibcode_address(self.bibcode),
            "note": _latex(self.note),
        }
        kind = "inproceedings" if proceedings else "article" if self.journal else "misc"
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@{kind}{{{self.key},", *lines, "}"])


# --------------------------------------------------------------------- known publications


@functools.cache
def _entries():
    """Fields of the entries of references.bib, by key."""
    text = (DATA / "references.bib").read_text(encoding="utf-8")
    found = re.findall(r"^@\w+\{(\S+),\n((?:  .*\n)*)\}", text, re.MULTILINE)
    return {
        key: dict(re.findall(r"^  (\w+) = \{(.*)\},$", body, re.MULTILINE)) for key, body in found
    }


def known_publication(key):
    """Publication of ``references.bib`` by its key; None if it has none."""
    entry = _entries().get(key)
    if entry is None:
        return None
    same = ("year", "volume", "pages", "doi", "note")
    return Publication(
        names=entry.get("shortauthor", ""),
        journal=entry.get("shortjournal") or entry.get("journal") or entry.get("booktitle", ""),
        arxiv=entry.get("eprint", ""),
        authors=entry.get("author", ""),
        title=entry.get("title", "").strip("{}"),
        **{name: entry[name] for name in same if name in entry},
    )


def key_of_bibcode(bibcode):
    """Key of the publication of ``references.bib`` with a bibcode; None if it has none."""
    return next((key for key, entry in _entries().items() if entry.get("bibcode") == bibcode), None)


def _full_name(journal):
    """Name of a journal, from the abbreviation in references if an entry has it."""
    entries = _entries().values()
    return next((e["journal"] for e in entries if e.get("shortjournal") == journal), journal)


# --------------------------------------------------------------------- texts

_NAME = r"[A-ZÀ-ÖØ-Þ][\w'’-]+"
_REFERENCE = re.compile(
    rf"""
    (?P<names> (?:{_NAME}\ )*{_NAME}\ Collaboration
             | {_NAME}\ et\ al\.
             | (?:{_NAME},\ )*{_NAME}\ &\ {_NAME}
             | {_NAME} )
    \ (?P<year>(?:19|20)\d\d)
    (?: ,\ (?P<journal>[A-Z][\w&.\ ]*?)\ (?P<volume>\d+),\ (?P<pages>[A-Z]?\d+)
      | ,\ PoS\((?P<conference>\w+)\)(?P<number>\d*) )?
    (?: ,\ arXiv:(?P<arxiv>\d{{4}}\.\d{{4,5}}) )?
    (?: ,\ doi:(?P<doi>10\.[^\s{{}}\\,;]*[\w/)]) )?
    """,
    re.VERBOSE,
)

# 19 characters, empty places are dots
_BIBCODE = re.compile(
    r"(?<![\w.&])((?:19|20)\d\d)([A-Za-z][A-Za-z&.]{4})([\d.]{4})([A-Za-z\d.])([\d.]{4})[A-Z](?!\w)"
)

_JOURNALS_OF_BIBCODES = {
    **{"APh": "Astropart. Phys.", "AdSpR": "Adv. Space Res.", "NCimC": "Nuovo Cim. C"},
    **{"PhR": "Phys. Rep.", "PhRvD": "PRD", "PhRvL": "PRL", "Sci": "Science", "Univ": "Universe"},
    "Natur": "Nature",
}
"""Journals as references abbreviate them, where that is not the name in the bibcode."""


def publications_in(text):
    """Publications that a text names.

    Parameters
    ----------
    text : str
        Text with references such as "Yoon et al. 2017, ApJ 839, 5", or with bibcodes of ADS.

    Returns
    -------
    list of Publication
        With initials and titles where the package knows them.
    """
    found = []
    for match in _REFERENCE.finditer(text):
        part = match.groupdict("")
        conference, number = part.pop("conference"), part.pop("number")
        if conference:
            part |= {"journal": "PoS", "volume": conference, "pages": number}
        if part["journal"] or part["arxiv"] or part["doi"]:
            named = Publication(**part)
            found.append(known_publication(named.key) or named)
    places = {(p.year, p.volume, p.pages) for p in found}
    bibcodes = dict.fromkeys(map(_of_bibcode, _BIBCODE.finditer(unquote(text))))
    return found + [p for p in bibcodes if (p.year, p.volume, p.pages) not in places]


def _of_bibcode(match):
    year, journal, volume, section, page = (part.strip(".") for part in match.groups())
    if journal == "arXiv":
        return Publication(year=year, arxiv=f"{volume}.{section}{page}", bibcode=match[0])
    if (journal, section) == ("ApJ", "L"):
        journal = "ApJL"
    if section.islower() and page:
        # Physical Review: pages such as 171103 are q1103
        section, page = str(ord(section) - ord("a") + 1), f"{page:0>4}"
    journal = _JOURNALS_OF_BIBCODES.get(journal, journal)
    return Publication("", year, journal, volume, section + page, bibcode=match[0])


def bibcode_address(bibcode):
    """Address of the page of a publication at ADS; empty without a bibcode."""
    return f"https://ui.adsabs.harvard.edu/abs/{quote(bibcode)}" if bibcode else ""


def _slug(text):
    """Text in letters that a BibTeX key may have."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9.-]|\.(?!\d)", "", plain)


# --------------------------------------------------------------------- LaTeX

_LATEX = {
    **{char: f"\\{char}" for char in "&%$#_"},
    **{"\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--", "—": "---", "’": "'"},
    **{"₀": "$_0$", "φ": r"$\phi$", "γ": r"$\gamma$", "×": r"$\times$", "∼": r"$\sim$"},
}
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"'}
_ACCENTED = re.compile(rf"(\w)([{''.join(_ACCENTS)}])(?![\u0300-\u036f])")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹·", "0123456789.")


def _latex(text, keep=""):
    """Text for LaTeX, as BibTeX styles of any age can sort and print it."""
    text = text.translate({ord(char): code for char, code in _LATEX.items() if char not in keep})
    text = unicodedata.normalize("NFD", text)
    text = _ACCENTED.sub(lambda match: f"{{\\{_ACCENTS[match[2]]}{match[1]}}}", text)
    text = unicodedata.normalize("NFC", text)
    return re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹·]+", lambda m: f"$^{{{m[0].translate(_SUPERSCRIPTS)}}}$", text)
