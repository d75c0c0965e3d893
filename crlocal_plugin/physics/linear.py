"""Sums of numbers times functions of rigidity, for one set of parameters or many, in one product.

Logarithms of intensities are such sums for the most part. A product of matrices forms them several
times faster than one array operation after another.
"""

import numpy as np

__all__ = ["linear_combination"]


def linear_combination(coefficients, basis):
    """Sum of coefficients times rows.

    Parameters
    ----------
    coefficients : sequence of float or `~numpy.ndarray`
        One coefficient for each row: a number; an array of shape ``(m, 1)`` for sets of
        parameters; or one of shape ``(n,)`` or ``(m, n)`` that differs from point to point.
    basis : `~numpy.ndarray`
        Functions on a grid, shape ``(k, n)``; ``(k, m, n)`` where the sets have grids of their
        own.

    Returns
    -------
    `~numpy.ndarray`
        Sum, shape ``(n,)`` or ``(m, n)``.
    """
    if basis.ndim > 2:
        return sum(c * row for c, row in zip(coefficients, basis, strict=True))
    sets, common, pointwise = 0, list(coefficients), []
    for k, coefficient in enumerate(common):
        if isinstance(coefficient, np.ndarray) and coefficient.ndim:
            if coefficient.ndim == 1 or coefficient.shape[-1] > 1:
                pointwise.append(coefficient * basis[k])
                common[k] = 0.0
            else:
                sets = max(sets, len(coefficient))
    if sets:
        matrix = np.empty((sets, len(common)))
        for k, coefficient in enumerate(common):
            matrix[:, k : k + 1] = coefficient
    else:
        matrix = np.array(common)
    total = matrix @ basis
    for part in pointwise:
        total = total + part
    return total
