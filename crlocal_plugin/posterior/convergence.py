"""Figures that tell whether chains have converged, from emcee and ArviZ."""

import warnings

import numpy as np
from astropy.table import Table

MIN_LENGTH = 50
"""Autocorrelation times that a chain must be long."""

MAX_R_HAT = 1.01
"""Largest rank-normalised split R-hat (Vehtari et al. 2021, Bayesian Analysis 16, 667)."""

MIN_ESS = 400
"""Smallest effective sample size, of the bulk and of the tails (ibid.)."""


def import_sampling(name):
    """Import a package that only sampling needs.

    Parameters
    ----------
    name : str
        Name of the package.

    Returns
    -------
    module
        The package.

    Raises
    ------
    ImportError
        If it is not installed; says how to install it.
    """
    import importlib

    try:
        with warnings.catch_warnings():
            if name == "arviz":
                # releases before 1 announce release 1 at import
                warnings.filterwarnings(
                    "ignore", message=r"\s*ArviZ is undergoing", category=FutureWarning
                )
            return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{name.split('.')[0]} is needed here: pip install 'crlocal_plugin[sample]' ({error})"
        ) from error


def autocorrelation_times(theta):
    """Integrated autocorrelation times of walkers.

    Parameters
    ----------
    theta : `~numpy.ndarray`
        Values, shape ``(steps, ..., n)``, walkers in between.

    Returns
    -------
    `~numpy.ndarray`
        Integrated autocorrelation times in steps, shape ``(n,)``, nan for a parameter that did
        not move.
    """
    emcee = import_sampling("emcee")
    walkers = theta.reshape(len(theta), -1, theta.shape[-1])
    moved = np.ptp(walkers, axis=0).all(axis=0)
    result = np.full(theta.shape[-1], np.nan)
    if moved.any():
        # how long the chain must be is decided by who asks
        result[moved] = emcee.autocorr.integrated_time(walkers[..., moved], tol=0)
    return result


def chain_diagnostics(theta, names, tau, length):
    """Assess independent ensembles of walkers.

    Walkers of one ensemble depend on each other: R-hat compares halves of whole ensembles. The
    effective sample sizes count each walker as a chain.

    Parameters
    ----------
    theta : `~numpy.ndarray`
        Values after burn-in, shape ``(steps, ensembles, walkers, n)``.
    names : list of str
        Labels of the parameters.
    tau : array_like
        Integrated autocorrelation times, shape ``(n,)``, in the unit of ``length``.
    length : int
        Steps of the walkers after burn-in.

    Returns
    -------
    diagnostics : `~astropy.table.Table`
        Per parameter: autocorrelation time, length in units of it, rank-normalised split R-hat,
        effective sample sizes of the bulk and the tails.
    problems : list of str
        What is not good enough, empty if all is.
    """
    arviz = import_sampling("arviz")
    steps, n_ensembles, _, n = theta.shape
    rows = []
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "More chains")
        for k in range(n):
            by_ensemble = theta[..., k].swapaxes(0, 1).reshape(n_ensembles, -1)
            by_walker = theta[..., k].reshape(steps, -1).T
            rows.append(
                {
                    "name": names[k],
                    "autocorrelation": tau[k],
                    "length": length / tau[k],
                    "r_hat": float(arviz.rhat(by_ensemble)),
                    "ess_bulk": float(arviz.ess(by_walker)),
                    "ess_tail": float(arviz.ess(by_walker, method="tail")),
                }
            )
    table = Table(rows=rows)
    return table, _problems(table)


def _problems(table):
    """Sentences on figures that are beyond their limits."""
    problems = []
    for column, text, limit, sign in (
        ("length", "length in autocorrelation times below", MIN_LENGTH, 1),
        ("r_hat", "R-hat above", MAX_R_HAT, -1),
        ("ess_bulk", "effective sample size of the bulk below", MIN_ESS, 1),
        ("ess_tail", "effective sample size of the tails below", MIN_ESS, 1),
    ):
        # not to be fooled by nan
        failing = table[~(sign * table[column] >= sign * limit)]
        if len(failing):
            figures = ", ".join(
                f"{row['name']} {row[column]:{'.3f' if column == 'r_hat' else '.0f'}}"
                for row in failing
            )
            problems.append(f"{text} {limit:g}: {figures}")
    return problems
