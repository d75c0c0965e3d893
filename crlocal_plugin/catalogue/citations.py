"""Publications behind a fit, for a list of references or a BibTeX file.

Tables and priors name their publications in one line of text, such as "Aguilar et al. 2015, PRL
114, 171103, doi:10.1103/PhysRevLett.114.171103", and that line is where entries come from. What
it does not say, initials and titles, is in ``data/publications.ecsv`` by the key of the entry; a
publication that is not in there gets an entry without them. Tables of a database may know no more
than the bibcode of a publication, which is the key of its entry then, as in the files of ADS.
"""

import functools
import os
import re
import unicodedata
from dataclasses import dataclass, replace
from importlib import resources
from urllib.parse import unquote

from astropy.table import Table
from gammapy.datasets import Dataset

from .._version import __version__
from ..datasets.core import CosmicRayDataset
from ..tables.raw_table import RawTable
from .bibcodes import (
    BIBCODE,
    bibcode_address,
    split_bibcode,
)
from .index import read_catalog_table
from .resolving import any_tables

JOURNALS = {
    "A&A": "Astronomy & Astrophysics",
    "AJ": "The Astronomical Journal",
    "Adv. Space Res.": "Advances in Space Research",
    "ApJ": "The Astrophysical Journal",
    "ApJL": "The Astrophysical Journal Letters",
    "ApJS": "The Astrophysical Journal Supplement Series",
    "Astropart. Phys.": "Astroparticle Physics",
    "EPJC": "The European Physical Journal C",
    "MNRAS": "Monthly Notices of the Royal Astronomical Society",
    "Nuovo Cim. C": "Il Nuovo Cimento C",
    "PRD": "Physical Review D",
    "PRL": "Physical Review Letters",
    "Phys. Rep.": "Physics Reports",
    "PoS": "Proceedings of Science",
}
"""Names of journals by the abbreviations in references; others stay as they are."""


@dataclass(frozen=True)
class Publication:
    """A publication.

    Attributes
    ----------
    names : str
        Authors as a reference names them, such as "Aguilar et al.".
    year, journal, volume, pages, doi, arxiv : str
        What the reference says; empty where it says nothing.
    authors : str
        Authors as BibTeX wants them, by default from ``names``.
    title : str
        Title, empty if it is not known.
    note : str
        The reference itself, where it cannot be taken apart.
    bibcode : str
        Bibcode of ADS, if the authors are not known.
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
        name = _slug(first.removeprefix("The ")) + self.year
        if self.journal:
            place = [_slug(self.journal) + _slug(self.volume), _slug(self.pages)]
        else:
            place = [self.arxiv] if self.names else [_slug(self.note.replace(" ", "-"))]
        return "-".join(part for part in (name, *place) if part)

    @property
    def label(self):
        """Short name such as "Aguilar et al. 2015" (str)."""
        return self.bibcode or f"{self.names} {self.year}".strip() or self.note

    @property
    def url(self):
        """Address (str), empty if there is no DOI, arXiv number or bibcode."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        if self.arxiv:
            return f"https://arxiv.org/abs/{self.arxiv}"
        return bibcode_address(self.bibcode) if self.bibcode else ""

    def __str__(self):
        journal = JOURNALS.get(self.journal, self.journal)
        parts = [
            self.label,
            self.title,
            " ".join(part for part in (journal, self.volume) if part),
            self.pages,
            self.note if self.label != self.note else "",
            f"arXiv:{self.arxiv}" if self.arxiv else "",
            f"doi:{self.doi}" if self.doi else "",
            bibcode_address(self.bibcode) if self.bibcode else "",
        ]
        return ", ".join(part for part in parts if part)

    def bibtex(self):
        """BibTeX entry (str)."""
        proceedings = self.journal.startswith("Proc.")
        journal = _latex(JOURNALS.get(self.journal, self.journal))
        fields = {
            "author": _latex(self.authors or _bibtex_authors(self.names), keep="{}"),
            "title": f"{{{_latex(self.title)}}}" if self.title else "",
            "booktitle" if proceedings else "journal": journal,
            "volume": _latex(self.volume),
            "pages": _latex(self.pages),
            "year": self.year,
            "doi": self.doi,
            "eprint": self.arxiv,
            "archivePrefix": "arXiv" if self.arxiv else "",
            "adsurl": bibcode_address(self.bibcode) if self.bibcode else "",
            "note": _latex(self.note),
        }
        kind = "inproceedings" if proceedings else "article" if self.journal else "misc"
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@{kind}{{{self.key},", *lines, "}"])


MODEL = "Xue & Liu 2025, arXiv:2507.07057"
GAMMAPY = "Donath et al. 2023, A&A 678, A157, doi:10.1051/0004-6361/202346488"
CRDB = "Maurin et al. 2023, EPJC 83, 971, doi:10.1140/epjc/s10052-023-12092-8"

SOFTWARE = Publication(
    names="The crlocal_plugin developers",
    title="crlocal_plugin: joint likelihood fits of cosmic-ray spectra and dipole anisotropy in "
    "gammapy",
    note=f"version {__version__}",
)


def citations(source=None):
    """Publications to be cited.

    Parameters
    ----------
    source : `~gammapy.datasets.Datasets`, str, path-like, or list, optional
        Datasets, or names of selections, tables (see `catalog`), experiments or files. By default,
        no data.

    Returns
    -------
    list of Publication
        The model, gammapy and this software; the publications of the data, the database that
        they were compiled from, and those of the priors on free parameters. None comes twice.

    Raises
    ------
    ValueError
        If a name is not known.
    TypeError
        If something is neither a dataset nor a name.
    """
    found = [*publications_in(MODEL), *publications_in(GAMMAPY), SOFTWARE]
    items = _items(source)
    datasets = [item for item in items if isinstance(item, Dataset)]
    if datasets:
        metas = [
            dataset.table.meta for dataset in datasets if isinstance(dataset, CosmicRayDataset)
        ]
    else:
        metas = _metas(items) if items else []
    found += [publication for meta in metas for publication in publications_of(meta)]
    for dataset in datasets:
        for par in dataset.models.parameters if dataset.models else ():
            if not par.frozen:
                found += publications_in(getattr(par.prior, "source", ""))
    return list({publication.key: publication for publication in found}.values())


def bibtex(source=None):
    """BibTeX entries of all that is to be cited.

    Parameters
    ----------
    source
        As for `citations`.

    Returns
    -------
    str
        Entries, in the order of `citations`.

    Raises
    ------
    ValueError
        If a name is not known.
    """
    return "\n\n".join(publication.bibtex() for publication in citations(source)) + "\n"


def publications_of(meta):
    """Publications of a table.

    Parameters
    ----------
    meta : dict
        Meta of the table, with ``reference``, or ``bibcode``, and ``compilation``.

    Returns
    -------
    list of Publication
        Publications, empty if the table names none.
    """
    reference, compilation = (str(meta.get(name) or "") for name in ("reference", "compilation"))
    reference = reference or str(meta.get("bibcode") or "")
    from_database = "CRDB" in reference or "CRDB" in compilation
    found = publications_in(reference)
    if reference and not found and "CRDB" not in reference:
        found = [Publication(note=reference)]
    return found + publications_in(CRDB) if from_database else found


def publications_in(text):
    """Publications that a text names.

    Parameters
    ----------
    text : str
        Text with references such as "Yoon et al. 2017, ApJ 839, 5", or with bibcodes of ADS.

    Returns
    -------
    list of Publication
        Publications, with initials and titles where the package knows them.
    """
    found = []
    for match in _REFERENCE.finditer(text):
        part = {name: value or "" for name, value in match.groupdict().items()}
        if part["conference"]:
            part |= {"journal": "PoS", "volume": part["conference"], "pages": part["number"]}
        if part["journal"] or part["arxiv"] or part["doi"]:
            del part["conference"], part["number"]
            found.append(_completed(Publication(**part)))
    places = {(p.year, p.volume, p.pages) for p in found}
    bibcodes = dict.fromkeys(match[0] for match in BIBCODE.finditer(unquote(text)))
    known_only_by_it = (_of_bibcode(bibcode) for bibcode in bibcodes)
    found += [p for p in known_only_by_it if (p.year, p.volume, p.pages) not in places]
    return found


def _of_bibcode(bibcode):
    year, journal, volume, pages, _, arxiv = split_bibcode(bibcode)
    return Publication("", year, journal, volume, pages, arxiv=arxiv, bibcode=bibcode)


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


def _completed(publication):
    """Publication with what the package knows beyond its reference."""
    known = _known().get(publication.key, {})
    return replace(publication, **{k: v for k, v in known.items() if not getattr(publication, k)})


@functools.cache
def _known():
    path = resources.files(__package__) / "data" / "publications.ecsv"
    with resources.as_file(path) as file:
        # astropy reads empty text as masked
        table = Table.read(file).filled("")
    return {
        str(row["key"]): {name: str(row[name]) for name in ("authors", "title", "doi")}
        for row in table
    }


def _items(source):
    """Datasets or names as a list."""
    if source is None:
        return []
    items = [source] if isinstance(source, Dataset | str | os.PathLike) else list(source)
    for kinds in (Dataset, str | os.PathLike):
        if all(isinstance(item, kinds) for item in items):
            return items
    raise TypeError(
        "citations: expected datasets, or names of selections, tables or files, got "
        f"{', '.join(dict.fromkeys(type(item).__name__ for item in items))}"
    )


def _metas(names):
    """Meta of the tables that go by names."""
    return [
        RawTable(item.path, None, ()).meta if item.path else read_catalog_table(item.name).meta
        for item in any_tables(names)
    ]


def _bibtex_authors(names):
    """Names as a reference gives them, for the author field."""
    if names.endswith((" Collaboration", " developers")):
        return f"{{{names}}}"
    return " and ".join(re.split(r", | & ", names.replace(" et al.", " & others")))


def _slug(text):
    """Text in letters that a BibTeX key may have."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9.-]|\.(?!\d)", "", plain)


_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{char: f"\\{char}" for char in "&%$#_"},
    "–": "--",
    "—": "---",
    "₀": "$_0$",
    "’": "'",
    "φ": r"$\phi$",
    "γ": r"$\gamma$",
    "×": r"$\times$",
    "∼": r"$\sim$",
}
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"'}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹·", "0123456789.")


def _latex(text, keep=""):
    """Text for LaTeX, as BibTeX styles of any age can sort and print it."""
    converted = []
    for part in re.split(r"([⁰¹²³⁴⁵⁶⁷⁸⁹·]+)", text):
        if part and part[0] in "⁰¹²³⁴⁵⁶⁷⁸⁹·":
            converted.append(f"$^{{{part.translate(_SUPERSCRIPTS)}}}$")
        else:
            converted += [char if char in keep else _latex_char(char) for char in part]
    return "".join(converted)


def _latex_char(char):
    base, *accents = unicodedata.normalize("NFD", char)
    if len(accents) == 1 and accents[0] in _ACCENTS:
        return f"{{\\{_ACCENTS[accents[0]]}{base}}}"
    return _LATEX.get(char, char)
