"""Signed residuals, whose squares add up to -2 ln L, on plain NumPy arrays.

Every function broadcasts: predictions may carry leading axes of parameter sets.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from gammapy.stats import FIT_STATISTICS_REGISTRY
from gammapy.stats.fit_statistics import FitStatistic
from scipy.special import log_ndtr, ndtr, ndtri
from scipy.stats import norm


def measurement_residual(model, value, errn, errp):
    """Residual of a measurement with asymmetric Gaussian errors.

    Parameters
    ----------
    model, value : array_like
        Prediction and measured value.
    errn, errp : array_like
        Lower and upper error, one object if they are the same; the upper one counts where the
        model lies above the value.

    Returns
    -------
    `~numpy.ndarray`
        (model - value) / error.
    """
    difference = model - value
    if errn is errp:
        return difference / errn
    return difference / np.where(difference > 0, errp, errn)


def both_sides(errn, errp):
    """Lower and upper errors where zero stands for "not given", so that the other side serves.

    Parameters
    ----------
    errn, errp : array_like
        Lower and upper error.

    Returns
    -------
    errn, errp : `~numpy.ndarray`
        The errors, zero only where both sides are.
    """
    errn, errp = np.asarray(errn, dtype=float), np.asarray(errp, dtype=float)
    return np.where(errn > 0, errn, errp), np.where(errp > 0, errp, errn)


def total_errors(table, column, floor, systematics=True):
    """Quadratic sum of statistical error, systematic error and floor.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Table with the four error columns of a spectrum.
    column : str
        What the errors are of, such as "intensity".
    floor : array_like
        Floor in the unit of the column.
    systematics : bool, optional
        Count the systematic errors.

    Returns
    -------
    errn, errp : `~numpy.ndarray`
        Lower and upper errors, see `both_sides`.
    """
    stat, syst = (
        both_sides(table[f"{column}_{kind}_errn"], table[f"{column}_{kind}_errp"])
        for kind in ("stat", "syst")
    )
    scale = 1.0 if systematics else 0.0
    return tuple(
        np.sqrt(s**2 + (scale * t) ** 2 + floor**2) for s, t in zip(stat, syst, strict=True)
    )


def limit_residual(model, limit, sigma):
    """Residual of a one-sided upper limit.

    Parameters
    ----------
    model, limit : array_like
        Prediction and limit.
    sigma : array_like
        Gaussian width of the limit.

    Returns
    -------
    `~numpy.ndarray`
        sqrt(-2 ln Phi((limit - model) / sigma)): near zero far below the limit, and the Gaussian
        distance from it far above, without an upper bound.
    """
    return np.sqrt(-2 * log_ndtr((limit - model) / sigma))


def limit_sigma(limit, confidence):
    """Gaussian width of an upper limit of which only the confidence level is known.

    Parameters
    ----------
    limit : array_like
        Limit.
    confidence : float
        Confidence level, between 0.5 and 1.

    Returns
    -------
    `~numpy.ndarray`
        Width of a Gaussian around zero that has the limit as its one-sided quantile.
    """
    return limit / norm.ppf(confidence)


def vector_residuals(x, y, amplitude, phase, errn, errp, tangential):
    """Residuals of a dipole as a vector in the equatorial plane.

    Parameters
    ----------
    x, y : array_like
        Predicted components along right ascension 0 and 90 deg.
    amplitude, phase : array_like
        Measured amplitude, and right ascension in rad.
    errn, errp : array_like
        Lower and upper error along the measured direction.
    tangential : array_like
        Error across it.

    Returns
    -------
    radial, tangential : `~numpy.ndarray`
        Residuals along and across the measured direction.
    """
    direction = np.cos(phase), np.sin(phase)
    return _along_and_across(x, y, amplitude, 0.0, *direction, errn, errp, tangential)


def _along_and_across(x, y, along, across, cos, sin, errn, errp, tangential):
    """Residuals of measured components along and across the direction of a cosine and a sine."""
    radial = measurement_residual(x * cos + y * sin, along, errn, errp)
    return radial, (y * cos - x * sin - across) / tangential


def amplitude_phase_residuals(x, y, amplitude, phase, errn, errp, phase_err):
    """Residuals of amplitude and phase of a dipole, each for itself.

    Parameters
    ----------
    x, y : array_like
        Predicted components along right ascension 0 and 90 deg.
    amplitude, phase : array_like
        Measured amplitude, and right ascension in rad.
    errn, errp : array_like
        Lower and upper error of the amplitude.
    phase_err : array_like
        Error of the phase in rad.

    Returns
    -------
    amplitude, phase : `~numpy.ndarray`
        Residuals; the difference of phases is taken the short way round.
    """
    turn = np.arctan2(y, x) - phase
    turn = (turn + np.pi) % (2 * np.pi) - np.pi
    return measurement_residual(np.hypot(x, y), amplitude, errn, errp), turn / phase_err


class _Columns:
    """What data classes of arrays of one length have in common."""

    def __iter__(self):
        return (getattr(self, field.name) for field in fields(self))

    def take(self, rows):
        """Some of the rows."""
        return type(self)(*(array[rows] for array in self))


def concatenate(data):
    """Join the arrays of several `FluxData` or `DipoleData`.

    Parameters
    ----------
    data : sequence of FluxData or DipoleData
        All of one kind.

    Returns
    -------
    FluxData or DipoleData
        The joined arrays.
    """
    arrays = zip(*data, strict=True)
    return type(data[0])(*map(np.concatenate, arrays))


@dataclass(frozen=True, eq=False)
class FluxData(_Columns):
    """Arrays of measured intensities, or values of <ln A>, shape ``(n,)`` each.

    Attributes
    ----------
    value : `~numpy.ndarray`
        Measured value, or upper limit.
    errn, errp : `~numpy.ndarray`
        Lower and upper error, width of a limit.
    is_ul : `~numpy.ndarray` of bool
        Which values are limits.
    """

    value: np.ndarray
    errn: np.ndarray
    errp: np.ndarray
    is_ul: np.ndarray

    def __post_init__(self):
        _unite_errors(self)
        object.__setattr__(self, "_has_limits", bool(self.is_ul.any()))

    def residuals(self, intensity):
        """Residuals of predicted values of shape ``(..., n)``, of that shape."""
        result = measurement_residual(intensity, self.value, self.errn, self.errp)
        if self._has_limits:
            k = self.is_ul
            result[..., k] = limit_residual(intensity[..., k], self.value[k], self.errp[k])
        return result

    def fake(self, intensity, rng):
        """Measurements that a true value would give, with the same errors.

        Parameters
        ----------
        intensity : `~numpy.ndarray`
            True value, shape ``(n,)``.
        rng : `~numpy.random.Generator`
            Source of random numbers.

        Returns
        -------
        FluxData
            The truth has standard normal residuals; upper limits are left as they are.
        """
        drawn = intensity - _scaled(rng.standard_normal(len(intensity)), self.errn, self.errp)
        return replace(self, value=np.where(self.is_ul, self.value, drawn))


@dataclass(frozen=True, eq=False)
class DipoleData(_Columns):
    """Arrays of measured dipoles, shape ``(n,)`` each.

    Attributes
    ----------
    amplitude, phase : `~numpy.ndarray`
        Amplitude, and right ascension in rad; nan for bare limits.
    errn, errp : `~numpy.ndarray`
        Lower and upper error of the amplitude.
    tangential : `~numpy.ndarray`
        Error of the vector across the direction of ``axis``.
    phase_err : `~numpy.ndarray`
        Error of the phase in rad.
    limit, limit_sigma : `~numpy.ndarray`
        Upper limit of the amplitude, and its width.
    is_ul : `~numpy.ndarray` of bool
        Which rows are nothing but a limit.
    axis : `~numpy.ndarray`, optional
        Right ascension in rad to which the errors of the vector refer, those of the amplitude
        along it: the phase by default.
    """

    amplitude: np.ndarray
    phase: np.ndarray
    errn: np.ndarray
    errp: np.ndarray
    tangential: np.ndarray
    phase_err: np.ndarray
    limit: np.ndarray
    limit_sigma: np.ndarray
    is_ul: np.ndarray
    axis: np.ndarray | None = None

    def __post_init__(self):
        _unite_errors(self)
        axis = self.phase if self.axis is None else self.axis
        turn = self.phase - axis
        measured = self.amplitude * np.cos(turn), self.amplitude * np.sin(turn)
        object.__setattr__(self, "axis", axis)
        object.__setattr__(self, "_vector", (*measured, np.cos(axis), np.sin(axis)))
        object.__setattr__(self, "_has_limits", bool(self.is_ul.any()))

    def residuals(self, x, y, likelihood):
        """Residuals of predicted vectors.

        Parameters
        ----------
        x, y : `~numpy.ndarray`
            Predicted components along right ascension 0 and 90 deg, shape ``(..., n)``.
        likelihood : {"vector", "amplitude_phase"}
            What is compared.

        Returns
        -------
        along, across : `~numpy.ndarray`
            Residuals, of the shape of the prediction.
        """
        errors = self.errn, self.errp
        if likelihood == "vector":
            along, across = _along_and_across(x, y, *self._vector, *errors, self.tangential)
        else:
            along, across = amplitude_phase_residuals(
                x, y, self.amplitude, self.phase, *errors, self.phase_err
            )
        if self._has_limits:
            k = self.is_ul
            amplitude = np.hypot(x[..., k], y[..., k])
            along[..., k] = limit_residual(amplitude, self.limit[k], self.limit_sigma[k])
            across[..., k] = 0.0
        return along, across

    def fake(self, x, y, likelihood, rng):
        """Measurements that a true dipole would give, with the same errors.

        Parameters
        ----------
        x, y : `~numpy.ndarray`
            True components along right ascension 0 and 90 deg, shape ``(n,)``.
        likelihood : {"vector", "amplitude_phase"}
            What is compared. Vectors are shifted along and across the true direction, to which
            their errors refer from then on: attached to the drawn direction, they would be
            too small or too large for the shift wherever that is far from the true one.
            Amplitudes for themselves are drawn among those that are positive.
        rng : `~numpy.random.Generator`
            Source of random numbers.

        Returns
        -------
        DipoleData
            Drawn measurements; upper limits are left as they are.
        """
        true, direction = np.hypot(x, y), np.arctan2(y, x)
        along, across = rng.standard_normal((2, len(true)))
        if likelihood == "vector":
            along = true - _scaled(along, self.errn, self.errp)
            across = -across * self.tangential
            amplitude = np.hypot(along, across)
            phase = direction + np.arctan2(across, along)
            axis = np.where(self.is_ul, self.axis, direction)
        else:
            along = ndtri(ndtr(along) * ndtr(true / self.errp))
            amplitude = true - _scaled(along, self.errn, self.errp)
            phase = direction - across * self.phase_err
            axis = None
        keep = self.is_ul
        return replace(
            self,
            amplitude=np.where(keep, self.amplitude, amplitude),
            phase=np.where(keep, self.phase, phase % (2 * np.pi)),
            axis=axis,
        )


def _unite_errors(data):
    """Make lower and upper errors one object where they are equal, which is faster."""
    if np.array_equal(data.errn, data.errp, equal_nan=True):
        object.__setattr__(data, "errn", data.errp)


def _scaled(residual, errn, errp):
    """Residual times the error that counts on its side, see `measurement_residual`."""
    return residual * np.where(residual > 0, errp, errn)


LIKELIHOODS = ("vector", "amplitude_phase")
"""What a dipole likelihood can compare."""


class CosmicRayFitStatistic(FitStatistic):
    """-2 ln L of the datasets of this package, with a constant left out."""

    @classmethod
    def stat_array_dataset(cls, dataset):
        """Statistic per data point, whatever the mask.

        Parameters
        ----------
        dataset : CosmicRayDataset
            Dataset with models.

        Returns
        -------
        `~numpy.ndarray`
            Array of the shape of the data.
        """
        residuals = dataset.signed_residuals()
        return np.sum(residuals * residuals, axis=-1)


FIT_STATISTICS_REGISTRY["cosmic-ray"] = CosmicRayFitStatistic
