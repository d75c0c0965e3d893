"""Nearby sources that let their cosmic rays go in the course of time."""

import numpy as np
from gammapy.modeling import Parameter
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY
from scipy.special import wofz

from ..physics.diffusion import LOG_REFERENCE_RIGIDITY, inverse_diffusion_shape
from ..physics.intensity import ABSENT
from .dipole import DIPOLE_MODEL_REGISTRY
from .nearby_source import NearbySourceFickDipoleModel, NearbySourceSpectralModel, squared_spread
from .registration import register


def _decay_time():
    return Parameter("T_decay", 1e4, unit="yr", min=1, frozen=True, interp="log")


def _escape():
    time = Parameter("T_esc", 2e4, unit="yr", min=0, frozen=True)
    return time, Parameter("delta_esc", 0.4, min=0, max=3, frozen=True)


def _exponent(grid, p):
    """r_par^2 / (4 D_par T_n) + r_perp^2 / (4 D_perp T_n) at rigidities; not quite zero."""
    return np.maximum(squared_spread(p)[1] * inverse_diffusion_shape(grid, p.delta), 1e-200)


def decay_over_burst(exponent, ages):
    """Injection that decays exponentially, in terms of one at once.

    Parameters
    ----------
    exponent : array_like
        r^2 / (4 D T), positive.
    ages : array_like
        Age T over decay time, positive.

    Returns
    -------
    log_ratio, steepness : `~numpy.ndarray`
        Logarithm of the density over that of a burst of the same total, and -d ln(density) over
        d(exponent), which is one for a burst.
    """
    p, q = np.sqrt(exponent), np.sqrt(ages)
    w = wofz(q + 1j * p)
    log_ratio = np.log(np.sqrt(np.pi) * w.real / p) + np.log(ages / -np.expm1(-ages))
    slope = ((q + 1j * p) * w).imag - 1 / np.sqrt(np.pi)
    return log_ratio, 1 + 0.5 / exponent - slope / (p * w.real)


def share_of_age(grid, p):
    """Time since particles of a rigidity have left the source over its age; negative if not yet."""
    log_rigidity = grid.log_rigidity - LOG_REFERENCE_RIGIDITY
    return 1 - p.T_esc / p.T_n * np.exp(-p.delta_esc * log_rigidity)


class DecayingSourceSpectralModel(NearbySourceSpectralModel):
    r"""Nearby source whose injection decays, seen through the Local Interstellar Cloud.

    As `NearbySourceSpectralModel`, with the same total strength, injected at the rate
    :math:`e^{-t / T_{decay}}` from the explosion until now. With
    :math:`p^2 = r_\parallel^2 / (4 D_\parallel T_n) + r_\perp^2 / (4 D_\perp T_n)` and
    :math:`q^2 = T_n / T_{decay}`, the sum of all bursts is that of one at the start times

    .. math::
        \frac{q^2}{1 - e^{-q^2}}\, \frac{\sqrt\pi}{p}\, \mathrm{Re}\, w(q + i p)

    of the Faddeeva function w.

    Parameters
    ----------
    species, local_transport
        As for `NearbySourceSpectralModel`.
    T_decay : `~astropy.units.Quantity`
        Decay time.
    **kwargs : dict
        Parameters of `NearbySourceSpectralModel`.
    """

    tag = ["DecayingSourceSpectralModel", "decaying-source"]
    of_source = (*NearbySourceSpectralModel.of_source, "T_decay")
    T_decay = _decay_time()

    def log_shape(self, grid, *values):
        """Kernel: that of a burst, and what the later ones add."""
        p = self.named(values)
        log_ratio, _ = decay_over_burst(_exponent(grid, p), p.T_n / p.T_decay)
        return super().log_shape(grid, *values) + log_ratio


class EscapingSourceSpectralModel(NearbySourceSpectralModel):
    r"""Nearby source from which particles of higher rigidity escape earlier.

    As `NearbySourceSpectralModel`, with the time since particles have left in the place of the age:

    .. math::
        T(R) = T_n - T_{esc} \left(\frac{R}{10\,\mathrm{GV}}\right)^{-\delta_{esc}}

    Those for which it is negative are still inside. The defaults are 200 yr at 1 PV and a highest
    rigidity that falls as :math:`t^{-2.5}` (Gabici, Aharonian & Casanova 2009, MNRAS 396, 1629).

    Parameters
    ----------
    species, local_transport
        As for `NearbySourceSpectralModel`.
    T_esc, delta_esc : `~astropy.units.Quantity`
        Time of escape at 10 GV, and its slope.
    **kwargs : dict
        Parameters of `NearbySourceSpectralModel`.
    """

    tag = ["EscapingSourceSpectralModel", "escaping-source"]
    of_source = (*NearbySourceSpectralModel.of_source, "T_esc", "delta_esc")
    T_esc, delta_esc = _escape()

    def log_shape(self, grid, *values):
        """Kernel: that of a burst at the time of the explosion, moved to the time of escape."""
        p = self.named(values)
        share = share_of_age(grid, p)
        left = np.where(share > 0, share, 1.0)
        log_ratio = -1.5 * np.log(left) - _exponent(grid, p) * (1 / left - 1)
        return super().log_shape(grid, *values) + np.where(share > 0, log_ratio, ABSENT)


class DecayingSourceFickDipoleModel(NearbySourceFickDipoleModel):
    r"""Dipole from Fick's law of a source whose injection decays, along the magnetic field.

    That of a burst (`NearbySourceFickDipoleModel`) times :math:`-d \ln J_n / d p^2`, in the terms
    of `DecayingSourceSpectralModel`.

    Parameters
    ----------
    T_n, r_par, B_ra, B_dec, r_perp, D_0, delta, D_ratio, M_A : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    T_decay : `~astropy.units.Quantity`
        Decay time.
    """

    tag = ["DecayingSourceFickDipoleModel", "decaying-source-fick-dipole"]
    definitions = ("r_perp", "D_0", "delta", "D_ratio", "M_A")
    T_decay = _decay_time()

    def terms(self, grid, *values):
        """Kernel: terms of the dipole."""
        p = self.named(values)
        _, steepness = decay_over_burst(_exponent(grid, p), p.T_n / p.T_decay)
        return [(profile * steepness, field) for profile, field in super().terms(grid, *values)]


class EscapingSourceFickDipoleModel(NearbySourceFickDipoleModel):
    r"""Dipole from Fick's law of a source with escape over time, along the magnetic field.

    That of a burst (`NearbySourceFickDipoleModel`) with the T(R) of `EscapingSourceSpectralModel`
    in the place of the age; zero for particles that are still inside.

    Parameters
    ----------
    T_n, r_par, B_ra, B_dec : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    T_esc, delta_esc : `~astropy.units.Quantity`
        Time of escape at 10 GV, and its slope.
    """

    tag = ["EscapingSourceFickDipoleModel", "escaping-source-fick-dipole"]
    T_esc, delta_esc = _escape()

    def terms(self, grid, *values):
        """Kernel: terms of the dipole."""
        share = share_of_age(grid, self.named(values))
        factor = np.where(share > 0, 1 / np.where(share > 0, share, 1.0), 0.0)
        return [(profile * factor, field) for profile, field in super().terms(grid, *values)]


register(SPECTRAL_MODEL_REGISTRY, DecayingSourceSpectralModel, EscapingSourceSpectralModel)
register(DIPOLE_MODEL_REGISTRY, DecayingSourceFickDipoleModel, EscapingSourceFickDipoleModel)
