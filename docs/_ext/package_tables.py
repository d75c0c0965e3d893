"""Directives that print tables of the package as they are in the code.

``{catalog-tables} spectrum`` lists the measured tables of a kind, ``{catalog-selections}`` the
selections with their members, ``{parameter-definitions}`` the parameters of the model,
``{parameter-symbols}`` their symbols in the paper. All write Markdown, for use in Markdown pages.
"""

import math
import re

from sphinx.util.docutils import SphinxDirective

import crlocal_plugin as crl
from crlocal_plugin.components.parameters import DEFINITIONS
from crlocal_plugin.tables.kinds import KINDS

LINKS = {r"doi:(\S+)": "https://doi.org/{}", r"arXiv:(\S+)": "https://arxiv.org/abs/{}"}

# symbol and equation in Xue & Liu 2025, and the page that explains it, by parameters
SYMBOLS = {
    "/generated/models/spectrum_leaky_box": {
        "Q_0b": (r"Q_{0b,\mathrm{p}}, Q_{0b,\mathrm{He}}", "1"),
        "Gamma": (r"\Gamma_\mathrm{p}", "1"),
        "R_cut": (r"R_\mathrm{cut}", "1"),
        "D_0": (r"D_0", "2"),
        "delta": (r"1/3", "2"),
        "w": (r"w", "1"),
        "H_G": (r"H_G", "1"),
        "V_G": (r"V_G", "1"),
        "phi": (r"\phi", "4"),
    },
    "/model": {"index_offset": (r"\Gamma_\mathrm{He} - \Gamma_\mathrm{p}", "1")},
    "/generated/models/spectrum_leaky_box_spallation": {"grammage": ("", "")},
    "/howto/secondary-nuclei": {"n_gas": ("", ""), "production": ("", "")},
    "/generated/models/spectrum_nearby_source": {
        "Q_0n": (r"Q_{0n,\mathrm{p}}, Q_{0n,\mathrm{He}}", "8"),
        "T_n": (r"T_n", "6"),
        "r_par": (r"r_\parallel", "6"),
        "r_perp": (r"r_\perp", "6"),
        "D_ratio": (r"D_{0\parallel} / D_0", "6"),
        "M_A": (r"M_\mathrm{A}", "6"),
        "x": (r"x", "6"),
        "R_cr": (r"R_\mathrm{cr}", "7"),
        "B": (r"B", "7"),
        "delta_local": (r"1/3", "7"),
        "B_ra": (r"\hat b", "7"),
        "B_dec": (r"\hat b", "7"),
    },
    "/generated/models/spectrum_galactic_center": {
        "Q_0c": (r"Q_{0c,\mathrm{p}}, Q_{0c,\mathrm{He}}", "10"),
        "R_cutc": (r"R_\mathrm{cutc}", "10"),
        "T_c": (r"T_c", "9"),
        "r_c": (r"r_c", "9"),
    },
    "/conventions": {
        "u_HC": (r"u_\mathrm{HC}", "15"),
        "u_HC_ra": (r"u_\mathrm{HC}", "15"),
        "u_HC_dec": (r"u_\mathrm{HC}", "15"),
        "U_sun": (r"U_\odot", "6"),
        "V_sun": (r"V_\odot", "6"),
        "W_sun": (r"W_\odot", "6"),
    },
    "/generated/models/dipole_background": {
        "delta_b": (r"\delta_b", "14"),
        "lon_b": (r"\delta_b", "14"),
        "lat_b": (r"\delta_b", "14"),
    },
    "/generated/models/dipole_galactic_center": {
        "lon_c": (r"\hat r_c", "12"),
        "lat_c": (r"\hat r_c", "12"),
    },
    "/generated/models/dipole_compton_getting": {"C": (r"C", "15")},
}


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


class ParameterSymbols(SphinxDirective):
    """Parameters beside the symbols of the paper."""

    def run(self):
        """Return the nodes."""
        known = {
            name: (*symbol, page)
            for page, names in SYMBOLS.items()
            for name, symbol in names.items()
        }
        if set(known) != set(DEFINITIONS):
            names = ", ".join(set(known) ^ set(DEFINITIONS))
            raise self.error(f"add or remove in SYMBOLS of package_tables.py: {names}")
        rows = [
            [
                f"${known[name][0]}$" if known[name][0] else "not in the paper",
                f"`{name}`",
                definition.unit,
                f"{{doc}}`{definition.description} <{known[name][2]}>`",
                known[name][1],
            ]
            for name, definition in DEFINITIONS.items()
        ]
        head = ["symbol", "parameter", "unit", "meaning", "equation"]
        return self.parse_text_to_nodes(markdown_table(head, rows))


def setup(app):
    """Register the directives."""
    app.add_directive("catalog-tables", CatalogTables)
    app.add_directive("catalog-selections", CatalogSelections)
    app.add_directive("parameter-definitions", ParameterDefinitions)
    app.add_directive("parameter-symbols", ParameterSymbols)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
