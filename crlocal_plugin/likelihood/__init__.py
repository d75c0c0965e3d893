"""The joint likelihood of datasets, its minimum, and the errors of the parameters there.

What to use when:

- datasets with models for gammapy's Fit: `collection.CosmicRayDatasets`; their files: `saved`;
- the statistic as a function of many sets of parameters: `joint_likelihood.JointLikelihood`;
- the minimum from a start: `descent`; the covariance there: `covariance`; a profile: `profiles`;
- back ends for gammapy's Fit: `backends`;
- which parameters the data do not determine: `degeneracies`;
- parameters by name, free or fixed: `selection`; a printed summary: `summary`.
"""
