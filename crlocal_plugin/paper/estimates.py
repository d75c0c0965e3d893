"""What the data say of the parameters of the paper, with errors, and chi2 of both."""

import numpy as np
from astropy.table import MaskedColumn, Table

from ..likelihood.joint_likelihood import JointLikelihood
from ..likelihood.profiles import ProfileLikelihood
from ..models.xue_liu import xue_liu_2025
from .setting import Setting

_QGSJET = "xue-liu-2025-qgsjet"

FITTED = {
    "Table I": Setting(),
    "wandering": Setting("wandering"),
    "QGSJET 01": Setting("qgsjet", selection=_QGSJET),
}
"""Parameter sets of the paper that are compared with fits, by a title."""

ESTIMATES = (
    ("joint fit", Setting(), ("V_sun", "x", "delta_b", "D_0", "R_cutc")),
    ("without the prior on V_sun", Setting(without=("V_sun",)), ("V_sun",)),
    ("without the prior on x", Setting(without=("x",)), ("x",)),
    ("u_HC free", Setting(free=("u_HC",)), ("u_HC", "V_sun", "x", "delta_b")),
    ("u_HC free, without its prior", Setting(free=("u_HC",), without=("u_HC",)), ("u_HC", "V_sun")),
    ("R_cr free", Setting(free=("R_cr",)), ("R_cr", "V_sun", "x")),
    ("B free", Setting(free=("B",)), ("B", "x")),
)
"""Fits, and the parameters that are read off each."""


def chi2_table(fits):
    """Compare the chi2 of the paper's parameters with that of the joint fit.

    Parameters
    ----------
    fits : dict of Setting to CosmicRayDatasets
        Fits of the settings of `FITTED`, from `fit_settings`.

    Returns
    -------
    `~astropy.table.Table`
        A row for each dataset, with ``numbers`` and the chi2 of each entry of `FITTED` before and
        after its fit, masked where it has no such dataset; then their sum, priors, and total.
    """
    columns, numbers = {}, {}
    for title, setting in FITTED.items():
        for name, datasets in (
            (title, setting.datasets()),
            (f"{title}, fitted", fits[setting]),
        ):
            columns[name] = {d.name: d.stat_sum_likelihood() for d in datasets}
            numbers |= {d.name: d.info_dict()["n_fit"] for d in datasets}
            chi2, total = datasets.stat_sum_likelihood(), datasets.stat_sum()
            columns[name] |= {"chi2": chi2, "priors": total - chi2, "total": total}
    names = [*numbers, "chi2", "priors", "total"]
    table = Table({"dataset": names})
    counts = np.array([numbers.get(name, 0) for name in names])
    table["numbers"] = MaskedColumn(counts, mask=counts == 0)
    for title, column in columns.items():
        values = np.array([column.get(name, np.nan) for name in names])
        table[title] = MaskedColumn(values, mask=np.isnan(values), format=".1f")
    return table


def estimate_parameters(fits, estimates=ESTIMATES, progress=None):
    """Find what the data say of the parameters that the paper gives without errors.

    Parameters
    ----------
    fits : dict of Setting to CosmicRayDatasets
        Fits of the settings, from `fit_settings`.
    estimates : iterable of tuple, optional
        Title, setting and names of the parameters; all by default.
    progress : callable, optional
        Called with 1 after each parameter.

    Returns
    -------
    `~astropy.table.Table`
        A row for each parameter of each fit, with its value in the ``paper``, the ``best`` one,
        and the ends of the intervals where the profile has risen by 1 (``low_68``, ``high_68``)
        and by 4 (``low_95``, ``high_95``); nan where it does not rise that far.
    """
    paper = xue_liu_2025().parameters
    rows = []
    for title, setting, names in estimates:
        likelihood = JointLikelihood(fits[setting])
        for name in names:
            rows.append({"fit": title, **_estimate(likelihood, name), "paper": paper[name].value})
            if progress is not None:
                progress(1)
    columns = ("fit", "statistic", "parameter", "unit", "paper", "best")
    table = Table(rows=rows)[[*columns, "low_68", "high_68", "low_95", "high_95"]]
    table["statistic"].format = ".2f"
    for name in table.colnames[4:]:
        table[name].format = ".4g"
    return table


def _estimate(likelihood, name):
    """Best value and intervals of a parameter."""
    column = likelihood.names.index(name)
    best = likelihood.values
    while True:
        profile = ProfileLikelihood(likelihood, name, best)
        ends = [*profile.interval(1), *profile.interval(2)]
        if not profile.found_lower:
            break
        # the scan has come upon a lower valley: measure from there
        best = profile.lowest[1]
    values = [profile.best_stat, best[column], *ends]
    keys = ("statistic", "best", "low_68", "high_68", "low_95", "high_95")
    unit = likelihood.units[column].to_string()
    return {"parameter": name, "unit": unit, **dict(zip(keys, values, strict=True))}
