"""Summary of a joint fit."""

from dataclasses import dataclass, replace

import numpy as np
from astropy.table import Table
from gammapy.modeling import Fit, OptimizeResult
from scipy.stats import chi2

from ...datasets.core import CosmicRayDataset
from ..backends import LEAST_SQUARES
from ..correlated import CorrelatedTerm
from ..joint_likelihood import JointLikelihood
from ..minima.intervals import LOWER, profile_intervals
from ..minima.search import Minima
from ..priors import is_gaussian
from .brief import brief
from .tables import covariance_table, dataset_row, derived_table, parameter_table
from .texts import html, text

NOT_CONVERGED = "NOT CONVERGED"
"""Verdict on a fit that has not ended in a minimum."""


@dataclass(frozen=True)
class FitSummary:
    """Summary of a joint fit; print it, or take its tables. Notebooks show these as tables.

    Attributes
    ----------
    parameters, datasets, covariance : `~astropy.table.Table`
        Parameters with value, error, unit, frozen status, prior and remark; errors downwards and
        upwards ``errn`` and ``errp``, limits at 95 % ``above`` and ``below``, nan where there is
        none, and the ``method`` they are from, covariance or profile, and ``prior_sigma``, nan
        without a Gaussian prior; chi2 per dataset, number of
        fitted numbers and settings; covariance of the free parameters.
    derived : `~astropy.table.Table`
        What follows from the parameters, with errors by linear propagation: angle and speed of the
        Local Interstellar Cloud.
    total, likelihood : float
        Statistic with priors and without.
    scatter : float
        What scatters of dipoles add to it beside chi2, 2 ln(sigma / sigma_0) of all numbers.
    p_value : float
        Probability of a larger chi2, priors of free parameters included, if model and errors are
        right.
    n_data, n_free : int
        Numbers of fitted numbers and of free parameters.
    success, message : bool or None, str
        Whether the fit ended in a minimum and has errors there, ``result.success`` of gammapy, None
        without a fit, and what there is to say of that.
    verdict : str
        The same in a word or two, empty without a fit.
    minima : Minima or None
        Minima that several starts have led to.
    """

    parameters: Table
    datasets: Table
    covariance: Table
    derived: Table
    total: float
    likelihood: float
    p_value: float
    n_data: int
    n_free: int
    success: bool | None
    message: str
    scatter: float = 0.0
    verdict: str = ""
    minima: Minima | None = None

    __str__, _repr_html_ = text, html

    def brief(self):
        """Is it a good fit, what came out, and what limits it, in some twenty lines (str)."""
        return brief(self)


def fit_summary(datasets, result=None, profiles=True):
    """Summarise a joint fit, or the state of datasets before one.

    Parameters
    ----------
    datasets : CosmicRayDatasets
    result : `~gammapy.modeling.FitResult`, optional
        Result of the fit. If a profile meets a lower minimum, the fit ends there, unless values
        have changed since: parameters, covariance and result become those of this minimum.
    profiles : bool, optional
        Whether to ask the profiles of a fit for asymmetric errors and limits.

    Returns
    -------
    FitSummary
    """
    parameters = datasets.parameters
    labelled = list(zip(parameters.labels, parameters, strict=True))
    free = [(label, par) for label, par in labelled if not par.frozen]
    varied, answers, notes = [par for _, par in free], {}, []
    has_errors = any(par.error > 0 for par in varied) and result and result.covariance_result
    if profiles and has_errors and result.optimize_result.success:
        answers, notes = _answers(datasets, varied, result)
    own = [dataset for dataset in datasets if isinstance(dataset, CosmicRayDataset)]
    rows = [dataset_row(dataset) for dataset in own]
    scatter = sum(dataset.stat_sum_scatter() for dataset in own)
    likelihood, n_data = datasets.stat_sum_likelihood(), sum(row["numbers"] for row in rows)
    # a Gaussian prior of a free parameter is one more measurement
    measured = [par for par in varied if is_gaussian(par.prior)]
    pulls = sum(par.prior(par) for par in measured)
    correlated, values = datasets.correlated_priors, np.array([par.value for par in varied])
    terms = [CorrelatedTerm(prior, varied) for prior in correlated]
    pulls += sum(float(np.sum(term.pulls(values) ** 2)) for term in terms)
    notes += dict.fromkeys(x for model in datasets.models for x in getattr(model, "remarks", ()))
    degrees = n_data + len(measured) + sum(term.size for term in terms) - len(free)
    return FitSummary(
        parameters=parameter_table(labelled, correlated, answers),
        datasets=Table(rows=rows),
        covariance=covariance_table(datasets, free),
        derived=derived_table(datasets, free),
        total=float(datasets.stat_sum()),
        likelihood=float(likelihood),
        p_value=float(chi2.sf(likelihood - scatter + pulls, degrees)),
        n_data=int(n_data),
        n_free=len(free),
        success=None if result is None else bool(result.success),
        message="; ".join([*_messages(result), *notes]),
        scatter=float(scatter),
        verdict=verdict(result),
        minima=getattr(getattr(result, "models", None), "minima", None),
    )


def verdict(result):
    """What a fit came to, in a word or two: the same in summary, report and command line.

    Parameters
    ----------
    result : `~gammapy.modeling.FitResult` or None

    Returns
    -------
    str
        "converged" if ``result.success``; else "converged WITHOUT ERRORS" or `NOT_CONVERGED`.
        Empty without a fit.
    """
    if result is None:
        return ""
    if not result.optimize_result.success:
        return NOT_CONVERGED
    return "converged" if result.success else "converged WITHOUT ERRORS"


def _messages(result):
    """What the steps of a fit have said."""
    if result is not None:
        yield result.optimize_result.message.rstrip(".")
        if result.covariance_result is not None:
            yield result.covariance_result.message


def _answers(datasets, free, result):
    """Intervals from profiles by parameter, and what there is to say of them."""
    likelihood = JointLikelihood(datasets, free)
    if not likelihood.is_least_squares:
        return {}, []
    covariance = datasets.models.covariance.get_subcovariance(free).data
    # an unknown variance is one for gammapy
    known = np.array([par.error > 0 for par in free])
    covariance = np.where(np.outer(known, known), covariance, 0.0)
    others, minima = (), getattr(result.models, "minima", None)
    if minima is not None and minima.names == likelihood.names:
        others = minima.theta[1:]
    found = profile_intervals(likelihood, likelihood.values, covariance, others)
    notes, before = [], likelihood(likelihood.values)
    if found.stat < before - LOWER:
        if abs(result.total_stat - before) > LOWER:
            return {}, [f"a profile met a lower statistic, {found.stat:.2f}: fit again"]
        _go_on(datasets, likelihood, result, found)
        notes.append(f"a profile met a lower minimum, {found.stat:.2f} after {before:.2f}")
    if not result.success:
        notes.append("profiles give the errors")
    named = zip(free, likelihood.names, strict=True)
    return {par: found.intervals.get(name) for par, name in named}, notes


def _go_on(datasets, likelihood, result, found):
    """Let a fit end in the lower minimum that profiles have found."""
    before, minima = result.optimize_result, result.models.minima
    likelihood.assign(found.theta)
    covariance = Fit(backend=LEAST_SQUARES).covariance(datasets)
    if minima is not None and minima.names == likelihood.names:
        matrix = datasets.models.covariance.get_subcovariance(likelihood.parameters).data
        minima = replace(
            minima,
            theta=np.vstack([found.theta, minima.theta]),
            stat=np.append(found.stat, minima.stat),
            covariance=np.concatenate([[matrix], minima.covariance]),
            starts=np.append(0, minima.starts),
        )
    datasets.models.minima = minima
    options = ("nfev", "trace", "minuit", "backend", "method", "success", "message")
    result._covariance_result = covariance
    result._optimize_result = OptimizeResult(
        models=datasets.models.copy(),
        total_stat=datasets.stat_sum(),
        **{name: getattr(before, name) for name in options},
    )
