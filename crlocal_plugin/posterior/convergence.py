"""Figures that tell whether chains have converged, from emcee and ArviZ."""

import importlib
import warnings

import numpy as np
from astropy.table import Table

MIN_LENGTH = 50  # autocorrelation times that a chain must be long
# largest rank-normalised split R-hat (Vehtari et al. 2021, Bayesian Analysis 16, 667)
MAX_R_HAT = 1.01
MIN_ESS = 400  # smallest effective sample size, of the bulk and of the tails (ibid.)


def import_sampling(name):
    """Import a package that only sampling needs, or say how to install it."""
    try:
        with warnings.catch_warnings():
            # releases of ArviZ before 1 announce release 1 at import
            warnings.filterwarnings("ignore", r"\s*ArviZ is undergoing", FutureWarning)
            return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{name.split('.')[0]} is needed here: pip install 'crlocal_plugin[sample]' ({error})"
        ) from error


def autocorrelation_times(theta):
    """Integrated autocorrelation times (n,) of walkers (steps, ..., n); nan if none moved."""
    emcee = import_sampling("emcee")
    walkers = theta.reshape(len(theta), -1, theta.shape[-1])
    moved = np.ptp(walkers, axis=0).all(axis=0)
    result = np.full(theta.shape[-1], np.nan)
    if moved.any():
        # how long the chain must be is decided by who asks
        result[moved] = emcee.autocorr.integrated_time(walkers[..., moved], tol=0)
    return result


def chain_diagnostics(theta, names, tau, length):
    """Table of the figures of each parameter, and which of them are not good enough (list of str).

    Values have the shape (steps, ensembles, walkers, n), autocorrelation times the unit of the
    length. Walkers of one ensemble depend on each other: R-hat compares halves of whole ensembles.
    The effective sample sizes count each walker as a chain.
    """
    arviz = import_sampling("arviz")
    steps, n_ensembles, _, n = theta.shape
    ensembles = theta.transpose(3, 1, 0, 2).reshape(n, n_ensembles, -1)
    walkers = theta.reshape(steps, -1, n).T
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "More chains")
        columns = {
            "autocorrelation": tau,
            "length": length / tau,
            "r_hat": [arviz.rhat(chains) for chains in ensembles],
            "ess_bulk": [arviz.ess(chains) for chains in walkers],
            "ess_tail": [arviz.ess(chains, method="tail") for chains in walkers],
        }
    table = Table({"name": names, **columns})
    return table, _problems(table)


_LIMITS = (
    ("length", "length in autocorrelation times below", MIN_LENGTH, 1, ".0f"),
    ("r_hat", "R-hat above", MAX_R_HAT, -1, ".3f"),
    ("ess_bulk", "effective sample size of the bulk below", MIN_ESS, 1, ".0f"),
    ("ess_tail", "effective sample size of the tails below", MIN_ESS, 1, ".0f"),
)


def _problems(table):
    """Sentences on figures that are beyond their limits."""
    problems = []
    for column, text, limit, sign, form in _LIMITS:
        if column not in table.colnames:
            continue
        # nan is not good enough either
        failing = table[~(sign * table[column] >= sign * limit)]
        if len(failing):
            figures = ", ".join(f"{row['name']} {row[column]:{form}}" for row in failing)
            problems.append(f"{text} {limit:g}: {figures}")
    return problems
