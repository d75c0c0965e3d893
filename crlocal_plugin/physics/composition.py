"""Composition of cosmic rays: shares of the species and moments of ln A at one energy.

<ln A> = sum_i J_i ln A_i / sum_i J_i and its variance, as air-shower experiments give them
(Kampert & Unger 2012, Astropart. Phys. 35, 660), with the intensities J_i of the species at equal
total energy per particle. All of it works on logarithms, which do not underflow.
"""

import numpy as np

from .intensity import ABSENT


def log_total(logs):
    """Logarithm of the sum of the intensities of all species.

    Parameters
    ----------
    logs : array_like
        ln(intensity) of k species at n energies, shape ``(..., k, n)``;
        `~crlocal_plugin.physics.intensity.ABSENT` where a species is not there.

    Returns
    -------
    `~numpy.ndarray`
        ln(sum), shape ``(..., n)``.
    """
    with np.errstate(under="ignore"):
        return np.logaddexp.reduce(np.asarray(logs, dtype=float), axis=-2)


def shares(logs):
    """Share of each species in the sum.

    Parameters
    ----------
    logs : array_like
        As for `log_total`.

    Returns
    -------
    `~numpy.ndarray`
        Shares, shape ``(..., k, n)``, which add up to 1 over the species; nan where no species is
        there.
    """
    logs = np.asarray(logs, dtype=float)
    top = logs.max(axis=-2, keepdims=True)
    with np.errstate(under="ignore"):
        scaled = np.exp(logs - np.where(top > ABSENT / 2, top, np.nan))
        return scaled / scaled.sum(axis=-2, keepdims=True)


def log_mass_mean(parts, log_masses):
    """Mean of ln A.

    Parameters
    ----------
    parts : array_like
        Shares of k species as from `shares`, shape ``(..., k, n)``.
    log_masses : array_like
        ln A of the species, shape ``(k,)``.

    Returns
    -------
    `~numpy.ndarray`
        Mean, shape ``(..., n)``.
    """
    return np.asarray(log_masses, dtype=float) @ np.asarray(parts, dtype=float)


def log_mass_variance(parts, log_masses):
    """Variance of ln A.

    Parameters
    ----------
    parts, log_masses : array_like
        As for `log_mass_mean`.

    Returns
    -------
    `~numpy.ndarray`
        Variance, shape ``(..., n)``, not negative.
    """
    parts = np.asarray(parts, dtype=float)
    mean = log_mass_mean(parts, log_masses)[..., np.newaxis, :]
    # squares of distances: the difference of two squares would lose digits
    return (parts * (np.asarray(log_masses, dtype=float)[:, np.newaxis] - mean) ** 2).sum(axis=-2)
