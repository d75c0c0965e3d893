"""Sums of the dipoles of components and species.

All vectors are ICRS Cartesian and point to the *excess* of intensity, which is what experiments
plot. The streaming vector xi of Xue & Liu 2025, Eqs. 11-17, is the opposite.
"""

import numpy as np


def sum_of_terms(terms):
    """Dipole, shape ``(..., 3)``, from its terms.

    Terms are pairs of a profile, of a shape that broadcasts to ``(...)``, and a vector in ICRS
    Cartesian coordinates, of a shape that broadcasts to ``(..., 3)``.
    """
    return sum(np.asarray(profile)[..., np.newaxis] * vector for profile, vector in terms)


def weighted_sum_of_terms(log_intensities, contributions, n_species=1):
    """Mean of dipoles weighted with intensities (second term of Eq. 15), as `mean_of_terms`.

    Intensities per total energy are given as logarithms, shape ``(c, ..., s n)`` for c components
    and the same n energies for one of s species after another. The mean is defined even where
    every intensity underflows.
    """
    shape = log_intensities.shape
    by_species = log_intensities.reshape(*shape[:-1], n_species, -1)
    top = np.maximum.reduce(by_species, axis=(0, -2), keepdims=True)
    weights = np.exp(by_species - top).reshape(shape)
    return mean_of_terms(weights, np.add.reduce(weights, axis=0), contributions, n_species)


def mean_of_terms(weights, total, contributions, n_species=1, size=3, response=None):
    """Cartesian components, ``(..., n)``, of the mean of dipoles (second term of Eq. 15).

    Parameters
    ----------
    weights : sequence of `~numpy.ndarray`
        Intensities of the components per total energy, times anything that is common to all of
        one energy, shape ``(..., s n)``; less at the end where species are not there.
    total : `~numpy.ndarray`
        Their sum, shape ``(..., s n)``.
    contributions : list of tuple
        Pairs of the position of a component, None for all of them together, and its terms as for
        `sum_of_terms`, whose profiles broadcast to ``(..., s n)``.
    n_species : int, optional
        Number s of species.
    size : int, optional
        How many components are wanted: 2 leaves out the one along the axis of the Earth, which no
        observer sees.
    response : `~numpy.ndarray`, optional
        Weights ``(n, k)`` of means over energies too, see `crlocal_plugin.physics.response.fold`.
        Results are then of shape ``(..., k)``, and weights have one factor in common.
    """
    n = total.shape[-1] // n_species
    if not contributions:
        return [np.zeros(n if response is None else response.shape[1])] * size
    if not n:
        return [total] * size
    terms = [
        (total if component is None else weights[component], np.asarray(profile), vector)
        for component, terms in contributions
        for profile, vector in terms
    ]
    if total.ndim == 1 and all(p.ndim < 2 and v.ndim == 1 for _, p, v in terms):
        return _mean_of_one_set(total, terms, n, size, response)
    # profiles along the same vector are added up, and what all species share is left for the end
    pointwise, sums = {}, []
    for weight, profile, vector in terms:
        present = weight.shape[-1]
        if profile.ndim == 0 or profile.shape[-1] == 1:
            sums.append((profile * _sum_over_species(weight, n), vector))
            continue
        part = weight * profile[..., :present]
        key = id(vector), present
        before = pointwise.get(key)
        pointwise[key] = part if before is None else before[0] + part, vector
    sums += [(_sum_over_species(part, n), vector) for part, vector in pointwise.values()]
    means = [sum(part * vector[..., k] for part, vector in sums) for k in range(size)]
    norm = _sum_over_species(total, n)
    if response is not None:
        means, norm = [mean @ response for mean in means], norm @ response
    return [mean / norm for mean in means]


def _mean_of_one_set(total, terms, n, size, response):
    """`mean_of_terms` for one set of parameters, where few calls count more than few numbers."""
    parts = np.zeros((1 + len(terms), len(total)))
    parts[0] = total
    for part, (weight, profile, _) in zip(parts[1:], terms, strict=True):
        present = len(weight)
        np.multiply(weight, profile[:present] if profile.ndim else profile, out=part[:present])
    sums = np.add.reduce(parts.reshape(len(parts), -1, n), axis=1)
    if response is not None:
        sums = sums @ response
    vectors = np.array([vector[:size] for _, _, vector in terms])
    return vectors.T @ sums[1:] / sums[0]


def _sum_over_species(array, n):
    """Sum of shape ``(..., n)`` of an array of shape ``(..., s n)``."""
    return np.add.reduce(array.reshape(*array.shape[:-1], -1, n), axis=-2)


def amplitude_and_phase(vector):
    """Amplitude on the equator, and right ascension (0 to 2 pi), of vectors ``(..., 3)``."""
    vector = np.asarray(vector, dtype=float)
    phase = np.arctan2(vector[..., 1], vector[..., 0])
    return np.hypot(vector[..., 0], vector[..., 1]), phase % (2 * np.pi)
