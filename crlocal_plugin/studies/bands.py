"""Uncertainty bands of what a model predicts, from a covariance or from samples."""

from dataclasses import dataclass
from functools import partial

import astropy.units as u
import numpy as np
from astropy.table import Table

from ..models.cloud import cloud_of
from .ensembles import LEVELS, make_ensemble

_COMPOSITION = ("mean_log_mass", "variance_log_mass", "fraction", "all_particle")


@dataclass(frozen=True, eq=False)
class Band:
    """Uncertainty band of a prediction.

    Attributes
    ----------
    best, median : `~astropy.units.Quantity` or `~numpy.ndarray`
        At the values of the model, and median, shape ``(...)``; equal in a linear propagation.
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
        """Lower and upper end of the interval of one level, each of shape ``(...)``.

        Parameters
        ----------
        level : float, optional
            One of ``levels``.
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
        columns = {} if self.x is None else {"x": self.x}
        columns |= {"best": self.best, "median": self.median}
        for level, lower, upper in zip(self.levels, self.lower, self.upper, strict=True):
            percent = f"{100 * level:g}"
            columns |= {f"lower_{percent}": lower, f"upper_{percent}": upper}
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
        the intervals are continuous around the median. Where an interval reaches over half of the
        circle or more, the phase is not determined, and the interval is the whole circle.
    vector : Band
        ICRS Cartesian components, shape ``(..., 3)``, each with intervals of its own.
    """

    energy: u.Quantity
    amplitude: Band
    phase: Band
    vector: Band


def intensity_band(model, x, species="H", component=None, axis=None, **options):
    """Intensity near Earth with its uncertainty.

    Parameters
    ----------
    model : CosmicRayModel
        Model, after a fit unless ``samples`` or ``covariance`` are given. Nothing in it changes.
    x : `~astropy.units.Quantity`
        Rigidity, or energy if ``axis`` says which.
    species, component, axis : str, optional
        As for `CosmicRayModel.intensity`.
    **options : dict
        ``levels``, ``samples``, ``covariance``, ``n_samples``, ``method`` and ``random_state`` of
        `propagate`, and its errors.

    Returns
    -------
    Band
        Intensity per unit of the axis.
    """
    evaluate = partial(model.intensity, x, species, component, axis)
    return evaluated_band(model, evaluate, u.Quantity(x), **options)


def dipole_band(model, energy, component=None, species=None, **options):
    """Dipole anisotropy near Earth with its uncertainty.

    Parameters
    ----------
    model, **options
        As for `intensity_band`.
    energy : `~astropy.units.Quantity`
        Total energy per particle.
    component, species : str, optional
        As for `CosmicRayModel.dipole`.

    Returns
    -------
    DipoleBand
        With ``amplitude``, ``phase`` and ``vector``.
    """
    ensemble, energy = make_ensemble(model, **options), u.Quantity(energy)
    dipole = partial(model.dipole, energy, component, species)
    vectors = ensemble.evaluate(lambda values: dipole(values).vector)
    flat = [vector[..., 0] + 1j * vector[..., 1] for vector in vectors]
    amplitude = _band(ensemble, *(u.Quantity(np.abs(number)) for number in flat), energy)
    phase = _phase_band(ensemble, *flat, energy)
    return DipoleBand(energy, amplitude, phase, _band(ensemble, *vectors))


def cloud_band(model, **options):
    """Angle and speed of the Local Interstellar Cloud with their uncertainties.

    Parameters
    ----------
    model : CosmicRayModel
        Model, after a fit unless ``samples`` or ``covariance`` are given. Nothing in it changes.
    **options : dict
        As for `intensity_band`.

    Returns
    -------
    dict of str to Band
        ``theta``, the angle between u_LSR and the field, and ``speed``, the length of u_LSR.

    Raises
    ------
    ValueError
        If the model has no cloud.
    """
    if model.cloud is None:
        raise ValueError(f"model {model.name!r} has no cloud: none of its dipoles depends on one")

    def evaluate(name, values):
        value = getattr(cloud_of(model, values), name)
        # values of several sets have shape (m, 1)
        return value[..., 0] if value.ndim else value

    return {
        name: evaluated_band(model, partial(evaluate, name), **options)
        for name in ("theta", "speed")
    }


def composition_band(
    model, energy, quantity="mean_log_mass", species=None, component=None, **options
):
    """Composition near Earth with its uncertainty.

    Parameters
    ----------
    model, **options
        As for `intensity_band`.
    energy : `~astropy.units.Quantity`
        Total energy per particle.
    quantity : {"mean_log_mass", "variance_log_mass", "fraction", "all_particle"}, optional
        What the method of `CosmicRayModel` of this name gives.
    species : str or `~crlocal_plugin.Species`, optional
        Species of a fraction, or ``"light"``.
    component : str, optional
        Only one component; the sum by default.

    Returns
    -------
    Band
        The quantity.

    Raises
    ------
    ValueError
        If the quantity is not known, or a fraction comes without its species.
    """
    if quantity not in _COMPOSITION:
        raise ValueError(f"quantity: expected one of {', '.join(_COMPOSITION)}, got {quantity!r}")
    if quantity == "fraction" and species is None:
        raise ValueError("species: expected the one whose fraction you want, or 'light'")
    if quantity != "fraction" and species is not None:
        raise ValueError(f"species: only a fraction takes one, leave it out for {quantity}")
    arguments = (energy, component) if species is None else (energy, species, component)
    evaluate = partial(getattr(model, quantity), *arguments)
    return evaluated_band(model, evaluate, u.Quantity(energy), **options)


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
    """Propagate uncertainties to any quantity that depends on a model.

    The parameters of the model take one set of values after another, and their own at the end.
    `intensity_band`, `composition_band` and `dipole_band` evaluate all sets at once.

    Parameters
    ----------
    model : CosmicRayModel
        Model, after a fit unless ``samples`` or ``covariance`` are given.
    function : callable
        Takes the model and returns a number, an array or a Quantity, always of one shape.
    circular : bool, optional
        Whether the quantity is an angle, a Quantity: intervals are those of the phase of
        `DipoleBand`.
    levels : iterable of float, optional
        Probabilities of the intervals.
    samples : object or tuple, optional
        Samples of parameters: a converged posterior, or anything else with ``names`` and
        ``samples``, in its ``units`` if it has them; or a pair of names and an array of shape
        ``(m, n)`` in the units of the parameters. Names are labels such as ``"He.Q_0b"``;
        nuisances of experiments are ignored, and other parameters keep their values.
    covariance : `~gammapy.modeling.Covariance` or `~numpy.ndarray`, optional
        Covariance of the free parameters, in their order if it is an array; by default that of
        the model. A free parameter without an error, such as one at its limit, stays.
    n_samples : int, optional
        Draws from the covariance, 1000 by default; or how many of the samples to take, by default
        all.
    method : {"sampling", "linear"}, optional
        How to propagate a covariance: by draws from the Gaussian, which is cut off at the limits
        of the parameters, or with the derivatives of the quantity, which gives symmetric intervals
        that ignore limits.
    random_state : int or `~numpy.random.Generator`, optional
        Seed or source of random numbers.

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
    ensemble = make_ensemble(model, levels, samples, covariance, n_samples, method, random_state)
    best = u.Quantity(function(model))
    unit = u.deg if circular else best.unit
    values = ensemble.one_by_one(lambda: u.Quantity(function(model)).to_value(unit), best.shape)
    if circular:
        turns = (np.exp(1j * np.deg2rad(angle)) for angle in (best.to_value(unit), values))
        return _phase_band(ensemble, *turns)
    return _band(ensemble, best, values * unit)


def evaluated_band(model, function, x=None, **options):
    """Band of what a function of values, as from ``model.evaluator.values()``, gives at once."""
    ensemble = make_ensemble(model, **options)
    return _band(ensemble, *ensemble.evaluate(function), x)


def _band(ensemble, best, values, x=None):
    median, lower, upper = ensemble.intervals(best, values)
    return Band(best, median, ensemble.levels, lower, upper, x)


def _phase_band(ensemble, best, directions, x=None):
    """Band of an angle from complex numbers, zero where there is no direction."""
    best, directions = (z / np.where(z == 0, 1.0, np.abs(z)) for z in (best, directions))
    median, lower, upper = (end * u.deg for end in ensemble.phase_intervals(best, directions))
    best = np.angle(best, deg=True) % 360.0 * u.deg
    return Band(best, median, ensemble.levels, lower, upper, x)
