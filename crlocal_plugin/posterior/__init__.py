"""Samples of the posterior, whether they have converged, and the evidence.

What to use when:

- samples with emcee: `sampling.sample`; with UltraNest, and the evidence: `nested.nested_sample`;
- the samples, their intervals and files: `posterior.Posterior`;
- proper priors for both: `prior_distributions`;
- whether a chain has converged: `convergence`.
"""
