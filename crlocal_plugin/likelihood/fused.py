"""Residuals of all datasets of one model at once, and parts of a joint likelihood made of them.

Parts hold copies of all that shapes them: `FusedPart` is evaluated for many sets of parameters at
once, `OwnSpeedPart` for one after another.
"""

import copy

import numpy as np

from ..datasets.correlation import CorrelatedData
from ..datasets.points import Dipoles, Intensities, Means, itself
from ..datasets.residuals import concatenate
from ..physics.memory import keep_freed_memory
from .points import HadronicPoints, Wanted, of_points
from .prediction import JointPrediction

CHUNK = 100_000
"""Numbers in an array that is evaluated at once: 800 kB, few enough for the processor's cache."""

_KINDS = (Intensities, Means, Dipoles)
_NUISANCES = {
    "norm": 1,
    "energy_scale": 1,
    "phi_offset": 0,
    "hadronic": 0,
    "scatter": 0,
    "dipole_norm": 1,
}
"""Parameters of a nuisance model, in the order of the values, and where they are of no effect."""

_ORDER = list(_NUISANCES)
_SKIPPED = ("scatter", "dipole_norm")
"""Those that cost nothing while all are frozen there."""


class FusedLikelihood:
    """Residuals of datasets that share a CosmicRayModel, evaluated once per parameter state.

    Only points in the fit are evaluated. Arrays and masks of the datasets are read once.
    ``parameters`` are those of the model, then those of the nuisance models of the datasets.
    """

    def __init__(self, model, datasets):
        self.model, self.datasets = model, datasets
        self.evaluator = model.evaluator
        nuisances = [d.present_nuisance for d in datasets if d.present_nuisance is not None]
        self._nuisances = list(dict.fromkeys(nuisances))
        self._given = {d.present_nuisance for d in datasets if d.has_given_nuisance}
        # all normalisations, then all energy scales, ...
        self._nuisance_slots = [
            (nuisance.__dict__, name) for name in _NUISANCES for nuisance in self._nuisances
        ]
        self._nuisance_parameters = self._read_nuisances()
        self.parameters = [*self.evaluator.parameters, *self._nuisance_parameters]
        self._n_model = len(self.evaluator.parameters)
        # kernel unit of each parameter over its own unit
        n = len(self._nuisances)
        self._offsets = self._nuisance_parameters[self._slice("phi_offset", 0)]
        self._offset_units = [par._unit for par in self._offsets]
        in_gv = [unit.to("GV") for unit in self._offset_units]
        self.factors = [*self.evaluator.factors, *[1.0] * 2 * n, *in_gv, *[1.0] * 3 * n]
        self._are_in_kernel_units = all(factor == 1 for factor in in_gv)
        _require_one_list(datasets)
        self.blocks = sorted(map(_Block, self._joined(datasets)), key=_Block.rank)
        self._wanted = []
        for block in self.blocks:
            block.place = slice(len(self._wanted), len(self._wanted) + len(block.wanted))
            self._wanted += block.wanted
        self._follow(self._read_frozen())
        self._predict = self._prediction()
        self.n_points = self._predict.n_points if self._predict else 0

    def _joined(self, datasets):
        """Members of each block: datasets, rows in the fit, positions of nuisance models."""
        groups = {}
        for dataset in datasets:
            rows, nuisance = dataset.rows_in_fit, dataset.present_nuisance
            if len(rows):
                key = _joins_with(dataset)
                is_alone = key is None or isinstance(dataset.data, CorrelatedData)
                key = dataset.name if is_alone else (type(dataset), key)
                # the place beyond the last stands for none
                place = [*self._nuisances, nuisance].index(nuisance)
                groups.setdefault(key, []).append((dataset, rows, place))
        return list(groups.values())

    def _read_nuisances(self):
        return [attributes[name] for attributes, name in self._nuisance_slots]

    def _read_frozen(self):
        """Values of the parameters of nuisance models, None of one that is free (list)."""
        return [par._value if par._frozen else None for par in self._nuisance_parameters]

    def _read_at_rest(self, frozen):
        """Which nuisance models leave energies and modulation as they are (list of bool)."""
        scales, offsets = (frozen[self._slice(name, 0)] for name in ("energy_scale", "phi_offset"))
        return [pair == (1, 0) for pair in zip(scales, offsets, strict=True)]

    def _follow(self, frozen):
        """Take what follows from values as of `_read_frozen`."""
        self._frozen, self._at_rest = frozen, self._read_at_rest(frozen)
        self._used = {
            name
            for name in _SKIPPED
            if any(value != _NUISANCES[name] for value in frozen[self._slice(name, 0)])
        }
        self._used_parameters = self.parameters[: self._n_model]
        n, at_rest = len(self._nuisances), list(_NUISANCES.values())
        for k, nuisance in enumerate(self._nuisances):
            if nuisance in self._given or frozen[k::n] != at_rest:
                self._used_parameters += self._nuisance_parameters[k::n]

    def _prediction(self):
        """Prediction of what the blocks want; dipoles of models at rest share their energies."""
        none = len(self._nuisances)
        at_rest = [*self._at_rest, False]
        wanted = [
            [one._replace(nuisance=none) if at_rest[one.nuisance] else one for one in together]
            if isinstance(together[0].points, Dipoles)
            else together
            for together in self._wanted
        ]
        return JointPrediction(self.evaluator, wanted) if wanted else None

    def is_current(self):
        """Whether model and nuisance models still have the same structure (bool)."""
        if not (
            self.model.evaluator is self.evaluator
            and self._read_nuisances() == self._nuisance_parameters
            and [par._unit for par in self._offsets] == self._offset_units
        ):
            return False
        frozen = self._read_frozen()
        if frozen != self._frozen:
            if self._read_at_rest(frozen) != self._at_rest:
                return False
            self._follow(frozen)
        return True

    def _slice(self, name, start):
        """Where the parameters of a name are, behind a start."""
        n = len(self._nuisances)
        start += _ORDER.index(name) * n
        return slice(start, start + n)

    def _values_of(self, name, values):
        """Values of a parameter of all nuisance models, None if all are at rest."""
        return values[self._slice(name, self._n_model)] if name in self._used else None

    def frozen(self, varied):
        """Return a likelihood of varied parameters that no later change of the model reaches."""
        new, varied = copy.copy(self), set(varied)
        pairs = zip(self._nuisance_parameters, self._read_frozen(), strict=True)
        new._follow([None if par in varied else value for par, value in pairs])
        new.model, new.datasets = None, None
        new.evaluator = self.evaluator.frozen()
        if new._at_rest != self._at_rest:
            new._predict = new._prediction()
        elif self._predict:
            new._predict = self._predict.with_evaluator(new.evaluator)
        return new

    def values(self):
        """Values of the parameters in kernel units (list of float)."""
        own = [par._value for par in self._nuisance_parameters]
        if not self._are_in_kernel_units:
            pairs = zip(own, self.factors[self._n_model :], strict=True)
            own = [value * factor for value, factor in pairs]
        return self.evaluator.values() + own

    def used_parameters(self):
        """Parameters of the model and of the nuisance models in use (list)."""
        return list(self._used_parameters)

    def predictions(self, values):
        """What each block predicts for its points in the fit."""
        stop = self._n_model + 3 * len(self._nuisances)
        norms = self._values_of("dipole_norm", values)
        found = self._predict(values[:stop], self._n_model, norms)
        hadronic = values[stop : stop + len(self._nuisances)]
        return [block.prediction(found[block.place], hadronic) for block in self.blocks]

    def residuals(self, values):
        """Residuals whose squares add up to the statistic, shape ``(k,)`` or ``(m, k)``.

        ``values`` are those of `predictions`.
        """
        if not self.blocks:
            return np.zeros(0)
        with np.errstate(under="ignore"):
            predictions, scatter = self.predictions(values), self._values_of("scatter", values)
            pairs = zip(self.blocks, predictions, strict=True)
            parts = [block.residuals(prediction, scatter) for block, prediction in pairs]
        if len({part.shape[:-1] for part in parts}) > 1:
            leading = np.broadcast_shapes(*(part.shape[:-1] for part in parts))
            parts = [np.broadcast_to(part, (*leading, part.shape[-1])) for part in parts]
        return np.concatenate(parts, axis=-1)

    def chi2(self, values):
        """chi2 of each dataset with points in the fit, by its name (dict of str to float)."""
        with np.errstate(under="ignore"):
            predictions = self.predictions(values) if self.blocks else []
            scatter = self._values_of("scatter", values)
            pairs = zip(self.blocks, predictions, strict=True)
            parts = [block.chi2(prediction, scatter) for block, prediction in pairs]
        return {name: value for part in parts for name, value in part.items()}

    def fake(self, values, rng):
        """Likelihood of data simulated for true parameter values, of the same model and points."""
        new = copy.copy(self)
        predictions = self.predictions(values) if self.blocks else []
        scatter = self._values_of("scatter", values)
        pairs = zip(self.blocks, predictions, strict=True)
        new.blocks = [block.fake(prediction, rng, scatter) for block, prediction in pairs]
        return new


class _Block:
    """Datasets whose predictions and residuals are evaluated as one."""

    def __init__(self, members):
        first, rows, _ = members[0]
        # the block must not follow what becomes of the dataset
        self._dataset = copy.copy(first)
        self._dataset.models = None
        is_joined = _joins_with(first) is not None
        self._rows = None if is_joined or not first.predicts_rows else rows
        self.data = concatenate([dataset.data.take(rows) for dataset, rows, _ in members])
        wanted = [
            [
                Wanted(points, rows if is_joined else slice(None), k, k)
                for points in dataset.points()
            ]
            for dataset, rows, k in members
        ]
        self.wanted = [list(together) for together in zip(*wanted, strict=True)]
        has_several = any(dataset.hadronic_models for dataset, _, _ in members)
        self._shifts = HadronicPoints(members) if has_several else None
        self._is_itself = type(first).predict is itself
        # positions of nuisance models, where their scatter counts
        sizes = [len(rows) if first.predicts_rows else 1 for _, rows, _ in members]
        self._sizes = {dataset.name: n for (dataset, *_), n in zip(members, sizes, strict=True)}
        nuisances = np.repeat([k for _, _, k in members], sizes)
        self._scattered_by = nuisances if first.takes_scatter else None

    def rank(self):
        """Place in the order of spectra, sums, means, dipoles (tuple)."""
        first = self.wanted[0][0]
        return _KINDS.index(type(first.points)), first.is_of_all_species

    def prediction(self, values, hadronic):
        """Prediction from the values at the wanted points, for positions of hadronic models."""
        result = values[0] if self._is_itself else self._dataset.predict(*values)
        if self._rows is not None:
            result = result[..., self._rows]
        if self._shifts:
            result = self._dataset.shifted(result, self._shifts.effect(*hadronic))
        return result

    def _scatter(self, scatter):
        """Scatter of each point, None if there is none."""
        if scatter is None or self._scattered_by is None:
            return None
        return of_points([*scatter, 0.0], self._scattered_by)

    def residuals(self, prediction, scatter):
        """Residuals of a prediction, for scatters of all nuisance models, or None."""
        scatter = self._scatter(scatter)
        if scatter is None:
            return self.data.residuals(prediction)
        return self.data.scattered_residuals(prediction, scatter)

    def chi2(self, prediction, scatter):
        """chi2 of each dataset by its name, without what normalises a scatter."""
        squares = self.residuals(prediction, scatter) ** 2
        if self._scatter(scatter) is not None:
            squares = squares[: len(squares) // 2]
        if len(self._sizes) == 1:
            return dict.fromkeys(self._sizes, float(squares.sum()))
        ends = np.cumsum(list(self._sizes.values()))
        by_point = squares.reshape(-1, ends[-1]).sum(axis=0)
        sums = [part.sum() for part in np.split(by_point, ends[:-1])]
        return dict(zip(self._sizes, map(float, sums), strict=True))

    def fake(self, prediction, rng, scatter):
        """Block with simulated data."""
        new, scatter = copy.copy(self), self._scatter(scatter)
        given = () if scatter is None else (scatter,)
        new.data = self.data.fake(prediction, rng, *given)
        return new


def _joins_with(dataset):
    """``joins_with``, if it is said by the class that says ``predict`` or by one below it."""
    predict, joins_with = (
        next(k for k, base in enumerate(type(dataset).__mro__) if name in vars(base))
        for name in ("predict", "joins_with")
    )
    return dataset.joins_with if joins_with <= predict else None


def _require_one_list(datasets):
    """Refuse datasets that share the parameter of the hadronic model, but not the models."""
    named = {}
    for dataset in datasets:
        if dataset.hadronic_models:
            nuisance = dataset.present_nuisance
            first = named.setdefault(nuisance, dataset)
            if nuisance is not None and first.hadronic_models != dataset.hadronic_models:
                raise ValueError(
                    f"datasets {first.name!r} and {dataset.name!r} share the parameter 'hadronic', "
                    f"but have the models {', '.join(first.hadronic_models)} and "
                    f"{', '.join(dataset.hadronic_models)}: load both with the same list, or give "
                    "one a NuisanceModel of its own"
                )


class FusedPart:
    """Datasets of one model that are evaluated together, and where the varied values go in it."""

    is_least_squares = True

    def __init__(self, fused, parameters):
        self._fused = fused.frozen(parameters)
        self._values = self._fused.values()
        columns = {id(par): column for column, par in enumerate(parameters)}
        places = enumerate(zip(self._fused.parameters, self._fused.factors, strict=True))
        self._columns = [
            (columns[id(par)], place, k) for place, (par, k) in places if id(par) in columns
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
        if not len(theta):
            return np.empty((0, self._fused.residuals(self._values).size))
        return np.concatenate([residuals for _, residuals in self._chunks(theta)])

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

    def chi2(self, theta):
        """chi2 of each dataset by its name, at values of shape ``(n,)``."""
        return self._fused.chi2(self._values_at(theta))

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
        for par in self._copies:
            if par is not None:
                # a scatter that varies has its residuals at zero too
                par.frozen = False
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

    def chi2(self, theta):
        """chi2, or the statistic, of each dataset by its name, at values of shape ``(n,)``."""
        self._assign(theta)
        found = {}
        for dataset in self._collection:
            stat = getattr(dataset, "stat_sum_likelihood", dataset.stat_sum)()
            found[dataset.name] = float(stat - getattr(dataset, "stat_sum_scatter", float)())
        return found

    def penalty(self, theta):
        """Statistic of penalties, shape ``()`` or ``(m,)``."""
        penalties = self._collection.other_penalties
        if not penalties:
            return 0.0
        return self._one_by_one(theta, lambda: sum(p.stat_sum() for p in penalties))

    def fake(self, theta, rng):
        """Part with simulated data."""
        if not self._can_fake:
            raise ValueError(
                "simulation needs datasets and models of this package alone: leave out penalties "
                "and datasets of other packages, and freeze the parameters of their models"
            )
        new = copy.deepcopy(self)
        new._assign(theta)
        new._collection.fake(rng)
        return new
