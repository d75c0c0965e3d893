"""Composition of cosmic rays: shares of the species and moments of ln A at one energy.

<ln A> = sum_i J_i ln A_i / sum_i J_i and its variance, as air-shower experiments give them
(Kampert & Unger 2012, Astropart. Phys. 35, 660), with the intensities J_i of the species at equal
total energy per particle. All of it works on logarithms, which do not underflow.
"""

import numpy as np

from .intensity import ABSENT


def log_total(logs):
    """Logarithm of the sum of k species, of logarithms of shape ``(..., k, n)``."""
    with np.errstate(under="ignore"):
        return np.logaddexp.reduce(np.asarray(logs, dtype=float), axis=-2)


def shares(logs):
    """Share of each of k species in their sum, of logarithms of shape ``(..., k, n)``.

    Shares add up to 1 over the species; they are nan where no species is there.
    """
    logs = np.asarray(logs, dtype=float)
    top = logs.max(axis=-2, keepdims=True)
    with np.errstate(under="ignore"):
        scaled = np.exp(logs - np.where(top > ABSENT / 2, top, np.nan))
        return scaled / scaled.sum(axis=-2, keepdims=True)


def log_mass_mean(parts, log_masses):
    """Mean of ln A at n energies, of `shares` and of ln A of the k species."""
    return np.asarray(log_masses, dtype=float) @ np.asarray(parts, dtype=float)


def log_mass_variance(parts, log_masses):
    """Variance of ln A, as `log_mass_mean`; not negative."""
    parts = np.asarray(parts, dtype=float)
    mean = log_mass_mean(parts, log_masses)[..., np.newaxis, :]
    # squares of distances: the difference of two squares would lose digits
    return (parts * (np.asarray(log_masses, dtype=float)[:, np.newaxis] - mean) ** 2).sum(axis=-2)
