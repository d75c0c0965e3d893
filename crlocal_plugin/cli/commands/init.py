"""``crlocal init``: an analysis file to start from."""

from pathlib import Path

from ...files import replace_file
from ..output import check_file
from ..parsing import PATH, argument, command, option
from ..terminal import say


@command(
    """examples:
  crlocal init
  crlocal init wandering.yaml
  crlocal init && crlocal fit analysis.yaml""",
    has_results=False,
)
@argument("file", "[FILE.yaml]", "default: analysis.yaml", PATH)
@option("--overwrite", "replace an existing file")
def init(file, overwrite):
    """Write an analysis file with every key, its meaning and its default.

    It describes the same fit as crlocal fit without a file; change what you want to change.
    """
    from ...analysis.description import Analysis
    from ...analysis.files import analysis_text, parameter_lines

    file = file or Path("analysis.yaml")
    check_file(file, overwrite, (".yaml", ".yml"))
    text = analysis_text(Analysis(), notes={"parameters": parameter_lines()})
    with replace_file(file) as draft:
        draft.write_text(text, encoding="utf-8")
    say(f"written to {file}; fit it with: crlocal fit {file}")
