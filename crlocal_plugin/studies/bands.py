"""Uncertainty bands of what a model predicts, from a covariance or from samples.

A parameter that species or components share is one Parameter of a CosmicRayModel and moves all
that depend on it together, with the correlations that the fit found.
"""

from dataclasses import dataclass

import astropy.units as u
import numpy as np
from astropy.table import Table

from .ensembles import make_ensemble

LEVELS = (0.6827, 0.9545)
"""Probabilities of one and two standard deviations of a Gaussian."""

_COMPOSITION = ("mean_log_mass", "variance_log_mass", "fraction", "all_particle")

_CHUNK = 100_000
"""Numbers that are evaluated at once, however many samples there are."""


@dataclass(frozen=True, eq=False)
class Band:
    """A quantity with its uncertainty.

    Attributes
    ----------
    best : `~astropy.units.Quantity` or `~numpy.ndarray`
        At the values of the model, shape ``(...)``.
    median : `~astropy.units.Quantity` or `~numpy.ndarray`
        Median, of that shape; equal to ``best`` in a linear propagation.
    levels : tuple of float
        Probabilities of the k intervals.
    lower, upper : `~astropy.units.Quantity` or `~numpy.ndarray`
        Ends of the intervals, shape ``(k, ...)``.
    x : `~astropy.units.Quantity` or None
        Rigidity or energy.
    """

    best: u.Quantity
    median: u.Quantity
    levels: tuple
    lower: u.Quantity
    upper: u.Quantity
    x: u.Quantity | None = None

    def interval(self, level=LEVELS[0]):
        """Ends of the interval of one level.

        Parameters
        ----------
        level : float, optional
            One of ``levels``.

        Returns
        -------
        lower, upper : `~astropy.units.Quantity` or `~numpy.ndarray`
            Ends, shape ``(...)``.

        Raises
        ------
        ValueError
            If the band has no interval of this level.
        """
        (found,) = np.nonzero(np.isclose(self.levels, level, rtol=0, atol=1e-9))
        if not found.size:
            raise ValueError(
                f"the band has the levels {', '.join(map(str, self.levels))}: make it with "
                f"levels=({level:g},)"
            )
        return self.lower[found[0]], self.upper[found[0]]

    def to_table(self):
        """Convert to a table (`~astropy.table.Table`): x, best, median, ends of the intervals."""
        columns = {"best": self.best, "median": self.median}
        for level, lower, upper in zip(self.levels, self.lower, self.upper, strict=True):
            columns[f"lower_{100 * level:g}"] = lower
            columns[f"upper_{100 * level:g}"] = upper
        if self.x is not None:
            columns = {"x": self.x, **columns}
        table = Table({name: np.atleast_1d(values) for name, values in columns.items()})
        for name in table.colnames:
            table[name].info.format = ".5g"
        return table


@dataclass(frozen=True, eq=False)
class DipoleBand:
    """Dipole anisotropy with its uncertainty.

    Attributes
    ----------
    energy : `~astropy.units.Quantity`
        Total energy per particle, shape ``(...)``.
    amplitude : Band
        Amplitude of the projection on the equator.
    phase : Band
        Right ascension of the excess in deg. Median and best are between 0 and 360; the ends of
        the intervals are continuous around the median and so may be below 0 or above 360. Where
        an interval reaches over half of the circle or more, the phase is not determined at its
        level, and the interval is the whole circle.
    vector : Band
        ICRS Cartesian components, shape ``(..., 3)``, each with intervals of its own.
    """

    energy: u.Quantity
    amplitude: Band
    phase: Band
    vector: Band


def intensity_band(
    model,
    x,
    species="H",
    component=None,
    axis=None,
    *,
    levels=LEVELS,
    samples=None,
    covariance=None,
    n_samples=None,
    method="sampling",
    random_state=0,
):
    """Intensity near Earth with its uncertainty.

    Parameters
    ----------
    model : CosmicRayModel
        Model, after a fit unless ``samples`` or ``covariance`` are given. Nothing in it changes.
    x : `~astropy.units.Quantity`
        Rigidity, or energy if ``axis`` says which.
    species, component, axis : str, optional
        As for `CosmicRayModel.intensity`.
    levels : iterable of float, optional
        Probabilities of the intervals.
    samples : object or tuple, optional
        Samples of parameters: a posterior, which is refused if it has not converged, or anything
        else with ``names`` and ``samples``; or a pair of names and an array of shape ``(m, n)``
        in the units of the parameters. Names are those of the parameters, such as ``"V_sun"`` or
        ``"He.Q_0b"``; nuisances of experiments are passed over. Parameters that are not named
        stay at their values.
    covariance : `~gammapy.modeling.Covariance` or `~numpy.ndarray`, optional
        Covariance of the free parameters, in their order if it is an array; by default that of
        the model. A free parameter without an error, such as one at its limit, stays.
    n_samples : int, optional
        Draws from the covariance, 1000 by default; or how many of the samples to take, all by
        default.
    method : {"sampling", "linear"}, optional
        How to propagate a covariance: by draws from the Gaussian, of which those outside the
        limits of the parameters are drawn again (the Gaussian is cut off there), or with the
        derivatives of the quantity, which gives symmetric intervals that know no limits.
    random_state : int or `~numpy.random.Generator`, optional
        Seed or source of random numbers.

    Returns
    -------
    Band
        Intensity per unit of the axis.

    Raises
    ------
    ValueError
        If the model has no errors, or samples or covariance do not fit to it.
    """
    levels = _checked(levels)
    ensemble = make_ensemble(model, samples, covariance, n_samples, method, random_state)
    best, values = evaluate_ensemble(
        model,
        ensemble,
        lambda values: model.evaluate_intensity(values, x, species, component, axis),
    )
    return _band(best, values, ensemble.intervals, levels, u.Quantity(x))


def dipole_band(
    model,
    energy,
    component=None,
    species=None,
    *,
    levels=LEVELS,
    samples=None,
    covariance=None,
    n_samples=None,
    method="sampling",
    random_state=0,
):
    """Dipole anisotropy near Earth with its uncertainty.

    Parameters
    ----------
    model : CosmicRayModel
        Model, after a fit unless ``samples`` or ``covariance`` are given. Nothing in it changes.
    energy : `~astropy.units.Quantity`
        Total energy per particle.
    component, species : str, optional
        As for `CosmicRayModel.dipole`.
    levels, samples, covariance, n_samples, method, random_state
        As for `intensity_band`.

    Returns
    -------
    DipoleBand
        With ``amplitude``, ``phase`` and ``vector``.

    Raises
    ------
    ValueError
        If the model has no errors, or samples or covariance do not fit to it.
    """
    levels, energy = _checked(levels), u.Quantity(energy)
    ensemble = make_ensemble(model, samples, covariance, n_samples, method, random_state)
    best, values = evaluate_ensemble(
        model, ensemble, lambda values: model.evaluate_excess(values, energy, component, species)
    )
    amplitude, direction = _amplitude_and_direction(best)
    amplitudes, directions = _amplitude_and_direction(values)
    return DipoleBand(
        energy,
        _band(u.Quantity(amplitude), u.Quantity(amplitudes), ensemble.intervals, levels, energy),
        _phase_band(direction, directions, ensemble, levels, energy),
        _band(best, values, ensemble.intervals, levels),
    )


def composition_band(
    model,
    energy,
    quantity="mean_log_mass",
    species=None,
    component=None,
    *,
    levels=LEVELS,
    samples=None,
    covariance=None,
    n_samples=None,
    method="sampling",
    random_state=0,
):
    """Composition near Earth with its uncertainty.

    Parameters
    ----------
    model : CosmicRayModel
        Model, after a fit unless ``samples`` or ``covariance`` are given. Nothing in it changes.
    energy : `~astropy.units.Quantity`
        Total energy per particle.
    quantity : {"mean_log_mass", "variance_log_mass", "fraction", "all_particle"}, optional
        What the method of `CosmicRayModel` of this name gives.
    species : str or `~crlocal_plugin.Species`, optional
        Species of a fraction, or ``"light"``.
    component : str, optional
        Only one component; the sum by default.
    levels, samples, covariance, n_samples, method, random_state
        As for `intensity_band`.

    Returns
    -------
    Band
        The quantity.

    Raises
    ------
    ValueError
        If the quantity is not known, a fraction comes without its species, the model has no
        errors, or samples or covariance do not fit to it.
    """
    if quantity not in _COMPOSITION:
        raise ValueError(f"quantity: expected one of {', '.join(_COMPOSITION)}, got {quantity!r}")
    if quantity == "fraction" and species is None:
        raise ValueError("species: name the one whose fraction is meant, or 'light'")
    if quantity != "fraction" and species is not None:
        raise ValueError(f"species: only a fraction is that of one, leave it out for {quantity}")
    arguments = (energy, component) if species is None else (energy, species, component)
    evaluate = getattr(model, f"evaluate_{quantity}")
    levels = _checked(levels)
    ensemble = make_ensemble(model, samples, covariance, n_samples, method, random_state)
    best, values = evaluate_ensemble(model, ensemble, lambda values: evaluate(values, *arguments))
    return _band(best, values, ensemble.intervals, levels, u.Quantity(energy))


def propagate(
    model,
    function,
    *,
    circular=False,
    levels=LEVELS,
    samples=None,
    covariance=None,
    n_samples=None,
    method="sampling",
    random_state=0,
):
    """Any quantity that depends on a model, with its uncertainty.

    The parameters of the model take one set of values after another, and theirs again at the end,
    also after an error. `intensity_band`, `composition_band` and `dipole_band` evaluate all sets
    at once and are faster for what they do.

    Parameters
    ----------
    model : CosmicRayModel
        Model.
    function : callable
        Takes the model and returns a number, an array or a Quantity, always of one shape.
    circular : bool, optional
        Whether the quantity is an angle, to be returned as a Quantity: intervals are those
        described for the phase of `DipoleBand`.
    levels, samples, covariance, n_samples, method, random_state
        As for `intensity_band`.

    Returns
    -------
    Band
        The quantity.

    Raises
    ------
    ValueError
        If the model has no errors, samples or covariance do not fit to it, or the function
        returns something that is not finite.

    Examples
    --------
    ``propagate(model, lambda m: m.R_cut.quantity * 26)`` is the cut-off energy of iron.
    """
    levels = _checked(levels)
    ensemble = make_ensemble(model, samples, covariance, n_samples, method, random_state)
    best = u.Quantity(function(model))
    unit = u.deg if circular else best.unit
    values = _one_by_one(
        model, ensemble, lambda: u.Quantity(function(model)).to_value(unit), best.shape
    )
    best = best.to_value(unit)
    if circular:
        turn = np.exp(1j * np.deg2rad(values))
        return _phase_band(np.exp(1j * np.deg2rad(best)), turn, ensemble, levels)
    return _band(u.Quantity(best, unit), values * unit, ensemble.intervals, levels)


def _checked(levels):
    levels = tuple(float(level) for level in np.ravel(levels))
    if not levels or not all(0 < level < 1 for level in levels):
        raise ValueError(f"levels: expected probabilities between 0 and 1, got {levels}")
    return levels


def evaluate_ensemble(model, ensemble, function):
    """Quantity at the values of a CosmicRayModel, and at the rows of an ensemble.

    Parameters
    ----------
    model : CosmicRayModel
        Model.
    ensemble : SampledEnsemble or LinearEnsemble
        Parameter sets.
    function : callable
        Takes values as from ``model.evaluator.values()``.

    Returns
    -------
    best, values : `~astropy.units.Quantity` or `~numpy.ndarray`
        Shapes ``(...)`` and ``(m, ...)``.
    """
    evaluator = model.evaluator
    best = function(evaluator.values())
    if evaluator.foreign.intersection(ensemble.parameters):
        # models of other packages read their Parameters themselves
        values = _one_by_one(model, ensemble, lambda: function(evaluator.values()), best.shape)
        return best, values
    places = {par: place for place, par in enumerate(evaluator.parameters)}
    blocks, values = [], evaluator.values()
    size = max(1, _CHUNK // max(best.size, 1))
    for start in range(0, len(ensemble.rows), size):
        rows = ensemble.rows[start : start + size]
        for par, column in zip(ensemble.parameters, rows.T, strict=True):
            values[places[par]] = column[:, np.newaxis] * evaluator.factors[places[par]]
        # a quantity on which no varied parameter has an influence comes once
        blocks.append(np.broadcast_to(function(values), (len(rows), *best.shape), subok=True))
    return best, np.concatenate(blocks)


def _one_by_one(model, ensemble, function, shape):
    """Quantity at the rows of an ensemble, with the Parameters set, shape ``(m, *shape)``."""
    with model.parameters.restore_status():
        results = []
        for row in ensemble.rows:
            for par, value in zip(ensemble.parameters, row, strict=True):
                par.value = value
            results.append(function())
    values = np.stack(results)
    if values.shape[1:] != shape or not np.isfinite(values).all():
        raise ValueError(
            "the quantity is not finite, or not always of one shape, for the parameters that the "
            "uncertainties allow"
        )
    return values


def _amplitude_and_direction(vector):
    """Amplitude on the equator, and direction as a complex unit number, zero if there is none."""
    flat = vector[..., 0] + 1j * vector[..., 1]
    amplitude = np.abs(flat)
    return amplitude, flat / np.where(amplitude > 0, amplitude, 1.0)


def _band(best, values, intervals, levels, x=None):
    median, lower, upper = intervals(best, values, levels)
    return Band(best, median, levels, lower, upper, x)


def _phase_band(best, directions, ensemble, levels, x=None):
    """Band of an angle from complex unit numbers."""
    median, lower, upper = ensemble.phase_intervals(best, directions, levels)
    best = np.angle(best, deg=True) % 360.0
    return Band(best * u.deg, median * u.deg, levels, lower * u.deg, upper * u.deg, x)
