import os

# timed runs are asked for by name: python -m pytest -n 0 tests/benchmarks
collect_ignore = ["benchmarks"]

if "PYTEST_XDIST_WORKER" in os.environ:
    # one process per core: threads of NumPy would wait for those of the others
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
