# timed runs are asked for by name: python -m pytest tests/benchmarks
collect_ignore = ["benchmarks"]
