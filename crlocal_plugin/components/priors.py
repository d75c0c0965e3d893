"""Gaussian priors that carry the publication they are taken from."""

import astropy.units as u
from gammapy.modeling import PriorParameter
from gammapy.modeling.models import PRIOR_REGISTRY, Prior

from ..messages import unknown_name
from .base import PlainAttributes, unit_text
from .registration import register


class MeasurementPrior(PlainAttributes, Prior):
    r"""Gaussian prior from a published measurement.

    The statistic is :math:`(v - \mu)^2 / \sigma^2`: zero at the measured value, so that the total
    reads like a chi2. (`~gammapy.modeling.models.GaussianPrior` adds a constant and is some fifty
    times slower.)

    Parameters
    ----------
    mu : float or `~astropy.units.Quantity`
        Measured value.
    sigma : float or `~astropy.units.Quantity`
        Its standard deviation, positive.
    source : str
        Publication, or what the numbers rest on.
    weight : float, optional
        Factor on the statistic.

    Raises
    ------
    ValueError
        If ``sigma`` is not positive, or the units of ``mu`` and ``sigma`` differ in kind.
    """

    tag = ["MeasurementPrior", "measurement"]
    _type = "prior"

    mu = PriorParameter(name="mu", value=0)
    sigma = PriorParameter(name="sigma", value=1)

    def __init__(self, mu=0.0, sigma=1.0, source="", weight=None, **kwargs):
        # values read back from a file arrive as PriorParameter
        mu, sigma = (
            u.Quantity(v.quantity if isinstance(v, PriorParameter) else v) for v in (mu, sigma)
        )
        if not sigma.unit.is_equivalent(mu.unit):
            raise ValueError(
                f"prior: sigma in {unit_text(sigma.unit)} does not fit mu in "
                f"{unit_text(mu.unit)}; give both the same kind of unit"
            )
        if not sigma.value > 0:
            raise ValueError(f"prior: sigma must be positive, got {sigma}")
        sigma = sigma.to(mu.unit)
        super().__init__(weight=weight)
        for par, quantity in ((self.mu, mu), (self.sigma, sigma)):
            par.unit = quantity.unit
            par.value = quantity.value
        self.source = str(source)
        self._units = None, None, 1.0

    def __call__(self, parameter):
        """Evaluate the statistic for a Parameter, in whatever unit it is given."""
        mu, units = self.mu, self._units
        if units[0] is not parameter._unit or units[1] is not mu._unit:
            # comparing units costs more than all the rest
            units = parameter._unit, mu._unit, parameter._unit.to(mu._unit)
            self._units = units
        pull = (parameter._value * units[2] - mu._value) / self.sigma._value
        return self._weight * pull * pull

    @staticmethod
    def evaluate(value, mu, sigma):
        """Evaluate (value - mu)^2 / sigma^2."""
        pull = (value - mu) / sigma
        return pull * pull

    @property
    def _random_variable(self):
        from scipy.stats import norm

        return norm(self.mu.value, self.sigma.value)

    def to_dict(self, full_output=False):
        """Convert to a dictionary, with the source."""
        data = super().to_dict(full_output)
        data["prior"]["source"] = self.source
        return data

    @classmethod
    def from_dict(cls, data, **kwargs):
        """Create from a dictionary, with the source."""
        source = data.get("prior", data).get("source", "")
        return super().from_dict(data, source=source, **kwargs)

    def __str__(self):
        unit = f" {self.mu.unit}" if self.mu.unit != u.one else ""
        return f"{self.mu.value:g} +- {self.sigma.value:g}{unit} ({self.source})"


_SCHOENRICH = "Schoenrich, Binney & Dehnen 2010, MNRAS 403, 1829"
_SCHWADRON = "Schwadron et al. 2015, ApJS 220, 25"

MEASURED = {
    "V_sun": ("12.24 km s-1", "2.05 km s-1", f"{_SCHOENRICH}: statistical 0.47 and systematic 2"),
    "U_sun": ("11.1 km s-1", "1.25 km s-1", f"{_SCHOENRICH}: statistical 0.75 and systematic 1"),
    "W_sun": ("7.25 km s-1", "0.62 km s-1", f"{_SCHOENRICH}: statistical 0.37 and systematic 0.5"),
    "u_HC": ("25.4 km s-1", "1.1 km s-1", _SCHWADRON),
    "u_HC_ra": (
        "74.9 deg",
        "1.5 deg",
        f"{_SCHWADRON}: ecliptic longitude +-1.4 deg as right ascension",
    ),
    "u_HC_dec": (
        "17.6 deg",
        "0.3 deg",
        f"{_SCHWADRON}: ecliptic latitude +-0.27 deg and longitude as declination",
    ),
    "x": (
        "2.9 pc",
        "1.5 pc",
        "half of the 4.7 to 6.8 pc across the cloud, Redfield & Linsky 2000, ApJ 534, 825; "
        "the Sun is near its edge",
    ),
    "T_n": (
        "3.4e5 yr",
        "0.5e5 yr",
        "characteristic age of Geminga, 342 kyr, Manchester et al. 2005, AJ 129, 1993; "
        "the width is an assumption",
    ),
    "phi": (
        "0.97 GV",
        "0.097 GV",
        "value of Xue & Liu 2025 for their interstellar spectrum; 10 % is how well neutron "
        "monitors tell the potential, Ghelfi et al. 2017, Adv. Space Res. 60, 833",
    ),
    "grammage": (
        "5.9 g cm-2",
        "1.5 g cm-2",
        "8.7 (R / 10 GV)^-0.5 g/cm2 from boron over carbon, Blum, Katz & Waxman 2013, PRL 111, "
        "211101, at 100 GV with the slope 1/3; the width, half of the difference at 10 GV, is an "
        "assumption",
    ),
}
"""Measured values by parameter name: mean, standard deviation, source."""


PRIOR_SETS = {
    "solar-motion": ("U_sun", "V_sun", "W_sun"),
    "local-cloud": ("u_HC", "u_HC_ra", "u_HC_dec", "x"),
    "nearby-source": ("T_n",),
    "modulation": ("phi",),
    "spallation": ("grammage",),
    "measured": ("U_sun", "V_sun", "W_sun", "u_HC", "u_HC_ra", "u_HC_dec", "x", "T_n", "grammage"),
}
"""Named sets of parameters whose priors are in `MEASURED`; "measured" is the default of a model. A
model takes those that it has the parameters for.
The modulation potential is not in it: its value depends on the interstellar spectrum that is
assumed, and the spectra of AMS-02 determine it."""

ENERGY_SCALES = {
    "DAMPE": (
        0.032,
        "absolute energy scale of the calorimeter 1.013 +- 0.012 +- 0.026 (shift and errors in "
        "quadrature), DAMPE 2025, Astropart. Phys. 173, 103149",
    ),
    "ARGO-YBJ": (
        0.13,
        "absolute rigidity scale from the shadow of the Moon, better than 13 % up to 30 TeV/Z, "
        "Bartoli et al. 2011, PRD 84, 022003",
    ),
    "Tibet ASgamma": (
        0.12,
        "energy scale from the shadow of the Moon, better than 12 %, Amenomori et al. 2009, "
        "ApJ 692, 61",
    ),
    "Pierre Auger Observatory": (
        0.14,
        "systematic uncertainty of the energy scale, Aab et al. 2020, PRD 102, 062005",
    ),
}
"""Standard deviations of energy scales around 1 by experiment, and their sources."""


def energy_scale_prior(experiment):
    """New prior around 1 on the energy scale of an experiment from `ENERGY_SCALES`."""
    return _prior_of(experiment, ENERGY_SCALES, "no measured energy scale for")


def prior_set(names):
    """New priors by parameter name from one or several sets of `PRIOR_SETS` (dict)."""
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        if name not in PRIOR_SETS:
            raise ValueError(unknown_name(name, PRIOR_SETS, "set of priors "))
    parameters = dict.fromkeys(par for name in names for par in PRIOR_SETS[name])
    return {par: measured_prior(par) for par in parameters}


def measured_prior(name):
    """Prior on a parameter from `MEASURED`.

    Parameters
    ----------
    name : str
        Parameter name.

    Returns
    -------
    MeasurementPrior
        New prior.

    Raises
    ------
    ValueError
        If there is no measurement for the name.
    """
    return _prior_of(name, MEASURED, "no measured prior for")


def _prior_of(name, table, otherwise):
    if name not in table:
        raise ValueError(f"{otherwise} {name!r}: expected one of {', '.join(table)}")
    *mean, sigma, source = table[name]
    return MeasurementPrior(u.Quantity(*(mean or [1])), u.Quantity(sigma), source)


register(PRIOR_REGISTRY, MeasurementPrior)
