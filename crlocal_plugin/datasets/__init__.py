"""gammapy datasets of measured cosmic rays: one module for each kind.

What to use when:

- a spectrum of one nucleus or a sum of nuclei: `flux`; <ln A>: `mean_log_mass`; a dipole: `dipole`;
- a kind of your own: derive from `scalar.ScalarDataset` (one number per point) or
  `core.CosmicRayDataset`;
- the formulas of the likelihood, on plain arrays: `residuals`.
"""
