"""Samples and evidence in seconds, by importance sampling and by walkers.

What to use when:

- all of it, in the order in which it is tried: `samples.adaptive_samples`;
- maxima: `modes`; `mixtures` of t distributions, and `importance` sampling from these;
- `populations` of walkers, in coordinates that `bends` and `margins` change; the evidence of their
  samples: `bridge`.
"""
