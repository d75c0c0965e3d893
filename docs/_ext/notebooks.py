"""Pages of the notebooks in ``examples/``, from the outputs that they keep: nothing is run.

Each becomes a Markdown page in ``generated/notebooks`` with its pictures beside it, and a link to
the file.
"""

import base64
import json
import shutil
from pathlib import Path


def text_of(value):
    """Text of a notebook, which may be a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def outputs_of(cell, folder, stem):
    """Markdown of what a cell has printed and drawn; writes its pictures."""
    for number, output in enumerate(cell["outputs"]):
        picture = output.get("data", {}).get("image/png")
        if picture:
            name = f"{stem}-{cell['id']}-{number}.png"
            (folder / name).write_bytes(base64.b64decode(text_of(picture)))
            yield f"![picture that the cell draws]({name})"
        elif output["output_type"] == "stream":
            yield f"```text\n{text_of(output['text']).rstrip()}\n```"


def page_of(notebook, folder):
    """Markdown of a notebook."""
    parts = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = text_of(cell["source"])
        if cell["cell_type"] == "code":
            parts += [f"```python\n{source}\n```", *outputs_of(cell, folder, notebook.stem)]
        else:
            parts.append(source.replace("](../docs/", "](/").replace(".ipynb)", ".md)"))
    parts.insert(1, f"{{download}}`Download this notebook <{notebook.name}>`")
    return "\n\n".join(parts) + "\n"


def write_pages(app):
    """Write the pages of all notebooks."""
    folder = Path(app.srcdir, "generated", "notebooks")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for notebook in sorted(Path(app.srcdir).parent.joinpath("examples").glob("*.ipynb")):
        shutil.copy(notebook, folder)
        (folder / f"{notebook.stem}.md").write_text(page_of(notebook, folder), encoding="utf-8")


def setup(app):
    """Write the pages before Sphinx looks for sources."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
