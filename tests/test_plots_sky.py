"""Pictures of the sky: directions and tracks, maps of the intensity, profiles."""

import matplotlib

matplotlib.use("Agg")

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from gammapy.maps import HpxGeom, WcsGeom
from matplotlib.collections import QuadMesh
from matplotlib.contour import ContourSet
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.plots.sky.axes import draw_track, on_map, sky_axes
from crlocal_plugin.plots.sky.directions import plot_sky
from crlocal_plugin.plots.sky.maps import plot_band_profiles, plot_sky_map
from crlocal_plugin.sky.field_of_view import FieldOfView
from crlocal_plugin.sky.maps import observable_intensity_map, relative_intensity_map

ENERGY = 10 * u.TeV
HAWC = FieldOfView.of("HAWC")
ICECUBE = FieldOfView.of("IceCube")
GEOM = WcsGeom.create(skydir=(0, 0), binsz=2, proj="CAR", frame="icrs")


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()
    plt.close("all")


@pytest.fixture(scope="module")
def model():
    return crl.xue_liu_2025()


@pytest.fixture(scope="module")
def sky_map(model):
    return relative_intensity_map(model, ENERGY, GEOM)


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


def drawn(ax):
    """Centres of the cells of a map as longitude and latitude in deg, and their values."""
    (mesh,) = [artist for artist in ax.collections if isinstance(artist, QuadMesh)]
    corners = np.rad2deg(mesh.get_coordinates())
    centre = (corners[:-1, :-1] + corners[1:, 1:]) / 2
    return -centre[..., 0], centre[..., 1], mesh.get_array().reshape(centre.shape[:2]), mesh


class TestDirections:
    @pytest.mark.parametrize("frame", ["icrs", "galactic"])
    def test_numbers_stand_on_the_direction_of_the_excess(self, model, frame):
        energies = [1e3, 1e5, 1e7] * u.GeV
        ax = plot_sky(model, energies=energies, frame=frame)
        (marks,) = [line for line in ax.lines if len(line.get_xdata()) == 3]
        x, y = np.rad2deg(marks.get_data())
        on_sky = SkyCoord(-x, y, unit="deg", frame=frame)
        assert_allclose(on_sky.separation(model.dipole(energies).direction).deg, 0, atol=1e-5)

    @pytest.mark.parametrize(
        ("symbol", "expected"),
        [
            (r"$\otimes$", [(48.5, -21.2), (74.9, 17.6)]),
            (r"$\odot$", [(228.5, 21.2), (254.9, -17.6)]),
        ],
    )
    def test_crossed_vectors_and_dotted_opposites(self, model, symbol, expected):
        # Xue & Liu 2025, Section II and Fig. 3: b and u_HC, and their reverse
        ax = plot_sky(model)
        symbols = [line for line in ax.lines if line.get_marker() == symbol]
        places = np.rad2deg(
            [np.ravel(line.get_data()) for line in symbols if len(line.get_xdata())]
        )
        places[:, 0] = -places[:, 0] % 360
        for place in expected:
            assert np.abs(places - place).max(axis=1).min() < 0.01

    def test_components(self, model):
        named = {"Galactic background", "Nearby source", "Galactic centre", "Compton-Getting"}
        assert named & set(texts(plot_sky(model).get_legend())) == named
        assert named & set(texts(plot_sky(model, components=False).get_legend())) == set()
        chosen = plot_sky(model, components=["nearby", "galactic-center"])
        assert named & set(texts(chosen.get_legend())) == {"Nearby source", "Galactic centre"}
        with pytest.raises(ValueError, match="no component 'near'; did you mean 'nearby'"):
            plot_sky(model, components="near")

    def test_subjects(self, model):
        datasets = crl.load_datasets(["tibet-asgamma-2017"])
        datasets.models = [model]
        labels = {text.get_text() for text in plot_sky(datasets).texts}
        assert labels == {text.get_text() for text in plot_sky(model).texts}
        with pytest.raises(TypeError):
            plot_sky(3)


class TestAxes:
    def test_on_map(self):
        vectors = [[0, 2, 0], [-1, 0, 1], [0, 0, -3]]
        x, y = on_map(vectors, "icrs")
        assert_allclose(x[:2], [-90, 180])
        assert_allclose(y, [0, 45, -90])
        x, y = on_map([-0.0548755604, -0.8734370902, -0.4838350155], "galactic")
        assert_allclose([x, y], 0, atol=1e-5)

    def test_track_is_broken_at_the_edge(self):
        ax = sky_axes()
        longitude = np.deg2rad(np.arange(90, 271, 10))
        circle = np.stack([np.cos(longitude), np.sin(longitude), 0 * longitude], axis=-1)
        draw_track(ax, circle, "icrs")
        x = ax.lines[0].get_xdata()
        assert np.isnan(x).sum() == 1
        assert np.nanmax(np.abs(np.diff(x))) < 0.2


class TestSkyMap:
    @pytest.mark.parametrize("projection", ["mollweide", "hammer"])
    def test_values(self, model, sky_map, projection):
        ax = plt.figure().add_subplot(projection=projection)
        assert plot_sky_map(sky_map, ax=ax) is ax
        longitude, latitude, values, mesh = drawn(ax)
        dipole = model.dipole(ENERGY)
        angle = SkyCoord(longitude, latitude, unit="deg").separation(dipole.direction)
        expected = 1e3 * dipole.total_amplitude * np.cos(angle)
        assert_allclose(values, expected, atol=0.02)
        low, high = mesh.get_clim()
        assert low == -high
        assert_allclose(high, 1e3 * dipole.total_amplitude, rtol=1e-3)

    @pytest.mark.parametrize("frame", ["icrs", "galactic"])
    def test_healpix_in_any_frame(self, model, frame):
        pytest.importorskip("healpy")
        geom = HpxGeom.create(nside=16, frame="galactic")
        longitude, latitude, values, _ = drawn(
            plot_sky_map(relative_intensity_map(model, ENERGY, geom), frame=frame)
        )
        dipole = model.dipole(ENERGY)
        angle = SkyCoord(longitude, latitude, unit="deg", frame=frame).separation(dipole.direction)
        expected = 1e3 * dipole.total_amplitude * np.cos(angle)
        assert_allclose(values, expected, atol=0.03)

    def test_fields_of_view(self, model):
        ax = plot_sky_map(
            observable_intensity_map(model, ENERGY, HAWC, GEOM), fields_of_view=[HAWC, ICECUBE]
        )
        longitude, latitude, values, _ = drawn(ax)
        assert_allclose(values.mask, (latitude < -38) | (latitude > 76))
        # up to the edge, where pixels have neighbours without a value
        dipole = model.dipole(ENERGY)
        angle = longitude * u.deg - dipole.phase
        expected = 1e3 * dipole.amplitude * np.cos(latitude * u.deg) * np.cos(angle)
        assert_allclose(values[~values.mask], expected[~values.mask], atol=0.03)
        ends = [np.rad2deg(line.get_ydata()) for line in ax.lines]
        for end, expected in zip(ends, [-38, 76, -25], strict=True):
            assert_allclose(end[np.isfinite(end)], expected)
        assert texts(ax.get_legend()) == ["HAWC (−38° to 76°)", "IceCube (−90° to −25°)"]
        styles = {line.get_linestyle() for line in ax.lines}
        assert len(styles) == 2
        assert (
            plot_sky_map(
                relative_intensity_map(model, ENERGY, GEOM), fields_of_view=HAWC, legend=False
            ).get_legend()
            is None
        )

    def test_excess_and_deficit_in_grey(self, sky_map):
        ax = plot_sky_map(sky_map)
        (contours,) = [artist for artist in ax.collections if isinstance(artist, ContourSet)]
        dashed = [pattern is not None for _, pattern in contours.get_linestyle()]
        assert dashed == [level < 0 for level in contours.levels]
        assert_allclose(contours.levels, -contours.levels[::-1])

    def test_colour_bar(self, sky_map):
        ax = plot_sky_map(sky_map, vmax=2e-3)
        bar = ax.figure.axes[1]
        assert bar.get_xlabel() == "Relative intensity [10$^{-3}$]"
        assert_allclose(bar.get_xlim(), [-2, 2])

    def test_unit_of_the_map(self, sky_map):
        percent = sky_map.copy(data=100 * sky_map.data, unit="%")
        assert_allclose(drawn(plot_sky_map(percent))[2], drawn(plot_sky_map(sky_map))[2])
        with pytest.raises(u.UnitConversionError):
            plot_sky_map(sky_map.copy(unit="s"))

    def test_isotropic_sky(self, sky_map):
        _, _, values, mesh = drawn(plot_sky_map(sky_map * 0))
        assert_allclose(values, 0)
        assert_allclose(mesh.get_clim(), [-1, 1])

    def test_tracks_on_the_map(self, model, sky_map):
        ax = plot_sky_map(sky_map)
        assert plot_sky(model, ax=ax, legend=False) is ax
        assert "Galactic centre" in {text.get_text() for text in ax.texts}
        mesh = drawn(ax)[3]
        assert all(mesh.get_zorder() < line.get_zorder() for line in ax.lines)

    def test_errors(self, model, sky_map):
        cube = relative_intensity_map(model, [1, 10] * u.TeV, GEOM)
        with pytest.raises(ValueError, match=r"has the axis energy: choose one"):
            plot_sky_map(cube)
        assert plot_sky_map(cube.get_image_by_idx((0,)))
        with pytest.raises(ValueError, match="no values"):
            plot_sky_map(sky_map * np.nan)
        with pytest.raises(ValueError, match="unknown frame 'fk4'"):
            plot_sky_map(sky_map, frame="fk4")
        for vmax in (0, -1e-3, np.nan):
            with pytest.raises(ValueError, match="vmax: expected a positive relative intensity"):
                plot_sky_map(sky_map, vmax=vmax)
        with pytest.raises(TypeError, match=r"fields_of_view: expected FieldOfView.of\('HAWC'\)"):
            plot_sky_map(sky_map, fields_of_view="HAWC")
        with pytest.raises(TypeError, match=r"fields_of_view: expected FieldOfView.of\('HAWC'\)"):
            plot_band_profiles(model, ENERGY, [ICECUBE, "HAWC"])
        with pytest.raises(ValueError, match="energies: expected one at least"):
            plot_sky(model, energies=[] * u.TeV)
        with pytest.raises(ValueError, match="mollweide"):
            plot_sky_map(sky_map, ax=plt.subplots()[1])


class TestBandProfiles:
    def test_first_harmonics(self, model):
        energies = [10, 1000] * u.TeV
        ax = plot_band_profiles(model, energies, [HAWC, ICECUBE])
        curves = [line for line in ax.lines if len(line.get_xdata()) == 361]
        peaks = [line for line in ax.lines if line.get_marker() == "o"]
        assert len(curves) == len(peaks) == 4
        dipole = model.dipole(energies)
        # pi / 2 and a half of its sine, from pole to -25 deg, over the height of that cap
        edge = np.deg2rad(-25)
        cap = ((edge + np.pi / 2) / 2 + np.sin(2 * edge) / 4) / (np.sin(edge) + 1)
        for curve, peak, number in ((curves[1], peaks[1], 0), (curves[3], peaks[3], 1)):
            amplitude = 1e3 * cap * dipole.amplitude[number].value
            angle = curve.get_xdata() * u.deg - dipole.phase[number]
            assert_allclose(curve.get_ydata(), amplitude * np.cos(angle), atol=1e-9)
            assert_allclose(np.ravel(peak.get_data()), [dipole.phase[number].value, amplitude])
        assert curves[0].get_linestyle() == curves[2].get_linestyle() != curves[1].get_linestyle()
        assert curves[0].get_color() == curves[1].get_color() != curves[2].get_color()
        labels = texts(ax.get_legend())
        amplitude, phase = 1e3 * cap * dipole.amplitude[1].value, dipole.phase[1].value
        assert labels[3] == f"IceCube (−90° to −25°), 1000 TeV: {amplitude:.2f} at {phase:.0f}°"

    def test_whole_sky_and_own_axes(self, model):
        _, ax = plt.subplots()
        assert plot_band_profiles(model, ENERGY, ax=ax, legend=False) is ax
        assert ax.get_legend() is None
        assert ax.get_xlim() == (360, 0)
        assert "[deg]" in ax.get_xlabel()
        peak = np.max(ax.lines[1].get_ydata())
        assert_allclose(peak, 1e3 * np.pi / 4 * model.dipole(ENERGY).amplitude, rtol=1e-6)
