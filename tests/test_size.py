"""Limits that keep the package readable: lines, modules in a folder, privacy of attributes."""

import ast

import pytest
from count_lines import PACKAGE, table

# lines as tests/count_lines.py counts them
CODE = 22_700
DOCSTRINGS = 8_300
LINES_OF_A_MODULE = 450
MODULES_OF_A_FOLDER = 16
# a kind of dataset is a place, not a word that every room knows
MODULES_WITH_MEAN_LOG_MASS = 8
# private attributes of other objects, used across modules: may fall, not rise
PRIVATE_ACCESSES = 13

# gammapy has no public way to these that is fast enough for loops of the likelihood
OF_GAMMAPY = {"_value", "_frozen", "_unit", "_factor", "_scale", "_prior"}
# private by name alone: documented methods of named tuples
OF_NAMED_TUPLES = {"_replace", "_asdict", "_fields", "_make", "_field_defaults"}

FILES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted({path.parent for path in FILES} - {PACKAGE})


def name_of(path):
    return path.relative_to(PACKAGE).as_posix()


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def defined_names(tree):
    """Names that a module defines: functions, classes, variables, attributes, slots."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if getattr(node.value, "id", None) in ("self", "cls"):
                yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # slots, object.__setattr__(self, "_name", value)
            yield node.value


def is_own(value):
    """Whether a private name of this object is used by the object itself."""
    if isinstance(value, ast.Call):
        called = getattr(value.func, "id", None)
        return called == "super" or (called == "type" and is_own(value.args[0]))
    return getattr(value, "id", None) in ("self", "cls")


def private_accesses(source):
    """Lines and names of private attributes of objects that other modules define.

    Parameters
    ----------
    source : str
        Text of a module.

    Returns
    -------
    list of tuple of int and str
    """
    tree = ast.parse(source)
    known = {*defined_names(tree), *OF_GAMMAPY, *OF_NAMED_TUPLES}
    return [
        (node.lineno, ast.unparse(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and is_private(node.attr)
        and node.attr not in known
        and not is_own(node.value)
    ]


def private_imports(source):
    """Private names that a module imports from other modules of the package, one text each."""
    return [
        f"{'.' * node.level}{node.module or ''}: {alias.name}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
        if is_private(alias.name)
    ]


@pytest.mark.parametrize(("column", "limit"), [(1, CODE), (2, DOCSTRINGS)], ids=["code", "docs"])
def test_lines_of_the_package(column, limit):
    rows = {folder: row[column] for folder, row in table().items()}
    assert sum(rows.values()) <= limit, rows


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_lines_of_a_module(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_OF_A_MODULE


@pytest.mark.parametrize("folder", [PACKAGE, *FOLDERS], ids=name_of)
def test_modules_of_a_folder(folder):
    names = [path.name for path in folder.glob("*.py") if path.stem != "__init__"]
    assert len(names) <= MODULES_OF_A_FOLDER, names


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_a_folder_says_what_to_use_when(folder):
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    assert "What to use when" in text


def test_a_kind_of_dataset_is_a_place():
    names = [name_of(p) for p in FILES if "mean_log_mass" in p.read_text(encoding="utf-8")]
    assert len(names) <= MODULES_WITH_MEAN_LOG_MASS, names


def test_private_attributes_stay_in_their_modules():
    found = [
        f"{name_of(path)}:{line}: {text}"
        for path in FILES
        for line, text in private_accesses(path.read_text(encoding="utf-8"))
    ]
    assert len(found) <= PRIVATE_ACCESSES, "\n".join([f"{len(found)} accesses", *found])


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_private_names_are_not_imported(path):
    assert not private_imports(path.read_text(encoding="utf-8"))


def test_what_counts_as_an_access():
    source = """
class Own:
    def __init__(self, other):
        self._kept = other
        super()._hidden()
        type(self)._shared = 1
        object.__setattr__(self, "_set", 1)

def function(one, other):
    return one._kept, one._set, one._value, one._replace(), other._theirs, one.two._deep.x
"""
    assert [text for _, text in private_accesses(source)] == ["other._theirs", "one.two._deep"]


def test_lines_are_counted(tmp_path):
    lines = ['"""One', "", 'two."""', "", "# none", "import x  # one", "def f():"]
    lines += ['    """Three."""', "    return x", ""]
    (tmp_path / "module.py").write_text("\n".join(lines))
    assert table(tmp_path) == {".": [1, 3, 4]}
