"""Cosmic-ray physics on plain NumPy arrays: no units package, no gammapy.

Units are fixed throughout: rigidity in GV, energies in GeV, diffusion coefficients in cm2/s,
lengths in pc, times in yr, speeds in km/s, magnetic fields in uG, angles in rad, intensities in
1/(GV m2 s sr) or 1/(GeV m2 s sr). Every function broadcasts: parameters may carry a leading axis
of parameter sets, for example shape ``(m, 1)`` against rigidities of shape ``(n,)``.
"""
