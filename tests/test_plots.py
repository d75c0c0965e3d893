"""Pictures, by what is drawn and not by pixels."""

import matplotlib

matplotlib.use("Agg")

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.table import Table
from matplotlib.colors import to_hex
from matplotlib.markers import MarkerStyle
from numpy.testing import assert_allclose

import crlocal_plugin as crl
from crlocal_plugin.datasets.plot_axes import (
    LIMIT_ARROW,
    MARGIN,
    break_at_jumps,
    draw_phase,
    draw_points,
    intensity_label,
    log_limits,
    turns_in_sight,
)
from crlocal_plugin.plots.dipole import plot_dipole
from crlocal_plugin.plots.sky.directions import plot_sky, reference_directions
from crlocal_plugin.plots.spectra import plot_spectra
from crlocal_plugin.plots.style import (
    COMPONENT_STYLES,
    EXPERIMENT_MARKERS,
    component_label,
    component_style,
    experiment_markers,
    name_marker,
    species_color,
)

COMPONENTS = ["background", "nearby", "galactic-center", "compton-getting"]
LABELS = [component_label(name) for name in COMPONENTS]


@pytest.fixture(autouse=True)
def _closed_figures():
    before = dict(matplotlib.rcParams)
    yield
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()
    plt.close("all")
    assert dict(matplotlib.rcParams) == before


@pytest.fixture(scope="module")
def model():
    return crl.xue_liu_2025()


@pytest.fixture
def datasets(model):
    datasets = crl.load_datasets("xue-liu-2025")
    datasets.models = [model]
    return datasets


def spectrum(quantity="H", axis="kinetic_energy", **kwargs):
    """Three points of which the last is a limit."""
    table = Table(
        {
            "energy": [1e2, 1e3, 1e4] * u.GeV,
            "intensity": [4e-2, 1e-4, 2e-7] * u.Unit("GeV-1 m-2 s-1 sr-1"),
            "intensity_stat_errn": [4e-3, 1e-5, 2e-8] * u.Unit("GeV-1 m-2 s-1 sr-1"),
            "intensity_stat_errp": [4e-3, 1e-5, 2e-8] * u.Unit("GeV-1 m-2 s-1 sr-1"),
            "is_ul": [False, False, True],
        }
    )
    table.meta = {"experiment": "TEST", "quantity": quantity, "axis": axis}
    return crl.CosmicRayFluxDataset.read(table, name=f"test-{quantity}", **kwargs)


def anisotropy(phase=(30.0, 200.0, np.nan), **kwargs):
    """Three points of which the last is a limit."""
    table = Table(
        {
            "energy": [1e4, 1e6, 1e7] * u.GeV,
            "amplitude": [1e-3, 2e-3, np.nan],
            "amplitude_errn": [1e-4, 2e-4, np.nan],
            "amplitude_errp": [1e-4, 2e-4, np.nan],
            "amplitude_ul": [np.nan, np.nan, 5e-3],
            "phase": list(phase) * u.deg,
            "phase_err": [5.0, 10.0, np.nan] * u.deg,
        }
    )
    table.meta = {"experiment": "TEST"}
    return crl.DipoleDataset.read(table, name="test-dipole", **kwargs)


def legend_labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def curves(ax):
    return [line for line in ax.lines if line.get_linestyle() != "None"]


def points(ax):
    """Markers that are no arrows."""
    lines = [line for line in ax.lines if line.get_linestyle() == "None"]
    is_name = [str(line.get_marker()).startswith("$\\mathrm") for line in lines]
    return [
        line
        for line, name in zip(lines, is_name, strict=True)
        if not name and line.get_marker() is not LIMIT_ARROW
    ]


def arrows(ax):
    return [line for line in ax.lines if line.get_marker() is LIMIT_ARROW]


def by_style(ax, **style):
    """Curves of a colour, line style or both."""
    wanted = plt.Line2D([], [], **style)
    return [
        line
        for line in curves(ax)
        if ("color" not in style or to_hex(line.get_color()) == to_hex(wanted.get_color()))
        and (
            "linestyle" not in style or line._unscaled_dash_pattern == wanted._unscaled_dash_pattern
        )
    ]


def pulls_of(ax):
    """Axes of pulls below others."""
    axes = ax.figure.axes
    return axes[axes.index(ax) + 1]


def assert_drawn(ax):
    for line in ax.lines:
        assert np.isfinite(line.get_xydata().astype(float)).all(axis=1).any()


class TestStyle:
    def test_components_differ_in_colour_and_in_line_style(self):
        styles = COMPONENT_STYLES.values()
        assert len({style["color"] for style in styles}) == len(COMPONENT_STYLES)
        assert len({style["linestyle"] for style in styles}) == len(COMPONENT_STYLES)

    def test_unknown_names_get_styles_of_their_own(self):
        assert component_style("Vela") == component_style("Vela")
        assert component_style("Vela") not in COMPONENT_STYLES.values()
        assert species_color("Ti") == species_color("Ti")

    def test_names_on_curves_are_of_one_size(self):
        heights = []
        for name in ("H", "He", "Fe", "light", "all_particle"):
            marker = name_marker(name)
            shape = MarkerStyle(marker["marker"])
            path = shape.get_path().transformed(shape.get_transform())
            heights.append(marker["markersize"] * path.get_extents().height)
        # an l is a little higher than an H
        assert max(heights) < 1.1 * min(heights)

    def test_styles_are_copies(self):
        component_style("total")["color"] = "red"
        assert component_style("total")["color"] != "red"

    def test_markers_are_unique_within_a_picture(self):
        names = ["X1", "X2", "X3", *EXPERIMENT_MARKERS, "X4"][:25]
        markers = experiment_markers(names)
        assert list(markers) == names
        assert len(set(markers.values())) == len(names)

    def test_known_experiment_keeps_its_marker(self):
        taken = EXPERIMENT_MARKERS["AMS-02"]
        others = [f"X{number}" for number in range(20)]
        assert experiment_markers([*others, "AMS-02"])["AMS-02"] == taken


class TestHelpers:
    @pytest.mark.parametrize(
        ("axis", "power", "label"),
        [
            ("rigidity", 0, r"$J$ [GV$^{-1}$ m$^{-2}$ s$^{-1}$ sr$^{-1}$]"),
            ("total_energy", 1, r"$E\,J$ [m$^{-2}$ s$^{-1}$ sr$^{-1}$]"),
            ("kinetic_energy", 2, r"$T^{2}\,J$ [GeV m$^{-2}$ s$^{-1}$ sr$^{-1}$]"),
            (
                "kinetic_energy_per_nucleon",
                2.7,
                r"$(T/A)^{2.7}\,J$ [GeV$^{1.7}$ m$^{-2}$ s$^{-1}$ sr$^{-1}$]",
            ),
        ],
    )
    def test_intensity_label(self, axis, power, label):
        assert intensity_label(axis, power) == label

    def test_unknown_axis(self):
        with pytest.raises(ValueError, match="expected one of rigidity"):
            intensity_label("wavelength")

    def test_log_limits(self):
        assert log_limits([1.0, 100.0, 0.0, np.nan, -5.0], margin=2) == (0.5, 200.0)
        assert log_limits([1e-30, 100.0], margin=1, decades=3) == (0.1, 100.0)
        assert log_limits([0.0]) is None

    def test_break_at_jumps(self):
        phase, x = break_at_jumps(np.array([170.0, 179.0, -179.0, -170.0]), np.arange(4))
        assert_allclose(phase, [170, 179, np.nan, -179, -170])
        assert_allclose(x, [0, 1, np.nan, 2, 3])

    @pytest.mark.parametrize("start", [0.0, -180.0, 90.0])
    @pytest.mark.parametrize("ends", [(40.0, -130.0), (350.0, 370.0), (0.0, 900.0)])
    def test_a_phase_is_drawn_wherever_the_axis_shows_it(self, start, ends):
        curve = np.linspace(*ends, 200)
        _, ax = plt.subplots()
        draw_phase(ax, np.arange(200.0), curve % 360, start)
        x, y = ax.lines[0].get_data()
        # every turn of every point that the axis has room for, and no line across it
        low, high = start - MARGIN, start + 360 + MARGIN
        for turn in 360 * np.arange(-5, 6):
            for energy, phase in enumerate(curve + turn):
                if low < phase < high:
                    assert np.isclose(y[x == energy], phase).any()
        assert np.nanmax(np.abs(np.diff(y))) < 180

    def test_phases_that_are_not_known(self):
        _, ax = plt.subplots()
        draw_phase(ax, np.arange(4.0), [np.nan, 359.0, 1.0, np.nan], 0.0)
        _, y = ax.lines[0].get_data()
        assert {0.0, 2.0} == set(np.round(np.abs(np.diff(y[np.isfinite(y)])) % 358))
        draw_phase(ax, np.arange(2.0), [np.nan, np.nan], 0.0)
        assert len(ax.lines) == 1

    def test_turns(self):
        assert_allclose(turns_in_sight([10.0, 20.0], 0.0)[[0, -1]], [-360, 360], atol=360)

    def test_draw_points(self):
        _, ax = plt.subplots()
        x = np.array([1.0, 2.0, 3.0, np.nan])
        is_ul = np.array([False, False, True, False])
        in_fit = np.array([True, False, True, True])
        draw_points(ax, x, x, (0.1 * x, 0.2 * x), is_ul=is_ul, in_fit=in_fit, color="red")
        inside, outside = points(ax)
        assert_allclose(inside.get_xdata(), [1, 3])
        assert_allclose(outside.get_xdata(), [2])
        assert outside.get_markerfacecolor() == "none"
        assert outside.get_alpha() < 1
        assert [list(line.get_xdata()) for line in arrows(ax)] == [[3]]
        bars = [path.vertices[:, 1] for path in ax.collections[0].get_paths()]
        assert_allclose(bars, [[0.9, 1.2], [3, 3]])


class TestSpectra:
    def test_content(self, model, datasets):
        ax = plot_spectra(model, datasets)
        # total and three components of two species, Compton-Getting has no spectrum
        assert len(curves(ax)) == 8
        assert len(by_style(ax, color=species_color("H"))) == 4
        assert len(by_style(ax, linestyle=COMPONENT_STYLES["nearby"]["linestyle"])) == 2
        assert_drawn(ax)
        labels = legend_labels(ax)
        assert len(set(labels)) == len(labels)
        experiments = ["AMS-02", "DAMPE", "CREAM", "JACEE", "KASCADE"]
        assert set(labels) >= {"H", "He", *LABELS[:3], *experiments}
        assert "Compton-Getting" not in labels
        assert pulls_of(ax).get_xlabel().endswith("[GeV]")
        assert "GeV$^{1.7}$" in ax.get_ylabel()
        assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")

    def test_limits_follow_the_data(self, model, datasets):
        ax = plot_spectra(model, datasets)
        low, high = ax.get_xlim()
        assert 1 < low < 1.4
        assert 1e7 < high < 2e8
        bottom, top = ax.get_ylim()
        assert 1 < bottom < 1e3
        assert 2e4 < top < 1e5

    def test_data_are_converted_exactly(self, model):
        dataset = spectrum("He", "kinetic_energy_per_nucleon")
        ax = plot_spectra(model, [dataset], species="He", energy_power=2)
        (line,) = points(ax)
        helium = crl.SPECIES["He"]
        energy = 4 * dataset.x.value + helium.rest_energy
        # dN is the same on either axis: J_E = J_(T/A) / 4
        assert_allclose(line.get_xdata(), energy, rtol=1e-12)
        assert_allclose(line.get_ydata(), dataset.intensity.value / 4 * energy**2, rtol=1e-12)
        bars = [path.vertices[:, 1] for path in ax.collections[0].get_paths()]
        assert_allclose(bars[0] / line.get_ydata()[0], [0.9, 1.1], rtol=1e-12)
        assert_allclose(bars[2], line.get_ydata()[2], rtol=1e-12)

    def test_own_axis_is_left_alone(self, model):
        dataset = spectrum()
        ax = plot_spectra(model, [dataset], axis="kinetic_energy", energy_power=0)
        (line,) = points(ax)
        assert_allclose(line.get_xdata(), dataset.x.value)
        assert_allclose(line.get_ydata(), dataset.intensity.value)

    def test_total_is_the_model(self, model):
        ax = plot_spectra(model, species="H", components=False, energy_power=2.7)
        (line,) = curves(ax)
        x = u.Quantity(line.get_xdata()[[100, 300]], "GeV")
        expected = model.intensity(x, "H", axis="total_energy").value * x.value**2.7
        assert_allclose(line.get_ydata()[[100, 300]], expected)

    def test_shifted_data_say_so(self, model):
        dataset = spectrum()
        dataset.energy_scale.value = 1.1
        dataset.norm.value = 0.5
        ax = plot_spectra(model, [dataset], axis="kinetic_energy", energy_power=0)
        (line,) = points(ax)
        assert_allclose(line.get_xdata(), 1.1 * dataset.x.value)
        assert_allclose(line.get_ydata(), dataset.intensity.value / 0.55)
        assert "TEST (E × 1.1, J / 0.5)" in legend_labels(ax)

    def test_shifted_data_agree_with_the_model_as_in_the_fit(self, model):
        dataset = spectrum()
        dataset.models = [model]
        dataset.energy_scale.value, dataset.norm.value = 1.1, 0.9
        ax = plot_spectra(model, [dataset], axis="kinetic_energy", energy_power=0)
        (line,) = points(ax)
        x = u.Quantity(line.get_xdata(), "GeV")
        ratio = line.get_ydata() / model.intensity(x, "H", axis="kinetic_energy").value
        assert_allclose(ratio, dataset.intensity / dataset.intensity_pred())

    def test_limits_and_mask(self, model):
        ax = plot_spectra(model, spectrum(energy_range=(500 * u.GeV, None)))
        assert len(points(ax)) == 2
        assert len(arrows(ax)) == 1
        assert "not in the fit" in legend_labels(ax)

    def test_experiment_has_one_entry_and_marker(self, model):
        ax = plot_spectra(model, [spectrum("H"), spectrum("He")])
        assert legend_labels(ax).count("TEST") == 1
        assert len({line.get_marker() for line in points(ax)}) == 1
        assert [line.get_color() for line in points(ax)] == [
            species_color("H"),
            species_color("He"),
        ]

    def test_sums_are_drawn_on_their_own_axis_only(self, model):
        light = spectrum("light", "total_energy")
        ax = plot_spectra(model, [light], components=False)
        assert len(curves(ax)) == 3
        assert "H + He" in legend_labels(ax)
        ax = plot_spectra(model, [light], components=False, axis="rigidity")
        assert len(curves(ax)) == 2
        assert points(ax) == []
        assert "[GV]" in ax.get_xlabel()

    def test_other_species_are_passed_over(self, model):
        ax = plot_spectra(model, [spectrum("Fe"), spectrum("He"), anisotropy()], species=["H"])
        assert points(ax) == []

    def test_without_data(self, model):
        ax = plot_spectra(model, legend=False)
        assert_allclose(ax.get_xlim(), (1, 1e8))
        bottom, top = ax.get_ylim()
        assert top / bottom < 1e5
        assert ax.get_legend() is None

    def test_range_below_a_rest_energy(self, model):
        ax = plot_spectra(model, energy_range=(1 * u.GeV, 3 * u.GeV))
        assert "He" not in legend_labels(ax)
        assert_drawn(ax)

    def test_given_axes(self, model):
        _, ax = plt.subplots()
        assert plot_spectra(model, ax=ax) is ax
        assert len(plt.get_fignums()) == 1

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"axis": "wavelength"}, "unknown axis"),
            ({"species": "Fe"}, "no species 'Fe'"),
            ({"energy_range": (10 * u.GeV, 1 * u.GeV)}, "0 < low < high"),
        ],
    )
    def test_errors(self, model, arguments, message):
        with pytest.raises(ValueError, match=message):
            plot_spectra(model, **arguments)


class TestDipole:
    def test_content(self, model, datasets):
        amplitude, phase = plot_dipole(model, datasets)
        for name in ["total", *COMPONENTS]:
            assert len(by_style(amplitude, **component_style(name))) == 1
        assert len(curves(amplitude)) == 5
        for ax in (amplitude, phase):
            assert_drawn(ax)
            labels = legend_labels(ax)
            assert len(set(labels)) == len(labels)
            assert ax.get_xscale() == "log"
        assert set(legend_labels(amplitude)) == {"Total", *LABELS}
        assert set(legend_labels(phase)) >= {"IceCube", "ARGO-YBJ", "Tibet ASγ", "not in the fit"}
        assert "[GeV]" in pulls_of(phase).get_xlabel()
        assert "[deg]" in phase.get_ylabel()
        assert_allclose(phase.get_ylim(), [-MARGIN, 360 + MARGIN])
        low, high = amplitude.get_xlim()
        assert_allclose((low, high), phase.get_xlim())
        # beyond 1e8 GeV the table of the Pierre Auger Observatory is not in the fit
        assert low <= 100 < 1e8 <= high < 2e8

    def test_contributions_add_up(self, model):
        energy = np.geomspace(1e2, 1e8, 20) * u.GeV
        total = sum(model.dipole(energy, component=name).vector for name in COMPONENTS)
        amplitude, _ = plot_dipole(model)
        (line,) = by_style(amplitude, **component_style("total"))
        drawn = np.interp(np.log(energy.value), np.log(line.get_xdata()), line.get_ydata())
        assert_allclose(drawn, np.hypot(total[:, 0], total[:, 1]), rtol=1e-2)

    @pytest.mark.parametrize("variant", ["kinetic", "wandering", "qgsjet"])
    @pytest.mark.parametrize("flow", [74.9, 260.0])
    def test_phase_has_no_drawn_jump(self, variant, flow):
        model = crl.xue_liu_2025(variant, priors=None)
        model.u_HC_ra.value = flow
        _, ax = plot_dipole(model, [anisotropy((175.0, 185.0, np.nan))], species=True)
        for line in (line for line in curves(ax) if len(line.get_xdata()) > 2):
            jumps = np.diff(line.get_ydata())
            assert np.nanmax(np.abs(jumps)) < 180

    def test_reference_lines(self, model):
        _, ax = plot_dipole(model)
        lines = [line for line in curves(ax) if len(line.get_xdata()) == 2]
        lines = [line for line in lines if to_hex(line.get_color()) == "#999999"]
        # in the margins too
        drawn = sorted({round(line.get_ydata()[0] % 360, 2) for line in lines})
        # magnetic field, Compton-Getting, Galactic centre of Xue & Liu 2025, Section II
        expected = sorted([48.5, 228.5, 74.9 + 180, 266.4])
        assert_allclose(drawn, expected, atol=0.01)
        assert {text.get_text() for text in ax.texts} >= {"Galactic centre", "Compton-Getting"}

    def test_limits_are_arrows(self, model):
        amplitude, phase = plot_dipole(model, anisotropy())
        (arrow,) = arrows(amplitude)
        assert_allclose(arrow.get_xydata(), [[1e7, 5e-3]])
        assert arrows(phase) == []
        line, again = points(phase)
        assert_allclose(line.get_xdata(), [1e4, 1e6])
        assert_allclose(line.get_ydata(), [30, 200])
        # 30 deg is also in the margin
        assert_allclose(again.get_xydata(), [[1e4, 390]])

    def test_species(self, model):
        amplitude, phase = plot_dipole(model, species=True, components=False)
        assert len(curves(amplitude)) == 3
        assert {"H alone", "He alone"} <= set(legend_labels(amplitude))
        assert phase.get_legend() is None

    def test_energy_scale(self, model):
        dataset = anisotropy()
        dataset.energy_scale.value = 1.2
        amplitude, _ = plot_dipole(model, [dataset])
        assert_allclose(points(amplitude)[0].get_xdata(), [1.2e4, 1.2e6, 1.2e7])

    def test_second_picture_in_the_same_axes(self, model):
        axes = plot_dipole(model)
        margins = [patch for patch in axes[1].patches if patch.get_alpha()]
        plot_dipole(model, axes=axes, components=False)
        # pale, and not paler
        assert len([patch for patch in axes[1].patches if patch.get_alpha()]) == len(margins) == 2

    def test_isotropic_model(self):
        spectra = {"H": crl.LeakyBoxSpectralModel(species="H")}
        isotropic = crl.CosmicRayModel([crl.CosmicRayComponent("background", spectra)])
        amplitude, _ = plot_dipole(isotropic, [anisotropy()])
        assert curves(amplitude) == []
        ax = plot_sky(isotropic)
        assert not {"2", "8"} & {text.get_text() for text in ax.texts}
        assert legend_labels(ax) == ["direction", "opposite direction", "Galactic plane"]

    def test_axes(self, model):
        _, axes = plt.subplots(2, 1)
        assert list(plot_dipole(model, axes=axes)) == list(axes)
        with pytest.raises(ValueError, match="axes: expected 2"):
            plot_dipole(model, axes=axes[:1])


class TestSky:
    def test_reference_directions(self, model):
        directions = reference_directions(model)
        for vector in directions.values():
            assert_allclose(np.linalg.norm(vector), 1)
        assert_allclose(directions["b"], -directions["-b"])
        assert_allclose(directions["u_HC"], -directions["Compton-Getting"])
        # Xue & Liu 2025, Section II A: the cloud moves nearly across the magnetic field
        assert abs(directions["u_LSR"] @ directions["b"]) < 0.1

    def test_reference_directions_of_another_model(self):
        component = crl.CosmicRayComponent("wind", dipole_model=crl.ComptonGettingDipoleModel())
        directions = reference_directions(crl.CosmicRayModel([component]))
        assert set(directions) == {
            "Galactic centre",
            "Galactic anticentre",
            "u_HC",
            "Compton-Getting",
        }

    @pytest.mark.parametrize("frame", ["icrs", "galactic"])
    def test_content(self, model, frame):
        ax = plot_sky(model, frame=frame)
        assert ax.name == "mollweide"
        assert_drawn(ax)
        labels = legend_labels(ax)
        assert len(set(labels)) == len(labels)
        assert set(LABELS) <= set(labels)
        assert "[deg]" in ax.get_xlabel()
        texts = {text.get_text() for text in ax.texts}
        assert {"Galactic centre", "Galactic anticentre", "Compton-Getting", "2", "5"} <= texts
        for line in curves(ax):
            assert np.nanmax(np.abs(np.diff(line.get_xdata())), initial=0) < np.pi

    def test_longitude_increases_to_the_left(self, model):
        ax = plot_sky(model)
        symbols = [line.get_xydata()[0] for line in points(ax) if len(line.get_xydata()) == 1]
        b = -np.deg2rad([48.5, 21.2])
        assert min(np.abs(symbol - b).max() for symbol in symbols) < 1e-9
        ticks = dict(zip(ax.get_xticks(), ax.get_xticklabels(), strict=True))
        assert ticks[min(ticks)].get_text() == "150°"

    def test_galactic_centre_is_the_middle_of_the_galactic_map(self, model):
        ax = plot_sky(model, frame="galactic")
        symbols = [line.get_xydata()[0] for line in points(ax) if len(line.get_xydata()) == 1]
        assert min(np.abs(symbol).max() for symbol in symbols) < 1e-3

    @pytest.mark.parametrize("frame", ["icrs", "galactic"])
    def test_labels_do_not_overlap(self, model, frame):
        ax = plot_sky(model, frame=frame)
        ax.figure.canvas.draw()
        texts = [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels()]
        boxes = [matplotlib.text.Text.get_window_extent(text) for text in texts if text.get_text()]
        for index, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:index])

    def test_own_energies_and_axes(self, model):
        ax = plt.figure().add_subplot(projection="aitoff")
        assert plot_sky(model, ax=ax, energies=[30, 1] * u.TeV, legend=False) is ax
        assert ax.get_legend() is None
        assert {"3", "4.48"} <= {text.get_text() for text in ax.texts}

    def test_errors(self, model):
        with pytest.raises(ValueError, match="mollweide"):
            plot_sky(model, ax=plt.subplots()[1])
        with pytest.raises(ValueError, match="expected one of icrs, galactic"):
            plot_sky(model, frame="fk5")


class TestDatasets:
    def test_flux_fit(self, model):
        dataset = spectrum(energy_range=(500 * u.GeV, None))
        dataset.models = [model]
        dataset.norm.value, dataset.energy_scale.value = 0.9, 1.1
        ax = dataset.plot_fit(energy_power=2)
        assert len(points(ax)) == 2
        assert len(arrows(ax)) == 1
        assert "Kinetic energy" in ax.get_xlabel()
        (line,) = curves(ax)
        drawn = np.interp(np.log(dataset.x.value), *np.log(line.get_data()))
        expected = dataset.intensity_pred().value * dataset.x.value**2
        assert_allclose(np.exp(drawn), expected, rtol=1e-3)

    def test_every_shipped_table(self, model, datasets):
        for dataset in datasets:
            axes = np.ravel(dataset.plot_fit())
            residuals = dataset.plot_residuals()
            for ax in (*axes, residuals):
                assert_drawn(ax)
                assert ax.get_ylabel()
            plt.close("all")

    @pytest.mark.parametrize("method", ["diff", "diff/model", "diff/sqrt(model)", "pull"])
    def test_flux_residuals(self, model, method):
        dataset = spectrum()
        dataset.models = [model]
        ax = dataset.plot_residuals(method=method)
        (line,) = points(ax)
        assert_allclose(line.get_ydata(), u.Quantity(dataset.residuals(method)).value)
        # a pull already knows that the point is a limit
        assert len(arrows(ax)) == (method != "pull")

    def test_dipole_fit(self, model):
        dataset = anisotropy()
        dataset.models = [model]
        amplitude, phase = dataset.plot_fit()
        for ax in (amplitude, phase):
            assert len([line for line in curves(ax) if len(line.get_xdata()) > 2]) == 1
        assert len(arrows(amplitude)) == 1
        assert legend_labels(amplitude) == [model.name, "TEST"]

    @pytest.mark.parametrize("method", ["diff", "diff/model", "pull"])
    def test_dipole_residuals(self, model, method):
        dataset = anisotropy()
        dataset.models = [model]
        ax = dataset.plot_residuals(method=method)
        first, second = points(ax)
        # a limit gives one number, and only as a pull
        assert len(first.get_xdata()) == (3 if method == "pull" else 2)
        assert len(second.get_xdata()) == 2
        assert len(legend_labels(ax)) == 2

    def test_unknown_method(self, model):
        for dataset in (spectrum(), anisotropy()):
            dataset.models = [model]
            with pytest.raises(ValueError, match="unknown method 'ratio'"):
                dataset.plot_residuals(method="ratio")

    @pytest.mark.parametrize("make", [spectrum, anisotropy])
    @pytest.mark.parametrize("plot", ["plot_fit", "plot_residuals"])
    def test_without_model(self, make, plot):
        with pytest.raises(ValueError, match="has no cosmic-ray model"):
            getattr(make(), plot)()
        assert plt.get_fignums() == []

    def test_given_axes_and_style(self, model):
        dataset = spectrum()
        dataset.models = [model]
        _, ax = plt.subplots()
        assert dataset.plot_fit(ax, color="red", marker="s", label="mine") is ax
        assert points(ax)[0].get_color() == "red"
        assert "mine" in legend_labels(ax)


def test_hadronic_models_of_one_experiment_are_told_apart():
    model = crl.xue_liu_2025()
    datasets = crl.load_datasets("xue-liu-2025-all")
    datasets.models = [model]
    axes = crl.plot_spectra(model, datasets)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert {"KASCADE SIBYLL-2.1", "KASCADE QGSJET-01"} <= set(labels)
    assert "KASCADE" not in labels
    assert len(labels) == len(set(labels))
    plt.close(axes.figure)
