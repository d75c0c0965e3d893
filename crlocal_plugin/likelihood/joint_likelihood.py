"""The joint likelihood as a function of the values of the free parameters."""

import copy

import astropy.units as u
import numpy as np
from gammapy.datasets import Datasets

from ..components.parameters import DEFINITIONS
from .descent import stays_positive
from .priors import PriorTerms
from .selection import check_parameters, limits_of

STEP = 1e-4
"""Step of the derivatives in natural scales."""


class JointLikelihood:
    """Statistic of datasets as a function of the values of their free parameters.

    A likelihood is a value: it keeps data, masks, settings, frozen values, links and priors as they
    are when it is made. Make another one after a change.
    Values are in the units of the parameters, in the order of ``names``; all functions take one
    set of them, shape ``(n,)``, or many, shape ``(m, n)``, and raise ValueError for other shapes.

    Parameters
    ----------
    datasets : CosmicRayDatasets
        Datasets with models.
    parameters : list of `~gammapy.modeling.Parameter`, optional
        Parameters that are varied; by default all that are free.

    Attributes
    ----------
    parameters : list of `~gammapy.modeling.Parameter`
        Parameters that are varied.
    size, names, units : int, list
        Their number, labels, such as ``"V_sun"`` or ``"He.Q_0b"``, and units.
    is_least_squares : bool
        Whether the statistic is the sum of squared `residuals`, up to a constant.
    bounds, values : `~numpy.ndarray`
        Their limits, infinite where open, shape ``(n, 2)``, and values then, shape ``(n,)``.
    is_position : `~numpy.ndarray` of bool
        Which are positions among hadronic models, where zero is a place like others, ``(n,)``.
    is_scatter : `~numpy.ndarray` of bool
        Which are scatters of dipoles, of which the statistic has no slope at zero, ``(n,)``.

    Raises
    ------
    ValueError
        If a dataset has no model, or the value, limits or prior of a parameter allow no fit.

    Examples
    --------
    ``likelihood(likelihood.values)`` is ``datasets.stat_sum()``, and ``likelihood(samples)`` has
    one value for each row.
    """

    def __init__(self, datasets, parameters=None):
        everything = datasets.parameters
        labels = dict(zip(everything, everything.labels, strict=True))
        if parameters is None:
            parameters = [par for par in everything if not par.frozen]
        check_parameters(datasets.models)
        self.parameters = list(parameters)
        self.names = [labels.get(par, par.name) for par in self.parameters]
        self.units = [par.unit for par in self.parameters]
        self.bounds = np.array([limits_of(par) for par in self.parameters]).reshape(-1, 2)
        self.values = np.array([par.value for par in self.parameters], dtype=float)
        names = np.array([par.name for par in self.parameters], dtype=str)
        self.is_position, self.is_scatter = names == "hadronic", names == "scatter"
        self.size = len(self.names)
        self._parts = datasets.likelihood_parts(self.parameters)
        self.is_least_squares = all(part.is_least_squares for part in self._parts)
        correlated = datasets.correlated_priors
        self._priors = PriorTerms(datasets.used_parameters(), self.parameters, correlated)
        self._spans = np.array([_span(par) for par in self.parameters])

    def __getstate__(self):
        # Parameters stay where they are
        return {**self.__dict__, "parameters": None}

    @property
    def correlated_priors(self):
        """Priors on several of the parameters (list of CorrelatedTerm)."""
        return self._priors.correlated

    # ----------------------------------------------------------------- evaluation

    def __call__(self, theta):
        """Statistic with priors, ``datasets.stat_sum()`` at values, shape ``()`` or ``(m,)``."""
        theta = self._checked(theta)
        return self._stat(theta) + self._prior_stat(theta)

    def log_likelihood(self, theta):
        """ln(likelihood) of the data alone up to a constant, shape ``()`` or ``(m,)``."""
        theta = self._checked(theta)
        return -0.5 * self._stat(theta)

    def log_prior(self, theta):
        """ln(prior) up to a constant, penalties included, shape ``()`` or ``(m,)``.

        It is minus infinity outside the limits. A parameter without a prior has a flat one.
        """
        theta = self._checked(theta)
        low, high = self.bounds.T
        inside = ((theta >= low) & (theta <= high)).all(axis=-1)
        result = np.where(inside, -0.5 * self._prior_stat(theta), -np.inf)
        return float(result) if theta.ndim == 1 else result

    def log_posterior(self, theta):
        """ln(posterior) up to a constant, shape ``()`` or ``(m,)``; -inf outside the limits."""
        rows = np.atleast_2d(self._checked(theta))
        result = self.log_prior(rows)
        allowed = np.isfinite(result)
        if allowed.any():
            result[allowed] += self.log_likelihood(rows[allowed])
        return float(result[0]) if np.ndim(theta) == 1 else result

    def residuals(self, theta):
        """Residuals of all points in the fit and of the priors, shape ``(k,)`` or ``(m, k)``.

        Their squares are the statistic, see `is_least_squares`.
        """
        theta = self._checked(theta)
        blocks = [part.residuals(theta) for part in self._parts]
        return np.concatenate([*blocks, self._priors.residuals(theta)], axis=-1)

    def data_residuals(self, theta):
        """Residuals of all points in the fit alone, shape ``(k,)`` or ``(m, k)``."""
        theta = self._checked(theta)
        return np.concatenate([part.residuals(theta) for part in self._parts], axis=-1)

    def chi2(self, theta):
        """chi2 of each dataset by its name, at values of shape ``(n,)`` (dict of str to float).

        What normalises a scatter, and priors, do not count.
        """
        theta, found = self._checked(theta), {}
        for part in self._parts:
            found |= part.chi2(theta)
        return found

    def jacobian(self, theta):
        """Derivatives of the residuals, by central differences, one-sided at a limit.

        Shape ``(k, n)`` or ``(m, k, n)``.
        """
        theta = self._checked(theta)
        step = STEP * self.scales_at(theta)
        low, high = self.bounds.T
        # not beyond a limit, unless the value itself is there
        below = np.where(theta - step < low, theta, theta - step)
        above = np.where(theta + step > high, theta, theta + step)
        moved = np.repeat(theta[..., np.newaxis, :], 2 * self.size, axis=-2)
        k = np.arange(self.size)
        moved[..., k, k], moved[..., self.size + k, k] = below, above
        residuals = self.residuals(moved.reshape(-1, self.size))
        residuals = residuals.reshape(*moved.shape[:-1], residuals.shape[-1])
        difference = residuals[..., self.size :, :] - residuals[..., : self.size, :]
        return np.swapaxes(difference / (above - below)[..., np.newaxis], -1, -2)

    def scales_at(self, theta):
        """Changes that would matter, in the shape of the values.

        That is the value of a positive quantity, else a tenth of its range; a quantity at zero has
        the optimiser's unit of it.
        """
        positive = stays_positive(self) & (theta > 0)
        return np.where(positive, theta, self._spans)

    def depends_on(self, theta):
        """Which parameters the residuals depend on, at values ``(n,)`` or far from there, ``(n,)``.

        A parameter of which they have no slope, as of a declination at zero, may still matter.
        """
        matters = np.linalg.norm(self.jacobian(theta), axis=0) > 0
        (still,) = np.nonzero(~matters)
        if still.size:
            matters[still] = self.elsewhere(theta, still)[1].any(axis=-1)
        return matters

    def elsewhere(self, theta, columns):
        """Values with one parameter a part of its natural scale or more away, up and down.

        Returns
        -------
        values, differ : `~numpy.ndarray`
            For each of the k columns eight sets, ``(k, 8, n)``, and whether residuals differ there.
        """
        parts = np.array([0.03, 0.1, 0.5, 0.99])
        moved = np.tile(np.asarray(theta, dtype=float), (len(columns), 8, 1))
        for values, k in zip(moved, columns, strict=True):
            values[:, k] += np.concatenate([-parts, parts]) * self.scales_at(theta)[k]
        moved = np.clip(moved, *self.bounds.T)
        residuals = self.residuals(moved.reshape(-1, self.size)).reshape(*moved.shape[:2], -1)
        change = np.abs(residuals - self.residuals(theta))
        # more than what rounding does
        return moved, (change > 1e-8 * (1 + np.abs(residuals))).any(axis=-1)

    def _checked(self, theta):
        theta = np.asarray(theta, dtype=float)
        if theta.ndim not in (1, 2) or theta.shape[-1] != self.size:
            raise ValueError(
                f"expected values of {', '.join(self.names)}, in an array of shape ({self.size},) "
                f"or (m, {self.size}), got shape {theta.shape}"
            )
        return theta

    def _prior_stat(self, theta):
        """Statistic of priors and penalties."""
        return self._priors.stat(theta) + sum(part.penalty(theta) for part in self._parts)

    def _stat(self, theta):
        """Statistic of the data."""
        total = sum(part.stat(theta) for part in self._parts)
        return float(total) if theta.ndim == 1 else total + np.zeros(len(theta))

    # ----------------------------------------------------------------- other likelihoods

    def assign(self, theta):
        """Set the parameters of the models to values of shape ``(n,)``."""
        for par, value in zip(self.parameters, theta, strict=True):
            par.value = value

    def fake(self, theta, random_state=None):
        """Likelihood of simulated data.

        Data points are drawn around the model with the errors that count in the fit, floors
        included, and keep these errors. A prior stands for a measurement by others, which is
        drawn too: around the value of its parameter with the width of the prior. Upper limits
        and priors that are not Gaussian stay as they are.

        Parameters
        ----------
        theta : array_like
            True values, shape ``(n,)``.
        random_state : int or `~numpy.random.Generator`, optional
            Seed or source of random numbers.

        Returns
        -------
        JointLikelihood

        Raises
        ------
        ValueError
            If some of the statistic is not known to this package: datasets of other packages,
            penalties of gammapy, free parameters of models of other packages.
        """
        theta = self._checked(theta)
        rng = np.random.default_rng(random_state)
        new = copy.copy(self)
        new._parts = [part.fake(theta, rng) for part in self._parts]
        new._priors = self._priors.fake(theta, rng)
        return new


def _span(par):
    """Natural scale of a parameter that is not positive: a tenth of its range.

    A quantity at zero has the optimiser's unit, which is one before a first fit: then that of the
    paper tells.
    """
    span = (par.max - par.min) / 10
    if np.isfinite(span):
        return span
    known = DEFINITIONS.get(par.name)
    if par.value == 0 and par.scale == 1 and known:
        return u.Unit(known.unit).to(par.unit, known.value) or 1.0
    return abs(par.value) or par.scale


def likelihood_of(datasets):
    """Likelihood of datasets, if it is not one already."""
    if not isinstance(datasets, Datasets):
        return datasets
    if not hasattr(datasets, "likelihood_parts"):
        raise TypeError(
            "expected CosmicRayDatasets, got gammapy's Datasets: make them with "
            "crl.CosmicRayDatasets([...])"
        )
    return JointLikelihood(datasets)
