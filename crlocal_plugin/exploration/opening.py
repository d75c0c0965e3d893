"""Ways to open a page: in a notebook, in a browser, as a file."""

import asyncio
import errno
import logging
import socket
import webbrowser

from .state import explored

HOST = "127.0.0.1"
"""Address of the page: this machine alone."""

_MISSING = "a page to explore needs Bokeh: pip install 'crlocal_plugin[explore]'"


class OpenPage:
    """Page that is served while a notebook runs, which shows it in a frame.

    Attributes
    ----------
    address : str
        Address for a browser on the same machine.
    height : int
        Height of the frame in pixels.
    """

    height = 900

    def __init__(self, server, address):
        self._server, self.address = server, address

    def stop(self):
        """Stop the server; the page no longer follows."""
        self._server.stop()

    def _repr_html_(self):
        look = f'width="100%" height="{self.height}" style="border: 0"'
        return f'<iframe src="{self.address}" title="crlocal explore" {look}></iframe>'


def explore(model, datasets=None):
    """Page with a slider for each free parameter, in a notebook or else in a browser.

    Spectra, dipole, sky and the chi2 of each dataset follow a move. The page has copies of model
    and datasets: these stay as they are. The kernel of the notebook must run on the machine of the
    browser. In a script, the page opens in a browser, and the call ends with Ctrl-C.

    Parameters
    ----------
    model : CosmicRayModel, CosmicRayDatasets or Analysis
        Model, or datasets or an analysis that have one.
    datasets : `~gammapy.datasets.Datasets` or list, optional
        Data, by default those of the first argument.

    Returns
    -------
    `~crlocal_plugin.exploration.opening.OpenPage` or None
        What a notebook shows, with the ``address`` of the page; None at the end of a script.

    Raises
    ------
    ImportError
        If Bokeh is not installed.
    ValueError, TypeError
        If there are no data, no parameter is free, or there is not one model.

    Examples
    --------
    In a notebook, ``crl.explore(crl.xue_liu_2025(), crl.load_datasets("newest-dipoles"))``.
    """
    exploration = explored(model, datasets)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return serve(exploration)
    return OpenPage(*_started(exploration, 0))


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
    server, address = _started(exploration, port)
    if browser:
        server.io_loop.add_callback(webbrowser.open, address)
    if ready:
        server.io_loop.add_callback(ready, address)
    try:
        server.io_loop.start()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()


def page_class():
    """Class of the page, ImportError with the name of the extra without Bokeh."""
    try:
        from .page import Page
    except ImportError as error:
        raise ImportError(_MISSING) from error
    return Page


def _started(exploration, port):
    """Server of pages that is at work once its loop runs, and its address."""
    page = page_class()
    from bokeh.application import Application
    from bokeh.application.handlers import FunctionHandler
    from bokeh.server.server import BaseServer
    from bokeh.server.tornado import BokehTornado
    from jinja2 import Template
    from tornado.httpserver import HTTPServer
    from tornado.ioloop import IOLoop

    template = Template(
        '{% extends base %}{% block preamble %}<meta name="viewport" content="width=device-width, '
        'initial-scale=1"><style>body { margin: 8px; }</style>{% endblock %}'
    )

    def open_page(document):
        document.title, document.template = "crlocal explore", template
        document.add_root(page(exploration.copy()).root)

    # that somebody closes a page is no news
    logging.getLogger("bokeh.server.views.ws").setLevel(logging.ERROR)
    listener = _listen(port)
    port = listener.getsockname()[1]
    application = BokehTornado(
        {"/": Application(FunctionHandler(open_page))},
        # pages of other sites are not to reach it
        extra_websocket_origins=[f"{HOST}:{port}", f"localhost:{port}"],
    )
    http = HTTPServer(application)
    http.add_sockets([listener])
    server = BaseServer(IOLoop.current(), application, http)
    server.start()
    return server, f"http://{HOST}:{port}/"


def _listen(port):
    """Socket that listens at a port."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # accepted connections inherit it: small answers do not wait for one another
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setblocking(False)
        listener.bind((HOST, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise OSError(
                f"port {port} is in use: choose another with --port, or 0 for any that is free"
            ) from None
        raise OSError(f"port {port} cannot be used: {error}; choose another, or 0") from None
    return listener
