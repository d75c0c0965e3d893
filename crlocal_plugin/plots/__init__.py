"""Pictures of models with the data of many experiments, and of the statistic.

What to use when:

- a model with data: `spectra`, `dipole`, `all_particle`, `mean_log_mass`, `residuals`; both halves
  of the model beside each other: `side_by_side`;
- shares of the components and of the nuclei: `fractions`, `composition_fractions`;
- a posterior: `corner`; profiles of the statistic: `profile`;
- the sky: the folder `sky`;
- a picture of your own: `subject` finds models, data and bands in whatever is given, `points` has
  the data, `style` colours and markers, `legend` legends.
"""
