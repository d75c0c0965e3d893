"""Publications behind a fit, for a list of references or a BibTeX file."""

import os

from gammapy.datasets import Dataset

from .._version import __version__
from ..datasets.core import CosmicRayDataset
from ..tables.raw_table import RawTable
from .index import table_path
from .publications import Publication, known_publication, publications_in
from .resolving import any_tables

MODEL = "Xue2025-2507.07057"
GAMMAPY = "Donath2023-AA678-A157"
CRDB = "Maurin2023-EPJC83-971"
"""Keys of publications."""

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
        Datasets, or names of selections, tables (see `catalog`), experiments or files; or no data.

    Returns
    -------
    list of Publication
        The model, gammapy and this software; those of the data, of the database that they are from,
        and of the priors on free parameters. None comes twice.

    Raises
    ------
    ValueError
        If a name is not known; a TypeError if something is neither a dataset nor a name.
    """
    found = [known_publication(MODEL), known_publication(GAMMAPY), SOFTWARE]
    items = _items(source)
    datasets = [item for item in items if isinstance(item, Dataset)]
    metas = [dataset.table.meta for dataset in datasets if isinstance(dataset, CosmicRayDataset)]
    for item in any_tables(items) if not datasets else ():
        metas.append(RawTable(item.path or table_path(item.name)).meta)
    found += [cited for meta in metas for cited in publications_of(meta)]
    for dataset in datasets:
        for par in dataset.models.parameters if dataset.models else ():
            if not par.frozen:
                found += publications_in(getattr(par.prior, "source", ""))
        penalties = [p for model in dataset.models or () for p in getattr(model, "penalties", ())]
        for penalty in penalties:
            if not all(par.frozen for par in penalty.parameters):
                found += publications_in(penalty.source)
    return list({cited.key: cited for cited in found}.values())


def bibtex(source=None):
    """BibTeX entries of all that is to be cited (str); the ``source`` is as for `citations`."""
    return "\n\n".join(cited.bibtex() for cited in citations(source)) + "\n"


def publications_of(meta):
    """Publications of a table, from its meta (list of Publication).

    The meta may have ``bibtex``, a key of ``data/references.bib``, which counts as long as the
    ``reference`` is that of the key; a ``reference`` or a ``bibcode``; and ``compilation``.
    """
    reference = str(meta.get("reference") or meta.get("bibcode") or "")
    known = known_publication(meta.get("bibtex"))
    if known and known.label in reference and known.pages in reference:
        found = [known]
    else:
        found = publications_in(reference)
    in_database = "CRDB" in reference or "CRDB" in str(meta.get("compilation"))
    if reference and not found and "CRDB" not in reference:
        found = [Publication(note=reference)]
    return list(dict.fromkeys([*found, known_publication(CRDB)] if in_database else found))


def _items(source):
    """Datasets or names as a list."""
    alone = isinstance(source, Dataset | str | os.PathLike)
    items = [source] if alone else [] if source is None else list(source)
    for kinds in (Dataset, str | os.PathLike):
        if all(isinstance(item, kinds) for item in items):
            return items
    raise TypeError(
        "citations: expected datasets, or names of selections, tables or files, got "
        f"{', '.join(dict.fromkeys(type(item).__name__ for item in items))}"
    )
