"""Measured mean logarithmic mass <ln A> with its likelihood."""

from operator import attrgetter

import numpy as np
from gammapy.datasets import DATASET_REGISTRY

from ..components.registration import register
from ..tables.mean_log_mass import read_mean_log_mass_table
from .locked import read_only
from .plotting import ScalarPicture
from .points import Means
from .scalar import ScalarDataset

LOG_MASS = attrgetter("log_A")
"""Ln A of a nucleus."""


class MeanLogMassPicture(ScalarPicture):
    """Pictures of <ln A>."""

    order = 1
    panel = "<ln A>"
    label = panel_label = r"$\langle\ln A\rangle$"

    def shown(self, values):
        """Values as the hadronic model of the fit has them."""
        return values - self.dataset.hadronic_shift()


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
    floor : float, optional
        Systematic floor. It is an error of <ln A> itself, not a fraction: <ln A> may be zero.
    models, name, mask_fit, energy_range, systematics
        As for `CosmicRayDataset`.
    correlation, covariance
        As for `ScalarDataset`.
    """

    tag = "MeanLogMassDataset"
    kind = "mean_log_mass"
    column = "mean_log_mass"
    picture_class = MeanLogMassPicture
    floor_kind = "an error of <ln A>"

    reader = staticmethod(read_mean_log_mass_table)
    joins_with = "all"

    def _floor_errors(self):
        return np.full(len(self._y), self.floor)

    mean_log_mass = read_only("_y", "Measured values (`~numpy.ndarray`).")

    @property
    def mean_log_mass_errors(self):
        """Lower and upper total errors, floor included (two `~numpy.ndarray`)."""
        return self._errn, self._errp

    @property
    def floor_text(self):
        """Floor as a summary has it (str)."""
        return f"{self.floor:g}" if self.floor else "-"

    def points(self):
        """Means over the nuclei at the energies of the table."""
        return (Means(self.x.value, LOG_MASS),)

    def predict(self, mean):
        """Return the means; without any particles, no measured value is near."""
        return np.where(np.isnan(mean), np.inf, mean)

    def _predicted(self):
        return self.mean_log_mass_pred()

    def mean_log_mass_pred(self):
        """Predicted <ln A>, shifted as the position of `hadronic` wants it (`~numpy.ndarray`)."""
        return super()._predicted()


register(DATASET_REGISTRY, MeanLogMassDataset)
