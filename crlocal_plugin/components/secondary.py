"""Background in a leaky box full of gas: what is lost to it, and what is made in it."""

import astropy.units as u
import numpy as np
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY

from ..physics.secondaries import (
    PRODUCTION,
    escape_grammage,
    log_yield,
    parent_grid,
    parent_ratio,
    production_rate,
)
from ..physics.spallation import log_loss
from .background import LeakyBoxSpectralModel
from .registration import register
from .spectrum import HELIUM_RATIOS

_RATE = production_rate({name: HELIUM_RATIOS[name] for name in PRODUCTION})


class GasLeakyBoxSpectralModel(LeakyBoxSpectralModel):
    r"""Galactic background in a leaky box with gas, which nuclei are lost in.

    As `SpallationLeakyBoxSpectralModel`, with an escape grammage that the other parameters tell:

    .. math::
        X(R) = m\,n_{gas}\,v\,\frac{H_G^2}{D(R)}

    for the mass :math:`m` of a hydrogen atom with its share of helium. A disc of half thickness h
    with gas and sources, in a halo of half height H where particles diffuse, is the leaky box of
    :math:`H_G^2 = h H`.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    n_gas : `~astropy.units.Quantity`
        Hydrogen atoms per volume. By default the gas near the Sun, 13.7 solar masses per pc2 with
        helium (McKee, Parravano & Hollenbach 2015, ApJ 814, 13), over a thickness of 200 pc.
    **kwargs : `~astropy.units.Quantity`
        Parameters of `LeakyBoxSpectralModel`.
    """

    tag = ["GasLeakyBoxSpectralModel", "leaky-box-gas"]
    definitions = ("n_gas",)

    def log_interstellar(self, grid, rigidity, log_rigidity, p):
        """Logarithm of the intensity at the interstellar rigidities of a grid, less the loss."""
        without = super().log_interstellar(grid, rigidity, log_rigidity, p)
        grammage = escape_grammage(p.n_gas, p.H_G, p.D_0)
        return without - log_loss(grid, rigidity, log_rigidity, grammage, p.delta)

    @property
    def escape_grammage(self):
        """Escape grammage at an interstellar rigidity of 10 GV (`~astropy.units.Quantity`)."""
        values = dict(zip(self.parameters.names, self.kernel_values, strict=True))
        return escape_grammage(*(values[name] for name in ("n_gas", "H_G", "D_0"))) * u.Unit(
            "g cm-2"
        )


class SecondarySpectralModel(GasLeakyBoxSpectralModel):
    r"""Boron that the nuclei of the background make in interstellar gas.

    .. math::
        J_B(R) = k\,J_C(k R)\,\frac{X(R) / \lambda_C}{1 + X(R) / \lambda}

    outside the heliosphere, with the carbon :math:`J_C` of `GasLeakyBoxSpectralModel`, the ratio
    :math:`k` of the rigidities of carbon and boron of one energy per nucleon, the length
    :math:`\lambda` for loss of boron, and :math:`\lambda_C` for its production by all parents in
    their ratio to carbon at 100 GV (`HELIUM_RATIOS`), see `crlocal_plugin.physics.secondaries`.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Boron.
    Q_0b, index_offset : `~astropy.units.Quantity`
        Those of carbon: give the Parameters of the model of carbon to this one too.
    production : `~astropy.units.Quantity`
        Factor on the cross sections for production, which are known to about 10 %.
    **kwargs : `~astropy.units.Quantity`
        Parameters of `GasLeakyBoxSpectralModel`.
    """

    tag = ["SecondarySpectralModel", "secondary"]
    definitions = ("production",)

    def __init__(self, species="B", **kwargs):
        super().__init__(species=species, **kwargs)
        if self.nucleus.Z != 5:
            raise ValueError(
                f"{type(self).__name__}: cross sections are those of boron, got {self.species}; "
                "use GasLeakyBoxSpectralModel for a nucleus from the sources"
            )

    def log_interstellar(self, grid, rigidity, log_rigidity, p):
        """Logarithm of the intensity at the interstellar rigidities of a grid."""
        ratio, parents = parent_ratio(grid), parent_grid(grid)
        of_parents = super().log_interstellar(
            parents, rigidity * ratio, log_rigidity + np.log(ratio), p
        )
        grammage = escape_grammage(p.n_gas, p.H_G, p.D_0)
        rate = p.production * _RATE
        return of_parents + log_yield(grid, rigidity, log_rigidity, grammage, p.delta, rate)


register(SPECTRAL_MODEL_REGISTRY, GasLeakyBoxSpectralModel, SecondarySpectralModel)
