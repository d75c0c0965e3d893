"""Pictures of the sky: directions and tracks, maps, profiles of declination bands."""
