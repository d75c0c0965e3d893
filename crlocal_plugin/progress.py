"""Progress of long work: a bar on terminals and in notebooks, plain lines in logs.

Nothing appears in the first two seconds, on standard output or, unasked, in pipes.
"""

import contextlib
import sys
import threading
import time
from contextvars import ContextVar

from tqdm.auto import tqdm

DELAY = 2.0
"""Seconds after which work is long enough to be shown."""

BARS, LINES = 0.5, 5.0
"""Seconds between two looks of a bar, and between two lines."""

_asked_for_lines = ContextVar("_asked_for_lines", default=False)
_display = ContextVar("_display", default=None)


@contextlib.contextmanager
def progress_bar(total, doing, unit, progress=None, done=0):
    """Show how far work has come; yields a function of the number that was finished since.

    Bars may be nested: lines then name all that is going on.

    Parameters
    ----------
    total : int or None
        Number of things to do, if it is known.
    doing, unit : str
        What is done, and the things that are counted; an empty unit for one that has no parts.
    progress : callable or bool, optional
        Function that is called in place of a bar. By default there is a bar where somebody looks:
        on a terminal or in a notebook; True shows lines elsewhere, False nothing.
    done : int, optional
        Number that was finished before.
    """
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise TypeError(f"progress: expected a function, True or False, got {progress!r}")
    if callable(progress) or progress is False:
        with silence():
            if done and progress:
                progress(done)
            yield progress or (lambda number: None)
        return
    with _open_display(progress) as display:
        task = _Task(total, doing, unit, done)
        display.open(task)
        try:
            yield task.update
        finally:
            display.close(task)


@contextlib.contextmanager
def plain_lines():
    """Say in lines on standard error what is going on, in place of bars."""
    token = _asked_for_lines.set(True)
    try:
        yield
    finally:
        _asked_for_lines.reset(token)


@contextlib.contextmanager
def silence():
    """Show no progress, as in a process that does a part of the work."""
    with _on(_Display()):
        yield


def quietly(function, *arguments):
    """Call a function with no progress shown."""
    with silence():
        return function(*arguments)


@contextlib.contextmanager
def _on(display):
    token = _display.set(display)
    try:
        yield display
    finally:
        _display.reset(token)


@contextlib.contextmanager
def _open_display(asked):
    """Give what shows the work around, or something new if there is none."""
    around = _display.get()
    if around is not None:
        yield around
        return
    bars = not _asked_for_lines.get() and _somebody_looks()
    if not (bars or asked or _asked_for_lines.get()):
        with silence():
            yield _display.get()
        return
    with _on(_Bars() if bars else _Lines()) as display, display.drawn():
        yield display


def _somebody_looks():
    """Whether standard error is a terminal, or this is a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if shell is not None and "IPKernelApp" in shell.config:
        return True
    return sys.stderr is not None and sys.stderr.isatty()


class _Task:
    """Work of which a number is finished."""

    def __init__(self, total, doing, unit, done):
        self.total, self.doing, self.unit = total, doing, unit
        self.done = self.before = done
        self.start = time.time()
        self.bar = None

    def update(self, number=1):
        self.done += number

    def draw(self):
        """Draw a bar, as from the start of the work on."""
        if self.bar is None:
            form = None if self.unit else "{desc} [{elapsed}]"
            look = {"unit": f" {self.unit}", "bar_format": form, "dynamic_ncols": True}
            # with no smoothing, the time that is left follows from all that was done
            look |= {"leave": False, "smoothing": 0, "initial": self.before}
            self.bar = tqdm(desc=self.doing, total=self.total, **look)
            self.bar.start_t = self.start
        self.bar.n = self.done
        self.bar.refresh()

    def __str__(self):
        if not self.unit:
            return self.doing
        of = "" if self.total is None else f" of {self.total}"
        return f"{self.doing}: {self.done}{of} {self.unit}"

    def times(self):
        """Text on the time that it took and may take."""
        elapsed, made = time.time() - self.start, self.done - self.before
        text = f"after {tqdm.format_interval(elapsed)}"
        if self.total and made:
            left = elapsed * max(self.total - self.done, 0) / made
            text += f", about {tqdm.format_interval(left)} left"
        return text


class _Display:
    """Work that is going on, the outermost first; it shows nothing."""

    def __init__(self):
        self.tasks, self._lock, self._end = [], threading.Lock(), threading.Event()

    def open(self, task):
        with self._lock:
            self.tasks.append(task)

    def close(self, task):
        with self._lock:
            self.tasks.remove(task)
            if task.bar is not None:
                task.bar.close()

    @contextlib.contextmanager
    def drawn(self):
        """Draw from time to time: a step of the work may take longer."""
        thread = threading.Thread(target=self._draw_until_end, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()

    def _draw_until_end(self):
        # a terminal may be gone
        with contextlib.suppress(OSError, ValueError):
            while not self._end.wait(BARS):
                with self._lock:
                    self.draw([task for task in self.tasks if time.time() > task.start + DELAY])


class _Bars(_Display):
    def draw(self, tasks):
        for task in tasks:
            task.draw()


class _Lines(_Display):
    _next = 0.0

    def draw(self, tasks):
        if tasks and time.time() >= self._next:
            self._next = time.time() + LINES
            text = ", ".join(map(str, self.tasks))
            print(f"crlocal: {text}, {self.tasks[-1].times()}", file=sys.stderr, flush=True)
