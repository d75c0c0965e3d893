"""gammapy datasets of measured cosmic rays: one module for each kind.

What to use when:

- a spectrum of one nucleus or of a sum, <ln A>, a dipole, a map of the sky: the module of its name;
- a kind of your own: derive from `scalar.ScalarDataset` (one number per point) or
  `core.CosmicRayDataset`;
- what a kind needs of a model: `points`; its residuals on plain arrays: `residuals`;
- what values settings may have: `settings`;
- pictures of a single dataset: `plotting`.
"""
