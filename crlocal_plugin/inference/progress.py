"""Progress of a fit on the terminal."""

import contextlib
import sys

from tqdm import tqdm

__all__ = ["fit_progress"]


@contextlib.contextmanager
def fit_progress(datasets, stream=None):
    """Show how many evaluations a fit has made, and the best statistic so far.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets that are fitted inside the context.
    stream : file-like, optional
        Where to write; standard error by default. Nothing is drawn if it is not a terminal.

    Yields
    ------
    `~tqdm.tqdm`
        The progress bar.
    """
    stream = sys.stderr if stream is None else stream
    bar = tqdm(file=stream, unit=" calls", disable=not stream.isatty(), leave=False, desc="fit")
    best = [float("inf")]
    evaluate = datasets.stat_sum

    def stat_sum():
        value = evaluate()
        best[0] = min(best[0], value)
        bar.set_postfix(statistic=f"{best[0]:.2f}", refresh=False)
        bar.update()
        return value

    # a bound method says whose it is, and the fit asks
    stat_sum.__self__ = datasets
    # shadow the method of this one object while the fit runs
    datasets.stat_sum = stat_sum
    try:
        yield bar
    finally:
        del datasets.stat_sum
        bar.close()
