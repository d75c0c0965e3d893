"""Cosmic-ray physics on plain NumPy arrays: no units package, no gammapy.

Units are fixed throughout: rigidity in GV, energies in GeV, diffusion coefficients in cm2/s,
lengths in pc, times in yr, speeds in km/s, magnetic fields in uG, angles in rad, intensities in
1/(GV m2 s sr) or 1/(GeV m2 s sr). Every function broadcasts: parameters may carry a leading axis
of parameter sets, for example shape ``(m, 1)`` against rigidities of shape ``(n,)``.

What to use when:

- nuclei and their masses: `species`; rigidities and energies of them: `kinematics`;
- diffusion, inelastic loss, the solar wind, directions: `diffusion`, `spallation`, `modulation`,
  `geometry`; spectra at the sources: `intensity`; constants of nature: `constants`;
- means over components and nuclei: `dipole`, `composition`; what a detector sees: `exposure`;
- sums of parameters times functions of rigidity at once: `linear`; what is kept: `memory`.
"""
