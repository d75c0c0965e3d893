"""Ways to open a page: in a notebook, in a browser, as a file."""

import errno
import socket
import webbrowser
from importlib import import_module

from ..analysis.description import Analysis
from ..files import refuse_existing, replace_file
from .state import explored

_MISSING = "{} needs Bokeh and Panel: pip install 'crlocal_plugin[explore]'"

HOST = "127.0.0.1"
"""Address of the page: this machine alone."""


def explore(model, datasets=None):
    """Page with a slider for each free parameter, for a notebook.

    Spectra, dipole, sky and the chi2 of each dataset follow a move. The page has copies of model
    and datasets: these stay as they are.

    Parameters
    ----------
    model : CosmicRayModel, CosmicRayDatasets or Analysis
        Model, or datasets or an analysis that have one.
    datasets : `~gammapy.datasets.Datasets` or list, optional
        Data, by default those of the first argument.

    Returns
    -------
    `~panel.viewable.Viewable`
        What a notebook shows; its ``show()`` opens a browser.

    Raises
    ------
    ImportError
        If Bokeh or Panel is not installed.
    ValueError, TypeError
        If there are no data, no parameter is free, or there is not one model.

    Examples
    --------
    >>> datasets = crl.load_datasets("newest-dipoles")
    >>> crl.explore(crl.xue_liu_2025(), datasets)  # doctest: +SKIP
    """
    exploration = explored(model, datasets)
    try:
        import panel
    except ImportError as error:
        raise ImportError(_MISSING.format("crl.explore")) from error
    page = _needs_bokeh("crl.explore", "page").Page(exploration)
    # in the notebook itself: no network
    panel.extension(inline=True)
    return panel.pane.Bokeh(page.root, sizing_mode="stretch_width")


def serve(exploration, port=0, browser=True, ready=None):
    """Serve pages to the browsers of this machine, each with its copy, until Ctrl-C.

    Parameters
    ----------
    exploration : Exploration
        What a new page begins with.
    port : int, optional
        Port; 0 for any that is free.
    browser : bool, optional
        Open a browser.
    ready : callable, optional
        Called with the address of the page, once it is there.

    Raises
    ------
    ImportError, OSError
        If Bokeh is not installed, or the port is in use.
    """
    page = _needs_bokeh("crlocal explore", "page").Page
    from bokeh.application import Application
    from bokeh.application.handlers import FunctionHandler
    from bokeh.server.server import BaseServer
    from bokeh.server.tornado import BokehTornado
    from tornado.httpserver import HTTPServer
    from tornado.ioloop import IOLoop

    def open_page(document):
        document.title = "crlocal explore"
        document.template = _template()
        document.add_root(page(exploration.copy()).root)

    listening = _listen(port)
    port = listening.getsockname()[1]
    application = BokehTornado(
        {"/": Application(FunctionHandler(open_page))},
        # pages of other sites are not to reach it
        extra_websocket_origins=[f"{HOST}:{port}", f"localhost:{port}"],
    )
    http = HTTPServer(application)
    http.add_socket(listening)
    server, address = BaseServer(IOLoop.current(), application, http), f"http://{HOST}:{port}/"
    server.start()
    if browser:
        server.io_loop.add_callback(webbrowser.open, address)
    if ready:
        server.io_loop.add_callback(ready, address)
    try:
        server.io_loop.start()
    except KeyboardInterrupt:
        pass
    finally:
        http.stop()
        server.stop()


def write_demo(path, subject=None, overwrite=False):
    """Write a page with a few sliders as one HTML file, which needs neither server nor network.

    It begins at the best fit, and has the speed of the Sun, its distance from the edge of the
    cloud and the strength of the nearby source, on a grid that is computed here.

    Parameters
    ----------
    path : str or `~pathlib.Path`
        File to write, some 2.5 MB.
    subject : CosmicRayDatasets or Analysis, optional
        Data with their model, by default those of an analysis without entries.
    overwrite : bool, optional
        Replace an existing file.

    Raises
    ------
    ImportError
        If Bokeh is not installed.
    FileExistsError
        If the file exists, and may not be replaced.
    ValueError
        If V_sun, x or Q_0n is not free, or the fit fails.

    Examples
    --------
    >>> crl.write_demo("demo.html")  # doctest: +SKIP
    """
    refuse_existing(path, overwrite=overwrite)
    demo_html = _needs_bokeh("crl.write_demo", "demo").demo_html
    text = demo_html(explored(Analysis() if subject is None else subject))
    with replace_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _needs_bokeh(what, module):
    try:
        return import_module(f".{module}", __package__)
    except ImportError as error:
        raise ImportError(_MISSING.format(what)) from error


def _template():
    from jinja2 import Template

    return Template(
        '{% extends base %}{% block preamble %}<meta name="viewport" content="width=device-width, '
        'initial-scale=1"><style>body { margin: 8px; }</style>{% endblock %}'
    )


def _listen(port):
    """Socket that listens at a port, whose connections answer at once."""
    try:
        listening = socket.create_server((HOST, port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise OSError(
            f"port {port} is in use: choose another with --port, or 0 for any that is free"
        ) from None
    except OverflowError:
        raise ValueError(f"port {port}: expected at most 65535") from None
    listening.setblocking(False)
    # accepted connections inherit it; without it an answer waits for 40 ms
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
