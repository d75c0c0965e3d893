"""What to ask of a fit: other minima, other models, errors of predictions, simulated data.

What to use when:

- the lowest of several minima: `starts`; profiles of several parameters: `scans`;
- bands of intensities and dipoles: `bands`;
- variants of the model on the same data: `comparison`; sources of the catalogue: `sources`;
- which measurements the others object to: `leave_one_out`;
- which parameters spectra, dipole and priors determine: `identifiability`;
- what planned measurements would add, and which models they distinguish: `forecasts`, with their
  datasets in `planned`;
- bias, pulls and coverage from simulated data: `toys`.
"""
