"""The same fit in its different forms, called the way Minuit calls a statistic."""

import itertools
from typing import NamedTuple

import numpy as np
from gammapy.datasets import Datasets
from gammapy.modeling import Fit
from gammapy.modeling.iminuit import MinuitLikelihood
from gammapy.modeling.models import GaussianPrior
from naive import naive_datasets

import crlocal_plugin as crl

SELECTION = "xue-liu-2025"
EARLIER = {"scatter": False, "energy_width": 0.0}
"""Treatment of dipoles that the naive way has, too."""


def package_datasets():
    """Datasets of this package with a new model, with the values of Table I."""
    datasets = crl.load_datasets(SELECTION, **EARLIER)
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    return datasets


def composition_datasets(spallation=True):
    """Spectra, <ln A> and dipoles of ten species, with or without their loss on the way."""
    datasets = crl.load_datasets("composition", **EARLIER)
    datasets.models = [crl.xue_liu_2025_composition(spallation=spallation, priors="measured")]
    return datasets


def stock_datasets():
    """The same datasets and model in gammapy's own Datasets."""
    datasets = Datasets(list(crl.load_datasets(SELECTION, **EARLIER)))
    datasets.models = [crl.xue_liu_2025(priors="measured")]
    return datasets


def quantity_datasets():
    """The same fit written without this package."""
    return naive_datasets(
        crl.load_datasets(SELECTION, **EARLIER), crl.xue_liu_2025(priors="measured")
    )


def start_as_users_do(datasets):
    """Set up a fit for MIGRAD in gammapy's own Datasets, and return the datasets.

    Positive parameters vary as their logarithms, and first steps are a tenth of the value, of the
    solar motion 2 km/s. Without it, MIGRAD takes more calls and may call its minimum invalid.
    """
    for par in labelled(datasets).values():
        if par.name in ("Gamma", "V_sun"):
            par.error = {"Gamma": 0.02, "V_sun": 2.0}[par.name]
        else:
            par.scale_transform = "log"
            # gammapy divides by the scale of the logarithm, and so takes a relative error here
            par.error = 0.1
    return datasets


def labelled(datasets):
    """Free parameters by their labels, of the one top-level model of datasets or of a result."""
    (model,) = datasets.models
    pairs = zip(model.parameters_unique_names, model.parameters, strict=True)
    return {label: par for label, par in pairs if not par.frozen}


def assign(datasets, names, theta):
    """Set free parameters to values."""
    parameters = labelled(datasets)
    for name, value in zip(names, theta, strict=True):
        parameters[name].value = value


def constant_of_priors(parameters):
    """What gammapy's `GaussianPrior` adds to the square of the pull."""
    sigmas = [par.prior.sigma.value for par in parameters if type(par.prior) is GaussianPrior]
    return np.log(2 * np.pi * np.square(sigmas)).sum()


class Best(NamedTuple):
    """The best fit of this package, and parameter sets around it."""

    datasets: crl.CosmicRayDatasets
    likelihood: crl.JointLikelihood
    samples: np.ndarray


def best_fit(n_samples):
    """Fit, and draw parameter sets from a Gaussian of the errors of the fit."""
    datasets = package_datasets()
    Fit(backend="least-squares").run(datasets)
    likelihood = crl.JointLikelihood(datasets)
    covariance = datasets.models.covariance.get_subcovariance(likelihood.parameters)
    rng = np.random.default_rng(2025)
    pulls = rng.multivariate_normal(np.zeros(likelihood.size), covariance.correlation, n_samples)
    samples = likelihood.values + pulls * np.sqrt(np.diag(covariance.data))
    return Best(datasets, likelihood, np.clip(samples, *likelihood.bounds.T))


def minuit_calls(datasets, names, samples):
    """Function without arguments that does what a call from Minuit does.

    Parameters
    ----------
    datasets : `~gammapy.datasets.Datasets`
        Datasets with models.
    names : list of str
        Labels of the free parameters.
    samples : `~numpy.ndarray`
        Values, shape ``(m, n)``, taken one after the other. All parameters change at every call,
        so that nothing that was computed for one serves for the next.

    Returns
    -------
    callable
        It returns the statistic.
    """
    parameters, by_label = datasets.parameters, labelled(datasets)
    columns = {id(by_label[name]): k for k, name in enumerate(names)}
    factors = [par.transform(samples[:, columns[id(par)]]) for par in parameters if not par.frozen]
    rows = itertools.cycle(np.transpose(factors).tolist())
    call = MinuitLikelihood(datasets.stat_sum, parameters, store_trace=False).fcn
    return lambda: call(*next(rows))


def migrad_calls(make=package_datasets):
    """Functions that repeat all calls of MIGRAD in a fit, by default the default fit.

    Parameters
    ----------
    make : callable, optional
        It returns new datasets.

    Returns
    -------
    stat_sum, kernel : callable
        Without arguments: the calls from Minuit, and the residuals of all points squared at the
        same values.
    size : int
        Number of calls.
    """
    datasets, seen = make(), []
    original = MinuitLikelihood.fcn

    def fcn(self, *factors):
        seen.append(factors)
        return original(self, *factors)

    MinuitLikelihood.fcn = fcn
    try:
        Fit().optimize(datasets)
    finally:
        MinuitLikelihood.fcn = original
    call = MinuitLikelihood(datasets.stat_sum, datasets.parameters, store_trace=False).fcn
    (fused,), _ = datasets.fusion()
    values = []
    for factors in seen:
        datasets.parameters.set_parameter_factors(factors)
        values.append(fused.values())

    def stat_sum():
        for factors in seen:
            call(*factors)

    def kernel():
        for row in values:
            residuals = fused.residuals(row)
            residuals @ residuals

    return stat_sum, kernel, len(seen)


def kernel_calls(best, samples):
    """Function without arguments that squares the residuals of all points at other values."""
    (fused,), _ = best.datasets.fusion()
    rows = []
    for theta in samples:
        best.likelihood.assign(theta)
        rows.append(fused.values())
    best.likelihood.assign(best.likelihood.values)
    values = itertools.cycle(rows)

    def call():
        residuals = fused.residuals(next(values))
        return residuals @ residuals

    return call
