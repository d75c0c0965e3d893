"""Gaussian priors that carry the publication they are taken from."""

from pathlib import Path

import astropy.units as u
from gammapy.modeling import PriorParameter
from gammapy.modeling.models import PRIOR_REGISTRY, Prior

from ..files import shipped_yaml
from .base import PlainAttributes, unit_text
from .registration import register


class MeasurementPrior(PlainAttributes, Prior):
    r"""Gaussian prior from a published measurement.

    The statistic is :math:`(v - \mu)^2 / \sigma^2`: zero at the measured value, so that the total
    reads like a chi2. (`~gammapy.modeling.models.GaussianPrior` adds a constant and is some fifty
    times slower.)

    Parameters
    ----------
    mu, sigma : float or `~astropy.units.Quantity`
        Measured value, and its standard deviation, which is positive.
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
            par.unit, par.value = quantity.unit, quantity.value
        self.source = str(source)
        self._units = None, None, 1.0

    def __call__(self, parameter):
        """Evaluate the statistic for a Parameter, in whatever unit it is given."""
        # gammapy's attribute access runs Python code: go to the dictionary itself
        own = self.__dict__
        mu, units = own["mu"], self._units
        if units[0] is not parameter._unit or units[1] is not mu._unit:
            # comparing units costs more than all the rest
            units = parameter._unit, mu._unit, parameter._unit.to(mu._unit)
            self._units = units
        pull = (parameter._value * units[2] - mu._value) / own["sigma"]._value
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


_TABLES = shipped_yaml(Path(__file__).with_suffix(".yaml"))

MEASURED = {name: tuple(row) for name, row in _TABLES["measured"].items()}
"""Measured values by parameter name: mean, standard deviation, source."""

CORRELATED = _TABLES["correlated"]
"""Measured vectors by name of their set, as `vector_prior` takes them."""

ALTERNATIVES = _TABLES["alternatives"]
"""Other values for parameters of `MEASURED` by name of their set."""

PRIOR_SETS = {
    name: tuple(members) for name, members in (_TABLES["sets"] | ALTERNATIVES).items()
} | {name: tuple(entry["parameters"]) for name, entry in CORRELATED.items()}
"""Named sets of parameters whose priors are in `MEASURED`. A model takes those that it has the
parameters for. Sets that start with "field-" are the direction of the local magnetic field, with
"cloud-" the velocity of the cloud, each as one `CorrelatedPrior`. The modulation potential is not
in "measured": its value depends on the interstellar spectrum that is assumed, and the spectra of
AMS-02 determine it."""

FREE_SETS = (*_TABLES["free"], *CORRELATED)
"""Sets that free the parameters that they constrain."""

WHOLE_SETS = (*_TABLES["whole"], *CORRELATED)
"""Sets that a model takes if it has all of their parameters."""

DEFAULT_SETS = tuple(_TABLES["default"])
"""Sets of a model by default: where the field points, how the cloud and the Sun move, and with what
errors, decides how well cosmic rays tell V_sun."""

ENERGY_SCALES = {name: tuple(row) for name, row in _TABLES["energy_scales"].items()}
"""Standard deviations of energy scales around 1 by experiment, and their sources."""


DIPOLE_NORMS = {name: tuple(row) for name, row in _TABLES["dipole_norms"].items()}
"""Standard deviations of normalisations of dipoles around 1 by experiment, and their sources."""


def energy_scale_prior(experiment):
    """New prior around 1 on the energy scale of an experiment from `ENERGY_SCALES`."""
    return _prior_of(experiment, ENERGY_SCALES, "no measured energy scale for")


def dipole_norm_prior(experiment):
    """New prior around 1 on the normalisation of dipoles of an experiment from `DIPOLE_NORMS`."""
    return _prior_of(experiment, DIPOLE_NORMS, "no known normalisation of dipoles for")


def measured_prior(name, set_name="measured"):
    """Prior from the measurement of a parameter in `MEASURED`; ValueError if there is none.

    A set of `ALTERNATIVES` has other values.
    """
    return _prior_of(name, ALTERNATIVES.get(set_name, MEASURED), "no measured prior for")


def _prior_of(name, table, otherwise):
    if name not in table:
        raise ValueError(f"{otherwise} {name!r}: expected one of {', '.join(table)}")
    *mean, sigma, source = table[name]
    return MeasurementPrior(u.Quantity(*(mean or [1])), u.Quantity(sigma), source)


register(PRIOR_REGISTRY, MeasurementPrior)
