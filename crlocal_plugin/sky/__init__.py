"""Maps of the dipole, and what a detector sees of it.

What to use when:

- which declinations a detector sees, and how that dilutes a dipole: `field_of_view`;
- maps of the relative intensity, as the sky has it or as a detector observes it: `maps`;
- multipoles of a map, and what is left without some of them: `multipoles`; the dipole that a
  measured one has: `measured`.
"""
