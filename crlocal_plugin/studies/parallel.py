"""Independent pieces of work spread over processes by gammapy's parallel back ends."""

from typing import NamedTuple

from gammapy.utils import parallel


class _Done(NamedTuple):
    """Result of a piece of work, told by its type from the promise of one."""

    result: object


class _Task:
    """Function whose results are wrapped; a class, so that it can be sent to a process."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *arguments):
        return _Done(self.function(*arguments))


def run_parallel(
    function,
    inputs,
    n_jobs=None,
    parallel_backend=None,
    progress=None,
    task_name="tasks",
    size=lambda result: result,
):
    """Call a function with several sets of arguments, a list of tuples; results in their order.

    The function is one of a module, so that it can be sent to other processes. Their number, and
    the back end, "multiprocessing" or "ray", which may be a cluster, are by default those of
    gammapy's `~gammapy.utils.parallel.multiprocessing_manager`, one process if it is not in use.
    ``progress`` is called with the size of each result as soon as it is there.
    """
    if n_jobs is not None and n_jobs < 1:
        raise ValueError(f"n_jobs must be at least 1, got {n_jobs}")

    def report(done):
        if progress is not None:
            progress(size(done.result))
        return done

    # of the pool's methods only this one says when a piece of work is done
    results = parallel.run_multiprocessing(
        _Task(function),
        inputs,
        backend=parallel_backend,
        pool_kwargs=None if n_jobs is None else {"processes": n_jobs},
        method="apply_async",
        method_kwargs={"callback": report},
        task_name=task_name,
    )
    return [(r if isinstance(r, _Done) else r.get()).result for r in results]
