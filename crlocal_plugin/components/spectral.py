"""Spectra of the three components of Xue & Liu 2025 as gammapy spectral models.

The x axis of every model is rigidity, the result an intensity in 1/(GV m2 s sr).
"""

from gammapy.modeling.models import SPECTRAL_MODEL_REGISTRY

from ..physics import (
    diffusion,
    geometry,
    intensity,
)
from .base import LocalTransport
from .parameters import parameter
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
    _strength = "Q_0b"
    Q_0b = parameter("Q_0b")
    Gamma = parameter("Gamma")
    index_offset = parameter("index_offset")
    R_cut = parameter("R_cut")
    D_0 = parameter("D_0")
    delta = parameter("delta")
    w = parameter("w")
    H_G = parameter("H_G")
    V_G = parameter("V_G")
    phi = parameter("phi")

    def log_shape(self, grid, Gamma, index_offset, R_cut, D_0, delta, w, H_G, V_G, phi):
        """Kernel: logarithm of the intensity near Earth at a strength of one."""
        return intensity.log_modulated_leaky_box(
            grid, 1.0, Gamma + index_offset, R_cut, w, H_G, V_G, D_0, delta, phi
        )


class NearbySourceSpectralModel(SourceSpectralModel):
    r"""Instantaneous nearby source, seen through the Local Interstellar Cloud.

    .. math::
        J_n(R) = \frac{v}{4\pi}\, e^{-u_{LSR}\, x / \kappa_{xx}}
        \frac{Q_n(R)}{(4\pi T_n)^{3/2} D_\parallel^{1/2} D_\perp}
        \exp\left(-\frac{r_\parallel^2}{4 D_\parallel T_n} - \frac{r_\perp^2}{4 D_\perp T_n}\right)

    (Xue & Liu 2025, Eqs. 5-8; Eq. 16 for ``local_transport="wandering"``). Solar modulation is
    left out, as in the paper: the source contributes little at low rigidity.

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    local_transport : {"kinetic", "wandering"}
        Diffusion in the cloud: kinetic theory, or the wandering field lines of the large scale.
    Q_0n, Gamma, index_offset, R_cut, T_n, r_par, r_perp : `~astropy.units.Quantity`
        The source, see `crlocal_plugin.components.parameters.DEFINITIONS`.
    D_0, delta, D_ratio, M_A, x, R_cr, B, delta_local : `~astropy.units.Quantity`
        Diffusion in the Galaxy and in the cloud.
    B_ra, B_dec, u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun : `~astropy.units.Quantity`
        Magnetic field and motion of the cloud, and motion of the Sun.
    """

    tag = ["NearbySourceSpectralModel", "nearby-source"]
    settings = ("species", "local_transport")
    _strength, _power = "Q_0n", "index_offset"
    Q_0n = parameter("Q_0n")
    Gamma = parameter("Gamma")
    index_offset = parameter("index_offset")
    R_cut = parameter("R_cut")
    D_0 = parameter("D_0")
    delta = parameter("delta")
    T_n = parameter("T_n")
    r_par = parameter("r_par")
    r_perp = parameter("r_perp")
    D_ratio = parameter("D_ratio")
    M_A = parameter("M_A")
    x = parameter("x")
    R_cr = parameter("R_cr")
    B = parameter("B")
    delta_local = parameter("delta_local")
    B_ra = parameter("B_ra")
    B_dec = parameter("B_dec")
    u_HC = parameter("u_HC")
    u_HC_ra = parameter("u_HC_ra")
    u_HC_dec = parameter("u_HC_dec")
    U_sun = parameter("U_sun")
    V_sun = parameter("V_sun")
    W_sun = parameter("W_sun")

    def __init__(self, species="H", local_transport=LocalTransport.KINETIC, **kwargs):
        self.local_transport = LocalTransport.check(local_transport)
        super().__init__(species=species, **kwargs)

    def log_shape(
        self,
        grid,
        Gamma,
        index_offset,
        R_cut,
        D_0,
        delta,
        T_n,
        r_par,
        r_perp,
        D_ratio,
        M_A,
        x,
        R_cr,
        B,
        delta_local,
        B_ra,
        B_dec,
        u_HC,
        u_HC_ra,
        u_HC_dec,
        U_sun,
        V_sun,
        W_sun,
    ):
        """Kernel: logarithm of the intensity inside the cloud at a strength of one."""
        cloud = geometry.local_cloud(B_ra, B_dec, u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun)
        if self.local_transport == LocalTransport.WANDERING:
            kappa_xx = diffusion.large_scale_diffusion_along(
                grid, cloud.cos2_theta, D_0, delta, D_ratio, M_A
            )
        else:
            kappa_xx = diffusion.local_diffusion_along(grid, cloud.cos2_theta, R_cr, B, delta_local)
        return intensity.log_nearby_source(
            grid,
            1.0,
            Gamma + index_offset,
            R_cut,
            T_n,
            r_par,
            r_perp,
            D_0,
            delta,
            D_ratio,
            M_A,
            x,
            cloud.speed,
            kappa_xx,
        )


class GalacticCenterSpectralModel(SourceSpectralModel):
    r"""Instantaneous source at the Galactic centre.

    .. math::
        J_c(R) = \frac{v}{4\pi}\, Q_c(R) \left[4\pi T_c D(R)\right]^{-3/2}
        \exp\left(-\frac{r_c^2}{4 D(R) T_c}\right)

    (Xue & Liu 2025, Eqs. 9-10).

    Parameters
    ----------
    species : str or `~crlocal_plugin.Species`
        Nucleus.
    Q_0c, Gamma, index_offset, R_cutc, D_0, delta, T_c, r_c : `~astropy.units.Quantity`
        See `crlocal_plugin.components.parameters.DEFINITIONS`.
    """

    tag = ["GalacticCenterSpectralModel", "galactic-center"]
    _strength, _power = "Q_0c", "index_offset"
    Q_0c = parameter("Q_0c")
    Gamma = parameter("Gamma")
    index_offset = parameter("index_offset")
    R_cutc = parameter("R_cutc")
    D_0 = parameter("D_0")
    delta = parameter("delta")
    T_c = parameter("T_c")
    r_c = parameter("r_c")

    def log_shape(self, grid, Gamma, index_offset, R_cutc, D_0, delta, T_c, r_c):
        """Kernel: logarithm of the intensity near Earth at a strength of one."""
        return intensity.log_galactic_center(
            grid, 1.0, Gamma + index_offset, R_cutc, T_c, r_c, D_0, delta
        )


register(
    SPECTRAL_MODEL_REGISTRY,
    LeakyBoxSpectralModel,
    NearbySourceSpectralModel,
    GalacticCenterSpectralModel,
)
