"""Independent pieces of work spread over processes by gammapy's parallel back ends."""

from gammapy.utils import parallel


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

    def report(result):
        if progress is not None:
            progress(size(result))
        return result

    # of the pool's methods only this one says when a piece of work is done
    results = parallel.run_multiprocessing(
        function,
        inputs,
        backend=parallel_backend,
        pool_kwargs=None if n_jobs is None else {"processes": n_jobs},
        method="apply_async",
        method_kwargs={"callback": report},
        task_name=task_name,
    )
    # several processes leave promises of results
    return [result.get() if hasattr(result, "wait") else result for result in results]
