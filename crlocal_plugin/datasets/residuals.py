"""Signed residuals, whose squares add up to -2 ln L, on plain NumPy arrays.

Every function broadcasts: predictions may carry leading axes of parameter sets.
"""

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
from gammapy.stats import FIT_STATISTICS_REGISTRY
from gammapy.stats.fit_statistics import FitStatistic
from scipy.special import log_ndtr, ndtr, ndtri

from .locked import lock_arrays

LIKELIHOODS = ("vector", "amplitude_phase", "student")
"""What a dipole likelihood can compare: the last has vectors with Student's t in place of Gauss."""

DEGREES = 4.0
"""Degrees of freedom of Student's t, by default: one number in 25 is beyond three errors."""


def measurement_residual(model, value, errn, errp):
    """(model - value) / error; the upper error counts where the model lies above the value.

    With symmetric errors, given as one object, it is faster.
    """
    difference = model - value
    if errn is errp:
        return difference / errn
    return difference / np.where(difference > 0, errp, errn)


def both_sides(errn, errp):
    """Lower and upper errors where zero stands for "not given", so that the other side serves."""
    errn, errp = np.asarray(errn, dtype=float), np.asarray(errp, dtype=float)
    return np.where(errn > 0, errn, errp), np.where(errp > 0, errp, errn)


def total_errors(table, column, floor, systematics=True):
    """Lower and upper quadratic sums of statistical error, systematic error and floor.

    ``column`` is what the errors are of, such as "intensity"; ``floor`` is in its unit.
    """
    stat, syst = (
        both_sides(table[f"{column}_{kind}_errn"], table[f"{column}_{kind}_errp"])
        for kind in ("stat", "syst")
    )
    shares = syst if systematics else (0.0, 0.0)
    return tuple(np.sqrt(s**2 + t**2 + floor**2) for s, t in zip(stat, shares, strict=True))


def limit_residual(model, limit, sigma):
    """Residual sqrt(-2 ln Phi((limit - model) / sigma)) of an upper limit of a Gaussian width.

    It is near zero far below the limit, and the Gaussian distance from it far above.
    """
    return np.sqrt(-2 * log_ndtr((limit - model) / sigma))


def limit_sigma(limit, confidence):
    """Width of a Gaussian around zero of which the limit is the one-sided quantile."""
    return limit / ndtri(confidence)


def widening_residual(errors, wide, spread2):
    """Root of 2 ln(sigma / sigma_0), where sigma is the mean of a lower and an upper error.

    That mean is what normalises. ``errors`` are without and ``wide`` with a spread in quadrature,
    shape ``(..., 2, n)``, and ``spread2`` is its square. It is exact for a small spread.
    """
    more, both = spread2 / (errors + wide), errors[..., 0, :] + errors[..., 1, :]
    return np.sqrt(2 * np.log1p((more[..., 0, :] + more[..., 1, :]) / both))


def student_residual(residual, degrees):
    """Residual of the same sign whose square is -2 ln(t(r) / t(0)) of Student's t.

    That is (n + 1) ln(1 + r^2 / n) for n degrees of freedom, without bound but slow.
    """
    return np.copysign(np.sqrt((degrees + 1) * np.log1p(residual * residual / degrees)), residual)


def _along_and_across(x, y, along, across, cos, sin, errn, errp, tangential):
    """Residuals of measured components along and across the direction of a cosine and a sine."""
    radial = measurement_residual(x * cos + y * sin, along, errn, errp)
    return radial, (y * cos - x * sin - across) / tangential


def amplitude_phase_residuals(x, y, amplitude, phase, errn, errp, phase_err):
    """Residuals of amplitude and phase (rad) of a dipole; phases differ by the short way round."""
    turn = np.arctan2(y, x) - phase
    turn = (turn + np.pi) % (2 * np.pi) - np.pi
    return measurement_residual(np.hypot(x, y), amplitude, errn, errp), turn / phase_err


class _Data:
    """What data classes have in common: fields that are arrays of one length are columns."""

    def __post_init__(self, **derived):
        """Lock the arrays, and keep what follows from them."""
        if np.array_equal(self.errn, self.errp, equal_nan=True):
            # one object is faster
            derived["errn"] = self.errp
        derived["has_limits"] = bool(self.is_ul.any())
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        lock_arrays(self.__dict__)

    def __setstate__(self, state):
        self.__dict__.update(state)
        lock_arrays(self.__dict__)

    def arrays(self):
        """Arrays by name (dict)."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in values if isinstance(value, np.ndarray)}

    def __iter__(self):
        return iter(self.arrays().values())

    def take(self, rows):
        """Some of the rows."""
        return replace(self, **{name: array[rows] for name, array in self.arrays().items()})


def concatenate(data):
    """Join a list of `FluxData` or of `DipoleData` that differ in their arrays alone."""
    if len(data) == 1:
        return data[0]
    columns = {name: [getattr(part, name) for part in data] for name in data[0].arrays()}
    return replace(data[0], **{name: np.concatenate(parts) for name, parts in columns.items()})


@dataclass(frozen=True, eq=False)
class FluxData(_Data):
    """Arrays of measured values, such as intensities or <ln A>, shape ``(n,)`` each."""

    value: np.ndarray  # or upper limit
    errn: np.ndarray  # lower error
    errp: np.ndarray  # upper error, width of a limit
    is_ul: np.ndarray  # which values are limits

    def residuals(self, prediction):
        """Residuals of predicted values of shape ``(..., n)``, of that shape."""
        result = measurement_residual(prediction, self.value, self.errn, self.errp)
        if self.has_limits:
            k = self.is_ul
            result[..., k] = limit_residual(prediction[..., k], self.value[k], self.errp[k])
        return result

    def fake(self, prediction, rng):
        """Measurements with these errors, of which the truth has normal residuals; limits stay."""
        drawn = prediction - _scaled(rng.standard_normal(len(prediction)), self.errn, self.errp)
        return replace(self, value=np.where(self.is_ul, self.value, drawn))


class _Errors(NamedTuple):
    """Errors under the names of `DipoleData`, the second that of the number compared second."""

    errn: np.ndarray
    errp: np.ndarray
    second: np.ndarray
    limit_sigma: np.ndarray


@dataclass(frozen=True, eq=False)
class DipoleData(_Data):
    """Arrays of measured dipoles, shape ``(n,)`` each, and what is compared.

    Phases are right ascensions in rad; amplitude and phase of bare limits are nan. Errors of the
    vector refer to the direction of ``axis``, by default that of the phase: those of the amplitude
    along it, ``tangential`` across.
    """

    amplitude: np.ndarray
    phase: np.ndarray
    errn: np.ndarray  # lower and upper error of the amplitude
    errp: np.ndarray
    tangential: np.ndarray
    phase_err: np.ndarray
    limit: np.ndarray  # of the amplitude
    limit_sigma: np.ndarray
    is_ul: np.ndarray  # which rows are nothing but a limit
    axis: np.ndarray | None = None
    likelihood: str = "vector"  # what is compared, one of LIKELIHOODS
    degrees: float = DEGREES  # of freedom, of Student's t

    def __post_init__(self):
        axis = self.phase if self.axis is None else self.axis
        turn = self.phase - axis
        measured = self.amplitude * np.cos(turn), self.amplitude * np.sin(turn)
        second = self.tangential if self.compares_vectors else self.phase_err
        pairs = np.stack([self.errn, self.errp, second, second]).reshape(2, 2, -1)
        vector = *measured, np.cos(axis), np.sin(axis)
        super().__post_init__(
            axis=axis, second=second, vector=vector, _pairs=pairs, _variances=pairs**2
        )

    def residuals(self, prediction):
        """Residuals of two predicted components, along right ascension 0 and 90 deg, ``(..., n)``.

        Those along and then across the measured direction, or of amplitude and then of phase, shape
        ``(..., 2 n)``. Of a limit, the second one is zero.
        """
        return self._compared(prediction, self)

    @property
    def compares_vectors(self):
        """Whether vectors are compared, not amplitude and phase (bool)."""
        return self.likelihood != "amplitude_phase"

    def _compared(self, prediction, errors):
        """Residuals with these errors."""
        x, y = prediction
        sides = errors.errn, errors.errp
        if self.compares_vectors:
            first, second = _along_and_across(x, y, *self.vector, *sides, errors.second)
            if self.likelihood == "student":
                first, second = (student_residual(r, self.degrees) for r in (first, second))
        else:
            measured = self.amplitude, self.phase, *sides, errors.second
            first, second = amplitude_phase_residuals(x, y, *measured)
        if self.has_limits:
            k = self.is_ul
            amplitude = np.hypot(x[..., k], y[..., k])
            first[..., k] = limit_residual(amplitude, self.limit[k], errors.limit_sigma[..., k])
            second[..., k] = 0.0
        return np.concatenate([first, second], axis=-1)

    def scattered_residuals(self, prediction, scatter):
        """`residuals` with a scatter, and as many whose squares normalise: `widening_residual`.

        The scatter is a number, or of a shape that broadcasts to ``(..., n)``.
        """
        wide, spread2 = self._wider_pairs(prediction, scatter)
        residuals = self._compared(prediction, self._errors(wide, spread2))
        widening = widening_residual(self._pairs, wide, spread2)
        if self.has_limits:
            # of a limit, the statistic is the logarithm of a probability
            widening[..., self.is_ul] = 0.0
        return np.concatenate([residuals, widening.reshape(residuals.shape)], axis=-1)

    def _wider_pairs(self, prediction, scatter):
        """Lower and upper errors of both numbers, with a scatter in them, and its square.

        Shapes are ``(..., 2, 2, n)`` and one that broadcasts to it. The scatter is a fraction of
        the predicted amplitude, and an angle of the phase.
        """
        x, y = prediction
        share2 = scatter * scatter
        spread2 = share2 * (x * x + y * y)
        if not self.compares_vectors:
            spread2 = np.stack(np.broadcast_arrays(spread2, share2), axis=-2)[..., np.newaxis, :]
        else:
            spread2 = spread2[..., np.newaxis, np.newaxis, :]
        return np.sqrt(self._variances + spread2), spread2

    def _errors(self, wide, spread2):
        """Errors from those in pairs."""
        errp, second = wide[..., 0, 1, :], wide[..., 1, 0, :]
        errn = errp if self.errn is self.errp else wide[..., 0, 0, :]
        sigma = self.limit_sigma
        if self.has_limits:
            sigma = np.sqrt(sigma * sigma + spread2[..., 0, 0, :])
        return _Errors(errn, errp, second, sigma)

    def fake(self, prediction, rng, scatter=None):
        """Measurements with the same errors that a true dipole would give; limits stay.

        Vectors are shifted along and across the true direction, to which their errors refer from
        then on: attached to the drawn direction, they would be too small or too large for the
        shift wherever that is far from the true one. Amplitudes for themselves are drawn among
        those that are positive. A scatter widens what is drawn, and not the errors.
        """
        errors = self
        if scatter is not None:
            errors = self._errors(*self._wider_pairs(prediction, scatter))
        x, y = prediction
        true, direction = np.hypot(x, y), np.arctan2(y, x)
        size = 2, len(true)
        is_student = self.likelihood == "student"
        drawn = rng.standard_t(self.degrees, size) if is_student else rng.standard_normal(size)
        along, across = drawn
        if self.compares_vectors:
            along = true - _scaled(along, errors.errn, errors.errp)
            across = -across * errors.second
            amplitude = np.hypot(along, across)
            phase = direction + np.arctan2(across, along)
            axis = np.where(self.is_ul, self.axis, direction)
        else:
            along = ndtri(ndtr(along) * ndtr(true / errors.errp))
            amplitude = true - _scaled(along, errors.errn, errors.errp)
            phase = direction - across * errors.second
            axis = None
        amplitude = np.where(self.is_ul, self.amplitude, amplitude)
        phase = np.where(self.is_ul, self.phase, phase % (2 * np.pi))
        return replace(self, amplitude=amplitude, phase=phase, axis=axis)


def _scaled(residual, errn, errp):
    """Residual times the error that counts on its side, see `measurement_residual`."""
    return residual * np.where(residual > 0, errp, errn)


class CosmicRayFitStatistic(FitStatistic):
    """-2 ln L of the datasets of this package, with a constant left out."""

    @classmethod
    def stat_array_dataset(cls, dataset):
        """Statistic per data point, whatever the mask."""
        residuals = dataset.signed_residuals()
        return np.sum(residuals * residuals, axis=-1)


FIT_STATISTICS_REGISTRY["cosmic-ray"] = CosmicRayFitStatistic
