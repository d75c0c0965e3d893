"""The Galactic background in a leaky box from which nuclei are lost in collisions."""

import astropy.units as u
import numpy as np
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY

from ..physics.spallation import log_loss, surviving_fraction
from .background import LeakyBoxSpectralModel
from .registration import register


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
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    Q_0b, Gamma, index_offset, R_cut, D_0, delta, w, H_G, V_G, phi : `~astropy.units.Quantity`
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
        return surviving_fraction(
            self.nucleus,
            self._rigidity_value(rigidity),
            self.grammage.quantity.to_value("g cm-2"),
            self.delta.value,
        )

    def compensate_loss(self, rigidity="100 GV"):
        """Raise the strength by what is lost at one interstellar rigidity.

        The intensity there becomes that of `LeakyBoxSpectralModel` with the strength of before, so
        that a strength taken from data by a model without loss stays a good start for a fit.
        """
        share = self.surviving_fraction(u.Quantity(rigidity))
        if np.ndim(share):
            raise ValueError(f"loss is compensated at one rigidity, got {rigidity}")
        self.Q_0b.value /= float(share)


register(SPECTRAL_MODEL_REGISTRY, SpallationLeakyBoxSpectralModel)
