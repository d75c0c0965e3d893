"""What a cosmic-ray model is made of: parameters, spectra, dipoles, and components of them.

What to use when:

- a parameter, its default, unit and limits: `parameters`;
- a spectrum of one nucleus against rigidity: a class of `spectral` or `spallation`; one of your
  own derives from `spectrum.CosmicRaySpectralModel`, or, with a strength of its own, from
  `spectrum.SourceSpectralModel`;
- a spectrum of gammapy as an intensity: `intensity_model`;
- a dipole: a class of `dipole`; one of your own derives from `dipole.DipoleModel`;
- several of them under one name: `component.CosmicRayComponent`;
- what others measured of a parameter: `priors`.
"""
