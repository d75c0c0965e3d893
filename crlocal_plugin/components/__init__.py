"""What a cosmic-ray model is made of: parameters, spectra, dipoles, and components of them.

What to use when:

- a parameter, its default, unit and limits: `parameters`;
- spectrum and dipole of one population of cosmic rays, with formula, Parameters and kernel:
  `background` (with loss of nuclei too), `nearby_source`, `galactic_center`; a nearby source that
  releases its particles in time: `release`;
- where remnants and pulsars are along the local field: `source_catalogue`;
- the effect of motion on all of them: `compton_getting`;
- a spectrum of your own derives from `spectrum.CosmicRaySpectralModel` or, with a strength, from
  `spectrum.SourceSpectralModel`; a dipole from `dipole.DipoleModel`;
- a spectrum of gammapy as an intensity: `intensity_model`;
- several of them under one name: `component.CosmicRayComponent`;
- what others measured of a parameter: `priors`; of several together: `correlated_priors`, and of
  directions on the sky: `measured_vectors`.
"""
