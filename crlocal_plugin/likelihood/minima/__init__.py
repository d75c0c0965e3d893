"""Many descents at once: the lowest minimum of a joint likelihood, and intervals around it.

What to use when:

- the minima that many starts lead to: `search.find_minima`, which gives `search.Minima`;
- intervals and limits of all parameters, from profiles: `intervals.profile_intervals`;
- descents from many starts in one batch, for either: `batch.Descents`.
"""
