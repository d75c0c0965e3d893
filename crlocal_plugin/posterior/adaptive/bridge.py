"""The evidence from samples of a posterior and draws of a mixture, by bridge sampling."""

import numpy as np
from scipy.special import logsumexp

_DRAWS = 20_000
_ROUNDS = 100


def bridge_evidence(target, walked, rng):
    """ln(evidence) and its error, from rows of a posterior and draws of the mixture beside them.

    The bridge is the best one of Meng & Wong (1996, Statistica Sinica 6, 831), the error that of
    Fruehwirth-Schnatter (2004, Econometrics Journal 7, 143) for the effective number of rows.
    """
    rows = walked.position.reshape(-1, target.size)
    draws = walked.mixture.draw(_DRAWS, rng)
    at_rows = walked.log_density.ravel() - walked.mixture.log_density(rows)
    at_draws = target(draws) - walked.mixture.log_density(draws)
    effective = walked.table["value"][0]
    share = np.array([effective, _DRAWS]) / (effective + _DRAWS)
    result = np.median(at_rows)
    for _ in range(_ROUNDS):
        up = at_draws - np.logaddexp(np.log(share[0]) + at_draws, np.log(share[1]) + result)
        down = -np.logaddexp(np.log(share[0]) + at_rows, np.log(share[1]) + result)
        mean_up, mean_down = (logsumexp(each) - np.log(len(each)) for each in (up, down))
        before, result = result, mean_up - mean_down
        if abs(result - before) < 1e-6:
            break
    spread_up, spread_down = (
        np.var(np.exp(each - mean)) for each, mean in ((up, mean_up), (down, mean_down))
    )
    return result, np.sqrt(spread_up / _DRAWS + spread_down / effective)
