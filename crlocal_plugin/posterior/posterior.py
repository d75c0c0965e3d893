"""Samples of a posterior, with what they rest on."""

import json
import warnings
from functools import cached_property
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.table import Table
from gammapy.modeling.models import Models

from .._version import __version__
from ..files import refuse_existing, replace_file
from ..likelihood.collection import short_labels
from .convergence import import_sampling

FORMAT = "crlocal_plugin posterior 1"  # mark of the files

_QUANTILES = {
    "median": 0.5,
    "low_68": 0.158655,
    "high_68": 0.841345,
    "low_95": 0.022750,
    "high_95": 0.977250,
}


class UnconvergedError(ValueError):
    """Samples that have not converged are not a result."""


class Posterior:
    """Samples of a posterior.

    Made by `~crlocal_plugin.sample`, `~crlocal_plugin.nested_sample` and `Posterior.read`. Results
    are refused if `check` fails, unless ``allow_unconverged`` is set.

    Parameters
    ----------
    names, units : list of str
        Labels of the parameters, and their units.
    chains : `~numpy.ndarray`
        Values in these units, shape ``(chains, draws, n)``.
    log_posterior : `~numpy.ndarray`
        ln(posterior density) up to a constant, shape ``(chains, draws)``; the attribute is flat.
    best : array_like
        Values at the best fit, shape ``(n,)``.
    diagnostics : `~astropy.table.Table`
        Figures of convergence.
    problems : list of str
        Which of them are not good enough; empty if the samples have converged.
    models : str
        YAML of the models, at the best values.
    info : dict
        What else the samples rest on: ``sampler``, ``priors``, ``datasets`` and so on.
    log_evidence : tuple of float, optional
        ln(evidence) and its error.
    """

    def __init__(
        self,
        names,
        units,
        chains,
        log_posterior,
        best,
        diagnostics,
        problems,
        models="",
        info=None,
        log_evidence=None,
    ):
        self.names = list(names)
        self.units = [u.Unit(unit) for unit in units]
        self.chains = np.asarray(chains, dtype=float)
        self.log_posterior = np.ravel(log_posterior).astype(float)
        self.best = np.asarray(best, dtype=float)
        self.diagnostics = diagnostics
        for column in diagnostics.colnames:
            if diagnostics[column].dtype.kind == "f":
                text = ".0f" if column.startswith("ess") else ".4g"
                diagnostics[column].format = ".3f" if column == "r_hat" else text
        self.problems = list(problems)
        self.info = dict(info or {})
        self.log_evidence = None if log_evidence is None else tuple(map(float, log_evidence))
        self.models_yaml = models

    # ----------------------------------------------------------------- samples

    @property
    def samples(self):
        """Samples in the units of the parameters, shape ``(m, n)`` (`~numpy.ndarray`)."""
        return self.chains.reshape(-1, self.chains.shape[-1])

    @cached_property
    def models(self):
        """Models at the best values (`~gammapy.modeling.models.Models`)."""
        return Models.from_yaml(self.models_yaml) if self.models_yaml else Models()

    @property
    def modes(self):
        """Maxima that were found, with the probability around each (`~astropy.table.Table`).

        A row has the ``weight``, the ``statistic`` and the value of each parameter. A sample
        belongs to the maximum whose normal approximation is the most probable there; a maximum
        without samples has the weight zero. None if the sampler does not find maxima.
        """
        if "modes" not in self.info:
            return None
        table = Table(self.info["modes"])
        table["weight"].format, table["statistic"].format = ".4f", ".2f"
        for name, unit in zip(self.names, self.units, strict=True):
            table[name].unit, table[name].format = unit, ".4g"
        return table

    @property
    def converged(self):
        """Whether the samples may be called a result (bool)."""
        return not self.problems

    @property
    def _state(self):
        return "converged" if self.converged else "NOT CONVERGED"

    def check(self, allow_unconverged=False):
        """Raise UnconvergedError, with parameters and figures, unless the samples have converged.

        With ``allow_unconverged`` they pass anyway.
        """
        if self.problems and not allow_unconverged:
            raise UnconvergedError(
                f"the samples have not converged: {'; '.join(self.problems)}. "
                f"{self.info.get('advice', 'Sample longer')}, or pass allow_unconverged=True to "
                "use them anyway"
            )

    def column(self, name):
        """Samples of one parameter, shape ``(m,)`` (`~astropy.units.Quantity`)."""
        k = self.index(name)
        return self.samples[:, k] * self.units[k]

    def index(self, name):
        """Place of a parameter in `names` and in the columns of the samples (int)."""
        if name not in self.names:
            raise ValueError(
                f"no parameter {name!r} was sampled: expected one of {', '.join(self.names)}"
            )
        return self.names.index(name)

    def draw(self, size, random_state=None):
        """Draw samples at random, without repeating any: values of shape ``(size, n)``.

        Parameters
        ----------
        size : int
            How many, not more than there are.
        random_state : int or `~numpy.random.Generator`, optional
            Seed or source of random numbers.
        """
        if size > len(self.samples):
            raise ValueError(f"cannot draw {size} samples, there are {len(self.samples)}")
        rng = np.random.default_rng(random_state)
        return rng.choice(self.samples, size, replace=False, shuffle=True)

    def assign(self, target, values):
        """Set the parameters of models to a sample.

        Parameters
        ----------
        target : CosmicRayDatasets, `~gammapy.modeling.models.DatasetModels` or CosmicRayModel
            What has the parameters; nothing is set if one is missing.
        values : array_like
            Values, shape ``(n,)``.
        """
        labels = getattr(target.parameters, "labels", None) or short_labels(target)
        found = dict(zip(labels, target.parameters, strict=True))
        missing = ", ".join(name for name in self.names if name not in found)
        if missing:
            raise ValueError(
                f"the models have no parameter {missing}: expected models of the kind that was "
                f"sampled, got {', '.join(found)}"
            )
        parameters = [found[name] for name in self.names]
        factors = [unit.to(par.unit) for unit, par in zip(self.units, parameters, strict=True)]
        for par, value, factor in zip(parameters, values, factors, strict=True):
            par.value = float(value) * factor

    # ----------------------------------------------------------------- summaries

    def summary(self, allow_unconverged=False):
        """Median, ends of the central intervals of 68.3 % and 95.4 %, best fit and unit.

        Returns
        -------
        `~astropy.table.Table`
            A row for each parameter.
        """
        self.check(allow_unconverged)
        quantiles = np.quantile(self.samples, list(_QUANTILES.values()), axis=0)
        table = Table([self.names, *quantiles, self.best], names=["name", *_QUANTILES, "best"])
        for name in table.colnames[1:]:
            table[name].format = ".5g"
        table["unit"] = [unit.to_string() for unit in self.units]
        return table

    def widths(self, allow_unconverged=False):
        """Compare the widths of priors and posterior: what the data add to each parameter.

        Returns
        -------
        `~astropy.table.Table`
            A row for each parameter: its prior in words, half of the central 68.3 % of ``prior``
            and ``posterior``, and their ``ratio``, posterior to prior; nan for a prior without
            end. A ratio of one means that the data do not constrain it.
        """
        summary = self.summary(allow_unconverged)
        posterior = 0.5 * (summary["high_68"] - summary["low_68"])
        prior = np.array(
            self.info.get("prior_widths", np.full(len(self.names), np.nan)), dtype=float
        )
        texts = [self.info.get("priors", {}).get(name, "") for name in self.names]
        columns = [self.names, texts, prior, posterior, posterior / prior, summary["unit"]]
        table = Table(columns, names=["name", "is", "prior", "posterior", "ratio", "unit"])
        for name in ("prior", "posterior", "ratio"):
            table[name].format = ".3g"
        return table

    def __str__(self):
        lines = [f"{len(self.samples)} samples of {len(self.names)} parameters"]
        if self.log_evidence is not None:
            lines[0] += ", ln(evidence) {:.2f} +- {:.2f}".format(*self.log_evidence)
        lines += ["", *self.summary(allow_unconverged=True).pformat(max_lines=-1, max_width=-1)]
        if self.modes is not None and len(self.modes) > 1:
            lines += ["", "maxima", *self.modes.pformat(max_lines=-1, max_width=-1)]
        lines += ["", *self.diagnostics.pformat(max_lines=-1, max_width=-1), ""]
        return "\n".join([*lines, self._state, *(f"  {problem}" for problem in self.problems)])

    def __repr__(self):
        names = ", ".join(self.names)
        return f"<Posterior: {len(self.samples)} samples of {names}, {self._state}>"

    # ----------------------------------------------------------------- files

    def to_inference_data(self, allow_unconverged=False):
        """Convert to what ArviZ works with.

        Returns
        -------
        `arviz.InferenceData`
            Groups ``posterior``, with a variable and its unit per parameter, and ``sample_stats``
            with ``lp``, the log-posterior. The rest is in attributes.
        """
        self.check(allow_unconverged)
        arviz = import_sampling("arviz")
        columns = {name: self.diagnostics[name].tolist() for name in self.diagnostics.colnames}
        attributes = {
            "format": FORMAT,
            "inference_library": "crlocal_plugin",
            "inference_library_version": __version__,
            "models": self.models_yaml,
            "names": json.dumps(self.names),
            "best": self.best,
            "problems": json.dumps(self.problems),
            "diagnostics": json.dumps(columns),
            "info": json.dumps(self.info),
        }
        if self.log_evidence is not None:
            attributes["log_evidence"] = np.array(self.log_evidence)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "More chains")
            data = arviz.from_dict(
                posterior={name: self.chains[..., k] for k, name in enumerate(self.names)},
                sample_stats={"lp": self.log_posterior.reshape(self.chains.shape[:2])},
                posterior_attrs=attributes,
            )
        for name, unit in zip(self.names, self.units, strict=True):
            data.posterior[name].attrs["units"] = unit.to_string()
        return data

    def write(self, path, overwrite=False, allow_unconverged=False):
        """Write samples and models to a netCDF file, which `arviz.from_netcdf` reads too.

        Parameters
        ----------
        path : path-like
            File, whole or not at all.
        overwrite : bool, optional
            Replace an existing file, instead of FileExistsError.
        """
        refuse_existing(path, overwrite=overwrite)
        data = self.to_inference_data(allow_unconverged)
        import_sampling("h5netcdf")
        with replace_file(Path(path)) as draft:
            data.to_netcdf(str(draft), engine="h5netcdf")

    @classmethod
    def read(cls, path):
        """Read samples and models from a file that `write` made (`Posterior`)."""
        import_sampling("h5netcdf")
        xarray = import_sampling("xarray")
        try:
            posterior = xarray.load_dataset(path, group="posterior", engine="h5netcdf")
            stats = xarray.load_dataset(path, group="sample_stats", engine="h5netcdf")
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} is not a posterior of this package ({error})") from error
        attributes = posterior.attrs
        form = attributes.get("format")
        if form != FORMAT:
            expected = f"its format is {form!r}, expected {FORMAT!r}"
            raise ValueError(f"{path} is not a posterior of this package: {expected}")
        plain = ("names", "diagnostics", "problems", "info")
        names, table, problems, info = (json.loads(attributes[key]) for key in plain)
        units = [posterior[name].attrs["units"] for name in names]
        chains = np.stack([posterior[name].values for name in names], axis=-1)
        best, evidence = np.atleast_1d(attributes["best"]), attributes.get("log_evidence")
        samples = units, chains, stats["lp"].values, best
        return cls(names, *samples, Table(table), problems, attributes["models"], info, evidence)
