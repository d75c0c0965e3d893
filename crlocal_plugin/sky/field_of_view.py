"""What part of the sky an experiment sees, and how it weights declinations."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import astropy.units as u
import numpy as np
from scipy.integrate import quad

from ..files import shipped_yaml
from ..messages import close_name
from ..physics import exposure


class Site(NamedTuple):
    """Geographic latitude and largest zenith angle (None without a source) in deg; the source."""

    latitude: float
    max_zenith: float | None
    source: str


SITES = {
    name: Site(**entry)
    for name, entry in shipped_yaml(Path(__file__).with_name("sites.yaml")).items()
}
"""Experiments whose dipoles come with the package, under the names in the tables.

Experiments change their cuts from one analysis to the next: these are of one analysis each.
"""


@dataclass(frozen=True)
class FieldOfView:
    """Part of the sky that an experiment sees in a sidereal day.

    Parameters
    ----------
    latitude, max_zenith : `~astropy.units.Quantity`
        Geographic latitude, north positive, and largest zenith angle, at most 90 deg.
    zenith_exponent : float, optional
        Exponent n of an acceptance cos^n(zenith angle) per solid angle, which weights declinations
        with their exposure: 0 is the time in view, 1 a flat detector. By default, declinations in
        view count by solid angle, as in a map of relative intensity.
    name : str, optional
        Name for pictures.

    Raises
    ------
    ValueError, `~astropy.units.UnitConversionError`
        If a value is out of range, or an angle has no angular unit.
    """

    latitude: u.Quantity
    max_zenith: u.Quantity
    zenith_exponent: float | None = None
    name: str = ""

    def __post_init__(self):
        for name, low in (("latitude", -90), ("max_zenith", 0)):
            value = u.Quantity(getattr(self, name)).to(u.deg)
            if value.ndim or not low <= value.value <= 90:
                raise ValueError(f"{name}: expected one angle from {low} to 90 deg, got {value}")
            object.__setattr__(self, name, value)
        if self.max_zenith.value == 0:
            raise ValueError("max_zenith: 0 deg leaves no sky, expected more")
        exponent = self.zenith_exponent
        if exponent is not None and not 0 <= exponent < np.inf:
            raise ValueError(f"zenith_exponent: expected a number from 0 on, got {exponent!r}")

    @classmethod
    def of(cls, experiment, max_zenith=None, zenith_exponent=None):
        """Field of view of an experiment in `SITES`.

        Parameters
        ----------
        experiment : str
            Name, as in the tables of the package.
        max_zenith, zenith_exponent : `~astropy.units.Quantity`, float, optional
            As in the constructor; the largest zenith angle is that of `SITES` by default.

        Returns
        -------
        FieldOfView

        Raises
        ------
        ValueError
            If the experiment is not known, or its zenith angles are not.
        """
        if experiment not in SITES:
            close = close_name(experiment, SITES)
            hint = f"did you mean {close!r}?" if close else f"known are {', '.join(SITES)}."
            raise ValueError(
                f"no site of {experiment!r}: {hint} Others work with FieldOfView(latitude, "
                "max_zenith)"
            )
        site = SITES[experiment]
        if max_zenith is None:
            if site.max_zenith is None:
                raise ValueError(
                    f"no source for the largest zenith angle of {experiment}: give max_zenith="
                )
            max_zenith = site.max_zenith * u.deg
        return cls(site.latitude * u.deg, max_zenith, zenith_exponent, experiment)

    @property
    def declination_range(self):
        """Lowest and highest declination in view (`~astropy.units.Quantity`, shape ``(2,)``)."""
        angles = (self.latitude.to_value("rad"), self.max_zenith.to_value("rad"))
        return u.Quantity(np.rad2deg(exposure.declination_range(*angles)), "deg")

    @property
    def label(self):
        """Name and declinations, for pictures (str)."""
        low, high = (f"{end:.3g}°".replace("-", "−") for end in self.declination_range.value)
        return f"{self.name} ({low} to {high})".strip()

    @property
    def sky_fraction(self):
        """Solid angle in view over that of the whole sky (float)."""
        low, high = np.sin(self.declination_range.to_value("rad"))
        return float((high - low) / 2)

    def contains(self, declination):
        """Whether declinations come into view.

        Parameters
        ----------
        declination : `~astropy.units.Quantity`
            Declinations, shape ``(...)``; nan is never in view.

        Returns
        -------
        `~numpy.ndarray` of bool, shape ``(...)``
        """
        low, high = self.declination_range
        return (declination >= low) & (declination <= high)

    def weight(self, declination):
        """Weight of declinations per solid angle.

        Parameters
        ----------
        declination : `~astropy.units.Quantity`
            Declinations, shape ``(...)``.

        Returns
        -------
        `~numpy.ndarray`, shape ``(...)``
            One in view and zero elsewhere; with a ``zenith_exponent`` the exposure, see
            `~crlocal_plugin.physics.exposure.exposure`.
        """
        inside = self.contains(declination)
        if self.zenith_exponent is None:
            return inside.astype(float)
        angles = [a.to_value("rad") for a in (declination, self.latitude, self.max_zenith)]
        return np.where(inside, exposure.exposure(*angles, self.zenith_exponent), 0.0)

    def mean_cos_declination(self, declination_range=None):
        r"""Mean of the cosine of the declination, by which a dipole appears smaller than it is.

        .. math::
            \langle\cos\delta\rangle = \frac{\int \omega(\delta) \cos^2\delta\, d\delta}
            {\int \omega(\delta) \cos\delta\, d\delta}

        Parameters
        ----------
        declination_range : `~astropy.units.Quantity`, optional
            As for `visible`: what is in view of it counts.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If nothing of the range is in view.
        """
        low, high = self.visible(declination_range).to_value("rad")

        # where a source stays in view all day long, the exposure has a kink
        latitude, max_zenith = (a.to_value("rad") for a in (self.latitude, self.max_zenith))
        kink = np.copysign(np.pi - abs(latitude) - max_zenith, latitude)
        edges = [low, kink, high] if low < kink < high else [low, high]

        def integrand(declination, power):
            value, exponent = np.cos(declination) ** power, self.zenith_exponent
            if exponent is None:
                return value
            return value * exposure.exposure(declination, latitude, max_zenith, exponent)

        square, one = (
            sum(quad(integrand, *part, (power,), limit=200)[0] for part in pairwise(edges))
            for power in (2, 1)
        )
        return float(square / one)

    @property
    def declination_factor(self):
        """Equatorial dipole over the amplitude of a fit in right ascension (float)."""
        return 1 / self.mean_cos_declination()

    def visible(self, declination_range=None):
        """Part of a range of declinations that is in view.

        Parameters
        ----------
        declination_range : `~astropy.units.Quantity`, optional
            Lowest and highest declination, shape ``(2,)``; all by default.

        Returns
        -------
        `~astropy.units.Quantity`, shape ``(2,)``

        Raises
        ------
        ValueError
            If the range is none, or nothing of it is in view.
        """
        own = self.declination_range
        if declination_range is None:
            return own
        given = u.Quantity(declination_range).to(u.deg)
        if given.shape != (2,) or not -90 <= given[0].value < given[1].value <= 90:
            raise ValueError(
                "declination_range: expected lowest and highest declination, from -90 to 90 deg, "
                f"got {given}"
            )
        low, high = max(own[0], given[0]), min(own[1], given[1])
        if low >= high:
            raise ValueError(
                f"declinations from {given[0]:.4g} to {given[1]:.4g} are never in view: "
                f"{self.name or 'the experiment'} sees {own[0]:.4g} to {own[1]:.4g}"
            )
        return u.Quantity([low, high])
