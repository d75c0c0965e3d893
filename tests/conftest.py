# timed runs are asked for by name: python -m pytest -n 0 tests/benchmarks
collect_ignore = ["benchmarks"]
