"""Long work: over processes or a cluster, and from where it stopped.

What to use when:

- one function for many inputs: `parallel.run_parallel`;
- the same on other machines: `clusters.use_cluster`;
- results on disk while it runs, and those of an earlier run: `checkpoints.Checkpoint`.
"""
