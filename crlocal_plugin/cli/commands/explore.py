"""``crlocal explore``: a page with sliders for the parameters."""

from pathlib import Path

from ..fit_folder import read_output
from ..output import check_file
from ..parsing import PATH, argument, command, option, whole
from ..terminal import say

_SOURCE = "folder of crlocal fit, or analysis file; without one, Table I of the paper"


@command(
    """examples:
  crlocal explore
  crlocal explore crlocal-fit
  crlocal explore analysis.yaml --port 5006 --no-browser
  crlocal explore --static demo.html

Only this machine reaches the page, which needs no network. Ctrl-C ends it.""",
    has_results=False,
)
@argument("source", "[DIR|FILE.yaml]", _SOURCE)
@option("--port N", "port of the page, 0 for any that is free", whole(0), 0)
@option("--no-browser", "print the address, and open no browser")
@option("--static FILE.html", "write a page of three parameters that needs no server", PATH)
@option("--overwrite", "replace an existing file")
def explore(source, port, no_browser, static, overwrite):
    """Move the free parameters by hand, and watch spectra, dipole and sky follow.

    The page has a slider for each free parameter, the chi2 of each dataset, and a fit from where
    the sliders are. It saves what is found as an analysis file and as a picture.
    """
    from ...exploration.demo import write_demo
    from ...exploration.opening import page_class, serve

    page_class()
    if static is not None:
        check_file(static, overwrite, (".html",), b"crlocal explore")
    say("reading models and data ...")
    if static is not None:
        write_demo(static, _exploration(source).datasets, overwrite=overwrite)
        say(f"written to {static}")
        return
    serve(
        _exploration(source),
        port,
        not no_browser,
        lambda address: say(f"the page is at {address}, Ctrl-C ends it"),
    )
    say("stopped")


def _exploration(source):
    """Exploration of a fit, of an analysis, or of the paper."""
    from ...analysis.description import Analysis
    from ...exploration.state import Exploration, explored

    if source is None:
        return explored(Analysis())
    path = Path(source)
    if not path.exists():
        raise ValueError(f"{source} is neither a folder of crlocal fit nor an analysis file")
    if not path.is_dir():
        return explored(Analysis.read(path))
    datasets = read_output(path)
    return Exploration(datasets, Analysis.read(path / "analysis.yaml"), is_fitted=True)
