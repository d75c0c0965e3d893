"""Pictures of models with the data of many experiments, and of the statistic.

What to use when:

- a model with data: one module for each picture, which `pictures` lists; spectra and dipole of
  several models: `side_by_side`; shares of components and nuclei, without data: `fractions`;
- a posterior: `corner`; profiles of the statistic: `profile`; errors with planned measurements:
  `forecasts`; the sky: the folder `sky`;
- a picture of your own: `subject` finds models, data and samples in whatever is given, `frame`
  makes figure and legend, `points` draws the data, `bands` bands; `style` has colours and markers.
"""
