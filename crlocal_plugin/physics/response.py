"""Averages over the energies of the events behind a measured point.

An experiment that selects events with an acceptance K(E) measures, instead of the dipole at one
energy, the mean of the dipole with the weight K(E) J(E). What is published is the distribution of
the energies of the events, P(ln E), for a spectrum close to E^-2.7: then K is P / (E^-2.7 E).
"""

import numpy as np

REFERENCE_INDEX = 2.7
"""Index of the spectrum for which distributions of event energies are published."""

MIN_ENERGY = 2.0
"""Lowest energy in GeV that enters a mean."""

_REACH = 3.75
"""Widths on either side of the median: 2e-4 of the events are beyond."""

_WIDEST = 0.5
"""Decades of a tabulated distribution that two energies stand for."""


def log_normal_response(median, width):
    """Energies and weights of events that are normally distributed in log10(E).

    Energies are on a lattice that does not depend on the medians, so that points share them.

    Parameters
    ----------
    median : `~numpy.ndarray`
        Median energies in GeV, shape ``(n,)``.
    width : `~numpy.ndarray`
        Standard deviations of log10(E), zero for one energy, shape ``(n,)``.

    Returns
    -------
    energy : `~numpy.ndarray`
        Energies in GeV, shape ``(k,)``.
    weight : `~numpy.ndarray`
        Weights of intensities per energy there, shape ``(k, n)``.
    """
    nodes, weights = [], []
    for place, (centre, spread) in enumerate(zip(np.log10(median), width, strict=True)):
        if spread == 0:
            log_energy, share = np.array([centre]), np.ones(1)
        else:
            # a sum over steps of at most the width is as good as an integral, to 0.1 %
            step = 2.0 ** np.floor(np.log2(spread))
            first = max(centre - _REACH * spread, np.log10(MIN_ENERGY))
            places = np.arange(np.ceil(first / step), (centre + _REACH * spread) / step)
            log_energy = places * step
            share = np.exp(-(((log_energy - centre) / spread) ** 2) / 2)
        column = np.zeros((len(log_energy), len(median)))
        column[:, place] = share * 10 ** (REFERENCE_INDEX * (log_energy - centre))
        nodes.append(10**log_energy)
        weights.append(column)
    return merge_nodes(np.concatenate(nodes), np.concatenate(weights))


def bin_response(low, high, nodes=8):
    """Energies and weights of events whose acceptance is constant between two energies.

    Parameters
    ----------
    low, high : `~numpy.ndarray`
        Ends in GeV, shape ``(n,)``.
    nodes : int, optional
        Number of energies of each point.

    Returns
    -------
    energy, weight : `~numpy.ndarray`
        As of `log_normal_response`.
    """
    place, share = np.polynomial.legendre.leggauss(nodes)
    centre, half = np.log(low * high) / 2, np.log(high / low) / 2
    energy = np.exp(centre[:, np.newaxis] + half[:, np.newaxis] * place)
    weight = np.zeros((len(low), nodes, len(low)))
    rows = np.arange(len(low))
    weight[rows, :, rows] = share * energy / energy[:, :1]
    return merge_nodes(energy.ravel(), weight.reshape(-1, len(low)))


def tabulated_response(median, log_ratio, *distributions):
    """Energies and weights of events whose distributions in log10(E) are linear between values.

    Parameters
    ----------
    median : `~numpy.ndarray`
        Energies of the points in GeV, shape ``(n,)``.
    log_ratio : `~numpy.ndarray`
        log10 of energies over that of a point, increasing, shape ``(j,)``.
    *distributions : `~numpy.ndarray`
        Events per interval of it, of one kind of particle after another, shape ``(j,)`` each.

    Returns
    -------
    energy : `~numpy.ndarray`
        Energies in GeV, one point after another, shape ``(k,)``.
    weight : `~numpy.ndarray`
        Weights of intensities per energy where a distribution is 1, shape ``(k, n)``.
    *distributions : `~numpy.ndarray`
        Distributions there, shape ``(k,)`` each.
    """
    parts = np.ceil(np.diff(log_ratio) / _WIDEST).astype(int)
    edges = np.interp(
        np.concatenate([k + np.arange(n) / n for k, n in enumerate(parts)] + [[len(parts)]]),
        np.arange(len(log_ratio)),
        log_ratio,
    )
    place, _ = np.polynomial.legendre.leggauss(2)
    centre, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    ratio = (centre[:, np.newaxis] + half[:, np.newaxis] * place).ravel()
    share = np.repeat(half, 2) * 10 ** (REFERENCE_INDEX * ratio)
    energy = np.outer(median, 10**ratio).ravel()
    shapes = (np.tile(np.interp(ratio, log_ratio, d), len(median)) for d in distributions)
    return energy, np.kron(np.eye(len(median)), share[:, np.newaxis]), *shapes


def merge_nodes(energy, weight, *others):
    """Give energies that occur several times once, with the sum of the weights."""
    keys = np.stack([energy, *others], axis=-1)
    keys, where = np.unique(keys, axis=0, return_inverse=True)
    merged = np.zeros((len(keys), weight.shape[1]))
    np.add.at(merged, where, weight)
    return (*keys.T, merged)


def fold(values, intensity, weight, log_unit=None):
    """Means of values with the weight of intensities per energy.

    Parameters
    ----------
    values : sequence of `~numpy.ndarray`
        Values at the energies, shape ``(..., k)`` each.
    intensity : `~numpy.ndarray`
        Intensities per energy, up to a factor, shape ``(..., k)``.
    weight : `~numpy.ndarray`
        Weights, shape ``(k, n)``.
    log_unit : `~numpy.ndarray`, optional
        Logarithm of the unit of the intensity at each energy, shape ``(..., k)``, where they
        differ so much that intensities in one unit would underflow.

    Returns
    -------
    list of `~numpy.ndarray`
        Means, shape ``(..., n)`` each.
    """
    if log_unit is not None:
        # the largest of each point counts as one
        log_unit = np.where(weight > 0, log_unit[..., np.newaxis], -np.inf)
        weight = weight * np.exp(log_unit - log_unit.max(axis=-2, keepdims=True))
        values = [(value * intensity)[..., np.newaxis, :] @ weight for value in values]
        total = intensity[..., np.newaxis, :] @ weight
        return [(value / total)[..., 0, :] for value in values]
    total = intensity @ weight
    return [(value * intensity) @ weight / total for value in values]
