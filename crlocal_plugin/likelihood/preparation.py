"""Prepare a fit: a start at the lowest minimum, and parameters in units of their errors.

MIGRAD, which sees one number per parameter, loses its way between parameters whose natural
scales differ by decades and which trade against each other, and can report success at a false
minimum. The residuals of the joint likelihood allow least-squares descents, which are immune to
both, from many starts in a fraction of a second.
"""

import logging
from dataclasses import dataclass

import numpy as np
from gammapy.modeling.models import DatasetModels

from ..components.correlated_priors import CorrelatedPrior
from ..models.linking import LabelledParameters
from .covariance import undetermined
from .descent import COLLAPSED, Minimum, gauss_newton_covariance, minimise, stays_positive
from .joint_likelihood import JointLikelihood
from .minima.search import Minima, find_minima
from .priors import TruncatedPrior
from .selection import check_parameters, is_outside, limits_follow_units, limits_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Preparation:
    """What least-squares descents have done before an optimiser.

    ``start`` has the values of the free parameters ``names`` before, with the statistic
    ``stat_before``; ``minimum`` says where it ended, ``trace`` values and statistic of every step
    to there. ``minima`` are those that several starts led to, None if there was one start.
    """

    names: list
    start: np.ndarray
    stat_before: float
    minimum: Minimum
    trace: list
    minima: Minima | None = None

    def __str__(self):
        return (
            f"least-squares descent before the optimiser: statistic {self.stat_before:.2f} -> "
            f"{self.minimum.stat:.2f} in {self.minimum.n_calls} calls"
            + (f"; {self.minima}" if self.minima else "")
        )

    def is_at(self, likelihood):
        """Whether the parameters of a likelihood are where the descent left them (bool)."""
        return likelihood.names == self.names and np.allclose(
            likelihood.values, self.minimum.theta, rtol=1e-12, atol=0
        )


def prepare_fit(datasets, parameters):
    """Move free parameters to the lowest minimum that is known, and scale them by their errors.

    The result of a fit does not rest on this: the optimiser goes on from here with the full
    statistic. Values are left alone if no descent lowers the statistic.
    """
    likelihood = JointLikelihood(datasets, [par for par in parameters if not par.frozen])
    start = likelihood.values
    before = likelihood(start) if likelihood.size else np.nan
    if not np.isfinite(before):
        return None
    # what nothing depends on has no minimum to go to
    matters = likelihood.depends_on(start)
    trace, minima = [], None
    minimum = _descended(likelihood, start, matters, trace)
    if datasets.n_starts != 0:
        minima = _searched(datasets, likelihood, minimum)
        if minima.stat[0] < minimum.stat - _LOWER:
            n_calls, steps = minimum.n_calls, []
            found = _descended(likelihood, minima.theta[0], matters, steps)
            if found.stat < minimum.stat:
                minimum, trace = found._replace(n_calls=found.n_calls + n_calls), steps
    minimum = _parked(likelihood, minimum, start)
    theta = minimum.theta
    covariance = gauss_newton_covariance(minimum.jacobian, rcond=1e-10)
    if minima is not None:
        minima = minima.polished(theta, minimum.stat, covariance)
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    for k in np.flatnonzero(matters):
        par, error = likelihood.parameters[k], float(errors[k])
        if not 0 < error < np.inf and theta[k] == likelihood.bounds[k, 0]:
            error = _error_at_limit(likelihood, theta, k)
        par.scale_transform = "lin"
        par._scale = error if 0 < error < np.inf else abs(float(theta[k])) or 1.0
        if theta[k] and theta[k] in likelihood.bounds[k]:
            # factor and scale are to give the limit exactly
            par._scale = abs(float(theta[k])) * 2.0 ** np.rint(np.log2(par._scale / abs(theta[k])))
        par.value = float(theta[k])
    preparation = Preparation(likelihood.names, start, before, minimum, trace, minima)
    log.info("%s", preparation)
    return preparation


_LOWER, _AS_GOOD = 1e-3, 1e-4
"""By how much a minimum must be lower than another one to be preferred, and what costs nothing."""


def _descended(likelihood, start, matters, trace):
    """One descent to its end, strengths that it drives to nothing at their limits."""
    minimum = minimise(likelihood, start, matters, callback=lambda *step: trace.append(step))
    # a strength near zero has lost its scale, and a logarithm does not get to zero
    collapsed = matters & stays_positive(likelihood) & (likelihood.bounds[:, 0] == 0)
    collapsed &= minimum.theta < COLLAPSED * start
    if collapsed.any():
        again = minimise(likelihood, np.where(collapsed, 0.0, minimum.theta), matters)
        best = again if again.stat < minimum.stat + _AS_GOOD else minimum
        minimum = best._replace(n_calls=minimum.n_calls + again.n_calls)
    return minimum


def _parked(likelihood, minimum, start):
    """Minimum with what has run away, such as a cut-off beyond all data, as near as is as good.

    What is next to a limit at zero goes there.
    """
    named, _ = undetermined(likelihood, minimum.theta)
    for k in np.flatnonzero(named & stays_positive(likelihood) & (minimum.theta > 0) & (start > 0)):
        sets = np.repeat(minimum.theta[np.newaxis], 200, axis=0)
        sets[:, k] = np.geomspace(minimum.theta[k], start[k], 200)
        if likelihood.bounds[k, 0] == 0 and minimum.theta[k] < COLLAPSED * start[k]:
            sets[:, k] = 0.0
        stats = likelihood(sets)
        last = np.argmax(np.append(stats > minimum.stat + _AS_GOOD, True)) - 1
        if last >= 0:
            jacobian = likelihood.jacobian(sets[last])
            jacobian[:, (minimum.jacobian == 0).all(axis=0)] = 0.0
            minimum = minimum._replace(theta=sets[last], stat=stats[last], jacobian=jacobian)
    return minimum


def _searched(datasets, likelihood, minimum):
    """Minima from many starts, or from those that a search with more free parameters has found."""
    key, names, known = datasets.search or (None, (), None)
    now = _state(datasets, likelihood.parameters)
    if known is not None and set(likelihood.names) <= set(names):
        again = _state(datasets, [par for par in datasets.parameters if id(par) in key[0]])
        if again == key:
            columns = [names.index(name) for name in likelihood.names]
            starts = [minimum.theta, *known.theta[:, columns]]
            return find_minima(likelihood, 0, known=starts)
    minima = find_minima(likelihood, datasets.n_starts, known=[minimum.theta])
    datasets.search = now, likelihood.names, minima
    return minima


def _state(datasets, free):
    """All that shapes the minima, apart from the values of free parameters."""
    free = {id(par) for par in free}
    pars = datasets.used_parameters()
    fixed = [(id(par), par.value) for par in pars if id(par) not in free]
    limits = [(par.min, par.max) for par in pars if id(par) in free]
    priors = [(id(par), repr(par.prior)) for par in pars if par.prior is not None]
    versions = [getattr(dataset, "version", id(dataset)) for dataset in datasets]
    penalties = [id(penalty) for penalty in datasets.penalties]
    return free, fixed, repr(limits), priors, versions, penalties, datasets.n_starts


def _error_at_limit(likelihood, theta, k):
    """Error of a strength at its limit by itself, from its natural scale."""
    ends = np.repeat(theta[np.newaxis], 2, axis=0)
    step = 1e-2 * likelihood.scales_at(theta)[k]
    ends[1, k] += step
    before, after = likelihood.residuals(ends)
    length = np.linalg.norm(after - before) / step
    return 1 / length if length > 0 else step


class LabelledDatasetModels(DatasetModels):
    """Models of datasets, with parameters named by their labels in tables.

    ``minima`` are those that the last fit has found (`Minima`), None without a search.
    """

    minima = None

    def copy(self, copy_data=False):
        """Deep copy, with the same minima."""
        new = super().copy(copy_data)
        new.minima = self.minima
        return new

    def to_parameters_table(self):
        """Convert parameters to a table, one row each, under its unique label."""
        table = super().to_parameters_table()
        table.replace_column("name", short_labels(self))
        table.remove_columns(["type", "link"])
        return table

    def to_dict(self, full_output=False, overwrite_templates=False):
        """Convert to a dictionary, with correlated priors that are beside the models."""
        data = super().to_dict(full_output, overwrite_templates)
        labels = dict(zip(self.parameters, self.parameters_unique_names, strict=True))
        of_models = {p for model in self for p in getattr(model, "penalties", ())}
        others = [p for p in self._penalties or () if p not in of_models]
        priors = [p for p in others if isinstance(p, CorrelatedPrior)]
        if priors:
            data["penalties"] = [prior.to_dict(labels) for prior in priors]
        return data


class FitParameters(LabelledParameters):
    """Unique parameters of datasets, which are prepared for a fit when an optimiser scales them."""

    def __init__(self, parameters=None, labels=None, datasets=None):
        super().__init__(parameters, labels)
        self._datasets = datasets

    @property
    def free_unique_parameters(self):
        """Free parameters as gammapy's sampler wants them (`SampledParameters`).

        ValueError if some have a correlated prior, which it does not know.
        """
        priors = [] if self._datasets is None else self._datasets.correlated_priors
        for prior in priors:
            if not all(par.frozen for par in prior.parameters):
                raise ValueError(
                    f"{prior}: gammapy's Sampler knows priors of single parameters only; use "
                    "crl.nested_sample or crl.sample"
                )
        free = [k for k, par in enumerate(self._parameters) if not par.frozen]
        return SampledParameters(
            [self._parameters[k] for k in free], [self.labels[k] for k in free]
        )

    def set_parameter_factors(self, factors):
        """Set factors of the free parameters, without gammapy's cost for each linear one."""
        free = [par for par in self._parameters if not par._frozen]
        for par, factor in zip(free, factors, strict=True):
            if par.scale_transform == "lin":
                par._factor = float(factor)
                par._value = float(par._scale) * par._factor
            else:
                par.factor = factor

    def autoscale(self):
        """Prepare the parameters for an optimiser, from inside their limits.

        Unless ``datasets.prepares_fits`` is off, they go to the lowest minimum that
        ``datasets.n_starts`` starts lead to, and are scaled by their errors; there, free
        parameters that the data do not determine give a warning.
        """
        if self._datasets is not None:
            self._move_inside()
            check_parameters(self._datasets.models)
        super().autoscale()
        if self._datasets is not None:
            self._datasets.preparation = None
            if self._datasets.prepares_fits and self._datasets.is_least_squares:
                done = self._datasets.preparation = prepare_fit(self._datasets, self)
                self._datasets.models.minima = done and done.minima
            self._datasets.warn_of_degeneracies()

    def _move_inside(self):
        """Move free parameters that are outside their limits to these."""
        limits_follow_units(self._parameters)
        for label, par in zip(self.labels, self._parameters, strict=True):
            low, high = limits_of(par)
            if not par.frozen and np.isfinite(par.value) and low < high and is_outside(par):
                end = low if par.value < low else high
                text = "%s = %g is outside its limits %g to %g: the fit starts at %g"
                log.warning(text, label, par.value, low, high, end)
                par.value = end


class SampledParameters(LabelledParameters):
    """Free parameters for gammapy's `~gammapy.modeling.Sampler`, under their labels.

    It takes quantiles of the priors for values of the parameters, whatever the unit of the prior
    and the limits of the parameter: these come with priors that know both.
    """

    def __init__(self, parameters=None, labels=None):
        super().__init__(parameters, labels)
        self._sampled = [_SampledParameter(par) for par in self._parameters]

    @property
    def names(self):
        """Labels (list of str)."""
        return list(getattr(self, "labels", [par.name for par in self._parameters]))

    def __iter__(self):
        return iter(self._sampled)


class _SampledParameter:
    """A parameter with a prior of its own unit that ends at its limits."""

    def __init__(self, parameter):
        self.__dict__["_parameter"] = parameter
        self.__dict__["prior"] = None if parameter.prior is None else TruncatedPrior(parameter)

    def __getattr__(self, name):
        return getattr(self._parameter, name)

    def __setattr__(self, name, value):
        setattr(self._parameter, name, value)


def short_labels(models):
    """Labels of all parameters, with the model in front only where they repeat."""
    full = models.parameters_unique_names
    short = [label.split(".", 1)[1] for label in full]
    return [s if short.count(s) == 1 else f for s, f in zip(short, full, strict=True)]
