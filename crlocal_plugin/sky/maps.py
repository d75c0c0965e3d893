"""Relative intensity of the sky as gammapy maps, all of it and the part that is measured."""

import astropy.units as u
import numpy as np
from gammapy.maps import Map, MapAxis, WcsGeom

from ..components.base import ENERGY_UNIT
from .field_of_view import FieldOfView

_ON_THE_EQUATOR = np.array([1.0, 1.0, 0.0])

_WHOLE_SKY = FieldOfView(0 * u.deg, 90 * u.deg)


def all_sky_geom(frame="icrs", projection="AIT", bin_size=1 * u.deg):
    """Geometry of a map of the whole sky.

    Parameters
    ----------
    frame : {"icrs", "galactic"}, optional
        Coordinates, around longitude zero.
    projection : str, optional
        WCS code: "AIT" (Hammer-Aitoff), "MOL" (Mollweide) or "CAR" (plate carree).
    bin_size : `~astropy.units.Quantity`, optional
        Size of a pixel in the middle of the map.

    Returns
    -------
    `~gammapy.maps.WcsGeom`

    Raises
    ------
    ValueError
        If the size is not positive.
    """
    size = u.Quantity(bin_size).to_value("deg")
    if not size > 0:
        raise ValueError(f"bin_size: expected a positive angle, got {bin_size}")
    return WcsGeom.create(skydir=(0, 0), binsz=size, proj=projection, frame=frame)


def relative_intensity_map(model, energy, geom=None, component=None, species=None):
    r"""Relative intensity of the dipole of a model on the sky.

    .. math::
        \delta I / I = \vec d \cdot \hat n

    with the dipole in three dimensions (Xue & Liu 2025, Eq. 15, with the sign of the excess).

    Parameters
    ----------
    model : CosmicRayModel
        Model.
    energy : `~astropy.units.Quantity`
        Total energy per particle. Several, which increase, make an axis ``"energy"`` of the map.
    geom : `~gammapy.maps.WcsGeom` or `~gammapy.maps.HpxGeom`, optional
        Geometry without axes; `all_sky_geom` by default. A HEALPix geometry needs healpy.
    component, species : str, optional
        Contribution of one component, dipole of one species, as for `CosmicRayModel.dipole`.

    Returns
    -------
    `~gammapy.maps.WcsNDMap` or `~gammapy.maps.HpxNDMap`
        Relative intensity, without unit; nan in pixels off the sky.

    Raises
    ------
    ValueError, ImportError
        If the geometry has axes, energies do not increase, a name is not known, or healpy is
        missing.
    """
    return _map(model, energy, geom, component, species)[0]


def observable_intensity_map(
    model, energy, field_of_view=None, geom=None, component=None, species=None
):
    r"""Relative intensity of the dipole of a model as an experiment on the ground sees it.

    Experiments on the ground cannot compare one declination with another: they divide the
    intensity in each band of declination by its mean over right ascension. What is left of a
    dipole is its projection on the equator, but for a per mille of it (see the page on the sky):

    .. math::
        \delta I / I = \cos\delta\, (d_x \cos\alpha + d_y \sin\alpha)

    Parameters
    ----------
    model, energy, geom, component, species
        As for `relative_intensity_map`.
    field_of_view : FieldOfView, optional
        Experiment; outside its field of view the map is nan. The whole sky by default.

    Returns
    -------
    `~gammapy.maps.WcsNDMap` or `~gammapy.maps.HpxNDMap`
        As of `relative_intensity_map`, with the same errors.
    """
    sky_map, declination = _map(model, energy, geom, component, species, _ON_THE_EQUATOR)
    sky_map.data[..., ~(field_of_view or _WHOLE_SKY).contains(declination)] = np.nan
    return sky_map


def declination_band_profile(
    model,
    energy,
    right_ascension,
    declination_range=None,
    field_of_view=None,
    component=None,
    species=None,
):
    r"""Relative intensity against right ascension, averaged over a band of declination.

    .. math::
        \delta I / I = \langle\cos\delta\rangle\, A \cos(\alpha - \alpha_0)

    with amplitude and phase of the dipole on the equator. The amplitude of a profile is what tables
    call ``first_harmonic``; times `FieldOfView.declination_factor` it is A.

    Parameters
    ----------
    model, component, species
        As for `relative_intensity_map`.
    energy : `~astropy.units.Quantity`
        Total energies per particle, shape ``(...)``.
    right_ascension : `~astropy.units.Quantity`
        Right ascensions, shape ``(n,)`` or a single one.
    declination_range : `~astropy.units.Quantity`, optional
        Lowest and highest declination of the band; all in view by default.
    field_of_view : FieldOfView, optional
        Experiment, which weights declinations; the whole sky by solid angle by default.

    Returns
    -------
    `~astropy.units.Quantity`
        Relative intensity without unit, of the shapes of energy and right ascension in a row.

    Raises
    ------
    ValueError
        If the band is none or out of view, or component or species are not known.
    """
    field_of_view = field_of_view or _WHOLE_SKY
    mean_cos = field_of_view.mean_cos_declination(declination_range)
    dipole = model.dipole(energy, component, species)
    right_ascension = u.Quantity(right_ascension)
    shape = dipole.phase.shape + (1,) * right_ascension.ndim
    amplitude, phase = dipole.amplitude.reshape(shape), dipole.phase.reshape(shape)
    return mean_cos * amplitude * np.cos(right_ascension - phase)


def _map(model, energy, geom, component, species, parts=1.0):
    """Map of dipole vectors, of which parts count, times directions; declinations of its pixels."""
    geom = all_sky_geom() if geom is None else geom
    if not geom.is_image:
        raise ValueError(
            f"the geometry has the axes {', '.join(geom.axes.names)}: give one without, as "
            "geom.to_image(); several energies make an axis"
        )
    try:
        directions = geom.get_coord().skycoord.icrs
    except ImportError as error:
        raise ImportError(
            "a HEALPix geometry needs healpy: pip install 'crlocal_plugin[healpix]'"
        ) from error
    dipole = model.dipole(energy, component, species)
    energy = np.atleast_1d(dipole.energy)
    if energy.ndim > 1 or not energy.size or np.any(np.diff(energy) <= 0):
        raise ValueError(f"energy: expected one, or several in increasing order, got {energy}")
    if energy.size > 1:
        nodes = energy.to(ENERGY_UNIT)
        geom = geom.to_cube([MapAxis.from_nodes(nodes, name="energy", interp="log")])
    vectors = np.atleast_2d(dipole.vector) * parts
    data = np.tensordot(vectors, directions.cartesian.xyz.value, axes=1)
    return Map.from_geom(geom, data=data.reshape(geom.data_shape)), directions.dec
