"""Samples of the posterior, whether they have converged, and the evidence.

What to use when:

- samples and the evidence: `sampling.sample`, whose default method is in the folder `adaptive`;
- what it works with: `coordinates` without limits;
- the other methods: emcee's walkers in `ensembles` and `walkers`, UltraNest in `nested`;
- the density for a sampler of one's own: `density.PosteriorDensity`;
- the samples, their intervals and files: `posterior.Posterior`, filled by `described`;
- proper priors: `prior_distributions`;
- whether samples have converged: `convergence`.
"""
