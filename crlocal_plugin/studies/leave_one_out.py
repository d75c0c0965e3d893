"""Tension between measurements: the joint fit without each of them in turn."""

import numpy as np
from astropy.table import Table
from scipy.stats import chi2

from ..datasets.core import CosmicRayDataset
from ..likelihood.collection import CosmicRayDatasets
from ..likelihood.descent import gauss_newton_covariance, minimise
from ..likelihood.joint_likelihood import JointLikelihood
from ..work.parallel import run_parallel
from .starts import least_squares_likelihood

GROUPS = ("dataset", "experiment")
"""What may be left out in one go."""


def leave_one_out(datasets, by="dataset", n_jobs=None, progress=None):
    """Measure the tension of each dataset with the others: fit without each in turn.

    If a dataset agrees with the others, the statistic falls by a chi2 of as many numbers as it has
    when it is left out: ``change`` is that fall, ``p_value`` the probability of a larger one. It
    holds for parameters that the others determine too, see `identifiability`. All descents start
    at the minimum of all datasets, near the present values. Nothing in the models changes.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models, at best after a fit.
    by : {"dataset", "experiment"}, optional
        What is left out in one go.
    n_jobs : int, optional
        Number of processes, as for `random_starts`.
    progress : callable or bool, optional
        Called with 1 after each fit; otherwise as for `~crlocal_plugin.scan_profiles`.

    Returns
    -------
    `~astropy.table.Table`
        A row for each, the lowest p-value first: ``name``, ``numbers`` in the fit, ``chi2`` in the
        joint fit, ``change``, ``p_value``, the parameter, scatters apart, that ``moves`` most
        without it, and ``by`` how many of its standard deviations in the joint fit.

    Raises
    ------
    ValueError
        If there are fewer than two of them, no parameter is free, or the statistic is not a sum of
        squares.
    """
    if by not in GROUPS:
        raise ValueError(f"by must be {' or '.join(map(repr, GROUPS))}, got {by!r}")
    groups = {}
    for dataset in datasets:
        if isinstance(dataset, CosmicRayDataset) and len(dataset.rows_in_fit):
            key = dataset.name if by == "dataset" else dataset.experiment
            groups.setdefault(key, []).append(dataset)
    if len(groups) < 2:
        found = ", ".join(groups) or "none"
        raise ValueError(f"expected at least two {by}s to leave one out, got {found}")
    likelihood = least_squares_likelihood(datasets)
    best = minimise(likelihood)
    sigma = np.sqrt(np.diag(gauss_newton_covariance(best.jacobian)))
    inputs, own = [], []
    for group in groups.values():
        rest = CosmicRayDatasets([dataset for dataset in datasets if dataset not in group])
        inputs.append((JointLikelihood(rest, likelihood.parameters), best.theta))
        own.append(JointLikelihood(CosmicRayDatasets(group), likelihood.parameters))
    without = run_parallel(minimise, inputs, n_jobs, None, progress, "leave one out", "fits")
    with datasets.parameters.restore_status():
        likelihood.assign(best.theta)
        # what a scatter of dipoles adds beside residuals is no chi2
        scatters = [sum(d.stat_sum_scatter() for d in group) for group in groups.values()]
    rows, parts = [], zip(groups.items(), own, without, scatters, strict=True)
    for (name, group), alone, minimum, scatter in parts:
        numbers = sum(int(d.numbers_per_point[d.rows_in_fit].sum()) for d in group)
        change = best.stat - minimum.stat - scatter
        steps = (minimum.theta - best.theta) / sigma
        counts = np.isfinite(steps) & ~likelihood.is_scatter
        most = int(np.argmax(np.where(counts, np.abs(steps), -1)))
        rows.append(
            {
                "name": name,
                "numbers": numbers,
                "chi2": -2 * float(alone.log_likelihood(best.theta)) - scatter,
                "change": change,
                "p_value": float(chi2.sf(change, numbers)),
                "moves": likelihood.names[most],
                "by": steps[most],
            }
        )
    table = Table(rows=rows)
    table.sort(["p_value", "name"])
    for column, text in {"chi2": ".1f", "change": ".1f", "p_value": ".2g", "by": "+.1f"}.items():
        table[column].format = text
    return table
