"""Clusters of Dask that work is spread over."""

import contextlib
import json
import logging
import multiprocessing
import signal
import time
import warnings
from concurrent import futures
from contextvars import ContextVar
from pathlib import Path

from .._version import __version__
from ..progress import progress_bar, quietly

_ANSWER, _WORKER = 10.0, 60.0
"""Seconds to wait for an answer of the scheduler, and for a worker."""

_cluster = ContextVar("_cluster", default=None)


@contextlib.contextmanager
def use_cluster(cluster="local", n_jobs=None):
    """Run long work on a Dask cluster instead of processes of this machine.

    Inside, `scan_profiles`, `run_toys`, `random_starts`, `lowest_minimum`, `leave_one_out`,
    `compare_models` and `treatments` do their independent pieces of work there, unless they are
    given ``n_jobs``. The numbers are the same. Work of a worker that is lost is done again by
    others.

    Parameters
    ----------
    cluster : str or `distributed.Client`, optional
        Address of a scheduler, such as ``"tcp://node1:8786"``, or the file that it writes
        (``"scheduler.json"``); or a client. Each worker needs one thread (``--nthreads 1``) and
        the same version of this package. By default, "local", a cluster of processes of this
        machine is made for the time, in a script below ``if __name__ == "__main__":``.
    n_jobs : int, optional
        Number of workers of a local cluster; by default one per core.

    Raises
    ------
    ImportError
        If Dask is not installed.
    ValueError
        If workers have more threads, or another version of the package.
    OSError
        If nothing answers at the address, or no worker comes within a minute.

    Examples
    --------
    >>> with crl.use_cluster("local", n_jobs=2):
    ...     scans = crl.scan_profiles(datasets, ["V_sun"])
    """
    distributed = _import_distributed()
    with contextlib.ExitStack() as stack, contextlib.ExitStack() as opening:
        opening.enter_context(progress_bar(None, "waiting for the cluster", ""))
        if cluster == "local":
            client = stack.enter_context(_local_client(distributed, n_jobs))
        elif n_jobs is not None:
            raise ValueError(
                f"the number of processes is for this machine, but cluster {cluster} has workers "
                "of its own: leave it out"
            )
        elif isinstance(cluster, str):
            client = stack.enter_context(distributed.Client(_address(cluster), timeout=_ANSWER))
        else:
            client = cluster
        _check_workers(client)
        opening.close()
        token = _cluster.set(client)
        try:
            yield client
        finally:
            _cluster.reset(token)


@contextlib.contextmanager
def _local_client(distributed, n_jobs):
    """Client of a cluster on this machine, which ends at once."""

    class LeaveInterrupts(distributed.WorkerPlugin):
        """Ctrl-C on a terminal reaches the workers too, and is for this process."""

        def setup(self, worker):
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    others = multiprocessing.active_children()
    with distributed.LocalCluster(
        n_workers=n_jobs,
        threads_per_worker=1,
        # another cluster may have the port that its page has by default
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.ERROR,
    ) as cluster:
        try:
            with distributed.Client(cluster) as client:
                client.register_plugin(LeaveInterrupts())
                yield client
        finally:
            # Dask waits for what they are at
            for process in multiprocessing.active_children():
                if process not in others:
                    process.kill()


def cluster_pool():
    """Pool of the cluster that is in use, None if there is none."""
    return None if _cluster.get() is None else _ClusterPool(_cluster.get())


def _import_distributed():
    try:
        import distributed
    except ImportError as error:
        raise ImportError(
            f"distributed is needed here: pip install 'crlocal_plugin[cluster]' ({error})"
        ) from error
    return distributed


def _address(text):
    """Address of a scheduler, which may be in a file."""
    if Path(text).suffix != ".json":
        return text
    try:
        return json.loads(Path(text).read_text(encoding="utf-8"))["address"]
    except (ValueError, LookupError, TypeError):
        raise ValueError(f"{text}: expected the file of a scheduler, with its address") from None


def version():
    """Version of the package in a worker."""
    return __version__


def _check_workers(client):
    """Wait for a worker, and refuse workers that do other work than this process."""
    try:
        client.wait_for_workers(1, timeout=_WORKER)
    except TimeoutError:
        raise ConnectionError(
            f"no worker came to {client.scheduler.address} within {_WORKER:g} s: start some, "
            "as in dask worker ADDRESS --nthreads 1"
        ) from None
    most = max(client.nthreads().values())
    if most > 1:
        raise ValueError(
            f"a worker of {client.scheduler.address} has {most} threads: start workers with "
            "--nthreads 1, one per core"
        )
    try:
        found = {*client.run(version).values()} - {__version__}
    except ImportError as error:
        found = {f"none ({error})"}
    if found:
        raise ValueError(
            f"workers of {client.scheduler.address} have crlocal_plugin {', '.join(found)}, this "
            f"process has {__version__}: install the same version"
        )


class _ClusterPool(contextlib.AbstractContextManager):
    """Workers of a cluster."""

    patience = 1.0

    def __init__(self, client):
        self._client, self._executor = client, client.get_executor(pure=False)
        self._workers, self._seen = {*client.nthreads()}, time.monotonic()

    def room(self):
        # an input may be large, so that not all of them are sent at once
        return max(4, 2 * len(self._workers))

    def submit(self, function, *arguments):
        return self._executor.submit(quietly, function, *arguments)

    def check(self):
        """Tell which workers are gone; give up if none is left."""
        workers = {*self._client.nthreads()}
        for lost in sorted(self._workers - workers):
            warnings.warn(f"lost worker {lost}: others repeat its work", stacklevel=2)
        self._workers = workers
        if workers:
            self._seen = time.monotonic()
        elif time.monotonic() > self._seen + _WORKER:
            raise ConnectionError(f"no worker is left at {self._client.scheduler.address}")

    def __exit__(self, kind, error, trace):
        # what others wait for is not to be done in vain
        self._executor.shutdown(wait=error is None)
        distributed = _import_distributed()
        if isinstance(error, distributed.KilledWorker):
            raise ConnectionError(f"a task failed repeatedly: {error}") from None
        if isinstance(error, futures.CancelledError):
            raise ConnectionError(
                f"the connection to the cluster was lost: {str(error) or 'its scheduler is gone'}"
            ) from None
