"""A posterior with its models, and what was fitted with which priors."""

import numpy as np
from gammapy.datasets import Datasets

from ..likelihood.descent import minimise
from .density import PosteriorDensity
from .posterior import Posterior
from .prior_distributions import prior_text

_LOW, _HIGH = 0.158655, 0.841345
_DRAWS = 4000  # draws of a prior whose quantiles are not known


def described(
    datasets, likelihood, chains, log_density, best, table, problems, info, evidence=None
):
    """Posterior with the models at its best values, and what was fitted with which priors."""
    models, names = "", likelihood.names
    if isinstance(datasets, Datasets):
        with datasets.parameters.restore_status():
            likelihood.assign(best)
            models = datasets.models.to_yaml()
        priors = dict(zip(names, map(prior_text, likelihood.parameters), strict=True))
        for term in likelihood.correlated_priors:
            priors |= {names[k]: f"Gaussian, {text}" for k, text in term.texts.items()}
        info |= {"datasets": list(datasets.names), "priors": priors}
    info |= {"prior_widths": _prior_widths(likelihood)}
    samples = likelihood.units, chains, log_density, best
    return Posterior(names, *samples, table, problems, models, info, evidence)


def best_fit(likelihood, *candidates):
    """Values at the lowest minimum that descents from some values lead to, each of shape (n,).

    If the statistic is no sum of squares, they are those of the best candidate.
    """
    if likelihood.is_least_squares:
        candidates = [minimise(likelihood, values).theta for values in candidates]
    return min(candidates, key=likelihood)


def _prior_widths(likelihood):
    """Half of the central 68.3 % of the prior of each parameter, None where it has no end."""
    density = PosteriorDensity(likelihood)
    draws = density.prior_draws(_DRAWS, np.random.default_rng(0))
    low, high = np.quantile(draws, [_LOW, _HIGH], axis=0)
    widths = zip(likelihood.names, (0.5 * (high - low)).tolist(), strict=True)
    return [None if name in density.improper else width for name, width in widths]
