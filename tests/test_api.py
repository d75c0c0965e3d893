"""Names and signatures of the public interface change only on purpose.

They stand in ``tests/data/api.txt``: one line for each function, class and constant, and below a
class its public methods and attributes, as far as the package defines them.
Where a change is meant, ``python tests/test_api.py --write`` renews the file; the difference is
then part of the commit.
"""

import ast
import difflib
import inspect
import re
import sys
import textwrap
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
SNAPSHOT = ROOT / "tests" / "data" / "api.txt"
RENEW = "python tests/test_api.py --write"


def _default(value):
    """A default as text that is the same in every process."""
    if callable(value):
        return getattr(value, "__qualname__", type(value).__name__)
    return re.sub(r" at 0x[0-9a-f]+", "", " ".join(repr(value).split()))


def signature(function, bound=False):
    """Names, kinds and defaults of arguments; annotations are left out."""
    if inspect.isclass(function) and function.__init__ is Exception.__init__:
        return "(...)"
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return "(...)"
    words, star = [], False
    for parameter in parameters[bound:]:
        kind, name = parameter.kind, parameter.name
        if kind is parameter.KEYWORD_ONLY and not star:
            words.append("*")
        star = star or kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        prefix = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(kind, "")
        given = parameter.default is not parameter.empty
        words.append(f"{prefix}{name}" + (f"={_default(parameter.default)}" if given else ""))
    return f"({', '.join(words)})"


def _line(owner, name, package):
    """A public attribute of a class as a line, or None if the package does not define it."""
    cls = next(cls for cls in owner.__mro__ if name in vars(cls))
    if not cls.__module__.startswith(package):
        return None
    value = vars(cls)[name]
    if isinstance(value, (classmethod, staticmethod)):
        return f"{name}{signature(getattr(owner, name))} [{type(value).__name__}]"
    if inspect.isfunction(value):
        return f"{name}{signature(value, bound=True)}"
    # a property, a parameter of a model or a plain attribute: the user does not see which
    return name


def _fields(cls):
    """Public attributes that a class sets in its constructor or declares as fields."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    for node in tree.body:
        if isinstance(node, ast.AnnAssign):
            yield node.target.id
        elif getattr(node, "name", None) == "__init__":
            for part in ast.walk(node):
                stored = isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
                if stored and getattr(part.value, "id", None) == "self":
                    yield part.attr


def members(owner, package):
    """Lines of the public attributes that the package gives to a class."""
    own = [cls for cls in owner.__mro__ if cls.__module__.startswith(package)]
    lines = {name: _line(owner, name, package) for name in dir(owner)}
    for cls in own:
        for name in _fields(cls):
            lines[name] = lines.get(name) or name
    hidden = ("_", "model_")  # what pydantic adds begins with model_
    return [line for name, line in sorted(lines.items()) if line and not name.startswith(hidden)]


def describe(package):
    """Lines that describe the public names of a package."""
    for name in sorted(dir(package)):
        value = getattr(package, name)
        if name.startswith("_") or isinstance(value, ModuleType):
            continue
        if not inspect.isclass(value):
            yield name + (signature(value) if callable(value) else f": {type(value).__name__}")
            continue
        # the first base that a user can name
        bases = (
            base.__name__
            for base in value.__mro__[1:-1]
            if base.__name__ in dir(package)
            or base.__module__.split(".")[0] not in (package.__name__, "abc")
        )
        yield f"class {name}{signature(value)} < {next(bases, 'object')}"
        for line in members(value, package.__name__):
            yield f"    {line}"


def test_public_interface_is_that_of_the_snapshot():
    import crlocal_plugin as crl

    kept = SNAPSHOT.read_text(encoding="utf-8").splitlines()
    found = list(describe(crl))
    difference = [
        line
        for line in difflib.unified_diff(kept, found, "tests/data/api.txt", "the package", n=0)
        if not line.startswith("@@")
    ]
    assert not difference, "\n".join(
        [
            "the public interface has changed (- before, + now):",
            *difference,
            f"If this is meant, renew the snapshot with: {RENEW}",
        ]
    )


def test_all_is_what_dir_shows():
    import crlocal_plugin as crl

    names = {
        name
        for name in dir(crl)
        if not (name.startswith("_") or isinstance(getattr(crl, name), ModuleType))
    }
    assert names == set(crl.__all__) - {"__version__"}


def test_signatures_as_text():
    def function(a, b: int = 1, *args, c=None, d=len, **kwargs):
        return a, b, args, c, d, kwargs

    def keywords(a, *, b):
        return a, b

    assert signature(function) == "(a, b=1, *args, c=None, d=len, **kwargs)"
    assert signature(keywords, bound=True) == "(*, b)"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    import crlocal_plugin

    lines = "\n".join(describe(crlocal_plugin)) + "\n"
    if sys.argv[1:] == ["--write"]:
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(lines, encoding="utf-8")
    else:
        print(lines, end="")
