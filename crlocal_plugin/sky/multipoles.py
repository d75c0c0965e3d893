"""What offsets of declination bands and higher multipoles can explain of a map, and what not.

An experiment on the ground normalises each declination to itself: a map lacks what does not depend
on right ascension, the parts m = 0 of all multipoles, and any offset of a band is without meaning
(Ahlers et al. 2016, ApJ 823, 10; Abeysekara et al. 2019, ApJ 871, 96).
"""

import math

import numpy as np
from scipy.special import lpmv

_NODES = 24
"""Declinations at which a mean over a band is taken."""

_NULL = 1e-9
"""Part of a multipole that rounding leaves of one that offsets and others explain."""

DIPOLE_NORM = math.sqrt(4 * math.pi / 3)
"""Factor that makes harmonics of degree 1 the components of a direction on the equator."""


def declination_bands(dec):
    """Different bands, shape ``(2, k)``, and which of them each cell is in, shape ``(n,)``.

    ``dec`` are lower and upper ends in rad, shape ``(2, n)``, equal for a point.
    """
    found = np.unique(np.round(dec, 9), axis=1, return_index=True, return_inverse=True)
    return dec[:, found[1]], found[2].ravel()


def harmonics(degree, ra, dec):
    r"""Real spherical harmonics of a degree with m > 0, averaged over cells of the sky.

    .. math::
        Y_{\ell m} = \sqrt{\frac{2\ell + 1}{2\pi} \frac{(\ell - m)!}{(\ell + m)!}}
        P_\ell^m(\sin\delta)\, \{\cos m\alpha, \sin m\alpha\}

    without the sign of Condon and Shortley; their squares integrate to one over the sky.

    Parameters
    ----------
    degree : int
        Degree, 1 for the dipole.
    ra, dec : `~numpy.ndarray`
        Lower and upper ends in rad, shape ``(2, n)``, equal for a point.

    Returns
    -------
    `~numpy.ndarray`, shape ``(n, 2 degree)``
        Cosine and sine of m = 1, then of m = 2, ...
    """
    bands, where = declination_bands(dec)
    place, share = np.polynomial.legendre.leggauss(_NODES)
    nodes = bands.mean(axis=0)[:, np.newaxis] + np.diff(bands, axis=0).T / 2 * place
    share = share * np.cos(nodes)
    share /= share.sum(axis=1, keepdims=True)
    centre, width = ra.mean(axis=0), ra[1] - ra[0]
    columns = []
    for m in range(1, degree + 1):
        factorials = math.factorial(degree - m) / math.factorial(degree + m)
        norm = (-1) ** m * math.sqrt((2 * degree + 1) / (2 * math.pi) * factorials)
        profile = norm * np.sum(share * lpmv(m, degree, np.sin(nodes)), axis=1)
        size = profile[where] * np.sinc(m * width / (2 * np.pi))
        columns += [size * np.cos(m * centre), size * np.sin(m * centre)]
    return np.stack(columns, axis=1)


class Projection:
    r"""Takes from a map what offsets of bands and multipoles explain.

    With errors :math:`\sigma`, a map :math:`y` and its dipole :math:`D d` the statistic is

    .. math::
        \chi^2(d) = \min_{b, a} \left| \frac{y - D d - B b - Y a}{\sigma} \right|^2
        + \sum_k \frac{a_k^2}{s_k^2} = |M (y - D d) / \sigma|^2

    with one offset :math:`b` for each band, and multipoles :math:`a` with Gaussian priors of widths
    :math:`s_k`, or without any. Let P project on what is orthogonal to :math:`B / \sigma`, and
    :math:`P Y s / \sigma = U \lambda V^T` be a singular value decomposition; then

    .. math::
        M = (1 - U f U^T) P, \qquad f_k = 1 - 1 / \sqrt{1 + \lambda_k^2}

    and f = 1 without priors. To integrate over b and a in place of the minimum changes
    :math:`\chi^2` by a constant.

    Parameters
    ----------
    error : `~numpy.ndarray`
        Errors, shape ``(n,)``.
    band : `~numpy.ndarray` of int
        Band of each row, shape ``(n,)``.
    columns : `~numpy.ndarray`
        Multipoles, shape ``(n, q)``.
    widths : `~numpy.ndarray`, optional
        Widths of their priors, shape ``(q,)``.

    Attributes
    ----------
    rank : int
        How many numbers the offsets and the multipoles without a prior take.
    """

    def __init__(self, error, band, columns, widths=None):
        self._error = error
        self._band = np.unique(band, return_inverse=True)[1].ravel()
        self._norm = np.bincount(self._band, error**-2)
        columns = columns / error[:, np.newaxis]
        size = np.linalg.norm(columns, axis=0).max(initial=0.0)
        columns = self._without_offsets(columns * (1.0 if widths is None else widths))
        self._basis, self._singular, _ = np.linalg.svd(columns, full_matrices=False)
        if widths is None:
            known = self._singular > _NULL * size
            self._basis, self._singular = self._basis[:, known], None
            self._share = np.ones(known.sum())
        else:
            self._share = 1 - 1 / np.sqrt(1 + self._singular**2)
        self.rank = len(self._norm) + (len(self._share) if widths is None else 0)

    def _without_offsets(self, values):
        """Columns over their errors, without the mean of each band; ``(n, k)``."""
        weight = 1 / self._error
        sums = [np.bincount(self._band, weight * column) for column in values.T]
        means = np.reshape(sums, (-1, len(self._norm))).T / self._norm[:, np.newaxis]
        return values - weight[:, np.newaxis] * means[self._band]

    def __call__(self, values):
        """What is left of columns of maps over the errors, ``M values``, shape ``(n, k)``."""
        values = self._without_offsets(values / self._error[:, np.newaxis])
        return values - self._basis @ (self._share[:, np.newaxis] * (self._basis.T @ values))

    def explained(self, values):
        """What offsets and multipoles at the minimum explain of columns of maps, ``(n, k)``."""
        scaled = values / self._error[:, np.newaxis]
        left = self._without_offsets(scaled)
        # of a multipole with a prior, the minimum has lambda^2 / (1 + lambda^2)
        share = 1 - (1 - self._share) ** 2
        left = left - self._basis @ (share[:, np.newaxis] * (self._basis.T @ left))
        return (scaled - left) * self._error[:, np.newaxis]

    def noise(self, rng):
        """Errors of a simulated map, with multipoles drawn from their priors, shape ``(n,)``."""
        drawn = rng.standard_normal(len(self._error))
        if self._singular is not None:
            drawn += self._basis @ (self._singular * rng.standard_normal(len(self._singular)))
        return drawn * self._error
