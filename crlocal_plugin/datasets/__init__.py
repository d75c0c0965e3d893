"""Measured spectra and dipole anisotropies: tables, their catalogue and their likelihoods."""
