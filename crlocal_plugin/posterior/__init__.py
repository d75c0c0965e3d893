"""Samples of the posterior, whether they have converged, and the evidence.

What to use when:

- samples and the evidence: `sampling.sample`, whose method "adaptive" is in `adaptive`;
- its parts: `coordinates` without limits, maxima in `modes`, `mixtures` of t distributions,
  `importance` sampling, `populations` of walkers, in coordinates that `bends` and `margins` change,
  the evidence of their samples in `bridge`;
- the other methods: emcee's walkers in `ensembles` and `walkers`, UltraNest in `nested`;
- the density for a sampler of one's own: `density.PosteriorDensity`;
- the samples, their intervals and files: `posterior.Posterior`, filled by `described`;
- proper priors: `prior_distributions`;
- whether samples have converged: `convergence`.
"""
