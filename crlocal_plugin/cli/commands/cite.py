"""``crlocal cite``: whom to cite."""

from dataclasses import asdict
from pathlib import Path

import click

from ...files import replace_file
from ..fit_folder import read_output
from ..options import TABLES
from ..output import check_file
from ..parsing import PATH, argument, command, option
from ..terminal import show


@command(
    """examples:
  crlocal cite crlocal-fit --output references.bib
  crlocal cite xue-liu-2025
  crlocal cite ams-02_h_2015 icecube-2016 lhaaso --format text
  crlocal cite"""
)
@argument(
    "sources",
    "[SOURCE...]",
    "folder that crlocal fit has written, selection, table (crlocal data list), experiment or file",
    TABLES,
)
@option("--format KIND", "bibtex or text", click.Choice(["bibtex", "text"]), "bibtex")
@option("--output FILE", "write to a file, .bib or .txt", PATH)
@option("--overwrite", "replace an existing file")
def cite(sources, format, output, overwrite):
    """Print publications to cite for a fit or for tables, as BibTeX.

    Those of the model, the software, the data and, for a fit, the priors on its free parameters.
    Without a name, those of model and software.
    """
    from ...catalogue.citations import citations

    check_file(output, overwrite, (".bib", ".txt"))
    found = list(citations())
    for source in sources:
        found += citations(read_output(source) if Path(source).is_dir() else source)
    unique = {publication.key: publication for publication in found}.values()
    text = "\n".join(map(str, unique))
    if format == "bibtex":
        text = "\n\n".join(publication.bibtex() for publication in unique)
    entries = [{"text": str(item), **asdict(item)} for item in unique]
    show(text if output is None else None, publications=entries)
    if output is None:
        return
    with replace_file(output) as draft:
        draft.write_text(f"{text}\n", encoding="utf-8")
    show(f"{len(unique)} publications written to {output}", written=output)
