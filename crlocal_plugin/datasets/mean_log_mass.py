"""Measured mean logarithmic mass <ln A> with its likelihood."""

import numpy as np
from gammapy.datasets import DATASET_REGISTRY

from ..components.registration import register
from ..tables.mean_log_mass import read_mean_log_mass_table
from .residuals import total_errors
from .scalar import ScalarDataset


class MeanLogMassDataset(ScalarDataset):
    """Mean logarithm of the mass number of all cosmic rays, against total energy per particle.

    The prediction is sum_i J_i ln A_i / sum_i J_i over all species of the model, with their
    intensities J_i at equal total energy (Kampert & Unger 2012, Astropart. Phys. 35, 660).
    It means something for a model that has the heavy nuclei too. The energy scale of the
    experiment moves the energies; a normalisation is without effect.

    The error of a point is the quadratic sum of its statistical error, its systematic error and
    the floor, separately upwards and downwards. A side that the table gives as zero takes the
    error of the other side.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Table as `~crlocal_plugin.tables.mean_log_mass.read_mean_log_mass_table` returns it.
    models : `~gammapy.modeling.models.Models`, optional
        Models.
    name : str, optional
        Name; by default that of the table.
    mask_fit : `~numpy.ndarray` of bool, optional
        Points in the fit.
    energy_range : tuple of `~astropy.units.Quantity`, optional
        Range of energy in the fit, None for an open end.
    floor : float, optional
        Systematic floor. It is an error of <ln A> itself, not a fraction: <ln A> may be zero.
    systematics : bool, optional
        Count the systematic errors of the table.

    Raises
    ------
    ValueError
        If a setting is out of range.
    """

    tag = "MeanLogMassDataset"
    kind = "mean_log_mass"
    column = "mean_log_mass"
    floor_kind = "an error of <ln A>"

    @classmethod
    def read(cls, filename, name=None, columns=None, experiment=None, **kwargs):
        """Read a dataset from an ECSV or FITS file.

        Parameters
        ----------
        filename : path-like or `~astropy.table.Table`
            File, or table.
        name : str, optional
            Name; by default from the file.
        columns, experiment
            As in `~crlocal_plugin.tables.mean_log_mass.read_mean_log_mass_table`.
        **kwargs : dict
            Settings of the dataset; by default those in the file.

        Returns
        -------
        MeanLogMassDataset
            The dataset.

        Raises
        ------
        TableError
            If the table is not valid; the message names file, row and column.
        """
        table = read_mean_log_mass_table(filename, columns=columns, experiment=experiment)
        return cls._from_normalised(table, name, kwargs)

    def _prepare(self):
        self._y = np.asarray(self.table[self.column], dtype=float)
        self._errn, self._errp = total_errors(
            self.table, self.column, self._floor, self._systematics
        )
        self._is_ul = np.zeros(len(self._y), dtype=bool)
        self._require_errors()

    @property
    def mean_log_mass(self):
        """Measured values (`~numpy.ndarray`)."""
        return self._y

    @property
    def mean_log_mass_errors(self):
        """Lower and upper total errors, floor included (two `~numpy.ndarray`)."""
        return self._errn, self._errp

    def _measured(self):
        return self._y

    def _predicted(self):
        return self.mean_log_mass_pred()

    def mean_log_mass_pred(self):
        """Predicted <ln A>, shifted as the position of `hadronic` wants it (`~numpy.ndarray`).

        Raises
        ------
        ValueError
            If the dataset has no model, or there are no cosmic rays at an energy.
        """
        mean = self._require_model().mean_log_mass(self.x * self.scales()[1])
        return mean + self.hadronic_shift()

    # ----------------------------------------------------------------- plots

    def plot_fit(self, ax=None, **kwargs):
        """Plot data and model.

        Parameters
        ----------
        ax : `~matplotlib.axes.Axes`, optional
            Axes to draw into; new ones by default.
        **kwargs : dict
            Keyword arguments of `~matplotlib.axes.Axes.errorbar` for the points.

        Returns
        -------
        `~matplotlib.axes.Axes`
            The axes.

        Raises
        ------
        ValueError
            If the dataset has no model.
        """
        from .plotting import plot_mean_log_mass_fit

        return plot_mean_log_mass_fit(self, ax=ax, **kwargs)

    def plot_residuals(self, ax=None, method="diff", **kwargs):
        """Plot residuals.

        Parameters
        ----------
        ax : `~matplotlib.axes.Axes`, optional
            Axes to draw into; new ones by default.
        method : {"diff", "diff/model", "diff/sqrt(model)", "pull"}, optional
            See `residuals`. Pulls are drawn over a band of one standard deviation.
        **kwargs : dict
            Keyword arguments of `~matplotlib.axes.Axes.errorbar` for the points.

        Returns
        -------
        `~matplotlib.axes.Axes`
            The axes.

        Raises
        ------
        ValueError
            If the dataset has no model, or the method is not known.
        """
        from .plotting import plot_mean_log_mass_residuals

        return plot_mean_log_mass_residuals(self, ax=ax, method=method, **kwargs)


register(DATASET_REGISTRY, MeanLogMassDataset)
