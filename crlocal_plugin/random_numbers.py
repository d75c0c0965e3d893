"""Sources of random numbers."""

import numpy as np
from gammapy.utils.random import get_random_state


def random_generator(random_state=None):
    """Source of random numbers (`Generator`), from what NumPy or gammapy take for one.

    An int, a `~numpy.random.SeedSequence`, a `~numpy.random.Generator`, which stays the same
    object, or what `~gammapy.utils.random.get_random_state` takes: "random-seed", "global-rng" or
    a `~numpy.random.RandomState`, from which the seed is drawn. None is a random seed.
    """
    if isinstance(random_state, str | np.random.RandomState):
        seed = get_random_state(random_state).randint(2**32, size=4, dtype=np.uint32)
        return np.random.default_rng(seed)
    return np.random.default_rng(random_state)
