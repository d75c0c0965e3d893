"""What several tests ask of a joint likelihood: all ways to evaluate it agree."""

import pytest


def assert_evaluations_agree(datasets, likelihood, sets, rel):
    """Compare a batch with single sets, with datasets together, and with each for itself.

    The parameters are left at the last set. Returns the statistics of the batch.
    """
    batch = likelihood(sets)
    for values, expected in zip(sets, batch, strict=True):
        assert likelihood(values) == pytest.approx(expected, rel=rel)
        likelihood.assign(values)
        assert datasets.stat_sum() == pytest.approx(expected, rel=rel)
        alone = sum(dataset.stat_sum_likelihood() for dataset in datasets)
        assert datasets.stat_sum_likelihood() == pytest.approx(alone, rel=rel)
    return batch
