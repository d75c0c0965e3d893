"""The Galactic background: leaky box, with loss of nuclei or not, boron, dipole along the field."""

import astropy.units as u
import numpy as np
from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY

from ..physics.constants import PARSEC_CM, YEAR_S
from ..physics.diffusion import LOG_REFERENCE_RIGIDITY
from ..physics.geometry import galactic_direction, icrs_direction
from ..physics.intensity import LOG_FLOW, log_source_spectrum, log_strength
from ..physics.modulation import log_modulation, outside_heliosphere
from ..physics.secondaries import (
    BERYLLIUM_10,
    PRODUCTION,
    STABLE_BERYLLIUM,
    escape_grammage,
    log_beryllium_yield,
    log_yield,
    parent_grid,
    parent_ratio,
    production_rate,
)
from ..physics.spallation import log_loss, surviving_fraction
from .dipole import DIPOLE_MODEL_REGISTRY, SeparableDipoleModel
from .registration import register
from .spectrum import HELIUM_RATIOS, SourceSpectralModel

_RATES = [
    production_rate(HELIUM_RATIOS, production)
    for production in (PRODUCTION, STABLE_BERYLLIUM, BERYLLIUM_10)
]


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
        is determined by data.
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
    r"""Galactic background in a leaky box, with loss of nuclei in inelastic collisions.

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
        parameter of its own because ``H_G`` and ``D_0`` give a time, not a density of gas.
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

        A strength from a fit without loss then stays a good start for a fit with it.
        """
        share = self.surviving_fraction(u.Quantity(rigidity))
        if np.ndim(share):
            raise ValueError(f"loss is compensated at one rigidity, got {rigidity}")
        self.Q_0b.value /= float(share)


class GasLeakyBoxSpectralModel(LeakyBoxSpectralModel):
    r"""Galactic background in a leaky box with gas, in which nuclei are lost.

    As `SpallationLeakyBoxSpectralModel`, with an escape grammage that follows from the other
    parameters:

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
    r"""Boron or beryllium that the nuclei of the background make in interstellar gas.

    .. math::
        J_B(R) = k\,J_C(k R)\,\frac{X(R) / \lambda_C}{1 + X(R) / \lambda}

    outside the heliosphere, with the carbon :math:`J_C` of `GasLeakyBoxSpectralModel`, the ratio
    :math:`k` of the rigidities of carbon and boron of one energy per nucleon, the length
    :math:`\lambda` for loss of boron, and :math:`\lambda_C` for its production by all parents in
    their ratio to carbon at 100 GV (`HELIUM_RATIOS`), see `crlocal_plugin.physics.secondaries`.
    Beryllium is likewise, with what boron makes, and 10Be that decays in the halo, see
    `crlocal_plugin.physics.secondaries.log_beryllium_yield`.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Boron or beryllium.
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
        if self.nucleus.Z not in (4, 5):
            raise ValueError(
                f"{type(self).__name__}: cross sections are those of boron and beryllium, got "
                f"{self.species}; use GasLeakyBoxSpectralModel for a nucleus from the sources"
            )

    def log_interstellar(self, grid, rigidity, log_rigidity, p):
        """Logarithm of the intensity at the interstellar rigidities of a grid."""
        ratio, parents = parent_ratio(grid), parent_grid(grid)
        of_parents = super().log_interstellar(
            parents, rigidity * ratio, log_rigidity + np.log(ratio), p
        )
        grammage = escape_grammage(p.n_gas, p.H_G, p.D_0)
        place = grid, rigidity, log_rigidity, grammage, p.delta
        if self.nucleus.Z == 5:
            return of_parents + log_yield(*place, p.production * _RATES[0])
        made = log_beryllium_yield(*place, p.D_0, p.H_G, _RATES)
        return of_parents + made + log_strength(p.production)


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


register(
    SPECTRAL_MODEL_REGISTRY,
    *(LeakyBoxSpectralModel, SpallationLeakyBoxSpectralModel),
    *(GasLeakyBoxSpectralModel, SecondarySpectralModel),
)
register(DIPOLE_MODEL_REGISTRY, BackgroundDipoleModel)
