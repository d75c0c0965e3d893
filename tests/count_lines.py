"""Count lines of code and of docstrings: ``python tests/count_lines.py [folder]``.

A line is one of a docstring if it is in that of a module, class or function; blank lines and lines
that are nothing but a comment count as neither.
"""

import ast
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "crlocal_plugin"


def count(path):
    """Lines of code and of docstrings of a file."""
    text = path.read_text(encoding="utf-8")
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            docstrings.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    code = sum(
        bool(line.strip()) and not line.strip().startswith("#")
        for number, line in enumerate(text.splitlines(), 1)
        if number not in docstrings
    )
    return code, len(docstrings)


def table(package=PACKAGE):
    """Modules, lines of code and of docstrings by folder."""
    rows = {}
    for path in sorted(package.rglob("*.py")):
        row = rows.setdefault(path.relative_to(package).parent.as_posix(), [0, 0, 0])
        for column, number in enumerate((1, *count(path))):
            row[column] += number
    return rows


if __name__ == "__main__":
    rows = table(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE)
    print(f"{'':16}{'modules':>10}{'code':>10}{'docstrings':>12}")
    for name, row in [
        *rows.items(),
        ("total", [sum(column) for column in zip(*rows.values(), strict=True)]),
    ]:
        print(f"{name:16}{row[0]:>10}{row[1]:>10}{row[2]:>12}")
