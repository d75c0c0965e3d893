"""The same joint fit as a gammapy user would write it without this package.

Spectra are gammapy `SpectralModel` classes that calculate with Quantities, datasets are `Dataset`
classes that compare Quantities, one for each table, joined in gammapy's own `Datasets`; priors are
gammapy's `GaussianPrior`. Equation numbers are those of Xue & Liu 2025, arXiv:2507.07057.

Starting values, units and limits of the parameters, rest energies and measured arrays are taken
from the package, so that both fit the same numbers; nothing of it runs in an evaluation. What a
user with an eye for speed would do is done here too: rigidities of the points are worked out
once, points outside the fit are left out, directions that no parameter moves are constants, only
parameters that are free have priors.
"""

import copy

import astropy.units as u
import numpy as np
from astropy.constants import c
from gammapy.datasets import Dataset, Datasets
from gammapy.modeling import Covariance, Parameters
from gammapy.modeling.models import DatasetModels, GaussianPrior, ModelBase, SpectralModel
from gammapy.stats.fit_statistics import FitStatistic

from crlocal_plugin import GALACTIC_TO_ICRS, CosmicRayFluxDataset
from crlocal_plugin.components.parameters import parameter

TO_CENTER, _, TO_POLE = GALACTIC_TO_ICRS.T
INTENSITY = u.Unit("GV-1 m-2 s-1 sr-1")
DIFFUSION = u.Unit("cm2 s-1")
REFERENCE = 10 * u.GV


# ---------------------------------------------------------------- transport


def momentum_to_rigidity(pc, nucleus):
    """Rigidity of a momentum times c."""
    return pc.to_value(u.GeV) / nucleus.Z * u.GV


def speed(rigidity, nucleus):
    """Speed over the speed of light."""
    pc = nucleus.Z * rigidity.to_value(u.GV) * u.GeV
    return (pc / np.sqrt(pc**2 + (nucleus.rest_energy * u.GeV) ** 2)).to(u.one)


def diffusion(rigidity, beta, D_0, delta):
    """Eq. 2."""
    return D_0 * beta * (rigidity / REFERENCE).to(u.one) ** delta


def source_spectrum(rigidity, Q_0, index, R_cut):
    """Eqs. 8 and 10."""
    return Q_0 * (rigidity / u.GV).to(u.one) ** (-index) * np.exp(-(rigidity / R_cut).to(u.one))


def direction(ra, dec):
    """ICRS unit vector."""
    return u.Quantity([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def cloud_velocity(u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun):
    """Velocity of the local cloud in the local standard of rest."""
    return u_HC * direction(u_HC_ra, u_HC_dec) + GALACTIC_TO_ICRS @ u.Quantity(
        [U_sun, V_sun, W_sun]
    )


def local_diffusion(rigidity, beta, R_cr, B, delta_local):
    """Parallel and perpendicular diffusion coefficient in the cloud (below Eq. 7)."""
    bohm = (R_cr / (B * c)) * c / 3
    ratio = (rigidity / R_cr).to(u.one)
    parallel = (bohm * beta * ratio**delta_local).to(DIFFUSION)
    omega_tau = ratio ** (delta_local - 1)
    return parallel, parallel / (1 + omega_tau**2)


# ---------------------------------------------------------------- spectra


class Spectrum(SpectralModel):
    """Base of the spectra, which belong to a nucleus."""

    def __init__(self, nucleus, **kwargs):
        self.nucleus = nucleus
        super().__init__(**kwargs)


class LeakyBox(Spectrum):
    """Galactic background with solar modulation, Eqs. 1-4."""

    tag = ["NaiveLeakyBox", "naive-leaky-box"]
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

    def evaluate(self, rigidity, Q_0b, Gamma, index_offset, R_cut, D_0, delta, w, H_G, V_G, phi):
        """Intensity near Earth."""
        beta_here = speed(rigidity, self.nucleus)
        outside = np.sqrt(rigidity**2 + 2 * rigidity * phi / beta_here + phi**2)
        beta = speed(outside, self.nucleus)
        density = source_spectrum(outside, Q_0b, Gamma + index_offset, R_cut)
        density = density * w * H_G**2 / (V_G * diffusion(outside, beta, D_0, delta))
        modulation = beta_here * rigidity**2 / (beta * outside**2)
        return (modulation * beta * c / (4 * np.pi * u.sr) * density).to(INTENSITY)


class NearbySource(Spectrum):
    """Nearby source seen through the local cloud, Eqs. 5-8."""

    tag = ["NaiveNearbySource", "naive-nearby-source"]
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

    def evaluate(
        self, rigidity, Q_0n, Gamma, index_offset, R_cut, D_0, delta, T_n, r_par, r_perp, D_ratio,
        M_A, x, R_cr, B, delta_local, B_ra, B_dec, u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun,
    ):  # fmt: skip
        """Intensity inside the cloud."""
        beta = speed(rigidity, self.nucleus)
        D_par = D_ratio * diffusion(rigidity, beta, D_0, delta)
        D_perp = M_A**4 * D_par
        velocity = cloud_velocity(u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun)
        u_lsr = np.sqrt(velocity @ velocity)
        cos2 = (velocity @ direction(B_ra, B_dec) / u_lsr) ** 2
        parallel, perpendicular = local_diffusion(rigidity, beta, R_cr, B, delta_local)
        kappa_xx = parallel * cos2 + perpendicular * (1 - cos2)
        spread = r_par**2 / (4 * D_par * T_n) + r_perp**2 / (4 * D_perp * T_n)
        density = source_spectrum(rigidity, Q_0n, Gamma + index_offset, R_cut)
        density = density / ((4 * np.pi * T_n) ** 1.5 * np.sqrt(D_par) * D_perp)
        factor = np.exp(-(u_lsr * x / kappa_xx).to(u.one)) * np.exp(-spread.to(u.one))
        return (beta * c / (4 * np.pi * u.sr) * density * factor).to(INTENSITY)


class GalacticCenter(Spectrum):
    """Instantaneous source at the Galactic centre, Eqs. 9-10."""

    tag = ["NaiveGalacticCenter", "naive-galactic-center"]
    Q_0c = parameter("Q_0c")
    Gamma = parameter("Gamma")
    index_offset = parameter("index_offset")
    R_cutc = parameter("R_cutc")
    D_0 = parameter("D_0")
    delta = parameter("delta")
    T_c = parameter("T_c")
    r_c = parameter("r_c")

    def evaluate(self, rigidity, Q_0c, Gamma, index_offset, R_cutc, D_0, delta, T_c, r_c):
        """Intensity near Earth."""
        beta = speed(rigidity, self.nucleus)
        D = diffusion(rigidity, beta, D_0, delta)
        density = source_spectrum(rigidity, Q_0c, Gamma + index_offset, R_cutc)
        density = (
            density / (4 * np.pi * T_c * D) ** 1.5 * np.exp(-(r_c**2 / (4 * D * T_c)).to(u.one))
        )
        return (beta * c / (4 * np.pi * u.sr) * density).to(INTENSITY)


# ---------------------------------------------------------------- dipoles


class DipoleTerm(ModelBase):
    """Base of the terms of the dipole, vectors that point to the excess, minus xi of the paper."""

    _type = "dipole"

    def __call__(self, rigidity, nucleus):
        """Dipole at rigidities of a nucleus, of a shape that broadcasts to ``(n, 3)``."""
        values = [par.quantity for par in self.parameters]
        return self.evaluate(rigidity, speed(rigidity, nucleus)[:, np.newaxis], *values)


class BackgroundDipole(DipoleTerm):
    """Eq. 14."""

    tag = ["NaiveBackgroundDipole", "naive-background-dipole"]
    delta_b = parameter("delta_b")
    B_ra = parameter("B_ra")
    B_dec = parameter("B_dec")

    def evaluate(self, rigidity, beta, delta_b, B_ra, B_dec):
        """Dipole along the magnetic field."""
        field = direction(B_ra, B_dec)
        return -delta_b * (field @ TO_POLE) * field


class NearbySourceDipole(DipoleTerm):
    """Eq. 11."""

    tag = ["NaiveNearbySourceDipole", "naive-nearby-source-dipole"]
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

    def evaluate(
        self, rigidity, beta, R_cr, B, delta_local, B_ra, B_dec,
        u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun,
    ):  # fmt: skip
        """Dipole along and across the magnetic field."""
        field = direction(B_ra, B_dec)
        velocity = cloud_velocity(u_HC, u_HC_ra, u_HC_dec, U_sun, V_sun, W_sun)
        u_lsr = np.sqrt(velocity @ velocity)
        cos = velocity @ field / u_lsr
        sin = np.sqrt(1 - cos**2)
        transverse = (velocity / u_lsr - cos * field) / sin
        rigidity = rigidity[:, np.newaxis]
        parallel, perpendicular = local_diffusion(rigidity, beta, R_cr, B, delta_local)
        kappa_xx = parallel * cos**2 + perpendicular * sin**2
        along = parallel / kappa_xx * u_lsr * cos * field
        across = perpendicular / kappa_xx * u_lsr * sin * transverse
        return (3 / (beta * c) * (along + across)).to(u.one)


class GalacticCenterDipole(DipoleTerm):
    """Eqs. 12-13."""

    tag = ["NaiveGalacticCenterDipole", "naive-galactic-center-dipole"]
    T_c = parameter("T_c")
    r_c = parameter("r_c")
    B_ra = parameter("B_ra")
    B_dec = parameter("B_dec")

    def evaluate(self, rigidity, beta, T_c, r_c, B_ra, B_dec):
        """Dipole along the magnetic field."""
        field = direction(B_ra, B_dec)
        return (3 * r_c / (2 * beta * c * T_c) * (field @ TO_CENTER)).to(u.one) * field


class ComptonGetting(DipoleTerm):
    """First term of Eq. 15."""

    tag = ["NaiveComptonGetting", "naive-compton-getting"]
    C = parameter("C")
    u_HC = parameter("u_HC")
    u_HC_ra = parameter("u_HC_ra")
    u_HC_dec = parameter("u_HC_dec")

    def evaluate(self, rigidity, beta, C, u_HC, u_HC_ra, u_HC_dec):
        """Dipole towards the motion of the observer."""
        return (-3 * C * u_HC / (beta * c)).to(u.one) * direction(u_HC_ra, u_HC_dec)


# ---------------------------------------------------------------- model


class CosmicRays(ModelBase):
    """Top-level model: spectra by nucleus and component, and the terms of the dipole.

    Parameters
    ----------
    model : `~crlocal_plugin.CosmicRayModel`
        Model of the package, whose nuclei, values and frozen status are taken over.
    """

    tag = ["NaiveCosmicRays", "naive-cosmic-rays"]
    _type = "cosmic-rays"
    datasets_names = None
    name = "naive"

    def __init__(self, model):
        self.spectra = {
            nucleus: [LeakyBox(nucleus), NearbySource(nucleus), GalacticCenter(nucleus)]
            for nucleus in model.nuclei
        }
        self.dipoles = [BackgroundDipole(), NearbySourceDipole(), GalacticCenterDipole()]
        self.compton_getting = ComptonGetting()
        # the same quantity is one Parameter wherever it enters
        self.by_label = {}
        for submodel in self._models:
            for name in submodel.parameters.names:
                is_own = name.startswith("Q_") or name == "index_offset"
                label = f"{submodel.nucleus.name}.{name}" if is_own else name
                par = self.by_label.setdefault(label, getattr(submodel, name))
                setattr(submodel, name, par)
        for label, par in self.by_label.items():
            par.value = model.parameters[label].value
            par.frozen = model.parameters[label].frozen
        self._covariance = Covariance(self.parameters)

    @property
    def _models(self):
        spectra = [submodel for submodels in self.spectra.values() for submodel in submodels]
        return [*spectra, *self.dipoles, self.compton_getting]

    @property
    def parameters(self):
        """Each parameter once: gammapy counts the prior of one that is listed twice twice."""
        return Parameters(list(self.by_label.values()))

    @property
    def parameters_unique_names(self):
        """Names with the species in front."""
        return list(self.by_label)

    def copy(self, name=None, copy_data=False):
        """Deep copy, for the result of a fit."""
        return copy.deepcopy(self)

    def intensity(self, rigidity, nucleus):
        """Intensity of a nucleus near Earth."""
        return sum(spectrum(rigidity) for spectrum in self.spectra[nucleus])

    def dipole(self, rigidities):
        """Dipole of all nuclei at the same total energies, weighted with intensities, Eq. 15."""
        vector, total = 0, 0
        for nucleus, rigidity in rigidities.items():
            per_energy = u.GV / u.GeV / (nucleus.Z * speed(rigidity, nucleus))
            everything = 0
            for spectrum, dipole in zip(self.spectra[nucleus], self.dipoles, strict=True):
                intensity = spectrum(rigidity) * per_energy
                vector = vector + intensity[:, np.newaxis] * dipole(rigidity, nucleus)
                everything = everything + intensity
            moving = self.compton_getting(rigidity, nucleus)
            vector = vector + everything[:, np.newaxis] * moving
            total = total + everything
        return (vector / total[:, np.newaxis]).to(u.one)


# ---------------------------------------------------------------- datasets


class Chi2(FitStatistic):
    """Sum of squared residuals."""

    @classmethod
    def stat_array_dataset(cls, dataset):
        """Statistic of each point."""
        return dataset.chi2()


class TableDataset(Dataset):
    """Base of the datasets, which take their numbers from a dataset of the package."""

    gti = None
    meta_table = None
    mask_fit = None
    mask_safe = None
    _fit_statistic = Chi2

    def __init__(self, dataset, nuclei):
        self._name = dataset.name
        self._models = None
        self._read(dataset, slice(None) if dataset.mask is None else dataset.mask, nuclei)

    @property
    def data_shape(self):
        """One number for each row of the table."""
        return self.x.shape

    @property
    def models(self):
        """Models of the dataset."""
        return self._models

    @models.setter
    def models(self, models):
        self._models = None if models is None else DatasetModels(models)


class FluxDataset(TableDataset):
    """Measured intensities of one nucleus."""

    tag = "NaiveFluxDataset"

    def _read(self, dataset, rows, nuclei):
        self.x, self.intensity = dataset.x[rows], dataset.intensity[rows]
        self.errn, self.errp = (error[rows] for error in dataset.intensity_errors)
        (nucleus,) = (n for n in nuclei if n.name == dataset.quantity)
        m, per_axis = nucleus.rest_energy * u.GeV, 1
        if dataset.axis == "rigidity":
            self.rigidity = self.x
        elif dataset.axis == "total_energy":
            self.rigidity = momentum_to_rigidity(np.sqrt(self.x**2 - m**2), nucleus)
        else:
            nucleons = nucleus.A if dataset.axis == "kinetic_energy_per_nucleon" else 1
            kinetic, per_axis = self.x * nucleons, nucleons
            self.rigidity = momentum_to_rigidity(np.sqrt(kinetic * (kinetic + 2 * m)), nucleus)
        if dataset.axis == "rigidity":
            self.jacobian = 1 * u.one
        else:
            self.jacobian = per_axis / (nucleus.Z * speed(self.rigidity, nucleus)) * u.GV / u.GeV
        self.nucleus = nucleus

    def chi2(self):
        """Squared residuals; the error of the side of the model counts."""
        (model,) = self.models
        predicted = model.intensity(self.rigidity, self.nucleus) * self.jacobian
        difference = (predicted - self.intensity).to(self.intensity.unit)
        return (difference / np.where(difference > 0, self.errp, self.errn)).to_value(u.one) ** 2


class DipoleDataset(TableDataset):
    """Measured dipoles, compared as vectors along and across the measured direction."""

    tag = "NaiveDipoleDataset"

    def _read(self, dataset, rows, nuclei):
        data = dataset.data.take(rows)
        self.x = dataset.x[rows]
        self.amplitude, self.phase = data.amplitude * u.one, data.phase * u.rad
        self.errn, self.errp = data.errn * u.one, data.errp * u.one
        self.tangential = data.tangential * u.one
        self.rigidities = {
            nucleus: momentum_to_rigidity(
                np.sqrt(self.x**2 - (nucleus.rest_energy * u.GeV) ** 2), nucleus
            )
            for nucleus in nuclei
        }

    def chi2(self):
        """Squared residuals, two to a point."""
        (model,) = self.models
        x, y, _ = model.dipole(self.rigidities).T
        cos, sin = np.cos(self.phase), np.sin(self.phase)
        difference = x * cos + y * sin - self.amplitude
        along = difference / np.where(difference > 0, self.errp, self.errn)
        across = (y * cos - x * sin) / self.tangential
        return (along**2 + across**2).to_value(u.one)


def naive_datasets(datasets, model):
    """gammapy Datasets of the same data with the same model, priors on free parameters.

    Parameters
    ----------
    datasets : `~crlocal_plugin.CosmicRayDatasets`
        Datasets whose numbers are taken over.
    model : `~crlocal_plugin.CosmicRayModel`
        Model whose values are taken over.

    Returns
    -------
    `~gammapy.datasets.Datasets`
        Datasets with models.
    """
    own = CosmicRays(model)
    for label, par in own.by_label.items():
        prior = model.parameters[label].prior
        if prior is not None and not par.frozen:
            # gammapy takes plain numbers in the unit of the parameter
            mu, sigma = (p.quantity.to_value(par.unit) for p in (prior.mu, prior.sigma))
            par.prior = GaussianPrior(mu=mu, sigma=sigma)
    kinds = {True: FluxDataset, False: DipoleDataset}
    result = Datasets(
        [kinds[isinstance(d, CosmicRayFluxDataset)](d, list(own.spectra)) for d in datasets]
    )
    result.models = [own]
    return result
