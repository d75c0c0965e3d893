"""Physical constants in the units of the physics layer, exact by definition."""

import math

LIGHT_SPEED_M_S = 299792458.0  #: Speed of light in m/s (SI definition).
LIGHT_SPEED_KM_S = LIGHT_SPEED_M_S / 1e3  #: Speed of light in km/s.
LIGHT_SPEED_CM_S = LIGHT_SPEED_M_S * 1e2  #: Speed of light in cm/s.
#: Parsec in cm (IAU 2015 resolution B2, with the IAU 2012 astronomical unit).
PARSEC_CM = 648000 / math.pi * 149597870700.0 * 1e2
YEAR_S = 365.25 * 86400.0  #: Julian year in s.
#: Distance that light travels in one Julian year, in pc.
LIGHT_YEAR_PC = LIGHT_SPEED_CM_S * YEAR_S / PARSEC_CM
