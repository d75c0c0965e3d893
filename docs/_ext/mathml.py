"""Formulas as MathML, which browsers draw themselves: no script and no font from the network."""

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.math import get_node_equation_number

ACCENTED = re.compile(r"(\\(?:vec|hat)\s*(?:\\?[A-Za-z]+|{[^}]*}))_")


def mathml(node, as_block=False):
    """MathML of a node; docutils would set the index of an accented letter below the letter."""
    return tex2mathml(ACCENTED.sub(r"\1{}_", node.astext()), as_block)


def visit_inline(translator, node):
    """Write a formula in a line of text."""
    translator.body.append(mathml(node))
    raise nodes.SkipNode


def visit_block(translator, node):
    """Write a displayed formula, with its number if it has a label."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})</span>')
    translator.body.append(mathml(node, as_block=True))
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Register the renderer under the name "mathml"."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
