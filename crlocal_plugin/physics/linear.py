"""Sums of numbers times functions of rigidity, for one set of parameters or many, in one product.

Logarithms of intensities are such sums for the most part. A product of matrices forms them several
times faster than one array operation after another.
"""

import numpy as np


def parameter_sets(values):
    """Values of k parameters as one array of shape ``(k,)``, or ``(m, k)`` for m sets.

    A value is a number, the same in all sets, or an array of shape ``(m, 1)``.
    """
    sets = 0
    for value in values:
        if isinstance(value, np.ndarray) and value.ndim:
            sets = max(sets, len(value))
    if not sets:
        return np.array(values)
    matrix = np.empty((sets, len(values)))
    for k, value in enumerate(values):
        matrix[:, k : k + 1] = value
    return matrix


def linear_combination(coefficients, basis):
    """Sum of coefficients times rows of a basis of shape ``(k, n)``, shape ``(n,)`` or ``(m, n)``.

    A coefficient is a number; an array of shape ``(m, 1)`` for sets of parameters; or one of shape
    ``(n,)`` or ``(m, n)`` that differs from point to point. Where the sets have grids of their own,
    the basis is of shape ``(k, m, n)``.
    """
    if basis.ndim > 2:
        return sum(c * row for c, row in zip(coefficients, basis, strict=True))
    common, pointwise = list(coefficients), []
    for k, coefficient in enumerate(common):
        # a check of the type first: the shape of a float takes NumPy as long as the sum
        if isinstance(coefficient, np.ndarray) and (
            coefficient.ndim == 1 or (coefficient.ndim and coefficient.shape[-1] > 1)
        ):
            pointwise.append(coefficient * basis[k])
            common[k] = 0.0
    total = parameter_sets(common) @ basis
    for part in pointwise:
        total = total + part
    return total


def sum_of_beginnings(arrays):
    """Sum, a new array, of arrays of shape ``(n,)`` or ``(m, n)`` with different n.

    Those that are shorter count as zero behind their end.
    """
    total, is_new = arrays[0], False
    for array in arrays[1:]:
        if array.shape == total.shape:
            total = np.add(total, array, out=total if is_new else None)
        else:
            total = _sum_of_two(total, array, is_new)
        is_new = True
    return total if is_new else total.copy()


def _sum_of_two(total, array, may_change):
    """Sum of two arrays of different shapes, in place if the first may change and is as large."""
    n = max(total.shape[-1], array.shape[-1])
    sets = total if total.ndim >= array.ndim else array
    shape = (*sets.shape[:-1], n)
    if not (may_change and total.shape == shape):
        wide = np.zeros(shape)
        wide[..., : total.shape[-1]] = total
        total = wide
    total[..., : array.shape[-1]] += array
    return total
