"""Independent pieces of work spread over processes by gammapy's parallel back ends."""

import contextlib
import multiprocessing
import signal
import threading

from gammapy.utils import parallel


def run_parallel(
    function, inputs, n_jobs=None, parallel_backend=None, progress=None, task_name="tasks", size=int
):
    """Call a function with several sets of arguments, a list of tuples; results in their order.

    The function is one of a module, so that it can be sent to other processes. ``progress`` is
    called with the size of each result as soon as it is there.
    """
    if n_jobs is not None and n_jobs < 1:
        raise ValueError(f"n_jobs must be at least 1, got {n_jobs}")

    def report(result):
        if progress is not None:
            progress(size(result))
        return result

    kwargs = parallel.POOL_KWARGS_DEFAULT | ({} if n_jobs is None else {"processes": n_jobs})
    given = kwargs.pop("initializer", None), kwargs.pop("initargs", ())
    with _held_signals() as release:
        # of the pool's methods only this one says when a piece of work is done
        results = parallel.run_multiprocessing(
            function,
            _Inputs(inputs, release),
            backend=parallel_backend,
            pool_kwargs=kwargs | {"initializer": _prepare_worker, "initargs": given},
            method="apply_async",
            method_kwargs={"callback": report},
            task_name=task_name,
        )
    # several processes leave promises of results
    return [result.get() if hasattr(result, "wait") else result for result in results]


class _Inputs(list):
    """Sets of arguments, which are asked for as soon as there are processes for them."""

    def __init__(self, inputs, release):
        super().__init__(inputs)
        self._release = release

    def __iter__(self):
        self._release()
        return super().__iter__()


_SIGNALS = {signal.SIGINT, signal.SIGTERM}
_set_mask = getattr(signal, "pthread_sigmask", None)
"""None on systems that cannot hold signals."""


@contextlib.contextmanager
def _held_signals():
    """Hold Ctrl-C and SIGTERM until released: while a process is made, Python may lose them.

    They are blocked, not caught: a new process that is stopped at once has to end, too.
    """
    release = contextlib.ExitStack()
    if _set_mask and threading.current_thread() is threading.main_thread():
        release.callback(_set_mask, signal.SIG_SETMASK, _set_mask(signal.SIG_BLOCK, _SIGNALS))
    with release:
        yield release.close


def _prepare_worker(initializer, arguments):
    """Leave Ctrl-C to the parent process, and end when it stops this one or is gone itself."""
    parent = multiprocessing.parent_process()
    # processes of ray are looked after by ray
    if parent is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if _set_mask:
            _set_mask(signal.SIG_UNBLOCK, _SIGNALS)
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
    if initializer is not None:
        initializer(*arguments)


def _end_after(parent):
    parent.join()
    signal.raise_signal(signal.SIGTERM)
