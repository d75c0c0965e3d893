"""Maps of the relative intensity, fields of view, and what of a dipole is measured."""

import sys

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from gammapy.maps import HpxGeom, HpxNDMap, Map, MapAxis, WcsGeom, WcsNDMap
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import dblquad, quad

import crlocal_plugin as crl
from crlocal_plugin.physics.exposure import exposure
from crlocal_plugin.sky.field_of_view import SITES, FieldOfView
from crlocal_plugin.sky.maps import (
    all_sky_geom,
    declination_band_profile,
    observable_intensity_map,
    relative_intensity_map,
)

ENERGY = 10 * u.TeV
CAR = WcsGeom.create(skydir=(0, 0), binsz=2, proj="CAR", frame="icrs")

latitudes = st.floats(-90, 90)
zeniths = st.floats(5, 90)


@pytest.fixture(scope="module")
def model():
    return crl.xue_liu_2025()


@pytest.fixture(scope="module")
def metas():
    """What the tables of first harmonics say, by name."""
    catalog = crl.catalog()
    names = catalog["name"][catalog["kind"] == "dipole"]
    metas = {str(name): crl.read_catalog_table(name).meta for name in names}
    return {name: meta for name, meta in metas.items() if "latitude" in meta}


def field(latitude, max_zenith, zenith_exponent=None):
    return FieldOfView(latitude * u.deg, max_zenith * u.deg, zenith_exponent)


def mean_cos_by_solid_angle(low, high):
    """Mean of cos(declination) between two declinations in rad, integrated by hand."""
    squared = (high - low) / 2 + (np.sin(2 * high) - np.sin(2 * low)) / 4
    return squared / (np.sin(high) - np.sin(low))


class TestFieldOfView:
    @pytest.mark.parametrize(
        ("latitude", "max_zenith", "low", "high"),
        [(30, 40, -10, 70), (-90, 65, -90, -25), (60, 50, 10, 90), (0, 90, -90, 90)],
    )
    def test_declination_range(self, latitude, max_zenith, low, high):
        view = field(latitude, max_zenith)
        assert_allclose(view.declination_range.to_value("deg"), [low, high])
        declination = [low - 1, low + 1, high - 1, high + 1, np.nan] * u.deg
        assert_allclose(view.contains(declination), [0, 1, 1, 0, 0])
        assert_allclose(view.weight(declination), [0, 1, 1, 0, 0])

    def test_published_sky_fractions(self):
        # Al Samarai et al. 2015, Proc. 34th ICRC: 71 % up to 60 deg, 85 % up to 80 deg
        auger = "Pierre Auger Observatory"
        assert_allclose(FieldOfView.of(auger).sky_fraction, 0.71, atol=0.005)
        assert_allclose(FieldOfView.of(auger, 80 * u.deg).sky_fraction, 0.85, atol=0.005)

    def test_published_declinations(self):
        # Guillian et al. 2007; description of ARGO-YBJ; Abeysekara et al. 2019 up to the analysis
        for experiment, low, high in (
            ("Super-Kamiokande", -53.58, 90),
            ("ARGO-YBJ", -10, 70),
            ("IceTop", -90, -35),
        ):
            view = FieldOfView.of(experiment)
            assert_allclose(view.declination_range.to_value("deg"), [low, high], atol=0.12)

    @settings(max_examples=50, deadline=None)
    @given(latitudes, zeniths)
    def test_mean_cos_declination_by_solid_angle(self, latitude, max_zenith):
        view = field(latitude, max_zenith)
        expected = mean_cos_by_solid_angle(*view.declination_range.to_value("rad"))
        assert_allclose(view.mean_cos_declination(), expected, rtol=1e-7)
        assert_allclose(view.declination_factor, 1 / expected, rtol=1e-7)

    @pytest.mark.parametrize("exponent", [0, 1, 2.5, 8])
    @pytest.mark.parametrize(("latitude", "max_zenith"), [(30, 40), (49, 60), (-35, 80), (-90, 55)])
    def test_mean_cos_declination_of_events(self, latitude, max_zenith, exponent):
        # the same mean over the local sky: zenith angle and azimuth instead of the time of day
        sin_lat, cos_lat = np.sin(np.deg2rad(latitude)), np.cos(np.deg2rad(latitude))

        def acceptance(zenith):
            return np.cos(zenith) ** exponent * np.sin(zenith)

        def weighted(azimuth, zenith):
            sin_dec = sin_lat * np.cos(zenith) + cos_lat * np.sin(zenith) * np.cos(azimuth)
            return acceptance(zenith) * np.sqrt(max(1 - sin_dec**2, 0))

        top = np.deg2rad(max_zenith)
        expected = dblquad(weighted, 0, top, 0, np.pi, epsabs=1e-7)[0]
        expected /= np.pi * quad(acceptance, 0, top)[0]
        mean = field(latitude, max_zenith, exponent).mean_cos_declination()
        assert_allclose(mean, expected, rtol=2e-5)

    @settings(max_examples=50, deadline=None)
    @given(latitudes, zeniths, st.floats(-90, 90))
    def test_exposure_of_a_flat_detector(self, latitude, max_zenith, declination):
        # Sommers 2001, Astropart. Phys. 14, 271, Eqs. 2-4
        lat, dec = np.deg2rad([latitude, declination])
        top = np.deg2rad(max_zenith)
        missing = np.cos(top) - np.sin(lat) * np.sin(dec)
        swing = np.cos(lat) * np.cos(dec)
        assume(abs(missing) > 1e-6 and swing > 1e-6)
        h_m = np.arccos(np.clip(missing / swing, -1, 1))
        expected = (swing * np.sin(h_m) + h_m * np.sin(lat) * np.sin(dec)) / np.pi
        assert_allclose(exposure(dec, lat, top, 1), expected, atol=1e-9)
        assert_allclose(exposure(dec, lat, top, 0), h_m / np.pi, atol=1e-9)

    def test_exposure_at_the_poles(self):
        declinations = np.deg2rad([-90, -60, -34, 10, 90])
        expected = [1, np.cos(np.deg2rad(30)), 0, 0, 0]
        at_pole = exposure(declinations, -np.pi / 2, np.deg2rad(55), 1)
        assert_allclose(at_pole, expected, atol=1e-12)
        # a source at the celestial pole stands still
        assert_allclose(
            exposure(np.pi / 2, np.deg2rad(40), np.deg2rad(60), 2), np.sin(0.698131701) ** 2
        )
        assert_allclose(exposure(np.pi / 2, np.deg2rad(20), np.deg2rad(60), 2), 0, atol=1e-12)

    def test_part_of_the_sky(self):
        view = field(30, 40)
        assert_allclose(view.visible([-30, 20] * u.deg).to_value("deg"), [-10, 20])
        expected = mean_cos_by_solid_angle(*np.deg2rad([-10, 20]))
        assert_allclose(view.mean_cos_declination([-30, 20] * u.deg), expected, rtol=1e-9)

    def test_errors(self):
        with pytest.raises(ValueError, match=r"latitude: expected one angle from -90 to 90 deg"):
            field(91, 40)
        with pytest.raises(ValueError, match="max_zenith: expected one angle from 0 to 90 deg"):
            field(30, 91)
        with pytest.raises(ValueError, match="leaves no sky"):
            field(30, 0)
        with pytest.raises(ValueError, match="latitude: expected one angle"):
            FieldOfView([30, 40] * u.deg, 40 * u.deg)
        with pytest.raises(u.UnitConversionError):
            FieldOfView(30, 40 * u.deg)
        with pytest.raises(ValueError, match="zenith_exponent: expected a number from 0 on"):
            field(30, 40, -1)
        with pytest.raises(ValueError, match="from 80 deg to 90 deg are never in view: the exp"):
            field(30, 40).visible([80, 90] * u.deg)
        with pytest.raises(ValueError, match="expected lowest and highest declination"):
            field(30, 40).visible([20, 10] * u.deg)
        with pytest.raises(ValueError, match="did you mean 'IceCube'"):
            FieldOfView.of("icecube")
        with pytest.raises(ValueError, match=r"known are ARGO-YBJ, .*FieldOfView\(latitude"):
            FieldOfView.of("my array")
        with pytest.raises(ValueError, match="no source for the largest zenith angle of EAS-TOP"):
            FieldOfView.of("EAS-TOP")


class TestDeclinationFactors:
    """The factors in the tables are means of cos(declination) over the solid angle in view."""

    def test_factors_of_tables_are_means_by_solid_angle(self, metas):
        assert len(metas) > 15
        for name, meta in metas.items():
            low, high = field(meta["latitude"], meta["max_zenith"]).declination_range.to("rad")
            mean = mean_cos_by_solid_angle(low.value, high.value)
            assert_allclose(meta["declination_factor"], 1 / mean, rtol=1e-9, err_msg=name)

    def test_sites_are_those_of_tables(self, metas):
        compared = set()
        for name, meta in metas.items():
            experiment = meta["experiment"]
            if experiment in SITES:
                assert SITES[experiment].latitude == meta["latitude"], name
                zenith = SITES[experiment].max_zenith
                # some tables are of another analysis than that of the site
                if zenith == meta["max_zenith"]:
                    compared.add(experiment)
                    factor = FieldOfView.of(experiment).declination_factor
                    assert_allclose(meta["declination_factor"], factor, rtol=1e-12, err_msg=name)
        known = {"ARGO-YBJ", "IceCube", "IceTop", "Super-Kamiokande", "Tibet ASgamma"}
        assert compared == known

    def test_no_zenith_angle_gives_eas_top_the_factor_of_compilations(self):
        # docs/data.md says so of 1.38
        views = [
            FieldOfView.of("EAS-TOP", z * u.deg, exponent)
            for z in (1, 20, 40, 60, 90)
            for exponent in (None, 0, 1, 8)
        ]
        assert max(view.declination_factor for view in views) < 1.365

    def test_dipole_of_icecube_is_the_factor_above_its_first_harmonic(self):
        # amplitudes of right ascension, of 2016, beside dipoles on the equator, of 2025
        first_harmonic = crl.read_catalog_table("icecube-2016")["amplitude"][:4]
        equatorial = crl.read_catalog_table("icecube-2025")["amplitude"][:4]
        factor = FieldOfView.of("IceCube").declination_factor
        assert_allclose(np.mean(equatorial / first_harmonic), factor, rtol=0.1)

    def test_names_of_sites_are_those_of_tables(self):
        catalog = crl.catalog()
        assert set(SITES) <= set(catalog["experiment"][catalog["kind"] == "dipole"])
        assert all(site.source for site in SITES.values())


class TestRelativeIntensityMap:
    @pytest.mark.parametrize("projection", ["CAR", "AIT", "MOL"])
    @pytest.mark.parametrize("frame", ["icrs", "galactic"])
    def test_cosine_of_the_distance(self, model, frame, projection):
        geom = all_sky_geom(frame, projection, 4 * u.deg)
        sky_map = relative_intensity_map(model, ENERGY, geom)
        assert isinstance(sky_map, WcsNDMap)
        assert sky_map.geom == geom
        assert sky_map.unit == ""
        dipole = model.dipole(ENERGY)
        coords = geom.get_coord().skycoord
        on_sky = np.isfinite(coords.spherical.lon)
        assert_allclose(np.isfinite(sky_map.data), on_sky)
        angle = coords[on_sky].transform_to("icrs").separation(dipole.direction)
        expected = dipole.total_amplitude.value * np.cos(angle)
        assert_allclose(sky_map.data[on_sky], expected, atol=1e-11)

    @pytest.mark.parametrize("frame", ["icrs", "galactic"])
    def test_healpix(self, model, frame):
        healpy = pytest.importorskip("healpy")
        geom = HpxGeom.create(nside=16, frame=frame)
        sky_map = relative_intensity_map(model, ENERGY, geom)
        assert isinstance(sky_map, HpxNDMap)
        monopole, fitted = healpy.fit_dipole(sky_map.data, nest=geom.nest)
        direction = model.dipole(ENERGY).direction.transform_to(frame)
        expected = model.dipole(ENERGY).total_amplitude * direction.cartesian.xyz
        assert_allclose(monopole, 0, atol=1e-10)
        assert_allclose(fitted, expected.value, atol=1e-10)

    def test_components_and_species(self, model):
        parts = [
            relative_intensity_map(model, ENERGY, CAR, component=name).data
            for name in model.components
        ]
        assert_allclose(sum(parts), relative_intensity_map(model, ENERGY, CAR).data, atol=1e-15)
        helium = relative_intensity_map(model, ENERGY, CAR, species="He")
        vector = model.dipole(ENERGY, species="He").vector
        assert_allclose(np.abs(helium.data).max(), np.linalg.norm(vector), rtol=1e-3)

    def test_energies(self, model, tmp_path):
        energies = [1, 30, 3000] * u.TeV
        cube = relative_intensity_map(model, energies, CAR)
        assert cube.geom.axes.names == ["energy"]
        assert_allclose(cube.geom.axes["energy"].center.to_value("TeV"), energies.value)
        for index, energy in enumerate(energies):
            assert_allclose(cube.data[index], relative_intensity_map(model, energy, CAR).data)
        cube.write(tmp_path / "sky.fits")
        assert_allclose(Map.read(tmp_path / "sky.fits").data, cube.data)
        assert relative_intensity_map(model, [1] * u.TeV, CAR).geom == CAR

    def test_default_geometry_is_the_whole_sky(self, model):
        sky_map = relative_intensity_map(model, ENERGY)
        assert sky_map.geom.is_allsky
        solid_angle = sky_map.geom.solid_angle().to_value("sr")
        inside = np.isfinite(sky_map.data)
        # pixels that the seam cuts have none in gammapy
        assert_allclose(np.nansum(solid_angle[inside]), 4 * np.pi, rtol=0.015)

    def test_errors(self, model, monkeypatch):
        for energies in ([3, 1], []):
            with pytest.raises(ValueError, match="several in increasing order"):
                relative_intensity_map(model, energies * u.TeV, CAR)
        for size in (0, -1, np.nan):
            with pytest.raises(ValueError, match="bin_size: expected a positive angle"):
                all_sky_geom(bin_size=size * u.deg)
        axis = MapAxis.from_energy_bounds("1 TeV", "10 TeV", 2)
        with pytest.raises(ValueError, match="the geometry has the axes energy"):
            relative_intensity_map(model, ENERGY, CAR.to_cube([axis]))
        with pytest.raises(ValueError, match="unknown component 'disk'"):
            relative_intensity_map(model, ENERGY, CAR, component="disk")
        geom = HpxGeom.create(nside=2)
        monkeypatch.setitem(sys.modules, "healpy", None)
        with pytest.raises(ImportError, match=r"pip install 'crlocal_plugin\[healpix\]'"):
            relative_intensity_map(model, ENERGY, geom)


class TestObservableIntensityMap:
    def test_mean_of_each_declination_is_gone(self, model):
        # the rows of a plate carree in equatorial coordinates are bands of declination
        intensity = 1 + relative_intensity_map(model, ENERGY, CAR).data
        observable = observable_intensity_map(model, ENERGY, geom=CAR).data
        mean = intensity.mean(axis=1, keepdims=True)
        assert_allclose(observable, intensity - mean, atol=1e-15)
        # normalised, as experiments do it: the same within the neglected d_z
        d_z = abs(model.dipole(ENERGY).vector[2])
        assert 1e-5 < d_z < 2e-3
        assert_allclose(observable, intensity / mean - 1, rtol=d_z / (1 - d_z), atol=1e-15)

    def test_formula(self, model):
        sky_map = observable_intensity_map(model, ENERGY, geom=all_sky_geom("galactic"))
        dipole = model.dipole(ENERGY)
        points = SkyCoord([10, 100, 250] * u.deg, [-60, 5, 40] * u.deg)
        # pixels are not exactly where the points are
        index = sky_map.geom.coord_to_idx(points)
        points = sky_map.geom.pix_to_coord(index)
        points = SkyCoord(*points, frame="galactic").icrs
        expected = dipole.amplitude * np.cos(points.dec) * np.cos(points.ra - dipole.phase)
        assert_allclose(sky_map.get_by_idx(index), expected.value, atol=1e-12)

    def test_field_of_view(self, model):
        view = FieldOfView.of("HAWC")
        everything = observable_intensity_map(model, [1, 10] * u.TeV, geom=CAR)
        sky_map = observable_intensity_map(model, [1, 10] * u.TeV, view, CAR)
        declination = CAR.get_coord().skycoord.dec.deg
        inside = (declination > -38) & (declination < 76)
        assert_allclose(np.isfinite(sky_map.data), [inside, inside])
        assert_allclose(sky_map.data[:, inside], everything.data[:, inside])


class TestDeclinationBandProfile:
    @settings(max_examples=15, deadline=None)
    @given(st.floats(-89, 80), st.floats(3, 60), st.sampled_from([1e2, 1e4, 1e6]))
    def test_first_harmonic_of_the_averaged_intensity(self, low, width, energy):
        model = crl.xue_liu_2025()
        band = np.array([low, min(low + width, 90)]) * u.deg
        dipole = model.dipole(energy * u.GeV)
        d_x, d_y, d_z = dipole.vector
        edges = band.to_value("rad")

        def average(right_ascension):
            def intensity(dec):
                along = d_x * np.cos(right_ascension) + d_y * np.sin(right_ascension)
                return (along * np.cos(dec) + d_z * np.sin(dec)) * np.cos(dec)

            return quad(intensity, *edges)[0] / np.diff(np.sin(edges))[0]

        cosine = quad(lambda a: average(a) * np.cos(a), 0, 2 * np.pi)[0] / np.pi
        sine = quad(lambda a: average(a) * np.sin(a), 0, 2 * np.pi)[0] / np.pi
        profile = declination_band_profile(model, energy * u.GeV, [0, 90] * u.deg, band)
        assert_allclose(profile.value, [cosine, sine], rtol=1e-6, atol=1e-12)
        amplitude = np.hypot(cosine, sine)
        expected = dipole.amplitude * mean_cos_by_solid_angle(*edges)
        assert_allclose(amplitude, expected.value, rtol=1e-6)
        phase = np.rad2deg(np.arctan2(sine, cosine)) % 360
        assert_allclose(phase, dipole.phase.value, atol=1e-4)

    @pytest.mark.parametrize("exponent", [None, 3])
    def test_model_and_data_mean_the_same(self, model, exponent):
        view = FieldOfView.of("HAWC", zenith_exponent=exponent)
        energies = [1, 10, 100] * u.TeV
        phase = model.dipole(energies).phase
        amplitude = [
            declination_band_profile(model, energy, at, field_of_view=view).value
            for energy, at in zip(energies, phase, strict=True)
        ]
        table = Table(
            {
                "energy": energies.to("GeV"),
                "amplitude": amplitude,
                "amplitude_err": np.full(3, 1e-6),
                "phase": phase,
                "phase_err": [0.1] * 3 * u.deg,
            }
        )
        dataset = crl.DipoleDataset.read(
            table, amplitude_kind="first_harmonic", declination_factor=view.declination_factor
        )
        assert_allclose(dataset.amplitude, model.dipole(energies).amplitude, rtol=1e-12)
        dataset.models = [model]
        assert_allclose(dataset.stat_sum(), 0, atol=1e-9)

    def test_weights_of_the_zenith_angle(self, model):
        band = [0, 60] * u.deg
        view = field(30, 50, 2)
        declination = np.deg2rad(np.linspace(0, 60, 20001))
        weight = view.weight(np.rad2deg(declination) * u.deg) * np.cos(declination)
        expected = np.average(np.cos(declination), weights=weight)
        profile = declination_band_profile(
            model, ENERGY, model.dipole(ENERGY).phase, band, field_of_view=view
        )
        assert_allclose(profile, model.dipole(ENERGY).amplitude * expected, rtol=1e-4)

    def test_shape(self, model):
        profile = declination_band_profile(model, [1, 10] * u.TeV, [0, 90, 180] * u.deg)
        assert profile.shape == (2, 3)
        assert profile.unit == ""
        assert_allclose(profile[:, 0], -profile[:, 2])
        # the mean of cos(declination) over the whole sky is pi / 4
        assert_allclose(profile[1, 0], np.pi / 4 * model.dipole(10 * u.TeV).vector[0])

    def test_component(self, model):
        phases = np.arange(0, 360, 45) * u.deg
        parts = [
            declination_band_profile(model, ENERGY, phases, component=name)
            for name in model.components
        ]
        assert_allclose(sum(parts), declination_band_profile(model, ENERGY, phases), atol=1e-15)
