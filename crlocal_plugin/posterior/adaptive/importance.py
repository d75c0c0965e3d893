"""Importance sampling from a mixture that adapts to a posterior, and whether it can be trusted."""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from ...work.parallel import run_parallel
from ..convergence import import_sampling
from ..coordinates import NOWHERE

# largest shape of the tail of the weights (Vehtari et al. 2024, JMLR 25, 72)
MAX_PARETO_K = 0.7
MIN_EFFECTIVE = 5000  # smallest effective sample size
LEAST = 0.01  # weight that a maximum has in a mixture, however low it is
_KNOWN = 0.1  # fraction of the draws that tempered weights make effective, for a fit
_KEPT, _PASSES = 3, 3  # rounds that a mixture is fitted to, and steps of the fit
_HOPELESS = 0.015  # fraction of effective draws below which a round is the last one
_FEWEST, _MOST, _ROUNDS = 10_000, 400_000, 4  # draws of a round, and rounds
_FAR = 4  # how many times the most draws may be needed for any to be made
_RESERVE = 1.3  # how many more draws than are expected to be enough
_FITTED = 20_000  # samples that it is fitted to
_WIDER, _DEFENSIVE = 1.5, 0.2  # how much wider some draws are spread, and which fraction
_CHUNK = 20_000


class Importance(NamedTuple):
    """Draws (m, n), their weights (m,) after Pareto smoothing, and what these tell.

    ``log_evidence`` is ln(evidence) and its error.
    """

    position: np.ndarray
    weights: np.ndarray
    pareto_k: float
    log_evidence: tuple

    @property
    def effective(self):
        """Effective sample size (float)."""
        return 1 / np.square(self.weights).sum()

    @property
    def is_good(self):
        """Whether the weights can be trusted (bool)."""
        return self.pareto_k < MAX_PARETO_K and self.effective >= MIN_EFFECTIVE

    def resampled(self, rng):
        """Samples of equal weight, as many as are effective, in random order, shape (m, n)."""
        chosen = systematic(self.weights, int(self.effective), rng)
        return self.position[rng.permutation(chosen)]


def pooled(several):
    """One `Importance` of several, by their effective sample sizes; the largest k counts."""
    sizes = np.array([each.effective for each in several])
    parts = [size * each.weights for size, each in zip(sizes, several, strict=True)]
    values, errors = np.transpose([each.log_evidence for each in several])
    precision = 1 / np.maximum(errors, 1e-12) ** 2
    # weights do not know what they have missed
    spread = np.std(values) / np.sqrt(max(len(values) - 1, 1))
    evidence = np.sum(precision * values) / precision.sum(), max(precision.sum() ** -0.5, spread)
    rows = np.concatenate([each.position for each in several])
    pareto_k = max(each.pareto_k for each in several)
    return Importance(rows, np.concatenate(parts) / sizes.sum(), pareto_k, evidence)


def weigh(target, mixture, size, rng, n_jobs=1):
    """Draw from a mixture, and weigh the draws by a target (`Importance`, ln(target), shape (m,)).

    The error of ln(evidence) is that of the mean of the smoothed weights. Above a k of 0.5 it falls
    with the number of draws to the power of k - 1 alone (Vehtari et al. 2024).
    """
    sizes = [min(_CHUNK, size - done) for done in range(0, size, _CHUNK)]
    seeds = rng.integers(2**63, size=len(sizes))
    inputs = [(target, mixture, *each) for each in zip(sizes, seeds, strict=True)]
    drawn = run_parallel(_draw, inputs, n_jobs, None, False)
    rows, log_target, log_density = (np.concatenate(x) for x in zip(*drawn, strict=True))
    target.calls += size
    log_weights = log_target - log_density
    weights, pareto_k = smoothed(log_weights)
    evidence = logsumexp(log_weights) - np.log(size)
    error = np.sqrt(max(size * np.square(weights).sum() - 1, 0.0) / size)
    error *= size ** max(pareto_k - 0.5, 0.0)
    return Importance(rows, weights, pareto_k, (evidence, error)), log_target


def _draw(target, mixture, size, seed):
    """Draws of a mixture (size, n), and ln(density) of target and mixture there, (size,)."""
    rows = mixture.draw(size, np.random.default_rng(seed))
    return rows, target(rows), mixture.log_density(rows)


def draw_enough(target, mixture, rng, n_jobs=1):
    """Draw from a mixture as often as a first round tells, at most some times (`Importance`)."""
    found, _ = weigh(target, mixture, _FEWEST, rng)
    size = int(_RESERVE * MIN_EFFECTIVE * _FEWEST / found.effective)
    if _FEWEST < size < _FAR * _MOST:
        found, _ = weigh(target, mixture, min(size, _MOST), rng, n_jobs)
    return found


def smoothed(log_weights):
    """Weights with a sum of one after Pareto smoothing, and the shape of their tail (float)."""
    with np.errstate(all="ignore"):
        smooth, pareto_k = import_sampling("arviz").psislw(log_weights)
    return _normalised(smooth), float(pareto_k)


def importance_rounds(target, mixture, rng, report):
    """Draw in rounds from a mixture that follows the weights, until a round is a result.

    A round is a result by itself: its mixture knows the rounds before it alone (Cappe et al. 2008,
    see `StudentMixture`; Cornuet et al. 2012, Scand. J. Stat. 39, 798). Each is as long as the
    last one tells that it must be. What comes back is that round (`Importance`), or None.
    """
    recent, size = [], _FEWEST
    for _ in range(_ROUNDS):
        drawn = mixture.beside(mixture.wider(_WIDER), _DEFENSIVE)
        found, log_target = weigh(target, drawn, size, rng)
        report(f"importance sampling, {found.effective:.0f} effective, k {found.pareto_k:.2f}")
        if found.is_good:
            return found
        share = found.effective / size
        if share < _HOPELESS:
            break
        recent = [*recent[1 - _KEPT :], (drawn, found.position, log_target)]
        rows, log_target = (np.concatenate(parts) for parts in list(zip(*recent, strict=True))[1:])
        shares = [np.log(len(each)) + other.log_density(rows) for other, each, _ in recent]
        weights = smoothed(log_target - logsumexp(shares, axis=0))[0]
        with np.errstate(divide="ignore"):
            log_weights = np.maximum(np.log(weights), NOWHERE)
        weights = _normalised(tempering(log_weights, _KNOWN * len(rows)) * log_weights)
        rows = rows[systematic(weights, _FITTED, rng)]
        for _ in range(_PASSES):
            mixture = mixture.improved(rows, np.full(_FITTED, 1 / _FITTED), LEAST)
        size = int(np.clip(_RESERVE * MIN_EFFECTIVE / share, _FEWEST, _MOST))
    return None


def tempering(log_weights, effective):
    """Largest power, up to one, of weights that leaves an effective number of them."""
    low, high = 0.0, 1.0
    if effective_size(log_weights) >= effective:
        return 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        if effective_size(middle * log_weights) > effective:
            low = middle
        else:
            high = middle
    return low


def effective_size(log_weights):
    """Effective number of draws with such weights."""
    return 1 / np.square(_normalised(log_weights)).sum()


def systematic(weights, size, rng):
    """Indices of draws, resampled by their normalised weights, in their order, shape (size,)."""
    places = (np.arange(size) + rng.random()) / size
    return np.searchsorted(np.cumsum(weights), places).clip(0, len(weights) - 1)


def _normalised(log_weights):
    weights = np.exp(log_weights - log_weights.max())
    return weights / weights.sum()
