"""The top-level model: components and nuclei with one Parameter per quantity.

What to use when:

- the model of the paper: `xue_liu.xue_liu_2025`; with nuclei up to iron:
  `composition.xue_liu_2025_composition`;
- components of your own: `cosmic_ray.CosmicRayModel`; of a source by name: `nearby_sources`;
- a background of single explosions at random: `unseen_sources`;
- a composition that others published (GSF, H3a, ...): `published.published_composition`;
- intensities, dipoles and sums of nuclei: methods of `predictions`;
- which sub-models share a Parameter, its label, and sub-models in files: `linking`;
- many evaluations on plain floats: `evaluator`, at the points of `grids`;
- priors by the name of their set: `prior_sets`;
- normalisation and energy scale of an experiment: `nuisance`.
"""
