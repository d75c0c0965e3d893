"""Directives that print tables of the package as they are in the code.

``{catalog-tables} spectrum`` lists the measured tables of a kind, ``{catalog-selections}`` the
selections with their members, ``{parameter-definitions}`` the parameters of the model. All write
Markdown, for use in Markdown pages.
"""

import math
import re

from sphinx.util.docutils import SphinxDirective

import crlocal_plugin as crl
from crlocal_plugin.components.parameters import DEFINITIONS
from crlocal_plugin.tables.kinds import KINDS

LINKS = {r"doi:(\S+)": "https://doi.org/{}", r"arXiv:(\S+)": "https://arxiv.org/abs/{}"}


def markdown_table(head, rows):
    """Table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def linked(reference):
    """Publication with its DOI or arXiv number as a link."""
    for pattern, address in LINKS.items():
        match = re.search(pattern, reference)
        if match:
            link = f"[{match[0]}]({address.format(match[1])})"
            return reference[: match.start()] + link + reference[match.end() :]
    return reference


def floor(row):
    """Recommended floors of a table, empty if there are none."""
    parts = []
    if row["floor"]:
        form = ".0%" if KINDS[row["kind"]].floor_is_relative else "g"
        parts.append(format(float(row["floor"]), form))
    if row["phase_floor_deg"]:
        parts.append(f"{row['phase_floor_deg']:g}°")
    return ", ".join(parts)


def extent(item):
    """Range of a member of a selection, empty where the table is whole."""
    low, high = item.energy_range
    return "".join(
        f" {word} {end:g}" for word, end in (("from", low), ("below", high)) if end is not None
    )


class CatalogTables(SphinxDirective):
    """Tables of one kind."""

    required_arguments = 1

    def run(self):
        """Return the nodes."""
        table = crl.catalog()
        table = table[table["kind"] == self.arguments[0]]
        if not len(table):
            raise self.error(f"no table is of kind {self.arguments[0]!r}")
        rows = [
            [
                f"`{row['name']}`",
                row["experiment"],
                row["quantity"] + (f" ({row['hadronic_model']})" if row["hadronic_model"] else ""),
                row["axis"].replace("_", " "),
                str(row["points"]),
                f"{row['x_min']:.3g} – {row['x_max']:.3g} {row['unit']}",
                floor(row),
                linked(row["reference"]),
            ]
            for row in table
        ]
        head = ["name", "experiment", "quantity", "axis", "points", "range", "floor", "publication"]
        tables = self.parse_text_to_nodes(markdown_table(head, rows))
        tables[0]["classes"].append("catalog")
        return tables


class CatalogSelections(SphinxDirective):
    """Selections with their members."""

    def run(self):
        """Return the nodes."""
        parts = [
            f"**`{name}`**: {selection.description}\n\n"
            + "- "
            + ", ".join(f"`{item.name}`{extent(item)}" for item in selection.items)
            for name, selection in crl.SELECTIONS.items()
        ]
        return self.parse_text_to_nodes("\n\n".join(parts))


class ParameterDefinitions(SphinxDirective):
    """Parameters of the model."""

    def run(self):
        """Return the nodes."""
        rows = [
            [
                f"`{name}`",
                f"{definition.value:.6g} {definition.unit}",
                ", ".join(
                    f"{word} {end:g}"
                    for word, end in (("from", definition.min), ("to", definition.max))
                    if not math.isnan(end)
                ),
                "free" if definition.free else "",
                definition.description,
                definition.source,
            ]
            for name, definition in DEFINITIONS.items()
        ]
        head = ["name", "default", "limits", "in a fit", "meaning", "source of the default"]
        return self.parse_text_to_nodes(markdown_table(head, rows))


def setup(app):
    """Register the directives."""
    app.add_directive("catalog-tables", CatalogTables)
    app.add_directive("catalog-selections", CatalogSelections)
    app.add_directive("parameter-definitions", ParameterDefinitions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
