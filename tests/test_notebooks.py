"""The notebooks in examples/ run, and their outputs are those of a run.

``python tests/test_notebooks.py --write [NAME ...]`` executes them (nbclient, ipykernel) and keeps
the outputs.
"""

import json
import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def cells_of(notebook, kind):
    """Cells of a kind, each with its source as one text."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [(cell, "".join(cell["source"])) for cell in cells if cell["cell_type"] == kind]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with plt.rc_context():
        yield
    plt.close("all")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(notebook, capsys):
    if notebook.stem == "posterior":
        pytest.importorskip("corner", reason="needs pip install '.[sample]'")
    names = {"__name__": "notebook"}
    for cell, source in cells_of(notebook, "code"):
        exec(compile(source, f"{notebook.name}, {cell['id']}", "exec"), names)
        kept = any(output.get("name") == "stdout" for output in cell["outputs"])
        assert bool(capsys.readouterr().out) == kept


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_has_the_outputs_of_a_run(notebook):
    counts = [cell["execution_count"] for cell, _ in cells_of(notebook, "code")]
    assert counts == list(range(1, len(counts) + 1))
    outputs = [output for cell, _ in cells_of(notebook, "code") for output in cell["outputs"]]
    assert not {"error"} & {output["output_type"] for output in outputs}
    # nothing of the machine on which it ran
    assert not re.search(r"/(home|root|tmp|work|Users)/", json.dumps(outputs))
    assert notebook.stat().st_size < 400_000


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_of_a_notebook(notebook):
    texts = [text for _, text in cells_of(notebook, "markdown")]
    assert "**Read next:**" in texts[-1]
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", "\n".join(texts)):
        assert (EXAMPLES / target).exists()


def write(notebook):
    """Execute a notebook in an empty folder, and keep its outputs without times and paths."""
    import tempfile

    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(notebook, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            book, record_timing=False, resources={"metadata": {"path": folder}}
        ).execute()
    for cell in book.cells:
        if cell.cell_type == "code":
            # progress bars mean nothing once the kernel has gone
            cell.outputs = [o for o in cell.outputs if "widget" not in str(o.get("data"))]
    # names of an environment and of its Python differ from machine to machine
    book.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook.write_text(nbformat.writes(book) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asked = sys.argv[2:] or [notebook.stem for notebook in NOTEBOOKS]
    if sys.argv[1:2] != ["--write"]:
        sys.exit(__doc__)
    for stem in asked:
        write(EXAMPLES / f"{stem}.ipynb")
