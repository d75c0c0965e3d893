"""Parameters of datasets as gammapy's optimisers, samplers and tables want them."""

from gammapy.modeling.models import DatasetModels

from ..models.linking import LabelledParameters
from .preparation import prepare_fit
from .priors import TruncatedPrior


class LabelledDatasetModels(DatasetModels):
    """Models of datasets, with parameters named by their labels in tables."""

    def to_parameters_table(self):
        """Convert parameters to a table, each under its unique label.

        Returns
        -------
        `~astropy.table.Table`
            One row per parameter.
        """
        table = super().to_parameters_table()
        table.replace_column("name", short_labels(self))
        table.remove_columns(["type", "link"])
        return table


class FitParameters(LabelledParameters):
    """Unique parameters of datasets, which are prepared for a fit when an optimiser scales them."""

    def __init__(self, parameters=None, labels=None, datasets=None):
        super().__init__(parameters, labels)
        self._datasets = datasets

    @property
    def free_unique_parameters(self):
        """Free parameters as gammapy's sampler wants them (`SampledParameters`)."""
        free = [k for k, par in enumerate(self._parameters) if not par.frozen]
        return SampledParameters(
            [self._parameters[k] for k in free], [self.labels[k] for k in free]
        )

    def set_parameter_factors(self, factors):
        """Set factors of the free parameters, without gammapy's cost for each linear one."""
        free = [par for par in self._parameters if not par._frozen]
        for par, factor in zip(free, factors, strict=True):
            if par.scale_transform == "lin":
                par._factor = float(factor)
                par._value = float(par._scale) * par._factor
            else:
                par.factor = factor

    def autoscale(self):
        """Prepare the parameters for an optimiser.

        Unless ``datasets.prepares_fits`` is off, they go to the least-squares minimum and are
        scaled by their errors, see `prepare_fit`; there, free parameters that the data cannot tell
        apart give a warning.
        """
        super().autoscale()
        if self._datasets is not None:
            self._datasets.preparation = None
            if self._datasets.prepares_fits and self._datasets.is_least_squares:
                self._datasets.preparation = prepare_fit(self._datasets, self)
            self._datasets.warn_of_degeneracies()


class SampledParameters(LabelledParameters):
    """Free parameters for gammapy's `~gammapy.modeling.Sampler`, under their labels.

    It takes quantiles of the priors for values of the parameters, whatever the unit of the prior
    and the limits of the parameter: these come with priors that know both.
    """

    def __init__(self, parameters=None, labels=None):
        super().__init__(parameters, labels)
        self._sampled = [_SampledParameter(par) for par in self._parameters]

    @property
    def names(self):
        """Labels (list of str)."""
        return list(getattr(self, "labels", [par.name for par in self._parameters]))

    def __iter__(self):
        return iter(self._sampled)


class _SampledParameter:
    """A parameter with a prior of its own unit that ends at its limits."""

    def __init__(self, parameter):
        self.__dict__["_parameter"] = parameter
        self.__dict__["prior"] = None if parameter.prior is None else TruncatedPrior(parameter)

    def __getattr__(self, name):
        return getattr(self._parameter, name)

    def __setattr__(self, name, value):
        setattr(self._parameter, name, value)


def short_labels(models):
    """Labels of all parameters, with the model in front only where they repeat."""
    full = models.parameters_unique_names
    short = [label.split(".", 1)[1] for label in full]
    return [s if short.count(s) == 1 else f for s, f in zip(short, full, strict=True)]
