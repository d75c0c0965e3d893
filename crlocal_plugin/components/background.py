"""The Galactic background: leaky box, with loss of nuclei or not, and dipole along the field."""

import astropy.units as u
import numpy as np
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY

from ..physics.constants import PARSEC_CM, YEAR_S
from ..physics.diffusion import LOG_REFERENCE_RIGIDITY
from ..physics.geometry import galactic_direction, icrs_direction
from ..physics.intensity import LOG_FLOW, log_source_spectrum, log_strength
from ..physics.modulation import log_modulation, outside_heliosphere
from ..physics.spallation import log_loss, surviving_fraction
from .dipole import DIPOLE_MODEL_REGISTRY, SeparableDipoleModel
from .registration import register
from .spectrum import SourceSpectralModel


class LeakyBoxSpectralModel(SourceSpectralModel):
    r"""Galactic background in the leaky-box approximation, modulated by the solar wind.

    .. math::
        J_b(R) = \frac{v\,w H_G^2}{4\pi V_G D(R)}\, Q_{0b}
        \left(\frac{R}{\mathrm{GV}}\right)^{-\Gamma} e^{-R / R_{cut}}

    with :math:`D = D_0 \beta (R / 10\,\mathrm{GV})^\delta` and the force field of potential
    :math:`\phi` (Xue & Liu 2025, Eqs. 1-4). The index of a species is
    ``Gamma + index_offset``.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    Q_0b, Gamma, index_offset, R_cut, D_0, delta, w, H_G, V_G, phi : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`. Only ``Q_0b w H_G^2 / (V_G D_0)``
        can be told from data.
    """

    tag = ["LeakyBoxSpectralModel", "leaky-box"]
    helium_strength = 6.9e51
    definitions = (
        *("Q_0b", "Gamma", "index_offset", "R_cut"),
        *("D_0", "delta", "w", "H_G", "V_G", "phi"),
    )

    def log_shape(self, grid, *values):
        """Kernel: logarithm of the intensity near Earth at a strength of one, Eqs. 1-4."""
        p = self.named(values)
        rigidity, log_rigidity, log_energy = outside_heliosphere(grid, p.phi)
        outside = self.log_interstellar(grid, rigidity, log_rigidity, p)
        return outside + log_modulation(grid, log_rigidity, log_energy)

    def log_interstellar(self, grid, rigidity, log_rigidity, p):
        """Logarithm of the intensity at the interstellar rigidities of a grid, Eqs. 1-2."""
        # the speed of the particle cancels between v and D = D_0 beta (R / 10 GV)^delta
        volume = p.V_G * (1e3 * PARSEC_CM) ** 3
        escape = (p.w / YEAR_S) * (p.H_G * PARSEC_CM) ** 2 / (volume * p.D_0)
        log_norm = LOG_FLOW + log_strength(escape) + p.delta * LOG_REFERENCE_RIGIDITY
        index = p.Gamma + p.index_offset + p.delta
        return log_source_spectrum(rigidity, log_rigidity, log_norm, index, p.R_cut)


class SpallationLeakyBoxSpectralModel(LeakyBoxSpectralModel):
    r"""Galactic background in a leaky box from which nuclei are lost in inelastic collisions too.

    .. math::
        J(R) = \frac{J_b(R)}{1 + X(R) / \lambda(R)}, \qquad
        X = X_0 \left(\frac{R}{10\,\mathrm{GV}}\right)^{-\delta}

    with :math:`J_b` of `LeakyBoxSpectralModel` outside the heliosphere, the escape grammage
    :math:`X`, and the interaction length :math:`\lambda` in interstellar hydrogen and helium, see
    `crlocal_plugin.physics.spallation.interaction_length`. Protons are not lost, and what the
    collisions produce is left out.

    Parameters
    ----------
    species, Q_0b, Gamma, index_offset, R_cut, D_0, delta, w, H_G, V_G, phi
        As in `LeakyBoxSpectralModel`.
    grammage : `~astropy.units.Quantity`
        :math:`X_0`, by default that of boron, 8.7 g/cm2 (R / 10 GV)^-0.5 (Blum, Katz & Waxman
        2013, Phys. Rev. Lett. 111, 211101), at 100 GV, with the slope 1/3 of the paper. It is a
        parameter of its own because ``H_G`` and ``D_0`` tell a time, and no density of gas.
    """

    tag = ["SpallationLeakyBoxSpectralModel", "leaky-box-spallation"]
    definitions = ("grammage",)

    def log_interstellar(self, grid, rigidity, log_rigidity, p):
        """Logarithm of the intensity at the interstellar rigidities of a grid, less the loss."""
        without = super().log_interstellar(grid, rigidity, log_rigidity, p)
        return without - log_loss(grid, rigidity, log_rigidity, p.grammage, p.delta)

    def surviving_fraction(self, rigidity):
        """Share 1 / (1 + X / lambda) that loss leaves at interstellar rigidities (Quantity)."""
        rigidity = self._rigidity_value(rigidity)
        grammage = self.grammage.quantity.to_value("g cm-2")
        return surviving_fraction(self.nucleus, rigidity, grammage, self.delta.value)

    def compensate_loss(self, rigidity="100 GV"):
        """Raise the strength by what is lost at one interstellar rigidity.

        The intensity there becomes that of `LeakyBoxSpectralModel` with the strength of before, so
        that a strength taken from data by a model without loss stays a good start for a fit.
        """
        share = self.surviving_fraction(u.Quantity(rigidity))
        if np.ndim(share):
            raise ValueError(f"loss is compensated at one rigidity, got {rigidity}")
        self.Q_0b.value /= float(share)


class BackgroundDipoleModel(SeparableDipoleModel):
    r"""Dipole of the Galactic background.

    .. math::
        \vec\xi_b = \delta_b \cos\theta_b\, \hat b

    with the angle between the magnetic field and the streaming, in the paper along the north
    Galactic pole (Xue & Liu 2025, Eq. 14).

    Parameters
    ----------
    delta_b, lon_b, lat_b, B_ra, B_dec : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    """

    tag = ["BackgroundDipoleModel", "background-dipole"]
    definitions = ("delta_b", "lon_b", "lat_b", "B_ra", "B_dec")

    def terms(self, grid, *values):
        """Kernel: terms of the dipole, the same at every rigidity, Eq. 14."""
        p = self.named(values)
        field = icrs_direction(p.B_ra, p.B_dec)
        streaming = galactic_direction(p.lon_b, p.lat_b)
        return [(-p.delta_b * np.vecdot(streaming, field), field)]


register(SPECTRAL_MODEL_REGISTRY, LeakyBoxSpectralModel, SpallationLeakyBoxSpectralModel)
register(DIPOLE_MODEL_REGISTRY, BackgroundDipoleModel)
