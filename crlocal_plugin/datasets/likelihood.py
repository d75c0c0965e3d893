"""Signed residuals, whose squares add up to -2 ln L, on plain NumPy arrays.

Every function broadcasts: predictions may carry leading axes of parameter sets.
"""

from typing import NamedTuple

import numpy as np
from gammapy.stats import FIT_STATISTICS_REGISTRY
from gammapy.stats.fit_statistics import FitStatistic
from scipy.special import log_ndtr
from scipy.stats import norm

__all__ = [
    "LIKELIHOODS",
    "CosmicRayFitStatistic",
    "DipoleData",
    "FluxData",
    "amplitude_phase_residuals",
    "both_sides",
    "concatenate",
    "limit_residual",
    "limit_sigma",
    "measurement_residual",
    "vector_residuals",
]


def measurement_residual(model, value, errn, errp):
    """Residual of a measurement with asymmetric Gaussian errors.

    Parameters
    ----------
    model, value : array_like
        Prediction and measured value.
    errn, errp : array_like
        Lower and upper error; the upper one counts where the model lies above the value.

    Returns
    -------
    `~numpy.ndarray`
        (model - value) / error.
    """
    difference = model - value
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
    cos, sin = np.cos(phase), np.sin(phase)
    radial = measurement_residual(x * cos + y * sin, amplitude, errn, errp)
    return radial, (y * cos - x * sin) / tangential


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


class FluxData(NamedTuple):
    """Arrays of measured intensities, shape ``(n,)`` each.

    Attributes
    ----------
    value : `~numpy.ndarray`
        Intensity, or upper limit.
    errn, errp : `~numpy.ndarray`
        Lower and upper error, width of a limit.
    is_ul : `~numpy.ndarray` of bool
        Which values are limits.
    """

    value: np.ndarray
    errn: np.ndarray
    errp: np.ndarray
    is_ul: np.ndarray

    def residuals(self, intensity):
        """Residuals of predicted intensities of shape ``(..., n)``, of that shape."""
        result = measurement_residual(intensity, self.value, self.errn, self.errp)
        k = self.is_ul
        if k.any():
            result[..., k] = limit_residual(intensity[..., k], self.value[k], self.errp[k])
        return result


class DipoleData(NamedTuple):
    """Arrays of measured dipoles, shape ``(n,)`` each.

    Attributes
    ----------
    amplitude, phase : `~numpy.ndarray`
        Amplitude, and right ascension in rad; nan for bare limits.
    errn, errp : `~numpy.ndarray`
        Lower and upper error of the amplitude.
    tangential : `~numpy.ndarray`
        Error across the measured direction.
    phase_err : `~numpy.ndarray`
        Error of the phase in rad.
    limit, limit_sigma : `~numpy.ndarray`
        Upper limit of the amplitude, and its width.
    is_ul : `~numpy.ndarray` of bool
        Which rows are nothing but a limit.
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

    def residuals(self, vector, likelihood):
        """Residuals of predicted vectors.

        Parameters
        ----------
        vector : `~numpy.ndarray`
            Predicted dipoles, shape ``(..., n, 3)``.
        likelihood : {"vector", "amplitude_phase"}
            What is compared.

        Returns
        -------
        `~numpy.ndarray`
            Residuals, shape ``(..., n, 2)``.
        """
        x, y = vector[..., 0], vector[..., 1]
        if likelihood == "vector":
            compare, across = vector_residuals, self.tangential
        else:
            compare, across = amplitude_phase_residuals, self.phase_err
        pair = compare(x, y, self.amplitude, self.phase, self.errn, self.errp, across)
        result = np.stack(pair, axis=-1)
        k = self.is_ul
        if k.any():
            amplitude = np.hypot(x[..., k], y[..., k])
            result[..., k, 0] = limit_residual(amplitude, self.limit[k], self.limit_sigma[k])
            result[..., k, 1] = 0.0
        return result


LIKELIHOODS = ("vector", "amplitude_phase")
"""What a dipole likelihood can compare."""


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
    return type(data[0])(*(np.concatenate(arrays) for arrays in zip(*data, strict=True)))


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
