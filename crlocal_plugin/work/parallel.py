"""Independent pieces of work, one after the other, or spread over processes or a cluster."""

import contextlib
import multiprocessing
import signal
import sys
import threading
from collections import deque
from concurrent import futures
from concurrent.futures.process import BrokenProcessPool

from gammapy.utils import parallel

from ..progress import progress_bar, quietly
from .checkpoints import Checkpoint
from .clusters import cluster_pool


def run_parallel(
    function,
    inputs,
    n_jobs=None,
    parallel_backend=None,
    progress=None,
    doing="working",
    unit="tasks",
    size=lambda result: 1,
    total=None,
    follow=lambda arguments, result: None,
    checkpoint=None,
):
    """Call a function with several sets of arguments, tuples; list of the results in their order.

    Parameters
    ----------
    function : callable
        Function of a module, so that it can be sent to other processes.
    inputs : iterable of tuple
        Sets of arguments.
    n_jobs, parallel_backend, progress : optional
        As for `~crlocal_plugin.scan_profiles`.
    doing, unit : str, optional
        What is done, as a text that tells it from other work of the same checkpoint, and what is
        counted.
    size, total : callable, int, optional
        Number of units that are finished with a result, and of all of them; by default a result is
        one.
    follow : callable, optional
        Arguments with which to go on from arguments and their result; None if that is final.
    checkpoint : Checkpoint, optional
        Keeps results, and has those of an earlier run.
    """
    inputs, checkpoint = list(inputs), checkpoint or Checkpoint()
    results = checkpoint.results(doing)
    waiting = deque()
    for number, arguments in enumerate(inputs):
        if number in results:
            arguments = follow(arguments, results[number])
        if arguments is not None:
            waiting.append((number, arguments))
    total = len(inputs) if total is None else total
    done = sum(map(size, results.values()))
    with (
        progress_bar(total, doing, unit, progress, done) as update,
        checkpoint.written(),
        _pool(n_jobs, parallel_backend) as pool,
    ):
        for number, result in _results(pool, function, waiting, follow):
            update(size(result) - (size(results[number]) if number in results else 0))
            results[number] = result
            checkpoint.write_now_and_then()
    return [results[number] for number in range(len(inputs))]


def _results(pool, function, waiting, follow):
    """Call a function for what waits; numbers and results as soon as they are there."""
    running = {}
    while waiting or running:
        while waiting and len(running) < pool.room():
            number, arguments = waiting.popleft()
            running[pool.submit(function, *arguments)] = number, arguments
        done, _ = futures.wait(running, pool.patience, futures.FIRST_COMPLETED)
        pool.check()
        for future in done:
            number, arguments = running.pop(future)
            result = future.result()
            more = follow(arguments, result)
            if more is not None:
                waiting.appendleft((number, more))
            yield number, result


def _pool(n_jobs, backend):
    """Where work is done: this process, others, or a cluster; a context."""
    if n_jobs is not None and n_jobs < 1:
        raise ValueError(f"n_jobs must be at least 1, got {n_jobs}")
    cluster = cluster_pool()
    if cluster is not None and n_jobs is None and backend is None:
        return cluster
    kwargs = dict(parallel.POOL_KWARGS_DEFAULT)
    jobs = n_jobs or kwargs.get("processes") or multiprocessing.cpu_count()
    backend = parallel.ParallelBackendEnum.from_str(backend or parallel.BACKEND_DEFAULT)
    if backend is parallel.ParallelBackendEnum.ray and jobs > 1:
        module = parallel.PARALLEL_BACKEND_MODULES[backend]()
        return _PoolOfRay(module.Pool(**kwargs | {"processes": jobs}))
    # processes of a pool have no processes of their own
    if multiprocessing.current_process().name != "MainProcess":
        jobs = 1
    jobs = min(jobs, multiprocessing.cpu_count())
    given = kwargs.get("initializer"), kwargs.get("initargs", ())
    return _ThisProcess() if jobs == 1 else _Processes(jobs, given)


class _ThisProcess(contextlib.AbstractContextManager):
    """Calls at once."""

    patience = None

    def room(self):
        return 1

    def check(self):
        pass

    def submit(self, function, *arguments):
        future = futures.Future()
        future.set_result(function(*arguments))
        return future

    def __exit__(self, *error):
        pass


class _PoolOfRay(_ThisProcess):
    """Processes of Ray, as gammapy has them."""

    def __init__(self, pool):
        self._pool = pool

    def room(self):
        return float("inf")

    def submit(self, function, *arguments):
        future = futures.Future()
        calls = {"callback": future.set_result, "error_callback": future.set_exception}
        self._pool.apply_async(quietly, (function, *arguments), **calls)
        return future

    def __exit__(self, *error):
        self._pool.terminate()


class _Processes(_ThisProcess):
    """Processes of this machine."""

    def __init__(self, number, given):
        self._number, self._others = number, multiprocessing.active_children()
        self._executor = futures.ProcessPoolExecutor(
            number, initializer=_prepare_worker, initargs=given
        )

    def room(self):
        return 2 * self._number

    def submit(self, function, *arguments):
        with _held_signals():
            return self._executor.submit(quietly, function, *arguments)

    def __exit__(self, kind, error, trace):
        if error is not None:
            # what they are at may take long
            for process in multiprocessing.active_children():
                if process not in self._others:
                    process.terminate()
                    process.join()
            # until Python 3.11.4, a thread waits for ever to hand over what nobody reads any more;
            # later ones close the reader themselves, at a time of their own
            reader = getattr(getattr(self._executor, "_call_queue", None), "_reader", None)
            if sys.version_info < (3, 11, 5) and reader is not None:
                reader.close()
        self._executor.shutdown(cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise ConnectionError(
                f"one of {self._number} processes was killed, perhaps for lack of memory: use "
                "fewer processes"
            ) from None


_SIGNALS = {signal.SIGINT, signal.SIGTERM}
_set_mask = getattr(signal, "pthread_sigmask", None)
"""None on systems that cannot hold signals."""


@contextlib.contextmanager
def _held_signals():
    """Hold Ctrl-C and SIGTERM: while a process is made, Python may lose them.

    They are blocked, not caught: a new process that is stopped at once has to end, too.
    """
    if not _set_mask or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = _set_mask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        _set_mask(signal.SIG_SETMASK, before)


def _prepare_worker(initializer, arguments):
    """Leave Ctrl-C to the parent process, and end when it stops this one or is gone itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if _set_mask:
        _set_mask(signal.SIG_UNBLOCK, _SIGNALS)
    parent = multiprocessing.parent_process()
    threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
    if initializer is not None:
        initializer(*arguments)


def _end_after(parent):
    parent.join()
    signal.raise_signal(signal.SIGTERM)
