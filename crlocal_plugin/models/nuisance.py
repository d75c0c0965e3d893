"""Normalisations, energy scale, hadronic model and scatter of an experiment."""

import astropy.units as u
from gammapy.modeling import Parameter
from gammapy.modeling.models import MODEL_REGISTRY

from ..components.base import TopLevelModel, parameter_from_dict
from ..components.priors import MeasurementPrior
from ..components.registration import register

_ASSUMED = "assumed by the package, not measured: replace it by the experiment's own"
_ASSUMED_OFFSET = "assumed by the package: how the potential varies over a solar cycle"
_ASSUMED_SCATTER = "half of a Gaussian, assumed by the package, not measured"
_ASSUMED_DIPOLE = "assumed by the package: what masks and weights change in declination factors"


def is_at_rest(par):
    """Whether a parameter of a nuisance model is frozen where a prior of the package has it."""
    source = getattr(par.prior, "source", None)
    is_assumed = source in (_ASSUMED, _ASSUMED_OFFSET, _ASSUMED_SCATTER, _ASSUMED_DIPOLE)
    return is_assumed and par.frozen and par.value == par.prior.mu.value


class NuisanceModel(TopLevelModel):
    """Normalisations, energy scale, hadronic model and scatter of the datasets of one experiment.

    All are without effect and frozen by default. Their priors are assumptions.

    ``energy_scale`` times a measured energy or rigidity is the true one, and predicted intensities
    are multiplied by ``norm * energy_scale``, the second factor from the width of the bins. Both
    have Gaussian priors of 10 %.

    ``phi_offset`` is added to the modulation potential ``phi`` of the model, for data of another
    period; a negative sum counts as zero. Its prior is a Gaussian of 0.3 GV.

    ``hadronic`` is the position among the hadronic interaction models that the datasets were
    loaded with, 0 for the first, 1 for the second, on the curve through the tables of all. It is
    the same for all quantities of the experiment, and has no prior.

    ``scatter`` s is an error of dipoles as a fraction of the predicted amplitude A: s A is added in
    quadrature to the errors along and across the measured direction, or to that of the amplitude,
    beside s rad to that of the phase, and to the width of an upper limit. The statistic gets
    2 ln(sigma(s) / sigma(0)) for each number. Its prior is half of a Gaussian of width 0.2.

    ``dipole_norm``, the declination factor of the data over the true one, multiplies predicted
    dipoles. Its prior is a Gaussian of 5 %; others are in
    `crlocal_plugin.components.priors.DIPOLE_NORMS`.

    Parameters
    ----------
    datasets_names : str or list of str, optional
        Datasets that the model is for; all by default.
    name : str, optional
        Name, without dots.
    norm, energy_scale, phi_offset, hadronic, scatter, dipole_norm : optional
        Parameters (`~gammapy.modeling.Parameter`), or their values.
    """

    tag = ["NuisanceModel", "nuisance"]
    _type = "nuisance"
    norm = Parameter("norm", 1, min=0.1, max=10, frozen=True)
    energy_scale = Parameter("energy_scale", 1, min=0.1, max=10, frozen=True)
    phi_offset = Parameter("phi_offset", 0, "GV", min=-2, max=2, frozen=True)
    hadronic = Parameter("hadronic", 0, min=0, frozen=True)
    scatter = Parameter("scatter", 0, min=0, max=10, frozen=True)
    dipole_norm = Parameter("dipole_norm", 1, min=0.1, max=10, frozen=True)

    def __init__(self, datasets_names=None, name=None, **kwargs):
        super().__init__(**kwargs)
        self._set_names(name, datasets_names)
        priors = {
            self.norm: (1, 0.1, _ASSUMED),
            self.energy_scale: (1, 0.1, _ASSUMED),
            self.phi_offset: (0 * u.GV, 0.3 * u.GV, _ASSUMED_OFFSET),
            self.scatter: (0, 0.2, _ASSUMED_SCATTER),
            self.dipole_norm: (1, 0.05, _ASSUMED_DIPOLE),
        }
        for par, prior in priors.items():
            if par.prior is None and not isinstance(kwargs.get(par.name), Parameter):
                par.prior = MeasurementPrior(*prior)

    @property
    def is_active(self):
        """Whether a parameter is free or away from its default (bool)."""
        own = self.__dict__
        norm, scale, offset = own["norm"], own["energy_scale"], own["phi_offset"]
        hadronic, scatter, dipole = own["hadronic"], own["scatter"], own["dipole_norm"]
        # asked at every evaluation of a fit: no loop
        at_rest = norm._frozen and norm._value == 1 and scale._frozen and scale._value == 1
        at_rest = at_rest and offset._frozen and offset._value == 0
        at_rest = at_rest and hadronic._frozen and hadronic._value == 0
        at_rest = at_rest and dipole._frozen and dipole._value == 1
        return not (at_rest and scatter._frozen and scatter._value == 0)

    @property
    def has_scatter(self):
        """Whether the scatter is free or not zero (bool)."""
        scatter = self.__dict__["scatter"]
        return not scatter._frozen or scatter._value != 0

    def freeze(self, model_type=None):
        """Freeze the parameters, unless another type is asked for."""
        if model_type in (None, self.type):
            super().freeze()

    def unfreeze(self, model_type=None):
        """Restore the default frozen status, unless another type is asked for."""
        if model_type in (None, self.type):
            super().unfreeze()

    def to_dict(self, full_output=True):
        """Create a dictionary for YAML serialisation."""
        data = {"name": self.name, "type": self.tag[0], "datasets_names": self.datasets_names}
        return data | {"parameters": self.parameters.to_dict()}

    @classmethod
    def from_dict(cls, data, **kwargs):
        """Create a model from a dictionary made by `to_dict`."""
        parameters = {entry["name"]: parameter_from_dict(entry) for entry in data["parameters"]}
        return cls(data.get("datasets_names"), data["name"], **parameters)

    def __str__(self):
        return (
            f"{type(self).__name__}\n\n  Name           : {self.name}\n"
            f"  Datasets names : {self.datasets_names}\n{self.parameters.to_table()}\n\n"
        )


register(MODEL_REGISTRY, NuisanceModel)
