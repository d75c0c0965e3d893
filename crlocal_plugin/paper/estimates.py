"""What the data say of the parameters of the paper, with errors, and chi2 of both."""

from astropy.table import Table

from ..likelihood.joint_likelihood import JointLikelihood
from ..likelihood.profiles import ProfileLikelihood
from ..models.xue_liu import xue_liu_2025
from ..progress import progress_bar
from .setting import PAPER

FITTED = PAPER["fitted"]
"""Parameter sets of the paper that are compared with fits, by a title."""

ESTIMATES = PAPER["estimates"]
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
        after its fit, masked where it has no such dataset; then their sum, what normalises the
        scatter of dipoles, priors, and total.
        Floors stand for the scatter of dipoles before a fit.
    """
    rows, sums = {}, {name: {"dataset": name} for name in ("chi2", "scatter", "priors", "total")}
    for title, setting in FITTED.items():
        unfitted = setting.datasets(scatter=False)
        for column, datasets in ((title, unfitted), (f"{title}, fitted", fits[setting])):
            scatter = 0.0
            for dataset in datasets:
                info, own = dataset.info_dict(), dataset.stat_sum_scatter()
                new = {"dataset": info["name"], "numbers": info["n_fit"]}
                rows.setdefault(info["name"], new)[column] = info["stat_sum"] - own
                scatter += own
            of_data, total = datasets.stat_sum_likelihood(), datasets.stat_sum()
            parts = of_data - scatter, scatter, total - of_data, total
            for row, value in zip(sums.values(), parts, strict=True):
                row[column] = value
    # astropy masks what a row does not have
    table = Table(rows=[*rows.values(), *sums.values()])
    for column in table.colnames[2:]:
        table[column].format = ".1f"
    return table


def estimate_parameters(fits, estimates=ESTIMATES, progress=None):
    """Find what the data say of the parameters that the paper gives without errors.

    Parameters
    ----------
    fits, estimates : dict of Setting to CosmicRayDatasets, iterable of tuple
        Fits of the settings, from `fit_settings`; titles, settings and names of the parameters.
    progress : callable or bool, optional
        Called with 1 after each parameter; otherwise as for `~crlocal_plugin.scan_profiles`.

    Returns
    -------
    `~astropy.table.Table`
        A row for each parameter of each fit: its value in the ``paper``, the ``best`` one, and
        where the profile has risen by 1 (``low_68``, ``high_68``) and by 4 (``low_95``,
        ``high_95``), nan where it does not rise that far.
    """
    paper, rows = xue_liu_2025().parameters, []
    total = sum(len(names) for *_, names in estimates)
    with progress_bar(total, "intervals", "parameters", progress) as done:
        for title, setting, names in estimates:
            likelihood = JointLikelihood(fits[setting])
            for name in names:
                rows.append({"fit": title, **_estimate(likelihood, name, paper[name].value)})
                done(1)
    table = Table(rows=rows)
    table["statistic"].format = ".2f"
    for name in table.colnames[4:]:
        table[name].format = ".4g"
    return table


def _estimate(likelihood, name, paper):
    """Row of a parameter, with its best value and intervals."""
    column = likelihood.names.index(name)
    best = likelihood.values
    while True:
        profile = ProfileLikelihood(likelihood, name, best)
        ends = [*profile.interval(1), *profile.interval(2)]
        if not profile.found_lower:
            break
        # the scan has come upon a lower valley: measure from there
        best = profile.lowest[1]
    row = {"statistic": profile.best_stat, "parameter": name}
    row |= {"unit": likelihood.units[column].to_string(), "paper": paper, "best": best[column]}
    return row | dict(zip(("low_68", "high_68", "low_95", "high_95"), ends, strict=True))
