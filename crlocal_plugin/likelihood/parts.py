"""Parts of a joint likelihood: what is evaluated for many sets of parameters at once, and what not.

Both hold copies of all that shapes them.
"""

import copy

import numpy as np

from ..physics.memory import keep_freed_memory

CHUNK = 100_000
"""Numbers in an array that is evaluated at once: 800 kB, few enough for the processor's cache."""


class FusedPart:
    """Datasets of one model that are evaluated together, and where the varied values go in it."""

    is_least_squares = True

    def __init__(self, fused, parameters):
        self._fused = fused.frozen()
        self._values = self._fused.values()
        factors = self._fused.factors
        places = {id(par): place for place, par in enumerate(self._fused.parameters)}
        self._columns = [
            (column, places[id(par)], factors[places[id(par)]])
            for column, par in enumerate(parameters)
            if id(par) in places
        ]

    def _values_at(self, theta):
        values = list(self._values)
        # floats are faster than arrays of one number
        columns = theta.tolist() if theta.ndim == 1 else theta.T[..., np.newaxis]
        for column, place, factor in self._columns:
            values[place] = columns[column] * factor
        return values

    def residuals(self, theta):
        """Residuals, shape ``(k,)`` or ``(m, k)``."""
        if theta.ndim == 1:
            return self._fused.residuals(self._values_at(theta))
        chunks = [residuals for _, residuals in self._chunks(theta)]
        if not chunks:
            return np.empty((0, self._fused.residuals(self._values).size))
        return np.concatenate(chunks)

    def _chunks(self, theta):
        """Slices of sets of parameters with their residuals, of which some may be shared."""
        keep_freed_memory()
        size = max(1, CHUNK // max(self._fused.n_points, 1))
        for start in range(0, len(theta), size):
            rows = slice(start, start + size)
            residuals = self._fused.residuals(self._values_at(theta[rows]))
            shape = len(theta[rows]), residuals.shape[-1]
            yield rows, np.broadcast_to(residuals, shape)

    def stat(self, theta):
        """Statistic, shape ``()`` or ``(m,)``."""
        if theta.ndim == 1:
            residuals = self.residuals(theta)
            return residuals @ residuals
        result = np.empty(len(theta))
        for rows, residuals in self._chunks(theta):
            result[rows] = np.vecdot(residuals, residuals)
        return result

    def penalty(self, theta):
        """Statistic of penalties, of which there are none."""
        return 0.0

    def fake(self, theta, rng):
        """Part with simulated data."""
        new = copy.copy(self)
        new._fused = self._fused.fake(self._values_at(theta), rng)
        return new


class OwnSpeedPart:
    """Datasets and penalties that only their own methods evaluate, one set after another."""

    def __init__(self, collection, parameters, can_fake):
        memo = {}
        self._collection = copy.deepcopy(collection, memo)
        # a parameter of other datasets has no copy
        self._copies = [memo.get(id(par)) for par in parameters]
        self._can_fake = can_fake
        self.is_least_squares = collection.is_least_squares

    def _assign(self, row):
        for par, value in zip(self._copies, row, strict=True):
            if par is not None:
                par.value = value

    def _one_by_one(self, theta, function):
        results = []
        for row in np.atleast_2d(theta):
            self._assign(row)
            results.append(function())
        return results[0] if theta.ndim == 1 else np.array(results)

    def residuals(self, theta):
        """Residuals, shape ``(k,)`` or ``(m, k)``, of what has some."""
        return self._one_by_one(theta, self._collection.data_residuals)

    def stat(self, theta):
        """Statistic, shape ``()`` or ``(m,)``."""
        return self._one_by_one(theta, self._collection.stat_sum_likelihood)

    def penalty(self, theta):
        """Statistic of penalties, shape ``()`` or ``(m,)``."""
        if not self._collection.penalties:
            return 0.0
        return self._one_by_one(theta, self._collection.stat_sum_penalties)

    def fake(self, theta, rng):
        """Part with simulated data."""
        if not self._can_fake:
            raise ValueError(
                "data can be simulated for the datasets and models of this package alone; leave "
                "out penalties and datasets of other packages, and freeze parameters of models of "
                "other packages"
            )
        new = copy.deepcopy(self)
        new._assign(theta)
        new._collection.fake(rng)
        return new
