"""Pictures of the sky.

What to use when:

- directions that shape the dipole, and its track with energy: `directions`;
- a map of the relative intensity, or its profile along a band of declination: `maps`;
- axes of the whole sky, and texts beside points on them: `axes`, `labels`.
"""
