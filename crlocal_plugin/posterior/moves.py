"""Moves of walkers, for emcee."""

import emcee
import numpy as np

JUMPS = 0.1  # fraction of proposals by a whole difference, which lead from one mode to another


class EnsemblesMove(emcee.moves.Move):
    r"""Differential evolution in several ensembles that know nothing of each other.

    A walker is proposed to move by :math:`\gamma` times the difference of two walkers of the other
    half of its ensemble, with :math:`\gamma = 2.38 / \sqrt{2 n}` and sometimes one (ter Braak
    2006, Statistics and Computing 16, 239; halves as in Foreman-Mackey et al. 2013, PASP 125,
    306). The proposal is symmetric. All ensembles, whose walkers follow each other in the state,
    are evaluated in one call.
    """

    def __init__(self, n_ensembles):
        self._n_ensembles = n_ensembles

    def propose(self, model, state):
        """Move every walker once; gives the state and which walkers moved, as emcee asks for."""
        random, n = model.random, state.coords.shape[1]
        walkers = np.arange(len(state.coords)).reshape(self._n_ensembles, -1)
        rows = np.arange(self._n_ensembles)[:, np.newaxis]
        # another way to halve each ensemble at every step
        walkers = walkers[rows, random.rand(*walkers.shape).argsort(axis=1)]
        accepted = np.zeros(len(state.coords), dtype=bool)
        halves = np.array_split(walkers, 2, axis=1)
        for moving, others in (halves, halves[::-1]):
            size = others.shape[1]
            first = random.randint(size, size=moving.shape)
            second = (first + random.randint(1, size, size=moving.shape)) % size
            difference = state.coords[others[rows, first]] - state.coords[others[rows, second]]
            gamma = np.where(random.rand(*moving.shape) < JUMPS, 1.0, 2.38 / np.sqrt(2 * n))
            jitter = 1 + 1e-5 * random.randn(*moving.shape)
            step = (gamma * jitter)[..., np.newaxis] * difference
            moving = moving.ravel()
            proposal = state.coords[moving] + step.reshape(-1, n)
            log_prob, _ = model.compute_log_prob_fn(proposal)
            better = np.log(random.rand(len(moving))) < log_prob - state.log_prob[moving]
            chosen = moving[better]
            state.coords[chosen] = proposal[better]
            state.log_prob[chosen] = log_prob[better]
            accepted[chosen] = True
        return state, accepted
