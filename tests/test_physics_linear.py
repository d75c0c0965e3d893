"""Sums of arrays of different lengths, against sums of the same arrays filled up with zeros."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from crlocal_plugin.physics.linear import sum_of_beginnings

SHAPES = [(5,), (3,), (4, 5), (4, 3), (4, 2)]


def filled(array, shape):
    full = np.zeros((*array.shape[:-1], shape[-1]))
    full[..., : array.shape[-1]] = array
    return np.broadcast_to(full, shape)


@pytest.mark.parametrize("shapes", [*itertools.product(SHAPES, repeat=3), *((s,) for s in SHAPES)])
def test_sum_of_beginnings(shapes):
    # whole numbers add up exactly in any order
    rng = np.random.default_rng(3)
    arrays = [rng.integers(1, 100, shape).astype(float) for shape in shapes]
    before = [array.copy() for array in arrays]
    leading = np.broadcast_shapes(*(shape[:-1] for shape in shapes))
    shape = (*leading, max(shape[-1] for shape in shapes))
    total = sum_of_beginnings(arrays)
    assert_array_equal(total, sum(filled(array, shape) for array in before))
    assert total.shape == shape
    # the arguments are not touched, then or later
    total += 1
    for array, original in zip(arrays, before, strict=True):
        assert_array_equal(array, original)
