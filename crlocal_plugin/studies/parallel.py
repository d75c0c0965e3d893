"""Independent pieces of work spread over processes by gammapy's parallel back ends."""

import multiprocessing
import os
import signal
from threading import Thread

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

    number = {} if n_jobs is None else {"processes": n_jobs}
    # of the pool's methods only this one says when a piece of work is done
    results = parallel.run_multiprocessing(
        function,
        inputs,
        backend=parallel_backend,
        pool_kwargs={"initializer": _prepare_worker} | parallel.POOL_KWARGS_DEFAULT | number,
        method="apply_async",
        method_kwargs={"callback": report},
        task_name=task_name,
    )
    # several processes leave promises of results
    return [result.get() if hasattr(result, "wait") else result for result in results]


def _prepare_worker():
    """Leave Ctrl-C to the parent process, and end when it stops this one or is gone itself."""
    parent = multiprocessing.parent_process()
    # processes of ray are looked after by ray
    if parent is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent):
    parent.join()
    os._exit(1)
