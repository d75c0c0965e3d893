"""Measured relative intensity of the sky, in pixels or declination bands, with its likelihood."""

from dataclasses import replace

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
from astropy.table import Table
from gammapy.datasets import DATASET_REGISTRY

from ..components.base import ENERGY_UNIT
from ..components.registration import register
from ..sky.measured import SkyData
from ..sky.multipoles import DIPOLE_NORM, declination_bands, harmonics
from ..tables.sky import read_sky_table
from .core import CosmicRayDataset
from .locked import lock_arrays, read_only
from .plot_axes import draw_points, points_in_fit
from .plotting import ScalarPicture
from .points import dipoles_of_events, itself, require_accepted
from .settings import Setting, as_text, read_degree, read_power, read_switch

_SCALE = 1e3
_PANELS, _BINS = 4, 24
_META = (
    *("experiment", "reference", "latitude", "max_zenith", "declination_range"),
    *("dipole_syst", "energy_response", "acceptance"),
)
_NO_DIPOLE = 1e-6
"""Part of the dipole below which nothing is left of it."""


class SkyMapPicture(ScalarPicture):
    """Pictures of the relative intensity of the sky."""

    order = 3
    panel = "Dipole"
    pull_names = "along the measured phase", "across it"

    def pulls(self):
        """(Data - model) / error of the dipole of the map, in its first row; nan in the others."""
        dataset = self.dataset
        pulls = np.full((len(dataset.table), 2), np.nan)
        if len(rows := dataset.rows_in_fit):
            measured = dataset.data.take(rows)
            phase = np.arctan2(*measured.vector[::-1])
            axes = np.array([[np.cos(phase), np.sin(phase)], [-np.sin(phase), np.cos(phase)]])
            predicted, scatter = np.reshape(dataset.prediction(), 2), dataset.scatter_in_use()
            errors = np.sqrt(np.diag(axes @ measured.covariance @ axes.T))
            errors = np.hypot(errors, (scatter or 0.0) * np.hypot(*predicted))
            difference = measured.vector - predicted
            pulls[rows[0]] = axes @ difference / errors
        return pulls

    def numbers(self):
        """None: the numbers of a map are too many."""
        return []

    def profiles(self):
        """Profiles in groups of bands: title, right ascension, data, error, dipole, all of it.

        Offsets are taken out of all, and the last has the multipoles that fit best.
        """
        dataset, data = self.dataset, self.dataset.data.part(self.dataset.rows_in_fit)
        if not len(data.value):
            raise ValueError(f"dataset {dataset.name!r}: no row is in the fit, nothing to draw")
        dipole = data.design @ np.reshape(dataset.prediction(), 2)
        offsets = replace(data, columns=data.columns[:, :0], widths=None).projection()
        everything = dipole + data.projection().explained((data.value - dipole)[:, None])[:, 0]
        maps = np.stack([data.value, dipole, everything], axis=1)
        maps -= offsets.explained(maps)
        table = dataset.table[dataset.rows_in_fit]
        ra, dec, *ends = (
            np.asarray(table[name] if name in table.colnames else table["dec"])
            for name in ("ra", "dec", "dec_min", "dec_max")
        )
        bands, where = np.unique(np.round(dec, 6), return_inverse=True)
        n_panels, n_bins = min(_PANELS, len(bands)), min(_BINS, len(np.unique(np.round(ra, 6))))
        panel = where * n_panels // len(bands)
        index = panel * n_bins + np.floor(ra / 360 * n_bins).astype(int) % n_bins
        size = n_panels * n_bins
        weight = np.bincount(index, data.error**-2, size)
        with np.errstate(invalid="ignore", divide="ignore"):
            sums = [np.bincount(index, c * data.error**-2, size) / weight for c in maps.T]
            centre = np.bincount(index, (ra % 360) * data.error**-2, size) / weight
            columns = [centre, sums[0], weight**-0.5, *sums[1:]]
        for k in range(n_panels):
            low, high = ends[0][panel == k].min(), ends[1][panel == k].max()
            title = f"declination {low:.3g}°" + (f" to {high:.3g}°" if high > low else "")
            own = slice(k * n_bins, (k + 1) * n_bins)
            yield title.replace("-", "−"), *(column[own] for column in columns)

    def draw_fit(self, axes=None, **kwargs):
        """Draw profiles in right ascension, with the dipole of the model and what is fitted."""
        model, profiles = self.dataset.require_model(), list(self.profiles())
        if axes is None:
            size = (6.4, 1.2 + 1.7 * len(profiles))
            style = {"sharex": True, "squeeze": False, "figsize": size, "layout": "constrained"}
            axes = plt.subplots(len(profiles), 1, **style)[1][:, 0]
        elif np.size(axes) != len(profiles):
            expected = f"{len(profiles)}, one for each group of declinations"
            raise ValueError(f"axes: expected {expected}, got {np.size(axes)}")
        axes = np.ravel(axes)
        for ax, (title, ra, data, error, dipole, everything) in zip(axes, profiles, strict=True):
            ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
            error = (_SCALE * error,) * 2
            draw_points(ax, ra, _SCALE * data, error, **{"label": self.dataset.experiment} | kwargs)
            ax.plot(ra, _SCALE * dipole, color="black", label=f"dipole of {model.name}", zorder=3)
            if self.dataset.l_max > 1:
                label = "with higher multipoles"
                ax.plot(ra, _SCALE * everything, color="#D55E00", linestyle="--", label=label)
            ax.set_title(title, fontsize="small")
            ax.set(xlim=(360, 0), xticks=np.arange(0, 361, 60))
        axes[0].legend(frameon=False, fontsize="small", loc="best")
        axes[-1].set_xlabel("Right ascension [deg]")
        axes[0].figure.supylabel("Relative intensity [10$^{-3}$]", fontsize="medium")
        return axes

    def draw_residuals(self, ax=None, method="pull", **kwargs):
        """Draw the residuals of all rows against right ascension."""
        if method not in ("diff", "pull"):
            raise ValueError(f"unknown method {method!r}: expected 'diff' or 'pull'")
        dataset, is_pull = self.dataset, method == "pull"
        ax = plt.subplots(layout="constrained")[1] if ax is None else ax
        label = "(Data $-$ model) / error" if is_pull else "Data $-$ model [10$^{-3}$]"
        ax.set(xlim=(360, 0), xlabel="Right ascension [deg]", ylabel=label)
        ax.axhline(0, color="black", linewidth=0.8, zorder=2)
        values = dataset.residuals(method) * (1 if is_pull else _SCALE)
        style = {"in_fit": points_in_fit(dataset)} | kwargs
        draw_points(ax, np.asarray(dataset.table["ra"]) % 360, values, **style)
        return ax


class SkyMapDataset(CosmicRayDataset):
    r"""Relative intensity of the sky at one energy, in pixels or in declination bands.

    The prediction is the dipole of the model on the equator, averaged over each pixel or bin:

    .. math::
        \delta I / I = \langle\cos\delta \cos\alpha\rangle\, d_x
        + \langle\cos\delta \sin\alpha\rangle\, d_y

    An experiment on the ground does not see the component along the axis of the Earth, nor m = 0 of
    any multipole: each declination band has an offset without meaning, which takes them out of data
    and prediction alike. Pixels of one declination are a band. Multipoles from degree 2 to
    ``l_max``, with m > 0, are of the sky beside the dipole. Offsets and multipoles are linear, and
    taken out exactly: `crlocal_plugin.sky.multipoles.Projection` has the formula. The likelihood
    depends on the two components of the dipole alone, and costs the same for maps of any size.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Table as `~crlocal_plugin.tables.sky.read_sky_table` returns it.
    floor : float, optional
        Systematic floor of both components of the dipole, as a fraction of its amplitude.
    l_max : int, optional
        Highest degree of multipoles that the sky may have, 1 for a dipole alone.
    power : float or list of float, optional
        Power :math:`C_\ell` of the degrees from 2 on, one for all or one each, in squares of the
        relative intensity: each multipole has a Gaussian prior of that variance. Without it, they
        are free.
    response : bool, optional
        Average the dipole over the energies of the events, if the table says how wide their
        distribution is.
    allow_overlap : bool, optional
        Accept amplitudes and phases of the same experiment beside the map.
    models, name, mask_fit, energy_range, systematics
        As for `CosmicRayDataset`.
    """

    tag = "SkyMapDataset"
    kind = "sky"
    picture_class = SkyMapPicture
    predicts_rows = False
    takes_scatter = True
    settings = (*CosmicRayDataset.settings, "l_max", "power", "response", "allow_overlap")
    reader = staticmethod(read_sky_table)
    predict = itself

    l_max = Setting(read_degree, "a degree from 1 to 20", "Highest degree of multipoles (int).")
    power = Setting(
        *(read_power, "a positive number, or one for each degree from 2 to l_max"),
        "Power of the multipoles (float, `~numpy.ndarray` or None).",
    )
    response = Setting(read_switch, "true or false", "Whether it is averaged over events (bool).")
    allow_overlap = Setting(read_switch, "true or false", "Whether events may be shared (bool).")

    def __init__(
        self, table, *args, l_max=3, power=None, response=True, allow_overlap=False, **kwargs
    ):
        # a name for messages until there is that of the dataset
        self._name = kwargs.get("name") or table.meta.get("name", "<table>")
        self.l_max, self.power, self.response = l_max, power, response
        self.allow_overlap = allow_overlap
        super().__init__(table, *args, **kwargs)

    @classmethod
    def from_map(cls, intensity, error, energy, name=None, **kwargs):
        """Create a dataset from maps of gammapy, HEALPix ones among them, which need healpy.

        Parameters
        ----------
        intensity, error : `~gammapy.maps.Map`
            Relative intensity and its errors, maps of one geometry without axes, in which pixels of
            one declination are rows: HEALPix, or plate carree, in equatorial coordinates. Pixels
            without a finite number, or without an error, are left out.
        energy : `~astropy.units.Quantity`
            Median energy.
        name : str, optional
            Name.
        **kwargs : dict
            Entries of the meta of the table, such as ``experiment``, ``latitude`` and
            ``max_zenith``, ``energy_width`` (standard deviation of log10(E)), and settings.

        Returns
        -------
        SkyMapDataset

        Raises
        ------
        TableError, ValueError
            If the maps are not of one image, no pixel is left, or a setting is out of range.
        """
        if intensity.geom != error.geom or not intensity.geom.is_image:
            raise ValueError("intensity and error: expected maps of one geometry without axes")
        value, size = intensity.data.ravel(), error.data.ravel()
        # HEALPix marks what is not seen by -1.6e30
        keep = np.isfinite(value) & np.isfinite(size) & (size > 0) & (value > -1e30)
        if not keep.any():
            raise ValueError("no pixel of the map has a value and an error")
        sky = intensity.geom.get_coord().skycoord.icrs
        table = Table({"energy": np.full(keep.sum(), u.Quantity(energy).to_value("GeV")) * u.GeV})
        for key, angle in (("ra", sky.ra), ("dec", sky.dec)):
            table[key] = angle.deg.ravel()[keep] * u.deg
        table["relative_intensity"], table["relative_intensity_err"] = value[keep], size[keep]
        if "energy_width" in kwargs:
            table["energy_width"] = float(kwargs.pop("energy_width"))
        table.meta = {key: kwargs.pop(key) for key in _META if key in kwargs}
        return cls.read(table, name=name, **kwargs)

    def _prepare(self):
        table = self.table
        measured = [np.array(table[f"relative_intensity{end}"]) for end in ("", "_err")]
        syst = float(table.meta.get("dipole_syst") or 0.0) if self.systematics else 0.0
        ends = []
        for name in ("ra", "dec"):
            both = [f"{name}_min", f"{name}_max"]
            names = both if both[0] in table.colnames else [name, name]
            ends.append(np.deg2rad([np.asarray(table[end]) for end in names]))
        degrees = range(2, self.l_max + 1)
        parts = [np.zeros((len(table), 0)), *(harmonics(degree, *ends) for degree in degrees)]
        widths, power = None, self.power
        if power is not None:
            power = np.full(len(degrees), power) if np.ndim(power) == 0 else power
            if len(power) != len(degrees):
                raise ValueError(
                    f"dataset {self.name!r}: power has {len(power)} numbers, expected "
                    f"{len(degrees)}, one for each degree from 2 to l_max = {self.l_max}"
                )
            widths = np.sqrt(np.repeat(power, [2 * degree for degree in degrees]))
        design = harmonics(1, *ends) * DIPOLE_NORM
        band = declination_bands(ends[1])[1]
        everything = np.ones(len(table), dtype=bool)
        arrays = *measured, band, design, np.hstack(parts), widths
        self._sky = SkyData(*arrays, self.floor, syst, everything)
        lock_arrays(self._sky.__dict__)
        self._points = (dipoles_of_events(table[:1], self.response),)

    def _check_model(self, model):
        require_accepted(self.table, self.name, model)

    # ----------------------------------------------------------------- data

    quantity = read_only("kind", "Always sky (str).")

    @property
    def x(self):
        """Median energy of each row, the same for all (`~astropy.units.Quantity`)."""
        return u.Quantity(np.asarray(self.table["energy"]), ENERGY_UNIT)

    @property
    def data(self):
        """Arrays of the likelihood (`SkyData`)."""
        return replace(self._sky, in_fit=points_in_fit(self))

    @property
    def numbers_per_point(self):
        """How many numbers each row adds to the statistic (`~numpy.ndarray` of int).

        Offsets and free multipoles take one each, which are missing in the first rows of the fit.
        """
        numbers, rows = super().numbers_per_point, self.rows_in_fit
        if len(rows):
            numbers[rows[: self._sky.part(rows).projection().rank]] = 0
        return numbers

    def _settings_info(self):
        names = ("floor", "systematics", "l_max", "power", "response")
        return {name: as_text(getattr(self, name)) for name in names}

    def measured_dipole(self):
        """Dipole on the equator that the rows in the fit measure.

        Returns
        -------
        vector : `~numpy.ndarray`, shape ``(2,)``
            Components along right ascension 0 and 90 deg.
        covariance : `~numpy.ndarray`, shape ``(2, 2)``
            Their covariance.

        Raises
        ------
        ValueError
            If they do not measure one.
        """
        self.require_fittable()
        measured = self.data.take(self.rows_in_fit)
        return measured.vector, measured.covariance

    def require_fittable(self):
        """Raise a ValueError if offsets and multipoles explain any dipole in the fit."""
        if not len(rows := self.rows_in_fit):
            return
        part = self._sky.part(rows)
        alone = np.linalg.norm(part.design / part.error[:, np.newaxis])
        left = part.projection()(part.design)
        if np.linalg.svd(left, compute_uv=False)[-1] < _NO_DIPOLE * alone:
            raise ValueError(
                f"dataset {self.name!r}: its declination bands ({len(np.unique(part.band))} for "
                f"{len(rows)} rows) cannot tell a dipole from offsets and multipoles up to l_max = "
                f"{self.l_max}; lower l_max, set a power, or give several right ascensions at each "
                "declination"
            )

    def require_different_events(self, others):
        """Raise a ValueError if amplitudes and phases of the same experiment are among others."""
        if self.allow_overlap or not len(self.rows_in_fit):
            return
        own = set(self.experiment.split(" + "))
        for other in others:
            names = getattr(other, "experiment", "").split(" + ")
            if getattr(other, "kind", None) == "dipole" and own.intersection(names):
                raise ValueError(
                    f"datasets {self.name!r} and {other.name!r} have the same events, as a map and "
                    f"as amplitudes and phases of {other.experiment}; leave one out, or set "
                    "allow_overlap=True on the map if the events differ"
                )

    # ----------------------------------------------------------------- prediction

    def points(self):
        """Dipole at the energy of the map, or of the events behind it."""
        return self._points

    def _simulated(self, rng):
        data = self.data
        drawn = data.fake(self.prediction(), rng, self.scatter_in_use()).value
        # the floor is not to be a fraction of what is drawn
        meta = {"dipole_syst": data.systematic}
        return {"relative_intensity": drawn}, meta, {"_systematics": True}

    def residuals(self, method="diff"):
        """Residuals of the rows.

        Parameters
        ----------
        method : {"diff", "pull"}
            Data minus model, without the offsets and multipoles that fit best, or the residuals of
            the likelihood.

        Returns
        -------
        `~numpy.ndarray`
            Residuals, shape ``(n,)``.
        """
        if method not in ("diff", "pull"):
            raise ValueError(f"unknown method {method!r}: expected 'diff' or 'pull'")
        pulls = -self.signed_residuals()[:, 0]
        return pulls if method == "pull" else pulls * self._sky.error

    # ----------------------------------------------------------------- plots

    def plot_fit(self, axes=None, **kwargs):
        """Plot profiles in right ascension as `ScalarDataset.plot_fit`; ``axes`` are one each."""
        return self.picture_class(self).draw_fit(axes, **kwargs)

    def plot_residuals(self, ax=None, method="pull", **kwargs):
        """Plot residuals against right ascension, methods as in `residuals`."""
        return self.picture_class(self).draw_residuals(ax, method, **kwargs)


register(DATASET_REGISTRY, SkyMapDataset)
